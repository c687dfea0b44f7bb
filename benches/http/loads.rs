//! What is measured.

use super::pgbench::{CONNECTIONS, Script};
use super::wrk::Page;

const SIXTEEN: u32 = 16;
const SIXTY_FOUR: u32 = 64;

/// Something that is done as often as possible for a while.
#[derive(Debug)]
pub struct Load {
    pub name: &'static str,
    pub tool: Tool,
    pub connections: u32,
    /// Whether a worker is busy with orders meanwhile, on the same cores.
    pub has_worker: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Wrk(Page),
    Pgbench(Script),
}

/// In the order of the table: references are next to what is compared with them.
pub static LOADS: [Load; 13] = [
    asked("static JSON", Page::Static, SIXTEEN),
    asked("static JSON", Page::Static, SIXTY_FOUR),
    asked("product list", Page::List, SIXTEEN),
    asked("product list", Page::List, SIXTY_FOUR),
    run("pgbench: product, one statement", Script::DetailInOne),
    run("pgbench: product, the server's statements", Script::Detail),
    asked("product", Page::Detail, SIXTEEN),
    asked("product", Page::Detail, SIXTY_FOUR),
    run("pgbench: order, nine statements", Script::OrderInNine),
    run("pgbench: order, the server's statements", Script::Order),
    asked("order", Page::Order, SIXTEEN),
    asked("order", Page::Order, SIXTY_FOUR),
    Load { has_worker: true, ..asked("order, beside a busy worker", Page::Order, SIXTEEN) },
];

const fn asked(name: &'static str, page: Page, connections: u32) -> Load {
    Load { name, tool: Tool::Wrk(page), connections, has_worker: false }
}

const fn run(name: &'static str, script: Script) -> Load {
    Load { name, tool: Tool::Pgbench(script), connections: CONNECTIONS, has_worker: false }
}
