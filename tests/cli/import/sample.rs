//! The real shop's history, where it is at hand.

use std::io::Write;
use std::path::{Path, PathBuf};

use mercer::cli::import::{CategoriesCommand, Figures, FileOptions, ImportCommand, run};
use mercer::platform::clock::Clock;
use pretty_assertions::assert_eq;

use super::support::*;

/// A file of the shared data beside the repository; None, said aloud, where there is none.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    // Not `eprintln`, which the harness keeps to itself while a test passes.
    let mut loud = std::io::stderr();
    writeln!(loud, "SKIPPED: {} is not there, so the real data is not tried.", path.display()).unwrap();
    None
}

#[test]
fn the_sample_history_is_imported_to_the_penny() {
    let Some(path) = shared("online_retail_2010-12_2011-03.csv.gz") else {
        return;
    };
    let (db, _guard) = database();
    let mut command = orders_command();
    command.file = FileOptions::of(path);
    let command = ImportCommand::Orders(command);

    let first = run(&db, &Clock::system(), &command).unwrap();
    let counts = row_counts(&db);
    let second = run(&db, &Clock::system(), &command).unwrap();

    for (report, new, there) in [(&first, 138_694, 0), (&second, 0, 138_694)] {
        assert_eq!((report.rows_read, report.rows_refused()), (142_083, 786));
        assert_eq!(report.rows_taken() + report.rows_refused(), report.rows_read);
        let figures = figures(report);
        assert_eq!((figures.orders.new_lines, figures.orders.lines_already_there), (new, there));
        assert_eq!((figures.orders.count(), figures.orders.total.shown().as_str()), (5_199, "2756381.95"));
        assert_eq!(figures.lines_without_customer, 44_206);
        assert_eq!((figures.returns.count(), figures.returns.lines()), (1_123, 2_603));
        assert_eq!(figures.returns.total.shown().as_str(), "-266094.94");
    }
    assert_eq!(row_counts(&db), counts);
    let sums = "select concat_ws(' ', count(*), sum(total_gross), (select sum(total_gross) from order_lines), \
                (select sum(amount) from payment_transactions), (select count(*) from fulfillment_lines)) from orders";
    assert_eq!(ask(&db, sums), ["5199 2756381.9500 2756381.9500 2756381.9500 138694"]);
}

#[test]
fn the_taxonomy_is_imported_with_all_its_levels() {
    let Some(path) = shared("google_taxonomy.csv") else {
        return;
    };
    let (db, _guard) = database();
    let file = FileOptions::of(path);

    let report = run(&db, &Clock::system(), &ImportCommand::Categories(CategoriesCommand { file })).unwrap();

    match report.figures {
        Figures::Categories(changes) => assert_eq!(changes.created, 5_595),
        other => panic!("not of categories: {other:?}"),
    }
    let levels = "select level || ' ' || count(*) from categories group by level order by level";
    assert_eq!(ask(&db, levels), ["0 21", "1 192", "2 1349", "3 2227", "4 1371", "5 391", "6 44"]);
    let wrong = "select c.name from categories c join categories p on p.id = c.parent_id where c.level <> p.level + 1";
    assert_eq!(ask(&db, wrong), Vec::<String>::new());
}
