//! The document and its page.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpResponse, get};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::Config;

use crate::platform::error::Problem;

/// The finished document, written once.
pub struct Document {
    json: String,
    ui: Arc<Config<'static>>,
}

impl Document {
    pub fn new(document: &OpenApi) -> serde_json::Result<Self> {
        let ui = Config::new(["/api/schema/?format=json"])
            .persist_authorization(true)
            .try_it_out_enabled(true)
            .display_request_duration(true)
            // The default sends the document's address to somebody else's server.
            .validator_url("none");
        Ok(Self { json: serde_json::to_string(document)?, ui: Arc::new(ui) })
    }
}

/// Retrieve the OpenAPI 3.1 document of this API.
#[utoipa::path(tag = "schema", responses((status = 200, content_type = "application/json", body = Object)))]
#[get("/schema/")]
pub async fn schema(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type("application/json")
        .body(document.json.clone())
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
