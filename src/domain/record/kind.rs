//! The kinds of events, each by a word that never changes.

/// What happened: a stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A token was issued.
    TokenIssued,
    /// A token was refused by policy.
    TokenRefused,
    /// A token was revoked by its client.
    TokenRevoked,
    /// Data was released for delivery.
    DataReleased,
    /// Data was refused by policy.
    DataRefused,
    /// A person read her own history, once a session.
    HistoryRead,
    /// Somebody else looked at a person's records.
    RecordViewed,
    /// Software that a person allowed it read her records for her, with her own token.
    ProgramRead,
    /// A client was registered, or its registration changed.
    ClientRegistered,
    /// A client was suspended.
    ClientSuspended,
    /// A suspended client was restored.
    ClientRestored,
    /// An official was registered.
    OfficialRegistered,
    /// An official was suspended.
    OfficialSuspended,
    /// A suspended official was restored.
    OfficialRestored,
    /// A policy bundle became the active one.
    PolicyActivated,
    /// An agency asked for a consent.
    ConsentAsked,
    /// A consent was given.
    ConsentGiven,
    /// The first of two gave consent.
    ConsentHalfGiven,
    /// A consent was refused.
    ConsentRefused,
    /// The person will answer later.
    ConsentDeferred,
    /// A request ended without an answer: that is no consent.
    ConsentUnanswered,
    /// A consent was taken back.
    ConsentWithdrawn,
    /// A consent was stopped for a while.
    ConsentPaused,
    /// A paused consent goes on.
    ConsentResumed,
    /// An authority ended a consent.
    ConsentRevoked,
    /// A consent's time is over.
    ConsentExpired,
    /// What was consented to has changed.
    ConsentInvalidated,
    /// A consent was not used for long and ended.
    ConsentLapsed,
    /// A newer consent took the place of one.
    ConsentSuperseded,
    /// A consent waits for the word of a person who came of age.
    ConsentReviewed,
    /// She let it stand.
    ConsentConfirmed,
    /// An agency asked, and the person had said that she does not want to be asked.
    ConsentWithheld,
    /// A recipient was told that a consent ended.
    NoticeSent,
    /// The recipient has acknowledged it.
    NoticeAcknowledged,
    /// The recipient attests that it has stopped.
    NoticeStopped,
    /// The recipient attests that it has erased.
    NoticeErased,
    /// The recipient takes its one extension.
    NoticeExtended,
    /// The recipient did not do in time what it must.
    NoticeOverdue,
    /// A recipient chose how it is told, or changed it.
    StreamSet,
    /// A recipient gave up the way it was told; what is owed waits to be polled.
    StreamRemoved,
    /// A client gave a grant back.
    GrantRevoked,
    /// A person changed her own rules.
    StandingChanged,
    /// Somebody may act for another.
    RepresentationBegun,
    /// Somebody may no longer act for another.
    RepresentationEnded,
    /// The report on an emergency access was made.
    EmergencyReported,
    /// The report on an emergency access was not made in time.
    EmergencyOverdue,
}

impl Kind {
    const ALL: [Self; 46] = [
        Self::TokenIssued,
        Self::TokenRefused,
        Self::TokenRevoked,
        Self::DataReleased,
        Self::DataRefused,
        Self::HistoryRead,
        Self::RecordViewed,
        Self::ProgramRead,
        Self::ClientRegistered,
        Self::ClientSuspended,
        Self::ClientRestored,
        Self::OfficialRegistered,
        Self::OfficialSuspended,
        Self::OfficialRestored,
        Self::PolicyActivated,
        Self::ConsentAsked,
        Self::ConsentGiven,
        Self::ConsentHalfGiven,
        Self::ConsentRefused,
        Self::ConsentDeferred,
        Self::ConsentUnanswered,
        Self::ConsentWithdrawn,
        Self::ConsentPaused,
        Self::ConsentResumed,
        Self::ConsentRevoked,
        Self::ConsentExpired,
        Self::ConsentInvalidated,
        Self::ConsentLapsed,
        Self::ConsentSuperseded,
        Self::ConsentReviewed,
        Self::ConsentConfirmed,
        Self::ConsentWithheld,
        Self::NoticeSent,
        Self::NoticeAcknowledged,
        Self::NoticeStopped,
        Self::NoticeErased,
        Self::NoticeExtended,
        Self::NoticeOverdue,
        Self::StreamSet,
        Self::StreamRemoved,
        Self::GrantRevoked,
        Self::StandingChanged,
        Self::RepresentationBegun,
        Self::RepresentationEnded,
        Self::EmergencyReported,
        Self::EmergencyOverdue,
    ];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenIssued => "token.issued",
            Self::TokenRefused => "token.refused",
            Self::TokenRevoked => "token.revoked",
            Self::DataReleased => "data.released",
            Self::DataRefused => "data.refused",
            Self::HistoryRead => "history.read",
            Self::RecordViewed => "record.viewed",
            Self::ProgramRead => "program.read",
            Self::ClientRegistered => "client.registered",
            Self::ClientSuspended => "client.suspended",
            Self::ClientRestored => "client.restored",
            Self::OfficialRegistered => "official.registered",
            Self::OfficialSuspended => "official.suspended",
            Self::OfficialRestored => "official.restored",
            Self::PolicyActivated => "policy.activated",
            Self::ConsentAsked => "consent.asked",
            Self::ConsentGiven => "consent.given",
            Self::ConsentHalfGiven => "consent.half_given",
            Self::ConsentRefused => "consent.refused",
            Self::ConsentDeferred => "consent.deferred",
            Self::ConsentUnanswered => "consent.unanswered",
            Self::ConsentWithdrawn => "consent.withdrawn",
            Self::ConsentPaused => "consent.paused",
            Self::ConsentResumed => "consent.resumed",
            Self::ConsentRevoked => "consent.revoked",
            Self::ConsentExpired => "consent.expired",
            Self::ConsentInvalidated => "consent.invalidated",
            Self::ConsentLapsed => "consent.lapsed",
            Self::ConsentSuperseded => "consent.superseded",
            Self::ConsentReviewed => "consent.reviewed",
            Self::ConsentConfirmed => "consent.confirmed",
            Self::ConsentWithheld => "consent.withheld",
            Self::NoticeSent => "consent.notice_sent",
            Self::NoticeAcknowledged => "consent.acknowledged",
            Self::NoticeStopped => "consent.stopped",
            Self::NoticeErased => "consent.erased",
            Self::NoticeExtended => "consent.extended",
            Self::NoticeOverdue => "consent.overdue",
            Self::StreamSet => "stream.set",
            Self::StreamRemoved => "stream.removed",
            Self::GrantRevoked => "grant.revoked",
            Self::StandingChanged => "choice.changed",
            Self::RepresentationBegun => "representation.begun",
            Self::RepresentationEnded => "representation.ended",
            Self::EmergencyReported => "emergency.reported",
            Self::EmergencyOverdue => "emergency.overdue",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("token.sold"), None);
    }
}
