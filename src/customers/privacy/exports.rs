//! Personal data exports: collection, encrypted storage and download.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::{Value, json};

use super::errors::PrivacyError;
use super::models::{EXPORT_LIFETIME_HOURS, Export, ExportId};
use crate::customers::accounts::{CustomerWithUser, Profile};
use crate::customers::verification::{AccountMail, MailLink, MailSettings, queue_mail};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::MasterKey;
use crate::platform::personal_data::PersonalDataRegistry;
use crate::platform::types::{CustomerId, EventId};
use crate::platform::write_context::WriteContext;

pub(super) fn find_export(conn: &mut PgConnection, id: ExportId, customer: CustomerId) -> Result<Export, PrivacyError> {
    Export::find_for_customer(conn, id, customer)?.ok_or(PrivacyError::NotFound)
}

/// Returns the customer's personal data from all registered rooms.
pub(super) fn collect(
    conn: &mut PgConnection,
    export: &Export,
    shop_name: &str,
    personal_data: &PersonalDataRegistry,
    now: DateTime<Utc>,
) -> Result<Value, PrivacyError> {
    let mut sections = personal_data.export(conn, export.customer_id)?;
    sections.insert("shop".to_owned(), json!(shop_name));
    sections.insert("made_at".to_owned(), json!(now));
    Ok(Value::Object(sections))
}

/// Stores the encrypted export and notifies the customer. Does nothing if an earlier run stored it.
pub(super) fn store(
    conn: &mut PgConnection,
    export: &Export,
    encrypted: &[u8],
    settings: &MailSettings,
    now: DateTime<Utc>,
) -> Result<(), PrivacyError> {
    if !Export::mark_ready(conn, export.id, encrypted, now)? {
        return Ok(());
    }
    let Some(CustomerWithUser { customer, user: Some(user) }) = CustomerWithUser::lock(conn, export.customer_id)?
    else {
        return Ok(());
    };
    let profile = Profile { user, customer };
    let link = MailLink { path: format!("/account/export#id={}", export.id), valid_hours: EXPORT_LIFETIME_HOURS };
    let mail = AccountMail {
        event: EventId::generate(),
        to: &profile.user.email,
        template: "export_ready",
        profile: &profile,
        link: Some(&link),
    };
    queue_mail(conn, settings, &mail, now)?;
    Ok(())
}

/// Returns the decrypted export and deletes its contents: it can be downloaded once.
pub(super) fn download(
    conn: &mut PgConnection,
    id: ExportId,
    customer: CustomerId,
    key: &MasterKey,
    context: &WriteContext,
) -> Result<Vec<u8>, PrivacyError> {
    let (export, encrypted) = Export::lock_for_customer(conn, id, customer)?.ok_or(PrivacyError::NotFound)?;
    if export.downloaded_at.is_some() || export.expires_at <= context.at {
        return Err(PrivacyError::ExportGone);
    }
    let encrypted = encrypted.ok_or(PrivacyError::NotReady)?;
    let decrypted = key.decrypt(&encryption_context(id), &encrypted).map_err(PrivacyError::Internal)?;
    export.mark_downloaded(conn, context.at)?;
    audit::record(
        conn,
        context,
        "customer.export_downloaded",
        AuditObject::new("customer", customer),
        Changes::none(),
    )?;
    Ok(decrypted)
}

/// Returns the encryption context that binds the contents of an export to its row.
pub(super) fn encryption_context(id: ExportId) -> String {
    format!("personal data export {id}")
}
