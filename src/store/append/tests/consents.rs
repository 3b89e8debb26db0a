//! Consents in the deciding transaction: limits that hold under races, withdrawal that reaches everything behind it.

use uuid::Uuid;

use super::{NOW, check_everything, done, entry};
use crate::{
    crypto::SeededRandom,
    domain::consent::{Act, State},
    id,
    store::{
        Store,
        append::{Change, Command, Outcome, Prompts, Reach, Require, Spend, Token, run},
        consents::{Begin, Consent, Step},
        grants::Backchannel,
        scratch::{Scratch, store_suite},
        standing::Standing,
    },
    time::Millis,
};

fn given(random: &SeededRandom, person: Uuid) -> Consent {
    Consent {
        id: id::new(NOW, random),
        subject: person,
        client: Uuid::from_u128(7),
        grant_id: None,
        state: State::Given.as_str().to_owned(),
        revision: 1,
        asked_at: NOW.0 - 1000,
        answer_by: NOW.0 + 1000,
        starts: NOW.0 - 1000,
        expires: NOW.0 + 1000,
        max_uses: 1,
        used: 0,
        last_use: None,
        freq_n: None,
        freq_ms: None,
        opens: None,
        closes: None,
        wake: Some(NOW.0 + 1000),
        sealed: vec![1],
    }
}

async fn begin(store: &Store, random: &SeededRandom, row: &Consent) {
    let begin = Begin { row: row.clone(), entry: Uuid::nil(), event: vec![2] };
    let changes = vec![Change::BeginConsent(Box::new(begin))];
    let out = run(store, &[Command { changes, ..entry(random, row.subject) }]).await.unwrap();
    assert!(done(&out[0]), "{out:?}");
}

fn at(mut command: Command, at: Millis) -> Command {
    if let Some(draft) = &mut command.entry {
        draft.at = at;
    }
    command
}

fn spend(random: &SeededRandom, consent: &Consent) -> Command {
    let token = id::new(NOW, random);
    Command {
        require: Require { consent: Some(consent.id), ..Require::default() },
        spend: Some(Spend { consent: consent.id, token }),
        token: Some(Token {
            jti: token,
            client: consent.client,
            subject: consent.subject,
            entry: Uuid::nil(),
            audience: "https://aud.example".into(),
            expires: NOW,
            uses: 1,
            consent: Some(consent.id),
            grant_id: Some(Uuid::from_u128(5)),
            status: Some(12),
        }),
        ..entry(random, consent.subject)
    }
}

fn step(random: &SeededRandom, from: &Consent, act: Act) -> (Consent, Command) {
    let state = State::after(State::parse(&from.state), act).unwrap();
    let row = Consent { state: state.as_str().to_owned(), revision: from.revision + 1, ..from.clone() };
    let step = Step { row: row.clone(), act, state, entry: Uuid::nil(), event: vec![3], text: None };
    let changes = vec![Change::StepConsent(Box::new(step))];
    (row, Command { changes, ..entry(random, from.subject) })
}

const USED_UP: Outcome = Outcome::LimitReached(Reach::Uses);

async fn fifty_commands_against_a_limit_of_one_take_exactly_one_token(s: Scratch) {
    let random = SeededRandom::new(21);
    let consent = given(&random, id::new(NOW, &random));
    begin(&s.store, &random, &consent).await;
    // In one batch, and from four handles at once, as four nodes would.
    let batch: Vec<Command> = (0..20).map(|_| spend(&random, &consent)).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for node in 0..4_u64 {
        let (store, consent) = (Store::open(&s.address, 2).await.unwrap(), consent.clone());
        tasks.spawn(async move {
            let random = SeededRandom::new(300 + node);
            let mut out = Vec::new();
            for _ in 0..5 {
                let two = [spend(&random, &consent), spend(&random, &consent)];
                out.extend(run(&store, &two).await.unwrap());
            }
            out
        });
    }
    let mut out = run(&s.store, &batch).await.unwrap();
    out.extend(tasks.join_all().await.into_iter().flatten());
    assert_eq!(out.len(), 60);
    assert_eq!(out.iter().filter(|outcome| done(outcome)).count(), 1);
    assert_eq!(out.iter().filter(|outcome| **outcome == USED_UP).count(), 59);
    assert_eq!(s.store.consent(consent.id).await.unwrap().unwrap().used, 1);
    let uses = s.store.consent_uses(consent.id, 10).await.unwrap();
    assert_eq!(uses.len(), 1);
    let entry = s.store.entry(uses[0].entry).await.unwrap().expect("the use names its entry");
    assert_eq!((entry.subject, entry.at), (consent.subject, uses[0].at));
    let token = s.store.token(uses[0].token).await.unwrap().unwrap();
    assert_eq!(
        (token.consent, token.grant_id, token.status),
        (Some(consent.id), Some(Uuid::from_u128(5)), Some(12))
    );
    check_everything(&s.store).await;
}

async fn a_frequency_counts_back_from_now_to_the_millisecond(s: Scratch) {
    let random = SeededRandom::new(22);
    let mut consent = given(&random, id::new(NOW, &random));
    (consent.max_uses, consent.freq_n, consent.freq_ms, consent.expires) =
        (100, Some(2), Some(500), NOW.0 + 9000);
    begin(&s.store, &random, &consent).await;
    let once = async |offset: i64| {
        let command = at(spend(&random, &consent), Millis(NOW.0 + offset));
        run(&s.store, &[command]).await.unwrap().remove(0)
    };
    assert!(done(&once(0).await) && done(&once(100).await));
    assert_eq!(once(499).await, Outcome::LimitReached(Reach::Frequency));
    assert!(done(&once(500).await), "the first use has left the period");
    assert_eq!(once(599).await, Outcome::LimitReached(Reach::Frequency));
    assert!(done(&once(600).await));
    let together: Vec<Command> = (0..3).map(|_| at(spend(&random, &consent), Millis(NOW.0 + 2000))).collect();
    let out = run(&s.store, &together).await.unwrap();
    assert!(done(&out[0]) && done(&out[1]), "{out:?}");
    assert_eq!(out[2], Outcome::LimitReached(Reach::Frequency), "not in one batch either");
    assert_eq!(s.store.consent(consent.id).await.unwrap().unwrap().used, 6);
}

async fn a_consent_opens_nothing_before_its_start_from_its_end_or_outside_its_hours(s: Scratch) {
    let random = SeededRandom::new(23);
    let mut consent = given(&random, id::new(NOW, &random));
    consent.max_uses = 100;
    begin(&s.store, &random, &consent).await;
    let not_now = Outcome::ConsentNotLive(Some(State::Given));
    for (offset, expected) in [(-1001, false), (-1000, true), (999, true), (1000, false)] {
        let out = run(&s.store, &[at(spend(&random, &consent), Millis(NOW.0 + offset))]).await.unwrap();
        assert_eq!(done(&out[0]), expected, "{offset}");
        assert!(expected || out[0] == not_now);
    }
    let minute = crate::domain::consent::minute_of_day(NOW);
    let mut closed = given(&random, id::new(NOW, &random));
    (closed.opens, closed.closes) = (Some(minute + 1), Some(minute + 2));
    (closed.max_uses, closed.expires) = (100, NOW.0 + 600_000);
    begin(&s.store, &random, &closed).await;
    let opens = NOW.0 - NOW.0.rem_euclid(60_000) + 60_000;
    for (offset, expected) in [(-1, false), (0, true), (59_999, true), (60_000, false)] {
        let out = run(&s.store, &[at(spend(&random, &closed), Millis(opens + offset))]).await.unwrap();
        assert_eq!(done(&out[0]), expected, "{offset}");
        assert!(expected || out[0] == Outcome::LimitReached(Reach::Hours));
    }
    let nobody = given(&random, closed.subject);
    assert_eq!(run(&s.store, &[spend(&random, &nobody)]).await.unwrap(), [Outcome::ConsentNotLive(None)]);
}

async fn after_a_withdrawal_nothing_gets_through_not_even_in_its_own_batch(s: Scratch) {
    let random = SeededRandom::new(24);
    let mut consent = given(&random, id::new(NOW, &random));
    consent.max_uses = 100;
    begin(&s.store, &random, &consent).await;
    let first = spend(&random, &consent);
    let jti = first.token.as_ref().unwrap().jti;
    let reads = || Command {
        require: Require { consent: Some(consent.id), token: Some(jti), ..Require::default() },
        ..entry(&random, consent.subject)
    };
    let (_, withdraw) = step(&random, &consent, Act::Withdraw);
    let batch = [first, reads(), withdraw, spend(&random, &consent), reads()];
    // The token of the batch is not there before it: a call on it comes with the next one.
    let out = run(&s.store, &batch[..1]).await.unwrap();
    assert!(done(&out[0]));
    let out = run(&s.store, &batch[1..]).await.unwrap();
    let gone = Outcome::ConsentNotLive(Some(State::Withdrawn));
    assert!(done(&out[0]) && done(&out[1]), "{out:?}");
    assert_eq!(out[2..], [gone.clone(), gone]);
    assert!(s.store.token(jti).await.unwrap().unwrap().revoked_at.is_some(), "the token ended with it");
    let later = run(&s.store, &[reads(), spend(&random, &consent)]).await.unwrap();
    assert_eq!(later[0], Outcome::TokenRevoked);
    assert_eq!(later[1], Outcome::ConsentNotLive(Some(State::Withdrawn)));
    assert_eq!(s.store.consent(consent.id).await.unwrap().unwrap().used, 1);
}

async fn a_token_taken_in_the_batch_of_the_withdrawal_ends_with_it(s: Scratch) {
    let random = SeededRandom::new(28);
    let mut consent = given(&random, id::new(NOW, &random));
    consent.max_uses = 100;
    begin(&s.store, &random, &consent).await;
    let stays = begin_other(&s.store, &random, &consent).await;
    let (first, other) = (spend(&random, &consent), spend(&random, &stays));
    let tokens = [&first, &other].map(|command| command.token.as_ref().unwrap().jti);
    let (_, withdraw) = step(&random, &consent, Act::Withdraw);
    assert!(run(&s.store, &[first, other, withdraw]).await.unwrap().iter().all(done));
    let ended = async |jti| s.store.token(jti).await.unwrap().unwrap().revoked_at.is_some();
    assert_eq!((ended(tokens[0]).await, ended(tokens[1]).await), (true, false));
    check_everything(&s.store).await;
}

/// Another consent of the same person.
async fn begin_other(store: &Store, random: &SeededRandom, like: &Consent) -> Consent {
    let row = Consent { id: id::new(NOW, random), ..like.clone() };
    begin(store, random, &row).await;
    row
}

async fn a_pause_stops_and_a_resumption_lets_the_same_token_go_on(s: Scratch) {
    let random = SeededRandom::new(25);
    let consent = given(&random, id::new(NOW, &random));
    begin(&s.store, &random, &consent).await;
    let first = spend(&random, &consent);
    let jti = first.token.as_ref().unwrap().jti;
    let (paused, pause) = step(&random, &consent, Act::Pause);
    assert!(run(&s.store, &[first, pause]).await.unwrap().iter().all(done));
    let reads = || Command {
        require: Require { consent: Some(consent.id), token: Some(jti), ..Require::default() },
        ..entry(&random, consent.subject)
    };
    assert_eq!(run(&s.store, &[reads()]).await.unwrap(), [Outcome::ConsentNotLive(Some(State::Paused))]);
    let (_, resume) = step(&random, &paused, Act::Resume);
    assert!(run(&s.store, &[resume, reads()]).await.unwrap().iter().all(done));
}

async fn of_two_who_change_the_same_consent_one_is_told_to_read_again(s: Scratch) {
    let random = SeededRandom::new(26);
    let consent = given(&random, id::new(NOW, &random));
    begin(&s.store, &random, &consent).await;
    let both = [step(&random, &consent, Act::Withdraw).1, step(&random, &consent, Act::Pause).1];
    let out = run(&s.store, &both).await.unwrap();
    assert!(done(&out[0]));
    assert_eq!(out[1], Outcome::Stale);
    assert_eq!(run(&s.store, &both[1..]).await.unwrap(), [Outcome::Stale]);
    let events = s.store.consent_events(consent.id).await.unwrap();
    let acts: Vec<&str> = events.iter().map(|event| event.act.as_str()).collect();
    assert_eq!(acts, ["ask", "withdraw"]);
}

async fn a_decision_made_by_older_rules_of_the_person_is_not_carried_out(s: Scratch) {
    let random = SeededRandom::new(27);
    let person = id::new(NOW, &random);
    let rules = |revision| Command {
        changes: vec![Change::PutStanding(Box::new(Standing { subject: person, revision, sealed: vec![1] }))],
        ..entry(&random, person)
    };
    let relies = |revision| Command {
        require: Require { standing: Some((person, revision)), ..Require::default() },
        ..entry(&random, person)
    };
    let out = run(&s.store, &[relies(0), rules(1), relies(0), relies(1), rules(1)]).await.unwrap();
    assert!(done(&out[0]) && done(&out[1]) && done(&out[3]));
    assert_eq!((&out[2], &out[4]), (&Outcome::Stale, &Outcome::Stale));
    assert_eq!(s.store.standing(person).await.unwrap().unwrap().revision, 1);
}

async fn readings_that_are_one_entry_must_each_find_the_consent_in_force(s: Scratch) {
    let random = SeededRandom::new(28);
    let consent = given(&random, id::new(NOW, &random));
    begin(&s.store, &random, &consent).await;
    let read = || Command {
        require: Require { consent: Some(consent.id), ..Require::default() },
        collapse: Some(Uuid::from_u128(78)),
        ..entry(&random, consent.subject)
    };
    // The first one is refused: nothing stands for it that later ones could pass for.
    let (paused, pause) = step(&random, &consent, Act::Pause);
    let out = run(&s.store, &[pause, read(), read()]).await.unwrap();
    let not_live = |state| Outcome::ConsentNotLive(Some(state));
    assert_eq!(out[1..], [not_live(State::Paused), not_live(State::Paused)]);
    assert_eq!(s.store.collapsed(Uuid::from_u128(78)).await.unwrap(), None);
    let (resumed, resume) = step(&random, &paused, Act::Resume);
    let out = run(&s.store, &[resume, read(), read()]).await.unwrap();
    let Outcome::Done { entry: Some(first), .. } = &out[1] else { panic!("{out:?}") };
    assert_eq!(out[2], Outcome::Collapsed(first.id));
    assert_eq!(run(&s.store, &[read()]).await.unwrap(), [Outcome::Collapsed(first.id)]);
    assert_eq!(s.store.refusals_of(first.id).await.unwrap(), 3);
    // From the withdrawal on none gets through, though the entry that stood for them is still there.
    let (_, withdraw) = step(&random, &resumed, Act::Withdraw);
    let out = run(&s.store, &[read(), withdraw, read()]).await.unwrap();
    assert_eq!((&out[0], &out[2]), (&Outcome::Collapsed(first.id), &not_live(State::Withdrawn)));
    assert_eq!(run(&s.store, &[read()]).await.unwrap(), [not_live(State::Withdrawn)]);
    assert_eq!(check_everything(&s.store).await, 5);
}

async fn no_more_questions_reach_a_person_than_she_bears_not_even_in_one_batch(s: Scratch) {
    let random = SeededRandom::new(29);
    let person = id::new(NOW, &random);
    let asked = |n: u8, at_ms: i64, invited: bool| {
        let row = Consent { state: State::Requested.as_str().to_owned(), ..given(&random, person) };
        let request = Backchannel {
            hash: vec![n; 32],
            client: row.client,
            subject: person,
            consent: Some(row.id),
            asked_at: at_ms,
            expires: at_ms + 1000,
            next_poll: at_ms,
            invited,
            sealed: vec![1],
        };
        let begin = Begin { row, entry: Uuid::nil(), event: vec![2] };
        let prompts = (!invited).then(|| Prompts { subject: person, since: Millis(at_ms - 100), most: 2 });
        let changes = vec![Change::BeginConsent(Box::new(begin)), Change::PutBackchannel(Box::new(request))];
        let require = Require { prompts, ..Require::default() };
        at(Command { require, changes, ..entry(&random, person) }, Millis(at_ms))
    };
    let ask = |n: u8, at_ms: i64| asked(n, at_ms, false);
    // What she invites herself is neither counted nor held up.
    assert!(run(&s.store, &[8, 9].map(|n| asked(n, NOW.0, true))).await.unwrap().iter().all(done));
    let out = run(&s.store, &(1..=5).map(|n| ask(n, NOW.0)).collect::<Vec<_>>()).await.unwrap();
    assert!(run(&s.store, &[asked(10, NOW.0, true)]).await.unwrap().iter().all(done));
    let full = Outcome::LimitReached(Reach::Prompts);
    assert!(done(&out[0]) && done(&out[1]), "{out:?}");
    assert_eq!(out[2..], [full.clone(), full.clone(), full.clone()]);
    assert_eq!(run(&s.store, &[ask(6, NOW.0 + 99)]).await.unwrap(), [full]);
    assert_eq!(s.store.backchannel_since(person, Millis(NOW.0 - 1)).await.unwrap(), 2);
    let later = run(&s.store, &[ask(7, NOW.0 + 100)]).await.unwrap();
    assert!(done(&later[0]), "the first two lie behind: {later:?}");
    check_everything(&s.store).await;
}

store_suite! {
    no_more_questions_reach_a_person_than_she_bears_not_even_in_one_batch,
    fifty_commands_against_a_limit_of_one_take_exactly_one_token,
    a_frequency_counts_back_from_now_to_the_millisecond,
    a_consent_opens_nothing_before_its_start_from_its_end_or_outside_its_hours,
    after_a_withdrawal_nothing_gets_through_not_even_in_its_own_batch,
    a_token_taken_in_the_batch_of_the_withdrawal_ends_with_it,
    a_pause_stops_and_a_resumption_lets_the_same_token_go_on,
    of_two_who_change_the_same_consent_one_is_told_to_read_again,
    a_decision_made_by_older_rules_of_the_person_is_not_carried_out,
    readings_that_are_one_entry_must_each_find_the_consent_in_force,
}
