//! What somebody signs in with: their password and their e-mail address.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::errors::AccountError;
use super::events::{CustomerTopic, tell};
use super::hashes::PasswordHash;
use super::services::Profile;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::types::Email;

/// Sets the password of somebody whom the caller holds locked.
pub fn set_password(
    conn: &mut PgConnection,
    profile: &Profile,
    hash: &PasswordHash,
    origin: &Origin,
) -> QueryResult<()> {
    profile.user.set_password(conn, hash, origin.at)?;
    audit::record(conn, origin, "user.password_changed", ("user", profile.user.id.to_string()), Changes::none())
}

/// Takes the password off somebody whom the caller holds locked.
pub fn forget_password(conn: &mut PgConnection, profile: &Profile, origin: &Origin) -> QueryResult<()> {
    profile.user.forget_password(conn, origin.at)?;
    audit::record(conn, origin, "user.password_removed", ("user", profile.user.id.to_string()), Changes::none())
}

/// Notes that the address of somebody whom the caller holds locked is theirs; nothing where that is known.
pub fn verify_email(conn: &mut PgConnection, profile: &Profile, origin: &Origin) -> QueryResult<()> {
    if profile.user.is_verified() {
        return Ok(());
    }
    profile.user.set_verified(conn, origin.at)?;
    tell(conn, CustomerTopic::Verified, &profile.customer, origin)?;
    audit::record(conn, origin, "user.email_verified", ("user", profile.user.id.to_string()), Changes::none())
}

/// Gives somebody whom the caller holds locked another address, which is theirs for sure.
pub fn change_email(
    conn: &mut PgConnection,
    profile: &Profile,
    email: &Email,
    origin: &Origin,
) -> Result<(), AccountError> {
    profile.user.set_email(conn, email, origin.at)?;
    profile.customer.set_email(conn, email, origin.at)?;
    tell(conn, CustomerTopic::EmailChanged, &profile.customer, origin)?;
    let (user, before) = (profile.user.id, &profile.user.email);
    let told = Changes::between(&json!({"email": before}), &json!({"email": email})).about(user, &["email"]);
    audit::record(conn, origin, "user.email_changed", ("user", user.to_string()), told)?;
    Ok(())
}
