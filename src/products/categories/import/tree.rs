//! The shape of a tree: pure arithmetic on who is whose parent.

use std::collections::{HashMap, HashSet};

use crate::platform::types::CategoryId;

/// Who is whose parent; roots have none.
pub(super) type Parents = HashMap<CategoryId, Option<CategoryId>>;

/// How deep everything stands, and what goes round in a circle instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Every category that hangs on a root, with its level; parents before their children.
    pub levels: Vec<(CategoryId, i32)>,
    /// Those that would be their own ancestors.
    pub circles: HashSet<CategoryId>,
}

impl Shape {
    /// The shape of a forest in which every named parent exists.
    pub fn of(parents: &Parents) -> Self {
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
        let circles = circles(parents, children.into_values().flatten());
        Self { levels, circles }
    }
}

/// Those on a circle, of all from which no root can be reached.
fn circles(parents: &Parents, lost: impl Iterator<Item = CategoryId>) -> HashSet<CategoryId> {
    let mut seen: HashSet<CategoryId> = HashSet::new();
    let mut on_circle = HashSet::new();
    for start in lost {
        let mut path = Vec::new();
        let mut at = Some(start);
        while let Some(id) = at.filter(|&id| seen.insert(id)) {
            path.push(id);
            at = parents.get(&id).copied().flatten();
        }
        // The walk ended where it had been before: on its own path that is a circle.
        if let Some(end) = at {
            on_circle.extend(path.into_iter().skip_while(|&id| id != end));
        }
    }
    on_circle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_counted_from_the_roots() {
        let [a, b, c] = std::array::from_fn(|_| CategoryId::generate());
        let parents = Parents::from([(c, Some(b)), (a, None), (b, Some(a))]);
        assert_eq!(Shape::of(&parents).levels, [(a, 0), (b, 1), (c, 2)]);
    }

    #[test]
    fn a_circle_is_found_without_those_below_it() {
        let [a, b, c, d, e] = std::array::from_fn(|_| CategoryId::generate());
        let parents = Parents::from([(a, None), (b, Some(d)), (c, Some(b)), (d, Some(c)), (e, Some(d))]);
        assert_eq!(Shape::of(&parents).circles, HashSet::from([b, c, d]));
        assert_eq!(Shape::of(&parents).levels, [(a, 0)]);
    }
}
