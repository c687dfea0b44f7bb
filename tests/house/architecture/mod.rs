//! Architecture rules, checked in the sources: dependencies, ownership of tables, sizes and forbidden expressions.

mod knowledge;
mod paths;
mod shape;
mod source;
mod sql;
mod tables;

use std::sync::LazyLock;

use super::assert_none;
use super::files::{self, RepositoryFile};
use source::Source;
use tables::{Owners, ownership, tables_of};

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(Source::read_all);

fn table_owners() -> (Owners, Vec<String>) {
    let schema = files::read("src/schema.rs").unwrap_or_default();
    ownership(&SOURCES, &tables_of(&schema))
}

#[test]
fn domains_use_lower_domains_only() {
    assert!(!SOURCES.is_empty());
    assert_none(&knowledge::upward_uses(&SOURCES));
}

#[test]
fn rooms_have_no_dependency_cycles() {
    assert_none(&knowledge::cycles(&SOURCES));
}

#[test]
fn rooms_use_permitted_rooms_only() {
    assert_none(&knowledge::forbidden_uses(&SOURCES));
}

#[test]
fn layers_use_lower_layers_only() {
    assert_none(&knowledge::upward_layers(&SOURCES));
}

#[test]
fn every_table_has_one_owner() {
    let (owners, violations) = table_owners();
    assert_none(&violations);
    assert!(!owners.is_empty());
}

#[test]
fn tables_are_written_by_their_owner_only() {
    assert_none(&tables::foreign_writes(&SOURCES, &table_owners().0));
}

#[test]
fn tables_are_read_in_their_domain_only() {
    assert_none(&tables::foreign_reads(&SOURCES, &table_owners().0));
}

#[test]
fn files_have_at_most_500_lines() {
    let files = [files::below("src"), files::below("tests"), files::below("benches")].concat();
    assert_none(&shape::long_files(&files));
}

#[test]
fn every_room_has_tests() {
    assert_none(&shape::untested_rooms(&SOURCES, &files::below("tests")));
}

#[test]
fn every_test_file_is_compiled() {
    assert_none(&shape::undeclared_tests(&files::below("tests")));
}

#[test]
fn sources_contain_no_forbidden_expressions() {
    assert_none(&shape::forbidden_expressions(&SOURCES));
}

/// Each rule on a bad example.
mod bad_examples {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Vec<Source> {
        files.iter().map(|(path, text)| Source::new(path, text)).collect()
    }

    fn repository(files: &[(&str, &str)]) -> Vec<RepositoryFile> {
        let file = |(path, text): &(&str, &str)| RepositoryFile { path: (*path).to_owned(), text: (*text).to_owned() };
        files.iter().map(file).collect()
    }

    const STOCK: (&str, &str) = (
        "src/products/stock/mod.rs",
        "//! Stock: quantities.\n//!\n//! Owns `stocks` and\n//! `allocations`. Not `orders`.\n",
    );
    const LIFECYCLE: (&str, &str) = ("src/orders/lifecycle/mod.rs", "//! Orders. Owns `orders`.\n");

    fn owners(files: &[(&str, &str)]) -> (Owners, Vec<String>) {
        let tables = ["stocks", "allocations", "orders"].map(str::to_owned);
        ownership(&sources(files), &tables)
    }

    #[test]
    fn use_of_a_higher_domain_is_found() {
        let sources = sources(&[
            ("src/products/stock/services.rs", "use crate::{platform::db, orders::lifecycle};"),
            ("src/customers/mod.rs", "fn f() { crate::routes::all(); }"),
            ("src/orders/carts/models.rs", "use crate::products::stock; use crate::schema::carts;"),
            ("src/helpers.rs", ""),
        ]);
        assert_eq!(
            knowledge::upward_uses(&sources),
            [
                "src/products/stock/services.rs:1: orders::lifecycle belongs to a higher domain",
                "src/customers/mod.rs:1: routes::all belongs to a higher domain",
                "src/helpers.rs is in no domain",
            ]
        );
    }

    #[test]
    fn cycle_of_rooms_is_found_once() {
        let sources = sources(&[
            ("src/orders/a/mod.rs", "use crate::orders::b;"),
            ("src/orders/b/services.rs", "use super::super::c::X;"),
            ("src/orders/c/models.rs", "use crate::orders::a::{self, Y};"),
            ("src/orders/d/models.rs", "use crate::orders::a;"),
        ]);
        assert_eq!(
            knowledge::cycles(&sources),
            ["a cycle in orders: src/orders/a/mod.rs:1: orders::b; src/orders/b/services.rs:1: orders::c::X; \
              src/orders/c/models.rs:1: orders::a"]
        );
    }

    #[test]
    fn forbidden_use_is_found() {
        let sources = sources(&[
            ("src/orders/taxes/mod.rs", "use crate::orders::pricing;"),
            ("src/orders/checkout/mod.rs", "use crate::orders::{discounts, carts, errors};"),
            ("src/orders/pricing/mod.rs", ""),
            ("src/orders/discounts/mod.rs", ""),
            ("src/orders/carts/mod.rs", ""),
            ("src/orders/errors.rs", ""),
        ]);
        assert_eq!(
            knowledge::forbidden_uses(&sources),
            ["src/orders/taxes/mod.rs:1: orders::pricing is not a permitted dependency"]
        );
    }

    #[test]
    fn use_of_a_higher_layer_is_found() {
        let sources = sources(&[
            ("src/orders/carts/mod.rs", "mod services; pub use services::{CartError, close};"),
            ("src/orders/carts/models.rs", "use super::{CartError, Cart};"),
            ("src/orders/carts/services.rs", "use super::models; mod tests { use super::super::handlers::X; }"),
            ("src/orders/carts/handlers.rs", "use super::{services, models};"),
        ]);
        assert_eq!(
            knowledge::upward_layers(&sources),
            [
                "src/orders/carts/models.rs:1: orders::carts::CartError belongs to a higher layer",
                "src/orders/carts/services.rs:1: orders::carts::handlers::X belongs to a higher layer",
            ]
        );
    }

    #[test]
    fn tables_without_one_owner_are_found() {
        let second = ("src/orders/carts/mod.rs", "//! Owns `stocks` and `moods`.");
        assert_eq!(
            owners(&[STOCK, second]).1,
            [
                "stocks has two owners: src/products/stock/ and src/orders/carts/",
                "src/orders/carts/mod.rs: owns `moods`, which is not a table",
                "orders has no owner: no mod.rs contains `//! Owns `orders`.`",
            ]
        );
    }

    #[test]
    fn writes_by_other_rooms_are_found() {
        let foreign =
            "fn f() { diesel::update(stocks::table.find(1)); values.insert_into(crate::schema::orders::table);
            sql_query(\"delete from allocations\"); diesel::update(carts::table); }
            fn g() { update(row).set((stocks::quantity.eq(1),)).execute(conn); update(row).set(&changes); }
            #[derive(Debug, Insertable)] #[diesel(table_name = crate::schema::stocks)] struct New;
            #[derive(HasQuery)] #[diesel(table_name = stocks)] struct Read;";
        let own = ("src/products/stock/models.rs", "fn f() { diesel::delete(stocks::table); }");
        let sources = sources(&[("src/products/search/models.rs", foreign), own]);
        assert_eq!(
            tables::foreign_writes(&sources, &owners(&[STOCK, LIFECYCLE]).0),
            [
                "src/products/search/models.rs:1: writes stocks, which src/products/stock owns",
                "src/products/search/models.rs:1: writes orders, which src/orders/lifecycle owns",
                "src/products/search/models.rs:3: writes stocks, which src/products/stock owns",
                "src/products/search/models.rs:4: writes stocks, which src/products/stock owns",
                "src/products/search/models.rs:2: writes allocations, which src/products/stock owns",
            ]
        );
    }

    #[test]
    fn reads_by_other_domains_are_found() {
        let sources = sources(&[
            (
                "src/orders/reports/models.rs",
                "use crate::schema::{orders, stocks};\nconst Q: &str = \"select 1 from allocations\";",
            ),
            ("src/products/search/models.rs", "use crate::schema::stocks;"),
            ("src/orders/reports/sales.sql", "select * from orders join stocks on true"),
        ]);
        assert_eq!(
            tables::foreign_reads(&sources, &owners(&[STOCK, LIFECYCLE]).0),
            [
                "src/orders/reports/models.rs:1: reads stocks of src/products/stock",
                "src/orders/reports/models.rs:2: reads allocations of src/products/stock",
                "src/orders/reports/sales.sql:1: reads stocks of src/products/stock",
            ]
        );
    }

    #[test]
    fn long_files_and_untested_rooms_are_found() {
        let long = "\n".repeat(501);
        let files = repository(&[("src/a.rs", &long), ("src/schema.rs", &long), ("src/b.rs", "")]);
        assert_eq!(shape::long_files(&files), ["src/a.rs has 501 lines; the maximum is 500"]);

        let sources = sources(&[
            ("src/orders/carts/mod.rs", ""),
            ("src/orders/carts/services.rs", ""),
            ("src/orders/taxes/mod.rs", ""),
            ("src/orders/taxes/handlers.rs", ""),
            ("src/platform/cache/mod.rs", ""),
        ]);
        let tests = repository(&[("tests/orders/taxes/rates.rs", "")]);
        assert_eq!(
            shape::untested_rooms(&sources, &tests),
            ["orders/carts has no tests: neither tests/orders/carts.rs nor tests/orders/carts/"]
        );
    }

    #[test]
    fn undeclared_tests_are_found() {
        let tests = repository(&[
            ("tests/main.rs", "mod orders;"),
            ("tests/orders/mod.rs", "mod carts; // mod taxes;"),
            ("tests/orders/carts.rs", ""),
            ("tests/orders/taxes.rs", ""),
        ]);
        assert_eq!(
            shape::undeclared_tests(&tests),
            ["tests/orders/taxes.rs is never compiled: tests/orders/mod.rs has no `mod taxes;`"]
        );
    }

    #[test]
    fn forbidden_expressions_are_found() {
        let bad = "scope.route(\"/\", get());\nunsafe { }\ntodo!()\nunimplemented!()\nuse x::dsl::*;\nuse crate::schema::*;\n\
                   #[allow(dead_code)]\n#[cfg_attr(test, allow(unused))]\n// todo!\nlet allow = \"unsafe\"; f(a, allow);";
        let violations = shape::forbidden_expressions(&sources(&[("src/orders/x.rs", bad)]));
        let lines: Vec<_> = violations.iter().filter_map(|violation| violation.split(": ").next()).collect();
        let expected: Vec<_> = (1..=8).map(|line| format!("src/orders/x.rs:{line}")).collect();
        assert_eq!(lines, expected, "{violations:#?}");
    }
}
