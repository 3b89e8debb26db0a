//! What happens to every value before it stands on a page.
//!
//! HTML's five characters are escaped, and characters that make text look otherwise than it is stored are dropped:
//! bidirectional controls, zero-width and other control characters (a "name" must not be able to turn the line
//! around), and the private-use marks [`super::sentence`] keeps for itself.

use std::fmt::Write;

use askama::filters::Escaper;

/// The escaper of all `.html` templates (named in `askama.toml`).
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Escaper for Plain {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> std::fmt::Result {
        for character in text.chars().filter(|c| is_shown(*c)) {
            match character {
                '&' => dest.write_str("&amp;")?,
                '<' => dest.write_str("&lt;")?,
                '>' => dest.write_str("&gt;")?,
                '"' => dest.write_str("&quot;")?,
                '\'' => dest.write_str("&#39;")?,
                other => dest.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// `text` escaped as in a template.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing to a String cannot fail.
    let _ = Plain.write_escaped_str(&mut out, text);
    out
}

/// `text` without the characters that are never shown.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars().filter(|c| is_shown(*c)).collect()
}

fn is_shown(character: char) -> bool {
    match character {
        '\n' | '\t' => true,
        // Bidirectional controls (Unicode UAX #9 §2), zero-width space, word joiner, byte-order mark; and the
        // private-use area, which is nobody's letters and holds our own marks.
        '\u{061C}'
        | '\u{200B}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}'
        | '\u{FEFF}'
        | '\u{E000}'..='\u{F8FF}' => false,
        other => !other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_bidirectional_controls_are_dropped() {
        assert_eq!(
            escaped("<img src=x onerror='a()'>&\""),
            "&lt;img src=x onerror=&#39;a()&#39;&gt;&amp;&quot;"
        );
        assert_eq!(escaped("a\u{202E}b\u{2067}c\u{0}d\u{E000}e"), "abcde");
    }

    #[test]
    fn vietnamese_letters_pass_untouched() {
        assert_eq!(escaped("Nguyễn Thị Ấm Ỗ Ự đ ₫"), "Nguyễn Thị Ấm Ỗ Ự đ ₫");
    }
}
