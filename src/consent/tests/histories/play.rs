//! One history: somebody asks, several act at once, clocks move, and the reference is asked what must come of it.

use std::sync::Arc;

use futures_util::future::join_all;
use uuid::Uuid;

use super::{
    dice::Dice,
    model::{self, Deed, End, Model, What},
};
use crate::{
    consent::{
        Answer, Consent, Error, Give, GrantWish, answer, end,
        tests::{BLOOD, CARD, DAY, HOUR, NAME, Wanted, asked, own, parent, release, says, token},
    },
    crypto::SeededRandom,
    domain::{
        consent::{Act, Actor, Frequency, Hours, Limits, Per},
        subject::Subject,
    },
    engines::{Engines, scratch::NOW},
    registry::Client,
    store::{
        append::{Change, Command, Outcome},
        grants::Refresh,
    },
    time::{Clock as _, ManualClock, Millis},
};

const ACTS: &[&str] = &[
    "defer",
    "refuse",
    "time_out",
    "give",
    "pause",
    "resume",
    "withdraw",
    "revoke",
    "expire",
    "lapse",
    "supersede",
    "review",
    "confirm",
    "invalidate",
];

/// What is left of a history when it is over.
pub(super) struct Played {
    pub(super) model: Model,
    /// Entries that opened something, and the consent they rest on.
    pub(super) opened: Vec<(Uuid, Uuid)>,
}

/// An attempt with everything the service needs to see of it.
struct Attempt {
    deed: Deed,
    node: Engines,
    view: Consent,
    by: Actor,
    /// The optional fields named with a yes.
    optional: Vec<String>,
}

/// How it ended.
struct Ended {
    end: End,
    /// The consent as it is now.
    consent: Option<Consent>,
    /// Where the entry stands.
    index: i64,
    /// The entry that opened something, and the token.
    opened: Option<(Uuid, Uuid)>,
}

struct Player {
    nodes: Vec<Engines>,
    clock: Arc<ManualClock>,
    dice: Dice,
    model: Model,
    /// Every version of each consent that somebody may still have before her eyes.
    views: Vec<Vec<Consent>>,
    /// Whether the first of two was the person herself.
    first_own: Vec<Option<bool>>,
    opened: Vec<(Uuid, Uuid)>,
}

/// Plays the history of a seed; an error says what the service did that it must not do.
pub(super) async fn history(
    nodes: &[Engines],
    person: &Subject,
    client: &Client,
    seed: u64,
) -> Result<Played, String> {
    let clock = Arc::new(ManualClock::at(NOW));
    let random = Arc::new(SeededRandom::new(1_000_000 + seed));
    let own_clock = |node: &Engines| Engines { clock: clock.clone(), random: random.clone(), ..node.clone() };
    let mut player = Player {
        nodes: nodes.iter().map(own_clock).collect(),
        dice: Dice::new(seed),
        model: Model::default(),
        views: Vec::new(),
        first_own: Vec::new(),
        opened: Vec::new(),
        clock,
    };
    for round in 0..player.dice.between(4, 9) {
        if player.views.is_empty() || (player.views.len() < 3 && player.dice.chance(25)) {
            player.begin(client, person).await?;
        }
        player.pass_time();
        let at_once = if player.dice.chance(30) { player.dice.between(2, 4) } else { 1 };
        let attempts: Vec<Attempt> = (0..at_once).map(|_| player.choose()).collect();
        let results = join_all(attempts.iter().map(Attempt::run)).await;
        player.judge(&attempts, results).map_err(|wrong| format!("round {round}: {wrong}"))?;
    }
    Ok(Played { model: player.model, opened: player.opened })
}

impl Player {
    async fn begin(&mut self, client: &Client, person: &Subject) -> Result<(), String> {
        let (dice, now) = (&mut self.dice, self.clock.now().0);
        let starts = now + if dice.chance(20) { dice.between(0, HOUR) } else { 0 };
        let per = dice.one(&[Per::Hour, Per::Day]);
        let n = u32::try_from(dice.between(1, 2)).unwrap();
        let limits = Limits {
            max_uses: u32::try_from(dice.between(1, 4)).unwrap(),
            frequency: dice.chance(40).then_some(Frequency { n, per }),
            hours: if dice.chance(15) { Hours::new(5 * 60, 17 * 60) } else { None },
            starts,
            expires: starts + dice.between(HOUR, 10 * DAY),
        };
        let joint = dice.chance(25);
        let answer_by = Millis(now + dice.between(HOUR, 3 * DAY));
        let wanted = Wanted { limits: limits.clone(), answer_by, joint, ..Wanted::default() };
        let consent = asked(&self.nodes[0], client, person, wanted).await.map_err(|e| format!("{e:?}"))?;
        self.model.consents.push(model::Consent {
            id: consent.row.id,
            state: "requested",
            acts: vec!["ask"],
            answer_by: answer_by.0.min(limits.expires),
            limits,
            joint,
            uses: Vec::new(),
            grant: None,
        });
        self.views.push(vec![consent]);
        self.first_own.push(None);
        Ok(())
    }

    fn pass_time(&mut self) {
        let (dice, now) = (&mut self.dice, self.clock.now().0);
        let to = match dice.below(100) {
            0..35 => now,
            35..60 => now + dice.between(1, 2 * HOUR),
            60..85 => {
                let consent = dice.one(&self.model.consents);
                let mut edges = vec![consent.answer_by, consent.limits.starts, consent.limits.expires];
                if let (Some(used), Some(frequency)) = (consent.uses.last(), consent.limits.frequency) {
                    edges.extend([used.0 + frequency.per.millis(); 3]);
                }
                (dice.one(&edges) + dice.between(-1, 1)).max(now)
            }
            // Another node's clock, or this one put right.
            85..92 => now - dice.between(1, HOUR / 6),
            _ => now + dice.between(1, 2 * DAY),
        };
        self.clock.set(Millis(to));
    }

    fn choose(&mut self) -> Attempt {
        let on = self.dice.below(self.views.len());
        let (state, tokens) = (self.model.consents[on].state, self.tokens_of(on));
        let word = match (state, self.dice.below(100)) {
            ("requested" | "deferred" | "half_given", 0..60) => "give",
            ("requested" | "deferred" | "half_given", 60..70) | ("given", 0..40) | (_, 50..60) => "spend",
            ("given", 40..50) | (_, 60..70) => "release",
            ("paused", 0..35) => "resume",
            ("under_review", 0..35) => "confirm",
            (_, 70..78) => "withdraw",
            ("given", 78..84) => "pause",
            ("given", 84..90) => "review",
            _ => self.dice.one(ACTS),
        };
        let versions = &self.views[on];
        let newest = versions.len() - 1;
        let version = if self.dice.chance(15) { self.dice.below(versions.len()) } else { newest };
        let view = versions[version].clone();
        let seen = (view.state.as_str(), usize::try_from(view.row.revision).unwrap());
        let own_hand = self.dice.chance(50);
        let by = if own_hand { own() } else { parent(Uuid::from_u128(16)) };
        // Of what was once given, only what was granted then is asked for again.
        let names_blood =
            word != "confirm" || (view.record.granted().contains(&BLOOD) && self.dice.chance(70));
        let stray = ["give", "confirm"].contains(&word) && self.dice.chance(4);
        let mut optional: Vec<String> = names_blood.then(|| BLOOD.to_owned()).into_iter().collect();
        let never = if word == "confirm" { [NAME, CARD] } else { [NAME; 2] };
        optional.extend(stray.then(|| self.dice.one(&never).to_owned()));
        let joint = self.model.consents[on].joint;
        let what = match word {
            "release" if !tokens.is_empty() => What::Release { jti: self.dice.one(&tokens) },
            "spend" | "release" => {
                let refresh = self.dice.chance(40).then(|| self.nodes[0].random.bytes::<32>().to_vec());
                let refresh = refresh.filter(|_| view.row.grant_id.is_some());
                What::Spend { jti: Uuid::nil(), refresh }
            }
            "give" => {
                let act = if joint && seen.0 != "half_given" { "give_half" } else { "give" };
                let same = joint && seen.0 == "half_given" && self.first_own[on] == Some(own_hand);
                let wish = (act == "give").then(|| self.wish());
                What::Step { act, seen, wish, stray, same, other: !own_hand }
            }
            act => What::Step { act, seen, wish: None, stray, same: false, other: !own_hand },
        };
        let node = self.dice.one(&self.nodes);
        Attempt { deed: Deed { on, at: self.clock.now().0, what }, node, view, by, optional }
    }

    fn tokens_of(&self, on: usize) -> Vec<Uuid> {
        self.model.tokens.iter().filter(|token| token.1.0 == on).map(|token| *token.0).collect()
    }

    fn wish(&mut self) -> GrantWish {
        let known: Vec<Uuid> = self.model.grants.keys().copied().collect();
        let some = if known.is_empty() || self.dice.chance(5) {
            Uuid::from_u128(404)
        } else {
            self.dice.one(&known)
        };
        match self.dice.below(100) {
            _ if known.is_empty() && self.dice.chance(95) => GrantWish::Create,
            0..40 => GrantWish::Create,
            40..70 => GrantWish::Merge(some),
            _ => GrantWish::Replace(some),
        }
    }

    /// What was done is done again in the reference, in the order of the log: each must be allowed there, and each
    /// refusal must be right at some point of that order.
    fn judge(&mut self, attempts: &[Attempt], results: Vec<Result<Ended, String>>) -> Result<(), String> {
        let results = results.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut done: Vec<usize> =
            (0..results.len()).filter(|i| matches!(results[*i].end, End::Done(_))).collect();
        done.sort_by_key(|i| results[*i].index);
        let mut points = vec![self.model.clone()];
        for i in done.iter().copied() {
            let (Attempt { deed, by, .. }, Ended { end, consent, opened, .. }) = (&attempts[i], &results[i]);
            let mut deed = deed.clone();
            if let (What::Spend { jti, .. }, Some((_, token))) = (&mut deed.what, opened) {
                *jti = *token;
            }
            if !self.model.allows(&deed) {
                return Err(format!("allowed {deed:?} in {:?}", self.model));
            }
            let End::Done(grant) = end else { continue };
            self.model.apply(&deed, *grant);
            if let What::Step { act: "give_half", .. } = deed.what {
                self.first_own[deed.on] = Some(*by == own());
            }
            self.views[deed.on].extend(consent.clone());
            points.push(self.model.clone());
        }
        for (attempt, result) in attempts.iter().zip(&results) {
            let deed = &attempt.deed;
            let named = matches!(
                deed.what,
                What::Step { wish: Some(GrantWish::Merge(_) | GrantWish::Replace(_)), .. }
            );
            let raced = result.end == End::Stale && named && !done.is_empty();
            let right = matches!(result.end, End::Done(_)) || raced;
            if !right && !points.iter().any(|point| point.explains(deed, &result.end)) {
                return Err(format!("{:?} for {deed:?} in {:?}", result.end, points));
            }
        }
        for (attempt, result) in attempts.iter().zip(&results) {
            let id = self.model.consents[attempt.deed.on].id;
            self.opened.extend(result.opened.map(|(entry, _)| (entry, id)));
        }
        Ok(())
    }
}

impl Attempt {
    async fn run(&self) -> Result<Ended, String> {
        match &self.deed.what {
            What::Step { act, wish, .. } => self.step(act, *wish).await,
            What::Spend { refresh, .. } => {
                let refresh = refresh.clone().zip(self.view.row.grant_id).map(|(hash, grant_id)| Refresh {
                    hash,
                    grant_id,
                    client: self.view.row.client,
                    created_at: self.deed.at,
                    revoked_at: None,
                });
                let changes = refresh.map(|refresh| Change::PutRefresh(Box::new(refresh)));
                let (jti, command) = token(&self.node, &self.view, changes.into_iter().collect());
                self.append(command, jti).await
            }
            What::Release { jti } => self.append(release(&self.node, &self.view, *jti), *jti).await,
        }
    }

    async fn append(&self, command: Command, jti: Uuid) -> Result<Ended, String> {
        let entry = command.entry.as_ref().map(|draft| draft.id).unwrap();
        let out = self.node.appender.run(command).await.map_err(|error| format!("{error:?}"))?;
        Ok(match out {
            Outcome::Done { entry: Some(placed), .. } => {
                Ended { end: End::Done(None), consent: None, index: placed.index, opened: Some((entry, jti)) }
            }
            other => Ended::refused(End::Not(other)),
        })
    }

    async fn step(&self, act: &str, wish: Option<GrantWish>) -> Result<Ended, String> {
        let (node, view) = (&self.node, &self.view);
        let (optional, grant) = (self.optional.clone(), wish.unwrap_or(GrantWish::Create));
        let says = |what| says(self.by.clone(), what);
        let result = match act {
            "give" | "give_half" => answer(node, view, says(Answer::Give(Give { optional, grant }))).await,
            "refuse" => answer(node, view, says(Answer::Refuse)).await,
            "defer" => answer(node, view, says(Answer::Defer)).await,
            "confirm" => answer(node, view, says(Answer::Confirm(optional))).await,
            act => end(node, view, Act::parse(act).unwrap(), self.by.clone(), None).await,
        };
        let end = match result {
            Ok(consent) => {
                if act == "confirm" {
                    self.is_her_own(&consent)?;
                }
                // Where it stands in the log, to put what happened at once into its order.
                let events = node.store.consent_events(consent.row.id).await.map_err(|e| format!("{e:?}"))?;
                let event =
                    events.iter().find(|event| event.seq == consent.row.revision).ok_or("no event")?;
                let entry = node.store.entry(event.entry).await.map_err(|e| format!("{e:?}"))?;
                let index = entry.ok_or("no entry")?.idx;
                let end = End::Done(consent.row.grant_id);
                return Ok(Ended { end, consent: Some(consent), index, opened: None });
            }
            Err(Error::Illegal(_)) => End::Illegal,
            Err(Error::Stale) => End::Stale,
            Err(Error::TooLate) => End::TooLate,
            Err(Error::FieldNotAsked) => End::FieldNotAsked,
            Err(Error::NeedsTheOther) => End::NeedsTheOther,
            Err(Error::NotAPerson) => End::NotAPerson,
            Err(Error::GrantUnknown) => End::GrantUnknown,
            Err(error) => return Err(format!("{error:?}")),
        };
        Ok(Ended::refused(end))
    }

    /// What was confirmed is hers, with the text she read, and no more than it was.
    fn is_her_own(&self, confirmed: &Consent) -> Result<(), String> {
        let (before, now) = (self.view.record.granted(), confirmed.record.granted());
        let narrower = now.iter().all(|field| before.contains(field)) && now.contains(&NAME);
        let hers = confirmed.record.answered_by.as_ref() == Some(&own()) && confirmed.record.shown.is_some();
        if narrower && hers { Ok(()) } else { Err(format!("confirmed {before:?} as {:?}", confirmed.record)) }
    }
}

impl Ended {
    const fn refused(end: End) -> Self {
        Self { end, consent: None, index: -1, opened: None }
    }
}
