//! Reads variables leniently and remembers every problem, so that all are told at once.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::rates::{Rate, Rates};
use super::variables::VARIABLES;
use super::{RedisSettings, SmsProvider};
use crate::platform::secret::Secret;

/// All that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
#[error("the settings are wrong:\n{}", problems.iter().map(|p| format!("  {p}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError {
    pub problems: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Reader {
    values: HashMap<String, String>,
    problems: Vec<String>,
}

impl Reader {
    #[expect(clippy::disallowed_methods, reason = "settings are read here and nowhere else")]
    pub(super) fn from_env() -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        match dotenvy::dotenv() {
            Ok(_) => {}
            Err(error) if error.not_found() => {}
            // The line itself stays untold: it may hold a secret.
            Err(dotenvy::Error::LineParse(_, _)) => problems.push(
                ".env: a line is not NAME=value; values with spaces, # or quotes need quotes around them".to_owned(),
            ),
            Err(error) => problems.push(format!(".env: {error}")),
        }
        let names = VARIABLES.iter().map(|variable| variable.name).chain(["PATH"]);
        let mut values: HashMap<String, String> =
            names.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect();
        // Variables of other things may be no text; these are looked at by their names alone.
        let others = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let of_providers = others.filter(|(name, _)| is_of_provider(name));
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

    /// The value or its default; none where both are empty.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let default = match VARIABLES.iter().find(|variable| variable.name == name) {
            Some(variable) => variable.default,
            None if is_of_provider(name) => "",
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

    /// A number within bounds; the lowest one stands in for a wrong one, whose problem is noted.
    pub(super) fn number<T>(&mut self, name: &str, least: T, most: T) -> T
    where
        T: FromStr<Err: Display> + PartialOrd + Display + Copy,
    {
        match self.parse(name) {
            Some(number) if number >= least && number <= most => number,
            Some(_) => {
                self.problem(name, format_args!("must be from {least} to {most}"));
                least
            }
            None => least,
        }
    }

    pub(super) fn one_of<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.problem(name, format_args!("{text:?} is none of {}", words.join(", ")));
        }
        found
    }

    pub(super) fn url(&mut self, name: &str, schemes: &[&str]) -> Option<String> {
        let text = self.text(name)?;
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if !scheme.is_some_and(|scheme| schemes.contains(&scheme)) {
            // The value stays untold: it may hold a password.
            self.problem(name, format_args!("must begin with {}://", schemes.join(":// or ")));
            return None;
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    pub(super) fn list<T: FromStr>(&mut self, name: &str) -> Vec<T> {
        let text = self.text(name).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items
            .filter_map(|item| item.parse().map_err(|_| self.problem(name, format_args!("{item:?} is wrong"))).ok())
            .collect()
    }

    /// Scheme, host and port of web pages, as browsers send them.
    pub(super) fn origins(&mut self, name: &str) -> Vec<String> {
        let origins: Vec<String> = self.list(name);
        for origin in origins.iter().filter(|origin| !is_origin(origin)) {
            self.problem(name, format_args!("{origin:?} is no origin: https://shop.example is one"));
        }
        origins
    }

    /// Networks, or single addresses.
    pub(super) fn networks(&mut self, name: &str) -> Vec<IpNet> {
        let texts: Vec<String> = self.list(name);
        let parse = |text: &String| {
            text.parse().or_else(|_| text.parse().map(|address: std::net::IpAddr| IpNet::from(address)))
        };
        texts
            .iter()
            .filter_map(|text| parse(text).map_err(|_| self.problem(name, format_args!("{text:?} is no network"))).ok())
            .collect()
    }

    /// The rates of all classes; none where throttling is off.
    pub(super) fn throttle_rates(&mut self) -> Option<Rates> {
        let is_on = self.one_of("THROTTLING", &[("on", true), ("off", false)]);
        let rates = [
            self.parse::<Rate>("THROTTLE_ANON"),
            self.parse("THROTTLE_USER"),
            self.parse("THROTTLE_LOGIN"),
            self.parse("THROTTLE_WRITE"),
            self.parse("THROTTLE_ATTEMPTS"),
            self.parse("THROTTLE_ACCOUNT"),
        ];
        let concurrent = self.number("THROTTLE_CONCURRENT", 1, 100_000);
        match (is_on, rates) {
            (Some(true), [Some(anon), Some(user), Some(login), Some(write), Some(pair), Some(account)]) => {
                Some(Rates { anon, user, login, write, pair, account, concurrent })
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
                url: self.needed("AFRICASTALKING_URL"),
                username: self.needed("AFRICASTALKING_USERNAME"),
                api_key: Secret::new(self.needed("AFRICASTALKING_API_KEY")),
                sender: self.text("AFRICASTALKING_SENDER"),
            },
            Some("twilio") => SmsProvider::Twilio {
                url: self.needed("TWILIO_URL"),
                account_sid: self.needed("TWILIO_ACCOUNT_SID"),
                auth_token: Secret::new(self.needed("TWILIO_AUTH_TOKEN")),
                from: self.needed("TWILIO_FROM"),
            },
            Some("log") => SmsProvider::Log,
            other => {
                let shown = other.unwrap_or_default().to_owned();
                self.problem("SMS_PROVIDER", format_args!("{shown:?} is none of log, africastalking, twilio"));
                SmsProvider::Log
            }
        }
    }

    fn needed(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.problem(name, "is needed by SMS_PROVIDER");
            String::new()
        })
    }
}

/// Whether a variable is of one of the providers that `OIDC_PROVIDERS` names: those have no line of their own.
fn is_of_provider(name: &str) -> bool {
    let kinds = ["_CLIENT_ID", "_CLIENT_SECRET", "_ISSUER", "_AUDIENCES"];
    name.strip_prefix("OIDC_").is_some_and(|rest| kinds.iter().any(|kind| rest.ends_with(kind)))
}

fn is_origin(text: &str) -> bool {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    is_web && reqwest::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
}
