//! Secrets that pass through the running program and must not appear in the log, responses or the database.

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::{Value, json};

use crate::support::mercer_process::{MercerProcess, client};

const PASSWORD: &str = "canary-password-7Q";
const WRONG_PASSWORD: &str = "canary-wrong-8R";
const TOKEN: &str = "canary-token-9S";
const CARD: &str = "4111111111111111";
const OTP: &str = "842617";
const KEY: &str = "canary-secret-key-of-thirty-two-letters";

/// Returns the content of all tables as text.
fn dump(program: &MercerProcess) -> String {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let mut conn = program.database.connect();
    let tables = diesel::sql_query("select tablename::text as text from pg_tables where schemaname = 'public'");
    let mut found = String::new();
    for table in tables.load::<Row>(&mut conn).unwrap() {
        let rows = diesel::sql_query(format!(
            "select coalesce(string_agg(t::text, e'\\n'), '') as text from {} t",
            table.text
        ));
        found.push_str(&format!("{}: {}\n", table.text, rows.get_result::<Row>(&mut conn).unwrap().text));
    }
    found
}

async fn send(program: &MercerProcess, path: &str, token: Option<&str>, body: &Value) -> String {
    let request = client().post(format!("{}{path}", program.url)).json(body);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let response = request.header("idempotency-key", "canary").send().await.unwrap();
    format!("{} {:?} {}", response.status(), response.headers().clone(), response.text().await.unwrap())
}

#[actix_web::test]
async fn secrets_appear_in_no_log_response_or_table() {
    let settings =
        [("RUST_LOG", "debug"), ("MERCER_SECRET_KEY", KEY), ("SMTP_URL", "smtp://shop:canary-smtp@127.0.0.1:1")];
    let mut program = MercerProcess::start(&settings).await;
    let registration = json!({
        "email": "ana@example.com", "password1": PASSWORD, "password2": PASSWORD, "card_number": CARD, "otp": OTP,
    });
    let (status, signed_in) = program.post("/api/auth/registration/", &registration).await;
    assert_eq!(status, 201, "{signed_in}");
    let [access, refresh] = ["access", "refresh"].map(|name| signed_in[name].as_str().unwrap().to_owned());
    let credentials = |password: &str| json!({"email": "ana@example.com", "password": password, "otp": OTP});
    let refreshed = program.post("/api/auth/token/refresh/", &json!({"refresh": refresh})).await.1;

    let responses = [
        send(&program, "/api/auth/registration/", None, &registration).await,
        send(&program, "/api/auth/login/", None, &credentials(WRONG_PASSWORD)).await,
        // A password in the wrong field, which is a common mistake.
        send(&program, "/api/auth/login/", None, &json!({"email": WRONG_PASSWORD, "password": "x"})).await,
        send(&program, &format!("/api/auth/token/verify/?token={TOKEN}&otp={OTP}"), None, &json!({"token": TOKEN}))
            .await,
        send(&program, "/api/categories/", Some(TOKEN), &json!({"name": "x"})).await,
        send(&program, "/api/categories/", Some(&access), &json!({"password": PASSWORD})).await,
        send(&program, "/api/orders/", Some(&access), &json!({"card_number": CARD, "cvc": OTP, "lines": []})).await,
        send(&program, "/api/auth/token/", None, &Value::String(PASSWORD.to_owned())).await,
    ];
    let tokens_once = send(&program, "/api/auth/login/", None, &credentials(PASSWORD)).await;
    assert!(tokens_once.starts_with("200"), "{tokens_once}");
    let stored = dump(&program);
    assert!(program.stop());
    let log = program.log();

    assert!(
        stored.contains("audit_entries: (")
            && stored.contains("user.sign_in_failed")
            && stored.contains("ana@example.com")
    );
    assert!(log.contains("/api/auth/token/verify/"));
    let successor = refreshed["refresh"].as_str().unwrap();
    let secrets = [PASSWORD, WRONG_PASSWORD, TOKEN, CARD, OTP, KEY, "canary-smtp", &access, &refresh, successor];
    for secret in secrets {
        assert!(!log.contains(secret), "the log contains {secret}");
        assert!(!stored.contains(secret), "the database contains {secret}");
        for response in &responses {
            assert!(!response.contains(secret), "a response contains {secret}: {response}");
        }
    }
}
