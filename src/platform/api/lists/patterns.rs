//! Patterns for LIKE and ILIKE.

/// `%term%` for ILIKE, with the pattern's own signs taken literally.
pub fn like_pattern(term: &str) -> String {
    format!("%{}%", literal(term))
}

/// A pattern that matches just this text.
pub(super) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_the_pattern_are_literal() {
        assert_eq!(like_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
