//! Application context: everything that a handler or job can need.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::{HttpRequest, web};

use super::api::{InFlightKeys, Throttle};
use super::audit::RecordedDenials;
use super::auth::{MasterKey, PrincipalSource, TokenKeys};
use super::cache::Cache;
use super::clock::Clock;
use super::config::Config;
use super::db::Db;
use super::error::Problem;

use super::notify::Notifier;
use super::oidc::Providers;
use super::personal_data::PersonalDataRegistry;
use super::write_context::WriteContext;

/// Application context: settings, database, ports, clock. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub db: Db,
    pub cache: Cache,
    pub clock: Clock,
    pub keys: Arc<TokenKeys>,
    /// Encrypts stored secrets and signs values that clients send back, such as cursors.
    pub master_key: Arc<MasterKey>,
    pub principals: Arc<dyn PrincipalSource>,
    pub notifier: Arc<Notifier>,
    /// OpenID Connect providers that users can log in with.
    pub oidc: Arc<Providers>,
    /// Rooms that export and erase personal data.
    pub personal_data: PersonalDataRegistry,
    /// Requests with an `Idempotency-Key` that this process is handling.
    pub in_flight: InFlightKeys,
    pub throttle: Arc<Throttle>,
    /// Denials that the audit log already contains.
    pub recorded_denials: RecordedDenials,
    /// False during shutdown, so that load balancers send requests elsewhere.
    pub is_ready: Arc<AtomicBool>,
}

impl App {
    /// Returns the context of a write without a request, with the current time.
    pub fn system_context(&self) -> WriteContext {
        WriteContext::system(self.clock.now(), &self.master_key)
    }

    /// Returns the application context of a request.
    pub fn from_request(request: &HttpRequest) -> Result<&web::Data<Self>, Problem> {
        let app = request.app_data::<web::Data<Self>>();
        app.ok_or_else(|| Problem::internal(anyhow::anyhow!("the app is not configured")))
    }
}
