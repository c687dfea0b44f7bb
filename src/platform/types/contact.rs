//! E-mail addresses and phone numbers.

use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use phonenumber::Mode;
use utoipa::ToSchema;
use validator::ValidateEmail;

use super::{Country, text_column};
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, text_from_json};

/// E-mail address in lower case, at most 254 bytes, in the format of HTML's `<input type=email>`.
// Always ASCII: an internationalized domain is stored in its encoded form, so that each mailbox has one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsExpression, FromSqlRow, ToSchema)]
#[diesel(sql_type = Text)]
#[schema(value_type = String, format = Email)]
pub struct Email(String);

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = ErrorTree;

    fn from_str(text: &str) -> Result<Self, ErrorTree> {
        let lower = text.trim().to_lowercase();
        if lower.is_empty() {
            return Err(ErrorTree::blank());
        }
        let ascii = with_encoded_domain(&lower).filter(|email| email.len() <= 254 && email.validate_email());
        ascii.map(Self).ok_or_else(|| ErrorTree::message("invalid", "Enter a valid email address."))
    }
}

/// Encodes the domain for DNS: `exampℓe.com` becomes `example.com`, `müller.example` becomes `xn--mller-kva.example`.
fn with_encoded_domain(email: &str) -> Option<String> {
    if email.is_ascii() {
        return Some(email.to_owned());
    }
    let (local, domain) = email.rsplit_once('@')?;
    Some(format!("{local}@{}", idna::domain_to_ascii(domain).ok()?))
}

impl FromJson for Email {
    fn from_json(value: serde_json::Value) -> Result<Self, ErrorTree> {
        text_from_json(value)?.parse()
    }
}

text_column!(Email, unchecked);

/// Phone number in E.164 form, with `+` and country code, valid by the rules of libphonenumber.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsExpression, FromSqlRow, ToSchema)]
#[diesel(sql_type = Text)]
#[schema(value_type = String, example = "+254700000001")]
pub struct Phone(String);

impl Phone {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Phone {
    /// Parses a number in the national format of `country`, or with + and the country code.
    pub fn parse_in_country(text: &str, country: Option<Country>) -> Result<Self, ErrorTree> {
        let invalid = || ErrorTree::message("invalid", "Enter a valid phone number, with + and the country code.");
        let region = country.and_then(|country| country.as_str().parse().ok());
        // libphonenumber accepts up to 250 characters. No real number is that long.
        if text.len() > 40 {
            return Err(invalid());
        }
        let number = phonenumber::parse(region, text.trim()).map_err(|_| invalid())?;
        if !number.is_valid() {
            return Err(invalid());
        }
        Ok(Self(number.format().mode(Mode::E164).to_string()))
    }
}

impl FromStr for Phone {
    type Err = ErrorTree;

    fn from_str(text: &str) -> Result<Self, ErrorTree> {
        Self::parse_in_country(text, None)
    }
}

impl FromJson for Phone {
    fn from_json(value: serde_json::Value) -> Result<Self, ErrorTree> {
        let text = text_from_json(value)?;
        if text.is_empty() { Err(ErrorTree::blank()) } else { text.parse() }
    }
}

text_column!(Phone, unchecked);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_is_stored_in_lower_case() {
        assert_eq!(" Ana@Example.COM ".parse::<Email>().unwrap().as_str(), "ana@example.com");
    }

    #[test]
    fn equivalent_emails_have_one_spelling() {
        for (text, email) in [
            ("ana@exampℓe.com", "ana@example.com"),
            ("ana@ＥＸＡＭＰＬＥ。com", "ana@example.com"),
            ("\u{212a}ate@example.com", "kate@example.com"),
            ("ana@müller.example", "ana@xn--mller-kva.example"),
        ] {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), email);
        }
        for text in ["аna@example.com", "ａna@example.com", "ana\u{200b}@example.com", "ana@\u{202e}example.com"] {
            assert!(text.parse::<Email>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn invalid_emails_are_rejected() {
        for text in ["", "ana", "ana@", "@example.com", "a b@example.com", "ana@example.com\r\nBcc: x@y.z"] {
            assert!(text.parse::<Email>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn phone_number_is_stored_in_e164_form() {
        assert_eq!("+254 700 000 001".parse::<Phone>().unwrap().as_str(), "+254700000001");
        assert_eq!("+44 20 7946 0018".parse::<Phone>().unwrap().as_str(), "+442079460018");
    }

    #[test]
    fn national_phone_numbers_are_parsed() {
        for (country, text, e164) in [
            ("KE", "0700 000 001", "+254700000001"),
            ("KE", "020 222 2222", "+254202222222"),
            ("GB", "020 7946 0018", "+442079460018"),
            ("US", "(650) 253-0000", "+16502530000"),
            ("DE", "030 12345678", "+493012345678"),
            ("FR", "01 42 68 53 00", "+33142685300"),
            ("IT", "06 6982", "+39066982"),
            ("ES", "912 345 678", "+34912345678"),
            ("IN", "080-4611 2222", "+918046112222"),
            ("JP", "03-1234-5678", "+81312345678"),
            ("BR", "(11) 91234-5678", "+5511912345678"),
            ("ZA", "012 345 6789", "+27123456789"),
            ("UG", "0772 123456", "+256772123456"),
            // A country code in the number overrides the country.
            ("KE", "+1 650 253 0000", "+16502530000"),
        ] {
            let country = country.parse().ok();
            assert_eq!(Phone::parse_in_country(text, country).unwrap().as_str(), e164, "{country:?} {text}");
        }
    }

    #[test]
    fn invalid_national_phone_numbers_are_rejected() {
        for (country, text) in [
            ("KE", "0700"),
            ("KE", "999"),
            ("US", "555-0100"),
            ("US", "(000) 253-0000"),
            ("GB", "020 7946 001"),
            ("DE", "0"),
            ("JP", "call me"),
            ("AQ", "0700 000 001"),
        ] {
            let country = country.parse().ok();
            assert!(Phone::parse_in_country(text, country).is_err(), "{country:?} {text}");
        }
    }

    #[test]
    fn invalid_phone_numbers_are_rejected() {
        for text in ["", "12", "0700000001", "+999123456789", "+2547000000010000000", "call me"] {
            assert!(text.parse::<Phone>().is_err(), "{text:?}");
        }
    }
}
