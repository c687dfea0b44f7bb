//! Creating, changing and deleting apps and their tokens.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

use super::errors::AppError;
use super::models::{AppChanges, AppToken, AppTokenId, AppTokenKey, NewAppToken, RegisteredApp};
use crate::customers::staff::{begin_permission_change, ensure_can_grant};
use crate::platform::audit::Changes;
use crate::platform::auth::{PermissionSet, Principal, new_app_token, sha256};
use crate::platform::types::AppId;
use crate::platform::write_context::WriteContext;

/// Maximum number of tokens of an app. Several tokens allow replacing one without downtime.
const MAX_TOKENS: i64 = 20;

/// Prefixes of the permissions that apps cannot have: with them, an app could grant itself further permissions.
const EXCLUDED_AREAS: [&str; 3] = ["staff.", "groups.", "apps."];

/// Properties of a token to create.
#[derive(Debug, Clone)]
pub(super) struct TokenOptions {
    pub name: String,
    /// `None` if the token does not expire.
    pub expires_at: Option<DateTime<Utc>>,
}

pub(super) fn create(
    conn: &mut PgConnection,
    principal: &Principal,
    new: &AppChanges,
    context: &WriteContext,
) -> Result<RegisteredApp, AppError> {
    begin_permission_change(conn, principal)?;
    ensure_grantable(principal, new)?;
    let app = RegisteredApp::insert(conn, new, context.at)?;
    app.audit_created(conn, context)?;
    Ok(app)
}

/// Changes an app. The principal must have all permissions that the app has before and after the change.
pub(super) fn change(
    conn: &mut PgConnection,
    principal: &Principal,
    id: AppId,
    changes: &AppChanges,
    context: &WriteContext,
) -> Result<RegisteredApp, AppError> {
    let app = lock_manageable(conn, principal, id, context)?;
    ensure_grantable(principal, changes)?;
    let changed = app.change(conn, changes, context.at)?;
    changed.audit_changed(conn, context, &app)?;
    Ok(changed)
}

/// Deletes an app and its tokens.
pub(super) fn delete(
    conn: &mut PgConnection,
    principal: &Principal,
    id: AppId,
    context: &WriteContext,
) -> Result<(), AppError> {
    lock_manageable(conn, principal, id, context)?.delete(conn, context)
}

/// Creates a token and returns it with its secret, which is not stored.
pub(super) fn create_token(
    conn: &mut PgConnection,
    principal: &Principal,
    id: AppId,
    options: &TokenOptions,
    context: &WriteContext,
) -> Result<(AppToken, String), AppError> {
    let app = lock_manageable(conn, principal, id, &context.without_condition())?;
    if options.expires_at.is_some_and(|expires_at| expires_at <= context.at) {
        return Err(AppError::ExpiryInPast);
    }
    let count = AppToken::list(conn, app.id)?.len();
    if i64::try_from(count).is_ok_and(|count| count >= MAX_TOKENS) {
        return Err(AppError::TooManyTokens(MAX_TOKENS));
    }
    let secret = new_app_token(&context.key).map_err(AppError::TokenGeneration)?;
    let last_four = secret.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    let token = NewAppToken {
        id: AppTokenId::generate(),
        app_id: app.id,
        name: options.name.clone(),
        token_hash: sha256(&secret),
        last_four,
        expires_at: options.expires_at,
        created_at: context.at,
    };
    let token = token.insert(conn)?;
    let changes = Changes::created(&json!({"id": token.id, "name": token.name, "expires_at": token.expires_at}));
    app.audit(conn, context, "app.token_created", changes)?;
    Ok((token, secret))
}

pub(super) fn find_token(conn: &mut PgConnection, key: AppTokenKey) -> Result<AppToken, AppError> {
    AppToken::find(conn, key)?.ok_or(AppError::NotFound)
}

pub(super) fn revoke_token(
    conn: &mut PgConnection,
    principal: &Principal,
    key: AppTokenKey,
    context: &WriteContext,
) -> Result<(), AppError> {
    let app = lock_manageable(conn, principal, key.app, &context.without_condition())?;
    if !AppToken::delete(conn, key)? {
        return Err(AppError::NotFound);
    }
    let changes = Changes::deleted(&json!({"id": key.token}));
    app.audit(conn, context, "app.token_revoked", changes)?;
    Ok(())
}

/// Locks an app whose permissions the principal has.
fn lock_manageable(
    conn: &mut PgConnection,
    principal: &Principal,
    id: AppId,
    context: &WriteContext,
) -> Result<RegisteredApp, AppError> {
    begin_permission_change(conn, principal)?;
    let app = RegisteredApp::lock(conn, context, id)?;
    ensure_can_grant(principal, &app.permissions())?;
    Ok(app)
}

fn ensure_grantable(principal: &Principal, changes: &AppChanges) -> Result<(), AppError> {
    let permissions: PermissionSet = changes.permissions.clone().unwrap_or_default();
    let is_excluded = |name: &str| EXCLUDED_AREAS.iter().any(|area| name.starts_with(area));
    if let Some(excluded) = permissions.iter().find(|permission| is_excluded(permission.name())) {
        return Err(AppError::NotGrantableToApps(excluded));
    }
    Ok(ensure_can_grant(principal, &permissions)?)
}
