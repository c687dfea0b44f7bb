//! Who else may vouch for people: providers of OpenID Connect, and where they may be sent back to.

use reqwest::Url;

use super::reader::Reader;
use super::{Environment, is_plain_and_remote};
use crate::platform::secret::Secret;

/// A provider of OpenID Connect. Its name is a part of URLs.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    pub name: String,
    /// As the provider writes it, to the last slash.
    pub issuer: String,
    pub client_id: String,
    /// None: the client is public, and proves itself by PKCE alone.
    pub client_secret: Option<Secret>,
    /// All of our client ids there, those of mobile apps among them.
    pub audiences: Vec<String>,
}

/// The one that has variables of its own in `.env.example`; the others are named by `OIDC_PROVIDERS`.
const GOOGLE: &str = "google";

impl Reader {
    /// Google, where it has a client id, and all that `OIDC_PROVIDERS` names.
    pub(super) fn oidc_providers(&mut self) -> Vec<OidcSettings> {
        let mut names: Vec<String> = self.list("OIDC_PROVIDERS");
        for name in names.iter().filter(|name| !is_provider_name(name)) {
            self.problem("OIDC_PROVIDERS", format_args!("{name:?} is no name: keycloak is one"));
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
                audiences: with_own(&client_id, self.list("OIDC_GOOGLE_AUDIENCES")),
                client_id,
            };
            providers.push(settings);
        }
        providers
    }

    fn named_provider(&mut self, name: String) -> OidcSettings {
        let variable = |what: &str| format!("OIDC_{}_{what}", name.to_uppercase().replace('-', "_"));
        let client_id = self.text(&variable("CLIENT_ID")).unwrap_or_else(|| {
            self.problem(&variable("CLIENT_ID"), "is needed by OIDC_PROVIDERS");
            String::new()
        });
        OidcSettings {
            issuer: self.issuer(&variable("ISSUER")),
            client_secret: self.text(&variable("CLIENT_SECRET")).map(Secret::new),
            audiences: with_own(&client_id, self.list(&variable("AUDIENCES"))),
            client_id,
            name,
        }
    }

    /// Not shortened in any way: tokens have to name exactly this.
    fn issuer(&mut self, name: &str) -> String {
        let issuer = self.text(name).unwrap_or_default();
        let parsed = Url::parse(&issuer).ok();
        if !parsed.is_some_and(|url| is_web(&url) && url.query().is_none() && url.fragment().is_none()) {
            self.problem(name, "must be an https:// address without query and fragment");
        }
        issuer
    }

    /// Pages and apps of the shop, each exactly as it will be asked for.
    pub(super) fn redirect_urls(&mut self, name: &str) -> Vec<String> {
        let urls: Vec<String> = self.list(name);
        for text in &urls {
            let parsed = Url::parse(text).ok().filter(|url| url.as_str() == text && url.fragment().is_none());
            if !parsed.is_some_and(|url| url.username().is_empty() && url.password().is_none()) {
                self.problem(name, format_args!("{text:?} is no plain URL: https://shop.example/welcome is one"));
            }
        }
        urls
    }

    pub(super) fn refuse_unsafe_providers(&mut self, environment: Environment, providers: &[OidcSettings]) {
        for provider in providers {
            let name = format!("OIDC_{}_ISSUER", provider.name.to_uppercase().replace('-', "_"));
            match environment {
                Environment::Production if !provider.issuer.starts_with("https://") => {
                    self.problem(&name, "production needs an https:// address");
                }
                Environment::Development if is_plain_and_remote(&provider.issuer) => {
                    self.problem(&name, "plain http:// is for this machine alone");
                }
                Environment::Production | Environment::Development => {}
            }
        }
    }
}

fn with_own(client_id: &str, others: Vec<String>) -> Vec<String> {
    std::iter::once(client_id.to_owned()).chain(others).collect()
}

fn is_provider_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
}
