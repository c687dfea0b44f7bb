//! E-mail over SMTP and to files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use mercer::platform::notify::{FileMailer, ProviderTimeouts, SettingsError, SmtpMailer, SmtpSettings};
use mercer::platform::ports::{DeliveryError, Mail, Mailer, Receipt};
use mercer::platform::secret::Secret;
use pretty_assertions::assert_eq;
use tempfile::TempDir;

use super::{SHORT_TIMEOUTS, class, mail, rejected, unavailable, uncertain};
use crate::support::fakes::{CapturedLog, FakeSmtp, ParsedMail, Reaction, Step, closed_port};

const FROM: &str = "The Shop <shop@mercer.example>";

fn try_mailer(url: &str) -> Result<SmtpMailer, SettingsError> {
    let url = Secret::new(url.to_owned());
    SmtpMailer::new(&SmtpSettings { url, from: FROM.to_owned(), timeouts: SHORT_TIMEOUTS })
}

fn mailer(server: &FakeSmtp) -> SmtpMailer {
    try_mailer(&format!("smtp://127.0.0.1:{}", server.port)).unwrap()
}

fn mailer_with_login(server: &FakeSmtp) -> SmtpMailer {
    try_mailer(&format!("smtp://shop:p%40ss%2Fword@127.0.0.1:{}", server.port)).unwrap()
}

/// Sends one e-mail to a server with this reaction. Returns the error.
async fn send_with_reaction(step: Step, reaction: Reaction) -> (FakeSmtp, DeliveryError) {
    let server = FakeSmtp::with_reactions([(step, reaction)]).await;
    let error = mailer_with_login(&server).send(&mail()).await.unwrap_err();
    (server, error)
}

#[tokio::test]
async fn email_contains_both_bodies_and_its_message_id() {
    let server = FakeSmtp::start().await;

    let receipt = mailer_with_login(&server).send(&mail()).await.unwrap();

    assert_eq!(receipt, Receipt { provider: "smtp", reference: "2.0.0 Ok: queued as 4F1A9B20".to_owned() });
    let recorded = server.recorded();
    assert_eq!(
        recorded.commands[1..],
        [
            "AUTH PLAIN AHNob3AAcEBzcy93b3Jk", // base64 of \0shop\0p@ss/word
            "MAIL FROM:<shop@mercer.example>",
            "RCPT TO:<ana@example.com>",
            "DATA",
        ]
    );
    let parsed = ParsedMail::parse(&recorded.mails[0]);
    assert_eq!(parsed.header("Message-ID"), "<00000000-0000-0000-0000-000000000007@mercer.example>");
    assert_eq!(parsed.header("From"), "\"The Shop\" <shop@mercer.example>");
    assert_eq!(parsed.header("To"), "ana@example.com");
    assert_eq!(parsed.header("Subject"), "Your order 1001");
    assert_eq!(parsed.header("Auto-Submitted"), "auto-generated");
    assert!(chrono::DateTime::parse_from_rfc2822(parsed.header("Date")).is_ok());
    assert_eq!(parsed.text, "Hello Ana,\n\n.thank you.");
    assert_eq!(parsed.html, "<p>Hello Ana, 2 × Mug</p>");
}

#[tokio::test]
async fn auth_login_is_used_if_it_is_the_only_mechanism() {
    let server = FakeSmtp::with_extension("AUTH LOGIN", []).await;

    mailer_with_login(&server).send(&mail()).await.unwrap();

    assert_eq!(server.recorded().commands[1..4], ["AUTH LOGIN", "c2hvcA==", "cEBzcy93b3Jk"]);
}

#[tokio::test]
async fn retry_reuses_the_message_id_and_the_connection() {
    let server = FakeSmtp::start().await;
    let mailer = mailer(&server);

    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();

    let recorded = server.recorded();
    let [first, second] = [0, 1].map(|at| ParsedMail::parse(&recorded.mails[at]));
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    assert_eq!(recorded.connections, 1);
    assert!(recorded.commands.iter().all(|command| !command.starts_with("AUTH")), "the URL has no user");
}

#[tokio::test]
async fn closed_idle_connection_is_replaced() {
    let server = FakeSmtp::with_reactions([(Step::Content, Reaction::ReplyAndDisconnect("250 Ok"))]).await;
    let mailer = mailer(&server);

    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();

    let recorded = server.recorded();
    assert_eq!((recorded.connections, recorded.mails.len()), (2, 2));
}

#[tokio::test]
async fn unresponsive_idle_connection_is_replaced() {
    let server = FakeSmtp::with_reactions([(Step::Noop, Reaction::Silence)]).await;
    let url = Secret::new(format!("smtp://127.0.0.1:{}", server.port));
    let timeouts = ProviderTimeouts { total: SHORT_TIMEOUTS.connect * 10, ..SHORT_TIMEOUTS };
    let mailer = SmtpMailer::new(&SmtpSettings { url, from: FROM.to_owned(), timeouts }).unwrap();

    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();

    let recorded = server.recorded();
    assert_eq!((recorded.connections, recorded.mails.len()), (2, 2));
}

#[tokio::test]
async fn connection_with_an_error_is_not_reused() {
    let server = FakeSmtp::with_reactions([(Step::To, Reaction::Reply("550 No"))]).await;
    let mailer = mailer(&server);

    mailer.send(&mail()).await.unwrap_err();
    mailer.send(&mail()).await.unwrap_err();

    assert_eq!(server.recorded().connections, 2);
}

#[tokio::test]
async fn permanent_rejection_is_final_and_contains_no_address() {
    let no_such_user = Reaction::Reply("550 5.1.1 <ana@example.com>: no such user");
    let (server, error) = send_with_reaction(Step::To, no_such_user).await;
    assert_eq!(error, rejected("permanent error (550): 5.1.1 (address) no such user"));
    assert_eq!(server.recorded().commands.last().unwrap(), "RCPT TO:<ana@example.com>");

    let (_, error) = send_with_reaction(Step::From, Reaction::Reply("553 Not yours")).await;
    assert_eq!(error, rejected("permanent error (553): Not yours"));
    let (_, error) = send_with_reaction(Step::Data, Reaction::Reply("554 No valid recipients")).await;
    assert_eq!(error, rejected("permanent error (554): No valid recipients"));
    let (_, error) = send_with_reaction(Step::Content, Reaction::Reply("552 Too big")).await;
    assert_eq!(error, rejected("permanent error (552): Too big"));
}

#[tokio::test]
async fn transient_error_is_retried() {
    for step in [Step::Greeting, Step::Hello, Step::Login, Step::From, Step::To, Step::Data, Step::Content] {
        let (_, error) = send_with_reaction(step, Reaction::Reply("451 4.7.1 Try later")).await;
        assert_eq!(error, unavailable("transient error (451): 4.7.1 Try later"), "{step:?}");
    }
}

#[tokio::test]
async fn wrong_password_is_retried_and_sends_nothing() {
    let (server, error) = send_with_reaction(Step::Login, Reaction::Reply("535 5.7.8 Wrong password")).await;

    assert_eq!(error, unavailable("permanent error (535): 5.7.8 Wrong password"));
    assert!(server.recorded().commands.iter().all(|command| !command.starts_with("MAIL")));
}

#[tokio::test]
async fn connection_loss_before_the_content_is_retried() {
    for step in [Step::Greeting, Step::Hello, Step::Login, Step::From, Step::To, Step::Data] {
        for reaction in [Reaction::Disconnect, Reaction::Silence, Reaction::Reply("gibberish")] {
            let (server, error) = send_with_reaction(step, reaction).await;

            assert_eq!(class(&error), "unavailable", "{step:?} {reaction:?}: {error}");
            assert_eq!(server.recorded().mails.len(), 0);
        }
    }
}

#[tokio::test]
async fn connection_loss_after_the_content_is_uncertain() {
    let (_, error) = send_with_reaction(Step::Content, Reaction::Silence).await;
    assert_eq!(error, uncertain("the mail server did not respond in time"));

    for reaction in [Reaction::Disconnect, Reaction::Reply("gibberish")] {
        let (server, error) = send_with_reaction(Step::Content, reaction).await;

        assert_eq!(class(&error), "uncertain", "{reaction:?}: {error}");
        assert_eq!(server.recorded().mails.len(), 1);
    }
}

#[tokio::test]
async fn no_credentials_or_mail_are_sent_before_encryption() {
    let server = FakeSmtp::start().await; // supports neither STARTTLS nor TLS
    for url in ["smtp://shop:word@127.0.0.1:{port}?tls=required", "smtps://shop:word@127.0.0.1:{port}"] {
        let mailer = try_mailer(&url.replace("{port}", &server.port.to_string())).unwrap();

        let error = mailer.send(&mail()).await.unwrap_err();

        assert_eq!(class(&error), "unavailable", "{error}");
    }
    // This server announces STARTTLS, but does not support it.
    let broken_server = FakeSmtp::with_extension("STARTTLS", []).await;
    let mailer = try_mailer(&format!("smtp://shop:word@127.0.0.1:{}?tls=required", broken_server.port)).unwrap();
    assert_eq!(class(&mailer.send(&mail()).await.unwrap_err()), "unavailable");
    assert_eq!(broken_server.recorded().commands[1..], ["STARTTLS"]);

    let recorded = server.recorded();
    assert_eq!(recorded.connections, 2);
    assert!(
        recorded.commands.iter().all(|command| !command.contains("AUTH") && !command.contains("MAIL")),
        "{:?}",
        recorded.commands
    );
}

#[tokio::test]
async fn line_breaks_add_no_headers_or_commands() {
    let server = FakeSmtp::start().await;
    let mailer = mailer(&server);
    mailer.send(&mail()).await.unwrap();

    let subject = "Order\r\nBcc: eve@example.com\r\n\r\n<p>Hi</p>".to_owned();
    mailer.send(&Mail { subject, ..mail() }).await.unwrap();

    let commands = server.recorded().commands.len();
    for to in ["ana@example.com\r\nRCPT TO:<eve@example.com>", "\"a\nb\"@example.com", "\"a\tb\"@example.com"] {
        let error = mailer.send(&Mail { to: to.to_owned(), ..mail() }).await.unwrap_err();
        assert_eq!(error, rejected("this is not an e-mail address"));
    }
    let recorded = server.recorded();
    let [plain, injected] = [0, 1].map(|at| ParsedMail::parse(&recorded.mails[at]));
    assert_eq!(injected.header("Subject"), "Order Bcc: eve@example.com <p>Hi</p>");
    assert_eq!(injected.header_names(), plain.header_names());
    assert_eq!(recorded.commands.len(), commands);
}

#[tokio::test]
async fn email_requires_exactly_one_address() {
    let server = FakeSmtp::start().await;
    for to in ["", "ana", "@example.com", "ana@example.com, eve@example.com", "Ana <ana@example.com>"] {
        let error = mailer(&server).send(&Mail { to: to.to_owned(), ..mail() }).await.unwrap_err();

        assert_eq!(error, rejected("this is not an e-mail address"), "{to}");
    }
    assert_eq!(server.recorded().connections, 0);
}

#[tokio::test]
async fn addresses_outside_ascii_require_smtputf8() {
    let to_zoe = Mail { to: "zoë@example.com".to_owned(), ..mail() };
    let plain = FakeSmtp::start().await;
    let error = mailer(&plain).send(&to_zoe).await.unwrap_err();
    assert_eq!(error, rejected("the mail server does not support addresses outside ASCII"));
    assert_eq!(plain.recorded().mails.len(), 0);

    let modern = FakeSmtp::with_extension("SMTPUTF8", []).await;
    mailer(&modern).send(&to_zoe).await.unwrap();
    assert_eq!(
        modern.recorded().commands[1..3],
        ["MAIL FROM:<shop@mercer.example> SMTPUTF8", "RCPT TO:<zoë@example.com>"]
    );
}

#[tokio::test]
async fn unreachable_mail_server_is_unavailable() {
    let mailer = try_mailer(&format!("smtp://127.0.0.1:{}", closed_port().await)).unwrap();

    let error = mailer.send(&mail()).await.unwrap_err();

    assert_eq!(class(&error), "unavailable", "{error}");
}

#[test]
fn invalid_smtp_settings_are_rejected_without_revealing_the_password() {
    for (url, problem) in [
        ("shop:hunter2", "the SMTP URL has no host"),
        ("smtp://", "the SMTP URL has no host"),
        ("http://shop:hunter2@host", "the SMTP URL must start with smtp:// or smtps://"),
        ("smtp://shop:hunter2@host?tls=opportunistic", "the SMTP URL accepts only the query parameter ?tls=required"),
        ("smtps://shop:hunter2@host?tls=none", "the SMTP URL accepts only the query parameter ?tls=required"),
        ("smtp://shop:hunter2@host", "the SMTP URL contains a password but no encryption: add ?tls=required"),
        ("smtp://shop@host", "the SMTP URL has a user but no password"),
        ("smtp://:hunter2@host", "the SMTP URL has a password but no user"),
        ("smtp://shop:hunter2%ff@host", "the SMTP URL has a user or password that is not UTF-8"),
    ] {
        let error = try_mailer(url).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(problem), "{url}");
    }
    for from in ["", "the shop", "shop@mercer.example\r\nBcc: eve@example.com"] {
        let url = Secret::new("smtp://shop:hunter2@host?tls=required".to_owned());
        let settings = SmtpSettings { url, from: from.to_owned(), timeouts: SHORT_TIMEOUTS };

        assert!(matches!(SmtpMailer::new(&settings), Err(SettingsError::Sender(_))), "{from}");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn email_file_is_complete_private_and_unique() {
    let folder = TempDir::new().unwrap();
    let mailer = FileMailer::new(folder.path().join("mails"), FROM).unwrap();
    let log = CapturedLog::start();

    mailer.send(&Mail { text: "first".to_owned(), ..mail() }).await.unwrap();
    let receipt = mailer.send(&mail()).await.unwrap();

    let name = "00000000-0000-0000-0000-000000000007.eml";
    assert_eq!(receipt, Receipt { provider: "file", reference: name.to_owned() });
    let files: Vec<_> = fs::read_dir(folder.path().join("mails")).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].file_name(), name);
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let parsed = ParsedMail::parse(&fs::read_to_string(files[0].path()).unwrap());
    assert_eq!(parsed.header("Message-ID"), "<00000000-0000-0000-0000-000000000007@mercer.example>");
    assert_eq!(
        (parsed.text.as_str(), parsed.html.as_str()),
        ("Hello Ana,\n\n.thank you.", "<p>Hello Ana, 2 × Mug</p>")
    );
    let log = log.text();
    assert!(log.contains("Wrote e-mail 00000000-0000-0000-0000-000000000007 for a***@example.com"), "{log}");
    assert!(["ana@", "Hello", "first", "1001"].iter().all(|word| !log.contains(word)), "{log}");
}

#[tokio::test]
async fn unwritable_file_is_unavailable_and_leaves_no_temporary_file() {
    let folder = TempDir::new().unwrap();
    let mailer = FileMailer::new(folder.path().to_owned(), FROM).unwrap();
    // A folder has the name of the file, so the temporary file can be written but not renamed.
    fs::create_dir(folder.path().join("00000000-0000-0000-0000-000000000007.eml")).unwrap();

    let error = mailer.send(&mail()).await.unwrap_err();

    assert_eq!(class(&error), "unavailable", "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
