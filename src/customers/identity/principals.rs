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

use crate::customers::apps::{self, AppCredential, AppTokenId};
use crate::customers::auth::{self, SessionOwner};
use crate::customers::staff::{self, Group};
use crate::platform::auth::{PermissionSet, Principal, PrincipalSource, Reach, SignedIn, Subject, sha256};
use crate::platform::clock::Clock;
use crate::platform::config::StaffSecondFactor;
use crate::platform::db::Db;
use crate::platform::error::Problem;
use crate::platform::types::{ChannelId, GroupId, SessionId};

/// How long an answer is good: an ended session is refused within this time everywhere.
const FRESH: Duration = Duration::from_secs(1);

/// The channels that groups are restricted to. Channels are the products' business: the composition root says how to
/// ask.
pub type Restrictions = fn(&mut PgConnection, &[GroupId]) -> QueryResult<Vec<(GroupId, ChannelId)>>;

/// Principals by their credentials, asked of the database at most once a second each.
pub struct Principals {
    db: Db,
    clock: Clock,
    restrictions: Restrictions,
    users: Cache<SessionId, Option<Principal>>,
    apps: Cache<Vec<u8>, Option<KnownApp>>,
    staff_second_factor: StaffSecondFactor,
}

/// A program, and where it may call from.
#[derive(Debug, Clone)]
struct KnownApp {
    principal: Principal,
    allowed: Vec<IpNet>,
    token: AppTokenId,
    last_used_at: Option<DateTime<Utc>>,
}

impl KnownApp {
    /// None where the networks it may call from cannot be read: then it may call from nowhere.
    fn of(credential: AppCredential) -> Option<Self> {
        let principal = Principal {
            subject: Subject::App(credential.app_id),
            is_superuser: false,
            permissions: PermissionSet::of_names(&credential.permissions),
            reach: Reach::Everywhere,
        };
        let allowed = credential.allowed_addresses.iter().flatten().map(|network| network.parse().ok());
        let allowed = allowed.collect::<Option<_>>()?;
        Some(Self { principal, allowed, token: credential.id, last_used_at: credential.last_used_at })
    }

    fn may_call_from(&self, address: Option<IpAddr>) -> bool {
        let is_within = |from: IpAddr| self.allowed.iter().any(|network| network.contains(&from));
        self.allowed.is_empty() || address.is_some_and(is_within)
    }
}

impl Principals {
    pub fn new(db: Db, clock: Clock, restrictions: Restrictions) -> Self {
        Self::with_freshness(db, clock, restrictions, FRESH)
    }

    /// Zero asks the database every time.
    pub fn with_freshness(db: Db, clock: Clock, restrictions: Restrictions, fresh: Duration) -> Self {
        let users = Cache::builder().max_capacity(100_000).time_to_live(fresh).build();
        let apps = Cache::builder().max_capacity(10_000).time_to_live(fresh).build();
        Self { db, clock, restrictions, users, apps, staff_second_factor: StaffSecondFactor::Optional }
    }

    /// Where staff need a second factor, those without one may nothing that customers may not.
    #[must_use]
    pub fn asking_of_staff(self, staff_second_factor: StaffSecondFactor) -> Self {
        Self { staff_second_factor, ..self }
    }

    async fn load_user(&self, session: SessionId) -> Result<Option<Principal>, Problem> {
        let (now, restrictions) = (self.clock.now(), self.restrictions);
        let is_asked = self.staff_second_factor == StaffSecondFactor::Required;
        let find = move |conn: &mut PgConnection| {
            let Some(owner) = auth::find_owner(conn, session, now)? else { return Ok(None) };
            let last_used_at = owner.last_used_at;
            let lacks_second_factor = is_asked && owner.is_staff && !owner.has_second_factor;
            let principal = if lacks_second_factor {
                powerless(owner, session)
            } else {
                entitled(conn, owner, session, restrictions)?
            };
            QueryResult::Ok(Some((principal, last_used_at)))
        };
        let Some((principal, last_used_at)) = self.db.read(find).await? else { return Ok(None) };
        // For the list of sessions, to the minute.
        if now - last_used_at >= TimeDelta::minutes(1) {
            self.db.write(move |conn| auth::note_use(conn, session, now)).await?;
        }
        Ok(Some(principal))
    }

    async fn load_app(&self, token_hash: Vec<u8>) -> Result<Option<KnownApp>, Problem> {
        let now = self.clock.now();
        let found = self.db.read(move |conn| apps::find_credential(conn, &token_hash, now)).await?;
        Ok(found.and_then(KnownApp::of))
    }

    /// For the list of tokens, to the minute. Whoever may not call from where they are does not use a token.
    async fn note_app(&self, app: &mut KnownApp) -> Result<(), Problem> {
        let (now, token) = (self.clock.now(), app.token);
        if app.last_used_at.is_none_or(|last| now - last >= TimeDelta::minutes(1)) {
            self.db.write(move |conn| apps::note_use(conn, token, now)).await?;
            app.last_used_at = Some(now);
        }
        Ok(())
    }
}

/// Somebody with all that their groups may do.
fn entitled(
    conn: &mut PgConnection,
    owner: SessionOwner,
    session: SessionId,
    restrictions: Restrictions,
) -> QueryResult<Principal> {
    let rights = if owner.is_staff { staff::rights_of(conn, owner.user_id)? } else { Vec::new() };
    let reach = if owner.is_superuser { Reach::Everywhere } else { reach(conn, &rights, restrictions)? };
    Ok(Principal {
        is_superuser: owner.is_staff && owner.is_superuser,
        permissions: staff::union(&rights),
        reach,
        subject: Subject::User(signed_in(owner, session, false)),
    })
}

/// Staff who have yet to set up a second factor.
fn powerless(owner: SessionOwner, session: SessionId) -> Principal {
    Principal {
        is_superuser: false,
        permissions: PermissionSet::default(),
        reach: Reach::Everywhere,
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
            if let Some(known) = self.apps.get(&hash).await {
                return Ok(known.filter(|app| app.may_call_from(address)).map(|app| app.principal));
            }
            let mut known = self.load_app(hash.clone()).await?;
            if let Some(app) = known.as_mut().filter(|app| app.may_call_from(address)) {
                self.note_app(app).await?;
            }
            self.apps.insert(hash, known.clone()).await;
            Ok(known.filter(|app| app.may_call_from(address)).map(|app| app.principal))
        }
        .boxed()
    }
}
