//! Lists of staff and of groups.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::{Group, StaffMember};
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Search, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::error::Problem;
use crate::platform::types::GroupId;
use crate::schema::{group_members, groups, users};

filter! {
    pub struct StaffFilter {
        "email" => pub email: Texts,
        "is_active" => pub is_active: Choices<bool>,
        "is_superuser" => pub is_superuser: Choices<bool>,
        /// The id of a group that they are in.
        "group" => pub group: Option<GroupId>,
        "created_at" => pub created_at: Moments,
        "last_login_at" => pub last_login_at: Moments,
        /// Every word must be in the e-mail address or a name; a "quoted phrase" counts as one.
        "search" => pub search: Search,
    }
}

/// By e-mail address.
pub struct StaffOrdering;

impl Ordering for StaffOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("email", "users.email", "text"),
        SortColumn::new("first_name", "users.first_name", "text"),
        SortColumn::new("last_name", "users.last_name", "text"),
        SortColumn::new("created_at", "users.created_at", "timestamptz"),
    ];
    const DEFAULT: &'static str = "email";
    const ID: SortColumn = SortColumn::new("id", "users.id", "uuid");
}

pub(super) type StaffList = ListRequest<StaffFilter, StaffOrdering>;

impl StaffFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &StaffList) -> Result<Slice<StaffMember>, Problem> {
        Ok(paginate!(conn, || list.filter.query(), StaffMember, list))
    }

    fn query<'a>(&self) -> users::BoxedQuery<'a, Pg> {
        let mut query = users::table.filter(users::is_staff).into_boxed();
        narrow!(query, texts, users::email, &self.email.lowercase());
        narrow!(query, choices, users::is_active, &self.is_active);
        narrow!(query, choices, users::is_superuser, &self.is_superuser);
        narrow!(query, moments, users::created_at, &self.created_at);
        narrow!(query, moments, users::last_login_at.assume_not_null(), &self.last_login_at);
        if let Some(group) = self.group {
            let members = group_members::table.filter(group_members::group_id.eq(group));
            query = query.filter(users::id.eq_any(members.select(group_members::user_id)));
        }
        for pattern in self.search.patterns() {
            let in_names = users::first_name.ilike(pattern.clone()).or(users::last_name.ilike(pattern.clone()));
            query = query.filter(users::email.ilike(pattern).or(in_names));
        }
        query
    }
}

filter! {
    pub struct GroupFilter {
        "name" => pub name: Texts,
        /// Every word must be in the name; a "quoted phrase" counts as one.
        "search" => pub search: Search,
    }
}

/// By name.
pub struct GroupOrdering;

impl Ordering for GroupOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("name", "groups.name", "text"),
        SortColumn::new("created_at", "groups.created_at", "timestamptz"),
    ];
    const DEFAULT: &'static str = "name";
    const ID: SortColumn = SortColumn::new("id", "groups.id", "uuid");
}

pub(super) type GroupList = ListRequest<GroupFilter, GroupOrdering>;

impl GroupFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &GroupList) -> Result<Slice<Group>, Problem> {
        Ok(paginate!(conn, || list.filter.query(), Group, list))
    }

    fn query<'a>(&self) -> groups::BoxedQuery<'a, Pg> {
        let mut query = groups::table.into_boxed();
        narrow!(query, texts, groups::name, &self.name);
        for pattern in self.search.patterns() {
            query = query.filter(groups::name.ilike(pattern));
        }
        query
    }
}
