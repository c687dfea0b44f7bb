//! Identity: who is behind a session or the token of a program, and what they may do.
//!
//! Owns no table: sessions are `auth`'s, groups `staff`'s, programs `apps`'s.

mod principals;

pub use principals::{Principals, Restrictions};
