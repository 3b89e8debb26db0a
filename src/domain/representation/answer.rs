//! Whose yes a consent needs: the person's own, her representative's, or both (Law 91/2025/QH15, Article 24(2)).

use super::{Ground, Representation};
use crate::{
    domain::consent::{Act, Actor, Capacity, State},
    time::Millis,
};

/// One representation of a person, as far as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bond {
    /// What was registered.
    pub representation: Representation,
    /// Whether it was ended before its time, or after it.
    pub ended: bool,
}

impl Bond {
    /// Whether it counts now.
    #[must_use]
    pub fn is_live(&self, now: Millis) -> bool {
        !self.ended && self.representation.is_live(now)
    }
}

/// Whether a person decides alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// She decides alone.
    No,
    /// A legal representative decides for her.
    Represented,
    /// She and a legal representative decide together.
    Joint,
}

/// Why somebody cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Both must say yes, and this side already has.
    #[error("both the child and the representative must agree; the other one has not answered yet")]
    JointNeedsTheOther,
    /// The person cannot decide this alone.
    #[error("a parent or guardian answers this request")]
    RepresentativeNeeded,
    /// Only the person herself, who decides alone now, can say this.
    #[error("only the person herself can let this stand")]
    PersonNeeded,
    /// A token of the person's own is given by a person who decides alone, and by nobody for her.
    #[error("only a person who decides alone can let a program read for her, and nobody for another")]
    OwnOnly,
    /// It is not a person who answers.
    #[error("only the person or her representative can answer")]
    NotAPerson,
    /// The request is not waiting for an answer.
    #[error("this request is not waiting for an answer")]
    NotWaiting,
}

impl AnswerError {
    /// The stable reason.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::JointNeedsTheOther => "joint_needs_the_other",
            Self::RepresentativeNeeded => "representative_needed",
            Self::PersonNeeded => "person_needed",
            Self::OwnOnly => "own_only",
            Self::NotAPerson => "not_a_person",
            Self::NotWaiting => "not_waiting",
        }
    }
}

/// Whether a person decides alone, from everything registered about her, ended or not: that a child's representation
/// was ended does not make her grow up.
#[must_use]
pub fn guarded(bonds: &[Bond], private_life: bool, now: Millis) -> Guarded {
    let children = || bonds.iter().filter_map(|bond| bond.representation.child);
    // Several dates for one child: the strictest counts.
    let minor = children().any(|child| now.0 < child.hands_over_at);
    let ward = bonds.iter().any(|bond| {
        let registered = &bond.representation;
        registered.ground == Ground::Guardian && registered.child.is_none() && bond.is_live(now)
    });
    if minor && private_life && children().any(|child| child.joint_from <= now.0) {
        Guarded::Joint
    } else if minor || ward {
        Guarded::Represented
    } else {
        Guarded::No
    }
}

/// The act that a yes is, from a consent in this state. `first` is who said the first half of a joint yes; `by` is who
/// answers now, already found to be the person herself or a representative who may.
///
/// # Errors
/// [`AnswerError`]; nothing is then given.
pub fn answer(guarded: Guarded, state: State, first: Option<&Actor>, by: &Actor) -> Result<Act, AnswerError> {
    if !state.is_waiting() {
        return Err(AnswerError::NotWaiting);
    }
    let own = match by.capacity {
        Capacity::Own => true,
        Capacity::Parent | Capacity::Guardian => false,
        // Nobody whom the person authorised herself can stand in where the law asks for a parent or guardian.
        Capacity::Attorney if guarded == Guarded::No => true,
        Capacity::Attorney => return Err(AnswerError::RepresentativeNeeded),
        Capacity::Agency | Capacity::Authority | Capacity::System => return Err(AnswerError::NotAPerson),
    };
    match (guarded, own) {
        (Guarded::No, _) | (Guarded::Represented, false) => Ok(Act::Give),
        (Guarded::Represented, true) => Err(AnswerError::RepresentativeNeeded),
        (Guarded::Joint, _) if state != State::HalfGiven => Ok(Act::GiveHalf),
        (Guarded::Joint, _) => match first.map(|first| first.capacity) {
            Some(Capacity::Own) if !own => Ok(Act::Give),
            Some(Capacity::Parent | Capacity::Guardian) if own => Ok(Act::Give),
            // The same side again, or a first half that nobody can be named for.
            _ => Err(AnswerError::JointNeedsTheOther),
        },
    }
}

/// Whether a consent that was stopped may be let go on by this person, which is as good as a yes. Of two who decide
/// together, only the side that stopped it lets it go on; what waits for somebody who has come of age, she alone.
///
/// # Errors
/// [`AnswerError`]; the consent then stays as it is.
pub fn let_go_on(
    guarded: Guarded,
    state: State,
    stopped_by: Option<&Actor>,
    by: &Actor,
) -> Result<(), AnswerError> {
    let own = match by.capacity {
        Capacity::Own => true,
        Capacity::Parent | Capacity::Guardian | Capacity::Attorney => false,
        Capacity::Agency | Capacity::Authority | Capacity::System => return Err(AnswerError::NotAPerson),
    };
    match (guarded, state) {
        (Guarded::No, State::UnderReview) => own.then_some(()).ok_or(AnswerError::PersonNeeded),
        (Guarded::No, _) => Ok(()),
        _ if by.capacity == Capacity::Attorney => Err(AnswerError::RepresentativeNeeded),
        (Guarded::Represented, _) if own => Err(AnswerError::RepresentativeNeeded),
        (_, State::UnderReview) => Err(AnswerError::PersonNeeded),
        (Guarded::Represented, _) => Ok(()),
        (Guarded::Joint, _) => match stopped_by.map(|stopped| stopped.capacity == Capacity::Own) {
            Some(side) if side == own => Ok(()),
            _ => Err(AnswerError::JointNeedsTheOther),
        },
    }
}
