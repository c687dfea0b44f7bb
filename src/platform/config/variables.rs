//! Every variable with its default and meaning: what the reader knows, and what `.env.example` says.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    pub name: &'static str,
    /// Used where the variable is absent or empty.
    pub default: &'static str,
    pub meaning: &'static str,
}

const fn variable(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable { name, default, meaning }
}

/// In the order of `.env.example`.
pub const VARIABLES: &[Variable] = &[
    variable("MERCER_ENV", "development", "development or production; production refuses unsafe settings"),
    variable("MERCER_BIND", "127.0.0.1:8000", "the address and port to serve on"),
    variable("MERCER_PUBLIC_URL", "http://127.0.0.1:8000", "where clients reach the shop; used in e-mails and tokens"),
    variable("STOREFRONT_URL", "", "where links in e-mails about accounts lead; empty: MERCER_PUBLIC_URL"),
    variable("MERCER_SHOP_NAME", "Mercer", "the shop's name in messages"),
    variable("MERCER_DATA_DIR", "var", "where the embedded database, mails and the development key are kept"),
    variable(
        "MERCER_SECRET_KEY",
        "",
        "seals secrets in the database; 32 characters or more; made at first start in development",
    ),
    variable("MERCER_WORKERS", "2", "HTTP threads"),
    variable("MERCER_JOB_SLOTS", "4", "background jobs that run at once in one process"),
    variable("MERCER_DRAIN_SECONDS", "0", "how long to stay unready before stopping, so that a load balancer notices"),
    variable("DATABASE_URL", "", "PostgreSQL 13 or later; empty: a private server in MERCER_DATA_DIR"),
    variable("DATABASE_POOL_SIZE", "16", "connections of one process"),
    variable("PG_BIN_DIR", "", "where initdb and postgres are; empty: the newest that is installed"),
    variable(
        "REDIS_URL",
        "",
        "shares the cache and the limits on requests between instances; empty: each process has its own",
    ),
    variable(
        "REDIS_TIMEOUT_MS",
        "250",
        "how long Redis may take; after that a process counts and asks the database itself",
    ),
    variable(
        "SMTP_URL",
        "",
        "smtp://user:password@host:587?tls=required or smtps://…; empty: files in MERCER_DATA_DIR/mail",
    ),
    variable("MAIL_FROM", "Mercer <shop@localhost>", "the sender of e-mails"),
    variable("ADMIN_EMAILS", "admin@localhost.localdomain", "who hears of new orders; separated by commas"),
    variable("SMS_PROVIDER", "log", "log, africastalking or twilio"),
    variable(
        "AFRICASTALKING_URL",
        "https://api.africastalking.com",
        "https://api.sandbox.africastalking.com for trying it out",
    ),
    variable("AFRICASTALKING_USERNAME", "", "the application's user name"),
    variable("AFRICASTALKING_API_KEY", "", "its key"),
    variable("AFRICASTALKING_SENDER", "", "a registered sender id or short code, if any"),
    variable("TWILIO_URL", "https://api.twilio.com", "Twilio's API"),
    variable("TWILIO_ACCOUNT_SID", "", "the account"),
    variable("TWILIO_AUTH_TOKEN", "", "its token"),
    variable("TWILIO_FROM", "", "a number in E.164 form, or a messaging service (MG…)"),
    variable("CORS_ALLOWED_ORIGINS", "", "web origins that may call the API, exactly, separated by commas"),
    variable("TRUSTED_PROXIES", "", "networks whose X-Forwarded-For and -Proto are believed, separated by commas"),
    variable("THROTTLING", "on", "on or off; off is for benchmarks"),
    variable(
        "THROTTLE_ANON",
        "20/s:100",
        "how often a stranger may read: so many a second (s, m, h, d), so many at once",
    ),
    variable("THROTTLE_USER", "20/s:100", "how often somebody who is signed in may read"),
    variable("THROTTLE_LOGIN", "30/m", "how often one address may sign in or register"),
    variable("THROTTLE_WRITE", "5/s:40", "how often anybody may change something"),
    variable(
        "THROTTLE_CONCURRENT",
        "12",
        "how many requests of one address or account a process works on at once; fewer than DATABASE_POOL_SIZE",
    ),
    variable("THROTTLE_ATTEMPTS", "1/m:5", "how many wrong passwords or codes one account gets from one address"),
    variable(
        "THROTTLE_ACCOUNT",
        "20/h",
        "how many it gets from all addresses together that it never signed in from; the others keep their own",
    ),
    variable("OIDC_GOOGLE_CLIENT_ID", "", "the shop's client id for signing in with Google; empty: nobody does"),
    variable("OIDC_GOOGLE_CLIENT_SECRET", "", "its secret"),
    variable("OIDC_GOOGLE_ISSUER", "https://accounts.google.com", "who signs the tokens"),
    variable("OIDC_GOOGLE_AUDIENCES", "", "further client ids, of mobile apps; separated by commas"),
    variable(
        "OIDC_PROVIDERS",
        "",
        "other providers of OpenID Connect, separated by commas; keycloak is set by OIDC_KEYCLOAK_CLIENT_ID, …_CLIENT_SECRET, …_ISSUER, …_AUDIENCES",
    ),
    variable(
        "AUTH_REDIRECT_URLS",
        "",
        "where people may be sent after signing in elsewhere: exactly these, separated by commas",
    ),
    variable("ACCESS_TOKEN_SECONDS", "300", "how long an access token is good"),
    variable("REFRESH_TOKEN_DAYS", "30", "how long a session lasts, however often it is refreshed"),
    variable("SIGNING_KEY_DAYS", "90", "how long one key signs tokens before the next one does"),
    variable("STAFF_SECOND_FACTOR", "optional", "optional or required; without one, staff may set one up and no more"),
    variable("PASSKEY_DOMAIN", "", "the domain that passkeys are made for; empty: the host of MERCER_PUBLIC_URL"),
    variable("BCRYPT_COST", "12", "2^cost rounds for each password hash"),
    variable(
        "EMAIL_VERIFICATION",
        "optional",
        "optional: registration signs in at once, and so tells that an address is taken; required: nobody signs in before \
         they have opened the link in the mail, and registration answers everybody the same",
    ),
    variable(
        "RUST_LOG",
        "info,actix_http=off",
        "what is logged, as tracing's filters say it; actix_http cries over strangers' bad requests",
    ),
    variable("LOG_FORMAT", "pretty", "pretty or json"),
    variable("LOG_FILE", "", "appended to in place of standard error"),
];

/// The text of `.env.example`.
pub fn example() -> String {
    let head =
        "# Every setting with its default. Copy to .env and change what you need; an empty value means the default.\n";
    VARIABLES.iter().fold(head.to_owned(), |text, variable| {
        format!("{text}\n# {}\n{}={}\n", variable.meaning, variable.name, quoted(variable.default))
    })
}

fn quoted(value: &str) -> String {
    if value.contains([' ', '<', '#']) { format!("\"{value}\"") } else { value.to_owned() }
}
