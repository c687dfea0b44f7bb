//! Customers as JSON for staff, and what may be sent to change them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{Record, groups_of};
use super::services::CustomerCommand;
use crate::customers::addresses::{self, Address, AddressId, AddressView};
use crate::platform::api::{Loaded, Relation, Resource, keys};
use crate::platform::auth::{Permission, Principal};
use crate::platform::error::Problem;
use crate::platform::http::{Field, patch_body};
use crate::platform::types::{CustomerGroupId, CustomerId, Email, Language, Line, Metadata, Paragraph, Phone};

/// A customer as staff see them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerRecord)]
pub struct CustomerRecordView {
    pub id: CustomerId,
    /// Their id in the shop that they were imported from.
    pub external_id: Option<String>,
    pub email: Option<Email>,
    /// The only name of somebody without an account.
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<Phone>,
    /// The language that messages are written in, such as `en` or `de-AT`.
    pub language: String,
    pub has_account: bool,
    /// Whether they may sign in; null without an account.
    pub is_active: Option<bool>,
    /// Whether the e-mail address is known to be theirs; null without an account.
    pub is_verified: Option<bool>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub default_billing_address: Option<AddressId>,
    pub default_shipping_address: Option<AddressId>,
    /// Only with `customer_groups.view`.
    #[schema(value_type = Vec<GroupName>, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupName>>,
    /// The customer sees it too.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// Only with `customers.view_private`.
    #[schema(value_type = Object, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_metadata: Option<Value>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// A group that somebody belongs to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerGroupName)]
pub struct GroupName {
    pub id: CustomerGroupId,
    pub name: String,
}

impl Resource for CustomerRecordView {
    const RELATIONS: &'static [Relation] = &[
        Relation::reference("default_billing_address", addresses::expandable, || AddressView::RELATIONS),
        Relation::reference("default_shipping_address", addresses::expandable, || AddressView::RELATIONS),
    ];

    fn version(&self) -> Option<i32> {
        Some(self.version)
    }

    fn conceal(&mut self, principal: Option<&Principal>) {
        let may = |permission| principal.is_some_and(|principal| principal.may(permission));
        self.groups = self.groups.take().filter(|_| may(Permission::CustomerGroupsView));
        self.private_metadata = self.private_metadata.take().filter(|_| may(Permission::CustomersViewPrivate));
    }
}

/// Customers in place of their ids, for staff who see customers.
pub fn expandable(conn: &mut PgConnection, principal: Option<&Principal>, ids: &[String]) -> Result<Loaded, Problem> {
    if !principal.is_some_and(|principal| principal.may(Permission::CustomersView)) {
        return Ok(Loaded::default());
    }
    let records = Record::with_ids(conn, &keys(ids))?;
    Loaded::of(CustomerRecordView::of_all(conn, records)?, principal, |view| view.id.to_string())
}

impl CustomerRecordView {
    pub(super) fn of(conn: &mut PgConnection, record: Record) -> QueryResult<Self> {
        let mut views = Self::of_all(conn, vec![record])?;
        views.pop().ok_or(diesel::result::Error::NotFound)
    }

    /// Groups and default addresses of all of them in one query each.
    pub(super) fn of_all(conn: &mut PgConnection, records: Vec<Record>) -> QueryResult<Vec<Self>> {
        let ids: Vec<CustomerId> = records.iter().map(|record| record.customer.id).collect();
        let mut groups = groups_of(conn, &ids)?;
        let defaults = Address::defaults_of(conn, &ids)?;
        let view = |record: Record| {
            let id = record.customer.id;
            Self::new(record, groups.remove(&id).unwrap_or_default(), &defaults)
        };
        Ok(records.into_iter().map(view).collect())
    }

    fn new(
        record: Record,
        groups: Vec<(CustomerGroupId, String)>,
        defaults: &HashMap<CustomerId, (Option<AddressId>, Option<AddressId>)>,
    ) -> Self {
        let (first_name, last_name) = record.names();
        let (first_name, last_name) = (first_name.to_owned(), last_name.to_owned());
        let (email, version) = (record.email().cloned(), record.version());
        let Record { customer, account } = record;
        let (billing, shipping) = defaults.get(&customer.id).copied().unwrap_or_default();
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
            groups: Some(groups.into_iter().map(|(id, name)| GroupName { id, name }).collect()),
            metadata: customer.metadata,
            private_metadata: Some(customer.private_metadata),
            created_at: customer.created_at,
            updated_at: customer.updated_at,
            version,
        }
    }
}

patch_body! {
    #[schema(as = PatchedCustomerRecordRequest)]
    pub struct PatchedCustomerBody {
        pub first_name: Option<Paragraph<150>>,
        /// Only of customers with an account.
        pub last_name: Option<Paragraph<150>>,
        /// With + and the country code, or as it is dialled in the country of the default address. Null forgets it.
        #[schema(value_type = Option<String>, max_length = 40)]
        pub phone: Field<Line<40>>,
        pub language: Option<Language>,
        /// Takes the place of all that is there.
        pub metadata: Option<Metadata>,
        /// Only with `customers.view_private`. Takes the place of all that is there.
        pub private_metadata: Option<Metadata>,
    }
}

impl PatchedCustomerBody {
    pub(super) fn into_command(self) -> CustomerCommand {
        CustomerCommand {
            first_name: self.first_name.map(Paragraph::into_inner),
            last_name: self.last_name.map(Paragraph::into_inner),
            phone: self.phone.into_nullable().map(|phone| phone.map(Line::into_inner)),
            language: self.language.map(Language::into_inner),
            metadata: self.metadata.map(Metadata::into_inner),
            private_metadata: self.private_metadata.map(Metadata::into_inner),
        }
    }
}
