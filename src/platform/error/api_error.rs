//! From a room's error to HTTP: each variant names its [`Kind`], and one conversion makes the [`Problem`].

use actix_web::http::StatusCode;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::{Map, Value};

use super::{ErrorTree, Problem};

/// What an error means for the client.
#[derive(Debug, Clone)]
pub enum Kind {
    /// The request is refused with this status and stable code; the error's `Display` is the detail.
    Refused { status: StatusCode, code: &'static str, members: Map<String, Value> },
    /// The input is wrong, field by field.
    Invalid(ErrorTree),
    /// The database gave up this transaction for a reason that a second try does not have.
    Retryable,
    /// The pool or the server is not there now.
    Unavailable,
    /// A bug, or a broken world: told to the log, not to the client.
    Internal,
}

impl Kind {
    pub fn not_found(code: &'static str) -> Self {
        Self::refused(StatusCode::NOT_FOUND, code)
    }

    pub fn conflict(code: &'static str) -> Self {
        Self::refused(StatusCode::CONFLICT, code)
    }

    pub fn refused(status: StatusCode, code: &'static str) -> Self {
        Self::Refused { status, code, members: Map::new() }
    }

    /// Adds a member of this code's own to the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        if let Self::Refused { members, .. } = &mut self {
            members.insert(name.to_owned(), value);
        }
        self
    }

    /// Invalid input in one field.
    pub fn invalid(field: &str, tree: ErrorTree) -> Self {
        Self::Invalid(ErrorTree::member(field, tree))
    }
}

/// Every room's error says what it means for the client.
pub trait ApiError: std::error::Error + Send + Sync + 'static {
    fn kind(&self) -> Kind;
}

impl<E: ApiError> From<E> for Problem {
    fn from(error: E) -> Self {
        match error.kind() {
            Kind::Refused { status, code, members } => Self::refused(status, code, error.to_string(), members),
            Kind::Invalid(tree) => Self::invalid(tree),
            Kind::Retryable => Self::unavailable(anyhow::Error::new(error)).retryable(),
            Kind::Unavailable => Self::unavailable(anyhow::Error::new(error)),
            Kind::Internal => Self::internal(anyhow::Error::new(error)),
        }
    }
}

/// What server and libpq say, in the session's fixed English, when it is they who cannot go on.
const AWAY: [&str; 5] = [
    "statement timeout",
    "lock timeout",
    "terminating connection",
    "server closed the connection",
    "no connection to the server",
];

impl ApiError for DieselError {
    fn kind(&self) -> Kind {
        match self {
            Self::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Kind::Retryable,
            // Diesel has no kind of its own for 40P01; its text is the server's, in the session's fixed English.
            Self::DatabaseError(_, cause) if cause.message().contains("deadlock detected") => Kind::Retryable,
            Self::DatabaseError(DatabaseErrorKind::ClosedConnection, _) | Self::BrokenTransactionManager => {
                Kind::Unavailable
            }
            Self::DatabaseError(_, cause) if AWAY.iter().any(|words| cause.message().contains(words)) => {
                Kind::Unavailable
            }
            Self::NotFound => Kind::not_found("not_found"),
            _ => Kind::Internal,
        }
    }
}

/// Turns the refusal of a named constraint into a room's own error.
pub trait ConstraintExt<T> {
    /// The transaction is lost by then: return the error, never carry on.
    fn on_constraint<E: From<DieselError>>(self, constraint: &str, make: impl FnOnce() -> E) -> Result<T, E>;
}

impl<T> ConstraintExt<T> for Result<T, DieselError> {
    fn on_constraint<E: From<DieselError>>(self, constraint: &str, make: impl FnOnce() -> E) -> Result<T, E> {
        self.map_err(|error| match &error {
            DieselError::DatabaseError(_, cause) if cause.constraint_name() == Some(constraint) => make(),
            _ => E::from(error),
        })
    }
}
