//! Samples of what a citizen and a compliance officer see.

use super::{Filling, Make, minutes_ago};
use crate::{
    domain::consent::Capacity,
    http::pages::{
        access::{Access, Missing, MissingReason, Official, Rule},
        compliance::{ComplianceAsk, ComplianceEntries, ComplianceRow, Filters, ReasonProblem, ResultFilter},
        event::Event,
        history::{History, Period, Row},
        me::{Emergency, Me},
        parts::{Acting, Basis, Choice, Citation, Contact, Field},
        proof::{Facts, Proof},
        render,
    },
};

pub(super) fn field(make: Make, vi: &str, en: &str, sensitive: bool) -> Field {
    Field { label: make.text(vi, en), sensitive }
}

pub(super) fn fields(make: Make) -> Vec<Field> {
    make.many(vec![
        field(make, "họ và tên", "full name", false),
        field(make, "ngày sinh", "date of birth", false),
        field(make, "nơi thường trú", "home address", false),
        field(make, "số giấy phép lái xe", "driving licence number", false),
        field(make, "kết quả khám sức khỏe lái xe", "fitness-to-drive result", true),
    ])
}

pub(super) fn contact(make: Make) -> Contact {
    Contact {
        agency: make.text("Công an phường Hoa Mai (ví dụ)", "Hoa Mai Ward Police (example)"),
        unit: make.text("Người phụ trách bảo vệ dữ liệu", "Data-protection contact"),
        phone: make.maybe("024 0000 0015", "024 0000 0015"),
        email: make.maybe("baovedulieu@hoamai.example", "dataprotection@hoamai.example"),
        address: make.maybe("15 phố Hoa Mai, phường Hoa Mai", "15 Hoa Mai Street, Hoa Mai Ward"),
    }
}

pub(super) fn citations(make: Make) -> Vec<Citation> {
    make.many(vec![
        Citation {
            text: make.text("Luật 36/2024/QH15, điều 62", "Law 36/2024/QH15, article 62"),
            href: Some(if make.filling == Filling::Hostile {
                "javascript:alert(1)".to_owned()
            } else {
                "https://vbpl.example/36-2024".to_owned()
            }),
            verified: false,
        },
        Citation {
            text: make
                .text("Luật 91/2025/QH15, điều 19 khoản 1 điểm c", "Law 91/2025/QH15, article 19(1)(c)"),
            href: None,
            verified: true,
        },
    ])
}

pub(super) fn acting(make: Make) -> Acting {
    Acting { who: make.text("Cúc Họa Mi", "Cúc Họa Mi"), capacity: Capacity::Parent }
}

fn row(make: Make, event: Event, minutes: i64) -> Row {
    Row {
        href: (make.filling != Filling::Empty).then(|| "/me/history/0199aa".to_owned()),
        at: minutes_ago(minutes),
        event,
        agency: make.text("Công an phường Hoa Mai (ví dụ)", "Hoa Mai Ward Police (example)"),
        fields: fields(make),
        purpose: make.maybe("đổi giấy phép lái xe", "driving licence renewal"),
        basis: Some(Basis::Statutory),
        times: if event == Event::Refused { 3 } else { 1 },
        repeat: event == Event::Released && minutes > 60,
        acting: (event == Event::Withdrawn).then(|| acting(make)),
        overridden: event == Event::Allowed,
    }
}

fn rows(make: Make) -> Vec<Row> {
    let each = |(i, event): (usize, &Event)| {
        let mut row = row(make, *event, i64::try_from(i).unwrap() * 400);
        if matches!(event, Event::Looked | Event::LookedAgain | Event::OwnReading) {
            (row.fields, row.basis, row.purpose) = (Vec::new(), None, String::new());
        }
        row
    };
    make.many(Event::EACH.iter().enumerate().map(each).collect())
}

fn facts() -> Facts {
    Facts {
        leaf_hash: "8f3b0c1d2e4f5a6b".repeat(4),
        index: 918_273,
        size: 1_234_567,
        published_at: minutes_ago(0),
        origin: "log.minhbach.example/2026".to_owned(),
        json_href: "/me/history/0199aa/proof.json".to_owned(),
        tlog_href: "/me/history/0199aa/proof.tlog".to_owned(),
    }
}

fn access(make: Make, event: Event, proof: Proof) -> Access {
    let refused = event == Event::Refused;
    let because = if refused {
        make.text(
            "“tình trạng hôn nhân” không cần cho việc này",
            "“marital status” is not needed for this task",
        )
    } else {
        make.text(
            "đổi giấy phép lái xe chỉ cần những thông tin này",
            "renewing a driving licence needs exactly this information",
        )
    };
    Access {
        page: make.citizen("/me/history/0199aa"),
        id: "0199aa2f-6c1e-7d03-9a55-1f2e3d4c5b6a".to_owned(),
        at: minutes_ago(0),
        event,
        agency: make.text("Công an phường Hoa Mai (ví dụ)", "Hoa Mai Ward Police (example)"),
        client: make.maybe("Một cửa điện tử phường Hoa Mai", "Hoa Mai Ward one-stop desk"),
        unit: make.maybe("Bộ phận một cửa", "One-stop desk"),
        official: match make.filling {
            Filling::Empty => Official::None,
            _ if refused => Official::Proved { code: make.text("cb-0042", "cb-0042") },
            _ => Official::Asserted { code: make.text("cb-0042", "cb-0042") },
        },
        approver: if event == Event::Emergency { make.maybe("cb-0007", "cb-0007") } else { String::new() },
        fields: fields(make),
        missing: if refused {
            Vec::new()
        } else {
            make.many(
                [MissingReason::SourceUnavailable, MissingReason::NoRecord, MissingReason::NoValue]
                    .into_iter()
                    .map(|reason| Missing {
                        field: field(make, "ảnh chân dung", "portrait photograph", false),
                        source: make.text("Cơ sở dữ liệu căn cước", "Identity register"),
                        reason,
                    })
                    .collect(),
            )
        },
        purpose: make.maybe("Đổi giấy phép lái xe", "Driving licence renewal"),
        purpose_href: make.many(vec!["/purposes/driver.licence_renewal".to_owned()]).concat(),
        reason: make
            .maybe("Để in giấy phép mới đúng người.", "To issue the new licence to the right person."),
        basis: (make.filling != Filling::Empty).then_some(Basis::Statutory),
        citations: citations(make),
        case: make.maybe("H08.2026.000123", "H08.2026.000123"),
        justification: make.maybe("Công dân nộp hồ sơ tại quầy số 2", "The citizen applied at counter 2"),
        rules: make.many(vec![Rule { id: "driver.licence_renewal/permit-minimum".to_owned(), because }]),
        policy_version: "5c1d9e07a4b2f386".repeat(4),
        retention: if refused {
            String::new()
        } else {
            make.maybe("Đến khi in xong giấy phép mới.", "Until the new licence is printed.")
        },
        repeat: event == Event::Released && make.filling != Filling::Empty,
        times: if refused { 3 } else { 1 },
        acting: (event == Event::Given && make.filling != Filling::Empty).then(|| acting(make)),
        overridden: if event == Event::Allowed {
            make.maybe("Không bao giờ cho xem để đổi giấy phép lái xe", "Never for driving licence renewal")
        } else {
            String::new()
        },
        consent_href: make.many(vec!["/me/consents/0199ac".to_owned()]).concat(),
        contact: contact(make),
        proof,
    }
}

pub(super) fn choice(make: Make, value: &str, vi: &str, en: &str, selected: bool) -> Choice {
    Choice { value: make.text(value, value), label: make.text(vi, en), selected }
}

fn compliance(make: Make) -> Vec<(String, String)> {
    let ask = |problem: Option<ReasonProblem>| ComplianceAsk {
        page: make.compliance("/compliance"),
        agency: make.text("Công an phường Hoa Mai (ví dụ)", "Hoa Mai Ward Police (example)"),
        csrf: make.text("csrf-2", "csrf-2"),
        idempotency_key: "0199ab".to_owned(),
        reason: make.maybe("Rà soát", "Review"),
        problem,
    };
    let entry = |(i, row): (usize, Row)| ComplianceRow {
        official: match i % 3 {
            0 => Official::Asserted { code: make.text("cb-0042", "cb-0042") },
            1 => Official::Proved { code: make.text("cb-0007", "cb-0007") },
            _ => Official::None,
        },
        unit: make.text("Bộ phận một cửa", "One-stop desk"),
        person: make.text("k7q2 m9x4", "k7q2 m9x4"),
        case: make.text("H08.2026.000123", "H08.2026.000123"),
        id: format!("0199aa2f-6c1e-7d03-9a55-00000000000{i}"),
        row,
    };
    let entries = ComplianceEntries {
        page: make.compliance("/compliance/entries?look=0199ab"),
        agency: make.text("Công an phường Hoa Mai (ví dụ)", "Hoa Mai Ward Police (example)"),
        reason: make.text("Kiểm tra định kỳ quý 4", "Regular review, fourth quarter"),
        look: make.text("0199ab", "0199ab"),
        look_until: minutes_ago(-30),
        filters: Filters {
            from: make.maybe("2026-11-01", "2026-11-01"),
            to: make.maybe("2026-11-22", "2026-11-22"),
            purposes: make.many(vec![choice(
                make,
                "driver.licence_renewal",
                "Đổi giấy phép lái xe",
                "Driving licence renewal",
                true,
            )]),
            official: make.maybe("cb-0042", "cb-0042"),
            result: ResultFilter::parse("released"),
        },
        rows: rows(make).into_iter().take(3).enumerate().map(entry).collect(),
        csv_href: "/compliance/entries.csv?look=0199ab".to_owned(),
        next_href: make.many(vec!["/compliance/entries?look=0199ab&before=x".to_owned()]).pop(),
    };
    let mut all = vec![("compliance".to_owned(), render(&entries).unwrap())];
    for problem in
        [None, Some(ReasonProblem::TooShort), Some(ReasonProblem::TooLong), Some(ReasonProblem::NotPlain)]
    {
        let name = problem.map_or_else(|| "compliance-ask".to_owned(), |p| format!("compliance-ask-{p:?}"));
        all.push((name, render(&ask(problem)).unwrap()));
    }
    all
}

fn emergency(make: Make, minutes: i64) -> Emergency {
    Emergency {
        at: minutes_ago(minutes),
        agency: make.text("Bệnh viện Hoa Cúc (ví dụ)", "Daisy Hospital (example)"),
        official: make.text("bs-0301", "bs-0301"),
        approver: make.text("bs-0302", "bs-0302"),
        fields: fields(make),
        purpose: make.text("Dùng chung hồ sơ sức khỏe", "Sharing a health record"),
        justification: make.maybe("Bệnh nhân bất tỉnh", "The patient is unconscious"),
        href: "/me/history/0199aa".to_owned(),
    }
}

pub(super) fn pages(make: Make) -> Vec<(String, String)> {
    let empty = make.filling == Filling::Empty;
    let me = Me {
        page: make.citizen("/me"),
        days: 30,
        agencies: if empty { 0 } else { 2 },
        views: if empty { 0 } else { 1203 },
        refusals: u64::from(!empty),
        waiting: if empty { 0 } else { 2 },
        reviews: u64::from(!empty),
        latest: rows(make).into_iter().take(3).collect(),
        emergencies: make.many(vec![emergency(make, 200), emergency(make, 5000)]),
        more_emergencies: u64::from(!empty) * 3,
    };
    let mut all = vec![("me".to_owned(), render(&me).unwrap())];
    // Each period shows some of the events, as no page of the list is longer than twenty.
    for (period, part) in Period::EACH.into_iter().zip([1, 2, 0, 3]) {
        let history = History {
            page: make.citizen("/me/history?agency=&period=365"),
            rows: rows(make).into_iter().skip(part * 9).take(9).collect(),
            agencies: make.many(vec![
                choice(
                    make,
                    "hoa-mai",
                    "Công an phường Hoa Mai (ví dụ)",
                    "Hoa Mai Ward Police (example)",
                    false,
                ),
                choice(
                    make,
                    "so-y-te",
                    "Sở Y tế Hoa Sen (ví dụ)",
                    "Hoa Sen Health Department (example)",
                    true,
                ),
            ]),
            period,
            next: (!empty).then(|| "abc".to_owned()),
        };
        all.push((format!("history-{}", period.value()), render(&history).unwrap()));
    }
    let filtered = History {
        page: make.citizen("/me/history?agency=so-y-te"),
        rows: Vec::new(),
        agencies: vec![choice(
            make,
            "so-y-te",
            "Sở Y tế Hoa Sen (ví dụ)",
            "Hoa Sen Health Department (example)",
            true,
        )],
        period: Period::Week,
        next: None,
    };
    all.push(("history-filtered".to_owned(), render(&filtered).unwrap()));
    for event in Event::EACH {
        let proof = if empty { Proof::Waiting } else { Proof::Holds(facts()) };
        all.push((format!("access-{event:?}"), render(&access(make, event, proof)).unwrap()));
    }
    all.push((
        "access-fails".to_owned(),
        render(&access(make, Event::Released, Proof::Fails(facts()))).unwrap(),
    ));
    all.extend(compliance(make));
    all
}
