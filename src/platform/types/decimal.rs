//! Decimal numbers in JSON: read from a string or a number, written as a string.

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::platform::error::ErrorTree;
use crate::platform::http::FromJson;

/// Decimal in a response: a string with a fixed number of decimal places, `"12.50"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = "decimal", pattern = r"^-?\d+(\.\d+)?$", example = "12.50")]
pub struct DecimalString(String);

impl DecimalString {
    /// Formats `value` with exactly `scale` decimal places.
    pub fn new(mut value: Decimal, scale: u32) -> Self {
        value.rescale(scale);
        Self(value.to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Unit price: not negative, below 10^9, with at most four decimal places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = "decimal", pattern = r"^\d{0,9}(\.\d{0,4})?$", example = "12.50")]
pub struct Price(Decimal);

impl Price {
    pub const fn get(self) -> Decimal {
        self.0
    }
}

impl FromJson for Price {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let amount = decimal_from_json(value, 9, 4)?;
        if amount.is_sign_negative() && !amount.is_zero() { Err(ErrorTree::min_value(0)) } else { Ok(Self(amount)) }
    }
}

/// Reads a decimal with at most `whole` digits before and `places` digits after the decimal point.
pub fn decimal_from_json(value: Value, whole: u32, places: u32) -> Result<Decimal, ErrorTree> {
    let decimal = Decimal::from_json(value)?.normalize();
    if decimal.scale() > places {
        let text = format!("Ensure that there are no more than {places} decimal places.");
        return Err(ErrorTree::message("max_decimal_places", text));
    }
    if decimal.abs().trunc() >= power_of_ten(whole) {
        let text = format!("Ensure that there are no more than {whole} digits before the decimal point.");
        return Err(ErrorTree::message("max_whole_digits", text));
    }
    Ok(decimal)
}

impl FromJson for Decimal {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let invalid = || ErrorTree::message("invalid", "A valid number is required.");
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return Err(invalid()),
        };
        let text = text.trim();
        if text.len() > 1000 {
            return Err(ErrorTree::message("max_string_length", "String value too large."));
        }
        // Only digits, sign, point and exponent: the parser would also accept underscores.
        if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E')) {
            return Err(invalid());
        }
        Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).map_err(|_| invalid())
    }
}

/// Returns 10^`exponent`, or the largest decimal on overflow.
fn power_of_ten(exponent: u32) -> Decimal {
    (0..exponent).try_fold(Decimal::ONE, |power, _| power.checked_mul(Decimal::TEN)).unwrap_or(Decimal::MAX)
}
