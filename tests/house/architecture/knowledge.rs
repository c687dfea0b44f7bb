//! Who may know whom: domains, rooms, layers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::paths::{Named, handed_on, module_of};
use super::source::{Domain, Room, Source, domain_named};

/// The arrows of the house within each domain: rooms left of an arrow may know all that is right
/// of it. Rooms that no line names only must not stand in a circle.
const ARROWS: [(&str, &[&str]); 3] = [
    (
        "customers",
        &[
            "privacy > verification > auth > accounts",
            "oauth > verification > auth > accounts",
            "mfa > staff > verification > auth",
            "identity > apps > staff > auth > accounts",
            "addresses > accounts",
        ],
    ),
    ("products", &["search collections > catalogue > categories pricing stock media > channels"]),
    (
        "orders",
        &[
            "checkout drafts editing > carts payments lifecycle > pricing > discounts gift_cards shipping taxes",
            "returns > fulfilment > lifecycle",
            "payments invoices > lifecycle",
        ],
    ),
];

/// Of a room, from the lowest to the highest.
const LAYERS: [&str; 3] = ["models", "services", "handlers"];

/// Holds all that a handler may need: its rooms name it, and it names them, by design.
const HUB: (&str, &str) = ("platform", "app");

/// Who uses which room of its own domain, and where that is first said.
type Uses = BTreeMap<(Room, Room), String>;

/// A domain knows only those below; a file outside of all domains is known by nobody.
pub fn upward_knowledge(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        match source.domain() {
            None => violations.push(format!("{} is in no domain", source.path)),
            Some(Domain::Floor(floor)) => {
                let upward = source.named.iter().filter(|named| is_above(named, floor));
                violations.extend(upward.map(|named| format!("{} names what stands above it", at(source, named))));
            }
            Some(Domain::Root | Domain::Schema) => {}
        }
    }
    violations
}

fn is_above(named: &Named, floor: usize) -> bool {
    match named.segment(0).and_then(domain_named) {
        Some(Domain::Floor(other)) => other > floor,
        Some(Domain::Root) => true,
        Some(Domain::Schema) | None => false,
    }
}

/// Rooms that know each other, through whichever others.
pub fn circles(sources: &[Source]) -> Vec<String> {
    let uses = uses(sources);
    let mut seen = BTreeSet::new();
    let mut violations = Vec::new();
    for (from, to) in uses.keys() {
        let Some(way_back) = way(&uses, to, from) else {
            continue;
        };
        let members: BTreeSet<_> = way_back.iter().cloned().collect();
        if seen.insert(members) {
            violations.push(told(&uses, from, &way_back));
        }
    }
    violations
}

/// The shortest way along uses, both ends included.
fn way(uses: &Uses, from: &Room, to: &Room) -> Option<Vec<Room>> {
    let mut ways = VecDeque::from([vec![from.clone()]]);
    let mut visited = BTreeSet::from([from.clone()]);
    while let Some(way) = ways.pop_front() {
        let end = way.last()?;
        if end == to {
            return Some(way);
        }
        for (_, next) in uses.keys().filter(|(user, _)| user == end) {
            if visited.insert(next.clone()) {
                ways.push_back([way.as_slice(), std::slice::from_ref(next)].concat());
            }
        }
    }
    None
}

fn told(uses: &Uses, from: &Room, way_back: &[Room]) -> String {
    let stations = [std::slice::from_ref(from), way_back].concat();
    let steps = stations.iter().zip(stations.iter().skip(1));
    let said = steps.filter_map(|(user, used)| uses.get(&(user.clone(), used.clone())));
    format!("a circle in {}: {}", from.domain, said.cloned().collect::<Vec<_>>().join("; "))
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

/// A room that the arrows name knows only those that they lead to.
pub fn against_the_arrows(sources: &[Source]) -> Vec<String> {
    let uses = uses(sources);
    let against = uses.iter().filter(|((user, used), _)| {
        let arrows = arrows(&user.domain);
        let is_named =
            |name: &str| arrows.keys().any(|known| *known == name) || arrows.values().flatten().any(|n| *n == name);
        is_named(&user.name) && is_named(&used.name) && !leads(&arrows, &user.name, &used.name)
    });
    against.map(|(_, place)| format!("{place}, where no arrow leads")).collect()
}

/// For each room those one arrow further.
fn arrows(domain: &str) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let lines = ARROWS.iter().filter(|(name, _)| *name == domain).flat_map(|(_, lines)| *lines);
    let mut arrows = BTreeMap::new();
    for line in lines {
        let steps: Vec<Vec<&str>> = line.split('>').map(|step| step.split_whitespace().collect()).collect();
        for (left, right) in steps.iter().zip(steps.iter().skip(1)) {
            for room in left {
                arrows.entry(*room).or_insert_with(BTreeSet::new).extend(right.iter().copied());
            }
        }
    }
    arrows
}

fn leads(arrows: &BTreeMap<&str, BTreeSet<&str>>, from: &str, to: &str) -> bool {
    let next = arrows.get(from).into_iter().flatten();
    next.copied().any(|room| room == to || leads(arrows, room, to))
}

/// Handlers know services, services know models; never the other way round.
pub fn upward_layers(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        let module = module_of(&source.path);
        let Some((depth, rank)) = own_layer(&module) else {
            continue;
        };
        let room = module.get(..depth).unwrap_or_default();
        let front_door = sources.iter().find(|other| other.path.ends_with("/mod.rs") && module_of(&other.path) == room);
        for named in &source.named {
            let target = named.segments.strip_prefix(room).and_then(|inner| inner.first());
            let target = target.and_then(|name| layer(name).or_else(|| layer_behind(front_door?, name)));
            if target.is_some_and(|target| target > rank) {
                violations.push(format!("{} names a layer above it", at(source, named)));
            }
        }
    }
    violations
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

/// How deep the room is that this module is a layer of, and which.
fn own_layer(module: &[String]) -> Option<(usize, usize)> {
    let mut names = module.iter().enumerate();
    names.find_map(|(depth, name)| Some((depth, layer(name)?)))
}

/// The layer whose name the room's front door hands on: `pub use services::{StockError, ship}`.
fn layer_behind(front_door: &Source, name: &str) -> Option<usize> {
    let room = module_of(&front_door.path);
    let handed_on = handed_on(&front_door.path, &front_door.tokens, &LAYERS);
    let found = handed_on.iter().find(|item| item.segments.last().is_some_and(|last| last == name))?;
    found.segments.strip_prefix(room.as_slice())?.first().and_then(|first| layer(first))
}

/// `src/orders/pricing/models.rs:7: orders::checkout::Quote`.
fn at(source: &Source, named: &Named) -> String {
    format!("{}:{}: {}", source.path, named.line, named.segments.join("::"))
}
