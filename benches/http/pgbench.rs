//! pgbench: throughput of PostgreSQL without the Mercer server.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mercer::platform::db::RANDOM_PAGE_COST;

use super::measurement::Measurement;
use super::shop::{BenchShop, PRODUCT_COUNT};

/// pgbench script in this folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Statements of the server for a product.
    Detail,
    /// One statement for the same product.
    DetailInOne,
    /// Statements of the server for an order.
    Order,
    /// Nine statements for such an order.
    OrderInNine,
}

/// Number of connections, equal to the size of the server's pool.
pub const CONNECTIONS: u32 = 16;

const THREADS: u32 = 2;

impl Script {
    pub const ALL: [Self; 4] = [Self::Detail, Self::DetailInOne, Self::Order, Self::OrderInNine];

    /// Name of the script and of its database. Each script has a separate copy of the shop.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detail => "detail",
            Self::DetailInOne => "detail_in_one",
            Self::Order => "order",
            Self::OrderInNine => "order_in_nine",
        }
    }

    /// Number of statements in the script.
    pub fn statements(self) -> usize {
        let text = match self {
            Self::Detail => include_str!("detail.sql"),
            Self::DetailInOne => include_str!("detail_in_one.sql"),
            Self::Order => include_str!("order.sql"),
            Self::OrderInNine => include_str!("order_in_nine.sql"),
        };
        text.lines().filter(|line| line.ends_with(';') && !line.starts_with("--")).count()
    }
}

pub fn run(pgbench: &Path, shop: &BenchShop, script: Script, round: u32, duration: Duration) -> Result<Measurement> {
    let log = tempfile::tempdir_in(shop.folder.path())?;
    let file = format!("{}/benches/http/{}.sql", env!("CARGO_MANIFEST_DIR"), script.name());
    let mut command = Command::new(pgbench);
    command.current_dir(log.path()).stdin(Stdio::null());
    command.args(["--no-vacuum", "--protocol=prepared", "--log", "--file", &file]);
    command.args(["-c", &CONNECTIONS.to_string(), "-j", &THREADS.to_string(), "-T", &duration.as_secs().to_string()]);
    // `run` and `n` are part of the order ids, so that all ids are unique.
    command.args(["-D", &format!("products={PRODUCT_COUNT}"), "-D", &format!("run={}", round + 1), "-D", "n=0"]);
    // The same planner setting as the server's connections.
    command.env("PGOPTIONS", format!("-c random_page_cost={RANDOM_PAGE_COST}"));
    let output = command.arg(shop.postgres.url_for(script.name())).output().context("cannot run pgbench")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "pgbench failed:\n{printed}{}", String::from_utf8_lossy(&output.stderr));

    let per_second =
        number_after(&printed, "tps = ").with_context(|| format!("cannot parse the output of pgbench:\n{printed}"))?;
    let mut latencies = latencies_ms(log.path())?;
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| latencies.get((latencies.len() as f64 * share) as usize).copied().unwrap_or_default();
    Ok(Measurement { done: latencies.len() as u64, per_second, median_ms: at(0.5), p99_ms: at(0.99), failed: 0 })
}

fn number_after(text: &str, prefix: &str) -> Option<f64> {
    let (_, rest) = text.split_once(prefix)?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Returns the latency of every transaction: the third number of each line of pgbench's logs, in microseconds.
fn latencies_ms(folder: &Path) -> Result<Vec<f64>> {
    let mut latencies = Vec::new();
    for entry in fs::read_dir(folder)? {
        let text = fs::read_to_string(entry?.path())?;
        let numbers = text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<f64>().ok());
        latencies.extend(numbers.map(|microseconds| microseconds / 1000.0));
    }
    Ok(latencies)
}
