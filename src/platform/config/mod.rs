//! Settings from environment variables and a `.env` file, validated at start-up. All problems are reported together.

mod hosts;
mod identity_providers;
mod rates;
mod reader;
mod settings;
mod variables;

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::platform::http::TrustedProxies;
use crate::platform::secret::Secret;
use crate::platform::types::Email;
use hosts::{encrypts, is_loopback, is_plain_and_remote, is_remote};
pub use identity_providers::OidcSettings;
pub use rates::{RateLimit, RateLimits};
pub use reader::ConfigError;
use reader::Reader;
pub use settings::{EmailVerification, Environment, LogFormat, RedisSettings, SmsProvider, StaffSecondFactor};
pub use variables::{VARIABLES, Variable, env_example};

/// All settings of the program. `.env.example` documents each variable.
#[derive(Debug, Clone)]
pub struct Config {
    pub environment: Environment,
    pub bind: SocketAddr,
    pub public_url: String,
    /// Base URL of the links in e-mails.
    pub storefront_url: String,
    pub shop_name: String,
    pub data_dir: PathBuf,
    /// `None` in development, where the program generates a key and stores it in the data directory.
    pub secret_key: Option<Secret>,
    pub http_threads: usize,
    pub job_slots: usize,
    pub drain_seconds: u64,
    pub database_url: Option<Secret>,
    pub database_pool_size: u32,
    pub pg_bin_dir: Option<PathBuf>,
    /// Value of `PATH`, to find the PostgreSQL binaries.
    pub program_path: Option<String>,
    pub redis: Option<RedisSettings>,
    pub smtp_url: Option<Secret>,
    pub mail_from: String,
    pub admin_emails: Vec<Email>,
    pub sms: SmsProvider,
    pub cors_allowed_origins: Vec<String>,
    pub trusted_proxies: TrustedProxies,
    /// `None` if rate limiting is disabled.
    pub throttle_rates: Option<RateLimits>,
    pub oidc_providers: Vec<OidcSettings>,
    /// Allowed redirect URLs after a login with an OpenID Connect provider.
    pub auth_redirect_urls: Vec<String>,
    pub access_token_seconds: u32,
    pub refresh_token_days: u32,
    pub signing_key_days: u32,
    pub staff_second_factor: StaffSecondFactor,
    /// `None` for the host of `public_url`.
    pub passkey_domain: Option<String>,
    pub bcrypt_cost: u32,
    pub email_verification: EmailVerification,
    pub log_filter: String,
    pub log_format: LogFormat,
    pub log_file: Option<PathBuf>,
}

impl Config {
    /// Reads `.env` and the environment. The environment takes precedence.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(Reader::from_env()?)
    }

    /// Returns the development defaults, with `overrides` instead of the environment.
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
            // The reader has reported an unknown environment. Do not report production problems as well.
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
            trusted_proxies: TrustedProxies::new(reader.networks("TRUSTED_PROXIES")),
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
        config.reject_unsafe_settings(&mut reader);
        reader.finish(config)
    }

    /// Returns the domain of passkeys. Browsers reject IP addresses, so a loopback address becomes `localhost`.
    pub fn passkey_domain(&self) -> String {
        if let Some(domain) = &self.passkey_domain {
            return domain.clone();
        }
        let host = reqwest::Url::parse(&self.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.map_or_else(String::new, |host| if is_loopback(&host) { "localhost".to_owned() } else { host })
    }

    /// Returns the origins that can use passkeys: that of the shop, and those that CORS allows.
    pub fn passkey_origins(&self) -> Vec<String> {
        let public = reqwest::Url::parse(&self.public_url).ok();
        let localhost = public.clone().filter(|url| url.host_str().is_some_and(is_loopback)).and_then(|mut url| {
            url.set_host(Some("localhost")).ok()?;
            Some(url)
        });
        let shop = public.into_iter().chain(localhost).map(|url| url.origin().ascii_serialization());
        shop.chain(self.cors_allowed_origins.iter().cloned()).collect()
    }

    fn reject_unsafe_settings(&self, reader: &mut Reader) {
        reader.reject_unsafe_providers(self.environment, &self.oidc_providers);
        if self.environment != Environment::Production {
            return;
        }
        match &self.secret_key {
            Some(key) if key.expose().len() >= 32 => {}
            _ => reader.problem("MERCER_SECRET_KEY", "must have at least 32 characters in production"),
        }
        if let Some(url) = &self.database_url
            && is_remote(url.expose())
            && !encrypts(url.expose())
        {
            reader.problem("DATABASE_URL", "must use TLS for a remote database in production: add sslmode=verify-full");
        }
        if is_plain_and_remote(&self.public_url) {
            reader.problem("MERCER_PUBLIC_URL", "must be an https:// URL in production");
        }
        if is_plain_and_remote(&self.storefront_url) && self.storefront_url != self.public_url {
            reader.problem("STOREFRONT_URL", "must be an https:// URL in production");
        }
        if !self.bind.ip().is_loopback() && self.trusted_proxies.is_empty() {
            let problem = "must be a loopback address in production, unless TRUSTED_PROXIES names a proxy with TLS";
            reader.problem("MERCER_BIND", problem);
        }
        if self.bcrypt_cost < 10 {
            reader.problem("BCRYPT_COST", "must be at least 10 in production");
        }
    }
}
