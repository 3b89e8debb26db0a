//! The answer to `POST /me/agencies/{id}/hint`: the code that lets one agency ask, shown once.

use askama::Template;

use crate::{http::pages::layout::Layout, i18n::clock_time, time::Millis};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/hint.html")]
pub struct Hint {
    /// The frame.
    pub page: Layout,
    /// The agency's id.
    pub id: String,
    /// The agency's name.
    pub agency: String,
    /// The code and the first instant it is over; `None` when she has ruled the agency out, so that none is made.
    pub code: Option<(String, Millis)>,
}

impl Hint {
    /// Until when it can be used.
    #[must_use]
    pub fn until_sentence(&self, until: &Millis) -> String {
        self.page.say_value("hint-until", &clock_time(*until))
    }
}
