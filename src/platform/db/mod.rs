//! The database: the only ways to a connection, the embedded server, and the migrations.

mod access;
pub mod embedded;
mod fixed;
mod keyring;
mod migrations;
mod pool;
mod wake;

pub use access::{Db, hold_while};
pub(crate) use fixed::fixed_statement;
pub use keyring::master_key;
pub use migrations::{MIGRATIONS, migrate, pending_migrations, revert_all};
pub use pool::{PoolSettings, RANDOM_PAGE_COST, TimeOuts};
pub use wake::{Wake, hear_others, tell_others, wake_on_commit};
