//! Text for headers, error reasons and logs: on one line and without personal data.

/// Maximum number of characters of a provider's reply that Mercer stores.
const MAX_REPLY_CHARS: usize = 200;

/// Replaces every run of white space and control characters by one space.
///
/// A line break in a header would start another header, so every header value must pass through this function.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns the reply of a mail server with all e-mail addresses redacted.
pub(super) fn mail_reply(reply: &str) -> String {
    let line = one_line(reply);
    let redacted: Vec<&str> = line.split(' ').map(|word| if word.contains('@') { "(address)" } else { word }).collect();
    truncate(&redacted.join(" "))
}

/// Returns the reply of an SMS provider with all phone numbers redacted.
pub(super) fn sms_reply(reply: &str) -> String {
    let mut redacted = String::new();
    let mut digits = String::new();
    for c in one_line(reply).chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            push_digits(&mut redacted, &mut digits);
            redacted.push(c);
        }
    }
    push_digits(&mut redacted, &mut digits);

    truncate(&redacted)
}

/// Appends the digits, or a placeholder if they are long enough for a phone number.
///
/// Error codes, which staff members look up, have at most five digits.
fn push_digits(text: &mut String, digits: &mut String) {
    if digits.len() >= 7 {
        text.push_str("(number)");
    } else {
        text.push_str(digits);
    }
    digits.clear();
}

fn truncate(text: &str) -> String {
    match text.char_indices().nth(MAX_REPLY_CHARS) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// Masks an e-mail address for logs: `ana@example.com` becomes `a***@example.com`.
pub(super) fn masked_address(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((name, domain)) => {
            let initial = name.chars().take(1).collect::<String>();
            format!("{initial}***@{}", one_line(domain))
        }
        None => "***".to_owned(),
    }
}

/// Masks a phone number for logs: `+254711222333` becomes `+254***33`.
pub(super) fn masked_number(number: &str) -> String {
    match (number.get(..4), number.len().checked_sub(2).and_then(|at| number.get(at..))) {
        (Some(start), Some(end)) if number.len() > 8 => format!("{start}***{end}"),
        _ => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{mail_reply, masked_address, masked_number, one_line, sms_reply};

    #[test]
    fn one_line_replaces_white_space_and_control_characters() {
        for (text, expected) in [
            ("  Order 7 ", "Order 7"),
            ("Order\r\nBcc: eve@example.com", "Order Bcc: eve@example.com"),
            ("a\t\u{0}b\u{2028}c\u{85}d", "a b c d"),
            ("\n", ""),
        ] {
            assert_eq!(one_line(text), expected);
        }
    }

    #[test]
    fn replies_contain_no_addresses_or_phone_numbers() {
        assert_eq!(mail_reply("5.1.1 <ana@example.com>:\nno such user"), "5.1.1 (address) no such user");
        assert_eq!(
            sms_reply("The 'To' number +254711222333 is not valid (21211)"),
            "The 'To' number +(number) is not valid (21211)"
        );
        assert_eq!(sms_reply("call 0711222333"), "call (number)");
    }

    #[test]
    fn long_replies_are_truncated_at_a_character_boundary() {
        let cut = mail_reply(&"é".repeat(500));

        assert_eq!(cut.chars().count(), 201);
        assert!(cut.ends_with("é…"));
    }

    #[test]
    fn addresses_and_numbers_are_masked() {
        for (address, masked) in [
            ("ana@example.com", "a***@example.com"),
            ("\"a@b\"@example.com", "\"***@example.com"),
            ("@example.com", "***@example.com"),
            ("ana", "***"),
        ] {
            assert_eq!(masked_address(address), masked);
        }
        for (number, masked) in
            [("+254711222333", "+254***33"), ("+2547112", "***"), ("", "***"), ("日本語日本語", "***")]
        {
            assert_eq!(masked_number(number), masked);
        }
    }
}
