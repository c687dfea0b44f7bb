//! Tables to download, as CSV (RFC 4180) in UTF-8: written in pieces, so that no length is too long for the memory.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::Bytes;
use futures_util::future::{BoxFuture, ready};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::platform::error::Problem;

/// Rows of a table; a spreadsheet runs none of their cells.
#[derive(Debug, Default)]
pub struct Rows(Vec<Vec<String>>);

impl Rows {
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        self.0.push(cells.into_iter().map(|cell| harmless(cell).into_owned()).collect());
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

/// What a spreadsheet would take for a formula is led by an apostrophe, which makes it a text; NUL is left out.
fn harmless(cell: &str) -> Cow<'_, str> {
    let cell: Cow<'_, str> = if cell.contains('\0') { cell.replace('\0', "").into() } else { cell.into() };
    // The wide forms are read as the narrow ones where Chinese and Japanese are written.
    let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    if cell.starts_with(formula) { format!("'{cell}").into() } else { cell }
}

/// The next rows and where to go on after them; none at the end.
pub type NextRows<S> = BoxFuture<'static, Result<Option<(Rows, S)>, Problem>>;

/// Answers with a file of this name: the first rows, and then what `next` brings from `start` on.
///
/// A failure on the way breaks the connection off, so that nobody takes the half for the whole.
pub fn download<S: 'static>(
    name: &str,
    first: Rows,
    start: S,
    next: impl Fn(S) -> NextRows<S> + 'static,
) -> Result<HttpResponse, Problem> {
    let first = first.into_csv()?;
    let rest = stream::try_unfold((start, next), |(place, next)| async move {
        let Some((rows, place)) = next(place).await? else { return Ok(None) };
        Ok::<_, Problem>(Some((rows.into_csv()?, (place, next))))
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
    fn no_cell_is_a_formula() {
        for (cell, written) in [
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
            assert_eq!(harmless(cell), written, "{cell:?}");
        }
    }

    #[test]
    fn quotes_commas_and_lines_stay_in_their_cell() {
        let mut rows = Rows::default();
        rows.push(["a \"b\"", "c,d", "e\nf", ""]);
        assert_eq!(rows.into_csv().unwrap(), "\"a \"\"b\"\"\",\"c,d\",\"e\nf\",\r\n");
    }
}
