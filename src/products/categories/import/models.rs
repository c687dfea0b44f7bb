//! The rows that imports of categories read and write.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::plan::Place;
use crate::platform::types::{CategoryId, Slug};
use crate::schema::categories;

/// A category as it is, as far as a file may change it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = categories)]
pub(super) struct StoredCategory {
    pub id: CategoryId,
    pub parent_id: Option<CategoryId>,
    pub level: i32,
    pub name: String,
    pub slug: Slug,
    pub description: String,
    pub external_id: Option<String>,
}

impl StoredCategory {
    pub fn all(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        categories::table.select(Self::as_select()).load(conn)
    }

    /// This category in its new place.
    pub fn planned(&self, place: &Place<'_>) -> Self {
        let mut planned = self.clone();
        planned.parent_id = place.parent_id;
        planned.level = place.level;
        if let Some((_, row)) = place.listed {
            planned.name.clone_from(&row.name);
            if let Some(description) = &row.description {
                planned.description.clone_from(description);
            }
        }
        planned
    }

    pub fn update(&self, conn: &mut PgConnection, at: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(categories::table.find(self.id))
            .set((
                categories::parent_id.eq(self.parent_id),
                categories::level.eq(self.level),
                categories::name.eq(&self.name),
                categories::description.eq(&self.description),
                categories::version.eq(categories::version + 1),
                categories::updated_at.eq(at),
            ))
            .execute(conn)
    }
}

#[derive(Insertable)]
#[diesel(table_name = categories)]
pub(super) struct NewCategory<'a> {
    pub id: CategoryId,
    pub parent_id: Option<CategoryId>,
    pub level: i32,
    pub sort_order: i32,
    pub name: &'a str,
    pub slug: Slug,
    pub description: &'a str,
    pub external_id: &'a str,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl NewCategory<'_> {
    /// Parents before their children.
    pub fn insert(conn: &mut PgConnection, rows: &[Self]) -> QueryResult<()> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(categories::table).values(chunk).execute(conn)?;
        }
        Ok(())
    }
}

/// Rows of one insert: PostgreSQL takes 65,535 values in a statement.
const CHUNK: usize = 5000;
