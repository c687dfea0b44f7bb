//! Dates of invoices in several formats, parsed as UTC.

use anyhow::{Result, bail};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// Default formats, tried in this order after RFC 3339.
const DEFAULT_FORMATS: [&str; 6] =
    ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d/%m/%Y"];

/// Plausible years. Any other year means that the format does not match.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// Parser of dates.
///
/// `05/12/2010` is ambiguous; the default formats parse it as 5 December. The parser records whether other dates of the
/// file contradict this, so that a file with the month first is rejected instead of imported with wrong dates.
pub(super) struct Dates<'a> {
    formats: &'a [String],
    /// Last parsed text and date. Consecutive rows of an invoice usually have the same date.
    last: Option<(String, DateTime<Utc>)>,
    has_day_first: bool,
    month_first: Option<String>,
}

impl<'a> Dates<'a> {
    /// Creates a parser of the given formats, or of the default formats if there are none.
    pub const fn new(formats: &'a [String]) -> Self {
        Self { formats, last: None, has_day_first: false, month_first: None }
    }

    pub fn parse(&mut self, text: &str) -> Option<DateTime<Utc>> {
        if let Some((last, date)) = &self.last
            && last == text
        {
            return Some(*date);
        }
        self.record_order(text);
        let date = if self.formats.is_empty() {
            let rfc_3339 = DateTime::parse_from_rfc3339(text).ok().map(|date| date.to_utc());
            rfc_3339.or_else(|| DEFAULT_FORMATS.iter().find_map(|format| parse_as(text, format)))
        } else {
            self.formats.iter().find_map(|format| parse_as(text, format))
        };
        let date = date.filter(|date| YEARS.contains(&date.year()))?;
        self.last = Some((text.to_owned(), date));
        Some(date)
    }

    /// Returns an error if the dates of the file have the month before the day.
    pub fn ensure_day_comes_first(&self) -> Result<()> {
        match &self.month_first {
            Some(example) if self.formats.is_empty() && !self.has_day_first => bail!(
                "the dates of the file have the month before the day, such as {example:?}: \
                 specify their format, for example --date-format '%m/%d/%Y %H:%M'"
            ),
            _ => Ok(()),
        }
    }

    /// Records whether the text proves that the day or the month comes first.
    fn record_order(&mut self, text: &str) {
        let mut parts = text.split('/').map(|part| part.parse::<u32>().ok());
        match (parts.next().flatten(), parts.next().flatten()) {
            (Some(13..=31), Some(1..=12)) => self.has_day_first = true,
            (Some(1..=12), Some(13..=31)) => {
                self.month_first.get_or_insert_with(|| text.to_owned());
            }
            _ => {}
        }
    }
}

fn parse_as(text: &str, format: &str) -> Option<DateTime<Utc>> {
    let with_zone = || DateTime::parse_from_str(text, format).ok().map(|date| date.to_utc());
    let with_time = NaiveDateTime::parse_from_str(text, format).ok().map(|date| date.and_utc());
    let day = || NaiveDate::parse_from_str(text, format).ok();
    with_zone().or(with_time).or_else(|| Some(day()?.and_time(NaiveTime::MIN).and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, formats: &[&str]) -> Option<String> {
        let formats: Vec<String> = formats.iter().map(ToString::to_string).collect();
        Dates::new(&formats).parse(text).map(|date| date.to_rfc3339())
    }

    #[test]
    fn default_formats_are_parsed() {
        let cases = [
            ("2010-12-01 08:26:00", "2010-12-01T08:26:00+00:00"),
            ("1/12/2010 8:26", "2010-12-01T08:26:00+00:00"),
            ("2010-12-01T08:26:00Z", "2010-12-01T08:26:00+00:00"),
            ("2010-12-01T08:26:00+03:00", "2010-12-01T05:26:00+00:00"),
            ("2010-12-01", "2010-12-01T00:00:00+00:00"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text, &[]).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "13/13/2010 8:26", "1/12/10 8:26", "2010-02-30 00:00:00"] {
            assert_eq!(read(text, &[]), None, "{text}");
        }
    }

    #[test]
    fn given_formats_replace_the_default_formats() {
        let month_first = &["%m/%d/%Y %H:%M"];
        assert_eq!(read("12/1/2010 8:26", month_first).as_deref(), Some("2010-12-01T08:26:00+00:00"));
        assert_eq!(read("2010-12-01 08:26:00", month_first), None);
        assert_eq!(read("12/1/10", &["%m/%d/%y"]).as_deref(), Some("2010-12-01T00:00:00+00:00"));
    }

    #[test]
    fn dates_with_the_month_first_are_detected() {
        let mut dates = Dates::new(&[]);
        dates.parse("12/1/2010 8:26");
        assert!(dates.ensure_day_comes_first().is_ok());
        dates.parse("12/31/2010 8:26");
        assert!(dates.ensure_day_comes_first().is_err());
        // One wrong date in a file with the day first only rejects its row.
        dates.parse("31/12/2010 8:26");
        assert!(dates.ensure_day_comes_first().is_ok());
    }
}
