//! Sentences from the catalogue of texts with some of their values emphasised.
//!
//! A translator decides where a value stands in the sentence and this module makes it bold, so that no text file
//! holds HTML and no template glues half-sentences together.

use super::escape;
use crate::i18n::{Arg, Lang, text_with};

const BEGIN: char = '\u{E000}';
const END: char = '\u{E001}';

/// A value in a sentence.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Shown in bold.
    Strong(&'a str),
    /// Shown as the rest.
    Plain(&'a str),
    /// A count.
    Count(u64),
}

/// The text of `key` as HTML: escaped, with the strong parts in `<strong>`. Print it with `|safe`.
#[must_use]
pub fn sentence(lang: Lang, key: &str, parts: &[(&'static str, Part<'_>)]) -> String {
    let values: Vec<(&'static str, Option<String>, u64)> = parts
        .iter()
        .map(|(name, part)| match part {
            Part::Strong(text) => (*name, Some(format!("{BEGIN}{}{END}", escape::shown(text))), 0),
            Part::Plain(text) => (*name, Some(escape::shown(text)), 0),
            Part::Count(count) => (*name, None, *count),
        })
        .collect();
    let args: Vec<(&'static str, Arg<'_>)> = values
        .iter()
        .map(|(name, text, count)| (*name, text.as_deref().map_or(Arg::Number(*count), Arg::Text)))
        .collect();
    let text = text_with(lang, key, &args);
    let mut html = String::with_capacity(text.len() + 64);
    // Values were cleaned above, so every mark left is one of ours and they come in pairs.
    for (i, piece) in text.split([BEGIN, END]).enumerate() {
        let strong = i % 2 == 1;
        html.push_str(if strong { "<strong>" } else { "" });
        html.push_str(&escape::escaped(piece));
        html.push_str(if strong { "</strong>" } else { "" });
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_bold_and_escaped_and_cannot_forge_the_mark() {
        let html = sentence(Lang::En, "row-reason", &[("purpose", Part::Strong("a<b>\u{E001}\u{E000}c"))]);
        assert_eq!(html, "Reason: <strong>a&lt;b&gt;c</strong>.");
    }
}
