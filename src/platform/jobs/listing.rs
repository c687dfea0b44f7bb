//! Lists of jobs.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::{JobRow, JobState};
use crate::platform::error::Problem;
use crate::platform::http::{Page, filter};
use crate::schema::jobs;

filter! {
    pub struct JobFilter {
        "state" => pub state: JobState,
        "name" => pub name: String,
    }
}

impl JobFilter {
    /// The count of all, and the rows of the page, the newest first.
    pub(super) fn page(&self, conn: &mut PgConnection, page: &Page) -> Result<(i64, Vec<JobRow>), Problem> {
        let count: i64 = self.query().count().get_result(conn)?;
        let newest = (jobs::created_at.desc(), jobs::id.desc());
        let rows = self.query().order(newest).limit(page.limit()).offset(page.offset(count)?);
        Ok((count, rows.select(JobRow::as_select()).load(conn)?))
    }

    fn query<'a>(&self) -> jobs::BoxedQuery<'a, Pg> {
        let mut query = jobs::table.into_boxed();
        if let Some(state) = self.state {
            query = query.filter(jobs::state.eq(state));
        }
        if let Some(name) = &self.name {
            query = query.filter(jobs::name.eq(name.clone()));
        }
        query
    }
}
