//! Lists of programs.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::RegisteredApp;
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Search, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::error::Problem;
use crate::schema::apps;

filter! {
    pub struct AppFilter {
        "name" => pub name: Texts,
        "is_active" => pub is_active: Choices<bool>,
        "created_at" => pub created_at: Moments,
        /// Every word must be in the name; a "quoted phrase" counts as one.
        "search" => pub search: Search,
    }
}

/// By name.
pub struct AppOrdering;

impl Ordering for AppOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("name", "apps.name", "text"),
        SortColumn::new("created_at", "apps.created_at", "timestamptz"),
    ];
    const DEFAULT: &'static str = "name";
    const ID: SortColumn = SortColumn::new("id", "apps.id", "uuid");
}

pub(super) type AppList = ListRequest<AppFilter, AppOrdering>;

impl AppFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &AppList) -> Result<Slice<RegisteredApp>, Problem> {
        Ok(paginate!(conn, || list.filter.query(), RegisteredApp, list))
    }

    fn query<'a>(&self) -> apps::BoxedQuery<'a, Pg> {
        let mut query = apps::table.into_boxed();
        narrow!(query, texts, apps::name, &self.name);
        narrow!(query, choices, apps::is_active, &self.is_active);
        narrow!(query, moments, apps::created_at, &self.created_at);
        for pattern in self.search.patterns() {
            query = query.filter(apps::name.ilike(pattern));
        }
        query
    }
}
