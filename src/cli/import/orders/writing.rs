//! A batch of documents becomes orders and returns, in one transaction.

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::countries::{address_in, country_of};
use super::ledger::{Document, Ledger, Line};
use crate::cli::import::Import;
use crate::customers::accounts::import::{ExternalCustomer, upsert_external};
use crate::orders::lifecycle::import::{PastLine, PastOrder};
use crate::orders::returns::import::PastReturn;
use crate::orders::{fulfilment, lifecycle, payments, returns};
use crate::platform::error::Problem;
use crate::platform::types::{ChannelId, CustomerId};
use crate::products::catalogue::import::{PastVariant, ensure_archived_variants};

/// Numbers that are there already, with how many lines they have.
type AlreadyThere = HashMap<String, usize>;

/// Writes the documents that are not there already, and tells which ones are. A dry run only looks.
pub(super) fn write_batch(
    import: &Import<'_>,
    channel: ChannelId,
    ledger: &Ledger,
    documents: &[Document],
) -> Result<AlreadyThere> {
    if import.options.dry_run {
        return Ok(import.db.read_blocking(|conn| find_written(conn, documents))?);
    }
    let batch = Batch { channel, at: import.at, ledger };
    Ok(import.db.write_blocking(|conn| batch.write(conn, documents))?)
}

fn find_written(conn: &mut PgConnection, documents: &[Document]) -> Result<AlreadyThere, Problem> {
    let numbers = |is_credit: bool| -> Vec<String> {
        let wanted = documents.iter().filter(|document| document.is_credit == is_credit);
        wanted.map(|document| document.number.to_string()).collect()
    };
    let orders = lifecycle::import::count_lines(conn, &numbers(false))?;
    let returns = returns::import::count_lines(conn, &numbers(true))?;
    let counts = orders.into_iter().chain(returns);
    Ok(counts.map(|(number, lines)| (number, usize::try_from(lines).unwrap_or(usize::MAX))).collect())
}

struct Batch<'a> {
    channel: ChannelId,
    at: DateTime<Utc>,
    ledger: &'a Ledger,
}

impl Batch<'_> {
    fn write(&self, conn: &mut PgConnection, documents: &[Document]) -> Result<AlreadyThere, Problem> {
        lifecycle::import::lock_imports(conn)?;
        let already_there = find_written(conn, documents)?;
        let new: Vec<&Document> =
            documents.iter().filter(|document| !already_there.contains_key(document.number.as_ref())).collect();
        if new.is_empty() {
            return Ok(already_there);
        }

        let parties =
            Parties { customers: self.ensure_customers(conn, &new)?, variants: self.ensure_variants(conn, &new)? };
        let credits: Vec<&Document> = new.iter().copied().filter(|document| document.is_credit).collect();
        let orders: Vec<&Document> = new.into_iter().filter(|document| !document.is_credit).collect();
        self.write_orders(conn, &orders, &parties)?;
        self.write_returns(conn, &credits, &parties)?;
        Ok(already_there)
    }

    fn ensure_customers(
        &self,
        conn: &mut PgConnection,
        documents: &[&Document],
    ) -> Result<HashMap<String, CustomerId>, Problem> {
        let mut wanted: HashMap<&str, ExternalCustomer<'_>> = HashMap::new();
        for document in documents {
            if let Some(external_id) = document.customer.as_deref() {
                wanted.entry(external_id).or_insert_with(|| ExternalCustomer {
                    external_id,
                    name: "",
                    country: document.country.as_deref().and_then(country_of),
                });
            }
        }
        let wanted: Vec<_> = wanted.into_values().collect();
        Ok(upsert_external(conn, &wanted, self.at)?)
    }

    fn ensure_variants(
        &self,
        conn: &mut PgConnection,
        documents: &[&Document],
    ) -> Result<HashMap<String, PastVariant>, Problem> {
        let lines = documents.iter().flat_map(|document| &document.lines);
        let wanted: HashMap<&str, &str> = lines.map(|line| self.ledger.product(line)).collect();
        let wanted: Vec<_> = wanted.into_iter().collect();
        Ok(ensure_archived_variants(conn, &wanted, self.at)?)
    }

    fn write_orders(&self, conn: &mut PgConnection, documents: &[&Document], parties: &Parties) -> Result<(), Problem> {
        let orders = documents.iter().map(|document| {
            Ok(PastOrder {
                number: document.number.to_string(),
                channel_id: self.channel,
                customer_id: parties.customer_of(document),
                address: address_in(document.country.as_deref()),
                placed_at: document.date,
                total: document.total,
                lines: self.lines(document, parties)?,
            })
        });
        let orders: Vec<PastOrder<'_>> = orders.collect::<Result<_, Problem>>()?;
        let written = lifecycle::import::insert_past(conn, &orders, self.at)?;
        fulfilment::import::insert_delivered(conn, &written, self.at)?;
        payments::import::insert_paid(conn, &written)?;
        Ok(())
    }

    fn write_returns(
        &self,
        conn: &mut PgConnection,
        documents: &[&Document],
        parties: &Parties,
    ) -> Result<(), Problem> {
        let credits = documents.iter().map(|document| {
            Ok(PastReturn {
                number: document.number.to_string(),
                customer_id: parties.customer_of(document),
                returned_at: document.date,
                total: document.total,
                lines: self.lines(document, parties)?,
            })
        });
        let credits: Vec<PastReturn<'_>> = credits.collect::<Result<_, Problem>>()?;
        returns::import::insert_past(conn, &credits, self.at)?;
        Ok(())
    }

    fn lines<'a>(&'a self, document: &'a Document, parties: &Parties) -> Result<Vec<PastLine<'a>>, Problem> {
        document.lines.iter().map(|line| self.line(line, parties)).collect()
    }

    fn line<'a>(&'a self, line: &'a Line, parties: &Parties) -> Result<PastLine<'a>, Problem> {
        let variant = parties.variants.get(&line.sku.to_lowercase());
        let variant = variant.ok_or_else(|| Problem::internal(anyhow!("no variant was made for {:?}", line.sku)))?;
        let total = line.total(self.ledger.currency());
        Ok(PastLine {
            product_id: variant.product_id,
            variant_id: variant.variant_id,
            name: line.name.as_deref().unwrap_or_else(|| self.ledger.product(line).1),
            sku: &line.sku,
            quantity: line.quantity,
            unit_price: line.unit_price,
            total: total.map_err(|error| Problem::internal(anyhow!(error)))?,
        })
    }
}

/// Who and what the documents of a batch speak of.
struct Parties {
    customers: HashMap<String, CustomerId>,
    variants: HashMap<String, PastVariant>,
}

impl Parties {
    fn customer_of(&self, document: &Document) -> Option<CustomerId> {
        self.customers.get(document.customer.as_deref()?).copied()
    }
}
