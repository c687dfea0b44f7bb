//! Contract of all mailers and SMS gateways.

use mercer::platform::notify::{
    AfricasTalking, AfricasTalkingSettings, BreakerSettings, CircuitBreaker, FileMailer, LogSms, SmtpMailer,
    SmtpSettings, Twilio, TwilioSender, TwilioSettings,
};
use mercer::platform::ports::{Mail, Mailer, Sms, SmsGateway};
use mercer::platform::secret::Secret;
use pretty_assertions::assert_eq;
use serde_json::json;
use tempfile::TempDir;

use super::{SHORT_TIMEOUTS, class, mail, sms};
use crate::support::fakes::{FakeHttp, FakeSmtp, HttpResponse, ManualClock};

const FROM: &str = "shop@mercer.example";

#[tokio::test]
async fn every_mailer_fulfills_the_port_contract() {
    let server = FakeSmtp::start().await;
    let smtp = || {
        let url = Secret::new(format!("smtp://127.0.0.1:{}", server.port));
        SmtpMailer::new(&SmtpSettings { url, from: FROM.to_owned(), timeouts: SHORT_TIMEOUTS }).unwrap()
    };
    let folder = TempDir::new().unwrap();
    let guarded = CircuitBreaker::new(smtp(), BreakerSettings::default(), ManualClock::new().reader());
    let mailers: [(Box<dyn Mailer>, &str, bool); 3] = [
        (Box::new(smtp()), "smtp", false),
        (Box::new(guarded), "smtp", false),
        (Box::new(FileMailer::new(folder.path().to_owned(), FROM).unwrap()), "file", true),
    ];

    for (mailer, name, is_idempotent) in mailers {
        assert_eq!((mailer.name(), mailer.is_idempotent()), (name, is_idempotent));
        let receipt = mailer.send(&mail()).await.unwrap();
        assert_eq!(receipt.provider, name);
        assert!(!receipt.reference.is_empty());
        let invalid = Mail { to: "nobody".to_owned(), ..mail() };
        assert_eq!(class(&mailer.send(&invalid).await.unwrap_err()), "rejected");
    }
}

#[tokio::test]
async fn every_sms_gateway_fulfills_the_port_contract() {
    let at = json!({ "SMSMessageData": {
        "Message": "Sent", "Recipients": [{ "statusCode": 101, "status": "Success", "messageId": "ATXid_1" }]
    } });
    let tw = json!({ "sid": "SM1", "status": "queued" });
    let at = FakeHttp::start([HttpResponse::json(201, &at)]).await;
    let tw = FakeHttp::start([(); 2].map(|()| HttpResponse::json(201, &tw))).await;
    let twilio = || {
        Twilio::new(&TwilioSettings {
            base_url: tw.url(),
            account_sid: "AC0".to_owned(),
            auth_token: Secret::new("not-a-real-token".to_owned()),
            sender: TwilioSender::Number("+15005550006".to_owned()),
            status_callback: None,
            timeouts: SHORT_TIMEOUTS,
        })
        .unwrap()
    };
    let africas_talking = AfricasTalking::new(&AfricasTalkingSettings {
        base_url: at.url(),
        username: "shop".to_owned(),
        api_key: Secret::new("not-a-real-key".to_owned()),
        sender: None,
        timeouts: SHORT_TIMEOUTS,
    });
    let guarded = CircuitBreaker::new(twilio(), BreakerSettings::default(), ManualClock::new().reader());
    let gateways: [(Box<dyn SmsGateway>, &str, bool); 4] = [
        (Box::new(africas_talking.unwrap()), "africastalking", false),
        (Box::new(twilio()), "twilio", false),
        (Box::new(guarded), "twilio", false),
        (Box::new(LogSms), "log", true),
    ];

    for (gateway, name, is_idempotent) in gateways {
        assert_eq!((gateway.name(), gateway.is_idempotent()), (name, is_idempotent));
        let receipt = gateway.send(&sms()).await.unwrap();
        assert_eq!(receipt.provider, name);
        assert!(!receipt.reference.is_empty());
        let invalid = Sms { to: "0711222333".to_owned(), ..sms() };
        assert_eq!(class(&gateway.send(&invalid).await.unwrap_err()), "rejected");
    }
}
