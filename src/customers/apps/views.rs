//! Programs and their tokens as JSON, and what may be sent to change them.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{AppChanges, AppToken, AppTokenId, RegisteredApp};
use super::services::TokenOrder;
use crate::platform::api::Resource;
use crate::platform::auth::PermissionSet;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, body, patch_body};
use crate::platform::types::{AppId, Line, Paragraph};

/// A program that may call the shop.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = App)]
pub struct AppView {
    pub id: AppId,
    pub name: String,
    pub permissions: PermissionSet,
    /// Addresses and networks that it may call from; empty: from anywhere.
    #[schema(example = json!(["203.0.113.0/24"]))]
    pub allowed_addresses: Vec<String>,
    pub is_active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for AppView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }

    fn last_modified(&self) -> Option<DateTime<Utc>> {
        Some(self.updated_at)
    }
}

impl From<RegisteredApp> for AppView {
    fn from(app: RegisteredApp) -> Self {
        Self {
            permissions: app.permissions(),
            id: app.id,
            name: app.name,
            allowed_addresses: app.allowed_addresses.into_iter().flatten().collect(),
            is_active: app.is_active,
            created_at: app.created_at,
            updated_at: app.updated_at,
            version: app.version,
        }
    }
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppToken)]
pub struct AppTokenView {
    pub id: AppTokenId,
    pub name: String,
    /// What the token ends with.
    pub last_four: String,
    /// Null: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute; null: never.
    pub last_used_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl Resource for AppTokenView {}

impl From<AppToken> for AppTokenView {
    fn from(token: AppToken) -> Self {
        let AppToken { id, name, last_four, expires_at, last_used_at, created_at, .. } = token;
        Self { id, name, last_four, expires_at, last_used_at, created_at }
    }
}

/// A token that was just made: the only time that it is told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewAppToken)]
pub struct NewAppTokenView {
    pub id: AppTokenId,
    pub name: String,
    /// For `Authorization: Bearer …`.
    pub token: String,
    pub last_four: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl Resource for NewAppTokenView {}

impl NewAppTokenView {
    pub(super) fn new(token: AppToken, secret: String) -> Self {
        let AppToken { id, name, last_four, expires_at, created_at, .. } = token;
        Self { id, name, token: secret, last_four, expires_at, created_at }
    }
}

/// An address, or a network of them.
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = String, example = "203.0.113.0/24")]
pub struct Network(IpNet);

impl FromJson for Network {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let text = String::from_json(value)?;
        let network = text.parse().or_else(|_| text.parse().map(|address: std::net::IpAddr| IpNet::from(address)));
        let invalid = |_| ErrorTree::message("invalid", "Enter a valid address or network.");
        network.map(|network: IpNet| Self(network.trunc())).map_err(invalid)
    }
}

fn written(networks: &[Network]) -> Vec<String> {
    networks.iter().map(|network| network.0.to_string()).collect()
}

body! {
    #[schema(as = AppRequest, example = json!({"name": "Ledger", "permissions": ["orders.view"]}))]
    pub struct AppBody {
        pub name: Line<100>,
        pub permissions: PermissionSet,
        pub allowed_addresses: Option<Vec<Network>>,
    }
}

impl AppBody {
    pub(super) fn into_changes(self) -> AppChanges {
        AppChanges {
            name: Some(self.name.into_inner()),
            permissions: Some(self.permissions),
            allowed_addresses: Some(written(&self.allowed_addresses.unwrap_or_default())),
            is_active: None,
        }
    }
}

patch_body! {
    #[schema(as = PatchedAppRequest)]
    pub struct PatchedAppBody {
        pub name: Option<Line<100>>,
        pub permissions: Option<PermissionSet>,
        pub allowed_addresses: Option<Vec<Network>>,
    }
}

impl PatchedAppBody {
    pub(super) fn into_changes(self) -> AppChanges {
        AppChanges {
            name: self.name.map(Line::into_inner),
            permissions: self.permissions,
            allowed_addresses: self.allowed_addresses.map(|networks| written(&networks)),
            is_active: None,
        }
    }
}

body! {
    #[schema(as = AppTokenRequest, example = json!({"name": "production"}))]
    pub struct AppTokenBody {
        /// For whoever must tell several apart.
        pub name: Option<Paragraph<100>>,
        /// Null: never.
        pub expires_at: Option<DateTime<Utc>>,
    }
}

impl AppTokenBody {
    pub(super) fn into_order(self) -> TokenOrder {
        TokenOrder { name: self.name.map(Paragraph::into_inner).unwrap_or_default(), expires_at: self.expires_at }
    }
}
