//! Afterwards: what is in the tables and in the log, against the reference and against itself.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::{
    model::{Consent as Expected, Model, is_waiting, leads, records, stands},
    play::Played,
};
use crate::store::{
    Store,
    consents::{Consent, Event},
    grants::{Grant, Refresh},
    read,
    tokens::Token,
};

/// Every table these histories write, read once.
struct Tables {
    consents: HashMap<Uuid, Consent>,
    events: HashMap<Uuid, Vec<Event>>,
    uses: HashMap<Uuid, Vec<(i64, Uuid)>>,
    tokens: HashMap<Uuid, Token>,
    refresh: HashMap<Vec<u8>, Refresh>,
    grants: HashMap<Uuid, Grant>,
    /// Entries by id: index, subject, kind.
    entries: HashMap<Uuid, (i64, Uuid, String)>,
}

macro_rules! all {
    ($store:expr, $sql:literal) => {
        read!($store, |pool| sqlx::query_as($sql).fetch_all(pool).await).unwrap()
    };
}

async fn tables(store: &Store) -> Tables {
    let consents: Vec<Consent> = all!(store, "SELECT * FROM consents_now");
    let rows: Vec<Event> = all!(store, "SELECT * FROM consent_events ORDER BY consent, seq");
    let used: Vec<(Uuid, i64, Uuid)> = all!(store, "SELECT consent, at, token FROM consent_uses");
    let tokens: Vec<Token> = all!(store, "SELECT * FROM tokens");
    let refresh: Vec<Refresh> = all!(store, "SELECT * FROM refresh_tokens");
    let grants: Vec<Grant> = all!(store, "SELECT * FROM grants");
    let entries: Vec<(Uuid, i64, Uuid, String)> = all!(store, "SELECT id, idx, subject, kind FROM entries");
    let mut events: HashMap<Uuid, Vec<Event>> = HashMap::new();
    for event in rows {
        events.entry(event.consent).or_default().push(event);
    }
    let mut uses: HashMap<Uuid, Vec<(i64, Uuid)>> = HashMap::new();
    for (consent, at, token) in used {
        uses.entry(consent).or_default().push((at, token));
    }
    Tables {
        consents: consents.into_iter().map(|row| (row.id, row)).collect(),
        events,
        uses,
        tokens: tokens.into_iter().map(|row| (row.jti, row)).collect(),
        refresh: refresh.into_iter().map(|row| (row.hash.clone(), row)).collect(),
        grants: grants.into_iter().map(|row| (row.id, row)).collect(),
        entries: entries.into_iter().map(|(id, index, subject, kind)| (id, (index, subject, kind))).collect(),
    }
}

/// Everything that is wrong.
pub(super) async fn audit(store: &Store, played: &[(u64, Played)]) -> Vec<String> {
    let tables = tables(store).await;
    let mut wrong = Vec::new();
    for (seed, history) in played {
        let mut say = |what: String| wrong.push(format!("MINHBACH_HISTORY={seed}: {what}"));
        for consent in &history.model.consents {
            check_consent(&tables, consent, &mut say);
        }
        check_tokens(&tables, &history.model, &mut say);
    }
    check_order(&tables, played, &mut |what| wrong.push(what));
    wrong
}

/// The projection is the fold of its events, each event has its entry, and no limit is passed.
fn check_consent(tables: &Tables, expected: &Expected, say: &mut impl FnMut(String)) {
    let (row, events) = (&tables.consents[&expected.id], &tables.events[&expected.id]);
    let acts: Vec<&str> = events.iter().map(|event| event.act.as_str()).collect();
    if acts != expected.acts || row.state != expected.state || row.grant_id != expected.grant {
        say(format!("{row:?} with {acts:?} and not {expected:?}"));
    }
    let mut state = "requested";
    for (event, n) in events.iter().zip(1..) {
        if n > 1 {
            state = leads(state, &event.act).unwrap_or("illegal");
        }
        let entry = tables.entries.get(&event.entry);
        let recorded =
            entry.is_some_and(|(_, whose, kind)| *whose == row.subject && records(&event.act, kind));
        if event.seq != n || event.state != state || !recorded {
            say(format!("event {event:?} in {state} with entry {entry:?}"));
        }
    }
    if row.state != state || usize::try_from(row.revision) != Ok(events.len()) {
        say(format!("{row:?} is not the fold of {acts:?}"));
    }
    let due = match state {
        waits if is_waiting(waits) => Some(row.answer_by),
        on if stands(on) => Some(row.expires),
        _ => None,
    };
    if row.wake.is_some() != due.is_some() || row.wake > due {
        say(format!("{row:?} wakes too late or for nothing"));
    }
    let mut uses = tables.uses.get(&expected.id).cloned().unwrap_or_default();
    let mut wanted = expected.uses.clone();
    uses.sort_unstable();
    wanted.sort_unstable();
    if uses != wanted || usize::try_from(row.used) != Ok(uses.len()) || row.used > row.max_uses {
        say(format!("used {} of {}: {uses:?} and not {wanted:?}", row.used, row.max_uses));
    }
    if let (Some(n), Some(length)) = (row.freq_n, row.freq_ms) {
        // Any window that is this long, the one that begins with each use.
        for (from, _) in &uses {
            let within = uses.iter().filter(|used| *from <= used.0 && used.0 < from + length).count();
            if i64::try_from(within).unwrap() > n {
                say(format!("{within} uses in {length} ms from {from}, {n} allowed"));
            }
        }
    }
}

fn check_tokens(tables: &Tables, model: &Model, say: &mut impl FnMut(String)) {
    for (jti, (on, ended)) in &model.tokens {
        let row = &tables.tokens[jti];
        if row.revoked_at.is_some() != *ended {
            say(format!("token {row:?} of {:?}: ended should be {ended}", model.consents[*on]));
        }
    }
    for (hash, (grant, ended)) in &model.refresh {
        let row = &tables.refresh[hash];
        if row.grant_id != *grant || row.revoked_at.is_some() != *ended {
            say(format!("refresh token {row:?}: ended should be {ended}"));
        }
    }
    for (grant, ended) in &model.grants {
        let row = &tables.grants[grant];
        if row.revoked_at.is_some() != *ended {
            say(format!("grant {row:?}: ended should be {ended}"));
        }
    }
}

/// INVARIANT I3, I7, from the log alone: at the place of an entry that opened something the consent was given.
fn check_order(tables: &Tables, played: &[(u64, Played)], say: &mut impl FnMut(String)) {
    let mut steps: BTreeMap<(i64, Uuid), &str> = BTreeMap::new();
    for event in tables.events.values().flatten() {
        steps.insert((tables.entries[&event.entry].0, event.consent), event.state.as_str());
    }
    let mut opened: BTreeMap<i64, (Uuid, u64)> = BTreeMap::new();
    for (seed, history) in played {
        for (entry, consent) in &history.opened {
            opened.insert(tables.entries[entry].0, (*consent, *seed));
        }
    }
    let issuing =
        tables.entries.values().filter(|entry| matches!(entry.2.as_str(), "token.issued" | "data.released"));
    if issuing.count() != opened.len() {
        say("entries that opened something without anybody having been told so".to_owned());
    }
    let (mut now, mut steps) = (HashMap::new(), steps.into_iter().peekable());
    for (index, (consent, seed)) in opened {
        while let Some(((_, moved), state)) = steps.next_if(|step| step.0.0 < index) {
            now.insert(moved, state);
        }
        if now.get(&consent) != Some(&"given") {
            say(format!(
                "MINHBACH_HISTORY={seed}: entry {index} opened {consent}, which was {:?}",
                now.get(&consent)
            ));
        }
    }
}
