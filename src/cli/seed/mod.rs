//! `mercer seed`: the demo shop, the same every time, made through the same services as any other.

mod data;
mod orders;

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tracing::info;

use super::output;
use super::setup::Database;
use crate::customers::accounts::{self, NewAccount, Password, PasswordHash, Profile, hash_password};
use crate::customers::staff;
use crate::platform::audit::Origin;
use crate::platform::auth::{Permission, PermissionSet};
use crate::platform::config::{Config, Environment};
use crate::platform::db::TimeOuts;
use crate::platform::error::Problem;
use crate::platform::events;
use crate::platform::types::{CategoryId, Email, Language, UserId};
use crate::products::catalogue::{self, NewProduct, NewVariant};
use crate::products::categories::{self, NewCategory};
use data::{CategoryRow, CustomerRow, ProductRow, read, read_products};

/// Of every demo account. It opens nothing but a shop of made-up goods on a developer's machine.
const DEMO_PASSWORD: &str = "mercer-demo";

const ADMIN: &str = "admin@example.com";
const STAFF: &str = "staff@example.com";
const CUSTOMER: &str = "ana@example.com";

/// Fills a database that has no products and no users yet.
pub(super) fn seed(config: &Config, database: &Database) -> Result<()> {
    if seed_if_empty(config, database)? {
        output::print(&format!("The demo shop is there.\n{}", demo_logins()))
    } else {
        bail!("the database has products or users already: the demo shop is only for an empty one")
    }
}

/// The same, and false where there is something already.
pub(super) fn seed_if_empty(config: &Config, database: &Database) -> Result<bool> {
    if config.environment == Environment::Production {
        bail!("the demo shop has known passwords: it is not for production");
    }
    let db = database.connect(config, TimeOuts::BATCH)?;
    if !db.read_blocking(is_empty)? {
        return Ok(false);
    }
    info!("Filling in the demo shop");
    let runtime = tokio::runtime::Runtime::new()?;
    let password_hash = runtime.block_on(hash_password(Password::new(DEMO_PASSWORD.to_owned()), config.bcrypt_cost))?;
    // One transaction: a demo shop that was interrupted is none.
    db.write_blocking(|conn| fill(conn, &password_hash).map_err(Problem::from_anyhow))?;
    Ok(true)
}

pub(super) fn demo_logins() -> String {
    format!(
        "\n    Demo logins    {ADMIN} (superuser), {STAFF} (staff), {CUSTOMER} (customer)\n    \
         Password       {DEMO_PASSWORD}\n"
    )
}

fn is_empty(conn: &mut PgConnection) -> QueryResult<bool> {
    Ok(!accounts::exist(conn)? && !catalogue::has_products(conn)?)
}

fn fill(conn: &mut PgConnection, password_hash: &PasswordHash) -> Result<()> {
    let opening = Origin::system(data::opening()?);
    let categories = fill_categories(conn, &opening)?;
    let skus = fill_products(conn, &categories, &opening)?;
    let admin = account(ADMIN, ("Alma", "Mercer"), password_hash)?;
    create(conn, &NewAccount { is_staff: true, is_superuser: true, ..admin }, &opening)?;
    let staff = account(STAFF, ("Sam", "Okafor"), password_hash)?;
    let staff = create(conn, &NewAccount { is_staff: true, ..staff }, &opening)?.user;
    fill_groups(conn, staff.id, &opening)?;
    let customers = fill_customers(conn, password_hash, &opening)?;
    orders::fill_orders(conn, &customers, &skus)?;
    settle_events(conn, opening.at)
}

/// Three groups as a shop has them; the demo's staff run the shop, but for its background jobs.
fn fill_groups(conn: &mut PgConnection, manager: UserId, origin: &Origin) -> Result<()> {
    let of_areas = |areas: &[&str]| -> PermissionSet {
        let is_of = |name: &str| areas.iter().any(|area| name.split('.').next() == Some(area));
        Permission::ALL.iter().copied().filter(|permission| is_of(permission.name())).collect()
    };
    let all_but_jobs = PermissionSet::all().without(&of_areas(&["jobs"]));
    let managers = staff::create_group(conn, "Managers", &all_but_jobs, origin)?;
    staff::create_group(conn, "Order desk", &of_areas(&["customers", "addresses", "orders", "returns"]), origin)?;
    staff::create_group(conn, "Warehouse", &of_areas(&["fulfillments", "stock", "warehouses"]), origin)?;
    Ok(staff::join_group(conn, manager, managers.id, origin)?)
}

fn fill_categories(conn: &mut PgConnection, origin: &Origin) -> Result<HashMap<String, CategoryId>> {
    let mut ids = HashMap::new();
    for row in read::<CategoryRow>(data::CATEGORIES)? {
        let parent = match row.parent.as_str() {
            "" => None,
            slug => Some(*ids.get(slug).with_context(|| format!("category {slug} comes after its child"))?),
        };
        let slug = row.slug.parse().map_err(|_| anyhow::anyhow!("{:?} is no slug", row.slug))?;
        let new =
            NewCategory { name: row.name, slug: Some(slug), description: row.description, parent, sort_order: None };
        ids.insert(row.slug, categories::create(conn, &new, origin)?.id);
    }
    Ok(ids)
}

/// Makes the products, and tells the SKUs that orders can take.
fn fill_products(
    conn: &mut PgConnection,
    categories: &HashMap<String, CategoryId>,
    origin: &Origin,
) -> Result<Vec<String>> {
    let mut skus = Vec::new();
    for rows in read_products()? {
        let Some(first) = rows.first() else { continue };
        let category = categories.get(&first.category).with_context(|| format!("no category {}", first.category))?;
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
        catalogue::create(conn, &new, origin)?;
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
    origin: &Origin,
) -> Result<Vec<orders::DemoCustomer>> {
    let mut customers = Vec::new();
    for row in read::<CustomerRow>(data::CUSTOMERS)? {
        let new = account(&row.email, (&row.first_name, &row.last_name), password_hash)?;
        let phone = row.phone.parse().map_err(|_| anyhow::anyhow!("{:?} is no phone number", row.phone))?;
        let profile = create(conn, &NewAccount { phone: Some(phone), ..new }, origin)?;
        customers.push(orders::DemoCustomer { id: profile.customer.id, email: profile.user.email, row });
    }
    Ok(customers)
}

/// Everybody in the demo shop has proved their address.
fn create(conn: &mut PgConnection, account: &NewAccount, origin: &Origin) -> Result<Profile> {
    let profile = accounts::create(conn, account, origin)?;
    accounts::verify_email(conn, &profile, origin)?;
    Ok(profile)
}

fn account(email: &str, name: (&str, &str), password_hash: &PasswordHash) -> Result<NewAccount> {
    let email: Email = email.parse().map_err(|_| anyhow::anyhow!("{email:?} is no e-mail address"))?;
    Ok(NewAccount {
        email,
        password_hash: Some(password_hash.clone()),
        first_name: name.0.to_owned(),
        last_name: name.1.to_owned(),
        phone: None,
        language: Language::default(),
        is_staff: false,
        is_superuser: false,
    })
}

/// What happened in the demo shop is told to nobody: its events go into the feed, and wake no job.
fn settle_events(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    let nobody: events::Subscriptions = std::sync::Arc::new(|_| Ok(Vec::new()));
    // A shop may be at work beside us: its dispatcher must not get at them first.
    events::become_dispatcher(conn)?;
    while events::dispatch_batch(conn, &nobody, 1000, now)? > 0 {}
    Ok(())
}
