//! Exports and states of accounts as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::models::{Export, ExportId};
use crate::customers::accounts::Password;
use crate::platform::api::Resource;
use crate::platform::http::body;
use crate::platform::types::{CustomerId, Line, text_enum};

text_enum! {
    /// How far an export has come.
    pub enum ExportStatus {
        /// It is being made.
        Pending = "pending",
        /// It can be downloaded, once.
        Ready = "ready",
        /// It was downloaded, and is gone.
        Downloaded = "downloaded",
        /// Nobody downloaded it in time.
        Expired = "expired",
    }
}

/// An export of what the shop knows of somebody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonalDataExport)]
pub struct ExportView {
    pub id: ExportId,
    pub status: ExportStatus,
    pub created_at: DateTime<Utc>,
    /// Until then it can be downloaded.
    pub expires_at: DateTime<Utc>,
}

impl Resource for ExportView {}

impl ExportView {
    pub(super) fn new(export: &Export, now: DateTime<Utc>) -> Self {
        let Export { id, created_at, expires_at, .. } = *export;
        Self { id, status: export.status(now), created_at, expires_at }
    }
}

/// Whether somebody may sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountState)]
pub struct AccountStateView {
    pub id: CustomerId,
    pub is_active: bool,
}

impl Resource for AccountStateView {}

body! {
    /// The password, or, of an account without one, the token that was mailed.
    #[schema(as = AccountDeletionRequest, example = json!({"password": "correct horse"}))]
    pub struct DeletionBody {
        #[schema(value_type = Option<String>, format = Password)]
        pub password: Option<Password>,
        #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
        pub token: Option<Line<200>>,
    }
}
