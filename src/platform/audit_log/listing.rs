//! Lists of entries.

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::platform::api::{ListRequest, Moments, Ordering, Slice, SortColumn, Texts, filter, narrow, paginate};
use crate::platform::audit::Entry;
use crate::platform::error::Problem;
use crate::platform::types::typed_id;
use crate::schema::audit_entries;

typed_id!(
    /// An entry of the audit log.
    EntryId
);

filter! {
    pub struct EntryFilter {
        "action" => pub action: Texts,
        "actor" => pub actor: Texts,
        "object_type" => pub object_type: Texts,
        "object_id" => pub object_id: Texts,
        "address" => pub address: Texts,
        "request_id" => pub request_id: Texts,
        "created_at" => pub created_at: Moments,
    }
}

/// The newest first.
pub struct EntryOrdering;

impl Ordering for EntryOrdering {
    const COLUMNS: &'static [SortColumn] = &[SortColumn::new("created_at", "audit_entries.created_at", "timestamptz")];
    const DEFAULT: &'static str = "-created_at";
    const ID: SortColumn = SortColumn::new("id", "audit_entries.id", "uuid");
}

pub(super) type EntryList = ListRequest<EntryFilter, EntryOrdering>;

impl EntryFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &EntryList) -> Result<Slice<Entry>, Problem> {
        Ok(paginate!(conn, || list.filter.query(), Entry, list))
    }

    fn query<'a>(&self) -> audit_entries::BoxedQuery<'a, Pg> {
        let mut query = audit_entries::table.into_boxed();
        narrow!(query, texts, audit_entries::action, &self.action);
        narrow!(query, texts, audit_entries::actor_id, &self.actor);
        narrow!(query, texts, audit_entries::object_type, &self.object_type);
        narrow!(query, texts, audit_entries::object_id, &self.object_id);
        narrow!(query, texts, audit_entries::address, &self.address);
        narrow!(query, texts, audit_entries::request_id, &self.request_id);
        narrow!(query, moments, audit_entries::created_at, &self.created_at);
        query
    }
}
