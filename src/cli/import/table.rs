//! CSV file as a table: columns by name, rows with their line numbers, decoded text.

use std::borrow::Cow;
use std::io::{Chain, Read};

use anyhow::{Result, bail, ensure};
use csv::{ByteRecord, ReaderBuilder, Terminator};
use encoding_rs::{Encoding, WINDOWS_1252};

use super::input::Input;

/// Column of a table. Shorter rows have an empty field in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column(usize);

impl Column {
    pub const fn index(self) -> usize {
        self.0
    }
}

/// CSV file that is being read.
pub(super) struct Table {
    reader: csv::Reader<Chain<Input, &'static [u8]>>,
    headers: Vec<String>,
    record: ByteRecord,
    text: TextDecoder,
    rows_read: u64,
}

/// Decoder of fields.
#[derive(Debug, Clone, Copy)]
struct TextDecoder {
    encoding: Option<&'static Encoding>,
    /// True if a comma can be the decimal separator, because it is not the delimiter.
    has_decimal_commas: bool,
}

impl Table {
    pub fn read(input: Input, encoding: Option<&'static Encoding>) -> Result<Self> {
        let start = input.first_line();
        let is_utf_16 = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
        ensure!(!is_utf_16, "the file is encoded as UTF-16: save it as UTF-8");
        let delimiter = detect_delimiter(start);
        let text = TextDecoder { encoding, has_decimal_commas: delimiter != b',' };
        // Every record, also the last one, must end with `\n`, so that `next_row` can compute line numbers.
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

    /// Returns the column with this name, if it exists.
    pub fn find(&self, name: &str) -> Option<Column> {
        let has_name = |header: &String| header.to_lowercase() == name.trim().to_lowercase();
        self.headers.iter().position(has_name).map(Column)
    }

    /// Returns the column with this name or an error that lists all columns.
    pub fn require(&self, name: &str) -> Result<Column> {
        match self.find(name) {
            Some(column) => Ok(column),
            None => bail!("the file has no column {name:?}; its columns are: {}", self.headers.join(", ")),
        }
    }

    /// Returns the next row that is not blank.
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
        let inner_line_breaks = self.record.as_slice().iter().filter(|&&byte| byte == b'\n').count();
        let next_line = self.reader.position().line();
        Ok(Some(Row {
            record: &self.record,
            text: self.text,
            line: next_line.saturating_sub(1 + u64::try_from(inner_line_breaks)?),
        }))
    }
}

/// Row of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    record: &'a ByteRecord,
    text: TextDecoder,
    line: u64,
}

/// Line number and fields of a row of the file.
#[derive(Debug, Clone)]
pub(super) struct SourceRow {
    pub line: u64,
    pub fields: Vec<String>,
}

impl<'a> Row<'a> {
    /// Returns the number of the line on which the row starts.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Returns the text of a column without leading and trailing spaces. Empty if the file has no such column.
    pub fn text(&self, column: impl Into<Option<Column>>) -> Cow<'a, str> {
        let field = column.into().and_then(|Column(index)| self.record.get(index));
        match self.text.decode(field.unwrap_or_default()) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        }
    }

    /// Returns the text of a column unless it is empty.
    pub fn filled(&self, column: impl Into<Option<Column>>) -> Option<Cow<'a, str>> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    /// Returns the text of a number with a decimal point instead of a decimal comma.
    pub fn number(&self, column: impl Into<Option<Column>>) -> Cow<'a, str> {
        let text = self.text(column);
        if self.text.has_decimal_commas && !text.contains('.') && text.matches(',').count() == 1 {
            Cow::Owned(text.replace(',', "."))
        } else {
            text
        }
    }

    /// Returns all fields of the row, decoded.
    pub fn fields(&self) -> Vec<String> {
        let fields = self.record.iter();
        fields.map(|field| self.text.decode(field.strip_suffix(b"\r").unwrap_or(field)).into_owned()).collect()
    }

    /// Returns the line number and the fields, for a row that can be rejected later.
    pub fn source(&self) -> SourceRow {
        SourceRow { line: self.line, fields: self.fields() }
    }

    /// Returns true if the row contains a NUL character, which PostgreSQL cannot store.
    pub fn has_nul(&self) -> bool {
        self.record.as_slice().contains(&0)
    }
}

impl TextDecoder {
    fn decode<'a>(&self, field: &'a [u8]) -> Cow<'a, str> {
        match self.encoding {
            Some(encoding) => encoding.decode_without_bom_handling(field).0,
            None => std::str::from_utf8(field)
                .map_or_else(|_| WINDOWS_1252.decode_without_bom_handling(field).0, Cow::Borrowed),
        }
    }
}

/// Returns the delimiter that splits the first line into the most columns, or a comma.
fn detect_delimiter(start: &[u8]) -> u8 {
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
    fn delimiter_is_detected_in_the_first_line() {
        assert_eq!(detect_delimiter(b"a,b,c\n1;2;3;4;5"), b',');
        assert_eq!(detect_delimiter(b"a;\"b,c,d\";e\n"), b';');
        assert_eq!(detect_delimiter(b"a\tb\tc"), b'\t');
        assert_eq!(detect_delimiter(b"a"), b',');
    }

    #[test]
    fn rows_have_the_number_of_their_first_line() {
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
    fn invalid_utf_8_is_decoded_as_windows_1252() {
        let mut table = table(b"\xef\xbb\xbfName,Price\n caf\xc3\xa9 ,1\ncaf\xe9 \x80,2\n");
        let name = table.require("NAME").unwrap();
        assert_eq!(table.next_row().unwrap().unwrap().text(name), "café");
        assert_eq!(table.next_row().unwrap().unwrap().text(name), "café €");
    }

    #[test]
    fn decimal_commas_are_accepted_unless_commas_delimit_columns() {
        let mut semicolons = table(b"a;b\n2,55;1,234.5\n");
        let row = semicolons.next_row().unwrap().unwrap();
        assert_eq!((row.number(Column(0)), row.number(Column(1))), ("2.55".into(), "1,234.5".into()));
        let mut commas = table(b"a,b\n\"2,55\",1\n");
        assert_eq!(commas.next_row().unwrap().unwrap().number(Column(0)), "2,55");
    }

    #[test]
    fn utf_16_is_rejected() {
        let input = Input::new(&b"\xff\xfea\0,\0b\0"[..]).unwrap();
        assert!(Table::read(input, None).is_err());
    }
}
