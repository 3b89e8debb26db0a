//! Looking a text up by its key.

use std::collections::HashMap;

use fluent_templates::{
    LanguageIdentifier,
    fluent_bundle::{FluentValue, types::FluentNumber},
};

use super::{Lang, format::group_digits};

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./src/i18n/locales",
        fallback_language: "vi",
        customise: |bundle| {
            // Pages strip bidirectional controls from every value they print, so the marks would only be noise.
            bundle.set_use_isolating(false);
            let english = bundle.locales.first().is_some_and(|l| l.language.as_str() == "en");
            if english {
                bundle.set_formatter(Some(|value, _| grouped(Lang::En, value)));
            } else {
                bundle.set_formatter(Some(|value, _| grouped(Lang::Vi, value)));
            }
        },
    };
}

fn grouped(lang: Lang, value: &FluentValue<'_>) -> Option<String> {
    let FluentValue::Number(FluentNumber { value, .. }) = value else { return None };
    // Only whole numbers reach a text (`Arg::Number`); their decimal form parses back exactly.
    value.to_string().parse().ok().map(|n| group_digits(lang, n))
}

/// A value put into a text.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// Text, as it is.
    Text(&'a str),
    /// A count: chooses the plural and is written in groups of three.
    Number(u64),
}

/// The text of `key` in `lang`. An unknown key comes back as `⟦key⟧`, which a test on every page refuses.
#[must_use]
pub fn text(lang: Lang, key: &str) -> String {
    text_with(lang, key, &[])
}

/// The text of `key` in `lang` with its variables filled in.
#[must_use]
pub fn text_with(lang: Lang, key: &str, args: &[(&'static str, Arg<'_>)]) -> String {
    let id: LanguageIdentifier = match lang {
        Lang::Vi => fluent_templates::langid!("vi"),
        Lang::En => fluent_templates::langid!("en"),
    };
    let args: HashMap<&str, FluentValue<'_>> = args
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Arg::Text(text) => FluentValue::from(*text),
                Arg::Number(number) => FluentValue::from(*number),
            };
            (*name, value)
        })
        .collect();
    LOCALES.lookup_no_default_fallback(&id, key, Some(&args)).unwrap_or_else(|| format!("⟦{key}⟧"))
}

/// A list in a sentence: `a, b và c` · `a, b and c`; empty for no items.
#[must_use]
pub fn list(lang: Lang, items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => {
            let first = first.join(", ");
            text_with(lang, "list-and", &[("list", Arg::Text(&first)), ("last", Arg::Text(last))])
        }
    }
}

/// A name from a catalogue as it stands within a sentence: `Ngày sinh` → `ngày sinh`; abbreviations stay (`CCCD`).
#[must_use]
pub fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() && !second.is_ascii_digit() => {
            first.to_lowercase().chain([second]).chain(characters).collect()
        }
        _ => name.to_owned(),
    }
}
