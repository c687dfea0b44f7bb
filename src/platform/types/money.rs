//! Money: an amount with its currency, and the only place that rounds amounts.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Currency, DecimalString, Quantity};

/// Amount of one currency. Adding amounts of two currencies is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("amounts in {left} and {right} cannot be added")]
    MixedCurrencies { left: Currency, right: Currency },
    #[error("the amount is too large")]
    TooLarge,
}

/// Tax rate as a fraction: 0.16 is 16 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxRate(Decimal);

impl TaxRate {
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Creates a rate from a fraction. Returns `None` if it is negative.
    pub fn new(fraction: Decimal) -> Option<Self> {
        (!fraction.is_sign_negative() || fraction.is_zero()).then_some(Self(fraction))
    }

    pub const fn fraction(self) -> Decimal {
        self.0
    }

    pub fn to_decimal_string(self) -> DecimalString {
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

    /// Rounds half away from zero to the currency's minor unit (`ROUND_HALF_UP` of ISO/IEC 9075).
    ///
    /// Mercer rounds amounts in no other way.
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

    /// Returns the unrounded fraction `rate` of this amount.
    pub fn share(self, rate: TaxRate) -> Result<Self, MoneyError> {
        self.with_amount(self.amount.checked_mul(rate.0))
    }

    /// Returns the unrounded net amount of a gross amount: gross / (1 + rate).
    pub fn without_tax(self, rate: TaxRate) -> Result<Self, MoneyError> {
        self.with_amount(self.amount.checked_div(Decimal::ONE + rate.0))
    }

    /// Returns the sum of the amounts, which is zero `currency` if there are none.
    pub fn sum(amounts: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// Formats the amount with the decimal places of the currency, or more if the amount has more: `12.50`, `0.0025`.
    pub fn to_decimal_string(self) -> DecimalString {
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

    /// Sets the amount if it fits the column type `numeric(19, 4)`, which ends below 10^15.
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
            assert_eq!(money(amount, currency).rounded().to_decimal_string().as_str(), expected, "{amount} {currency}");
        }
    }

    #[test]
    fn amounts_of_two_currencies_are_not_added() {
        let euros = money("1", Currency::EUR);
        let pounds = money("1", Currency::GBP);
        let error = MoneyError::MixedCurrencies { left: Currency::EUR, right: Currency::GBP };
        assert_eq!(euros.plus(pounds), Err(error));
        assert_eq!(euros.minus(pounds), Err(error));
    }

    #[test]
    fn amounts_beyond_the_column_type_are_rejected() {
        let highest_price = money("999999999.9999", Currency::EUR);
        assert!(highest_price.times(Quantity::new(1_000_000).unwrap()).is_ok());
        let highest_amount = money("999999999999999", Currency::EUR);
        assert_eq!(highest_amount.plus(money("1", Currency::EUR)), Err(MoneyError::TooLarge));
    }

    #[test]
    fn amounts_are_formatted_with_the_decimal_places_of_the_currency() {
        assert_eq!(money("12.5000", Currency::EUR).to_decimal_string().as_str(), "12.50");
        assert_eq!(money("12.0000", Currency::JPY).to_decimal_string().as_str(), "12");
        assert_eq!(money("0.0025", Currency::EUR).to_decimal_string().as_str(), "0.0025");
    }
}
