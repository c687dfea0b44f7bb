//! Patterns for LIKE and ILIKE.

/// Returns `%term%` with escaped wildcards.
pub fn like_pattern(term: &str) -> String {
    format!("%{}%", escape(term))
}

/// Escapes the wildcards of a text, so that the pattern matches only this text.
pub(super) fn escape(text: &str) -> String {
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
    fn wildcards_are_escaped() {
        assert_eq!(like_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
