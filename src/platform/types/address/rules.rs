//! What an address needs in each country.
//!
//! The facts are those of Google's address data (libaddressinput), in `countries.jsonl`, which `scripts/countries.py`
//! makes. Letters are made large in postal codes only: a city is written as its people write it.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;
use serde::Deserialize;

use super::super::Country;
use crate::platform::error::ErrorTree;

/// A part of an address that some countries need and others do not know.
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

/// What an address needs in one country.
#[derive(Debug, Deserialize)]
pub struct AddressRules {
    code: String,
    pub required: Vec<AddressPart>,
    pub used: Vec<AddressPart>,
    /// A regular expression for the whole of a postal code.
    pub postal_code: Option<String>,
    #[serde(default)]
    pub examples: Vec<String>,
    /// What an area is called there: a state, a province, a county.
    pub area_name: Option<String>,
    /// The known areas, each by its names: first the one that stands on a letter.
    #[serde(default)]
    pub areas: Vec<Vec<String>>,
    #[serde(skip)]
    pattern: OnceLock<Option<Regex>>,
}

static COUNTRIES: LazyLock<HashMap<String, AddressRules>> = LazyLock::new(|| {
    let lines = include_str!("countries.jsonl").lines();
    // The first line says where all this is from; a test reads the others.
    let rules = lines.skip(1).filter_map(|line| serde_json::from_str::<AddressRules>(line).ok());
    rules.map(|rules| (rules.code.clone(), rules)).collect()
});

/// Of countries that the data does not know: a street and a city, and nothing is checked.
static USUAL: LazyLock<AddressRules> = LazyLock::new(|| AddressRules {
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
    pub fn of(country: Country) -> &'static Self {
        COUNTRIES.get(country.as_str()).unwrap_or(&USUAL)
    }

    /// Where the country is not known.
    pub fn usual() -> &'static Self {
        &USUAL
    }

    pub fn needs(&self, part: AddressPart) -> bool {
        self.required.contains(&part)
    }

    pub(super) fn city(&self, text: Option<String>) -> Result<String, ErrorTree> {
        self.there(AddressPart::City, text)
    }

    /// Where areas matter, one of those that there are; elsewhere what is known by another name gets its own.
    pub(super) fn area(&self, text: Option<String>) -> Result<String, ErrorTree> {
        let text = self.there(AddressPart::Area, text)?;
        match self.find_area(&text) {
            Some(area) => Ok(area.to_owned()),
            None if text.is_empty() || self.areas.is_empty() || !self.needs(AddressPart::Area) => Ok(text),
            None => Err(ErrorTree::message("invalid_choice", format!("\"{text}\" is not a valid choice."))),
        }
    }

    pub(super) fn postal_code(&self, text: Option<String>) -> Result<String, ErrorTree> {
        let text = self.there(AddressPart::PostalCode, text)?.to_uppercase();
        let code = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if code.is_empty() {
            return Ok(code);
        }
        if !self.used.contains(&AddressPart::PostalCode) {
            return Err(ErrorTree::message("invalid", "This country has no postal codes: leave it empty."));
        }
        let Some(pattern) = self.pattern() else { return Ok(code) };
        // Spaces help to read a long number; where they are no part of it, they are left out.
        let candidates = [code.replace(' ', ""), code];
        let good = candidates.into_iter().rev().find(|code| pattern.is_match(code));
        good.ok_or_else(|| self.wrong_code())
    }

    fn wrong_code(&self) -> ErrorTree {
        let example = self.examples.first().map(|example| format!(", such as {example}")).unwrap_or_default();
        ErrorTree::message("invalid", format!("Enter a valid postal code{example}."))
    }

    fn pattern(&self) -> Option<&Regex> {
        let compile = || Regex::new(&format!("^(?:{})$", self.postal_code.as_deref()?)).ok();
        self.pattern.get_or_init(compile).as_ref()
    }

    /// Refused where it is needed and missing.
    fn there(&self, part: AddressPart, text: Option<String>) -> Result<String, ErrorTree> {
        match text {
            None if self.needs(part) => Err(ErrorTree::required()),
            Some(text) if text.is_empty() && self.needs(part) => Err(ErrorTree::blank()),
            text => Ok(text.unwrap_or_default()),
        }
    }

    /// The area of this name, as it is written: by its code where that is of plain letters, else in the script that was
    /// used.
    fn find_area(&self, text: &str) -> Option<&str> {
        let lower = text.to_lowercase();
        let folded = folded(text);
        let is_it = |name: &str| name.to_lowercase() == lower;
        let is_like_it = |name: &str| folded.is_some() && self::folded(name) == folded;
        self.area_by(is_it).or_else(|| self.area_by(is_like_it))
    }

    fn area_by(&self, is_it: impl Fn(&str) -> bool) -> Option<&str> {
        self.areas.iter().find_map(|names| {
            let name = names.iter().find(|name| is_it(name))?;
            let first = names.first().filter(|first| first.is_ascii());
            Some(first.unwrap_or(name).as_str())
        })
    }
}

/// A name in Latin letters without its marks: `São Paulo` is also `sao paulo`.
fn folded(name: &str) -> Option<String> {
    let is_latin = name.chars().all(|c| c < '\u{250}');
    is_latin.then(|| slug::slugify(name)).filter(|folded| !folded.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_is_read_and_every_pattern_matches_its_examples() {
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
    fn no_area_hides_another() {
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
