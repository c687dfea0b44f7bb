//! Settings: all problems are reported together, and production rejects unsafe values.

use std::process::Command;

use mercer::platform::config::{Config, EmailVerification, Environment, LogFormat, SmsProvider, VARIABLES};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

/// Settings that production accepts.
const SAFE: [(&str, &str); 4] = [
    ("MERCER_ENV", "production"),
    ("MERCER_SECRET_KEY", "thirty-two characters of a secret"),
    ("MERCER_PUBLIC_URL", "https://shop.example"),
    ("DATABASE_URL", "postgres://mercer@db.example/mercer?sslmode=verify-full"),
];

fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
    Config::from_pairs(pairs).map_or_else(|error| error.problems, |_| Vec::new())
}

/// Returns the problems of a safe production configuration with one changed setting.
fn in_production(name: &str, value: &str) -> Vec<String> {
    let mut pairs = SAFE.to_vec();
    pairs.retain(|(known, _)| *known != name);
    pairs.push((name, value));
    problems(&pairs)
}

#[test]
fn defaults_are_for_development() {
    let config = Config::from_pairs(&[]).unwrap();

    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(config.public_url, "http://127.0.0.1:8000");
    assert_eq!(config.database_pool_size, 16);
    assert_eq!((config.access_token_seconds, config.refresh_token_days), (300, 30));
    assert_eq!(config.log_format, LogFormat::Pretty);
    assert!(config.database_url.is_none() && config.redis.is_none() && config.smtp_url.is_none());
    assert!(config.cors_allowed_origins.is_empty() && config.trusted_proxies.is_empty());
    assert!(matches!(config.sms, SmsProvider::Log));
}

#[test]
fn links_in_mails_use_the_storefront_url_or_the_public_url() {
    let url = |pairs: &[(&str, &str)]| Config::from_pairs(pairs).unwrap().storefront_url;

    assert_eq!(url(&[]), "http://127.0.0.1:8000");
    assert_eq!(url(&[("MERCER_PUBLIC_URL", "https://api.example")]), "https://api.example");
    let both = [("MERCER_PUBLIC_URL", "https://api.example"), ("STOREFRONT_URL", "https://shop.example/")];
    assert_eq!(url(&both), "https://shop.example");
    assert_eq!(
        in_production("STOREFRONT_URL", "http://shop.example"),
        ["STOREFRONT_URL: must be an https:// URL in production"]
    );
}

#[test]
fn email_verification_is_optional_by_default() {
    let verification = |pairs: &[(&str, &str)]| Config::from_pairs(pairs).unwrap().email_verification;

    assert_eq!(verification(&[]), EmailVerification::Optional);
    assert_eq!(verification(&[("EMAIL_VERIFICATION", "required")]), EmailVerification::Required);
    assert_eq!(
        problems(&[("EMAIL_VERIFICATION", "yes")]),
        ["EMAIL_VERIFICATION: must be one of optional, required, not \"yes\""]
    );
}

#[test]
fn empty_variable_counts_as_absent() {
    let empty: Vec<_> = VARIABLES.iter().map(|variable| (variable.name, " ")).collect();

    let [config, defaults] = [empty.as_slice(), &[]].map(|pairs| Config::from_pairs(pairs).unwrap());

    assert_eq!(format!("{config:?}"), format!("{defaults:?}"));
}

#[test]
fn all_problems_of_the_settings_are_reported_together() {
    let reported = problems(&[
        ("MERCER_ENV", "staging"),
        ("MERCER_BIND", "8000"),
        ("MERCER_PUBLIC_URL", "shop.example"),
        ("DATABASE_URL", "mysql://db/mercer"),
        ("DATABASE_POOL_SIZE", "1"),
        ("ADMIN_EMAILS", "boss@example.com, boss"),
        ("SMS_PROVIDER", "pigeon"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 300.1.1.1"),
        ("ACCESS_TOKEN_SECONDS", "soon"),
        ("LOG_FORMAT", "xml"),
    ]);

    let names: Vec<_> = reported.iter().map(|problem| problem.split(':').next().unwrap()).collect();
    // With an unknown environment, the problems of production are not reported.
    assert_eq!(
        names,
        [
            "MERCER_ENV",
            "MERCER_PUBLIC_URL",
            "MERCER_BIND",
            "DATABASE_URL",
            "DATABASE_POOL_SIZE",
            "ADMIN_EMAILS",
            "SMS_PROVIDER",
            "TRUSTED_PROXIES",
            "ACCESS_TOKEN_SECONDS",
            "LOG_FORMAT",
        ]
    );
}

#[test]
fn problem_of_a_setting_states_the_valid_values() {
    for (name, value, problem) in [
        ("MERCER_ENV", "prod", "must be one of development, production, not \"prod\""),
        ("DATABASE_POOL_SIZE", "1", "must be from 2 to 1000"),
        ("DATABASE_POOL_SIZE", "99999999999", "\"99999999999\": number too large to fit in target type"),
        ("REDIS_URL", "localhost", "must start with redis:// or rediss://"),
        ("REDIS_TIMEOUT_MS", "0", "must be from 1 to 10000"),
        ("THROTTLE_CONCURRENT", "0", "must be from 1 to 100000"),
        ("SMTP_URL", "mail.example", "must start with smtp:// or smtps://"),
        ("BCRYPT_COST", "3", "must be from 4 to 16"),
        ("CORS_ALLOWED_ORIGINS", "*", "\"*\" is not an origin such as https://shop.example"),
        ("CORS_ALLOWED_ORIGINS", "shop.example", "\"shop.example\" is not an origin such as https://shop.example"),
        (
            "CORS_ALLOWED_ORIGINS",
            "https://shop.example/",
            "\"https://shop.example/\" is not an origin such as https://shop.example",
        ),
    ] {
        assert_eq!(problems(&[(name, value)]), [format!("{name}: {problem}")]);
    }
}

#[test]
fn sms_provider_requires_its_credentials() {
    assert_eq!(
        problems(&[("SMS_PROVIDER", "twilio")]),
        [
            "TWILIO_ACCOUNT_SID: is required by SMS_PROVIDER",
            "TWILIO_AUTH_TOKEN: is required by SMS_PROVIDER",
            "TWILIO_FROM: is required by SMS_PROVIDER",
        ]
    );
    assert_eq!(
        problems(&[("SMS_PROVIDER", "africastalking"), ("AFRICASTALKING_USERNAME", "shop")]),
        ["AFRICASTALKING_API_KEY: is required by SMS_PROVIDER"]
    );
}

#[test]
fn production_accepts_safe_settings() {
    assert_eq!(problems(&SAFE), [""; 0]);
    for (name, value) in [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "postgres://mercer:secret@localhost:5432/mercer"),
        ("DATABASE_URL", "postgres://mercer@127.0.0.1/mercer"),
        ("DATABASE_URL", "postgres://mercer@[::1]/mercer"),
        ("DATABASE_URL", "postgresql:///mercer?host=/var/run/postgresql"),
        ("DATABASE_URL", "postgresql://%2Fvar%2Frun%2Fpostgresql/mercer"),
        ("DATABASE_URL", "postgres://db.example/mercer?sslmode=require"),
        ("MERCER_PUBLIC_URL", "http://localhost:8000"),
        ("MERCER_PUBLIC_URL", "http://127.0.0.1"),
        ("BCRYPT_COST", "10"),
    ] {
        assert_eq!(in_production(name, value), [""; 0], "{name}={value}");
    }
}

#[test]
fn production_requires_a_secret_key() {
    let expected = ["MERCER_SECRET_KEY: must have at least 32 characters in production"];

    for secret in ["", "short", &"x".repeat(31)] {
        assert_eq!(in_production("MERCER_SECRET_KEY", secret), expected, "{secret}");
    }
}

#[test]
fn production_requires_tls_to_a_remote_database() {
    let expected = ["DATABASE_URL: must use TLS for a remote database in production: add sslmode=verify-full"];

    for url in [
        "postgres://db.example/mercer",
        "postgres://mercer:secret@db.example:5432/mercer?sslmode=disable",
        "postgres://mercer@db.example/mercer?sslmode=prefer",
        "postgres://mercer@10.0.0.5/mercer",
        // Remote hosts that look like local ones.
        "postgres://localhost.example/mercer",
        "postgres://127.example/mercer",
        "postgres://mercer@/mercer?host=db.example",
        "postgres://localhost,db.example/mercer",
        // Text that looks like an sslmode parameter.
        "postgres://mercer:sslmode=require@db.example/mercer",
        "postgres://db.example/mercer?application_name=sslmode=require",
        "postgres://db.example/mercer?sslmode=required",
    ] {
        assert_eq!(in_production("DATABASE_URL", url), expected, "{url}");
    }
}

#[test]
fn production_requires_an_https_public_url() {
    let expected = ["MERCER_PUBLIC_URL: must be an https:// URL in production"];

    for url in ["http://shop.example", "http://localhost.example", "http://127.example"] {
        assert_eq!(in_production("MERCER_PUBLIC_URL", url), expected, "{url}");
    }
}

#[test]
fn production_binds_a_public_address_only_behind_a_proxy() {
    let mut pairs = SAFE.to_vec();
    pairs.push(("MERCER_BIND", "0.0.0.0:8000"));
    assert_eq!(
        problems(&pairs),
        ["MERCER_BIND: must be a loopback address in production, unless TRUSTED_PROXIES names a proxy with TLS"]
    );

    pairs.push(("TRUSTED_PROXIES", "10.0.0.0/8, 192.168.1.1"));
    assert_eq!(problems(&pairs), [""; 0]);
}

#[test]
fn production_requires_a_minimum_bcrypt_cost() {
    assert_eq!(in_production("BCRYPT_COST", "9"), ["BCRYPT_COST: must be at least 10 in production"]);
}

#[test]
fn production_reports_all_unsafe_settings_together() {
    let reported = problems(&[
        ("MERCER_ENV", "production"),
        ("DATABASE_URL", "postgres://db.example/mercer"),
        ("MERCER_PUBLIC_URL", "http://shop.example"),
        ("MERCER_BIND", "0.0.0.0:80"),
        ("BCRYPT_COST", "4"),
    ]);

    assert_eq!(reported.len(), 5, "{reported:#?}");
}

#[test]
fn problems_and_debug_output_contain_no_secrets() {
    let wrong = [
        ("MERCER_ENV", "production"),
        ("MERCER_SECRET_KEY", "open sesame"),
        ("DATABASE_URL", "mysql://mercer:sesame@db.example/mercer"),
        ("REDIS_URL", "http://:sesame@redis.example"),
        ("SMTP_URL", "ftp://shop:sesame@mail.example"),
        ("SMS_PROVIDER", "twilio"),
        ("TWILIO_AUTH_TOKEN", "sesame"),
    ];
    let error = Config::from_pairs(&wrong).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("sesame"), "{error}");

    let right = [
        ("MERCER_SECRET_KEY", "open sesame"),
        ("DATABASE_URL", "postgres://mercer:sesame@localhost/mercer"),
        ("REDIS_URL", "redis://:sesame@localhost"),
        ("SMTP_URL", "smtps://shop:sesame@mail.example"),
        ("SMS_PROVIDER", "africastalking"),
        ("AFRICASTALKING_USERNAME", "shop"),
        ("AFRICASTALKING_API_KEY", "sesame"),
    ];
    let config = Config::from_pairs(&right).unwrap();
    assert!(!format!("{config:?} {config:#?}").contains("sesame"));
}

/// Runs the program with this `.env` file and environment, and returns its error output.
fn settings_error_with(dotenv: &str, environment: &[(&str, &str)]) -> String {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(".env"), dotenv).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_mercer"))
        .arg("migrate")
        .current_dir(folder.path())
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn environment_variables_override_the_dotenv_file() {
    let dotenv = "DATABASE_POOL_SIZE=1\nBCRYPT_COST=99\nLOG_FORMAT=xml\n";

    let error = settings_error_with(dotenv, &[("LOG_FORMAT", "yaml")]);

    assert!(error.contains("invalid settings"), "{error}");
    assert!(error.contains("DATABASE_POOL_SIZE: must be from 2 to 1000"), "{error}");
    assert!(error.contains("BCRYPT_COST: must be from 4 to 16"), "{error}");
    assert!(error.contains("LOG_FORMAT: must be one of pretty, json, not \"yaml\""), "{error}");
}

#[test]
fn malformed_dotenv_file_is_reported_without_its_content() {
    let error = settings_error_with("MERCER_SECRET_KEY='open sesame\n", &[("BCRYPT_COST", "99")]);

    assert!(error.contains(".env: "), "{error}");
    assert!(error.contains("BCRYPT_COST"), "{error}");
    assert!(!error.contains("sesame"), "{error}");
}
