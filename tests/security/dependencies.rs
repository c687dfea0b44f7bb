//! What we stand on: a policy that is held by the gate, and versions below which nobody may fall.

use crate::house::files;

fn text(path: &str) -> String {
    files::read(path).unwrap_or_else(|| panic!("{path} is missing"))
}

/// What a target of the Makefile needs and does.
fn target(makefile: &str, name: &str) -> String {
    let begins = format!("{name}:");
    let lines = makefile.lines().skip_while(|line| !line.starts_with(&begins));
    lines
        .take(1)
        .chain(
            makefile
                .lines()
                .skip_while(|line| !line.starts_with(&begins))
                .skip(1)
                .take_while(|line| line.starts_with('\t')),
        )
        .collect::<Vec<_>>()
        .join("\n")
}

/// The versions of a crate in the lock file.
fn locked(lock: &str, name: &str) -> Vec<(u64, u64, u64)> {
    let wanted = format!("name = \"{name}\"");
    let packages = lock.split("[[package]]").filter(|package| package.lines().any(|line| line == wanted));
    let version = |package: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix("version = \""))?;
        let mut parts = line.trim_end_matches('"').split(['.', '-', '+']).map_while(|part| part.parse().ok());
        Some((parts.next()?, parts.next()?, parts.next()?))
    };
    packages.filter_map(version).collect()
}

const FLOORS: [(&str, (u64, u64, u64)); 4] =
    [("bcrypt", (0, 19, 2)), ("diesel", (2, 3, 10)), ("h2", (0, 4, 16)), ("lettre", (0, 11, 22))];

#[test]
fn the_policy_names_the_floors_and_what_is_refused() {
    let policy = text("deny.toml");
    for (name, (major, minor, patch)) in FLOORS {
        assert!(policy.contains(&format!("crate = \"{name}:<{major}.{minor}.{patch}\"")), "{name}");
    }
    for line in [
        "crate = \"rsa\"",
        "unknown-registry = \"deny\"",
        "unknown-git = \"deny\"",
        "multiple-versions = \"deny\"",
        "wildcards = \"deny\"",
        "yanked = \"deny\"",
    ] {
        assert!(policy.contains(line), "{line}");
    }
    for licence in ["GPL", "AGPL", "SSPL"] {
        assert!(!policy.lines().any(|line| line.starts_with("allow =") && line.contains(licence)), "{licence}");
    }
}

#[test]
fn what_is_locked_is_above_the_floors() {
    let lock = text("Cargo.lock");
    for (name, floor) in FLOORS {
        for version in locked(&lock, name) {
            assert!(version >= floor, "{name} {version:?}");
        }
    }
    assert!(!locked(&lock, "diesel").is_empty());
    assert_eq!(locked(&lock, "rsa"), []);
}

#[test]
fn the_gate_holds_to_the_policy() {
    let makefile = text("Makefile");

    let check = target(&makefile, "check");
    assert!(check.lines().any(|line| line.contains("$(MAKE)") && line.contains(" deny")), "{check}");
    assert!(target(&makefile, "deny").contains("cargo deny check bans licenses sources"));
    assert!(target(&makefile, "advisories").contains("cargo deny check --disable-fetch advisories"));
    // The gate of the machine that judges changes is the same one.
    assert!(target(&makefile, "test").contains("check"));
    assert!(text(".ci/run").contains("make test"));
}

#[test]
fn no_code_of_ours_is_unsafe() {
    let manifest = text("Cargo.toml");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    let word = ["un", "safe"].concat();
    let blocks = [format!("{word} {{"), format!("{word} fn "), format!("{word} impl ")];
    for file in files::below("src").iter().filter(|file| file.path.ends_with(".rs")) {
        assert!(!blocks.iter().any(|block| file.text.contains(block)), "{}", file.path);
    }
}
