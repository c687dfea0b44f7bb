//! Permissions, and their types: a handler that names one in its signature cannot forget it.

/// The type of one permission, for [`Allowed`](super::Allowed).
pub trait PermissionType: 'static {
    const PERMISSION: Permission;
}

/// Each permission once: its variant, the type that stands for it in signatures, its name, and what it allows.
macro_rules! permissions {
    ($( #[doc = $text:literal] $variant:ident, $kind:ident = $name:literal; )+) => {
        /// Something that somebody may do. Its name is `area.action`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $( #[doc = $text] $variant, )+
        }

        impl Permission {
            /// In the order in which they are shown.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$variant => $name, )+
                }
            }

            /// What it allows, for whoever grants it.
            pub const fn description(self) -> &'static str {
                match self {
                    $( Self::$variant => $text, )+
                }
            }
        }

        $(
            #[doc = $text]
            #[derive(Debug, Clone, Copy)]
            pub struct $kind;

            impl PermissionType for $kind {
                const PERMISSION: Permission = Permission::$variant;
            }
        )+
    };
}

permissions! {
    /// See customers and their addresses.
    CustomersView, ViewCustomers = "customers.view";
    /// Change customers' names, telephone numbers, languages and public metadata.
    CustomersChange, ChangeCustomers = "customers.change";
    /// Activate and deactivate customers' accounts.
    CustomersDeactivate, DeactivateCustomers = "customers.deactivate";
    /// Erase a customer's personal data for good.
    CustomersErase, EraseCustomers = "customers.erase";
    /// Download the list of customers.
    CustomersExport, ExportCustomers = "customers.export";
    /// See and change what customers must not see of themselves: private metadata.
    CustomersViewPrivate, ViewPrivateCustomers = "customers.view_private";
    /// Read the shop's notes about customers.
    CustomersViewNotes, ViewCustomerNotes = "customers.view_notes";
    /// Write notes about customers.
    CustomersWriteNotes, WriteCustomerNotes = "customers.write_notes";
    /// See what happened to a customer's account.
    CustomersViewHistory, ViewCustomerHistory = "customers.view_history";
    /// Add, change and remove customers' addresses.
    AddressesManage, ManageAddresses = "addresses.manage";
    /// See the groups of customers and who belongs to them.
    CustomerGroupsView, ViewCustomerGroups = "customer_groups.view";
    /// Make, change and remove groups of customers, and choose who belongs to them.
    CustomerGroupsManage, ManageCustomerGroups = "customer_groups.manage";
    /// See where and since when others are signed in.
    SessionsView, ViewSessions = "sessions.view";
    /// Sign others out.
    SessionsEnd, EndSessions = "sessions.end";
    /// See who works for the shop.
    StaffView, ViewStaff = "staff.view";
    /// Invite people to work for the shop.
    StaffInvite, InviteStaff = "staff.invite";
    /// Change the names of staff, and the groups they are in.
    StaffManage, ManageStaff = "staff.manage";
    /// Activate and deactivate the accounts of staff.
    StaffDeactivate, DeactivateStaff = "staff.deactivate";
    /// Take a lost second factor off somebody's account.
    StaffResetFactors, ResetFactors = "staff.reset_factors";
    /// See the groups of staff and what they may do.
    GroupsView, ViewGroups = "groups.view";
    /// Make, change and remove groups of staff.
    GroupsManage, ManageGroups = "groups.manage";
    /// Restrict groups of staff to channels.
    GroupsRestrict, RestrictGroups = "groups.restrict";
    /// See which programs may call the shop.
    AppsView, ViewApps = "apps.view";
    /// Add, change, activate, deactivate and remove programs.
    AppsManage, ManageApps = "apps.manage";
    /// Make and revoke the tokens of programs.
    AppsManageTokens, ManageAppTokens = "apps.manage_tokens";
    /// Read who did what.
    AuditView, ViewAudit = "audit.view";
    /// Make categories.
    CategoriesCreate, CreateCategories = "categories.create";
    /// Change categories.
    CategoriesChange, ChangeCategories = "categories.change";
    /// Move categories, with all below them, to another place.
    CategoriesMove, MoveCategories = "categories.move";
    /// Remove empty categories.
    CategoriesDelete, DeleteCategories = "categories.delete";
    /// See products that are not on sale.
    ProductsViewHidden, ViewHiddenProducts = "products.view_hidden";
    /// See and change what products cost the shop.
    ProductsViewCosts, ViewCosts = "products.view_costs";
    /// See and change the private metadata of products.
    ProductsViewPrivate, ViewPrivateProducts = "products.view_private";
    /// Make products.
    ProductsCreate, CreateProducts = "products.create";
    /// Change products.
    ProductsChange, ChangeProducts = "products.change";
    /// Archive products.
    ProductsArchive, ArchiveProducts = "products.archive";
    /// Add variants to products.
    VariantsCreate, CreateVariants = "variants.create";
    /// Change variants and their prices.
    VariantsChange, ChangeVariants = "variants.change";
    /// Archive variants.
    VariantsArchive, ArchiveVariants = "variants.archive";
    /// Change currencies, taxes and rules of channels.
    ChannelsManage, ManageChannels = "channels.manage";
    /// See the shop's warehouses.
    WarehousesView, ViewWarehouses = "warehouses.view";
    /// Add warehouses.
    WarehousesCreate, CreateWarehouses = "warehouses.create";
    /// See levels of stock.
    StockView, ViewStock = "stock.view";
    /// See every receipt, count and shipment of goods.
    StockViewMovements, ViewMovements = "stock.view_movements";
    /// Receive and count goods.
    StockAdjust, AdjustStock = "stock.adjust";
    /// See everybody's orders.
    OrdersView, ViewOrders = "orders.view";
    /// See who of the staff did what to an order, with their notes.
    OrdersViewNotes, ViewOrderNotes = "orders.view_notes";
    /// Place orders for others.
    OrdersCreate, CreateOrders = "orders.create";
    /// Confirm orders.
    OrdersConfirm, ConfirmOrders = "orders.confirm";
    /// Cancel anybody's orders.
    OrdersCancel, CancelOrders = "orders.cancel";
    /// Begin work on orders.
    FulfillmentsPrepare, PrepareFulfillments = "fulfillments.prepare";
    /// Ship orders.
    FulfillmentsShip, ShipFulfillments = "fulfillments.ship";
    /// Say that orders have arrived.
    FulfillmentsDeliver, DeliverFulfillments = "fulfillments.deliver";
    /// See returned goods.
    ReturnsView, ViewReturns = "returns.view";
    /// Take goods back.
    ReturnsCreate, CreateReturns = "returns.create";
    /// See background jobs.
    JobsView, ViewJobs = "jobs.view";
    /// Run dead background jobs again.
    JobsReplay, ReplayJobs = "jobs.replay";
}

impl Permission {
    /// The one of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.name() == name)
    }
}
