//! The catalogue: which personal data exist, which registers hold them, and which purposes may read them.
//!
//! Pure nouns with their lookups. Out of scope: reading `policies/` (the `policy` room) and deciding.

mod derivation;
mod field;
mod purpose;

use std::collections::BTreeMap;

pub use derivation::Derivation;
pub use field::{Class, Field, Shape, Source};
pub use purpose::{
    Basis, BasisKind, Citation, Confidence, ConsentTerms, EmergencyTerms, OfficialDemand, Purpose, Review,
    Status,
};

/// One text in both languages of the service.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Vietnamese, the language of the law and the default.
    pub vi: String,
    /// English.
    pub en: String,
}

/// Everything the service may speak of, each by its stable name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Fields by dotted name, in alphabetical order.
    pub fields: BTreeMap<String, Field>,
    /// Registers by id.
    pub sources: BTreeMap<String, Source>,
    /// Purposes by id, drafts included.
    pub purposes: BTreeMap<String, Purpose>,
}

impl Catalogue {
    /// The field of that name, or `None` if the catalogue does not know it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    /// The register of that id.
    pub fn source(&self, id: &str) -> Option<&Source> {
        self.sources.get(id)
    }

    /// The purpose of that id, in force or not.
    pub fn purpose(&self, id: &str) -> Option<&Purpose> {
        self.purposes.get(id)
    }

    /// What has to be fetched to answer `field`: itself, or the base it is computed from; `None` if unknown.
    pub fn fetched_for(&self, field: &str) -> Option<&Field> {
        let field = self.field(field)?;
        match &field.derivation {
            Some(derivation) => self.field(derivation.base()),
            None => Some(field),
        }
    }
}
