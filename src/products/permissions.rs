//! Permissions of the products domain.

use crate::platform::auth::permissions;

permissions! {
    /// Create categories
    CreateCategories = "categories.create";
    /// Change categories
    ChangeCategories = "categories.change";
    /// Move categories with their subcategories
    MoveCategories = "categories.move";
    /// Delete empty categories
    DeleteCategories = "categories.delete";
    /// View unpublished products
    ViewHiddenProducts = "products.view_hidden";
    /// View and change the cost prices of products
    ViewCosts = "products.view_costs";
    /// View and change the private metadata of products
    ViewPrivateProducts = "products.view_private";
    /// Create products
    CreateProducts = "products.create";
    /// Change products
    ChangeProducts = "products.change";
    /// Archive products
    ArchiveProducts = "products.archive";
    /// Create product variants
    CreateVariants = "variants.create";
    /// Change product variants and their prices
    ChangeVariants = "variants.change";
    /// Archive product variants
    ArchiveVariants = "variants.archive";
    /// Change the currencies, taxes and rules of channels
    ManageChannels = "channels.manage";
    /// View warehouses
    ViewWarehouses = "warehouses.view";
    /// Create warehouses
    CreateWarehouses = "warehouses.create";
    /// View stock levels
    ViewStock = "stock.view";
    /// View stock movements
    ViewMovements = "stock.view_movements";
    /// Receive and count stock
    AdjustStock = "stock.adjust";
}
