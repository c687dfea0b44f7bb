//! Rules for the addresses of each country.
//!
//! `scripts/countries.py` generates `countries.jsonl` from Google's address data (libaddressinput). Only postal codes
//! are converted to upper case. A city keeps its spelling.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;
use serde::Deserialize;

use super::super::Country;
use crate::platform::error::ErrorTree;

/// Part of an address that is required, optional or unused, depending on the country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressPart {
    Line1,
    City,
    Area,
    PostalCode,
}

impl AddressPart {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Line1 => "line1",
            Self::City => "city",
            Self::Area => "area",
            Self::PostalCode => "postal_code",
        }
    }
}

/// Rules for the addresses of one country.
#[derive(Debug, Deserialize)]
pub struct AddressRules {
    code: String,
    pub required: Vec<AddressPart>,
    pub used: Vec<AddressPart>,
    /// Regular expression that matches a complete postal code.
    pub postal_code: Option<String>,
    #[serde(default)]
    pub examples: Vec<String>,
    /// Local term for an area: state, province or county.
    pub area_name: Option<String>,
    /// Names of each known area. The first name is the one for postal labels.
    #[serde(default)]
    pub areas: Vec<Vec<String>>,
    #[serde(skip)]
    pattern: OnceLock<Option<Regex>>,
}

static COUNTRIES: LazyLock<HashMap<String, AddressRules>> = LazyLock::new(|| {
    let lines = include_str!("countries.jsonl").lines();
    // The first line states the source and licence of the data. A test ensures that every other line parses.
    let rules = lines.skip(1).filter_map(|line| serde_json::from_str::<AddressRules>(line).ok());
    rules.map(|rules| (rules.code.clone(), rules)).collect()
});

/// Rules for countries without data: street and city are required, and no format is validated.
static DEFAULT_RULES: LazyLock<AddressRules> = LazyLock::new(|| AddressRules {
    code: String::new(),
    required: vec![AddressPart::Line1, AddressPart::City],
    used: vec![AddressPart::Line1, AddressPart::City, AddressPart::Area, AddressPart::PostalCode],
    postal_code: None,
    examples: Vec::new(),
    area_name: None,
    areas: Vec::new(),
    pattern: OnceLock::new(),
});

impl AddressRules {
    pub fn for_country(country: Country) -> &'static Self {
        COUNTRIES.get(country.as_str()).unwrap_or(&DEFAULT_RULES)
    }

    /// Returns the rules for an address whose country is missing or invalid.
    pub fn default_rules() -> &'static Self {
        &DEFAULT_RULES
    }

    pub fn requires(&self, part: AddressPart) -> bool {
        self.required.contains(&part)
    }

    pub(super) fn city(&self, text: Option<String>) -> Result<String, ErrorTree> {
        self.check_required(AddressPart::City, text)
    }

    /// Replaces a known area with its name for postal labels. Rejects an unknown area if the country requires an area.
    pub(super) fn area(&self, text: Option<String>) -> Result<String, ErrorTree> {
        let text = self.check_required(AddressPart::Area, text)?;
        match self.find_area(&text) {
            Some(area) => Ok(area.to_owned()),
            None if text.is_empty() || self.areas.is_empty() || !self.requires(AddressPart::Area) => Ok(text),
            None => Err(ErrorTree::invalid_choice(&text)),
        }
    }

    pub(super) fn postal_code(&self, text: Option<String>) -> Result<String, ErrorTree> {
        let text = self.check_required(AddressPart::PostalCode, text)?.to_uppercase();
        let code = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if code.is_empty() {
            return Ok(code);
        }
        if !self.used.contains(&AddressPart::PostalCode) {
            return Err(ErrorTree::message("invalid", "This country has no postal codes: leave it empty."));
        }
        let Some(pattern) = self.pattern() else { return Ok(code) };
        // Try the code as sent, then without spaces.
        let candidates = [code.replace(' ', ""), code];
        let valid = candidates.into_iter().rev().find(|code| pattern.is_match(code));
        valid.ok_or_else(|| self.invalid_postal_code())
    }

    fn invalid_postal_code(&self) -> ErrorTree {
        let example = self.examples.first().map(|example| format!(", such as {example}")).unwrap_or_default();
        ErrorTree::message("invalid", format!("Enter a valid postal code{example}."))
    }

    fn pattern(&self) -> Option<&Regex> {
        let compile = || Regex::new(&format!("^(?:{})$", self.postal_code.as_deref()?)).ok();
        self.pattern.get_or_init(compile).as_ref()
    }

    /// Rejects a missing or empty part if the country requires it.
    fn check_required(&self, part: AddressPart, text: Option<String>) -> Result<String, ErrorTree> {
        match text {
            None if self.requires(part) => Err(ErrorTree::required()),
            Some(text) if text.is_empty() && self.requires(part) => Err(ErrorTree::blank()),
            text => Ok(text.unwrap_or_default()),
        }
    }

    /// Finds an area by any of its names, first exactly and then without accents.
    ///
    /// Returns the name for postal labels if it is ASCII, and otherwise the matching name, in the script of the input.
    fn find_area(&self, text: &str) -> Option<&str> {
        let lower = text.to_lowercase();
        let folded = without_accents(text);
        let is_equal = |name: &str| name.to_lowercase() == lower;
        let is_similar = |name: &str| folded.is_some() && without_accents(name) == folded;
        self.area_by(is_equal).or_else(|| self.area_by(is_similar))
    }

    fn area_by(&self, matches: impl Fn(&str) -> bool) -> Option<&str> {
        self.areas.iter().find_map(|names| {
            let name = names.iter().find(|name| matches(name))?;
            let first = names.first().filter(|first| first.is_ascii());
            Some(first.unwrap_or(name).as_str())
        })
    }
}

/// Returns a name in Latin script in lower case without accents: `São Paulo` becomes `sao-paulo`.
fn without_accents(name: &str) -> Option<String> {
    let is_latin = name.chars().all(|c| c < '\u{250}');
    is_latin.then(|| slug::slugify(name)).filter(|folded| !folded.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_parsed_and_its_pattern_matches_its_examples() {
        let lines = include_str!("countries.jsonl").lines().skip(1);
        assert_eq!(lines.count(), COUNTRIES.len());
        assert!(COUNTRIES.len() > 240);
        for rules in COUNTRIES.values() {
            assert_eq!(rules.pattern().is_some(), rules.postal_code.is_some(), "{}", rules.code);
            for example in &rules.examples {
                assert!(rules.postal_code(Some(example.clone())).is_ok(), "{}: {example}", rules.code);
            }
        }
    }

    #[test]
    fn each_area_is_found_by_its_own_names() {
        for rules in COUNTRIES.values() {
            for names in &rules.areas {
                for name in names {
                    let found = rules.find_area(name).unwrap();
                    assert!(names.iter().any(|own| own == found), "{}: {name} is {found}", rules.code);
                }
            }
        }
    }
}
