//! *Người đại diện*: who may act for another person, as what, for how long and in which things.
//!
//! Law 91/2025/QH15, Article 24(2): for children and persons without full civil capacity the legal representative
//! exercises the rights; what discloses the private life of a child of seven or more needs the child's consent and the
//! representative's. An adult may authorise somebody in writing. Pure rules over instants: a date of birth is turned
//! into [`Milestones`] when a representation is registered, and is kept nowhere. Out of scope: storing, sealing,
//! recording (`people`).

mod answer;

use std::collections::BTreeSet;

use jiff::{
    Span,
    civil::{Date, Time},
    tz::Offset,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use answer::{AnswerError, Bond, Guarded, answer, guarded};

use super::{
    catalogue::Purpose,
    consent::{Actor, Authenticated, Capacity},
};
use crate::time::Millis;

/// The version of the sealed form.
pub const SCHEMA: &str = "minhbach/representation/1";

/// From this age on a child has a say in what discloses her private life (Law 91/2025/QH15, Article 24(2)).
pub const JOINT_AGE: u8 = 7;

/// One person's right to act for another; sealed under the key of the one she acts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Representation {
    /// [`SCHEMA`].
    pub schema: String,
    /// Its id.
    pub id: Uuid,
    /// Subject id of the person who is acted for.
    pub principal: Uuid,
    /// Subject id of the person who acts.
    pub representative: Uuid,
    /// As what she acts.
    pub ground: Ground,
    /// What proves it.
    pub evidence: Evidence,
    /// In which things.
    pub scope: Scope,
    /// The first instant it counts, milliseconds.
    pub from: i64,
    /// The first instant it no longer counts, milliseconds; always there for an attorney.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// For a child: when she has a say, and when she decides alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Milestones>,
    /// Who registered it.
    pub registered_by: Registrar,
}

/// As what somebody acts for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Father or mother of a child.
    Parent,
    /// Guardian (*người giám hộ*) by law or by a court, of a child or of an adult.
    Guardian,
    /// Authorised in writing by an adult herself (*người được ủy quyền*).
    Attorney,
}

impl Ground {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Guardian => "guardian",
            Self::Attorney => "attorney",
        }
    }

    /// The ground with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Parent, Self::Guardian, Self::Attorney].into_iter().find(|ground| ground.as_str() == word)
    }

    /// Whether the law appoints her; otherwise the person herself did.
    #[must_use]
    pub const fn is_legal(self) -> bool {
        matches!(self, Self::Parent | Self::Guardian)
    }

    /// The capacity in which a consent says that she acted.
    #[must_use]
    pub const fn capacity(self) -> Capacity {
        match self {
            Self::Parent => Capacity::Parent,
            Self::Guardian => Capacity::Guardian,
            Self::Attorney => Capacity::Attorney,
        }
    }
}

/// What proves a representation; the document itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What it is and where it can be found: number, issuing body, date.
    pub reference: String,
    /// SHA-256 of the document, lower-case hexadecimal; `None` when she was named by the person in the portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What a representative may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// See the history and the consents.
    pub view: bool,
    /// Answer requests, and withdraw, pause or resume what was given.
    pub answer: bool,
    /// For these purposes only; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purposes: Option<BTreeSet<String>>,
}

/// What a child's age brings; instants instead of a date of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Milestones {
    /// The instant she turns [`JOINT_AGE`], milliseconds.
    pub joint_from: i64,
    /// The instant from which she decides alone, milliseconds.
    pub hands_over_at: i64,
}

impl Milestones {
    /// From the day of birth and the age at which representation ends; birthdays begin at midnight in Vietnam. Who was
    /// born on 29 February has them on 28 February in other years: the earlier day gives her rights sooner.
    /// `None` for dates outside the calendar and for an age below [`JOINT_AGE`].
    #[must_use]
    pub fn of(born: Date, hand_over_age: u8) -> Option<Self> {
        let turns = |age: u8| -> Option<i64> {
            let day = born.checked_add(Span::new().try_years(age).ok()?).ok()?;
            let midnight = Offset::constant(7).to_timestamp(day.to_datetime(Time::midnight())).ok()?;
            Some(midnight.as_millisecond())
        };
        (hand_over_age >= JOINT_AGE).then_some(())?;
        Some(Self { joint_from: turns(JOINT_AGE)?, hands_over_at: turns(hand_over_age)? })
    }
}

/// Who registered a representation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registrar {
    /// An office that saw the evidence, by the name it goes by.
    Office(String),
    /// The person herself, signed in.
    Principal,
}

/// What a representative wants to do.
#[derive(Clone, Copy, Debug)]
pub enum Doing<'a> {
    /// Look at something that concerns this purpose; `None` for what concerns none.
    View(Option<&'a Purpose>),
    /// Answer a request, or change a consent, for this purpose.
    Answer(&'a Purpose),
}

/// Why a representative may not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It has not begun.
    #[error("the representation has not begun")]
    NotBegun,
    /// It is over.
    #[error("the representation is over")]
    Over,
    /// The representation does not reach that far.
    #[error("the representation does not cover this")]
    OutOfScope,
    /// The purpose is hidden from legal representatives.
    #[error("the representation does not cover this purpose")]
    Hidden,
}

impl Denied {
    /// The stable reason.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotBegun => "representation_not_begun",
            Self::Over => "representation_over",
            // That something is hidden must not show: both read alike.
            Self::OutOfScope | Self::Hidden => "representation_out_of_scope",
        }
    }
}

/// What contradicts itself in a representation that is about to be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Nobody represents herself.
    #[error("the representative and the person she acts for are the same")]
    Same,
    /// It would end before it begins, or has ended already.
    #[error("the representation would be over before it begins")]
    Empty,
    /// It allows nothing.
    #[error("the representation allows nothing: give it at least viewing or answering")]
    Nothing,
    /// A parent acts for a child, whose date of birth says until when.
    #[error("a parent represents a child: the child's date of birth is needed")]
    ChildMissing,
    /// An adult who authorises somebody is no child.
    #[error("a child cannot authorise anybody; register a parent or guardian")]
    ChildOfAttorney,
    /// A written authority ends some day.
    #[error("a written authority needs an end date")]
    EndMissing,
    /// What proves it is not said.
    #[error("the evidence needs a reference of 3 to 200 characters")]
    Evidence,
}

impl Flaw {
    /// The stable reason.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Same => "representation_of_oneself",
            Self::Empty => "representation_empty",
            Self::Nothing => "representation_allows_nothing",
            Self::ChildMissing => "child_birth_date_missing",
            Self::ChildOfAttorney => "child_cannot_authorise",
            Self::EndMissing => "representation_end_missing",
            Self::Evidence => "evidence_missing",
        }
    }
}

impl Representation {
    /// Whether it makes sense to register it now.
    ///
    /// # Errors
    /// The first [`Flaw`].
    pub fn check(&self, now: Millis) -> Result<(), Flaw> {
        let said = self.evidence.reference.trim().chars().count();
        if self.principal == self.representative {
            Err(Flaw::Same)
        } else if !(self.scope.view || self.scope.answer)
            || self.scope.purposes.as_ref().is_some_and(BTreeSet::is_empty)
        {
            Err(Flaw::Nothing)
        } else if self.ground == Ground::Parent && self.child.is_none() {
            Err(Flaw::ChildMissing)
        } else if self.ground == Ground::Attorney && self.child.is_some() {
            Err(Flaw::ChildOfAttorney)
        } else if self.ground == Ground::Attorney && self.until.is_none() {
            Err(Flaw::EndMissing)
        } else if self.is_over(now) || self.ends().is_some_and(|end| end.0 <= self.from) {
            Err(Flaw::Empty)
        } else if !(3..=200).contains(&said) {
            Err(Flaw::Evidence)
        } else {
            Ok(())
        }
    }

    /// The first instant it no longer counts: its end date or the child's coming of age, whichever is first.
    #[must_use]
    pub fn ends(&self) -> Option<Millis> {
        let grown = self.child.map(|child| child.hands_over_at);
        self.until.into_iter().chain(grown).min().map(Millis)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now: Millis) -> bool {
        self.ends().is_some_and(|end| end <= now)
    }

    /// Whether it counts: begun and not over.
    #[must_use]
    pub fn is_live(&self, now: Millis) -> bool {
        self.from <= now.0 && !self.is_over(now)
    }

    /// Whether the child decides alone from now on.
    #[must_use]
    pub fn is_handed_over(&self, now: Millis) -> bool {
        self.child.is_some_and(|child| child.hands_over_at <= now.0)
    }

    /// Whether the child has to say yes too: she is seven or more, not yet of age, and her private life is opened.
    #[must_use]
    pub fn needs_joint(&self, private_life: bool, now: Millis) -> bool {
        private_life
            && self.child.is_some_and(|child| child.joint_from <= now.0 && now.0 < child.hands_over_at)
    }

    /// Whether the representative may do this now.
    ///
    /// # Errors
    /// [`Denied`]; anything that is not clearly allowed is.
    pub fn may(&self, doing: Doing<'_>, now: Millis) -> Result<(), Denied> {
        if now.0 < self.from {
            return Err(Denied::NotBegun);
        }
        if self.is_over(now) {
            return Err(Denied::Over);
        }
        let (allowed, purpose) = match doing {
            Doing::View(purpose) => (self.scope.view, purpose),
            Doing::Answer(purpose) => (self.scope.answer, Some(purpose)),
        };
        let covered = match (&self.scope.purposes, purpose) {
            (None, _) => true,
            // What concerns no purpose is the person's own business when only some purposes were entrusted.
            (Some(_), None) => false,
            (Some(listed), Some(purpose)) => listed.contains(&purpose.id),
        };
        if !(allowed && covered) {
            return Err(Denied::OutOfScope);
        }
        if self.ground.is_legal() && purpose.is_some_and(|purpose| purpose.guardian_hidden) {
            return Err(Denied::Hidden);
        }
        Ok(())
    }

    /// Who acts, as consents and entries say it.
    #[must_use]
    pub fn actor(&self, issuer: Option<String>, assurance: Option<u8>) -> Actor {
        Actor {
            capacity: self.ground.capacity(),
            acting: Some(self.representative),
            representation: Some(self.id),
            issuer,
            assurance,
            authenticated: Authenticated::default(),
        }
    }
}

#[cfg(test)]
mod tests;
