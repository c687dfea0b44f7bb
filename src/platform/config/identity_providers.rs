//! OpenID Connect providers, and the URLs that a login can redirect to.

use reqwest::Url;

use super::hosts::is_plain_and_remote;
use super::reader::Reader;
use super::settings::Environment;
use crate::platform::secret::Secret;

/// OpenID Connect provider. Its name is part of URLs.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    pub name: String,
    /// Issuer exactly as the provider writes it, including a trailing slash.
    pub issuer: String,
    pub client_id: String,
    /// `None` for a public client, which authenticates with PKCE only.
    pub client_secret: Option<Secret>,
    /// All client ids of the shop at this provider, including those of mobile apps.
    pub audiences: Vec<String>,
}

/// Provider with variables in `.env.example`. `OIDC_PROVIDERS` lists all others.
const GOOGLE: &str = "google";

impl Reader {
    /// Reads Google, if it has a client id, and all providers of `OIDC_PROVIDERS`.
    pub(super) fn oidc_providers(&mut self) -> Vec<OidcSettings> {
        let mut names: Vec<String> = self.list("OIDC_PROVIDERS");
        for name in names.iter().filter(|name| !is_provider_name(name)) {
            self.problem("OIDC_PROVIDERS", format_args!("{name:?} is not a valid provider name, such as keycloak"));
        }
        names.retain(|name| is_provider_name(name) && name != GOOGLE);
        names.sort_unstable();
        names.dedup();
        let mut providers: Vec<OidcSettings> = names.into_iter().map(|name| self.named_provider(name)).collect();
        if let Some(client_id) = self.text("OIDC_GOOGLE_CLIENT_ID") {
            let settings = OidcSettings {
                name: GOOGLE.to_owned(),
                issuer: self.issuer("OIDC_GOOGLE_ISSUER"),
                client_secret: self.text("OIDC_GOOGLE_CLIENT_SECRET").map(Secret::new),
                audiences: audiences(&client_id, self.list("OIDC_GOOGLE_AUDIENCES")),
                client_id,
            };
            providers.push(settings);
        }
        providers
    }

    fn named_provider(&mut self, name: String) -> OidcSettings {
        let variable = |suffix: &str| format!("OIDC_{}_{suffix}", name.to_uppercase().replace('-', "_"));
        let client_id = self.text(&variable("CLIENT_ID")).unwrap_or_else(|| {
            self.problem(&variable("CLIENT_ID"), "is required by OIDC_PROVIDERS");
            String::new()
        });
        OidcSettings {
            issuer: self.issuer(&variable("ISSUER")),
            client_secret: self.text(&variable("CLIENT_SECRET")).map(Secret::new),
            audiences: audiences(&client_id, self.list(&variable("AUDIENCES"))),
            client_id,
            name,
        }
    }

    /// Reads an issuer without normalization, because tokens must contain exactly this value.
    fn issuer(&mut self, name: &str) -> String {
        let issuer = self.text(name).unwrap_or_default();
        let parsed = Url::parse(&issuer).ok();
        if !parsed.is_some_and(|url| is_http(&url) && url.query().is_none() && url.fragment().is_none()) {
            self.problem(name, "must be an https:// URL without query and fragment");
        }
        issuer
    }

    /// Reads the allowed redirect URLs. Requests must contain one of them exactly.
    pub(super) fn redirect_urls(&mut self, name: &str) -> Vec<String> {
        let urls: Vec<String> = self.list(name);
        for text in &urls {
            let parsed = Url::parse(text).ok().filter(|url| url.as_str() == text && url.fragment().is_none());
            if !parsed.is_some_and(|url| url.username().is_empty() && url.password().is_none()) {
                self.problem(name, format_args!("{text:?} is not a valid URL, such as https://shop.example/welcome"));
            }
        }
        urls
    }

    pub(super) fn reject_unsafe_providers(&mut self, environment: Environment, providers: &[OidcSettings]) {
        for provider in providers {
            let name = format!("OIDC_{}_ISSUER", provider.name.to_uppercase().replace('-', "_"));
            match environment {
                Environment::Production if !provider.issuer.starts_with("https://") => {
                    self.problem(&name, "must be an https:// URL in production");
                }
                Environment::Development if is_plain_and_remote(&provider.issuer) => {
                    self.problem(&name, "must be an https:// URL unless the provider runs on this machine");
                }
                Environment::Production | Environment::Development => {}
            }
        }
    }
}

fn audiences(client_id: &str, others: Vec<String>) -> Vec<String> {
    std::iter::once(client_id.to_owned()).chain(others).collect()
}

fn is_provider_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
}
