//! Samples of what a person is asked, has agreed to and takes back.

use super::{
    Filling, Make,
    citizen::{acting, citations, contact, field, fields},
    minutes_ago,
};
use crate::{
    domain::consent::{Act, Capacity, Frequency, Hours, Limits, Per, State},
    http::pages::{
        consent::{
            agency::{AgencyConsents, Stopped},
            detail::{Consent, Happened, Progress, Review, Step, TextRead, Use},
            done::{Answer, RequestDone, WithdrawDone},
            hint::Hint,
            list::{ConsentRow, Consents, Shown},
            request::{Earlier, Joint, Optional, Request, RequestChanged, StepUp},
            requests::{RequestRow, Requests},
            withdraw::Withdraw,
            words,
        },
        consent_notice::{ConsentNotice, Older, render_notice},
        parts::Field,
        render,
        signing::Issuer,
    },
    oauth::Onward,
    time::Millis,
};

const ID: &str = "0199ac2f-6c1e-7d03-9a55-1f2e3d4c5b6a";
const DAY: i64 = 24 * 60;

fn agency(make: Make) -> String {
    make.text("Sở Y tế Hoa Sen (ví dụ)", "Hoa Sen Health Department (example)")
}

fn purpose(make: Make) -> String {
    make.text("Xét trợ cấp thuốc dài hạn", "Long-term medicine allowance")
}

fn limits(make: Make) -> Limits {
    let empty = make.filling == Filling::Empty;
    Limits {
        max_uses: if empty { 1 } else { 5 },
        frequency: (!empty).then_some(Frequency { n: 1, per: Per::Month }),
        hours: if empty { None } else { Hours::new(8 * 60, 17 * 60) },
        starts: minutes_ago(0).0,
        expires: minutes_ago(-39 * DAY).0,
    }
}

fn required(make: Make) -> Vec<Field> {
    vec![
        field(make, "họ và tên", "full name", false),
        field(make, "bệnh đang điều trị", "condition under treatment", true),
    ]
}

fn optional(make: Make) -> Vec<Field> {
    make.many(vec![
        field(make, "số điện thoại", "telephone number", false),
        field(make, "đơn thuốc gần nhất", "latest prescription", true),
    ])
}

pub(in crate::http::pages) fn notice(make: Make) -> ConsentNotice {
    ConsentNotice {
        lang: make.lang,
        agency: agency(make),
        agency_code: make.text("so-y-te-hoa-sen", "so-y-te-hoa-sen"),
        unit: make.maybe("Phòng Bảo hiểm y tế", "Health insurance office"),
        software: make.maybe("Ứng dụng người dân", "Citizens’ app"),
        contact: contact(make),
        required: required(make),
        optional: optional(make),
        purpose: purpose(make),
        reason: make.maybe(
            "Để biết ông/bà có được hưởng trợ cấp thuốc hay không.",
            "To see whether you are entitled to the medicine allowance.",
        ),
        case: make.maybe("H08.2026.000777", "H08.2026.000777"),
        justification: make.maybe("Hồ sơ nộp ngày 20 tháng 11", "Application of 20 November"),
        limits: limits(make),
        processors: Vec::new(),
        retention: make
            .maybe("Đến khi xét xong hồ sơ, không quá 90 ngày.", "Until the decision, at most 90 days."),
        refusing: make.maybe(
            "Hồ sơ vẫn được nhận. Ông/bà chỉ cần nộp bản giấy tại quầy.",
            "Your application still goes ahead. You only need to bring paper copies to the counter.",
        ),
        citations: citations(make),
        older: (make.filling != Filling::Empty).then(|| Older {
            ends: true,
            these: vec![words::of_day(make.lang, &purpose(make), minutes_ago(90 * DAY))],
        }),
    }
}

fn earlier(make: Make) -> Vec<Earlier> {
    let href = format!("/me/consents/{ID}");
    make.many(vec![Earlier { href, purpose: purpose(make), given: minutes_ago(90 * DAY) }])
}

fn offered(make: Make) -> Vec<Optional> {
    let named = optional(make).into_iter().zip(["person.phone", "health.prescription"]);
    let each = named.map(|(field, name)| Optional {
        name: make.text(name, name),
        label: field.label,
        sensitive: field.sensitive,
    });
    each.collect()
}

fn request(make: Make, state: State, joint: Option<Joint>, acting: bool) -> Request {
    let (notice, url) = (notice(make), format!("/requests/{ID}"));
    Request {
        page: if acting { make.acting(&url) } else { make.citizen(&url) },
        id: ID.to_owned(),
        revision: 1,
        agency: agency(make),
        count: notice.count(),
        optional: offered(make),
        notice: render_notice(&notice).unwrap(),
        notice_hash: "8f3b0c1d2e4f5a6b".repeat(4),
        binding_message: make.maybe("HOA-7312", "HOA-7312"),
        first: make.filling != Filling::Empty,
        joint,
        answer_by: minutes_ago(-2 * DAY),
        state,
        changed: acting,
        older: earlier(make),
        onward: match state {
            State::HalfGiven => Onward::Waits,
            State::Unanswered => Onward::Ready,
            _ => Onward::Nowhere,
        },
    }
}

fn requests(make: Make) -> Requests {
    let row = |(i, state): (usize, State)| RequestRow {
        id: format!("0199ac2f-6c1e-7d03-9a55-00000000000{i}"),
        agency_id: "so-y-te".to_owned(),
        agency: agency(make),
        purpose: purpose(make),
        fields: fields(make),
        asked_at: minutes_ago(200),
        answer_by: minutes_ago(-2 * DAY),
        state,
        muted: i == 2,
    };
    let states = [State::Requested, State::Refused, State::Unanswered, State::Deferred, State::Given];
    Requests {
        page: make.citizen("/me/requests"),
        rows: make.many(states.into_iter().enumerate().map(row).collect()),
    }
}

fn rows(make: Make) -> Vec<ConsentRow> {
    let row = |(i, state): (usize, State)| ConsentRow {
        id: format!("0199ac2f-6c1e-7d03-9a55-0000000000{i:02}"),
        agency: agency(make),
        purpose: purpose(make),
        fields: required(make),
        state,
        expires: minutes_ago(-39 * DAY),
        ended_at: state.is_over().then(|| minutes_ago(DAY)),
        used: u32::try_from(i).unwrap(),
        max_uses: 12,
        last_used: (i > 1).then(|| minutes_ago(300)),
    };
    make.many(State::ALL.into_iter().enumerate().map(row).collect())
}

fn progress(make: Make, state: State) -> Vec<Progress> {
    if state != State::Withdrawn {
        return Vec::new();
    }
    let steps = [
        (Step::Told, 60),
        (Step::NotYetTold, 50),
        (Step::Acknowledged, 40),
        (Step::StopBy, -15 * DAY),
        (Step::Extended, -30 * DAY),
        (Step::Stopped, 30),
        (Step::StopOverdue, 20),
        (Step::Erased, 10),
        (Step::Suspended, 5),
        (Step::Closed, 0),
    ];
    let step = |(step, minutes)| Progress {
        step,
        at: minutes_ago(minutes),
        note: if step == Step::Extended {
            make.text("Chờ kho lưu trữ", "Waiting for the archive")
        } else {
            String::new()
        },
    };
    make.many(steps.into_iter().map(step).collect())
}

fn consent(make: Make, state: State) -> Consent {
    let answered = !state.is_waiting();
    let acts = [Act::Ask, Act::Give, Act::Pause, Act::Withdraw];
    let event = |(i, act): (i64, Act)| Happened {
        at: minutes_ago(400 - i * 100),
        act,
        by: if act == Act::Ask { Capacity::Agency } else { Capacity::Own },
        decision: String::new(),
        acting: (act == Act::Give).then(|| acting(make)),
        href: if i == 0 { String::new() } else { "/me/history/0199aa".to_owned() },
    };
    let asked = || required(make).into_iter().chain(optional(make)).collect();
    Consent {
        page: make.citizen(&format!("/me/consents/{ID}")),
        id: ID.to_owned(),
        revision: 3,
        state,
        agency_id: "so-y-te".to_owned(),
        agency: agency(make),
        unit: make.maybe("Phòng Bảo hiểm y tế", "Health insurance office"),
        purpose: purpose(make),
        purpose_href: make.many(vec!["/purposes/health.allowance".to_owned()]).concat(),
        reason: make.maybe("Để xét trợ cấp.", "To decide on the allowance."),
        case: make.maybe("H08.2026.000777", "H08.2026.000777"),
        justification: make.maybe("Hồ sơ nộp ngày 20 tháng 11", "Application of 20 November"),
        asked: if answered { Vec::new() } else { asked() },
        granted: if answered { required(make) } else { Vec::new() },
        refused: if answered { optional(make) } else { Vec::new() },
        limits: limits(make),
        used: u32::from(make.filling != Filling::Empty) * 2,
        uses: make.many(
            [100, 200].map(|m| Use { at: minutes_ago(m), href: "/me/history/0199aa".to_owned() }).into(),
        ),
        retention: make.maybe("Không quá 90 ngày.", "At most 90 days."),
        events: make.many((0..).zip(acts).map(event).collect()),
        text: answered.then(|| TextRead {
            html: render_notice(&notice(make)).unwrap(),
            hash: "8f3b0c1d2e4f5a6b".repeat(4),
        }),
        receipt: answered,
        progress: progress(make, state),
        contact: contact(make),
        review: (state == State::UnderReview).then(|| Review {
            notice: render_notice(&notice(make)).unwrap(),
            notice_hash: "8f3b0c1d2e4f5a6b".repeat(4),
            optional: offered(make),
            changed: make.filling == Filling::Hostile,
        }),
    }
}

fn done(make: Make, answer: Answer) -> RequestDone {
    RequestDone {
        page: make.citizen(&format!("/requests/{ID}/done")),
        id: ID.to_owned(),
        agency: agency(make),
        purpose: purpose(make),
        answer,
        at: minutes_ago(0),
        granted: if answer == Answer::Given { required(make) } else { Vec::new() },
        refused: if answer == Answer::Given { optional(make) } else { Vec::new() },
        receipt: if answer == Answer::Deferred { String::new() } else { ID.to_owned() },
        by_other: answer == Answer::Refused,
        ended: if answer == Answer::Given { earlier(make) } else { Vec::new() },
        joined: if answer == Answer::Given && make.filling == Filling::Hostile {
            earlier(make)
        } else {
            Vec::new()
        },
        onward: match answer {
            Answer::Given | Answer::Over(_) => Onward::Ready,
            Answer::HalfGiven | Answer::Deferred => Onward::Waits,
            Answer::Refused => Onward::Elsewhere,
        },
    }
}

fn withdrawal(make: Make) -> Vec<(String, String)> {
    let (reply_by, stop_by): (Millis, Millis) = (minutes_ago(-2 * DAY), minutes_ago(-15 * DAY));
    let review = Withdraw {
        page: make.citizen(&format!("/me/consents/{ID}/withdraw")),
        id: ID.to_owned(),
        revision: 3,
        agency: agency(make),
        purpose: purpose(make),
        reply_by,
        stop_by,
    };
    let done = WithdrawDone {
        page: make.citizen(&format!("/me/consents/{ID}/withdrawn")),
        id: ID.to_owned(),
        agency: agency(make),
        at: minutes_ago(0),
        reply_by,
        stop_by,
        receipt: ID.to_owned(),
    };
    vec![
        ("withdraw".to_owned(), render(&review).unwrap()),
        ("withdraw-done".to_owned(), render(&done).unwrap()),
    ]
}

fn lists(make: Make) -> Vec<(String, String)> {
    let mut all = vec![("requests".to_owned(), render(&requests(make)).unwrap())];
    for value in ["", "standing", "over"] {
        let consents =
            Consents { page: make.citizen("/me/consents"), rows: rows(make), shown: Shown::parse(value) };
        all.push((format!("consents-{value}"), render(&consents).unwrap()));
    }
    for muted in [false, true] {
        let page = AgencyConsents {
            page: make.citizen("/me/agencies/so-y-te"),
            id: "so-y-te".to_owned(),
            agency: agency(make),
            rows: rows(make).into_iter().take(8).collect(),
            muted,
            never: muted,
            stopped: muted.then_some(Stopped { consents: 2, requests: 1 }),
            contact: contact(make),
        };
        all.push((format!("agency-muted-{muted}"), render(&page).unwrap()));
        let hint = Hint {
            page: make.citizen("/me/agencies/so-y-te"),
            id: "so-y-te".to_owned(),
            agency: agency(make),
            code: (!muted).then(|| (make.text("7KQ2-M8XN-40TC", "7KQ2-M8XN-40TC"), minutes_ago(-10))),
        };
        all.push((format!("hint-ruled-out-{muted}"), render(&hint).unwrap()));
    }
    all
}

pub(super) fn pages(make: Make) -> Vec<(String, String)> {
    let who = || make.text("Lan Chi (con)", "Lan Chi (child)");
    let mut all = vec![
        ("request".to_owned(), request(make, State::Requested, None, false)),
        ("request-acting".to_owned(), request(make, State::Deferred, None, true)),
        ("request-joint".to_owned(), request(make, State::Requested, Some(Joint::Nobody), true)),
        (
            "request-joint-other".to_owned(),
            request(make, State::HalfGiven, Some(Joint::Other { who: who() }), false),
        ),
        (
            "request-joint-representative".to_owned(),
            request(make, State::Requested, Some(Joint::Representative), false),
        ),
        (
            "request-joint-unanswerable".to_owned(),
            request(make, State::Requested, Some(Joint::Unanswerable), false),
        ),
        ("request-own-only".to_owned(), request(make, State::Requested, Some(Joint::OwnOnly), false)),
        ("request-joint-reader".to_owned(), request(make, State::HalfGiven, Some(Joint::Reader), false)),
        ("request-given".to_owned(), request(make, State::Given, None, false)),
        ("request-unanswered".to_owned(), request(make, State::Unanswered, None, false)),
    ]
    .into_iter()
    .map(|(name, page)| (name, render(&page).unwrap()))
    .collect::<Vec<_>>();
    for sensitive in [true, false] {
        let page = StepUp {
            page: make.citizen(&format!("/requests/{ID}")),
            csrf: make.text("csrf-4", "csrf-4"),
            agency: agency(make),
            sensitive,
            assurance: 3,
            return_to: format!("/requests/{ID}"),
            issuers: make.many(vec![Issuer {
                id: "https://id.example".to_owned(),
                label: make.text("VNeID", "VNeID"),
            }]),
        };
        all.push((format!("step-up-{sensitive}"), render(&page).unwrap()));
    }
    for goes_on in [true, false] {
        let name = format!("request-changed-{goes_on}");
        let page = RequestChanged {
            page: make.citizen(&format!("/requests/{ID}")),
            id: ID.to_owned(),
            agency: agency(make),
            purpose: make.text("Mở tài khoản", "Opening an account"),
            goes_on,
        };
        all.push((name, render(&page).unwrap()));
    }
    let over = Answer::Over(State::Unanswered);
    for answer in [Answer::Given, Answer::HalfGiven, Answer::Refused, Answer::Deferred, over] {
        all.push((format!("request-done-{answer:?}"), render(&done(make, answer)).unwrap()));
    }
    for state in State::ALL {
        all.push((format!("consent-{}", state.as_str()), render(&consent(make, state)).unwrap()));
    }
    all.extend(withdrawal(make));
    all.extend(lists(make));
    all
}
