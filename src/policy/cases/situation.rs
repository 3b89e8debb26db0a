//! The words of a case, and the facts they stand for.

use std::{collections::BTreeSet, time::Duration};

use serde::Deserialize;

use super::Case;
use crate::{
    domain::{
        catalogue::{BasisKind, OfficialDemand, Purpose},
        consent::{Frequency, Hours, Limits, Per, State, minute_of_day},
        decision::{
            Action, ClientFacts, ConsentFacts, Decision, EmergencyFacts, Facts, OfficialFacts, StandingFacts,
        },
    },
    policy::Register,
    time::Millis,
};

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhatHappens {
    #[default]
    IssueToken,
    Disclose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhoActs {
    None,
    Asserted,
    Proved,
    Unknown,
    Suspended,
    OtherAgency,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhoAsks {
    #[default]
    Registered,
    Unregistered,
    Suspended,
}

/// `live` is a consent given for this very request, within all its limits; `earlier` one given before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhatConsent {
    None,
    Live,
    Earlier,
    Waiting,
    Refused,
    Unanswered,
    HalfGiven,
    Withdrawn,
    Revoked,
    Expired,
    Lapsed,
    Invalidated,
    Superseded,
    OtherVersion,
    FewerFields,
    Paused,
    UnderReview,
    NotStarted,
    UsedUp,
    TooOften,
    OutsideHours,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhatStanding {
    NeverPurpose,
    NeverAgency,
    AskEachTime,
    OutsideHours,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhoApproves {
    #[default]
    Another,
    None,
    SamePerson,
    SameCode,
    Unknown,
    Suspended,
    OtherAgency,
    Asserted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhatEmergency {
    None,
    Unjustified,
    StaleSignIn,
    UnknownSignIn,
    ReportOverdue,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WhichReview {
    #[default]
    Current,
    Overdue,
}

impl WhatConsent {
    const fn state(self) -> State {
        match self {
            Self::None | Self::Waiting => State::Requested,
            Self::Refused => State::Refused,
            Self::Unanswered => State::Unanswered,
            Self::HalfGiven => State::HalfGiven,
            Self::Withdrawn => State::Withdrawn,
            Self::Revoked => State::Revoked,
            Self::Lapsed => State::LapsedUnused,
            Self::Invalidated => State::Invalidated,
            Self::Superseded => State::Superseded,
            Self::Paused => State::Paused,
            Self::UnderReview => State::UnderReview,
            // Expired by the clock alone: nothing may wait for the clockwork that moves the state.
            Self::Expired
            | Self::Live
            | Self::Earlier
            | Self::OtherVersion
            | Self::FewerFields
            | Self::NotStarted
            | Self::UsedUp
            | Self::TooOften
            | Self::OutsideHours => State::Given,
        }
    }

    fn limits(self, now: Millis) -> Limits {
        let second = |count: i64| now.0.saturating_add(count.saturating_mul(1000));
        let minute = u16::try_from(minute_of_day(now)).unwrap_or_default();
        // Hours that end before this minute, or begin after it.
        let closed = Hours::new(0, minute).or(Hours::new(1, 1440));
        Limits {
            max_uses: 2,
            frequency: Some(Frequency { n: 1, per: Per::Day }),
            hours: if self == Self::OutsideHours { closed } else { Hours::new(0, 1440) },
            starts: if self == Self::NotStarted { second(1) } else { now.0 },
            expires: if self == Self::Expired { now.0 } else { second(2) },
        }
    }
}

impl Case {
    fn standing(&self) -> Option<StandingFacts> {
        let has = |choice| self.standing.contains(&choice);
        (!self.standing.is_empty()).then(|| StandingFacts {
            never_purpose: has(WhatStanding::NeverPurpose),
            never_agency: has(WhatStanding::NeverAgency),
            ask_each_time: has(WhatStanding::AskEachTime),
            outside_hours: has(WhatStanding::OutsideHours),
        })
    }

    fn acting(&self, demand: OfficialDemand) -> Option<OfficialFacts<'static>> {
        let who = self.official.unwrap_or(match demand {
            OfficialDemand::None => WhoActs::None,
            OfficialDemand::Asserted => WhoActs::Asserted,
            OfficialDemand::Proved => WhoActs::Proved,
        });
        let proved = demand == OfficialDemand::Proved;
        (who != WhoActs::None).then_some(OfficialFacts {
            id: "official",
            agency: if who == WhoActs::OtherAgency { "another-agency" } else { "agency" },
            registered: who != WhoActs::Unknown,
            active: !matches!(who, WhoActs::Suspended | WhoActs::Unknown),
            proved: who == WhoActs::Proved || (proved && who != WhoActs::Asserted),
        })
    }

    fn approving(&self) -> Option<OfficialFacts<'static>> {
        let who = self.approver;
        (who != WhoApproves::None).then_some(OfficialFacts {
            id: if who == WhoApproves::SameCode { "official" } else { "approver" },
            agency: if who == WhoApproves::OtherAgency { "another-agency" } else { "agency" },
            registered: who != WhoApproves::Unknown,
            active: !matches!(who, WhoApproves::Suspended | WhoApproves::Unknown),
            proved: who != WhoApproves::Asserted,
        })
    }

    fn emergency(&self, kind: BasisKind, purpose: &Purpose, now: Millis) -> Option<EmergencyFacts<'static>> {
        if kind != BasisKind::Emergency || self.emergency == Some(WhatEmergency::None) {
            return None;
        }
        let minutes = purpose.emergency.map_or(0, |terms| i64::from(terms.max_minutes));
        let just_in_time = now.0.saturating_sub(minutes.saturating_mul(60_000)).saturating_add(1);
        let oldest_sign_in = match self.emergency {
            Some(WhatEmergency::UnknownSignIn) => None,
            Some(WhatEmergency::StaleSignIn) => Some(Millis(just_in_time.saturating_sub(1))),
            _ => Some(Millis(just_in_time)),
        };
        Some(EmergencyFacts {
            approver: self.approving(),
            same_person: self.approver == WhoApproves::SamePerson,
            justified: self.emergency != Some(WhatEmergency::Unjustified),
            oldest_sign_in,
            report_overdue: self.emergency == Some(WhatEmergency::ReportOverdue),
        })
    }
}

impl Register {
    pub(super) fn decide_case(&self, purpose: &Purpose, case: &Case) -> Decision {
        let kind = case.basis.or_else(|| purpose.bases.first().map(|basis| basis.kind));
        let kind = kind.unwrap_or(BasisKind::Statutory);
        let of_basis = || purpose.basis(kind).or(purpose.bases.first()).map(|basis| basis.fields.clone());
        let asked = case.fields.clone().or_else(of_basis).unwrap_or_default();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let due = purpose.review.as_ref().map_or(Millis(0), |review| review.due);
        let now = match case.review {
            WhichReview::Current => due - Duration::from_millis(1),
            WhichReview::Overdue => due,
        };
        let mut purposes = BTreeSet::new();
        if case.client != WhoAsks::Unregistered {
            purposes.insert(purpose.id.clone());
        }
        let consent = case.consent.unwrap_or(match kind {
            BasisKind::Consent => WhatConsent::Live,
            BasisKind::Statutory | BasisKind::Emergency | BasisKind::Contract => WhatConsent::None,
        });
        let granted: Vec<&str> =
            asked.iter().copied().skip(usize::from(consent == WhatConsent::FewerFields)).collect();
        let limits = consent.limits(now);
        let consent = (consent != WhatConsent::None).then_some(ConsentFacts {
            state: consent.state(),
            granted: &granted,
            purpose_version: if consent == WhatConsent::OtherVersion { "0" } else { &purpose.version },
            limits: &limits,
            uses: if consent == WhatConsent::UsedUp { limits.max_uses } else { 1 },
            uses_in_period: u32::from(consent == WhatConsent::TooOften),
            for_this_request: consent != WhatConsent::Earlier,
        });
        self.decide(&Facts {
            action: match case.action {
                WhatHappens::IssueToken => Action::IssueToken,
                WhatHappens::Disclose => Action::Disclose,
            },
            now,
            client: ClientFacts {
                id: "client",
                agency: "agency",
                purposes: &purposes,
                suspended: case.client == WhoAsks::Suspended,
            },
            official: case.acting(purpose.official),
            purpose: &purpose.id,
            basis: kind,
            fields: &asked,
            has_case: case.dossier.unwrap_or(purpose.case_required),
            assurance: case.assurance.unwrap_or(purpose.assurance),
            consent,
            standing: case.standing(),
            emergency: case.emergency(kind, purpose, now),
        })
    }
}
