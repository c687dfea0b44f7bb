//! What is sent to prove something.

use crate::customers::accounts::{NewPassword, Password, User};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::body;
use crate::platform::types::{Email, Line, UserId};

body! {
    /// The key of the link in the mail.
    #[schema(as = VerifyEmailRequest, example = json!({"key": "sent-by-mail"}))]
    pub struct VerifyEmailBody {
        #[schema(value_type = String, min_length = 1, max_length = 200)]
        pub key: Line<200>,
    }
}

body! {
    #[schema(as = EmailRequest)]
    pub struct EmailBody {
        pub email: Email,
    }
}

body! {
    /// The password as it is, and the new one twice.
    #[schema(as = PasswordChangeRequest, example = json!({
        "old_password": "correct horse", "new_password1": "battery staple", "new_password2": "battery staple",
    }))]
    pub struct PasswordChangeBody {
        #[schema(value_type = String, format = Password)]
        pub old_password: Password,
        #[schema(value_type = String, format = Password, min_length = 8)]
        pub new_password1: NewPassword,
        #[schema(value_type = String, format = Password, min_length = 8)]
        pub new_password2: Password,
    }
}

body! {
    /// What stands in the link in the mail, and the new password twice.
    #[schema(as = PasswordResetConfirmRequest, example = json!({
        "uid": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d4e", "token": "sent-by-mail",
        "new_password1": "battery staple", "new_password2": "battery staple",
    }))]
    pub struct PasswordResetConfirmBody {
        pub uid: UserId,
        #[schema(value_type = String, min_length = 1, max_length = 200)]
        pub token: Line<200>,
        #[schema(value_type = String, format = Password, min_length = 8)]
        pub new_password1: NewPassword,
        #[schema(value_type = String, format = Password, min_length = 8)]
        pub new_password2: Password,
    }
}

body! {
    /// The password may be left out by those who have none and signed in within the last ten minutes.
    #[schema(as = EmailChangeRequest, example = json!({
        "new_email": "ana.wanjiru@example.com", "password": "correct horse",
    }))]
    pub struct EmailChangeBody {
        pub new_email: Email,
        #[schema(value_type = Option<String>, format = Password)]
        pub password: Option<Password>,
    }
}

body! {
    /// What stands in the link in the mail.
    #[schema(as = EmailChangeConfirmRequest, example = json!({"token": "sent-by-mail"}))]
    pub struct EmailChangeConfirmBody {
        #[schema(value_type = String, min_length = 1, max_length = 200)]
        pub token: Line<200>,
    }
}

/// A new password is typed twice.
pub(super) fn ensure_same(first: &NewPassword, second: &Password) -> Result<(), Problem> {
    if first.is_same_as(second) {
        return Ok(());
    }
    let told = ErrorTree::message("password_mismatch", "The two password fields didn't match.");
    Err(Problem::invalid(ErrorTree::member("new_password2", told)))
}

/// Nothing that stands in the account, and not the shop's name.
pub(super) fn ensure_unlike(password: &NewPassword, user: &User, shop_name: &str) -> Result<(), Problem> {
    let account = [user.email.as_str(), &user.first_name, &user.last_name];
    let alike = password.check_likeness(shop_name, &account);
    alike.map_err(|error| Problem::invalid(ErrorTree::member("new_password1", error)))
}
