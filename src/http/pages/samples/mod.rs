//! Every page with plausible, with no, and with hostile content, for the tests and for people to look at.

mod citizen;
pub(super) mod consent;
mod people;
mod public;

use super::layout::{Acting, Layout, Operator, Visitor};
use crate::{i18n::Lang, time::Millis};

/// A value that tries to break out of its place, turn the line around and burst the layout.
pub(super) const HOSTILE: &str = "<img src=x onerror=\"alert(1)\">' onmouseover='x \u{202E}txet\u{2066}</title><script>alert(1)</script>\
     WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW\
     WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW\
     WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW\
     WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";

/// What a page is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filling {
    /// Plausible content.
    Sample,
    /// Nothing where nothing may be.
    Empty,
    /// [`HOSTILE`] in every text.
    Hostile,
}

/// Makes values for one language and filling.
#[derive(Clone, Copy, Debug)]
pub(super) struct Make {
    pub(super) lang: Lang,
    pub(super) filling: Filling,
}

impl Make {
    /// A text that is never empty.
    fn text(self, vi: &str, en: &str) -> String {
        match (self.filling, self.lang) {
            (Filling::Hostile, _) => HOSTILE.to_owned(),
            (_, Lang::Vi) => vi.to_owned(),
            (_, Lang::En) => en.to_owned(),
        }
    }

    /// A text that may be missing.
    fn maybe(self, vi: &str, en: &str) -> String {
        if self.filling == Filling::Empty { String::new() } else { self.text(vi, en) }
    }

    /// A list that may be empty.
    fn many<T>(self, items: Vec<T>) -> Vec<T> {
        if self.filling == Filling::Empty { Vec::new() } else { items }
    }

    fn layout(self, url: &str, visitor: Visitor) -> Layout {
        Layout {
            lang: self.lang,
            url: url.to_owned(),
            visitor,
            acting: Acting::No,
            operator: Operator {
                name: self.text("Trung tâm Dữ liệu Ví Dụ", "Example Data Centre"),
                hotline: "1900 0000".to_owned(),
                hours: self.maybe("7:30–17:00, Thứ Hai đến Thứ Sáu", "7:30–17:00, Monday to Friday"),
                demonstration: self.filling != Filling::Empty,
            },
        }
    }

    fn citizen(self, url: &str) -> Layout {
        let (national_id, csrf) = ("999000000015".to_owned(), self.text("csrf-1", "csrf-1"));
        self.layout(url, Visitor::Citizen { national_id, csrf })
    }

    /// The same while acting for somebody else.
    fn acting(self, url: &str) -> Layout {
        let who = self.text("Lan Chi (con)", "Lan Chi (child)");
        Layout { acting: Acting::For { who, answers: true }, ..self.citizen(url) }
    }

    /// The same for somebody who may only look.
    fn looking(self, url: &str) -> Layout {
        let who = self.text("Lan Chi (con)", "Lan Chi (child)");
        Layout { acting: Acting::For { who, answers: false }, ..self.citizen(url) }
    }

    /// After that is over.
    fn acted(self, url: &str) -> Layout {
        Layout { acting: Acting::Over, ..self.citizen(url) }
    }

    fn official(self, url: &str) -> Layout {
        let name = self.text("cb-0042", "cb-0042");
        self.layout(url, Visitor::Official { name, csrf: "csrf-3".to_owned() })
    }

    fn compliance(self, url: &str) -> Layout {
        let name = self.text("Kiểm tra viên Cúc Họa Mi", "Inspector Cúc Họa Mi");
        self.layout(url, Visitor::Compliance { name, csrf: "csrf-2".to_owned() })
    }
}

/// 09:23:05 on Sunday 22 November 2026 in Vietnam, some minutes earlier.
fn minutes_ago(minutes: i64) -> Millis {
    Millis(1_795_314_185_000 - minutes * 60_000)
}

/// All pages with their names.
pub(super) fn pages(lang: Lang, filling: Filling) -> Vec<(String, String)> {
    let make = Make { lang, filling };
    let mut pages = citizen::pages(make);
    pages.extend(consent::pages(make));
    pages.extend(people::pages(make));
    pages.extend(public::pages(make));
    pages
}
