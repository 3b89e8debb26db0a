//! The citizen's own token (DESIGN §5): the terms on which software of an agency may read for her what she can read
//! herself. It is no purpose of the catalogue: no agency processes her data for an end of its own, no field is opened,
//! and `authorization_details` cannot name it. But like a purpose it has a version that changes with every word (I10).
//!
//! Out of scope: asking, issuing and reading (`oauth`, `history`), and which scopes there are (`protocol::scope`).

use std::sync::LazyLock;

use super::{
    catalogue::{
        Basis, BasisKind, Citation, Confidence, ConsentTerms, OfficialDemand, Purpose, Status, Text,
    },
    consent::Limits,
    record::hex,
};
use crate::{
    crypto,
    i18n::{Lang, text},
    protocol::scope::{self, CitizenScope},
    time::Millis,
};

/// What stands in the place of a purpose's id.
pub const ID: &str = "me.access";
/// The one rule, as entries name it.
pub const RULE: &str = "me.access.consent";
/// Days until she is asked again: a quarter of a year.
const DAYS: u32 = 90;
/// Tokens on one consent; each opens her records for five minutes at most.
const TOKENS: u32 = 1_000;
/// How a person uses services is sensitive (Decree 356/2025/ND-CP, Article 4(1)), which takes a strong sign-in
/// (Decree 69/2024/ND-CP, Article 20).
const ASSURANCE: u8 = 3;

static TERMS: LazyLock<Purpose> = LazyLock::new(written);

/// The terms, in the form of a purpose.
#[must_use]
pub fn terms() -> &'static Purpose {
    &TERMS
}

/// What [`RULE`] says.
#[must_use]
pub fn rule() -> Text {
    both("own-token-rule")
}

/// How far a consent that is asked for now reaches.
#[must_use]
pub fn limits(now: Millis) -> Limits {
    let days = i64::from(DAYS).saturating_mul(86_400_000);
    Limits {
        max_uses: TOKENS,
        frequency: None,
        hours: None,
        starts: now.0,
        expires: now.0.saturating_add(days),
    }
}

/// The scopes of a record, which holds them as words; a word that is none opens nothing.
#[must_use]
pub fn scopes(words: &[String]) -> Vec<CitizenScope> {
    words.iter().filter_map(|word| CitizenScope::parse(word)).collect()
}

/// Scopes as the words of a record.
#[must_use]
pub fn words(scopes: &[CitizenScope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
}

/// What entries say was asked for or read: the scopes in one text. `None` where there are none.
#[must_use]
pub fn target(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| scope::written(words.iter().map(String::as_str)))
}

fn both(key: &str) -> Text {
    Text { vi: text(Lang::Vi, key), en: text(Lang::En, key) }
}

fn written() -> Purpose {
    let cited = |key, confidence| Citation { text: both(key), confidence };
    let basis = Basis {
        kind: BasisKind::Consent,
        citations: vec![
            cited("own-token-law-rights", Confidence::Verified),
            cited("own-token-law-consent", Confidence::Verified),
        ],
        fields: Vec::new(),
        optional: Vec::new(),
    };
    let consent = ConsentTerms {
        validity_days: DAYS,
        max_uses: TOKENS,
        frequency: None,
        answer_hours: 1,
        lapse_days: None,
        private_life: true,
        assurance: ASSURANCE,
        refusing: both("own-token-refusing"),
    };
    let mut purpose = Purpose {
        id: ID.to_owned(),
        version: String::new(),
        status: Status::Active,
        draft_because: None,
        title: both("own-token-title"),
        reason: both("own-token-reason"),
        requesters: both("own-token-requesters"),
        among_the_25_services: false,
        bases: vec![basis],
        case_required: false,
        official: OfficialDemand::None,
        assurance: ASSURANCE,
        retention: both("own-token-retention"),
        max_lifetime_s: 300,
        max_uses: 0,
        notice: both("own-token-reason"),
        guardian_hidden: false,
        consent: Some(consent),
        emergency: None,
        review: None,
    };
    purpose.version = version(&purpose);
    purpose
}

/// 16 hexadecimal digits over everything she agrees to: every text in both languages, and the bounds.
fn version(purpose: &Purpose) -> String {
    let terms = purpose.consent.as_ref();
    let cited = purpose.bases.iter().flat_map(|basis| &basis.citations).map(|citation| &citation.text);
    let rule = rule();
    let mut texts = vec![&purpose.title, &purpose.reason, &purpose.requesters, &purpose.retention, &rule];
    texts.extend(terms.map(|terms| &terms.refusing));
    texts.extend(cited);
    let meanings: Vec<Text> = CitizenScope::ALL.into_iter().map(meaning).collect();
    texts.extend(&meanings);
    let mut bytes = Vec::new();
    for part in texts.into_iter().flat_map(|text| [&text.vi, &text.en]) {
        bytes.extend_from_slice(&crypto::sha256(part.as_bytes()));
    }
    bytes.extend_from_slice(&DAYS.to_be_bytes());
    bytes.extend_from_slice(&TOKENS.to_be_bytes());
    hex(&crypto::sha256(&bytes)).chars().take(16).collect()
}

/// What a scope opens, in words.
#[must_use]
pub fn meaning(scope: CitizenScope) -> Text {
    both(match scope {
        CitizenScope::History => "scope-me-history",
        CitizenScope::Consents => "scope-me-consents",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_changes_with_every_word_and_with_nothing_else() {
        let terms = terms();
        assert_eq!((terms.version.len(), &terms.version), (16, &written().version));
        assert!(terms.version.bytes().all(|byte| byte.is_ascii_hexdigit()));
        for change in [
            (|purpose| purpose.title.en.push('.')) as fn(&mut Purpose),
            |purpose| purpose.reason.vi.push('.'),
            |purpose| purpose.retention.vi.push('.'),
            |purpose| purpose.bases[0].citations[0].text.en.push('.'),
            |purpose| purpose.consent.as_mut().unwrap().refusing.en.push('.'),
        ] {
            let mut changed = terms.clone();
            change(&mut changed);
            assert_ne!(version(&changed), terms.version);
        }
    }

    #[test]
    fn it_opens_no_field_and_every_scope_has_words() {
        assert!(terms().bases.iter().all(|basis| basis.fields.is_empty()));
        for scope in CitizenScope::ALL {
            let meaning = meaning(scope);
            assert!(!meaning.vi.is_empty() && !meaning.en.is_empty());
        }
        let words = words(&CitizenScope::ALL);
        assert_eq!(scopes(&words), CitizenScope::ALL);
        assert_eq!(target(&words).as_deref(), Some("me.history me.consents"));
        assert_eq!(target(&[]), None);
        assert!(scopes(&["me.everything".to_owned()]).is_empty());
    }
}
