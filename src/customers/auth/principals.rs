//! Tells the platform who is behind a token.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use moka::future::Cache;

use super::models::SessionOwner;
use crate::platform::auth::{Permission, Principal, PrincipalSource};
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::error::Problem;
use crate::platform::types::SessionId;

/// How long an answer is good: an ended session is refused within this time everywhere.
const FRESH: Duration = Duration::from_secs(1);

/// Principals by session, asked of the database at most once a second each.
pub struct SessionPrincipals {
    db: Db,
    clock: Clock,
    recent: Cache<SessionId, Option<Principal>>,
}

impl SessionPrincipals {
    pub fn new(db: Db, clock: Clock) -> Self {
        Self::with_freshness(db, clock, FRESH)
    }

    /// Zero asks the database every time.
    pub fn with_freshness(db: Db, clock: Clock, fresh: Duration) -> Self {
        Self { db, clock, recent: Cache::builder().max_capacity(100_000).time_to_live(fresh).build() }
    }

    async fn load(&self, session: SessionId) -> Result<Option<Principal>, Problem> {
        let now = self.clock.now();
        let owner = self.db.read(move |conn| SessionOwner::find(conn, session, now)).await?;
        Ok(owner.map(|owner| Principal {
            user_id: owner.user_id,
            session_id: session,
            customer_id: owner.customer_id,
            email: owner.email,
            is_staff: owner.is_staff,
            is_superuser: owner.is_superuser,
            permissions: if owner.is_staff { of_staff() } else { HashSet::new() },
        }))
    }
}

impl PrincipalSource for SessionPrincipals {
    fn find(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Principal>, Problem>> {
        async move {
            if let Some(known) = self.recent.get(&session).await {
                return Ok(known);
            }
            let principal = self.load(session).await?;
            self.recent.insert(session, principal.clone()).await;
            Ok(principal)
        }
        .boxed()
    }
}

/// What every member of staff may do. Background jobs are the superusers' business.
fn of_staff() -> HashSet<Permission> {
    let of_jobs = [Permission::JobsView, Permission::JobsReplay];
    Permission::ALL.iter().copied().filter(|permission| !of_jobs.contains(permission)).collect()
}
