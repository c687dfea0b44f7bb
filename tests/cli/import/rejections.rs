//! Rejected rows and their reasons.

use mercer::cli::import::orders::OrderRowError;
use pretty_assertions::assert_eq;

use super::support::*;

/// Returns one valid row and at least one invalid row per reason.
fn rows() -> Vec<(Option<OrderRowError>, String)> {
    let row = |invoice: &str, sku: &str, quantity: &str, date: &str, price: &str| {
        format!("{invoice},{sku},Thing,{quantity},{date},{price},,Germany\n")
    };
    let day = "2010-12-01 08:00:00";
    let long = "x".repeat(300);
    vec![
        (None, row("1", "A", "1", day, "1")),
        (Some(OrderRowError::NumberMissing), row(" ", "A", "1", day, "1")),
        (Some(OrderRowError::NumberTooLong), row(&long, "A", "1", day, "1")),
        (Some(OrderRowError::ReservedNumber), row("M-7F3K2Q", "A", "1", day, "1")),
        (Some(OrderRowError::SkuMissing), row("2", "", "1", day, "1")),
        (Some(OrderRowError::SkuTooLong), row("2", &long, "1", day, "1")),
        (Some(OrderRowError::NameTooLong), format!("2,A,{long},1,{day},1,,\n")),
        (Some(OrderRowError::CustomerTooLong), format!("2,A,A,1,{day},1,{long},\n")),
        (Some(OrderRowError::CountryTooLong), format!("2,A,A,1,{day},1,,{long}\n")),
        (Some(OrderRowError::InvalidDate), row("2", "A", "1", "yesterday", "1")),
        (Some(OrderRowError::InvalidQuantity), row("2", "A", "1.5", day, "1")),
        (Some(OrderRowError::QuantityTooLarge), row("2", "A", "1000001", day, "1")),
        (Some(OrderRowError::QuantityTooLarge), row("2", "A", "99999999999999999999", day, "1")),
        (Some(OrderRowError::ZeroQuantity), row("2", "A", "0", day, "1")),
        (Some(OrderRowError::NegativeQuantity), row("2", "A", "-1", day, "1")),
        (Some(OrderRowError::PositiveCreditQuantity), row("C2", "A", "1", day, "1")),
        (Some(OrderRowError::InvalidPrice), row("2", "A", "1", day, "one")),
        (Some(OrderRowError::TooManyDecimalPlaces), row("2", "A", "1", day, "0.00001")),
        (Some(OrderRowError::ZeroPrice), row("2", "A", "1", day, "0.0")),
        (Some(OrderRowError::NegativePrice), row("2", "A", "1", day, "-11062.06")),
        (Some(OrderRowError::AmountTooLarge), row("2", "A", "1000000", day, "999999999999")),
        (Some(OrderRowError::NulCharacter), row("2", "A\0", "1", day, "1")),
        (Some(OrderRowError::InvalidDate), "2,A\n".to_owned()),
    ]
}

#[test]
fn each_import_rule_rejects_only_rows_that_violate_it() {
    let (db, _guard) = database();
    let rows = rows();
    let file: String = rows.iter().map(|(_, row)| row.as_str()).collect();

    let report = import_orders(&db, &file);

    let mut expected: Vec<(String, Vec<u64>)> = Vec::new();
    for (line, (error, _)) in (2..).zip(&rows) {
        let Some(reason) = error.map(|error| error.to_string()) else {
            continue;
        };
        match expected.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, lines)) => lines.push(line),
            None => expected.push((reason, vec![line])),
        }
    }
    let expected: Vec<_> = expected.iter().map(|(reason, lines)| (reason.as_str(), lines.clone())).collect();
    assert_eq!(rejections(&report), expected);
    assert_eq!(query(&db, "select number from orders"), ["1"]);
    assert_eq!(query(&db, "select count(*) from returns"), ["0"]);
}

#[test]
fn rejected_rows_are_written_unchanged() {
    let (db, _guard) = database();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejected.csv");
    let mut command = orders_command();
    command.file.rejected = Some(path.clone());

    import_orders_with(
        &db,
        command,
        "1,A,\"Mug, blue\",1,2010-12-01 08:00:00,0,17850.0,EIRE\n2,B,Bell,1,2010-12-01 08:00:00,1,,\n",
    );

    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        written,
        "line,reason,InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
         2,the price is zero,1,A,\"Mug, blue\",1,2010-12-01 08:00:00,0,17850.0,EIRE\n"
    );
}

#[test]
fn number_prefix_avoids_reserved_numbers() {
    let (db, _guard) = database();
    let mut command = orders_command();
    command.number_prefix = "OLD-".to_owned();

    import_orders_with(&db, command, "M-7F3K2Q,A,A,1,2010-12-01 08:00:00,1,,\nC7,A,A,-1,2010-12-01 08:00:00,1,,\n");

    assert_eq!(query(&db, "select number from orders"), ["OLD-M-7F3K2Q"]);
    assert_eq!(query(&db, "select number from returns"), ["OLD-C7"]);
}

#[test]
fn credit_note_prefix_can_be_changed_or_empty() {
    let (db, _guard) = database();
    let mut command = orders_command();
    command.credit_prefix = "cr-".to_owned();

    import_orders_with(&db, command.clone(), "C1,A,A,1,2010-12-01 08:00:00,1,,\nCR-1,A,A,-1,2010-12-01 08:00:00,1,,\n");
    command.credit_prefix = String::new();
    import_orders_with(&db, command, "CR-2,A,A,1,2010-12-01 08:00:00,1,,\n");

    assert_eq!(query(&db, "select number from orders order by number"), ["C1", "CR-2"]);
    assert_eq!(query(&db, "select number from returns"), ["CR-1"]);
}

#[test]
fn report_contains_reasons_with_their_first_line_numbers() {
    let (db, _guard) = database();

    let report = import_orders(&db, &"1,A,A,1,2010-12-01 08:00:00,0,,\n".repeat(7));

    let text = report.to_string();
    let expected = "Rejected 7: the price is zero (line 2, 3, 4, 5, 6, …)\n";
    assert!(text.ends_with(expected), "{text}");
    assert!(text.contains("Orders: 0 (0 new, 0 existing)"), "{text}");
}
