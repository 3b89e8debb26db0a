//! Proof Key for Code Exchange (RFC 7636) with the one method S256.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::crypto;

/// The one `code_challenge_method` (FAPI 2.0 §5.3.2.2 item 5).
pub const METHOD: &str = "S256";

/// Whether a text can be a `code_verifier`: 43 to 128 unreserved characters (§4.1).
#[must_use]
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Whether a text can be a challenge by [`METHOD`], or a thumbprint (RFC 7638): 43 characters of base64url, which is
/// what 32 bytes take. §4.2 allows longer ones; no verifier could ever meet them.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// The challenge of a verifier (§4.2).
#[must_use]
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(crypto::sha256(verifier.as_bytes()))
}

/// Whether a verifier meets a challenge (§4.6), in time that does not depend on where they differ.
#[must_use]
pub fn meets(verifier: &str, challenge: &str) -> bool {
    is_verifier(verifier) && crypto::equal(self::challenge(verifier).as_bytes(), challenge.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7636, Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_verifier_of_the_rfc_meets_its_challenge_and_no_other_does() {
        assert_eq!(challenge(VERIFIER), CHALLENGE);
        assert!(meets(VERIFIER, CHALLENGE));
        // "plain": the verifier itself as its challenge.
        assert!(!meets(VERIFIER, VERIFIER) && !meets(CHALLENGE, CHALLENGE));
        assert!(!meets(&VERIFIER.replace('d', "e"), CHALLENGE));
        assert!(!meets("", "") && !meets("", &challenge("")));
        assert!(!meets("short", &challenge("short")));
    }

    #[test]
    fn lengths_and_characters_are_those_of_the_rfc() {
        assert!(is_verifier(&"a".repeat(43)) && is_verifier(&"~".repeat(128)));
        for text in ["a".repeat(42), "a".repeat(129), format!("{}+", "a".repeat(43)), "é".repeat(30)] {
            assert!(!is_verifier(&text), "{text}");
        }
        assert!(is_sha256(CHALLENGE));
        for text in [CHALLENGE.replace('E', "+"), format!("{CHALLENGE}="), "A".repeat(44), String::new()] {
            assert!(!is_sha256(&text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_two_texts_make_the_check_panic(verifier in ".{0,140}", challenge in ".{0,60}") {
            prop_assert!(!meets(&verifier, &challenge));
        }
    }
}
