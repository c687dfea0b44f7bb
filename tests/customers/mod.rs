//! The customers domain.

mod accounts;
