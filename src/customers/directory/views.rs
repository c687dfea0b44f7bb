//! JSON view of customer records for staff, and the body to update them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{CustomerRecord, GroupRow, load_groups};
use super::services::UpdateCustomer;
use crate::customers::addresses::{self, Address, AddressId, AddressView, DefaultAddresses};
use crate::customers::ids::CustomerGroupId;
use crate::customers::permissions::{ViewCustomerGroups, ViewCustomers, ViewPrivateCustomers};
use crate::platform::api::{ExpandedResources, LoadView, Relation, Resource, parse_keys};
use crate::platform::auth::Principal;
use crate::platform::error::Problem;
use crate::platform::http::{Field, request_body};
use crate::platform::types::{CustomerId, Email, Language, Metadata, NonEmptyText, Phone, Text};

/// Customer record for staff.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerRecord, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d01", "external_id": null, "email": "ana@example.com",
    "first_name": "Ana", "last_name": "Wanjiru", "phone": "+254700000001", "language": "en", "has_account": true,
    "is_active": true, "is_verified": true, "last_login_at": "2026-11-21T08:00:00Z",
    "default_billing_address": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d42",
    "default_shipping_address": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d42",
    "groups": [{"id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d41", "name": "Wholesale"}], "metadata": {},
    "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-21T08:00:00Z",
}))]
pub struct CustomerRecordView {
    pub id: CustomerId,
    /// Id of the customer in the shop that the customer was imported from.
    pub external_id: Option<String>,
    pub email: Option<Email>,
    /// First name, or the full name of a customer without an account.
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<Phone>,
    /// Language of messages to the customer, such as `en` or `de-AT`.
    pub language: String,
    pub has_account: bool,
    /// True if the customer can sign in. Null without an account.
    pub is_active: Option<bool>,
    /// True if the e-mail address is verified. Null without an account.
    pub is_verified: Option<bool>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub default_billing_address: Option<AddressId>,
    pub default_shipping_address: Option<AddressId>,
    /// Groups of the customer. Present only for principals with `customer_groups.view`.
    #[schema(value_type = Vec<GroupName>, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupName>>,
    /// Metadata that the customer can see.
    #[schema(value_type = Metadata)]
    pub metadata: Value,
    /// Metadata that only staff can see. Requires `customers.view_private`.
    #[schema(value_type = Metadata, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_metadata: Option<Value>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// Customer group that the customer belongs to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerGroupName, example = json!({"id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d41", "name": "Wholesale"}))]
pub struct GroupName {
    pub id: CustomerGroupId,
    pub name: String,
}

impl Resource for CustomerRecordView {
    const RELATIONS: &'static [Relation] = &[
        Relation::reference("default_billing_address", addresses::expand_addresses, || AddressView::RELATIONS),
        Relation::reference("default_shipping_address", addresses::expand_addresses, || AddressView::RELATIONS),
    ];

    fn version(&self) -> Option<i32> {
        Some(self.version)
    }

    fn redact(&mut self, principal: Option<&Principal>) {
        let has = |permission| principal.is_some_and(|principal| principal.has_permission(permission));
        self.groups = self.groups.take().filter(|_| has(ViewCustomerGroups::PERMISSION));
        self.private_metadata = self.private_metadata.take().filter(|_| has(ViewPrivateCustomers::PERMISSION));
    }
}

/// Loads customer records for `expand`. Requires `customers.view`.
pub fn expandable(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    if !principal.is_some_and(|principal| principal.has_permission(ViewCustomers::PERMISSION)) {
        return Ok(ExpandedResources::default());
    }
    let records = CustomerRecord::list_by_ids(conn, &parse_keys(ids))?;
    ExpandedResources::new(CustomerRecordView::load(conn, records)?, principal, |view| view.id.to_string())
}

impl LoadView for CustomerRecordView {
    type Row = CustomerRecord;

    fn load(conn: &mut PgConnection, records: Vec<CustomerRecord>) -> QueryResult<Vec<Self>> {
        let ids: Vec<CustomerId> = records.iter().map(|record| record.customer.id).collect();
        let mut groups = load_groups(conn, &ids)?;
        let defaults = Address::find_defaults(conn, &ids)?;
        let view = |record: CustomerRecord| {
            let id = record.customer.id;
            Self::new(record, groups.remove(&id).unwrap_or_default(), &defaults)
        };
        Ok(records.into_iter().map(view).collect())
    }
}

impl CustomerRecordView {
    fn new(record: CustomerRecord, groups: Vec<GroupRow>, defaults: &HashMap<CustomerId, DefaultAddresses>) -> Self {
        let (first_name, last_name) = record.names();
        let (first_name, last_name) = (first_name.to_owned(), last_name.to_owned());
        let (email, version) = (record.email().cloned(), record.version());
        let CustomerRecord { customer, account } = record;
        let DefaultAddresses { billing, shipping } = defaults.get(&customer.id).copied().unwrap_or_default();
        Self {
            id: customer.id,
            external_id: customer.external_id,
            email,
            first_name,
            last_name,
            phone: customer.phone,
            language: customer.language,
            has_account: account.is_some(),
            is_active: account.as_ref().map(|account| account.is_active),
            is_verified: account.as_ref().map(|account| account.email_verified_at.is_some()),
            last_login_at: account.and_then(|account| account.last_login_at),
            default_billing_address: billing,
            default_shipping_address: shipping,
            groups: Some(groups.into_iter().map(|GroupRow { id, name }| GroupName { id, name }).collect()),
            metadata: customer.metadata,
            private_metadata: Some(customer.private_metadata),
            created_at: customer.created_at,
            updated_at: customer.updated_at,
            version,
        }
    }
}

#[request_body(PatchedCustomerRecordRequest, partial)]
pub struct PatchedCustomerBody {
    pub first_name: Option<Text<150>>,
    /// Rejected for customers without an account.
    pub last_name: Option<Text<150>>,
    /// Phone number with `+` and the country code, or in the national format of the default address's country. Null
    /// removes the number.
    #[schema(value_type = Option<String>, max_length = 40)]
    pub phone: Field<NonEmptyText<40>>,
    pub language: Option<Language>,
    /// Replaces all metadata.
    pub metadata: Option<Metadata>,
    /// Replaces all private metadata. Requires `customers.view_private`.
    pub private_metadata: Option<Metadata>,
}

impl PatchedCustomerBody {
    pub(super) fn into_command(self) -> UpdateCustomer {
        UpdateCustomer {
            first_name: self.first_name.map(Text::into_inner),
            last_name: self.last_name.map(Text::into_inner),
            phone: self.phone.into_nullable().map(|phone| phone.map(NonEmptyText::into_inner)),
            language: self.language.map(Language::into_inner),
            metadata: self.metadata.map(Metadata::into_inner),
            private_metadata: self.private_metadata.map(Metadata::into_inner),
        }
    }
}
