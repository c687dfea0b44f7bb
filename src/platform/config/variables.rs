//! All environment variables with default and description. `.env.example` is generated from this list.

/// Environment variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    pub name: &'static str,
    /// Value if the variable is absent or empty.
    pub default: &'static str,
    pub description: &'static str,
}

const fn variable(name: &'static str, default: &'static str, description: &'static str) -> Variable {
    Variable { name, default, description }
}

/// All variables, in the order of `.env.example`.
pub const VARIABLES: &[Variable] = &[
    variable(
        "MERCER_ENV",
        "development",
        "Environment: development or production. Production rejects unsafe settings.",
    ),
    variable("MERCER_BIND", "127.0.0.1:8000", "Address and port of the HTTP server."),
    variable(
        "MERCER_PUBLIC_URL",
        "http://127.0.0.1:8000",
        "Public base URL of the API, for links in e-mails and for tokens.",
    ),
    variable("STOREFRONT_URL", "", "Base URL of the links in account e-mails. Default: MERCER_PUBLIC_URL."),
    variable("MERCER_SHOP_NAME", "Mercer", "Name of the shop in e-mails and SMS."),
    variable(
        "MERCER_DATA_DIR",
        "var",
        "Directory of the embedded database, of e-mail files and of the development key.",
    ),
    variable(
        "MERCER_SECRET_KEY",
        "",
        "Key that encrypts secrets in the database, at least 32 characters. Development generates one at first start.",
    ),
    variable("MERCER_WORKERS", "2", "Number of HTTP threads."),
    variable("MERCER_JOB_SLOTS", "4", "Maximum number of concurrent background jobs in one process."),
    variable(
        "MERCER_DRAIN_SECONDS",
        "0",
        "Seconds between failing the readiness check and stopping, so that load balancers can react.",
    ),
    variable("DATABASE_URL", "", "PostgreSQL 13 or later. Default: a private server in MERCER_DATA_DIR."),
    variable("DATABASE_POOL_SIZE", "16", "Maximum number of database connections of one process."),
    variable("PG_BIN_DIR", "", "Directory of initdb and postgres. Default: the newest installed version."),
    variable(
        "REDIS_URL",
        "",
        "Redis that instances share for cache and rate limits. Default: each process has its own.",
    ),
    variable(
        "REDIS_TIMEOUT_MS",
        "250",
        "Maximum time of a Redis command. After it, the process falls back to its own counters and the database.",
    ),
    variable(
        "SMTP_URL",
        "",
        "SMTP server: smtp://user:password@host:587?tls=required or smtps://host. Default: files in \
         MERCER_DATA_DIR/mail.",
    ),
    variable("MAIL_FROM", "Mercer <shop@localhost>", "Sender of e-mails."),
    variable(
        "ADMIN_EMAILS",
        "admin@localhost.localdomain",
        "Recipients of notifications about new orders, separated by commas.",
    ),
    variable("SMS_PROVIDER", "log", "SMS provider: log, africastalking or twilio."),
    variable(
        "AFRICASTALKING_URL",
        "https://api.africastalking.com",
        "API of Africa's Talking. Sandbox: https://api.sandbox.africastalking.com.",
    ),
    variable("AFRICASTALKING_USERNAME", "", "User name of the Africa's Talking application."),
    variable("AFRICASTALKING_API_KEY", "", "API key of the Africa's Talking application."),
    variable("AFRICASTALKING_SENDER", "", "Registered sender id or short code. Optional."),
    variable("TWILIO_URL", "https://api.twilio.com", "API of Twilio."),
    variable("TWILIO_ACCOUNT_SID", "", "Account SID at Twilio."),
    variable("TWILIO_AUTH_TOKEN", "", "Auth token at Twilio."),
    variable("TWILIO_FROM", "", "Sender at Twilio: a phone number in E.164 form, or a messaging service (MG…)."),
    variable("CORS_ALLOWED_ORIGINS", "", "Web origins that can call the API from a browser, separated by commas."),
    variable(
        "TRUSTED_PROXIES",
        "",
        "Networks whose X-Forwarded-For and X-Forwarded-Proto headers are trusted, separated by commas.",
    ),
    variable("THROTTLING", "on", "Rate limiting: on or off. Off is for benchmarks only."),
    variable(
        "THROTTLE_ANON",
        "20/s:100",
        "Rate limit of reads by unauthenticated clients: requests per s, m, h or d, then the maximum burst.",
    ),
    variable("THROTTLE_USER", "20/s:100", "Rate limit of reads by authenticated clients."),
    variable("THROTTLE_LOGIN", "30/m", "Rate limit of logins and registrations per address."),
    variable("THROTTLE_WRITE", "5/s:40", "Rate limit of writes by all clients."),
    variable(
        "THROTTLE_CONCURRENT",
        "12",
        "Maximum number of concurrent requests of one address or account in a process. Lower than DATABASE_POOL_SIZE.",
    ),
    variable(
        "THROTTLE_ATTEMPTS",
        "1/m:5",
        "Rate limit of failed passwords and codes for one account from one address.",
    ),
    variable(
        "THROTTLE_ACCOUNT",
        "20/h",
        "Rate limit of failed passwords and codes for one account from all addresses that it never logged in from.",
    ),
    variable("OIDC_GOOGLE_CLIENT_ID", "", "Client id for Google login. Empty: Google login is disabled."),
    variable("OIDC_GOOGLE_CLIENT_SECRET", "", "Client secret for Google login."),
    variable("OIDC_GOOGLE_ISSUER", "https://accounts.google.com", "Issuer of Google's id tokens."),
    variable("OIDC_GOOGLE_AUDIENCES", "", "Further client ids, such as those of mobile apps, separated by commas."),
    variable(
        "OIDC_PROVIDERS",
        "",
        "Names of other OpenID Connect providers, separated by commas. For keycloak, set OIDC_KEYCLOAK_CLIENT_ID, \
         …_CLIENT_SECRET, …_ISSUER and …_AUDIENCES.",
    ),
    variable(
        "AUTH_REDIRECT_URLS",
        "",
        "Allowed redirect URLs after a login with an OpenID Connect provider, separated by commas.",
    ),
    variable("ACCESS_TOKEN_SECONDS", "300", "Lifetime of an access token."),
    variable("REFRESH_TOKEN_DAYS", "30", "Maximum lifetime of a session. Refreshing does not extend it."),
    variable("SIGNING_KEY_DAYS", "90", "Number of days after which a new key signs the tokens."),
    variable(
        "STAFF_SECOND_FACTOR",
        "optional",
        "Second factor of staff members: optional or required. If required, a staff member without one can only set \
         one up.",
    ),
    variable("PASSKEY_DOMAIN", "", "Domain of passkeys. Default: the host of MERCER_PUBLIC_URL."),
    variable("BCRYPT_COST", "12", "Cost of a password hash: 2^cost rounds."),
    variable(
        "EMAIL_VERIFICATION",
        "optional",
        "E-mail verification: optional or required. If required, a user must open the link in the e-mail before the \
         first login, and registration does not reveal whether an address has an account.",
    ),
    variable(
        "RUST_LOG",
        "info,actix_http=off",
        "Log filter in the syntax of tracing. actix_http logs every malformed request, so it is off.",
    ),
    variable("LOG_FORMAT", "pretty", "Log format: pretty or json."),
    variable("LOG_FILE", "", "File that the log is appended to. Default: standard error."),
];

/// Returns the content of `.env.example`.
pub fn env_example() -> String {
    let head = "# All settings with their defaults. Copy this file to .env and change what you need. \
                An empty value means the default.\n";
    VARIABLES.iter().fold(head.to_owned(), |text, variable| {
        format!("{text}\n# {}\n{}={}\n", variable.description, variable.name, quoted(variable.default))
    })
}

fn quoted(value: &str) -> String {
    if value.contains([' ', '<', '#']) { format!("\"{value}\"") } else { value.to_owned() }
}
