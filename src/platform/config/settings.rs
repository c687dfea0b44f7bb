//! Types of single settings.

use std::time::Duration;

use crate::platform::secret::Secret;

/// Environment that the program runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Developer's machine, with unsafe defaults.
    Development,
    /// Real shop. The program rejects unsafe settings.
    Production,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

/// Policy for second factors of staff members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffSecondFactor {
    Optional,
    /// A staff member without a second factor can only set one up.
    Required,
}

/// Policy for the verification of e-mail addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailVerification {
    /// Users can log in before they verify their address. The mail is sent anyway.
    Optional,
    /// Users must verify their address before they log in. Registration does not reveal which addresses have accounts.
    Required,
}

/// SMS provider, with its credentials.
#[derive(Debug, Clone)]
pub enum SmsProvider {
    /// Writes SMS to the log instead of sending them.
    Log,
    AfricasTalking {
        url: String,
        username: String,
        api_key: Secret,
        sender: Option<String>,
    },
    Twilio {
        url: String,
        account_sid: String,
        auth_token: Secret,
        from: String,
    },
}

/// Settings of Redis, which instances share and which can fail at any time.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    pub url: Secret,
    /// Maximum time of each command, including connecting.
    pub timeout: Duration,
}
