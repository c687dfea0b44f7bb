//! Table of the results.

use std::fmt;

use super::loads::{Load, Tool};
use super::measurement::Measurement;
use super::pgbench::Script;
use super::wrk::Page;

#[derive(Debug)]
pub struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    load: &'static Load,
    /// One measurement for each round.
    rounds: Vec<Measurement>,
}

impl Table {
    pub fn new(loads: &[&'static Load]) -> Self {
        Self { rows: loads.iter().map(|load| Row { load, rounds: Vec::new() }).collect() }
    }

    pub fn add(&mut self, load: &Load, measured: Measurement) {
        if let Some(row) = self.rows.iter_mut().find(|row| std::ptr::eq(row.load, load)) {
            row.rounds.push(measured);
        }
    }

    /// Number of orders for which the server returned 201.
    pub fn orders_placed(&self) -> u64 {
        let orders = self.rows.iter().filter(|row| row.load.tool == Tool::Wrk(Page::Order));
        orders.flat_map(|row| &row.rounds).map(|round| round.done).sum()
    }

    /// Returns a message for each load with failed requests.
    pub fn failures(&self) -> Vec<String> {
        let failed = self.rows.iter().filter(|row| row.failed() > 0);
        let message = |row: &Row| {
            let Load { name, connections, .. } = row.load;
            format!("{name}, {connections} connections: {} requests were rejected or got no response", row.failed())
        };
        failed.map(message).collect()
    }

    fn row(&self, tool: Tool, connections: u32) -> Option<&Row> {
        self.rows.iter().find(|row| row.load.tool == tool && row.load.connections == connections)
    }

    /// Returns the throughput of a page relative to static JSON, to its own statements in pgbench, and to the baseline.
    fn ratios(&self, row: &Row) -> [Option<f64>; 3] {
        let Tool::Wrk(page) = row.load.tool else { return [None; 3] };
        let to_script = |script: Script| row.ratio_to(self.row(Tool::Pgbench(script), super::pgbench::CONNECTIONS)?);
        let to_static = || row.ratio_to(self.row(Tool::Wrk(Page::Static), row.load.connections)?);
        match page {
            Page::Static => [None; 3],
            Page::List => [to_static(), None, None],
            Page::Detail => [to_static(), to_script(Script::Detail), to_script(Script::DetailInOne)],
            Page::Order => [to_static(), to_script(Script::Order), to_script(Script::OrderInNine)],
        }
    }
}

impl Row {
    fn failed(&self) -> u64 {
        self.rounds.iter().map(|round| round.failed).sum()
    }

    fn median(&self, of: impl Fn(&Measurement) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }

    /// Returns the median ratio of the throughputs of each round, so that a slow round affects both.
    fn ratio_to(&self, other: &Self) -> Option<f64> {
        let pairs = self.rounds.iter().zip(&other.rounds);
        let ratios: Vec<f64> = pairs.map(|(own, reference)| own.per_second / reference.per_second).collect();
        (!ratios.is_empty()).then(|| median(ratios))
    }

    /// Returns the difference between the fastest and the slowest round, relative to the median.
    fn spread(&self) -> f64 {
        let speeds = || self.rounds.iter().map(|round| round.per_second);
        (speeds().fold(0.0, f64::max) - speeds().fold(f64::INFINITY, f64::min)) / self.median(|round| round.per_second)
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<42}{:>48}{:>34}", "", "", "relative to")?;
        writeln!(
            f,
            "{:<42}{:>6}{:>12}{:>8}{:>10}{:>10}{:>9}{:>9}{:>10}{:>8}",
            "", "conns", "per second", "spread", "p50 ms", "p99 ms", "static", "its SQL", "baseline", "failed",
        )?;
        for row in &self.rows {
            let Load { name, connections, .. } = row.load;
            let (speed, spread) = (row.median(|round| round.per_second), row.spread() * 100.0);
            let (p50, p99) = (row.median(|round| round.median_ms), row.median(|round| round.p99_ms));
            let format_ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}"));
            let [to_static, to_sql, to_baseline] = self.ratios(row).map(format_ratio);
            write!(f, "{name:<42}{connections:>6}{speed:>12.0}{spread:>7.0}%{p50:>10.2}{p99:>10.2}")?;
            writeln!(f, "{to_static:>9}{to_sql:>9}{to_baseline:>10}{:>8}", row.failed())?;
        }
        writeln!(
            f,
            "\nThe ratios compare throughputs: with static JSON on the same number of connections; with pgbench and \
             the server's statements;\nwith pgbench and the baseline, which is one statement for a product and nine \
             for an order."
        )
    }
}
