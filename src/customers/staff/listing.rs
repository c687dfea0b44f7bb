//! Filters and orderings of staff members and groups.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::{Group, StaffMember};
use crate::customers::ids::GroupId;
use crate::platform::api::{ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, Search, TextLookups};
use crate::schema::{group_members, groups, users};

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = users, row = StaffMember)]
#[list(order_by(email, first_name, last_name, created_at), default = "email")]
pub struct StaffFilter {
    #[list(lowercase)]
    pub email: TextLookups,
    pub is_active: ChoiceLookups<bool>,
    pub is_superuser: ChoiceLookups<bool>,
    /// Id of a group. Returns its members.
    #[list(with = filter_by_group)]
    pub group: Option<GroupId>,
    pub created_at: DateTimeLookups,
    #[list(column = users::last_login_at.assume_not_null())]
    pub last_login_at: DateTimeLookups,
    /// Words that must all occur in the e-mail address or the name. A "quoted phrase" counts as one word.
    #[list(search(email, first_name, last_name))]
    pub search: Search,
}

pub(super) type StaffList = ListRequest<StaffFilter>;

fn filter_by_group<'q>(query: users::BoxedQuery<'q, Pg>, group: &Option<GroupId>) -> users::BoxedQuery<'q, Pg> {
    let Some(group) = *group else { return query };
    let members = group_members::table.filter(group_members::group_id.eq(group));
    query.filter(users::id.eq_any(members.select(group_members::user_id)))
}

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = groups, row = Group)]
#[list(order_by(name, created_at), default = "name")]
pub struct StaffGroupFilter {
    pub name: TextLookups,
    /// Words that must all occur in the name. A "quoted phrase" counts as one word.
    #[list(search(name))]
    pub search: Search,
}

pub(super) type StaffGroupList = ListRequest<StaffGroupFilter>;
