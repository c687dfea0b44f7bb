//! Authentication and permissions: middleware verifies tokens and session cookies before a handler runs.
//!
//! Owns `signing_keys`. The customers domain owns sessions and users and implements [`PrincipalSource`].

mod app_tokens;
mod browser;
mod identity;
mod keys;
mod permission;
mod permission_set;
mod principal;
mod tokens;

pub use crate::platform::crypto::{MasterKey, random_bytes, random_token, sha256};
pub use app_tokens::new_app_token;
pub use browser::{CSRF_COOKIE, SESSION_COOKIE, csrf_token, ensure_trusted_origin, expired_cookies, session_cookies};
pub use identity::{
    Allowed, Authenticated, CurrentCustomer, CurrentUser, IgnoreInvalidCredentials, OptionalPrincipal, authenticate,
    principal_of,
};
pub use keys::{ANNOUNCEMENT_PERIOD, JWKS_MAX_AGE, KeySettings, KeyState, SigningKey, TokenKeys};
pub(crate) use permission::permissions;
pub use permission::{Permission, PermissionType, ReplayJobs, ViewAudit, ViewJobs, register_permissions};
pub use permission_set::PermissionSet;
pub use principal::{ChannelScope, Principal, PrincipalSource, ReauthenticationRequired, SignedIn, Subject};
pub use tokens::{IssueTokens, IssuedTokens, RefreshClaims, TokenError, TokenType};
