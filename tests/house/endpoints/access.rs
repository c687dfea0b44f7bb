//! Access rules of whole groups of operations.

use super::case::{Access, ExpectedError, OtherCallers};

pub const NOT_SIGNED_IN: Access = Access::Rejected(401, ExpectedError::Code("not_authenticated"));

pub const DENIED: Access = Access::Rejected(403, ExpectedError::Code("permission_denied"));

pub const NOT_FOUND: Access = Access::Rejected(404, ExpectedError::Code("not_found"));

/// The server rejects an invalid token even on public endpoints.
pub const INVALID_TOKEN: Access = Access::Rejected(401, ExpectedError::Code("token_not_valid"));

/// Requires a permission.
pub const PERMISSION_REQUIRED: OtherCallers = OtherCallers {
    anonymous: NOT_SIGNED_IN,
    other_customer: DENIED,
    wrong_role: DENIED,
    expired: INVALID_TOKEN,
    deactivated: INVALID_TOKEN,
};

/// Every signed-in user, with their own data.
pub const fn own(reason: &'static str) -> OtherCallers {
    OtherCallers {
        anonymous: NOT_SIGNED_IN,
        other_customer: Access::OwnData(reason),
        wrong_role: Access::OwnData(reason),
        expired: INVALID_TOKEN,
        deactivated: INVALID_TOKEN,
    }
}

/// Every caller.
pub const fn open(reason: &'static str) -> OtherCallers {
    OtherCallers {
        anonymous: Access::Open(reason),
        other_customer: Access::Open(reason),
        wrong_role: Access::Open(reason),
        expired: INVALID_TOKEN,
        deactivated: INVALID_TOKEN,
    }
}

/// Every caller, also with invalid credentials, which the endpoint ignores.
pub const fn credentials_ignored(reason: &'static str) -> OtherCallers {
    OtherCallers {
        anonymous: Access::Open(reason),
        other_customer: Access::Open(reason),
        wrong_role: Access::Open(reason),
        expired: Access::Open(reason),
        deactivated: Access::Open(reason),
    }
}

/// The customer of an order, and staff members.
pub const fn order_access(reason: &'static str) -> OtherCallers {
    OtherCallers {
        anonymous: NOT_SIGNED_IN,
        other_customer: NOT_FOUND,
        wrong_role: Access::Open(reason),
        expired: INVALID_TOKEN,
        deactivated: INVALID_TOKEN,
    }
}
