//! Money: an amount that knows its currency, and the one place where amounts are rounded.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Currency, DecimalString, Quantity};

/// An amount of one currency. Amounts of two currencies are never added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("{left} and {right} cannot be added")]
    MixedCurrencies { left: Currency, right: Currency },
    #[error("the amount is too large")]
    TooLarge,
}

/// A share of an amount, as a fraction: 0.16 is 16 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(Decimal);

impl Rate {
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// A fraction; negative ones do not exist.
    pub fn new(fraction: Decimal) -> Option<Self> {
        (!fraction.is_sign_negative() || fraction.is_zero()).then_some(Self(fraction))
    }

    pub const fn fraction(self) -> Decimal {
        self.0
    }

    pub fn shown(self) -> DecimalString {
        DecimalString::new(self.0, 4)
    }
}

impl Money {
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::ZERO, currency }
    }

    pub const fn amount(self) -> Decimal {
        self.amount
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Half away from zero, to the currency's minor unit: the only rounding there is (`ROUND_HALF_UP` of ISO/IEC 9075).
    #[must_use]
    pub fn rounded(self) -> Self {
        let amount =
            self.amount.round_dp_with_strategy(self.currency.exponent(), RoundingStrategy::MidpointAwayFromZero);
        Self { amount, ..self }
    }

    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.ensure_same_currency(other)?;
        self.with_amount(self.amount.checked_add(other.amount))
    }

    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.ensure_same_currency(other)?;
        self.with_amount(self.amount.checked_sub(other.amount))
    }

    pub fn times(self, quantity: Quantity) -> Result<Self, MoneyError> {
        self.with_amount(self.amount.checked_mul(Decimal::from(quantity.get())))
    }

    /// Unrounded share of this amount.
    pub fn share(self, rate: Rate) -> Result<Self, MoneyError> {
        self.with_amount(self.amount.checked_mul(rate.0))
    }

    /// The net part of a gross amount, unrounded: gross / (1 + rate).
    pub fn without_tax(self, rate: Rate) -> Result<Self, MoneyError> {
        self.with_amount(self.amount.checked_div(Decimal::ONE + rate.0))
    }

    /// The sum in `currency`; zero where there is nothing to add.
    pub fn sum(amounts: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// The amount with the currency's digits, or more of them where the amount has more: `12.50`, `0.0025`.
    pub fn shown(self) -> DecimalString {
        let scale = self.amount.normalize().scale().max(self.currency.exponent());
        DecimalString::new(self.amount, scale)
    }

    fn ensure_same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::MixedCurrencies { left: self.currency, right: other.currency })
        }
    }

    /// Amounts end where the column `numeric(19, 4)` does: below 10^15.
    fn with_amount(self, amount: Option<Decimal>) -> Result<Self, MoneyError> {
        let limit = Decimal::from(1_000_000_000_000_000_i64);
        match amount {
            Some(amount) if amount.abs() < limit => Ok(Self { amount, ..self }),
            _ => Err(MoneyError::TooLarge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: &str, currency: Currency) -> Money {
        Money::new(amount.parse().unwrap(), currency)
    }

    #[test]
    fn amounts_are_rounded_half_away_from_zero_to_the_minor_unit() {
        let cases = [
            ("2.345", Currency::EUR, "2.35"),
            ("2.344999", Currency::EUR, "2.34"),
            ("-2.345", Currency::EUR, "-2.35"),
            ("0.5", Currency::JPY, "1"),
            ("1.4999", Currency::JPY, "1"),
            ("0.0005", Currency::KWD, "0.001"),
        ];
        for (amount, currency, expected) in cases {
            assert_eq!(money(amount, currency).rounded().shown().as_str(), expected, "{amount} {currency}");
        }
    }

    #[test]
    fn two_currencies_are_never_a_number() {
        let euros = money("1", Currency::EUR);
        let pounds = money("1", Currency::GBP);
        let refused = MoneyError::MixedCurrencies { left: Currency::EUR, right: Currency::GBP };
        assert_eq!(euros.plus(pounds), Err(refused));
        assert_eq!(euros.minus(pounds), Err(refused));
    }

    #[test]
    fn an_amount_ends_where_its_column_does() {
        let much = money("999999999.9999", Currency::EUR);
        assert!(much.times(Quantity::new(1_000_000).unwrap()).is_ok());
        let more = money("999999999999999", Currency::EUR);
        assert_eq!(more.plus(money("1", Currency::EUR)), Err(MoneyError::TooLarge));
    }

    #[test]
    fn money_is_shown_at_its_currencys_scale() {
        assert_eq!(money("12.5000", Currency::EUR).shown().as_str(), "12.50");
        assert_eq!(money("12.0000", Currency::JPY).shown().as_str(), "12");
        assert_eq!(money("0.0025", Currency::EUR).shown().as_str(), "0.0025");
    }
}
