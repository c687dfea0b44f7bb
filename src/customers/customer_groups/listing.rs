//! Lists of groups and of those who belong to them.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::{CustomerGroup, Member};
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Search, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::error::Problem;
use crate::platform::types::{CustomerGroupId, CustomerId};
use crate::schema::{customer_group_members, customer_groups};

filter! {
    pub struct GroupFilter {
        "name" => pub name: Texts,
        "created_at" => pub created_at: Moments,
        "updated_at" => pub updated_at: Moments,
        /// Every word must be in name or description; a "quoted phrase" counts as one.
        "search" => pub search: Search,
    }
}

/// By name.
pub struct GroupOrdering;

impl Ordering for GroupOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("name", "customer_groups.name", "text"),
        SortColumn::new("created_at", "customer_groups.created_at", "timestamptz"),
        SortColumn::new("updated_at", "customer_groups.updated_at", "timestamptz"),
    ];
    const DEFAULT: &'static str = "name";
    const ID: SortColumn = SortColumn::new("id", "customer_groups.id", "uuid");
}

pub(super) type GroupList = ListRequest<GroupFilter, GroupOrdering>;

impl GroupFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &GroupList) -> Result<Slice<CustomerGroup>, Problem> {
        Ok(paginate!(conn, || list.filter.query(), CustomerGroup, list))
    }

    fn query(&self) -> customer_groups::BoxedQuery<'static, Pg> {
        let mut query = customer_groups::table.into_boxed();
        narrow!(query, texts, customer_groups::name, &self.name);
        narrow!(query, moments, customer_groups::created_at, &self.created_at);
        narrow!(query, moments, customer_groups::updated_at, &self.updated_at);
        for pattern in self.search.patterns() {
            let in_name = customer_groups::name.ilike(pattern.clone());
            query = query.filter(in_name.or(customer_groups::description.ilike(pattern)));
        }
        query
    }
}

filter! {
    pub struct MemberFilter {
        "customer" => pub customer: Choices<CustomerId>,
        "added_at" => pub added_at: Moments,
    }
}

/// The newest first.
pub struct MemberOrdering;

impl Ordering for MemberOrdering {
    const COLUMNS: &'static [SortColumn] =
        &[SortColumn::new("added_at", "customer_group_members.added_at", "timestamptz")];
    const DEFAULT: &'static str = "-added_at";
    const ID: SortColumn = SortColumn::new("customer", "customer_group_members.customer_id", "uuid");
}

pub(super) type MemberList = ListRequest<MemberFilter, MemberOrdering>;

impl MemberFilter {
    pub(super) fn page(
        conn: &mut PgConnection,
        list: &MemberList,
        group: CustomerGroupId,
    ) -> Result<Slice<Member>, Problem> {
        Ok(paginate!(conn, || list.filter.query(group), Member, list))
    }

    fn query(&self, group: CustomerGroupId) -> customer_group_members::BoxedQuery<'static, Pg> {
        let of_group = customer_group_members::group_id.eq(group);
        let mut query = customer_group_members::table.filter(of_group).into_boxed();
        narrow!(query, choices, customer_group_members::customer_id, &self.customer);
        narrow!(query, moments, customer_group_members::added_at, &self.added_at);
        query
    }
}
