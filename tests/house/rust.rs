//! Lexer for the rules: the tokens of Rust code, without comments.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
    /// True for a string literal; `text` is its content.
    pub is_literal: bool,
}

/// Returns true if the tokens start with the tokens of the pattern.
pub fn begin_with(tokens: &[Token], pattern: &[&str]) -> bool {
    tokens.len() >= pattern.len() && tokens.iter().zip(pattern).all(|(token, text)| token.is(text))
}

impl Token {
    pub fn is(&self, text: &str) -> bool {
        !self.is_literal && self.text == text
    }

    pub fn is_word(&self) -> bool {
        !self.is_literal && self.text.starts_with(is_word_character)
    }
}

/// Splits a source into words, `::`, other single signs and string literals.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: source, line: 1, tokens: Vec::new() };
    while lexer.step().is_some() {}
    lexer.tokens
}

const fn is_word_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    /// Reads the next token, comment or space. Returns `None` at the end.
    fn step(&mut self) -> Option<()> {
        let first = self.rest.chars().next()?;
        if self.rest.starts_with("//") {
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(length);
        } else if self.rest.starts_with("/*") {
            let length = block_comment_length(self.rest);
            self.take(length);
        } else if let Some(hashes) = raw_string_hashes(self.rest) {
            self.raw_string(hashes);
        } else if first == '"' {
            self.string();
        } else if first == '\'' {
            let length = quote_length(self.rest);
            self.take(length);
        } else if is_word_character(first) {
            let length = self.rest.find(|c| !is_word_character(c)).unwrap_or(self.rest.len());
            self.push(length);
        } else if self.rest.starts_with("::") {
            self.push(2);
        } else if first.is_whitespace() {
            self.take(first.len_utf8());
        } else {
            self.push(first.len_utf8());
        }
        Some(())
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn push(&mut self, length: usize) {
        let line = self.line;
        let text = self.take(length).to_owned();
        self.tokens.push(Token { text, line, is_literal: false });
    }

    fn string(&mut self) {
        self.take(1);
        let mut is_escaped = false;
        let end = self.rest.find(|c| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        });
        self.literal(end, 1);
    }

    /// Reads `r"…"`, `r#"…"#` or `br"…"` from its first letter.
    fn raw_string(&mut self, hashes: usize) {
        let open = self.rest.find('"').map_or(0, |at| at + 1);
        self.take(open);
        let end = format!("\"{}", "#".repeat(hashes));
        self.literal(self.rest.find(&end), end.len());
    }

    fn literal(&mut self, end: Option<usize>, quote_length: usize) {
        let line = self.line;
        let text = self.take(end.unwrap_or(self.rest.len())).to_owned();
        self.take(quote_length);
        self.tokens.push(Token { text, line, is_literal: true });
    }
}

/// Returns the length of a block comment. Block comments nest.
fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        let (_, rest) = text.split_at(at);
        if rest.is_empty() {
            return at;
        }
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            return at;
        }
    }
}

/// Returns the number of `#` of a raw string that starts here.
fn raw_string_hashes(text: &str) -> Option<usize> {
    let after_r = text.strip_prefix(['b', 'c']).unwrap_or(text).strip_prefix('r')?;
    let quote_on = after_r.trim_start_matches('#');
    quote_on.starts_with('"').then(|| after_r.len() - quote_on.len())
}

/// Returns the length of a character literal, or 1 for the quote of a lifetime or label.
fn quote_length(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => {
            // The escaped character can be a quote.
            let end = characters.skip(1).find(|(_, character)| *character == '\'');
            end.map_or(text.len(), |(at, _)| at + 1)
        }
        _ => match characters.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
    }
}

#[test]
fn lexer_distinguishes_code_comments_and_literals() {
    let source = r##"
        // unsafe
        /* unsafe /* nested */ unsafe */
        fn safe<'a>(quote: char) { let (a, b) = ('\'', '"'); f("un\"safe", r#"raw "unsafe""#); }
    "##;

    let tokens = tokens(source);
    let (literals, code): (Vec<_>, Vec<_>) = tokens.into_iter().partition(|token| token.is_literal);

    let text = |tokens: &[Token]| tokens.iter().map(|t| t.text.clone()).collect::<Vec<_>>().join(" ");
    assert_eq!(text(&literals), r#"un\"safe raw "unsafe""#);
    assert_eq!(text(&code), "fn safe < a > ( quote : char ) { let ( a , b ) = ( , ) ; f ( , ) ; }");
    assert!(code.iter().all(|token| token.line == 4));
}
