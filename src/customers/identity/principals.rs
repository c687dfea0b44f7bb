//! Principals by their credentials.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ipnet::IpNet;
use moka::future::Cache;

use crate::customers::apps::{self, AppCredential};
use crate::customers::auth;
use crate::customers::staff::{self, Group};
use crate::platform::auth::{PermissionSet, Principal, PrincipalSource, Reach, SignedIn, Subject, sha256};
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::error::Problem;
use crate::platform::types::{ChannelId, GroupId, SessionId};

/// How long an answer is good: an ended session is refused within this time everywhere.
const FRESH: Duration = Duration::from_secs(1);

/// The channels that groups are restricted to. Channels are the products' business: the composition root says how to ask.
pub type Restrictions = fn(&mut PgConnection, &[GroupId]) -> QueryResult<Vec<(GroupId, ChannelId)>>;

/// Principals by their credentials, asked of the database at most once a second each.
pub struct Principals {
    db: Db,
    clock: Clock,
    restrictions: Restrictions,
    users: Cache<SessionId, Option<Principal>>,
    apps: Cache<Vec<u8>, Option<KnownApp>>,
}

/// A program, and where it may call from.
#[derive(Debug, Clone)]
struct KnownApp {
    principal: Principal,
    allowed: Vec<IpNet>,
}

impl Principals {
    pub fn new(db: Db, clock: Clock, restrictions: Restrictions) -> Self {
        Self::with_freshness(db, clock, restrictions, FRESH)
    }

    /// Zero asks the database every time.
    pub fn with_freshness(db: Db, clock: Clock, restrictions: Restrictions, fresh: Duration) -> Self {
        let users = Cache::builder().max_capacity(100_000).time_to_live(fresh).build();
        let apps = Cache::builder().max_capacity(10_000).time_to_live(fresh).build();
        Self { db, clock, restrictions, users, apps }
    }

    async fn load_user(&self, session: SessionId) -> Result<Option<Principal>, Problem> {
        let (now, restrictions) = (self.clock.now(), self.restrictions);
        let found = self.db.read(move |conn| find_user(conn, session, now, restrictions)).await?;
        let Some((principal, last_used_at)) = found else { return Ok(None) };
        // For the list of sessions, to the minute.
        if now - last_used_at >= TimeDelta::minutes(1) {
            self.db.write(move |conn| auth::note_use(conn, session, now)).await?;
        }
        Ok(Some(principal))
    }

    async fn load_app(&self, token_hash: Vec<u8>) -> Result<Option<KnownApp>, Problem> {
        let now = self.clock.now();
        let found = self.db.read(move |conn| apps::find_credential(conn, &token_hash, now)).await?;
        let Some(credential): Option<AppCredential> = found else { return Ok(None) };
        if credential.last_used_at.is_none_or(|last| now - last >= TimeDelta::minutes(1)) {
            let id = credential.id;
            self.db.write(move |conn| apps::note_use(conn, id, now)).await?;
        }
        let principal = Principal {
            subject: Subject::App(credential.app_id),
            is_superuser: false,
            permissions: PermissionSet::of_names(&credential.permissions),
            reach: Reach::Everywhere,
        };
        let allowed = credential.allowed_addresses.iter().flatten().filter_map(|network| network.parse().ok());
        Ok(Some(KnownApp { principal, allowed: allowed.collect() }))
    }
}

type Found = Option<(Principal, DateTime<Utc>)>;

fn find_user(
    conn: &mut PgConnection,
    session: SessionId,
    now: DateTime<Utc>,
    restrictions: Restrictions,
) -> QueryResult<Found> {
    let Some(owner) = auth::find_owner(conn, session, now)? else { return Ok(None) };
    let rights = if owner.is_staff { staff::rights_of(conn, owner.user_id)? } else { Vec::new() };
    let reach = if owner.is_superuser { Reach::Everywhere } else { reach(conn, &rights, restrictions)? };
    let principal = Principal {
        subject: Subject::User(SignedIn {
            user_id: owner.user_id,
            session_id: session,
            customer_id: owner.customer_id,
            email: owner.email,
            is_staff: owner.is_staff,
        }),
        is_superuser: owner.is_superuser,
        permissions: rights.iter().flat_map(|group| group.permissions().iter().collect::<Vec<_>>()).collect(),
        reach,
    };
    Ok(Some((principal, owner.last_used_at)))
}

/// The union of the groups' channels; one group without restriction opens all.
fn reach(conn: &mut PgConnection, groups: &[Group], restrictions: Restrictions) -> QueryResult<Reach> {
    let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
    if ids.is_empty() {
        return Ok(Reach::Everywhere);
    }
    let restricted = restrictions(conn, &ids)?;
    let is_restricted = |id: &GroupId| restricted.iter().any(|(group, _)| group == id);
    if !ids.iter().all(is_restricted) {
        return Ok(Reach::Everywhere);
    }
    Ok(Reach::Only(restricted.into_iter().map(|(_, channel)| channel).collect()))
}

impl PrincipalSource for Principals {
    fn of_session(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Principal>, Problem>> {
        async move {
            if let Some(known) = self.users.get(&session).await {
                return Ok(known);
            }
            let principal = self.load_user(session).await?;
            self.users.insert(session, principal.clone()).await;
            Ok(principal)
        }
        .boxed()
    }

    fn of_app<'a>(
        &'a self,
        token: &'a str,
        address: Option<IpAddr>,
    ) -> BoxFuture<'a, Result<Option<Principal>, Problem>> {
        async move {
            let hash = sha256(token);
            let known = match self.apps.get(&hash).await {
                Some(known) => known,
                None => {
                    let known = self.load_app(hash.clone()).await?;
                    self.apps.insert(hash, known.clone()).await;
                    known
                }
            };
            let is_allowed = |allowed: &[IpNet]| {
                allowed.is_empty() || address.is_some_and(|from| allowed.iter().any(|network| network.contains(&from)))
            };
            Ok(known.filter(|app| is_allowed(&app.allowed)).map(|app| app.principal))
        }
        .boxed()
    }
}
