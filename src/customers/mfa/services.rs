//! Setting up, showing and taking off second factors.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use passki::Passki;
use totp_rs::Secret;

use super::announcing::{Change, announce};
use super::errors::{MfaError, Settled};
use super::models::{Failures, Passkey, RecoveryCodes, TotpDevice};
use super::owner::Owner;
use super::totp::Seed;
use crate::customers::accounts::{self, User};
use crate::customers::auth::{self, SignIn, Terms};
use crate::customers::staff::{ensure_above, take_turn};
use crate::platform::api::WriteRequest;
use crate::platform::app::App;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::{MasterKey, Principal, TokenKeys, random_bytes, sha256};
use crate::platform::types::{Actor, UserId};

/// So many wrong tries in an hour, on whatever way, and the account takes none until it is over. One sign-in has five.
const FAILURES_AN_HOUR: i64 = 20;

/// Of recovery codes.
const CODES: usize = 10;

/// What second factors need of the shop.
pub(super) struct Shop<'a> {
    pub name: &'a str,
    pub master: &'a MasterKey,
    pub relying_party: Passki,
    keys: &'a TokenKeys,
    session_days: u32,
}

impl<'a> Shop<'a> {
    pub fn of(app: &'a App) -> Self {
        let config = &app.config;
        Self {
            name: &config.shop_name,
            master: &app.master_key,
            relying_party: Passki::new(&config.passkey_domain(), &config.passkey_origins(), &config.shop_name),
            keys: &app.keys,
            session_days: config.refresh_token_days,
        }
    }

    pub const fn terms(&self) -> Terms<'a> {
        Terms { keys: self.keys, days: self.session_days }
    }
}

/// What somebody shows besides their password.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    Code(String),
    RecoveryCode(String),
    Nothing,
}

/// The factors that somebody has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors {
    pub has_totp: bool,
    pub passkeys: usize,
    pub recovery_codes_left: i64,
}

pub(super) fn factors_of(conn: &mut PgConnection, user: UserId) -> Result<Factors, MfaError> {
    Ok(Factors {
        has_totp: TotpDevice::is_active(conn, user)?,
        passkeys: Passkey::of_user(conn, user)?.len(),
        recovery_codes_left: RecoveryCodes::left(conn, user)?,
    })
}

/// What an authenticator app is set up with.
pub(super) struct TotpSetup {
    pub secret: String,
    pub otpauth_url: String,
}

/// Makes a seed. It counts once a code of it was shown.
pub(super) fn begin_totp(
    conn: &mut PgConnection,
    user: &User,
    shop: &Shop<'_>,
    now: DateTime<Utc>,
) -> Result<TotpSetup, MfaError> {
    let seed = Seed::generate()?;
    if !TotpDevice::begin(conn, user.id, &seed.seal(shop.master, user.id)?, now)? {
        return Err(MfaError::TotpActive);
    }
    Ok(TotpSetup { secret: seed.secret(), otpauth_url: seed.url(shop.name, &user.email.to_string())? })
}

/// Makes the app count from now on, and answers with recovery codes.
pub(super) fn confirm_totp(
    conn: &mut PgConnection,
    user: &User,
    code: &str,
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<Vec<String>>, MfaError> {
    let device = TotpDevice::lock(conn, user.id)?.filter(|device| device.is_confirmable(origin.at));
    let device = device.ok_or(MfaError::NothingToConfirm)?;
    let seed = Seed::open(shop.master, user.id, &device.seed)?;
    let Some(step) = seed.step_of(code, origin.at)? else {
        device.fail(conn)?;
        return Ok(Err(MfaError::WrongCode));
    };
    device.confirm(conn, step, origin.at)?;
    announce(conn, user, Change::TotpAdded, shop.name, origin)?;
    Ok(Ok(make_codes(conn, user.id, origin.at)?))
}

/// Takes the app off.
pub(super) fn deactivate_totp(
    conn: &mut PgConnection,
    owner: &Owner,
    shown: &Shown,
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<()>, MfaError> {
    let user = &owner.user;
    if !TotpDevice::is_active(conn, user.id)? {
        return Err(MfaError::NotActive);
    }
    if let Err(refusal) = show_factor(conn, owner, shown, shop, origin)? {
        return Ok(Err(refusal));
    }
    TotpDevice::delete(conn, user.id)?;
    forget_codes_of_nothing(conn, user.id)?;
    announce(conn, user, Change::TotpRemoved, shop.name, origin)?;
    Ok(Ok(()))
}

/// New recovery codes in place of the old ones.
pub(super) fn renew_codes(
    conn: &mut PgConnection,
    owner: &Owner,
    shown: &Shown,
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<Vec<String>>, MfaError> {
    let user = &owner.user;
    let factors = factors_of(conn, user.id)?;
    if !factors.has_totp && factors.passkeys == 0 {
        return Err(MfaError::NotActive);
    }
    if let Err(refusal) = show_factor(conn, owner, shown, shop, origin)? {
        return Ok(Err(refusal));
    }
    announce(conn, user, Change::CodesRenewed, shop.name, origin)?;
    Ok(Ok(make_codes(conn, user.id, origin.at)?))
}

/// Finishes a sign-in that waits for a code.
pub(super) fn verify(
    conn: &mut PgConnection,
    token: &str,
    shown: &Shown,
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<(User, SignIn)>, MfaError> {
    let challenge = auth::lock_challenge(conn, token, origin.at)?.ok_or(MfaError::TokenNotValid)?;
    let user = active_user(conn, challenge.user_id)?.ok_or(MfaError::TokenNotValid)?;
    let origin = Origin { actor: Actor::User(user.id), ..origin.clone() };
    if let Err(refusal) = show(conn, &user, shown, shop, &origin)? {
        challenge.fail(conn)?;
        return Ok(Err(refusal));
    }
    let sign_in = auth::meet(conn, &challenge, &user, &shop.terms(), &origin)?;
    Ok(Ok((user, sign_in)))
}

pub(super) fn active_user(conn: &mut PgConnection, id: UserId) -> Result<Option<User>, MfaError> {
    Ok(accounts::find_user(conn, id)?.filter(|user| user.is_active))
}

/// Takes all factors off somebody who has lost them, and ends their sessions: whoever has the lost thing may be in one.
/// Nobody does it for themselves, or for somebody who may do more than they.
pub(super) fn reset(
    conn: &mut PgConnection,
    principal: &Principal,
    id: UserId,
    shop: &Shop<'_>,
    request: &WriteRequest,
) -> Result<(), MfaError> {
    take_turn(conn, principal)?;
    let user = &accounts::lock_user(conn, id)?.ok_or(MfaError::NotFound)?;
    request.expected.ensure(user.version)?;
    if principal.user().is_some_and(|own| own.user_id == user.id) {
        return Err(MfaError::OwnAccount);
    }
    ensure_above(conn, principal, user)?;
    let origin = &request.origin;
    TotpDevice::delete(conn, user.id)?;
    Passkey::delete_of(conn, user.id)?;
    RecoveryCodes::delete(conn, user.id)?;
    auth::end_all(conn, user.id, None, "second factors reset", origin)?;
    announce(conn, user, Change::FactorsReset, shop.name, origin)?;
    Ok(())
}

/// That it is not somebody at an unlocked screen who changes factors: a code where there is an app, else a sign-in of
/// a moment ago, which has asked for the passkey.
pub(super) fn show_factor(
    conn: &mut PgConnection,
    owner: &Owner,
    shown: &Shown,
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<()>, MfaError> {
    let user = &owner.user;
    if !matches!(shown, Shown::Nothing) || TotpDevice::is_active(conn, user.id)? {
        return show(conn, user, shown, shop, origin);
    }
    Ok(owner.recent_sign_in.map_err(MfaError::from))
}

/// Looks at what is shown, and spends it. What is wrong is counted.
fn show(
    conn: &mut PgConnection,
    user: &User,
    shown: &Shown,
    shop: &Shop<'_>,
    origin: &Origin,
) -> Result<Settled<()>, MfaError> {
    // Many at once are counted one after the other.
    accounts::lock_user(conn, user.id)?;
    ensure_patience(conn, user.id, origin.at)?;
    let (is_right, refusal) = match shown {
        Shown::Nothing => return Err(MfaError::NothingShown),
        Shown::Code(code) => (spend_code(conn, user.id, code, shop, origin.at)?, MfaError::WrongCode),
        Shown::RecoveryCode(code) => {
            (RecoveryCodes::spend(conn, user.id, &hash(user.id, code), origin.at)?, MfaError::WrongRecoveryCode)
        }
    };
    if !is_right {
        note_failure(conn, user.id, origin)?;
        return Ok(Err(refusal));
    }
    if matches!(shown, Shown::RecoveryCode(_)) {
        announce(conn, user, Change::CodeUsed, shop.name, origin)?;
    }
    Ok(Ok(()))
}

/// Whether the code is the app's, and was not shown before.
fn spend_code(
    conn: &mut PgConnection,
    user: UserId,
    code: &str,
    shop: &Shop<'_>,
    now: DateTime<Utc>,
) -> Result<bool, MfaError> {
    let Some(device) = TotpDevice::lock(conn, user)?.filter(TotpDevice::is_confirmed) else {
        return Ok(false);
    };
    let step = Seed::open(shop.master, user, &device.seed)?.step_of(code, now)?;
    let Some(step) = step.filter(|step| device.last_step.is_none_or(|last| *step > last)) else {
        return Ok(false);
    };
    device.spend(conn, step)?;
    Ok(true)
}

/// Refuses to look where somebody has tried too often.
pub(super) fn ensure_patience(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> Result<(), MfaError> {
    let failures = Failures::since(conn, user, now - TimeDelta::hours(1))?;
    if failures < FAILURES_AN_HOUR { Ok(()) } else { Err(MfaError::TooManyFailures) }
}

pub(super) fn note_failure(conn: &mut PgConnection, user: UserId, origin: &Origin) -> Result<(), MfaError> {
    Failures::note(conn, user, origin.at)?;
    audit::record(conn, origin, "user.second_factor_refused", ("user", user.to_string()), Changes::none())?;
    Ok(())
}

/// Ten new codes, which nobody can read again.
pub(super) fn make_codes(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> Result<Vec<String>, MfaError> {
    let codes = (0..CODES).map(|_| new_code()).collect::<anyhow::Result<Vec<_>>>()?;
    let hashes: Vec<_> = codes.iter().map(|code| hash(user, code)).collect();
    RecoveryCodes::replace(conn, user, &hashes, now)?;
    Ok(codes)
}

/// Recovery codes stand in for a factor: without one, they are worth nothing.
pub(super) fn forget_codes_of_nothing(conn: &mut PgConnection, user: UserId) -> Result<(), MfaError> {
    let factors = factors_of(conn, user)?;
    if !factors.has_totp && factors.passkeys == 0 {
        RecoveryCodes::delete(conn, user)?;
    }
    Ok(())
}

/// 80 random bits in base 32, as `abcd-efgh-ijkl-mnop`.
fn new_code() -> anyhow::Result<String> {
    let letters = Secret::from(random_bytes::<10>()?.to_vec()).to_base32().to_ascii_lowercase();
    let letters: Vec<char> = letters.chars().collect();
    Ok(letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-"))
}

/// Of 80 random bits a plain hash tells nothing; the user's id keeps equal codes of two users apart.
fn hash(user: UserId, code: &str) -> Vec<u8> {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    sha256(format!("{user}:{}", code.to_ascii_lowercase()))
}
