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
    /// Whether the person has chosen "never this agency".
    pub never: bool,
    /// What was ended just now, when that was asked for.
    pub stopped: Option<Stopped>,
    /// Whom to ask.
    pub contact: Contact,
}

/// What stopping an agency ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// Consents that were taken back.
    pub consents: u64,
    /// Requests that waited and were answered with no.
    pub requests: u64,
}

impl AgencyConsents {
    /// How much was just stopped, a sentence each.
    #[must_use]
    pub fn stopped_sentences(&self) -> Vec<String> {
        let Some(Stopped { consents, requests }) = self.stopped else { return Vec::new() };
        let said = |key, count| text_with(self.page.lang, key, &[("count", Arg::Number(count))]);
        let mut all = vec![said("agency-stopped", consents)];
        if requests > 0 {
            all.push(said("agency-stopped-requests", requests));
        }
        all
    }

    /// Whether there is anything left to stop: it may still ask, or something stands or waits.
    #[must_use]
    pub fn can_stop(&self) -> bool {
        !self.never || self.rows.iter().any(|row| !row.state.is_over())
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
