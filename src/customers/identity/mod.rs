//! Identity: resolves session ids and app tokens to principals with their permissions and channel scope.
//!
//! Owns no table. It reads through the rooms that own sessions, staff groups and apps.

mod principals;

pub use principals::{LoadChannelRestrictions, PrincipalCache};
