//! The stable reason codes of refusals, in order of precedence, with their texts.

/// Why a request is refused.
///
/// The order of the variants is the order of precedence: when several rules forbid, the reason given is the first
/// of them here. What can be said of the deciding itself comes first, then the purpose and the client, the
/// official, the review, the basis, the fields, the case, and last the consent, so that nobody learns whether a
/// person has consented by a request that was wrong anyway.
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
    /// Consent is the basis and there is none.
    ConsentRequired,
    /// The consent was withdrawn.
    ConsentWithdrawn,
    /// The consent has expired.
    ConsentExpired,
    /// The consent was given for another version of the purpose.
    ConsentForAnotherVersion,
    /// The consent does not cover every field asked for.
    ConsentFieldNotCovered,
    /// Nothing forbids it, but nothing allows it either.
    NotPermitted,
}

impl Reason {
    /// Every reason, in order of precedence.
    pub const ALL: [Self; 27] = [
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
        Self::ConsentRequired,
        Self::ConsentWithdrawn,
        Self::ConsentExpired,
        Self::ConsentForAnotherVersion,
        Self::ConsentFieldNotCovered,
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
            Self::ConsentRequired => "consent_required",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::ConsentExpired => "consent_expired",
            Self::ConsentForAnotherVersion => "consent_for_another_version",
            Self::ConsentFieldNotCovered => "consent_field_not_covered",
            Self::NotPermitted => "not_permitted",
        }
    }

    /// The reason of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Whether it says that a live consent is wanting, so that asking the citizen could help.
    pub const fn wants_consent(self) -> bool {
        matches!(
            self,
            Self::ConsentRequired
                | Self::ConsentWithdrawn
                | Self::ConsentExpired
                | Self::ConsentForAnotherVersion
                | Self::ConsentFieldNotCovered
        )
    }

    /// One plain sentence in Vietnamese.
    pub const fn vi(self) -> &'static str {
        self.sentences().0
    }

    /// One plain sentence in English.
    pub const fn en(self) -> &'static str {
        self.sentences().1
    }

    const fn sentences(self) -> (&'static str, &'static str) {
        match self {
            Self::EvaluationError => (
                "Không xác định được đầy đủ các điều kiện, nên yêu cầu bị từ chối.",
                "The conditions could not all be established, so the request was refused.",
            ),
            Self::PurposeUnknown => {
                ("Mục đích này không có trong danh mục.", "This purpose is not in the catalogue.")
            }
            Self::PurposeNotActive => ("Mục đích này chưa có hiệu lực.", "This purpose is not in force."),
            Self::PurposeNotRegistered => (
                "Phần mềm của cơ quan chưa được đăng ký cho mục đích này.",
                "The agency's software is not registered for this purpose.",
            ),
            Self::ClientSuspended => {
                ("Phần mềm của cơ quan đang bị tạm dừng.", "The agency's software is suspended.")
            }
            Self::OfficialUnknown => {
                ("Cán bộ được nêu chưa được đăng ký.", "The official named is not registered.")
            }
            Self::OfficialAgencyMismatch => (
                "Cán bộ được nêu không thuộc cơ quan đang yêu cầu.",
                "The official named is not of the agency that asks.",
            ),
            Self::OfficialSuspended => (
                "Cán bộ được nêu đang bị tạm dừng quyền truy cập.",
                "The access of the official named is suspended.",
            ),
            Self::OfficialRequired => {
                ("Phải nêu cán bộ chịu trách nhiệm.", "The official responsible must be named.")
            }
            Self::OfficialNotTaken => {
                ("Mục đích này không có cán bộ nào đứng tên.", "No official takes part in this purpose.")
            }
            Self::OfficialNotProved => ("Cán bộ phải tự đăng nhập.", "The official must have signed in."),
            Self::AssuranceTooLow => ("Mức xác thực chưa đủ.", "The sign-in is not strong enough."),
            Self::ReviewOverdue => (
                "Việc rà soát định kỳ của mục đích này đã quá hạn.",
                "The periodic review of this purpose is overdue.",
            ),
            Self::BasisNotOffered => (
                "Mục đích này không có căn cứ pháp lý được nêu.",
                "This purpose does not have the legal basis claimed.",
            ),
            Self::EmptyFieldSet => {
                ("Phải nêu ít nhất một thông tin cần đọc.", "At least one field must be asked for.")
            }
            Self::FieldUnknown => (
                "Có thông tin được yêu cầu không nằm trong danh mục.",
                "A field asked for is not in the catalogue.",
            ),
            Self::FieldNeverOffered => (
                "Có thông tin được yêu cầu không bao giờ được cung cấp.",
                "A field asked for is never given to anybody.",
            ),
            Self::FieldAboutOthers => (
                "Có thông tin được yêu cầu nói về cả người khác.",
                "A field asked for is also about other people.",
            ),
            Self::FieldOutsidePurposeMinimum => (
                "Có thông tin được yêu cầu vượt quá mức cần thiết cho mục đích này.",
                "A field asked for goes beyond what this purpose needs.",
            ),
            Self::CaseRequired => ("Phải có mã hồ sơ.", "A case number is required."),
            Self::CaseNotTaken => {
                ("Mục đích này không gắn với hồ sơ nào.", "This purpose belongs to no case.")
            }
            Self::ConsentRequired => (
                "Cần có sự đồng ý của công dân, và chưa có.",
                "The citizen's consent is needed, and there is none.",
            ),
            Self::ConsentWithdrawn => {
                ("Công dân đã rút lại sự đồng ý.", "The citizen has withdrawn their consent.")
            }
            Self::ConsentExpired => ("Sự đồng ý đã hết hạn.", "The consent has expired."),
            Self::ConsentForAnotherVersion => (
                "Sự đồng ý được đưa ra cho một phiên bản khác của mục đích này.",
                "The consent was given for another version of this purpose.",
            ),
            Self::ConsentFieldNotCovered => (
                "Sự đồng ý không bao gồm mọi thông tin được yêu cầu.",
                "The consent does not cover everything asked for.",
            ),
            Self::NotPermitted => ("Không có quy định nào cho phép việc này.", "Nothing permits this."),
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
