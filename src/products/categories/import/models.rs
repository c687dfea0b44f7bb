//! Rows of the category import: those of the file and those of the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::products::ids::CategoryId;
use crate::products::slug::Slug;
use crate::schema::categories;

/// Row of an imported file. The parent can be any other row of the file or a stored category.
#[derive(Debug, Clone)]
pub struct CategoryRow {
    pub external_id: String,
    /// External id of the parent.
    pub parent: Option<String>,
    pub name: String,
    /// `None` keeps the stored description.
    pub description: Option<String>,
}

/// Stored category with the columns that an import can change.
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
    pub fn load_all(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        categories::table.select(Self::as_select()).load(conn)
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

/// Category to insert.
#[derive(Insertable)]
#[diesel(table_name = categories)]
pub(super) struct NewCategoryRow<'a> {
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

impl NewCategoryRow<'_> {
    /// Inserts the categories, which must be sorted parents first.
    pub fn insert_all(conn: &mut PgConnection, rows: &[Self]) -> QueryResult<()> {
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(categories::table).values(chunk).execute(conn)?;
        }
        Ok(())
    }
}

/// Number of rows per insert. PostgreSQL accepts at most 65,535 parameters in a statement.
const CHUNK: usize = 5000;
