//! Identity: who is behind a session or the token of a program, and what they may do.
//!
//! Owns no table: it asks the rooms that keep sessions, groups and programs.

mod principals;

pub use principals::{Principals, Restrictions};
