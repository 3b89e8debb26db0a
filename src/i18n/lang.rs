//! Which language a reader gets.

/// A language the pages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// Vietnamese, the default.
    #[default]
    Vi,
    /// English.
    En,
}

impl Lang {
    /// Both languages, the default first.
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];

    /// The BCP 47 tag, as in `<html lang>` and in the language cookie.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// The language's own name, for the link that switches to it.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Vi => "Tiếng Việt",
            Self::En => "English",
        }
    }

    /// The one that is not `self`.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Vi => Self::En,
            Self::En => Self::Vi,
        }
    }

    /// The language of a BCP 47 tag by its primary subtag, in any case (`en-GB` is English); `None` for all others.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }

    /// The language to answer in: the cookie if it names one, else the best of `Accept-Language`
    /// (RFC 9110 §12.5.4; `q=0` excludes, equal weights keep their order), else Vietnamese.
    #[must_use]
    pub fn negotiate(cookie: Option<&str>, accept_language: Option<&str>) -> Self {
        cookie.and_then(Self::parse).or_else(|| accept_language.and_then(Self::preferred)).unwrap_or_default()
    }

    fn preferred(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for item in header.split(',') {
            let mut parts = item.split(';');
            let Some(lang) = parts.next().and_then(Self::parse) else { continue };
            let weight = parts
                .find_map(|p| p.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0));
            if weight > 0.0 && best.is_none_or(|(_, heaviest)| weight > heaviest) {
                best = Some((lang, weight));
            }
        }
        best.map(|(lang, _)| lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_wins_over_the_browser_and_vietnamese_is_the_default() {
        assert_eq!(Lang::negotiate(Some("en"), Some("vi")), Lang::En);
        assert_eq!(Lang::negotiate(Some("xx"), Some("en-GB, vi;q=0.5")), Lang::En);
        assert_eq!(Lang::negotiate(None, Some("fr, de;q=0.9")), Lang::Vi);
        assert_eq!(Lang::negotiate(None, None), Lang::Vi);
    }

    #[test]
    fn weights_decide_and_zero_excludes() {
        assert_eq!(Lang::negotiate(None, Some("en;q=0.4, vi;q=0.8")), Lang::Vi);
        assert_eq!(Lang::negotiate(None, Some("en;q=0.8, vi-VN;q=0.7")), Lang::En);
        assert_eq!(Lang::negotiate(None, Some("en;q=0")), Lang::Vi);
        assert_eq!(Lang::negotiate(None, Some("en;q=abc,;;,=")), Lang::Vi);
    }
}
