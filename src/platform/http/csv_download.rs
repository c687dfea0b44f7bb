//! CSV downloads (RFC 4180, UTF-8), streamed in batches so that memory does not limit their length.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::Bytes;
use futures_util::future::{BoxFuture, ready};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::platform::error::Problem;

/// Rows of a CSV file. Spreadsheet programs evaluate none of their cells as a formula.
#[derive(Debug, Default)]
pub struct CsvRows(Vec<Vec<String>>);

impl CsvRows {
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        self.0.push(cells.into_iter().map(|cell| escape_formula(cell).into_owned()).collect());
    }

    fn into_csv(self) -> Result<Bytes, Problem> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        for row in self.0 {
            writer.write_record(&row).map_err(|error| Problem::internal(error.into()))?;
        }
        let bytes = writer.into_inner().map_err(|error| Problem::internal(anyhow::anyhow!("{error}")))?;
        Ok(bytes.into())
    }
}

/// Prefixes a formula with an apostrophe, so that spreadsheet programs read it as text. Removes NUL.
fn escape_formula(cell: &str) -> Cow<'_, str> {
    let cell: Cow<'_, str> = if cell.contains('\0') { cell.replace('\0', "").into() } else { cell.into() };
    // Spreadsheet programs with an East Asian locale also read the full-width forms.
    let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    if cell.starts_with(formula) { format!("'{cell}").into() } else { cell }
}

/// Next batch of rows and the position after it, or `None` at the end.
pub type NextCsvRows<S> = BoxFuture<'static, Result<Option<(CsvRows, S)>, Problem>>;

/// Returns a response with a file of this name: the `first` rows, then the batches that `next` returns from `start` on.
///
/// An error after the start aborts the connection, so that the client does not mistake a part for the whole file.
pub fn download_csv<S: 'static>(
    name: &str,
    first: CsvRows,
    start: S,
    next: impl Fn(S) -> NextCsvRows<S> + 'static,
) -> Result<HttpResponse, Problem> {
    let first = first.into_csv()?;
    let rest = stream::try_unfold((start, next), |(position, next)| async move {
        let Some((rows, position)) = next(position).await? else { return Ok(None) };
        Ok::<_, Problem>(Some((rows.into_csv()?, (position, next))))
    });
    let body = stream::once(ready(Ok(first))).chain(rest).map_err(actix_web::Error::from);
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name.to_owned())],
    };
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, disposition))
        .streaming(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_escaped() {
        for (cell, escaped) in [
            ("=1+1", "'=1+1"),
            ("+254700000001", "'+254700000001"),
            ("-1", "'-1"),
            ("@sum(a1)", "'@sum(a1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("\n=1", "'\n=1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("\0=1", "'=1"),
            ("a\0b", "ab"),
            ("", ""),
            ("'=1", "'=1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(escape_formula(cell), escaped, "{cell:?}");
        }
    }

    #[test]
    fn quotes_commas_and_line_breaks_are_quoted() {
        let mut rows = CsvRows::default();
        rows.push(["a \"b\"", "c,d", "e\nf", ""]);
        assert_eq!(rows.into_csv().unwrap(), "\"a \"\"b\"\"\",\"c,d\",\"e\nf\",\r\n");
    }
}
