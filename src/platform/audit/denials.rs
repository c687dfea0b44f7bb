//! Refusals that are written down, but not every time: nobody fills the disk with them.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use diesel::pg::PgConnection;
use moka::future::Cache;
use serde_json::{Value, json};
use tracing::warn;

use super::{Changes, Origin, record};
use crate::platform::app::App;
use crate::platform::auth::principal_of;

/// The same refusal is not written down again for so long.
const PAUSE: Duration = Duration::from_secs(3600);

/// More different ones than this, and the oldest may be written down again.
const MOST: u64 = 100_000;

/// What this process has written down a moment ago.
#[derive(Clone)]
pub struct Noted(Cache<String, ()>);

impl Default for Noted {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_live(PAUSE).build())
    }
}

impl Noted {
    /// Whether to write it down now. Of many at once, one hears yes.
    pub async fn is_new(&self, what: String) -> bool {
        self.0.entry(what).or_insert(()).await.is_fresh()
    }
}

/// Writes down a refusal, unless it was a moment ago. Where that fails, the refusal stands all the same.
pub async fn note_once(app: &App, origin: &Origin, action: &'static str, object: (&'static str, String), told: Value) {
    let (object_type, object_id) = object;
    let who = origin.actor.to_json();
    if !app.noted.is_new(format!("{action} {who} {object_type} {object_id} {told}")).await {
        return;
    }
    let origin = origin.clone();
    let write = move |conn: &mut PgConnection| {
        record(conn, &origin, action, (object_type, object_id.clone()), Changes::created(&told))
    };
    if let Err(problem) = app.db.write(write).await {
        warn!("{action} is not in the audit log: {problem}");
    }
}

/// Middleware inside of identity: whoever is signed in and asks for what they may not is written down, once an hour for
/// each route.
pub async fn note_denials(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let response = next.call(request).await?;
    if response.status() == StatusCode::FORBIDDEN {
        note_denial(response.request()).await;
    }
    Ok(response)
}

async fn note_denial(request: &HttpRequest) {
    let (Ok(app), Some(_), Ok(origin)) = (App::of(request), principal_of(request), Origin::of(request)) else { return };
    // The pattern where there is one: ids would make every try another one.
    let route = request.match_pattern().unwrap_or_else(|| "elsewhere".to_owned());
    let told = json!({"method": request.method().as_str()});
    note_once(app, &origin, "access.denied", ("route", route), told).await;
}
