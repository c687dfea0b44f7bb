//! Errors of the API. One place builds every error body.

mod api_error;
mod codes;
mod problem;
mod tree;
mod unknown_ids;

pub use api_error::{ApiError, ConstraintExt, Kind};
pub use codes::{ERROR_CODES, ErrorCode};
pub use mercer_macros::ApiError;
pub use problem::{Problem, WantsProblemDetails, render_problems};
pub use tree::{ErrorTree, FieldMessage};
pub use unknown_ids::UnknownIds;
