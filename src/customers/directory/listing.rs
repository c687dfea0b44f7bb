//! Filters, search and ordering of customer lists.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz};

use super::models::{CustomerRecord, CustomerRecordQuery};
use crate::customers::ids::CustomerGroupId;
use crate::customers::permissions::ViewCustomerGroups;
use crate::platform::api::{ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, Search, TextLookups};
use crate::platform::auth::Principal;
use crate::platform::error::Problem;
use crate::platform::types::Country;
use crate::schema::{addresses, customer_group_members, customers, users};

/// SQL expression for the full name: the names of the account, or the single name of a customer without an account.
const NAME: &str = "coalesce(nullif(trim(users.first_name || ' ' || users.last_name), ''), customers.name)";
/// SQL expression for the name in lower case, for a case-insensitive ordering.
const LOWER_NAME: &str =
    "lower(coalesce(nullif(trim(users.first_name || ' ' || users.last_name), ''), customers.name))";
const EMAIL: &str = "coalesce(users.email, customers.email)";

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = customers, row = CustomerRecord, query = CustomerRecordQuery)]
#[list(order_by(
    created_at,
    updated_at,
    "name" = sql(LOWER_NAME, "text"),
    "email" = sql("coalesce(users.email, customers.email, '')", "text"),
    "last_login_at" = sql("coalesce(users.last_login_at, '-infinity')", "timestamptz"),
))]
#[list(default = "-created_at")]
pub struct CustomerFilter {
    /// Case-insensitive.
    #[list(column = sql::<Nullable<Text>>(EMAIL), lowercase)]
    pub email: TextLookups,
    /// First and last name, separated by a space.
    #[list(column = sql::<Text>(NAME))]
    pub name: TextLookups,
    /// Phone number with `+` and the country code.
    pub phone: TextLookups,
    /// Id of the customer in the shop that the customer was imported from.
    pub external_id: TextLookups,
    pub language: TextLookups,
    /// True if the customer can sign in. Excludes customers without an account.
    #[list(column = users::is_active.nullable())]
    pub is_active: Option<bool>,
    #[list(with = filter_by_account)]
    pub has_account: Option<bool>,
    /// True if the e-mail address of the account is verified.
    #[list(with = filter_by_verification)]
    pub is_verified: Option<bool>,
    /// Id of a customer group that the customer belongs to.
    #[list(with = filter_by_group)]
    pub group: ChoiceLookups<CustomerGroupId>,
    /// Country of one of the customer's addresses.
    #[list(with = filter_by_country)]
    pub country: ChoiceLookups<Country>,
    #[list(column = sql::<Timestamptz>("users.last_login_at"))]
    pub last_login_at: DateTimeLookups,
    pub created_at: DateTimeLookups,
    pub updated_at: DateTimeLookups,
    /// Words that must each occur in name, e-mail address, phone number or external id. A "quoted phrase" counts as
    /// one word.
    #[list(search(sql::<Nullable<Text>>(NAME), sql::<Nullable<Text>>(EMAIL), phone, external_id))]
    pub search: Search,
}

pub(super) type CustomerList = ListRequest<CustomerFilter>;

impl CustomerFilter {
    /// Rejects the filter `group` without `customer_groups.view`, because it would reveal memberships.
    pub(super) fn ensure_allowed(&self, principal: &Principal) -> Result<(), Problem> {
        let ChoiceLookups { exact, any_of, is_null } = &self.group;
        let is_used = exact.is_some() || any_of.is_some() || is_null.is_some();
        if is_used && !principal.has_permission(ViewCustomerGroups::PERMISSION) {
            return Err(Problem::permission_denied());
        }
        Ok(())
    }
}

fn filter_by_account(query: CustomerRecordQuery, has_account: &Option<bool>) -> CustomerRecordQuery {
    match has_account {
        Some(true) => query.filter(customers::user_id.is_not_null()),
        Some(false) => query.filter(customers::user_id.is_null()),
        None => query,
    }
}

fn filter_by_verification(query: CustomerRecordQuery, is_verified: &Option<bool>) -> CustomerRecordQuery {
    match is_verified {
        Some(true) => query.filter(users::email_verified_at.nullable().is_not_null()),
        Some(false) => query.filter(users::email_verified_at.nullable().is_null()),
        None => query,
    }
}

fn filter_by_group(mut query: CustomerRecordQuery, lookups: &ChoiceLookups<CustomerGroupId>) -> CustomerRecordQuery {
    let members = || {
        let is_of_customer = customer_group_members::customer_id.eq(customers::id);
        customer_group_members::table.filter(is_of_customer).select(customer_group_members::customer_id)
    };
    for groups in [&lookups.exact, &lookups.any_of].into_iter().flatten() {
        let in_groups = members().filter(customer_group_members::group_id.eq_any(groups.clone()));
        query = query.filter(diesel::dsl::exists(in_groups));
    }
    match lookups.is_null {
        Some(true) => query.filter(diesel::dsl::not(diesel::dsl::exists(members()))),
        Some(false) => query.filter(diesel::dsl::exists(members())),
        None => query,
    }
}

fn filter_by_country(mut query: CustomerRecordQuery, lookups: &ChoiceLookups<Country>) -> CustomerRecordQuery {
    let own_addresses =
        || addresses::table.filter(addresses::customer_id.eq(customers::id)).select(addresses::customer_id);
    for countries in [&lookups.exact, &lookups.any_of].into_iter().flatten() {
        let in_countries = own_addresses().filter(addresses::country.eq_any(countries.clone()));
        query = query.filter(diesel::dsl::exists(in_countries));
    }
    match lookups.is_null {
        Some(true) => query.filter(diesel::dsl::not(diesel::dsl::exists(own_addresses()))),
        Some(false) => query.filter(diesel::dsl::exists(own_addresses())),
        None => query,
    }
}
