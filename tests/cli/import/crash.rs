//! The process is killed in the middle of an import.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use mercer::cli::import::{ImportCommand, Progress, run_on};
use mercer::platform::clock::Clock;
use mercer::platform::db::Db;
use pretty_assertions::assert_eq;

use super::reruns::history;
use super::support::*;

/// Takes its time, so that somebody can come in between.
struct Slowly;

impl Progress for Slowly {
    fn begin(&mut self, _: &'static str, _: Option<u64>) {}

    fn advance(&mut self, rows: u64) -> anyhow::Result<()> {
        if rows > 1 {
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    }
}

/// Not a test: what the killed process does. It is told the database's URL on standard input.
#[test]
#[ignore = "runs as a child of the test below"]
fn child_that_imports_until_it_is_killed() {
    let mut url = String::new();
    std::io::stdin().read_to_string(&mut url).unwrap();
    let mut command = orders_command();
    command.file.batch = 2;
    let file = format!("{HEADER}{}", history());
    run_on(&connect(url.trim()), &Clock::system(), &ImportCommand::Orders(command), input(file), &mut Slowly).unwrap();
}

#[test]
fn a_killed_import_leaves_whole_orders_and_is_finished_by_the_next() {
    let (db, guard) = database();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "cli::import::crash::child_that_imports_until_it_is_killed"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(guard.url.as_bytes()).unwrap();
    wait_for_orders(&db, 6);

    child.kill().unwrap();
    child.wait().unwrap();

    let before: u64 = ask(&db, "select count(*) from orders")[0].parse().unwrap();
    assert!(before < 40, "the child was faster than its killer");
    let broken = "select number from orders o where 3 <> (select count(*) from order_lines l where l.order_id = o.id) \
                  or 1 <> (select count(*) from payments p where p.order_id = o.id) \
                  or 1 <> (select count(*) from fulfillments f where f.order_id = o.id)";
    assert_eq!(ask(&db, broken), Vec::<String>::new());

    let report = import_orders(&db, &history());

    assert_eq!((figures(&report).orders.already_there, figures(&report).orders.new), (before, 40 - before));
    assert_eq!(ask(&db, "select sum(total_gross) from orders"), ["300.0000"]);
    assert_eq!(ask(&db, "select sum(total_gross) from returns"), ["25.0000"]);
}

fn wait_for_orders(db: &Db, orders: usize) {
    for _ in 0..500 {
        if ask(db, "select number from orders").len() >= orders {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the child does not import");
}
