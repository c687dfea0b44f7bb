//! Mail over SMTP and into files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use mercer::platform::notify::{FileMailer, SettingsError, SmtpMailer, SmtpSettings, Timeouts};
use mercer::platform::ports::{DeliveryError, Mail, Mailer, Receipt};
use mercer::platform::secret::Secret;
use pretty_assertions::assert_eq;
use tempfile::TempDir;

use super::{BRIEFLY, class, mail, refused, unavailable, uncertain};
use crate::support::fakes::{CapturedLog, FakeSmtp, Reaction, ReadMail, Step, closed_port};

const FROM: &str = "The Shop <shop@mercer.example>";

fn try_mailer(url: &str) -> Result<SmtpMailer, SettingsError> {
    let url = Secret::new(url.to_owned());
    SmtpMailer::new(&SmtpSettings { url, from: FROM.to_owned(), timeouts: BRIEFLY })
}

fn mailer(server: &FakeSmtp) -> SmtpMailer {
    try_mailer(&format!("smtp://127.0.0.1:{}", server.port)).unwrap()
}

fn known_mailer(server: &FakeSmtp) -> SmtpMailer {
    try_mailer(&format!("smtp://shop:p%40ss%2Fword@127.0.0.1:{}", server.port)).unwrap()
}

/// Sends one mail to a server that reacts like this.
async fn disturbed(step: Step, reaction: Reaction) -> (FakeSmtp, DeliveryError) {
    let server = FakeSmtp::reacting([(step, reaction)]).await;
    let error = known_mailer(&server).send(&mail()).await.unwrap_err();
    (server, error)
}

#[tokio::test]
async fn a_mail_arrives_with_both_bodies_under_its_own_id() {
    let server = FakeSmtp::start().await;

    let receipt = known_mailer(&server).send(&mail()).await.unwrap();

    assert_eq!(receipt, Receipt { provider: "smtp", reference: "2.0.0 Ok: queued as 4F1A9B20".to_owned() });
    let seen = server.seen();
    assert_eq!(
        seen.commands[1..],
        [
            "AUTH PLAIN AHNob3AAcEBzcy93b3Jk", // base64 of \0shop\0p@ss/word
            "MAIL FROM:<shop@mercer.example>",
            "RCPT TO:<ana@example.com>",
            "DATA",
        ]
    );
    let read = ReadMail::parse(&seen.mails[0]);
    assert_eq!(read.header("Message-ID"), "<00000000-0000-0000-0000-000000000007@mercer.example>");
    assert_eq!(read.header("From"), "\"The Shop\" <shop@mercer.example>");
    assert_eq!(read.header("To"), "ana@example.com");
    assert_eq!(read.header("Subject"), "Your order 1001");
    assert_eq!(read.header("Auto-Submitted"), "auto-generated");
    assert!(chrono::DateTime::parse_from_rfc2822(read.header("Date")).is_ok());
    assert_eq!(read.text, "Hello Ana,\n\n.thank you.");
    assert_eq!(read.html, "<p>Hello Ana, 2 × Mug</p>");
}

#[tokio::test]
async fn the_other_way_to_log_in_is_used_when_only_it_is_offered() {
    let server = FakeSmtp::offering("AUTH LOGIN", []).await;

    known_mailer(&server).send(&mail()).await.unwrap();

    assert_eq!(server.seen().commands[1..4], ["AUTH LOGIN", "c2hvcA==", "cEBzcy93b3Jk"]);
}

#[tokio::test]
async fn a_retry_carries_the_same_id_over_the_same_connection() {
    let server = FakeSmtp::start().await;
    let mailer = mailer(&server);

    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();

    let seen = server.seen();
    let [first, second] = [0, 1].map(|at| ReadMail::parse(&seen.mails[at]));
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    assert_eq!(seen.connections, 1);
    assert!(seen.commands.iter().all(|command| !command.starts_with("AUTH")), "nobody to log in as");
}

#[tokio::test]
async fn a_connection_that_died_at_rest_is_replaced() {
    let server = FakeSmtp::reacting([(Step::Content, Reaction::SayAndHangUp("250 Ok"))]).await;
    let mailer = mailer(&server);

    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();

    let seen = server.seen();
    assert_eq!((seen.connections, seen.mails.len()), (2, 2));
}

#[tokio::test]
async fn a_connection_that_fell_silent_at_rest_is_replaced() {
    let server = FakeSmtp::reacting([(Step::Noop, Reaction::Silence)]).await;
    let url = Secret::new(format!("smtp://127.0.0.1:{}", server.port));
    let timeouts = Timeouts { total: BRIEFLY.connect * 10, ..BRIEFLY };
    let mailer = SmtpMailer::new(&SmtpSettings { url, from: FROM.to_owned(), timeouts }).unwrap();

    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();

    let seen = server.seen();
    assert_eq!((seen.connections, seen.mails.len()), (2, 2));
}

#[tokio::test]
async fn a_connection_on_which_something_went_wrong_is_not_used_again() {
    let server = FakeSmtp::reacting([(Step::To, Reaction::Say("550 No"))]).await;
    let mailer = mailer(&server);

    mailer.send(&mail()).await.unwrap_err();
    mailer.send(&mail()).await.unwrap_err();

    assert_eq!(server.seen().connections, 2);
}

#[tokio::test]
async fn a_no_to_the_mail_is_final_and_names_nobody() {
    let no_such_user = Reaction::Say("550 5.1.1 <ana@example.com>: no such user");
    let (server, error) = disturbed(Step::To, no_such_user).await;
    assert_eq!(error, refused("permanent error (550): 5.1.1 (address) no such user"));
    assert_eq!(server.seen().commands.last().unwrap(), "RCPT TO:<ana@example.com>");

    let (_, error) = disturbed(Step::From, Reaction::Say("553 Not yours")).await;
    assert_eq!(error, refused("permanent error (553): Not yours"));
    let (_, error) = disturbed(Step::Data, Reaction::Say("554 No valid recipients")).await;
    assert_eq!(error, refused("permanent error (554): No valid recipients"));
    let (_, error) = disturbed(Step::Content, Reaction::Say("552 Too big")).await;
    assert_eq!(error, refused("permanent error (552): Too big"));
}

#[tokio::test]
async fn not_now_means_later() {
    for step in [Step::Greeting, Step::Hello, Step::Login, Step::From, Step::To, Step::Data, Step::Content] {
        let (_, error) = disturbed(step, Reaction::Say("451 4.7.1 Try later")).await;
        assert_eq!(error, unavailable("transient error (451): 4.7.1 Try later"), "{step:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_costs_no_mail() {
    let (server, error) = disturbed(Step::Login, Reaction::Say("535 5.7.8 Wrong password")).await;

    assert_eq!(error, unavailable("permanent error (535): 5.7.8 Wrong password"));
    assert!(server.seen().commands.iter().all(|command| !command.starts_with("MAIL")));
}

#[tokio::test]
async fn what_is_lost_before_the_content_was_not_sent() {
    for step in [Step::Greeting, Step::Hello, Step::Login, Step::From, Step::To, Step::Data] {
        for reaction in [Reaction::HangUp, Reaction::Silence, Reaction::Say("gibberish")] {
            let (server, error) = disturbed(step, reaction).await;

            assert_eq!(class(&error), "unavailable", "{step:?} {reaction:?}: {error}");
            assert_eq!(server.seen().mails.len(), 0);
        }
    }
}

#[tokio::test]
async fn what_is_lost_after_the_content_may_have_been_sent() {
    let (_, error) = disturbed(Step::Content, Reaction::Silence).await;
    assert_eq!(error, uncertain("the mail server did not answer in time"));

    for reaction in [Reaction::HangUp, Reaction::Say("gibberish")] {
        let (server, error) = disturbed(Step::Content, reaction).await;

        assert_eq!(class(&error), "uncertain", "{reaction:?}: {error}");
        assert_eq!(server.seen().mails.len(), 1);
    }
}

#[tokio::test]
async fn nothing_is_said_before_the_line_is_encrypted() {
    let server = FakeSmtp::start().await; // knows no STARTTLS and no TLS
    for url in ["smtp://shop:word@127.0.0.1:{port}?tls=required", "smtps://shop:word@127.0.0.1:{port}"] {
        let mailer = try_mailer(&url.replace("{port}", &server.port.to_string())).unwrap();

        let error = mailer.send(&mail()).await.unwrap_err();

        assert_eq!(class(&error), "unavailable", "{error}");
    }
    // This one offers to encrypt, and then does not.
    let false_friend = FakeSmtp::offering("STARTTLS", []).await;
    let mailer = try_mailer(&format!("smtp://shop:word@127.0.0.1:{}?tls=required", false_friend.port)).unwrap();
    assert_eq!(class(&mailer.send(&mail()).await.unwrap_err()), "unavailable");
    assert_eq!(false_friend.seen().commands[1..], ["STARTTLS"]);

    let seen = server.seen();
    assert_eq!(seen.connections, 2);
    assert!(seen.commands.iter().all(|said| !said.contains("AUTH") && !said.contains("MAIL")), "{:?}", seen.commands);
}

#[tokio::test]
async fn line_breaks_add_neither_headers_nor_commands() {
    let server = FakeSmtp::start().await;
    let mailer = mailer(&server);
    mailer.send(&mail()).await.unwrap();

    let subject = "Order\r\nBcc: eve@example.com\r\n\r\n<p>Hi</p>".to_owned();
    mailer.send(&Mail { subject, ..mail() }).await.unwrap();

    let commands = server.seen().commands.len();
    for to in ["ana@example.com\r\nRCPT TO:<eve@example.com>", "\"a\nb\"@example.com", "\"a\tb\"@example.com"] {
        let error = mailer.send(&Mail { to: to.to_owned(), ..mail() }).await.unwrap_err();
        assert_eq!(error, refused("this is not an e-mail address"));
    }
    let seen = server.seen();
    let [honest, sly] = [0, 1].map(|at| ReadMail::parse(&seen.mails[at]));
    assert_eq!(sly.header("Subject"), "Order Bcc: eve@example.com <p>Hi</p>");
    assert_eq!(sly.header_names(), honest.header_names());
    assert_eq!(seen.commands.len(), commands);
}

#[tokio::test]
async fn one_mail_goes_to_one_address() {
    let server = FakeSmtp::start().await;
    for to in ["", "ana", "@example.com", "ana@example.com, eve@example.com", "Ana <ana@example.com>"] {
        let error = mailer(&server).send(&Mail { to: to.to_owned(), ..mail() }).await.unwrap_err();

        assert_eq!(error, refused("this is not an e-mail address"), "{to}");
    }
    assert_eq!(server.seen().connections, 0);
}

#[tokio::test]
async fn addresses_beyond_ascii_need_a_server_that_knows_them() {
    let to_zoe = Mail { to: "zoë@example.com".to_owned(), ..mail() };
    let plain = FakeSmtp::start().await;
    let error = mailer(&plain).send(&to_zoe).await.unwrap_err();
    assert_eq!(error, refused("the mail server takes no addresses beyond ASCII"));
    assert_eq!(plain.seen().mails.len(), 0);

    let modern = FakeSmtp::offering("SMTPUTF8", []).await;
    mailer(&modern).send(&to_zoe).await.unwrap();
    assert_eq!(modern.seen().commands[1..3], ["MAIL FROM:<shop@mercer.example> SMTPUTF8", "RCPT TO:<zoë@example.com>"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let mailer = try_mailer(&format!("smtp://127.0.0.1:{}", closed_port().await)).unwrap();

    let error = mailer.send(&mail()).await.unwrap_err();

    assert_eq!(class(&error), "unavailable", "{error}");
}

#[test]
fn wrong_settings_are_refused_without_repeating_the_password() {
    for (url, problem) in [
        ("shop:hunter2", "the SMTP URL has no host"),
        ("smtp://", "the SMTP URL has no host"),
        ("http://shop:hunter2@host", "the SMTP URL must start with smtp:// or smtps://"),
        ("smtp://shop:hunter2@host?tls=opportunistic", "the SMTP URL knows only ?tls=required"),
        ("smtps://shop:hunter2@host?tls=none", "the SMTP URL knows only ?tls=required"),
        ("smtp://shop:hunter2@host", "the SMTP URL sends a password: add ?tls=required"),
        ("smtp://shop@host", "the SMTP URL has a user but no password"),
        ("smtp://:hunter2@host", "the SMTP URL has a password but no user"),
        ("smtp://shop:hunter2%ff@host", "the SMTP URL has a user or password that is not UTF-8"),
    ] {
        let error = try_mailer(url).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(problem), "{url}");
    }
    for from in ["", "the shop", "shop@mercer.example\r\nBcc: eve@example.com"] {
        let url = Secret::new("smtp://shop:hunter2@host?tls=required".to_owned());
        let settings = SmtpSettings { url, from: from.to_owned(), timeouts: BRIEFLY };

        assert!(matches!(SmtpMailer::new(&settings), Err(SettingsError::Sender(_))), "{from}");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_mail_in_a_file_is_whole_private_and_there_once() {
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
    let read = ReadMail::parse(&fs::read_to_string(files[0].path()).unwrap());
    assert_eq!(read.header("Message-ID"), "<00000000-0000-0000-0000-000000000007@mercer.example>");
    assert_eq!((read.text.as_str(), read.html.as_str()), ("Hello Ana,\n\n.thank you.", "<p>Hello Ana, 2 × Mug</p>"));
    let log = log.text();
    assert!(log.contains("Wrote mail 00000000-0000-0000-0000-000000000007 for a***@example.com"), "{log}");
    assert!(["ana@", "Hello", "first", "1001"].iter().all(|word| !log.contains(word)), "{log}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_unavailable_and_stays_clean() {
    let folder = TempDir::new().unwrap();
    let mailer = FileMailer::new(folder.path().to_owned(), FROM).unwrap();
    // A folder is where the mail should be: it can be written beside, but not renamed over it.
    fs::create_dir(folder.path().join("00000000-0000-0000-0000-000000000007.eml")).unwrap();

    let error = mailer.send(&mail()).await.unwrap_err();

    assert_eq!(class(&error), "unavailable", "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
