//! OpenID Connect: what others say of who somebody is, checked before it is believed.
//!
//! Knows nothing of accounts. [`Providers`] holds those that are configured. A [`Provider`] is found by discovery
//! (OpenID Connect Discovery 1.0), asked for codes with PKCE (RFC 7636), and its tokens are held against its keys,
//! which are kept and fetched again when it signs with another. Whatever a token's header says of where keys are is not
//! read.

mod client;
mod discovery;
mod errors;
mod id_token;
mod keeping;
mod provider;

pub use errors::OidcError;
pub use id_token::IdentityClaims;
pub use provider::{Challenge, Code, Provider, Providers};
