//! E-mails to the owners of accounts.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

use super::errors::VerificationError;
use crate::customers::accounts::Profile;
use crate::platform::app::App;
use crate::platform::auth::MasterKey;
use crate::platform::notify::{Medium, NewMessage, encrypt_context, queue_message};
use crate::platform::types::{Email, EventId};

/// Settings that all account e-mails use.
#[derive(Clone)]
pub struct MailSettings {
    shop_name: String,
    /// Base URL of links. A setting, because the `Host` header of a request can be forged.
    storefront_url: String,
    key: Arc<MasterKey>,
}

impl From<&App> for MailSettings {
    fn from(app: &App) -> Self {
        Self {
            shop_name: app.config.shop_name.clone(),
            storefront_url: app.config.storefront_url.clone(),
            key: Arc::clone(&app.master_key),
        }
    }
}

/// E-mail about an account.
pub struct AccountMail<'a> {
    /// Event that causes the e-mail. Each event sends it at most once.
    pub event: EventId,
    pub to: &'a Email,
    pub template: &'static str,
    /// Account that the e-mail is about. Sets the name and the language.
    pub profile: &'a Profile,
    pub link: Option<&'a MailLink>,
}

/// Link to a page of the storefront.
pub struct MailLink {
    /// Path and fragment, below the base URL of the storefront.
    pub path: String,
    /// Number of hours for which the link is valid.
    pub valid_hours: i64,
}

/// Queues an e-mail in the caller's transaction. The link is encrypted until the e-mail is sent.
pub fn queue_mail(
    conn: &mut PgConnection,
    settings: &MailSettings,
    mail: &AccountMail<'_>,
    now: DateTime<Utc>,
) -> Result<(), VerificationError> {
    let AccountMail { event, to, template, profile, link } = *mail;
    let encrypt = |link: &MailLink| {
        let url = format!("{}{}", settings.storefront_url, link.path);
        encrypt_context(&settings.key, &json!({"link": url}))
    };
    let message = NewMessage {
        event,
        medium: Medium::Email,
        recipient: to.to_string(),
        template,
        language: profile.customer.language.clone(),
        context: json!({
            "shop_name": settings.shop_name,
            "customer_name": profile.user.full_name(),
            "hours": link.map(|link| link.valid_hours),
        }),
        encrypted_context: link.map(encrypt).transpose().map_err(VerificationError::Internal)?,
    };
    queue_message(conn, &message, now).map_err(VerificationError::Internal)
}
