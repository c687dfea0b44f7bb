//! Rows of `apps` and `app_tokens`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::IntoParams;

use super::errors::AppError;
use crate::platform::api::Record;
use crate::platform::auth::PermissionSet;
use crate::platform::error::ConstraintExt;
use crate::platform::types::{AppId, typed_id};
use crate::schema::{app_tokens, apps};

typed_id!(
    /// Id of an app token.
    AppTokenId
);

/// Row of `apps`: an external application.
#[derive(Debug, Clone, HasQuery, Record)]
#[diesel(table_name = apps)]
#[record(object = "app", error = AppError, audit(name, permissions, allowed_addresses, is_active), delete)]
pub struct RegisteredApp {
    pub id: AppId,
    pub name: String,
    pub permissions: Vec<Option<String>>,
    pub allowed_addresses: Vec<Option<String>>,
    pub is_active: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Changes of an app, or the values of a new one. `None` keeps the present value or sets the default.
#[derive(Debug, Clone, Default)]
pub(super) struct AppChanges {
    pub name: Option<String>,
    pub permissions: Option<PermissionSet>,
    /// Networks in CIDR notation.
    pub allowed_addresses: Option<Vec<String>>,
    pub is_active: Option<bool>,
}

impl RegisteredApp {
    pub fn permissions(&self) -> PermissionSet {
        PermissionSet::from_names(&self.permissions)
    }

    pub(super) fn insert(conn: &mut PgConnection, new: &AppChanges, now: DateTime<Utc>) -> Result<Self, AppError> {
        diesel::insert_into(apps::table)
            .values((
                apps::id.eq(AppId::generate()),
                apps::name.eq(new.name.as_deref().unwrap_or_default()),
                apps::permissions.eq(new.permissions.clone().unwrap_or_default().names()),
                apps::allowed_addresses.eq(new.allowed_addresses.clone().unwrap_or_default()),
                apps::is_active.eq(new.is_active.unwrap_or(true)),
                apps::created_at.eq(now),
                apps::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .on_constraint("apps_name_key", || AppError::NameTaken)
    }

    pub(super) fn change(
        &self,
        conn: &mut PgConnection,
        changes: &AppChanges,
        now: DateTime<Utc>,
    ) -> Result<Self, AppError> {
        let permissions = changes.permissions.as_ref().map(PermissionSet::names);
        diesel::update(apps::table.find(self.id))
            .set((
                changes.name.as_ref().map(|name| apps::name.eq(name)),
                permissions.map(|names| apps::permissions.eq(names)),
                changes.allowed_addresses.as_ref().map(|networks| apps::allowed_addresses.eq(networks)),
                changes.is_active.map(|is_active| apps::is_active.eq(is_active)),
                apps::version.eq(apps::version + 1),
                apps::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .on_constraint("apps_name_key", || AppError::NameTaken)
    }
}

/// Path parameters that identify a token of an app.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AppTokenKey {
    /// Id of the app.
    #[serde(rename = "id")]
    #[param(value_type = String)]
    pub app: AppId,
    /// Id of the token.
    #[param(value_type = String)]
    pub token: AppTokenId,
}

/// Row of `app_tokens`, without the hash.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = app_tokens)]
pub struct AppToken {
    pub id: AppTokenId,
    pub app_id: AppId,
    pub name: String,
    pub last_four: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// Insert of an app token.
#[derive(Debug, Insertable)]
#[diesel(table_name = app_tokens)]
pub(super) struct NewAppToken {
    pub id: AppTokenId,
    pub app_id: AppId,
    pub name: String,
    pub token_hash: Vec<u8>,
    pub last_four: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl NewAppToken {
    pub fn insert(&self, conn: &mut PgConnection) -> QueryResult<AppToken> {
        diesel::insert_into(app_tokens::table).values(self).returning(AppToken::as_returning()).get_result(conn)
    }
}

impl AppToken {
    /// Returns the app's tokens, newest first.
    pub fn list(conn: &mut PgConnection, app: AppId) -> QueryResult<Vec<Self>> {
        let newest = (app_tokens::created_at.desc(), app_tokens::id.desc());
        Self::query().filter(app_tokens::app_id.eq(app)).order(newest).load(conn)
    }

    pub fn find(conn: &mut PgConnection, key: AppTokenKey) -> QueryResult<Option<Self>> {
        Self::query().filter(app_tokens::id.eq(key.token).and(app_tokens::app_id.eq(key.app))).first(conn).optional()
    }

    /// Deletes the token. Returns false if it does not exist.
    pub fn delete(conn: &mut PgConnection, key: AppTokenKey) -> QueryResult<bool> {
        let token = app_tokens::table.filter(app_tokens::id.eq(key.token).and(app_tokens::app_id.eq(key.app)));
        Ok(diesel::delete(token).execute(conn)? == 1)
    }
}

/// Unexpired token of an active app, with the app's permissions.
#[derive(Debug, Clone, Queryable)]
pub struct AppCredential {
    pub id: AppTokenId,
    pub last_used_at: Option<DateTime<Utc>>,
    pub app_id: AppId,
    pub permissions: Vec<Option<String>>,
    /// Networks in CIDR notation. Empty if the app can call from any address.
    pub allowed_addresses: Vec<Option<String>>,
}

/// Returns the unexpired token with this SHA-256 hash, if its app is active.
pub fn find_credential(
    conn: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<Option<AppCredential>> {
    app_tokens::table
        .inner_join(apps::table)
        .filter(app_tokens::token_hash.eq(token_hash))
        .filter(app_tokens::expires_at.is_null().or(app_tokens::expires_at.gt(now)))
        .filter(apps::is_active)
        .select((app_tokens::id, app_tokens::last_used_at, apps::id, apps::permissions, apps::allowed_addresses))
        .first(conn)
        .optional()
}

/// Records the last use of a token.
pub fn record_use(conn: &mut PgConnection, id: AppTokenId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(app_tokens::table.find(id)).set(app_tokens::last_used_at.eq(now)).execute(conn).map(|_| ())
}
