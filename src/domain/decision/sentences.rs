//! What each reason means, in one plain sentence a language. Out of scope: the codes and their order (`reason`).

use super::Reason;

impl Reason {
    /// One plain sentence in Vietnamese.
    pub const fn vi(self) -> &'static str {
        self.sentences().0
    }

    /// One plain sentence in English.
    pub const fn en(self) -> &'static str {
        self.sentences().1
    }

    #[expect(clippy::too_many_lines, reason = "a table, one sentence a reason and language")]
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
            Self::ApproverRequired => (
                "Việc khẩn cấp cần một cán bộ thứ hai phê duyệt.",
                "An emergency needs a second official who approves.",
            ),
            Self::ApproverSamePerson => {
                ("Người phê duyệt phải là một cán bộ khác.", "The approver must be a different official.")
            }
            Self::ApproverUnknown => {
                ("Người phê duyệt chưa được đăng ký.", "The approver is not registered.")
            }
            Self::ApproverAgencyMismatch => (
                "Người phê duyệt không thuộc cơ quan đang yêu cầu.",
                "The approver is not of the agency that asks.",
            ),
            Self::ApproverSuspended => (
                "Người phê duyệt đang bị tạm dừng quyền truy cập.",
                "The access of the approver is suspended.",
            ),
            Self::ApproverNotProved => {
                ("Người phê duyệt phải tự đăng nhập.", "The approver must have signed in.")
            }
            Self::EmergencyNotJustified => {
                ("Việc khẩn cấp phải nêu lý do.", "An emergency must state its reason.")
            }
            Self::EmergencySignInStale => {
                ("Cả hai cán bộ phải vừa đăng nhập.", "Both officials must have signed in just now.")
            }
            Self::EmergencyReportOverdue => (
                "Một trong hai cán bộ chưa báo cáo về lần khẩn cấp trước.",
                "One of the two officials has not reported on an earlier emergency.",
            ),
            Self::ConsentUnderReview => (
                "Người đại diện đã đồng ý thay; nay công dân tự quyết định và chưa xác nhận.",
                "A representative consented; the citizen now decides alone and has not confirmed it.",
            ),
            Self::ConsentPaused => {
                ("Công dân đang tạm dừng sự đồng ý.", "The citizen has paused their consent.")
            }
            Self::ConsentNotStarted => {
                ("Sự đồng ý chưa đến ngày bắt đầu.", "The consent has not started yet.")
            }
            Self::ConsentOutsideHours => {
                ("Sự đồng ý không có hiệu lực vào giờ này.", "The consent does not count at this hour.")
            }
            Self::ConsentUsedUp => {
                ("Sự đồng ý đã được dùng hết số lần.", "The consent has been used as often as it allows.")
            }
            Self::ConsentFrequency => (
                "Sự đồng ý không cho phép thêm lần nào trong thời gian này.",
                "The consent allows no more in this period.",
            ),
            Self::StandingNeverPurpose => (
                "Công dân đã chọn không bao giờ cho phép mục đích này.",
                "The citizen has chosen never to allow this purpose.",
            ),
            Self::StandingNeverAgency => (
                "Công dân đã chọn không bao giờ cho phép cơ quan này.",
                "The citizen has chosen never to allow this agency.",
            ),
            Self::StandingOutsideHours => (
                "Công dân đã chọn không cho phép vào giờ này.",
                "The citizen has chosen not to allow this hour.",
            ),
            Self::StandingAskEachTime => (
                "Công dân muốn được hỏi từng lần, và lần này chưa được hỏi.",
                "The citizen wants to be asked each time, and was not asked this time.",
            ),
            Self::NotPermitted => ("Không có quy định nào cho phép việc này.", "Nothing permits this."),
        }
    }
}
