//! HTTP in the dialect of Django REST framework: reading bodies and queries, and what is said around every answer.

mod body;
mod client_address;
mod compression;
mod form;
mod from_json;
mod front_door;
mod head;
mod media;
mod public_address;
mod query;
mod query_value;
mod security_headers;
mod slashes;
mod strict_json;
mod table;

pub use body::{Body, FromObject, Members, object_from_json, read_bytes};
pub(crate) use body::{body, patch_body};
pub use client_address::client_address;
pub use compression::{hide_identity, spare_small_bodies};
pub use from_json::{Field, FromJson, python_type, text_from_json};
pub use front_door::guard_front_door;
pub use head::{SentMethod, answer_head};
pub use media::Negotiated;
pub use public_address::is_public_address;
pub use query::QueryPairs;
pub use query_value::{Day, QueryValue};
pub use security_headers::security_headers;
pub use slashes::serve_both_slashes;
pub use table::{NextRows, Rows, download};
