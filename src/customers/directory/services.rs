//! What staff do to customers.

use diesel::pg::PgConnection;
use serde_json::Value;

use super::errors::DirectoryError;
use super::models::Record;
use crate::customers::accounts::{self, RecordChanges};
use crate::customers::addresses::Address;
use crate::platform::api::WriteRequest;
use crate::platform::types::{CustomerId, Phone};

/// What is to be changed of a customer; the number is still as it was written.
#[derive(Debug, Clone)]
pub(super) struct CustomerCommand {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<Option<String>>,
    pub language: Option<String>,
    pub metadata: Option<Value>,
    pub private_metadata: Option<Value>,
}

pub(super) fn find(conn: &mut PgConnection, id: CustomerId) -> Result<Record, DirectoryError> {
    Record::find(conn, id)?.ok_or(DirectoryError::NotFound)
}

/// A number without a country code is one of the country that the customer's goods go to.
pub(super) fn change(
    conn: &mut PgConnection,
    id: CustomerId,
    command: &CustomerCommand,
    request: &WriteRequest,
) -> Result<Record, DirectoryError> {
    find(conn, id)?;
    let phone = match &command.phone {
        Some(Some(text)) => {
            let country = Address::default_country(conn, id)?;
            Some(Some(Phone::in_country(text, country).map_err(DirectoryError::Phone)?))
        }
        Some(None) => Some(None),
        None => None,
    };
    let changes = RecordChanges {
        first_name: command.first_name.clone(),
        last_name: command.last_name.clone(),
        phone,
        language: command.language.clone(),
        metadata: command.metadata.clone(),
        private_metadata: command.private_metadata.clone(),
    };
    accounts::change_record(conn, id, &changes, request)?;
    find(conn, id)
}
