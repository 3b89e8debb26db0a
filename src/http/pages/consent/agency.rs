//! `GET /me/agencies/{id}`: everything a person has to do with one agency by consent, and stopping it at once.

use askama::Template;

use super::list::ConsentRow;
use crate::{
    http::pages::{layout::Layout, parts::Contact},
    i18n::{Arg, text_with},
};

/// The page. Stopping posts `csrf` to `/me/agencies/{id}/stop`; muting posts `csrf`, `muted` (`yes` or `no`) and
/// `return_to` to `/me/agencies/{id}/mute`.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/agency.html")]
pub struct AgencyConsents {
    /// The frame.
    pub page: Layout,
    /// The agency's id.
    pub id: String,
    /// The agency's name.
    pub agency: String,
    /// Its consents, newest first, requests that wait among them.
    pub rows: Vec<ConsentRow>,
    /// Whether its questions are muted.
    pub muted: bool,
    /// How many consents were taken back just now, when that was asked for.
    pub stopped: Option<u64>,
    /// Whom to ask.
    pub contact: Contact,
}

impl AgencyConsents {
    /// How much was just stopped, in a sentence.
    #[must_use]
    pub fn stopped_sentence(&self) -> Option<String> {
        let said = |count| text_with(self.page.lang, "agency-stopped", &[("count", Arg::Number(count))]);
        self.stopped.map(said)
    }

    /// Those that stand.
    #[must_use]
    pub fn standing(&self) -> Vec<&ConsentRow> {
        self.rows.iter().filter(|row| row.state.is_standing()).collect()
    }

    /// Those that are over.
    #[must_use]
    pub fn over(&self) -> Vec<&ConsentRow> {
        self.rows.iter().filter(|row| row.state.is_over()).collect()
    }

    /// Whether requests wait for an answer.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.rows.iter().any(|row| row.state.is_waiting())
    }
}
