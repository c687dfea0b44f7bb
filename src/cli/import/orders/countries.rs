//! Countries by the names that shops use.

use serde_json::{Value, json};

use crate::platform::types::Country;

/// Common names that ISO 3166 does not contain.
const ALIASES: [(&str, &str); 21] = [
    ("bolivia", "BO"),
    ("czech republic", "CZ"),
    ("eire", "IE"),
    ("england", "GB"),
    ("great britain", "GB"),
    ("holland", "NL"),
    ("iran", "IR"),
    ("korea", "KR"),
    ("netherlands", "NL"),
    ("northern ireland", "GB"),
    ("republic of ireland", "IE"),
    ("rsa", "ZA"),
    ("russia", "RU"),
    ("scotland", "GB"),
    ("south korea", "KR"),
    ("taiwan", "TW"),
    ("tanzania", "TZ"),
    ("turkey", "TR"),
    ("united kingdom", "GB"),
    ("united states", "US"),
    ("vietnam", "VN"),
];

/// Returns the country of a name or code. `None` if it is not a single country, such as the Channel Islands.
pub(super) fn country_of(name: &str) -> Option<Country> {
    let name = name.trim().to_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, code)| *code);
    let code = match name.as_str() {
        "uk" => Some("GB"),
        "usa" => Some("US"),
        "uae" => Some("AE"),
        code if code.len() == 2 => Some(code),
        _ => alias,
    };
    match code {
        Some(code) => code.parse().ok(),
        None => Country::from_name(&name),
    }
}

/// Returns an address that contains only the country: its code, if known, and its name as in the file.
pub(super) fn address_in(name: Option<&str>) -> Value {
    let name = name.unwrap_or_default();
    json!({"country": country_of(name), "country_name": name})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_found_by_common_names() {
        let cases = [
            ("United Kingdom", "GB"),
            ("EIRE", "IE"),
            ("germany", "DE"),
            ("USA", "US"),
            ("RSA", "ZA"),
            ("Czech Republic", "CZ"),
            ("Hong Kong", "HK"),
            ("United Arab Emirates", "AE"),
            ("Netherlands", "NL"),
            ("ke", "KE"),
            ("UK", "GB"),
        ];
        for (name, code) in cases {
            assert_eq!(country_of(name).map(|country| country.as_str()), Some(code), "{name}");
        }
    }

    #[test]
    fn regions_and_unknown_names_have_no_country() {
        for name in ["Channel Islands", "European Community", "Unspecified", "", "XX"] {
            assert_eq!(country_of(name), None, "{name}");
        }
    }

    #[test]
    fn every_alias_has_a_country() {
        for (alias, _) in ALIASES {
            assert!(country_of(alias).is_some(), "{alias}");
        }
    }
}
