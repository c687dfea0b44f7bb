//! Request bodies of e-mail verification, password changes and e-mail changes.

use crate::customers::accounts::User;
use crate::customers::passwords::{NewPassword, Password};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::request_body;
use crate::platform::types::{Email, NonEmptyText, UserId};

/// Key from the link in the e-mail.
#[request_body(VerifyEmailRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"key": "sent-by-mail"}))]
pub struct VerifyEmailBody {
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub key: NonEmptyText<200>,
}

#[request_body(EmailRequest)]
#[derive(Debug, Clone)]
pub struct EmailBody {
    pub email: Email,
}

/// Current password, and the new password twice.
#[request_body(PasswordChangeRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({
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

/// User id and token from the link in the e-mail, and the new password twice.
#[request_body(PasswordResetConfirmRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({
    "uid": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d4e", "token": "sent-by-mail",
    "new_password1": "battery staple", "new_password2": "battery staple",
}))]
pub struct PasswordResetConfirmBody {
    pub uid: UserId,
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub token: NonEmptyText<200>,
    #[schema(value_type = String, format = Password, min_length = 8)]
    pub new_password1: NewPassword,
    #[schema(value_type = String, format = Password, min_length = 8)]
    pub new_password2: Password,
}

/// New address and current password. If the account has no password, omit `password`; the user must then
/// have signed in within the last ten minutes.
#[request_body(EmailChangeRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({
    "new_email": "ana.wanjiru@example.com", "password": "correct horse",
}))]
pub struct EmailChangeBody {
    pub new_email: Email,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Password>,
}

/// Token from the link in the e-mail.
#[request_body(EmailChangeConfirmRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"token": "sent-by-mail"}))]
pub struct EmailChangeConfirmBody {
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub token: NonEmptyText<200>,
}

/// Rejects a new password that differs from its repetition.
pub(super) fn ensure_passwords_match(password: &NewPassword, repeated: &Password) -> Result<(), Problem> {
    if password.equals(repeated) {
        return Ok(());
    }
    let error = ErrorTree::message("password_mismatch", "The two password fields didn't match.");
    Err(Problem::invalid(ErrorTree::member("new_password2", error)))
}

/// Rejects a new password that is similar to the account's values or the shop's name.
pub(super) fn ensure_not_similar(password: &NewPassword, user: &User, shop_name: &str) -> Result<(), Problem> {
    let account = [user.email.as_str(), &user.first_name, &user.last_name];
    let similarity = password.check_similarity(shop_name, &account);
    similarity.map_err(|error| Problem::invalid(ErrorTree::member("new_password1", error)))
}
