//! Deactivation of accounts, personal data exports, and erasure of customers.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::errors::PrivacyError;
use super::jobs::MakeExport;
use super::models::Export;
use crate::customers::accounts::{self, CustomerWithUser, Profile, User};
use crate::customers::sessions;
use crate::customers::verification::{
    AccountMail, MailSettings, Reauthenticated, TokenPurpose, TokenRequest, VerificationError, issue_token, queue_mail,
    redeem_token, revoke_access,
};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::jobs::{NewJob, enqueue};
use crate::platform::personal_data::PersonalDataRegistry;
use crate::platform::types::{CustomerId, EventId, UserId};
use crate::platform::write_context::WriteContext;

/// Activates or deactivates a customer's account. Deactivation revokes all sessions and invalidates links in e-mails.
pub fn set_active(
    conn: &mut PgConnection,
    customer: CustomerId,
    is_active: bool,
    context: &WriteContext,
) -> Result<(), PrivacyError> {
    let locked = CustomerWithUser::lock(conn, customer)?.ok_or(PrivacyError::NotFound)?;
    context.expected.ensure(locked.version())?;
    let CustomerWithUser { customer, user } = locked;
    let user = user.ok_or(PrivacyError::NoAccount)?;
    ensure_not_staff(&user)?;
    let id = user.id;
    accounts::set_active(conn, &Profile { user, customer }, is_active, context)?;
    if !is_active {
        revoke_access(conn, id, "account deactivated", context)?;
    }
    Ok(())
}

/// Rejects staff accounts: permissions to manage customers must not allow locking out staff members.
fn ensure_not_staff(user: &User) -> Result<(), PrivacyError> {
    if user.is_staff { Err(PrivacyError::StaffAccount) } else { Ok(()) }
}

/// Erases a customer: deletes the account and all personal data, and anonymizes orders. Does nothing if the customer is
/// already erased.
pub fn erase(
    conn: &mut PgConnection,
    customer: CustomerId,
    personal_data: &PersonalDataRegistry,
    context: &WriteContext,
) -> Result<(), PrivacyError> {
    let locked = CustomerWithUser::lock(conn, customer)?.ok_or(PrivacyError::NotFound)?;
    context.expected.ensure(locked.version())?;
    if locked.customer.is_erased() {
        return Ok(());
    }
    if let Some(user) = &locked.user {
        ensure_not_staff(user)?;
    }
    if let Some(reason) = personal_data.erasure_blocker(conn, customer)? {
        return Err(PrivacyError::UnfinishedBusiness(reason));
    }
    if let Some(user) = &locked.user {
        sessions::revoke_all(conn, user.id, None, "account erased", context)?;
    }
    personal_data.erase(conn, customer, context)?;
    Export::delete_for_customer(conn, customer)?;
    Ok(accounts::anonymise(conn, &locked, context)?)
}

/// Erases a customer who has confirmed the password in this request.
pub fn erase_with_password(
    conn: &mut PgConnection,
    customer: CustomerId,
    reauthenticated: &Reauthenticated,
    personal_data: &PersonalDataRegistry,
    context: &WriteContext,
) -> Result<(), PrivacyError> {
    let user = CustomerWithUser::lock(conn, customer)?.and_then(|locked| locked.user);
    if !user.is_some_and(|user| reauthenticated.is_current(&user)) {
        return Err(VerificationError::WrongPassword.into());
    }
    erase(conn, customer, personal_data, &context.without_condition())
}

/// Erases a customer who has confirmed the deletion with an e-mailed token.
pub fn erase_with_token(
    conn: &mut PgConnection,
    customer: CustomerId,
    token: &str,
    personal_data: &PersonalDataRegistry,
    context: &WriteContext,
) -> Result<(), PrivacyError> {
    let redeemed = redeem_token(conn, &[TokenPurpose::DeleteAccount], token, context.at)?;
    if redeemed.is_none_or(|redeemed| redeemed.profile.customer.id != customer) {
        return Err(VerificationError::InvalidToken.into());
    }
    erase(conn, customer, personal_data, &context.without_condition())
}

/// Returns true if the account has no password.
pub fn has_no_password(conn: &mut PgConnection, user: UserId) -> Result<bool, PrivacyError> {
    Ok(accounts::find_user(conn, user)?.ok_or(PrivacyError::NotFound)?.password_hash.is_none())
}

/// Sends a link that confirms the deletion of an account without a password.
pub fn email_deletion_link(
    conn: &mut PgConnection,
    user: UserId,
    settings: &MailSettings,
    now: DateTime<Utc>,
) -> Result<(), PrivacyError> {
    let profile = Profile::lock(conn, user)?.ok_or(PrivacyError::NotFound)?;
    let (event, to) = (EventId::generate(), &profile.user.email);
    let request = TokenRequest { event, purpose: TokenPurpose::DeleteAccount, email: to };
    let Some(link) = issue_token(conn, &profile, request, now)? else { return Ok(()) };
    let mail = AccountMail { event, to, template: "delete_account", profile: &profile, link: Some(&link) };
    queue_mail(conn, settings, &mail, now)?;
    Ok(())
}

/// Creates an export and enqueues its job. Returns the existing export if it can still be downloaded.
pub fn request_export(
    conn: &mut PgConnection,
    customer: CustomerId,
    context: &WriteContext,
) -> Result<Export, PrivacyError> {
    CustomerWithUser::lock(conn, customer)?.ok_or(PrivacyError::NotFound)?;
    if let Some(open) = Export::find_open(conn, customer, context.at)? {
        return Ok(open);
    }
    let export = Export::insert(conn, customer, context.at)?;
    let job = NewJob::new(&MakeExport { export: export.id }).map_err(|error| PrivacyError::Internal(error.into()))?;
    enqueue(conn, &job.unique(export.id), context.at)?;
    audit::record(conn, context, "customer.export_asked_for", AuditObject::new("customer", customer), Changes::none())?;
    Ok(export)
}
