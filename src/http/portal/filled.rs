//! The form of an answer, as the pages of a request and of a consent under review send it.

use actix_web::web::Form;

use super::{
    error::Failure,
    notice::{self, Text},
    visit::{Visit, form},
};
use crate::{consent::Consent, crypto, engines::Engines, i18n::Lang, oauth::Said};

/// The form as it comes in.
pub(super) type Sent = Result<Form<Vec<(String, String)>>, actix_web::Error>;

/// What the form of an answer says.
pub(super) struct Filled {
    pub(super) revision: i64,
    /// The hash of the text she read.
    notice: String,
    pub(super) lang: Lang,
    pub(super) said: Said,
}

impl Filled {
    /// Reads the form: `field` any number of times, everything else once.
    pub(super) fn read(visit: &Visit, sent: Sent) -> Result<Self, Failure> {
        let pairs = form(sent)?;
        let (fields, others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| name == "field");
        let fields: Vec<String> = fields.into_iter().map(|(_, field)| field).collect();
        let one = |wanted: &str| {
            let mut found = others.iter().filter(|(name, _)| name == wanted);
            match (found.next(), found.next()) {
                (Some((_, value)), None) => Ok(value.as_str()),
                _ => Err(Failure::Malformed),
            }
        };
        visit.check_form(one("csrf")?)?;
        let said = match one("answer")? {
            "give" => Said::Yes(fields),
            "refuse" => Said::No,
            "defer" => Said::Later,
            _ => return Err(Failure::Malformed),
        };
        let tag = one("lang")?;
        let lang = Lang::ALL.into_iter().find(|lang| lang.tag() == tag).ok_or(Failure::Malformed)?;
        Ok(Self {
            revision: one("revision")?.parse().map_err(|_| Failure::Malformed)?,
            notice: one("notice")?.to_owned(),
            lang,
            said,
        })
    }

    /// The text of the question, where it is still the one she read; `None` where she would answer another.
    ///
    /// INVARIANT: what is answered is what was shown (Law 91/2025/QH15, Article 9(2)): the same bytes, or not at all.
    pub(super) async fn text(&self, engines: &Engines, consent: &Consent) -> Result<Option<Text>, Failure> {
        let text = notice::text(engines, consent, self.lang).await?;
        Ok(crypto::equal(text.hash.as_bytes(), self.notice.as_bytes()).then_some(text))
    }
}
