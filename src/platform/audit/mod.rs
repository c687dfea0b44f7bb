//! Audit: who did what, to which thing, from where.
//!
//! Owns `audit_entries`, `audit_chain`, `audit_unsealed` and `audit_personal_values`. Callers [`record`] in the
//! transaction of the change; a worker appends each entry to a chain of hashes ([`seal`]), and [`verify`] walks it.
//! Nothing is ever changed or deleted here, whatever its age: triggers refuse it, and whoever gets around them is found
//! out. What entries tell of a person stands beside them and goes with the person ([`forget`]); the entries stay.

mod chain;
mod changes;
mod denials;
mod entry;
mod origin;
mod personal;
mod reading;
mod verifying;

pub use chain::{Head, seal, seal_batch};
pub use changes::Changes;
pub use denials::{Noted, note_denials, note_once};
pub use entry::{Entry, JsonText, record};
pub use origin::Origin;
pub use personal::{emails_told_of, forget, person_by_email};
pub use reading::{AuditEntry, of_objects};
pub use verifying::{Fault, Verified, verify};
