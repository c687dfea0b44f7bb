//! Who is kept out, for whole groups of operations.

use super::case::{Gate, Outsiders, Told};

pub const NOT_SIGNED_IN: Gate = Gate::Refused(401, Told::Code("not_authenticated"));

pub const DENIED: Gate = Gate::Refused(403, Told::Code("permission_denied"));

pub const NOT_FOUND: Gate = Gate::Refused(404, Told::Code("not_found"));

/// A token that is not good is refused even where none is needed.
pub const BAD_TOKEN: Gate = Gate::Refused(401, Told::Code("token_not_valid"));

/// Only with the permission; superusers and staff alike, or superusers alone.
pub const PERMITTED_ONLY: Outsiders = Outsiders {
    anonymous: NOT_SIGNED_IN,
    stranger: DENIED,
    wrong_role: DENIED,
    expired: BAD_TOKEN,
    deactivated: BAD_TOKEN,
};

/// Whoever is signed in, with what is their own.
pub const fn own(reason: &'static str) -> Outsiders {
    Outsiders {
        anonymous: NOT_SIGNED_IN,
        stranger: Gate::TheirOwn(reason),
        wrong_role: Gate::TheirOwn(reason),
        expired: BAD_TOKEN,
        deactivated: BAD_TOKEN,
    }
}

/// Everybody.
pub const fn open(reason: &'static str) -> Outsiders {
    Outsiders {
        anonymous: Gate::OpenToAll(reason),
        stranger: Gate::OpenToAll(reason),
        wrong_role: Gate::OpenToAll(reason),
        expired: BAD_TOKEN,
        deactivated: BAD_TOKEN,
    }
}

/// Everybody, whatever they hold: these do not look at tokens in headers.
pub const fn without_identity(reason: &'static str) -> Outsiders {
    Outsiders {
        anonymous: Gate::OpenToAll(reason),
        stranger: Gate::OpenToAll(reason),
        wrong_role: Gate::OpenToAll(reason),
        expired: Gate::OpenToAll(reason),
        deactivated: Gate::OpenToAll(reason),
    }
}

/// An order's customer, and staff.
pub const fn of_an_order(reason: &'static str) -> Outsiders {
    Outsiders {
        anonymous: NOT_SIGNED_IN,
        stranger: NOT_FOUND,
        wrong_role: Gate::OpenToAll(reason),
        expired: BAD_TOKEN,
        deactivated: BAD_TOKEN,
    }
}
