//! What goes wrong, and how it is told: one place makes every error body of the API.

mod api_error;
mod problem;
mod tree;

pub use api_error::{ApiError, ConstraintExt, Kind};
pub use problem::{AsProblemDetails, Problem, render_problems};
pub use tree::{ErrorTree, FieldMessage};
