//! HTTP in the format of Django REST framework: request bodies, queries, and middleware for all requests.

mod body;
mod client_address;
mod compression;
mod csv_download;
mod form;
mod from_json;
mod guest_token;
mod head;
mod normalize_path;
mod public_address;
mod query;
mod query_value;
mod request_head;
mod response_format;
mod security_headers;
mod strict_json;
mod trusted_proxies;

pub use body::{Body, FromObject, Members, object_from_json, read_bytes};
pub use client_address::client_address;
pub use compression::{remove_identity_encoding, skip_small_body_compression};
pub use csv_download::{CsvRows, NextCsvRows, download_csv};
pub use from_json::{Field, FromJson, python_type_name, text_from_json};
pub use guest_token::{GuestTokenHeader, guest_token};
pub use head::{OriginalMethod, serve_head_as_get};
pub use mercer_macros::request_body;
pub use normalize_path::normalize_path;
pub use public_address::is_public_address;
pub use query::QueryPairs;
pub use query_value::{Day, QueryValue};
pub use request_head::reject_malformed_requests;
pub use response_format::ResponseFormat;
pub use security_headers::security_headers;
pub use trusted_proxies::TrustedProxies;
