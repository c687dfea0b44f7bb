//! Mails to the owners of accounts.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

use super::errors::VerificationError;
use crate::customers::accounts::Profile;
use crate::platform::app::App;
use crate::platform::auth::MasterKey;
use crate::platform::notify::{Medium, NewMessage, queue_message, seal_context};
use crate::platform::types::{Email, EventId};

/// What all mails of the shop have in common.
#[derive(Clone)]
pub struct Stationery {
    pub shop_name: String,
    /// Where links lead: a setting, never what a request says of itself.
    pub storefront_url: String,
    key: Arc<MasterKey>,
}

impl From<&App> for Stationery {
    fn from(app: &App) -> Self {
        Self {
            shop_name: app.config.shop_name.clone(),
            storefront_url: app.config.storefront_url.clone(),
            key: Arc::clone(&app.master_key),
        }
    }
}

/// A mail to somebody about their account.
pub struct Letter<'a> {
    /// What it is about: nobody hears of it twice.
    pub event: EventId,
    pub to: &'a Email,
    pub template: &'static str,
    /// Whose account it is: their name, their language.
    pub about: &'a Profile,
    /// A URL, and for how many hours it is good.
    pub link: Option<(String, i64)>,
}

/// Queues a mail in the caller's transaction; its link is sealed until it is sent.
pub fn post(
    conn: &mut PgConnection,
    stationery: &Stationery,
    letter: Letter<'_>,
    now: DateTime<Utc>,
) -> Result<(), VerificationError> {
    let Letter { event, to, template, about, link } = letter;
    let sealed = link.as_ref().map(|(url, _)| seal_context(&stationery.key, &json!({"link": url}))).transpose();
    let message = NewMessage {
        event,
        medium: Medium::Email,
        recipient: to.to_string(),
        template,
        language: about.customer.language.clone(),
        context: json!({
            "shop_name": stationery.shop_name,
            "customer_name": about.user.full_name(),
            "hours": link.as_ref().map(|(_, hours)| hours),
        }),
        sealed: sealed.map_err(VerificationError::Broken)?,
    };
    queue_message(conn, &message, now).map_err(VerificationError::Broken)
}
