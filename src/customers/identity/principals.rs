//! Cache of principals by credential.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ipnet::IpNet;
use moka::future::Cache;

use crate::customers::apps::{self, AppCredential, AppTokenId};
use crate::customers::ids::GroupId;
use crate::customers::sessions::{self, SessionOwner};
use crate::customers::staff::{self, Group};
use crate::platform::auth::{ChannelScope, PermissionSet, Principal, PrincipalSource, SignedIn, Subject, sha256};
use crate::platform::clock::Clock;
use crate::platform::config::StaffSecondFactor;
use crate::platform::db::Db;
use crate::platform::error::Problem;
use crate::platform::types::{ChannelId, SessionId};

/// Lifetime of a cached principal. Every process rejects a revoked session after this time at the latest.
const TIME_TO_LIVE: Duration = Duration::from_secs(1);

/// Function that returns the channels that each group is restricted to. The products domain owns channels, so the
/// composition root passes this function.
pub type LoadChannelRestrictions = fn(&mut PgConnection, &[GroupId]) -> QueryResult<Vec<(GroupId, ChannelId)>>;

/// Resolves credentials to principals and queries the database at most once a second per credential.
pub struct PrincipalCache {
    db: Db,
    clock: Clock,
    load_restrictions: LoadChannelRestrictions,
    users: Cache<SessionId, Option<Principal>>,
    apps: Cache<Vec<u8>, Option<CachedApp>>,
    staff_second_factor: StaffSecondFactor,
}

/// App with the networks that it is allowed to call from.
#[derive(Debug, Clone)]
struct CachedApp {
    principal: Principal,
    allowed: Vec<IpNet>,
    token: AppTokenId,
    last_used_at: Option<DateTime<Utc>>,
}

impl CachedApp {
    /// Returns `None` if a stored network cannot be parsed: the app is then rejected from every address.
    fn from_credential(credential: AppCredential) -> Option<Self> {
        let principal = Principal {
            subject: Subject::App(credential.app_id),
            is_superuser: false,
            permissions: PermissionSet::from_names(&credential.permissions),
            channel_scope: ChannelScope::Unrestricted,
        };
        let allowed = credential.allowed_addresses.iter().flatten().map(|network| network.parse().ok());
        let allowed = allowed.collect::<Option<_>>()?;
        Some(Self { principal, allowed, token: credential.id, last_used_at: credential.last_used_at })
    }

    fn is_allowed_from(&self, address: Option<IpAddr>) -> bool {
        let is_within = |from: IpAddr| self.allowed.iter().any(|network| network.contains(&from));
        self.allowed.is_empty() || address.is_some_and(is_within)
    }
}

impl PrincipalCache {
    pub fn new(db: Db, clock: Clock, load_restrictions: LoadChannelRestrictions) -> Self {
        Self::with_time_to_live(db, clock, load_restrictions, TIME_TO_LIVE)
    }

    /// Creates a cache with another lifetime. Zero disables caching.
    pub fn with_time_to_live(
        db: Db,
        clock: Clock,
        load_restrictions: LoadChannelRestrictions,
        time_to_live: Duration,
    ) -> Self {
        let users = Cache::builder().max_capacity(100_000).time_to_live(time_to_live).build();
        let apps = Cache::builder().max_capacity(10_000).time_to_live(time_to_live).build();
        Self { db, clock, load_restrictions, users, apps, staff_second_factor: StaffSecondFactor::Optional }
    }

    /// Sets the second-factor policy of staff. If a second factor is required, a staff member without one has only the
    /// access of a customer.
    #[must_use]
    pub fn with_staff_second_factor(self, staff_second_factor: StaffSecondFactor) -> Self {
        Self { staff_second_factor, ..self }
    }

    async fn load_user(&self, session: SessionId) -> Result<Option<Principal>, Problem> {
        let (now, load_restrictions) = (self.clock.now(), self.load_restrictions);
        let is_required = self.staff_second_factor == StaffSecondFactor::Required;
        let find = move |conn: &mut PgConnection| {
            let Some(owner) = sessions::find_owner(conn, session, now)? else { return Ok(None) };
            let last_used_at = owner.last_used_at;
            let lacks_second_factor = is_required && owner.is_staff && !owner.has_second_factor;
            let principal = if lacks_second_factor {
                principal_without_permissions(owner, session)
            } else {
                principal_with_permissions(conn, owner, session, load_restrictions)?
            };
            QueryResult::Ok(Some((principal, last_used_at)))
        };
        let Some((principal, last_used_at)) = self.db.read(find).await? else { return Ok(None) };
        // The list of sessions shows the last use to the minute.
        if now - last_used_at >= TimeDelta::minutes(1) {
            self.db.write(move |conn| sessions::record_use(conn, session, now)).await?;
        }
        Ok(Some(principal))
    }

    async fn load_app(&self, token_hash: Vec<u8>) -> Result<Option<CachedApp>, Problem> {
        let now = self.clock.now();
        let found = self.db.read(move |conn| apps::find_credential(conn, &token_hash, now)).await?;
        Ok(found.and_then(CachedApp::from_credential))
    }

    /// Records the last use of the token, to the minute. The caller checks the client's address first.
    async fn record_app_use(&self, app: &mut CachedApp) -> Result<(), Problem> {
        let (now, token) = (self.clock.now(), app.token);
        if app.last_used_at.is_none_or(|last| now - last >= TimeDelta::minutes(1)) {
            self.db.write(move |conn| apps::record_use(conn, token, now)).await?;
            app.last_used_at = Some(now);
        }
        Ok(())
    }
}

/// Returns the principal with the permissions and the channel scope of its groups.
fn principal_with_permissions(
    conn: &mut PgConnection,
    owner: SessionOwner,
    session: SessionId,
    load_restrictions: LoadChannelRestrictions,
) -> QueryResult<Principal> {
    let groups = if owner.is_staff { staff::groups_of_user(conn, owner.user_id)? } else { Vec::new() };
    let channel_scope =
        if owner.is_superuser { ChannelScope::Unrestricted } else { channel_scope(conn, &groups, load_restrictions)? };
    Ok(Principal {
        is_superuser: owner.is_staff && owner.is_superuser,
        permissions: staff::combined_permissions(&groups),
        channel_scope,
        subject: Subject::User(signed_in(owner, session, false)),
    })
}

/// Returns a staff member who has not set up the required second factor.
fn principal_without_permissions(owner: SessionOwner, session: SessionId) -> Principal {
    Principal {
        is_superuser: false,
        permissions: PermissionSet::default(),
        channel_scope: ChannelScope::Unrestricted,
        subject: Subject::User(signed_in(owner, session, true)),
    }
}

fn signed_in(owner: SessionOwner, session: SessionId, lacks_second_factor: bool) -> SignedIn {
    SignedIn {
        user_id: owner.user_id,
        session_id: session,
        signed_in_at: owner.signed_in_at,
        customer_id: owner.customer_id,
        email: owner.email,
        is_staff: owner.is_staff,
        lacks_second_factor,
    }
}

/// Returns the union of the groups' channels. One group without a restriction allows all channels.
fn channel_scope(
    conn: &mut PgConnection,
    groups: &[Group],
    load_restrictions: LoadChannelRestrictions,
) -> QueryResult<ChannelScope> {
    let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
    if ids.is_empty() {
        return Ok(ChannelScope::Unrestricted);
    }
    let restricted = load_restrictions(conn, &ids)?;
    let is_restricted = |id: &GroupId| restricted.iter().any(|(group, _)| group == id);
    if !ids.iter().all(is_restricted) {
        return Ok(ChannelScope::Unrestricted);
    }
    Ok(ChannelScope::Only(restricted.into_iter().map(|(_, channel)| channel).collect()))
}

impl PrincipalSource for PrincipalCache {
    fn find_by_session(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Principal>, Problem>> {
        async move {
            if let Some(cached) = self.users.get(&session).await {
                return Ok(cached);
            }
            let principal = self.load_user(session).await?;
            self.users.insert(session, principal.clone()).await;
            Ok(principal)
        }
        .boxed()
    }

    fn find_by_app_token<'a>(
        &'a self,
        token: &'a str,
        address: Option<IpAddr>,
    ) -> BoxFuture<'a, Result<Option<Principal>, Problem>> {
        async move {
            let hash = sha256(token);
            if let Some(cached) = self.apps.get(&hash).await {
                return Ok(cached.filter(|app| app.is_allowed_from(address)).map(|app| app.principal));
            }
            let mut cached = self.load_app(hash.clone()).await?;
            if let Some(app) = cached.as_mut().filter(|app| app.is_allowed_from(address)) {
                self.record_app_use(app).await?;
            }
            self.apps.insert(hash, cached.clone()).await;
            Ok(cached.filter(|app| app.is_allowed_from(address)).map(|app| app.principal))
        }
        .boxed()
    }
}
