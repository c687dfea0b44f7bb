//! Database: access to connections, the embedded server, and the migrations.

mod access;
mod commit_signal;
pub mod embedded;
mod fixed;
mod migrations;
mod pool;
mod process_signal;

pub use access::{Db, in_transaction, with_guard};
pub use commit_signal::{CommitSignal, signal_on_commit};
pub(crate) use fixed::fixed_statement;
pub use migrations::{MIGRATIONS, migrate, pending_migrations, revert_all};
pub use pool::{DatabaseTimeouts, PoolSettings, RANDOM_PAGE_COST};
pub use process_signal::{listen_to_other_processes, notify_other_processes};
