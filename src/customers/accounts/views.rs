//! Accounts as JSON, and what may be sent to change them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::models::{CustomerChanges, User, UserChanges};
use super::services::Profile;
use crate::platform::http::{Field, body, patch_body};
use crate::platform::types::{CustomerId, Email, Line, Paragraph, Phone, UserId};

/// The signed-in user, as dj-rest-auth shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    pub pk: UserId,
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self { pk: user.id, email: user.email, first_name: user.first_name, last_name: user.last_name }
    }
}

/// A customer's own profile.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerView {
    pub id: CustomerId,
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<Phone>,
    /// Two-letter code of the language that messages are written in.
    pub language: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<Profile> for CustomerView {
    fn from(Profile { user, customer }: Profile) -> Self {
        Self {
            id: customer.id,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            phone: customer.phone,
            language: customer.language,
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
        /// Null forgets the number.
        #[schema(value_type = Option<String>)]
        pub phone: Field<Phone>,
        #[schema(value_type = Option<String>, min_length = 2, max_length = 12)]
        pub language: Option<Line<12>>,
    }
}

impl PatchedCustomerBody {
    pub(super) fn into_changes(self) -> (UserChanges, CustomerChanges) {
        let of_user = UserChanges {
            first_name: self.first_name.map(Paragraph::into_inner),
            last_name: self.last_name.map(Paragraph::into_inner),
        };
        let of_customer =
            CustomerChanges { phone: self.phone.into_nullable(), language: self.language.map(Line::into_inner) };
        (of_user, of_customer)
    }
}
