//! The words that every room shares, as types with one fallible constructor each: parsed at the door, trusted inside.

mod actor;
mod address;
mod contact;
mod country;
mod currency;
mod decimal;
mod ids;
mod language;
mod macros;
mod metadata;
mod money;
mod quantity;
mod reference;
mod slug;
mod text;

pub use actor::Actor;
pub use address::{AddressPart, AddressRules, PostalAddress};
pub use contact::{Email, Phone};
pub use country::Country;
pub use currency::Currency;
pub use decimal::{DecimalString, Price, decimal_from_json};
pub use ids::{
    AppId, CategoryId, ChannelId, CustomerGroupId, CustomerId, EventId, GroupId, JobId, MessageId, OrderId,
    OrderLineId, ProductId, SessionId, StockId, UserId, VariantId, WarehouseId,
};
pub(crate) use ids::{id_parameter, new_uuid};
pub use language::Language;
pub(crate) use macros::{text_column, text_enum, typed_id};
pub use metadata::Metadata;
pub use money::{Money, MoneyError, Rate};
pub use quantity::Quantity;
pub use reference::IdOrSlug;
pub use slug::Slug;
pub use text::{Line, Paragraph};
