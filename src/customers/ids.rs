//! Typed ids of the customers domain that several rooms use.

use crate::platform::types::typed_id;

typed_id!(
    /// Id of a group of staff members with the same permissions.
    GroupId
);
typed_id!(
    /// Id of a customer group.
    CustomerGroupId
);
