//! JSON representation of customer groups.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{CustomerGroup, Member};
use crate::customers::directory::{self, CustomerRecordView};
use crate::customers::ids::CustomerGroupId;
use crate::platform::api::{Relation, View};
use crate::platform::types::{CustomerId, Metadata};

/// Group of customers.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = CustomerGroup, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d41", "name": "Wholesale",
    "description": "Customers who order for resale.", "member_count": 1, "metadata": {},
    "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-02T09:00:00Z",
}))]
#[view(row = CustomerGroup)]
pub struct GroupView {
    pub id: CustomerGroupId,
    pub name: String,
    pub description: String,
    /// Number of members.
    #[view(lookup = Member::counts)]
    pub member_count: i64,
    #[schema(value_type = Metadata)]
    pub metadata: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// Member of a customer group.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = CustomerGroupMember, example = json!({"customer": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d01", "added_at": "2026-11-02T09:00:00Z"}))]
#[view(row = Member)]
#[view(relations(Relation::reference("customer", directory::expandable, || CustomerRecordView::RELATIONS)))]
pub struct MemberView {
    #[view(field = customer_id)]
    pub customer: CustomerId,
    pub added_at: DateTime<Utc>,
}
