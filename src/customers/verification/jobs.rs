//! Mails with tokens, and the end of tokens.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde::{Deserialize, Serialize};

use super::errors::VerificationError;
use super::letters::{Letter, Stationery, post};
use super::models::{AccountToken, Purpose};
use super::tokens::issue;
use crate::customers::accounts::{CustomerEvent, Profile, User};
use crate::platform::app::App;
use crate::platform::jobs::{Job, NewJob, enqueue};
use crate::platform::types::{EventId, UserId, text_enum};

text_enum! {
    /// What the mail around a token says.
    pub enum TokenLetter {
        /// Somebody has registered.
        VerifyEmail = "verify_email",
        /// Somebody has registered who could have signed in.
        AccountExists = "account_exists",
        /// Somebody has forgotten their password.
        ResetPassword = "reset_password",
        /// Somebody is to work here.
        StaffInvitation = "staff_invitation",
    }
}

impl TokenLetter {
    const fn purpose(self) -> Purpose {
        match self {
            Self::VerifyEmail => Purpose::VerifyEmail,
            Self::AccountExists | Self::ResetPassword => Purpose::ResetPassword,
            Self::StaffInvitation => Purpose::AcceptInvitation,
        }
    }

    /// Whoever has a password accepts an invitation by signing in.
    const fn needs_link(self, user: &User) -> bool {
        !matches!(self, Self::StaffInvitation) || user.password_hash.is_none()
    }
}

/// Mails somebody a link that only the owner of the address can open. Enqueued for nobody as well: whoever asks costs
/// the same work, and only the job knows whether a mail follows.
#[derive(Debug, Serialize, Deserialize)]
pub struct MailToken {
    pub event: EventId,
    pub user: Option<UserId>,
    pub letter: TokenLetter,
}

/// Queues a letter in the caller's transaction, which need not know whether a mail follows.
pub fn queue_letter(
    conn: &mut PgConnection,
    letter: TokenLetter,
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let job = NewJob::of(&MailToken { event: EventId::generate(), user, letter });
    let job = job.map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    enqueue(conn, &job, now)
}

impl MailToken {
    pub const fn after(event: &CustomerEvent, letter: TokenLetter) -> Self {
        Self { event: event.id, user: event.user, letter }
    }

    fn write(
        &self,
        conn: &mut PgConnection,
        stationery: &Stationery,
        now: DateTime<Utc>,
    ) -> Result<(), VerificationError> {
        let profile = self.user.map(|user| Profile::lock(conn, user)).transpose()?.flatten();
        let is_wanted = |profile: &Profile| {
            profile.user.is_active && !(self.letter == TokenLetter::VerifyEmail && profile.user.is_verified())
        };
        let Some(profile) = profile.filter(is_wanted) else { return Ok(()) };
        let (event, to) = (self.event, &profile.user.email);
        let link = if self.letter.needs_link(&profile.user) {
            let issued = issue(conn, &profile, self.letter.purpose(), (event, to), now)?;
            let Some(link) = issued else { return Ok(()) };
            Some((link.url(&stationery.storefront_url), link.hours()))
        } else {
            None
        };
        post(conn, stationery, Letter { event, to, template: self.letter.as_str(), about: &profile, link }, now)
    }
}

impl Job for MailToken {
    const NAME: &'static str = "accounts.mail_token";
    const QUEUE: &'static str = "notify";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (stationery, now) = (Stationery::from(app), app.clock.now());
        let job = Self { ..*self };
        app.db.write(move |conn| job.write(conn, &stationery, now)).await?;
        Ok(())
    }
}

/// How long an expired token is still counted.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// Forgets tokens that expired yesterday.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeTokens {}

impl Job for PurgeTokens {
    const NAME: &'static str = "accounts.purge_tokens";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let before = app.clock.now() - REMEMBERED;
        app.db.write(move |conn| AccountToken::delete_expired(conn, before)).await?;
        Ok(())
    }
}
