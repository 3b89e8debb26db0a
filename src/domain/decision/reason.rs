//! The stable reason codes of refusals, in order of precedence; their texts are in `sentences`.

/// Why a request is refused.
///
/// The order of the variants is the order of precedence: when several rules forbid, the reason given is the first
/// of them here. What can be said of the deciding itself comes first, then the purpose and the client, the
/// official, the review, the basis, the fields, the case, the emergency, and last the consent and the person's standing
/// choices, so that nobody learns by a request that was wrong anyway what a person has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A rule could not be evaluated or a fact was missing.
    EvaluationError,
    /// The purpose is not in the catalogue.
    PurposeUnknown,
    /// The purpose is a draft or retired.
    PurposeNotActive,
    /// The client is not registered for the purpose.
    PurposeNotRegistered,
    /// The client is suspended.
    ClientSuspended,
    /// The official is not registered.
    OfficialUnknown,
    /// The official is of another agency.
    OfficialAgencyMismatch,
    /// The official's access is suspended.
    OfficialSuspended,
    /// The purpose demands an official and none is named.
    OfficialRequired,
    /// The purpose takes no official and one is named.
    OfficialNotTaken,
    /// The purpose demands an official who signed in.
    OfficialNotProved,
    /// The sign-in behind the request is too weak.
    AssuranceTooLow,
    /// The Article 19(2) review is overdue or absent.
    ReviewOverdue,
    /// The purpose does not have the basis claimed.
    BasisNotOffered,
    /// A field is not in the catalogue.
    FieldUnknown,
    /// A field is offered to nobody.
    FieldNeverOffered,
    /// A field is about somebody else too.
    FieldAboutOthers,
    /// A field lies outside the minimum of the purpose on that basis.
    FieldOutsidePurposeMinimum,
    /// No field is asked for.
    EmptyFieldSet,
    /// The purpose demands a case and none is named.
    CaseRequired,
    /// The purpose takes no case and one is named.
    CaseNotTaken,
    /// An emergency demands a second official and none is named.
    ApproverRequired,
    /// The approver is the official who acts.
    ApproverSamePerson,
    /// The approver is not registered.
    ApproverUnknown,
    /// The approver is of another agency.
    ApproverAgencyMismatch,
    /// The approver's access is suspended.
    ApproverSuspended,
    /// The approver did not sign in.
    ApproverNotProved,
    /// An emergency is claimed without a justification.
    EmergencyNotJustified,
    /// One of the two officials signed in too long ago.
    EmergencySignInStale,
    /// One of the two officials owes the report on an earlier emergency.
    EmergencyReportOverdue,
    /// Consent is the basis and there is none.
    ConsentRequired,
    /// The consent was withdrawn.
    ConsentWithdrawn,
    /// The consent has expired.
    ConsentExpired,
    /// The consent was given for another version of the purpose.
    ConsentForAnotherVersion,
    /// A representative gave it for somebody who now decides alone and has not confirmed it.
    ConsentUnderReview,
    /// The person has stopped the consent for a while.
    ConsentPaused,
    /// The consent counts only later.
    ConsentNotStarted,
    /// The consent does not cover every field asked for.
    ConsentFieldNotCovered,
    /// The consent counts only at other hours of the day.
    ConsentOutsideHours,
    /// Everything the consent allows has been taken.
    ConsentUsedUp,
    /// The consent allows no more in this period.
    ConsentFrequency,
    /// The person has ruled this purpose out.
    StandingNeverPurpose,
    /// The person has ruled this agency out.
    StandingNeverAgency,
    /// The person has ruled this hour out.
    StandingOutsideHours,
    /// The person wants to be asked each time, and this consent was not given for this request.
    StandingAskEachTime,
    /// Nothing forbids it, but nothing allows it either.
    NotPermitted,
}

impl Reason {
    /// Every reason, in order of precedence.
    pub const ALL: [Self; 46] = [
        Self::EvaluationError,
        Self::PurposeUnknown,
        Self::PurposeNotActive,
        Self::PurposeNotRegistered,
        Self::ClientSuspended,
        Self::OfficialUnknown,
        Self::OfficialAgencyMismatch,
        Self::OfficialSuspended,
        Self::OfficialRequired,
        Self::OfficialNotTaken,
        Self::OfficialNotProved,
        Self::AssuranceTooLow,
        Self::ReviewOverdue,
        Self::BasisNotOffered,
        Self::FieldUnknown,
        Self::FieldNeverOffered,
        Self::FieldAboutOthers,
        Self::FieldOutsidePurposeMinimum,
        Self::EmptyFieldSet,
        Self::CaseRequired,
        Self::CaseNotTaken,
        Self::ApproverRequired,
        Self::ApproverSamePerson,
        Self::ApproverUnknown,
        Self::ApproverAgencyMismatch,
        Self::ApproverSuspended,
        Self::ApproverNotProved,
        Self::EmergencyNotJustified,
        Self::EmergencySignInStale,
        Self::EmergencyReportOverdue,
        Self::ConsentRequired,
        Self::ConsentWithdrawn,
        Self::ConsentExpired,
        Self::ConsentForAnotherVersion,
        Self::ConsentUnderReview,
        Self::ConsentPaused,
        Self::ConsentNotStarted,
        Self::ConsentFieldNotCovered,
        Self::ConsentOutsideHours,
        Self::ConsentUsedUp,
        Self::ConsentFrequency,
        Self::StandingNeverPurpose,
        Self::StandingNeverAgency,
        Self::StandingOutsideHours,
        Self::StandingAskEachTime,
        Self::NotPermitted,
    ];

    /// The stable code: on the wire, in entries, and in `@reason` of a rule.
    pub const fn code(self) -> &'static str {
        match self {
            Self::EvaluationError => "evaluation_error",
            Self::PurposeUnknown => "purpose_unknown",
            Self::PurposeNotActive => "purpose_not_active",
            Self::PurposeNotRegistered => "purpose_not_registered",
            Self::ClientSuspended => "client_suspended",
            Self::OfficialUnknown => "official_unknown",
            Self::OfficialAgencyMismatch => "official_agency_mismatch",
            Self::OfficialSuspended => "official_suspended",
            Self::OfficialRequired => "official_required",
            Self::OfficialNotTaken => "official_not_taken",
            Self::OfficialNotProved => "official_not_proved",
            Self::AssuranceTooLow => "assurance_too_low",
            Self::ReviewOverdue => "review_overdue",
            Self::BasisNotOffered => "basis_not_offered",
            Self::EmptyFieldSet => "empty_field_set",
            Self::FieldUnknown => "field_unknown",
            Self::FieldNeverOffered => "field_never_offered",
            Self::FieldAboutOthers => "field_about_others",
            Self::FieldOutsidePurposeMinimum => "field_outside_purpose_minimum",
            Self::CaseRequired => "case_required",
            Self::CaseNotTaken => "case_not_taken",
            Self::ApproverRequired => "approver_required",
            Self::ApproverSamePerson => "approver_same_person",
            Self::ApproverUnknown => "approver_unknown",
            Self::ApproverAgencyMismatch => "approver_agency_mismatch",
            Self::ApproverSuspended => "approver_suspended",
            Self::ApproverNotProved => "approver_not_proved",
            Self::EmergencyNotJustified => "emergency_not_justified",
            Self::EmergencySignInStale => "emergency_sign_in_stale",
            Self::EmergencyReportOverdue => "emergency_report_overdue",
            Self::ConsentRequired => "consent_required",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::ConsentExpired => "consent_expired",
            Self::ConsentForAnotherVersion => "consent_for_another_version",
            Self::ConsentUnderReview => "consent_under_review",
            Self::ConsentPaused => "consent_paused",
            Self::ConsentNotStarted => "consent_not_started",
            Self::ConsentFieldNotCovered => "consent_field_not_covered",
            Self::ConsentOutsideHours => "consent_outside_hours",
            Self::ConsentUsedUp => "consent_used_up",
            Self::ConsentFrequency => "consent_frequency",
            Self::StandingNeverPurpose => "standing_never_purpose",
            Self::StandingNeverAgency => "standing_never_agency",
            Self::StandingOutsideHours => "standing_outside_hours",
            Self::StandingAskEachTime => "standing_ask_each_time",
            Self::NotPermitted => "not_permitted",
        }
    }

    /// The reason of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Whether it says that a live consent is wanting, so that asking the citizen could help. Where she has stopped it
    /// herself, or it opens again by itself, asking would only press her.
    #[must_use]
    pub const fn wants_consent(self) -> bool {
        matches!(
            self,
            Self::ConsentRequired
                | Self::ConsentWithdrawn
                | Self::ConsentExpired
                | Self::ConsentForAnotherVersion
                | Self::ConsentFieldNotCovered
                | Self::ConsentUsedUp
                | Self::StandingAskEachTime
        )
    }

    /// Whether a rule for every purpose must give it: it does not depend on the purpose, so no purpose can do without.
    #[must_use]
    pub const fn is_global(self) -> bool {
        match self {
            Self::PurposeNotActive
            | Self::PurposeNotRegistered
            | Self::ClientSuspended
            | Self::OfficialUnknown
            | Self::OfficialAgencyMismatch
            | Self::OfficialSuspended
            | Self::ReviewOverdue
            | Self::EmptyFieldSet
            | Self::ApproverRequired
            | Self::ApproverSamePerson
            | Self::ApproverUnknown
            | Self::ApproverAgencyMismatch
            | Self::ApproverSuspended
            | Self::ApproverNotProved
            | Self::EmergencyNotJustified
            | Self::EmergencySignInStale
            | Self::EmergencyReportOverdue
            | Self::ConsentRequired
            | Self::ConsentWithdrawn
            | Self::ConsentExpired
            | Self::ConsentForAnotherVersion
            | Self::ConsentUnderReview
            | Self::ConsentPaused
            | Self::ConsentNotStarted
            | Self::ConsentFieldNotCovered
            | Self::ConsentOutsideHours
            | Self::ConsentUsedUp
            | Self::ConsentFrequency
            | Self::StandingNeverPurpose
            | Self::StandingNeverAgency
            | Self::StandingOutsideHours
            | Self::StandingAskEachTime => true,
            Self::EvaluationError
            | Self::PurposeUnknown
            | Self::OfficialRequired
            | Self::OfficialNotTaken
            | Self::OfficialNotProved
            | Self::AssuranceTooLow
            | Self::BasisNotOffered
            | Self::FieldUnknown
            | Self::FieldNeverOffered
            | Self::FieldAboutOthers
            | Self::FieldOutsidePurposeMinimum
            | Self::CaseRequired
            | Self::CaseNotTaken
            | Self::NotPermitted => false,
        }
    }
}
impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back_to_its_reason_and_all_is_in_order() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert!(Reason::ALL.is_sorted());
        assert_eq!(Reason::from_code("because"), None);
    }
}
