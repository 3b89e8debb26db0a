//! `application/x-www-form-urlencoded` bodies, read strictly.
//!
//! RFC 6749 §3.1 and §3.2: a parameter MUST NOT come twice, one without a value counts as omitted, unknown ones are
//! ignored by whoever asks for the known ones.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::json::shown;

/// The longest body that is read, in bytes (DESIGN.md: 64 KiB).
pub const MAX_FORM: usize = 64 * 1024;

/// More parameters than this are refused.
const MAX_PARAMETERS: usize = 64;

/// The parameters of a form, each name once. Values may be credentials or national ids: `Debug` shows names only where
/// they look like names, memory is wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Form(Vec<(String, String)>);

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| shown(name, "other"))).finish()
    }
}

/// Why a form was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// More than [`MAX_FORM`] bytes.
    #[error("the form is longer than {MAX_FORM} bytes")]
    TooLarge,
    /// More than 64 parameters.
    #[error("the form has more than {MAX_PARAMETERS} parameters")]
    TooMany,
    /// A name twice; in backticks, or "a parameter" if it is not fit to be shown.
    #[error("{0} is given more than once")]
    Duplicate(String),
    /// A broken `%` escape, a byte that needs one, or text that is not UTF-8.
    #[error("the form is not properly percent-encoded UTF-8")]
    Encoding,
    /// A value without a name.
    #[error("the form has a parameter without a name")]
    Nameless,
}

impl Form {
    /// Reads a body.
    ///
    /// # Errors
    /// See [`FormError`].
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        if body.len() > MAX_FORM {
            return Err(FormError::TooLarge);
        }
        let mut form = Self(Vec::new());
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if name.is_empty() {
                return Err(FormError::Nameless);
            }
            if form.0.iter().any(|(known, _)| *known == name) {
                return Err(FormError::Duplicate(shown(&name, "a parameter")));
            }
            if form.0.len() >= MAX_PARAMETERS {
                return Err(FormError::TooMany);
            }
            form.0.push((name, value));
        }
        Ok(form)
    }

    /// The value of a parameter; `None` when it is absent or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }
}

fn decode(text: &[u8]) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    let digit = |rest: &mut std::slice::Iter<'_, u8>| {
        rest.next()
            .and_then(|byte| char::from(*byte).to_digit(16))
            .and_then(|value| u8::try_from(value).ok())
            .ok_or(FormError::Encoding)
    };
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let high = digit(&mut rest)?;
                bytes.push(high << 4 | digit(&mut rest)?);
            }
            // What a form writer leaves bare is visible ASCII; anything else was never encoded.
            0x21..=0x7E => bytes.push(*byte),
            _ => return Err(FormError::Encoding),
        }
    }
    String::from_utf8(bytes).map_err(|_| FormError::Encoding)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_form_gives_its_parameters() {
        let form = Form::parse(b"grant_type=client_credentials&&scope=&x=a%2Bb+c%C3%A9&y").unwrap();
        assert_eq!(form.get("grant_type"), Some("client_credentials"));
        assert_eq!(form.get("x"), Some("a+b cé"));
        assert_eq!((form.get("scope"), form.get("y"), form.get("z")), (None, None, None));
        assert_eq!(Form::parse(b""), Ok(Form(vec![])));
    }

    #[test]
    fn a_parameter_twice_is_refused_and_named() {
        let twice = |body: &[u8]| Form::parse(body).unwrap_err();
        assert_eq!(twice(b"resource=a&x=1&resource=a"), FormError::Duplicate("`resource`".to_owned()));
        // Neither an escape nor an empty value hides a repetition.
        assert_eq!(twice(b"scope=a&sc%6Fpe="), FormError::Duplicate("`scope`".to_owned()));
        assert_eq!(twice(b"999000000015=&999000000015="), FormError::Duplicate("a parameter".to_owned()));
    }

    #[test]
    fn bad_escapes_and_bad_text_are_refused() {
        for body in
            [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%+1", b"a=%ff", b"a=\xc3\xa9", b"a=b c", b"a=\n", b"a=%C3"]
        {
            assert_eq!(Form::parse(body), Err(FormError::Encoding), "{body:?}");
        }
        assert_eq!(Form::parse(b"=a"), Err(FormError::Nameless));
    }

    #[test]
    fn size_and_number_have_limits_and_values_stay_hidden() {
        assert_eq!(Form::parse(&vec![b'a'; MAX_FORM + 1]), Err(FormError::TooLarge));
        let many: Vec<String> = (0..65).map(|i| format!("p{i}=1")).collect();
        assert_eq!(Form::parse(many.join("&").as_bytes()), Err(FormError::TooMany));
        let form = Form::parse(b"client_assertion=hidden").unwrap();
        assert!(!format!("{form:?}").contains("hidden"));
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Form::parse(&body);
        }

        #[test]
        fn what_a_form_writer_writes_is_read_back(pairs in prop::collection::btree_map("[a-z]{1,8}", ".{1,20}", 0..6)) {
            let body = serde_urlencoded::to_string(&pairs).unwrap();
            let form = Form::parse(body.as_bytes()).unwrap();
            for (name, value) in &pairs {
                prop_assert_eq!(form.get(name), Some(value.as_str()));
            }
        }
    }
}
