//! Asking a provider about whoever brings a code or a token.

use diesel::pg::PgConnection;
use tracing::{info, warn};

use super::errors::OAuthError;
use super::services;
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::oidc::{Code, IdentityClaims, OidcError, Provider};

/// What somebody brings along from a provider.
#[derive(Debug)]
pub(super) enum Proof {
    Code(Code),
    /// Whoever has seen the token could bring it: the nonce ties it to one sign-in.
    IdToken {
        id_token: String,
        nonce: String,
    },
}

/// What a provider says of somebody, after all checks.
#[derive(Debug, Clone)]
pub(super) struct Voucher {
    pub provider: String,
    pub claims: IdentityClaims,
    /// It came by somebody's hands, not from the provider's.
    pub was_brought: bool,
}

impl Proof {
    /// Asks the provider, and writes down whom it does not vouch for; no transaction may be open.
    pub async fn check(self, app: &App, provider: &Provider, origin: &Origin) -> Result<Voucher, OAuthError> {
        let checked = self.ask(provider).await;
        if let Some(refusal) = checked.as_ref().err().filter(|error| error.is_refusal()) {
            let (name, reason, origin) = (provider.name().to_owned(), refusal.to_string(), origin.clone());
            let note = move |conn: &mut PgConnection| services::note_refusal(conn, &name, &reason, &origin);
            app.db.write(note).await.map_err(|problem| OAuthError::Unavailable(problem.to_string()))?;
        }
        checked
    }

    async fn ask(self, provider: &Provider) -> Result<Voucher, OAuthError> {
        let was_brought = matches!(self, Self::IdToken { .. });
        let checked = match self {
            Self::Code(code) => provider.redeem(code).await,
            Self::IdToken { id_token, nonce } => provider.verify(&id_token, &nonce).await,
        };
        let claims = checked.inspect_err(|error| note(provider, error))?;
        Ok(Voucher { provider: provider.name().to_owned(), claims, was_brought })
    }
}

/// The client hears that it is wrong; why is for whoever looks after the shop.
fn note(provider: &Provider, error: &OidcError) {
    match error {
        OidcError::Unavailable(_) => warn!(provider = provider.name(), "Nobody could be vouched for: {error}"),
        _ => info!(provider = provider.name(), "Nobody was vouched for: {error}"),
    }
}
