//! The results side by side.

use std::fmt;

use super::Measured;
use super::loads::{Load, Tool};
use super::pgbench::Script;
use super::wrk::Page;

#[derive(Debug)]
pub struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    load: &'static Load,
    /// One for each round.
    turns: Vec<Measured>,
}

impl Table {
    pub fn new(loads: &[&'static Load]) -> Self {
        Self { rows: loads.iter().map(|load| Row { load, turns: Vec::new() }).collect() }
    }

    pub fn add(&mut self, load: &Load, measured: Measured) {
        if let Some(row) = self.rows.iter_mut().find(|row| std::ptr::eq(row.load, load)) {
            row.turns.push(measured);
        }
    }

    /// How many orders the server has answered with 201.
    pub fn orders_placed(&self) -> u64 {
        let asked = self.rows.iter().filter(|row| row.load.tool == Tool::Wrk(Page::Order));
        asked.flat_map(|row| &row.turns).map(|turn| turn.done).sum()
    }

    /// Loads that were not answered well every time.
    pub fn failures(&self) -> Vec<String> {
        let failed = self.rows.iter().filter(|row| row.failed() > 0);
        let told = |row: &Row| {
            let Load { name, connections, .. } = row.load;
            format!("{name}, {connections} connections: {} requests were refused or not answered", row.failed())
        };
        failed.map(told).collect()
    }

    fn row(&self, tool: Tool, connections: u32) -> Option<&Row> {
        self.rows.iter().find(|row| row.load.tool == tool && row.load.connections == connections)
    }

    /// A page's part of a static one, of its own statements in pgbench, and of the yardstick.
    fn ratios(&self, row: &Row) -> [Option<f64>; 3] {
        let Tool::Wrk(page) = row.load.tool else { return [None; 3] };
        let of_script = |script: Script| row.part_of(self.row(Tool::Pgbench(script), super::pgbench::CONNECTIONS)?);
        let of_static = || row.part_of(self.row(Tool::Wrk(Page::Static), row.load.connections)?);
        match page {
            Page::Static => [None; 3],
            Page::List => [of_static(), None, None],
            Page::Detail => [of_static(), of_script(Script::Detail), of_script(Script::DetailInOne)],
            Page::Order => [of_static(), of_script(Script::Order), of_script(Script::OrderInNine)],
        }
    }
}

impl Row {
    fn failed(&self) -> u64 {
        self.turns.iter().map(|turn| turn.failed).sum()
    }

    fn median(&self, of: impl Fn(&Measured) -> f64) -> f64 {
        median(self.turns.iter().map(of).collect())
    }

    /// Compared round by round: what slows a whole round down slows both.
    fn part_of(&self, other: &Self) -> Option<f64> {
        let pairs = self.turns.iter().zip(&other.turns);
        let ratios: Vec<f64> = pairs.map(|(ours, theirs)| ours.per_second / theirs.per_second).collect();
        (!ratios.is_empty()).then(|| median(ratios))
    }

    /// How far the rounds are apart, as a part of their median.
    fn spread(&self) -> f64 {
        let speeds = || self.turns.iter().map(|turn| turn.per_second);
        (speeds().fold(0.0, f64::max) - speeds().fold(f64::INFINITY, f64::min)) / self.median(|turn| turn.per_second)
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<42}{:>48}{:>34}", "", "", "part of")?;
        writeln!(
            f,
            "{:<42}{:>6}{:>12}{:>8}{:>10}{:>10}{:>9}{:>9}{:>10}{:>8}",
            "", "conns", "per second", "spread", "p50 ms", "p99 ms", "static", "its SQL", "yardstick", "failed",
        )?;
        for row in &self.rows {
            let Load { name, connections, .. } = row.load;
            let (speed, spread) = (row.median(|turn| turn.per_second), row.spread() * 100.0);
            let (p50, p99) = (row.median(|turn| turn.median_ms), row.median(|turn| turn.p99_ms));
            let shown = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}"));
            let [of_static, of_sql, of_yardstick] = self.ratios(row).map(shown);
            write!(f, "{name:<42}{connections:>6}{speed:>12.0}{spread:>7.0}%{p50:>10.2}{p99:>10.2}")?;
            writeln!(f, "{of_static:>9}{of_sql:>9}{of_yardstick:>10}{:>8}", row.failed())?;
        }
        writeln!(
            f,
            "\nParts are of what is done per second: of static JSON with as many connections; by pgbench with the \
             server's statements;\nby pgbench with the yardstick, which is one statement for a product and nine for an \
             order."
        )
    }
}
