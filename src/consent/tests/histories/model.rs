//! What must be true, written a second time: no database, no order of statements, words instead of types.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    consent::GrantWish,
    domain::consent::{Limits, minute_of_day},
    store::append::{Outcome, Reach},
};

const WAITING: &[&str] = &["requested", "deferred", "half_given"];
const STANDING: &[&str] = &["given", "paused", "under_review"];

/// `(act, where it leads, from where, the entry it makes)`.
const TABLE: &[(&str, &str, &[&str], &str)] = &[
    ("defer", "deferred", &["requested"], "consent.deferred"),
    ("refuse", "refused", WAITING, "consent.refused"),
    ("time_out", "unanswered", WAITING, "consent.unanswered"),
    ("give_half", "half_given", &["requested", "deferred"], "consent.half_given"),
    ("give", "given", WAITING, "consent.given"),
    ("pause", "paused", &["given"], "consent.paused"),
    ("resume", "given", &["paused"], "consent.resumed"),
    ("withdraw", "withdrawn", STANDING, "consent.withdrawn"),
    ("revoke", "revoked", STANDING, "consent.revoked"),
    ("expire", "expired", STANDING, "consent.expired"),
    ("lapse", "lapsed_unused", STANDING, "consent.lapsed"),
    ("supersede", "superseded", STANDING, "consent.superseded"),
    ("review", "under_review", &["given", "paused"], "consent.reviewed"),
    ("confirm", "given", &["under_review"], "consent.confirmed"),
    (
        "invalidate",
        "invalidated",
        &["requested", "deferred", "half_given", "given", "paused", "under_review"],
        "consent.invalidated",
    ),
];

/// Where an act leads from a state, or nowhere.
pub(super) fn leads(from: &str, act: &str) -> Option<&'static str> {
    TABLE.iter().find(|row| row.0 == act && row.2.contains(&from)).map(|row| row.1)
}

/// Whether an entry of this kind may record an act.
pub(super) fn records(act: &str, kind: &str) -> bool {
    match act {
        "ask" => kind == "consent.asked",
        _ => TABLE.iter().any(|row| row.0 == act && row.3.split('|').any(|word| word == kind)),
    }
}

pub(super) fn is_waiting(state: &str) -> bool {
    WAITING.contains(&state)
}

pub(super) fn stands(state: &str) -> bool {
    STANDING.contains(&state)
}

/// A consent as it must stand.
#[derive(Clone, Debug)]
pub(super) struct Consent {
    pub(super) id: Uuid,
    pub(super) state: &'static str,
    pub(super) acts: Vec<&'static str>,
    pub(super) limits: Limits,
    pub(super) answer_by: i64,
    pub(super) joint: bool,
    pub(super) uses: Vec<(i64, Uuid)>,
    pub(super) grant: Option<Uuid>,
}

impl Consent {
    /// Whether it is too late for an answer, from the state that was seen.
    fn is_late(&self, act: &str, seen: &str, at: i64) -> bool {
        let waits = is_answer(act) && is_waiting(seen) && at >= self.answer_by;
        waits || (act == "confirm" && seen == "under_review" && at >= self.limits.expires)
    }
}

/// Something somebody tries at an instant, on consent number `on`.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) on: usize,
    pub(super) at: i64,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// A step from what was seen: the state and how many acts there had been.
    /// `stray`: a field is named that is not asked for; `same`: the first of two answers again; `other`: somebody else
    /// than the person.
    Step {
        act: &'static str,
        seen: (&'static str, usize),
        wish: Option<GrantWish>,
        stray: bool,
        same: bool,
        other: bool,
    },
    /// A token is taken, with or without a refresh token.
    Spend { jti: Uuid, refresh: Option<Vec<u8>> },
    /// Data is released on a token.
    Release { jti: Uuid },
}

/// How an attempt ended; only [`End::Done`] changed anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Done, with the grant a yes led to.
    Done(Option<Uuid>),
    Illegal,
    Stale,
    TooLate,
    FieldNotAsked,
    NeedsTheOther,
    NotAPerson,
    GrantUnknown,
    Not(Outcome),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) consents: Vec<Consent>,
    /// Tokens: the consent and whether the token has ended.
    pub(super) tokens: BTreeMap<Uuid, (usize, bool)>,
    /// Refresh tokens: the grant and whether the token has ended.
    pub(super) refresh: BTreeMap<Vec<u8>, (Uuid, bool)>,
    /// Grants, and whether they have ended.
    pub(super) grants: BTreeMap<Uuid, bool>,
}

impl Model {
    /// Whether an attempt must succeed here.
    pub(super) fn allows(&self, deed: &Deed) -> bool {
        let consent = &self.consents[deed.on];
        match &deed.what {
            What::Step { act, seen, wish, stray, same, other } => {
                let too_late = consent.is_late(act, seen.0, deed.at);
                let unknown =
                    wish.and_then(named).is_some_and(|grant| self.grants.get(&grant) != Some(&false));
                let from_here = seen.1 == consent.acts.len();
                let for_her = *other && *act == "confirm";
                let fits = !too_late && !stray && !same && !unknown && !for_her;
                fits && from_here && leads(seen.0, act).is_some()
            }
            What::Spend { .. } => self.is_live(deed) && self.reached(deed).is_empty(),
            What::Release { jti } => self.is_live(deed) && !self.tokens[jti].1,
        }
    }

    fn is_live(&self, deed: &Deed) -> bool {
        let consent = &self.consents[deed.on];
        let limits = &consent.limits;
        consent.state == "given" && limits.starts <= deed.at && deed.at < limits.expires
    }

    /// The limits that stand against one more use.
    fn reached(&self, deed: &Deed) -> Vec<Reach> {
        let consent = &self.consents[deed.on];
        let mut reached = Vec::new();
        if consent.uses.len() >= usize::try_from(consent.limits.max_uses).unwrap() {
            reached.push(Reach::Uses);
        }
        if let Some(frequency) = consent.limits.frequency {
            // Uses that another clock has put later count as well.
            let after = deed.at - frequency.per.millis();
            let recent = consent.uses.iter().filter(|used| used.0 > after).count();
            if recent >= usize::try_from(frequency.n).unwrap() {
                reached.push(Reach::Frequency);
            }
        }
        let minute = minute_of_day(crate::time::Millis(deed.at));
        let open = |hours: crate::domain::consent::Hours| {
            (i64::from(hours.opens)..i64::from(hours.closes)).contains(&minute)
        };
        if !consent.limits.hours.is_none_or(open) {
            reached.push(Reach::Hours);
        }
        reached
    }

    /// Whether a refusal is right here. Of several reasons any may be told.
    pub(super) fn explains(&self, deed: &Deed, end: &End) -> bool {
        let consent = &self.consents[deed.on];
        match (&deed.what, end) {
            (What::Step { act, seen, .. }, End::TooLate) => consent.is_late(act, seen.0, deed.at),
            (What::Step { act, seen, .. }, End::Illegal) => leads(seen.0, act).is_none(),
            (What::Step { seen, .. }, End::Stale) => seen.1 != consent.acts.len(),
            (What::Step { stray, .. }, End::FieldNotAsked) => *stray,
            (What::Step { same, .. }, End::NeedsTheOther) => *same,
            (What::Step { act, other, .. }, End::NotAPerson) => *other && *act == "confirm",
            (What::Step { wish, .. }, End::GrantUnknown) => {
                wish.and_then(named).is_some_and(|grant| self.grants.get(&grant) != Some(&false))
            }
            (What::Release { jti }, End::Not(Outcome::TokenRevoked)) => self.tokens[jti].1,
            (What::Spend { .. } | What::Release { .. }, End::Not(Outcome::ConsentNotLive(Some(state)))) => {
                consent.state == state.as_str() && !self.is_live(deed)
            }
            (What::Spend { .. }, End::Not(Outcome::LimitReached(reach))) => {
                self.reached(deed).contains(reach)
            }
            _ => false,
        }
    }

    /// Does it.
    pub(super) fn apply(&mut self, deed: &Deed, grant: Option<Uuid>) {
        match &deed.what {
            What::Step { act, wish, .. } => {
                self.step(deed.on, act);
                if let (Some(wish), Some(grant)) = (wish, grant) {
                    self.grants.insert(grant, false);
                    self.consents[deed.on].grant = Some(grant);
                    if named(*wish).is_some() {
                        self.end_refresh(grant);
                    }
                    if matches!(wish, GrantWish::Replace(_)) {
                        for older in 0..self.consents.len() {
                            let consent = &self.consents[older];
                            if older != deed.on && consent.grant == Some(grant) && stands(consent.state) {
                                self.step(older, "supersede");
                            }
                        }
                    }
                }
            }
            What::Spend { jti, refresh } => {
                let consent = &mut self.consents[deed.on];
                consent.uses.push((deed.at, *jti));
                self.tokens.insert(*jti, (deed.on, false));
                if let (Some(hash), Some(grant)) = (refresh, consent.grant) {
                    self.refresh.insert(hash.clone(), (grant, false));
                }
            }
            What::Release { .. } => {}
        }
    }

    fn step(&mut self, on: usize, act: &'static str) {
        let consent = &mut self.consents[on];
        let Some(to) = leads(consent.state, act) else { return };
        consent.state = to;
        consent.acts.push(act);
        if to == "given" || to == "paused" || is_waiting(to) {
            return;
        }
        for token in self.tokens.values_mut().filter(|token| token.0 == on) {
            token.1 = true;
        }
        let Some(grant) = consent.grant.filter(|_| !stands(to)) else { return };
        if !self.consents.iter().any(|other| other.grant == Some(grant) && stands(other.state)) {
            self.grants.insert(grant, true);
            self.end_refresh(grant);
        }
    }

    fn end_refresh(&mut self, grant: Uuid) {
        for refresh in self.refresh.values_mut().filter(|refresh| refresh.0 == grant) {
            refresh.1 = true;
        }
    }
}

/// Whether it is the person's answer, for which there is a time.
pub(super) fn is_answer(act: &str) -> bool {
    ["give", "give_half", "confirm", "refuse", "defer"].contains(&act)
}

const fn named(wish: GrantWish) -> Option<Uuid> {
    match wish {
        GrantWish::Create => None,
        GrantWish::Merge(grant) | GrantWish::Replace(grant) => Some(grant),
    }
}
