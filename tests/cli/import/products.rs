//! Import of products.

use mercer::cli::import::{FileOptions, ImportCommand, ImportReport, ImportSummary, ProductsCommand, RowCounts};
use pretty_assertions::assert_eq;

use super::support::*;

const CATALOGUE: &str = "\
sku,name,description,category,price,currency,stock,options,is_active
MUG,Mug,Enamelled,kitchen,12.50,EUR,7,,true
PAN-20,Pan,Steel,Kitchen > Pans,32.00,EUR,3,size=20 cm,
PAN-24,Pan,Steel,Kitchen > Pans,38.00,EUR,0,size=24 cm,
PLATE,Plate,,c-9,4.00,,,,no
";

fn counts(report: &ImportReport) -> RowCounts {
    match report.summary {
        ImportSummary::Products(changes) => changes,
        ref other => panic!("unexpected summary: {other:?}"),
    }
}

fn shop() -> (mercer::platform::db::Db, TestDatabase) {
    let (db, guard) = database();
    import_categories(&db, "id,parent_id,name\nc-1,,Kitchen\nc-2,c-1,Pans\nc-9,,Table\n");
    (db, guard)
}

fn stored_rows(db: &mercer::platform::db::Db) -> Vec<String> {
    query(
        db,
        "select concat_ws('|', v.sku, p.slug, c.slug, v.options, vp.amount, vp.currency, s.quantity, p.is_active) \
         from variants v join products p on p.id = v.product_id left join categories c on c.id = p.category_id \
         left join variant_prices vp on vp.variant_id = v.id left join stocks s on s.variant_id = v.id order by v.sku",
    )
}

#[test]
fn catalogue_import_creates_products_variants_prices_and_stock() {
    let (db, _guard) = shop();

    let report = import_products(&db, CATALOGUE);

    assert_eq!(counts(&report).created, 4);
    assert_eq!(
        stored_rows(&db),
        [
            "MUG|mug|kitchen|{}|12.5000|EUR|7|t",
            r#"PAN-20|pan|pans|{"size": "20 cm"}|32.0000|EUR|3|t"#,
            r#"PAN-24|pan|pans|{"size": "24 cm"}|38.0000|EUR|0|t"#,
            "PLATE|plate|table|{}|4.0000|EUR|f",
        ]
    );
    assert_eq!(query(&db, "select count(*) from products"), ["3"]);
    assert_eq!(query(&db, "select name from variants where sku = 'PAN-20'"), ["20 cm"]);
    assert_eq!(query(&db, "select distinct topic || ' ' || count(*) over () from events"), ["product.created 3"]);
    let ledger = "select concat_ws(' ', kind, quantity_delta, quantity_after) from stock_movements order by 1 desc";
    assert_eq!(query(&db, ledger), ["received 7 7", "received 3 3", "received 0 0"]);
}

#[test]
fn repeated_catalogue_import_changes_nothing() {
    let (db, _guard) = shop();
    import_products(&db, CATALOGUE);
    let before = (stored_rows(&db), row_counts(&db), query(&db, "select p::text from products p order by id"));

    let report = import_products(&db, CATALOGUE);

    assert_eq!(counts(&report).unchanged, 4);
    assert_eq!((stored_rows(&db), row_counts(&db), query(&db, "select p::text from products p order by id")), before);
}

#[test]
fn catalogue_import_updates_only_the_given_values() {
    let (db, _guard) = shop();
    import_products(&db, CATALOGUE);

    let report = import_products(
        &db,
        "sku,name,price,stock,options\nmug,Big mug,13,5,\nPAN-20,Pan,,,size=20 cm\nPAN-28,Pan,44,1,size=28 cm\n",
    );

    assert_eq!((counts(&report).updated, counts(&report).unchanged, counts(&report).created), (1, 1, 1));
    assert_eq!(
        stored_rows(&db)[..4],
        [
            "MUG|mug|kitchen|{}|13.0000|EUR|5|t",
            r#"PAN-20|pan|pans|{"size": "20 cm"}|32.0000|EUR|3|t"#,
            r#"PAN-24|pan|pans|{"size": "24 cm"}|38.0000|EUR|0|t"#,
            r#"PAN-28|pan|pans|{"size": "28 cm"}|44.0000|EUR|1|t"#,
        ]
    );
    assert_eq!(query(&db, "select name || ' ' || description from products where slug = 'mug'"), ["Big mug Enamelled"]);
    let counted = "select concat_ws(' ', quantity_delta, quantity_after, note, actor) from stock_movements \
                   where kind = 'counted'";
    assert_eq!(query(&db, counted), [r#"-2 5 imported {"type": "system"}"#]);
}

#[test]
fn separated_rows_with_one_name_are_two_products() {
    let (db, _guard) = shop();

    import_products(&db, "sku,name,options\nA,Cup,size=S\nB,Plate,\nC,Cup,size=M\nD,Jug,\nE,Jug,\n");

    assert_eq!(
        query(&db, "select v.sku || ' ' || p.slug from variants v join products p on p.id = v.product_id order by 1"),
        ["A cup", "B plate", "C cup-2", "D jug", "E jug-2"]
    );
}

#[test]
fn catalogue_import_restores_an_archived_product() {
    let (db, _guard) = shop();
    import_orders(&db, "1,MUG,OLD MUG,1,2010-12-01 08:00:00,1,,\n");

    import_products(&db, "sku,name,price,is_active\nmug,Mug,12.50,yes\n");

    let product = "select concat_ws('|', v.sku, p.name, p.is_active, coalesce(p.archived_at::text, '-'), coalesce(v.archived_at::text, '-')) \
                   from variants v join products p on p.id = v.product_id";
    assert_eq!(query(&db, product), ["MUG|Mug|t|-|-"]);
    assert_eq!(query(&db, "select product_name from order_lines"), ["OLD MUG"]);
}

#[test]
fn invalid_product_rows_are_rejected() {
    let (db, _guard) = shop();

    let report = import_products(
        &db,
        "sku,name,category,price,currency,stock,options,is_active\n\
         A,Anchor,,1,,,,\n\
         a,Anchor,,1,,,,\n\
         ,Nameless,,1,,,,\n\
         B,,,1,,,,\n\
         C,Cup,cellar,1,,,,\n\
         D,Drum,,1,USD,,,\n\
         E,Egg,,-1,,,,\n\
         F,Fan,,x,,,,\n\
         G,Gun,,1,,-4,,\n\
         H,Hat,,1,,,large,\n\
         I,Ink,,1,,,,maybe\n",
    );

    assert_eq!(
        rejections(&report),
        [
            ("an earlier row has the same SKU", vec![3]),
            ("the SKU is missing", vec![4]),
            ("the name is missing", vec![5]),
            ("the category \"cellar\" does not exist", vec![6]),
            ("the currency differs from the currency of the channel", vec![7]),
            ("the price is negative", vec![8]),
            ("the price is not a number with at most four decimal places", vec![9]),
            ("the stock is not a whole number from 0 to 1,000,000,000", vec![10]),
            ("the options are not pairs such as size=20 cm; colour=Sage", vec![11]),
            ("is_active is neither true nor false", vec![12]),
        ]
    );
    assert_eq!(query(&db, "select sku from variants"), ["A"]);
}

#[test]
fn stock_below_the_allocated_quantity_rejects_the_row() {
    let (db, _guard) = shop();
    import_products(&db, CATALOGUE);
    execute(&db, "update stocks set allocated = 6 where quantity = 7");
    let before = stored_rows(&db);

    let report = import_products(&db, "sku,name,price,stock\nMUG,Other,99,5\n");

    assert_eq!(rejections(&report), [("the stock is less than the 6 that are allocated to orders", vec![2])]);
    assert_eq!(stored_rows(&db), before);
    assert_eq!(query(&db, "select name from products where slug = 'mug'"), ["Mug"]);
}

#[test]
fn catalogue_import_supports_batches_and_dry_runs() {
    let (db, _guard) = shop();
    let rows: String = (0..50).map(|n| format!("S-{n},Cup,{n}\n")).collect();
    let mut file = FileOptions::new("-");
    file.batch = 7;
    let mut command = ProductsCommand { file, channel: None };
    let catalogue = format!("sku,name,price\n{rows}");

    command.file.dry_run = true;
    let report = run(&db, &ImportCommand::Products(command.clone()), catalogue.clone()).unwrap();
    assert_eq!((counts(&report).created, query(&db, "select count(*) from products")), (50, vec!["0".to_owned()]));

    command.file.dry_run = false;
    run(&db, &ImportCommand::Products(command), catalogue).unwrap();
    assert_eq!(query(&db, "select count(distinct slug) from products where slug like 'cup%'"), ["50"]);
    assert_eq!(query(&db, "select slug from products order by length(slug) desc, slug desc limit 1"), ["cup-50"]);
}
