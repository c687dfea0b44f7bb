//! Groups of customers as JSON, and what may be sent to make and change them.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::models::{CustomerGroup, GroupChanges, Member, NewGroup, member_counts};
use crate::customers::directory::{self, CustomerRecordView};
use crate::platform::api::{Relation, Resource};
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, body, patch_body};
use crate::platform::types::{CustomerGroupId, CustomerId, Line, Metadata, Paragraph};

/// As many as one request adds or removes.
const MOST_MEMBERS: usize = 500;

/// Customers who are treated alike.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerGroup)]
pub struct GroupView {
    pub id: CustomerGroupId,
    pub name: String,
    pub description: String,
    /// How many belong to it.
    pub member_count: i64,
    #[schema(value_type = Object)]
    pub metadata: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for GroupView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

impl GroupView {
    pub(super) fn of(conn: &mut PgConnection, group: CustomerGroup) -> QueryResult<Self> {
        let counts = member_counts(conn, &[group.id])?;
        Ok(Self::new(group, &counts))
    }

    pub(super) fn of_all(conn: &mut PgConnection, groups: Vec<CustomerGroup>) -> QueryResult<Vec<Self>> {
        let ids: Vec<_> = groups.iter().map(|group| group.id).collect();
        let counts = member_counts(conn, &ids)?;
        Ok(groups.into_iter().map(|group| Self::new(group, &counts)).collect())
    }

    fn new(group: CustomerGroup, counts: &std::collections::HashMap<CustomerGroupId, i64>) -> Self {
        Self {
            member_count: counts.get(&group.id).copied().unwrap_or_default(),
            id: group.id,
            name: group.name,
            description: group.description,
            metadata: group.metadata,
            created_at: group.created_at,
            updated_at: group.updated_at,
            version: group.version,
        }
    }
}

/// Somebody who belongs to a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerGroupMember)]
pub struct MemberView {
    pub customer: CustomerId,
    pub added_at: DateTime<Utc>,
}

impl Resource for MemberView {
    const RELATIONS: &'static [Relation] =
        &[Relation::reference("customer", directory::expandable, || CustomerRecordView::RELATIONS)];
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self { customer: member.customer_id, added_at: member.added_at }
    }
}

body! {
    #[schema(as = CustomerGroupRequest)]
    pub struct GroupBody {
        #[schema(value_type = String, min_length = 1, max_length = 150, example = "Wholesale")]
        pub name: Line<150>,
        pub description: Option<Paragraph<1000>>,
        pub metadata: Option<Metadata>,
    }
}

impl GroupBody {
    pub(super) fn into_new(self) -> NewGroup {
        NewGroup {
            name: self.name.into_inner(),
            description: self.description.map(Paragraph::into_inner).unwrap_or_default(),
            metadata: self.metadata.map_or_else(|| json!({}), Metadata::into_inner),
        }
    }

    /// For PUT: what is left out is emptied.
    pub(super) fn into_changes(self) -> GroupChanges {
        let NewGroup { name, description, metadata } = self.into_new();
        GroupChanges { name: Some(name), description: Some(description), metadata: Some(metadata) }
    }
}

patch_body! {
    #[schema(as = PatchedCustomerGroupRequest)]
    pub struct PatchedGroupBody {
        #[schema(value_type = Option<String>, min_length = 1, max_length = 150)]
        pub name: Option<Line<150>>,
        pub description: Option<Paragraph<1000>>,
        pub metadata: Option<Metadata>,
    }
}

impl PatchedGroupBody {
    pub(super) fn into_changes(self) -> GroupChanges {
        GroupChanges {
            name: self.name.map(Line::into_inner),
            description: self.description.map(Paragraph::into_inner),
            metadata: self.metadata.map(Metadata::into_inner),
        }
    }
}

/// One customer at least, 500 at most.
#[derive(Debug)]
pub struct Members(pub Vec<CustomerId>);

impl FromJson for Members {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        if let Value::Array(items) = &value
            && items.len() > MOST_MEMBERS
        {
            let text = format!("Ensure this field has no more than {MOST_MEMBERS} elements.");
            return Err(ErrorTree::message("max_length", text));
        }
        let customers = Vec::<CustomerId>::from_json(value)?;
        if customers.is_empty() {
            return Err(ErrorTree::message("empty", Cow::Borrowed("This list may not be empty.")));
        }
        Ok(Self(customers))
    }
}

body! {
    #[schema(as = CustomerGroupMembersRequest)]
    pub struct MembersBody {
        #[schema(value_type = Vec<uuid::Uuid>, min_items = 1, max_items = 500)]
        pub customers: Members,
    }
}
