use std::path::Path;

use super::*;
use crate::{
    demo::people::UNKNOWN,
    outbound::sources::{Questions, SourceError, Sources},
};

fn started() -> (Registers, Sources) {
    let registers = Registers::start(Ports::Any).unwrap();
    let sources = Sources::open(registers.configs().unwrap(), Path::new(".")).unwrap();
    (registers, sources)
}

fn everything(registers: &Registers) -> Questions {
    registers.configs().unwrap().into_iter().map(|c| (c.id, c.fields.into_keys().collect())).collect()
}

#[tokio::test]
async fn the_first_three_citizens_are_in_every_register_and_every_pointer_leads_somewhere() {
    let (registers, sources) = started();
    let questions = everything(&registers);
    assert_eq!(questions.len(), 14);
    let mut never_seen: Vec<String> = questions.values().flatten().cloned().collect();
    for citizen in CITIZENS.iter().take(3) {
        for (source, answer) in sources.ask_all(citizen.national_id, &questions).await {
            let answer = answer.unwrap_or_else(|error| panic!("{source}: {error}"));
            assert!(answer.as_of.is_some(), "{source}");
            never_seen.retain(|field| !answer.values.contains_key(field));
        }
    }
    // Nobody has died, nobody has another name or lodges elsewhere.
    never_seen.sort();
    assert_eq!(
        never_seen,
        [
            "civil.death_certificate_no",
            "person.death_date",
            "person.other_name",
            "residence.temporary_address"
        ]
    );
}

#[tokio::test]
async fn somebody_unknown_is_in_no_register() {
    let (registers, sources) = started();
    for (source, answer) in sources.ask_all(UNKNOWN, &everything(&registers)).await {
        assert_eq!(answer.unwrap_err(), SourceError::NoRecord, "{source}");
        assert_eq!(registers.asked(&source), 1);
    }
}

#[tokio::test]
async fn each_fault_has_its_reason_and_disturbs_no_other_register() {
    let (registers, patient) = started();
    let mut configs = registers.configs().unwrap();
    for config in &mut configs {
        config.timeout_ms = 300;
    }
    let hurried = Sources::open(configs, Path::new(".")).unwrap();
    let questions = Questions::from([
        ("traffic".to_owned(), vec!["driver.licence_no".to_owned()]),
        ("population".to_owned(), vec!["person.full_name".to_owned()]),
    ]);
    for (fault, reason) in [
        (Fault::Slow(Duration::from_mins(1)), "source_timeout"),
        (Fault::Down, "source_unavailable"),
        (Fault::WrongType, "source_wrong_type"),
        (Fault::AnotherPerson, "source_wrong_person"),
        (Fault::Huge, "source_too_large"),
        (Fault::Redirect, "source_redirected"),
        (Fault::NotJson, "source_bad_answer"),
    ] {
        registers.set_fault("traffic", fault);
        let sources = if reason == "source_timeout" { &hurried } else { &patient };
        let answers = sources.ask_all(CITIZENS[0].national_id, &questions).await;
        assert_eq!(answers["traffic"].as_ref().unwrap_err().code(), reason);
        assert_eq!(answers["population"].as_ref().unwrap().values["person.full_name"], CITIZENS[0].name);
    }
    registers.set_fault("traffic", Fault::None);
    assert!(patient.ask_all(CITIZENS[0].national_id, &questions).await["traffic"].is_ok());
    assert_eq!(registers.asked("traffic"), 8);
}

#[tokio::test]
async fn a_busy_port_is_a_clear_error() {
    let (registers, _) = started();
    let (id, port) = registers.ports().map(|(id, port)| (id.to_owned(), port)).next().unwrap();
    let refused = Registers::start(Ports::From(port)).unwrap_err().to_string();
    // The first register of the file gets the first port, whoever holds it now.
    assert!(refused.contains(&format!("port {port} for register `population`")), "{id}: {refused}");
}
