//! WebAuthn ceremonies: issuing challenges, and verifying the credentials that browsers return.
//!
//! The database stores the state of a challenge between the two requests of a ceremony.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use passki::{
    AuthenticationCredential, AuthenticationOptions, AuthenticationState, ClientData, Passki, RegistrationCredential,
    RegistrationOptions, RegistrationState, ResidentKeyRequirement, StoredPasskey, UserVerificationRequirement,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::errors::PasskeyError;
use super::models::{Ceremony, CeremonyKind, Passkey};
use crate::customers::accounts::User;
use crate::platform::auth::sha256;
use crate::platform::types::UserId;

/// Issues the challenge for a new passkey. Returns the argument of `navigator.credentials.create()`.
pub(super) fn start_registration(
    conn: &mut PgConnection,
    relying_party: &Passki,
    user: &User,
    existing: &[Passkey],
    now: DateTime<Utc>,
) -> Result<Value, PasskeyError> {
    let existing = stored_passkeys(existing)?;
    let mut options = RegistrationOptions::default();
    options.resident_key = ResidentKeyRequirement::Required;
    options.user_verification = UserVerificationRequirement::Required;
    options.exclude_credentials = Some(&existing);
    let (email, name) = (user.email.to_string(), user.full_name());
    let handle = user.id.as_uuid().as_bytes();
    let (challenge, state) = relying_party.start_passkey_registration(handle, &email, &name, options)?;
    registration_of(user.id).insert(conn, &sha256(&state.challenge), &to_json(&state)?, now)?;
    to_json(&challenge)
}

/// Verifies a new passkey.
pub(super) fn finish_registration(
    conn: &mut PgConnection,
    relying_party: &Passki,
    user: UserId,
    credential: &Value,
    now: DateTime<Utc>,
) -> Result<StoredPasskey, PasskeyError> {
    let credential: RegistrationCredential = parse_credential(credential)?;
    let client_data = &credential.response.client_data_json;
    let state: RegistrationState = take_state(conn, &registration_of(user), client_data, now)?;
    Ok(relying_party.finish_passkey_registration(&credential, &state)?)
}

const fn registration_of(user: UserId) -> Ceremony {
    Ceremony { kind: CeremonyKind::Registration, user: Some(user) }
}

/// Issues the challenge for an existing passkey. Returns the argument of `navigator.credentials.get()`.
pub(super) fn start_authentication(
    conn: &mut PgConnection,
    relying_party: &Passki,
    ceremony: &Ceremony,
    allowed: &[Passkey],
    now: DateTime<Utc>,
) -> Result<Value, PasskeyError> {
    let mut options = AuthenticationOptions::default();
    options.user_verification = UserVerificationRequirement::Required;
    let (challenge, state) = relying_party.start_passkey_authentication(&stored_passkeys(allowed)?, options)?;
    ceremony.insert(conn, &sha256(&state.challenge), &to_json(&state)?, now)?;
    to_json(&challenge)
}

/// Verifies the credential of an existing passkey, and records its use. Returns the owner of the passkey, or None if
/// the credential is invalid. The challenge is consumed in both cases.
pub(super) fn finish_authentication(
    conn: &mut PgConnection,
    relying_party: &Passki,
    ceremony: &Ceremony,
    credential: &Value,
    now: DateTime<Utc>,
) -> Result<Option<UserId>, PasskeyError> {
    match verify_assertion(conn, relying_party, ceremony, credential, now) {
        Err(PasskeyError::Rejected) => Ok(None),
        result => result,
    }
}

fn verify_assertion(
    conn: &mut PgConnection,
    relying_party: &Passki,
    ceremony: &Ceremony,
    credential: &Value,
    now: DateTime<Utc>,
) -> Result<Option<UserId>, PasskeyError> {
    let credential: AuthenticationCredential = parse_credential(credential)?;
    let state: AuthenticationState = take_state(conn, ceremony, &credential.response.client_data_json, now)?;
    let id = Passki::base64_decode(&credential.raw_id)?;
    let Some(passkey) = Passkey::lock_by_credential(conn, &id)? else { return Ok(None) };
    let mut stored: StoredPasskey = from_stored_json(&passkey.credential)?;
    let result = relying_party.finish_passkey_authentication(&credential, &state, &stored)?;

    // If the challenge has no user, the passkey must name its user itself.
    let handle = passkey.user_id.as_uuid().as_bytes();
    let names_owner = result.user_handle.as_deref().map(|named| named == handle);
    if !names_owner.unwrap_or(ceremony.user.is_some()) {
        return Ok(None);
    }
    stored.counter = result.counter;
    passkey.record_use(conn, &to_json(&stored)?, now)?;
    Ok(Some(passkey.user_id))
}

/// Deletes and returns the state of the challenge that the client data contain.
fn take_state<T: DeserializeOwned>(
    conn: &mut PgConnection,
    ceremony: &Ceremony,
    client_data: &str,
    now: DateTime<Utc>,
) -> Result<T, PasskeyError> {
    let challenge = Passki::base64_decode(&ClientData::from_base64(client_data)?.challenge)?;
    let state = ceremony.take(conn, &sha256(challenge), now)?.ok_or(PasskeyError::Rejected)?;
    from_stored_json(&state)
}

/// Parses a credential from a request.
fn parse_credential<T: DeserializeOwned>(credential: &Value) -> Result<T, PasskeyError> {
    serde_json::from_value(credential.clone()).map_err(|_| PasskeyError::Rejected)
}

/// Parses JSON that this module has stored.
fn from_stored_json<T: DeserializeOwned>(value: &Value) -> Result<T, PasskeyError> {
    serde_json::from_value(value.clone()).map_err(|error| PasskeyError::Internal(error.into()))
}

pub(super) fn to_json(value: &impl Serialize) -> Result<Value, PasskeyError> {
    serde_json::to_value(value).map_err(|error| PasskeyError::Internal(error.into()))
}

fn stored_passkeys(passkeys: &[Passkey]) -> Result<Vec<StoredPasskey>, PasskeyError> {
    passkeys.iter().map(|passkey| from_stored_json(&passkey.credential)).collect()
}
