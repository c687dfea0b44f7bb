//! Customers: accounts of customers and staff, authentication, and the data that customers store.

pub mod accounts; // users and their customer profiles
pub mod addresses; // billing and shipping addresses of customers
pub mod apps; // external applications and their tokens
pub mod auth; // registration, sign-in, tokens
pub mod countries; // address rules of each country
pub mod customer_groups; // groups of customers
pub mod directory; // customers for staff: list, notes, history, export
mod error_codes;
pub mod identity; // principals by session or app token, with their permissions
pub mod ids; // typed ids that several rooms use
pub mod mfa; // second factors as a whole: status, reset by staff
pub mod oauth; // sign-in with Google and other OpenID Connect providers
pub mod passkeys; // passkeys: registration, sign-in, second factor
pub mod passwords; // password rules and hashes
pub mod permissions; // permissions of this domain
pub mod privacy; // deactivation, personal data exports, erasure
pub mod sessions; // sessions and their refresh tokens
pub mod staff; // staff members, their groups and permissions
pub mod totp; // authenticator apps and recovery codes
pub mod verification; // tokens sent by e-mail: verified addresses, changed passwords and addresses

pub use error_codes::ERROR_CODES;
