//! Filters and orderings of apps.

use super::models::RegisteredApp;
use crate::platform::api::{ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, Search, TextLookups};
use crate::schema::apps;

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = apps, row = RegisteredApp)]
#[list(order_by(name, created_at), default = "name")]
pub struct AppFilter {
    pub name: TextLookups,
    pub is_active: ChoiceLookups<bool>,
    pub created_at: DateTimeLookups,
    /// Words that must all occur in the name. A "quoted phrase" counts as one word.
    #[list(search(name))]
    pub search: Search,
}

pub(super) type AppList = ListRequest<AppFilter>;
