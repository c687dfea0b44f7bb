//! Reader of variables that collects all problems, so that the program reports them together.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::rates::{RateLimit, RateLimits};
use super::settings::{RedisSettings, SmsProvider};
use super::variables::VARIABLES;
use crate::platform::secret::Secret;

/// All problems of the settings.
#[derive(Debug, thiserror::Error)]
#[error("invalid settings:\n{}", problems.iter().map(|p| format!("  {p}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError {
    pub problems: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Reader {
    values: HashMap<String, String>,
    problems: Vec<String>,
}

impl Reader {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads environment variables")]
    pub(super) fn from_env() -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        match dotenvy::dotenv() {
            Ok(_) => {}
            Err(error) if error.not_found() => {}
            // Do not report the line itself: it can contain a secret.
            Err(dotenvy::Error::LineParse(_, _)) => problems.push(
                ".env: every line must have the form NAME=value; quote values with spaces, # or quotes".to_owned(),
            ),
            Err(error) => problems.push(format!(".env: {error}")),
        }
        let names = VARIABLES.iter().map(|variable| variable.name).chain(["PATH"]);
        let mut values: HashMap<String, String> =
            names.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect();
        // Variables of other programs can be invalid UTF-8: skip them by name before reading their values.
        let others = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let of_providers = others.filter(|(name, _)| is_provider_variable(name));
        values.extend(of_providers.filter_map(|(name, value)| Some((name, value.into_string().ok()?))));
        Ok(Self { values, problems })
    }

    pub(super) fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let values = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { values, problems: Vec::new() }
    }

    pub(super) fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(config) } else { Err(ConfigError { problems: self.problems }) }
    }

    pub(super) fn problem(&mut self, name: &str, problem: impl Display) {
        self.problems.push(format!("{name}: {problem}"));
    }

    pub(super) fn program_path(&self) -> Option<String> {
        self.values.get("PATH").cloned()
    }

    /// Returns the value or its default, or `None` if both are empty.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let default = match VARIABLES.iter().find(|variable| variable.name == name) {
            Some(variable) => variable.default,
            None if is_provider_variable(name) => "",
            None => {
                self.problem(name, "is not a documented variable");
                return None;
            }
        };
        let value = self.values.get(name).map_or("", |value| value.trim());
        let value = if value.is_empty() { default } else { value };
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn parse<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        text.parse().map_err(|error| self.problem(name, format_args!("{text:?}: {error}"))).ok()
    }

    /// Returns a number within bounds. Records a problem and returns `min` if it is invalid.
    pub(super) fn number<T>(&mut self, name: &str, min: T, max: T) -> T
    where
        T: FromStr<Err: Display> + PartialOrd + Display + Copy,
    {
        match self.parse(name) {
            Some(number) if number >= min && number <= max => number,
            Some(_) => {
                self.problem(name, format_args!("must be from {min} to {max}"));
                min
            }
            None => min,
        }
    }

    pub(super) fn one_of<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = choices.iter().find(|(choice, _)| *choice == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
            self.problem(name, format_args!("must be one of {}, not {text:?}", names.join(", ")));
        }
        found
    }

    pub(super) fn url(&mut self, name: &str, schemes: &[&str]) -> Option<String> {
        let text = self.text(name)?;
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if !scheme.is_some_and(|scheme| schemes.contains(&scheme)) {
            // Do not report the value: it can contain a password.
            self.problem(name, format_args!("must start with {}://", schemes.join(":// or ")));
            return None;
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    pub(super) fn list<T: FromStr>(&mut self, name: &str) -> Vec<T> {
        let text = self.text(name).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items
            .filter_map(|item| item.parse().map_err(|_| self.problem(name, format_args!("{item:?} is invalid"))).ok())
            .collect()
    }

    /// Reads web origins, which consist of scheme, host and port.
    pub(super) fn origins(&mut self, name: &str) -> Vec<String> {
        let origins: Vec<String> = self.list(name);
        for origin in origins.iter().filter(|origin| !is_origin(origin)) {
            self.problem(name, format_args!("{origin:?} is not an origin such as https://shop.example"));
        }
        origins
    }

    /// Reads networks or single addresses.
    pub(super) fn networks(&mut self, name: &str) -> Vec<IpNet> {
        let texts: Vec<String> = self.list(name);
        let parse = |text: &String| {
            text.parse().or_else(|_| text.parse().map(|address: std::net::IpAddr| IpNet::from(address)))
        };
        let invalid = "is not a network such as 10.0.0.0/8 or an address";
        texts
            .iter()
            .filter_map(|text| parse(text).map_err(|_| self.problem(name, format_args!("{text:?} {invalid}"))).ok())
            .collect()
    }

    /// Reads the rate limits of all classes. Returns `None` if rate limiting is disabled.
    pub(super) fn throttle_rates(&mut self) -> Option<RateLimits> {
        let is_on = self.one_of("THROTTLING", &[("on", true), ("off", false)]);
        let rates = [
            self.parse::<RateLimit>("THROTTLE_ANON"),
            self.parse("THROTTLE_USER"),
            self.parse("THROTTLE_LOGIN"),
            self.parse("THROTTLE_WRITE"),
            self.parse("THROTTLE_ATTEMPTS"),
            self.parse("THROTTLE_ACCOUNT"),
        ];
        let concurrent = self.number("THROTTLE_CONCURRENT", 1, 100_000);
        match (is_on, rates) {
            (Some(true), [Some(anon), Some(user), Some(login), Some(write), Some(attempts), Some(account)]) => {
                Some(RateLimits {
                    anon,
                    user,
                    login,
                    write,
                    attempts_per_address: attempts,
                    attempts_per_account: account,
                    concurrent,
                })
            }
            _ => None,
        }
    }

    pub(super) fn redis(&mut self) -> Option<RedisSettings> {
        let timeout = Duration::from_millis(self.number("REDIS_TIMEOUT_MS", 1, 10_000));
        let url = Secret::new(self.url("REDIS_URL", &["redis", "rediss"])?);
        Some(RedisSettings { url, timeout })
    }

    pub(super) fn sms(&mut self) -> SmsProvider {
        match self.text("SMS_PROVIDER").as_deref() {
            Some("africastalking") => SmsProvider::AfricasTalking {
                url: self.required("AFRICASTALKING_URL"),
                username: self.required("AFRICASTALKING_USERNAME"),
                api_key: Secret::new(self.required("AFRICASTALKING_API_KEY")),
                sender: self.text("AFRICASTALKING_SENDER"),
            },
            Some("twilio") => SmsProvider::Twilio {
                url: self.required("TWILIO_URL"),
                account_sid: self.required("TWILIO_ACCOUNT_SID"),
                auth_token: Secret::new(self.required("TWILIO_AUTH_TOKEN")),
                from: self.required("TWILIO_FROM"),
            },
            Some("log") => SmsProvider::Log,
            other => {
                let text = other.unwrap_or_default().to_owned();
                self.problem("SMS_PROVIDER", format_args!("must be one of log, africastalking, twilio, not {text:?}"));
                SmsProvider::Log
            }
        }
    }

    fn required(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.problem(name, "is required by SMS_PROVIDER");
            String::new()
        })
    }
}

/// Returns true for a variable of a provider in `OIDC_PROVIDERS`. `VARIABLES` does not list these.
fn is_provider_variable(name: &str) -> bool {
    let suffixes = ["_CLIENT_ID", "_CLIENT_SECRET", "_ISSUER", "_AUDIENCES"];
    name.strip_prefix("OIDC_").is_some_and(|rest| suffixes.iter().any(|suffix| rest.ends_with(suffix)))
}

fn is_origin(text: &str) -> bool {
    let is_http = text.starts_with("https://") || text.starts_with("http://");
    is_http && reqwest::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
}
