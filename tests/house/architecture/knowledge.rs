//! Dependencies between domains, rooms and layers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::paths::{UsedPath, module_of, re_exports};
use super::source::{Domain, Room, Source, domain_named};

/// Permitted dependencies inside of each domain: rooms on the left of `>` can use the rooms on its right. Rooms that no
/// line names must only avoid cycles.
const DEPENDENCIES: [(&str, &[&str]); 3] = [
    (
        "customers",
        &[
            "privacy oauth > verification > auth > sessions > accounts > passwords",
            "mfa > passkeys > totp > verification",
            "mfa > staff > verification",
            "identity > apps > staff > accounts",
            "identity > sessions",
            "addresses > accounts",
        ],
    ),
    (
        "products",
        &[
            "search collections > catalogue > categories pricing stock media > channels",
            "catalogue > offers > channels",
            "stock > warehouses",
        ],
    ),
    (
        "orders",
        &[
            "checkout drafts editing > carts payments lifecycle > pricing > discounts gift_cards shipping taxes",
            "returns > fulfillment > lifecycle",
            "notifications > fulfillment",
            "expiry guest_orders invoices payments privacy > lifecycle > access",
        ],
    ),
];

/// Layers of a room, lowest first.
const LAYERS: [&str; 3] = ["models", "services", "handlers"];

/// `App` contains everything that a handler can need, so it and the platform modules use each other.
const HUB: (&str, &str) = ("platform", "app");

/// Uses of rooms by rooms of the same domain, each with the first place.
type Uses = BTreeMap<(Room, Room), String>;

/// Lists uses of a higher domain, and files outside of all domains.
pub fn upward_uses(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        match source.domain() {
            None => violations.push(format!("{} is in no domain", source.path)),
            Some(Domain::Level(level)) => {
                let upward = source.named.iter().filter(|named| is_above(named, level));
                violations.extend(upward.map(|named| format!("{} belongs to a higher domain", at(source, named))));
            }
            Some(Domain::Root | Domain::Schema) => {}
        }
    }
    violations
}

fn is_above(named: &UsedPath, level: usize) -> bool {
    match named.segment(0).and_then(domain_named) {
        Some(Domain::Level(other)) => other > level,
        Some(Domain::Root) => true,
        Some(Domain::Schema) | None => false,
    }
}

/// Lists cycles of rooms, direct or through other rooms.
pub fn cycles(sources: &[Source]) -> Vec<String> {
    let uses = uses(sources);
    let mut seen = BTreeSet::new();
    let mut violations = Vec::new();
    for (from, to) in uses.keys() {
        let Some(return_path) = shortest_path(&uses, to, from) else {
            continue;
        };
        let members: BTreeSet<_> = return_path.iter().cloned().collect();
        if seen.insert(members) {
            violations.push(describe(&uses, from, &return_path));
        }
    }
    violations
}

/// Returns the shortest path along uses, including both ends.
fn shortest_path(uses: &Uses, from: &Room, to: &Room) -> Option<Vec<Room>> {
    let mut paths = VecDeque::from([vec![from.clone()]]);
    let mut visited = BTreeSet::from([from.clone()]);
    while let Some(path) = paths.pop_front() {
        let end = path.last()?;
        if end == to {
            return Some(path);
        }
        for (_, next) in uses.keys().filter(|(user, _)| user == end) {
            if visited.insert(next.clone()) {
                paths.push_back([path.as_slice(), std::slice::from_ref(next)].concat());
            }
        }
    }
    None
}

fn describe(uses: &Uses, from: &Room, return_path: &[Room]) -> String {
    let stations = [std::slice::from_ref(from), return_path].concat();
    let steps = stations.iter().zip(stations.iter().skip(1));
    let places = steps.filter_map(|(user, used)| uses.get(&(user.clone(), used.clone())));
    format!("a cycle in {}: {}", from.domain, places.cloned().collect::<Vec<_>>().join("; "))
}

fn uses(sources: &[Source]) -> Uses {
    let rooms: BTreeSet<Room> = sources.iter().filter_map(Source::room).collect();
    let mut uses = Uses::new();
    for source in sources {
        let Some(user) = source.room() else {
            continue;
        };
        for named in &source.named {
            let used = Room::of(&named.segments).filter(|used| rooms.contains(used) && !used.is(HUB));
            if let Some(used) = used.filter(|used| used.domain == user.domain && used.name != user.name) {
                let place = at(source, named);
                uses.entry((user.clone(), used)).or_insert(place);
            }
        }
    }
    uses
}

/// Lists uses that the permitted dependencies exclude.
pub fn forbidden_uses(sources: &[Source]) -> Vec<String> {
    let uses = uses(sources);
    let against = uses.iter().filter(|((user, used), _)| {
        let dependencies = dependencies(&user.domain);
        let is_named = |name: &str| {
            dependencies.keys().any(|known| *known == name) || dependencies.values().flatten().any(|n| *n == name)
        };
        is_named(&user.name) && is_named(&used.name) && !permits(&dependencies, &user.name, &used.name)
    });
    against.map(|(_, place)| format!("{place} is not a permitted dependency")).collect()
}

/// Returns the direct dependencies of each room.
fn dependencies(domain: &str) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let lines = DEPENDENCIES.iter().filter(|(name, _)| *name == domain).flat_map(|(_, lines)| *lines);
    let mut dependencies = BTreeMap::new();
    for line in lines {
        let steps: Vec<Vec<&str>> = line.split('>').map(|step| step.split_whitespace().collect()).collect();
        for (left, right) in steps.iter().zip(steps.iter().skip(1)) {
            for room in left {
                dependencies.entry(*room).or_insert_with(BTreeSet::new).extend(right.iter().copied());
            }
        }
    }
    dependencies
}

fn permits(dependencies: &BTreeMap<&str, BTreeSet<&str>>, from: &str, to: &str) -> bool {
    let next = dependencies.get(from).into_iter().flatten();
    next.copied().any(|room| room == to || permits(dependencies, room, to))
}

/// Lists uses of a higher layer: handlers use services, and services use models.
pub fn upward_layers(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        let module = module_of(&source.path);
        let Some((depth, rank)) = own_layer(&module) else {
            continue;
        };
        let room = module.get(..depth).unwrap_or_default();
        let interface = sources.iter().find(|other| other.path.ends_with("/mod.rs") && module_of(&other.path) == room);
        for named in &source.named {
            let target = named.segments.strip_prefix(room).and_then(|inner| inner.first());
            let target = target.and_then(|name| layer(name).or_else(|| re_exported_layer(interface?, name)));
            if target.is_some_and(|target| target > rank) {
                violations.push(format!("{} belongs to a higher layer", at(source, named)));
            }
        }
    }
    violations
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

/// Returns the depth of the room of this module, and the rank of its layer.
fn own_layer(module: &[String]) -> Option<(usize, usize)> {
    let mut names = module.iter().enumerate();
    names.find_map(|(depth, name)| Some((depth, layer(name)?)))
}

/// Returns the layer from which the room's `mod.rs` re-exports a name.
fn re_exported_layer(interface: &Source, name: &str) -> Option<usize> {
    let room = module_of(&interface.path);
    let re_exports = re_exports(&interface.path, &interface.tokens, &LAYERS);
    let found = re_exports.iter().find(|item| item.segments.last().is_some_and(|last| last == name))?;
    found.segments.strip_prefix(room.as_slice())?.first().and_then(|first| layer(first))
}

/// Returns, for example, `src/orders/pricing/models.rs:7: orders::checkout::Quote`.
fn at(source: &Source, named: &UsedPath) -> String {
    format!("{}:{}: {}", source.path, named.line, named.segments.join("::"))
}
