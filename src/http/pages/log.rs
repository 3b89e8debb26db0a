//! `GET /log`: what the log is and how a stranger checks it.

use askama::Template;

use super::layout::Layout;
use crate::{
    i18n::{Arg, clock_seconds, date, text_with},
    time::Millis,
};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "log.html")]
pub struct Log {
    /// The frame.
    pub page: Layout,
    /// The newest checkpoint as published (C2SP tlog-checkpoint text); empty before the first.
    pub checkpoint: String,
    /// Its number of entries.
    pub size: u64,
    /// When it was published.
    pub published_at: Millis,
    /// The log's key as a C2SP note verifier key.
    pub verifier_key: String,
    /// This service's public base address, without a slash at its end.
    pub base_url: String,
}

impl Log {
    /// "1.234.567 entries at …".
    #[must_use]
    pub fn size_sentence(&self) -> String {
        let (day, time) = (date(self.page.lang, self.published_at), clock_seconds(self.published_at));
        let args = [("size", Arg::Number(self.size)), ("date", Arg::Text(&day)), ("time", Arg::Text(&time))];
        text_with(self.page.lang, "log-size", &args)
    }
}
