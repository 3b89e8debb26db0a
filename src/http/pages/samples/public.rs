//! Samples of the pages anyone sees.

use super::{
    Filling, Make,
    citizen::{citations, contact},
    minutes_ago,
};
use crate::http::pages::{
    catalogue::{
        Agencies, AgencyItem, BasisTerms, DataKind, DataKinds, MinimumField, OfficialDemand, Purpose,
        PurposeItem, Purposes, SourceKinds, Status,
    },
    error::{ErrorPage, Problem},
    home::{Home, Source},
    layout::Visitor,
    log::Log,
    parts::Basis,
    render,
    signing::{Group, Issuer, Role, SignIn, SignedOut},
};

const BASES: [Basis; 4] = [Basis::Statutory, Basis::Consent, Basis::Emergency, Basis::Contract];

fn catalogue(make: Make) -> Vec<(String, String)> {
    let page = |url: &str| make.layout(url, Visitor::Nobody);
    let reason = make.text(
        "Để in giấy phép lái xe mới đúng người.",
        "To issue the new driving licence to the right person.",
    );
    let item = |status| PurposeItem {
        href: "/purposes/driver.licence_renewal".to_owned(),
        title: make.text("Đổi giấy phép lái xe", "Driving licence renewal"),
        reason: reason.clone(),
        bases: BASES.to_vec(),
        fields: if status == Status::Active { 11 } else { 1 },
        status,
    };
    let purposes = Purposes {
        page: page("/purposes"),
        purposes: make.many([Status::Active, Status::Draft, Status::Retired].map(item).to_vec()),
    };
    let terms = |basis| BasisTerms {
        basis,
        citations: citations(make),
        fields: [("họ và tên", "full name", false, false), ("điểm giấy phép", "licence points", true, true)]
            .map(|(vi, en, sensitive, optional)| MinimumField {
                label: make.text(vi, en),
                sensitive,
                optional,
            })
            .to_vec(),
        terms: make.many(vec![make.text(
            "Một lần đồng ý có giá trị nhiều nhất 30 ngày.",
            "One agreement counts for at most 30 days.",
        )]),
    };
    let purpose = |official, status| Purpose {
        page: page("/purposes/driver.licence_renewal"),
        id: "driver.licence_renewal".to_owned(),
        version: make.text("2026-11-01 · 5c1d9e07", "2026-11-01 · 5c1d9e07"),
        title: make.text("Đổi giấy phép lái xe", "Driving licence renewal"),
        reason: reason.clone(),
        status,
        bases: BASES.map(terms).to_vec(),
        case_required: official != OfficialDemand::None,
        official,
        retention: make.text("Đến khi in xong giấy phép mới.", "Until the new licence is printed."),
        guardian_hidden: status == Status::Retired,
        max_uses: if status == Status::Active { 1 } else { 3 },
        max_minutes: 5,
        agencies: make
            .many(vec![make.text("Công an phường Hoa Mai (ví dụ)", "Hoa Mai Ward Police (example)")]),
    };
    let agency = |purposes| AgencyItem {
        id: make.text("hoa-mai", "hoa-mai"),
        name: make.text("Công an phường Hoa Mai (ví dụ)", "Hoa Mai Ward Police (example)"),
        contact: contact(make),
        purposes,
    };
    let titles =
        ["Đổi giấy phép lái xe", "Đăng ký xe"].map(|vi| make.text(vi, "Driving licence renewal")).to_vec();
    let agencies =
        Agencies { page: page("/agencies"), agencies: make.many(vec![agency(titles), agency(Vec::new())]) };
    let kind = |name: &str, vi: &str, en: &str, sensitive| DataKind {
        name: name.to_owned(),
        label: make.text(vi, en),
        sensitive,
        decree: make.text("Nghị định 356/2025/NĐ-CP, điều 3 khoản 2", "Decree 356/2025/NĐ-CP, article 3(2)"),
        about_others: false,
    };
    let kinds = DataKinds {
        page: page("/data-kinds"),
        sources: make.many(vec![SourceKinds {
            source: make.text("Cơ sở dữ liệu quốc gia về dân cư", "National population register"),
            holder: make.text("Bộ Công an", "Ministry of Public Security"),
            kinds: vec![
                kind("person.birth_date", "ngày sinh", "date of birth", false),
                kind("person.ethnicity", "dân tộc", "ethnicity", true),
            ],
        }]),
        never: make.many(vec![
            make.text("tôn giáo", "religion"),
            make.text("ảnh thẻ căn cước", "identity card image"),
        ]),
    };
    vec![
        ("purposes".to_owned(), render(&purposes).unwrap()),
        ("purpose".to_owned(), render(&purpose(OfficialDemand::Asserted, Status::Active)).unwrap()),
        ("purpose-draft".to_owned(), render(&purpose(OfficialDemand::Proved, Status::Draft)).unwrap()),
        ("purpose-system".to_owned(), render(&purpose(OfficialDemand::None, Status::Retired)).unwrap()),
        ("agencies".to_owned(), render(&agencies).unwrap()),
        ("data-kinds".to_owned(), render(&kinds).unwrap()),
    ]
}

pub(super) fn pages(make: Make) -> Vec<(String, String)> {
    let empty = make.filling == Filling::Empty;
    let source = |vi: &str, en: &str| Source {
        name: make.text(vi, en),
        holder: make.text("Bộ Công an", "Ministry of Public Security"),
        since: make.text("01/07/2026", "1 July 2026"),
    };
    let sources = || {
        make.many(vec![
            source("Cơ sở dữ liệu quốc gia về dân cư", "National population register"),
            source("Đăng ký và giấy phép lái xe", "Vehicles and driving licences"),
        ])
    };
    let home = Home { page: make.layout("/", Visitor::Nobody), sources: sources() };
    let home_citizen = Home { page: make.citizen("/"), sources: sources() };
    let group = |role| Group {
        role,
        issuers: vec![Issuer {
            id: make.text("vneid", "vneid"),
            label: make.text("Nơi đăng nhập trình diễn", "Demonstration sign-in"),
        }],
    };
    let sign_in = SignIn {
        page: make.layout("/sign-in?return_to=%2Fme", Visitor::Nobody),
        csrf: make.text("csrf-0", "csrf-0"),
        return_to: make.text("/me", "/me"),
        groups: make.many([Role::Citizen, Role::Official, Role::Compliance].map(group).to_vec()),
    };
    let signed_out = SignedOut {
        page: make.layout("/signed-out", Visitor::Nobody),
        provider: make.maybe("Nơi đăng nhập trình diễn", "Demonstration sign-in"),
    };
    let checkpoint = make.maybe(
        "log.minhbach.example/2026\n1234567\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n\n— log.minhbach.example/2026 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n",
        "log.minhbach.example/2026\n1234567\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n\n— log.minhbach.example/2026 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n",
    );
    let log = Log {
        page: make.layout("/log", Visitor::Nobody),
        checkpoint,
        size: if empty { 0 } else { 1_234_567 },
        published_at: minutes_ago(0),
        verifier_key: make.text(
            "log.minhbach.example/2026+a1b2c3d4+AfakeKey",
            "log.minhbach.example/2026+a1b2c3d4+AfakeKey",
        ),
        base_url: "https://minhbach.example".to_owned(),
    };
    let mut all = vec![
        ("home".to_owned(), render(&home).unwrap()),
        ("home-citizen".to_owned(), render(&home_citizen).unwrap()),
        ("sign-in".to_owned(), render(&sign_in).unwrap()),
        ("signed-out".to_owned(), render(&signed_out).unwrap()),
        ("log".to_owned(), render(&log).unwrap()),
    ];
    for problem in Problem::EACH {
        let official = Visitor::Official { name: make.text("cb-0042", "cb-0042"), csrf: "csrf-3".to_owned() };
        let page = make.layout("/me/history/nope", if empty { Visitor::Nobody } else { official });
        let page = ErrorPage { page, problem, support: make.text("7K2M-9Q4D", "7K2M-9Q4D") };
        all.push((format!("error-{problem:?}"), render(&page).unwrap()));
    }
    all.extend(catalogue(make));
    all
}
