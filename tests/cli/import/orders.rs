//! Import of orders and returns from invoice lines.

use pretty_assertions::assert_eq;

use super::support::*;

const TWO_INVOICES: &str = "\
536365,85123A,WHITE HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,71053,METAL LANTERN,2,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
536366,22633,HAND WARMER,6,2010-12-01 08:28:00,1.85,,EIRE
";

#[test]
fn invoice_becomes_a_delivered_and_paid_order() {
    let (db, _guard) = database();

    let report = import_orders(&db, TWO_INVOICES);

    let totals = &order_counts(&report).orders;
    assert_eq!((totals.new, totals.new_lines, totals.total.to_decimal_string().as_str()), (2, 3, "33.18"));
    assert_eq!(order_counts(&report).lines_without_customer, 1);
    let sql = "select concat_ws('|', number, status, payment_status, fulfillment_status, origin, currency, \
                 subtotal_net, total_net, total_tax, total_gross, placed_at at time zone 'UTC', email) \
                 from orders order by number";
    assert_eq!(
        query(&db, sql),
        [
            "536365|delivered|paid|fulfilled|import|GBP|22.0800|22.0800|0.0000|22.0800|2010-12-01 08:26:00",
            "536366|delivered|paid|fulfilled|import|GBP|11.1000|11.1000|0.0000|11.1000|2010-12-01 08:28:00",
        ]
    );
}

#[test]
fn imported_order_has_payment_fulfillment_and_history() {
    let (db, _guard) = database();

    import_orders(&db, TWO_INVOICES);

    let charges = "select concat_ws('|', o.number, p.gateway, p.currency, t.kind, t.amount) from payments p \
                   join payment_transactions t on t.payment_id = p.id join orders o on o.id = p.order_id order by 1";
    assert_eq!(query(&db, charges), ["536365|import|GBP|charge|22.0800", "536366|import|GBP|charge|11.1000"]);
    let delivered = "select concat_ws('|', o.number, f.status, l.sku, fl.quantity) from fulfillments f \
                     join fulfillment_lines fl on fl.fulfillment_id = f.id join order_lines l on l.id = fl.order_line_id \
                     join orders o on o.id = f.order_id order by l.order_id, l.position";
    assert_eq!(
        query(&db, delivered),
        ["536365|delivered|85123A|6", "536365|delivered|71053|2", "536366|delivered|22633|6"]
    );
    let history = "select concat_ws('|', coalesce(from_status, '-'), to_status, actor, note) from order_history";
    assert_eq!(query(&db, history), [r#"-|delivered|{"type": "system"}|imported"#; 2]);
}

#[test]
fn order_import_sends_no_messages_and_changes_no_stock() {
    let (db, _guard) = database();

    import_orders(&db, TWO_INVOICES);

    let silent = "select (select count(*) from events) + (select count(*) from jobs) + (select count(*) from messages) \
                  + (select count(*) from stocks) + (select count(*) from stock_movements) \
                  + (select count(*) from variant_prices)";
    assert_eq!(query(&db, silent), ["0"]);
}

#[test]
fn equal_rows_are_separate_lines() {
    let (db, _guard) = database();
    let row = "536409,22111,SCOTTIE DOG,1,2010-12-01 11:45:00,4.95,17908,United Kingdom\n";

    let report = import_orders(&db, &row.repeat(3));

    assert_eq!(order_counts(&report).orders.total.to_decimal_string().as_str(), "14.85");
    assert_eq!(
        query(&db, "select position || ' ' || sku from order_lines order by position"),
        ["0 22111", "1 22111", "2 22111"]
    );
}

#[test]
fn rows_of_an_invoice_need_not_be_consecutive() {
    let (db, _guard) = database();

    import_orders(
        &db,
        "1,A,Anchor,1,2010-12-02 10:00:00,1.00,,Germany\n\
         2,B,Bell,1,2010-12-02 10:00:00,1.00,,Germany\n\
         1,C,Cup,0,2010-12-02 10:00:00,1.00,,Germany\n\
         1,D,Drum,1,2010-12-01 10:00:00,2.00,77,France\n",
    );

    let lines = "select concat_ws(' ', o.number, l.position, l.sku) from order_lines l join orders o on o.id = l.order_id \
                 order by o.number, l.position";
    assert_eq!(query(&db, lines), ["1 0 A", "1 1 D", "2 0 B"]);
    let first = "select concat_ws('|', o.placed_at at time zone 'UTC', o.shipping_address ->> 'country', c.external_id) \
                 from orders o join customers c on c.id = o.customer_id where o.number = '1'";
    assert_eq!(query(&db, first), ["2010-12-01 10:00:00|DE|77"]);
}

#[test]
fn credit_note_becomes_a_return_without_order() {
    let (db, _guard) = database();

    let report = import_orders(
        &db,
        "536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n\
         C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom\n\
         c536391,85123A,HEART HOLDER,-2,2010-12-01 10:24:00,2.55,,United Kingdom\n",
    );

    let returns = &order_counts(&report).returns;
    assert_eq!((returns.new, returns.new_lines, returns.total.to_decimal_string().as_str()), (2, 2, "-32.60"));
    assert_eq!(order_counts(&report).orders.total.to_decimal_string().as_str(), "15.30");
    let sql = "select concat_ws('|', number, status, origin, coalesce(order_id::text, '-'), total_gross, \
                 coalesce(c.external_id, '-')) from returns left join customers c on c.id = customer_id order by number";
    assert_eq!(query(&db, sql), ["C536379|refunded|import|-|27.5000|14527", "c536391|refunded|import|-|5.1000|-"]);
    let lines =
        "select concat_ws('|', position, sku, quantity, unit_price, total_gross) from return_lines order by sku";
    assert_eq!(query(&db, lines), ["0|85123A|2|2.5500|5.1000", "0|D|1|27.5000|27.5000"]);
}

#[test]
fn spellings_of_one_sku_share_a_product() {
    let (db, _guard) = database();

    import_orders(
        &db,
        "1,85123A,HEART HOLDER,1,2010-12-01 08:00:00,1,,\n\
         1,85123a,CREAM HEART HOLDER,1,2010-12-01 08:00:00,1,,\n\
         2,85123A,HEART HOLDER,1,2010-12-01 08:00:00,1,,\n\
         2,85123a,,1,2010-12-01 08:00:00,1,,\n\
         2,NAMELESS,,1,2010-12-01 08:00:00,1,,\n",
    );

    let products = "select concat_ws('|', v.sku, p.name, p.slug, p.is_active, p.archived_at is not null, p.category_id) \
                    from variants v join products p on p.id = v.product_id order by sku";
    assert_eq!(query(&db, products), ["85123A|HEART HOLDER|heart-holder|f|t", "NAMELESS|NAMELESS|nameless|f|t"]);
    let lines = "select l.sku || ' ' || product_name from order_lines l join orders o on o.id = order_id \
                 order by number, position";
    assert_eq!(
        query(&db, lines),
        [
            "85123A HEART HOLDER",
            "85123a CREAM HEART HOLDER",
            "85123A HEART HOLDER",
            "85123a HEART HOLDER",
            "NAMELESS NAMELESS",
        ]
    );
}

#[test]
fn order_import_uses_existing_variants_unchanged() {
    let (db, _guard) = database();
    import_products(&db, "sku,name,price,stock\nmug-1,Mug,12.50,5\n");
    let before = query(&db, "select p::text from products p");

    import_orders(&db, "1,MUG-1,OLD MUG,3,2010-12-01 08:00:00,9.99,,\n");

    assert_eq!(query(&db, "select p::text from products p"), before);
    assert_eq!(query(&db, "select quantity || ' ' || allocated from stocks"), ["5 0"]);
    assert_eq!(query(&db, "select sku || ' ' || product_name from order_lines"), ["MUG-1 OLD MUG"]);
}

#[test]
fn each_line_is_rounded_once_and_the_order_is_their_sum() {
    let (db, _guard) = database();

    import_orders(
        &db,
        "1,A,A,3,2010-12-01 08:00:00,0.0125,,\n\
         1,B,B,1,2010-12-01 08:00:00,0.0050,,\n\
         1,C,C,1,2010-12-01 08:00:00,0.0049,,\n",
    );

    assert_eq!(query(&db, "select total_gross from order_lines order by position"), ["0.0400", "0.0100", "0.0000"]);
    assert_eq!(query(&db, "select total_gross from orders"), ["0.0500"]);
}

#[test]
fn country_keeps_its_name_and_code() {
    let (db, _guard) = database();

    import_orders(
        &db,
        "1,A,A,1,2010-12-01 08:00:00,1,,EIRE\n\
         2,A,A,1,2010-12-01 08:00:00,1,,Channel Islands\n\
         3,A,A,1,2010-12-01 08:00:00,1,,\n",
    );

    assert_eq!(
        query(&db, "select shipping_address from orders order by number"),
        [
            r#"{"country": "IE", "country_name": "EIRE"}"#,
            r#"{"country": null, "country_name": "Channel Islands"}"#,
            r#"{"country": null, "country_name": ""}"#,
        ]
    );
}

#[test]
fn customers_are_found_by_external_id() {
    let (db, _guard) = database();
    execute(
        &db,
        "insert into customers (id, external_id, name, created_at, updated_at) \
         values (gen_random_uuid(), '17850', 'Ana', now(), now())",
    );

    import_orders(&db, TWO_INVOICES);

    assert_eq!(query(&db, "select external_id || ' ' || name from customers"), ["17850 Ana"]);
    assert_eq!(query(&db, "select count(customer_id) from orders"), ["1"]);
}
