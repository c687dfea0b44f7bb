//! Sign-in with a verified identity, and linking and unlinking of identities.

use diesel::Connection;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::json;

use super::errors::OAuthError;
use super::models::{Identity, IdentityId, SpentToken, VerifiedIdentity};
use crate::customers::accounts::{self, CustomerTopic, NewAccount, Profile, User};
use crate::customers::auth::{self, AuthenticationLevel, SignInResult};
use crate::customers::sessions::SessionSettings;
use crate::customers::verification::{AccountMail, MailSettings, queue_mail};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::sha256;
use crate::platform::types::{EventId, Language, UserId};
use crate::platform::write_context::WriteContext;

/// Outcome of a sign-in. A rejection is no error, because its audit entry must be committed.
#[derive(Debug)]
pub(super) enum SignInOutcome {
    Accepted { user: Box<User>, result: SignInResult },
    Rejected(OAuthError),
}

/// Signs in the user of a verified identity.
///
/// A savepoint rolls back what a rejected sign-in has written, except the audit entry about the rejection.
pub(super) fn sign_in(
    conn: &mut PgConnection,
    verified: &VerifiedIdentity,
    settings: SessionSettings<'_>,
    context: &WriteContext,
) -> Result<SignInOutcome, OAuthError> {
    let signed_in: Result<_, OAuthError> = conn.transaction(|conn| {
        let user = Box::new(find_or_register_user(conn, verified, context)?);
        let result = auth::sign_in(conn, &user, AuthenticationLevel::OneFactor, settings, context)?;
        Ok(SignInOutcome::Accepted { user, result })
    });
    match signed_in {
        Err(rejection) if rejection.is_rejection() => {
            record_rejection(conn, &verified.provider, &rejection.to_string(), context)?;
            Ok(SignInOutcome::Rejected(rejection))
        }
        other => other,
    }
}

/// Records a rejected sign-in with a provider in the audit log.
pub(super) fn record_rejection(
    conn: &mut PgConnection,
    provider: &str,
    reason: &str,
    context: &WriteContext,
) -> QueryResult<()> {
    auth::record_rejected_sign_in(conn, AuditObject::new("provider", provider.to_owned()), reason, context)
}

/// Returns the user that the identity is linked to, or registers a new account for it.
fn find_or_register_user(
    conn: &mut PgConnection,
    verified: &VerifiedIdentity,
    context: &WriteContext,
) -> Result<User, OAuthError> {
    mark_token_used(conn, verified)?;
    Identity::lock_subject(conn, &verified.claims)?;
    match Identity::find_by_subject(conn, &verified.claims)? {
        Some(identity) => {
            let user = accounts::find_user(conn, identity.user_id)?.filter(|user| user.is_active);
            identity.record_use(conn, &verified.claims.email, context.at)?;
            user.ok_or(OAuthError::Inactive)
        }
        None => register(conn, verified, context),
    }
}

/// Creates an account without a password. If an account with this e-mail address exists, the sign-in is rejected: the
/// provider's claim alone does not give access to an existing account.
fn register(conn: &mut PgConnection, verified: &VerifiedIdentity, context: &WriteContext) -> Result<User, OAuthError> {
    let claims = &verified.claims;
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
    let profile = accounts::create(conn, &account, context)?;
    accounts::publish(conn, CustomerTopic::Registered, &profile.customer, context)?;
    accounts::verify_email(conn, &profile, context)?;
    let user = profile.user;
    let context = context.as_user(user.id);
    insert_identity(conn, user.id, verified, &context)?;
    Ok(user)
}

/// Links an identity to an account and notifies its owner by e-mail. Does nothing if it is already linked.
pub(super) fn link(
    conn: &mut PgConnection,
    user: UserId,
    verified: &VerifiedIdentity,
    settings: &MailSettings,
    context: &WriteContext,
) -> Result<Identity, OAuthError> {
    mark_token_used(conn, verified)?;
    Identity::lock_subject(conn, &verified.claims)?;
    match Identity::find_by_subject(conn, &verified.claims)? {
        Some(identity) if identity.user_id == user => return Ok(identity),
        Some(_) => return Err(OAuthError::LinkedToOtherAccount),
        None => {}
    }
    let identity = insert_identity(conn, user, verified, context)?;
    if let Some(profile) = Profile::lock(conn, user)? {
        let (event, to) = (EventId::generate(), &profile.user.email);
        let mail = AccountMail { event, to, template: "identity_linked", profile: &profile, link: None };
        queue_mail(conn, settings, &mail, context.at)?;
    }
    Ok(identity)
}

fn insert_identity(
    conn: &mut PgConnection,
    user: UserId,
    verified: &VerifiedIdentity,
    context: &WriteContext,
) -> Result<Identity, OAuthError> {
    let identity = Identity::insert(conn, user, verified, context.at)?;
    let changes = Changes::created(&json!({"provider": verified.provider, "identity": identity.id}));
    audit::record(conn, context, "user.identity_linked", AuditObject::new("user", user), changes)?;
    Ok(identity)
}

/// Unlinks an identity from an account that has another sign-in method.
pub(super) fn unlink(
    conn: &mut PgConnection,
    user: UserId,
    id: IdentityId,
    context: &WriteContext,
) -> Result<Identity, OAuthError> {
    let identities = Identity::lock_all(conn, user)?;
    let has_others = identities.len() > 1 || auth::has_passkey(conn, user)?;
    let identity = identities.into_iter().find(|identity| identity.id == id).ok_or(OAuthError::NotFound)?;
    let has_password = accounts::find_user(conn, user)?.is_some_and(|user| user.password_hash.is_some());
    if !has_others && !has_password {
        return Err(OAuthError::LastSignInMethod);
    }
    delete_identity(conn, &identity, context)?;
    Ok(identity)
}

/// Unlinks an identity from its account without checking for another sign-in method.
pub(super) fn delete_identity(conn: &mut PgConnection, identity: &Identity, context: &WriteContext) -> QueryResult<()> {
    identity.delete(conn)?;
    let changes = Changes::deleted(&json!({"provider": identity.provider, "identity": identity.id}));
    audit::record(conn, context, "user.identity_unlinked", AuditObject::new("user", identity.user_id), changes)
}

/// Marks an id_token that a client sent as used. Returns an error if it was used before.
///
/// The digest covers the claims and not the token text, because one token can carry different valid signatures.
fn mark_token_used(conn: &mut PgConnection, verified: &VerifiedIdentity) -> Result<(), OAuthError> {
    let Some(nonce) = verified.claims.nonce.as_deref().filter(|_| verified.is_from_client) else { return Ok(()) };
    let digest = sha256(json!([verified.claims.issuer, verified.claims.subject, nonce]).to_string());
    let is_first = SpentToken::insert(conn, &digest, verified.claims.expires_at)?;
    if is_first { Ok(()) } else { Err(OAuthError::TokenRejected) }
}
