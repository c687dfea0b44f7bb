//! Log of the running program: its content, and the secrets that it must not contain.

use serde_json::{Value, json};

use crate::support::mercer_process::{MercerProcess, client};

fn registration() -> Value {
    json!({
        "email": "ana@example.com", "password1": "open sesame", "password2": "open sesame", "phone": "+254700000001",
    })
}

#[actix_web::test]
async fn passwords_tokens_and_bodies_are_never_logged() {
    let mut program = MercerProcess::start(&[("RUST_LOG", "debug"), ("LOG_FORMAT", "json")]).await;

    let (status, signed_in) = program.post("/api/auth/registration/", &registration()).await;
    assert_eq!(status, 201);
    let [access, refresh] = ["access", "refresh"].map(|name| signed_in[name].as_str().unwrap().to_owned());
    let login = json!({"email": "ana@example.com", "password": "wrong sesame"});
    assert_eq!(program.post("/api/auth/login/", &login).await.0, 400);
    let refreshed = program.post("/api/auth/token/refresh/", &json!({"refresh": refresh})).await;
    assert_eq!(refreshed.0, 200);
    let profile = client().get(format!("{}/api/customers/me/?token=sesame", program.url)).bearer_auth(&access);
    assert_eq!(profile.send().await.unwrap().status(), 200);
    assert!(program.stop());

    let log = program.log();
    assert!(log.contains("/api/auth/registration/") && log.contains("/api/customers/me/"));
    let successor = refreshed.1["refresh"].as_str().unwrap().to_owned();
    for secret in ["sesame", &access, &refresh, &successor, "+254700000001", "$2b$"] {
        assert!(!log.contains(secret), "the log contains {secret}");
    }
}

#[actix_web::test]
async fn every_log_line_of_a_request_has_the_request_id() {
    let mut program = MercerProcess::start(&[("LOG_FORMAT", "json")]).await;
    program.post("/api/auth/registration/", &registration()).await;
    assert!(program.stop());

    let log = program.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let request_line = lines.iter().find(|line| line["span"]["http.path"] == "/api/auth/registration/").unwrap();

    assert_eq!(request_line["level"], "INFO");
    assert_eq!(request_line["span"]["http.method"], "POST");
    assert_eq!(request_line["span"]["http.status"], 201);
    assert_eq!(request_line["span"]["request.id"].as_str().unwrap().len(), 36);
    assert!(lines.iter().all(|line| line["timestamp"].is_string()));
}

#[actix_web::test]
async fn pretty_log_in_a_file_has_no_colour_codes() {
    let mut program = MercerProcess::start(&[]).await;
    assert!(program.stop());

    let log = program.log();
    assert!(log.contains("GET") && log.contains("/health/ready"), "{log}");
    assert!(!log.contains('\u{1b}'));
    assert!(log.contains("Stopping"));
}
