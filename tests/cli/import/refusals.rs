//! Rows that are not taken, each with its reason.

use mercer::cli::import::orders::Refusal;
use pretty_assertions::assert_eq;

use super::support::*;

/// One row that breaks each rule, beside one that breaks none.
fn rows() -> Vec<(Option<Refusal>, String)> {
    let row = |invoice: &str, sku: &str, quantity: &str, date: &str, price: &str| {
        format!("{invoice},{sku},Thing,{quantity},{date},{price},,Germany\n")
    };
    let day = "2010-12-01 08:00:00";
    let long = "x".repeat(300);
    vec![
        (None, row("1", "A", "1", day, "1")),
        (Some(Refusal::NoNumber), row(" ", "A", "1", day, "1")),
        (Some(Refusal::LongNumber), row(&long, "A", "1", day, "1")),
        (Some(Refusal::ReservedNumber), row("M-7F3K2Q", "A", "1", day, "1")),
        (Some(Refusal::NoSku), row("2", "", "1", day, "1")),
        (Some(Refusal::LongSku), row("2", &long, "1", day, "1")),
        (Some(Refusal::LongName), format!("2,A,{long},1,{day},1,,\n")),
        (Some(Refusal::LongCustomer), format!("2,A,A,1,{day},1,{long},\n")),
        (Some(Refusal::LongCountry), format!("2,A,A,1,{day},1,,{long}\n")),
        (Some(Refusal::WrongDate), row("2", "A", "1", "yesterday", "1")),
        (Some(Refusal::WrongQuantity), row("2", "A", "1.5", day, "1")),
        (Some(Refusal::HugeQuantity), row("2", "A", "1000001", day, "1")),
        (Some(Refusal::HugeQuantity), row("2", "A", "99999999999999999999", day, "1")),
        (Some(Refusal::NoQuantity), row("2", "A", "0", day, "1")),
        (Some(Refusal::NegativeQuantity), row("2", "A", "-1", day, "1")),
        (Some(Refusal::PositiveCredit), row("C2", "A", "1", day, "1")),
        (Some(Refusal::WrongPrice), row("2", "A", "1", day, "one")),
        (Some(Refusal::FinePrice), row("2", "A", "1", day, "0.00001")),
        (Some(Refusal::Free), row("2", "A", "1", day, "0.0")),
        (Some(Refusal::NegativePrice), row("2", "A", "1", day, "-11062.06")),
        (Some(Refusal::HugeAmount), row("2", "A", "1000000", day, "999999999999")),
        (Some(Refusal::Nul), row("2", "A\0", "1", day, "1")),
        (Some(Refusal::WrongDate), "2,A\n".to_owned()),
    ]
}

#[test]
fn every_rule_refuses_its_rows_and_no_others() {
    let (db, _guard) = database();
    let rows = rows();
    let file: String = rows.iter().map(|(_, row)| row.as_str()).collect();

    let report = import_orders(&db, &file);

    let mut expected: Vec<(String, Vec<u64>)> = Vec::new();
    for (line, (refusal, _)) in (2..).zip(&rows) {
        let Some(reason) = refusal.map(|refusal| refusal.to_string()) else {
            continue;
        };
        match expected.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, lines)) => lines.push(line),
            None => expected.push((reason, vec![line])),
        }
    }
    let expected: Vec<_> = expected.iter().map(|(reason, lines)| (reason.as_str(), lines.clone())).collect();
    assert_eq!(refusals(&report), expected);
    assert_eq!(ask(&db, "select number from orders"), ["1"]);
    assert_eq!(ask(&db, "select count(*) from returns"), ["0"]);
}

#[test]
fn refused_rows_are_written_out_as_they_were() {
    let (db, _guard) = database();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refused.csv");
    let mut command = orders_command();
    command.file.refused = Some(path.clone());

    import_orders_with(
        &db,
        command,
        "1,A,\"Mug, blue\",1,2010-12-01 08:00:00,0,17850.0,EIRE\n2,B,Bell,1,2010-12-01 08:00:00,1,,\n",
    );

    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        written,
        "line,reason,InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
         2,the price is zero: a free row is no sale,1,A,\"Mug, blue\",1,2010-12-01 08:00:00,0,17850.0,EIRE\n"
    );
}

#[test]
fn a_prefix_makes_a_reserved_number_another() {
    let (db, _guard) = database();
    let mut command = orders_command();
    command.number_prefix = "OLD-".to_owned();

    import_orders_with(&db, command, "M-7F3K2Q,A,A,1,2010-12-01 08:00:00,1,,\nC7,A,A,-1,2010-12-01 08:00:00,1,,\n");

    assert_eq!(ask(&db, "select number from orders"), ["OLD-M-7F3K2Q"]);
    assert_eq!(ask(&db, "select number from returns"), ["OLD-C7"]);
}

#[test]
fn credit_notes_may_start_otherwise_or_not_exist() {
    let (db, _guard) = database();
    let mut command = orders_command();
    command.credit_prefix = "cr-".to_owned();

    import_orders_with(&db, command.clone(), "C1,A,A,1,2010-12-01 08:00:00,1,,\nCR-1,A,A,-1,2010-12-01 08:00:00,1,,\n");
    command.credit_prefix = String::new();
    import_orders_with(&db, command, "CR-2,A,A,1,2010-12-01 08:00:00,1,,\n");

    assert_eq!(ask(&db, "select number from orders order by number"), ["C1", "CR-2"]);
    assert_eq!(ask(&db, "select number from returns"), ["CR-1"]);
}

#[test]
fn the_report_names_reasons_with_their_first_lines() {
    let (db, _guard) = database();

    let report = import_orders(&db, &"1,A,A,1,2010-12-01 08:00:00,0,,\n".repeat(7));

    let shown = report.to_string();
    let expected = "Refused 7: the price is zero: a free row is no sale (line 2, 3, 4, 5, 6, …)\n";
    assert!(shown.ends_with(expected), "{shown}");
    assert!(shown.contains("Orders: 0 (0 new, 0 already there)"), "{shown}");
}
