//! The two languages say the same, nothing is unused, and citizens' texts keep to plain words.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{Arg, Lang, list, lower_first, text, text_with};

/// Files a citizen reads; the compliance officer's may use trade words.
const CITIZEN: [&str; 7] =
    ["terms.ftl", "common.ftl", "citizen.ftl", "catalogue.ftl", "consent.ftl", "people.ftl", "receipt.ftl"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Key → its text, of one file.
fn messages(lang: Lang, file: &str) -> BTreeMap<String, String> {
    let path = root().join("i18n/locales").join(lang.tag()).join(file);
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut key = String::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        match line.split_once(" =") {
            Some((name, value)) if !line.starts_with(' ') => {
                key = name.to_owned();
                assert!(all.insert(key.clone(), value.trim().to_owned()).is_none(), "{key} twice in {file}");
            }
            _ => all.get_mut(&key).unwrap().extend([" ", line.trim()]),
        }
    }
    all
}

fn files(lang: Lang) -> BTreeSet<String> {
    let folder = fs::read_dir(root().join("i18n/locales").join(lang.tag())).unwrap();
    folder.map(|f| f.unwrap().file_name().into_string().unwrap()).collect()
}

fn everything(lang: Lang) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for file in files(lang) {
        for (key, value) in messages(lang, &file) {
            assert!(all.insert(key.clone(), value).is_none(), "{key} stands in two files");
        }
    }
    all
}

fn marked(text: &str, mark: char) -> BTreeSet<String> {
    let name =
        |rest: &str| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect::<String>();
    match mark {
        '$' => text.split('$').skip(1).map(name).collect(),
        _ => text.split("{ -").skip(1).map(|rest| format!("-{}", name(rest))).collect(),
    }
}

/// All Rust and template sources but tests and samples.
fn sources(folder: &Path, out: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if name != "samples" {
                sources(&path, out);
            }
        } else if name != "tests.rs" && path.extension().is_some_and(|e| e == "rs" || e == "html") {
            out.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn both_languages_have_the_same_files_keys_and_variables() {
    assert_eq!(files(Lang::Vi), files(Lang::En));
    for file in files(Lang::Vi) {
        let (vi, en) = (messages(Lang::Vi, &file), messages(Lang::En, &file));
        assert_eq!(vi.keys().collect::<Vec<_>>(), en.keys().collect::<Vec<_>>(), "{file}");
        for (key, value) in &vi {
            assert_eq!(marked(value, '$'), marked(&en[key], '$'), "variables of {key}");
        }
    }
}

#[test]
fn every_key_is_used_and_every_term_known() {
    let mut code = String::new();
    sources(&root(), &mut code);
    for lang in Lang::ALL {
        let all = everything(lang);
        let used: BTreeSet<String> = all.values().flat_map(|value| marked(value, '-')).collect();
        for key in all.keys() {
            if key.starts_with('-') {
                assert!(used.contains(key), "{key} is used by no text");
            } else {
                assert!(code.contains(&format!("\"{key}\"")), "{key} is used nowhere");
            }
        }
        assert!(used.iter().all(|term| all.contains_key(term)), "{used:?}");
    }
}

#[test]
fn every_key_a_template_names_exists() {
    let mut code = String::new();
    sources(&root().join("http"), &mut code);
    let all = everything(Lang::Vi);
    for start in ["say(\"", "say_value(\""] {
        for key in code.split(start).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(all.contains_key(key), "{key}");
        }
    }
}

#[test]
fn terms_are_spelled_out_in_one_place_only() {
    for lang in Lang::ALL {
        let terms = messages(lang, "terms.ftl");
        for (term, words) in terms.iter().filter(|(key, _)| key.starts_with('-')) {
            for file in files(lang).iter().filter(|f| *f != "terms.ftl") {
                for (key, value) in messages(lang, file) {
                    assert!(!value.contains(words.as_str()), "{key} spells out {{ {term} }}");
                }
            }
        }
    }
}

#[test]
fn citizens_are_spared_the_trade_words() {
    let banned = |lang| match lang {
        Lang::Vi => [
            "truy cập",
            "uỷ quyền",
            "ủy quyền",
            "chủ thể dữ liệu",
            "sổ cái",
            "mã thông báo",
            "khiếu nại",
            "api ",
        ],
        Lang::En => {
            ["data subject", "ledger", "token", "revoke", "authoris", "authoriz", "endpoint", "accessed"]
        }
    };
    for lang in Lang::ALL {
        for (key, value) in CITIZEN.iter().flat_map(|file| messages(lang, file)) {
            let value = value.to_lowercase();
            for word in banned(lang) {
                assert!(!value.contains(word), "{key} says {word:?}");
            }
        }
    }
}

#[test]
fn sentences_are_short_enough_to_be_read_aloud() {
    for lang in Lang::ALL {
        // Vietnamese writes each syllable apart: 26 syllables are about 16 words.
        let limit = if lang == Lang::Vi { 26 } else { 20 };
        for (key, value) in everything(lang).iter().filter(|(_, value)| !value.contains("->")) {
            for sentence in value.split(['.', '?', ':', ';']) {
                let words =
                    sentence.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count();
                assert!(words <= limit, "{key}: {words} words: {sentence}");
            }
        }
    }
}

#[test]
fn counts_choose_the_plural_and_are_grouped() {
    let more = |lang, count| {
        text_with(lang, "list-more", &[("list", Arg::Text("a")), ("count", Arg::Number(count))])
    };
    assert_eq!(more(Lang::En, 1), "a and 1 other item");
    assert_eq!(more(Lang::En, 1234), "a and 1,234 other items");
    assert_eq!(more(Lang::Vi, 1234), "a và 1.234 thông tin khác");
}

#[test]
fn lists_read_as_sentences_do() {
    let items: Vec<String> = ["a", "b", "c"].iter().map(|s| (*s).to_owned()).collect();
    assert_eq!(list(Lang::Vi, &items), "a, b và c");
    assert_eq!(list(Lang::En, &items[..2]), "a and b");
    assert_eq!(list(Lang::En, &[]), "");
}

#[test]
fn an_unknown_key_is_plain_to_see() {
    assert_eq!(text(Lang::Vi, "no-such-key"), "⟦no-such-key⟧");
}

#[test]
fn a_name_within_a_sentence_loses_its_capital_but_an_abbreviation_does_not() {
    assert_eq!(lower_first("Ngày sinh"), "ngày sinh");
    assert_eq!(lower_first("Điểm giấy phép"), "điểm giấy phép");
    assert_eq!(lower_first("CCCD"), "CCCD");
    assert_eq!(lower_first(""), "");
}
