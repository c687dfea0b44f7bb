//! Accounts as JSON, and what may be sent to change them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{Customer, CustomerChanges, User, UserChanges};
use super::services::Profile;
use crate::platform::api::Resource;
use crate::platform::http::{Field, body, patch_body};
use crate::platform::types::{CustomerId, Email, Language, Paragraph, Phone, UserId};

/// The signed-in user, as dj-rest-auth shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
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

/// A customer's own profile.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerView {
    pub id: CustomerId,
    /// Null for somebody who was imported without one.
    pub email: Option<Email>,
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<Phone>,
    /// The language that messages are written in, such as `en` or `de-AT`.
    pub language: String,
    /// What programs around the shop remember about the customer.
    #[schema(value_type = Object)]
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

/// Customers as they would stand in place of their ids; whether somebody may see them is for the caller to say.
pub fn customers_in_full(conn: &mut PgConnection, ids: &[CustomerId]) -> QueryResult<Vec<CustomerView>> {
    let customers = Customer::with_ids(conn, ids)?;
    let users: Vec<UserId> = customers.iter().filter_map(|customer| customer.user_id).collect();
    let users = User::with_ids(conn, &users)?;
    let mut users: HashMap<UserId, User> = users.into_iter().map(|user| (user.id, user)).collect();
    let view = |customer: Customer| {
        let user = customer.user_id.and_then(|id| users.remove(&id));
        CustomerView::new(customer, user)
    };
    Ok(customers.into_iter().map(view).collect())
}

impl From<Profile> for CustomerView {
    fn from(Profile { user, customer }: Profile) -> Self {
        Self::new(customer, Some(user))
    }
}

impl CustomerView {
    /// Somebody without an account has one name, which is not taken apart.
    fn new(customer: Customer, user: Option<User>) -> Self {
        let version = customer.version + user.as_ref().map_or(0, |user| user.version);
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

body! {
    /// A user's own names; the e-mail is changed elsewhere.
    #[schema(as = UserRequest)]
    pub struct UserBody {
        pub first_name: Paragraph<150>,
        pub last_name: Paragraph<150>,
    }
}

impl UserBody {
    pub(super) fn into_changes(self) -> UserChanges {
        UserChanges { first_name: Some(self.first_name.into_inner()), last_name: Some(self.last_name.into_inner()) }
    }
}

patch_body! {
    #[schema(as = PatchedUserRequest)]
    pub struct PatchedUserBody {
        pub first_name: Option<Paragraph<150>>,
        pub last_name: Option<Paragraph<150>>,
    }
}

impl PatchedUserBody {
    pub(super) fn into_changes(self) -> UserChanges {
        UserChanges {
            first_name: self.first_name.map(Paragraph::into_inner),
            last_name: self.last_name.map(Paragraph::into_inner),
        }
    }
}

patch_body! {
    #[schema(as = PatchedCustomerRequest)]
    pub struct PatchedCustomerBody {
        pub first_name: Option<Paragraph<150>>,
        pub last_name: Option<Paragraph<150>>,
        /// Null forgets the number. A number that is known is changed only within ten minutes of signing in.
        #[schema(value_type = Option<String>)]
        pub phone: Field<Phone>,
        /// Of the mails to them.
        #[schema(value_type = Option<Language>)]
        pub language: Option<Language>,
    }
}

impl PatchedCustomerBody {
    pub(super) fn into_changes(self) -> (UserChanges, CustomerChanges) {
        let of_user = UserChanges {
            first_name: self.first_name.map(Paragraph::into_inner),
            last_name: self.last_name.map(Paragraph::into_inner),
        };
        let of_customer = CustomerChanges {
            phone: self.phone.into_nullable(),
            language: self.language.map(Language::into_inner),
            ..CustomerChanges::default()
        };
        (of_user, of_customer)
    }
}
