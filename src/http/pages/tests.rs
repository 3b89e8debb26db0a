//! What every page owes its reader, checked on every page × language × filling.

use std::{collections::HashSet, fs, path::Path};

use super::{
    assets,
    samples::{Filling, HOSTILE, pages},
};
use crate::i18n::Lang;

/// A start tag with its attributes.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

const VOID: [&str; 5] = ["br", "input", "link", "meta", "img"];

/// Start tags in order; fails on tags that do not nest.
fn tags(html: &str) -> Vec<Tag> {
    let (mut tags, mut open): (Vec<Tag>, Vec<String>) = (Vec::new(), Vec::new());
    let mut rest = html.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>'), "a bare > in {text:?}");
        let (inside, after) = after.split_once('>').expect("a closed tag");
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "tags nest");
            continue;
        }
        let (name, mut left) = inside.split_once(|c: char| c.is_whitespace()).unwrap_or((inside, ""));
        let mut attributes = Vec::new();
        left = left.trim();
        while !left.is_empty() {
            let stop = left.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(left.len());
            let (attribute, value) = left.split_at(stop);
            let (value, after) = match value.strip_prefix("=\"") {
                Some(quoted) => quoted.split_once('"').expect("a closed quote"),
                None => ("", value),
            };
            attributes.push((attribute.to_owned(), value.to_owned()));
            left = after.trim_start();
        }
        if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
        tags.push(Tag { name: name.to_owned(), attributes });
    }
    assert!(open.is_empty(), "left open: {open:?}");
    tags
}

fn each_page(check: impl Fn(&str, &str, &[Tag], Lang, Filling)) {
    for lang in Lang::ALL {
        for filling in [Filling::Sample, Filling::Empty, Filling::Hostile] {
            let all = pages(lang, filling);
            assert!(all.len() >= 35);
            for (name, html) in all {
                check(&format!("{name} {lang:?} {filling:?}"), &html, &tags(&html), lang, filling);
            }
        }
    }
}

#[test]
fn every_page_has_one_heading_a_title_and_its_language() {
    each_page(|name, html, tags, lang, _| {
        assert_eq!(tags.iter().filter(|t| t.name == "h1").count(), 1, "{name}");
        let title = html.split("<title>").nth(1).and_then(|t| t.split("</title>").next()).unwrap();
        assert!(title.ends_with(" – Minh Bạch") && title.len() > " – Minh Bạch".len(), "{name}: {title}");
        let document = tags.iter().find(|t| t.name == "html").unwrap();
        assert_eq!(document.get("lang"), Some(lang.tag()), "{name}");
        assert!(html.contains(&format!("lang={}\"", lang.other().tag())), "{name}: no switch of language");
    });
}

#[test]
fn headings_never_skip_a_level() {
    each_page(|name, _, tags, _, _| {
        let mut depth = 1;
        let mut main = false;
        for tag in tags {
            main |= tag.name == "main";
            let Some(level) = tag.name.strip_prefix('h').and_then(|n| n.parse::<u32>().ok()) else {
                continue;
            };
            // The summary of errors stands before the heading, as in the GOV.UK pattern.
            assert!(main && (level <= depth + 1), "{name}: h{level} after h{depth}");
            depth = level;
        }
    });
}

#[test]
fn no_page_carries_script_or_style_of_its_own() {
    each_page(|name, _, tags, _, _| {
        for tag in tags {
            assert!(
                !["script", "style", "img", "iframe", "object", "svg"].contains(&tag.name.as_str()),
                "{name}"
            );
            for (attribute, value) in &tag.attributes {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: {attribute}");
                assert!(!value.trim_start().to_lowercase().starts_with("javascript:"), "{name}: {value}");
            }
            if tag.name == "link" {
                assert!(assets::get(tag.get("href").unwrap()).is_some_and(|a| a.immutable), "{name}");
            }
        }
    });
}

#[test]
fn ids_are_unique_and_every_reference_finds_its_id() {
    each_page(|name, _, tags, _, _| {
        let mut ids = HashSet::new();
        for id in tags.iter().filter_map(|t| t.get("id")) {
            assert!(ids.insert(id), "{name}: id {id} twice");
        }
        for tag in tags {
            for attribute in ["for", "aria-labelledby", "aria-describedby"] {
                for id in tag.get(attribute).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(id), "{name}: {attribute}={id}");
                }
            }
            if let Some(id) = tag.get("href").and_then(|h| h.strip_prefix('#')) {
                assert!(ids.contains(id), "{name}: #{id}");
            }
        }
    });
}

#[test]
fn every_field_has_a_label_and_every_posted_form_its_token() {
    each_page(|name, html, tags, _, _| {
        let labelled: HashSet<&str> = tags.iter().filter_map(|t| t.get("for")).collect();
        for tag in tags {
            let field = ["select", "textarea"].contains(&tag.name.as_str())
                || (tag.name == "input" && tag.get("type") != Some("hidden"));
            assert!(
                !field || tag.get("id").is_some_and(|id| labelled.contains(id)),
                "{name}: unlabelled field"
            );
            assert!(tag.name != "button" || tag.get("type") == Some("submit"), "{name}: button without type");
        }
        for form in html.split("<form ").skip(1).filter_map(|f| f.split("</form>").next()) {
            assert_eq!(form.contains("method=\"post\""), form.contains("name=\"csrf\""), "{name}: {form}");
        }
    });
}

#[test]
fn no_key_is_left_untranslated() {
    each_page(|name, html, _, _, _| {
        assert!(!html.contains('⟦') && !html.contains("{$") && !html.contains("{ $"), "{name}");
    });
}

#[test]
fn hostile_text_is_shown_as_text() {
    each_page(|name, html, _, _, filling| {
        assert!(
            !html.chars().any(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')),
            "{name}"
        );
        assert!(!html.contains("<img") && !html.contains("<script"), "{name}");
        if filling == Filling::Hostile {
            assert!(
                HOSTILE.len() > 500 && html.contains("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;"),
                "{name}"
            );
        }
    });
}

#[test]
fn no_page_shows_more_of_a_national_id_than_its_last_three_digits() {
    each_page(|name, html, _, _, _| {
        assert!(!html.contains("999000000015") && !html.contains("999000"), "{name}");
    });
    let (_, html) = pages(Lang::Vi, Filling::Sample).into_iter().find(|(name, _)| name == "me").unwrap();
    assert!(html.contains("••• ••• ••• 015") && html.contains("kết thúc bằng 0 1 5"));
}

#[test]
fn a_refusal_never_reads_like_a_view() {
    let vi = ["Không có thông tin nào được chuyển đi.", ">Thông tin đã xem<", "Theo luật", "và bị từ chối."];
    let en = ["No information was passed on.", ">Information viewed<", "By law", "and was refused."];
    for (lang, [said, viewed, basis, refused]) in [(Lang::Vi, vi), (Lang::En, en)] {
        let all = pages(lang, Filling::Sample);
        let page = |wanted: &str| all.iter().find(|(name, _)| name == wanted).map(|(_, html)| html).unwrap();
        let row = page("history-365").split("class=\"entry refused\"").nth(1).unwrap();
        let row = row.split("</li>").next().unwrap();
        assert!(row.contains(refused));
        assert!(row.contains(said) && !row.contains(basis), "a basis that gave nothing is no tag");
        let detail = page("access-Refused");
        assert!(detail.contains(said) && !detail.contains(viewed));
        assert!(page("access-Released").contains(viewed));
    }
}

#[test]
fn pages_are_light() {
    each_page(|name, html, _, _, filling| {
        assert!(filling == Filling::Hostile || html.len() < 24_000, "{name}: {} bytes", html.len());
    });
}

/// Writes every page with plausible content to `target/pages/`, for people to look at.
#[test]
fn pages_can_be_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    // Those of earlier runs are nobody's pages any more.
    let _ = fs::remove_dir_all(&folder);
    for lang in Lang::ALL {
        for filling in [Filling::Sample, Filling::Empty, Filling::Hostile] {
            let folder = folder.join(format!("{}-{filling:?}", lang.tag()));
            fs::create_dir_all(&folder).unwrap();
            for (name, html) in pages(lang, filling) {
                fs::write(folder.join(format!("{name}.html")), html).unwrap();
            }
        }
    }
    fs::create_dir_all(folder.join("assets")).unwrap();
    for plain in ["app.css", "icon.svg"] {
        let href = assets::href(plain);
        let bytes = assets::get(&href).unwrap().bytes;
        let css = String::from_utf8_lossy(&bytes);
        for url in css.split("url(").skip(1).filter_map(|u| u.split(')').next()) {
            fs::write(folder.join("assets").join(url), assets::get(url).unwrap().bytes).unwrap();
        }
        fs::write(folder.join(href.trim_start_matches('/')), &bytes).unwrap();
    }
}
