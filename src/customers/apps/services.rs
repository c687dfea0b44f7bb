//! Making, changing and removing programs and their tokens.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

use super::errors::AppError;
use super::models::{AppChanges, AppToken, AppTokenId, NewAppToken, RegisteredApp};
use crate::customers::staff::{ensure_may_give, take_turn};
use crate::platform::api::WriteRequest;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::{PermissionSet, Principal, new_app_token, sha256};
use crate::platform::db::master_key;
use crate::platform::types::AppId;

/// Enough to replace one after the other.
const MOST_TOKENS: i64 = 20;

/// Who manages people, groups or programs could give itself the rest.
const NOT_FOR_APPS: [&str; 3] = ["staff.", "groups.", "apps."];

/// A token to make.
#[derive(Debug, Clone)]
pub(super) struct TokenOrder {
    pub name: String,
    /// None: never.
    pub expires_at: Option<DateTime<Utc>>,
}

pub(super) fn find(conn: &mut PgConnection, id: AppId) -> Result<RegisteredApp, AppError> {
    RegisteredApp::find(conn, id)?.ok_or(AppError::NotFound)
}

pub(super) fn create(
    conn: &mut PgConnection,
    principal: &Principal,
    new: &AppChanges,
    origin: &Origin,
) -> Result<RegisteredApp, AppError> {
    take_turn(conn, principal)?;
    ensure_grantable(principal, new)?;
    let app = RegisteredApp::insert(conn, new, origin.at)?;
    audit::record(conn, origin, "app.created", ("app", app.id.to_string()), Changes::created(&facts_of(&app)))?;
    Ok(app)
}

/// Changes what is given. Whoever asks must have all that the program has, before and after.
pub(super) fn change(
    conn: &mut PgConnection,
    principal: &Principal,
    id: AppId,
    changes: &AppChanges,
    request: &WriteRequest,
) -> Result<RegisteredApp, AppError> {
    let app = lock_below(conn, principal, id)?;
    request.expected.ensure(app.version)?;
    ensure_grantable(principal, changes)?;
    let changed = app.change(conn, changes, request.origin.at)?;
    let told = Changes::between(&facts_of(&app), &facts_of(&changed));
    audit::record(conn, &request.origin, "app.changed", ("app", id.to_string()), told)?;
    Ok(changed)
}

/// Its tokens go with it.
pub(super) fn delete(
    conn: &mut PgConnection,
    principal: &Principal,
    id: AppId,
    request: &WriteRequest,
) -> Result<(), AppError> {
    let app = lock_below(conn, principal, id)?;
    request.expected.ensure(app.version)?;
    app.delete(conn)?;
    audit::record(conn, &request.origin, "app.deleted", ("app", id.to_string()), Changes::deleted(&facts_of(&app)))?;
    Ok(())
}

/// Makes a token and tells it, once.
pub(super) fn create_token(
    conn: &mut PgConnection,
    principal: &Principal,
    id: AppId,
    order: &TokenOrder,
    origin: &Origin,
) -> Result<(AppToken, String), AppError> {
    let app = lock_below(conn, principal, id)?;
    if order.expires_at.is_some_and(|expires_at| expires_at <= origin.at) {
        return Err(AppError::Over);
    }
    let count = AppToken::of_app(conn, app.id)?.len();
    if i64::try_from(count).is_ok_and(|count| count >= MOST_TOKENS) {
        return Err(AppError::TooManyTokens(MOST_TOKENS));
    }
    let key = master_key().ok_or_else(|| AppError::NoSecret(anyhow::anyhow!("tokens are made in Db::write")))?;
    let secret = new_app_token(&key).map_err(AppError::NoSecret)?;
    let last_four = secret.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    let token = NewAppToken {
        id: AppTokenId::generate(),
        app_id: app.id,
        name: order.name.clone(),
        token_hash: sha256(&secret),
        last_four,
        expires_at: order.expires_at,
        created_at: origin.at,
    };
    let token = token.insert(conn)?;
    let told = Changes::created(&json!({"id": token.id, "name": token.name, "expires_at": token.expires_at}));
    audit::record(conn, origin, "app.token_created", ("app", app.id.to_string()), told)?;
    Ok((token, secret))
}

pub(super) fn find_token(conn: &mut PgConnection, (app, token): (AppId, AppTokenId)) -> Result<AppToken, AppError> {
    AppToken::find(conn, app, token)?.ok_or(AppError::NotFound)
}

pub(super) fn revoke_token(
    conn: &mut PgConnection,
    principal: &Principal,
    ids: (AppId, AppTokenId),
    origin: &Origin,
) -> Result<(), AppError> {
    let (app, token) = ids;
    let app = lock_below(conn, principal, app)?;
    if !AppToken::delete(conn, app.id, token)? {
        return Err(AppError::NotFound);
    }
    let told = Changes::deleted(&json!({"id": token}));
    audit::record(conn, origin, "app.token_revoked", ("app", app.id.to_string()), told)?;
    Ok(())
}

fn lock_below(conn: &mut PgConnection, principal: &Principal, id: AppId) -> Result<RegisteredApp, AppError> {
    take_turn(conn, principal)?;
    let app = RegisteredApp::lock(conn, id)?.ok_or(AppError::NotFound)?;
    ensure_may_give(principal, &app.permissions())?;
    Ok(app)
}

fn ensure_grantable(principal: &Principal, changes: &AppChanges) -> Result<(), AppError> {
    let permissions: PermissionSet = changes.permissions.clone().unwrap_or_default();
    let is_barred = |name: &str| NOT_FOR_APPS.iter().any(|area| name.starts_with(area));
    if let Some(barred) = permissions.iter().find(|permission| is_barred(permission.name())) {
        return Err(AppError::NotForApps(barred));
    }
    Ok(ensure_may_give(principal, &permissions)?)
}

/// What the audit log tells of a program.
fn facts_of(app: &RegisteredApp) -> serde_json::Value {
    json!({
        "name": app.name, "permissions": app.permissions(), "allowed_addresses": app.allowed_addresses,
        "is_active": app.is_active,
    })
}
