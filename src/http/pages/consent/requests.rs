//! `GET /me/requests`: what agencies have asked for, waiting requests first; each agency's questions can be muted.

use askama::Template;

use super::words;
use crate::{
    domain::consent::State,
    http::pages::{
        history::named,
        layout::Layout,
        parts::Field,
        sentence::{Part, sentence},
    },
    i18n::{date, date_time},
    time::Millis,
};

/// One request.
#[derive(Clone, Debug)]
pub struct RequestRow {
    /// The consent's id.
    pub id: String,
    /// The agency's id, for muting.
    pub agency_id: String,
    /// The agency's name.
    pub agency: String,
    /// The purpose's title.
    pub purpose: String,
    /// Everything asked for.
    pub fields: Vec<Field>,
    /// When it was asked.
    pub asked_at: Millis,
    /// When it ends without an answer.
    pub answer_by: Millis,
    /// Where it stands.
    pub state: State,
    /// Whether this agency's questions are muted already.
    pub muted: bool,
}

impl RequestRow {
    /// "X asks to see …", as HTML.
    #[must_use]
    pub fn what(&self, page: &Layout) -> String {
        let fields = named(page.lang, &self.fields);
        let parts = [("agency", Part::Strong(&self.agency)), ("fields", Part::Strong(&fields))];
        sentence(page.lang, "requests-row", &parts)
    }

    /// The reason, as HTML.
    #[must_use]
    pub fn why(&self, page: &Layout) -> String {
        sentence(page.lang, "row-reason", &[("purpose", Part::Plain(&self.purpose))])
    }

    /// Where it stands.
    #[must_use]
    pub fn tag(&self, page: &Layout) -> String {
        words::state(page, self.state)
    }

    /// Until when one can answer, or when it was asked.
    #[must_use]
    pub fn when(&self, page: &Layout) -> String {
        if self.state.is_waiting() {
            page.say_value("request-answer-by", &date_time(page.lang, self.answer_by))
        } else {
            page.say_value("requests-asked-on", &date(page.lang, self.asked_at))
        }
    }

    /// Whether some of the information is sensitive.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.fields.iter().any(|field| field.sensitive)
    }

    /// The page to open: where to answer, or the record of it.
    #[must_use]
    pub fn href(&self) -> String {
        let folder = if self.state.is_waiting() { "/requests" } else { "/me/consents" };
        format!("{folder}/{}", self.id)
    }
}

/// The page. Muting posts `csrf`, `muted` (`yes` or `no`) and `return_to` to `/me/agencies/{id}/mute`.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/requests.html")]
pub struct Requests {
    /// The frame.
    pub page: Layout,
    /// The requests, newest first; the page puts those that wait before the others.
    pub rows: Vec<RequestRow>,
}

impl Requests {
    /// Those that wait.
    #[must_use]
    pub fn waiting(&self) -> Vec<&RequestRow> {
        self.rows.iter().filter(|row| row.state.is_waiting()).collect()
    }

    /// Those that do not.
    #[must_use]
    pub fn over(&self) -> Vec<&RequestRow> {
        self.rows.iter().filter(|row| !row.state.is_waiting()).collect()
    }
}
