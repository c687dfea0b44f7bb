//! Conversion of a room's error to HTTP: each variant has a [`Kind`], which one conversion turns into a [`Problem`].

use actix_web::http::StatusCode;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::{Map, Value};

use super::{ErrorTree, Problem};

/// Category of an error, as the client sees it.
#[derive(Debug, Clone)]
pub enum Kind {
    /// The server rejects the request with this status and stable code. The error's `Display` is the detail.
    Rejected { status: StatusCode, code: &'static str, members: Map<String, Value> },
    /// Validation failed, with errors by field.
    Invalid(ErrorTree),
    /// The database aborted the transaction, and a retry can succeed.
    Retryable,
    /// The pool or the database server is temporarily unavailable.
    Unavailable,
    /// A bug or a broken environment. Only the log contains the cause.
    Internal,
    /// The transaction commits although the server rejects the request. See [`Kind::and_commit`].
    Committed(Box<Self>),
}

impl Kind {
    pub fn not_found(code: &'static str) -> Self {
        Self::rejected(StatusCode::NOT_FOUND, code)
    }

    pub fn conflict(code: &'static str) -> Self {
        Self::rejected(StatusCode::CONFLICT, code)
    }

    pub fn rejected(status: StatusCode, code: &'static str) -> Self {
        Self::Rejected { status, code, members: Map::new() }
    }

    /// Adds a member to the body, next to `detail` and `code`.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        if let Self::Rejected { members, .. } = &mut self {
            members.insert(name.to_owned(), value);
        }
        self
    }

    /// Commits what the transaction has written, although it ends with this error: a counted failure, an audit entry.
    ///
    /// Every other error rolls the transaction back.
    #[must_use]
    pub fn and_commit(self) -> Self {
        Self::Committed(Box::new(self))
    }

    /// Kind of an `anyhow` error: a database error keeps its kind, every other error is internal.
    pub fn from_anyhow(cause: &anyhow::Error) -> Self {
        cause.downcast_ref::<diesel::result::Error>().map_or(Self::Internal, ApiError::kind)
    }

    /// Validation error of one field.
    pub fn invalid(field: &str, tree: ErrorTree) -> Self {
        Self::Invalid(ErrorTree::member(field, tree))
    }
}

/// Error of a room that converts to an HTTP response.
pub trait ApiError: std::error::Error + Send + Sync + 'static {
    fn kind(&self) -> Kind;
}

impl<E: ApiError> From<E> for Problem {
    fn from(error: E) -> Self {
        let kind = error.kind();
        Self::from_kind(error, kind)
    }
}

impl Problem {
    fn from_kind(error: impl ApiError, kind: Kind) -> Self {
        match kind {
            Kind::Rejected { status, code, members } => Self::rejected(status, code, error.to_string(), members),
            Kind::Invalid(tree) => Self::invalid(tree),
            Kind::Retryable => Self::unavailable(anyhow::Error::new(error)).retryable(),
            Kind::Unavailable => Self::unavailable(anyhow::Error::new(error)),
            Kind::Internal => Self::internal(anyhow::Error::new(error)),
            Kind::Committed(kind) => Self::from_kind(error, *kind).and_commit(),
        }
    }
}

/// Messages of PostgreSQL and libpq that mean that the database is temporarily unavailable.
///
/// The session sets the language of messages to English.
const UNAVAILABLE_MESSAGES: [&str; 5] = [
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
            // Diesel has no kind for SQLSTATE 40P01, so the message of the server identifies a deadlock.
            Self::DatabaseError(_, cause) if cause.message().contains("deadlock detected") => Kind::Retryable,
            Self::DatabaseError(DatabaseErrorKind::ClosedConnection, _) | Self::BrokenTransactionManager => {
                Kind::Unavailable
            }
            Self::DatabaseError(_, cause) if UNAVAILABLE_MESSAGES.iter().any(|text| cause.message().contains(text)) => {
                Kind::Unavailable
            }
            Self::NotFound => Kind::not_found("not_found"),
            _ => Kind::Internal,
        }
    }
}

/// Converts the violation of a named constraint to an error of the room.
pub trait ConstraintExt<T> {
    /// Replaces a violation of `constraint` with the error that `make` returns.
    ///
    /// The violation has aborted the transaction: return the error and run no further statement.
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
