//! Verifying addresses, and changing what somebody signs in with.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;
use uuid::Uuid;

use super::errors::VerificationError;
use super::jobs::TokenLetter;
use super::letters::{Letter, Stationery, post};
use super::models::Purpose;
use super::proof::Proof;
use super::tokens::{forget_all, issue, redeem};
use crate::customers::accounts::{self, AccountError, PasswordHash, Profile};
use crate::customers::auth;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::personal_data::PersonalDataRegistry;
use crate::platform::types::{Actor, Email, EventId, SessionId, UserId};

/// Verifies the address that a key was mailed to.
pub fn verify_email(conn: &mut PgConnection, key: &str, origin: &Origin) -> Result<(), VerificationError> {
    let redeemed = redeem(conn, &[Purpose::VerifyEmail], key, origin.at)?;
    let (profile, _) = redeemed.ok_or(VerificationError::BadKey)?;
    accounts::verify_email(conn, &profile, &acting(&profile, origin))?;
    Ok(())
}

/// Sets another password and ends all sessions but the one it is done in.
pub fn change_password(
    conn: &mut PgConnection,
    (proof, session): (&Proof, SessionId),
    hash: &PasswordHash,
    stationery: &Stationery,
    origin: &Origin,
) -> Result<(), VerificationError> {
    let profile = Profile::lock(conn, proof.user.id)?.filter(|profile| proof.still_holds(&profile.user));
    let profile = profile.ok_or(VerificationError::WrongOldPassword)?;
    set_password(conn, &profile, hash, Some(session), origin)?;
    notify(conn, &profile, "password_changed", stationery, origin)
}

/// Sets another password for the holder of a token, who has shown that the address is theirs; ends all sessions. Who
/// shows it for the first time finds nothing that somebody else has put into the account to open it by.
pub fn reset_password(
    conn: &mut PgConnection,
    (user, token): (UserId, &str),
    hash: &PasswordHash,
    (stationery, rooms): (&Stationery, &PersonalDataRegistry),
    origin: &Origin,
) -> Result<(), VerificationError> {
    let redeemed = redeem(conn, &Purpose::CHOOSING_PASSWORD, token, origin.at)?;
    let (profile, _) = redeemed.filter(|(profile, _)| profile.user.id == user).ok_or(VerificationError::BadToken)?;
    let origin = acting(&profile, origin);
    if !profile.user.is_verified() {
        rooms.disown(conn, profile.customer.id, &origin)?;
    }
    accounts::verify_email(conn, &profile, &origin)?;
    set_password(conn, &profile, hash, None, &origin)?;
    notify(conn, &profile, "password_changed", stationery, &origin)
}

fn set_password(
    conn: &mut PgConnection,
    profile: &Profile,
    hash: &PasswordHash,
    keep: Option<SessionId>,
    origin: &Origin,
) -> Result<(), VerificationError> {
    accounts::set_password(conn, profile, hash, origin)?;
    forget_all(conn, profile.user.id, origin.at)?;
    Ok(auth::end_all(conn, profile.user.id, keep, "password changed", origin)?)
}

/// Writes down that a letter was asked for, in one way for everybody.
pub fn note_letter(
    conn: &mut PgConnection,
    letter: TokenLetter,
    (user, email): (Option<UserId>, &Email),
    origin: &Origin,
) -> QueryResult<()> {
    let action = match letter {
        TokenLetter::ResetPassword => "user.password_reset_asked",
        TokenLetter::VerifyEmail | TokenLetter::AccountExists | TokenLetter::StaffInvitation => "user.letter_asked",
    };
    let by_email = audit::person_by_email(email.as_str());
    let object = match user {
        Some(user) => ("user", user.to_string()),
        None => ("email", by_email.to_string()),
    };
    let person = user.map_or(by_email, Uuid::from);
    audit::record(conn, origin, action, object, Changes::created(&json!({"email": email})).about(person, &["email"]))
}

/// Signs somebody out everywhere; nothing that was mailed to them is good any more.
pub fn shut_out(conn: &mut PgConnection, user: UserId, reason: &str, origin: &Origin) -> QueryResult<()> {
    forget_all(conn, user, origin.at)?;
    auth::end_all(conn, user, None, reason, origin)
}

/// Mails a link to the new address and a warning to the old one. Whether the new one has an account is told to its
/// owner alone: the work and the answer are the same.
pub fn ask_for_email(
    conn: &mut PgConnection,
    proof: &Proof,
    email: &Email,
    stationery: &Stationery,
    origin: &Origin,
) -> Result<(), VerificationError> {
    let profile = Profile::lock(conn, proof.user.id)?.filter(|profile| proof.still_holds(&profile.user));
    let profile = profile.ok_or(VerificationError::WrongPassword)?;
    if profile.user.email == *email {
        return Err(VerificationError::SameEmail);
    }
    // Not `email`: it is not theirs yet, and may be somebody else's for ever.
    let told = Changes::created(&json!({"new_email": email})).about(profile.user.id, &["new_email"]);
    audit::record(conn, origin, "user.email_change_asked", ("user", profile.user.id.to_string()), told)?;
    let is_taken = accounts::find_by_email(conn, email)?.is_some();
    let event = EventId::generate();
    let Some(link) = issue(conn, &profile, Purpose::ChangeEmail, (event, email), origin.at)? else { return Ok(()) };
    let (template, link) = match is_taken {
        true => ("email_taken", None),
        false => ("email_change", Some((link.url(&stationery.storefront_url), link.hours()))),
    };
    post(conn, stationery, Letter { event, to: email, template, about: &profile, link }, origin.at)?;
    notify(conn, &profile, "email_change_announced", stationery, origin)
}

/// Gives the holder of a token the address that it was mailed to. The old address is told.
pub fn confirm_email(
    conn: &mut PgConnection,
    token: &str,
    stationery: &Stationery,
    origin: &Origin,
) -> Result<(), VerificationError> {
    let redeemed = redeem(conn, &[Purpose::ChangeEmail], token, origin.at)?;
    let (profile, email) = redeemed.ok_or(VerificationError::BadToken)?;
    let origin = acting(&profile, origin);
    accounts::change_email(conn, &profile, &email, &origin).map_err(|error| match error {
        // Somebody has registered with it since.
        AccountError::EmailTaken => VerificationError::BadToken,
        other => other.into(),
    })?;
    forget_all(conn, profile.user.id, origin.at)?;
    notify(conn, &profile, "email_changed", stationery, &origin)
}

/// Tells somebody what has happened to their account, at the address that it had until now.
fn notify(
    conn: &mut PgConnection,
    profile: &Profile,
    template: &'static str,
    stationery: &Stationery,
    origin: &Origin,
) -> Result<(), VerificationError> {
    let event = EventId::generate();
    post(conn, stationery, Letter { event, to: &profile.user.email, template, about: profile, link: None }, origin.at)
}

/// Whoever holds a token that was mailed to somebody acts as they.
fn acting(profile: &Profile, origin: &Origin) -> Origin {
    Origin { actor: Actor::User(profile.user.id), ..origin.clone() }
}
