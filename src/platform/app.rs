//! All that a handler or a job may need.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::{HttpRequest, web};

use super::api::{InFlight, Throttle};
use super::audit::Noted;
use super::auth::{MasterKey, PrincipalSource, TokenKeys};
use super::cache::Cache;
use super::clock::Clock;
use super::config::Config;
use super::db::Db;
use super::error::Problem;

use super::notify::Notifier;
use super::oidc::Providers;
use super::personal_data::PersonalDataRegistry;

/// The application: settings, database, ports, clock. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub db: Db,
    pub cache: Cache,
    pub clock: Clock,
    pub keys: Arc<TokenKeys>,
    /// Seals and signs what goes out and must come back unchanged.
    pub master_key: Arc<MasterKey>,
    pub principals: Arc<dyn PrincipalSource>,
    pub notifier: Arc<Notifier>,
    /// Who else may vouch for people.
    pub oidc: Arc<Providers>,
    /// The rooms that know something of people.
    pub personal_data: PersonalDataRegistry,
    /// The writes with an `Idempotency-Key` that this process is answering.
    pub in_flight: InFlight,
    pub throttle: Arc<Throttle>,
    /// Refusals that the audit log has heard of already.
    pub noted: Noted,
    /// Off while the program stops: load balancers look elsewhere first.
    pub is_ready: Arc<AtomicBool>,
}

impl App {
    /// The application that a request came to.
    pub fn of(request: &HttpRequest) -> Result<&web::Data<Self>, Problem> {
        let app = request.app_data::<web::Data<Self>>();
        app.ok_or_else(|| Problem::internal(anyhow::anyhow!("the app is not configured")))
    }
}
