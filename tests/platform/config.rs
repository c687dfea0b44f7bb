//! The settings: what is wrong with them is told at once, and what is unsafe is refused.

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

/// What production says to one more setting.
fn in_production(name: &str, value: &str) -> Vec<String> {
    let mut pairs = SAFE.to_vec();
    pairs.retain(|(known, _)| *known != name);
    pairs.push((name, value));
    problems(&pairs)
}

#[test]
fn without_a_setting_it_is_a_developers_shop() {
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
fn links_in_mails_lead_to_the_storefront_or_else_to_the_shop() {
    let url = |pairs: &[(&str, &str)]| Config::from_pairs(pairs).unwrap().storefront_url;

    assert_eq!(url(&[]), "http://127.0.0.1:8000");
    assert_eq!(url(&[("MERCER_PUBLIC_URL", "https://api.example")]), "https://api.example");
    let both = [("MERCER_PUBLIC_URL", "https://api.example"), ("STOREFRONT_URL", "https://shop.example/")];
    assert_eq!(url(&both), "https://shop.example");
    assert_eq!(
        in_production("STOREFRONT_URL", "http://shop.example"),
        ["STOREFRONT_URL: production needs an https:// address"]
    );
}

#[test]
fn verification_of_addresses_is_optional_until_it_is_required() {
    let verification = |pairs: &[(&str, &str)]| Config::from_pairs(pairs).unwrap().email_verification;

    assert_eq!(verification(&[]), EmailVerification::Optional);
    assert_eq!(verification(&[("EMAIL_VERIFICATION", "required")]), EmailVerification::Required);
    assert_eq!(
        problems(&[("EMAIL_VERIFICATION", "yes")]),
        ["EMAIL_VERIFICATION: \"yes\" is none of optional, required"]
    );
}

#[test]
fn an_empty_setting_is_an_absent_one() {
    let empty: Vec<_> = VARIABLES.iter().map(|variable| (variable.name, " ")).collect();

    let [config, defaults] = [empty.as_slice(), &[]].map(|pairs| Config::from_pairs(pairs).unwrap());

    assert_eq!(format!("{config:?}"), format!("{defaults:?}"));
}

#[test]
fn all_problems_are_told_at_once() {
    let told = problems(&[
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

    let names: Vec<_> = told.iter().map(|problem| problem.split(':').next().unwrap()).collect();
    // An unknown environment is no reason for those of production besides.
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
fn a_problem_says_what_would_be_right() {
    for (name, value, problem) in [
        ("MERCER_ENV", "prod", "\"prod\" is none of development, production"),
        ("DATABASE_POOL_SIZE", "1", "must be from 2 to 1000"),
        ("DATABASE_POOL_SIZE", "99999999999", "\"99999999999\": number too large to fit in target type"),
        ("REDIS_URL", "localhost", "must begin with redis:// or rediss://"),
        ("REDIS_TIMEOUT_MS", "0", "must be from 1 to 10000"),
        ("THROTTLE_CONCURRENT", "0", "must be from 1 to 100000"),
        ("SMTP_URL", "mail.example", "must begin with smtp:// or smtps://"),
        ("BCRYPT_COST", "3", "must be from 4 to 16"),
        ("CORS_ALLOWED_ORIGINS", "*", "\"*\" is no origin: https://shop.example is one"),
        ("CORS_ALLOWED_ORIGINS", "shop.example", "\"shop.example\" is no origin: https://shop.example is one"),
        (
            "CORS_ALLOWED_ORIGINS",
            "https://shop.example/",
            "\"https://shop.example/\" is no origin: https://shop.example is one",
        ),
    ] {
        assert_eq!(problems(&[(name, value)]), [format!("{name}: {problem}")]);
    }
}

#[test]
fn a_provider_needs_its_credentials() {
    assert_eq!(
        problems(&[("SMS_PROVIDER", "twilio")]),
        [
            "TWILIO_ACCOUNT_SID: is needed by SMS_PROVIDER",
            "TWILIO_AUTH_TOKEN: is needed by SMS_PROVIDER",
            "TWILIO_FROM: is needed by SMS_PROVIDER",
        ]
    );
    assert_eq!(
        problems(&[("SMS_PROVIDER", "africastalking"), ("AFRICASTALKING_USERNAME", "shop")]),
        ["AFRICASTALKING_API_KEY: is needed by SMS_PROVIDER"]
    );
}

#[test]
fn production_takes_safe_settings() {
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
fn production_needs_a_secret_of_its_own() {
    let refused = ["MERCER_SECRET_KEY: production needs a secret of 32 characters or more"];

    for secret in ["", "short", &"x".repeat(31)] {
        assert_eq!(in_production("MERCER_SECRET_KEY", secret), refused, "{secret}");
    }
}

#[test]
fn production_speaks_tls_to_a_database_elsewhere() {
    let refused = ["DATABASE_URL: production needs TLS to a remote database: add sslmode=verify-full"];

    for url in [
        "postgres://db.example/mercer",
        "postgres://mercer:secret@db.example:5432/mercer?sslmode=disable",
        "postgres://mercer@db.example/mercer?sslmode=prefer",
        "postgres://mercer@10.0.0.5/mercer",
        // Not of this machine, though they look like it.
        "postgres://localhost.example/mercer",
        "postgres://127.example/mercer",
        "postgres://mercer@/mercer?host=db.example",
        "postgres://localhost,db.example/mercer",
        // Not a mode, though it reads like one.
        "postgres://mercer:sslmode=require@db.example/mercer",
        "postgres://db.example/mercer?application_name=sslmode=require",
        "postgres://db.example/mercer?sslmode=required",
    ] {
        assert_eq!(in_production("DATABASE_URL", url), refused, "{url}");
    }
}

#[test]
fn production_is_reached_over_tls() {
    let refused = ["MERCER_PUBLIC_URL: production needs an https:// address"];

    for url in ["http://shop.example", "http://localhost.example", "http://127.example"] {
        assert_eq!(in_production("MERCER_PUBLIC_URL", url), refused, "{url}");
    }
}

#[test]
fn production_listens_to_strangers_only_behind_a_proxy() {
    let mut pairs = SAFE.to_vec();
    pairs.push(("MERCER_BIND", "0.0.0.0:8000"));
    assert_eq!(
        problems(&pairs),
        ["MERCER_BIND: production serves plain HTTP only behind a proxy: name it in TRUSTED_PROXIES"]
    );

    pairs.push(("TRUSTED_PROXIES", "10.0.0.0/8, 192.168.1.1"));
    assert_eq!(problems(&pairs), [""; 0]);
}

#[test]
fn production_hashes_passwords_slowly() {
    assert_eq!(in_production("BCRYPT_COST", "9"), ["BCRYPT_COST: production needs 10 or more"]);
}

#[test]
fn production_tells_all_it_refuses_at_once() {
    let told = problems(&[
        ("MERCER_ENV", "production"),
        ("DATABASE_URL", "postgres://db.example/mercer"),
        ("MERCER_PUBLIC_URL", "http://shop.example"),
        ("MERCER_BIND", "0.0.0.0:80"),
        ("BCRYPT_COST", "4"),
    ]);

    assert_eq!(told.len(), 5, "{told:#?}");
}

#[test]
fn no_problem_and_no_dump_tells_a_secret() {
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

/// The program in a folder with this `.env`, and this environment.
fn refusal_with(dotenv: &str, environment: &[(&str, &str)]) -> String {
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
fn the_program_reads_a_file_and_the_environment_wins() {
    let dotenv = "DATABASE_POOL_SIZE=1\nBCRYPT_COST=99\nLOG_FORMAT=xml\n";

    let told = refusal_with(dotenv, &[("LOG_FORMAT", "yaml")]);

    assert!(told.contains("the settings are wrong"), "{told}");
    assert!(told.contains("DATABASE_POOL_SIZE: must be from 2 to 1000"), "{told}");
    assert!(told.contains("BCRYPT_COST: must be from 4 to 16"), "{told}");
    assert!(told.contains("LOG_FORMAT: \"yaml\" is none of pretty, json"), "{told}");
}

#[test]
fn a_file_that_cannot_be_read_is_told_without_what_stands_in_it() {
    let told = refusal_with("MERCER_SECRET_KEY='open sesame\n", &[("BCRYPT_COST", "99")]);

    assert!(told.contains(".env: "), "{told}");
    assert!(told.contains("BCRYPT_COST"), "{told}");
    assert!(!told.contains("sesame"), "{told}");
}
