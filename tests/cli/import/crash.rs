//! Import in a process that is killed.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use mercer::cli::import::{ImportCommand, Progress, run_on};
use mercer::platform::db::Db;
use pretty_assertions::assert_eq;

use super::repeated::history;
use super::support::*;

/// Progress that delays the import, so that it can be killed between two batches.
struct SlowProgress;

impl Progress for SlowProgress {
    fn begin(&mut self, _: &'static str, _: Option<u64>) {}

    fn advance(&mut self, rows: u64) -> anyhow::Result<()> {
        if rows > 1 {
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    }
}

/// Not a test: the killed child process. It reads the URL of the database from standard input.
#[test]
#[ignore = "runs as a child of the test below"]
fn child_process_imports_until_it_is_killed() {
    let mut url = String::new();
    std::io::stdin().read_to_string(&mut url).unwrap();
    let mut command = orders_command();
    command.file.batch = 2;
    let file = format!("{HEADER}{}", history());
    run_on(&connect(url.trim()), &context(), &ImportCommand::Orders(command), input(file), &mut SlowProgress).unwrap();
}

#[test]
fn killed_import_leaves_complete_orders_and_can_be_continued() {
    let (db, guard) = database();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "cli::import::crash::child_process_imports_until_it_is_killed"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(guard.url.as_bytes()).unwrap();
    wait_for_orders(&db, 6);

    child.kill().unwrap();
    child.wait().unwrap();

    let before: u64 = query(&db, "select count(*) from orders")[0].parse().unwrap();
    assert!(before < 40, "the child completed the import before it was killed");
    let broken = "select number from orders o where 3 <> (select count(*) from order_lines l where l.order_id = o.id) \
                  or 1 <> (select count(*) from payments p where p.order_id = o.id) \
                  or 1 <> (select count(*) from fulfillments f where f.order_id = o.id)";
    assert_eq!(query(&db, broken), Vec::<String>::new());

    let report = import_orders(&db, &history());

    assert_eq!((order_counts(&report).orders.existing, order_counts(&report).orders.new), (before, 40 - before));
    assert_eq!(query(&db, "select sum(total_gross) from orders"), ["300.0000"]);
    assert_eq!(query(&db, "select sum(total_gross) from returns"), ["25.0000"]);
}

fn wait_for_orders(db: &Db, orders: usize) {
    for _ in 0..500 {
        if query(db, "select number from orders").len() >= orders {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the child imports nothing");
}
