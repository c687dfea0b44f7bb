//! Settings: environment variables and a `.env` file, typed and checked at the start, all problems told at once.

mod identity_providers;
mod rates;
mod reader;
mod variables;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::platform::secret::Secret;
use crate::platform::types::Email;
pub use identity_providers::OidcSettings;
pub use rates::{Rate, Rates};
pub use reader::ConfigError;
use reader::Reader;
pub use variables::{VARIABLES, Variable, example};

/// Where this program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine: unsafe defaults are fine.
    Development,
    /// For customers: unsafe settings are refused.
    Production,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

/// Whether staff need more than a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffSecondFactor {
    Optional,
    /// Without one, they may set one up and nothing else.
    Required,
}

/// Whether somebody signs in before they have proved their e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailVerification {
    /// They do; the mail is sent all the same.
    Optional,
    /// They do not, and registering tells nobody which addresses have accounts.
    Required,
}

/// Who carries text messages.
#[derive(Debug, Clone)]
pub enum SmsProvider {
    /// Nobody: a line in the log.
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

/// The Redis that instances share, and may lose at any time.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    pub url: Secret,
    /// For each answer, connecting included.
    pub timeout: Duration,
}

/// All settings of the program.
#[derive(Debug, Clone)]
pub struct Config {
    pub environment: Environment,
    pub bind: SocketAddr,
    pub public_url: String,
    /// Where people open the links in their mails.
    pub storefront_url: String,
    pub shop_name: String,
    pub data_dir: PathBuf,
    /// None: development, where one is made and kept in the data directory.
    pub secret_key: Option<Secret>,
    pub http_threads: usize,
    pub job_slots: usize,
    pub drain_seconds: u64,
    pub database_url: Option<Secret>,
    pub database_pool_size: u32,
    pub pg_bin_dir: Option<PathBuf>,
    /// Where programs are looked up: `PATH`.
    pub program_path: Option<String>,
    pub redis: Option<RedisSettings>,
    pub smtp_url: Option<Secret>,
    pub mail_from: String,
    pub admin_emails: Vec<Email>,
    pub sms: SmsProvider,
    pub cors_allowed_origins: Vec<String>,
    pub trusted_proxies: Vec<IpNet>,
    /// None: nobody is counted.
    pub throttle_rates: Option<Rates>,
    pub oidc_providers: Vec<OidcSettings>,
    /// Where people may be sent after signing in elsewhere: exactly these.
    pub auth_redirect_urls: Vec<String>,
    pub access_token_seconds: u32,
    pub refresh_token_days: u32,
    pub signing_key_days: u32,
    pub staff_second_factor: StaffSecondFactor,
    /// None: the host of `public_url`.
    pub passkey_domain: Option<String>,
    pub bcrypt_cost: u32,
    pub email_verification: EmailVerification,
    pub log_filter: String,
    pub log_format: LogFormat,
    pub log_file: Option<PathBuf>,
}

impl Config {
    /// Reads `.env` and the environment, which wins.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(Reader::from_env()?)
    }

    /// The defaults of development, with `overrides` in place of the environment.
    pub fn from_pairs(overrides: &[(&str, &str)]) -> Result<Self, ConfigError> {
        Self::read(Reader::from_pairs(overrides))
    }

    fn read(mut reader: Reader) -> Result<Self, ConfigError> {
        let environment = reader.one_of(
            "MERCER_ENV",
            &[("development", Environment::Development), ("production", Environment::Production)],
        );
        let public_url = reader.url("MERCER_PUBLIC_URL", &["http", "https"]).unwrap_or_default();
        let storefront_url = reader.url("STOREFRONT_URL", &["http", "https"]).unwrap_or_else(|| public_url.clone());
        let config = Self {
            // An unknown one is a problem of its own, and no reason for more.
            environment: environment.unwrap_or(Environment::Development),
            bind: reader.parse("MERCER_BIND").unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8000))),
            public_url,
            storefront_url,
            shop_name: reader.text("MERCER_SHOP_NAME").unwrap_or_default(),
            data_dir: PathBuf::from(reader.text("MERCER_DATA_DIR").unwrap_or_default()),
            secret_key: reader.text("MERCER_SECRET_KEY").map(Secret::new),
            http_threads: reader.number("MERCER_WORKERS", 1, 1024),
            job_slots: reader.number("MERCER_JOB_SLOTS", 1, 1024),
            drain_seconds: reader.number("MERCER_DRAIN_SECONDS", 0, 600),
            database_url: reader.url("DATABASE_URL", &["postgres", "postgresql"]).map(Secret::new),
            database_pool_size: reader.number("DATABASE_POOL_SIZE", 2, 1000),
            pg_bin_dir: reader.text("PG_BIN_DIR").map(PathBuf::from),
            program_path: reader.program_path(),
            redis: reader.redis(),
            smtp_url: reader.url("SMTP_URL", &["smtp", "smtps"]).map(Secret::new),
            mail_from: reader.text("MAIL_FROM").unwrap_or_default(),
            admin_emails: reader.list("ADMIN_EMAILS"),
            sms: reader.sms(),
            cors_allowed_origins: reader.origins("CORS_ALLOWED_ORIGINS"),
            trusted_proxies: reader.networks("TRUSTED_PROXIES"),
            throttle_rates: reader.throttle_rates(),
            oidc_providers: reader.oidc_providers(),
            auth_redirect_urls: reader.redirect_urls("AUTH_REDIRECT_URLS"),
            access_token_seconds: reader.number("ACCESS_TOKEN_SECONDS", 30, 86_400),
            refresh_token_days: reader.number("REFRESH_TOKEN_DAYS", 1, 3650),
            signing_key_days: reader.number("SIGNING_KEY_DAYS", 1, 3650),
            staff_second_factor: reader
                .one_of(
                    "STAFF_SECOND_FACTOR",
                    &[("optional", StaffSecondFactor::Optional), ("required", StaffSecondFactor::Required)],
                )
                .unwrap_or(StaffSecondFactor::Required),
            passkey_domain: reader.text("PASSKEY_DOMAIN"),
            bcrypt_cost: reader.number("BCRYPT_COST", 4, 16),
            email_verification: reader
                .one_of(
                    "EMAIL_VERIFICATION",
                    &[("optional", EmailVerification::Optional), ("required", EmailVerification::Required)],
                )
                .unwrap_or(EmailVerification::Required),
            log_filter: reader.text("RUST_LOG").unwrap_or_default(),
            log_format: reader
                .one_of("LOG_FORMAT", &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)])
                .unwrap_or(LogFormat::Pretty),
            log_file: reader.text("LOG_FILE").map(PathBuf::from),
        };
        config.refuse_unsafe_production(&mut reader);
        reader.finish(config)
    }

    /// Whether somebody's word on whom they forward counts. An IPv4 address may come mapped into IPv6, as it does where
    /// one socket serves both.
    pub fn is_trusted_proxy(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    /// The domain that passkeys are made for. Browsers take no addresses: on a developer's machine it is `localhost`.
    pub fn passkey_domain(&self) -> String {
        if let Some(domain) = &self.passkey_domain {
            return domain.clone();
        }
        let host = reqwest::Url::parse(&self.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.map_or_else(String::new, |host| if is_loopback(&host) { "localhost".to_owned() } else { host })
    }

    /// The pages that may ask for passkeys: the shop's own, and those that may call it.
    pub fn passkey_origins(&self) -> Vec<String> {
        let own = reqwest::Url::parse(&self.public_url).ok();
        let by_name = own.clone().filter(|url| url.host_str().is_some_and(is_loopback)).and_then(|mut url| {
            url.set_host(Some("localhost")).ok()?;
            Some(url)
        });
        let own = own.into_iter().chain(by_name).map(|url| url.origin().ascii_serialization());
        own.chain(self.cors_allowed_origins.iter().cloned()).collect()
    }

    fn refuse_unsafe_production(&self, reader: &mut Reader) {
        reader.refuse_unsafe_providers(self.environment, &self.oidc_providers);
        if self.environment != Environment::Production {
            return;
        }
        match &self.secret_key {
            Some(key) if key.expose().len() >= 32 => {}
            _ => reader.problem("MERCER_SECRET_KEY", "production needs a secret of 32 characters or more"),
        }
        if let Some(url) = &self.database_url
            && is_remote(url.expose())
            && !encrypts(url.expose())
        {
            reader.problem("DATABASE_URL", "production needs TLS to a remote database: add sslmode=verify-full");
        }
        if is_plain_and_remote(&self.public_url) {
            reader.problem("MERCER_PUBLIC_URL", "production needs an https:// address");
        }
        if is_plain_and_remote(&self.storefront_url) && self.storefront_url != self.public_url {
            reader.problem("STOREFRONT_URL", "production needs an https:// address");
        }
        if !self.bind.ip().is_loopback() && self.trusted_proxies.is_empty() {
            reader
                .problem("MERCER_BIND", "production serves plain HTTP only behind a proxy: name it in TRUSTED_PROXIES");
        }
        if self.bcrypt_cost < 10 {
            reader.problem("BCRYPT_COST", "production needs 10 or more");
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a database URL leads off this machine: by its authority, or by a `host` or `hostaddr` parameter.
fn is_remote(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = authority.split('/').next().unwrap_or_default();
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts).split(',');
    let named = query.split('&').filter_map(|pair| pair.split_once('='));
    let named = named.filter(|(name, _)| matches!(*name, "host" | "hostaddr")).flat_map(|(_, hosts)| hosts.split(','));
    hosts.chain(named).any(|host| !is_local(host))
}

/// A socket, `localhost` or a loopback address, with or without a port.
fn is_local(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or_default(),
        None => host,
    };
    let is_socket = bare.is_empty() || bare.starts_with('/') || bare.starts_with("%2F") || bare.starts_with("%2f");
    is_socket || bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The value of a URL's `sslmode`.
fn encrypts(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut modes = query.split('&').filter_map(|pair| pair.strip_prefix("sslmode="));
    modes.next_back().is_some_and(|mode| matches!(mode, "require" | "verify-ca" | "verify-full"))
}

/// Plain HTTP within one machine needs no TLS.
fn is_plain_and_remote(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    !is_local(rest.split(['/', '?']).next().unwrap_or_default()) || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_database_is_known_by_any_of_its_hosts() {
        for url in [
            "postgres:///db",
            "postgres://u:p@localhost/db",
            "postgres://127.0.0.1:5432/db",
            "postgres://[::1]/db",
            "postgres://u@%2Frun%2Fpg/db",
            "postgres:///db?host=/run/pg",
        ] {
            assert!(!is_remote(url), "{url}");
        }
        for url in [
            "postgres://db.example/db",
            "postgres:///db?host=db.example",
            "postgres://localhost.evil.example/db",
            "postgres://127.example/db",
            "postgres://localhost,db.example/db",
        ] {
            assert!(is_remote(url), "{url}");
        }
        assert!(encrypts("postgres://h/db?a=b&sslmode=verify-full"));
        assert!(!encrypts("postgres://sslmode=require/db?sslmode=prefer"));
    }
}
