//! Actor of a change.

use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AppId, UserId};

/// Actor of a change, as the audit log and events record it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Authenticated customer or staff member.
    User(UserId),
    /// App with its own token.
    App(AppId),
    /// Unauthenticated client.
    Guest,
    /// Mercer itself: a scheduled job, an import, the command line.
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

/// Actor of a change.
#[derive(Debug, ToSchema)]
#[schema(as = Actor, example = json!({"type": "user", "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d02"}))]
#[expect(dead_code, reason = "documents the result of `Actor::to_json`")]
pub struct ActorView {
    #[schema(rename = "type")]
    kind: ActorType,
    /// Id of the user or app. Absent for a guest and the system.
    #[schema(nullable = false)]
    id: Option<Uuid>,
}

/// Type of an actor.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "documents the result of `Actor::to_json`")]
pub enum ActorType {
    User,
    App,
    Guest,
    System,
}
