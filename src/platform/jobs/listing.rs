//! Filters and orderings of jobs.

use super::models::{JobRow, JobState};
use crate::platform::api::{ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, RangeLookups, TextLookups};
use crate::schema::jobs;

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = jobs, row = JobRow)]
#[list(order_by(created_at, run_at, name), default = "-created_at")]
pub struct JobFilter {
    pub state: ChoiceLookups<JobState>,
    pub name: TextLookups,
    pub queue: TextLookups,
    pub attempts: RangeLookups<i32>,
    pub run_at: DateTimeLookups,
    pub created_at: DateTimeLookups,
}

pub(super) type JobList = ListRequest<JobFilter>;
