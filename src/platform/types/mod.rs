//! Value types that all rooms share. Each has one fallible constructor, which validates input at the boundary.

mod actor;
mod address;
mod bounded_list;
mod contact;
mod country;
mod currency;
mod decimal;
mod ids;
mod json_object;
mod language;
mod macros;
mod metadata;
mod money;
mod quantity;
mod text;

pub use actor::{Actor, ActorView};
pub use address::{AddressPart, AddressRules, PostalAddress};
pub use bounded_list::NonEmptyList;
pub use contact::{Email, Phone};
pub use country::Country;
pub use currency::Currency;
pub use decimal::{DecimalString, Price, decimal_from_json};
pub use ids::{AppId, ChannelId, CustomerId, EventId, JobId, MessageId, SessionId, UserId};
pub(crate) use ids::{id_parameter, new_uuid};
pub use json_object::JsonObject;
pub(crate) use json_object::object_with_any_members;
pub use language::Language;
pub(crate) use macros::{text_column, text_enum, typed_id};
pub use metadata::Metadata;
pub use money::{Money, MoneyError, TaxRate};
pub use quantity::Quantity;
pub use text::{NonEmptyText, Text};
