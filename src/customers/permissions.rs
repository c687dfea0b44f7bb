//! Permissions of the customers domain.

use crate::platform::auth::permissions;

permissions! {
    /// View customers and their addresses
    ViewCustomers = "customers.view";
    /// Change customers' names, telephone numbers, languages and public metadata
    ChangeCustomers = "customers.change";
    /// Activate and deactivate customer accounts
    DeactivateCustomers = "customers.deactivate";
    /// Erase the personal data of customers permanently
    EraseCustomers = "customers.erase";
    /// Export the list of customers
    ExportCustomers = "customers.export";
    /// View and change the private metadata of customers
    ViewPrivateCustomers = "customers.view_private";
    /// View staff notes on customers
    ViewCustomerNotes = "customers.view_notes";
    /// Write staff notes on customers
    WriteCustomerNotes = "customers.write_notes";
    /// View the history of customer accounts
    ViewCustomerHistory = "customers.view_history";
    /// Create, change and delete customers' addresses
    ManageAddresses = "addresses.manage";
    /// View customer groups and their members
    ViewCustomerGroups = "customer_groups.view";
    /// Create, change and delete customer groups and manage their members
    ManageCustomerGroups = "customer_groups.manage";
    /// View the sessions of other users
    ViewSessions = "sessions.view";
    /// Revoke the sessions of other users
    EndSessions = "sessions.end";
    /// View staff members
    ViewStaff = "staff.view";
    /// Invite staff members
    InviteStaff = "staff.invite";
    /// Change the names and groups of staff members
    ManageStaff = "staff.manage";
    /// Activate and deactivate staff accounts
    DeactivateStaff = "staff.deactivate";
    /// Remove the second factors of other users
    ResetFactors = "staff.reset_factors";
    /// View staff groups and their permissions
    ViewGroups = "groups.view";
    /// Create, change and delete staff groups
    ManageGroups = "groups.manage";
    /// Restrict staff groups to channels
    RestrictGroups = "groups.restrict";
    /// View apps
    ViewApps = "apps.view";
    /// Create, change, activate, deactivate and delete apps
    ManageApps = "apps.manage";
    /// Create and revoke app tokens
    ManageAppTokens = "apps.manage_tokens";
}
