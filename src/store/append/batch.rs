//! The batch itself: one text for both databases, told in the order of the contract.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    Change, Command, Draft, Outcome, Placed, Reach, Require, Reserved, Token,
    alike::Alike,
    consent::{Ledger, unchanged},
    postgres, sqlite,
};
use crate::{
    crypto::Digest,
    merkle::{edge::Edge, hash::leaf_hash},
    store::{Error, Store, Tx, clients, consents, grants, log, notices, officials, on, people, standing},
    time::Millis,
};

/// How long one `Idempotency-Key` means the same use.
const SAME_USE: i64 = 60_000;

/// An entry with its bytes, ready to be inserted.
pub(super) struct Row<'a> {
    pub(super) id: Uuid,
    pub(super) subject: Uuid,
    pub(super) n: i64,
    pub(super) at: i64,
    pub(super) kind: &'static str,
    pub(super) agency: Option<&'a str>,
    pub(super) leaf: Vec<u8>,
    pub(super) record: Vec<u8>,
}

/// What is still true after the head is locked.
pub(super) struct Live {
    pub(super) clients: HashSet<Uuid>,
    pub(super) officials: HashSet<Uuid>,
    pub(super) tokens: HashSet<Uuid>,
}

impl Live {
    /// From rows of (1 client, 2 official, 3 token; id).
    pub(super) fn from_rows(rows: &[(i64, Uuid)]) -> Self {
        let set = |kind: i64| rows.iter().filter(|row| row.0 == kind).map(|row| row.1).collect();
        Self { clients: set(1), officials: set(2), tokens: set(3) }
    }
}

/// The head as it was locked.
pub(super) struct Head {
    pub(super) size: i64,
    pub(super) edge: Vec<u8>,
    pub(super) epoch: i64,
    pub(super) bundle: Option<String>,
}

/// Runs a batch and commits it; the outcomes are in the order of the commands.
///
/// # Errors
/// [`Error`] when nothing of the batch was done, or when the database went away during the commit.
pub async fn run(store: &Store, commands: &[Command]) -> Result<Vec<Outcome>, Error> {
    // Two nodes sort alike, so a deadlock needs a stranger; trying again is then right, and bounded.
    for _ in 0..3 {
        match attempt(store, commands).await {
            Err(error) if error.is_transient() => {}
            result => return result,
        }
    }
    attempt(store, commands).await
}

async fn attempt(store: &Store, commands: &[Command]) -> Result<Vec<Outcome>, Error> {
    let mut tx = store.begin().await?;
    let mut out: Vec<Option<Outcome>> = commands.iter().map(|_| None).collect();
    refuse_replays(&mut tx, commands, &mut out).await?;
    // Before any token: who waits for the head holds no token that the holder of the head may have to end.
    let head = if open(commands, &out).any(|(_, command)| command.entry.is_some()) {
        Some(match &mut tx {
            Tx::Sqlite(tx) => sqlite::lock_head(tx).await?,
            Tx::Postgres(tx) => postgres::lock_head(tx).await?,
        })
    } else {
        None
    };
    let reserved = reserve_uses(&mut tx, commands, &mut out).await?;
    let placed = match head {
        Some(head) => append_entries(&mut tx, head, commands, &mut out).await?,
        None => HashMap::new(),
    };
    tx.commit().await?;
    Ok(out
        .into_iter()
        .enumerate()
        .map(|(i, outcome)| {
            outcome.unwrap_or_else(|| Outcome::Done {
                entry: placed.get(&i).cloned(),
                reserved: reserved.get(&i).copied(),
            })
        })
        .collect())
}

/// Commands that have not dropped out, with their positions.
fn open<'a>(
    commands: &'a [Command],
    out: &[Option<Outcome>],
) -> impl Iterator<Item = (usize, &'a Command)> + use<'a> {
    let live: Vec<bool> = out.iter().map(Option::is_none).collect();
    commands.iter().enumerate().zip(live).filter_map(|(command, live)| live.then_some(command))
}

fn drop_out(out: &mut [Option<Outcome>], i: usize, outcome: Outcome) {
    if let Some(slot) = out.get_mut(i) {
        *slot = Some(outcome);
    }
}

async fn refuse_replays(tx: &mut Tx, commands: &[Command], out: &mut [Option<Outcome>]) -> Result<(), Error> {
    // Two commands of one batch with the same id: the database would name it once and both would match.
    let mut owner: HashMap<Uuid, usize> = HashMap::new();
    let mut ids: Vec<(Uuid, i64)> = Vec::new();
    for (i, command) in commands.iter().enumerate() {
        if let Some((id, _)) = command.replays.iter().find(|(id, _)| owner.contains_key(id)) {
            drop_out(out, i, Outcome::Replayed(*id));
            continue;
        }
        for (id, expires) in &command.replays {
            if owner.insert(*id, i).is_none() {
                ids.push((*id, expires.0));
            } else {
                drop_out(out, i, Outcome::Replayed(*id));
            }
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    ids.sort_unstable();
    let new: HashSet<Uuid> = match tx {
        Tx::Sqlite(tx) => sqlite::insert_replays(tx, &ids).await?,
        Tx::Postgres(tx) => postgres::insert_replays(tx, &ids).await?,
    };
    let standing: Vec<(usize, &Command)> = open(commands, out).collect();
    for (i, command) in standing {
        if let Some((id, _)) = command.replays.iter().find(|(id, _)| !new.contains(id)) {
            drop_out(out, i, Outcome::Replayed(*id));
        }
    }
    Ok(())
}

async fn reserve_uses(
    tx: &mut Tx,
    commands: &[Command],
    out: &mut [Option<Outcome>],
) -> Result<HashMap<usize, Reserved>, Error> {
    let mut granted = HashMap::new();
    let asked: Vec<(usize, super::Reserve)> =
        open(commands, out).filter_map(|(i, c)| c.reserve.map(|r| (i, r))).collect();
    let ending: Vec<&Change> = open(commands, out)
        .flat_map(|(_, command)| &command.changes)
        .filter(|change| change.ends_tokens())
        .collect();
    if asked.is_empty() && ending.is_empty() {
        return Ok(granted);
    }
    let mut tokens: Vec<Uuid> = asked.iter().map(|(_, r)| r.jti).collect();
    tokens.sort_unstable();
    tokens.dedup();
    // The rows are locked here, those this batch will end as well: all at once and sorted, and the head is held, so
    // that none can be added. What has been used is read in a later statement and so is the newest there is.
    let mut left: HashMap<Uuid, i64> = match tx {
        Tx::Sqlite(tx) => sqlite::lock_tokens(tx, &tokens).await?,
        Tx::Postgres(tx) if ending.is_empty() => postgres::lock_tokens(tx, &tokens).await?,
        Tx::Postgres(tx) => postgres::lock_tokens_and_ending(tx, &tokens, &ending).await?,
    };
    if asked.is_empty() {
        return Ok(granted);
    }
    let mut used: HashMap<(Uuid, Uuid), i64> = match tx {
        Tx::Sqlite(tx) => sqlite::uses(tx, &tokens).await?,
        Tx::Postgres(tx) => postgres::uses(tx, &tokens).await?,
    };
    let mut writes: HashMap<(Uuid, Uuid), i64> = HashMap::new();
    for (i, reserve) in asked {
        let Some(uses_left) = left.get_mut(&reserve.jti) else {
            drop_out(out, i, Outcome::TokenRevoked);
            continue;
        };
        let key = (reserve.jti, reserve.key);
        let repeat = used.get(&key).is_some_and(|at| reserve.at.0.saturating_sub(*at) < SAME_USE);
        if !repeat {
            if *uses_left <= 0 {
                drop_out(out, i, Outcome::UsesExhausted);
                continue;
            }
            *uses_left -= 1;
            used.insert(key, reserve.at.0);
            writes.insert(key, reserve.at.0);
        }
        granted.insert(i, Reserved { repeat, uses_left: *uses_left });
    }
    if !writes.is_empty() {
        let changed: Vec<(Uuid, i64)> = writes
            .keys()
            .map(|(jti, _)| *jti)
            .collect::<HashSet<_>>()
            .into_iter()
            .filter_map(|jti| left.get(&jti).map(|n| (jti, *n)))
            .collect();
        let rows: Vec<(Uuid, Uuid, i64)> =
            writes.into_iter().map(|((jti, key), at)| (jti, key, at)).collect();
        match tx {
            Tx::Sqlite(tx) => sqlite::write_uses(tx, &changed, &rows).await?,
            Tx::Postgres(tx) => postgres::write_uses(tx, &changed, &rows).await?,
        }
    }
    Ok(granted)
}

async fn append_entries(
    tx: &mut Tx,
    head: Head,
    commands: &[Command],
    out: &mut [Option<Outcome>],
) -> Result<HashMap<usize, Placed>, Error> {
    let mut placed = HashMap::new();
    recheck(tx, &head, commands, out).await?;
    let mut consents = Ledger::read(tx, open(commands, out).map(|(_, command)| command)).await?;
    let mut alike = Alike::read(tx, open(commands, out).filter_map(|(_, c)| c.collapse).collect()).await?;

    let mut subjects: Vec<Uuid> =
        open(commands, out).flat_map(|(_, c)| c.entry.iter().chain(&c.also)).map(|e| e.subject).collect();
    if subjects.is_empty() {
        return Ok(placed);
    }
    subjects.sort_unstable();
    subjects.dedup();
    let mut newest: HashMap<Uuid, (i64, Digest)> = match tx {
        Tx::Sqlite(tx) => sqlite::newest(tx, &subjects).await?,
        Tx::Postgres(tx) => postgres::newest(tx, &subjects).await?,
    }
    .into_iter()
    .map(|(subject, n, leaf)| (subject, (n, leaf_hash(&leaf))))
    .collect();

    let mut edge = Edge::from_bytes(head.size.unsigned_abs(), &head.edge)
        .ok_or(Error::Inconsistent { table: "head", row: head.size.to_string() })?;
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut tokens: Vec<&Token> = Vec::new();
    let mut consumed: Vec<(Uuid, Uuid)> = Vec::new();
    let mut index = head.size;
    // What this very batch takes away is gone for the commands after it, as it will be for the next batch.
    let mut gone: HashSet<Uuid> = HashSet::new();
    let standing: Vec<(usize, &Command)> = open(commands, out).collect();
    for (i, command) in standing {
        let Some(draft) = &command.entry else { continue };
        if let Some(outcome) = lost(&command.require, |id| gone.contains(&id)) {
            drop_out(out, i, outcome);
            continue;
        }
        if !unchanged(tx, &command.require).await? {
            drop_out(out, i, Outcome::Stale);
            continue;
        }
        if let Some(prompts) = command.require.prompts
            && !grants::bears(tx, prompts).await?
        {
            drop_out(out, i, Outcome::LimitReached(Reach::Prompts));
            continue;
        }
        if let Err(outcome) = admit(&mut consents, &mut alike, command, draft) {
            drop_out(out, i, outcome);
            continue;
        }
        for entry in std::iter::once(draft).chain(&command.also) {
            let (n, previous) = newest.get(&entry.subject).copied().unwrap_or((0, [0; 32]));
            let n = n.saturating_add(1);
            let sealed = entry.seal.seal(n, &previous);
            let hash = leaf_hash(&sealed.leaf);
            edge.push(hash);
            newest.insert(entry.subject, (n, hash));
            // The caller is told of the first, which is the command's own.
            placed.entry(i).or_insert(Placed { id: entry.id, index, n, leaf_hash: hash });
            index = index.saturating_add(1);
            rows.push(Row {
                id: entry.id,
                subject: entry.subject,
                n,
                at: entry.at.0,
                kind: entry.kind,
                agency: entry.agency.as_deref(),
                leaf: sealed.leaf,
                record: sealed.record,
            });
        }
        tokens.extend(&command.token);
        consumed.extend(command.consume.map(|used| (used.jti, used.key)));
        for change in &command.changes {
            gone.extend(change.takes_away());
            // Tokens of this very batch end with what they rest on: they must be there to be ended.
            if change.ends_tokens() && !tokens.is_empty() {
                write_tokens(tx, &tokens).await?;
                tokens.clear();
            }
            apply(tx, change, draft.at).await?;
        }
    }
    alike.write(tx).await?;
    if rows.is_empty() {
        return Ok(placed);
    }
    let (spent, edge) = (consents.spent(), edge.to_bytes());
    let moved = match tx {
        Tx::Sqlite(tx) => sqlite::write(tx, &head, &rows, &tokens, &consumed, spent, &edge).await?,
        Tx::Postgres(tx) => postgres::write(tx, &head, &rows, &tokens, &consumed, spent, &edge).await?,
    };
    if moved { Ok(placed) } else { Err(Error::HeadMoved) }
}

/// Only what holds is counted, and only what gets its place stands for others.
fn admit(consents: &mut Ledger, alike: &mut Alike, command: &Command, draft: &Draft) -> Result<(), Outcome> {
    consents.holds(&command.require, draft)?;
    if let Some(entry) = command.collapse.and_then(|shared| alike.met(shared, draft.at)) {
        return Err(Outcome::Collapsed(entry));
    }
    consents.admit(command, draft)?;
    if let Some(shared) = command.collapse {
        alike.begin(shared, draft);
    }
    Ok(())
}

async fn write_tokens(tx: &mut Tx, tokens: &[&Token]) -> Result<(), Error> {
    match tx {
        Tx::Sqlite(tx) => sqlite::write_tokens(tx, tokens).await,
        Tx::Postgres(tx) => postgres::write_tokens(tx, tokens).await,
    }
}

/// Reads again, after the lock, what commands rely on; those whose ground is gone drop out.
async fn recheck(
    tx: &mut Tx,
    head: &Head,
    commands: &[Command],
    out: &mut [Option<Outcome>],
) -> Result<(), Error> {
    let set = |pick: fn(&Command) -> Option<Uuid>| -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = open(commands, out).filter_map(|(_, c)| pick(c)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let (clients, mut officials, tokens) =
        (set(|c| c.require.client), set(|c| c.require.official), set(|c| c.require.token));
    officials.extend(set(|c| c.require.approver));
    let live = if clients.is_empty() && officials.is_empty() && tokens.is_empty() {
        Live { clients: HashSet::new(), officials: HashSet::new(), tokens: HashSet::new() }
    } else {
        match tx {
            Tx::Sqlite(tx) => sqlite::live(tx, &clients, &officials, &tokens).await?,
            Tx::Postgres(tx) => postgres::live(tx, &clients, &officials, &tokens).await?,
        }
    };
    let standing: Vec<(usize, &Command)> = open(commands, out).collect();
    for (i, command) in standing {
        let require = &command.require;
        let dead = |id: Uuid| {
            !live.clients.contains(&id) && !live.officials.contains(&id) && !live.tokens.contains(&id)
        };
        if let Some(outcome) = lost(require, dead) {
            drop_out(out, i, outcome);
        } else if require.bundle.as_deref().is_some_and(|bundle| head.bundle.as_deref() != Some(bundle)) {
            drop_out(out, i, Outcome::BundleChanged);
        }
    }
    Ok(())
}

/// The first of a command's requirements that does not hold.
fn lost(require: &Require, dead: impl Fn(Uuid) -> bool) -> Option<Outcome> {
    if require.client.is_some_and(&dead) {
        Some(Outcome::ClientSuspended)
    } else if require.official.is_some_and(&dead) || require.approver.is_some_and(&dead) {
        Some(Outcome::OfficialSuspended)
    } else if require.token.is_some_and(&dead) {
        Some(Outcome::TokenRevoked)
    } else {
        None
    }
}

/// The rarer changes, one statement each.
async fn apply(tx: &mut Tx, change: &Change, at: Millis) -> Result<(), Error> {
    const REVOKE: &str = "UPDATE tokens SET revoked_at = $2 WHERE jti = $1 AND revoked_at IS NULL";
    const BUNDLE: &str = "UPDATE head SET bundle = $1 WHERE one = 1";
    match change {
        Change::RevokeToken(jti) => {
            on!(tx, |c| sqlx::query(REVOKE).bind(jti).bind(at.0).execute(c).await.map(drop))?;
        }
        Change::ActivateBundle(bundle) => {
            on!(tx, |c| sqlx::query(BUNDLE).bind(bundle.as_ref()).execute(c).await.map(drop))?;
            consents::wake_waiting(tx, at).await?;
            log::begin_sweep(tx).await?;
        }
        Change::SuspendClient(id, suspended) => clients::suspend(tx, *id, suspended.then_some(at)).await?,
        Change::SuspendOfficial(id, suspended) => {
            officials::suspend(tx, *id, suspended.then_some(at)).await?;
        }
        Change::PutClient(client) => clients::put(tx, client).await?,
        Change::PutOfficial(official) => officials::put(tx, official).await?,
        Change::BeginConsent(begin) => consents::begin(tx, begin, at).await?,
        Change::StepConsent(step) => consents::step(tx, step, at).await?,
        Change::BindPushed(hash, consent, browser) => {
            grants::bind_pushed(tx, hash, *consent, browser).await?;
        }
        Change::PutBackchannel(request) => grants::put_backchannel(tx, request).await?,
        Change::PutGrant(grant) => grants::put(tx, grant).await?,
        Change::PutRefresh(refresh) => grants::put_refresh(tx, refresh).await?,
        Change::EndRefresh(grant) => grants::end_refresh(tx, *grant, at).await?,
        Change::RevokeGrant(grant) => grants::revoke(tx, *grant, at).await?,
        Change::PutStanding(list) => standing::put(tx, list).await?,
        Change::PutNotice(notice) => notices::put(tx, notice).await?,
        Change::StepNotice(id, step) => notices::step(tx, *id, step, at).await?,
        Change::PutStream(stream) => notices::put_stream(tx, stream).await?,
        Change::RemoveStream(client) => notices::remove_stream(tx, *client).await?,
        Change::PutRepresentation(row) => people::put_representation(tx, row).await?,
        Change::EndRepresentation(id) => people::end_representation(tx, *id, at).await?,
        Change::PutEmergency(row) => people::put_emergency(tx, row).await?,
        Change::ReportEmergency(token) => people::report_emergency(tx, *token, at).await?,
        Change::EmergencyOverdue(token) => people::mark_overdue(tx, *token, at).await?,
    }
    Ok(())
}
