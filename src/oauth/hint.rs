//! The code by which a person lets one agency ask her (the `login_hint_token` of CIBA Core 1.0 §7.1): twelve characters
//! that can be read aloud at a counter or over the telephone.
//!
//! Sixty random bits, ten minutes, one agency, once; a new one takes the place of the one before. It is kept as a keyed
//! digest with its agency, so that no other agency and no reader of the database can try codes, and a guess comes with
//! client authentication and counts against the client. Unknown, over, used and another agency's are one answer. Out of
//! scope: that she made it while signed in (`http::portal::hint`), and asking with it ([`super::backchannel`]).

use std::time::Duration;

use uuid::Uuid;

use super::Error;
use crate::{
    crypto::Digest,
    domain::{record::hex, subject::Subject},
    engines::Engines,
    jose,
    time::Millis,
};

/// How long a code lives.
const LIFETIME: Duration = Duration::from_mins(10);
/// Crockford's base 32: nothing in it is easily taken for something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code, five bits each.
const LENGTH: u32 = 12;
/// Characters that are read in one breath.
const GROUP: u32 = 4;
/// The longest text that is looked at.
const LONGEST: usize = 64;

/// A code, for her eyes only.
pub struct HintCode {
    /// `7KQ2-M8XN-40TC`.
    pub code: String,
    /// The first instant it is over.
    pub until: Millis,
}

/// Makes the code with which this agency can ask this person; the one she made before for it is over.
///
/// # Errors
/// When it cannot be kept.
pub async fn hint_code(engines: &Engines, subject: &Subject, agency: &str) -> Result<HintCode, Error> {
    let code = written(u64::from_be_bytes(engines.random.bytes()));
    let until = engines.now() + LIFETIME;
    let (owner, id) =
        (engines.vault.lookup(&[b"hint-owner", agency.as_bytes(), subject.id().as_bytes()]), subject.id());
    engines.store.put_hint_code(&owner, &digest(engines, agency, &plain(&code)), id, until).await?;
    Ok(HintCode { code, until })
}

/// Whom a code means that this agency brings, and what to remember so that it counts once; `None` for every code that
/// does not serve it, whatever the reason.
///
/// # Errors
/// When the database fails.
pub(super) async fn invited(
    engines: &Engines,
    agency: &str,
    said: &str,
) -> Result<Option<(Subject, (Uuid, Millis))>, Error> {
    let code = plain(said);
    if !is_code(&code) {
        return Ok(None);
    }
    let digest = digest(engines, agency, &code);
    let Some((subject, expires)) = engines.store.hint_code(&digest, engines.now()).await? else {
        return Ok(None);
    };
    let subject = engines.vault.subject(subject).await?.ok_or(Error::Inconsistent("subject"))?;
    let once = jose::replay_id("hint_code", agency, &hex(&digest), expires);
    Ok(Some((subject, (once, expires))))
}

fn digest(engines: &Engines, agency: &str, code: &str) -> Digest {
    engines.vault.lookup(&[b"hint-code", agency.as_bytes(), code.as_bytes()])
}

/// The lower sixty bits in groups.
fn written(bits: u64) -> String {
    let mut code = String::new();
    for place in (0..LENGTH).rev() {
        let symbol = usize::try_from((bits >> (5 * place)) & 31).ok().and_then(|five| ALPHABET.get(five));
        code.extend(symbol.copied().map(char::from));
        if place > 0 && place % GROUP == 0 {
            code.push('-');
        }
    }
    code
}

/// A code as somebody wrote it down: without the groups, in capitals, and with the digits that letters were taken for.
fn plain(said: &str) -> String {
    let symbols = said.chars().take(LONGEST).filter(|c| !matches!(c, ' ' | '-'));
    let read = symbols.map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    read.collect()
}

fn is_code(plain: &str) -> bool {
    plain.len() == LENGTH as usize && plain.bytes().all(|byte| ALPHABET.contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_sixty_bits_in_three_groups_of_four() {
        assert_eq!(written(0), "0000-0000-0000");
        assert_eq!(written(u64::MAX), "ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(written((1 << 59) | 0x11), "G000-0000-000H");
        assert_eq!(ALPHABET.iter().collect::<std::collections::BTreeSet<_>>().len(), 32);
        const { assert!(LENGTH * 5 >= 60) };
    }

    #[test]
    fn what_was_heard_or_written_down_otherwise_is_the_same_code() {
        let code = plain("7KQ2-M8XN-40T1");
        assert!(is_code(&code));
        for said in ["7kq2m8xn40t1", "7KQ2 M8XN 4OTI", " 7kq2-m8xn-4otl "] {
            assert_eq!(plain(said), code, "{said}");
        }
        for none in ["", "7KQ2-M8XN-40T", "7KQ2-M8XN-40T1-0", "7KQ2-M8XN-40TU", "a.b.c", "７KQ2-M8XN-40T1"] {
            assert!(!is_code(&plain(none)), "{none}");
        }
    }

    proptest! {
        #[test]
        fn every_code_reads_back_and_no_two_are_alike(one: u64, two: u64) {
            prop_assert!(is_code(&plain(&written(one))));
            let same = one << 4 == two << 4;
            prop_assert_eq!(written(one) == written(two), same);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,120}") {
            let _ = is_code(&plain(&text));
        }
    }
}
