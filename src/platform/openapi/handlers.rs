//! The document and its page.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use utoipa::IntoParams;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::Config;

use crate::platform::error::Problem;
use crate::platform::http::QueryPairs;

/// The finished document, written once.
pub struct Document {
    json: String,
    yaml: String,
    ui: Arc<Config<'static>>,
}

impl Document {
    pub fn new(document: &OpenApi) -> anyhow::Result<Self> {
        let ui = Config::new(["/api/schema/?format=json"])
            .persist_authorization(true)
            .try_it_out_enabled(true)
            .display_request_duration(true)
            // The default sends the document's address to somebody else's server.
            .validator_url("none");
        Ok(Self { json: serde_json::to_string(document)?, yaml: document.to_yaml()?, ui: Arc::new(ui) })
    }
}

/// For the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents the parameter, which is read with the Accept header")]
struct SchemaParams {
    /// `json` or `yaml`; else what `Accept` says, and JSON where it says neither.
    #[param(pattern = "^(json|yaml)$")]
    format: Option<String>,
}

/// Retrieve the OpenAPI 3.1 document of this API, as JSON or YAML.
#[utoipa::path(tag = "schema", params(SchemaParams), responses((status = 200, content(
    (Object = "application/json"),
    (Object = "application/vnd.oai.openapi"),
))))]
#[get("/schema/")]
pub async fn schema(request: HttpRequest, document: Data<Document>) -> HttpResponse {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let query = QueryPairs::of(&request);
    let wants_yaml = match query.last("format") {
        Some("yaml") => true,
        Some("json") => false,
        _ => accept.contains("yaml") || accept.contains("vnd.oai.openapi"),
    };
    let (kind, name, body) = if wants_yaml {
        ("application/vnd.oai.openapi", "mercer.yaml", document.yaml.clone())
    } else {
        ("application/json", "mercer.json", document.json.clone())
    };
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")))
        .content_type(kind)
        .body(body)
}

/// Swagger UI, from files inside the program: it works without a network.
pub fn docs_routes(config: &mut web::ServiceConfig) {
    config.service(docs_root).service(docs_file);
}

/// Relative links of the page need the slash.
#[get("/docs")]
async fn docs_root() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/api/docs/")).finish()
}

#[get("/docs/{file:.*}")]
async fn docs_file(file: Path<String>, document: Data<Document>) -> Result<HttpResponse, Problem> {
    let name = file.trim_end_matches('/');
    let served = utoipa_swagger_ui::serve(name, Arc::clone(&document.ui))
        .map_err(|error| Problem::internal(anyhow::anyhow!("{error}")))?;
    let file = served.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}
