use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::outbound::sources::{Answer, SourceError};

/// Fields `a.N` come as they are from source `sN`; `yes.N` asks whether `secret.N` is a long text.
struct Toy;

impl Origins for Toy {
    fn origin(&self, field: &str) -> Option<Origin> {
        let (kind, n) = field.split_once('.')?;
        let derived = match kind {
            "a" => false,
            "yes" | "echo" => true,
            _ => return None,
        };
        let base = if derived { format!("secret.{n}") } else { field.to_owned() };
        Some(Origin { source: format!("s{n}"), base, derived })
    }

    fn derive(&self, field: &str, base: &Value, _now: Millis) -> Option<Value> {
        // `echo.N` is a derivation gone wrong: it gives the base value itself.
        if field.starts_with("echo") { Some(base.clone()) } else { Some(base.as_str()?.len().gt(&3).into()) }
    }
}

const NOW: Millis = Millis(1_795_000_000_000);

fn answer(values: &[(&str, Value)]) -> Answer {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Answer { values, absent: Vec::new(), as_of: None }
}

#[test]
fn a_base_value_is_asked_for_but_only_its_answer_leaves() {
    let plan = Plan::new(["a.1", "yes.1", "yes.2"], &Toy).unwrap();
    let asked = plan.questions();
    assert_eq!(asked["s1"], ["a.1", "secret.1"]);
    assert_eq!(asked["s2"], ["secret.2"]);
    let answers = Answers::from([
        ("s1".to_owned(), Ok(answer(&[("a.1", json!("x")), ("secret.1", json!("long enough"))]))),
        ("s2".to_owned(), Err(SourceError::Timeout)),
    ]);
    let sent = serde_json::to_value(plan.deliver(&answers, &Toy, NOW)).unwrap();
    let as_of = NOW.rfc3339();
    assert_eq!(
        sent,
        json!({
            "data": {
                "a.1": { "value": "x", "source": "s1", "as_of": as_of },
                "yes.1": { "value": true, "source": "s1", "as_of": as_of },
            },
            "missing": [{ "field": "yes.2", "source": "s2", "reason": "source_timeout" }],
        })
    );
}

#[test]
fn each_reason_for_a_missing_field_is_told_apart() {
    let plan = Plan::new(["a.1", "a.2", "echo.3", "yes.4"], &Toy).unwrap();
    let answers = Answers::from([
        ("s1".to_owned(), Ok(answer(&[]))),
        ("s3".to_owned(), Ok(answer(&[("secret.3", json!("base value"))]))),
        ("s4".to_owned(), Ok(answer(&[("secret.4", json!(4))]))),
    ]);
    let delivery = plan.deliver(&answers, &Toy, NOW);
    assert!(delivery.data.is_empty(), "{delivery:?}");
    let reasons: Vec<_> = delivery.missing.iter().map(|m| (m.field.as_str(), m.reason)).collect();
    assert_eq!(
        reasons,
        [
            ("a.1", NOT_RECORDED),
            ("a.2", "source_unavailable"),
            ("echo.3", NOT_DERIVABLE),
            ("yes.4", NOT_DERIVABLE)
        ]
    );
}

#[test]
fn an_unknown_field_plans_nothing() {
    assert_eq!(Plan::new(["a.1", "person.religion"], &Toy), Err(UnknownField("person.religion".to_owned())));
}

#[test]
fn a_record_is_never_dated_in_the_future() {
    let plan = Plan::new(["a.1"], &Toy).unwrap();
    let dated = |as_of| {
        let answer = Answer { values: [("a.1".to_owned(), json!(1))].into(), absent: Vec::new(), as_of };
        let delivery = plan.deliver(&Answers::from([("s1".to_owned(), Ok(answer))]), &Toy, NOW);
        delivery.data["a.1"].as_of.clone()
    };
    assert_eq!(dated(Some(Millis(NOW.0 + 1))), NOW.rfc3339());
    assert_eq!(dated(Some(Millis(NOW.0 - 1))), Millis(NOW.0 - 1).rfc3339());
}

/// A value no other contains: a base value that leaked would be found by its text.
fn marked() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-z]{0,6}".prop_map(|text| json!(format!("base-{text}"))),
        "[a-z]{0,6}".prop_map(|text| json!({ "deep": [format!("base-{text}")] })),
        any::<i32>().prop_map(|n| json!([n, "base-"])),
    ]
}

fn lying() -> impl Strategy<Value = Answers> {
    let field =
        prop_oneof!["a\\.[0-3]", "secret\\.[0-3]", "yes\\.[0-3]", "echo\\.[0-3]", "person\\.religion"];
    let entry = (field, marked()).prop_map(|(name, value)| {
        // What may rightly leave bears another mark.
        let value = if name.starts_with("a.") { json!("direct") } else { value };
        (name, value)
    });
    let good = proptest::collection::vec(entry, 0..12).prop_map(|values| {
        Ok(Answer { values: values.into_iter().collect(), absent: vec!["a.0".to_owned()], as_of: None })
    });
    let answer = prop_oneof![4 => good, 1 => Just(Err(SourceError::WrongPerson))];
    proptest::collection::btree_map("s[0-4]", answer, 0..6)
}

proptest! {
    // INVARIANT: I2.
    #[test]
    fn whatever_a_source_says_only_granted_fields_leave_and_no_base_value(
        granted in proptest::collection::btree_set("(a|yes|echo)\\.[0-3]", 0..8),
        answers in lying(),
    ) {
        let plan = Plan::new(granted.iter().map(String::as_str), &Toy).unwrap();
        let delivery = plan.deliver(&answers, &Toy, NOW);
        let told: BTreeSet<String> =
            delivery.data.keys().cloned().chain(delivery.missing.iter().map(|m| m.field.clone())).collect();
        prop_assert_eq!(&told, &granted);
        prop_assert_eq!(delivery.data.len() + delivery.missing.len(), granted.len());
        prop_assert!(!serde_json::to_string(&delivery).unwrap().contains("base-"));
    }
}
