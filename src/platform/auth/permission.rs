//! Permissions, and their types: a handler that names one in its signature cannot forget it.

use std::collections::HashSet;

/// Something that somebody may do. Its name is `area.action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    CatalogueManage,
    ChannelsManage,
    StockView,
    StockManage,
    OrdersView,
    OrdersManage,
    JobsManage,
}

impl Permission {
    pub const ALL: &'static [Self] = &[
        Self::CatalogueManage,
        Self::ChannelsManage,
        Self::StockView,
        Self::StockManage,
        Self::OrdersView,
        Self::OrdersManage,
        Self::JobsManage,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::CatalogueManage => "catalogue.manage",
            Self::ChannelsManage => "channels.manage",
            Self::StockView => "stock.view",
            Self::StockManage => "stock.manage",
            Self::OrdersView => "orders.view",
            Self::OrdersManage => "orders.manage",
            Self::JobsManage => "jobs.manage",
        }
    }

    /// The one of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.name() == name)
    }

    /// What every member of staff may do. Background jobs are the superusers' business.
    pub fn of_staff() -> HashSet<Self> {
        Self::ALL.iter().copied().filter(|permission| *permission != Self::JobsManage).collect()
    }
}

/// The type of one permission, for [`Allowed`](super::Allowed).
pub trait PermissionType: 'static {
    const PERMISSION: Permission;
}

macro_rules! permission_types {
    ($( $(#[$doc:meta])* $name:ident = $permission:ident ),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl PermissionType for $name {
                const PERMISSION: Permission = Permission::$permission;
            }
        )+
    };
}

permission_types! {
    /// Create, change, move and archive categories and products.
    ManageCatalogue = CatalogueManage,
    /// Change currencies, taxes and rules of channels.
    ManageChannels = ChannelsManage,
    /// See levels and the ledger of stock.
    ViewStock = StockView,
    /// Receive and count goods.
    ManageStock = StockManage,
    /// See everybody's orders.
    ViewOrders = OrdersView,
    /// Place orders for others, and move orders on.
    ManageOrders = OrdersManage,
    /// See and replay background jobs.
    ManageJobs = JobsManage,
}
