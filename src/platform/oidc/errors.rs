//! Errors of communication with a provider and of token verification.

/// Error of a provider or of the credential that it issued.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The code is unknown, used or expired, or was issued for another client, redirect URL or verifier.
    #[error("the provider rejected the code")]
    CodeRejected,
    /// The token has a wrong signature, audience, validity period or nonce. The reason is only logged.
    #[error("invalid id_token: {0}")]
    TokenRejected(&'static str),
    /// A user can enter another person's e-mail address at a provider that does not verify addresses.
    #[error("the provider has not verified the e-mail address")]
    EmailUnverified,
    /// The provider does not respond, sends an invalid response, or is configured differently from this server.
    #[error("request to the provider failed: {0}")]
    Unavailable(String),
}

impl OidcError {
    pub(super) fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable(cause.to_string())
    }
}
