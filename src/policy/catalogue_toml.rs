//! `fields.toml` and `sources.toml`: what exists and who holds it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::Faults;
use crate::domain::catalogue::{Class, Derivation, Field, Shape, Source, Text};

pub(super) const FIELDS: &str = "fields.toml";
pub(super) const SOURCES: &str = "sources.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldToml {
    vi: String,
    en: String,
    class: Class,
    decree: String,
    source: Option<String>,
    value: Shape,
    derived: Option<Derivation>,
    #[serde(default)]
    about_others: bool,
    never: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceToml {
    name: Text,
    holder: Text,
    since: String,
}

/// Reads the registers.
pub(super) fn sources(text: &str, faults: &mut Faults) -> BTreeMap<String, Source> {
    let tables: BTreeMap<String, SourceToml> = faults.toml(SOURCES, text).unwrap_or_default();
    let mut sources = BTreeMap::new();
    for (id, table) in tables {
        let header = format!("[{id}]");
        if !is_word(&id) {
            faults.at(SOURCES, text, &header, format!("`{id}` is not a register id: a-z, 0-9 and _"));
        }
        let Ok(since) = table.since.parse() else {
            faults.at(SOURCES, text, &header, format!("`{id}`: since `{}` is not a date", table.since));
            continue;
        };
        for said in [&table.name, &table.holder] {
            if !is_said(said) {
                faults.at(SOURCES, text, &header, format!("`{id}` has an empty text"));
            }
        }
        sources.insert(id.clone(), Source { id, name: table.name, holder: table.holder, since });
    }
    sources
}

/// Reads the fields and checks them against the registers and one another.
pub(super) fn fields(
    text: &str,
    sources: &BTreeMap<String, Source>,
    faults: &mut Faults,
) -> BTreeMap<String, Field> {
    let tables: BTreeMap<String, FieldToml> = faults.toml(FIELDS, text).unwrap_or_default();
    let mut fields = BTreeMap::new();
    for (name, table) in &tables {
        let mut fault = |reason: String| faults.at(FIELDS, text, &format!("[\"{name}\"]"), reason);
        if !is_dotted(name) {
            fault(format!("`{name}` is not a dotted name: words of a-z, 0-9 and _ joined by `.`"));
        }
        if table.vi.trim().is_empty() || table.en.trim().is_empty() {
            fault(format!("`{name}` needs a label in both languages"));
        }
        let article = match table.class {
            Class::Basic => "3(",
            Class::Sensitive => "4(",
        };
        if !table.decree.starts_with(article) {
            fault(format!("`{name}`: `{}` is not the article of its class, {article}…)", table.decree));
        }
        let base = table.derived.as_ref().map(|derived| (derived, tables.get(derived.base())));
        let source = match (base, &table.source) {
            (Some((_, Some(base))), None) => base.source.clone().unwrap_or_default(),
            (Some(_), Some(_)) => {
                fault(format!("`{name}` is derived, so its source is that of its base and is not named"));
                continue;
            }
            (Some((derived, None)), None) => {
                fault(format!("`{name}` is derived from `{}`, which is not a field", derived.base()));
                continue;
            }
            (None, Some(source)) => source.clone(),
            (None, None) => {
                fault(format!("`{name}` needs a source"));
                continue;
            }
        };
        if let Some((derived, Some(base))) = base {
            if base.derived.is_some() || base.never.is_some() {
                fault(format!("`{name}`: `{}` cannot be computed with", derived.base()));
            }
            if !derived.takes(base.value) {
                fault(format!("`{name}`: the rule does not take the value of `{}`", derived.base()));
            }
            if table.value != Shape::YesNo {
                fault(format!("`{name}` is derived, so its value is yes_no"));
            }
            if base.about_others && !table.about_others {
                fault(format!("`{name}` is about others, as `{}` is", derived.base()));
            }
        } else if !sources.contains_key(&source) {
            fault(format!("`{name}`: `{source}` is not in {SOURCES}"));
        }
        fields.insert(
            name.clone(),
            Field {
                name: name.clone(),
                label: Text { vi: table.vi.clone(), en: table.en.clone() },
                class: table.class,
                decree: table.decree.clone(),
                source,
                shape: table.value,
                derivation: table.derived.clone(),
                about_others: table.about_others,
                never: table.never.clone(),
            },
        );
    }
    fields
}

/// Words of a-z, 0-9 and _ joined by dots, at least two of them.
pub(super) fn is_dotted(name: &str) -> bool {
    name.contains('.') && name.split('.').all(is_word)
}

fn is_word(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a text says something in both languages.
pub(super) fn is_said(text: &Text) -> bool {
    !text.vi.trim().is_empty() && !text.en.trim().is_empty()
}
