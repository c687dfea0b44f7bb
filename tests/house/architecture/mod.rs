//! Who may know whom, whose table it is, and what is not written here: read from the sources.

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

fn our_owners() -> (Owners, Vec<String>) {
    let schema = files::read("src/schema.rs").unwrap_or_default();
    ownership(&SOURCES, &tables_of(&schema))
}

#[test]
fn a_domain_knows_only_those_below_it() {
    assert!(!SOURCES.is_empty());
    assert_none(&knowledge::upward_knowledge(&SOURCES));
}

#[test]
fn rooms_never_stand_in_a_circle() {
    assert_none(&knowledge::circles(&SOURCES));
}

#[test]
fn rooms_know_only_those_that_the_arrows_lead_to() {
    assert_none(&knowledge::against_the_arrows(&SOURCES));
}

#[test]
fn a_layer_never_reaches_upwards() {
    assert_none(&knowledge::upward_layers(&SOURCES));
}

#[test]
fn every_table_has_one_owner() {
    let (owners, violations) = our_owners();
    assert_none(&violations);
    assert!(!owners.is_empty());
}

#[test]
fn a_table_is_written_only_by_its_owner() {
    assert_none(&tables::foreign_writes(&SOURCES, &our_owners().0));
}

#[test]
fn a_table_is_read_only_in_its_domain() {
    assert_none(&tables::foreign_reads(&SOURCES, &our_owners().0));
}

#[test]
fn no_file_is_longer_than_anybody_reads() {
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
fn nothing_unwanted_is_written() {
    assert_none(&shape::unwanted_words(&SOURCES));
}

/// Each rule at work on a bad example.
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
        "//! Stock: who has what.\n//!\n//! Owns `stocks` and\n//! `allocations`. Not `orders`.\n",
    );
    const LIFECYCLE: (&str, &str) = ("src/orders/lifecycle/mod.rs", "//! Orders. Owns `orders`.\n");

    fn owners(files: &[(&str, &str)]) -> (Owners, Vec<String>) {
        let tables = ["stocks", "allocations", "orders"].map(str::to_owned);
        ownership(&sources(files), &tables)
    }

    #[test]
    fn a_lower_domain_that_names_a_higher_one_is_told() {
        let sources = sources(&[
            ("src/products/stock/services.rs", "use crate::{platform::db, orders::lifecycle};"),
            ("src/customers/mod.rs", "fn f() { crate::routes::all(); }"),
            ("src/orders/carts/models.rs", "use crate::products::stock; use crate::schema::carts;"),
            ("src/helpers.rs", ""),
        ]);
        assert_eq!(
            knowledge::upward_knowledge(&sources),
            [
                "src/products/stock/services.rs:1: orders::lifecycle names what stands above it",
                "src/customers/mod.rs:1: routes::all names what stands above it",
                "src/helpers.rs is in no domain",
            ]
        );
    }

    #[test]
    fn rooms_in_a_circle_are_told_once() {
        let sources = sources(&[
            ("src/orders/a/mod.rs", "use crate::orders::b;"),
            ("src/orders/b/services.rs", "use super::super::c::X;"),
            ("src/orders/c/models.rs", "use crate::orders::a::{self, Y};"),
            ("src/orders/d/models.rs", "use crate::orders::a;"),
        ]);
        assert_eq!(
            knowledge::circles(&sources),
            ["a circle in orders: src/orders/a/mod.rs:1: orders::b; src/orders/b/services.rs:1: orders::c::X; \
              src/orders/c/models.rs:1: orders::a"]
        );
    }

    #[test]
    fn a_room_that_goes_against_the_arrows_is_told() {
        let sources = sources(&[
            ("src/orders/taxes/mod.rs", "use crate::orders::pricing;"),
            ("src/orders/checkout/mod.rs", "use crate::orders::{discounts, carts, errors};"),
            ("src/orders/pricing/mod.rs", ""),
            ("src/orders/discounts/mod.rs", ""),
            ("src/orders/carts/mod.rs", ""),
            ("src/orders/errors.rs", ""),
        ]);
        assert_eq!(
            knowledge::against_the_arrows(&sources),
            ["src/orders/taxes/mod.rs:1: orders::pricing, where no arrow leads"]
        );
    }

    #[test]
    fn a_layer_that_reaches_upwards_is_told() {
        let sources = sources(&[
            ("src/orders/carts/mod.rs", "mod services; pub use services::{CartError, close};"),
            ("src/orders/carts/models.rs", "use super::{CartError, Cart};"),
            ("src/orders/carts/services.rs", "use super::models; mod tests { use super::super::handlers::X; }"),
            ("src/orders/carts/handlers.rs", "use super::{services, models};"),
        ]);
        assert_eq!(
            knowledge::upward_layers(&sources),
            [
                "src/orders/carts/models.rs:1: orders::carts::CartError names a layer above it",
                "src/orders/carts/services.rs:1: orders::carts::handlers::X names a layer above it",
            ]
        );
    }

    #[test]
    fn tables_without_an_owner_or_with_two_are_told() {
        let second = ("src/orders/carts/mod.rs", "//! Owns `stocks` and `moods`.");
        assert_eq!(
            owners(&[STOCK, second]).1,
            [
                "stocks has two owners: src/products/stock/ and src/orders/carts/",
                "src/orders/carts/mod.rs: owns `moods`, which is no table",
                "orders has no owner: no mod.rs says `//! Owns `orders`.`",
            ]
        );
    }

    #[test]
    fn writes_outside_of_the_owner_are_told() {
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
                "src/products/search/models.rs:1: writes stocks, which is src/products/stock's",
                "src/products/search/models.rs:1: writes orders, which is src/orders/lifecycle's",
                "src/products/search/models.rs:3: writes stocks, which is src/products/stock's",
                "src/products/search/models.rs:4: writes stocks, which is src/products/stock's",
                "src/products/search/models.rs:2: writes allocations, which is src/products/stock's",
            ]
        );
    }

    #[test]
    fn reads_outside_of_the_domain_are_told() {
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
    fn long_files_and_untested_rooms_are_told() {
        let long = "\n".repeat(501);
        let files = repository(&[("src/a.rs", &long), ("src/schema.rs", &long), ("src/b.rs", "")]);
        assert_eq!(shape::long_files(&files), ["src/a.rs has 501 lines, of 500 at most"]);

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
    fn tests_that_nobody_declares_are_told() {
        let tests = repository(&[
            ("tests/main.rs", "mod orders;"),
            ("tests/orders/mod.rs", "mod carts; // mod taxes;"),
            ("tests/orders/carts.rs", ""),
            ("tests/orders/taxes.rs", ""),
        ]);
        assert_eq!(
            shape::undeclared_tests(&tests),
            ["tests/orders/taxes.rs is never compiled: tests/orders/mod.rs does not say `mod taxes;`"]
        );
    }

    #[test]
    fn unwanted_words_are_told() {
        let bad = "scope.route(\"/\", get());\nunsafe { }\ntodo!()\nunimplemented!()\nuse x::dsl::*;\nuse crate::schema::*;\n\
                   #[allow(dead_code)]\n#[cfg_attr(test, allow(unused))]\n// todo!\nlet allow = \"unsafe\"; f(a, allow);";
        let told = shape::unwanted_words(&sources(&[("src/orders/x.rs", bad)]));
        let lines: Vec<_> = told.iter().filter_map(|told| told.split(": ").next()).collect();
        let expected: Vec<_> = (1..=8).map(|line| format!("src/orders/x.rs:{line}")).collect();
        assert_eq!(lines, expected, "{told:#?}");
    }
}
