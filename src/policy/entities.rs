//! Facts as Cedar sees them: the closed vocabularies, built once, and the entities of one request.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
};

use crate::domain::{
    catalogue::{BasisKind, Catalogue, Purpose},
    decision::{Action, ConsentFacts, Facts},
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
            ("now".to_owned(), RestrictedExpression::new_long(facts.now.0)),
            ("assurance".to_owned(), RestrictedExpression::new_long(i64::from(facts.assurance))),
        ];
        if let Some(official) = &facts.official {
            let name = uid(&self.official, official.id);
            let attributes = HashMap::from([
                ("agency".to_owned(), self.agency(official.agency)),
                ("registered".to_owned(), RestrictedExpression::new_bool(official.registered)),
                ("active".to_owned(), RestrictedExpression::new_bool(official.active)),
                ("proved".to_owned(), RestrictedExpression::new_bool(official.proved)),
            ]);
            entities.push(Entity::new(name.clone(), attributes, HashSet::new()).map_err(|_| Unfit)?);
            circumstances.push(("official".to_owned(), RestrictedExpression::new_entity_uid(name)));
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
            ("suspended".to_owned(), RestrictedExpression::new_bool(facts.client.suspended)),
        ]);
        Entity::new(name, attributes, HashSet::new()).map_err(|_| Unfit)
    }

    fn request_entity(&self, facts: &Facts<'_>, fields: &[&str], purpose: &Purpose) -> Result<Entity, Unfit> {
        let name = self.purposes.get(&purpose.id).ok_or(Unfit)?;
        let basis = self.bases.get(&facts.basis).ok_or(Unfit)?;
        let mut attributes = HashMap::from([
            ("purpose".to_owned(), RestrictedExpression::new_entity_uid(name.clone())),
            ("purposeVersion".to_owned(), RestrictedExpression::new_string(purpose.version.clone())),
            ("purposeActive".to_owned(), RestrictedExpression::new_bool(purpose.is_active())),
            ("basis".to_owned(), RestrictedExpression::new_entity_uid(basis.clone())),
            ("fields".to_owned(), self.fields(fields)?),
            ("hasCase".to_owned(), RestrictedExpression::new_bool(facts.has_case)),
        ]);
        if let Some(review) = &purpose.review {
            attributes.insert("reviewDue".to_owned(), RestrictedExpression::new_long(review.due.0));
        }
        if let Some(consent) = &facts.consent {
            attributes.insert("consent".to_owned(), self.consent(consent)?);
        }
        Entity::new(self.request.clone(), attributes, HashSet::new()).map_err(|_| Unfit)
    }

    fn consent(&self, consent: &ConsentFacts<'_>) -> Result<RestrictedExpression, Unfit> {
        // A field consented to that the catalogue no longer has covers nothing.
        let granted = consent.granted.iter().filter_map(|name| self.fields.get(*name));
        RestrictedExpression::new_record([
            ("granted".to_owned(), set(granted)),
            (
                "purposeVersion".to_owned(),
                RestrictedExpression::new_string(consent.purpose_version.to_owned()),
            ),
            ("expires".to_owned(), RestrictedExpression::new_long(consent.expires.0)),
            ("withdrawn".to_owned(), RestrictedExpression::new_bool(consent.withdrawn)),
        ])
        .map_err(|_| Unfit)
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
