//! An emergency access at the moment data are about to leave: the second official must still be one who may approve.

use std::sync::Arc;

use super::data::Error;
use crate::{
    domain::{
        catalogue::BasisKind,
        decision::{EmergencyFacts, OfficialFacts},
        record::Facts,
    },
    engines::Engines,
    store::{officials::Official, people::Emergency, tokens::Token},
};

/// Who approved an emergency access, as registered today.
pub(super) struct Approved {
    pub(super) owed: Emergency,
    approver: Option<Arc<Official>>,
    report_overdue: bool,
}

impl Approved {
    /// The approval of this token; `None` where its basis is another one.
    pub(super) async fn find(
        engines: &Engines,
        token: &Token,
        issued: &Facts,
    ) -> Result<Option<Self>, Error> {
        if issued.basis.as_deref() != Some(BasisKind::Emergency.as_str()) {
            return Ok(None);
        }
        let owed = engines.store.emergency(token.jti).await?.ok_or(Error::Inconsistent("emergency"))?;
        let approver = match &issued.approver {
            Some(code) => engines.registry.official(&owed.agency.as_str().into(), code).await?,
            None => None,
        };
        let report_overdue = engines.store.owes_report([owed.official, owed.approver], engines.now()).await?;
        Ok(Some(Self { owed, approver, report_overdue }))
    }

    /// As policy wants to know it; both signed in when the token was issued, which is not asked for again.
    pub(super) fn facts(&self, issued: &Facts) -> EmergencyFacts<'_> {
        EmergencyFacts {
            approver: self.approver.as_ref().map(|official| OfficialFacts {
                id: &official.code,
                agency: &official.agency,
                registered: true,
                active: official.suspended_at.is_none(),
                proved: true,
            }),
            same_person: self.owed.official == self.owed.approver,
            justified: issued.justification.is_some(),
            oldest_sign_in: None,
            report_overdue: self.report_overdue,
        }
    }
}
