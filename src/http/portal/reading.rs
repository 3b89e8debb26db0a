//! One's own reading is recorded before anything is shown (I9): one entry a session, whichever of her pages comes first.
//!
//! INVARIANT: asked of every request below these paths, so that no page about a person can forget it. Out of scope:
//! officials and compliance officers, who have no such pages; what they read is recorded where it is collected
//! (`people::emergencies`, `history::entries`), in the history of each person it concerns.

use super::{error::Failure, person::Acting, visit::Visit};
use crate::{
    history::{self, Reader},
    login::session::Who,
};

/// Where a person finds what is recorded about her.
const OWN: [&str; 3] = ["/me", "/requests", "/api/v1/me"];

/// Records that the citizen of this session reads about herself, if that is what she is about to do.
pub(super) async fn note(visit: &Visit) -> Result<(), Failure> {
    let path = visit.url.split('?').next().unwrap_or_default();
    let below =
        |own: &str| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some(session) = visit.session.as_ref().filter(|_| OWN.into_iter().any(below)) else { return Ok(()) };
    // Who acts for somebody reads that person's pages, which was recorded before she could (`people::enter`).
    if matches!(visit.acting, Acting::For(_)) {
        return Ok(());
    }
    match &session.who {
        Who::Citizen { subject, .. } => {
            let reader = Reader { subject, session: Some(&session.id), mandate: None };
            Ok(history::note_reading(&visit.state.engines, reader).await?)
        }
        Who::Official { .. } | Who::Compliance { .. } => Ok(()),
    }
}
