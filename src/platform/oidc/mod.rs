//! OpenID Connect client: authorization code flow with PKCE, and verification of id_tokens.
//!
//! [`Providers`] contains the configured providers. The endpoints of a [`Provider`] come from its discovery document
//! (OpenID Connect Discovery 1.0), and codes are bound to the client with PKCE (RFC 7636). Signatures are verified with
//! the provider's published keys, which are cached and fetched again when a token names an unknown key. Keys and key
//! URLs in a token's header are ignored. This module does not access accounts.

mod cache;
mod client;
mod discovery;
mod errors;
mod id_token;
mod provider;

pub use errors::OidcError;
pub use id_token::IdentityClaims;
pub use provider::{AuthorizationRequest, CodeGrant, Provider, Providers};
