//! Text for a terminal: what would steer it is shown instead of sent. Names of files, devices and rings come from
//! outside, and may hold anything.

use std::borrow::Cow;

/// The text with control characters, and those that turn the direction of writing, as `\u001b`. Line breaks and tabs
/// stay. JSON means the same afterwards.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match steers(character) {
            true => shown.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

fn steers(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' => true,
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        assert_eq!(printable("a\u{1b}[31mb\rc"), "a\\u001b[31mb\\u000dc");
        assert_eq!(
            printable("\u{9b}2J\u{7f}\u{202e}"),
            "\\u009b2J\\u007f\\u202e"
        );
        for plain in ["", "ähnlich 音\tx\ny", "\\u001b"] {
            assert!(matches!(printable(plain), Cow::Borrowed(_)), "{plain}");
        }
        let json = serde_json::to_string("a\u{1b}\u{9b}\u{2066}\n\"\\").unwrap();
        let shown = printable(&json);
        assert!(!shown.contains('\u{9b}'));
        let back: String = serde_json::from_str(&shown).unwrap();
        assert_eq!(back, "a\u{1b}\u{9b}\u{2066}\n\"\\");
    }
}
