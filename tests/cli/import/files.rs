//! File formats: compression, encodings, delimiters, column names and dates.

use std::io::{Read, Write};

use clap::Parser;
use flate2::Compression;
use flate2::write::GzEncoder;
use mercer::cli::import::{ImportCommand, Input, run_on};
use pretty_assertions::assert_eq;

use super::support::*;

const ROW: &str = "1,A,Anchor,2,2010-12-01 08:00:00,1.50,,Germany\n";

fn zip(text: &str) -> Vec<u8> {
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    zipped.write_all(text.as_bytes()).unwrap();
    zipped.finish().unwrap()
}

#[derive(Parser)]
struct ImportCli {
    #[command(subcommand)]
    command: ImportCommand,
}

fn parse(arguments: &[&str]) -> Result<ImportCommand, clap::Error> {
    ImportCli::try_parse_from(["import"].iter().chain(arguments)).map(|line| line.command)
}

#[test]
fn gzip_is_detected_by_its_magic_number() {
    let (db, _guard) = database();
    let command = ImportCommand::Orders(orders_command());
    // A gzip file can consist of several members.
    let file = [zip(HEADER), zip(ROW)].concat();

    let report = run(&db, &command, file).unwrap();

    assert_eq!(order_counts(&report).orders.total.to_decimal_string().as_str(), "3.00");
}

/// Reader that returns one byte at a time, as a pipe can.
struct Trickle(std::io::Cursor<Vec<u8>>);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let end = buffer.len().min(1);
        self.0.read(&mut buffer[..end])
    }
}

#[test]
fn input_can_arrive_byte_by_byte() {
    let (db, _guard) = database();
    let command = ImportCommand::Orders(orders_command());
    let semicolons = format!("{HEADER}{ROW}").replace(',', ";");

    let pipe = Trickle(std::io::Cursor::new(semicolons.into_bytes()));
    let report = run_on(&db, &context(), &command, Input::new(pipe).unwrap(), &mut NoProgress).unwrap();

    assert_eq!(order_counts(&report).orders.total.to_decimal_string().as_str(), "3.00");
}

#[test]
fn truncated_file_changes_nothing() {
    let (db, _guard) = database();
    let command = ImportCommand::Orders(orders_command());
    let mut zipped = zip(&format!("{HEADER}{}", ROW.repeat(100)));
    zipped.truncate(zipped.len() - 10);

    assert!(run(&db, &command, zipped).is_err());

    assert_eq!(query(&db, "select count(*) from orders"), ["0"]);
}

#[test]
fn windows_1252_is_decoded() {
    let (db, _guard) = database();
    let command = ImportCommand::Orders(orders_command());
    let mut file = HEADER.as_bytes().to_vec();
    file.extend(b"1,A,Caf\xe9 \x96 \xa35,1,2010-12-01 08:00:00,1,,\n");

    run(&db, &command, file).unwrap();

    assert_eq!(query(&db, "select product_name from order_lines"), ["Café – £5"]);
}

#[test]
fn column_names_and_number_formats_can_differ() {
    let (db, _guard) = database();
    let map = "invoice=Rechnung,sku=Artikel,name=Text,quantity=Menge,date=Datum,unit_price=Preis,customer=Kunde";
    let command = parse(&["orders", "-", "--map", map, "--date-format", "%d.%m.%Y"]).unwrap();

    let report =
        run(&db, &command, "Kunde;RECHNUNG;artikel;Text;Menge;Datum;Preis\n7;R1;A;Anker;2,0;31.12.2024;1,25\n");

    let report = report.unwrap();
    assert_eq!(rejections(&report), []);
    assert_eq!(order_counts(&report).orders.total.to_decimal_string().as_str(), "2.50");
    let sql = "select concat_ws('|', number, currency, placed_at at time zone 'UTC', c.external_id) \
                 from orders join customers c on c.id = customer_id";
    assert_eq!(query(&db, sql), ["R1|EUR|2024-12-31 00:00:00|7"]);
}

#[test]
fn missing_required_column_aborts_the_import() {
    let (db, _guard) = database();
    let command = ImportCommand::Orders(orders_command());

    let error = run(&db, &command, "InvoiceNo,StockCode\n1,A\n").unwrap_err();

    assert_eq!(error.to_string(), "the file has no column \"Quantity\"; its columns are: InvoiceNo, StockCode");
    assert!(run(&db, &command, "").is_err());
}

#[test]
fn dates_with_the_month_first_require_a_format() {
    let (db, _guard) = database();
    let file = format!("{HEADER}1,A,A,1,12/1/2010 8:26,1,,\n2,A,A,1,12/31/2010 8:26,1,,\n");

    let rejected = run(&db, &ImportCommand::Orders(orders_command()), file.clone()).unwrap_err();
    assert!(rejected.to_string().contains("--date-format '%m/%d/%Y %H:%M'"), "{rejected}");
    assert_eq!(query(&db, "select count(*) from orders"), ["0"]);

    let mut command = orders_command();
    command.date_format = vec!["%m/%d/%Y %H:%M".to_owned()];
    run(&db, &ImportCommand::Orders(command), file).unwrap();
    assert_eq!(
        query(&db, "select placed_at at time zone 'UTC' from orders order by number"),
        ["2010-12-01 08:26:00", "2010-12-31 08:26:00"]
    );
}

#[test]
fn import_options_are_parsed() {
    let command = parse(&["orders", "f.csv", "--currency", "gbp", "--batch", "9", "--dry-run", "--encoding", "latin1"]);
    let ImportCommand::Orders(orders) = command.unwrap() else { panic!("not orders") };
    assert_eq!(orders.currency.unwrap().as_str(), "GBP");
    assert_eq!((orders.file.batch, orders.file.dry_run), (9, true));
    assert_eq!(orders.file.encoding.unwrap().name(), "windows-1252");
    assert_eq!((orders.number_prefix.as_str(), orders.credit_prefix.as_str()), ("", "C"));

    for wrong in [
        ["orders", "f.csv", "--batch", "0"],
        ["orders", "f.csv", "--currency", "XQX"],
        ["orders", "f.csv", "--map", "color=Farbe"],
        ["products", "f.csv", "--encoding", "utf-16le"],
    ] {
        assert!(parse(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn missing_file_or_channel_is_reported() {
    let (db, _guard) = database();
    let mut command = orders_command();
    command.channel = Some("moon".to_owned());
    let error = run(&db, &ImportCommand::Orders(command), HEADER).unwrap_err();
    assert_eq!(error.to_string(), "the channel \"moon\" does not exist");

    let missing = parse(&["categories", "/nowhere/f.csv"]).unwrap();
    let error = mercer::cli::import::run(&db, &context(), &missing).unwrap_err();
    assert_eq!(error.to_string(), "cannot read /nowhere/f.csv");
}
