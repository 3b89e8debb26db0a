//! Registering, naming, ending; what may be seen and done in another's name; whose yes counts.

use std::collections::BTreeSet;

use super::*;
use crate::{
    domain::{
        consent::{Act, Record, State},
        record::{Facts, Kind},
        representation::Guarded,
    },
    store::scratch::store_suite,
};

store_suite! {
    a_representation_begins_in_both_histories_and_says_nothing_in_the_open,
    an_adult_names_somebody_and_either_of_them_ends_it,
    who_acts_by_law_is_dismissed_by_an_office_only,
    nothing_is_done_before_the_start_after_the_end_or_outside_the_scope,
    looking_in_anothers_name_is_one_entry_a_session,
    what_is_hidden_from_guardians_is_not_shown_to_them,
    what_one_side_stopped_the_other_does_not_let_go_on,
    a_child_of_six_is_represented_and_one_of_seven_is_asked_too,
    from_sixteen_on_she_decides_alone,
    the_same_side_never_says_both_halves_of_a_yes,
}

async fn a_representation_begins_in_both_histories_and_says_nothing_in_the_open(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let (bond, _) = register(engines, &id(CHILD), &id(MOTHER), parent(six())).await.unwrap();
    let (child, mother) = (world.person(CHILD).await, world.person(MOTHER).await);
    for person in [&child, &mother] {
        let record = world.history(person).await.remove(0);
        assert_eq!(record.kind, "representation.begun");
        assert_eq!(record.facts.acting, Some(mother.id().to_string()));
        assert_eq!(record.facts.capacity.as_deref(), Some("parent"));
        assert_eq!(record.facts.target, Some(bond.to_string()));
    }
    // Looked at once more as soon as it has settled, and then when it ends.
    let row = engines.store.representation(bond).await.unwrap().unwrap();
    assert_eq!(row.wake, NOW.0 + 30_000);
    world.pass(std::time::Duration::from_secs(30));
    hand_over_due(engines).await.unwrap();
    let row = engines.store.representation(bond).await.unwrap().unwrap();
    let of_age = six().hands_over_at;
    assert!(row.wake <= of_age && row.wake > of_age - 62 * DAY, "{}", row.wake);
    let midnight = row.wake.rem_euclid(DAY);
    assert_eq!(midnight, 0, "the column tells a month, not a day of birth");
    let mine = acting(engines, &mother).await.unwrap();
    assert_eq!((mine.len(), mine[0].live, mine[0].other_ends_with.as_str()), (1, true, "101"));
    assert_eq!(representatives(engines, &child).await.unwrap()[0].other_ends_with, "102");
    assert!(acting(engines, &child).await.unwrap().is_empty());

    // A row moved to another person does not open.
    let stranger = world.person(FRIEND).await;
    assert!(matches!(open(&row, &stranger), Err(Error::Unreadable(_))));
    // Nothing that contradicts itself leaves a trace.
    let before = world.size().await;
    let oneself = register(engines, &id(CHILD), &id(CHILD), parent(fifteen())).await;
    assert_eq!(oneself.unwrap_err().code(), Some("representation_of_oneself"));
    let mut smuggled = parent(fifteen());
    smuggled.evidence.reference = "của 999000000101".into();
    let smuggled = register(engines, &id(CHILD), &id(MOTHER), smuggled).await;
    assert_eq!(smuggled.unwrap_err().code(), Some("text_refused"));
    assert_eq!(world.size().await, before);
}

async fn an_adult_names_somebody_and_either_of_them_ends_it(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let (mother, friend) = (world.person(MOTHER).await, world.person(FRIEND).await);
    let until = Millis(NOW.0 + DAY);
    let friend_id = id(FRIEND);
    let name = async || {
        let key = engines.random.token();
        let naming = named(&friend_id, until, key.as_bytes());
        let (bond, _) = authorise(engines, &mother, naming.clone()).await.unwrap();
        let twice = authorise(engines, &mother, naming).await;
        assert_eq!(twice.unwrap_err().code(), Some("done_before"));
        bond
    };
    let stranger = world.person(FATHER).await;
    for (party, why) in [(&mother, "ended_by_the_person"), (&friend, "ended_by_the_representative")] {
        let bond = name().await;
        let nobody = end(engines, bond, Ending::Party(&stranger)).await;
        assert_eq!(nobody.unwrap_err().code(), Some("not_found"));
        end(engines, bond, Ending::Party(party)).await.unwrap();
        for person in [&mother, &friend] {
            let record = world.history(person).await.pop().unwrap();
            assert_eq!(
                (record.kind.as_str(), record.facts.reason.as_deref()),
                ("representation.ended", Some(why))
            );
        }
        let size = world.size().await;
        let again = end(engines, bond, Ending::Party(party)).await;
        assert_eq!((again.unwrap_err().code(), world.size().await), (Some("done_before"), size));
        let purpose = engines.register.catalogue().purpose(HEALTH).unwrap();
        let late = check(engines, &friend, &mother, Doing::Answer(purpose)).await;
        assert_eq!(late.unwrap_err().code(), Some("representation_over"));
    }
    let missing = end(engines, Uuid::from_u128(1), Ending::Party(&mother)).await;
    assert_eq!(missing.unwrap_err().code(), Some("not_found"));
}

async fn who_acts_by_law_is_dismissed_by_an_office_only(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let (bond, _) = register(engines, &id(CHILD), &id(MOTHER), parent(fifteen())).await.unwrap();
    let child = world.person(CHILD).await;
    let by_child = end(engines, bond, Ending::Party(&child)).await;
    assert_eq!(by_child.unwrap_err().code(), Some("ended_by_an_office"));
    let until = Millis(NOW.0 + DAY);
    let refused = authorise(engines, &child, named(&id(FRIEND), until, b"1")).await;
    assert_eq!(refused.unwrap_err().code(), Some("represented_by_law"));
    end(engines, bond, Ending::Office("Tòa án Mẫu: quyết định 7/2026")).await.unwrap();
    // The court's decision does not make her grow up.
    assert_eq!(guarded(engines, &child, false).await.unwrap(), Guarded::Represented);
}

async fn nothing_is_done_before_the_start_after_the_end_or_outside_the_scope(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let (mother, friend) = (world.person(MOTHER).await, world.person(FRIEND).await);
    let purposes = Some(BTreeSet::from([HEALTH.to_owned()]));
    let attorney = Registration {
        ground: Ground::Attorney,
        scope: Scope { view: true, answer: true, purposes },
        from: Some(Millis(NOW.0 + DAY)),
        until: Some(Millis(NOW.0 + 2 * DAY)),
        child: None,
        ..parent(six())
    };
    register(engines, &id(MOTHER), &id(FRIEND), attorney).await.unwrap();
    let may = async |purpose: &str| {
        let purpose = engines.register.catalogue().purpose(purpose).unwrap();
        check(engines, &friend, &mother, Doing::Answer(purpose)).await
    };
    let refused = async |purpose: &str| may(purpose).await.unwrap_err().code();
    assert_eq!(refused(HEALTH).await, Some("representation_not_begun"));
    world.to(NOW.0 + DAY - 1);
    assert_eq!(refused(HEALTH).await, Some("representation_not_begun"));
    world.to(NOW.0 + DAY);
    let actor = may(HEALTH).await.unwrap();
    assert_eq!(
        (actor.capacity, actor.acting, actor.assurance),
        (Capacity::Attorney, Some(friend.id()), Some(3))
    );
    assert_eq!(refused("driver.licence_renewal").await, Some("representation_out_of_scope"));
    world.to(NOW.0 + 2 * DAY - 1);
    assert!(may(HEALTH).await.is_ok());
    world.to(NOW.0 + 2 * DAY);
    assert_eq!(refused(HEALTH).await, Some("representation_over"));
    let purpose = engines.register.catalogue().purpose(HEALTH).unwrap();
    let turned = check(engines, &mother, &friend, Doing::Answer(purpose)).await;
    assert_eq!(turned.unwrap_err().code(), Some("not_found"), "the other way round there is nothing");
}

async fn looking_in_anothers_name_is_one_entry_a_session(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let (bond, _) = register(engines, &id(CHILD), &id(MOTHER), parent(fifteen())).await.unwrap();
    let (child, mother) = (world.person(CHILD).await, world.person(MOTHER).await);
    for session in [[1; 32], [1; 32], [2; 32]] {
        let acts = enter(engines, &mother, bond, &session).await.unwrap();
        assert_eq!(acts.principal.id(), child.id());
    }
    assert_eq!(world.kinds(&child).await, ["representation.begun", "record.viewed", "record.viewed"]);
    let record = world.history(&child).await.pop().unwrap();
    assert_eq!(record.facts.acting, Some(mother.id().to_string()));
    let friend = world.person(FRIEND).await;
    let size = world.size().await;
    let refused =
        async |who: &Subject, bond: Uuid| enter(engines, who, bond, &[3; 32]).await.unwrap_err().code();
    assert_eq!(refused(&friend, bond).await, Some("not_found"));
    assert_eq!(refused(&child, bond).await, Some("not_found"), "nobody acts for herself");
    assert_eq!(refused(&mother, Uuid::from_u128(1)).await, Some("not_found"));
    world.to(fifteen().hands_over_at);
    assert_eq!((refused(&mother, bond).await, world.size().await), (Some("representation_over"), size));
}

async fn what_is_hidden_from_guardians_is_not_shown_to_them(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let (bond, _) = register(engines, &id(CHILD), &id(MOTHER), parent(fifteen())).await.unwrap();
    let (child, mother) = (world.person(CHILD).await, world.person(MOTHER).await);
    let mut catalogue = engines.register.catalogue().clone();
    catalogue.purposes.get_mut(HEALTH).unwrap().guardian_hidden = true;
    let view = enter(engines, &mother, bond, &[1; 32]).await.unwrap().mandate;
    assert!(!view.shows_purpose(&catalogue, Some(HEALTH)));
    assert!(view.shows_purpose(&catalogue, Some("driver.licence_renewal")));
    assert!(view.shows_purpose(&catalogue, None));
    assert!(!view.shows_purpose(&catalogue, Some("gone.long_ago")), "it could have been hidden");
    let shown = |kind: Kind, agency: Option<&str>, purpose: Option<&str>| {
        let facts = Facts {
            agency: agency.map(str::to_owned),
            purpose: purpose.map(str::to_owned),
            ..Facts::default()
        };
        view.shows_entry(&catalogue, kind, &facts)
    };
    assert!(!shown(Kind::RecordViewed, Some("bv-mau"), None), "nobody can judge it");
    assert!(!shown(Kind::StandingChanged, None, None), "it may be about such an agency");
    assert!(!shown(Kind::HistoryRead, None, None), "what she reads is her own affair");
    assert!(!shown(Kind::TokenRefused, Some("bv-mau"), Some(HEALTH)));
    assert!(shown(Kind::TokenIssued, Some("bv-mau"), Some("driver.licence_renewal")));
    assert!(shown(Kind::RepresentationBegun, None, None));
    let asked = world.ask(&child, HEALTH).await.record;
    assert!(!view.shows_consent(&catalogue, &asked) && view.answering(&catalogue, &asked).is_err());
    assert!(view.shows_consent(engines.register.catalogue(), &asked));
    let own_software = Record { scopes: vec!["me.history".to_owned()], ..asked };
    assert!(!view.shows_consent(engines.register.catalogue(), &own_software));
    let hidden = catalogue.purpose(HEALTH).unwrap();
    let answered = check(engines, &mother, &child, Doing::Answer(hidden)).await;
    assert_eq!(answered.unwrap_err().code(), Some("representation_out_of_scope"));
}

/// What is as good as a yes is asked of the same people as a yes.
async fn what_one_side_stopped_the_other_does_not_let_go_on(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    register(engines, &id(CHILD), &id(MOTHER), parent(fifteen())).await.unwrap();
    let (child, mother) = (world.person(CHILD).await, world.person(MOTHER).await);
    let purpose = engines.register.catalogue().purpose(HEALTH).unwrap();
    let by_mother = check(engines, &mother, &child, Doing::Answer(purpose)).await.unwrap();
    let half = world.give(&world.ask(&child, HEALTH).await, by_mother.clone()).await.unwrap();
    let given = world.give(&half, own()).await.unwrap();
    let paused = consent::end(engines, &given, Act::Pause, by_mother.clone(), None).await.unwrap();
    let go_on = async |by: &Actor| may_go_on(engines, &paused, by).await;
    assert_eq!(go_on(&own()).await.unwrap_err().code(), Some("joint_needs_the_other"));
    assert!(go_on(&by_mother).await.is_ok());
    world.to(fifteen().hands_over_at);
    assert!(go_on(&own()).await.is_ok(), "of age, she decides alone");
    hand_over_due(engines).await.unwrap();
    let waiting = consent::by_id(engines, given.row.id).await.unwrap().unwrap();
    assert_eq!(waiting.state, State::UnderReview);
    let attorney = Actor { capacity: Capacity::Attorney, ..by_mother };
    assert_eq!(may_go_on(engines, &waiting, &attorney).await.unwrap_err().code(), Some("person_needed"));
    assert!(may_go_on(engines, &waiting, &own()).await.is_ok());
}

async fn a_child_of_six_is_represented_and_one_of_seven_is_asked_too(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    register(engines, &id(CHILD), &id(MOTHER), parent(six())).await.unwrap();
    let (child, mother) = (world.person(CHILD).await, world.person(MOTHER).await);
    let purpose = engines.register.catalogue().purpose(HEALTH).unwrap();
    let by_mother = check(engines, &mother, &child, Doing::Answer(purpose)).await.unwrap();

    let (first, second) = (world.ask(&child, HEALTH).await, world.ask(&child, HEALTH).await);
    world.to(six().joint_from - 1);
    assert_eq!(world.give(&first, own()).await.unwrap_err().code(), Some("representative_needed"));
    let given = world.give(&first, by_mother.clone()).await.unwrap();
    assert_eq!((given.state, given.record.joint), (State::Given, false));

    world.to(six().joint_from);
    let half = world.give(&second, by_mother.clone()).await.unwrap();
    assert_eq!((half.state, half.record.joint), (State::HalfGiven, true));
    let again = world.give(&half, by_mother).await;
    assert_eq!(again.unwrap_err().code(), Some("joint_needs_the_other"));
    assert_eq!(world.give(&half, own()).await.unwrap().state, State::Given);
    let last = world.history(&child).await.into_iter().rev().find(|r| r.kind == "consent.half_given");
    let facts = last.unwrap().facts;
    assert_eq!((facts.acting, facts.capacity.as_deref()), (Some(mother.id().to_string()), Some("parent")));
}

async fn from_sixteen_on_she_decides_alone(s: Scratch) {
    let world = world(s).await;
    register(&world.engines, &id(CHILD), &id(MOTHER), parent(fifteen())).await.unwrap();
    let child = world.person(CHILD).await;
    let (early, late) = (world.ask(&child, HEALTH).await, world.ask(&child, HEALTH).await);
    world.to(fifteen().hands_over_at - 1);
    assert_eq!(world.give(&early, own()).await.unwrap().state, State::HalfGiven);
    world.to(fifteen().hands_over_at);
    assert_eq!(world.give(&late, own()).await.unwrap().state, State::Given);
    // What she had half agreed to as a child waits for nobody but her now.
    let early = consent::by_id(&world.engines, early.row.id).await.unwrap().unwrap();
    assert_eq!(world.give(&early, own()).await.unwrap().state, State::Given);
}

async fn the_same_side_never_says_both_halves_of_a_yes(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    register(engines, &id(CHILD), &id(MOTHER), parent(fifteen())).await.unwrap();
    register(engines, &id(CHILD), &id(FATHER), parent(fifteen())).await.unwrap();
    let (child, mother) = (world.person(CHILD).await, world.person(MOTHER).await);
    let father = world.person(FATHER).await;
    let purpose = engines.register.catalogue().purpose(HEALTH).unwrap();
    let by = async |person: &Subject| check(engines, person, &child, Doing::Answer(purpose)).await.unwrap();
    let half = world.give(&world.ask(&child, HEALTH).await, by(&mother).await).await.unwrap();
    let parents = world.give(&half, by(&father).await).await;
    assert_eq!(parents.unwrap_err().code(), Some("joint_needs_the_other"));
    let half = world.give(&world.ask(&child, HEALTH).await, own()).await.unwrap();
    assert_eq!(world.give(&half, own()).await.unwrap_err().code(), Some("joint_needs_the_other"));
    assert_eq!(world.state(&half).await, State::HalfGiven);
}
