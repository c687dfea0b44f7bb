//! `mercer user`: accounts from the command line, with passwords or with password hashes of another shop.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::json;

use crate::support::TestShop;
use crate::support::shop::PASSWORD;

fn mercer(shop: &TestShop, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercer"));
    command.env_clear().current_dir(shop.data_dir()).arg("user").args(arguments);
    command.env("DATABASE_URL", &shop.database.url).env("BCRYPT_COST", "4");
    command.env("MERCER_SECRET_KEY", "a secret key for tests only");
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

async fn sign_in(shop: &TestShop, email: &str) -> u16 {
    shop.anonymous().post("/api/auth/token/", json!({"email": email, "password": PASSWORD})).await.status.as_u16()
}

#[actix_web::test]
async fn imported_accounts_keep_their_passwords() {
    let shop = TestShop::new().await;
    let hash = bcrypt::hash_with_result(PASSWORD, 4).unwrap().format_for_version(bcrypt::Version::TwoY);
    let file = shop.data_dir().join("users.csv");
    let lines = format!(
        "email,password_hash,first_name,last_name,phone\n\
         ana@example.com,{hash},Ana,Mwangi,+254700000001\n\
         ben@example.com,,Ben,,\n\
         no address,{hash},,,\n\
         cleo@example.com,$1$md5$crypt,,,\n\
         dan@example.com,bcrypt${hash},,,\n"
    );
    std::fs::write(&file, lines).unwrap();
    let file = file.to_str().unwrap();

    let first = mercer(&shop, &["import", file], "");
    let again = mercer(&shop, &["import", file], "");

    assert_eq!(String::from_utf8_lossy(&first.stdout), "Created 3 accounts; 0 already existed.\n");
    let output = String::from_utf8_lossy(&first.stderr).into_owned();
    assert!(!first.status.success() && output.contains("line 4: ") && output.contains("line 5: "), "{output}");
    assert!(!output.contains(&hash));
    assert_eq!(String::from_utf8_lossy(&again.stdout), "Created 0 accounts; 3 already existed.\n");
    for (email, status) in [("ana@example.com", 200), ("ben@example.com", 401), ("dan@example.com", 200)] {
        assert_eq!(sign_in(&shop, email).await, status, "{email}");
    }
}

#[actix_web::test]
async fn account_is_created_with_a_password_or_a_hash() {
    let shop = TestShop::new().await;
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();

    let with_password = mercer(&shop, &["create", "--email", "ana@example.com"], PASSWORD);
    let with_hash = mercer(&shop, &["create", "--email", "ben@example.com", "--password-hash", &hash], "");
    let common = mercer(&shop, &["create", "--email", "cleo@example.com"], "Password1");
    let similar = mercer(&shop, &["create", "--email", "cleopatra@example.com"], "cleopatra!9");
    let invalid_hash = mercer(&shop, &["create", "--email", "dan@example.com", "--password-hash", "$2b$x"], "");

    assert!(with_password.status.success() && with_hash.status.success());
    assert_eq!((sign_in(&shop, "ana@example.com").await, sign_in(&shop, "ben@example.com").await), (200, 200));
    let stderr = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr(&common).contains("This password is too common."), "{}", stderr(&common));
    assert!(stderr(&similar).contains("too similar"), "{}", stderr(&similar));
    assert!(stderr(&invalid_hash).contains("expected a bcrypt hash"), "{}", stderr(&invalid_hash));
    assert_eq!(shop.number("select count(*) from users"), 2);
}

#[actix_web::test]
async fn staff_account_requires_existing_groups() {
    let shop = TestShop::new().await;
    let group = json!({"name": "Order desk", "permissions": ["orders.view", "orders.confirm"]});
    shop.superuser().await.post("/api/groups/", group).await.expect(201);
    let create =
        |email: &str, arguments: &[&str]| mercer(&shop, &[&["create", "--email", email], arguments].concat(), PASSWORD);

    let created = create("ana@example.com", &["--staff", "--group", "order DESK"]);
    let unknown = create("ben@example.com", &["--staff", "--group", "Order desk", "--group", "Cellar"]);
    let customer = create("cleo@example.com", &["--group", "Order desk"]);

    assert!(created.status.success(), "{created:?}");
    let output = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(!unknown.status.success() && output.contains("there is no group \"Cellar\""), "{output}");
    assert!(!customer.status.success());
    assert_eq!(shop.number("select count(*) from users where not is_superuser"), 1);
    let tokens = json!({"email": "ana@example.com", "password": PASSWORD});
    let tokens = shop.anonymous().post("/api/auth/token/", tokens).await.expect(200);
    let bearer = format!("Bearer {}", tokens["access"].as_str().unwrap());
    let ana = shop.anonymous().with_header("authorization", &bearer);
    let permissions = ana.get("/api/auth/permissions/").await.expect(200);
    assert_eq!(permissions["permissions"], json!(["orders.view", "orders.confirm"]));
}
