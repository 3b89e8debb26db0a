//! From facts to what pages show: names in the reader's language, in the words of the day the entry was made.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    domain::{
        catalogue::{BasisKind, Confidence, Text},
        consent::{Capacity, Item},
        own_token,
        record::Kind,
    },
    engines::Engines,
    history::{Access, HistoryError, PurposeTexts, choice_text, purpose_texts, rule_text},
    http::pages::{
        access::{Missing, MissingReason, Official, Rule},
        consent::words,
        event::Event,
        history::Row,
        parts::{Acting, Basis, Citation, Contact, Field},
    },
    i18n::{Lang, lower_first, masked_national_id},
    notices::rules,
    policy,
    registry::Agency,
};

/// A text in a language.
pub(super) fn said(lang: Lang, text: &Text) -> String {
    match lang {
        Lang::Vi => text.vi.clone(),
        Lang::En => text.en.clone(),
    }
}

/// What an entry records, as pages name it; `None` for kinds that are in nobody's history.
pub(super) fn event(access: &Access) -> Option<Event> {
    match access.kind {
        Kind::TokenIssued if access.is_emergency() => Some(Event::Emergency),
        Kind::TokenIssued => Some(Event::Allowed),
        Kind::TokenRefused | Kind::DataRefused => Some(Event::Refused),
        Kind::TokenRevoked | Kind::GrantRevoked => Some(Event::Revoked),
        Kind::DataReleased if access.data_left() => Some(Event::Released),
        Kind::DataReleased => Some(Event::Nothing),
        Kind::HistoryRead => Some(Event::OwnReading),
        // Of those who look, only the officials of an emergency name its token.
        Kind::RecordViewed if access.facts.token.is_some() => Some(Event::LookedAgain),
        Kind::RecordViewed if access.facts.acting.is_some() => Some(Event::ActedFor),
        Kind::RecordViewed => Some(Event::Looked),
        Kind::ProgramRead => Some(Event::ProgramRead),
        Kind::ConsentAsked => Some(Event::Asked),
        Kind::ConsentWithheld => Some(withheld(access.facts.reason.as_deref())),
        Kind::ConsentGiven => Some(Event::Given),
        Kind::ConsentHalfGiven => Some(Event::HalfGiven),
        Kind::ConsentRefused => Some(Event::Declined),
        Kind::ConsentDeferred => Some(Event::Deferred),
        Kind::ConsentUnanswered => Some(Event::Unanswered),
        Kind::ConsentWithdrawn => Some(Event::Withdrawn),
        Kind::ConsentPaused => Some(Event::Paused),
        Kind::ConsentResumed => Some(Event::Resumed),
        Kind::ConsentRevoked if access.facts.capacity.as_deref() == Some("agency") => Some(Event::Returned),
        Kind::ConsentRevoked if access.facts.capacity.as_deref() == Some("system") => {
            Some(Event::ProgramStopped)
        }
        Kind::ConsentRevoked => Some(Event::Ended),
        Kind::ConsentExpired => Some(Event::Expired),
        Kind::ConsentInvalidated => Some(Event::Invalidated),
        Kind::ConsentLapsed => Some(Event::Lapsed),
        Kind::ConsentSuperseded => Some(Event::Superseded),
        Kind::ConsentReviewed => Some(Event::Reviewed),
        Kind::ConsentConfirmed => Some(Event::Confirmed),
        Kind::NoticeSent => Some(Event::NoticeSent),
        Kind::NoticeAcknowledged => Some(Event::NoticeAcknowledged),
        Kind::NoticeStopped => Some(Event::NoticeStopped),
        Kind::NoticeErased => Some(Event::NoticeErased),
        Kind::NoticeExtended => Some(Event::NoticeExtended),
        Kind::NoticeOverdue if access.facts.reason.as_deref() == Some(rules::NOT_ACKNOWLEDGED) => {
            Some(Event::NoticeSilent)
        }
        Kind::NoticeOverdue => Some(Event::NoticeOverdue),
        Kind::StandingChanged => Some(Event::ChoiceChanged),
        Kind::RepresentationBegun => Some(Event::RepresentationBegun),
        Kind::RepresentationEnded => Some(Event::RepresentationEnded),
        Kind::EmergencyReported => Some(Event::EmergencyReported),
        Kind::EmergencyOverdue => Some(Event::EmergencyOverdue),
        Kind::ClientRegistered
        | Kind::ClientSuspended
        | Kind::ClientRestored
        | Kind::StreamSet
        | Kind::StreamRemoved
        | Kind::OfficialRegistered
        | Kind::OfficialSuspended
        | Kind::OfficialRestored
        | Kind::PolicyActivated => None,
    }
}

/// Why a question was not put to her (`standing::Rules::withholds`, `oauth::ask_absent`).
fn withheld(reason: Option<&str>) -> Event {
    match reason {
        Some("agency_muted") => Event::AskedMuted,
        Some("too_many_requests") => Event::AskedTooOften,
        _ => Event::AskedRuledOut,
    }
}

/// Puts entries into words, remembering what it has looked up.
pub(super) struct Words<'a> {
    pub(super) engines: &'a Engines,
    pub(super) lang: Lang,
    purposes: HashMap<String, Option<PurposeTexts>>,
}

impl<'a> Words<'a> {
    pub(super) fn new(engines: &'a Engines, lang: Lang) -> Self {
        Self { engines, lang, purposes: HashMap::new() }
    }

    pub(super) fn said(&self, text: &Text) -> String {
        said(self.lang, text)
    }

    /// The texts of an entry's purpose, as they were.
    pub(super) async fn purpose(&mut self, access: &Access) -> Result<Option<PurposeTexts>, HistoryError> {
        let key = access.facts.purpose_version.clone().unwrap_or_default();
        if let Some(known) = self.purposes.get(&key) {
            return Ok(known.clone());
        }
        let texts = purpose_texts(self.engines, access).await?;
        self.purposes.insert(key, texts.clone());
        Ok(texts)
    }

    /// An entry as one row.
    pub(super) async fn row(
        &mut self,
        access: &Access,
        href: Option<String>,
    ) -> Result<Option<Row>, HistoryError> {
        let Some(event) = event(access) else { return Ok(None) };
        let purpose = self.purpose(access).await?;
        let facts = &access.facts;
        let title = match (&purpose, &facts.purpose) {
            (Some(texts), _) => self.said(&texts.title),
            // A version nobody remembers: its id is true, today's title might not be.
            (None, Some(id)) => id.clone(),
            (None, None) => String::new(),
        };
        Ok(Some(Row {
            href,
            at: access.at,
            event,
            agency: self.agency(facts.agency.as_deref()),
            fields: self.fields(access),
            purpose: title,
            basis: basis(access),
            times: access.times,
            repeat: facts.repeat.is_some(),
            acting: self.acting(access).await?,
            overridden: !facts.overrides.is_empty(),
        }))
    }

    pub(super) fn agency(&self, id: Option<&str>) -> String {
        let id = id.unwrap_or_default();
        self.engines.registry.agency(id).map_or_else(|| id.to_owned(), |agency| self.said(&agency.name))
    }

    pub(super) fn field(&self, name: &str) -> Field {
        match self.engines.register.catalogue().field(name) {
            Some(field) => Field { label: self.said(&field.label), sensitive: field.is_sensitive() },
            None => Field { label: name.to_owned(), sensitive: false },
        }
    }

    /// One field of a consent as it was called when it was asked for (I10); an older record says only its name.
    pub(super) fn item(&self, item: &Item) -> Field {
        let label = item.named.as_ref().map(|named| self.said(&named.label));
        let label = label.unwrap_or_else(|| self.field(&item.field).label);
        Field { label, sensitive: item.sensitive }
    }

    /// The kinds of data asked for or released; where nothing came, those that should have.
    pub(super) fn fields(&self, access: &Access) -> Vec<Field> {
        let facts = &access.facts;
        if facts.purpose.as_deref() == Some(own_token::ID) {
            let scopes = facts.target.as_deref().unwrap_or_default().split(' ');
            return scopes.filter_map(|scope| words::scope(self.lang, scope)).collect();
        }
        if facts.fields.is_empty() {
            return facts.missing.iter().map(|missing| self.field(split(missing).0)).collect();
        }
        facts.fields.iter().map(|name| self.field(name)).collect()
    }

    pub(super) fn missing(&self, access: &Access) -> Vec<Missing> {
        let catalogue = self.engines.register.catalogue();
        let each = |missing: &String| {
            let (name, reason) = split(missing);
            let source = catalogue.field(name).and_then(|field| catalogue.source(&field.source));
            Missing {
                field: self.field(name),
                source: source.map_or_else(String::new, |source| self.said(&source.name)),
                reason: match reason {
                    "no_record" => MissingReason::NoRecord,
                    "not_recorded" | "not_derivable" => MissingReason::NoValue,
                    _ => MissingReason::SourceUnavailable,
                },
            }
        };
        access.facts.missing.iter().map(each).collect()
    }

    /// Why it was allowed or refused: each deciding rule in plain words, or what the reason code means.
    pub(super) fn rules(&self, access: &Access, purpose: Option<&PurposeTexts>) -> Vec<Rule> {
        let facts = &access.facts;
        if facts.rules.is_empty() {
            let text = facts.reason.as_deref().and_then(|code| Some((code, policy::reason_text(code)?)));
            return text.map(|(code, text)| self.rule(code, Some(&text))).into_iter().collect();
        }
        let text = |id: &String| rule_text(self.engines, access, purpose, id);
        facts.rules.iter().map(|id| self.rule(id, text(id).as_ref())).collect()
    }

    fn rule(&self, id: &str, text: Option<&Text>) -> Rule {
        let because = text.map_or_else(|| id.to_owned(), |text| self.said(text));
        Rule { id: id.to_owned(), because: lower_first(because.trim_end_matches('.')) }
    }

    /// Who acted for the person, by the masked number she knows that person by.
    pub(super) async fn acting(&self, access: &Access) -> Result<Option<Acting>, HistoryError> {
        let facts = &access.facts;
        let capacity = match facts.capacity.as_deref() {
            Some("parent") => Capacity::Parent,
            Some("guardian") => Capacity::Guardian,
            Some("attorney") => Capacity::Attorney,
            _ => return Ok(None),
        };
        let id = facts.acting.as_deref().and_then(|id| Uuid::try_parse(id).ok());
        let subject = match id {
            Some(id) => self.engines.vault.subject(id).await?,
            None => None,
        };
        let number = match subject {
            Some(subject) => self.engines.vault.national_id(&subject).await?,
            None => None,
        };
        let who = number.map_or_else(String::new, |number| masked_national_id(number.expose()));
        Ok(Some(Acting { who, capacity }))
    }

    /// The standing choices that the law went before, in words.
    pub(super) fn overridden(&self, access: &Access) -> String {
        let text = |code: &String| choice_text(code).map_or_else(|| code.clone(), |text| self.said(&text));
        access.facts.overrides.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn citations(&self, access: &Access, purpose: Option<&PurposeTexts>) -> Vec<Citation> {
        let kind = access.facts.basis.as_deref().unwrap_or_default();
        let cited = purpose.and_then(|texts| texts.citations.get(kind)).into_iter().flatten();
        cited
            .map(|citation| Citation {
                text: self.said(&citation.text),
                href: None,
                verified: citation.confidence == Confidence::Verified,
            })
            .collect()
    }

    pub(super) fn contact(&self, agency: Option<&Agency>) -> Contact {
        agency.map_or_else(Contact::default, |agency| Contact {
            agency: self.said(&agency.name),
            unit: agency.contact.name.clone(),
            phone: agency.contact.phone.clone(),
            email: agency.contact.email.clone(),
            address: agency.contact.address.clone().unwrap_or_default(),
        })
    }
}

/// The official an entry names, and how the service knows.
pub(super) fn official(access: &Access) -> Official {
    let facts = &access.facts;
    match (&facts.official, facts.official_how.as_deref()) {
        (None, _) => Official::None,
        (Some(code), Some("proved")) => Official::Proved { code: code.clone() },
        (Some(code), _) => Official::Asserted { code: code.clone() },
    }
}

pub(super) fn basis(access: &Access) -> Option<Basis> {
    access.facts.basis.as_deref().and_then(BasisKind::parse).map(basis_of)
}

pub(super) const fn basis_of(kind: BasisKind) -> Basis {
    match kind {
        BasisKind::Statutory => Basis::Statutory,
        BasisKind::Consent => Basis::Consent,
        BasisKind::Emergency => Basis::Emergency,
        BasisKind::Contract => Basis::Contract,
    }
}

/// `name reason`, as records hold what did not come.
pub(super) fn split(missing: &str) -> (&str, &str) {
    missing.split_once(' ').unwrap_or((missing, ""))
}

/// The beginning of a handle, enough to tell people apart on a page.
pub(super) fn shortened(handle: &str) -> String {
    let letters: Vec<char> = handle.chars().take(8).collect();
    letters.chunks(4).map(|half| half.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::consent::Named,
        engines::scratch::{register, world},
        store::scratch,
    };

    #[tokio::test]
    async fn a_field_of_a_consent_is_called_what_it_was_called_when_it_was_asked_for() {
        let w = world(scratch::sqlite().await.unwrap(), register());
        let words = Words::new(&w.engines, Lang::Vi);
        let item = |named| Item {
            field: "person.full_name".to_owned(),
            sensitive: true,
            required: true,
            granted: None,
            named,
        };
        let label = Text { vi: "Tên thời đó".to_owned(), en: "Name at that time".to_owned() };
        let then = words.item(&item(Some(Named { label, source: None })));
        assert_eq!((then.label.as_str(), then.sensitive), ("Tên thời đó", true));
        let older = words.item(&item(None));
        assert_eq!((older.label, older.sensitive), (words.field("person.full_name").label, true));
    }
}
