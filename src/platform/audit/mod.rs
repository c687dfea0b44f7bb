//! Audit: actor, action, object, changes and origin of every write.
//!
//! Owns `audit_entries`, `audit_chain`, `audit_unsealed` and `audit_personal_values`. Callers [`record`] an entry in
//! the transaction of the change. A worker appends each entry to a hash chain ([`run_chain_worker`]), and [`verify`]
//! checks the chain. Triggers reject updates and deletions of entries, and the chain reveals changes that bypass the
//! triggers. Personal data is stored beside the entries and is erased with the person ([`erase_personal_values`]); the
//! entries remain.

mod chain;
mod changes;
mod denials;
mod entry;
mod json_text;
mod object;
mod personal;
mod queries;
mod verification;

pub use chain::{ChainHead, append_chain_links, run_chain_worker};
pub use changes::{Changes, FieldChange};
pub use denials::{RecordedDenials, record_denial_once, record_denials};
pub use entry::{AuditEntryRow, record};
pub use json_text::JsonText;
pub use object::AuditObject;
pub use personal::{erase_personal_values, person_id_for_email, recorded_emails};
pub use queries::{AuditEntry, entries_about};
pub use verification::{AuditFault, VerifiedLog, verify};
