//! Browser with a passkey, from a third-party implementation.

use passkey_authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey_client::{Client as Browser, DefaultClientData, WebauthnError};
use passkey_crypto::AvailableBackend;
use passkey_types::Passkey;
use passkey_types::ctap2::{Aaguid, Ctap2Error};
use passkey_types::webauthn::{
    AuthenticatedPublicKeyCredential, CreatedPublicKeyCredential, CredentialCreationOptions, CredentialRequestOptions,
};
use serde_json::{Value, json};

/// Page of a shop on a developer's machine.
const PAGE: &str = "http://localhost:8000";

/// User verification that always succeeds.
struct AlwaysVerified;

#[async_trait::async_trait]
impl UserValidationMethod for AlwaysVerified {
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

/// Browser with an authenticator.
pub struct Device {
    // One credential. Unlike the crate's other stores, this one also finds it without an allow list.
    browser: Browser<Option<Passkey>, AlwaysVerified, AvailableBackend, public_suffix::PublicSuffixList, ()>,
    page: String,
}

impl Device {
    pub fn new() -> Self {
        let authenticator = Authenticator::new(Aaguid::new_empty(), None, AlwaysVerified, AvailableBackend);
        Self { browser: Browser::new(authenticator).allows_insecure_localhost(true), page: PAGE.to_owned() }
    }

    /// Creates a device with a signature counter.
    pub fn with_counter() -> Self {
        let mut device = Self::new();
        device.browser.authenticator_mut().set_make_credentials_with_signature_counter(true);
        device
    }

    /// Returns the device on another page.
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

    pub async fn try_authenticate(
        &mut self,
        options: &Value,
    ) -> Result<AuthenticatedPublicKeyCredential, WebauthnError> {
        let options: CredentialRequestOptions = serde_json::from_value(json!({"publicKey": options})).unwrap();
        let page = reqwest::Url::parse(&self.page).unwrap();
        self.browser.authenticate(&page, options, DefaultClientData).await
    }

    pub async fn authenticate(&mut self, options: &Value) -> Value {
        serde_json::to_value(self.try_authenticate(options).await.unwrap()).unwrap()
    }
}
