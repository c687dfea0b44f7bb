//! Writes a batch of documents as orders and returns, in one transaction.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::countries::{address_in, country_of};
use super::invoices::{Document, InvoiceLine, Invoices};
use crate::cli::import::run::ImportRun;
use crate::customers::accounts::{ExternalCustomer, upsert_external};
use crate::orders::lifecycle::import::{HistoricalLine, HistoricalOrder};
use crate::orders::returns::import::HistoricalReturn;
use crate::orders::{fulfillment, lifecycle, payments, returns};
use crate::platform::error::Problem;
use crate::platform::types::{ChannelId, CustomerId};
use crate::products::catalogue::import::{HistoricalProduct, HistoricalVariant, ensure_archived_variants};

/// Number of lines of each existing document, by the number of the document.
type ExistingLines = HashMap<String, usize>;

/// Writes the new documents. Returns the existing ones. A dry run writes nothing.
pub(super) fn write_batch(
    import: &ImportRun<'_>,
    channel: ChannelId,
    invoices: &Invoices,
    documents: &[Document],
) -> Result<ExistingLines> {
    if import.options.dry_run {
        return Ok(import.db.read_blocking(|conn| find_existing(conn, documents))?);
    }
    let batch = OrderBatch { channel, at: import.context.at, invoices };
    Ok(import.db.write_blocking(|conn| batch.write(conn, documents))?)
}

fn find_existing(conn: &mut PgConnection, documents: &[Document]) -> Result<ExistingLines, Problem> {
    let numbers = |is_credit: bool| -> Vec<String> {
        let needed = documents.iter().filter(|document| document.is_credit == is_credit);
        needed.map(|document| document.number.to_string()).collect()
    };
    let orders = lifecycle::import::count_lines(conn, &numbers(false))?;
    let returns = returns::import::count_lines(conn, &numbers(true))?;
    let counts = orders.into_iter().chain(returns);
    Ok(counts.map(|(number, lines)| (number, usize::try_from(lines).unwrap_or(usize::MAX))).collect())
}

struct OrderBatch<'a> {
    channel: ChannelId,
    at: DateTime<Utc>,
    invoices: &'a Invoices,
}

impl OrderBatch<'_> {
    fn write(&self, conn: &mut PgConnection, documents: &[Document]) -> Result<ExistingLines, Problem> {
        lifecycle::import::lock_imports(conn)?;
        let existing = find_existing(conn, documents)?;
        let new: Vec<&Document> =
            documents.iter().filter(|document| !existing.contains_key(document.number.as_ref())).collect();
        if new.is_empty() {
            return Ok(existing);
        }

        let references = ResolvedReferences {
            customers: self.ensure_customers(conn, &new)?,
            variants: self.ensure_variants(conn, &new)?,
        };
        let credits: Vec<&Document> = new.iter().copied().filter(|document| document.is_credit).collect();
        let orders: Vec<&Document> = new.into_iter().filter(|document| !document.is_credit).collect();
        self.write_orders(conn, &orders, &references)?;
        self.write_returns(conn, &credits, &references)?;
        Ok(existing)
    }

    fn ensure_customers(
        &self,
        conn: &mut PgConnection,
        documents: &[&Document],
    ) -> Result<HashMap<String, CustomerId>, Problem> {
        let mut needed: HashMap<&str, ExternalCustomer<'_>> = HashMap::new();
        for document in documents {
            if let Some(external_id) = document.customer.as_deref() {
                needed.entry(external_id).or_insert_with(|| ExternalCustomer {
                    external_id,
                    name: "",
                    country: document.country.as_deref().and_then(country_of),
                });
            }
        }
        let needed: Vec<_> = needed.into_values().collect();
        Ok(upsert_external(conn, &needed, self.at)?)
    }

    fn ensure_variants(
        &self,
        conn: &mut PgConnection,
        documents: &[&Document],
    ) -> Result<HashMap<String, HistoricalVariant>, Problem> {
        let lines = documents.iter().flat_map(|document| &document.lines);
        let needed: HashMap<&str, HistoricalProduct<'_>> =
            lines.map(|line| self.invoices.product(line)).map(|product| (product.sku, product)).collect();
        let needed: Vec<_> = needed.into_values().collect();
        Ok(ensure_archived_variants(conn, &needed, self.at)?)
    }

    fn write_orders(
        &self,
        conn: &mut PgConnection,
        documents: &[&Document],
        references: &ResolvedReferences,
    ) -> Result<(), Problem> {
        let orders = documents.iter().map(|document| {
            Ok(HistoricalOrder {
                number: document.number.to_string(),
                channel_id: self.channel,
                customer_id: references.customer_of(document),
                address: address_in(document.country.as_deref()),
                placed_at: document.date,
                total: document.total,
                lines: self.lines(document, references)?,
            })
        });
        let orders: Vec<HistoricalOrder<'_>> = orders.collect::<Result<_, Problem>>()?;
        let written = lifecycle::import::insert_historical(conn, &orders, self.at)?;
        fulfillment::import::insert_delivered(conn, &written, self.at)?;
        payments::import::insert_paid(conn, &written)?;
        Ok(())
    }

    fn write_returns(
        &self,
        conn: &mut PgConnection,
        documents: &[&Document],
        references: &ResolvedReferences,
    ) -> Result<(), Problem> {
        let credits = documents.iter().map(|document| {
            Ok(HistoricalReturn {
                number: document.number.to_string(),
                customer_id: references.customer_of(document),
                returned_at: document.date,
                total: document.total,
                lines: self.lines(document, references)?,
            })
        });
        let credits: Vec<HistoricalReturn<'_>> = credits.collect::<Result<_, Problem>>()?;
        returns::import::insert_historical(conn, &credits, self.at)?;
        Ok(())
    }

    fn lines<'a>(
        &'a self,
        document: &'a Document,
        references: &ResolvedReferences,
    ) -> Result<Vec<HistoricalLine<'a>>, Problem> {
        document.lines.iter().map(|line| self.line(line, references)).collect()
    }

    fn line<'a>(
        &'a self,
        line: &'a InvoiceLine,
        references: &ResolvedReferences,
    ) -> Result<HistoricalLine<'a>, Problem> {
        let variant = references.variants.get(&line.sku.to_lowercase());
        let variant =
            variant.ok_or_else(|| Problem::internal(anyhow!("the variant {:?} was not created", line.sku)))?;
        let total = line.total(self.invoices.currency());
        Ok(HistoricalLine {
            product_id: variant.product_id,
            variant_id: variant.variant_id,
            name: line.name.as_deref().unwrap_or_else(|| self.invoices.product(line).name),
            sku: &line.sku,
            quantity: line.quantity,
            unit_price: line.unit_price,
            total: total.map_err(|error| Problem::internal(anyhow!(error)))?,
        })
    }
}

/// Customers and variants of the documents of a batch.
struct ResolvedReferences {
    customers: HashMap<String, CustomerId>,
    variants: HashMap<String, HistoricalVariant>,
}

impl ResolvedReferences {
    fn customer_of(&self, document: &Document) -> Option<CustomerId> {
        self.customers.get(document.customer.as_deref()?).copied()
    }
}
