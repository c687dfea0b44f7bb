//! Lists of products: filters, search and order.

use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Numeric, Uuid as SqlUuid};
use rust_decimal::Decimal;

use super::models::Product;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{OrderKey, Page, Sort, filter, like_pattern, search_terms};
use crate::platform::types::{CategoryId, ChannelId, IdOrSlug};
use crate::products::categories::{Category, subtree_ids};
use crate::schema::{products, stocks, variant_prices, variants, warehouses};

filter! {
    pub struct ProductFilter {
        /// The id or slug of a category; products of all categories below it count as well.
        "category" => pub category: String,
        #[param(value_type = Option<String>)]
        "price__gte" => pub price_from: Decimal,
        #[param(value_type = Option<String>)]
        "price__lte" => pub price_to: Decimal,
        /// Whether any variant can be bought now.
        "in_stock" => pub in_stock: bool,
        /// Staff only: others see active products alone.
        "is_active" => pub is_active: bool,
        /// Every word must be in the name, a SKU or the description; a "quoted phrase" counts as one.
        "search" => pub search: String,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductKey {
    Name,
    Price,
    CreatedAt,
}

impl OrderKey for ProductKey {
    const KEYS: &'static [(&'static str, Self)] =
        &[("name", Self::Name), ("price", Self::Price), ("created_at", Self::CreatedAt)];
}

/// The filter with its words looked up.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    categories: Option<Vec<CategoryId>>,
    price_from: Option<Decimal>,
    price_to: Option<Decimal>,
    in_stock: Option<bool>,
    is_active: Option<bool>,
    terms: Vec<String>,
    channel: ChannelId,
}

type Boxed<'a> = products::BoxedQuery<'a, Pg>;

impl Selection {
    pub fn new(
        conn: &mut PgConnection,
        filter: &ProductFilter,
        channel: ChannelId,
        sees_inactive: bool,
    ) -> Result<Self, Problem> {
        let categories = match &filter.category {
            None => None,
            Some(reference) => Some(subtree_of(conn, reference)?),
        };
        Ok(Self {
            categories,
            price_from: filter.price_from,
            price_to: filter.price_to,
            in_stock: filter.in_stock,
            is_active: if sees_inactive { filter.is_active } else { Some(true) },
            terms: search_terms(filter.search.as_deref().unwrap_or_default()),
            channel,
        })
    }

    /// Only products of these categories.
    pub fn within(mut self, categories: Vec<CategoryId>) -> Self {
        self.categories = Some(categories);
        self
    }

    /// The count of all, and the rows of the page.
    pub fn page(
        &self,
        conn: &mut PgConnection,
        sort: &Sort<ProductKey>,
        page: &Page,
    ) -> Result<(i64, Vec<Product>), Problem> {
        let count: i64 = self.query().count().get_result(conn)?;
        let rows = self.sorted(sort).limit(page.limit()).offset(page.offset(count)?);
        Ok((count, rows.select(Product::as_select()).load(conn)?))
    }

    fn query<'a>(&self) -> Boxed<'a> {
        let mut query = products::table.filter(products::archived_at.is_null()).into_boxed();
        if let Some(is_active) = self.is_active {
            query = query.filter(products::is_active.eq(is_active));
        }
        if let Some(categories) = &self.categories {
            query = query.filter(products::category_id.eq_any(categories.clone()));
        }
        if self.price_from.is_some() || self.price_to.is_some() {
            query = query.filter(self.has_price());
        }
        query = match self.in_stock {
            Some(true) => query.filter(is_buyable()),
            Some(false) => query.filter(diesel::dsl::not(is_buyable())),
            None => query,
        };
        for term in &self.terms {
            let pattern = like_pattern(term);
            let has_sku = variants::table
                .filter(variants::product_id.eq(products::id))
                .filter(variants::archived_at.is_null())
                .filter(variants::sku.ilike(pattern.clone()));
            let is_named = products::name.ilike(pattern.clone()).or(products::description.ilike(pattern));
            query = query.filter(is_named.or(exists(has_sku)));
        }
        query
    }

    fn has_price<'a>(&self) -> Box<dyn BoxableExpression<products::table, Pg, SqlType = Bool> + 'a> {
        let from = self.price_from.unwrap_or(Decimal::ZERO);
        let to = self.price_to.unwrap_or(Decimal::MAX);
        let priced = variants::table
            .inner_join(variant_prices::table)
            .filter(variants::product_id.eq(products::id))
            .filter(variants::archived_at.is_null())
            .filter(variant_prices::channel_id.eq(self.channel))
            .filter(variant_prices::amount.between(from, to));
        Box::new(exists(priced))
    }

    fn sorted<'a>(&self, sort: &Sort<ProductKey>) -> Boxed<'a> {
        let mut query = self.query();
        for by in &sort.0 {
            query = match (by.key, by.is_descending) {
                (ProductKey::Name, false) => query.then_order_by(products::name),
                (ProductKey::Name, true) => query.then_order_by(products::name.desc()),
                (ProductKey::CreatedAt, false) => query.then_order_by(products::created_at),
                (ProductKey::CreatedAt, true) => query.then_order_by(products::created_at.desc()),
                (ProductKey::Price, false) => query.then_order_by(lowest_price(self.channel).asc().nulls_last()),
                (ProductKey::Price, true) => query.then_order_by(lowest_price(self.channel).desc().nulls_last()),
            };
        }
        if sort.0.is_empty() {
            query = query.order(products::name);
        }
        query.then_order_by(products::id)
    }
}

type LowestPrice = diesel::expression::SqlLiteral<
    Nullable<Numeric>,
    diesel::expression::UncheckedBind<
        diesel::expression::SqlLiteral<Nullable<Numeric>>,
        diesel::dsl::AsExprOf<ChannelId, SqlUuid>,
    >,
>;

fn lowest_price(channel: ChannelId) -> LowestPrice {
    sql::<Nullable<Numeric>>(
        "(select min(vp.amount) from variants v join variant_prices vp on vp.variant_id = v.id \
          where v.product_id = products.id and v.archived_at is null and vp.channel_id = ",
    )
    .bind::<SqlUuid, _>(channel)
    .sql(")")
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
