//! Rows of `apps` and `app_tokens`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::errors::AppError;
use crate::platform::auth::PermissionSet;
use crate::platform::error::ConstraintExt;
use crate::platform::types::{AppId, typed_id};
use crate::schema::{app_tokens, apps};

typed_id!(
    /// A token of a program.
    AppTokenId
);

/// A program of somebody else's.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = apps)]
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

/// What may be set.
#[derive(Debug, Clone, Default)]
pub(super) struct AppChanges {
    pub name: Option<String>,
    pub permissions: Option<PermissionSet>,
    /// Networks, written out.
    pub allowed_addresses: Option<Vec<String>>,
    pub is_active: Option<bool>,
}

impl RegisteredApp {
    pub fn permissions(&self) -> PermissionSet {
        PermissionSet::of_names(&self.permissions)
    }

    pub fn find(conn: &mut PgConnection, id: AppId) -> QueryResult<Option<Self>> {
        Self::query().filter(apps::id.eq(id)).first(conn).optional()
    }

    /// Locked until the transaction ends.
    pub(super) fn lock(conn: &mut PgConnection, id: AppId) -> QueryResult<Option<Self>> {
        Self::query().filter(apps::id.eq(id)).for_update().first(conn).optional()
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

    pub(super) fn delete(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::delete(apps::table.find(self.id)).execute(conn)
    }
}

/// A token, as far as it can be told again.
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

/// A token to keep.
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
    /// The newest first.
    pub fn of_app(conn: &mut PgConnection, app: AppId) -> QueryResult<Vec<Self>> {
        let newest = (app_tokens::created_at.desc(), app_tokens::id.desc());
        Self::query().filter(app_tokens::app_id.eq(app)).order(newest).load(conn)
    }

    pub fn find(conn: &mut PgConnection, app: AppId, id: AppTokenId) -> QueryResult<Option<Self>> {
        Self::query().filter(app_tokens::id.eq(id).and(app_tokens::app_id.eq(app))).first(conn).optional()
    }

    /// True where there was one.
    pub fn delete(conn: &mut PgConnection, app: AppId, id: AppTokenId) -> QueryResult<bool> {
        let own = app_tokens::table.filter(app_tokens::id.eq(id).and(app_tokens::app_id.eq(app)));
        Ok(diesel::delete(own).execute(conn)? == 1)
    }
}

/// A token of an active program that has not expired, and what the program may do.
#[derive(Debug, Clone, Queryable)]
pub struct AppCredential {
    pub id: AppTokenId,
    pub last_used_at: Option<DateTime<Utc>>,
    pub app_id: AppId,
    pub permissions: Vec<Option<String>>,
    /// Networks; none: from anywhere.
    pub allowed_addresses: Vec<Option<String>>,
}

/// Whose token this is, by its SHA-256.
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

/// Notes that a token is in use.
pub fn note_use(conn: &mut PgConnection, id: AppTokenId, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(app_tokens::table.find(id)).set(app_tokens::last_used_at.eq(now)).execute(conn).map(|_| ())
}
