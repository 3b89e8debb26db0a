//! `GET /me/consents/{id}/withdraw`: what stops and what does not, then one button. List or detail, this page, done:
//! not more steps than giving took.

use askama::Template;

use crate::{
    http::pages::{
        layout::Layout,
        sentence::{Part, sentence},
    },
    i18n::date,
    time::Millis,
};

/// The page. Its form posts `csrf` and `revision` to the same address.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/withdraw.html")]
pub struct Withdraw {
    /// The frame.
    pub page: Layout,
    /// The consent's id.
    pub id: String,
    /// Its revision: a button pressed on an older one changes nothing.
    pub revision: i64,
    /// The agency.
    pub agency: String,
    /// The purpose's title.
    pub purpose: String,
    /// By when the agency must answer, if it is taken back now.
    pub reply_by: Millis,
    /// By when the agency must have stopped, if it is taken back now.
    pub stop_by: Millis,
}

impl Withdraw {
    /// The effect and the dates, a short sentence a line, as HTML.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let lang = self.page.lang;
        let (reply, stop) = (date(lang, self.reply_by), date(lang, self.stop_by));
        let parts = [
            ("agency", Part::Strong(&self.agency)),
            ("reply", Part::Strong(&reply)),
            ("stop", Part::Strong(&stop)),
        ];
        ["withdraw-stops", "withdraw-past", "withdraw-law", "withdraw-deadlines", "withdraw-again"]
            .into_iter()
            .map(|key| sentence(lang, key, &parts))
            .collect()
    }
}
