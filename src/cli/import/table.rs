//! A CSV file as a table: columns by name, rows with their lines, text in whatever encoding.

use std::borrow::Cow;
use std::io::{Chain, Read};

use anyhow::{Result, bail, ensure};
use csv::{ByteRecord, ReaderBuilder, Terminator};
use encoding_rs::{Encoding, WINDOWS_1252};

use super::input::Input;

/// A column of a table; rows that end before it have nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column(usize);

impl Column {
    pub const fn place(self) -> usize {
        self.0
    }
}

/// A file being read.
pub(super) struct Table {
    reader: csv::Reader<Chain<Input, &'static [u8]>>,
    headers: Vec<String>,
    record: ByteRecord,
    text: Text,
    rows_read: u64,
}

/// How bytes become text.
#[derive(Debug, Clone, Copy)]
struct Text {
    encoding: Option<&'static Encoding>,
    /// Whether `2,55` is a number: where commas do not part the columns.
    has_decimal_commas: bool,
}

impl Table {
    pub fn read(input: Input, encoding: Option<&'static Encoding>) -> Result<Self> {
        let start = input.first_line();
        let is_utf_16 = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
        ensure!(!is_utf_16, "the file is UTF-16: save it as UTF-8 first");
        let delimiter = sniff_delimiter(start);
        let text = Text { encoding, has_decimal_commas: delimiter != b',' };
        // Records end at `\n` alone, the last one too: else lines could not be counted (see `next_row`).
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .terminator(Terminator::Any(b'\n'))
            .flexible(true)
            .from_reader(input.chain(&b"\n"[..]));
        let headers: Vec<String> =
            reader.byte_headers()?.iter().map(|name| text.decode(name).trim().to_owned()).collect();
        ensure!(!headers.is_empty(), "the file is empty");
        Ok(Self { reader, headers, record: ByteRecord::new(), text, rows_read: 0 })
    }

    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    pub const fn rows_read(&self) -> u64 {
        self.rows_read
    }

    /// The column of this name, if there is one.
    pub fn find(&self, name: &str) -> Option<Column> {
        let is_it = |header: &String| header.to_lowercase() == name.trim().to_lowercase();
        self.headers.iter().position(is_it).map(Column)
    }

    pub fn require(&self, name: &str) -> Result<Column> {
        match self.find(name) {
            Some(column) => Ok(column),
            None => bail!("there is no column {name:?}; there are: {}", self.headers.join(", ")),
        }
    }

    /// The next row that is not blank.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>> {
        loop {
            if !self.reader.read_byte_record(&mut self.record)? {
                return Ok(None);
            }
            if !self.record.as_slice().trim_ascii().is_empty() || self.record.len() > 1 {
                break;
            }
        }
        self.rows_read += 1;
        let breaks_inside = self.record.as_slice().iter().filter(|&&byte| byte == b'\n').count();
        let next_line = self.reader.position().line();
        Ok(Some(Row {
            record: &self.record,
            text: self.text,
            line: next_line.saturating_sub(1 + u64::try_from(breaks_inside)?),
        }))
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    record: &'a ByteRecord,
    text: Text,
    line: u64,
}

impl<'a> Row<'a> {
    /// The line on which it starts.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// What stands in a column, without outer spaces; nothing in one that the file does not have.
    pub fn text(&self, column: impl Into<Option<Column>>) -> Cow<'a, str> {
        let field = column.into().and_then(|Column(place)| self.record.get(place));
        match self.text.decode(field.unwrap_or_default()) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        }
    }

    /// [`Row::text`] where there is any.
    pub fn filled(&self, column: impl Into<Option<Column>>) -> Option<Cow<'a, str>> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    /// A number as it is read by machines: with a point.
    pub fn number(&self, column: impl Into<Option<Column>>) -> Cow<'a, str> {
        let text = self.text(column);
        if self.text.has_decimal_commas && !text.contains('.') && text.matches(',').count() == 1 {
            Cow::Owned(text.replace(',', "."))
        } else {
            text
        }
    }

    /// The row as it was.
    pub fn fields(&self) -> Vec<String> {
        let fields = self.record.iter();
        fields.map(|field| self.text.decode(field.strip_suffix(b"\r").unwrap_or(field)).into_owned()).collect()
    }

    /// Whether it holds what no text of the database may.
    pub fn has_nul(&self) -> bool {
        self.record.as_slice().contains(&0)
    }
}

impl Text {
    fn decode<'a>(&self, field: &'a [u8]) -> Cow<'a, str> {
        match self.encoding {
            Some(encoding) => encoding.decode_without_bom_handling(field).0,
            None => std::str::from_utf8(field)
                .map_or_else(|_| WINDOWS_1252.decode_without_bom_handling(field).0, Cow::Borrowed),
        }
    }
}

/// The delimiter that parts the first line into the most columns; a comma if none does.
fn sniff_delimiter(start: &[u8]) -> u8 {
    let mut is_quoted = false;
    let mut counts = [(b'\t', 0), (b';', 0), (b',', 0)];
    for &byte in start.iter().take_while(|&&byte| byte != b'\n') {
        is_quoted ^= byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += i32::from(!is_quoted && byte == *delimiter);
        }
    }
    let best = counts.into_iter().max_by_key(|&(_, count)| count);
    best.map_or(b',', |(delimiter, _)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(bytes: &'static [u8]) -> Table {
        Table::read(Input::new(bytes).unwrap(), None).unwrap()
    }

    #[test]
    fn the_delimiter_is_seen_in_the_first_line() {
        assert_eq!(sniff_delimiter(b"a,b,c\n1;2;3;4;5"), b',');
        assert_eq!(sniff_delimiter(b"a;\"b,c,d\";e\n"), b';');
        assert_eq!(sniff_delimiter(b"a\tb\tc"), b'\t');
        assert_eq!(sniff_delimiter(b"a"), b',');
    }

    #[test]
    fn a_row_knows_the_line_it_starts_on() {
        for end in ["\n", "\r\n"] {
            let text = "a,b|1,2|\"x|y\",3|||4,5|6,7".replace('|', end);
            let mut table = table(text.leak().as_bytes());
            let mut lines = Vec::new();
            while let Some(row) = table.next_row().unwrap() {
                lines.push((row.line(), row.fields().join(" ")));
            }
            let expected = [(2, "1 2"), (3, &format!("x{end}y 3")), (7, "4 5"), (8, "6 7")];
            assert_eq!(lines, expected.map(|(line, text)| (line, text.to_owned())));
            assert_eq!(table.rows_read(), 4);
        }
    }

    #[test]
    fn text_is_utf_8_or_else_windows_1252() {
        let mut table = table(b"\xef\xbb\xbfName,Price\n caf\xc3\xa9 ,1\ncaf\xe9 \x80,2\n");
        let name = table.require("NAME").unwrap();
        assert_eq!(table.next_row().unwrap().unwrap().text(name), "café");
        assert_eq!(table.next_row().unwrap().unwrap().text(name), "café €");
    }

    #[test]
    fn commas_are_decimal_where_they_do_not_part_columns() {
        let mut semicolons = table(b"a;b\n2,55;1,234.5\n");
        let row = semicolons.next_row().unwrap().unwrap();
        assert_eq!((row.number(Column(0)), row.number(Column(1))), ("2.55".into(), "1,234.5".into()));
        let mut commas = table(b"a,b\n\"2,55\",1\n");
        assert_eq!(commas.next_row().unwrap().unwrap().number(Column(0)), "2,55");
    }

    #[test]
    fn utf_16_is_refused() {
        let input = Input::new(&b"\xff\xfea\0,\0b\0"[..]).unwrap();
        assert!(Table::read(input, None).is_err());
    }
}
