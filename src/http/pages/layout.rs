//! What every page shares: language, who is signed in, the switch of language, the footer with the telephone number.

use super::assets;
use crate::i18n::{Arg, Lang, masked_national_id, spoken_national_id, text, text_with};

/// The frame around a page.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The language the page is written in.
    pub lang: Lang,
    /// Path and query of this page, e.g. `/me/history?period=30`: the language link leads back here.
    pub url: String,
    /// Who is looking.
    pub visitor: Visitor,
    /// Whose pages these are.
    pub acting: Acting,
    /// Who runs the service.
    pub operator: Operator,
}

/// For whom the reader acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acting {
    /// For herself.
    No,
    /// For somebody else.
    For {
        /// A name or a masked number.
        who: String,
        /// Whether she may answer and change, and not only look.
        answers: bool,
    },
    /// For herself again: what she chose to act under does not count any more, and she has not yet taken note of it.
    Over,
}

/// Who is looking at the page.
#[derive(Clone, Debug)]
pub enum Visitor {
    /// Nobody is signed in.
    Nobody,
    /// A citizen, reading about themselves.
    Citizen {
        /// The national id or its last three digits, which are all that is ever printed.
        national_id: String,
        /// The session's token against cross-site requests, for the sign-out form.
        csrf: String,
    },
    /// An official of an agency.
    Official {
        /// The name or code to show.
        name: String,
        /// The session's token against cross-site requests.
        csrf: String,
    },
    /// A compliance officer of an agency.
    Compliance {
        /// The name or code to show.
        name: String,
        /// The session's token against cross-site requests.
        csrf: String,
    },
}

/// Who runs the service and answers the telephone, from configuration, in the page's language.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The organisation's name.
    pub name: String,
    /// The telephone number as people dial it.
    pub hotline: String,
    /// When it is answered, e.g. `7:30–17:00, Thứ Hai–Thứ Sáu`; empty when not stated.
    pub hours: String,
    /// True in the demonstration: every page says that its people are made up.
    pub demonstration: bool,
}

impl Layout {
    /// The text of a key.
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        text(self.lang, key)
    }

    /// The text of a key whose one variable `$value` is a text.
    #[must_use]
    pub fn say_value(&self, key: &str, value: &str) -> String {
        text_with(self.lang, key, &[("value", Arg::Text(value))])
    }

    /// The address of an asset.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::href(name)
    }

    /// This page in the other language: the same address with `lang` set.
    #[must_use]
    pub fn switch_href(&self) -> String {
        with_parameter(&self.url, "lang", self.lang.other().tag())
    }

    /// The token of the sign-out form, when somebody is signed in.
    #[must_use]
    pub fn csrf(&self) -> Option<&str> {
        match &self.visitor {
            Visitor::Nobody => None,
            Visitor::Citizen { csrf, .. }
            | Visitor::Official { csrf, .. }
            | Visitor::Compliance { csrf, .. } => Some(csrf),
        }
    }

    /// The token of every form on the page; empty when nobody is signed in, and refused then.
    #[must_use]
    pub fn token(&self) -> &str {
        self.csrf().unwrap_or_default()
    }

    /// Whether the links of an official's pages are shown.
    #[must_use]
    pub fn is_official(&self) -> bool {
        matches!(self.visitor, Visitor::Official { .. })
    }

    /// Whether the links of a citizen's own pages are shown.
    #[must_use]
    pub fn is_citizen(&self) -> bool {
        matches!(self.visitor, Visitor::Citizen { .. })
    }

    /// Whether the link of the compliance pages is shown.
    #[must_use]
    pub fn is_compliance(&self) -> bool {
        matches!(self.visitor, Visitor::Compliance { .. })
    }

    /// Who is signed in, as shown.
    #[must_use]
    pub fn visitor_label(&self) -> String {
        match &self.visitor {
            Visitor::Nobody => self.say("header-nobody"),
            Visitor::Citizen { national_id, .. } => masked_national_id(national_id),
            Visitor::Official { name, .. } | Visitor::Compliance { name, .. } => name.clone(),
        }
    }

    /// Who is signed in, as read aloud.
    #[must_use]
    pub fn visitor_spoken(&self) -> String {
        match &self.visitor {
            Visitor::Citizen { national_id, .. } => {
                self.say_value("header-id-ends-with", &spoken_national_id(national_id))
            }
            _ => self.say_value("header-signed-in-as", &self.visitor_label()),
        }
    }

    /// For whom the reader acts: a name or a masked number.
    #[must_use]
    pub fn acting_for(&self) -> Option<&str> {
        match &self.acting {
            Acting::For { who, .. } => Some(who),
            Acting::No | Acting::Over => None,
        }
    }

    /// Whether the reader must be told that she acts for herself again.
    #[must_use]
    pub fn acting_is_over(&self) -> bool {
        self.acting == Acting::Over
    }

    /// Whether these are the reader's own pages.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.acting_for().is_none()
    }

    /// Whether the reader may answer and change, and not only look.
    #[must_use]
    pub fn may_answer(&self) -> bool {
        !matches!(self.acting, Acting::For { answers: false, .. })
    }

    /// The telephone number as a link: digits and a leading plus only.
    #[must_use]
    pub fn hotline_href(&self) -> String {
        telephone_href(&self.operator.hotline)
    }
}

/// `tel:` and the digits of a telephone number.
#[must_use]
pub fn telephone_href(number: &str) -> String {
    format!("tel:{}", number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>())
}

/// `url` (path and query) with one query parameter set, the others kept in their order.
///
/// Anything but a path on this site gives `/`, so a forged address cannot lead the reader elsewhere.
#[must_use]
pub fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let here = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let path = if here { path } else { "/" };
    let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key != name);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair(name, value)
        .finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switching_the_language_keeps_the_address_and_its_filters() {
        assert_eq!(
            with_parameter("/me/history?period=30&lang=vi", "lang", "en"),
            "/me/history?period=30&lang=en"
        );
        assert_eq!(with_parameter("/", "lang", "en"), "/?lang=en");
    }

    #[test]
    fn a_forged_address_does_not_lead_off_this_site() {
        for forged in ["//evil.example/x", "https://evil.example/", "javascript:alert(1)", "/\\evil.example"]
        {
            assert_eq!(with_parameter(forged, "lang", "en"), "/?lang=en", "{forged}");
        }
    }
}
