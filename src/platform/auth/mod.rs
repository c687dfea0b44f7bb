//! Who is asking, and what they may do: tokens are checked here, in middleware, before anything else is.
//!
//! Owns `signing_keys`. Sessions and users are the customers domain's; it tells us who is behind a token
//! through [`PrincipalSource`].

mod identity;
mod keys;
mod permission;
mod principal;
mod random;
mod seal;
mod tokens;

pub use identity::{Allowed, CurrentCustomer, CurrentUser, Viewer, identify, principal_of};
pub use keys::TokenKeys;
pub use permission::*;
pub use principal::{Principal, PrincipalSource};
pub use random::{random_token, sha256};
pub use seal::MasterKey;
pub use tokens::{IssuedTokens, RefreshClaims, TokenError, TokenType};
