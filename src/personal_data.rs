//! Every room that knows something of people.

use crate::customers::accounts::AccountData;
use crate::customers::addresses::AddressData;
use crate::customers::auth::SessionData;
use crate::customers::customer_groups::GroupData;
use crate::customers::directory::{HistoryData, NoteData};
use crate::customers::mfa::FactorData;
use crate::customers::oauth::IdentityData;
use crate::orders::lifecycle::OrderData;
use crate::platform::personal_data::PersonalDataRegistry;

/// Asked when somebody wants to know what the shop knows of them, and when they want to be forgotten.
pub fn registry() -> PersonalDataRegistry {
    PersonalDataRegistry::default()
        .with(AccountData)
        .with(AddressData)
        .with(NoteData)
        .with(GroupData)
        .with(SessionData)
        .with(FactorData)
        .with(IdentityData)
        .with(HistoryData)
        .with(OrderData)
}
