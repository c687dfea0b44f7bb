//! A whole shop for one test: its own database, the real application, called in this process.

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
use futures_util::future::LocalBoxFuture;
use mercer::cli::setup;
use mercer::customers::accounts::{self, NewAccount, Password, Profile, hash_password};
use mercer::customers::identity::Principals;
use mercer::customers::staff;
use mercer::jobs::registry;
use mercer::platform::app::App;
use mercer::platform::audit::Origin;
use mercer::platform::auth::Permission;
use mercer::platform::clock::ShiftedClock;
use mercer::platform::config::Config;
use mercer::platform::db::{Db, PoolSettings, TimeOuts};
use mercer::platform::error::Problem;
use mercer::platform::events;
use mercer::platform::jobs::{WorkerSettings, work};
use mercer::platform::types::{CustomerId, Language, UserId};
use mercer::products::channels::restrictions_of;
use mercer::schema::{events as event_rows, jobs as job_rows};
use mercer::server::{self, Shared};
use mercer::subscriptions::jobs_for;
use tempfile::TempDir;
use tokio::sync::watch;

use super::client::{Client, TestResponse};
use super::database::TestDatabase;
use super::fakes::ReadMail;

pub(super) type Caller = Rc<dyn Fn(actix_http::Request) -> LocalBoxFuture<'static, TestResponse>>;

/// Of every account of a test shop.
pub const PASSWORD: &str = "correct horse";

/// A shop with one test in it.
pub struct TestShop {
    pub app: App,
    pub clock: ShiftedClock,
    caller: Caller,
    data: TempDir,
    // Dropped last: the pool must be gone before its database.
    pub database: TestDatabase,
}

/// An account of a test shop, signed in.
#[derive(Clone)]
pub struct Person {
    pub client: Client,
    pub user: UserId,
    pub customer: CustomerId,
    pub email: String,
    pub refresh: String,
}

impl std::ops::Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl TestShop {
    pub async fn new() -> Self {
        Self::with_settings(&[]).await
    }

    /// With settings in place of the defaults of tests.
    pub async fn with_settings(settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create();
        let data = TempDir::new().unwrap();
        let clock = ShiftedClock::default();
        let app = app_on(&database.url, data.path(), &clock, settings);
        let caller = caller(&app).await;
        Self { app, clock, caller, data, database }
    }

    /// A second program over the same database: another instance of the shop.
    pub async fn another_instance(&self) -> Client {
        Client::new(caller(&self.app).await, None)
    }

    /// The same with an [`App`] of its own: the two know of each other by the database alone.
    pub async fn another_program(&self) -> Client {
        self.another_program_with(&[]).await
    }

    /// The same with settings of its own: after a restart, say.
    pub async fn another_program_with(&self, settings: &[(&str, &str)]) -> Client {
        let app = app_on(&self.database.url, self.data.path(), &self.clock, settings);
        Client::new(caller(&app).await, None)
    }

    /// Somebody we do not know.
    pub fn anonymous(&self) -> Client {
        Client::new(Rc::clone(&self.caller), None)
    }

    /// A customer, `name@example.com`, signed in.
    pub async fn customer(&self, name: &str) -> Person {
        self.person(name, false, false).await
    }

    /// A member of staff, signed in.
    pub async fn staff(&self) -> Person {
        let of_jobs = [Permission::JobsView, Permission::JobsReplay];
        let all_but_jobs: Vec<_> = Permission::ALL.iter().copied().filter(|known| !of_jobs.contains(known)).collect();
        self.staff_with("staff", &all_but_jobs).await
    }

    /// A member of staff, `name@example.com`, in a group of their own that may do this; signed in.
    pub async fn staff_with(&self, name: &str, permissions: &[Permission]) -> Person {
        let person = self.person(name, true, false).await;
        let origin = Origin::system(self.app.clock.now());
        let permissions = permissions.iter().copied().collect();
        let join = |conn: &mut PgConnection| {
            let group = staff::create_group(conn, &format!("Group of {name}"), &permissions, &origin)?;
            staff::join_group(conn, person.user, group.id, &origin)
        };
        self.app.db.write_blocking(join).unwrap();
        person
    }

    /// A superuser, signed in.
    pub async fn superuser(&self) -> Person {
        self.person("root", true, true).await
    }

    async fn person(&self, name: &str, is_staff: bool, is_superuser: bool) -> Person {
        let profile = self.account(name, is_staff, is_superuser).await;
        let email = profile.user.email.to_string();
        let body = serde_json::json!({"email": email, "password": PASSWORD});
        let tokens = self.anonymous().post("/api/auth/token/", body).await.expect(200);
        let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
        Person {
            client: Client::new(Rc::clone(&self.caller), Some(token("access"))),
            user: profile.user.id,
            customer: profile.customer.id,
            email,
            refresh: token("refresh"),
        }
    }

    /// A customer, `name@example.com`, who has never signed in.
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
        let origin = Origin::system(self.app.clock.now());
        self.app.db.write_blocking(|conn| accounts::create(conn, &account, &origin)).unwrap()
    }

    /// Looks into the database, or changes it, past the API.
    pub fn sql<T>(&self, work: impl Fn(&mut PgConnection) -> QueryResult<T>) -> T {
        self.app.db.write_blocking(work).unwrap()
    }

    /// The single number that a query gives.
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

    /// Where files of this shop are kept: `mail/` among them.
    pub fn data_dir(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// The e-mails that were sent, as `(recipient, subject)`, sorted.
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

    /// The e-mails to somebody, in the order in which they were queued.
    pub fn letters_to(&self, recipient: &str) -> Vec<ReadMail> {
        let Ok(folder) = std::fs::read_dir(self.data_dir().join("mail")) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
        // Files are called after ids, which sort by time.
        paths.sort();
        let letters = paths.iter().map(|path| ReadMail::parse(&std::fs::read_to_string(path).unwrap()));
        letters.filter(|letter| letter.header("To") == recipient).collect()
    }

    /// Topics of all events, in the order in which they were written.
    pub fn published_events(&self) -> Vec<String> {
        self.sql(|conn| event_rows::table.order(event_rows::ordinal).select(event_rows::topic).load(conn))
    }

    /// Hands on all events that wait.
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

    /// Hands on all events and runs all jobs that are due, until nothing is left to do now.
    pub async fn run_jobs(&self) {
        let (stop, stopped) = watch::channel(false);
        let settings = WorkerSettings { poll: Duration::from_millis(5), ..WorkerSettings::new(Vec::new(), 4) };
        self.dispatch_events().await;
        let worker = tokio::spawn(work(self.app.clone(), Arc::new(registry()), settings, stopped));
        while self.has_work() {
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.dispatch_events().await;
        }
        stop.send_replace(true);
        worker.await.unwrap();
    }

    fn has_work(&self) -> bool {
        // In one question: between two, a job that waited may have begun.
        let is_ready = job_rows::state.eq("queued").and(job_rows::run_at.le(self.app.clock.now()));
        let wanted = job_rows::table.filter(job_rows::state.eq("running").or(is_ready));
        self.sql(|conn| diesel::select(diesel::dsl::exists(wanted)).get_result(conn))
    }
}

/// The application of a test on its database, with settings in place of the defaults of tests.
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
        // Nobody waits for a connection as long as a busy machine may take to make one.
        time_outs: TimeOuts { connection: Duration::from_secs(10), ..TimeOuts::INTERACTIVE },
    };
    let db = Db::new(&pool);
    // Asks the database every time: tests look at what has just changed.
    let principals = Principals::with_freshness(db.clone(), clock.clock(), restrictions_of, Duration::ZERO);
    let principals = principals.asking_of_staff(config.staff_second_factor);
    setup::app_with(config, db, clock.clock(), Arc::new(principals)).unwrap()
}

/// A stranger to a shop whose database lives elsewhere: for processes that a test starts.
pub async fn stranger_to(url: &str, folder: &Path) -> Client {
    Client::new(caller(&app_on(url, folder, &ShiftedClock::default(), &[])).await, None)
}

async fn caller(app: &App) -> Caller {
    let shared = Shared::new(app.clone()).unwrap();
    let service = Rc::new(test::init_service(server::application(shared)).await);
    Rc::new(move |request| {
        let service = Rc::clone(&service);
        async move { read(service.call(request).await).await }.boxed_local()
    })
}

/// An error that a middleware lets through is answered by the real server; so it is here.
async fn read<B: actix_web::body::MessageBody>(
    result: Result<actix_web::dev::ServiceResponse<B>, Error>,
) -> TestResponse {
    match result {
        Ok(response) => {
            let (status, headers) = (response.status(), response.headers().clone());
            let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("the body broke off"));
            TestResponse { status, headers, body }
        }
        Err(error) => {
            let response = error.error_response();
            let (status, headers) = (response.status(), response.headers().clone());
            let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("the body broke off"));
            TestResponse { status, headers, body }
        }
    }
}
