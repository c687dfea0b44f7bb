//! HTTP server: middleware in order, routes, and graceful shutdown.

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

use crate::orders::access::ORDER_TOKEN_HEADER;
use crate::platform::api::{RouteTable, buffer_keyed_body, enforce_route_policies, handle_unmatched, negotiate};
use crate::platform::api_docs::Document;
use crate::platform::app::App;
use crate::platform::audit::record_denials;
use crate::platform::auth::authenticate;
use crate::platform::config::Config;
use crate::platform::error::{Problem, render_problems};
use crate::platform::http::{
    GuestTokenHeader, TrustedProxies, normalize_path, reject_malformed_requests, remove_identity_encoding,
    security_headers, serve_head_as_get, skip_small_body_compression,
};
use crate::platform::openapi;
use crate::platform::telemetry::RequestSpan;
use crate::routes;

/// Maximum size of a request body. The server rejects a larger body before it reads all of it.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Time that requests in progress have to finish during shutdown.
const SHUTDOWN_SECONDS: u64 = 30;

/// State that all worker threads share.
#[derive(Clone)]
pub struct SharedState {
    app: Data<App>,
    trusted_proxies: Data<TrustedProxies>,
    guest_token: Data<GuestTokenHeader>,
    api: ApiDescription,
}

/// Route table and OpenAPI document, both built from the declarations of the handlers.
#[derive(Clone)]
struct ApiDescription {
    routes: Data<RouteTable>,
    document: Data<Document>,
}

impl SharedState {
    pub fn new(app: App) -> Result<Self> {
        let api = API.as_ref().map_err(|error| anyhow!("cannot build the OpenAPI document: {error}"))?.clone();
        let trusted_proxies = Data::new(app.config.trusted_proxies.clone());
        let guest_token = Data::new(GuestTokenHeader::new(ORDER_TOKEN_HEADER));
        Ok(Self { app: Data::new(app), trusted_proxies, guest_token, api })
    }
}

/// API description that all servers of a process share: building it takes half a second in a debug build.
static API: LazyLock<Result<ApiDescription, String>> =
    LazyLock::new(|| ApiDescription::build().map_err(|error| format!("{error:#}")));

impl ApiDescription {
    fn build() -> Result<Self> {
        let document = routes::document()?;
        let routes = RouteTable::new(&serde_json::to_value(&document)?);
        Ok(Self { routes: Data::new(routes), document: Data::new(Document::new(&openapi::contract(&document)?)?) })
    }
}

/// Builds the actix application. The innermost middleware comes first.
pub fn application(
    shared: SharedState,
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
        .app_data(shared.trusted_proxies)
        .app_data(shared.guest_token)
        .app_data(shared.api.routes)
        .app_data(shared.api.document)
        .app_data(PayloadConfig::new(MAX_BODY_BYTES))
        // A malformed path parameter, such as an invalid id, identifies no resource.
        .app_data(PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
        .configure(routes::configure_actix)
        .default_service(web::to(handle_unmatched))
        .wrap(from_fn(buffer_keyed_body))
        .wrap(from_fn(enforce_route_policies))
        .wrap(from_fn(record_denials))
        .wrap(from_fn(authenticate))
        .wrap(from_fn(render_problems))
        .wrap(from_fn(negotiate))
        .wrap(from_fn(skip_small_body_compression))
        .wrap(Compress::default())
        .wrap(from_fn(remove_identity_encoding))
        .wrap(cors)
        .wrap(from_fn(security_headers))
        .wrap(TracingLogger::<RequestSpan>::new())
        .wrap(from_fn(serve_head_as_get))
        .wrap(from_fn(normalize_path))
        .wrap(from_fn(reject_malformed_requests))
}

/// Allows exactly the configured origins. Without any, browsers reject all cross-origin requests.
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
        ])
        .allowed_header(ORDER_TOKEN_HEADER)
        .expose_headers([
            "allow",
            "etag",
            "idempotent-replayed",
            "location",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "x-count",
            ORDER_TOKEN_HEADER.as_str(),
            "x-request-id",
        ])
        .supports_credentials()
        .max_age(3600);
    config.cors_allowed_origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Binds the configured address.
pub fn listen(config: &Config) -> Result<TcpListener> {
    let listener = TcpListener::bind(config.bind);
    listener.with_context(|| {
        format!("cannot listen on {} (MERCER_BIND): is another process using this address?", config.bind)
    })
}

/// Starts the server. It runs until the caller stops it; the caller also handles signals.
pub fn serve(app: App, listener: TcpListener) -> Result<Server> {
    let threads = app.config.http_threads;
    let shared = SharedState::new(app)?;
    let server = HttpServer::new(move || application(shared.clone()))
        .workers(threads)
        .client_request_timeout(Duration::from_secs(10))
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// Stops the server gracefully.
///
/// First the readiness check fails, so that load balancers send requests elsewhere. Then the requests in progress
/// finish.
pub async fn stop(app: &App, handle: actix_web::dev::ServerHandle) {
    app.is_ready.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(app.config.drain_seconds)).await;
    info!("Waiting for requests in progress to finish");
    handle.stop(true).await;
}
