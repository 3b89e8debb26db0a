//! What her pages say is so: uses that outlast their tokens, an agency that is stopped, who ended what, and why nobody
//! asked her.

use reqwest::StatusCode;
use uuid::Uuid;

use super::{
    consent::{ANH, BANK, CLIENT, PURPOSE, answer, asked, bank, given, state},
    world::World,
};
use crate::{
    admin::{self, Decision, Done},
    consent,
    domain::{
        consent::{Act, Actor, State},
        receipt,
        record::{Facts, Kind},
    },
    ledger::entry::Event,
    store::{
        append::{Command, Outcome, Require, Spend, Token},
        scratch::{Scratch, store_suite},
    },
    time::Millis,
};

async fn found(w: &World, id: &str) -> consent::Consent {
    consent::by_id(&w.engines, Uuid::parse_str(id).unwrap()).await.unwrap().unwrap()
}

/// A token on a consent; its entry.
async fn used(w: &World, id: &str) -> Uuid {
    let (engines, consent) = (&w.engines, found(w, id).await);
    let (jti, entry, at) = (engines.id(), engines.id(), engines.now());
    let facts = Facts { agency: Some(BANK.to_owned()), consent: Some(id.to_owned()), ..Facts::default() };
    let event = Event { id: entry, at, kind: Kind::TokenIssued, subject: consent.subject.clone(), facts };
    let command = Command {
        require: Require { consent: Some(consent.row.id), ..Require::default() },
        spend: Some(Spend { consent: consent.row.id, token: jti }),
        token: Some(Token {
            jti,
            client: consent.row.client,
            subject: consent.row.subject,
            entry,
            audience: engines.addresses.data.clone(),
            expires: Millis(at.0 + 300_000),
            uses: 1,
            consent: Some(consent.row.id),
            grant_id: consent.row.grant_id,
            status: None,
        }),
        entry: Some(event.draft(engines.random.clone())),
        ..Command::default()
    };
    assert!(matches!(engines.appender.run(command).await.unwrap(), Outcome::Done { .. }));
    entry
}

async fn a_use_is_still_shown_when_its_token_is_long_forgotten(s: Scratch) {
    let w = bank(s).await;
    let id = given(&w, &w.citizen(0).await, &[]).await;
    let entry = used(&w, &id).await;
    let jti = w.engines.store.consent_uses(found(&w, &id).await.row.id, 1).await.unwrap()[0].token;
    w.clock.advance(std::time::Duration::from_hours(72));
    w.engines.store.purge(w.engines.now()).await.unwrap();
    assert!(w.engines.store.token(jti).await.unwrap().is_none(), "the token is forgotten");
    let browser = w.citizen(0).await;
    let detail = browser.get(&format!("/me/consents/{id}")).await;
    let href = format!("/me/history/{entry}");
    assert!(detail.body.contains(&format!("href=\"{href}\"")), "{}", detail.body);
    assert_eq!(browser.get(&href).await.status, StatusCode::OK);
}

async fn an_agency_can_always_be_stopped_and_it_is_said_what_that_does_and_how_to_lift_it(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let path = format!("/me/agencies/{BANK}");
    let (form, lift) = (format!("action=\"{path}/stop\""), "href=\"/me/choices\"");
    let vi = browser.get(&format!("{path}?lang=vi")).await.body;
    assert!(vi.contains(&form) && vi.contains("không bao giờ cho cơ quan này xem"), "{vi}");
    assert!(vi.contains("bỏ lựa chọn đó bất cứ lúc nào"), "{vi}");
    let page = browser.get(&format!("{path}?lang=en")).await;
    assert!(page.body.contains(&form) && page.body.contains("never this agency"), "{}", page.body);
    assert!(page.body.contains("remove that choice at any time"), "{}", page.body);

    let id = asked(&w).await.row.id.to_string();
    let question = browser.get(&format!("/requests/{id}")).await;
    let stopped = browser.post(&format!("{path}/stop"), &[("csrf", &page.hidden("csrf"))]).await;
    assert_eq!(stopped.status, StatusCode::OK, "{}", stopped.body);
    assert!(stopped.body.contains("One waiting request was answered with no"), "{}", stopped.body);
    assert_eq!(state(&w, &id).await, State::Refused);
    let entries = w.entries(ANH, Kind::ConsentRefused).await;
    assert_eq!((entries.len(), entries[0].fields.len()), (1, found(&w, &id).await.record.items.len()));
    let late = answer(&browser, &question, &id, "give", &[]).await;
    assert_eq!((late.status, state(&w, &id).await), (StatusCode::CONFLICT, State::Refused));

    let page = browser.get(&path).await;
    assert!(page.body.contains("You have chosen: never this agency") && page.body.contains(lift));
    assert!(!page.body.contains(&form), "nothing is left to stop");
    let choices = browser.get("/me/choices").await;
    let (csrf, revision, choice) = (choices.hidden("csrf"), choices.hidden("revision"), choices.hidden("id"));
    let form_lift = [("csrf", csrf.as_str()), ("revision", revision.as_str()), ("id", choice.as_str())];
    assert_eq!(browser.post("/me/choices/remove", &form_lift).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&path).await.body.contains(&form), "and it can be stopped again");
}

async fn a_yes_to_what_her_own_choice_rules_out_is_refused_in_plain_words(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let id = asked(&w).await.row.id.to_string();
    let page = browser.get(&format!("/requests/{id}")).await;
    let csrf = page.hidden("csrf");
    let never = [("csrf", csrf.as_str()), ("revision", "0"), ("kind", "never"), ("purpose", PURPOSE)];
    assert_eq!(browser.post("/me/choices", &never).await.status, StatusCode::SEE_OTHER);
    let yes = answer(&browser, &page, &id, "give", &[]).await;
    assert_eq!((yes.status, state(&w, &id).await), (StatusCode::CONFLICT, State::Requested));
    assert!(yes.body.contains("Lựa chọn chung của tôi"), "{}", yes.body);
    let no = answer(&browser, &page, &id, "refuse", &[]).await;
    assert_eq!((no.status, state(&w, &id).await), (StatusCode::SEE_OTHER, State::Refused));
}

async fn it_is_said_who_ended_a_consent_on_its_page_in_the_history_and_in_the_receipt(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let decision = "Sở Mẫu · 12/QĐ-SM · không đúng người đại diện";
    for (by, note, says, never, in_history, in_receipt) in [
        (
            Actor::agency(),
            "grant_revoked",
            "The agency gave this back itself",
            "authority ended",
            "gave back at",
            "by the agency itself",
        ),
        (
            Actor::authority(),
            decision,
            "A competent authority ended this",
            "gave this back",
            "A competent authority ended",
            decision,
        ),
    ] {
        let id = given(&w, &browser, &[]).await;
        let consent = found(&w, &id).await;
        if by == Actor::authority() {
            let words = ["Sở Mẫu", "12/QĐ-SM", "không đúng người đại diện"].map(str::to_owned);
            let [authority, document, reason] = words;
            let decision = Decision { authority, document, reason };
            let done = admin::revoke_consent(&w.engines, consent.row.id, &decision).await.unwrap();
            assert!(matches!(done, Done::Recorded(_)));
            let again = admin::revoke_consent(&w.engines, consent.row.id, &decision).await.unwrap();
            assert_eq!(again, Done::Nothing);
        } else {
            consent::end(&w.engines, &consent, Act::Revoke, by, Some(note.to_owned())).await.unwrap();
        }
        let detail = browser.get(&format!("/me/consents/{id}?lang=en")).await.body;
        assert!(detail.contains(says) && !detail.contains(never), "{detail}");
        assert_eq!(detail.contains(decision), note == decision, "{detail}");
        assert!(browser.get("/me/history?lang=en").await.body.contains(in_history));
        let file = browser.get(&format!("/me/consents/{id}/receipt")).await;
        let receipt = receipt::open(&file.body, &w.engines.tokens.receipt_keys()).unwrap();
        assert!(receipt.summary.en.contains(in_receipt), "{}", receipt.summary.en);
    }
}

async fn a_question_that_was_not_put_to_her_says_why(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    for (reason, says) in [
        ("agency_muted", "its questions are muted"),
        ("too_many_requests", "asked too often that day"),
        ("standing_never_agency", "your general choices rule it out"),
    ] {
        let facts = Facts {
            agency: Some(BANK.to_owned()),
            client: Some(CLIENT.to_owned()),
            reason: Some(reason.to_owned()),
            ..Facts::default()
        };
        let before = browser.get("/me/history?lang=en").await.body;
        assert!(!before.contains(says), "{before}");
        w.happened(ANH, Kind::ConsentWithheld, facts).await;
        let after = browser.get("/me/history?lang=en").await.body;
        assert!(after.contains(says), "{reason}: {after}");
    }
}

async fn nobody_is_said_to_have_been_told_who_took_nothing(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let id = given(&w, &browser, &[]).await;
    consent::end(&w.engines, &found(&w, &id).await, Act::Withdraw, Actor::system(), None).await.unwrap();
    let notice = w.engines.store.notices_of(found(&w, &id).await.row.id).await.unwrap().remove(0);
    w.engines.store.notice_failed(notice.id, Millis(i64::MAX), "status_500").await.unwrap();
    w.clock.advance(std::time::Duration::from_mins(10));
    let page = browser.get(&format!("/me/consents/{id}?lang=en")).await.body;
    assert!(page.contains("We have kept trying since") && !page.contains("last on"), "{page}");
    assert!(!page.contains("We told the agency"), "{page}");
}

store_suite! {
    a_use_is_still_shown_when_its_token_is_long_forgotten,
    an_agency_can_always_be_stopped_and_it_is_said_what_that_does_and_how_to_lift_it,
    a_yes_to_what_her_own_choice_rules_out_is_refused_in_plain_words,
    it_is_said_who_ended_a_consent_on_its_page_in_the_history_and_in_the_receipt,
    a_question_that_was_not_put_to_her_says_why,
    nobody_is_said_to_have_been_told_who_took_nothing,
}
