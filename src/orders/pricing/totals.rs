//! The arithmetic of orders: every line is rounded once, and totals are sums of rounded lines.

use crate::platform::types::{Currency, Money, MoneyError, Quantity, Rate};

/// How a channel taxes.
#[derive(Debug, Clone, Copy)]
pub struct TaxRule {
    pub rate: Rate,
    pub prices_include_tax: bool,
}

/// A line before it is priced.
#[derive(Debug, Clone, Copy)]
pub struct LineToPrice {
    pub unit_price: Money,
    pub quantity: Quantity,
    /// For the whole line; at most its amount.
    pub discount: Money,
}

/// A priced line: gross = net + tax, each rounded to the currency's minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinePrice {
    pub net: Money,
    pub tax: Money,
    pub gross: Money,
}

/// The sums of an order's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderTotals {
    pub net: Money,
    pub tax: Money,
    pub gross: Money,
    pub discount: Money,
}

/// Unit × quantity − discount, rounded once; then tax, rounded once.
///
/// With tax in the price: net = round(gross / (1 + rate)), tax = gross − net. Without: tax = round(net × rate),
/// gross = net + tax.
pub fn price_line(line: &LineToPrice, rule: &TaxRule) -> Result<LinePrice, MoneyError> {
    let amount = line.unit_price.times(line.quantity)?.minus(line.discount)?.rounded();
    if rule.prices_include_tax {
        let net = amount.without_tax(rule.rate)?.rounded();
        Ok(LinePrice { net, tax: amount.minus(net)?, gross: amount })
    } else {
        let tax = amount.share(rule.rate)?.rounded();
        Ok(LinePrice { net: amount, tax, gross: amount.plus(tax)? })
    }
}

/// What the lines come to together.
pub fn total(lines: &[(LineToPrice, LinePrice)], currency: Currency) -> Result<OrderTotals, MoneyError> {
    Ok(OrderTotals {
        net: Money::sum(lines.iter().map(|(_, price)| price.net), currency)?,
        tax: Money::sum(lines.iter().map(|(_, price)| price.tax), currency)?,
        gross: Money::sum(lines.iter().map(|(_, price)| price.gross), currency)?,
        discount: Money::sum(lines.iter().map(|(line, _)| line.discount), currency)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn money(amount: &str, currency: Currency) -> Money {
        Money::new(amount.parse().unwrap(), currency)
    }

    fn rule(rate: &str, prices_include_tax: bool) -> TaxRule {
        TaxRule { rate: Rate::new(rate.parse().unwrap()).unwrap(), prices_include_tax }
    }

    fn line(unit_price: &str, quantity: i32, discount: &str, currency: Currency) -> LineToPrice {
        LineToPrice {
            unit_price: money(unit_price, currency),
            quantity: Quantity::new(quantity).unwrap(),
            discount: money(discount, currency),
        }
    }

    #[test]
    fn lines_are_taxed_and_rounded_once() {
        let cases = [
            // unit, quantity, discount, rate, included, currency, net, tax, gross
            ("12.50", 2, "0", "0.16", false, Currency::EUR, "25.00", "4.00", "29.00"),
            ("12.50", 2, "5.00", "0.16", false, Currency::EUR, "20.00", "3.20", "23.20"),
            ("0.333", 3, "0", "0.20", false, Currency::EUR, "1.00", "0.20", "1.20"),
            ("0.0025", 100, "0", "0.19", false, Currency::EUR, "0.25", "0.05", "0.30"),
            ("11.90", 1, "0", "0.19", true, Currency::EUR, "10.00", "1.90", "11.90"),
            ("9.99", 3, "0", "0.07", true, Currency::EUR, "28.01", "1.96", "29.97"),
            ("333", 3, "0", "0.10", false, Currency::JPY, "999", "100", "1099"),
            ("1.2345", 1, "0", "0.05", false, Currency::KWD, "1.235", "0.062", "1.297"),
            ("0", 5, "0", "0.16", false, Currency::EUR, "0.00", "0.00", "0.00"),
        ];
        for (unit, quantity, discount, rate, included, currency, net, tax, gross) in cases {
            let price = price_line(&line(unit, quantity, discount, currency), &rule(rate, included)).unwrap();
            let shown = [price.net, price.tax, price.gross].map(|amount| amount.shown().as_str().to_owned());
            assert_eq!(shown, [net, tax, gross], "{quantity} × {unit} {currency}");
        }
    }

    #[test]
    fn lines_of_two_currencies_have_no_total() {
        let euro = line("1", 1, "0", Currency::EUR);
        let pound = line("1", 1, "0", Currency::GBP);
        let rule = rule("0.2", false);
        let lines = [(euro, price_line(&euro, &rule).unwrap()), (pound, price_line(&pound, &rule).unwrap())];
        assert!(matches!(total(&lines, Currency::EUR), Err(MoneyError::MixedCurrencies { .. })));
    }

    proptest! {
        #[test]
        fn an_invoice_always_adds_up(
            items in prop::collection::vec((0_i64..10_000_000, 1_i32..1000), 1..40),
            rate in 0_i64..3000,
            included in any::<bool>(),
        ) {
            let rule = TaxRule { rate: Rate::new(Decimal::new(rate, 4)).unwrap(), prices_include_tax: included };
            let lines: Vec<_> = items.into_iter().map(|(amount, quantity)| {
                let line = LineToPrice {
                    unit_price: Money::new(Decimal::new(amount, 4), Currency::EUR),
                    quantity: Quantity::new(quantity).unwrap(),
                    discount: Money::zero(Currency::EUR),
                };
                (line, price_line(&line, &rule).unwrap())
            }).collect();
            let totals = total(&lines, Currency::EUR).unwrap();
            prop_assert_eq!(totals.net.plus(totals.tax).unwrap(), totals.gross);
            for (_, price) in lines {
                prop_assert_eq!(price.net.plus(price.tax).unwrap(), price.gross);
                prop_assert_eq!(price.gross, price.gross.rounded());
            }
        }
    }
}
