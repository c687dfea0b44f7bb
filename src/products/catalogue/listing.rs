//! Lists of products: filters, search and order.

use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use rust_decimal::Decimal;

use super::models::Product;
use crate::platform::api::{
    ListRequest, Moments, Ordering, Ranges, Search, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::types::{CategoryId, ChannelId, IdOrSlug};
use crate::products::categories::{Category, subtree_ids};
use crate::products::channels::Channel;
use crate::schema::{products, stocks, variant_prices, variants, warehouses};

/// The lowest price of a product in the default channel; null where none is priced.
macro_rules! lowest_price {
    () => {
        "(select min(vp.amount) from variants v join variant_prices vp on vp.variant_id = v.id \
          join channels c on c.id = vp.channel_id and c.is_default \
          where v.product_id = products.id and v.archived_at is null)"
    };
}

filter! {
    pub struct ProductFilter {
        /// The id or slug of a category; products of all categories below it count as well.
        "category" => pub category: Option<String>,
        /// Whether any variant costs this in the default channel.
        "price" => pub price: Ranges<Decimal>,
        /// Whether any variant can be bought now.
        "in_stock" => pub in_stock: Option<bool>,
        /// Staff only: others see active products alone.
        "is_active" => pub is_active: Option<bool>,
        "name" => pub name: Texts,
        "slug" => pub slug: Texts,
        "created_at" => pub created_at: Moments,
        "updated_at" => pub updated_at: Moments,
        /// Every word must be in the name, a SKU or the description; a "quoted phrase" counts as one.
        "search" => pub search: Search,
    }
}

/// By name; the price is the lowest one in the default channel, and what has none comes last.
pub struct ProductOrdering;

impl Ordering for ProductOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("name", "products.name", "text"),
        SortColumn::new("price", concat!("coalesce(", lowest_price!(), ", 'Infinity')"), "numeric")
            .descending_by(concat!("coalesce(", lowest_price!(), ", -1)")),
        SortColumn::new("created_at", "products.created_at", "timestamptz"),
        SortColumn::new("updated_at", "products.updated_at", "timestamptz"),
    ];
    const DEFAULT: &'static str = "name";
    const ID: SortColumn = SortColumn::new("id", "products.id", "uuid");
}

pub(super) type ProductList = ListRequest<ProductFilter, ProductOrdering>;

/// The filter with its words looked up.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    categories: Option<Vec<CategoryId>>,
    filter: ProductFilter,
    is_active: Option<bool>,
    channel: ChannelId,
}

type Boxed<'a> = products::BoxedQuery<'a, Pg>;

impl Selection {
    pub fn new(conn: &mut PgConnection, filter: &ProductFilter, sees_inactive: bool) -> Result<Self, Problem> {
        let categories = match &filter.category {
            None => None,
            Some(reference) => Some(subtree_of(conn, reference)?),
        };
        Ok(Self {
            categories,
            filter: filter.clone(),
            is_active: if sees_inactive { filter.is_active } else { Some(true) },
            channel: Channel::default_one(conn)?.id,
        })
    }

    /// Only products of these categories.
    pub fn within(mut self, categories: Vec<CategoryId>) -> Self {
        self.categories = Some(match self.categories.take() {
            None => categories,
            Some(filtered) => categories.into_iter().filter(|id| filtered.contains(id)).collect(),
        });
        self
    }

    pub fn page(&self, conn: &mut PgConnection, list: &ProductList) -> Result<Slice<Product>, Problem> {
        Ok(paginate!(conn, || self.query(), Product, list))
    }

    fn query<'a>(&self) -> Boxed<'a> {
        let mut query = products::table.filter(products::archived_at.is_null()).into_boxed();
        if let Some(is_active) = self.is_active {
            query = query.filter(products::is_active.eq(is_active));
        }
        if let Some(categories) = &self.categories {
            query = query.filter(products::category_id.eq_any(categories.clone()));
        }
        if !self.filter.price.is_empty() {
            let mut priced = variants::table
                .inner_join(variant_prices::table)
                .filter(variants::archived_at.is_null())
                .filter(variant_prices::channel_id.eq(self.channel))
                .select(variants::product_id)
                .into_boxed::<Pg>();
            narrow!(priced, ranges, variant_prices::amount, &self.filter.price);
            query = query.filter(products::id.eq_any(priced));
        }
        narrow!(query, texts, products::name, &self.filter.name);
        narrow!(query, texts, products::slug, &self.filter.slug);
        narrow!(query, moments, products::created_at, &self.filter.created_at);
        narrow!(query, moments, products::updated_at, &self.filter.updated_at);
        query = match self.filter.in_stock {
            Some(true) => query.filter(is_buyable()),
            Some(false) => query.filter(diesel::dsl::not(is_buyable())),
            None => query,
        };
        for pattern in self.filter.search.patterns() {
            let has_sku = variants::table
                .filter(variants::product_id.eq(products::id))
                .filter(variants::archived_at.is_null())
                .filter(variants::sku.ilike(pattern.clone()));
            let is_named = products::name.ilike(pattern.clone()).or(products::description.ilike(pattern));
            query = query.filter(is_named.or(exists(has_sku)));
        }
        query
    }
}

fn is_buyable<'a>() -> Box<dyn BoxableExpression<products::table, Pg, SqlType = Bool> + 'a> {
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

fn subtree_of(conn: &mut PgConnection, reference: &str) -> Result<Vec<CategoryId>, Problem> {
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
