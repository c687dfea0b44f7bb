//! Registering, renaming and deleting passkeys, and signing in with them.

use chrono::{DateTime, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use passki::Passki;
use serde_json::{Value, json};

use super::errors::PasskeyError;
use super::models::{Ceremony, CeremonyKind, NewPasskey, Passkey, PasskeyId};
use super::webauthn;
use crate::customers::accounts::User;
use crate::customers::auth::{self, AuthenticationLevel, SignInResult};
use crate::customers::sessions::SessionSettings;
use crate::customers::totp::{self, FactorChange, FactorError, SubmittedFactor};
use crate::customers::verification::Reauthenticated;
use crate::platform::app::App;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::types::UserId;
use crate::platform::write_context::WriteContext;

const MAX_PASSKEYS: usize = 20;

/// Settings that passkey services need.
pub(super) struct PasskeySettings<'a> {
    pub shop_name: &'a str,
    pub relying_party: Passki,
    pub sessions: SessionSettings<'a>,
}

impl<'a> From<&'a App> for PasskeySettings<'a> {
    fn from(app: &'a App) -> Self {
        let config = &app.config;
        Self {
            shop_name: &config.shop_name,
            relying_party: Passki::new(&config.passkey_domain(), &config.passkey_origins(), &config.shop_name),
            sessions: SessionSettings::from(app),
        }
    }
}

/// Returns the passkeys of a user, oldest first.
pub fn list_passkeys(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Passkey>> {
    Passkey::list(conn, user)
}

/// Deletes all passkeys of a user, and returns their number.
pub fn delete_passkeys(conn: &mut PgConnection, user: UserId) -> QueryResult<usize> {
    Passkey::delete_all(conn, user)
}

/// Deletes up to `limit` challenges that expired before `before`, and returns their number.
pub fn purge_ceremonies(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    Ceremony::delete_expired(conn, before, limit)
}

/// Starts the registration of a passkey.
pub(super) fn begin_registration(
    conn: &mut PgConnection,
    user: &User,
    settings: &PasskeySettings<'_>,
    now: DateTime<Utc>,
) -> Result<Value, PasskeyError> {
    let existing = Passkey::list(conn, user.id)?;
    if existing.len() >= MAX_PASSKEYS {
        return Err(PasskeyError::TooMany);
    }
    webauthn::start_registration(conn, &settings.relying_party, user, &existing, now)
}

/// Credential that a browser has created, and the name that the user gave it.
pub(super) struct CreatedCredential {
    pub credential: Value,
    pub name: String,
}

/// New passkey, and the recovery codes that a user receives with the first second factor.
pub(super) struct RegisteredPasskey {
    pub passkey: Passkey,
    pub recovery_codes: Option<Vec<String>>,
}

/// Verifies and stores a new passkey.
pub(super) fn finish_registration(
    conn: &mut PgConnection,
    user: &User,
    created: &CreatedCredential,
    settings: &PasskeySettings<'_>,
    context: &WriteContext,
) -> Result<RegisteredPasskey, PasskeyError> {
    let relying_party = &settings.relying_party;
    let verified = webauthn::finish_registration(conn, relying_party, user.id, &created.credential, context.at)?;
    let passkey = NewPasskey {
        user: user.id,
        credential_id: &verified.credential_id,
        credential: &webauthn::to_json(&verified)?,
        name: &created.name,
    };
    let passkey = passkey.insert(conn, context.at)?;
    totp::record_and_notify(conn, user, FactorChange::PasskeyAdded, settings.shop_name, context)?;
    let recovery_codes = match totp::recovery_codes_left(conn, user.id)? {
        0 => Some(totp::replace_recovery_codes(conn, user.id, context.at)?),
        _ => None,
    };
    Ok(RegisteredPasskey { passkey, recovery_codes })
}

pub(super) fn find(conn: &mut PgConnection, id: PasskeyId, owner: UserId) -> Result<Passkey, PasskeyError> {
    Passkey::find(conn, id, owner)?.ok_or(PasskeyError::NotFound)
}

/// Renames a passkey of this user. None leaves the name unchanged.
pub(super) fn rename(
    conn: &mut PgConnection,
    id: PasskeyId,
    owner: UserId,
    name: Option<&str>,
    context: &WriteContext,
) -> Result<Passkey, PasskeyError> {
    let passkey = Passkey::lock(conn, id, owner)?.ok_or(PasskeyError::NotFound)?;
    context.expected.ensure(passkey.version)?;
    let renamed = passkey.rename(conn, name, context.at)?;
    let changes = Changes::between(&json!({"name": passkey.name}), &json!({"name": renamed.name}));
    let changes = changes.mark_personal(owner, &["name"]);
    audit::record(conn, context, "passkey.renamed", AuditObject::new("passkey", id), changes)?;
    Ok(renamed)
}

/// Passkey to delete, and the confirmation by its owner.
pub(super) struct PasskeyDeletion {
    pub id: PasskeyId,
    pub owner: Reauthenticated,
    pub factor: SubmittedFactor,
}

/// Deletes a passkey.
pub(super) fn delete(
    conn: &mut PgConnection,
    deletion: &PasskeyDeletion,
    shop_name: &str,
    context: &WriteContext,
) -> Result<(), PasskeyError> {
    let PasskeyDeletion { id, owner, factor } = deletion;
    let passkey = Passkey::lock(conn, *id, owner.user.id)?.ok_or(PasskeyError::NotFound)?;
    totp::confirm_factor(conn, owner, factor, shop_name, context)?;
    passkey.delete(conn)?;
    totp::delete_unusable_recovery_codes(conn, owner.user.id)?;
    Ok(totp::record_and_notify(conn, &owner.user, FactorChange::PasskeyRemoved, shop_name, context)?)
}

/// Issues the challenge that completes a sign-in with a passkey as the second factor.
pub(super) fn begin_second_factor(
    conn: &mut PgConnection,
    mfa_token: &str,
    settings: &PasskeySettings<'_>,
    now: DateTime<Utc>,
) -> Result<Value, PasskeyError> {
    let challenge = auth::lock_challenge(conn, mfa_token, now)?.ok_or(FactorError::InvalidMfaToken)?;
    let passkeys = Passkey::list(conn, challenge.user_id)?;
    if passkeys.is_empty() {
        return Err(FactorError::NotActive.into());
    }
    let ceremony = second_factor_of(challenge.user_id);
    webauthn::start_authentication(conn, &settings.relying_party, &ceremony, &passkeys, now)
}

/// Completes a sign-in with a passkey as the second factor.
pub(super) fn finish_second_factor(
    conn: &mut PgConnection,
    mfa_token: &str,
    credential: &Value,
    settings: &PasskeySettings<'_>,
    context: &WriteContext,
) -> Result<(User, SignInResult), PasskeyError> {
    let challenge = auth::lock_challenge(conn, mfa_token, context.at)?.ok_or(FactorError::InvalidMfaToken)?;
    let user = totp::active_user(conn, challenge.user_id)?.ok_or(FactorError::InvalidMfaToken)?;
    totp::ensure_failures_below_limit(conn, user.id, context.at)?;
    let context = context.as_user(user.id);
    let ceremony = second_factor_of(user.id);
    let owner = webauthn::finish_authentication(conn, &settings.relying_party, &ceremony, credential, context.at)?;
    if owner != Some(user.id) {
        challenge.record_failure(conn)?;
        totp::record_failure(conn, user.id, &context)?;
        return Err(PasskeyError::Rejected);
    }
    let result = auth::complete_challenge(conn, &challenge, &user, settings.sessions, &context)?;
    Ok((user, result))
}

const fn second_factor_of(user: UserId) -> Ceremony {
    Ceremony { kind: CeremonyKind::SecondFactor, user: Some(user) }
}

/// Ceremony of a sign-in: any passkey of the shop is accepted.
const SIGN_IN: Ceremony = Ceremony { kind: CeremonyKind::SignIn, user: None };

/// Issues the challenge of a sign-in with a passkey only.
pub(super) fn begin_sign_in(
    conn: &mut PgConnection,
    settings: &PasskeySettings<'_>,
    now: DateTime<Utc>,
) -> Result<Value, PasskeyError> {
    webauthn::start_authentication(conn, &settings.relying_party, &SIGN_IN, &[], now)
}

/// Signs in the owner of a passkey. A rejected sign-in is recorded in the audit log.
pub(super) fn finish_sign_in(
    conn: &mut PgConnection,
    credential: &Value,
    settings: &PasskeySettings<'_>,
    context: &WriteContext,
) -> Result<(User, SignInResult), PasskeyError> {
    // The savepoint rolls back the recorded use of the passkey if its owner is inactive.
    let found = conn.transaction(|conn| {
        match webauthn::finish_authentication(conn, &settings.relying_party, &SIGN_IN, credential, context.at)? {
            Some(owner) => totp::active_user(conn, owner)?.map(Some).ok_or(PasskeyError::CannotSignIn),
            None => Ok(None),
        }
    });
    let reason = match found {
        Ok(Some(user)) => {
            let level = AuthenticationLevel::TwoFactors;
            let result = auth::sign_in(conn, &user, level, settings.sessions, context)?;
            return Ok((user, result));
        }
        Ok(None) => "unknown passkey",
        Err(PasskeyError::CannotSignIn) => "inactive account",
        Err(error) => return Err(error),
    };
    auth::record_rejected_sign_in(conn, AuditObject::new("passkey", ""), reason, context)?;
    Err(PasskeyError::CannotSignIn)
}
