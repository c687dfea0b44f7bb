//! The HTTP server: middleware in order, routes, and the graceful stop.

use std::net::TcpListener;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, PathConfig, PayloadConfig};
use actix_web::{App as ActixApp, HttpServer};
use anyhow::{Context, Result, anyhow};
use tracing::info;
use tracing_actix_web::TracingLogger;

use crate::platform::api::{RouteTable, check_in_order, negotiate, read_ahead, unmatched};
use crate::platform::app::App;
use crate::platform::audit::note_denials;
use crate::platform::auth::identify;
use crate::platform::config::Config;
use crate::platform::error::{Problem, render_problems};
use crate::platform::http::{
    answer_head, guard_front_door, hide_identity, security_headers, serve_both_slashes, spare_small_bodies,
};
use crate::platform::openapi::Document;
use crate::platform::telemetry::RequestSpan;
use crate::routes;

/// Larger bodies are refused before they are read to the end.
const MOST_BODY_BYTES: usize = 1024 * 1024;

/// How long a request that is under way may still take when the program stops.
const SHUTDOWN_SECONDS: u64 = 30;

/// What every worker thread shares: made once, not once a thread.
#[derive(Clone)]
pub struct Shared {
    app: Data<App>,
    api: Api,
}

/// What the handlers say of themselves.
#[derive(Clone)]
struct Api {
    routes: Data<RouteTable>,
    document: Data<Document>,
}

impl Shared {
    pub fn new(app: App) -> Result<Self> {
        let api = API.as_ref().map_err(|error| anyhow!("the OpenAPI document: {error}"))?.clone();
        Ok(Self { app: Data::new(app), api })
    }
}

/// The same for every server of a process, and half a second's work to collect in a debug build.
static API: LazyLock<Result<Api, String>> = LazyLock::new(|| Api::describe().map_err(|error| format!("{error:#}")));

impl Api {
    fn describe() -> Result<Self> {
        let document = routes::document()?;
        let routes = RouteTable::new(&serde_json::to_value(&document)?);
        Ok(Self { routes: Data::new(routes), document: Data::new(Document::new(&document)?) })
    }
}

/// The application, the innermost middleware first.
pub fn application(
    shared: Shared,
) -> ActixApp<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let cors = cors(&shared.app.config);
    ActixApp::new()
        .app_data(shared.app)
        .app_data(shared.api.routes)
        .app_data(shared.api.document)
        .app_data(PayloadConfig::new(MOST_BODY_BYTES))
        // A path part of the wrong form names nothing that exists.
        .app_data(PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
        .configure(routes::plain)
        .default_service(web::to(unmatched))
        .wrap(from_fn(read_ahead))
        .wrap(from_fn(check_in_order))
        .wrap(from_fn(note_denials))
        .wrap(from_fn(identify))
        .wrap(from_fn(render_problems))
        .wrap(from_fn(negotiate))
        .wrap(from_fn(spare_small_bodies))
        .wrap(Compress::default())
        .wrap(from_fn(hide_identity))
        .wrap(cors)
        .wrap(from_fn(security_headers))
        .wrap(TracingLogger::<RequestSpan>::new())
        .wrap(from_fn(answer_head))
        .wrap(from_fn(serve_both_slashes))
        .wrap(from_fn(guard_front_door))
}

/// Exactly the origins that are configured; none, and browsers elsewhere cannot call.
fn cors(config: &Config) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        .allowed_headers([
            "accept",
            "authorization",
            "content-type",
            "idempotency-key",
            "if-match",
            "if-none-match",
            "x-csrftoken",
            "x-order-token",
        ])
        .expose_headers([
            "allow",
            "etag",
            "idempotent-replayed",
            "location",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "x-count",
            "x-order-token",
            "x-request-id",
        ])
        .supports_credentials()
        .max_age(3600);
    config.cors_allowed_origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Listens on an address that is free, and tells which one it is.
pub fn listen(config: &Config) -> Result<TcpListener> {
    let listener = TcpListener::bind(config.bind);
    listener.with_context(|| format!("cannot listen on {} (MERCER_BIND): is another program there?", config.bind))
}

/// Serves until it is stopped; signals are the caller's business.
pub fn serve(app: App, listener: TcpListener) -> Result<Server> {
    let threads = app.config.http_threads;
    let shared = Shared::new(app)?;
    let server = HttpServer::new(move || application(shared.clone()))
        .workers(threads)
        .client_request_timeout(Duration::from_secs(10))
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// Readiness goes first, so that load balancers look elsewhere; then requests under way finish.
pub async fn stop(app: &App, handle: actix_web::dev::ServerHandle) {
    app.is_ready.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(app.config.drain_seconds)).await;
    info!("Finishing the requests under way");
    handle.stop(true).await;
}
