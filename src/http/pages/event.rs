//! What an entry records, and every word pages have for it: one table.

use super::layout::Layout;

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A token was issued: the agency may look, nothing has left yet.
    Allowed,
    /// A token was issued in an emergency (Law 91/2025 Art. 19(1)(a), (b)).
    Emergency,
    /// Field values were released for delivery.
    Released,
    /// The agency was allowed to look, but no register had or gave anything.
    Nothing,
    /// Refused, at the token or at the data: no data left.
    Refused,
    /// The agency gave its permission back before its end, one or all that rested on a grant.
    Revoked,
    /// A data holder that enforces for itself reported an access.
    Reported,
    /// A compliance officer or auditor read entries about this person (invariant I9).
    Looked,
    /// Software that the citizen allowed it read her records for her (invariant I9).
    ProgramRead,
    /// Such software may no longer: somebody decides for her, or with her, from now on.
    ProgramStopped,
    /// An official read again about an emergency access of her own (invariant I9).
    LookedAgain,
    /// The citizen's own reading, one entry a session.
    OwnReading,
    /// An agency asked for consent.
    Asked,
    /// An agency asked whose questions the citizen has muted: she was not disturbed.
    AskedMuted,
    /// An agency asked when she had been asked enough for a day: she was not disturbed.
    AskedTooOften,
    /// An agency asked for what she has ruled out: she was not disturbed.
    AskedRuledOut,
    /// Consent was given.
    Given,
    /// The first of two said yes.
    HalfGiven,
    /// Consent was refused.
    Declined,
    /// The answer was put off.
    Deferred,
    /// Nobody answered in time.
    Unanswered,
    /// Consent was taken back.
    Withdrawn,
    /// Consent was paused.
    Paused,
    /// Consent goes on after a pause.
    Resumed,
    /// An authority ended the consent.
    Ended,
    /// The agency gave the consent back.
    Returned,
    /// The consent's time is over.
    Expired,
    /// The consent no longer fits what the agency does: it must ask again.
    Invalidated,
    /// The consent was not used for long and ended.
    Lapsed,
    /// A newer consent took its place.
    Superseded,
    /// The person decides alone from now on; the consent waits for her word.
    Reviewed,
    /// She let it stand.
    Confirmed,
    /// The agency was told that it must stop.
    NoticeSent,
    /// The agency confirmed that it knows.
    NoticeAcknowledged,
    /// The agency attested that it stopped.
    NoticeStopped,
    /// The agency attested that it erased.
    NoticeErased,
    /// The agency took the one extension the law gives it to stop.
    NoticeExtended,
    /// The agency did not stop in time.
    NoticeOverdue,
    /// A representative began to look at the person's pages.
    ActedFor,
    /// The agency never acknowledged, and its software was suspended for it.
    NoticeSilent,
    /// A standing choice was made or removed.
    ChoiceChanged,
    /// Somebody may act for the person from now on.
    RepresentationBegun,
    /// Somebody may no longer act for her.
    RepresentationEnded,
    /// The report on an emergency access was given.
    EmergencyReported,
    /// The report on an emergency access was not given in time.
    EmergencyOverdue,
}

/// The keys of an event's texts.
struct Keys {
    tag: &'static str,
    outcome: &'static str,
    row: &'static str,
    heading: &'static str,
}

/// The heading of events that have none of their own: tag and agency.
const PLAIN_HEADING: &str = "access-h1-event";

const fn keys(tag: &'static str, outcome: &'static str, row: &'static str, heading: &'static str) -> Keys {
    Keys { tag, outcome, row, heading }
}

impl Event {
    /// Every event.
    pub const EACH: [Self; 45] = [
        Self::Released,
        Self::Allowed,
        Self::Refused,
        Self::Nothing,
        Self::Revoked,
        Self::Reported,
        Self::Looked,
        Self::ProgramRead,
        Self::ProgramStopped,
        Self::LookedAgain,
        Self::OwnReading,
        Self::Emergency,
        Self::Asked,
        Self::AskedMuted,
        Self::AskedTooOften,
        Self::AskedRuledOut,
        Self::Given,
        Self::HalfGiven,
        Self::Declined,
        Self::Deferred,
        Self::Unanswered,
        Self::Withdrawn,
        Self::Paused,
        Self::Resumed,
        Self::Ended,
        Self::Returned,
        Self::Expired,
        Self::Invalidated,
        Self::Lapsed,
        Self::Superseded,
        Self::Reviewed,
        Self::Confirmed,
        Self::NoticeSent,
        Self::NoticeAcknowledged,
        Self::NoticeStopped,
        Self::NoticeErased,
        Self::NoticeExtended,
        Self::NoticeOverdue,
        Self::ActedFor,
        Self::NoticeSilent,
        Self::ChoiceChanged,
        Self::RepresentationBegun,
        Self::RepresentationEnded,
        Self::EmergencyReported,
        Self::EmergencyOverdue,
    ];

    const fn keys(self) -> Keys {
        let plain = PLAIN_HEADING;
        match self {
            Self::Allowed => keys("event-allowed", "outcome-allowed", "row-allowed", "access-h1-allowed"),
            Self::Emergency => {
                keys("event-emergency", "outcome-emergency", "row-emergency", "access-h1-emergency")
            }
            Self::Released => {
                keys("event-released", "outcome-released", "row-released", "access-h1-released")
            }
            Self::Nothing => keys("event-nothing", "outcome-nothing", "row-nothing", "access-h1-nothing"),
            Self::Refused => keys("event-refused", "outcome-refused", "row-refused", "access-h1-refused"),
            Self::Revoked => keys("event-revoked", "outcome-revoked", "row-revoked", "access-h1-revoked"),
            Self::Reported => {
                keys("event-reported", "outcome-reported", "row-reported", "access-h1-reported")
            }
            Self::Looked => keys("event-looked", "outcome-looked", "row-looked", "access-h1-looked"),
            Self::ActedFor => {
                keys("event-acted-for", "outcome-acted-for", "row-acted-for", "access-h1-acted-for")
            }
            Self::ProgramRead => keys("event-program", "outcome-program", "row-program", "access-h1-program"),
            Self::ProgramStopped => keys("event-guarded", "outcome-no-more", "row-guarded", plain),
            Self::LookedAgain => keys(
                "event-looked-again",
                "outcome-looked-again",
                "row-looked-again",
                "access-h1-looked-again",
            ),
            Self::OwnReading => keys("event-own", "outcome-own", "row-own", "access-h1-own"),
            Self::Asked => keys("event-asked", "outcome-asked", "row-asked", plain),
            Self::AskedMuted => keys("event-asked-muted", "outcome-asked-muted", "row-asked-muted", plain),
            Self::AskedTooOften => {
                keys("event-asked-too-often", "outcome-asked-muted", "row-asked-too-often", plain)
            }
            Self::AskedRuledOut => {
                keys("event-asked-ruled-out", "outcome-asked-muted", "row-asked-ruled-out", plain)
            }
            Self::Given => keys("event-given", "outcome-given", "row-given", plain),
            Self::HalfGiven => keys("event-half-given", "outcome-half-given", "row-half-given", plain),
            Self::Declined => keys("event-declined", "outcome-nobody-saw", "row-declined", plain),
            Self::Deferred => keys("event-deferred", "outcome-nobody-saw", "row-deferred", plain),
            Self::Unanswered => keys("event-unanswered", "outcome-unanswered", "row-unanswered", plain),
            Self::Withdrawn => keys("event-withdrawn", "outcome-no-more", "row-withdrawn", plain),
            Self::Paused => keys("event-paused", "outcome-paused", "row-paused", plain),
            Self::Resumed => keys("event-resumed", "outcome-given", "row-resumed", plain),
            Self::Ended => keys("event-ended", "outcome-no-more", "row-ended", plain),
            Self::Returned => keys("event-returned", "outcome-no-more", "row-returned", plain),
            Self::Expired => keys("event-expired", "outcome-no-more", "row-expired", plain),
            Self::Invalidated => keys("event-invalidated", "outcome-invalidated", "row-invalidated", plain),
            Self::Lapsed => keys("event-lapsed", "outcome-no-more", "row-lapsed", plain),
            Self::Superseded => keys("event-superseded", "outcome-superseded", "row-superseded", plain),
            Self::Reviewed => keys("event-reviewed", "outcome-reviewed", "row-reviewed", plain),
            Self::Confirmed => keys("event-confirmed", "outcome-given", "row-confirmed", plain),
            Self::NoticeSent => keys("event-notice-sent", "outcome-notice-sent", "row-notice-sent", plain),
            Self::NoticeAcknowledged => keys(
                "event-notice-acknowledged",
                "outcome-notice-acknowledged",
                "row-notice-acknowledged",
                plain,
            ),
            Self::NoticeStopped => {
                keys("event-notice-stopped", "outcome-attested", "row-notice-stopped", plain)
            }
            Self::NoticeErased => keys("event-notice-erased", "outcome-attested", "row-notice-erased", plain),
            Self::NoticeExtended => {
                keys("event-notice-extended", "outcome-notice-extended", "row-notice-extended", plain)
            }
            Self::NoticeOverdue => {
                keys("event-notice-overdue", "outcome-notice-overdue", "row-notice-overdue", plain)
            }
            Self::NoticeSilent => {
                keys("event-notice-silent", "outcome-notice-silent", "row-notice-silent", plain)
            }
            Self::ChoiceChanged => keys(
                "event-choice-changed",
                "outcome-choice-changed",
                "row-choice-changed",
                "access-h1-choice",
            ),
            Self::RepresentationBegun => keys(
                "event-representation-begun",
                "outcome-representation",
                "row-representation-begun",
                "access-h1-representation-begun",
            ),
            Self::RepresentationEnded => keys(
                "event-representation-ended",
                "outcome-representation",
                "row-representation-ended",
                "access-h1-representation-ended",
            ),
            Self::EmergencyReported => keys(
                "event-emergency-reported",
                "outcome-emergency-reported",
                "row-emergency-reported",
                plain,
            ),
            Self::EmergencyOverdue => {
                keys("event-emergency-overdue", "outcome-emergency-overdue", "row-emergency-overdue", plain)
            }
        }
    }

    /// The tag of a row.
    #[must_use]
    pub fn tag(self, page: &Layout) -> String {
        page.say(self.keys().tag)
    }

    /// What happened to the data, in a sentence.
    #[must_use]
    pub fn outcome(self, page: &Layout) -> String {
        page.say(self.keys().outcome)
    }

    /// The key of the sentence of a row: `$agency`, `$fields`, `$time`.
    #[must_use]
    pub const fn row_key(self) -> &'static str {
        self.keys().row
    }

    /// The key of the heading of its page: `$agency`, `$event`.
    #[must_use]
    pub const fn heading_key(self) -> &'static str {
        self.keys().heading
    }

    /// Whether the agency was turned away and the row must not look like a view.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::Refused)
    }

    /// Whether data left.
    #[must_use]
    pub const fn data_left(self) -> bool {
        matches!(self, Self::Released | Self::Reported)
    }

    /// Whether an agency or one of its officials did it, so that the official is named or said to be missing.
    #[must_use]
    pub const fn is_the_agencys(self) -> bool {
        matches!(
            self,
            Self::Allowed
                | Self::Emergency
                | Self::Released
                | Self::Nothing
                | Self::Refused
                | Self::Revoked
                | Self::Reported
                | Self::Looked
                | Self::ProgramRead
                | Self::LookedAgain
                | Self::Asked
                | Self::AskedMuted
                | Self::AskedTooOften
                | Self::AskedRuledOut
                | Self::Returned
                | Self::EmergencyReported
        )
    }

    /// Whether the row's sentence alone could be misread, so that what became of the data is said with it.
    #[must_use]
    pub const fn needs_outcome(self) -> bool {
        !matches!(
            self,
            Self::Allowed
                | Self::Released
                | Self::Reported
                | Self::Looked
                | Self::ProgramRead
                | Self::LookedAgain
                | Self::OwnReading
        )
    }

    /// Whether the fields were allowed to be viewed from then on.
    #[must_use]
    pub const fn allows(self) -> bool {
        matches!(
            self,
            Self::Allowed | Self::Emergency | Self::Revoked | Self::Given | Self::Resumed | Self::Confirmed
        )
    }
}
