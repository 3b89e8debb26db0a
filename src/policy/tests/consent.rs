//! I3: where consent is the basis, only one that is given, counts now and covers what is asked opens anything; and what a
//! person decided ahead of time binds there, and nowhere else.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    consent::{Frequency, Hours, Per, minute_of_day},
    decision::{Reason, StandingFacts},
};

static REGISTER: LazyLock<Register> = LazyLock::new(shipped);

type Change = fn(&mut ConsentFacts<'_>);

fn reminder() -> &'static Purpose {
    REGISTER.catalogue().purpose("notify.proactive_reminder").unwrap()
}

const FIELDS: [&str; 2] = ["contact.phone", "passport.expiry_date"];

/// Decides a request with nothing wrong but for what is given.
fn ask(
    purpose: &Purpose,
    (action, now): (Action, Millis),
    fields: &[&str],
    consent: Option<ConsentFacts<'_>>,
    standing: Option<StandingFacts>,
) -> Decision {
    let purposes = BTreeSet::from([purpose.id.clone()]);
    let official = OfficialFacts { id: "o", agency: "a", registered: true, active: true, proved: true };
    REGISTER.decide(&Facts {
        action,
        now,
        client: ClientFacts { id: "c", agency: "a", purposes: &purposes, suspended: false },
        official: (purpose.official != OfficialDemand::None).then_some(official),
        purpose: &purpose.id,
        basis: BasisKind::Consent,
        fields,
        has_case: purpose.case_required,
        assurance: purpose.assurance,
        consent,
        standing,
        emergency: None,
    })
}

#[test]
fn each_thing_that_can_be_wrong_with_a_consent_has_its_own_reason() {
    let with = |change: Change| {
        decide(&REGISTER, reminder(), BasisKind::Consent, &FIELDS, |facts| {
            change(facts.consent.as_mut().unwrap());
        })
    };
    assert!(with(|_| ()).allowed);
    let refused: [(Change, Reason, bool); 8] = [
        (|consent| consent.state = State::Requested, Reason::ConsentRequired, true),
        (|consent| consent.state = State::Withdrawn, Reason::ConsentWithdrawn, true),
        (|consent| consent.state = State::Expired, Reason::ConsentExpired, true),
        (|consent| consent.state = State::Paused, Reason::ConsentPaused, false),
        (|consent| consent.state = State::UnderReview, Reason::ConsentUnderReview, false),
        (|consent| consent.purpose_version = "", Reason::ConsentForAnotherVersion, true),
        (|consent| consent.granted = &["contact.phone"], Reason::ConsentFieldNotCovered, true),
        (|consent| consent.uses = 1, Reason::ConsentUsedUp, true),
    ];
    for (change, reason, asking_helps) in refused {
        let decision = with(change);
        assert_eq!((decision.allowed, decision.reason), (false, Some(reason)));
        assert_eq!(reason.wants_consent(), asking_helps, "{reason}");
    }
    let none = decide(&REGISTER, reminder(), BasisKind::Consent, &FIELDS, |facts| facts.consent = None);
    assert_eq!(none.reason, Some(Reason::ConsentRequired));
}

#[test]
fn a_consent_counts_from_its_first_millisecond_to_just_before_its_last() {
    let with = |starts, expires, hours| {
        let limits = Limits { max_uses: 1, frequency: None, hours, starts, expires };
        let consent = ConsentFacts {
            state: State::Given,
            granted: &FIELDS,
            purpose_version: &reminder().version,
            limits: &limits,
            uses: 1,
            uses_in_period: 1,
            for_this_request: false,
        };
        ask(reminder(), (Action::Disclose, NOW), &FIELDS, Some(consent), None).reason
    };
    let minute = u16::try_from(minute_of_day(NOW)).unwrap();
    assert_eq!(with(NOW.0, NOW.0 + 1, None), None);
    assert_eq!(with(NOW.0 + 1, NOW.0 + 2, None), Some(Reason::ConsentNotStarted));
    assert_eq!(with(NOW.0 - 1, NOW.0, None), Some(Reason::ConsentExpired));
    assert_eq!(with(NOW.0, NOW.0 + 1, Hours::new(minute, minute + 1)), None);
    assert_eq!(with(NOW.0, NOW.0 + 1, Hours::new(minute - 1, minute)), Some(Reason::ConsentOutsideHours));
    assert_eq!(with(NOW.0, NOW.0 + 1, Hours::new(minute + 1, 1440)), Some(Reason::ConsentOutsideHours));
}

#[test]
fn standing_choices_change_nothing_where_the_law_opens_the_data_but_are_named() {
    let all =
        StandingFacts { never_purpose: true, never_agency: true, ask_each_time: true, outside_hours: true };
    for purpose in REGISTER.catalogue().purposes.values().filter(|purpose| purpose.is_active()) {
        for basis in &purpose.bases {
            let fields: Vec<&str> = basis.fields.iter().map(String::as_str).collect();
            let with =
                |standing| decide(&REGISTER, purpose, basis.kind, &fields, |facts| facts.standing = standing);
            assert!(with(None).allowed && with(None).overrides.is_empty());
            let decision = with(Some(all));
            let binds = basis.kind == BasisKind::Consent;
            assert_eq!(decision.allowed, !binds, "{} {}", purpose.id, basis.kind);
            let named: &[&str] = if binds {
                &[]
            } else {
                &["never_purpose", "never_agency", "ask_each_time", "outside_hours"]
            };
            assert_eq!(decision.overrides, named);
        }
    }
}

/// One consent and one set of standing choices; mostly right, so that each rule has its turn.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that can be wrong")]
struct Random {
    purpose: prop::sample::Index,
    disclose: bool,
    minutes: i64,
    there: bool,
    state: State,
    starts: i64,
    expires: i64,
    same_version: bool,
    covered: bool,
    uses: (u32, u32),
    frequency: Option<(u32, u32)>,
    hours: Option<(u16, u16)>,
    for_this_request: bool,
    standing: Option<StandingFacts>,
}

fn mostly() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.9)
}

fn rarely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.1)
}

prop_compose! {
    fn standing()(never_purpose in rarely(), never_agency in rarely(), ask_each_time in any::<bool>(),
        outside_hours in rarely()) -> StandingFacts {
        StandingFacts { never_purpose, never_agency, ask_each_time, outside_hours }
    }
}

prop_compose! {
    fn limits()(starts in -9_i64..2, expires in 0_i64..9, uses in (0_u32..3, 1_u32..4),
        frequency in prop::option::of((0_u32..2, 1_u32..3)),
        hours in prop::option::of((0_u16..600, 900_u16..1441)))
        -> (i64, i64, (u32, u32), Option<(u32, u32)>, Option<(u16, u16)>) {
        (starts, expires, uses, frequency, hours)
    }
}

prop_compose! {
    fn random()(purpose in any::<prop::sample::Index>(), disclose in any::<bool>(), minutes in 0_i64..1440,
        there in mostly(),
        state in prop_oneof![8 => Just(State::Given), 2 => prop::sample::select(State::ALL.to_vec())],
        (starts, expires, uses, frequency, hours) in limits(),
        same_version in mostly(), covered in mostly(), for_this_request in any::<bool>(),
        standing in prop::option::of(standing())) -> Random {
        Random { purpose, disclose, minutes, there, state, starts, expires, same_version, covered, uses, frequency,
            hours, for_this_request, standing }
    }
}

impl Random {
    /// What the law and the person's own limits say, without Cedar.
    fn may(&self, now: Millis) -> bool {
        let minute = minute_of_day(now);
        let taking = !self.disclose;
        let choices = self.standing.unwrap_or_default();
        self.there
            && self.state == State::Given
            && self.starts <= 0
            && self.expires > 0
            && self.same_version
            && self.covered
            && self.hours.is_none_or(|(from, to)| (i64::from(from)..i64::from(to)).contains(&minute))
            && !(taking && self.uses.0 >= self.uses.1)
            && !(taking && self.frequency.is_some_and(|(taken, most)| taken >= most))
            && !(choices.never_purpose || choices.never_agency || choices.outside_hours)
            && !(taking && choices.ask_each_time && !self.for_this_request)
    }

    fn decide(&self, now: Millis) -> Decision {
        let all: Vec<&Purpose> = REGISTER
            .catalogue()
            .purposes
            .values()
            .filter(|purpose| purpose.is_active() && purpose.basis(BasisKind::Consent).is_some())
            .collect();
        let purpose = *self.purpose.get(&all);
        let basis = purpose.basis(BasisKind::Consent).unwrap();
        let fields: Vec<&str> = basis.fields.iter().map(String::as_str).collect();
        let granted: Vec<&str> = fields.iter().copied().skip(usize::from(!self.covered)).collect();
        let limits = Limits {
            max_uses: self.uses.1,
            frequency: self.frequency.map(|(_, n)| Frequency { n, per: Per::Week }),
            hours: self.hours.and_then(|(from, to)| Hours::new(from, to)),
            starts: now.0 + self.starts,
            expires: now.0 + self.expires,
        };
        let consent = ConsentFacts {
            state: self.state,
            granted: &granted,
            purpose_version: if self.same_version { &purpose.version } else { "another" },
            limits: &limits,
            uses: self.uses.0,
            uses_in_period: self.frequency.map_or(0, |(taken, _)| taken),
            for_this_request: self.for_this_request,
        };
        let action = if self.disclose { Action::Disclose } else { Action::IssueToken };
        ask(purpose, (action, now), &fields, self.there.then_some(consent), self.standing)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn consent_opens_exactly_what_the_person_gave_while_she_gives_it(random in random()) {
        let now = Millis(NOW.0 + random.minutes * 60_000);
        let decision = random.decide(now);
        prop_assert_eq!(decision.allowed, random.may(now), "{:?}", decision);
        prop_assert!(decision.overrides.is_empty());
    }
}
