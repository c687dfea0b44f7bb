//! Audit entries and e-mails about changed second factors. The e-mail lets the owner of the account notice a change
//! that another person made.

use diesel::pg::PgConnection;
use serde_json::json;

use crate::customers::accounts::{self, User};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::notify::{Medium, NewMessage, queue_message};
use crate::platform::types::EventId;
use crate::platform::write_context::WriteContext;

/// Change of a user's second factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorChange {
    /// An authenticator app was confirmed.
    TotpAdded,
    /// The authenticator app was removed.
    TotpRemoved,
    /// A passkey was registered.
    PasskeyAdded,
    /// A passkey was deleted.
    PasskeyRemoved,
    /// The recovery codes were replaced.
    RecoveryCodesRenewed,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A staff member removed all second factors.
    FactorsReset,
}

impl FactorChange {
    /// Returns the name in the audit log and in the e-mail template.
    const fn name(self) -> &'static str {
        match self {
            Self::TotpAdded => "totp_added",
            Self::TotpRemoved => "totp_removed",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::RecoveryCodesRenewed => "recovery_codes_renewed",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::FactorsReset => "factors_reset",
        }
    }
}

/// Records a change in the audit log and queues an e-mail to the user.
pub fn record_and_notify(
    conn: &mut PgConnection,
    user: &User,
    change: FactorChange,
    shop_name: &str,
    context: &WriteContext,
) -> anyhow::Result<()> {
    let action = format!("user.{}", change.name());
    audit::record(conn, context, &action, AuditObject::new("user", user.id), Changes::none())?;
    let message = NewMessage {
        event: EventId::generate(),
        medium: Medium::Email,
        recipient: user.email.to_string(),
        template: "second_factor_changed",
        language: accounts::user_language(conn, user.id)?,
        context: json!({
            "shop_name": shop_name,
            "customer_name": user.full_name(),
            "change": change.name(),
            "changed_at": context.at.format("%Y-%m-%d %H:%M UTC").to_string(),
        }),
        encrypted_context: None,
    };
    queue_message(conn, &message, context.at)
}
