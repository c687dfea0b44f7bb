//! Repeated, concurrent, aborted and dry runs of an import.

use std::io::Write;

use mercer::cli::import::{ImportCommand, Progress};
use pretty_assertions::assert_eq;

use super::support::*;

/// File with forty orders of three lines and twenty credit notes, of few customers and products.
pub fn history() -> String {
    let mut file = Vec::new();
    for order in 0..40 {
        for line in 0..3 {
            let sku = (order + line) % 7;
            writeln!(file, "{order},SKU-{sku},Thing {sku},{},2010-12-01 08:00:00,1.25,{},Germany", line + 1, order % 5)
                .unwrap();
        }
        if order % 2 == 0 {
            writeln!(file, "C{order},SKU-1,Thing 1,-1,2010-12-02 08:00:00,1.25,{},Germany", order % 5).unwrap();
        }
    }
    String::from_utf8(file).unwrap()
}

#[test]
fn repeated_order_import_creates_no_duplicates() {
    let (db, _guard) = database();
    import_orders(&db, &history());
    let before = row_counts(&db);

    let report = import_orders(&db, &history());

    assert_eq!(row_counts(&db), before);
    let counts = order_counts(&report);
    assert_eq!((counts.orders.new, counts.orders.existing), (0, 40));
    assert_eq!((counts.orders.new_lines, counts.orders.existing_lines), (0, 120));
    assert_eq!((counts.returns.new, counts.returns.existing), (0, 20));
    assert_eq!(counts.orders.total.to_decimal_string().as_str(), "300.00");
    assert_eq!(counts.returns.total.to_decimal_string().as_str(), "-25.00");
}

#[test]
fn longer_file_adds_new_orders_and_rejects_new_lines_of_existing_orders() {
    let (db, _guard) = database();
    import_orders(&db, "1,A,A,1,2010-12-01 08:00:00,1,17850,Germany\n");

    let report = import_orders(
        &db,
        "1,A,A,1,2010-12-01 08:00:00,1,17850,Germany\n\
         1,B,B,2,2010-12-01 08:00:00,5,17850,Germany\n\
         2,A,A,1,2010-12-01 08:00:00,1,17850,Germany\n",
    );

    assert_eq!(rejections(&report), [("the invoice was imported before without this row", vec![3])]);
    let orders = &order_counts(&report).orders;
    assert_eq!((orders.new, orders.existing, orders.total.to_decimal_string().as_str()), (1, 1, "2.00"));
    assert_eq!(query(&db, "select number || ' ' || total_gross from orders order by number"), ["1 1.0000", "2 1.0000"]);
}

#[test]
fn dry_run_changes_nothing_and_reports_the_outcome() {
    let (db, _guard) = database();
    import_orders(
        &db,
        "1,SKU-1,A,1,2010-12-01 08:00:00,1,,\n1,SKU-1,A,1,2010-12-01 08:00:00,1,,\n1,SKU-1,A,1,2010-12-01 08:00:00,1,,\n",
    );
    let before = row_counts(&db);
    let mut command = orders_command();
    command.file.dry_run = true;

    let report = import_orders_with(&db, command, &history());

    assert_eq!(row_counts(&db), before);
    assert_eq!((order_counts(&report).orders.new, order_counts(&report).orders.existing), (39, 1));
    assert_eq!(order_counts(&report).returns.new, 20);
    assert!(report.to_string().starts_with("Dry run: no data was changed.\n"));
}

#[test]
fn concurrent_imports_create_no_duplicates() {
    let (db, _guard) = database();
    let mut command = orders_command();
    command.file.batch = 3;

    let reports = std::thread::scope(|scope| {
        let imports = [(); 2].map(|()| scope.spawn(|| import_orders_with(&db, command.clone(), &history())));
        imports.map(|import| import.join().unwrap())
    });

    let sum = |count: fn(&mercer::cli::import::OrderCounts) -> u64| -> u64 {
        reports.iter().map(|report| count(order_counts(report))).sum()
    };
    assert_eq!(sum(|counts| counts.orders.new), 40);
    assert_eq!(sum(|counts| counts.orders.existing), 40);
    assert_eq!(sum(|counts| counts.returns.new), 20);
    let alone = {
        let (db, _guard) = database();
        import_orders(&db, &history());
        row_counts(&db)
    };
    assert_eq!(row_counts(&db), alone);
}

/// Progress that aborts the import after this number of written batches.
struct StopAfter(u64);

impl Progress for StopAfter {
    fn begin(&mut self, stage: &'static str, _: Option<u64>) {
        if stage == "Reading" {
            self.0 = self.0.saturating_add(1_000);
        } else {
            self.0 = self.0.min(4);
        }
    }

    fn advance(&mut self, _: u64) -> anyhow::Result<()> {
        self.0 -= 1;
        anyhow::ensure!(self.0 > 0, "aborted by the test");
        Ok(())
    }
}

#[test]
fn aborted_import_continues_after_its_last_batch() {
    let (db, _guard) = database();
    let mut command = orders_command();
    command.file.batch = 5;
    let file = format!("{HEADER}{}", history());
    let import = ImportCommand::Orders(command.clone());

    let aborted = mercer::cli::import::run_on(&db, &context(), &import, input(file), &mut StopAfter(4));
    assert_eq!(aborted.unwrap_err().to_string(), "aborted by the test");
    let report = import_orders_with(&db, command, &history());

    // Four batches of five documents each, two orders and one credit note alternating.
    assert_eq!(order_counts(&report).orders.existing + order_counts(&report).returns.existing, 20);
    assert_eq!(order_counts(&report).orders.new + order_counts(&report).returns.new, 40);
    assert_eq!(query(&db, "select sum(total_gross) from orders"), ["300.0000"]);
}
