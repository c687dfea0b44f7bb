//! Slugs for many new products at once.

use std::collections::{HashMap, HashSet, VecDeque};

use diesel::prelude::*;

use crate::platform::types::Slug;
use crate::schema::products;

/// Slugs that no product has, by the slug that their names make.
#[derive(Debug, Default)]
pub(super) struct FreeSlugs(HashMap<Slug, VecDeque<Slug>>);

impl FreeSlugs {
    /// One for each of these names: `mug`, `mug-2`, `mug-3`, …
    pub(super) fn find<'a>(conn: &mut PgConnection, names: impl Iterator<Item = &'a str>) -> QueryResult<Self> {
        let mut wanted: HashMap<Slug, usize> = HashMap::new();
        for name in names {
            *wanted.entry(Slug::from_name(name)).or_default() += 1;
        }

        let mut free = Self::default();
        let mut used: HashSet<Slug> = HashSet::new();
        let mut numbers = 1..5;
        while !wanted.is_empty() {
            used.extend(find_taken(conn, &wanted, numbers.clone())?);
            for (base, missing) in &mut wanted {
                let found = free.0.entry(base.clone()).or_default();
                let unused = numbers.clone().map(|n| number(base, n)).filter(|slug| used.insert(slug.clone()));
                let before = found.len();
                found.extend(unused.take(*missing));
                *missing -= found.len() - before;
            }
            wanted.retain(|_, missing| *missing > 0);
            // Each round looks four times as far, so that a thousand products of one name take few.
            numbers = numbers.end..numbers.end * 4;
        }
        Ok(free)
    }

    /// A slug of this name; each is given once.
    pub(super) fn take(&mut self, name: &str) -> Slug {
        let base = Slug::from_name(name);
        self.0.get_mut(&base).and_then(VecDeque::pop_front).unwrap_or(base)
    }
}

fn find_taken(
    conn: &mut PgConnection,
    bases: &HashMap<Slug, usize>,
    numbers: std::ops::Range<usize>,
) -> QueryResult<Vec<Slug>> {
    let candidates: Vec<Slug> = bases.keys().flat_map(|base| numbers.clone().map(|n| number(base, n))).collect();
    products::table.filter(products::slug.eq_any(candidates)).select(products::slug).load(conn)
}

/// The first bearer of a name has it without a number.
fn number(base: &Slug, number: usize) -> Slug {
    if number == 1 { base.clone() } else { base.numbered(number) }
}
