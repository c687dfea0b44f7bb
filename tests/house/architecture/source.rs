//! The sources below `src`, with their domains and rooms.

use super::paths::{UsedPath, module_of, used_paths};
use crate::house::files;
use crate::house::rust::{Token, begin_with, tokens};

/// Domains, lowest first. A domain must not use a higher one.
pub const DOMAINS: [&str; 4] = ["platform", "customers", "products", "orders"];

/// The composition root: the only modules that use all domains.
const ROOT: [&str; 10] =
    ["server", "routes", "jobs", "subscriptions", "events", "permissions", "personal_data", "cli", "lib", "main"];

/// A file below `src`.
pub struct Source {
    pub path: String,
    pub text: String,
    pub tokens: Vec<Token>,
    pub named: Vec<UsedPath>,
}

/// Domain of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// One of [`DOMAINS`], by its index.
    Level(usize),
    Root,
    /// The printed schema, which every module can use.
    Schema,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let tokens = if path.ends_with(".rs") { tokens(text) } else { sql_literal(text) };
        Self { path: path.to_owned(), text: text.to_owned(), named: used_paths(path, &tokens), tokens }
    }

    /// Reads all sources.
    pub fn read_all() -> Vec<Self> {
        let is_code = |path: &str| path.ends_with(".rs") || path.ends_with(".sql");
        let found = files::below("src").into_iter().filter(|file| is_code(&file.path));
        found.map(|file| Self::new(&file.path, &file.text)).collect()
    }

    /// Returns the domain of this file, or `None` if it has none.
    pub fn domain(&self) -> Option<Domain> {
        let module = module_of(&self.path);
        module.first().map_or(Some(Domain::Root), |name| domain_named(name))
    }

    /// Returns the room of this file, or `None` for a file outside of a room.
    pub fn room(&self) -> Option<Room> {
        Room::of(&module_of(&self.path))
    }

    /// Returns the lines at which these words and signs occur in a row.
    pub fn lines_with<'a>(&'a self, pattern: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
        let tails = (0..self.tokens.len()).filter_map(|at| self.tokens.get(at..));
        tails.filter(|tail| begin_with(tail, pattern)).filter_map(|tail| Some(tail.first()?.line))
    }
}

/// Represents a SQL file as one literal.
fn sql_literal(text: &str) -> Vec<Token> {
    vec![Token { text: text.to_owned(), line: 1, is_literal: true }]
}

pub fn domain_named(name: &str) -> Option<Domain> {
    if let Some(level) = DOMAINS.iter().position(|domain| *domain == name) {
        return Some(Domain::Level(level));
    }
    match name {
        "schema" => Some(Domain::Schema),
        _ if ROOT.contains(&name) => Some(Domain::Root),
        _ => None,
    }
}

/// Room, for example `orders/checkout`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Room {
    pub domain: String,
    pub name: String,
}

impl Room {
    /// Returns the room of a path that starts at the crate root.
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
fn domain_and_room_follow_from_the_path() {
    let place = |path: &str| {
        let source = Source::new(path, "");
        let room = source.room().map(|room| format!("{}/{}", room.domain, room.name));
        (source.domain(), room.unwrap_or_default())
    };

    assert_eq!(place("src/orders/checkout/models.rs"), (Some(Domain::Level(3)), "orders/checkout".to_owned()));
    assert_eq!(place("src/platform/clock.rs"), (Some(Domain::Level(0)), "platform/clock".to_owned()));
    assert_eq!(place("src/orders/mod.rs"), (Some(Domain::Level(3)), String::new()));
    assert_eq!(place("src/cli/seed.rs"), (Some(Domain::Root), String::new()));
    assert_eq!(place("src/main.rs"), (Some(Domain::Root), String::new()));
    assert_eq!(place("src/schema.rs"), (Some(Domain::Schema), String::new()));
    assert_eq!(place("src/helpers.rs"), (None, String::new()));
}
