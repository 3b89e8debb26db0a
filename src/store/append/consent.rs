//! What a batch knows of consents and of people's own rules, read after the head is locked.
//!
//! Whoever appends holds the head, on every node: so a limit of one is reached by exactly one of fifty commands, and
//! what is withdrawn is withdrawn for every command sequenced after it, in this batch and in all later ones (I3, I7).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    Change, Command, Draft, Outcome, Reach, Require, Spend, Token, locked::Locked, postgres, sqlite,
};
use crate::{
    domain::consent::{State, minute_of_day},
    store::{Error, Tx, grants, notices, people},
    time::Millis,
};

/// A use that was counted.
pub(super) struct Spent {
    pub(super) spend: Spend,
    /// When, milliseconds.
    pub(super) at: i64,
    /// The entry that records it.
    pub(super) entry: Uuid,
}

/// Consents and rules as they stand at this point of the batch.
pub(super) struct Ledger {
    consents: HashMap<Uuid, Locked>,
    /// The revision of each person's rules; who never made any has 0.
    rules: HashMap<Uuid, i64>,
    /// Counted uses that are not written yet.
    spent: Vec<Spent>,
}

impl Ledger {
    /// Reads what the commands rely on or change.
    pub(super) async fn read<'a>(
        tx: &mut Tx,
        commands: impl Iterator<Item = &'a Command>,
    ) -> Result<Self, Error> {
        // Each with the earliest of the commands about it. Periods are counted back from there: within a batch that
        // refuses at the edge, and never allows, one too many.
        let (mut ids, mut people) = (BTreeMap::<Uuid, i64>::new(), BTreeSet::new());
        for command in commands {
            let Some(draft) = &command.entry else { continue };
            people.extend(command.require.standing.map(|(subject, _)| subject));
            let mut about = vec![command.require.consent, command.spend.map(|spend| spend.consent)];
            for change in &command.changes {
                match change {
                    Change::StepConsent(step) => about.push(Some(step.row.id)),
                    Change::PutStanding(list) => drop(people.insert(list.subject)),
                    _ => {}
                }
            }
            for id in about.into_iter().flatten() {
                ids.entry(id).and_modify(|at| *at = draft.at.0.min(*at)).or_insert(draft.at.0);
            }
        }
        let ids: Vec<(Uuid, i64)> = ids.into_iter().collect();
        let mut people: Vec<Uuid> = people.into_iter().collect();
        let mut ledger = Self { consents: HashMap::new(), rules: HashMap::new(), spent: Vec::new() };
        if !ids.is_empty() {
            ledger.consents = match tx {
                Tx::Sqlite(tx) => sqlite::consents(tx, &ids).await?,
                Tx::Postgres(tx) => postgres::consents(tx, &ids).await?,
            };
        }
        // With each consent came the rules of the person whose it is.
        ledger.rules = ledger.consents.values().map(|standing| (standing.subject, standing.rules)).collect();
        people.retain(|person| !ledger.rules.contains_key(person));
        if !people.is_empty() {
            let others = match tx {
                Tx::Sqlite(tx) => sqlite::rules(tx, &people).await?,
                Tx::Postgres(tx) => postgres::rules(tx, &people).await?,
            };
            ledger.rules.extend(others);
        }
        Ok(ledger)
    }

    /// Whether what a command requires of consents and rules holds.
    pub(super) fn holds(&self, require: &Require, draft: &Draft) -> Result<(), Outcome> {
        if let Some((subject, revision)) = require.standing
            && self.rules.get(&subject).copied().unwrap_or(0) != revision
        {
            return Err(Outcome::Stale);
        }
        match require.consent {
            Some(id) => self.live(id, draft).map(drop),
            None => Ok(()),
        }
    }

    /// Lets a command whose requirements hold go ahead and counts what it does, or says why it drops out. Nothing is
    /// counted for one that drops out.
    pub(super) fn admit(&mut self, command: &Command, draft: &Draft) -> Result<(), Outcome> {
        let at = draft.at;
        for change in &command.changes {
            match change {
                Change::StepConsent(step) => {
                    let now = self.consents.get(&step.row.id).map(|standing| standing.revision);
                    if now.map(|revision| revision.saturating_add(1)) != Some(step.row.revision) {
                        return Err(Outcome::Stale);
                    }
                }
                Change::PutStanding(list) => {
                    let now = self.rules.get(&list.subject).copied().unwrap_or(0);
                    if now.saturating_add(1) != list.revision {
                        return Err(Outcome::Stale);
                    }
                }
                _ => {}
            }
        }
        if let Some(spend) = command.spend {
            let standing = self.live(spend.consent, draft)?;
            let own = |token: &Token| (token.client, token.subject) == (standing.client, standing.subject);
            if !command.token.as_ref().is_some_and(own) {
                return Err(Outcome::ConsentNotLive(None));
            }
            within(&standing, at).map_err(Outcome::LimitReached)?;
            if let Some(standing) = self.consents.get_mut(&spend.consent) {
                standing.used = standing.used.saturating_add(1);
                standing.recent = standing.recent.saturating_add(1);
            }
            self.spent.push(Spent { spend, at: at.0, entry: draft.id });
        }
        self.follow(command);
        Ok(())
    }

    /// INVARIANT I3, I7: the one place where a consent opens something, and it is this person's, given, begun and not
    /// over.
    fn live(&self, id: Uuid, draft: &Draft) -> Result<Locked, Outcome> {
        let standing = self.consents.get(&id).filter(|standing| standing.subject == draft.subject);
        let standing = standing.ok_or(Outcome::ConsentNotLive(None))?;
        let in_time = standing.starts <= draft.at.0 && draft.at.0 < standing.expires;
        if standing.state == Some(State::Given) && in_time {
            Ok(*standing)
        } else {
            Err(Outcome::ConsentNotLive(standing.state))
        }
    }

    /// What the command changes holds for those behind it.
    fn follow(&mut self, command: &Command) {
        for change in &command.changes {
            match change {
                Change::StepConsent(step) => {
                    if let Some(standing) = self.consents.get_mut(&step.row.id) {
                        standing.state = Some(step.state);
                        standing.revision = step.row.revision;
                        standing.starts = step.row.starts;
                        standing.expires = step.row.expires;
                        standing.max_uses = step.row.max_uses;
                    }
                }
                Change::PutStanding(list) => drop(self.rules.insert(list.subject, list.revision)),
                _ => {}
            }
        }
    }

    /// What was counted and is to be written.
    pub(super) fn spent(&self) -> &[Spent] {
        &self.spent
    }
}

/// Whether what is changed is still as it was read: a grant that is added to, a stream.
pub(super) async fn unchanged(tx: &mut Tx, require: &Require) -> Result<bool, Error> {
    if let Some(wanted) = &require.grant
        && !grants::holds(tx, wanted).await?
    {
        return Ok(false);
    }
    if let Some((client, read)) = &require.stream
        && !notices::stream_is(tx, *client, read.as_ref()).await?
    {
        return Ok(false);
    }
    match require.representation {
        Some(id) => people::stands(tx, id).await,
        None => Ok(true),
    }
}

/// Whether one more use lies within the limits.
fn within(consent: &Locked, at: Millis) -> Result<(), Reach> {
    if consent.used >= consent.max_uses {
        return Err(Reach::Uses);
    }
    if consent.freq_n.is_some_and(|n| consent.recent >= n) {
        return Err(Reach::Frequency);
    }
    let minute = minute_of_day(at);
    let open = consent.opens.is_none_or(|opens| opens <= minute)
        && consent.closes.is_none_or(|closes| minute < closes);
    if open { Ok(()) } else { Err(Reach::Hours) }
}
