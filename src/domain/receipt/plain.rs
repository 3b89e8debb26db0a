//! A receipt as plain text, in the words people use; the summaries inside a receipt are made here too.

use std::fmt::Write as _;

use super::{
    check::Fault,
    form::{Claims, Kind, Role, Step, Validity},
    open::NotHeld,
    termination::{Termination, Told},
};
use crate::{
    domain::{
        catalogue::{Confidence, Text},
        consent::{Act, Capacity, Per, State},
        own_token,
    },
    i18n::{Arg, Lang, date_time, text, text_with},
    protocol::scope::CitizenScope,
    time::Millis,
};

/// A receipt in words, a line each; ends with a newline.
#[must_use]
pub fn plain(claims: &Claims, lang: Lang) -> String {
    let mut page = Page { lang, text: String::new() };
    let it = &claims.processing;
    page.head(match claims.kind {
        Kind::ConsentReceipt => "receipt-title",
        Kind::TerminationReceipt => "receipt-title-end",
    });
    page.line("receipt-id", &claims.jti.to_string());
    page.line("receipt-issued", &page.when(claims.header.issued_at));
    page.line("receipt-consent", &claims.header.record_id.to_string());
    page.line("receipt-subject", &claims.sub);
    page.line("receipt-state", &text(lang, state_key(claims.state)));
    page.blank();
    let agency = claims.parties.iter().find(|party| party.role == Role::DataController);
    let name = agency.and_then(|party| party.name.as_ref());
    page.line("receipt-who", name.map_or(it.controller.as_str(), |name| page.of(name)));
    page.maybe("receipt-unit", it.unit.as_deref());
    page.answered(claims);
    for party in claims.parties.iter().filter(|party| party.role == Role::DataProcessor) {
        page.maybe("receipt-processor", party.name.as_ref().map(|name| page.of(name)));
    }
    page.line("receipt-purpose", page.of(&it.title));
    page.line("receipt-reason", page.of(&it.reason));
    page.maybe("receipt-case", it.case.as_deref());
    page.maybe("receipt-justification", it.justification.as_deref());
    page.data(claims);
    page.validity(&it.validity);
    page.line("receipt-retention", page.of(&it.retention));
    page.line("receipt-kept-where", page.of(&it.storage));
    page.line("receipt-applies", page.of(&it.law));
    for citation in &it.citations {
        let sure = citation.confidence == Confidence::Verified;
        let key = if sure { "receipt-citation" } else { "receipt-citation-unsure" };
        page.line(key, page.of(&citation.text));
    }
    page.blank();
    page.head("receipt-happened");
    for step in &claims.events {
        page.step(&page.when(step.at), &page.act(step.act, step.capacity));
        page.sign_in(step);
        page.maybe("receipt-decision", step.decision.as_deref());
    }
    if let Some(end) = &claims.termination {
        page.blank();
        page.end(end);
    }
    page.blank();
    if claims.state.is_standing() {
        page.line("receipt-withdraw", page.of(&it.withdrawal.how));
        page.line("receipt-withdraw-at", &it.withdrawal.address);
        page.maybe("receipt-without", it.withdrawal.consequence.as_ref().map(|text| page.of(text)));
    }
    if let Some(contact) = agency.and_then(|party| party.contact.as_ref()) {
        let parts = [&contact.name, &contact.phone, &contact.email];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        page.line("receipt-ask", &parts.join(" · "));
    }
    let authority = claims.parties.iter().find(|party| party.role == Role::Authority);
    page.maybe("receipt-complain", authority.and_then(|party| party.name.as_ref()).map(|name| page.of(name)));
    if let Some(notice) = &it.notice {
        page.line("receipt-shown", &format!("{} ({})", notice.hash, notice.lang));
    }
    let ledger = &claims.ledger;
    page.line("receipt-place", &format!("{} · {}", ledger.origin, ledger.index));
    page.line("receipt-leaf", &ledger.leaf_hash);
    page.text
}

/// What came of a check, for people.
#[must_use]
pub fn verdict(lang: Lang, outcome: Result<(), &NotHeld>) -> String {
    text(
        lang,
        match outcome {
            Ok(()) => "receipt-holds",
            Err(NotHeld::NotAReceipt(_) | NotHeld::OtherType) => "receipt-no-receipt",
            Err(NotHeld::NoKey(_) | NotHeld::Signature(_)) => "receipt-no-signature",
            Err(NotHeld::Claims(_)) => "receipt-fault-form",
            Err(NotHeld::Fault(fault)) => fault_key(*fault),
        },
    )
}

const fn fault_key(fault: Fault) -> &'static str {
    match fault {
        Fault::Form => "receipt-fault-form",
        Fault::Ids => "receipt-fault-ids",
        Fault::Missing(_) => "receipt-fault-missing",
        Fault::Identity => "receipt-fault-identity",
        Fault::Dates => "receipt-fault-dates",
        Fault::Events => "receipt-fault-events",
        Fault::Answers => "receipt-fault-answers",
        Fault::Notice => "receipt-fault-notice",
        Fault::Parties => "receipt-fault-parties",
        Fault::Ledger => "receipt-fault-ledger",
        Fault::Termination => "receipt-fault-termination",
    }
}

struct Page {
    lang: Lang,
    text: String,
}

impl Page {
    fn of<'a>(&self, text: &'a Text) -> &'a str {
        match self.lang {
            Lang::Vi => &text.vi,
            Lang::En => &text.en,
        }
    }

    fn when(&self, at: Millis) -> String {
        date_time(self.lang, at)
    }

    fn head(&mut self, key: &str) {
        let head = text(self.lang, key);
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{head}");
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn line(&mut self, key: &str, value: &str) {
        let line = text_with(self.lang, key, &[("value", Arg::Text(&printable(value)))]);
        let _ = writeln!(self.text, "{line}");
    }

    fn maybe(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(key, value);
        }
    }

    fn step(&mut self, when: &str, what: &str) {
        let _ = writeln!(self.text, "  - {when}: {what}");
    }

    /// Who answered for her, and that she confirmed it herself since.
    fn answered(&mut self, claims: &Claims) {
        let confirmed = claims.events.iter().rfind(|step| step.act == Act::Confirm);
        let label = if confirmed.is_some() { "receipt-represented-first" } else { "receipt-representative" };
        for party in claims.parties.iter().filter(|party| party.role == Role::Representative) {
            let key = match party.capacity {
                Some(Capacity::Parent) => "receipt-by-parent",
                Some(Capacity::Guardian) => "receipt-by-guardian",
                _ => "receipt-by-attorney",
            };
            self.line(label, &text(self.lang, key));
        }
        if let Some(step) = confirmed {
            let when = self.when(step.at);
            self.line("receipt-confirmed", &when);
        }
    }

    /// How it is known who took the step: the issuer, how strongly, how and when she proved herself.
    fn sign_in(&mut self, step: &Step) {
        let said = |key, value: &str| text_with(self.lang, key, &[("value", Arg::Text(value))]);
        let level = step.assurance.map(|level| said("receipt-sign-in-level", &level.to_string()));
        let at = step.auth_time.map(|at| said("receipt-sign-in-at", &self.when(at)));
        let parts = [step.issuer.clone(), level, step.acr.clone(), at];
        let parts: Vec<String> = parts.into_iter().flatten().map(|part| printable(&part)).collect();
        if !parts.is_empty() {
            let line = said("receipt-sign-in", &parts.join(" · "));
            let _ = writeln!(self.text, "    {line}");
        }
    }

    fn data(&mut self, claims: &Claims) {
        let given = claims.events.iter().any(|step| step.act == Act::Give);
        let (yes, no): (Vec<_>, Vec<_>) =
            claims.processing.data.iter().partition(|datum| !given || datum.granted == Some(true));
        for (key, data) in
            [(if given { "receipt-granted" } else { "receipt-asked" }, yes), ("receipt-not-granted", no)]
        {
            if data.is_empty() {
                continue;
            }
            self.head(key);
            for datum in data {
                let label = printable(self.of(&datum.label));
                let sensitive = if datum.sensitive {
                    format!(" ({})", text(self.lang, "word-sensitive"))
                } else {
                    String::new()
                };
                let _ = writeln!(self.text, "  - {label}{sensitive}");
            }
        }
        for scope in &claims.processing.scopes {
            // A receipt outlives vocabularies: a scope nobody knows any more is named as it was.
            let meaning = CitizenScope::parse(scope).map(own_token::meaning);
            let said = meaning.as_ref().map_or(scope.as_str(), |meaning| self.of(meaning)).to_owned();
            self.line("receipt-scope", &said);
        }
    }

    fn validity(&mut self, it: &Validity) {
        self.line("receipt-from", &self.when(it.valid_from));
        self.line("receipt-until", &self.when(it.valid_to));
        let count = |number: u32| Arg::Number(u64::from(number));
        let uses = text_with(self.lang, "receipt-uses", &[("count", count(it.max_uses))]);
        let _ = writeln!(self.text, "{uses}");
        if let Some(frequency) = it.frequency {
            let key = match frequency.per {
                Per::Hour => "receipt-per-hour",
                Per::Day => "receipt-per-day",
                Per::Week => "receipt-per-week",
                Per::Month => "receipt-per-month",
            };
            let line = text_with(self.lang, key, &[("count", count(frequency.n))]);
            let _ = writeln!(self.text, "{line}");
        }
        if let Some(hours) = it.hours {
            let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
            self.line("receipt-hours", &format!("{} – {}", clock(hours.opens), clock(hours.closes)));
        }
    }

    fn end(&mut self, end: &Termination) {
        self.head("receipt-end-head");
        self.line("receipt-ended", &self.when(end.ended_at));
        if end.told.is_empty() {
            self.head("receipt-told-nobody");
        }
        for told in &end.told {
            self.line("receipt-told", &told.client_id);
            self.told(told);
        }
        match end.closed_at {
            Some(at) => self.line("receipt-closed", &self.when(at)),
            None => self.head("receipt-not-closed"),
        }
    }

    fn told(&mut self, told: &Told) {
        for (key, at) in [
            // What it has not taken it was not told.
            ("receipt-told-at", told.sent_at),
            ("receipt-acknowledged", told.acknowledged_at),
            // The last instant that is in time, not the first that is late.
            (
                if told.extended { "receipt-stop-by-extended" } else { "receipt-stop-by" },
                told.stop_by.map(|at| Millis(at.0.saturating_sub(1))),
            ),
            ("receipt-stopped", told.stopped_at),
            ("receipt-erased", told.erased_at),
        ] {
            if let Some(at) = at {
                let at = self.when(at);
                let what = text_with(self.lang, key, &[("value", Arg::Text(&at))]);
                let _ = writeln!(self.text, "  - {what}");
            }
        }
        if told.acknowledged_at.is_none() {
            let what = text(self.lang, "receipt-not-acknowledged");
            let _ = writeln!(self.text, "  - {what}");
        }
    }

    fn act(&self, act: Act, capacity: Capacity) -> String {
        let what = text(self.lang, act_key(act));
        let by = match capacity {
            // Everywhere else an agency's act can only be its own.
            Capacity::Agency if act == Act::Revoke => "receipt-by-agency",
            // What the service ends so is what she can no longer let stand alone.
            Capacity::System if act == Act::Revoke => "receipt-by-guardianship",
            Capacity::Own | Capacity::Agency | Capacity::System => return what,
            Capacity::Parent => "receipt-by-parent",
            Capacity::Guardian => "receipt-by-guardian",
            Capacity::Attorney => "receipt-by-attorney",
            Capacity::Authority => "receipt-by-authority",
        };
        format!("{what} ({})", text(self.lang, by))
    }
}

/// A text from the receipt on one line of a terminal: control and bidirectional characters would let it pretend.
fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { ' ' } else { c }).collect()
}

const fn state_key(state: State) -> &'static str {
    match state {
        State::Requested => "receipt-state-requested",
        State::Deferred => "receipt-state-deferred",
        State::HalfGiven => "receipt-state-half-given",
        State::Refused => "receipt-state-refused",
        State::Unanswered => "receipt-state-unanswered",
        State::Given => "receipt-state-given",
        State::Paused => "receipt-state-paused",
        State::UnderReview => "receipt-state-under-review",
        State::Withdrawn => "receipt-state-withdrawn",
        State::Revoked => "receipt-state-revoked",
        State::Expired => "receipt-state-expired",
        State::Invalidated => "receipt-state-invalidated",
        State::LapsedUnused => "receipt-state-lapsed",
        State::Superseded => "receipt-state-superseded",
    }
}

const fn act_key(act: Act) -> &'static str {
    match act {
        Act::Ask => "receipt-act-ask",
        Act::Defer => "receipt-act-defer",
        Act::Refuse => "receipt-act-refuse",
        Act::TimeOut => "receipt-act-time-out",
        Act::GiveHalf => "receipt-act-give-half",
        Act::Give => "receipt-act-give",
        Act::Pause => "receipt-act-pause",
        Act::Resume => "receipt-act-resume",
        Act::Withdraw => "receipt-act-withdraw",
        Act::Revoke => "receipt-act-revoke",
        Act::Expire => "receipt-act-expire",
        Act::Invalidate => "receipt-act-invalidate",
        Act::Lapse => "receipt-act-lapse",
        Act::Supersede => "receipt-act-supersede",
        Act::Review => "receipt-act-review",
        Act::Confirm => "receipt-act-confirm",
    }
}
