//! Filters, search and ordering of product lists.

use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use rust_decimal::Decimal;

use super::models::Product;
use crate::platform::api::{
    DateTimeLookups, ListFilter, ListRequest, RangeLookups, Search, TextLookups, apply_lookups,
};
use crate::platform::error::{ErrorTree, Problem};
use crate::products::categories::{Category, subtree_ids};
use crate::products::ids::CategoryId;
use crate::products::slug::IdOrSlug;
use crate::schema::{channels, products, stocks, variant_prices, variants, warehouses};

/// SQL of the lowest price of a product in the default channel; null without a priced variant.
macro_rules! lowest_price {
    () => {
        "(select min(vp.amount) from variants v join variant_prices vp on vp.variant_id = v.id \
          join channels c on c.id = vp.channel_id and c.is_default \
          where v.product_id = products.id and v.archived_at is null)"
    };
}

/// Filters of product lists. They can be ordered by the lowest price in the default channel; products without a price
/// come last.
#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = products, row = Product, default = "name")]
#[list(order_by(
    name,
    "price" = sql(
        concat!("coalesce(", lowest_price!(), ", 'Infinity')"),
        concat!("coalesce(", lowest_price!(), ", -1)"),
        "numeric"
    ),
    created_at,
    updated_at
))]
pub struct ProductFilter {
    /// Id or slug of a category. Includes the products of its descendants.
    #[list(skip)]
    pub category: Option<String>,
    /// Price of any variant in the default channel.
    #[list(with = filter_price)]
    pub price: RangeLookups<Decimal>,
    /// True for products with at least one variant that can be bought now.
    #[list(with = filter_in_stock)]
    pub in_stock: Option<bool>,
    /// Requires `products.view_hidden`; other principals receive active products only.
    #[list(skip)]
    pub is_active: Option<bool>,
    pub name: TextLookups,
    pub slug: TextLookups,
    pub created_at: DateTimeLookups,
    pub updated_at: DateTimeLookups,
    /// Matches products whose name, SKU or description contains every word; a "quoted phrase" counts as one word.
    #[list(with = filter_search)]
    pub search: Search,
}

pub(super) type ProductList = ListRequest<ProductFilter>;

type ProductQuery<'q> = products::BoxedQuery<'q, Pg>;

/// Categories and activity of the products that a list can contain.
#[derive(Debug, Clone)]
pub(super) struct ProductScope {
    categories: Option<Vec<CategoryId>>,
    is_active: Option<bool>,
}

impl ProductScope {
    /// Resolves the category of the filter, and applies the permissions of the principal.
    pub fn new(conn: &mut PgConnection, filter: &ProductFilter, can_view_inactive: bool) -> Result<Self, Problem> {
        let categories = match &filter.category {
            None => None,
            Some(reference) => Some(resolve_subtree(conn, reference)?),
        };
        Ok(Self { categories, is_active: if can_view_inactive { filter.is_active } else { Some(true) } })
    }

    /// Restricts the scope to products of these categories.
    pub fn within(mut self, categories: Vec<CategoryId>) -> Self {
        self.categories = Some(match self.categories.take() {
            None => categories,
            Some(filtered) => categories.into_iter().filter(|id| filtered.contains(id)).collect(),
        });
        self
    }

    /// Returns the query of the products in the scope.
    pub fn query<'q>(&self) -> ProductQuery<'q> {
        let mut query = products::table.filter(products::archived_at.is_null()).into_boxed();
        if let Some(is_active) = self.is_active {
            query = query.filter(products::is_active.eq(is_active));
        }
        if let Some(categories) = &self.categories {
            query = query.filter(products::category_id.eq_any(categories.clone()));
        }
        query
    }
}

fn filter_price<'q>(query: ProductQuery<'q>, price: &RangeLookups<Decimal>) -> ProductQuery<'q> {
    if price.is_empty() {
        return query;
    }
    let default_channel = channels::table.filter(channels::is_default).select(channels::id);
    let mut priced = variants::table
        .inner_join(variant_prices::table)
        .filter(variants::archived_at.is_null())
        .filter(variant_prices::channel_id.eq_any(default_channel))
        .select(variants::product_id)
        .into_boxed::<Pg>();
    apply_lookups!(priced, ranges, variant_prices::amount, price);
    query.filter(products::id.eq_any(priced))
}

fn filter_in_stock<'q>(query: ProductQuery<'q>, in_stock: &Option<bool>) -> ProductQuery<'q> {
    match in_stock {
        Some(true) => query.filter(is_in_stock()),
        Some(false) => query.filter(diesel::dsl::not(is_in_stock())),
        None => query,
    }
}

fn filter_search<'q>(mut query: ProductQuery<'q>, search: &Search) -> ProductQuery<'q> {
    for pattern in search.patterns() {
        let has_sku = variants::table
            .filter(variants::product_id.eq(products::id))
            .filter(variants::archived_at.is_null())
            .filter(variants::sku.ilike(pattern.clone()));
        let has_text = products::name.ilike(pattern.clone()).or(products::description.ilike(pattern));
        query = query.filter(has_text.or(exists(has_sku)));
    }
    query
}

fn is_in_stock<'a>() -> Box<dyn BoxableExpression<products::table, Pg, SqlType = Bool> + 'a> {
    let free = stocks::quantity + stocks::backorder_limit;
    let stocked = variants::table
        .inner_join(stocks::table.inner_join(warehouses::table))
        .filter(warehouses::is_active)
        .filter(variants::product_id.eq(products::id))
        .filter(variants::archived_at.is_null())
        .filter(free.gt(stocks::allocated));
    let untracked = variants::table
        .filter(variants::product_id.eq(products::id))
        .filter(variants::archived_at.is_null())
        .filter(diesel::dsl::not(variants::tracks_stock));
    Box::new(exists(stocked).or(exists(untracked)))
}

fn resolve_subtree(conn: &mut PgConnection, reference: &str) -> Result<Vec<CategoryId>, Problem> {
    let found = match reference.parse::<IdOrSlug<CategoryId>>() {
        Ok(reference) => Category::find(conn, &reference)?,
        Err(()) => None,
    };
    let unknown = || {
        let text = "Select a valid choice. That choice is not one of the available choices.";
        Problem::invalid(ErrorTree::member("category", ErrorTree::message("invalid_choice", text)))
    };
    Ok(subtree_ids(conn, found.ok_or_else(unknown)?.id)?)
}
