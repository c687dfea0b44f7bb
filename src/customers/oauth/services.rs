//! Whom a provider's word lets in, and which identities belong to whom.

use diesel::Connection;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::errors::OAuthError;
use super::models::{Identity, IdentityId, SpentToken};
use super::vouching::Voucher;
use crate::customers::accounts::{self, CustomerTopic, NewAccount, Profile, User};
use crate::customers::auth::{self, Proof, SignIn, Terms};
use crate::customers::verification::{Letter, Stationery, post};
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::sha256;
use crate::platform::types::{Actor, EventId, Language, UserId};

/// Signs in whom the provider means. That somebody is refused is written down and kept, so it is no error here; it
/// leaves nothing else.
pub(super) fn sign_in(
    conn: &mut PgConnection,
    voucher: &Voucher,
    terms: &Terms<'_>,
    origin: &Origin,
) -> Result<Result<(User, SignIn), OAuthError>, OAuthError> {
    let signed_in = conn.transaction(|conn| {
        let user = recognise(conn, voucher, origin)?;
        let sign_in = auth::sign_in(conn, &user, Proof::OneFactor, terms, origin)?;
        Ok::<_, OAuthError>((user, sign_in))
    });
    match signed_in {
        Err(refusal) if refusal.is_refusal() => {
            note_refusal(conn, &voucher.provider, &refusal.to_string(), origin)?;
            Ok(Err(refusal))
        }
        other => other.map(Ok),
    }
}

/// Writes down that somebody was not let in by a provider.
pub(super) fn note_refusal(conn: &mut PgConnection, provider: &str, reason: &str, origin: &Origin) -> QueryResult<()> {
    auth::note_refusal(conn, ("provider", provider.to_owned()), reason, origin)
}

/// The user whom the provider means; an account of their own, if they were never here.
fn recognise(conn: &mut PgConnection, voucher: &Voucher, origin: &Origin) -> Result<User, OAuthError> {
    spend(conn, voucher)?;
    Identity::take_turn(conn, &voucher.claims)?;
    match Identity::find_by_subject(conn, &voucher.claims)? {
        Some(identity) => {
            let user = accounts::find_user(conn, identity.user_id)?.filter(|user| user.is_active);
            identity.note_use(conn, &voucher.claims.email, origin.at)?;
            user.ok_or(OAuthError::Inactive)
        }
        None => register(conn, voucher, origin),
    }
}

/// Makes an account without a password. An address that somebody has here already is theirs, whoever vouches for it.
fn register(conn: &mut PgConnection, voucher: &Voucher, origin: &Origin) -> Result<User, OAuthError> {
    let claims = &voucher.claims;
    if accounts::find_by_email(conn, &claims.email)?.is_some() {
        return Err(OAuthError::EmailTaken);
    }
    let account = NewAccount {
        email: claims.email.clone(),
        password_hash: None,
        first_name: claims.first_name.clone(),
        last_name: claims.last_name.clone(),
        phone: None,
        is_staff: false,
        is_superuser: false,
        language: Language::default(),
    };
    let profile = accounts::create(conn, &account, origin)?;
    accounts::tell(conn, CustomerTopic::Registered, &profile.customer, origin)?;
    accounts::verify_email(conn, &profile, origin)?;
    let user = profile.user;
    let origin = Origin { actor: Actor::User(user.id), ..origin.clone() };
    add(conn, user.id, voucher, &origin)?;
    Ok(user)
}

/// Links an identity to an account, whose owner is told; nothing where it is linked to it already.
pub(super) fn link(
    conn: &mut PgConnection,
    user: UserId,
    voucher: &Voucher,
    stationery: &Stationery,
    origin: &Origin,
) -> Result<Identity, OAuthError> {
    spend(conn, voucher)?;
    Identity::take_turn(conn, &voucher.claims)?;
    match Identity::find_by_subject(conn, &voucher.claims)? {
        Some(identity) if identity.user_id == user => return Ok(identity),
        Some(_) => return Err(OAuthError::LinkedElsewhere),
        None => {}
    }
    let identity = add(conn, user, voucher, origin)?;
    if let Some(about) = Profile::lock(conn, user)? {
        let (event, to) = (EventId::generate(), &about.user.email);
        post(
            conn,
            stationery,
            Letter { event, to, template: "identity_linked", about: &about, link: None },
            origin.at,
        )?;
    }
    Ok(identity)
}

fn add(conn: &mut PgConnection, user: UserId, voucher: &Voucher, origin: &Origin) -> Result<Identity, OAuthError> {
    let identity = Identity::insert(conn, user, voucher, origin.at)?;
    let told = Changes::created(&json!({"provider": voucher.provider, "identity": identity.id}));
    audit::record(conn, origin, "user.identity_linked", ("user", user.to_string()), told)?;
    Ok(identity)
}

/// Takes an identity off an account that can be signed in to without it.
pub(super) fn unlink(
    conn: &mut PgConnection,
    user: UserId,
    id: IdentityId,
    origin: &Origin,
) -> Result<Identity, OAuthError> {
    let identities = Identity::lock_all(conn, user)?;
    let has_others = identities.len() > 1 || auth::has_passkey(conn, user)?;
    let identity = identities.into_iter().find(|identity| identity.id == id).ok_or(OAuthError::NotFound)?;
    let has_password = accounts::find_user(conn, user)?.is_some_and(|user| user.password_hash.is_some());
    if !has_others && !has_password {
        return Err(OAuthError::LastWayIn);
    }
    remove(conn, &identity, origin)?;
    Ok(identity)
}

/// Takes an identity off its account, whatever else opens it.
pub(super) fn remove(conn: &mut PgConnection, identity: &Identity, origin: &Origin) -> QueryResult<()> {
    identity.delete(conn)?;
    let told = Changes::deleted(&json!({"provider": identity.provider, "identity": identity.id}));
    audit::record(conn, origin, "user.identity_unlinked", ("user", identity.user_id.to_string()), told)
}

/// A token that somebody brings along counts once. It is known by what it says, for signatures can be rewritten.
fn spend(conn: &mut PgConnection, voucher: &Voucher) -> Result<(), OAuthError> {
    let Some(nonce) = voucher.claims.nonce.as_deref().filter(|_| voucher.was_brought) else { return Ok(()) };
    let digest = sha256(json!([voucher.claims.issuer, voucher.claims.subject, nonce]).to_string());
    let is_first = SpentToken::insert(conn, &digest, voucher.claims.expires_at)?;
    if is_first { Ok(()) } else { Err(OAuthError::TokenRefused) }
}
