//! Words that an agency writes and a citizen reads: no way to lead the reader elsewhere, to turn the line around, or to
//! smuggle an identity number past the field catalogue.

use std::{fmt, ops::RangeInclusive};

use super::RarError;

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFault {
    /// Shorter or longer than allowed.
    Length,
    /// A control character or a line break.
    Control,
    /// A bidirectional control or an invisible character.
    Invisible,
    /// An address.
    Url,
    /// 9 or 12 digits in a row: the old and new length of identity numbers.
    IdentityNumber,
}

impl TextFault {
    /// The stable code.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Length => "text_length",
            Self::Control => "text_control_character",
            Self::Invisible => "text_invisible_character",
            Self::Url => "text_url",
            Self::IdentityNumber => "text_identity_number",
        }
    }
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "is too short or too long",
            Self::Control => "has a control character",
            Self::Invisible => "has a bidirectional control or an invisible character",
            Self::Url => "has an address",
            Self::IdentityNumber => "has 9 or 12 digits in a row",
        })
    }
}

/// The text, if it keeps the rules.
pub(super) fn checked(
    member: &'static str,
    text: String,
    length: RangeInclusive<usize>,
) -> Result<String, RarError> {
    match fault(&text, length) {
        Some(fault) => Err(RarError::Text { member, fault }),
        None => Ok(text),
    }
}

/// What is wrong with a text that a citizen will read; its length is counted in characters, without white space at
/// its ends.
pub fn fault(text: &str, length: RangeInclusive<usize>) -> Option<TextFault> {
    if !length.contains(&text.trim().chars().count()) || text.chars().count() > *length.end() {
        Some(TextFault::Length)
    } else if text.chars().any(is_control) {
        Some(TextFault::Control)
    } else if text.chars().any(is_invisible) {
        Some(TextFault::Invisible)
    } else if has_address(text) {
        Some(TextFault::Url)
    } else if has_identity_number(text) {
        Some(TextFault::IdentityNumber)
    } else {
        None
    }
}

/// Whether every character of a text shows as itself.
pub(super) fn is_showable(text: &str) -> bool {
    !text.chars().any(|c| is_control(c) || is_invisible(c))
}

fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Endings that make a dotted word an address. Not complete, and cannot be; what it stops is the plain link.
const DOMAINS: [&str; 18] = [
    "vn", "com", "net", "org", "gov", "edu", "info", "io", "ly", "xyz", "link", "site", "online", "app",
    "dev", "cc", "gl", "shop",
];

fn has_address(text: &str) -> bool {
    let lower = text.to_lowercase();
    if ["://", "www.", "mailto:", "javascript:"].iter().any(|mark| lower.contains(mark)) {
        return true;
    }
    lower
        .split(|c: char| {
            c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | '"' | '\'' | ',' | ';')
        })
        .filter_map(|word| word.split(['/', ':', '?', '#']).next())
        .map(|host| host.trim_end_matches(['.', '!']))
        .filter_map(|host| host.rsplit_once('.'))
        .any(|(before, last)| !before.is_empty() && DOMAINS.contains(&last))
}

/// Runs of exactly 9 or 12 digits, and the same written in groups of three. Longer runs are dossier numbers.
fn has_identity_number(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let groups: Vec<(usize, usize)> = digit_runs(&chars);
    if groups.iter().any(|(_, length)| matches!(length, 9 | 12)) {
        return true;
    }
    // `999 000 000 015`: neighbouring groups of three with one separator between them.
    let mut joined = 0;
    let mut end = None;
    let mut lengths = Vec::new();
    for (start, length) in groups {
        let adjoining = end.is_some_and(|end| start == end + 1)
            && chars.get(start.saturating_sub(1)).is_some_and(|c| matches!(c, ' ' | '.' | '-' | '\u{A0}'));
        if !(length == 3 && adjoining) {
            lengths.push(joined);
            joined = 0;
        }
        joined = if length == 3 { joined + 3 } else { 0 };
        end = Some(start + length);
    }
    lengths.push(joined);
    lengths.into_iter().any(|length| matches!(length, 9 | 12))
}

/// Where each run of digits (of any script) starts, and how long it is, in characters.
fn digit_runs(chars: &[char]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in chars.iter().enumerate().filter(|(_, c)| c.is_numeric()) {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == at => *length += 1,
            _ => runs.push((at, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<TextFault> {
        match checked("justification", text.to_owned(), 3..=300) {
            Ok(_) => None,
            Err(RarError::Text { fault, .. }) => Some(fault),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn ordinary_sentences_pass() {
        for text in [
            "Cấp đổi giấy phép lái xe theo hồ sơ H08.2026.000123.",
            "TP.HCM, quận 1; hẹn trả 22.11.2026 lúc 14:30, lệ phí 135.000 đ",
            "Renewal of a driving licence. Asked at the counter.",
            "Gọi 0900 000 000 nếu cần",
            "Mã vạch 20260001112223",
            "đủ.",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_without_the_ends() {
        assert_eq!(fault("ab"), Some(TextFault::Length));
        assert_eq!(fault(" a  "), Some(TextFault::Length));
        assert_eq!(fault(&"ế".repeat(300)), None);
        assert_eq!(fault(&"ế".repeat(301)), Some(TextFault::Length));
        assert_eq!(fault(&format!("abc{}", " ".repeat(300))), Some(TextFault::Length));
    }

    #[test]
    fn addresses_are_refused() {
        for text in [
            "xem https://example.vn/a",
            "xem WWW.example",
            "bit.ly/abc",
            "tại (dichvucong.gov.vn).",
            "HTTP://1.2.3.4",
            "a@b.example.COM",
            "mailto:a",
        ] {
            assert_eq!(fault(text), Some(TextFault::Url), "{text}");
        }
    }

    #[test]
    fn characters_that_hide_or_turn_are_refused() {
        for c in ['\u{202E}', '\u{2066}', '\u{200F}', '\u{200B}', '\u{FEFF}', '\u{061C}', '\u{E0041}'] {
            assert_eq!(fault(&format!("abc{c}def")), Some(TextFault::Invisible), "{:x}", u32::from(c));
        }
        for c in ['\n', '\0', '\u{7F}', '\u{85}', '\u{2028}'] {
            assert_eq!(fault(&format!("abc{c}def")), Some(TextFault::Control), "{:x}", u32::from(c));
        }
    }

    #[test]
    fn identity_numbers_are_refused_also_in_groups_and_in_other_digits() {
        for text in [
            "số 999000000015",
            "cmnd 999000000",
            "999 000 000 015",
            "999.000.000",
            "x999-000-000-015x",
            "９９９０００００００１５",
        ] {
            assert_eq!(fault(text), Some(TextFault::IdentityNumber), "{text}");
        }
    }
}
