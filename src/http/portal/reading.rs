//! One's own reading is recorded before anything is shown (I9): one entry a session, whichever of her pages comes first.
//!
//! INVARIANT: asked of every request below these paths, so that no page about a person can forget it. Out of scope:
//! officials and compliance officers, who have no such pages; what they read is recorded where it is collected
//! (`people::emergencies`, `history::entries`), in the history of each person it concerns.

use super::{error::Failure, visit::Visit};
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
    match &session.who {
        Who::Citizen { subject, .. } => {
            Ok(history::note_reading(&visit.state.engines, Reader { subject, session: &session.id }).await?)
        }
        Who::Official { .. } | Who::Compliance { .. } => Ok(()),
    }
}
