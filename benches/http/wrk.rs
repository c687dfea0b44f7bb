//! wrk: HTTP load generator. Each connection waits for the response before it sends the next request.
//!
//! Its latencies are corrected: a late response also counts for the requests that it delayed.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::measurement::Measurement;
use super::shop::PRODUCT_COUNT;

/// Requested page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Small response from memory: the highest possible throughput.
    Static,
    /// First 20 products.
    List,
    /// One product.
    Detail,
    /// Order of a guest with two products.
    Order,
}

/// Number of threads. More threads would take CPU time from the server.
const THREADS: u32 = 2;

/// Additional time for the responses to the last orders.
const LAST_ORDERS: Duration = Duration::from_secs(2);

/// Request timeout. On a busy machine, single responses can take seconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Line that `report.lua` prints.
#[derive(Debug, Deserialize)]
struct Report {
    responses: u64,
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
    rejected: u64,
    failed: u64,
}

impl Page {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "static JSON",
            Self::List => "product list",
            Self::Detail => "product",
            Self::Order => "order",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Static => "/.well-known/jwks.json",
            Self::List => "/api/products/?page_size=20",
            Self::Detail => "/api/products/",
            Self::Order => "/api/orders/",
        }
    }

    const fn script(self) -> &'static str {
        match self {
            Self::Static | Self::List => "read.lua",
            Self::Detail => "detail.lua",
            Self::Order => "order.lua",
        }
    }
}

pub fn run(wrk: &Path, page: Page, server: &str, connections: u32, duration: Duration) -> Result<Measurement> {
    let total = if page == Page::Order { duration + LAST_ORDERS } else { duration };
    let mut command = Command::new(wrk);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/http")).args(["-s", page.script()]);
    command.args(["-t", &THREADS.min(connections).to_string(), "-c", &connections.to_string()]);
    command.args(["-d", &seconds(total), "--timeout", &seconds(REQUEST_TIMEOUT), &format!("{server}{}", page.path())]);
    command.args(["--", &PRODUCT_COUNT.to_string(), &duration.as_secs().to_string()]);
    let output = command.output().context("cannot run wrk")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let message = || format!("wrk failed:\n{printed}{}", String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), message());

    let last = printed.lines().last().unwrap_or_default();
    let report: Report = serde_json::from_str(last).with_context(message)?;
    Ok(Measurement {
        done: report.responses,
        per_second: report.responses as f64 / report.seconds,
        median_ms: report.p50_ms,
        p99_ms: report.p99_ms,
        failed: report.rejected + report.failed,
    })
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs())
}
