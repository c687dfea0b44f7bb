//! Customer records: find and update.

use diesel::pg::PgConnection;
use serde_json::Value;

use super::errors::DirectoryError;
use super::models::CustomerRecord;
use crate::customers::accounts::{self, CustomerRecordChanges};
use crate::customers::addresses::Address;
use crate::platform::types::{CustomerId, Phone};
use crate::platform::write_context::WriteContext;

/// Command to update a customer.
#[derive(Debug, Clone)]
pub(super) struct UpdateCustomer {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// Phone number as entered, with or without a country code.
    pub phone: Option<Option<String>>,
    pub language: Option<String>,
    pub metadata: Option<Value>,
    pub private_metadata: Option<Value>,
}

pub(super) fn find(conn: &mut PgConnection, id: CustomerId) -> Result<CustomerRecord, DirectoryError> {
    CustomerRecord::find(conn, id)?.ok_or(DirectoryError::NotFound)
}

/// Updates a customer. Interprets a phone number without a country code in the country of the default address.
pub(super) fn update(
    conn: &mut PgConnection,
    id: CustomerId,
    command: &UpdateCustomer,
    context: &WriteContext,
) -> Result<CustomerRecord, DirectoryError> {
    find(conn, id)?;
    let phone = match &command.phone {
        Some(Some(text)) => {
            let country = Address::default_country(conn, id)?;
            Some(Some(Phone::parse_in_country(text, country).map_err(DirectoryError::Phone)?))
        }
        Some(None) => Some(None),
        None => None,
    };
    let changes = CustomerRecordChanges {
        first_name: command.first_name.clone(),
        last_name: command.last_name.clone(),
        phone,
        language: command.language.clone(),
        metadata: command.metadata.clone(),
        private_metadata: command.private_metadata.clone(),
    };
    accounts::change_record(conn, id, &changes, context)?;
    find(conn, id)
}
