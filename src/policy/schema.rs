//! The Cedar schema, generated from the catalogue and kept beside it so that it can be read and reviewed.
//!
//! The vocabularies are closed (`enum`): a misspelt field or purpose in a rule is a load error, and a field that is
//! never offered cannot even be named.

use std::fmt::Write as _;

use super::error::Faults;
use crate::domain::{
    catalogue::{BasisKind, Catalogue},
    consent::State,
};

pub(super) const FILE: &str = "schema.cedarschema";

const HEAD: &str = "\
// Generated from fields.toml and purposes/. Loading fails while this file differs from what they say.

namespace MinhBach {
";

const SHAPES: &str = "
  entity Agency;

  // The software that asks.
  entity Client = {
    agency: Agency,
    purposes: Set<Purpose>,
    suspended: Bool,
  };

  // The person who acts.
  entity Official = {
    agency: Agency,
    registered: Bool,
    active: Bool,
    proved: Bool,
  };

  // Hours of the day in Hanoi, in minutes after midnight: from the first to just before the second.
  type Hours = {
    opens: Long,
    closes: Long,
  };

  // Times are milliseconds since 1970-01-01T00:00:00Z. Uses are tokens taken, the period is that of the frequency.
  type Consent = {
    state: ConsentState,
    granted: Set<Field>,
    purposeVersion: String,
    starts: Long,
    expires: Long,
    uses: Long,
    maxUses: Long,
    usesInPeriod: Long,
    maxInPeriod?: Long,
    hours?: Hours,
    forThisRequest: Bool,
  };

  // What the person decided ahead of time, as far as it meets this request.
  type Standing = {
    neverPurpose: Bool,
    neverAgency: Bool,
    askEachTime: Bool,
    outsideHours: Bool,
  };

  type Emergency = {
    approver?: Official,
    samePerson: Bool,
    justified: Bool,
    oldestSignIn?: Long,
    reportOverdue: Bool,
  };

  // What is asked for: one purpose, one basis, one set of fields.
  entity Request = {
    purpose: Purpose,
    purposeVersion: String,
    purposeActive: Bool,
    reviewDue?: Long,
    signInWithin?: Long,
    basis: Basis,
    fields: Set<Field>,
    hasCase: Bool,
    consent?: Consent,
  };

  type Circumstances = {
    now: Long,
    minuteOfDay: Long,
    assurance: Long,
    official?: Official,
    standing?: Standing,
    emergency?: Emergency,
  };

  action issueToken, disclose appliesTo {
    principal: Client,
    resource: Request,
    context: Circumstances,
  };
}
";

/// The schema a catalogue calls for.
pub(super) fn generate(catalogue: &Catalogue) -> String {
    let offered = catalogue.fields.values().filter(|field| field.never.is_none());
    let mut text = HEAD.to_owned();
    vocabulary(&mut text, "Field", offered.map(|field| field.name.as_str()));
    vocabulary(&mut text, "Purpose", catalogue.purposes.keys().map(String::as_str));
    vocabulary(&mut text, "Basis", BasisKind::ALL.into_iter().map(BasisKind::as_str));
    vocabulary(&mut text, "ConsentState", State::ALL.into_iter().map(State::as_str));
    text + SHAPES
}

fn vocabulary<'a>(text: &mut String, name: &str, words: impl Iterator<Item = &'a str>) {
    let words: Vec<String> = words.map(|word| format!("    \"{word}\"")).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  entity {name} enum [\n{}\n  ];", words.join(",\n"));
}

/// Notes the first line where the schema in the file differs from the one called for.
pub(super) fn check(found: &str, wanted: &str, faults: &mut Faults) {
    if found == wanted {
        return;
    }
    let (mut found, mut wanted) = (found.lines(), wanted.lines());
    for number in 1_usize.. {
        match (found.next(), wanted.next()) {
            (None, None) => return faults.line(FILE, number, "line ends differ from what is generated"),
            (one, other) if one == other => {}
            (_, Some(line)) => return faults.line(FILE, number, format!("should read `{}`", line.trim())),
            (Some(line), None) => {
                return faults.line(FILE, number, format!("`{}` should not be there", line.trim()));
            }
        }
    }
}
