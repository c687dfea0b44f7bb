//! The products domain.
