//! The object of an audit entry.

use std::fmt::Display;

/// Type and id of the object that an audit entry is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditObject {
    pub(super) object_type: &'static str,
    pub(super) id: String,
}

impl AuditObject {
    pub fn new(object_type: &'static str, id: impl Display) -> Self {
        Self { object_type, id: id.to_string() }
    }
}
