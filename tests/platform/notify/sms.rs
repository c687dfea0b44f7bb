//! Text messages to both providers and to the log.

use std::time::Duration;

use mercer::platform::notify::{
    AfricasTalking, AfricasTalkingSettings, LogSms, ProviderTimeouts, SettingsError, Twilio, TwilioSender,
    TwilioSettings,
};
use mercer::platform::ports::{DeliveryError, Receipt, Sms, SmsGateway};
use mercer::platform::secret::Secret;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::{SHORT_TIMEOUTS, class, rejected, sms, unavailable, uncertain};
use crate::support::fakes::{CapturedLog, FakeHttp, HttpResponse, closed_port};

type Headers = &'static [(&'static str, &'static str)];

fn africas_talking(base_url: &str) -> AfricasTalkingSettings {
    AfricasTalkingSettings {
        base_url: base_url.to_owned(),
        username: "shop".to_owned(),
        api_key: Secret::new("not-a-real-key".to_owned()),
        sender: None,
        timeouts: SHORT_TIMEOUTS,
    }
}

fn twilio(base_url: &str) -> TwilioSettings {
    TwilioSettings {
        base_url: base_url.to_owned(),
        account_sid: "AC0".to_owned(),
        auth_token: Secret::new("not-a-real-token".to_owned()),
        sender: TwilioSender::Number("+15005550006".to_owned()),
        status_callback: None,
        timeouts: SHORT_TIMEOUTS,
    }
}

fn recipient(code: u16, status: &str) -> Value {
    json!({ "SMSMessageData": {
        "Message": "Sent to 1/1 Total Cost: KES 0.8000",
        "Recipients": [{
            "statusCode": code, "number": "+254711222333", "status": status,
            "cost": "KES 0.8000", "messageId": "ATXid_1"
        }]
    } })
}

fn queued() -> Value {
    json!({ "sid": "SM1", "status": "queued", "error_code": null, "to": "+254711222333" })
}

async fn through_africas_talking(response: HttpResponse) -> Result<Receipt, DeliveryError> {
    let server = FakeHttp::start([response]).await;
    AfricasTalking::new(&africas_talking(&server.url())).unwrap().send(&sms()).await
}

async fn through_twilio(response: HttpResponse) -> Result<Receipt, DeliveryError> {
    let server = FakeHttp::start([response]).await;
    Twilio::new(&twilio(&server.url())).unwrap().send(&sms()).await
}

#[tokio::test]
async fn africas_talking_receives_the_documented_request() {
    let responses = [101, 102].map(|code| HttpResponse::json(201, &recipient(code, "Success")));
    let server = FakeHttp::start(responses).await;
    let settings = africas_talking(&format!("{}/", server.url()));
    let anonymous = AfricasTalking::new(&settings).unwrap();
    let named = AfricasTalking::new(&AfricasTalkingSettings { sender: Some("MERCER".to_owned()), ..settings }).unwrap();

    let receipt = anonymous.send(&sms()).await.unwrap();
    named.send(&sms()).await.unwrap();

    assert_eq!(receipt, Receipt { provider: "africastalking", reference: "ATXid_1".to_owned() });
    let requests = server.requests();
    assert_eq!(requests[0].target, "POST /version1/messaging");
    assert_eq!(requests[0].headers["apikey"], "not-a-real-key");
    assert_eq!(requests[0].headers["accept"], "application/json");
    assert_eq!(requests[0].headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(
        requests[0].body,
        "username=shop&to=%2B254711222333&message=Order+1001%3A+2+%26+more+%C3%A9&bulkSMSMode=1"
    );
    assert_eq!(
        requests[1].body,
        "username=shop&to=%2B254711222333&message=Order+1001%3A+2+%26+more+%C3%A9&from=MERCER&bulkSMSMode=1"
    );
}

#[tokio::test]
async fn africas_talking_status_codes_are_mapped_per_recipient() {
    for code in [100, 101, 102] {
        let result = through_africas_talking(HttpResponse::json(201, &recipient(code, "Success"))).await;
        assert!(result.is_ok(), "{code}");
    }
    for code in [401, 402, 403, 404, 406, 407, 409] {
        let result = through_africas_talking(HttpResponse::json(201, &recipient(code, "No"))).await;
        assert_eq!(result, Err(rejected(&format!("{code} No"))));
    }
    for code in [405, 500, 501, 502] {
        let result = through_africas_talking(HttpResponse::json(201, &recipient(code, "Later"))).await;
        assert_eq!(result, Err(unavailable(&format!("{code} Later"))));
    }
    for code in [99, 103, 408, 503] {
        let result = through_africas_talking(HttpResponse::json(201, &recipient(code, "Huh"))).await;
        assert_eq!(result, Err(uncertain(&format!("{code} Huh"))));
    }
}

#[tokio::test]
async fn africas_talking_can_reject_the_complete_message() {
    let without_recipients = json!({ "SMSMessageData": { "Message": "InvalidSenderId", "Recipients": [] } });

    let result = through_africas_talking(HttpResponse::json(201, &without_recipients)).await;

    assert_eq!(result, Err(rejected("InvalidSenderId")));
}

#[tokio::test]
async fn twilio_receives_the_documented_request() {
    let server = FakeHttp::start([(); 2].map(|()| HttpResponse::json(201, &queued()))).await;
    let simple = Twilio::new(&twilio(&server.url())).unwrap();
    let full = Twilio::new(&TwilioSettings {
        sender: TwilioSender::MessagingService("MG0".to_owned()),
        status_callback: Some("https://shop.example/hooks/sms?key=1".to_owned()),
        ..twilio(&server.url())
    });

    let receipt = simple.send(&sms()).await.unwrap();
    full.unwrap().send(&sms()).await.unwrap();

    assert_eq!(receipt, Receipt { provider: "twilio", reference: "SM1".to_owned() });
    let requests = server.requests();
    assert_eq!(requests[0].target, "POST /2010-04-01/Accounts/AC0/Messages.json");
    // base64 of AC0:not-a-real-token
    assert_eq!(requests[0].headers["authorization"], "Basic QUMwOm5vdC1hLXJlYWwtdG9rZW4=");
    assert_eq!(requests[0].headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(requests[0].body, "To=%2B254711222333&From=%2B15005550006&Body=Order+1001%3A+2+%26+more+%C3%A9");
    assert_eq!(
        requests[1].body,
        "To=%2B254711222333&MessagingServiceSid=MG0&Body=Order+1001%3A+2+%26+more+%C3%A9\
         &StatusCallback=https%3A%2F%2Fshop.example%2Fhooks%2Fsms%3Fkey%3D1"
    );
}

#[tokio::test]
async fn twilio_final_failure_states_are_rejections() {
    for status in ["queued", "accepted", "scheduled", "sending", "sent", "delivered"] {
        let body = json!({ "sid": "SM1", "status": status, "error_code": null });
        assert!(through_twilio(HttpResponse::json(201, &body)).await.is_ok(), "{status}");
    }
    for status in ["failed", "undelivered", "canceled"] {
        let body = json!({ "sid": "SM1", "status": status, "error_code": 30007 });
        assert_eq!(through_twilio(HttpResponse::json(201, &body)).await, Err(rejected(&format!("{status} 30007"))));
    }
}

#[tokio::test]
async fn twilio_error_keeps_the_code_and_redacts_the_number() {
    let problem = json!({
        "code": 21211, "message": "Invalid 'To' Phone Number: +254711222333",
        "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400
    });

    let result = through_twilio(HttpResponse::json(400, &problem)).await;

    assert_eq!(result, Err(rejected("HTTP 400: 21211 Invalid 'To' Phone Number: +(number)")));
}

#[tokio::test]
async fn http_status_determines_whether_a_message_is_retried() {
    for (status, expected) in [
        (301, "rejected"),
        (400, "rejected"),
        (401, "unavailable"), // the credentials are wrong, not the message
        (403, "rejected"),
        (404, "rejected"),
        (408, "unavailable"),
        (429, "unavailable"),
        (500, "uncertain"),
        (502, "uncertain"),
        (503, "unavailable"),
        (504, "uncertain"),
    ] {
        let respond = || HttpResponse::empty(status, &[("Location", "http://127.0.0.1:9/elsewhere")]);
        let results = [through_africas_talking(respond()).await, through_twilio(respond()).await];

        for result in results {
            let error = result.unwrap_err();
            assert_eq!(class(&error), expected, "{status}: {error}");
            assert!(error.to_string().contains(&format!("HTTP {status}")), "{error}");
        }
    }
}

#[tokio::test]
async fn retry_after_header_is_parsed() {
    const NOW: (&str, &str) = ("Date", "Sat, 21 Nov 2026 07:30:00 GMT");
    let cases: [(Headers, Option<u64>); 8] = [
        (&[("Retry-After", "17")], Some(17)),
        (&[("Retry-After", "0")], Some(0)),
        (&[("Retry-After", "99999999999")], Some(24 * 60 * 60)),
        (&[("Retry-After", "Sat, 21 Nov 2026 07:31:30 GMT"), NOW], Some(90)),
        (&[("Retry-After", "Sat, 21 Nov 2026 07:29:00 GMT"), NOW], Some(0)),
        (&[("Retry-After", "Sat, 21 Nov 2026 07:31:30 GMT")], None), // there is no Date header to compare with
        (&[("Retry-After", "soon")], None),
        (&[], None),
    ];
    for (headers, seconds) in cases {
        for status in [429, 503] {
            let result = through_twilio(HttpResponse::empty(status, headers)).await;

            let Err(DeliveryError::Unavailable { retry_after, .. }) = result else { panic!("{result:?}") };
            assert_eq!(retry_after, seconds.map(Duration::from_secs), "{headers:?}");
        }
    }
}

#[tokio::test]
async fn incomplete_response_is_uncertain() {
    let lost = || [HttpResponse::Silence, HttpResponse::Disconnect, HttpResponse::TruncatedBody { status: 201 }];
    let odd = || [HttpResponse::empty(201, &[]), HttpResponse::json(200, &json!({ "odd": true }))];
    for response in lost().into_iter().chain(odd()) {
        assert_eq!(class(&through_africas_talking(response).await.unwrap_err()), "uncertain");
    }
    for response in lost().into_iter().chain(odd()) {
        assert_eq!(class(&through_twilio(response).await.unwrap_err()), "uncertain");
    }
    // The status of a failure is enough.
    let result = through_twilio(HttpResponse::TruncatedBody { status: 400 }).await;
    assert_eq!(result, Err(rejected("HTTP 400:")));
}

#[tokio::test]
async fn message_is_not_resent_after_a_lost_connection() {
    let server = FakeHttp::start([HttpResponse::Disconnect]).await;
    server.enqueue(HttpResponse::json(201, &queued()));

    Twilio::new(&twilio(&server.url())).unwrap().send(&sms()).await.unwrap_err();

    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn connection_failure_is_unavailable() {
    // A closed port, and a port that never responds to the TLS handshake.
    let closed = format!("http://127.0.0.1:{}", closed_port().await);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("https://127.0.0.1:{}", silent.local_addr().unwrap().port());

    for url in [closed, silent] {
        let timeouts = ProviderTimeouts { total: SHORT_TIMEOUTS.connect * 10, ..SHORT_TIMEOUTS };
        let settings = TwilioSettings { timeouts, ..twilio(&url) };
        let error = Twilio::new(&settings).unwrap().send(&sms()).await.unwrap_err();

        assert_eq!(class(&error), "unavailable", "{error}");
        assert!(!error.to_string().contains("AC0"), "{error}");
    }
}

#[tokio::test]
async fn list_of_numbers_is_rejected() {
    let server = FakeHttp::start([]).await;
    let gateways: [Box<dyn SmsGateway>; 3] = [
        Box::new(AfricasTalking::new(&africas_talking(&server.url())).unwrap()),
        Box::new(Twilio::new(&twilio(&server.url())).unwrap()),
        Box::new(LogSms),
    ];
    let to = "+254711222333,+254711222334".to_owned();
    for gateway in gateways {
        let result = gateway.send(&Sms { to: to.clone(), ..sms() }).await;

        assert_eq!(result, Err(rejected("this is not a phone number in E.164")));
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn log_contains_no_phone_number_or_message_text() {
    let log = CapturedLog::start();

    let receipt = LogSms.send(&sms()).await.unwrap();

    assert_eq!(receipt.reference, "00000000-0000-0000-0000-000000000008");
    let log = log.text();
    assert!(log.contains("Text message 00000000-0000-0000-0000-000000000008 to +254***33"), "{log}");
    assert!(["711222", "1001"].iter().all(|word| !log.contains(word)), "{log}");
}

#[test]
fn invalid_sms_settings_are_rejected_without_revealing_the_secret() {
    for url in ["", "api.example.com", "ftp://api.example.com"] {
        assert!(matches!(Twilio::new(&twilio(url)), Err(SettingsError::BaseUrl(_))), "{url}");
        assert!(matches!(AfricasTalking::new(&africas_talking(url)), Err(SettingsError::BaseUrl(_))), "{url}");
    }
    let api_key = Secret::new("hunter2\r\nX: y".to_owned());
    let settings = AfricasTalkingSettings { api_key, ..africas_talking(AfricasTalkingSettings::SANDBOX) };
    assert!(matches!(AfricasTalking::new(&settings), Err(SettingsError::ApiKey)));
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert!(!format!("{:?}", twilio(TwilioSettings::LIVE)).contains("not-a-real-token"));
}
