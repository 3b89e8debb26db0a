//! `POST /data`: decide again, ask every source at once, write the entry, and only then pass on the granted fields.
//!
//! A use is set aside before any source is asked, consumed with the entry and given back if no value leaves. What
//! leaves has been recorded before (I1); what was not granted never leaves (I2); what goes wrong is a refusal (I4).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

pub use super::error::Error;
use super::{
    answer::{Delivery, Origin, Origins, Plan},
    emergency::Approved,
};
use crate::{
    consent::{self, Consent},
    crypto,
    domain::{
        catalogue::{BasisKind, Catalogue},
        decision::{Action, ClientFacts, Decision, Facts as PolicyFacts, OfficialFacts, Reason},
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::{Engines, Recorded},
    jose::{access_token::AccessToken, dpop::DpopProof},
    ledger::{
        appender::AppendError,
        entry::{self, Event},
    },
    limit::Limit,
    outbound::sources::{Answers, SourceError, Sources},
    protocol::rar::GrantedDetail,
    registry::Client,
    standing::{self, Rules},
    store::{
        append::{Command, Outcome, Placed, Require, Reserve, Reserved},
        officials::Official,
        tokens::Token,
    },
    telemetry::SourceOutcome,
    time::Millis,
};

/// What leaves.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// The agency's handle of the person.
    pub subject: String,
    /// The purpose.
    pub purpose: String,
    /// Values and what is missing.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The proof that it was recorded.
    pub receipt: Receipt,
}

/// The proof that a release was recorded.
#[derive(Debug, Serialize)]
pub struct Receipt {
    /// The entry.
    pub entry: Uuid,
    /// Its index in the log.
    pub index: i64,
    /// A signed statement of both, with the leaf hash.
    pub jws: String,
}

/// The claims of a receipt's JWS.
#[derive(Serialize)]
struct ReceiptClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    entry: Uuid,
    index: i64,
    leaf_hash: String,
    jti: &'a str,
}

/// A request whose token and proof hold.
pub struct Ask<'a> {
    /// The token's claims.
    pub token: &'a AccessToken,
    /// The proof of possession.
    pub proof: &'a DpopProof,
    /// The `Idempotency-Key`, 1 to 255 characters.
    pub idempotency_key: Option<&'a str>,
}

/// The gateway: the sources and the quota of answers without a record.
pub struct Gateway {
    engines: Engines,
    sources: Sources,
    /// Answers without a record in the last hour, by client; counted on each node.
    no_record: Limit,
}

/// A token and everything it stands on, read today.
struct Standing {
    detail: GrantedDetail,
    row: Token,
    client: Arc<Client>,
    subject: Subject,
    issued: Facts,
    official: Option<Official>,
    /// The consent it rests on, as it stands today.
    consent: Option<Consent>,
    /// Who approved it, where it was an emergency.
    emergency: Option<Approved>,
    basis: BasisKind,
    /// The person's own rules, as they stand today.
    rules: Rules,
}

impl Gateway {
    /// A gateway to these sources; `no_record_an_hour` bounds how often a client may learn that nobody is there.
    #[must_use]
    pub fn new(engines: Engines, sources: Sources, no_record_an_hour: u32) -> Self {
        Self { engines, sources, no_record: Limit::new(no_record_an_hour, Duration::from_hours(1)) }
    }

    /// Answers one call.
    ///
    /// # Errors
    /// [`Error`]; no value has left.
    pub async fn data(&self, ask: &Ask<'_>) -> Result<Answer, Error> {
        let mut standing = self.standing(ask.token).await?;
        if let Some(refusal) = self.decide_again(&mut standing, vec![proof_id(ask.proof)]).await? {
            return Err(refusal);
        }
        let (use_, reserved) = self.reserve(ask, &standing).await?;
        let result = self.fetch_and_release(ask, &mut standing, use_, reserved).await;
        if result.is_err() && !reserved.repeat {
            // No value left: the use comes back. Should this fail, the use is lost, never doubled.
            self.engines.store.give_back(use_).await?;
        }
        result
    }

    async fn standing(&self, token: &AccessToken) -> Result<Standing, Error> {
        let engines = &self.engines;
        // A service or citizen token has none: it opens no personal data here.
        let detail: GrantedDetail = token
            .detail()
            .and_then(|detail| serde_json::from_value(detail.clone()).ok())
            .ok_or(Error::Token("token_authorization_details"))?;
        let jti = Uuid::parse_str(&token.jti).map_err(|_| Error::Token("token_jti"))?;
        let row = engines.store.token(jti).await?.ok_or(Error::Token("token_unknown"))?;
        if row.revoked_at.is_some() {
            return Err(Error::Token("token_revoked"));
        }
        let client =
            engines.registry.client(&token.client_id).await?.ok_or(Error::Token("client_unknown"))?;
        let subject = engines.vault.subject(row.subject).await?.ok_or(Error::Inconsistent("subject"))?;
        let entry = engines.store.entry(row.entry).await?.ok_or(Error::Inconsistent("entry"))?;
        let (record, _) = entry::open(&entry, &subject).map_err(|_| Error::Inconsistent("entry"))?;
        let issued = record.facts;
        let official = match &issued.official {
            Some(code) => engines.registry.official(&client.agency, code).await?.map(|o| o.as_ref().clone()),
            None => None,
        };
        let consent = match row.consent {
            Some(id) => consent::by_id(engines, id).await?,
            None => None,
        };
        let emergency = Approved::find(engines, &row, &issued).await?;
        // A basis nobody knows is held to what the strictest demands.
        let basis = BasisKind::parse(detail.basis.as_str()).unwrap_or(BasisKind::Consent);
        let rules = standing::load(engines, &subject).await?;
        Ok(Standing { detail, row, client, subject, issued, official, consent, emergency, basis, rules })
    }

    fn decide(&self, standing: &Standing) -> Decision {
        let Standing { detail, client, issued, official, consent, basis, rules, .. } = standing;
        let granted = consent.as_ref().map(|consent| consent.record.granted()).unwrap_or_default();
        let fields: Vec<&str> = detail.datatypes.iter().map(String::as_str).collect();
        let now = self.engines.now();
        self.engines.register.decide(&PolicyFacts {
            action: Action::Disclose,
            now,
            client: ClientFacts {
                id: &client.client_id,
                agency: &client.agency,
                purposes: &client.purposes,
                suspended: client.suspended,
            },
            official: issued.official.as_deref().map(|code| OfficialFacts {
                id: code,
                agency: official.as_ref().map_or(client.agency.as_ref(), |o| o.agency.as_str()),
                registered: official.is_some(),
                active: official.as_ref().is_some_and(|o| o.suspended_at.is_none()),
                proved: issued.official_how.as_deref() == Some("proved"),
            }),
            purpose: &detail.purpose,
            basis: *basis,
            fields: &fields,
            has_case: issued.case.is_some(),
            assurance: issued.assurance.as_deref().and_then(|a| a.parse().ok()).unwrap_or(0),
            consent: consent
                .as_ref()
                .map(|consent| consent.facts(&granted, &client.profile.processors, 0, false)),
            standing: rules.facts(&detail.purpose, &client.agency, now),
            emergency: standing.emergency.as_ref().map(|approved| approved.facts(issued)),
        })
    }

    /// Why not today; `replays` are used up with a refusal. What was overridden is noted in what stands.
    async fn decide_again(
        &self,
        standing: &mut Standing,
        replays: Vec<(Uuid, Millis)>,
    ) -> Result<Option<Error>, Error> {
        let decision = self.decide(standing);
        standing.issued.overrides = decision.overrides.iter().map(|&code| code.to_owned()).collect();
        let Some(reason) = decision.reason else { return Ok(None) };
        let facts = Facts {
            bundle: Some(decision.bundle_version),
            decision: Some("deny".to_owned()),
            purpose_version: decision.purpose_version,
            reason: Some(reason.code().to_owned()),
            rules: decision.rules,
            ..standing.issued.clone()
        };
        let recorded = self.engines.refuse(Kind::DataRefused, &standing.subject, facts, replays).await?;
        Ok(Some(match recorded {
            Recorded::Entry(entry) => Error::Refused { reason, entry: Some(entry) },
            Recorded::Replayed(_) => Error::ProofReplayed,
        }))
    }

    /// Uses the proof up and sets a use aside, before any source is asked.
    async fn reserve(&self, ask: &Ask<'_>, standing: &Standing) -> Result<(Reserve, Reserved), Error> {
        let key = match ask.idempotency_key {
            Some(key) => {
                let digest = crypto::hmac(b"minhbach/idempotency/1", &[key.as_bytes()]);
                Uuid::from_bytes(digest.first_chunk().copied().unwrap_or_default())
            }
            None => Uuid::from_bytes(self.engines.random.bytes()),
        };
        let use_ = Reserve { jti: standing.row.jti, key, at: self.engines.now() };
        let command =
            Command { replays: vec![proof_id(ask.proof)], reserve: Some(use_), ..Command::default() };
        match self.engines.appender.run(command).await? {
            Outcome::Done { reserved: Some(reserved), .. } => Ok((use_, reserved)),
            Outcome::Replayed(_) => Err(Error::ProofReplayed),
            Outcome::UsesExhausted => Err(Error::UsesExhausted),
            Outcome::TokenRevoked => Err(Error::Token("token_revoked")),
            Outcome::Done { reserved: None, .. }
            | Outcome::Collapsed(_)
            | Outcome::ClientSuspended
            | Outcome::OfficialSuspended
            | Outcome::BundleChanged
            | Outcome::ConsentNotLive(_)
            | Outcome::LimitReached(_)
            | Outcome::Stale => Err(Error::Inconsistent("outcome")),
        }
    }

    async fn fetch_and_release(
        &self,
        ask: &Ask<'_>,
        standing: &mut Standing,
        use_: Reserve,
        reserved: Reserved,
    ) -> Result<Answer, Error> {
        // Past the quota every call is refused alike: otherwise the refusal itself would say that nobody is there.
        if self.no_record.is_reached(&standing.client.client_id) {
            return Err(Error::QuotaExceeded);
        }
        let origins = CatalogueOrigins(self.engines.register.catalogue());
        let plan = Plan::new(standing.detail.datatypes.iter().map(String::as_str), &origins)
            .map_err(|_| Error::Inconsistent("granted field"))?;
        let national_id = self
            .engines
            .vault
            .national_id(&standing.subject)
            .await?
            .ok_or(Error::Inconsistent("national id"))?;
        let begun = Instant::now();
        let answers = self.sources.ask_all(national_id.expose(), &plan.questions()).await;
        self.count(&answers, begun.elapsed());
        let delivery = plan.deliver(&answers, &origins, self.engines.now());
        if delivery.data.is_empty() {
            return Err(self.nothing(standing, delivery).await?);
        }
        let placed = if let Some(placed) = self.release(ask, standing, use_, reserved, &delivery).await? {
            placed
        } else {
            // She changed her own rules while the sources were asked: decided again, by those of now.
            standing.rules = standing::load(&self.engines, &standing.subject).await?;
            if let Some(refusal) = self.decide_again(standing, Vec::new()).await? {
                return Err(refusal);
            }
            let placed = self.release(ask, standing, use_, reserved, &delivery).await?;
            placed.ok_or(Error::Append(AppendError::Unavailable(None)))?
        };
        self.engines.metrics.data_released();
        self.answer(ask, standing, delivery, &placed)
    }

    /// Nothing to pass on: recorded, and told apart from "nobody there" only as far as quotas allow.
    async fn nothing(&self, standing: &Standing, delivery: Delivery) -> Result<Error, Error> {
        let unknown = delivery.missing.iter().all(|m| m.reason == SourceError::NoRecord.code());
        let reason = if unknown { "no_record" } else { "source_unavailable" };
        if unknown {
            self.no_record.count(&standing.client.client_id);
        }
        let facts =
            Facts { missing: missing(&delivery), reason: Some(reason.to_owned()), ..standing.issued.clone() };
        let recorded = self.engines.refuse(Kind::DataRefused, &standing.subject, facts, Vec::new()).await?;
        let Recorded::Entry(entry) = recorded else { return Err(Error::Inconsistent("refusal")) };
        Ok(if unknown {
            Error::NoRecord { entry }
        } else {
            Error::NothingToDeliver { missing: delivery.missing, entry }
        })
    }

    /// The entry, with everything it relies on read again in its transaction (I7); `None` when the person's own rules
    /// are no longer those it was decided by.
    async fn release(
        &self,
        ask: &Ask<'_>,
        standing: &Standing,
        use_: Reserve,
        reserved: Reserved,
        delivery: &Delivery,
    ) -> Result<Option<Placed>, Error> {
        let facts = Facts {
            decision: Some("allow".to_owned()),
            bundle: Some(self.engines.bundle.as_ref().to_owned()),
            expires: None,
            fields: delivery.data.keys().cloned().collect(),
            missing: missing(delivery),
            repeat: reserved.repeat.then(|| "true".to_owned()),
            token: Some(ask.token.jti.clone()),
            ..standing.issued.clone()
        };
        let event = Event {
            id: self.engines.id(),
            at: self.engines.now(),
            kind: Kind::DataReleased,
            subject: standing.subject.clone(),
            facts,
        };
        let command = Command {
            consume: Some(use_),
            require: Require {
                client: Some(standing.client.id),
                official: standing.official.as_ref().map(|official| official.id),
                token: Some(standing.row.jti),
                consent: standing.row.consent,
                approver: standing.emergency.as_ref().map(|approved| approved.owed.approver),
                standing: standing.rules.require(standing.basis),
                bundle: Some(Arc::clone(&self.engines.bundle)),
                ..Require::default()
            },
            entry: Some(event.draft(Arc::clone(&self.engines.random))),
            ..Command::default()
        };
        let refused = |reason| Err(Error::Refused { reason, entry: None });
        match self.engines.appender.run(command).await? {
            Outcome::Done { entry: Some(placed), .. } => Ok(Some(placed)),
            Outcome::Stale => Ok(None),
            Outcome::ClientSuspended => refused(Reason::ClientSuspended),
            Outcome::OfficialSuspended => refused(Reason::OfficialSuspended),
            Outcome::BundleChanged => refused(Reason::EvaluationError),
            Outcome::ConsentNotLive(state) => refused(consent::not_live(state)),
            Outcome::TokenRevoked => Err(Error::Token("token_revoked")),
            Outcome::Done { entry: None, .. }
            | Outcome::Replayed(_)
            | Outcome::UsesExhausted
            | Outcome::Collapsed(_)
            | Outcome::LimitReached(_) => Err(Error::Inconsistent("outcome")),
        }
    }

    fn answer(
        &self,
        ask: &Ask<'_>,
        standing: &Standing,
        delivery: Delivery,
        placed: &Placed,
    ) -> Result<Answer, Error> {
        let now = self.engines.now();
        let claims = ReceiptClaims {
            iss: &self.engines.addresses.issuer,
            aud: &ask.token.client_id,
            iat: now.seconds(),
            entry: placed.id,
            index: placed.index,
            leaf_hash: crate::domain::record::hex(&placed.leaf_hash),
            jti: &ask.token.jti,
        };
        let jws = self.engines.tokens.sign("minhbach-receipt+jwt", &claims, now)?;
        Ok(Answer {
            subject: standing.detail.subject.handle.clone(),
            purpose: standing.detail.purpose.clone(),
            delivery,
            receipt: Receipt { entry: placed.id, index: placed.index, jws },
        })
    }

    fn count(&self, answers: &Answers, took: Duration) {
        for (source, answer) in answers {
            let outcome = match answer {
                Ok(_) => SourceOutcome::Answered,
                Err(SourceError::NoRecord) => SourceOutcome::NoRecord,
                Err(SourceError::Timeout) => SourceOutcome::Timeout,
                Err(_) => SourceOutcome::Failed,
            };
            self.engines.metrics.source(source, outcome, took);
        }
    }
}

/// Where fields come from, as the catalogue says.
struct CatalogueOrigins<'a>(&'a Catalogue);

impl Origins for CatalogueOrigins<'_> {
    fn origin(&self, field: &str) -> Option<Origin> {
        let base = self.0.fetched_for(field)?;
        let derived = self.0.field(field)?.derivation.is_some();
        Some(Origin { source: base.source.clone(), base: base.name.clone(), derived })
    }

    fn derive(&self, field: &str, base: &Value, now: crate::time::Millis) -> Option<Value> {
        self.0.field(field)?.derivation.as_ref()?.answer(base, now)
    }
}

fn missing(delivery: &Delivery) -> Vec<String> {
    delivery.missing.iter().map(|m| format!("{} {}", m.field, m.reason)).collect()
}

fn proof_id(proof: &DpopProof) -> (Uuid, crate::time::Millis) {
    (proof.replay_id(), proof.expires())
}
