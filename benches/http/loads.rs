//! Loads of the benchmark.

use super::pgbench::{CONNECTIONS, Script};
use super::wrk::Page;

const SIXTEEN: u32 = 16;
const SIXTY_FOUR: u32 = 64;

/// Load that runs at full speed for a fixed time.
#[derive(Debug)]
pub struct Load {
    pub name: &'static str,
    pub tool: Tool,
    pub connections: u32,
    /// True if a worker processes the orders at the same time, on the same cores.
    pub has_worker: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Wrk(Page),
    Pgbench(Script),
}

/// All loads in the order of the table. References precede the loads that are compared with them.
pub static LOADS: [Load; 13] = [
    request("static JSON", Page::Static, SIXTEEN),
    request("static JSON", Page::Static, SIXTY_FOUR),
    request("product list", Page::List, SIXTEEN),
    request("product list", Page::List, SIXTY_FOUR),
    run("pgbench: product, one statement", Script::DetailInOne),
    run("pgbench: product, the server's statements", Script::Detail),
    request("product", Page::Detail, SIXTEEN),
    request("product", Page::Detail, SIXTY_FOUR),
    run("pgbench: order, nine statements", Script::OrderInNine),
    run("pgbench: order, the server's statements", Script::Order),
    request("order", Page::Order, SIXTEEN),
    request("order", Page::Order, SIXTY_FOUR),
    Load { has_worker: true, ..request("order, beside a busy worker", Page::Order, SIXTEEN) },
];

const fn request(name: &'static str, page: Page, connections: u32) -> Load {
    Load { name, tool: Tool::Wrk(page), connections, has_worker: false }
}

const fn run(name: &'static str, script: Script) -> Load {
    Load { name, tool: Tool::Pgbench(script), connections: CONNECTIONS, has_worker: false }
}
