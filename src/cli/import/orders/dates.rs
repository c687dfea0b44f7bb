//! Dates of invoices, in whatever form the other shop wrote them. All are read as UTC.

use anyhow::{Result, bail};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// Tried in this order, after RFC 3339, where no form is named.
const FORMS: [&str; 6] =
    ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d/%m/%Y"];

/// Years outside of these are a wrong form, not an old invoice.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// A reader of dates.
///
/// `05/12/2010` may be a day of May or of December, and the usual forms take it for the 5th of December. So that a
/// whole history is not dated wrongly in silence, the reader watches whether the file's other dates agree.
pub(super) struct Dates<'a> {
    named: &'a [String],
    /// The rows of an invoice follow each other: what was read last is often asked again.
    last: Option<(String, DateTime<Utc>)>,
    has_day_first: bool,
    month_first: Option<String>,
}

impl<'a> Dates<'a> {
    /// Reads the forms that are `named`, or the usual ones.
    pub const fn new(named: &'a [String]) -> Self {
        Self { named, last: None, has_day_first: false, month_first: None }
    }

    pub fn parse(&mut self, text: &str) -> Option<DateTime<Utc>> {
        if let Some((last, date)) = &self.last
            && last == text
        {
            return Some(*date);
        }
        self.watch(text);
        let date = if self.named.is_empty() {
            let rfc_3339 = DateTime::parse_from_rfc3339(text).ok().map(|date| date.to_utc());
            rfc_3339.or_else(|| FORMS.iter().find_map(|form| parse_as(text, form)))
        } else {
            self.named.iter().find_map(|form| parse_as(text, form))
        };
        let date = date.filter(|date| YEARS.contains(&date.year()))?;
        self.last = Some((text.to_owned(), date));
        Some(date)
    }

    /// Refuses a file whose dates, read as day/month, contradict themselves.
    pub fn ensure_day_comes_first(&self) -> Result<()> {
        match &self.month_first {
            Some(example) if self.named.is_empty() && !self.has_day_first => bail!(
                "the dates of this file have the month before the day, as in {example:?}: \
                 name their form, as in --date-format '%m/%d/%Y %H:%M'"
            ),
            _ => Ok(()),
        }
    }

    fn watch(&mut self, text: &str) {
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

fn parse_as(text: &str, form: &str) -> Option<DateTime<Utc>> {
    let with_zone = || DateTime::parse_from_str(text, form).ok().map(|date| date.to_utc());
    let with_time = NaiveDateTime::parse_from_str(text, form).ok().map(|date| date.and_utc());
    let day = || NaiveDate::parse_from_str(text, form).ok();
    with_zone().or(with_time).or_else(|| Some(day()?.and_time(NaiveTime::MIN).and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, named: &[&str]) -> Option<String> {
        let named: Vec<String> = named.iter().map(ToString::to_string).collect();
        Dates::new(&named).parse(text).map(|date| date.to_rfc3339())
    }

    #[test]
    fn several_forms_are_known() {
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
    fn a_named_form_is_the_only_one() {
        let american = &["%m/%d/%Y %H:%M"];
        assert_eq!(read("12/1/2010 8:26", american).as_deref(), Some("2010-12-01T08:26:00+00:00"));
        assert_eq!(read("2010-12-01 08:26:00", american), None);
        assert_eq!(read("12/1/10", &["%m/%d/%y"]).as_deref(), Some("2010-12-01T00:00:00+00:00"));
    }

    #[test]
    fn a_file_with_the_month_first_is_noticed() {
        let mut dates = Dates::new(&[]);
        dates.parse("12/1/2010 8:26");
        assert!(dates.ensure_day_comes_first().is_ok());
        dates.parse("12/31/2010 8:26");
        assert!(dates.ensure_day_comes_first().is_err());
        // One slip in a file of the other kind is a refused row, not another kind of file.
        dates.parse("31/12/2010 8:26");
        assert!(dates.ensure_day_comes_first().is_ok());
    }
}
