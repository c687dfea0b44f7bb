//! The person or program behind a request.

use std::collections::HashSet;
use std::net::IpAddr;

use actix_web::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;

use super::{Permission, PermissionSet};
use crate::platform::error::{ApiError, Kind, Problem};
use crate::platform::types::{Actor, AppId, ChannelId, CustomerId, Email, SessionId, UserId};

/// How long a sign-in counts as proof of who somebody is.
const LATELY: TimeDelta = TimeDelta::minutes(10);

/// Whoever asks: somebody with an active account and a session that has not ended, or an active program.
#[derive(Debug, Clone)]
pub struct Principal {
    pub subject: Subject,
    pub is_superuser: bool,
    pub permissions: PermissionSet,
    pub reach: Reach,
}

#[derive(Debug, Clone)]
pub enum Subject {
    User(SignedIn),
    App(AppId),
}

/// A user and the session they are signed in by.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub user_id: UserId,
    pub session_id: SessionId,
    /// When the session was opened.
    pub signed_in_at: DateTime<Utc>,
    pub customer_id: Option<CustomerId>,
    pub email: Email,
    pub is_staff: bool,
    /// The shop asks one of its staff: until they have it, they may nothing that customers may not.
    pub lacks_second_factor: bool,
}

impl SignedIn {
    /// That they have shown who they are a moment ago: what an old session may not do, a new one may.
    pub fn ensure_signed_in_lately(&self, now: DateTime<Utc>) -> Result<(), SignInAgain> {
        if now - self.signed_in_at <= LATELY { Ok(()) } else { Err(SignInAgain) }
    }
}

/// The session is too old for what it would change: a stolen one must not become a way in that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Sign in again to change this.")]
pub struct SignInAgain;

impl ApiError for SignInAgain {
    fn kind(&self) -> Kind {
        Kind::refused(StatusCode::FORBIDDEN, "reauthentication_required")
    }
}

/// The channels in which permissions count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    Everywhere,
    Only(HashSet<ChannelId>),
}

impl Reach {
    pub const fn is_everywhere(&self) -> bool {
        matches!(self, Self::Everywhere)
    }

    pub fn covers(&self, channel: ChannelId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(channels) => channels.contains(&channel),
        }
    }
}

impl Principal {
    pub fn may(&self, permission: Permission) -> bool {
        self.is_superuser || self.permissions.contains(permission)
    }

    /// None for a program.
    pub const fn user(&self) -> Option<&SignedIn> {
        match &self.subject {
            Subject::User(user) => Some(user),
            Subject::App(_) => None,
        }
    }

    /// None for a program, and for users who do not buy.
    pub fn customer_id(&self) -> Option<CustomerId> {
        self.user().and_then(|user| user.customer_id)
    }

    /// What they hear who may not.
    pub fn refusal(&self) -> Problem {
        let lacks_second_factor = self.user().is_some_and(|user| user.lacks_second_factor);
        if lacks_second_factor { Problem::second_factor_required() } else { Problem::permission_denied() }
    }

    pub const fn actor(&self) -> Actor {
        match &self.subject {
            Subject::User(user) => Actor::User(user.user_id),
            Subject::App(id) => Actor::App(*id),
        }
    }

    /// What limits and `Idempotency-Key`s know them by.
    pub fn key(&self) -> String {
        match &self.subject {
            Subject::User(user) => format!("user:{}", user.user_id),
            Subject::App(id) => format!("app:{id}"),
        }
    }
}

/// Knows who is behind a session or the token of a program: the customers domain.
pub trait PrincipalSource: Send + Sync {
    /// None where the session has ended or its user is gone or inactive; at most 2 s old.
    fn of_session(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Principal>, Problem>>;

    /// None where the token is nobody's, has expired, or may not be used from there; at most 2 s old.
    fn of_app<'a>(
        &'a self,
        token: &'a str,
        address: Option<IpAddr>,
    ) -> BoxFuture<'a, Result<Option<Principal>, Problem>>;
}
