//! Why a provider's word does not count.

/// What went wrong between us and a provider, or is wrong with what it says.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider knows the code no more, or it was made for another client, page or verifier.
    #[error("the provider refuses the code")]
    CodeRefused,
    /// Not signed by the provider, not for us, not now, or not for this sign-in. The reason is for the log.
    #[error("the id_token is refused: {0}")]
    TokenRefused(&'static str),
    /// Anybody can give a mailbox that is not theirs to a provider that does not look.
    #[error("the provider has not verified the e-mail address")]
    EmailUnverified,
    /// The provider does not answer, answers nonsense, or is not set up as we are.
    #[error("the provider cannot be asked: {0}")]
    Unavailable(String),
}

impl OidcError {
    pub(super) fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable(cause.to_string())
    }
}
