//! Passkeys: made, shown and taken off (Web Authentication, level 3).
//!
//! Every one verifies its user, by a PIN or a finger, and can be found without a name: it is as good as password and
//! code together. What model of device it is, nobody is asked.

use chrono::{DateTime, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use passki::{
    AuthenticationCredential, AuthenticationOptions, AuthenticationState, ClientData, Passki, PasskiError,
    RegistrationCredential, RegistrationOptions, RegistrationState, ResidentKeyRequirement, StoredPasskey,
    UserVerificationRequirement,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::announcing::{Change, announce};
use super::errors::{MfaError, Settled};
use super::models::{Ceremony, CeremonyKind, Passkey, PasskeyId, RecoveryCodes};
use super::owner::Owner;
use super::services::{
    Shop, Shown, active_user, ensure_patience, forget_codes_of_nothing, make_codes, note_failure, show_factor,
};
use crate::customers::accounts::User;
use crate::customers::auth::{self, Proof, SignIn};
use crate::platform::api::Expected;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::sha256;
use crate::platform::types::{Actor, UserId};

/// More than anybody has devices.
const MOST: usize = 20;

/// Whatever a passkey's answer is wrong in, its sender learns no more than that.
impl From<PasskiError> for MfaError {
    fn from(_: PasskiError) -> Self {
        Self::PasskeyRefused
    }
}

pub(super) fn list(conn: &mut PgConnection, user: UserId) -> Result<Vec<Passkey>, MfaError> {
    Ok(Passkey::of_user(conn, user)?)
}

/// What a browser makes a passkey by.
pub(super) fn begin_registration(
    conn: &mut PgConnection,
    user: &User,
    shop: &Shop<'_>,
    now: DateTime<Utc>,
) -> Result<Value, MfaError> {
    let known = stored(&Passkey::of_user(conn, user.id)?)?;
    if known.len() >= MOST {
        return Err(MfaError::TooManyPasskeys);
    }
    let mut options = RegistrationOptions::default();
    options.resident_key = ResidentKeyRequirement::Required;
    options.user_verification = UserVerificationRequirement::Required;
    options.exclude_credentials = Some(&known);
    let (email, name) = (user.email.to_string(), user.full_name());
    let handle = user.id.as_uuid().as_bytes();
    let (challenge, state) = shop.relying_party.start_passkey_registration(handle, &email, &name, options)?;
    let ceremony = Ceremony { kind: CeremonyKind::Registration, user: Some(user.id) };
    ceremony.begin(conn, &sha256(&state.challenge), &json(&state)?, now)?;
    json(&challenge)
}

/// A passkey that was just made, and the recovery codes that come with somebody's first factor.
pub(super) struct Registered {
    pub passkey: Passkey,
    pub recovery_codes: Option<Vec<String>>,
}

pub(super) fn finish_registration(
    conn: &mut PgConnection,
    user: &User,
    answer: (&Value, &str),
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<Registered>, MfaError> {
    let (credential, name) = answer;
    let credential: RegistrationCredential = parsed(credential)?;
    let ceremony = Ceremony { kind: CeremonyKind::Registration, user: Some(user.id) };
    let state: RegistrationState = taken(conn, &ceremony, &credential.response.client_data_json, origin.at)?;
    let Ok(made) = shop.relying_party.finish_passkey_registration(&credential, &state) else {
        return Ok(Err(MfaError::PasskeyRefused));
    };
    let passkey = Passkey::insert(conn, user.id, (&made.credential_id, &json(&made)?), name, origin.at)?;
    announce(conn, user, Change::PasskeyAdded, shop.name, origin)?;
    let has_codes = RecoveryCodes::left(conn, user.id)? > 0;
    let recovery_codes = if has_codes { None } else { Some(make_codes(conn, user.id, origin.at)?) };
    Ok(Ok(Registered { passkey, recovery_codes }))
}

pub(super) fn find(conn: &mut PgConnection, id: PasskeyId, owner: UserId) -> Result<Passkey, MfaError> {
    Passkey::find(conn, id, owner)?.ok_or(MfaError::NotFound)
}

pub(super) fn rename(
    conn: &mut PgConnection,
    passkey: (PasskeyId, UserId),
    name: Option<String>,
    expected: &Expected,
    origin: &Origin,
) -> Result<Passkey, MfaError> {
    let (id, user) = passkey;
    let passkey = Passkey::lock(conn, id, user)?.ok_or(MfaError::NotFound)?;
    expected.ensure(passkey.version)?;
    let renamed = passkey.rename(conn, name, origin.at)?;
    let changes =
        Changes::between(&serde_json::json!({"name": passkey.name}), &serde_json::json!({"name": renamed.name}))
            .about(user, &["name"]);
    audit::record(conn, origin, "passkey.renamed", ("passkey", id.to_string()), changes)?;
    Ok(renamed)
}

pub(super) fn delete(
    conn: &mut PgConnection,
    (id, owner): (PasskeyId, &Owner),
    shown: &Shown,
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<()>, MfaError> {
    let user = &owner.user;
    let passkey = Passkey::lock(conn, id, user.id)?.ok_or(MfaError::NotFound)?;
    if let Err(refusal) = show_factor(conn, owner, shown, shop, origin)? {
        return Ok(Err(refusal));
    }
    passkey.delete(conn)?;
    forget_codes_of_nothing(conn, user.id)?;
    announce(conn, user, Change::PasskeyRemoved, shop.name, origin)?;
    Ok(Ok(()))
}

/// What a browser asks a passkey by, for a sign-in that waits for one.
pub(super) fn begin_second_factor(
    conn: &mut PgConnection,
    token: &str,
    shop: &Shop<'_>,
    now: DateTime<Utc>,
) -> Result<Value, MfaError> {
    let challenge = auth::lock_challenge(conn, token, now)?.ok_or(MfaError::TokenNotValid)?;
    let known = stored(&Passkey::of_user(conn, challenge.user_id)?)?;
    if known.is_empty() {
        return Err(MfaError::NotActive);
    }
    let ceremony = Ceremony { kind: CeremonyKind::SecondFactor, user: Some(challenge.user_id) };
    begin_assertion(conn, &ceremony, &known, &shop.relying_party, now)
}

/// Finishes a sign-in that waits for a passkey.
pub(super) fn finish_second_factor(
    conn: &mut PgConnection,
    token: &str,
    credential: &Value,
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<(User, SignIn)>, MfaError> {
    let challenge = auth::lock_challenge(conn, token, origin.at)?.ok_or(MfaError::TokenNotValid)?;
    let user = active_user(conn, challenge.user_id)?.ok_or(MfaError::TokenNotValid)?;
    ensure_patience(conn, user.id, origin.at)?;
    let origin = Origin { actor: Actor::User(user.id), ..origin.clone() };
    let ceremony = Ceremony { kind: CeremonyKind::SecondFactor, user: Some(user.id) };
    let owner = nobody_if_refused(check_assertion(conn, &ceremony, credential, shop, origin.at))?;
    if owner != Some(user.id) {
        challenge.fail(conn)?;
        note_failure(conn, user.id, &origin)?;
        return Ok(Err(MfaError::PasskeyRefused));
    }
    let sign_in = auth::meet(conn, &challenge, &user, &shop.terms(), &origin)?;
    Ok(Ok((user, sign_in)))
}

/// What a browser asks any passkey of this shop by.
pub(super) fn begin_sign_in(conn: &mut PgConnection, shop: &Shop<'_>, now: DateTime<Utc>) -> Result<Value, MfaError> {
    let ceremony = Ceremony { kind: CeremonyKind::SignIn, user: None };
    begin_assertion(conn, &ceremony, &[], &shop.relying_party, now)
}

/// Signs in whoever the passkey belongs to.
pub(super) fn finish_sign_in(
    conn: &mut PgConnection,
    credential: &Value,
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<(User, SignIn)>, MfaError> {
    let ceremony = Ceremony { kind: CeremonyKind::SignIn, user: None };
    // An account that is switched off stays as it is, and so do its passkeys.
    let found = conn.transaction(|conn| {
        match nobody_if_refused(check_assertion(conn, &ceremony, credential, shop, origin.at))? {
            Some(owner) => active_user(conn, owner)?.map(Some).ok_or(MfaError::CannotSignIn),
            None => Ok(None),
        }
    });
    let reason = match found {
        Ok(Some(user)) => {
            let sign_in = auth::sign_in(conn, &user, Proof::TwoFactors, &shop.terms(), origin)?;
            return Ok(Ok((user, sign_in)));
        }
        Ok(None) => "unknown passkey",
        Err(MfaError::CannotSignIn) => "inactive account",
        Err(error) => return Err(error),
    };
    auth::note_refusal(conn, ("passkey", String::new()), reason, origin)?;
    Ok(Err(MfaError::CannotSignIn))
}

fn begin_assertion(
    conn: &mut PgConnection,
    ceremony: &Ceremony,
    known: &[StoredPasskey],
    relying_party: &Passki,
    now: DateTime<Utc>,
) -> Result<Value, MfaError> {
    let mut options = AuthenticationOptions::default();
    options.user_verification = UserVerificationRequirement::Required;
    let (challenge, state) = relying_party.start_passkey_authentication(known, options)?;
    ceremony.begin(conn, &sha256(&state.challenge), &json(&state)?, now)?;
    json(&challenge)
}

/// An answer that is not good is nobody's, too; only what is broken stays an error.
fn nobody_if_refused(checked: Result<Option<UserId>, MfaError>) -> Result<Option<UserId>, MfaError> {
    match checked {
        broken @ Err(MfaError::Database(_) | MfaError::Broken(_)) => broken,
        Err(_) => Ok(None),
        found => found,
    }
}

/// Whose passkey has answered; none where it is nobody's. The challenge is spent either way.
fn check_assertion(
    conn: &mut PgConnection,
    ceremony: &Ceremony,
    credential: &Value,
    shop: &Shop<'_>,
    now: DateTime<Utc>,
) -> Result<Option<UserId>, MfaError> {
    let credential: AuthenticationCredential = parsed(credential)?;
    let state: AuthenticationState = taken(conn, ceremony, &credential.response.client_data_json, now)?;
    let id = Passki::base64_decode(&credential.raw_id)?;
    let Some(passkey) = Passkey::lock_credential(conn, &id)? else { return Ok(None) };
    let mut known: StoredPasskey = read(&passkey.credential)?;
    let result = shop.relying_party.finish_passkey_authentication(&credential, &state, &known)?;
    // Whoever was not named beforehand is named by the passkey itself.
    let handle = passkey.user_id.as_uuid().as_bytes();
    let is_named = result.user_handle.as_deref().map(|named| named == handle);
    if !is_named.unwrap_or(ceremony.user.is_some()) {
        return Ok(None);
    }
    known.counter = result.counter;
    passkey.note_use(conn, &json(&known)?, now)?;
    Ok(Some(passkey.user_id))
}

/// What was asked, by the challenge that the answer names.
fn taken<T: DeserializeOwned>(
    conn: &mut PgConnection,
    ceremony: &Ceremony,
    client_data: &str,
    now: DateTime<Utc>,
) -> Result<T, MfaError> {
    let challenge = Passki::base64_decode(&ClientData::from_base64(client_data)?.challenge)?;
    let state = ceremony.take(conn, &sha256(challenge), now)?.ok_or(MfaError::PasskeyRefused)?;
    read(&state)
}

/// What a stranger sent.
fn parsed<T: DeserializeOwned>(credential: &Value) -> Result<T, MfaError> {
    serde_json::from_value(credential.clone()).map_err(|_| MfaError::PasskeyRefused)
}

/// What we have written ourselves.
fn read<T: DeserializeOwned>(value: &Value) -> Result<T, MfaError> {
    serde_json::from_value(value.clone()).map_err(|error| MfaError::Broken(error.into()))
}

fn json(value: &impl serde::Serialize) -> Result<Value, MfaError> {
    serde_json::to_value(value).map_err(|error| MfaError::Broken(error.into()))
}

fn stored(passkeys: &[Passkey]) -> Result<Vec<StoredPasskey>, MfaError> {
    passkeys.iter().map(|passkey| read(&passkey.credential)).collect()
}
