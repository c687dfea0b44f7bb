//! Import of the real sample data, if it is available.

use std::io::Write;
use std::path::{Path, PathBuf};

use mercer::cli::import::{CategoriesCommand, FileOptions, ImportCommand, ImportSummary, run};
use pretty_assertions::assert_eq;

use super::support::*;

/// Returns the path of a shared data file. Prints a message and returns `None` if the file does not exist.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    // The test harness captures `eprintln` of passing tests, but not direct writes.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "SKIPPED: {} does not exist, so the import of the real data is not tested.", path.display())
        .unwrap();
    None
}

#[test]
fn sample_orders_are_imported_with_exact_totals() {
    let Some(path) = shared("online_retail_2010-12_2011-03.csv.gz") else {
        return;
    };
    let (db, _guard) = database();
    let mut command = orders_command();
    command.file = FileOptions::new(path);
    let command = ImportCommand::Orders(command);

    let first = run(&db, &context(), &command).unwrap();
    let counts = row_counts(&db);
    let second = run(&db, &context(), &command).unwrap();

    for (report, new, existing) in [(&first, 138_694, 0), (&second, 0, 138_694)] {
        assert_eq!((report.rows_read, report.rows_rejected()), (142_083, 786));
        assert_eq!(report.rows_accepted() + report.rows_rejected(), report.rows_read);
        let counts = order_counts(report);
        assert_eq!((counts.orders.new_lines, counts.orders.existing_lines), (new, existing));
        assert_eq!((counts.orders.count(), counts.orders.total.to_decimal_string().as_str()), (5_199, "2756381.95"));
        assert_eq!(counts.lines_without_customer, 44_206);
        assert_eq!((counts.returns.count(), counts.returns.lines()), (1_123, 2_603));
        assert_eq!(counts.returns.total.to_decimal_string().as_str(), "-266094.94");
    }
    assert_eq!(row_counts(&db), counts);
    let sums = "select concat_ws(' ', count(*), sum(total_gross), (select sum(total_gross) from order_lines), \
                (select sum(amount) from payment_transactions), (select count(*) from fulfillment_lines)) from orders";
    assert_eq!(query(&db, sums), ["5199 2756381.9500 2756381.9500 2756381.9500 138694"]);
}

#[test]
fn taxonomy_is_imported_with_all_levels() {
    let Some(path) = shared("google_taxonomy.csv") else {
        return;
    };
    let (db, _guard) = database();
    let file = FileOptions::new(path);

    let report = run(&db, &context(), &ImportCommand::Categories(CategoriesCommand { file })).unwrap();

    match report.summary {
        ImportSummary::Categories(changes) => assert_eq!(changes.created, 5_595),
        other => panic!("unexpected summary: {other:?}"),
    }
    let levels = "select level || ' ' || count(*) from categories group by level order by level";
    assert_eq!(query(&db, levels), ["0 21", "1 192", "2 1349", "3 2227", "4 1371", "5 391", "6 44"]);
    let wrong = "select c.name from categories c join categories p on p.id = c.parent_id where c.level <> p.level + 1";
    assert_eq!(query(&db, wrong), Vec::<String>::new());
}
