//! Who is asking, and what they may do: tokens are checked here, in middleware, before anything else is.
//!
//! Owns `signing_keys`. Sessions and users are the customers domain's; it tells us who is behind a token
//! through [`PrincipalSource`].

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
pub use browser::{CSRF_COOKIE, SESSION_COOKIE, csrf_token, ended_cookies, ensure_own_origin, session_cookies};
pub use identity::{Allowed, Authenticated, CurrentCustomer, CurrentUser, Viewer, identify, principal_of};
pub use keys::{ANNOUNCED_FOR, KeySettings, KeyState, SET_MAX_AGE, SigningKey, TokenKeys};
pub use permission::*;
pub use permission_set::PermissionSet;
pub use principal::{Principal, PrincipalSource, Reach, SignInAgain, SignedIn, Subject};
pub use tokens::{IssuedTokens, RefreshClaims, TokenError, TokenType};
