//! Lists of customers: filters, search and order.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz};

use super::models::{Record, RecordQuery, records};
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Search, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::auth::{Permission, Principal};
use crate::platform::error::Problem;
use crate::platform::types::{Country, CustomerGroupId};
use crate::schema::{addresses, customer_group_members, customers, users};

/// What somebody is called: the account's names, or the one of somebody without an account.
const NAME: &str = "coalesce(nullif(trim(users.first_name || ' ' || users.last_name), ''), customers.name)";
/// In order, whatever the case of its letters.
const LOWER_NAME: &str =
    "lower(coalesce(nullif(trim(users.first_name || ' ' || users.last_name), ''), customers.name))";
const EMAIL: &str = "coalesce(users.email, customers.email)";

filter! {
    pub struct CustomerFilter {
        /// Whatever the case of its letters.
        "email" => pub email: Texts,
        /// First and last name, a space between them.
        "name" => pub name: Texts,
        /// With + and the country code.
        "phone" => pub phone: Texts,
        /// The id in the shop that they were imported from.
        "external_id" => pub external_id: Texts,
        "language" => pub language: Texts,
        /// Whether they may sign in; nobody without an account is either.
        "is_active" => pub is_active: Option<bool>,
        "has_account" => pub has_account: Option<bool>,
        /// Whether the e-mail address of the account is known to be theirs.
        "is_verified" => pub is_verified: Option<bool>,
        /// The id of a group they belong to.
        "group" => pub group: Choices<CustomerGroupId>,
        /// Of one of their addresses.
        "country" => pub country: Choices<Country>,
        "last_login_at" => pub last_login_at: Moments,
        "created_at" => pub created_at: Moments,
        "updated_at" => pub updated_at: Moments,
        /// Every word must be in name, e-mail, phone or external id; a "quoted phrase" counts as one.
        "search" => pub search: Search,
    }
}

/// The newest first.
pub struct CustomerOrdering;

impl Ordering for CustomerOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("created_at", "customers.created_at", "timestamptz"),
        SortColumn::new("updated_at", "customers.updated_at", "timestamptz"),
        SortColumn::new("name", LOWER_NAME, "text"),
        SortColumn::new("email", "coalesce(users.email, customers.email, '')", "text"),
        SortColumn::new("last_login_at", "coalesce(users.last_login_at, '-infinity')", "timestamptz"),
    ];
    const DEFAULT: &'static str = "-created_at";
    const ID: SortColumn = SortColumn::new("id", "customers.id", "uuid");
}

pub(super) type CustomerList = ListRequest<CustomerFilter, CustomerOrdering>;

impl CustomerFilter {
    /// A page of those that match.
    pub(super) fn page(conn: &mut PgConnection, list: &CustomerList) -> Result<Slice<Record>, Problem> {
        Ok(paginate!(conn, || list.filter.query(), Record, list))
    }

    /// Who is in which group is told only to those who may see groups, and not by this filter either.
    pub(super) fn ensure_seen_by(&self, principal: &Principal) -> Result<(), Problem> {
        let Choices { exact, any_of, is_null } = &self.group;
        let asks = exact.is_some() || any_of.is_some() || is_null.is_some();
        if asks && !principal.may(Permission::CustomerGroupsView) {
            return Err(Problem::permission_denied());
        }
        Ok(())
    }

    pub(super) fn query(&self) -> RecordQuery {
        let mut query = records();
        narrow!(query, texts, sql::<Nullable<Text>>(EMAIL), &self.email.lowercase());
        narrow!(query, texts, sql::<Text>(NAME), &self.name);
        narrow!(query, texts, customers::phone, &self.phone);
        narrow!(query, texts, customers::external_id, &self.external_id);
        narrow!(query, texts, customers::language, &self.language);
        narrow!(query, moments, customers::created_at, &self.created_at);
        narrow!(query, moments, customers::updated_at, &self.updated_at);
        query = self.of_account(query);
        query = self.of_group(query);
        query = self.of_country(query);
        for pattern in self.search.patterns() {
            let named = sql::<Text>(NAME).ilike(pattern.clone()).nullable();
            let mailed = sql::<Nullable<Text>>(EMAIL).ilike(pattern.clone());
            let called = customers::phone.ilike(pattern.clone());
            query = query.filter(named.or(mailed).or(called).or(customers::external_id.ilike(pattern)));
        }
        query
    }

    fn of_account(&self, mut query: RecordQuery) -> RecordQuery {
        if let Some(is_active) = self.is_active {
            query = query.filter(users::is_active.nullable().eq(is_active));
        }
        match self.has_account {
            Some(true) => query = query.filter(customers::user_id.is_not_null()),
            Some(false) => query = query.filter(customers::user_id.is_null()),
            None => {}
        }
        match self.is_verified {
            Some(true) => query = query.filter(users::email_verified_at.nullable().is_not_null()),
            Some(false) => query = query.filter(users::email_verified_at.nullable().is_null()),
            None => {}
        }
        narrow!(query, moments, sql::<Timestamptz>("users.last_login_at"), &self.last_login_at);
        query
    }

    fn of_group(&self, mut query: RecordQuery) -> RecordQuery {
        let members = || {
            let of_customer = customer_group_members::customer_id.eq(customers::id);
            customer_group_members::table.filter(of_customer).select(customer_group_members::customer_id)
        };
        for groups in [&self.group.exact, &self.group.any_of].into_iter().flatten() {
            let in_them = members().filter(customer_group_members::group_id.eq_any(groups.clone()));
            query = query.filter(diesel::dsl::exists(in_them));
        }
        match self.group.is_null {
            Some(true) => query.filter(diesel::dsl::not(diesel::dsl::exists(members()))),
            Some(false) => query.filter(diesel::dsl::exists(members())),
            None => query,
        }
    }

    fn of_country(&self, mut query: RecordQuery) -> RecordQuery {
        let theirs =
            || addresses::table.filter(addresses::customer_id.eq(customers::id)).select(addresses::customer_id);
        for countries in [&self.country.exact, &self.country.any_of].into_iter().flatten() {
            let there = theirs().filter(addresses::country.eq_any(countries.clone()));
            query = query.filter(diesel::dsl::exists(there));
        }
        match self.country.is_null {
            Some(true) => query.filter(diesel::dsl::not(diesel::dsl::exists(theirs()))),
            Some(false) => query.filter(diesel::dsl::exists(theirs())),
            None => query,
        }
    }
}
