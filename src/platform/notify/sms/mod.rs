//! Text messages: two providers, and a log for development.

mod africas_talking;
mod exchange;
mod log;
mod twilio;

use crate::platform::ports::DeliveryError;

pub use africas_talking::AfricasTalking;
pub use log::LogSms;
pub use twilio::Twilio;

/// Exactly one number in E.164. One provider takes a list separated by commas, another would
/// guess a missing country: neither is asked.
fn ensure_number(number: &str) -> Result<(), DeliveryError> {
    let is_number = number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_number {
        return Ok(());
    }
    Err(DeliveryError::Refused { reason: "this is not a phone number in E.164".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::ensure_number;

    #[test]
    fn only_one_international_number_passes() {
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
