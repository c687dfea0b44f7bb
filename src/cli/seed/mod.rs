//! `mercer seed`: creates the demo shop with the regular services. The data is the same every time.

mod data;
mod orders;

use crate::platform::crypto::MasterKey;
use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tracing::info;

use super::output;
use super::setup::Database;
use crate::customers::accounts::{self, NewAccount, Profile};
use crate::customers::passwords::{Password, PasswordHash, hash_password};
use crate::customers::staff;
use crate::platform::auth::{Permission, PermissionSet};
use crate::platform::config::{Config, Environment};
use crate::platform::db::DatabaseTimeouts;
use crate::platform::error::Problem;
use crate::platform::events;
use crate::platform::types::{Email, Language, UserId};
use crate::platform::write_context::WriteContext;
use crate::products::catalogue::{self, NewProduct, NewVariant};
use crate::products::categories::{self, NewCategory};
use crate::products::ids::CategoryId;
use data::{CategoryRow, CustomerRow, ProductRow, read, read_products};

/// Password of every demo account. Demo shops exist only on developers' machines.
const DEMO_PASSWORD: &str = "mercer-demo";

const ADMIN: &str = "admin@example.com";
const STAFF: &str = "staff@example.com";
const CUSTOMER: &str = "ana@example.com";

/// Creates the demo shop in a database without products and users.
pub(super) fn seed(config: &Config, database: &Database) -> Result<()> {
    if seed_if_empty(config, database)? {
        output::print(&format!("Created the demo shop.\n{}", demo_logins()))
    } else {
        bail!("the database already contains products or users: use an empty database for the demo shop")
    }
}

/// Creates the demo shop. Returns false if the database already contains products or users.
pub(super) fn seed_if_empty(config: &Config, database: &Database) -> Result<bool> {
    if config.environment == Environment::Production {
        bail!("the demo shop has publicly known passwords, so it cannot be created in production");
    }
    let db = database.connect(config, DatabaseTimeouts::BATCH)?;
    if !db.read_blocking(is_empty)? {
        return Ok(false);
    }
    info!("Creating the demo shop");
    let runtime = tokio::runtime::Runtime::new()?;
    let password_hash = runtime.block_on(hash_password(Password::new(DEMO_PASSWORD.to_owned()), config.bcrypt_cost))?;
    // One transaction, so that an interruption never leaves a partial demo shop.
    let key = Arc::new(MasterKey::from_config(config)?);
    db.write_blocking(|conn| fill(conn, &password_hash, &key).map_err(Problem::from_anyhow))?;
    Ok(true)
}

pub(super) fn demo_logins() -> String {
    format!(
        "\n    Demo logins    {ADMIN} (superuser), {STAFF} (staff), {CUSTOMER} (customer)\n    \
         Password       {DEMO_PASSWORD}\n"
    )
}

fn is_empty(conn: &mut PgConnection) -> QueryResult<bool> {
    Ok(!accounts::any_user_exists(conn)? && !catalogue::has_products(conn)?)
}

fn fill(conn: &mut PgConnection, password_hash: &PasswordHash, key: &Arc<MasterKey>) -> Result<()> {
    let opening = WriteContext::system(data::opening()?, key);
    let categories = fill_categories(conn, &opening)?;
    let skus = fill_products(conn, &categories, &opening)?;
    let admin = new_account(ADMIN, "Alma", "Mercer", password_hash)?;
    create(conn, &NewAccount { is_staff: true, is_superuser: true, ..admin }, &opening)?;
    let staff = new_account(STAFF, "Sam", "Okafor", password_hash)?;
    let staff = create(conn, &NewAccount { is_staff: true, ..staff }, &opening)?.user;
    fill_groups(conn, staff.id, &opening)?;
    let customers = fill_customers(conn, password_hash, &opening)?;
    orders::fill_orders(conn, &customers, &skus, key)?;
    dispatch_without_jobs(conn, opening.at)
}

/// Creates three typical staff groups. The demo staff member has all permissions except those for background jobs.
fn fill_groups(conn: &mut PgConnection, manager: UserId, context: &WriteContext) -> Result<()> {
    let permissions_for = |areas: &[&str]| -> PermissionSet {
        let is_included = |name: &str| areas.iter().any(|area| name.split('.').next() == Some(area));
        Permission::all().iter().copied().filter(|permission| is_included(permission.name())).collect()
    };
    let all_but_jobs = PermissionSet::all().without(&permissions_for(&["jobs"]));
    let managers = staff::create_group(conn, "Managers", &all_but_jobs, context)?;
    staff::create_group(
        conn,
        "Order desk",
        &permissions_for(&["customers", "addresses", "orders", "returns"]),
        context,
    )?;
    staff::create_group(conn, "Warehouse", &permissions_for(&["fulfillments", "stock", "warehouses"]), context)?;
    Ok(staff::join_group(conn, manager, managers.id, context)?)
}

fn fill_categories(conn: &mut PgConnection, context: &WriteContext) -> Result<HashMap<String, CategoryId>> {
    let mut ids = HashMap::new();
    for row in read::<CategoryRow>(data::CATEGORIES)? {
        let parent = match row.parent.as_str() {
            "" => None,
            slug => Some(*ids.get(slug).with_context(|| format!("category {slug} must precede its children"))?),
        };
        let slug = row.slug.parse().map_err(|_| anyhow::anyhow!("{:?} is not a slug", row.slug))?;
        let new =
            NewCategory { name: row.name, slug: Some(slug), description: row.description, parent, sort_order: None };
        ids.insert(row.slug, categories::create(conn, &new, context)?.id);
    }
    Ok(ids)
}

/// Creates the products and returns the SKUs that the demo orders can contain.
fn fill_products(
    conn: &mut PgConnection,
    categories: &HashMap<String, CategoryId>,
    context: &WriteContext,
) -> Result<Vec<String>> {
    let mut skus = Vec::new();
    for rows in read_products()? {
        let Some(first) = rows.first() else { continue };
        let category =
            categories.get(&first.category).with_context(|| format!("there is no category {}", first.category))?;
        let new = NewProduct {
            name: first.name.clone(),
            slug: None,
            description: first.description.clone(),
            category: Some(*category),
            is_active: true,
            metadata: serde_json::json!({}),
            private_metadata: serde_json::json!({}),
            variants: rows.iter().map(ProductRow::variant).collect(),
        };
        catalogue::create(conn, &new, context)?;
        skus.extend(rows.into_iter().filter(|row| row.stock >= 100).map(|row| row.sku));
    }
    Ok(skus)
}

impl ProductRow {
    fn variant(&self) -> NewVariant {
        let options = self.options();
        let name: Vec<String> = options.iter().map(|(_, value)| value.clone()).collect();
        NewVariant {
            sku: self.sku.clone(),
            name: name.join(", "),
            options: serde_json::Value::Object(options.into_iter().map(|(key, value)| (key, value.into())).collect()),
            price: self.price,
            cost: None,
            stock: self.stock,
            tracks_stock: true,
        }
    }
}

fn fill_customers(
    conn: &mut PgConnection,
    password_hash: &PasswordHash,
    context: &WriteContext,
) -> Result<Vec<orders::DemoCustomer>> {
    let mut customers = Vec::new();
    for row in read::<CustomerRow>(data::CUSTOMERS)? {
        let new = new_account(&row.email, &row.first_name, &row.last_name, password_hash)?;
        let phone = row.phone.parse().map_err(|_| anyhow::anyhow!("{:?} is not a phone number", row.phone))?;
        let profile = create(conn, &NewAccount { phone: Some(phone), ..new }, context)?;
        customers.push(orders::DemoCustomer { id: profile.customer.id, email: profile.user.email, row });
    }
    Ok(customers)
}

/// Creates an account with a verified e-mail address.
fn create(conn: &mut PgConnection, account: &NewAccount, context: &WriteContext) -> Result<Profile> {
    let profile = accounts::create(conn, account, context)?;
    accounts::verify_email(conn, &profile, context)?;
    Ok(profile)
}

fn new_account(email: &str, first_name: &str, last_name: &str, password_hash: &PasswordHash) -> Result<NewAccount> {
    let email: Email = email.parse().map_err(|_| anyhow::anyhow!("{email:?} is not an e-mail address"))?;
    Ok(NewAccount {
        email,
        password_hash: Some(password_hash.clone()),
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        phone: None,
        language: Language::default(),
        is_staff: false,
        is_superuser: false,
    })
}

/// Dispatches the events of the demo shop to the feed without enqueuing jobs, so that no notifications are sent.
fn dispatch_without_jobs(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    let no_jobs: events::Subscriptions = Arc::new(|_| Ok(Vec::new()));
    // The dispatcher of a running worker must not process the events first.
    events::lock_dispatcher(conn)?;
    while events::dispatch_batch(conn, &no_jobs, 1000, now)? > 0 {}
    Ok(())
}
