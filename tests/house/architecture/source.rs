//! The sources below `src`, and where each stands in the house.

use super::paths::{Named, module_of, named_in};
use crate::house::files;
use crate::house::rust::{Token, begin_with, tokens};

/// From the lowest to the highest: nobody may know who stands above.
pub const DOMAINS: [&str; 4] = ["platform", "customers", "products", "orders"];

/// The composition root: the only modules that see all domains.
const ROOT: [&str; 8] = ["server", "routes", "jobs", "subscriptions", "personal_data", "cli", "lib", "main"];

/// A file below `src`.
pub struct Source {
    pub path: String,
    pub text: String,
    pub tokens: Vec<Token>,
    pub named: Vec<Named>,
}

/// Where a module belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// One of [`DOMAINS`], by its place there.
    Floor(usize),
    Root,
    /// The printed schema, which everybody may read.
    Schema,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let tokens = if path.ends_with(".rs") { tokens(text) } else { statement(text) };
        Self { path: path.to_owned(), text: text.to_owned(), named: named_in(path, &tokens), tokens }
    }

    /// All of ours.
    pub fn read_all() -> Vec<Self> {
        let is_code = |path: &str| path.ends_with(".rs") || path.ends_with(".sql");
        let found = files::below("src").into_iter().filter(|file| is_code(&file.path));
        found.map(|file| Self::new(&file.path, &file.text)).collect()
    }

    /// None for a file that is in no domain.
    pub fn domain(&self) -> Option<Domain> {
        let module = module_of(&self.path);
        module.first().map_or(Some(Domain::Root), |name| domain_named(name))
    }

    /// The room of this file; none for a file that stands between rooms.
    pub fn room(&self) -> Option<Room> {
        Room::of(&module_of(&self.path))
    }

    /// Every place where these words and signs follow each other.
    pub fn lines_saying<'a>(&'a self, pattern: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
        let tails = (0..self.tokens.len()).filter_map(|at| self.tokens.get(at..));
        tails.filter(|tail| begin_with(tail, pattern)).filter_map(|tail| Some(tail.first()?.line))
    }
}

/// A file of SQL is one literal.
fn statement(text: &str) -> Vec<Token> {
    vec![Token { text: text.to_owned(), line: 1, is_literal: true }]
}

pub fn domain_named(name: &str) -> Option<Domain> {
    if let Some(floor) = DOMAINS.iter().position(|domain| *domain == name) {
        return Some(Domain::Floor(floor));
    }
    match name {
        "schema" => Some(Domain::Schema),
        _ if ROOT.contains(&name) => Some(Domain::Root),
        _ => None,
    }
}

/// A room by domain and name: `orders/checkout`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Room {
    pub domain: String,
    pub name: String,
}

impl Room {
    /// The room in which a path from the root of the crate leads.
    pub fn of(segments: &[String]) -> Option<Self> {
        match segments {
            [domain, name, ..] if DOMAINS.contains(&domain.as_str()) => {
                Some(Self { domain: domain.clone(), name: name.clone() })
            }
            _ => None,
        }
    }

    pub fn is(&self, (domain, name): (&str, &str)) -> bool {
        self.domain == domain && self.name == name
    }
}

#[test]
fn a_file_knows_its_domain_and_room() {
    let place = |path: &str| {
        let source = Source::new(path, "");
        let room = source.room().map(|room| format!("{}/{}", room.domain, room.name));
        (source.domain(), room.unwrap_or_default())
    };

    assert_eq!(place("src/orders/checkout/models.rs"), (Some(Domain::Floor(3)), "orders/checkout".to_owned()));
    assert_eq!(place("src/platform/clock.rs"), (Some(Domain::Floor(0)), "platform/clock".to_owned()));
    assert_eq!(place("src/orders/mod.rs"), (Some(Domain::Floor(3)), String::new()));
    assert_eq!(place("src/cli/seed.rs"), (Some(Domain::Root), String::new()));
    assert_eq!(place("src/main.rs"), (Some(Domain::Root), String::new()));
    assert_eq!(place("src/schema.rs"), (Some(Domain::Schema), String::new()));
    assert_eq!(place("src/helpers.rs"), (None, String::new()));
}
