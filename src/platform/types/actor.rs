//! Who acts.

use serde_json::{Value, json};

use super::{AppId, UserId};

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who is signed in.
    User(UserId),
    /// A program of somebody else's.
    App(AppId),
    /// Somebody we do not know: a guest.
    Guest,
    /// The program itself: schedules, jobs, imports, the command line.
    System,
}

impl Actor {
    pub fn to_json(self) -> Value {
        match self {
            Self::User(id) => json!({"type": "user", "id": id}),
            Self::App(id) => json!({"type": "app", "id": id}),
            Self::Guest => json!({"type": "guest"}),
            Self::System => json!({"type": "system"}),
        }
    }
}
