//! Levels and cycles of a tree, computed from the parent of each category.

use std::collections::{HashMap, HashSet};

use crate::products::ids::CategoryId;

/// Parent of each category; `None` for a root.
pub(super) type Parents = HashMap<CategoryId, Option<CategoryId>>;

/// Levels of the categories below roots, and the categories on cycles.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TreeLevels {
    /// Level of each category that has a root as ancestor; parents before their children.
    pub levels: Vec<(CategoryId, i32)>,
    /// Categories that would be their own ancestors.
    pub cyclic: HashSet<CategoryId>,
}

impl TreeLevels {
    /// Computes the levels. Every parent must be a key of `parents`.
    pub fn new(parents: &Parents) -> Self {
        let mut children: HashMap<Option<CategoryId>, Vec<CategoryId>> = HashMap::new();
        for (&id, &parent) in parents {
            children.entry(parent).or_default().push(id);
        }

        let mut levels = Vec::with_capacity(parents.len());
        let mut generation: Vec<CategoryId> = children.remove(&None).unwrap_or_default();
        let mut level = 0;
        while !generation.is_empty() {
            let next = generation.iter().filter_map(|&id| children.remove(&Some(id))).flatten().collect();
            levels.extend(generation.into_iter().map(|id| (id, level)));
            generation = next;
            level += 1;
        }
        let cyclic = find_cycles(parents, children.into_values().flatten());
        Self { levels, cyclic }
    }
}

/// Returns the categories on cycles among those that have no root as ancestor.
fn find_cycles(parents: &Parents, unrooted: impl Iterator<Item = CategoryId>) -> HashSet<CategoryId> {
    let mut seen: HashSet<CategoryId> = HashSet::new();
    let mut cyclic = HashSet::new();
    for start in unrooted {
        let mut path = Vec::new();
        let mut at = Some(start);
        while let Some(id) = at.filter(|&id| seen.insert(id)) {
            path.push(id);
            at = parents.get(&id).copied().flatten();
        }
        // The walk stopped at a category that was visited before. If it is on this path, it closes a cycle.
        if let Some(end) = at {
            cyclic.extend(path.into_iter().skip_while(|&id| id != end));
        }
    }
    cyclic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_counted_from_the_roots() {
        let [a, b, c] = std::array::from_fn(|_| CategoryId::generate());
        let parents = Parents::from([(c, Some(b)), (a, None), (b, Some(a))]);
        assert_eq!(TreeLevels::new(&parents).levels, [(a, 0), (b, 1), (c, 2)]);
    }

    #[test]
    fn descendants_of_a_cycle_are_not_part_of_it() {
        let [a, b, c, d, e] = std::array::from_fn(|_| CategoryId::generate());
        let parents = Parents::from([(a, None), (b, Some(d)), (c, Some(b)), (d, Some(c)), (e, Some(d))]);
        assert_eq!(TreeLevels::new(&parents).cyclic, HashSet::from([b, c, d]));
        assert_eq!(TreeLevels::new(&parents).levels, [(a, 0)]);
    }
}
