//! The style sheet and fonts, in the binary. Names carry a hash of the content, so a browser may keep them for ever.

use std::{borrow::Cow, sync::LazyLock};

use crate::crypto::sha256;

/// Where assets are served; [`href`] gives paths below it.
pub const BASE: &str = "/assets/";

/// One file to serve.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its `ETag`, with the quotes.
    pub etag: String,
    /// Whether the name was the hashed one: then send [`super::headers::CACHE_IMMUTABLE`].
    pub immutable: bool,
}

struct Stored {
    plain: &'static str,
    hashed: String,
    bytes: Cow<'static, [u8]>,
    content_type: &'static str,
    etag: String,
}

impl Stored {
    fn new(plain: &'static str, content_type: &'static str, bytes: Cow<'static, [u8]>) -> Self {
        // 48 bits: two versions of one file will not share a name.
        let hash =
            sha256(&bytes).iter().take(6).fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
        let hashed = match plain.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
            None => format!("{plain}.{hash}"),
        };
        Self { plain, hashed, bytes, content_type, etag: format!("\"{hash}\"") }
    }
}

macro_rules! font {
    ($name:literal) => {
        ($name, include_bytes!(concat!("assets/fonts/", $name)).as_slice())
    };
}

/// Be Vietnam Pro (SIL OFL 1.1, `assets/fonts/OFL.txt`): two weights, the Latin and Vietnamese subsets only.
const FONTS: [(&str, &[u8]); 4] = [
    font!("be-vietnam-pro-latin-400.woff2"),
    font!("be-vietnam-pro-latin-600.woff2"),
    font!("be-vietnam-pro-vietnamese-400.woff2"),
    font!("be-vietnam-pro-vietnamese-600.woff2"),
];

static ASSETS: LazyLock<Vec<Stored>> = LazyLock::new(|| {
    let mut all: Vec<Stored> =
        FONTS.iter().map(|(name, bytes)| Stored::new(name, "font/woff2", Cow::Borrowed(*bytes))).collect();
    // The style sheet names the fonts, so it is finished, and hashed, after them.
    let css = all
        .iter()
        .fold(include_str!("assets/app.css").to_owned(), |css, font| css.replace(font.plain, &font.hashed));
    all.push(Stored::new("app.css", "text/css; charset=utf-8", Cow::Owned(css.into_bytes())));
    all.push(Stored::new(
        "icon.svg",
        "image/svg+xml",
        Cow::Borrowed(include_bytes!("assets/icon.svg").as_slice()),
    ));
    all
});

/// The asset of a path below [`BASE`], by its hashed or its plain name; `None` when there is none.
#[must_use]
pub fn get(path: &str) -> Option<Asset> {
    let name = path.strip_prefix(BASE).unwrap_or(path);
    let stored = ASSETS.iter().find(|a| a.hashed == name || a.plain == name)?;
    Some(Asset {
        bytes: stored.bytes.clone(),
        content_type: stored.content_type,
        etag: stored.etag.clone(),
        immutable: stored.hashed == name,
    })
}

/// The address of the asset with this plain name, e.g. `app.css` → `/assets/app.3fa9c1….css`.
#[must_use]
pub fn href(plain: &str) -> String {
    let name = ASSETS.iter().find(|a| a.plain == plain).map_or(plain, |a| a.hashed.as_str());
    format!("{BASE}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_name_is_immutable_and_a_plain_one_is_not() {
        let hashed = get(&href("app.css")).unwrap();
        assert!(hashed.immutable && hashed.content_type.starts_with("text/css"));
        assert!(!get("/assets/app.css").unwrap().immutable);
        assert!(get("/assets/../Cargo.toml").is_none());
    }

    #[test]
    fn every_font_the_style_sheet_names_is_served_and_nothing_comes_from_elsewhere() {
        let css = String::from_utf8(get(&href("app.css")).unwrap().bytes.into_owned()).unwrap();
        let urls: Vec<&str> = css.split("url(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert_eq!(urls.len(), 4);
        assert!(urls.iter().all(|u| get(u).is_some_and(|a| a.immutable)), "{urls:?}");
        assert!(!css.contains("://") && !css.contains("@import"));
    }

    #[test]
    fn the_style_sheet_and_fonts_stay_within_their_budget() {
        let css = get("app.css").unwrap().bytes.len();
        assert!(css < 32_000, "{css} bytes: 10 KB once compressed is the limit");
        let fonts: usize = FONTS.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(fonts <= 67_000, "{fonts}");
    }
}
