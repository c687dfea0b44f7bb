//! Generation of unused slugs for many new products.

use std::collections::{HashMap, HashSet, VecDeque};

use diesel::prelude::*;

use crate::products::slug::Slug;
use crate::schema::products;

/// Unused slugs, by the slug of the plain name.
#[derive(Debug, Default)]
pub(super) struct FreeSlugs(HashMap<Slug, VecDeque<Slug>>);

impl FreeSlugs {
    /// Finds an unused slug for each name: `mug`, `mug-2`, `mug-3`, …
    pub(super) fn find<'a>(conn: &mut PgConnection, names: impl Iterator<Item = &'a str>) -> QueryResult<Self> {
        let mut missing_counts: HashMap<Slug, usize> = HashMap::new();
        for name in names {
            *missing_counts.entry(Slug::from_name(name)).or_default() += 1;
        }

        let mut free = Self::default();
        let mut used: HashSet<Slug> = HashSet::new();
        let mut numbers = 1..5;
        while !missing_counts.is_empty() {
            used.extend(find_taken(conn, &missing_counts, numbers.clone())?);
            for (base, missing) in &mut missing_counts {
                let found = free.0.entry(base.clone()).or_default();
                let unused = numbers.clone().map(|n| numbered_slug(base, n)).filter(|slug| used.insert(slug.clone()));
                let before = found.len();
                found.extend(unused.take(*missing));
                *missing -= found.len() - before;
            }
            missing_counts.retain(|_, missing| *missing > 0);
            // Each round tries four times as many numbers, so that a thousand products of one name need few rounds.
            numbers = numbers.end..numbers.end * 4;
        }
        Ok(free)
    }

    /// Removes and returns a slug of the name.
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
    let candidates: Vec<Slug> = bases.keys().flat_map(|base| numbers.clone().map(|n| numbered_slug(base, n))).collect();
    products::table.filter(products::slug.eq_any(candidates)).select(products::slug).load(conn)
}

/// Returns the slug with the number. The first slug of a name has no number.
fn numbered_slug(base: &Slug, number: usize) -> Slug {
    if number == 1 { base.clone() } else { base.numbered(number) }
}
