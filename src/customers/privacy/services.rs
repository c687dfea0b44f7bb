//! Switching accounts off and on, exports, and forgetting people.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::{Value, json};

use super::errors::PrivacyError;
use super::jobs::MakeExport;
use super::models::{Export, ExportId};
use crate::customers::accounts::{self, User};
use crate::customers::auth;
use crate::customers::verification::{
    Letter, Proof, Purpose, Stationery, VerificationError, issue, post, redeem, shut_out,
};
use crate::platform::api::{Expected, WriteRequest};
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::MasterKey;
use crate::platform::jobs::{NewJob, enqueue};
use crate::platform::personal_data::PersonalDataRegistry;
use crate::platform::types::{CustomerId, EventId, UserId};

/// Switches a customer's account on or off. Whoever is switched off is signed out everywhere, and no link in their
/// mails is good any more.
pub fn set_active(
    conn: &mut PgConnection,
    customer: CustomerId,
    is_active: bool,
    request: &WriteRequest,
) -> Result<(), PrivacyError> {
    let origin = &request.origin;
    let (customer, user) = accounts::lock_person(conn, customer)?.ok_or(PrivacyError::NotFound)?;
    request.expected.ensure(accounts::version_of(&customer, user.as_ref()))?;
    let user = user.ok_or(PrivacyError::NoAccount)?;
    refuse_staff(&user)?;
    let id = user.id;
    accounts::switch(conn, &accounts::Profile { user, customer }, is_active, origin)?;
    if !is_active {
        shut_out(conn, id, "account deactivated", origin)?;
    }
    Ok(())
}

/// Staff have doors of their own: who looks after customers must not shut out who looks after the shop.
fn refuse_staff(user: &User) -> Result<(), PrivacyError> {
    if user.is_staff { Err(PrivacyError::StaffAccount) } else { Ok(()) }
}

/// Forgets a person: the account and all that hangs on it go, orders stay without them. Nothing where that is done.
pub fn erase(
    conn: &mut PgConnection,
    customer: CustomerId,
    rooms: &PersonalDataRegistry,
    (expected, origin): (&Expected, &Origin),
) -> Result<(), PrivacyError> {
    let (customer, user) = accounts::lock_person(conn, customer)?.ok_or(PrivacyError::NotFound)?;
    expected.ensure(accounts::version_of(&customer, user.as_ref()))?;
    if customer.erased_at.is_some() {
        return Ok(());
    }
    if let Some(user) = &user {
        refuse_staff(user)?;
    }
    if let Some(hindrance) = rooms.hindrance(conn, customer.id)? {
        return Err(PrivacyError::Unfinished(hindrance));
    }
    if let Some(user) = &user {
        auth::end_all(conn, user.id, None, "account erased", origin)?;
    }
    rooms.erase(conn, customer.id, origin)?;
    Export::delete_of(conn, customer.id)?;
    Ok(accounts::strip(conn, &customer, user.as_ref(), origin)?)
}

/// Forgets somebody who has just shown who they are.
pub fn erase_proved(
    conn: &mut PgConnection,
    (customer, proof): (CustomerId, &Proof),
    rooms: &PersonalDataRegistry,
    origin: &Origin,
) -> Result<(), PrivacyError> {
    let user = accounts::lock_person(conn, customer)?.and_then(|(_, user)| user);
    if !user.is_some_and(|user| proof.still_holds(&user)) {
        return Err(VerificationError::WrongPassword.into());
    }
    erase(conn, customer, rooms, (&Expected::default(), origin))
}

/// Forgets somebody who holds what was mailed to them.
pub fn erase_confirmed(
    conn: &mut PgConnection,
    (customer, token): (CustomerId, &str),
    rooms: &PersonalDataRegistry,
    origin: &Origin,
) -> Result<(), PrivacyError> {
    let redeemed = redeem(conn, &[Purpose::DeleteAccount], token, origin.at)?;
    if redeemed.is_none_or(|(profile, _)| profile.customer.id != customer) {
        return Err(VerificationError::BadToken.into());
    }
    erase(conn, customer, rooms, (&Expected::default(), origin))
}

/// Whether there is no password that could be asked for.
pub fn has_no_password(conn: &mut PgConnection, user: UserId) -> Result<bool, PrivacyError> {
    Ok(accounts::find_user(conn, user)?.ok_or(PrivacyError::NotFound)?.password_hash.is_none())
}

/// Mails a link to somebody who has no password that could be asked for.
pub fn mail_deletion(
    conn: &mut PgConnection,
    user: UserId,
    stationery: &Stationery,
    now: DateTime<Utc>,
) -> Result<(), PrivacyError> {
    let profile = accounts::Profile::lock(conn, user)?.ok_or(PrivacyError::NotFound)?;
    let (event, to) = (EventId::generate(), &profile.user.email);
    let Some(link) = issue(conn, &profile, Purpose::DeleteAccount, (event, to), now)? else { return Ok(()) };
    let link = Some((link.url(&stationery.storefront_url), link.hours()));
    post(conn, stationery, Letter { event, to, template: "delete_account", about: &profile, link }, now)?;
    Ok(())
}

/// Orders an export; the one that was ordered before, where it can still be downloaded.
pub fn ask_for_export(conn: &mut PgConnection, customer: CustomerId, origin: &Origin) -> Result<Export, PrivacyError> {
    accounts::lock_person(conn, customer)?.ok_or(PrivacyError::NotFound)?;
    if let Some(open) = Export::open_of(conn, customer, origin.at)? {
        return Ok(open);
    }
    let export = Export::insert(conn, customer, origin.at)?;
    let job = NewJob::of(&MakeExport { export: export.id }).map_err(|error| PrivacyError::Broken(error.into()))?;
    enqueue(conn, &job.once(export.id), origin.at)?;
    audit::record(conn, origin, "customer.export_asked_for", ("customer", customer.to_string()), Changes::none())?;
    Ok(export)
}

pub fn find_export(conn: &mut PgConnection, id: ExportId, customer: CustomerId) -> Result<Export, PrivacyError> {
    Export::find_of(conn, id, customer)?.ok_or(PrivacyError::NotFound)
}

/// What every room knows of a customer.
pub fn collect(
    conn: &mut PgConnection,
    export: &Export,
    (shop_name, rooms): (&str, &PersonalDataRegistry),
    now: DateTime<Utc>,
) -> Result<Value, PrivacyError> {
    let mut sections = rooms.export(conn, export.customer_id)?;
    sections.insert("shop".to_owned(), json!(shop_name));
    sections.insert("made_at".to_owned(), json!(now));
    Ok(Value::Object(sections))
}

/// Keeps what was made, sealed, and tells the customer that it is there; nothing where that was done.
pub fn keep(
    conn: &mut PgConnection,
    export: &Export,
    sealed: &[u8],
    stationery: &Stationery,
    now: DateTime<Utc>,
) -> Result<(), PrivacyError> {
    if !Export::fill(conn, export.id, sealed, now)? {
        return Ok(());
    }
    let Some((customer, Some(user))) = accounts::lock_person(conn, export.customer_id)? else { return Ok(()) };
    let about = accounts::Profile { user, customer };
    let link = format!("{}/account/export#id={}", stationery.storefront_url, export.id);
    let letter = Letter {
        event: EventId::generate(),
        to: &about.user.email,
        template: "export_ready",
        about: &about,
        link: Some((link, super::models::HOURS)),
    };
    post(conn, stationery, letter, now)?;
    Ok(())
}

/// Hands an export over, once: then it is gone.
pub fn download(
    conn: &mut PgConnection,
    id: ExportId,
    customer: CustomerId,
    key: &MasterKey,
    origin: &Origin,
) -> Result<Vec<u8>, PrivacyError> {
    let (export, sealed) = Export::lock_of(conn, id, customer)?.ok_or(PrivacyError::NotFound)?;
    if export.downloaded_at.is_some() || export.expires_at <= origin.at {
        return Err(PrivacyError::Gone);
    }
    let sealed = sealed.ok_or(PrivacyError::NotReady)?;
    let opened = key.open(&purpose(id), &sealed).map_err(PrivacyError::Broken)?;
    export.empty(conn, origin.at)?;
    audit::record(conn, origin, "customer.export_downloaded", ("customer", customer.to_string()), Changes::none())?;
    Ok(opened)
}

/// Binds a sealed export to its row.
pub fn purpose(id: ExportId) -> String {
    format!("personal data export {id}")
}
