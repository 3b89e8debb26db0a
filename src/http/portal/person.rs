//! For whom a request acts: for the citizen who signed in, or for somebody she represents.
//!
//! INVARIANT: what a session has chosen to act under is asked anew at every request ([`resolve`]); whatever does not
//! count any more leaves the reader with her own pages, and nothing she sends from a page of the other person's is taken
//! ([`Visit::token`]). Pages that know nothing of acting ask for [`Visit::citizen`] and are refused while acting. Out of
//! scope: choosing for whom ([`super::people`]), what a representative may ([`crate::domain::representation::Mandate`]).

use super::{error::Failure, visit::Visit};
use crate::{
    consent::Consent,
    domain::{consent::Actor, record::hex, subject::Subject},
    history::Reader,
    http::pages::layout,
    i18n::masked_national_id,
    login::session::{Session, Who},
    people::{self, Acts},
};

/// For whom a request acts.
pub(super) enum Acting {
    /// For the one who signed in, whoever that is.
    No,
    /// For somebody else.
    For(Box<Other>),
    /// What the session chose does not count any more.
    Over,
}

/// The person who is acted for.
pub(super) struct Other {
    /// Who she is and what may be done.
    pub(super) acts: Acts,
    /// Her masked number.
    pub(super) who: String,
    /// What forms send back while acting.
    token: String,
}

/// Looks for whom a session acts, as things stand now.
pub(super) async fn resolve(visit: &Visit) -> Result<Acting, Failure> {
    let engines = &visit.state.engines;
    let Some(session) = &visit.session else { return Ok(Acting::No) };
    let (Some(citizen), Some(id)) = (session.citizen(), session.acting) else { return Ok(Acting::No) };
    let acts = match people::enter(engines, citizen, id, &session.id).await {
        Ok(acts) => acts,
        Err(people::Error::Unknown | people::Error::Denied(_)) => return Ok(Acting::Over),
        Err(people::Error::Unreadable(id)) => {
            tracing::error!(representation = %id, "portal.acting cannot read a representation");
            return Ok(Acting::Over);
        }
        Err(error) => return Err(error.into()),
    };
    let number = engines.vault.national_id(&acts.principal).await?;
    let who = number.map_or_else(String::new, |number| masked_national_id(number.expose()));
    // Another token than one's own: a form of the one never does anything to the other.
    let token = engines.vault.lookup(&[b"acting-form", session.csrf.as_bytes(), id.as_bytes()]);
    Ok(Acting::For(Box::new(Other { acts, who, token: hex(&token) })))
}

impl Visit {
    /// The citizen who signed in, whomever she acts for, and her session.
    pub(super) fn signed_in(&self) -> Result<(&Subject, &Session), Failure> {
        let session = self.session.as_ref().ok_or(Failure::NotSignedIn)?;
        match &session.who {
            Who::Citizen { subject, .. } => Ok((subject, session)),
            Who::Official { .. } | Who::Compliance { .. } => Err(Failure::WrongRole),
        }
    }

    /// The citizen who signed in, for what she does for herself only; refused while she acts for somebody.
    pub(super) fn citizen(&self) -> Result<Reader<'_>, Failure> {
        if let Some(opened) = &self.program {
            return Ok(opened.reader());
        }
        let (subject, session) = self.signed_in()?;
        match &self.acting {
            Acting::For(_) => Err(Failure::OnlyHerself),
            // A program that thinks it reads about somebody else must not be given one's own things.
            Acting::Over if self.is_api() => Err(Failure::ActingOver),
            Acting::No | Acting::Over => Ok(Reader { subject, session: Some(&session.id), mandate: None }),
        }
    }

    /// The citizen whose pages these are: the one who signed in, or the one she acts for.
    pub(super) fn person(&self) -> Result<Reader<'_>, Failure> {
        match &self.acting {
            Acting::For(other) => {
                let (_, session) = self.signed_in()?;
                let Acts { principal, mandate } = &other.acts;
                Ok(Reader { subject: principal, session: Some(&session.id), mandate: Some(mandate) })
            }
            Acting::No | Acting::Over => self.citizen(),
        }
    }

    /// The consents that are there for this reader.
    pub(super) fn visible(&self, reader: Reader<'_>, mut consents: Vec<Consent>) -> Vec<Consent> {
        consents.retain(|consent| self.sees(reader, consent));
        consents
    }

    /// Whether a consent is there for this reader: her own, or one that what she may do reaches to.
    pub(super) fn sees(&self, reader: Reader<'_>, consent: &Consent) -> bool {
        let catalogue = self.state.engines.register.catalogue();
        consent.row.subject == reader.subject.id()
            && reader.mandate.is_none_or(|mandate| mandate.shows_consent(catalogue, &consent.record))
    }

    /// Who answers or changes this consent, which the reader sees.
    pub(super) fn actor(&self, consent: &Consent) -> Result<Actor, Failure> {
        let (_, session) = self.signed_in()?;
        match self.person()?.mandate {
            Some(mandate) => {
                let catalogue = self.state.engines.register.catalogue();
                mandate.answering(catalogue, &consent.record).map_err(people::Error::from)?;
                let acts = mandate.actor(None, None);
                Ok(Actor {
                    capacity: acts.capacity,
                    acting: acts.acting,
                    representation: acts.representation,
                    ..session.herself()
                })
            }
            None => Ok(session.herself()),
        }
    }

    /// What the forms of a signed-in person send back.
    pub(super) fn token(&self) -> Option<&str> {
        match &self.acting {
            Acting::For(other) => Some(&other.token),
            Acting::No | Acting::Over => self.session.as_ref().map(|session| session.csrf.as_str()),
        }
    }

    /// For whom the reader acts, for the frame of a page.
    pub(super) fn acting_for(&self) -> layout::Acting {
        match &self.acting {
            Acting::No => layout::Acting::No,
            Acting::Over => layout::Acting::Over,
            Acting::For(other) => {
                layout::Acting::For { who: other.who.clone(), answers: other.acts.mandate.answers() }
            }
        }
    }
}
