//! Parser of e-mails: headers, then one part for each content type.

use base64::{Engine, engine::general_purpose::STANDARD};

#[derive(Debug)]
pub struct ParsedMail {
    headers: Vec<(String, String)>,
    pub text: String,
    pub html: String,
}

impl ParsedMail {
    /// Parses a `multipart/alternative` message with a text part and an HTML part, in this order.
    pub fn parse(raw: &str) -> Self {
        assert!(!raw.replace("\r\n", "").contains(['\r', '\n']), "every line ends with CRLF");
        let (headers, body) = split(raw);
        let kind = values(&headers, "Content-Type").concat();
        assert!(kind.starts_with("multipart/alternative"), "{kind}");
        let boundary = kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();

        let parts: Vec<_> = body.split(&format!("--{boundary}")).map(split).collect();
        assert_eq!(parts.len(), 4, "preamble, text, HTML, end");
        Self { text: decoded(&parts[1], "text/plain"), html: decoded(&parts[2], "text/html"), headers }
    }

    /// Returns the value of a header, which must occur exactly once.
    pub fn header(&self, name: &str) -> &str {
        let values = values(&self.headers, name);
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        values[0]
    }

    pub fn header_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

type Part = (Vec<(String, String)>, String);

/// Splits a message into its headers, with folded lines joined, and its body.
fn split(raw: &str) -> Part {
    let raw = raw.trim_start_matches("\r\n");
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
    let head = head.replace("\r\n ", " ");
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    (headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), body.to_owned())
}

fn values<'a>(headers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
}

fn decoded((headers, body): &Part, kind: &str) -> String {
    assert_eq!(values(headers, "Content-Type"), [format!("{kind}; charset=utf-8")]);
    let bytes = match values(headers, "Content-Transfer-Encoding").as_slice() {
        ["base64"] => STANDARD.decode(body.replace("\r\n", "")).unwrap(),
        ["quoted-printable"] => unquoted(&body.replace("=\r\n", "")),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n").trim_end().to_owned()
}

fn unquoted(text: &str) -> Vec<u8> {
    let mut pieces = text.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    bytes
}
