//! Error codes of the customers domain.

use crate::platform::error::ErrorCode;

pub const ERROR_CODES: &[ErrorCode] = &[
    ErrorCode::new(
        "customer_erased",
        &[409],
        "The personal data of the customer was erased. Only the id remains, for the orders.",
        "An erased customer cannot be changed or restored.",
    ),
    ErrorCode::new(
        "export_gone",
        &[410],
        "The export of personal data has been downloaded or has expired.",
        "Request a new export.",
    ),
    ErrorCode::new(
        "export_not_ready",
        &[409],
        "The worker has not completed the export yet.",
        "Repeat the request later.",
    ),
    ErrorCode::new(
        "invalid_state",
        &[400],
        "The sign-in with a provider was started in another browser, is completed or has expired.",
        "Start the sign-in again.",
    ),
    ErrorCode::new(
        "last_holder",
        &[409],
        "No other active staff member would have the permissions that the body lists.",
        "Grant the permissions to another staff member first.",
    ),
    ErrorCode::new(
        "mfa_required",
        &[401],
        "The password is correct, and the account requires a second factor.",
        "Complete the sign-in at `/api/auth/mfa/verify/` with the `mfa_token` of the body.",
    ),
    ErrorCode::new(
        "mfa_token_not_valid",
        &[401],
        "The token of the sign-in is unknown, used or expired, or has too many failed attempts.",
        "Sign in again.",
    ),
    ErrorCode::new(
        "no_account",
        &[409],
        "The customer has no user account.",
        "Only customers with an account can be activated or deactivated.",
    ),
    ErrorCode::new(
        "no_active_account",
        &[401],
        "The credentials are wrong, or the account is deactivated.",
        "Check the e-mail address and the password, or reset the password.",
    ),
    ErrorCode::new(
        "not_active",
        &[409],
        "The account has no second factor of this kind.",
        "Set up the second factor first.",
    ),
    ErrorCode::new(
        "nothing_to_confirm",
        &[409],
        "No set-up of an authenticator app is in progress, or it has expired.",
        "Start the set-up again.",
    ),
    ErrorCode::new(
        "out_of_scope",
        &[403],
        "The principal is restricted to channels, or does not have the permissions that it wants to grant or revoke.",
        "Let a staff member do it who has these permissions in all channels.",
    ),
    ErrorCode::new(
        "own_account",
        &[409],
        "Staff members cannot reset their own second factors here.",
        "Use the endpoints below `/api/auth/mfa/`.",
    ),
    ErrorCode::new("passkey_known", &[409], "The passkey is registered already.", "Use another authenticator."),
    ErrorCode::new(
        "staff_account",
        &[409],
        "The account belongs to a staff member, which the customer endpoints do not change.",
        "Use the endpoints below `/api/staff/`, or remove the staff member first.",
    ),
    ErrorCode::new(
        "too_many_addresses",
        &[409],
        "The customer has the maximum number of addresses.",
        "Delete an address first.",
    ),
    ErrorCode::new(
        "too_many_failures",
        &[429],
        "Too many wrong codes were sent for this account.",
        "Wait an hour, or use another second factor.",
    ),
    ErrorCode::new(
        "too_many_passkeys",
        &[409],
        "The account has the maximum number of passkeys.",
        "Delete a passkey first.",
    ),
    ErrorCode::new("too_many_tokens", &[409], "The app has the maximum number of tokens.", "Revoke a token first."),
    ErrorCode::new("totp_active", &[409], "An authenticator app is set up already.", "Remove it first."),
    ErrorCode::new(
        "unfinished_business",
        &[409],
        "The customer has open orders or returns, so the personal data is still needed.",
        "Complete or cancel what the `detail` names, then repeat the request.",
    ),
];
