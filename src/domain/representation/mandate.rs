//! What a representative sees and does of another person's things, as they stand at one instant.

use super::{Bond, Denied, Doing, Representation};
use crate::{
    domain::{
        catalogue::Catalogue,
        consent::{Actor, Record},
        record::{Facts, Kind},
    },
    time::Millis,
};

/// A representation that was found to count. Everything shown to or done by a representative goes through it, so that
/// what is outside its scope or hidden from guardians is for her as absent as what never was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mandate {
    representation: Representation,
    at: Millis,
}

impl Mandate {
    /// What a representation is worth now.
    ///
    /// # Errors
    /// [`Denied`] when it was ended, is over or has not begun.
    pub fn of(bond: Bond, now: Millis) -> Result<Self, Denied> {
        let said = bond.representation;
        if bond.ended || said.is_over(now) {
            Err(Denied::Over)
        } else if now.0 < said.from {
            Err(Denied::NotBegun)
        } else {
            Ok(Self { representation: said, at: now })
        }
    }

    /// What was registered.
    #[must_use]
    pub const fn representation(&self) -> &Representation {
        &self.representation
    }

    /// Whether it reaches to answering at all; if not, only to looking.
    #[must_use]
    pub const fn answers(&self) -> bool {
        self.representation.scope.answer
    }

    /// Whether what concerns this purpose is shown. A purpose that the catalogue no longer knows could have been
    /// hidden, so it is hidden from legal representatives.
    #[must_use]
    pub fn shows_purpose(&self, catalogue: &Catalogue, purpose: Option<&str>) -> bool {
        let said = &self.representation;
        match (purpose, purpose.and_then(|id| catalogue.purpose(id))) {
            (_, Some(known)) => said.may(Doing::View(Some(known)), self.at).is_ok(),
            (None, None) => said.may(Doing::View(None), self.at).is_ok(),
            (Some(id), None) => {
                let listed = said.scope.purposes.as_ref().is_none_or(|purposes| purposes.contains(id));
                !said.ground.is_legal() && said.scope.view && listed
            }
        }
    }

    /// Whether an entry is shown. What names no purpose and comes from an agency, or is a choice about one, cannot be
    /// judged: legal representatives do not see it. That the person read her own history is her own affair.
    #[must_use]
    pub fn shows_entry(&self, catalogue: &Catalogue, kind: Kind, facts: &Facts) -> bool {
        let unjudged = facts.purpose.is_none() && (facts.agency.is_some() || kind == Kind::StandingChanged);
        let hidden = unjudged && self.representation.ground.is_legal();
        !hidden && kind != Kind::HistoryRead && self.shows_purpose(catalogue, facts.purpose.as_deref())
    }

    /// Whether a consent is shown: to who may look, and to who may answer. A consent to the person's own software
    /// reading as her is nobody else's.
    #[must_use]
    pub fn shows_consent(&self, catalogue: &Catalogue, record: &Record) -> bool {
        let looks = record.scopes.is_empty() && self.shows_purpose(catalogue, Some(&record.purpose));
        looks || self.answering(catalogue, record).is_ok()
    }

    /// Whether she may answer a request, or change a consent.
    ///
    /// # Errors
    /// [`Denied`]; a purpose that the catalogue no longer knows is nobody's to answer for another.
    pub fn answering(&self, catalogue: &Catalogue, record: &Record) -> Result<(), Denied> {
        let purpose = catalogue.purpose(&record.purpose).filter(|_| record.scopes.is_empty());
        self.representation.may(Doing::Answer(purpose.ok_or(Denied::OutOfScope)?), self.at)
    }

    /// Who acts, as consents and entries say it.
    #[must_use]
    pub fn actor(&self, issuer: Option<String>, assurance: Option<u8>) -> Actor {
        self.representation.actor(issuer, assurance)
    }
}
