//! wrk: asks a server for pages, from as many connections as it is told, each waiting for its answer.
//!
//! Its latencies are corrected: an answer that is late counts also for the requests that it kept from being sent.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Measured;
use super::shop::GOODS;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// A small answer from memory: as fast as the server ever is.
    Static,
    /// The first 20 products.
    List,
    /// A product.
    Detail,
    /// An order by a guest, of two different products.
    Order,
}

/// More would take the server's cores away from it.
const THREADS: u32 = 2;

/// How long orders under way have to be answered in, when nobody orders any more.
const LAST_ORDERS: Duration = Duration::from_secs(2);

/// An answer that takes longer is none. On a machine with other work to do, single ones may take seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// The line that `report.lua` prints.
#[derive(Debug, Deserialize)]
struct Report {
    answered: u64,
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
    refused: u64,
    broken: u64,
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

pub fn run(wrk: &Path, page: Page, server: &str, connections: u32, duration: Duration) -> Result<Measured> {
    let whole = if page == Page::Order { duration + LAST_ORDERS } else { duration };
    let mut command = Command::new(wrk);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/http")).args(["-s", page.script()]);
    command.args(["-t", &THREADS.min(connections).to_string(), "-c", &connections.to_string()]);
    command.args(["-d", &seconds(whole), "--timeout", &seconds(PATIENCE), &format!("{server}{}", page.path())]);
    command.args(["--", &GOODS.to_string(), &duration.as_secs().to_string()]);
    let output = command.output().context("cannot run wrk")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let told = || format!("wrk said:\n{said}{}", String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), told());

    let last = said.lines().last().unwrap_or_default();
    let report: Report = serde_json::from_str(last).with_context(told)?;
    Ok(Measured {
        done: report.answered,
        per_second: report.answered as f64 / report.seconds,
        median_ms: report.p50_ms,
        p99_ms: report.p99_ms,
        failed: report.refused + report.broken,
    })
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs())
}
