//! Validation of phone numbers.

use crate::platform::ports::DeliveryError;

/// Checks that the text is exactly one number in E.164.
///
/// One provider would accept a comma-separated list, another would guess a missing country code.
pub(super) fn ensure_number(number: &str) -> Result<(), DeliveryError> {
    let is_number = number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_number {
        return Ok(());
    }
    Err(DeliveryError::Rejected { reason: "this is not a phone number in E.164".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::ensure_number;

    #[test]
    fn only_a_single_international_number_is_accepted() {
        for number in ["+254711222333", "+15005550006", "+6421999", "+123456789012345"] {
            assert_eq!(ensure_number(number), Ok(()), "{number}");
        }
        for number in [
            "",
            "+",
            "254711222333",
            "0711222333",
            "+0711222333",
            "+25471122233x",
            "+123456",
            "+1234567890123456",
            "+254711222333,+254711222334",
            "+254 711 222 333",
            "+٢٥٤٧١١٢٢٢٣",
        ] {
            assert!(ensure_number(number).is_err(), "{number}");
        }
    }
}
