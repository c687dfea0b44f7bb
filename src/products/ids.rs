//! Typed ids of the products domain that several rooms use.

use crate::platform::types::typed_id;

typed_id!(
    /// Id of a category.
    CategoryId
);
typed_id!(
    /// Id of a product.
    ProductId
);
typed_id!(
    /// Id of a product variant.
    VariantId
);
typed_id!(
    /// Id of the stock of a variant in a warehouse.
    StockId
);
typed_id!(
    /// Id of a warehouse.
    WarehouseId
);
typed_id!(
    // Declared in this domain because stock movements and allocations refer to orders.
    /// Id of an order.
    OrderId
);
typed_id!(
    // Declared in this domain because allocations refer to order lines.
    /// Id of an order line.
    OrderLineId
);
