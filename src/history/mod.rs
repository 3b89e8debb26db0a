//! Reading the ledger about people: a citizen her own history, a compliance officer her agency's entries.
//!
//! INVARIANT (I8): a citizen is only ever given entries of her own chain; another's entry is as absent as none.
//! INVARIANT (I9): whoever reads is recorded first, and nothing is given out unless that entry is committed: the
//! citizen's own reading once a session, anybody else's in the history of each person it concerns.
//! Out of scope: who is signed in (`login`), words and pages (`http`).

mod access;
mod citizen;
mod compliance;
pub mod program;
mod versions;

pub use access::{Access, HistoryError};
pub use citizen::{Detail, Filter, Page, Proven, Reader, Summary, entry, note_reading, page, proof, summary};
pub use compliance::{
    AgencyAccess, AgencyFilter, AgencyPage, LOOK_FOR, Look, Officer, REASON, begin_look, entries, look,
};
pub use versions::{
    PurposeTexts, StoredCitation, choice_text, purpose_of, purpose_texts, remember_versions, rule_text,
};
