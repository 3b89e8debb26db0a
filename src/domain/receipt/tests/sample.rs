//! A receipt of nobody: a bank that asks, a person who says yes.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    crypto::SigningKey,
    domain::{
        catalogue::{Citation, Confidence, Text},
        consent::{
            Act, Actor, Authenticated, Capacity, Channel, Event, Frequency, Hours, Item, Limits, Named, Per,
            Record, Shown, State, Withdrawal,
        },
        receipt::{Claims, Contact, Controller, Fault, Happened, Ledger, Material, TYP, Told, Words},
    },
    jose::{Jwk, Jwks, jws},
    time::Millis,
};

pub(super) const HANDLE: &str = "Vx9d0aKq3mTzR7bLcE5w2g";
pub(super) const ISSUER: &str = "https://minhbach.example";
pub(super) const ASKED: Millis = Millis(1_795_309_200_000);
pub(super) const DAY: i64 = 86_400_000;
/// The parent's subject id, which is nobody else's to know.
pub(super) const PARENT: Uuid = Uuid::from_u128(0xdead_beef);
/// The representation she acts by.
pub(super) const BOND: Uuid = Uuid::from_u128(0xcafe);
pub(super) const KID: &str = "r-000000000001";

pub(super) fn both(vi: &str, en: &str) -> Text {
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

pub(super) fn cited(vi: &str, en: &str, confidence: Confidence) -> Citation {
    Citation { text: both(vi, en), confidence }
}

pub(super) fn at(minutes: i64) -> Millis {
    Millis(ASKED.0 + minutes * 60_000)
}

pub(super) fn shown() -> Shown {
    Shown { hash: "ab".repeat(32), lang: "vi".to_owned(), sensitive_notice: true }
}

pub(super) fn item(field: &str, required: bool, granted: bool) -> Item {
    let sensitive = field.starts_with("health");
    Item { field: field.to_owned(), sensitive, required, granted: Some(granted), named: None }
}

pub(super) fn record() -> Record {
    Record {
        schema: crate::domain::consent::SCHEMA.to_owned(),
        id: Uuid::from_u128(7),
        agency: "ngan-hang-mau".to_owned(),
        client_id: "ngan-hang-mau.accounts".to_owned(),
        unit: None,
        official: Some("cb-0042".to_owned()),
        purpose: "private.bank_verification".to_owned(),
        purpose_version: "0123456789abcdef".to_owned(),
        items: vec![
            item("person.full_name", true, true),
            item("person.birth_date", false, false),
            item("health.blood_type", false, true),
        ],
        limits: Limits {
            max_uses: 3,
            frequency: Some(Frequency { n: 1, per: Per::Day }),
            hours: Hours::new(480, 1020),
            starts: ASKED.0,
            expires: ASKED.0 + 30 * DAY,
        },
        recipient_retention: both("5 năm", "5 years"),
        storage: both("Ở cơ quan.", "At the agency."),
        jurisdiction: "VN".to_owned(),
        law: both("Luật 91/2025/QH15", "Law 91/2025/QH15"),
        withdrawal: Withdrawal {
            address: format!("{ISSUER}/me/consents/{}", Uuid::from_u128(7)),
            how: both("Bấm “Rút lại”.", "Press “Withdraw”."),
            consequence: Some(both("Ông/bà đến quầy.", "You come to the counter.")),
        },
        processors: Vec::new(),
        case: Some("H08.2026.000123".to_owned()),
        justification: Some("Mở tài khoản".to_owned()),
        binding_message: None,
        channel: Channel::Present,
        joint: false,
        answered_by: None,
        shown: Some(shown()),
        supersedes: None,
        scopes: Vec::new(),
    }
}

pub(super) fn happened(minutes: i64, act: Act, state: State, by: Actor) -> Happened {
    let gives = matches!(act, Act::Give | Act::Confirm);
    let granted = ["person.full_name", "health.blood_type"].map(str::to_owned);
    let event = Event {
        by,
        shown: gives.then(shown),
        granted: if gives { granted.to_vec() } else { Vec::new() },
        note: None,
    };
    let entry = Uuid::from_u128(100 + u128::from(minutes.unsigned_abs()));
    Happened { at: at(minutes), act, state, entry, event }
}

pub(super) fn own() -> Actor {
    Actor {
        capacity: Capacity::Own,
        issuer: Some("https://id.example".to_owned()),
        assurance: Some(3),
        ..Actor::system()
    }
}

/// The same, of an issuer that says how and when she proved herself.
pub(super) fn signed_in() -> Actor {
    let authenticated = Authenticated { acr: Some("urn:id.example:face".to_owned()), at: Some(at(-4)) };
    Actor { authenticated, ..own() }
}

/// A parent, who is another person.
pub(super) fn by_parent() -> Actor {
    Actor { capacity: Capacity::Parent, acting: Some(PARENT), representation: Some(BOND), ..own() }
}

pub(super) fn given() -> Vec<Happened> {
    vec![
        happened(0, Act::Ask, State::Requested, Actor::agency()),
        happened(5, Act::Give, State::Given, own()),
    ]
}

pub(super) fn withdrawn() -> Vec<Happened> {
    let mut history = given();
    history.push(happened(60, Act::Withdraw, State::Withdrawn, own()));
    history
}

pub(super) fn words() -> Words {
    let named =
        |label| Named { label, source: Some(both("Cơ sở dữ liệu dân cư", "Population register")) };
    Words {
        title: both("Mở tài khoản ngân hàng", "Opening a bank account"),
        reason: both("Để ngân hàng biết đúng người.", "So that the bank knows whom it deals with."),
        citations: vec![
            cited("Luật 91/2025/QH15, Điều 9", "Law 91/2025/QH15, Article 9", Confidence::Verified),
            cited("Thông tư mẫu, Điều 1", "Sample circular, Article 1", Confidence::Memory),
        ],
        fields: BTreeMap::from([
            ("person.full_name".to_owned(), named(both("Họ và tên", "Full name"))),
            ("person.birth_date".to_owned(), named(both("Ngày sinh", "Date of birth"))),
        ]),
    }
}

pub(super) fn controller() -> Controller {
    let contact = Contact {
        name: "Bộ phận bảo vệ dữ liệu".to_owned(),
        phone: "0000 000 001".to_owned(),
        email: "dpo@bank.example".to_owned(),
    };
    Controller { name: both("Ngân hàng Mẫu", "Sample Bank"), contact }
}

/// A receipt of `record` with `history`, and what ended it.
pub(super) fn made(
    record: &Record,
    history: &[Happened],
    end: Option<(Vec<Told>, Option<Millis>)>,
) -> Result<Claims, Fault> {
    let (controller, words) = (controller(), words());
    let entry = history.last().map_or(Uuid::nil(), |last| last.entry);
    let ledger =
        Ledger { entry, index: 918_273, leaf_hash: "0f".repeat(32), origin: "minhbach.example".to_owned() };
    let material = Material {
        issuer: ISSUER,
        id: Uuid::from_u128(9),
        at: at(100_000),
        handle: HANDLE,
        record,
        history,
        controller: &controller,
        words: &words,
        ledger,
    };
    match end {
        None => Claims::new(&material),
        Some((told, closed)) => Claims::terminated(&material, told, closed),
    }
}

pub(super) fn receipt() -> Claims {
    made(&record(), &given(), None).unwrap()
}

pub(super) fn told() -> Told {
    Told {
        client_id: "ngan-hang-mau.accounts".to_owned(),
        event: "consent-withdrawn".to_owned(),
        told_at: at(60),
        sent_at: Some(at(61)),
        acknowledged_at: Some(at(62)),
        stop_by: Some(at(60 + 20 * 24 * 60)),
        extended: false,
        stopped_at: Some(at(90)),
        erased_at: Some(at(99)),
    }
}

pub(super) fn ended() -> Claims {
    made(&record(), &withdrawn(), Some((vec![told()], Some(at(99))))).unwrap()
}

pub(super) fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32]).unwrap()
}

pub(super) fn keys() -> Jwks {
    Jwks::new(vec![Jwk::from_public_key(key().public_key(), Some(KID.to_owned())).unwrap()])
}

pub(super) fn signed(claims: &Claims) -> String {
    jws::sign(TYP, Some(KID), None, claims, &key()).unwrap()
}
