//! JSON views and request bodies of apps and their tokens.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{AppChanges, AppToken, AppTokenId, RegisteredApp};
use super::services::TokenOptions;
use crate::platform::api::{Resource, View};
use crate::platform::auth::PermissionSet;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, request_body};
use crate::platform::types::{AppId, NonEmptyText, Text};

/// External application that can call the API.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = App, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d33", "name": "Stock sync", "permissions": ["stock.view", "stock.adjust"],
    "allowed_addresses": ["203.0.113.0/24"], "is_active": true, "created_at": "2026-11-02T09:00:00Z",
    "updated_at": "2026-11-02T09:00:00Z",
}))]
#[view(row = RegisteredApp, last_modified = updated_at)]
pub struct AppView {
    pub id: AppId,
    pub name: String,
    #[view(value = row.permissions())]
    pub permissions: PermissionSet,
    /// Networks that the app can call from, in CIDR notation. Empty if it can call from any address.
    #[schema(example = json!(["203.0.113.0/24"]))]
    #[view(value = row.allowed_addresses.iter().flatten().cloned().collect())]
    pub allowed_addresses: Vec<String>,
    pub is_active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// App token without its secret.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = AppToken, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d34", "name": "Production", "last_four": "9f2c", "expires_at": null,
    "last_used_at": "2026-11-21T08:00:00Z", "created_at": "2026-11-02T09:00:00Z",
}))]
#[view(row = AppToken)]
pub struct AppTokenView {
    pub id: AppTokenId,
    pub name: String,
    /// Last four characters of the secret.
    pub last_four: String,
    /// Null if the token does not expire.
    pub expires_at: Option<DateTime<Utc>>,
    /// Time of the last use, to the minute. Null if the token has not been used.
    pub last_used_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// Created app token with its secret. No other response contains the secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewAppToken, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d34", "name": "Production", "token": "mercer_4pWq8Zt1Lx7Nc2Vb9f2c",
    "last_four": "9f2c", "expires_at": null, "created_at": "2026-11-02T09:00:00Z",
}))]
pub struct NewAppTokenView {
    pub id: AppTokenId,
    pub name: String,
    /// Secret, for the header `Authorization: Bearer …`.
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

/// IP address or network in CIDR notation.
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

fn to_strings(networks: &[Network]) -> Vec<String> {
    networks.iter().map(|network| network.0.to_string()).collect()
}

#[request_body(AppRequest, patch = PatchedAppBody)]
#[derive(Debug)]
#[schema(example = json!({"name": "Stock sync", "permissions": ["stock.view", "stock.adjust"], "allowed_addresses": ["203.0.113.0/24"]}))]
pub struct AppBody {
    pub name: NonEmptyText<100>,
    pub permissions: PermissionSet,
    pub allowed_addresses: Option<Vec<Network>>,
}

impl PatchedAppBody {
    pub(super) fn into_changes(self) -> AppChanges {
        AppChanges {
            name: self.name.map(NonEmptyText::into_inner),
            permissions: self.permissions,
            allowed_addresses: self.allowed_addresses.map(|networks| to_strings(&networks)),
            is_active: None,
        }
    }
}

#[request_body(AppTokenRequest)]
#[derive(Debug)]
#[schema(example = json!({"name": "Production", "expires_at": null}))]
pub struct AppTokenBody {
    /// Name that distinguishes the tokens of an app.
    pub name: Option<Text<100>>,
    /// Null if the token does not expire.
    pub expires_at: Option<DateTime<Utc>>,
}

impl AppTokenBody {
    pub(super) fn into_options(self) -> TokenOptions {
        TokenOptions { name: self.name.map(Text::into_inner).unwrap_or_default(), expires_at: self.expires_at }
    }
}
