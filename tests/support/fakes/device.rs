//! A browser with a passkey, by somebody else's implementation of both.

use passkey_authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey_client::{Client as Browser, DefaultClientData, WebauthnError};
use passkey_crypto::AvailableBackend;
use passkey_types::Passkey;
use passkey_types::ctap2::{Aaguid, Ctap2Error};
use passkey_types::webauthn::{
    AuthenticatedPublicKeyCredential, CreatedPublicKeyCredential, CredentialCreationOptions, CredentialRequestOptions,
};
use serde_json::{Value, json};

/// Where the pages of a shop on a developer's machine are.
const PAGE: &str = "http://localhost:8000";

/// Touches the key whenever it blinks, by a finger that it knows.
struct Finger;

#[async_trait::async_trait]
impl UserValidationMethod for Finger {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(&self, hint: UiHint<'a, Passkey>, _: bool, _: bool) -> Result<UserCheck, Ctap2Error> {
        if matches!(hint, UiHint::InformExcludedCredentialFound(_)) {
            return Err(Ctap2Error::CredentialExcluded);
        }
        Ok(UserCheck { presence: true, verification: true })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// Somebody's browser and the key in it.
pub struct Device {
    // One credential; unlike the crate's larger store, this one is found without being named.
    browser: Browser<Option<Passkey>, Finger, AvailableBackend, public_suffix::PublicSuffixList, ()>,
    page: String,
}

impl Device {
    pub fn new() -> Self {
        let key = Authenticator::new(Aaguid::new_empty(), None, Finger, AvailableBackend);
        Self { browser: Browser::new(key).allows_insecure_localhost(true), page: PAGE.to_owned() }
    }

    /// One that counts how often it is used.
    pub fn counting() -> Self {
        let mut device = Self::new();
        device.browser.authenticator_mut().set_make_credentials_with_signature_counter(true);
        device
    }

    /// The same on another page.
    pub fn at(mut self, page: &str) -> Self {
        self.page = page.to_owned();
        self
    }

    pub async fn try_create(&mut self, options: &Value) -> Result<CreatedPublicKeyCredential, WebauthnError> {
        let options: CredentialCreationOptions = serde_json::from_value(json!({"publicKey": options})).unwrap();
        let page = reqwest::Url::parse(&self.page).unwrap();
        self.browser.register(&page, options, DefaultClientData).await
    }

    pub async fn create(&mut self, options: &Value) -> Value {
        serde_json::to_value(self.try_create(options).await.unwrap()).unwrap()
    }

    pub async fn try_answer(&mut self, options: &Value) -> Result<AuthenticatedPublicKeyCredential, WebauthnError> {
        let options: CredentialRequestOptions = serde_json::from_value(json!({"publicKey": options})).unwrap();
        let page = reqwest::Url::parse(&self.page).unwrap();
        self.browser.authenticate(&page, options, DefaultClientData).await
    }

    pub async fn answer(&mut self, options: &Value) -> Value {
        serde_json::to_value(self.try_answer(options).await.unwrap()).unwrap()
    }
}
