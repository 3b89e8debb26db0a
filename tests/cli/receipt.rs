//! `minhbach receipt verify` and the receipt keys, through the real binary.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use minhbach::{
    domain::{
        catalogue::Text,
        consent::{
            self, Act, Actor, Capacity, Channel, Event, Item, Limits, Record, Shown, State, Withdrawal,
        },
        receipt::{Claims, Contact, Controller, Happened, Ledger, Material, Words},
    },
    keyring::Keyring,
    time::{Clock as _, Millis, SystemClock},
    tokens::Tokens,
};
use uuid::Uuid;

use super::{Deployment, minhbach, text};

const ISSUER: &str = "http://127.0.0.1:18443";

fn both(vi: &str, en: &str) -> Text {
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

/// The receipt of a consent that was just given for 30 days.
fn claims(now: Millis) -> Claims {
    let shown = Shown { hash: "ab".repeat(32), lang: "vi".to_owned(), sensitive_notice: false };
    let record = Record {
        schema: consent::SCHEMA.to_owned(),
        id: Uuid::from_u128(7),
        agency: "ngan-hang-mau".to_owned(),
        client_id: "ngan-hang-mau.accounts".to_owned(),
        unit: None,
        official: None,
        purpose: "private.bank_verification".to_owned(),
        purpose_version: "0123456789abcdef".to_owned(),
        items: vec![Item {
            field: "person.full_name".to_owned(),
            sensitive: false,
            required: true,
            granted: Some(true),
            named: None,
        }],
        limits: Limits {
            max_uses: 1,
            frequency: None,
            hours: None,
            starts: now.0,
            expires: now.0 + 30 * 86_400_000,
        },
        recipient_retention: both("5 năm", "5 years"),
        storage: both("Ở cơ quan.", "At the agency."),
        jurisdiction: "VN".to_owned(),
        law: both("Luật 91/2025/QH15", "Law 91/2025/QH15"),
        withdrawal: Withdrawal {
            address: format!("{ISSUER}/me/consents/{}", Uuid::from_u128(7)),
            how: both("Bấm “Rút lại”.", "Press “Withdraw”."),
            consequence: None,
        },
        processors: Vec::new(),
        case: None,
        justification: None,
        binding_message: None,
        channel: Channel::Present,
        joint: false,
        answered_by: None,
        shown: Some(shown.clone()),
        supersedes: None,
        scopes: Vec::new(),
    };
    let event = |capacity| Event {
        by: Actor { capacity, ..Actor::system() },
        shown: None,
        granted: Vec::new(),
        note: None,
    };
    let gave =
        Event { shown: Some(shown), granted: vec!["person.full_name".to_owned()], ..event(Capacity::Own) };
    let entry = Uuid::from_u128(102);
    let history = [
        Happened {
            at: now,
            act: Act::Ask,
            state: State::Requested,
            entry: Uuid::from_u128(101),
            event: event(Capacity::Agency),
        },
        Happened { at: now, act: Act::Give, state: State::Given, entry, event: gave },
    ];
    Claims::new(&Material {
        issuer: ISSUER,
        id: Uuid::from_u128(9),
        at: now,
        handle: "Vx9d0aKq3mTzR7bLcE5w2g",
        record: &record,
        history: &history,
        controller: &Controller {
            name: both("Ngân hàng Mẫu", "Sample Bank"), contact: Contact::default()
        },
        words: &Words {
            title: both("Mở tài khoản", "Opening an account"),
            reason: both("Để biết đúng người.", "To know whom one deals with."),
            ..Words::default()
        },
        ledger: Ledger { entry, index: 1, leaf_hash: "0f".repeat(32), origin: "127.0.0.1:18443".to_owned() },
    })
    .unwrap()
}

impl Deployment {
    fn signer(&self) -> Tokens {
        let folder = self.path("keys");
        let keys = Keyring::load(&folder).unwrap();
        Tokens::new(ISSUER, folder, keys.tokens, keys.receipts)
    }

    /// Signs a receipt as of `now` into a file and gives it.
    fn receipt(&self, name: &str, now: Millis) -> String {
        let signed = self.signer().sign_receipt(&claims(now), now).unwrap();
        fs::write(self.path(name), format!("{signed}\n")).unwrap();
        signed
    }

    /// Writes the published receipt keys into a file.
    fn publish_keys(&self, name: &str) -> String {
        let keys = serde_json::to_string(&self.signer().receipt_keys()).unwrap();
        fs::write(self.path(name), &keys).unwrap();
        keys
    }

    fn verify(&self, more: &[&str]) -> (Option<i32>, String) {
        let arguments = ["receipt", "verify"].into_iter().chain(more.iter().copied());
        let ran = minhbach(arguments, self.0.path());
        (ran.status.code(), text(&ran.stdout) + &text(&ran.stderr))
    }
}

#[test]
fn a_receipt_is_verified_offline_in_both_languages() {
    let it = Deployment::migrated();
    it.receipt("receipt.jws", SystemClock.now());
    it.publish_keys("keys.json");
    let (code, said) = it.verify(&["receipt.jws", "--keys", "keys.json"]);
    assert_eq!(code, Some(0), "{said}");
    for words in ["BIÊN NHẬN ĐÚNG", "Ngân hàng Mẫu", "đang cho phép xem", ISSUER, "có thể đã rút lại"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (code, said) = it.verify(&["receipt.jws", "--keys", "keys.json", "--lang", "en"]);
    assert_eq!(code, Some(0), "{said}");
    for words in ["THE RECEIPT HOLDS", "Sample Bank", "person.full_name", "you allow it", "Until before"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(it.verify(&["receipt.jws", "--keys", "keys.json", "--lang", "fr"]).0, Some(2));
}

#[test]
fn a_receipt_that_was_changed_or_is_somebody_elses_does_not_hold_and_nothing_of_it_is_shown() {
    let it = Deployment::migrated();
    let other = Deployment::migrated();
    let signed = it.receipt("receipt.jws", SystemClock.now());
    it.publish_keys("keys.json");
    fs::write(it.path("other.json"), other.publish_keys("keys.json")).unwrap();
    let (head, rest) = signed.split_once('.').unwrap();
    fs::write(it.path("changed.jws"), format!("{head}.{}", rest.replacen('a', "b", 1))).unwrap();
    fs::write(it.path("rubbish.jws"), [0xff, 0xfe, b'.', b'.']).unwrap();
    for (file, keys) in
        [("changed.jws", "keys.json"), ("receipt.jws", "other.json"), ("rubbish.jws", "keys.json")]
    {
        let (code, said) = it.verify(&[file, "--keys", keys, "--lang", "en"]);
        assert_eq!(code, Some(1), "{file} {keys}: {said}");
        assert!(said.contains("DOES NOT HOLD") && !said.contains("Sample Bank"), "{said}");
    }
}

#[test]
fn without_keys_nothing_is_claimed() {
    let it = Deployment::migrated();
    it.receipt("receipt.jws", SystemClock.now());
    let (code, said) = it.verify(&["receipt.jws", "--lang", "en"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("NOT CHECKED") && !said.contains("HOLDS"), "{said}");
    fs::write(it.path("keys.json"), "{}").unwrap();
    assert_eq!(it.verify(&["receipt.jws", "--keys", "keys.json"]).0, Some(2));
    assert_eq!(it.verify(&["receipt.jws", "--keys", "missing.json"]).0, Some(2));
    let (code, said) = it.verify(&["receipt.jws", "--keys", "http://keys.invalid/receipts/keys"]);
    assert!(code == Some(2) && said.contains("https only"), "{said}");
}

#[test]
fn receipts_hold_years_and_rotations_later_by_old_and_new_keys() {
    let it = Deployment::migrated();
    let long_ago = Millis(SystemClock.now().0 - 6 * 365 * 86_400_000);
    it.receipt("old.jws", long_ago);
    let first = it.publish_keys("first.json");
    for _ in 0..3 {
        assert!(it.ok(&["keys", "rotate-receipts"]).contains("receipt key `r-"));
        it.ok(&["keys", "rotate"]);
    }
    let later = Millis(SystemClock.now().0 + 86_400_000);
    it.receipt("new.jws", later);
    let all = it.publish_keys("all.json");
    assert_eq!((first.matches("\"kid\"").count(), all.matches("\"kid\"").count()), (1, 4));
    let (code, said) = it.verify(&["old.jws", "--keys", "all.json", "--lang", "en"]);
    assert!(code == Some(0) && said.contains("Its time is over"), "{said}");
    assert_eq!(it.verify(&["old.jws", "--keys", "first.json"]).0, Some(0));
    assert_eq!(it.verify(&["new.jws", "--keys", "all.json"]).0, Some(0));
    assert_eq!(it.verify(&["new.jws", "--keys", "first.json"]).0, Some(1), "signed by a key that came later");
}

#[test]
fn keys_are_fetched_from_an_address_too() {
    let it = Deployment::migrated();
    it.receipt("receipt.jws", SystemClock.now());
    let keys = it.publish_keys("keys.json");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/receipts/keys", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 4096];
        let read = stream.read(&mut asked).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", keys.len());
        stream.write_all(&[head.as_bytes(), keys.as_bytes()].concat()).unwrap();
        String::from_utf8_lossy(&asked[..read]).into_owned()
    });
    let (code, said) = it.verify(&["receipt.jws", "--keys", &address]);
    assert_eq!(code, Some(0), "{said}");
    assert!(server.join().unwrap().starts_with("GET /receipts/keys "));
}
