//! Request and response bodies of accounts.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{Customer, CustomerChanges, User, UserChanges};
use super::services::{CustomerWithUser, Profile};
use crate::platform::api::Resource;
use crate::platform::http::{Field, request_body};
use crate::platform::types::{CustomerId, Email, Language, Metadata, Phone, Text, UserId};

/// The signed-in user, with the fields of dj-rest-auth.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User, example = json!({
    "pk": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d02", "email": "ana@example.com", "first_name": "Ana",
    "last_name": "Wanjiru",
}))]
pub struct UserView {
    pub pk: UserId,
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for UserView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let User { id, email, first_name, last_name, version, .. } = user;
        Self { pk: id, email, first_name, last_name, version }
    }
}

/// Profile of a customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d01", "email": "ana@example.com", "first_name": "Ana",
    "last_name": "Wanjiru", "phone": "+254700000001", "language": "en", "metadata": {},
    "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-02T09:00:00Z",
}))]
pub struct CustomerView {
    pub id: CustomerId,
    /// Null for an imported customer without an e-mail address.
    pub email: Option<Email>,
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<Phone>,
    /// Language of the messages to the customer, such as `en` or `de-AT`.
    pub language: String,
    /// Values that integrations store with the customer.
    #[schema(value_type = Metadata)]
    pub metadata: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for CustomerView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

/// Returns the views of customers for `expand`. The caller checks that the principal is allowed to see them.
pub fn expand_customers(conn: &mut PgConnection, ids: &[CustomerId]) -> QueryResult<Vec<CustomerView>> {
    let customers = Customer::list_by_ids(conn, ids)?;
    let users: Vec<UserId> = customers.iter().filter_map(|customer| customer.user_id).collect();
    let users = User::list_by_ids(conn, &users)?;
    let mut users: HashMap<UserId, User> = users.into_iter().map(|user| (user.id, user)).collect();
    let view = |customer: Customer| {
        let user = customer.user_id.and_then(|id| users.remove(&id));
        CustomerView::from(CustomerWithUser { customer, user })
    };
    Ok(customers.into_iter().map(view).collect())
}

impl From<Profile> for CustomerView {
    fn from(Profile { user, customer }: Profile) -> Self {
        Self::from(CustomerWithUser { customer, user: Some(user) })
    }
}

impl From<CustomerWithUser> for CustomerView {
    /// The single name of a customer without an account becomes the first name.
    fn from(person: CustomerWithUser) -> Self {
        let version = person.version();
        let CustomerWithUser { customer, user } = person;
        let (email, first_name, last_name) = match user {
            Some(user) => (Some(user.email), user.first_name, user.last_name),
            None => (customer.email, customer.name, String::new()),
        };
        Self {
            version,
            id: customer.id,
            email,
            first_name,
            last_name,
            phone: customer.phone,
            language: customer.language,
            metadata: customer.metadata,
            created_at: customer.created_at,
            updated_at: customer.updated_at,
        }
    }
}

/// Names of a user.
#[request_body(UserRequest, patch = PatchedUserBody)]
#[derive(Debug, Clone)]
#[schema(example = json!({"first_name": "Ana", "last_name": "Wanjiru"}))]
pub struct UserBody {
    pub first_name: Text<150>,
    pub last_name: Text<150>,
}

impl PatchedUserBody {
    pub(super) fn into_changes(self) -> UserChanges {
        UserChanges {
            first_name: self.first_name.map(Text::into_inner),
            last_name: self.last_name.map(Text::into_inner),
        }
    }
}

#[request_body(PatchedCustomerRequest, partial)]
pub struct PatchedProfileBody {
    pub first_name: Option<Text<150>>,
    pub last_name: Option<Text<150>>,
    /// Null removes the number. Replacing or removing a number requires a sign-in within the last ten minutes.
    #[schema(value_type = Option<String>)]
    pub phone: Field<Phone>,
    /// Language of the messages to the customer.
    #[schema(value_type = Option<Language>)]
    pub language: Option<Language>,
}

impl PatchedProfileBody {
    pub(super) fn user_changes(&self) -> UserChanges {
        UserChanges {
            first_name: self.first_name.clone().map(Text::into_inner),
            last_name: self.last_name.clone().map(Text::into_inner),
        }
    }

    pub(super) fn into_customer_changes(self) -> CustomerChanges {
        CustomerChanges {
            phone: self.phone.into_nullable(),
            language: self.language.map(Language::into_inner),
            ..CustomerChanges::default()
        }
    }
}
