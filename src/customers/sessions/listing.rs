//! Filters and orderings of the list of sessions.

use super::models::Session;
use crate::platform::api::{ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, TextLookups};
use crate::platform::types::UserId;
use crate::schema::sessions;

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = sessions, row = Session)]
#[list(order_by(last_used_at, created_at), default = "-last_used_at")]
pub struct SessionFilter {
    /// Id of the signed-in user.
    #[list(column = user_id)]
    pub user: ChoiceLookups<UserId>,
    pub address: TextLookups,
    pub created_at: DateTimeLookups,
    pub last_used_at: DateTimeLookups,
}

pub(super) type SessionList = ListRequest<SessionFilter>;
