//! Standing choices: what a person decided ahead of time binds where she may say no, is overridden where the law opens
//! the data, and the entry says which of the two it was.

use std::time::Duration;

use futures_util::future::join_all;
use minhbach::{
    consent::{self, Answer, Answering, Consent, Give, GrantWish},
    crypto,
    domain::{
        catalogue::Purpose,
        consent::{Actor, Capacity, Channel, Hours, Limits, State},
        record::Facts,
        standing::{Edit, What},
        subject::{NationalId, Subject},
    },
    ledger::entry,
    oauth::{self, Arrival, Said},
    protocol::authorize::AuthorizeQuery,
    standing::{self, Error, Rules},
};
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    browser::Browser,
    client::Caller,
    consent::BROWSER,
    detail::{CITIZEN, OTHER, licence},
    jws, on_both,
};

on_both! {
    a_purpose_ruled_out_opens_nothing_on_consent_until_the_choice_is_taken_back,
    an_agency_ruled_out_opens_nothing_on_consent,
    what_the_law_opens_is_opened_and_the_entry_names_the_choices_it_overrode,
    hours_are_kept_to_the_millisecond_at_the_token_and_at_the_data,
    who_wants_to_be_asked_each_time_gives_one_view_for_one_yes,
    what_is_ruled_out_is_not_asked_and_the_agency_reads_a_no,
    of_two_changes_at_once_one_happens,
    no_token_decided_by_older_choices_is_sequenced_after_a_newer_one,
}

const CLIENT: &str = "ubnd.cong-dan";
const AGENCY: &str = "ubnd-phuong-mau";
const PURPOSE: &str = "notify.proactive_reminder";
const FIELD: &str = "driver.expiry_date";
const DAY: Duration = Duration::from_hours(24);

/// A person who signed in herself.
fn herself() -> Actor {
    Actor { capacity: Capacity::Own, assurance: Some(3), ..Actor::system() }
}

async fn person(app: &TestApp, national_id: &str) -> Subject {
    app.engines().vault.citizen(&NationalId::parse(national_id.to_owned()).unwrap()).await.unwrap()
}

fn purpose(app: &TestApp) -> &Purpose {
    app.engines().register.catalogue().purpose(PURPOSE).unwrap()
}

/// A consent that stands, for as many tokens as anybody could want.
async fn given(app: &TestApp, subject: &Subject) -> Consent {
    let engines = app.engines();
    let client = engines.registry.client(CLIENT).await.unwrap().unwrap();
    let (now, fields) = (engines.now(), vec![FIELD.to_owned()]);
    let expires = (now + 30 * DAY).0;
    let limits = Limits { max_uses: 1000, frequency: None, hours: None, starts: now.0, expires };
    let ask = consent::Ask::plain(&client, subject, purpose(app), &fields, limits, now + DAY);
    let asked = consent::ask(engines, ask).await.unwrap();
    let answer = Answering {
        by: herself(),
        answer: Answer::Give(Give { optional: fields, grant: GrantWish::Create }),
        shown: ("vi", "<p>Thông báo thử</p>".to_owned(), false),
        replays: Vec::new(),
        also: Vec::new(),
    };
    let given = consent::answer(engines, &asked, answer).await.unwrap();
    assert_eq!(given.state, State::Given);
    given
}

/// To remind somebody, on her consent.
fn reminder(national_id: &str) -> Value {
    json!({
        "type": "urn:minhbach:personal-data", "purpose": PURPOSE, "subject": { "national_id": national_id },
        "actions": ["read"], "datatypes": [FIELD], "basis": "consent",
    })
}

/// Chooses something more, whatever there was.
async fn choose(app: &TestApp, subject: &Subject, what: What) -> Rules {
    let revision = standing::load(app.engines(), subject).await.unwrap().revision;
    standing::change(app.engines(), subject, &herself(), revision, Edit::Add(what)).await.unwrap()
}

/// Takes back everything chosen.
async fn forget(app: &TestApp, subject: &Subject) {
    let mut rules = standing::load(app.engines(), subject).await.unwrap();
    while let Some(choice) = rules.choices.first() {
        let remove = Edit::Remove(choice.id);
        rules = standing::change(app.engines(), subject, &herself(), rules.revision, remove).await.unwrap();
    }
}

/// What her newest entry of this kind says.
async fn newest(app: &TestApp, subject: &Subject, kind: &str) -> Facts {
    let rows = app.engines().store.chain(subject.id(), i64::MAX, 100).await.unwrap();
    let row = rows.into_iter().find(|row| row.kind == kind).expect(kind);
    entry::open(&row, subject).unwrap().0.facts
}

async fn a_purpose_ruled_out_opens_nothing_on_consent_until_the_choice_is_taken_back(app: &mut TestApp) {
    let (caller, anh) = (app.caller(CLIENT), person(app, CITIZEN).await);
    given(app, &anh).await;
    let token = caller.token(&reminder(CITIZEN)).await.access_token();
    choose(app, &anh, What::NeverPurpose(PURPOSE.to_owned())).await;
    let said = newest(app, &anh, "choice.changed").await;
    assert_eq!((said.purpose.as_deref(), said.reason.as_deref()), (Some(PURPOSE), Some("never_purpose")));
    assert_eq!((said.capacity.as_deref(), said.agency), (Some("own"), None));

    let before = app.count().await;
    let reply = caller.token(&reminder(CITIZEN)).await;
    reply.refused("never", 403, "access_denied", "standing_never_purpose");
    assert!(!reply.at("/entry").is_empty());
    assert_eq!(newest(app, &anh, "token.refused").await.reason.as_deref(), Some("standing_never_purpose"));
    assert_eq!(app.count().await.tokens, before.tokens);
    // The token she had allowed before is worth nothing either, and no register is asked.
    caller.data(&token).await.problem("never", 403, "standing_never_purpose");
    assert_eq!(app.registers.asked("driver"), 0);
    // Nor does anybody who asks about it hear that it counts (I7).
    assert_eq!(caller.introspect(&token).await.body, json!({ "active": false }));

    forget(app, &anh).await;
    assert_eq!(caller.introspect(&token).await.body["active"], true);
    assert_eq!(newest(app, &anh, "choice.changed").await.decision.as_deref(), Some("remove"));
    caller.data(&token).await.ok();
    caller.token(&reminder(CITIZEN)).await.ok();
}

async fn an_agency_ruled_out_opens_nothing_on_consent(app: &mut TestApp) {
    let (caller, anh, binh) = (app.caller(CLIENT), person(app, CITIZEN).await, person(app, OTHER).await);
    given(app, &anh).await;
    given(app, &binh).await;
    for _ in 0..2 {
        let rules = standing::never_agency(app.engines(), &anh, &herself(), AGENCY).await.unwrap();
        assert_eq!((rules.revision, rules.choices.len()), (1, 1), "said twice, it is said once");
    }
    let reply = caller.token(&reminder(CITIZEN)).await;
    reply.refused("never", 403, "access_denied", "standing_never_agency");
    caller.token(&reminder(OTHER)).await.ok();
    // Another agency is another matter.
    forget(app, &anh).await;
    choose(app, &anh, What::NeverAgency("csgt-thu-nghiem".to_owned())).await;
    caller.token(&reminder(CITIZEN)).await.ok();
    for nothing in
        [What::NeverAgency("nobody".to_owned()), What::NeverPurpose("driver.licence_renewal".to_owned())]
    {
        let refused = standing::change(app.engines(), &anh, &herself(), 3, Edit::Add(nothing)).await;
        assert!(matches!(refused, Err(Error::NothingToChoose)), "{refused:?}");
    }
}

async fn what_the_law_opens_is_opened_and_the_entry_names_the_choices_it_overrode(app: &mut TestApp) {
    let (police, anh) = (app.police(), person(app, CITIZEN).await);
    police.token(&licence(CITIZEN, &["person.full_name"])).await.ok();
    assert!(newest(app, &anh, "token.issued").await.overrides.is_empty());
    choose(app, &anh, What::NeverAgency("csgt-thu-nghiem".to_owned())).await;
    choose(app, &anh, What::AskEachTime(None)).await;
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    assert_eq!(newest(app, &anh, "token.issued").await.overrides, ["never_agency", "ask_each_time"]);
    police.data(&token).await.ok();
    assert_eq!(newest(app, &anh, "data.released").await.overrides, ["never_agency", "ask_each_time"]);
    assert_eq!(police.introspect(&token).await.body["active"], true);
    let read = Browser::of_citizen(app, CITIZEN).await.get("/api/v1/me/accesses").await.ok();
    let accesses = read.body["accesses"].as_array().unwrap();
    let released = accesses.iter().find(|access| access["kind"] == "data.released").unwrap();
    assert_eq!(released["basis"], "statutory");
    let overridden = released["overrides"].as_array().unwrap();
    for (said, choice) in overridden.iter().zip(["never_agency", "ask_each_time"]) {
        assert_eq!(said["choice"], choice);
        assert!(said["text"]["vi"].is_string() && said["text"]["en"].is_string(), "{said}");
    }
    assert_eq!(overridden.len(), 2);
    let page = format!("/me/history/{}", released["id"].as_str().unwrap());
    let page = Browser::of_citizen(app, CITIZEN).await.get(&page).await;
    page.says(&["Công dân đã chọn không bao giờ cho phép cơ quan này."]);
    let first = accesses.iter().rfind(|access| access["kind"] == "token.issued").unwrap();
    assert_eq!((&first["overrides"], &first["approver"]), (&json!([]), &Value::Null));
    // What the entry names are the choices of the moment, not those of the token.
    forget(app, &anh).await;
    police.data(&token).await.ok();
    assert!(newest(app, &anh, "data.released").await.overrides.is_empty());
}

async fn hours_are_kept_to_the_millisecond_at_the_token_and_at_the_data(app: &mut TestApp) {
    let (caller, anh) = (app.caller(CLIENT), person(app, CITIZEN).await);
    given(app, &anh).await;
    // The test begins at 07:01 in Hanoi.
    choose(app, &anh, What::OfficeHours(Hours::new(8 * 60, 17 * 60).unwrap())).await;
    let instant = Duration::from_millis(1);
    app.pass(Duration::from_mins(59).saturating_sub(instant));
    let reply = caller.token(&reminder(CITIZEN)).await;
    reply.refused("before eight", 403, "access_denied", "standing_outside_hours");
    app.pass(instant);
    caller.token(&reminder(CITIZEN)).await.ok();
    app.pass(Duration::from_hours(9).saturating_sub(instant));
    let token = caller.token(&reminder(CITIZEN)).await.access_token();
    assert_eq!(caller.introspect(&token).await.body["active"], true);
    app.pass(instant);
    caller.data(&token).await.problem("at five", 403, "standing_outside_hours");
    assert_eq!(caller.introspect(&token).await.body, json!({ "active": false }));
    let reply = caller.token(&reminder(CITIZEN)).await;
    reply.refused("at five", 403, "access_denied", "standing_outside_hours");
}

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Pushes a request for consent; gives its address and where its answer goes.
async fn push(app: &TestApp, caller: &Caller<'_>, uses: u32) -> (AuthorizeQuery, String) {
    let client = app.engines().registry.client(CLIENT).await.unwrap().unwrap();
    let back = client.redirect_uris[0].as_str().to_owned();
    let mut detail = reminder(CITIZEN);
    detail["limits"] = json!({ "max_uses": uses });
    let mut form = caller.authentication();
    form.extend([
        ("client_id", CLIENT.to_owned()),
        ("response_type", "code".to_owned()),
        ("redirect_uri", back.clone()),
        ("code_challenge", jws::encode(crypto::sha256(VERIFIER.as_bytes()))),
        ("code_challenge_method", "S256".to_owned()),
        ("state", "s-1".to_owned()),
        ("authorization_details", json!([detail]).to_string()),
    ]);
    let reply = caller.post_form("/oauth/par", &form, &[]).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    (AuthorizeQuery { client_id: CLIENT.to_owned(), request_uri: reply.at("/request_uri").to_owned() }, back)
}

async fn arrive(app: &TestApp, query: &AuthorizeQuery) -> Arrival {
    let anybody = async |_: &Subject, _: &str| true;
    oauth::arrive(app.engines(), query, &person(app, CITIZEN).await, BROWSER, anybody).await.unwrap()
}

/// The whole way: pushed, asked, answered with a yes, exchanged.
async fn by_code(app: &TestApp, caller: &Caller<'_>) -> Value {
    let (query, back) = push(app, caller, 53).await;
    let Arrival::Asked(consent) = arrive(app, &query).await else { panic!("she is asked") };
    let yes = Said::Yes(vec![FIELD.to_owned()]);
    let shown = ("vi", "<p>Thông báo thử</p>".to_owned(), false);
    let read = app.reads(&consent, shown).await;
    let answered = oauth::answer(app.engines(), &consent, herself(), yes, read).await.unwrap();
    let location: url::Url = answered.location.unwrap().parse().unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let mut form = caller.authentication();
    form.extend([
        ("grant_type", "authorization_code".to_owned()),
        ("code", code),
        ("redirect_uri", back),
        ("code_verifier", VERIFIER.to_owned()),
    ]);
    caller.token_form(&form).await.ok().body
}

async fn who_wants_to_be_asked_each_time_gives_one_view_for_one_yes(app: &mut TestApp) {
    let (caller, anh) = (app.caller(CLIENT), person(app, CITIZEN).await);
    let before = by_code(app, &caller).await;
    let refresh = before["refresh_token"].as_str().expect("a consent for more than one view").to_owned();
    assert_eq!(before["authorization_details"][0]["uses_left"], 1);
    choose(app, &anh, What::AskEachTime(Some(PURPOSE.to_owned()))).await;
    // Past the purpose's own "once a week".
    app.pass(8 * DAY);
    let mut form = caller.authentication();
    form.extend([("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh)]);
    let reply = caller.token_form(&form).await;
    reply.refused("refresh", 400, "consent_required", "standing_ask_each_time");
    let reply = caller.token(&reminder(CITIZEN)).await;
    reply.refused("from the consent", 400, "consent_required", "standing_ask_each_time");
    // Asked, she says yes: to one view.
    let after = by_code(app, &caller).await;
    assert!(after.get("refresh_token").is_none(), "{after}");
    assert_eq!(after["authorization_details"][0]["uses_left"], 1);
    let token = after["access_token"].as_str().unwrap();
    caller.data(token).await.ok();
    caller.data(token).await.problem("second view", 403, "uses_exhausted");
}

async fn what_is_ruled_out_is_not_asked_and_the_agency_reads_a_no(app: &mut TestApp) {
    let (caller, anh) = (app.caller(CLIENT), person(app, CITIZEN).await);
    standing::mute(app.engines(), &anh, &herself(), AGENCY, true).await.unwrap();
    let rules = standing::load(app.engines(), &anh).await.unwrap();
    assert_eq!(rules.withholds(PURPOSE, AGENCY, Channel::Absent), Some("agency_muted"));
    assert_eq!(rules.withholds(PURPOSE, AGENCY, Channel::Present), None, "she came herself");
    let (query, back) = push(app, &caller, 1).await;
    assert!(matches!(arrive(app, &query).await, Arrival::Asked(_)));
    let rules = standing::mute(app.engines(), &anh, &herself(), AGENCY, false).await.unwrap();
    assert!(rules.choices.is_empty());

    choose(app, &anh, What::NeverPurpose(PURPOSE.to_owned())).await;
    let before = app.count().await;
    let (query, _) = push(app, &caller, 1).await;
    for _ in 0..2 {
        let Arrival::RuledOut(location) = arrive(app, &query).await else { panic!("she is not asked") };
        assert!(location.starts_with(&back) && location.contains("error=access_denied"), "{location}");
        assert!(location.contains("state=s-1") && !location.contains("standing"), "{location}");
    }
    assert_eq!(
        app.kinds_since(before.entries).await,
        ["consent.withheld"],
        "once, however often the page is loaded"
    );
    let said = newest(app, &anh, "consent.withheld").await;
    assert_eq!(
        (said.reason.as_deref(), said.client.as_deref()),
        (Some("standing_never_purpose"), Some(CLIENT))
    );
}

async fn of_two_changes_at_once_one_happens(app: &mut TestApp) {
    let anh = person(app, CITIZEN).await;
    let (engines, by) = (app.engines(), herself());
    for _ in 0..5 {
        let from = standing::load(engines, &anh).await.unwrap().revision;
        let one = Edit::Add(What::NeverPurpose(PURPOSE.to_owned()));
        let other = Edit::Add(What::NeverAgency(AGENCY.to_owned()));
        let before = app.count().await;
        let (one, other) = tokio::join!(
            standing::change(engines, &anh, &by, from, one),
            standing::change(engines, &anh, &by, from, other)
        );
        let failed = match (&one, &other) {
            (Ok(_), Err(failed)) | (Err(failed), Ok(_)) => failed,
            both => panic!("{both:?}"),
        };
        assert!(matches!(failed, Error::Stale), "{failed:?}");
        let rules = standing::load(engines, &anh).await.unwrap();
        assert_eq!((rules.revision, rules.choices.len()), (from + 1, 1));
        assert_eq!(app.kinds_since(before.entries).await, ["choice.changed"]);
        forget(app, &anh).await;
    }
}

async fn no_token_decided_by_older_choices_is_sequenced_after_a_newer_one(app: &mut TestApp) {
    let (caller, anh) = (app.caller(CLIENT), person(app, CITIZEN).await);
    given(app, &anh).await;
    let nonce = caller.nonce().await;
    let (detail, mut refused) = (reminder(CITIZEN), 0);
    for round in 0..12 {
        let before = app.count().await;
        let asking = join_all((0..16).map(|_| {
            let (form, proof) = (caller.form(&detail), caller.proof(&nonce));
            let caller = &caller;
            async move { caller.token_with(&form, &[proof]).await }
        }));
        // Each round a little later: somewhere between a decision and its entry.
        let changing = async {
            for _ in 0..round {
                caller.nonce().await;
            }
            choose(app, &anh, What::NeverPurpose(PURPOSE.to_owned())).await
        };
        let (replies, _) = tokio::join!(asking, changing);
        let kinds = app.kinds_since(before.entries).await;
        let changed = kinds.iter().position(|kind| kind == "choice.changed").unwrap();
        assert!(!kinds[changed..].iter().any(|kind| kind == "token.issued"), "{kinds:?}");
        for reply in replies.into_iter().filter(|reply| reply.status != 200) {
            reply.refused("after the change", 403, "access_denied", "standing_never_purpose");
            refused += 1;
        }
        forget(app, &anh).await;
    }
    assert!(refused > 0, "the change came in time for some");
}
