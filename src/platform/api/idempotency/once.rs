//! A keyed request, and how it is answered once.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::Connection;
use diesel::pg::PgConnection;
use serde_json::{Map, Value};

use super::digest::digest;
use super::models::StoredAnswer;
use super::read_ahead::KeyedRequest;
use crate::platform::api::answer::Answer;
use crate::platform::auth::{MasterKey, principal_of, sha256};
use crate::platform::error::Problem;

/// SHA-256 of who asks, by which method, at which route, under which key.
pub(super) type Scope = [u8; 32];

const SEAL: &str = "idempotency";

/// How long an answer is kept; after that the natural keys of things have to do.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// Headers of an answer that are stored with it; all others are made anew.
const STORED_HEADERS: [HeaderName; 3] = [header::LOCATION, header::ETAG, header::CONTENT_TYPE];

/// Where a secret body stands among the secret headers: no header has such a name.
const SECRET_BODY: &str = ":body";

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A request under an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub(in crate::platform::api) struct Once {
    /// Who asks: a user, or what a guest is known by.
    asker: String,
    request: KeyedRequest,
}

impl Once {
    /// None for a request without a key.
    pub fn of(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let Some(keyed) = request.extensions().get::<KeyedRequest>().cloned() else { return Ok(None) };
        let asker = match principal_of(request) {
            Some(principal) => principal.key(),
            // Whoever holds the same secret of an order is the same guest.
            None => match request.headers().get("x-order-token").and_then(|token| token.to_str().ok()) {
                Some(token) => format!("holder:{}", hex::encode(sha256(token))),
                None => "guest".to_owned(),
            },
        };
        Ok(Some(Self { asker, request: keyed }))
    }

    /// What a guest without any other sign is known by.
    pub fn ask_as(&mut self, guest: &str) {
        if self.asker == "guest" {
            self.asker = format!("guest:{guest}");
        }
    }

    pub(super) fn scope(&self) -> Scope {
        let KeyedRequest { key, method, route, .. } = &self.request;
        digest(&[&self.asker, method, route, key].map(String::as_bytes))
    }

    fn fingerprint(&self) -> [u8; 32] {
        digest(&[&self.request.fingerprint, self.asker.as_bytes()])
    }

    /// Does `work` unless it was done, and answers as it was answered then. Runs in the caller's transaction, which
    /// must commit even where the answer is a refusal: the inner result.
    pub fn answer(
        &self,
        conn: &mut PgConnection,
        key: &MasterKey,
        now: DateTime<Utc>,
        work: impl Fn(&mut PgConnection) -> Result<Answer, Problem>,
    ) -> Result<Result<Answer, Problem>, Problem> {
        let scope = self.scope();
        if !StoredAnswer::try_lock(conn, &scope)? {
            return Err(still_running());
        }
        if let Some(stored) = StoredAnswer::find(conn, &scope, now)? {
            return if stored.fingerprint == self.fingerprint() {
                replay(stored, key).map(Ok)
            } else {
                Err(key_reused())
            };
        }
        // A refusal undoes what was begun, and is kept: out of stock is an answer, too.
        let result = conn.transaction(|conn| work(conn).map_err(Undone)).map_err(|Undone(problem)| problem);
        match &result {
            Ok(answer) => self.store(conn, answer, key, now)?,
            Err(problem) if problem.is_business_refusal() => {
                let body = serde_json::to_vec(&problem.json(None)).map_err(|error| Problem::internal(error.into()))?;
                self.store(conn, &Answer::new(problem.status(), Some(body)), key, now)?;
            }
            Err(_) => return result.map(Ok),
        }
        Ok(result)
    }

    fn store(
        &self,
        conn: &mut PgConnection,
        answer: &Answer,
        key: &MasterKey,
        now: DateTime<Utc>,
    ) -> Result<(), Problem> {
        let stored = answer.headers.iter().filter(|(name, _)| STORED_HEADERS.contains(name));
        let mut secret = to_json(answer.secret_headers.iter());
        let (secret_body, open_body) = match &answer.body {
            Some(body) if answer.is_confidential => (Some(String::from_utf8_lossy(body)), None),
            body => (None, body.clone()),
        };
        if let (Some(body), Some(secret)) = (secret_body, secret.as_object_mut()) {
            secret.insert(SECRET_BODY.to_owned(), body.into());
        }
        let sealed = match secret.as_object().is_some_and(Map::is_empty) {
            true => None,
            false => Some(key.seal(SEAL, secret.to_string().as_bytes()).map_err(Problem::internal)?),
        };
        let row = StoredAnswer {
            scope: self.scope().to_vec(),
            fingerprint: self.fingerprint().to_vec(),
            status: i16::try_from(answer.status.as_u16()).map_err(|error| Problem::internal(error.into()))?,
            headers: to_json(stored),
            sealed_headers: sealed,
            body: open_body,
            created_at: now,
            expires_at: now + KEPT,
        };
        Ok(row.insert(conn)?)
    }
}

/// Carries a [`Problem`] through Diesel's transaction.
struct Undone(Problem);

impl From<diesel::result::Error> for Undone {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

fn to_json<'a>(headers: impl Iterator<Item = &'a (HeaderName, HeaderValue)>) -> Value {
    let pairs = headers.filter_map(|(name, value)| Some((name.to_string(), Value::from(value.to_str().ok()?))));
    Value::Object(pairs.collect())
}

fn from_json(headers: &Value) -> Vec<(HeaderName, HeaderValue)> {
    let pairs = headers.as_object().into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.parse().ok()?, value.as_str()?.parse().ok()?))).collect()
}

fn replay(stored: StoredAnswer, key: &MasterKey) -> Result<Answer, Problem> {
    let broken = |what: &str| Problem::internal(anyhow::anyhow!("a stored answer has {what}"));
    let status = u16::try_from(stored.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut answer = Answer::new(status.ok_or_else(|| broken("no status"))?, stored.body);
    answer.headers = from_json(&stored.headers);
    answer.headers.push((REPLAYED, HeaderValue::from_static("true")));
    if let Some(sealed) = stored.sealed_headers {
        let opened = key.open(SEAL, &sealed).map_err(Problem::internal)?;
        let secret: Value = serde_json::from_slice(&opened).map_err(|_| broken("no headers"))?;
        answer.secret_headers = from_json(&secret);
        if let Some(body) = secret.get(SECRET_BODY).and_then(Value::as_str) {
            answer.body = Some(body.as_bytes().to_vec());
        }
    }
    Ok(answer)
}

/// 409: the first one with this key is not answered yet.
pub(super) fn still_running() -> Problem {
    let detail = "A request with this Idempotency-Key is under way.";
    let refused = Problem::refused(StatusCode::CONFLICT, "idempotency_key_in_use", detail.to_owned(), Map::new());
    refused.with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// 422: the key was used for something else.
fn key_reused() -> Problem {
    let detail = "This Idempotency-Key was used with another request.";
    Problem::refused(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail.to_owned(), Map::new())
}
