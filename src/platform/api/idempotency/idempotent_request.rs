//! Execution of a request with an idempotency key: once, with a stored response for every repetition.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use serde_json::{Map, Value};

use super::buffered_body::KeyedRequest;
use super::digest::digest;
use super::models::StoredResponse;
use crate::platform::api::response::ApiResponse;
use crate::platform::auth::{MasterKey, principal_of, sha256};
use crate::platform::db::in_transaction;
use crate::platform::error::Problem;
use crate::platform::http::guest_token;

/// SHA-256 of client, method, route and key.
pub(super) type Scope = [u8; 32];

/// Purpose of the encryption of stored secrets.
const PURPOSE: &str = "idempotency";

/// Lifetime of a stored response. Afterwards only unique constraints prevent duplicates.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// Headers that are stored with a response. The server generates all others again.
const STORED_HEADERS: [HeaderName; 3] = [header::LOCATION, header::ETAG, header::CONTENT_TYPE];

/// Key of a secret body among the secret headers. No header has such a name.
const SECRET_BODY: &str = ":body";

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A request under an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub(in crate::platform::api) struct IdempotentRequest {
    /// Identifies the principal or the guest.
    client: String,
    request: KeyedRequest,
}

impl IdempotentRequest {
    /// Returns the keyed request, or None for a request without a key.
    pub fn from_http(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let Some(keyed) = request.extensions().get::<KeyedRequest>().cloned() else { return Ok(None) };
        let client = match principal_of(request) {
            Some(principal) => principal.key(),
            // Guests with the same token are the same client.
            None => match guest_token(request) {
                Some(token) => format!("holder:{}", hex::encode(sha256(token))),
                None => "guest".to_owned(),
            },
        };
        Ok(Some(Self { client, request: keyed }))
    }

    /// Identifies a guest who sends no order token.
    pub fn set_guest(&mut self, guest: &str) {
        if self.client == "guest" {
            self.client = format!("guest:{guest}");
        }
    }

    pub(super) fn scope(&self) -> Scope {
        let KeyedRequest { key, method, route, .. } = &self.request;
        digest(&[&self.client, method, route, key].map(String::as_bytes))
    }

    fn fingerprint(&self) -> [u8; 32] {
        digest(&[&self.request.fingerprint, self.client.as_bytes()])
    }

    /// Runs `work`, or returns the stored response if the request was executed before.
    ///
    /// Runs in the caller's transaction. A business rejection rolls back to a savepoint what `work` has written, and
    /// commits its own response.
    pub fn run(
        &self,
        conn: &mut PgConnection,
        key: &MasterKey,
        now: DateTime<Utc>,
        work: impl Fn(&mut PgConnection) -> Result<ApiResponse, Problem>,
    ) -> Result<ApiResponse, Problem> {
        let scope = self.scope();
        if !StoredResponse::try_lock(conn, &scope)? {
            return Err(key_in_use());
        }
        if let Some(stored) = StoredResponse::find(conn, &scope, now)? {
            return if stored.fingerprint == self.fingerprint() { replay(stored, key) } else { Err(key_reused()) };
        }
        match in_transaction(conn, work) {
            Ok(response) => {
                self.store(conn, &response, key, now)?;
                Ok(response)
            }
            Err(problem) if problem.is_business_rejection() => {
                let body = serde_json::to_vec(&problem.json(None)).map_err(|error| Problem::internal(error.into()))?;
                self.store(conn, &ApiResponse::new(problem.status(), Some(body)), key, now)?;
                Err(problem.and_commit())
            }
            Err(problem) => Err(problem),
        }
    }

    fn store(
        &self,
        conn: &mut PgConnection,
        response: &ApiResponse,
        key: &MasterKey,
        now: DateTime<Utc>,
    ) -> Result<(), Problem> {
        let stored = response.headers.iter().filter(|(name, _)| STORED_HEADERS.contains(name));
        let mut secret = to_json(response.secret_headers.iter())?;
        let mut body = response.body.clone();
        if let Some(secret_body) = body.take_if(|_| response.is_confidential) {
            secret.insert(SECRET_BODY.to_owned(), String::from_utf8_lossy(&secret_body).into());
        }
        let encrypted = match secret.is_empty() {
            true => None,
            false => {
                let secret = Value::Object(secret).to_string();
                Some(key.encrypt(PURPOSE, secret.as_bytes()).map_err(Problem::internal)?)
            }
        };
        let row = StoredResponse {
            scope: self.scope().to_vec(),
            fingerprint: self.fingerprint().to_vec(),
            status: i16::try_from(response.status.as_u16()).map_err(|error| Problem::internal(error.into()))?,
            headers: Value::Object(to_json(stored)?),
            sealed_headers: encrypted,
            body,
            created_at: now,
            expires_at: now + LIFETIME,
        };
        Ok(row.insert(conn)?)
    }
}

fn to_json<'a>(headers: impl Iterator<Item = &'a (HeaderName, HeaderValue)>) -> Result<Map<String, Value>, Problem> {
    let pairs = headers.map(|(name, value)| {
        let value = value.to_str().map_err(|error| Problem::internal(error.into()))?;
        Ok((name.to_string(), value.into()))
    });
    pairs.collect()
}

/// Returns the headers, or None if one of them is invalid.
fn from_json(headers: &Map<String, Value>) -> Option<Vec<(HeaderName, HeaderValue)>> {
    headers.iter().map(|(name, value)| Some((name.parse().ok()?, value.as_str()?.parse().ok()?))).collect()
}

fn replay(stored: StoredResponse, key: &MasterKey) -> Result<ApiResponse, Problem> {
    let corrupt = |part: &str| Problem::internal(anyhow::anyhow!("a stored response has an invalid {part}"));
    let status = u16::try_from(stored.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = ApiResponse::new(status.ok_or_else(|| corrupt("status"))?, stored.body);
    response.headers = stored.headers.as_object().and_then(from_json).ok_or_else(|| corrupt("header"))?;
    response.headers.push((REPLAYED, HeaderValue::from_static("true")));
    if let Some(encrypted) = stored.sealed_headers {
        let decrypted = key.decrypt(PURPOSE, &encrypted).map_err(Problem::internal)?;
        let mut secret: Map<String, Value> = serde_json::from_slice(&decrypted).map_err(|_| corrupt("secret"))?;
        if let Some(body) = secret.remove(SECRET_BODY) {
            response.body = Some(body.as_str().ok_or_else(|| corrupt("secret"))?.as_bytes().to_vec());
        }
        response.secret_headers = from_json(&secret).ok_or_else(|| corrupt("secret"))?;
    }
    Ok(response)
}

/// Returns 409: the first request with this key has not completed yet.
pub(super) fn key_in_use() -> Problem {
    let detail = "A request with this Idempotency-Key is still in progress. Retry later.";
    let problem = Problem::rejected(StatusCode::CONFLICT, "idempotency_key_in_use", detail.to_owned(), Map::new());
    problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// Returns 422: the key belongs to a different request.
fn key_reused() -> Problem {
    let detail = "This Idempotency-Key was used with a different request. Use a new key.";
    Problem::rejected(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail.to_owned(), Map::new())
}
