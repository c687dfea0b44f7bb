//! Endpoints that serve the OpenAPI document and Swagger UI.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_swagger_ui::Config;

use crate::platform::api::endpoint;
use crate::platform::error::Problem;
use crate::platform::http::QueryPairs;
use crate::platform::types::JsonObject;

/// OpenAPI document, serialized once.
pub struct Document {
    json: String,
    yaml: String,
    ui: Arc<Config<'static>>,
}

impl Document {
    pub fn new(contract: &Value) -> anyhow::Result<Self> {
        let ui = Config::new(["/api/schema/?format=json"])
            .persist_authorization(true)
            .try_it_out_enabled(true)
            .display_request_duration(true)
            .filter(true)
            .doc_expansion("none")
            // The default sends the URL of the document to an external validator.
            .validator_url("none");
        Ok(Self { json: contract.to_string(), yaml: yaml_serde::to_string(contract)?, ui: Arc::new(ui) })
    }
}

/// Query parameters of the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents the parameter, which is read with the Accept header")]
struct SchemaParams {
    /// `json` or `yaml`. The default depends on `Accept`, and is JSON if `Accept` allows both.
    #[param(pattern = "^(json|yaml)$")]
    format: Option<String>,
}

/// Retrieve the OpenAPI document
///
/// Returns the OpenAPI 3.1 document of this API as JSON or YAML.
#[endpoint(tag = "schema", params(SchemaParams), responses((status = 200, content(
    (JsonObject = "application/json"),
    (JsonObject = "application/vnd.oai.openapi"),
))))]
#[get("/schema/")]
pub async fn schema(request: HttpRequest, document: Data<Document>) -> HttpResponse {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let query = QueryPairs::from_request(&request);
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

/// Registers Swagger UI. Its files are compiled into the program, so it works without a network.
pub fn docs_routes(config: &mut web::ServiceConfig) {
    config.service(docs_root).service(docs_file);
}

/// Redirects to the page with the trailing slash, which its relative links require.
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
