//! Dependencies: the policy in `deny.toml`, which `make check` enforces, and minimum versions.

use crate::house::files;

fn text(path: &str) -> String {
    files::read(path).unwrap_or_else(|| panic!("{path} is missing"))
}

/// Returns the prerequisites and commands of a target in the Makefile.
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

/// Returns the versions of a crate in the lock file.
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

const MINIMUM_VERSIONS: [(&str, (u64, u64, u64)); 4] =
    [("bcrypt", (0, 19, 2)), ("diesel", (2, 3, 10)), ("h2", (0, 4, 16)), ("lettre", (0, 11, 22))];

#[test]
fn policy_contains_minimum_versions_and_banned_crates() {
    let policy = text("deny.toml");
    for (name, (major, minor, patch)) in MINIMUM_VERSIONS {
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
fn locked_versions_are_not_below_the_minimum_versions() {
    let lock = text("Cargo.lock");
    for (name, minimum) in MINIMUM_VERSIONS {
        for version in locked(&lock, name) {
            assert!(version >= minimum, "{name} {version:?}");
        }
    }
    assert!(!locked(&lock, "diesel").is_empty());
    assert_eq!(locked(&lock, "rsa"), []);
}

#[test]
fn make_check_runs_the_policy() {
    let makefile = text("Makefile");

    let check = target(&makefile, "check");
    assert!(check.lines().any(|line| line.contains("$(MAKE)") && line.contains(" deny")), "{check}");
    assert!(target(&makefile, "deny").contains("cargo deny check bans licenses sources"));
    assert!(target(&makefile, "advisories").contains("cargo deny check --disable-fetch advisories"));
    // CI runs the same checks.
    assert!(target(&makefile, "test").contains("check"));
    assert!(text(".ci/run").contains("make test"));
}

#[test]
fn sources_contain_no_unsafe_code() {
    let manifest = text("Cargo.toml");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    let word = ["un", "safe"].concat();
    let blocks = [format!("{word} {{"), format!("{word} fn "), format!("{word} impl ")];
    for file in files::below("src").iter().filter(|file| file.path.ends_with(".rs")) {
        assert!(!blocks.iter().any(|block| file.text.contains(block)), "{}", file.path);
    }
}
