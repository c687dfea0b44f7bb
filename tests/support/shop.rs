//! Shop of one test: a separate database and the real application, called in this process.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::dev::Service;
use actix_web::{Error, test};
use chrono::TimeDelta;
use diesel::prelude::*;
use futures_util::FutureExt;
use mercer::cli::setup;
use mercer::customers::accounts::{self, NewAccount, Profile};
use mercer::customers::identity::PrincipalCache;
use mercer::customers::passwords::{Password, hash_password};
use mercer::customers::staff;
use mercer::jobs::registry;
use mercer::platform::app::App;
use mercer::platform::auth::Permission;
use mercer::platform::auth::{ReplayJobs, ViewJobs};
use mercer::platform::clock::ShiftedClock;
use mercer::platform::config::Config;
use mercer::platform::db::{DatabaseTimeouts, Db, PoolSettings};
use mercer::platform::error::Problem;
use mercer::platform::events;
use mercer::platform::jobs::{WorkerSettings, run_worker};
use mercer::platform::types::{CustomerId, Language, UserId};
use mercer::products::channels::load_channel_restrictions;
use mercer::schema::{events as event_rows, jobs as job_rows};
use mercer::server::{self, SharedState};
use mercer::subscriptions::jobs_for;
use tempfile::TempDir;
use tokio::sync::watch;

use super::client::{Caller, Client, TestResponse};
use super::database::TestDatabase;
use super::fakes::ParsedMail;

/// Password of every account of a test shop.
pub const PASSWORD: &str = "correct horse";

/// Shop of one test.
pub struct TestShop {
    pub app: App,
    pub clock: ShiftedClock,
    caller: Caller,
    data: TempDir,
    // Dropped last, after the connection pool.
    pub database: TestDatabase,
}

/// Account of a test shop, signed in.
#[derive(Clone)]
pub struct TestUser {
    pub client: Client,
    pub user: UserId,
    pub customer: CustomerId,
    pub email: String,
    pub refresh: String,
}

impl std::ops::Deref for TestUser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl TestShop {
    pub async fn new() -> Self {
        Self::with_settings(&[]).await
    }

    /// Creates a shop with settings that replace the defaults of tests.
    pub async fn with_settings(settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create();
        let data = TempDir::new().unwrap();
        let clock = ShiftedClock::default();
        let app = app_on(&database.url, data.path(), &clock, settings);
        let caller = caller(&app).await;
        Self { app, clock, caller, data, database }
    }

    /// Returns a client of a second server that shares the [`App`].
    pub async fn second_server(&self) -> Client {
        Client::new(caller(&self.app).await, None)
    }

    /// Returns a client of a second server with a separate [`App`], which shares only the database.
    pub async fn second_process(&self) -> Client {
        self.second_process_with(&[]).await
    }

    /// Returns a client of a second server with a separate [`App`] and other settings, for example after a restart.
    pub async fn second_process_with(&self, settings: &[(&str, &str)]) -> Client {
        let app = app_on(&self.database.url, self.data.path(), &self.clock, settings);
        Client::new(caller(&app).await, None)
    }

    /// Returns a client without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(Rc::clone(&self.caller), None)
    }

    /// Creates a customer, `name@example.com`, and signs in.
    pub async fn customer(&self, name: &str) -> TestUser {
        self.sign_up(name, false, false).await
    }

    /// Creates a staff member with all permissions except those for background jobs, and signs in.
    pub async fn staff(&self) -> TestUser {
        let excluded = [ViewJobs::PERMISSION, ReplayJobs::PERMISSION];
        let permissions: Vec<_> = Permission::all().iter().copied().filter(|known| !excluded.contains(known)).collect();
        self.staff_with("staff", &permissions).await
    }

    /// Creates a staff member, `name@example.com`, in a group with these permissions, and signs in.
    pub async fn staff_with(&self, name: &str, permissions: &[Permission]) -> TestUser {
        let member = self.sign_up(name, true, false).await;
        let context = self.app.system_context();
        let permissions = permissions.iter().copied().collect();
        let join = |conn: &mut PgConnection| {
            let group = staff::create_group(conn, &format!("Group of {name}"), &permissions, &context)?;
            staff::join_group(conn, member.user, group.id, &context)
        };
        self.app.db.write_blocking(join).unwrap();
        member
    }

    /// Creates a superuser and signs in.
    pub async fn superuser(&self) -> TestUser {
        self.sign_up("root", true, true).await
    }

    async fn sign_up(&self, name: &str, is_staff: bool, is_superuser: bool) -> TestUser {
        let profile = self.account(name, is_staff, is_superuser).await;
        let email = profile.user.email.to_string();
        let body = serde_json::json!({"email": email, "password": PASSWORD});
        let tokens = self.anonymous().post("/api/auth/token/", body).await.expect(200);
        let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
        TestUser {
            client: Client::new(Rc::clone(&self.caller), Some(token("access"))),
            user: profile.user.id,
            customer: profile.customer.id,
            email,
            refresh: token("refresh"),
        }
    }

    /// Creates a customer, `name@example.com`, without signing in.
    pub async fn customer_account(&self, name: &str) -> Profile {
        self.account(name, false, false).await
    }

    async fn account(&self, name: &str, is_staff: bool, is_superuser: bool) -> Profile {
        let email = format!("{name}@example.com");
        let password_hash = hash_password(Password::new(PASSWORD.to_owned()), 4).await.unwrap();
        let account = NewAccount {
            email: email.parse().unwrap(),
            password_hash: Some(password_hash),
            first_name: name.to_owned(),
            last_name: String::new(),
            phone: None,
            language: Language::default(),
            is_staff,
            is_superuser,
        };
        let context = self.app.system_context();
        self.app.db.write_blocking(|conn| accounts::create(conn, &account, &context)).unwrap()
    }

    /// Reads or changes the database directly.
    pub fn sql<T>(&self, work: impl Fn(&mut PgConnection) -> QueryResult<T>) -> T {
        self.app.db.write_blocking(work).unwrap()
    }

    /// Returns the number that a query selects.
    pub fn number(&self, query: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Number {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            number: i64,
        }
        let query = format!("select ({query})::bigint as number");
        self.sql(|conn| diesel::sql_query(&query).get_result::<Number>(conn)).number
    }

    pub fn execute(&self, statement: &str) {
        self.sql(|conn| diesel::sql_query(statement).execute(conn));
    }

    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Returns the data directory of this shop, which contains `mail/`.
    pub fn data_dir(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// Returns the sent e-mails as `(recipient, subject)`, sorted.
    pub fn mails(&self) -> Vec<(String, String)> {
        let Ok(folder) = std::fs::read_dir(self.data_dir().join("mail")) else {
            return Vec::new();
        };
        let texts = folder.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let field = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_default().trim().to_owned()
        };
        let mut mails: Vec<_> = texts.map(|text| (field(&text, "To"), field(&text, "Subject"))).collect();
        mails.sort();
        mails
    }

    /// Returns the e-mails to a recipient in the order in which they were queued.
    pub fn mails_to(&self, recipient: &str) -> Vec<ParsedMail> {
        let Ok(folder) = std::fs::read_dir(self.data_dir().join("mail")) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
        // The file names are ids, which sort by time.
        paths.sort();
        let mails = paths.iter().map(|path| ParsedMail::parse(&std::fs::read_to_string(path).unwrap()));
        mails.filter(|mail| mail.header("To") == recipient).collect()
    }

    /// Returns the topics of all events in the order in which they were published.
    pub fn published_events(&self) -> Vec<String> {
        self.sql(|conn| event_rows::table.order(event_rows::ordinal).select(event_rows::topic).load(conn))
    }

    /// Dispatches all events.
    pub async fn dispatch_events(&self) {
        loop {
            let now = self.app.clock.now();
            let subscriptions: events::Subscriptions = Arc::new(jobs_for);
            let batch = self
                .app
                .db
                .write(move |conn| events::dispatch_batch(conn, &subscriptions, 100, now).map_err(Problem::internal));
            if batch.await.unwrap() == 0 {
                return;
            }
        }
    }

    /// Dispatches all events and runs all due jobs, until none is left.
    pub async fn run_jobs(&self) {
        let (stop, stopped) = watch::channel(false);
        let settings = WorkerSettings { poll: Duration::from_millis(5), ..WorkerSettings::new(Vec::new(), 4) };
        self.dispatch_events().await;
        let worker = tokio::spawn(run_worker(self.app.clone(), Arc::new(registry()), settings, stopped));
        while self.has_work() {
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.dispatch_events().await;
        }
        stop.send_replace(true);
        worker.await.unwrap();
    }

    fn has_work(&self) -> bool {
        // One query: between two queries, a queued job could start to run.
        let is_ready = job_rows::state.eq("queued").and(job_rows::run_at.le(self.app.clock.now()));
        let unfinished = job_rows::table.filter(job_rows::state.eq("running").or(is_ready));
        self.sql(|conn| diesel::select(diesel::dsl::exists(unfinished)).get_result(conn))
    }
}

/// Creates the application on a database, with settings that replace the defaults of tests.
fn app_on(url: &str, folder: &Path, clock: &ShiftedClock, settings: &[(&str, &str)]) -> App {
    let defaults = [
        ("MERCER_DATA_DIR", folder.to_str().unwrap()),
        ("MERCER_SECRET_KEY", "only for tests, and nowhere else"),
        ("BCRYPT_COST", "4"),
        ("DATABASE_POOL_SIZE", "8"),
        ("ADMIN_EMAILS", "boss@example.com"),
        ("THROTTLING", "off"),
    ];
    let settings: Vec<_> = defaults.iter().chain(settings).copied().collect();
    let config = Config::from_pairs(&settings).unwrap();
    let pool = PoolSettings {
        url: url.to_owned(),
        size: config.database_pool_size,
        // On a busy machine, opening a connection can take longer than the interactive timeout.
        timeouts: DatabaseTimeouts { connection: Duration::from_secs(10), ..DatabaseTimeouts::INTERACTIVE },
    };
    let db = Db::new(&pool);
    // Without a cache, because tests check changes immediately.
    let principals =
        PrincipalCache::with_time_to_live(db.clone(), clock.clock(), load_channel_restrictions, Duration::ZERO);
    let principals = principals.with_staff_second_factor(config.staff_second_factor);
    setup::app_with(config, db, clock.clock(), Arc::new(principals)).unwrap()
}

/// Returns a client without a token for a shop in another database, for processes that a test starts.
pub async fn anonymous_client_of(url: &str, folder: &Path) -> Client {
    Client::new(caller(&app_on(url, folder, &ShiftedClock::default(), &[])).await, None)
}

async fn caller(app: &App) -> Caller {
    let shared = SharedState::new(app.clone()).unwrap();
    let service = Rc::new(test::init_service(server::application(shared)).await);
    Rc::new(move |request| {
        let service = Rc::clone(&service);
        async move { read(service.call(request).await).await }.boxed_local()
    })
}

/// Reads the response. Renders an error that passes the middleware, as the real server does.
async fn read<B: actix_web::body::MessageBody>(
    result: Result<actix_web::dev::ServiceResponse<B>, Error>,
) -> TestResponse {
    match result {
        Ok(response) => {
            let (status, headers) = (response.status(), response.headers().clone());
            let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("the body is incomplete"));
            TestResponse { status, headers, body }
        }
        Err(error) => {
            let response = error.error_response();
            let (status, headers) = (response.status(), response.headers().clone());
            let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("the body is incomplete"));
            TestResponse { status, headers, body }
        }
    }
}
