//! An import may be run again, by two at once, or for show.

use std::io::Write;

use mercer::cli::import::{ImportCommand, Progress};
use pretty_assertions::assert_eq;

use super::support::*;

/// Forty orders of three lines and twenty credit notes, in the names of a few customers and products.
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
fn a_second_run_doubles_nothing() {
    let (db, _guard) = database();
    import_orders(&db, &history());
    let before = row_counts(&db);

    let report = import_orders(&db, &history());

    assert_eq!(row_counts(&db), before);
    let figures = figures(&report);
    assert_eq!((figures.orders.new, figures.orders.already_there), (0, 40));
    assert_eq!((figures.orders.new_lines, figures.orders.lines_already_there), (0, 120));
    assert_eq!((figures.returns.new, figures.returns.already_there), (0, 20));
    assert_eq!(figures.orders.total.shown().as_str(), "300.00");
    assert_eq!(figures.returns.total.shown().as_str(), "-25.00");
}

#[test]
fn a_longer_file_adds_what_is_new_and_refuses_what_comes_late() {
    let (db, _guard) = database();
    import_orders(&db, "1,A,A,1,2010-12-01 08:00:00,1,17850,Germany\n");

    let report = import_orders(
        &db,
        "1,A,A,1,2010-12-01 08:00:00,1,17850,Germany\n\
         1,B,B,2,2010-12-01 08:00:00,5,17850,Germany\n\
         2,A,A,1,2010-12-01 08:00:00,1,17850,Germany\n",
    );

    assert_eq!(refusals(&report), [("the invoice was imported before without this row", vec![3])]);
    let orders = &figures(&report).orders;
    assert_eq!((orders.new, orders.already_there, orders.total.shown().as_str()), (1, 1, "2.00"));
    assert_eq!(ask(&db, "select number || ' ' || total_gross from orders order by number"), ["1 1.0000", "2 1.0000"]);
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_it_would() {
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
    assert_eq!((figures(&report).orders.new, figures(&report).orders.already_there), (39, 1));
    assert_eq!(figures(&report).returns.new, 20);
    assert!(report.to_string().starts_with("Dry run: nothing was changed.\n"));
}

#[test]
fn two_imports_at_once_do_the_work_once() {
    let (db, _guard) = database();
    let mut command = orders_command();
    command.file.batch = 3;

    let reports = std::thread::scope(|scope| {
        let imports = [(); 2].map(|()| scope.spawn(|| import_orders_with(&db, command.clone(), &history())));
        imports.map(|import| import.join().unwrap())
    });

    let sum = |count: fn(&mercer::cli::import::OrderFigures) -> u64| -> u64 {
        reports.iter().map(|report| count(figures(report))).sum()
    };
    assert_eq!(sum(|figures| figures.orders.new), 40);
    assert_eq!(sum(|figures| figures.orders.already_there), 40);
    assert_eq!(sum(|figures| figures.returns.new), 20);
    let alone = {
        let (db, _guard) = database();
        import_orders(&db, &history());
        row_counts(&db)
    };
    assert_eq!(row_counts(&db), alone);
}

/// Ends an import after so many written batches.
struct Until(u64);

impl Progress for Until {
    fn begin(&mut self, stage: &'static str, _: Option<u64>) {
        if stage == "Reading" {
            self.0 = self.0.saturating_add(1_000);
        } else {
            self.0 = self.0.min(4);
        }
    }

    fn advance(&mut self, _: u64) -> anyhow::Result<()> {
        self.0 -= 1;
        anyhow::ensure!(self.0 > 0, "that is enough");
        Ok(())
    }
}

#[test]
fn an_import_that_ended_between_batches_goes_on_where_it_was() {
    let (db, _guard) = database();
    let mut command = orders_command();
    command.file.batch = 5;
    let file = format!("{HEADER}{}", history());
    let clock = mercer::platform::clock::Clock::system();
    let import = ImportCommand::Orders(command.clone());

    let ended = mercer::cli::import::run_on(&db, &clock, &import, input(file), &mut Until(4));
    assert_eq!(ended.unwrap_err().to_string(), "that is enough");
    let report = import_orders_with(&db, command, &history());

    // Four batches of five documents: two orders and one credit note in turn.
    assert_eq!(figures(&report).orders.already_there + figures(&report).returns.already_there, 20);
    assert_eq!(figures(&report).orders.new + figures(&report).returns.new, 40);
    assert_eq!(ask(&db, "select sum(total_gross) from orders"), ["300.0000"]);
}
