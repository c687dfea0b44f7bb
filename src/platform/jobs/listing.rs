//! Lists of jobs.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::{JobRow, JobState};
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Ranges, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::error::Problem;
use crate::schema::jobs;

filter! {
    pub struct JobFilter {
        "state" => pub state: Choices<JobState>,
        "name" => pub name: Texts,
        "queue" => pub queue: Texts,
        "attempts" => pub attempts: Ranges<i32>,
        "run_at" => pub run_at: Moments,
        "created_at" => pub created_at: Moments,
    }
}

/// The newest first.
pub struct JobOrdering;

impl Ordering for JobOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("created_at", "jobs.created_at", "timestamptz"),
        SortColumn::new("run_at", "jobs.run_at", "timestamptz"),
        SortColumn::new("name", "jobs.name", "text"),
    ];
    const DEFAULT: &'static str = "-created_at";
    const ID: SortColumn = SortColumn::new("id", "jobs.id", "uuid");
}

pub(super) type JobList = ListRequest<JobFilter, JobOrdering>;

impl JobFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &JobList) -> Result<Slice<JobRow>, Problem> {
        Ok(paginate!(conn, || list.filter.query(), JobRow, list))
    }

    fn query<'a>(&self) -> jobs::BoxedQuery<'a, Pg> {
        let mut query = jobs::table.into_boxed();
        narrow!(query, choices, jobs::state, &self.state);
        narrow!(query, texts, jobs::name, &self.name);
        narrow!(query, texts, jobs::queue, &self.queue);
        narrow!(query, ranges, jobs::attempts, &self.attempts);
        narrow!(query, moments, jobs::run_at, &self.run_at);
        narrow!(query, moments, jobs::created_at, &self.created_at);
        query
    }
}
