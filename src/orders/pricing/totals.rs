//! Order arithmetic: each amount of a line is rounded once, and totals are sums of rounded lines.

use crate::platform::types::{Currency, Money, MoneyError, Quantity, TaxRate};

/// Tax settings of a channel.
#[derive(Debug, Clone, Copy)]
pub struct TaxRule {
    pub rate: TaxRate,
    pub prices_include_tax: bool,
}

/// Input for the price of a line.
#[derive(Debug, Clone, Copy)]
pub struct LineToPrice {
    pub unit_price: Money,
    pub quantity: Quantity,
    /// Discount on the whole line, at most its amount.
    pub discount: Money,
}

/// Price of a line: gross = net + tax, each rounded to the currency's minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinePrice {
    pub net: Money,
    pub tax: Money,
    pub gross: Money,
    pub discount: Money,
}

/// Sums over the lines of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderTotals {
    pub net: Money,
    pub tax: Money,
    pub gross: Money,
    pub discount: Money,
}

/// Calculates unit price × quantity − discount, rounded once, and the tax, rounded once.
///
/// If prices include tax: net = round(gross / (1 + rate)), tax = gross − net. Otherwise: tax = round(net × rate),
/// gross = net + tax.
pub fn price_line(line: &LineToPrice, rule: &TaxRule) -> Result<LinePrice, MoneyError> {
    let discount = line.discount;
    let amount = line.unit_price.times(line.quantity)?.minus(discount)?.rounded();
    if rule.prices_include_tax {
        let net = amount.without_tax(rule.rate)?.rounded();
        Ok(LinePrice { net, tax: amount.minus(net)?, gross: amount, discount })
    } else {
        let tax = amount.share(rule.rate)?.rounded();
        Ok(LinePrice { net: amount, tax, gross: amount.plus(tax)?, discount })
    }
}

/// Sums the prices of the lines.
pub fn total<'a>(
    lines: impl Iterator<Item = &'a LinePrice> + Clone,
    currency: Currency,
) -> Result<OrderTotals, MoneyError> {
    Ok(OrderTotals {
        net: Money::sum(lines.clone().map(|line| line.net), currency)?,
        tax: Money::sum(lines.clone().map(|line| line.tax), currency)?,
        gross: Money::sum(lines.clone().map(|line| line.gross), currency)?,
        discount: Money::sum(lines.map(|line| line.discount), currency)?,
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
        TaxRule { rate: TaxRate::new(rate.parse().unwrap()).unwrap(), prices_include_tax }
    }

    fn line(unit_price: &str, quantity: i32, discount: &str, currency: Currency) -> LineToPrice {
        LineToPrice {
            unit_price: money(unit_price, currency),
            quantity: Quantity::new(quantity).unwrap(),
            discount: money(discount, currency),
        }
    }

    #[test]
    fn line_amount_and_tax_are_each_rounded_once() {
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
            let amounts =
                [price.net, price.tax, price.gross].map(|amount| amount.to_decimal_string().as_str().to_owned());
            assert_eq!(amounts, [net, tax, gross], "{quantity} × {unit} {currency}");
        }
    }

    #[test]
    fn lines_in_different_currencies_cannot_be_summed() {
        let euro = line("1", 1, "0", Currency::EUR);
        let pound = line("1", 1, "0", Currency::GBP);
        let rule = rule("0.2", false);
        let lines = [euro, pound].map(|line| price_line(&line, &rule).unwrap());
        assert!(matches!(total(lines.iter(), Currency::EUR), Err(MoneyError::MixedCurrencies { .. })));
    }

    proptest! {
        #[test]
        fn line_amounts_add_up_to_the_totals(
            items in prop::collection::vec((0_i64..10_000_000, 1_i32..1000), 1..40),
            rate in 0_i64..3000,
            included in any::<bool>(),
        ) {
            let rule = TaxRule { rate: TaxRate::new(Decimal::new(rate, 4)).unwrap(), prices_include_tax: included };
            let lines: Vec<_> = items.into_iter().map(|(amount, quantity)| {
                let line = LineToPrice {
                    unit_price: Money::new(Decimal::new(amount, 4), Currency::EUR),
                    quantity: Quantity::new(quantity).unwrap(),
                    discount: Money::zero(Currency::EUR),
                };
                price_line(&line, &rule).unwrap()
            }).collect();
            let totals = total(lines.iter(), Currency::EUR).unwrap();
            prop_assert_eq!(totals.net.plus(totals.tax).unwrap(), totals.gross);
            for price in lines {
                prop_assert_eq!(price.net.plus(price.tax).unwrap(), price.gross);
                prop_assert_eq!(price.gross, price.gross.rounded());
            }
        }
    }
}
