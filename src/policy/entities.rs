//! Facts as Cedar sees them: the closed vocabularies, built once, and the entities of one request.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
};

use crate::domain::{
    catalogue::{BasisKind, Catalogue, Purpose},
    consent::{State, minute_of_day},
    decision::{Action, ConsentFacts, EmergencyFacts, Facts, OfficialFacts, StandingFacts},
};

/// A fact that could not be put before the rules; always a refusal (I4).
#[derive(Debug, thiserror::Error)]
#[error("a fact could not be put before the rules")]
pub(super) struct Unfit;

/// The names of everything that has a fixed set of values, and of the entity types.
#[derive(Debug)]
pub(super) struct Vocabulary {
    fields: HashMap<String, EntityUid>,
    purposes: HashMap<String, EntityUid>,
    bases: HashMap<BasisKind, EntityUid>,
    states: HashMap<State, EntityUid>,
    issue_token: EntityUid,
    disclose: EntityUid,
    request: EntityUid,
    agency: EntityTypeName,
    client: EntityTypeName,
    official: EntityTypeName,
}

impl Vocabulary {
    /// The vocabulary of a catalogue; fields that are never offered have no name in it.
    pub(super) fn of(catalogue: &Catalogue) -> Result<Self, Unfit> {
        let offered = catalogue.fields.values().filter(|field| field.never.is_none());
        Ok(Self {
            fields: names("Field", offered.map(|field| field.name.clone()))?,
            purposes: names("Purpose", catalogue.purposes.keys().cloned())?,
            bases: BasisKind::ALL
                .into_iter()
                .map(|kind| Ok((kind, uid(&type_name("Basis")?, kind.as_str()))))
                .collect::<Result<_, Unfit>>()?,
            states: State::ALL
                .into_iter()
                .map(|state| Ok((state, uid(&type_name("ConsentState")?, state.as_str()))))
                .collect::<Result<_, Unfit>>()?,
            issue_token: uid(&type_name("Action")?, "issueToken"),
            disclose: uid(&type_name("Action")?, "disclose"),
            request: uid(&type_name("Request")?, "this"),
            agency: type_name("Agency")?,
            client: type_name("Client")?,
            official: type_name("Official")?,
        })
    }

    /// Whether the rules can speak of that field.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The request and the entities it refers to, every one of them present.
    pub(super) fn put(
        &self,
        facts: &Facts<'_>,
        fields: &[&str],
        purpose: &Purpose,
    ) -> Result<(Request, Entities), Unfit> {
        let client = uid(&self.client, facts.client.id);
        let mut entities = vec![self.client_entity(client.clone(), facts)?];
        let mut circumstances = vec![
            ("now".to_owned(), long(facts.now.0)),
            ("minuteOfDay".to_owned(), long(minute_of_day(facts.now))),
            ("assurance".to_owned(), long(i64::from(facts.assurance))),
        ];
        let mut officials = HashMap::new();
        if let Some(official) = &facts.official {
            let name = self.official(official);
            officials.insert(name.clone(), *official);
            circumstances.push(("official".to_owned(), RestrictedExpression::new_entity_uid(name)));
        }
        if let Some(emergency) = &facts.emergency {
            if let Some(approver) = emergency.approver {
                // An official who approves her own act is one entity, and the rules see that she is.
                officials.entry(self.official(&approver)).or_insert(approver);
            }
            circumstances.push(("emergency".to_owned(), self.emergency(emergency)?));
        }
        if let Some(standing) = facts.standing {
            circumstances.push(("standing".to_owned(), choices(standing)?));
        }
        for (name, official) in officials {
            let attributes = HashMap::from([
                ("agency".to_owned(), self.agency(official.agency)),
                ("registered".to_owned(), truth(official.registered)),
                ("active".to_owned(), truth(official.active)),
                ("proved".to_owned(), truth(official.proved)),
            ]);
            entities.push(Entity::new(name, attributes, HashSet::new()).map_err(|_| Unfit)?);
        }
        entities.push(self.request_entity(facts, fields, purpose)?);
        let action = match facts.action {
            Action::IssueToken => &self.issue_token,
            Action::Disclose => &self.disclose,
        };
        let context = Context::from_pairs(circumstances).map_err(|_| Unfit)?;
        let request = Request::new(client, action.clone(), self.request.clone(), context, None);
        let entities = Entities::from_entities(entities, None);
        Ok((request.map_err(|_| Unfit)?, entities.map_err(|_| Unfit)?))
    }

    fn client_entity(&self, name: EntityUid, facts: &Facts<'_>) -> Result<Entity, Unfit> {
        // A registration for a purpose that is no longer in the catalogue counts for nothing.
        let purposes = facts.client.purposes.iter().filter_map(|id| self.purposes.get(id));
        let attributes = HashMap::from([
            ("agency".to_owned(), self.agency(facts.client.agency)),
            ("purposes".to_owned(), set(purposes)),
            ("suspended".to_owned(), truth(facts.client.suspended)),
        ]);
        Entity::new(name, attributes, HashSet::new()).map_err(|_| Unfit)
    }

    fn request_entity(&self, facts: &Facts<'_>, fields: &[&str], purpose: &Purpose) -> Result<Entity, Unfit> {
        let name = self.purposes.get(&purpose.id).ok_or(Unfit)?;
        let basis = self.bases.get(&facts.basis).ok_or(Unfit)?;
        let mut attributes = HashMap::from([
            ("purpose".to_owned(), RestrictedExpression::new_entity_uid(name.clone())),
            ("purposeVersion".to_owned(), RestrictedExpression::new_string(purpose.version.clone())),
            ("purposeActive".to_owned(), truth(purpose.is_active())),
            ("basis".to_owned(), RestrictedExpression::new_entity_uid(basis.clone())),
            ("fields".to_owned(), self.fields(fields)?),
            ("hasCase".to_owned(), truth(facts.has_case)),
        ]);
        if let Some(review) = &purpose.review {
            attributes.insert("reviewDue".to_owned(), long(review.due.0));
        }
        if let Some(terms) = &purpose.emergency {
            let within = i64::from(terms.max_minutes).saturating_mul(60_000);
            attributes.insert("signInWithin".to_owned(), long(within));
        }
        if let Some(consent) = &facts.consent {
            attributes.insert("consent".to_owned(), self.consent(consent)?);
        }
        Entity::new(self.request.clone(), attributes, HashSet::new()).map_err(|_| Unfit)
    }

    fn consent(&self, consent: &ConsentFacts<'_>) -> Result<RestrictedExpression, Unfit> {
        // A field consented to that the catalogue no longer has covers nothing.
        let granted = consent.granted.iter().filter_map(|name| self.fields.get(*name));
        let state = self.states.get(&consent.state).ok_or(Unfit)?;
        let limits = consent.limits;
        let mut members = vec![
            ("state".to_owned(), RestrictedExpression::new_entity_uid(state.clone())),
            ("granted".to_owned(), set(granted)),
            (
                "purposeVersion".to_owned(),
                RestrictedExpression::new_string(consent.purpose_version.to_owned()),
            ),
            ("starts".to_owned(), long(limits.starts)),
            ("expires".to_owned(), long(limits.expires)),
            ("uses".to_owned(), long(i64::from(consent.uses))),
            ("maxUses".to_owned(), long(i64::from(limits.max_uses))),
            ("usesInPeriod".to_owned(), long(i64::from(consent.uses_in_period))),
            ("forThisRequest".to_owned(), truth(consent.for_this_request)),
        ];
        if let Some(frequency) = limits.frequency {
            members.push(("maxInPeriod".to_owned(), long(i64::from(frequency.n))));
        }
        if let Some(hours) = limits.hours {
            let hours = [
                ("opens".to_owned(), long(i64::from(hours.opens))),
                ("closes".to_owned(), long(i64::from(hours.closes))),
            ];
            members.push(("hours".to_owned(), record(hours)?));
        }
        record(members)
    }

    fn emergency(&self, emergency: &EmergencyFacts<'_>) -> Result<RestrictedExpression, Unfit> {
        let mut members = vec![
            ("samePerson".to_owned(), truth(emergency.same_person)),
            ("justified".to_owned(), truth(emergency.justified)),
            ("reportOverdue".to_owned(), truth(emergency.report_overdue)),
        ];
        if let Some(approver) = &emergency.approver {
            let name = self.official(approver);
            members.push(("approver".to_owned(), RestrictedExpression::new_entity_uid(name)));
        }
        if let Some(at) = emergency.oldest_sign_in {
            members.push(("oldestSignIn".to_owned(), long(at.0)));
        }
        record(members)
    }

    /// Codes of officials are unique within an agency only.
    fn official(&self, official: &OfficialFacts<'_>) -> EntityUid {
        uid(&self.official, &format!("{}/{}", official.agency, official.id))
    }

    fn agency(&self, id: &str) -> RestrictedExpression {
        RestrictedExpression::new_entity_uid(uid(&self.agency, id))
    }

    /// The fields as a set; one that has no name is an error, so that it cannot fall out of the set unseen (I4).
    fn fields(&self, names: &[&str]) -> Result<RestrictedExpression, Unfit> {
        let known: Vec<&EntityUid> =
            names.iter().map(|name| self.fields.get(*name).ok_or(Unfit)).collect::<Result<_, _>>()?;
        Ok(set(known.into_iter()))
    }
}

fn choices(standing: StandingFacts) -> Result<RestrictedExpression, Unfit> {
    record([
        ("neverPurpose".to_owned(), truth(standing.never_purpose)),
        ("neverAgency".to_owned(), truth(standing.never_agency)),
        ("askEachTime".to_owned(), truth(standing.ask_each_time)),
        ("outsideHours".to_owned(), truth(standing.outside_hours)),
    ])
}

fn record(
    members: impl IntoIterator<Item = (String, RestrictedExpression)>,
) -> Result<RestrictedExpression, Unfit> {
    RestrictedExpression::new_record(members).map_err(|_| Unfit)
}

fn long(value: i64) -> RestrictedExpression {
    RestrictedExpression::new_long(value)
}

fn truth(value: bool) -> RestrictedExpression {
    RestrictedExpression::new_bool(value)
}

fn set<'a>(names: impl Iterator<Item = &'a EntityUid>) -> RestrictedExpression {
    RestrictedExpression::new_set(names.map(|name| RestrictedExpression::new_entity_uid(name.clone())))
}

fn names(kind: &str, ids: impl Iterator<Item = String>) -> Result<HashMap<String, EntityUid>, Unfit> {
    let kind = type_name(kind)?;
    Ok(ids.map(|id| (id.clone(), uid(&kind, &id))).collect())
}

fn type_name(name: &str) -> Result<EntityTypeName, Unfit> {
    format!("MinhBach::{name}").parse().map_err(|_| Unfit)
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}
