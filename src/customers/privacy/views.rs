//! JSON views of exports and account states, and the request body of an account deletion.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::models::{Export, ExportId, ExportStatus};
use crate::customers::passwords::Password;
use crate::platform::api::Resource;
use crate::platform::http::request_body;
use crate::platform::types::{CustomerId, NonEmptyText};

/// Export of a customer's personal data.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonalDataExport)]
pub struct ExportView {
    pub id: ExportId,
    pub status: ExportStatus,
    pub created_at: DateTime<Utc>,
    /// Time until which the export can be downloaded.
    pub expires_at: DateTime<Utc>,
}

impl Resource for ExportView {}

impl ExportView {
    pub(super) fn new(export: &Export, now: DateTime<Utc>) -> Self {
        let Export { id, created_at, expires_at, .. } = *export;
        Self { id, status: export.status(now), created_at, expires_at }
    }
}

/// State of a customer's account. The customer can sign in if it is active.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountState)]
pub struct AccountStateView {
    pub id: CustomerId,
    pub is_active: bool,
}

impl Resource for AccountStateView {}

/// Either the password or, for an account without a password, the token of the confirmation link.
#[request_body(AccountDeletionRequest)]
#[derive(Debug)]
#[schema(example = json!({"password": "correct horse"}))]
pub struct DeletionBody {
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Password>,
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub token: Option<NonEmptyText<200>>,
}
