//! Jobs that send and purge tokens.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde::{Deserialize, Serialize};

use super::errors::VerificationError;
use super::mail::{AccountMail, MailSettings, queue_mail};
use super::models::{AccountToken, TokenMail};
use super::services::{TokenRequest, issue_token};
use crate::customers::accounts::{CustomerEvent, Profile};
use crate::platform::app::App;
use crate::platform::jobs::{Job, NewJob, enqueue};
use crate::platform::types::{EventId, UserId};

/// Sends an e-mail with a token to the owner of an account.
///
/// The job is enqueued even if no account has the address, so that the request takes the same work in both cases. Only
/// the job decides whether an e-mail is sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendTokenMail {
    event: EventId,
    user: Option<UserId>,
    #[serde(rename = "letter")]
    mail: TokenMail,
}

/// Enqueues an e-mail with a token in the caller's transaction.
pub fn queue_token_mail(
    conn: &mut PgConnection,
    mail: TokenMail,
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let job = NewJob::new(&SendTokenMail { event: EventId::generate(), user, mail });
    let job = job.map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    enqueue(conn, &job, now)
}

impl SendTokenMail {
    /// Returns the job that an event makes necessary.
    pub const fn after(event: &CustomerEvent, mail: TokenMail) -> Self {
        Self { event: event.id, user: event.user, mail }
    }

    fn send(
        &self,
        conn: &mut PgConnection,
        settings: &MailSettings,
        now: DateTime<Utc>,
    ) -> Result<(), VerificationError> {
        let profile = self.user.map(|user| Profile::lock(conn, user)).transpose()?.flatten();
        let Some(profile) = profile.filter(|profile| self.is_necessary(profile)) else { return Ok(()) };
        let (event, to) = (self.event, &profile.user.email);
        let link = if self.mail.needs_link(&profile.user) {
            let request = TokenRequest { event, purpose: self.mail.purpose(), email: to };
            let Some(link) = issue_token(conn, &profile, request, now)? else { return Ok(()) };
            Some(link)
        } else {
            None
        };
        let (template, link) = (self.mail.as_str(), link.as_ref());
        let mail = AccountMail { event, to, template, profile: &profile, link };
        queue_mail(conn, settings, &mail, now)
    }

    /// Returns false for an inactive account, and for a verification that is already done.
    fn is_necessary(&self, profile: &Profile) -> bool {
        let is_already_verified = self.mail == TokenMail::VerifyEmail && profile.user.is_verified();
        profile.user.is_active && !is_already_verified
    }
}

impl Job for SendTokenMail {
    const NAME: &'static str = "accounts.mail_token";
    const QUEUE: &'static str = "notify";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (settings, now) = (MailSettings::from(app), app.clock.now());
        let job = Self { ..*self };
        app.db.write(move |conn| job.send(conn, &settings, now)).await?;
        Ok(())
    }
}

/// Time for which an expired token is retained. Until then it counts against the limit of e-mails.
const RETENTION: TimeDelta = TimeDelta::days(1);

/// Deletes tokens one day after they expired.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeTokens {}

impl Job for PurgeTokens {
    const NAME: &'static str = "accounts.purge_tokens";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let before = app.clock.now() - RETENTION;
        app.db.write(move |conn| AccountToken::delete_expired(conn, before)).await?;
        Ok(())
    }
}
