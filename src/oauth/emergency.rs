//! Break-glass (Law 91/2025/QH15, Article 19(1)(a), (b)): what an emergency request must prove beside what every request
//! does, and the report it owes from the moment the token exists. Out of scope: the rules (`policy`), the report
//! (`people`).

use uuid::Uuid;

use super::{
    Error,
    issue::{Actor, Ask},
    official::{self, Acting},
    request::bad,
};
use crate::{
    crypto,
    domain::{
        catalogue::{BasisKind, Purpose},
        decision::EmergencyFacts,
        emergency::Emergency as Said,
        record::Facts,
        subject::Subject,
    },
    engines::Engines,
    protocol::rar::AuthorizationDetail,
    store::{append::Change, people::Emergency as Row},
    time::Millis,
};

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// The circumstances of a request on the basis `emergency`.
pub(super) struct Emergency {
    approver: Option<Acting>,
    official: Uuid,
    same_person: bool,
    justified: bool,
    oldest_sign_in: Option<Millis>,
    report_overdue: bool,
}

/// Gathers them; `None` on every other basis, which takes no approver.
pub(super) async fn gather(
    engines: &Engines,
    ask: &Ask<'_>,
    basis: BasisKind,
    detail: &AuthorizationDetail,
    official: Option<&Acting>,
) -> Result<Option<Emergency>, Error> {
    if basis != BasisKind::Emergency {
        return match ask.approver {
            None => Ok(None),
            Some(_) => {
                Err(bad("approver_not_taken", "`approver_token` belongs to the basis `emergency` only")
                    .into())
            }
        };
    }
    let approver = match &ask.approver {
        Some(approver) => Some(official::proved(engines, &ask.who.client, approver).await?),
        None => None,
    };
    let row = |acting: Option<&Acting>| acting.map_or(Uuid::nil(), |acting| acting.official.id);
    let (official, second) = (row(official), row(approver.as_ref()));
    let sign_in = |actor: &Actor| (actor.issuer.clone(), actor.sub.clone());
    let one_sign_in =
        ask.approver.is_some() && ask.actor.as_ref().map(sign_in) == ask.approver.as_ref().map(sign_in);
    Ok(Some(Emergency {
        same_person: one_sign_in || (approver.is_some() && official == second),
        justified: detail.justification.is_some(),
        oldest_sign_in: ask
            .actor
            .as_ref()
            .zip(ask.approver.as_ref())
            .map(|(actor, approver)| actor.auth_time.min(approver.auth_time)),
        report_overdue: engines.store.owes_report([official, second], engines.now()).await?,
        official,
        approver,
    }))
}

impl Emergency {
    /// As policy wants to know them.
    pub(super) fn facts(&self) -> EmergencyFacts<'_> {
        EmergencyFacts {
            approver: self.approver.as_ref().map(Acting::facts),
            same_person: self.same_person,
            justified: self.justified,
            oldest_sign_in: self.oldest_sign_in,
            report_overdue: self.report_overdue,
        }
    }

    /// The first instant at which nothing may be open on it, milliseconds: both have agreed by the earlier of their
    /// sign-ins for so long, and for more they agree anew. What cannot be told is over.
    pub(super) fn ends(&self, purpose: &Purpose) -> i64 {
        let minutes = purpose.emergency.as_ref().map_or(0, |terms| i64::from(terms.max_minutes));
        self.oldest_sign_in.map_or(0, |at| at.0.saturating_add(minutes.saturating_mul(MINUTE)))
    }

    /// The approver's code, for the entry.
    pub(super) fn approver_code(&self) -> Option<String> {
        self.approver.as_ref().map(|approver| approver.official.code.clone())
    }

    /// The approver's row, to be found active in the deciding transaction.
    pub(super) fn approver_id(&self) -> Option<Uuid> {
        self.approver.as_ref().map(|approver| approver.official.id)
    }

    /// The report this token owes, written together with the token.
    pub(super) fn owed(
        &self,
        engines: &Engines,
        subject: &Subject,
        purpose: &Purpose,
        token: Uuid,
        facts: &Facts,
    ) -> Result<Change, Error> {
        let terms = purpose.emergency.as_ref().ok_or(Error::Inconsistent("emergency terms"))?;
        // Policy has demanded all of these; what is missing all the same releases nothing.
        let missing = || Error::Inconsistent("emergency");
        let said = Said {
            official: facts.official.clone().ok_or_else(missing)?,
            approver: facts.approver.clone().ok_or_else(missing)?,
            purpose: purpose.id.clone(),
            purpose_version: purpose.version.clone(),
            fields: facts.fields.clone(),
            justification: facts.justification.clone().ok_or_else(missing)?,
            case: facts.case.clone(),
        };
        let at = engines.now().0;
        Ok(Change::PutEmergency(Box::new(Row {
            token,
            subject: subject.id(),
            agency: facts.agency.clone().ok_or_else(missing)?,
            official: self.official,
            approver: self.approver_id().ok_or_else(missing)?,
            at,
            due: at.saturating_add(i64::from(terms.report_hours) * HOUR),
            reported_at: None,
            overdue_at: None,
            sealed: crypto::seal(
                subject.record_key(),
                engines.random.as_ref(),
                &Said::context(token),
                &said.to_bytes(),
            ),
        })))
    }
}
