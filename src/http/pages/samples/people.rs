//! Samples of the pages on standing choices, on people who act for others, and on officials' emergencies.

use super::{Filling, Make, citizen::choice, minutes_ago};
use crate::{
    domain::consent::{Capacity, Hours},
    http::pages::{
        choices::{ChoiceProblem, ChoiceRow, Choices, StandingChoice},
        emergencies::{Emergencies, Emergency, ReportProblem},
        people::{People, PeopleProblem, Person, Scope},
        render,
    },
};

const DAY: i64 = 24 * 60;

fn purpose(make: Make) -> String {
    make.text("Xét trợ cấp thuốc dài hạn", "Long-term medicine allowance")
}

fn choices(make: Make, problem: Option<ChoiceProblem>) -> Choices {
    let never = StandingChoice::Never { purpose: purpose(make) };
    let hours = StandingChoice::Within { hours: Hours::new(8 * 60, 17 * 60).unwrap() };
    let row = |(i, choice): (usize, StandingChoice)| ChoiceRow { id: i.to_string(), choice };
    // With a problem the list is left short, so that every form is seen.
    let agency = || make.text("Bệnh viện Hoa Sen (ví dụ)", "Hoa Sen Hospital (example)");
    let there = if problem.is_some() {
        vec![never]
    } else {
        vec![
            never,
            StandingChoice::NeverAgency { agency: agency() },
            StandingChoice::AskEachTime,
            StandingChoice::AskFor { purpose: purpose(make) },
            StandingChoice::Muted { agency: agency() },
            hours,
        ]
    };
    Choices {
        page: make.citizen("/me/choices"),
        revision: 4,
        rows: make.many(there.into_iter().enumerate().map(row).collect()),
        purposes: make.many(vec![choice(
            make,
            "health.allowance",
            "Xét trợ cấp thuốc dài hạn",
            "Long-term medicine allowance",
            false,
        )]),
        problem,
    }
}

fn person(make: Make, i: i64, capacity: Capacity) -> Person {
    Person {
        id: format!("0199ad-{i}"),
        who: if i == 0 {
            make.text("Lan Chi", "Lan Chi")
        } else {
            make.text("••• ••• ••• 021", "••• ••• ••• 021")
        },
        capacity,
        scope: Scope {
            answers: i != 1,
            purposes: if i == 1 { make.many(vec![purpose(make)]) } else { Vec::new() },
        },
        from: minutes_ago(100 * DAY),
        until: (i == 1).then(|| minutes_ago(-39 * DAY)),
        joint_from: (i == 0).then(|| minutes_ago(-400 * DAY)),
        can_end: i == 1,
    }
}

fn people(make: Make, acting: bool, problem: Option<PeopleProblem>) -> People {
    People {
        page: if acting { make.acting("/me/people") } else { make.citizen("/me/people") },
        i_act_for: make.many(vec![person(make, 0, Capacity::Parent), person(make, 1, Capacity::Attorney)]),
        act_for_me: make.many(vec![person(make, 1, Capacity::Attorney), person(make, 2, Capacity::Guardian)]),
        purposes: make.many(vec![choice(
            make,
            "health.allowance",
            "Xét trợ cấp thuốc dài hạn",
            "Long-term medicine allowance",
            false,
        )]),
        earliest: "2026-11-23".to_owned(),
        latest: "2027-11-22".to_owned(),
        idempotency_key: make.text("0199ae", "0199ae"),
        problem,
    }
}

fn emergencies(make: Make, problem: Option<ReportProblem>) -> Emergencies {
    let row = |i: i64| Emergency {
        id: format!("0199af-{i}"),
        at: minutes_ago(i * 700),
        due: minutes_ago(i * 700 - DAY),
        purpose: make.text("Cấp cứu", "Emergency care"),
        person: make.text("k7q2 m9x4", "k7q2 m9x4"),
        case: make.maybe("H08.2026.000999", "H08.2026.000999"),
        justification: make.text("Bệnh nhân bất tỉnh", "The patient was unconscious"),
        official: make.text("cb-0042", "cb-0042"),
        approver: make.text("cb-0007", "cb-0007"),
        report: (i == 1).then(|| {
            (
                minutes_ago(0),
                make.text("Bệnh nhân đã tỉnh và được chuyển viện.", "The patient woke and was moved."),
            )
        }),
        overdue: i == 3,
    };
    Emergencies {
        page: make.official("/official/emergencies"),
        agency: make.text("Bệnh viện Hoa Sen (ví dụ)", "Hoa Sen Hospital (example)"),
        rows: make.many([3, 2, 1].map(row).into()),
        late: problem == Some(ReportProblem::TooLong),
        problem: problem.map(|problem| ("0199af-2".to_owned(), problem, make.maybe("Ngắn", "Short"))),
    }
}

pub(super) fn pages(make: Make) -> Vec<(String, String)> {
    let mut all = vec![
        ("choices".to_owned(), render(&choices(make, None)).unwrap()),
        ("people".to_owned(), render(&people(make, false, None)).unwrap()),
        ("people-acting".to_owned(), render(&people(make, true, None)).unwrap()),
        ("emergencies".to_owned(), render(&emergencies(make, None)).unwrap()),
    ];
    for problem in [
        ChoiceProblem::NoPurpose,
        ChoiceProblem::BadHours,
        ChoiceProblem::AlreadyThere,
        ChoiceProblem::Changed,
        ChoiceProblem::TooMany,
    ] {
        all.push((format!("choices-{problem:?}"), render(&choices(make, Some(problem))).unwrap()));
    }
    for problem in [
        PeopleProblem::BadNumber,
        PeopleProblem::Oneself,
        PeopleProblem::BadDate,
        PeopleProblem::NoScope,
        PeopleProblem::NoPurpose,
    ] {
        all.push((format!("people-{problem:?}"), render(&people(make, false, Some(problem))).unwrap()));
    }
    for problem in [ReportProblem::TooShort, ReportProblem::TooLong, ReportProblem::NotPlain] {
        let page = emergencies(make, (make.filling != Filling::Empty).then_some(problem));
        all.push((format!("emergencies-{problem:?}"), render(&page).unwrap()));
    }
    all
}
