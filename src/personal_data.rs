//! Registry of all rooms that store personal data.

use crate::customers::accounts::AccountData;
use crate::customers::addresses::AddressData;
use crate::customers::customer_groups::GroupData;
use crate::customers::directory::{CustomerHistoryData, CustomerNoteData};
use crate::customers::mfa::FactorData;
use crate::customers::oauth::IdentityData;
use crate::customers::sessions::SessionData;
use crate::orders::privacy::OrderData;
use crate::platform::personal_data::PersonalDataRegistry;

/// Returns the rooms that export and erase the personal data of a customer.
pub fn registry() -> PersonalDataRegistry {
    PersonalDataRegistry::default()
        .with(AccountData)
        .with(AddressData)
        .with(CustomerNoteData)
        .with(GroupData)
        .with(SessionData)
        .with(FactorData)
        .with(IdentityData)
        .with(CustomerHistoryData)
        .with(OrderData)
}
