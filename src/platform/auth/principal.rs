//! The principal of a request: the authenticated user or app.

use std::collections::HashSet;
use std::net::IpAddr;

use actix_web::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;

use super::{Permission, PermissionSet};
use crate::platform::error::{ApiError, Kind, Problem};
use crate::platform::types::{Actor, AppId, ChannelId, CustomerId, Email, SessionId, UserId};

/// Maximum age of a sign-in that is recent enough for sensitive changes.
const RECENT_SIGN_IN: TimeDelta = TimeDelta::minutes(10);

/// A user with an active account and an active session, or an active app.
#[derive(Debug, Clone)]
pub struct Principal {
    pub subject: Subject,
    pub is_superuser: bool,
    pub permissions: PermissionSet,
    pub channel_scope: ChannelScope,
}

#[derive(Debug, Clone)]
pub enum Subject {
    User(SignedIn),
    App(AppId),
}

/// A signed-in user with the session of the request.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub user_id: UserId,
    pub session_id: SessionId,
    /// Time at which the session started.
    pub signed_in_at: DateTime<Utc>,
    pub customer_id: Option<CustomerId>,
    pub email: Email,
    pub is_staff: bool,
    /// True if the shop requires a second factor that this staff member has not set up. Until then the staff member
    /// has no staff permissions.
    pub lacks_second_factor: bool,
}

impl SignedIn {
    /// Rejects a session that is too old for sensitive changes.
    pub fn ensure_recent_sign_in(&self, now: DateTime<Utc>) -> Result<(), ReauthenticationRequired> {
        if now - self.signed_in_at <= RECENT_SIGN_IN { Ok(()) } else { Err(ReauthenticationRequired) }
    }
}

/// The session is too old for a sensitive change. This prevents permanent access with a stolen session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Sign in again to make this change.")]
pub struct ReauthenticationRequired;

impl ApiError for ReauthenticationRequired {
    fn kind(&self) -> Kind {
        Kind::rejected(StatusCode::FORBIDDEN, "reauthentication_required")
    }
}

/// The channels in which a principal's permissions apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelScope {
    Unrestricted,
    Only(HashSet<ChannelId>),
}

impl ChannelScope {
    /// Returns true if permissions apply in all channels.
    pub const fn is_unrestricted(&self) -> bool {
        matches!(self, Self::Unrestricted)
    }

    /// Returns true if permissions apply in this channel.
    pub fn contains(&self, channel: ChannelId) -> bool {
        match self {
            Self::Unrestricted => true,
            Self::Only(channels) => channels.contains(&channel),
        }
    }
}

impl Principal {
    /// Returns true if the principal has this permission in at least one channel.
    pub fn has_permission(&self, permission: Permission) -> bool {
        self.is_superuser || self.permissions.contains(permission)
    }

    /// Returns the user. None for an app.
    pub const fn user(&self) -> Option<&SignedIn> {
        match &self.subject {
            Subject::User(user) => Some(user),
            Subject::App(_) => None,
        }
    }

    /// Returns the customer. None for an app, and for a user without a customer profile.
    pub fn customer_id(&self) -> Option<CustomerId> {
        self.user().and_then(|user| user.customer_id)
    }

    /// Returns the error for a missing permission.
    pub fn denial(&self) -> Problem {
        let lacks_second_factor = self.user().is_some_and(|user| user.lacks_second_factor);
        if lacks_second_factor { Problem::second_factor_required() } else { Problem::permission_denied() }
    }

    pub const fn actor(&self) -> Actor {
        match &self.subject {
            Subject::User(user) => Actor::User(user.user_id),
            Subject::App(id) => Actor::App(*id),
        }
    }

    /// Returns the identifier of the principal for rate limits and idempotency keys.
    pub fn key(&self) -> String {
        match &self.subject {
            Subject::User(user) => format!("user:{}", user.user_id),
            Subject::App(id) => format!("app:{id}"),
        }
    }
}

/// Source of principals, implemented by the customers domain.
pub trait PrincipalSource: Send + Sync {
    /// Returns the principal of a session. None if the session has ended or its user is erased or inactive. The result
    /// can be up to 2 seconds old.
    fn find_by_session(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Principal>, Problem>>;

    /// Returns the principal of an app token. None if the token is unknown or expired, or not allowed from this
    /// address. The result can be up to 2 seconds old.
    fn find_by_app_token<'a>(
        &'a self,
        token: &'a str,
        address: Option<IpAddr>,
    ) -> BoxFuture<'a, Result<Option<Principal>, Problem>>;
}
