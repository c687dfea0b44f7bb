//! Text that goes into headers, reasons and logs: on one line, and without anybody in it.

/// Longest answer of a provider that is worth keeping.
const LONGEST_REPLY: usize = 200;

/// The text with every run of white space and control characters turned into one space.
///
/// A line break in a header starts another header, so nothing gets into one without this.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a mail server said, without the addresses that servers like to repeat.
pub(super) fn mail_reply(reply: &str) -> String {
    let words = one_line(reply);
    let nameless: Vec<&str> =
        words.split(' ').map(|word| if word.contains('@') { "(address)" } else { word }).collect();
    shortened(&nameless.join(" "))
}

/// What an SMS provider said, without the phone numbers that it likes to repeat.
pub(super) fn sms_reply(reply: &str) -> String {
    let mut numberless = String::new();
    let mut digits = String::new();
    for c in one_line(reply).chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            push_digits(&mut numberless, &mut digits);
            numberless.push(c);
        }
    }
    push_digits(&mut numberless, &mut digits);

    shortened(&numberless)
}

/// Moves the digits over, unless they are so many that they may be a phone number. Error codes,
/// which staff look up, have at most five.
fn push_digits(text: &mut String, digits: &mut String) {
    if digits.len() >= 7 {
        text.push_str("(number)");
    } else {
        text.push_str(digits);
    }
    digits.clear();
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_REPLY) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// `ana@example.com` as `a***@example.com`: enough to recognise, too little to write to.
pub(super) fn masked_address(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((name, domain)) => {
            let initial = name.chars().take(1).collect::<String>();
            format!("{initial}***@{}", one_line(domain))
        }
        None => "***".to_owned(),
    }
}

/// `+254711222333` as `+254***33`: country and last digits.
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
    fn text_is_put_on_one_line() {
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
    fn replies_name_nobody() {
        assert_eq!(mail_reply("5.1.1 <ana@example.com>:\nno such user"), "5.1.1 (address) no such user");
        assert_eq!(
            sms_reply("The 'To' number +254711222333 is not valid (21211)"),
            "The 'To' number +(number) is not valid (21211)"
        );
        assert_eq!(sms_reply("call 0711222333"), "call (number)");
    }

    #[test]
    fn long_replies_are_cut_between_characters() {
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
