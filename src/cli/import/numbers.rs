//! Numbers in the formats of spreadsheets.

use rust_decimal::Decimal;

/// Reason why a text is not a valid number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberError {
    NotANumber,
    TooManyDecimalPlaces,
    TooLarge,
}

/// Removes decimal places that are all zero: `6.0` becomes `6`. Spreadsheets and data frames write whole numbers in
/// this form.
pub(super) fn without_zero_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, places))
            if !places.is_empty()
                && places.bytes().all(|b| b == b'0')
                && whole.bytes().all(|b| b.is_ascii_digit() || b == b'-') =>
        {
            whole
        }
        _ => text,
    }
}

/// Parses a whole number of at most 64 bits.
pub(super) fn parse_whole(text: &str) -> Result<i64, NumberError> {
    let text = without_zero_decimals(text);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NumberError::NotANumber);
    }
    text.parse().map_err(|_| NumberError::TooLarge)
}

/// Parses an amount with at most four decimal places, as many as the database columns have.
pub(super) fn parse_amount(text: &str) -> Result<Decimal, NumberError> {
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    if !has_digit || !is_plain {
        return Err(NumberError::NotANumber);
    }
    let amount = match Decimal::from_str_exact(text) {
        Ok(amount) => amount.normalize(),
        Err(rust_decimal::Error::Underflow) => return Err(NumberError::TooManyDecimalPlaces),
        Err(_) if text.bytes().take_while(|&b| b != b'.').count() > 20 => return Err(NumberError::TooLarge),
        Err(_) => return Err(NumberError::NotANumber),
    };
    if amount.scale() > 4 {
        return Err(NumberError::TooManyDecimalPlaces);
    }
    // The column is numeric(19, 4).
    if amount.abs() >= Decimal::from(1_000_000_000_000_000_i64) {
        return Err(NumberError::TooLarge);
    }
    Ok(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_can_have_zero_decimal_places() {
        let cases = [
            ("6", Ok(6)),
            ("-12", Ok(-12)),
            ("6.0", Ok(6)),
            ("6.00", Ok(6)),
            ("6.5", Err(NumberError::NotANumber)),
            ("6.", Err(NumberError::NotANumber)),
            ("", Err(NumberError::NotANumber)),
            ("-", Err(NumberError::NotANumber)),
            ("1e3", Err(NumberError::NotANumber)),
            ("1_000", Err(NumberError::NotANumber)),
            ("99999999999999999999", Err(NumberError::TooLarge)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_whole(text), expected, "{text:?}");
        }
    }

    #[test]
    fn amounts_have_at_most_four_places() {
        let cases = [
            ("2.55", Ok("2.55")),
            ("2.5500000", Ok("2.55")),
            ("-11062.06", Ok("-11062.06")),
            ("0.0001", Ok("0.0001")),
            (".5", Ok("0.5")),
            ("0.00001", Err(NumberError::TooManyDecimalPlaces)),
            ("0.00000000000000000000000000000000001", Err(NumberError::TooManyDecimalPlaces)),
            ("1000000000000000", Err(NumberError::TooLarge)),
            ("9999999999999999999999999999999999", Err(NumberError::TooLarge)),
            ("£2.55", Err(NumberError::NotANumber)),
            ("1e2", Err(NumberError::NotANumber)),
            ("1.2.3", Err(NumberError::NotANumber)),
            ("-", Err(NumberError::NotANumber)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_amount(text), expected.map(|amount| amount.parse().unwrap()), "{text:?}");
        }
    }
}
