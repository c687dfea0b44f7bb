//! Audit entries for denied requests. Repeated denials are recorded once an hour, so that clients cannot fill the disk.

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

use super::{AuditObject, Changes, record};
use crate::platform::app::App;
use crate::platform::auth::principal_of;
use crate::platform::write_context::WriteContext;

/// Time during which the same denial is not recorded again.
const REPEAT_INTERVAL: Duration = Duration::from_secs(3600);

/// Maximum number of denials in memory. Beyond it, old denials can be recorded again.
const CAPACITY: u64 = 100_000;

/// Denials that this process has recorded within the last hour.
#[derive(Clone)]
pub struct RecordedDenials(Cache<String, ()>);

impl Default for RecordedDenials {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(REPEAT_INTERVAL).build())
    }
}

impl RecordedDenials {
    /// Returns true if the denial is not recorded yet. Returns true for only one of several concurrent calls.
    pub async fn is_new(&self, denial: String) -> bool {
        self.0.entry(denial).or_insert(()).await.is_fresh()
    }
}

/// Records a denial, unless the same one was recorded within the last hour. A failure is logged and does not change the
/// response.
pub async fn record_denial_once(
    app: &App,
    context: &WriteContext,
    action: &'static str,
    object: AuditObject,
    details: Value,
) {
    let AuditObject { object_type, id } = &object;
    let actor = context.actor.to_json();
    if !app.recorded_denials.is_new(format!("{action} {actor} {object_type} {id} {details}")).await {
        return;
    }
    let context = context.clone();
    let write =
        move |conn: &mut PgConnection| record(conn, &context, action, object.clone(), Changes::created(&details));
    if let Err(problem) = app.db.write(write).await {
        warn!("Cannot record {action} in the audit log: {problem}");
    }
}

/// Middleware that records 403 responses to authenticated requests, once an hour for each principal and route. Runs
/// after authentication.
pub async fn record_denials(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let response = next.call(request).await?;
    if response.status() == StatusCode::FORBIDDEN {
        record_denial(response.request()).await;
    }
    Ok(response)
}

async fn record_denial(request: &HttpRequest) {
    let (Ok(app), Some(_), Ok(context)) =
        (App::from_request(request), principal_of(request), WriteContext::from_http(request))
    else {
        return;
    };
    // The pattern of the route: with the path, every id would be a different denial.
    let route = request.match_pattern().unwrap_or_else(|| "elsewhere".to_owned());
    let details = json!({"method": request.method().as_str()});
    record_denial_once(app, &context, "access.denied", AuditObject::new("route", route), details).await;
}
