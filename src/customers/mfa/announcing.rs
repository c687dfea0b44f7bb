//! Telling people that something about their sign-in has changed: if it was not they, they should know at once.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

use crate::customers::accounts::{self, User};
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::notify::{Medium, NewMessage, queue_message};
use crate::platform::types::EventId;

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    TotpAdded,
    TotpRemoved,
    PasskeyAdded,
    PasskeyRemoved,
    CodesRenewed,
    CodeUsed,
    FactorsReset,
}

impl Change {
    /// As the audit log has it, and the template.
    const fn name(self) -> &'static str {
        match self {
            Self::TotpAdded => "totp_added",
            Self::TotpRemoved => "totp_removed",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::CodesRenewed => "recovery_codes_renewed",
            Self::CodeUsed => "recovery_code_used",
            Self::FactorsReset => "factors_reset",
        }
    }
}

/// Writes a change down, and queues a mail about it.
pub(super) fn announce(
    conn: &mut PgConnection,
    user: &User,
    change: Change,
    shop_name: &str,
    origin: &Origin,
) -> anyhow::Result<()> {
    let action = format!("user.{}", change.name());
    audit::record(conn, origin, &action, ("user", user.id.to_string()), Changes::none())?;
    let message = NewMessage {
        event: EventId::generate(),
        medium: Medium::Email,
        recipient: user.email.to_string(),
        template: "second_factor_changed",
        language: accounts::language_of(conn, user.id)?,
        context: json!({
            "shop_name": shop_name,
            "customer_name": user.full_name(),
            "change": change.name(),
            "changed_at": shown(origin.at),
        }),
        sealed: None,
    };
    queue_message(conn, &message, origin.at)
}

fn shown(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}
