//! A stronger sign-in than the one at hand: asked for by `acr_values`, `prompt=login` and `max_age` (OpenID Connect Core
//! §3.1.2.1, RFC 9470 §4), and held to when the answer comes.
//!
//! `acr_values` is a wish and `prompt` may be ignored, so nothing of it is believed: [`StepUp::check`] compares what the
//! ID token says. An answer that falls short is refused, and the session from before stays as it was. Out of scope: who
//! demands how much (`consent`), and the pages around it (`http`).

use serde::{Deserialize, Serialize};

use super::{config::IssuerConfig, error::LoginError, jws};
use crate::time::Millis;

/// What a sign-in under way has to prove beyond who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    /// The lowest level of assurance that is enough, 1 to 4.
    assurance: u8,
    /// When it was demanded: who proved herself before did so for something else.
    since: Millis,
}

impl StepUp {
    /// A demand made now.
    pub(super) const fn new(assurance: u8, since: Millis) -> Self {
        Self { assurance, since }
    }

    /// The `acr` values of an issuer that are enough: those it is usually asked for first, then the weakest that will
    /// do.
    ///
    /// # Errors
    /// [`LoginError::AssuranceTooLow`] when the issuer has none: nobody is sent there in vain.
    pub(super) fn acr_values(self, config: &IssuerConfig) -> Result<Vec<&str>, LoginError> {
        let mut enough: Vec<(&str, u8)> =
            config.acr.iter().map(|(acr, level)| (acr.as_str(), *level)).collect();
        enough.retain(|(_, level)| *level >= self.assurance);
        let preference = |acr: &str| config.acr_values.iter().position(|wished| wished == acr);
        enough.sort_by_key(|(acr, level)| (preference(acr).unwrap_or(usize::MAX), *level));
        if enough.is_empty() {
            return Err(LoginError::AssuranceTooLow);
        }
        Ok(enough.into_iter().map(|(acr, _)| acr).collect())
    }

    /// Whether what the ID token says is what was demanded.
    ///
    /// # Errors
    /// [`LoginError::AssuranceTooLow`] for a weaker sign-in, [`LoginError::AuthenticationTooOld`] for one from before the
    /// demand, one still to come, or one that does not say when it was.
    pub(super) fn check(
        self,
        assurance: u8,
        auth_time: Option<Millis>,
        now: Millis,
    ) -> Result<(), LoginError> {
        let at = auth_time.ok_or(LoginError::AuthenticationTooOld)?.seconds();
        let earliest = self.since.seconds().saturating_sub(jws::CLOCK_SKEW_SECONDS);
        let latest = now.seconds().saturating_add(jws::CLOCK_SKEW_SECONDS);
        if !(earliest..=latest).contains(&at) {
            return Err(LoginError::AuthenticationTooOld);
        }
        if assurance < self.assurance { Err(LoginError::AssuranceTooLow) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(acr_values: &str) -> IssuerConfig {
        let toml = format!(
            "issuer = \"https://id.example\"\nclient_id = \"minhbach\"\nrole = \"citizen\"\nacr_values = {acr_values}\n\
             display_name = {{ vi = \"Thử\", en = \"Test\" }}\nacr = {{ low = 1, chip = 4, app = 3, sms = 2 }}\n\
             authentication = {{ client_secret_basic = {{ client_secret = \"x\" }} }}"
        );
        toml::from_str(&toml).unwrap()
    }

    #[test]
    fn the_values_that_are_enough_are_asked_for_the_usual_ones_first() {
        let of = |acr_values: &str, assurance| {
            let config = config(acr_values);
            let values = StepUp::new(assurance, Millis(0)).acr_values(&config);
            values.map(|values| values.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(of("[]", 2).unwrap(), ["sms", "app", "chip"]);
        assert_eq!(of("[\"chip\", \"low\"]", 3).unwrap(), ["chip", "app"]);
        assert_eq!(of("[]", 4).unwrap(), ["chip"]);
        let mut none = config("[]");
        none.acr.remove("chip");
        let refused = StepUp::new(4, Millis(0)).acr_values(&none).unwrap_err();
        assert_eq!(refused, LoginError::AssuranceTooLow);
    }

    #[test]
    fn an_answer_must_be_strong_and_new() {
        let since = Millis::from_seconds(1000);
        let check = |assurance, at: Option<i64>| {
            StepUp::new(3, since).check(assurance, at.map(Millis::from_seconds), Millis::from_seconds(1100))
        };
        let oldest = 1000 - jws::CLOCK_SKEW_SECONDS;
        let newest = 1100 + jws::CLOCK_SKEW_SECONDS;
        assert_eq!((check(3, Some(newest)), check(4, Some(oldest))), (Ok(()), Ok(())));
        assert_eq!(check(2, Some(1000)), Err(LoginError::AssuranceTooLow));
        assert_eq!(check(3, Some(oldest - 1)), Err(LoginError::AuthenticationTooOld));
        assert_eq!(check(3, Some(newest + 1)), Err(LoginError::AuthenticationTooOld));
        assert_eq!(check(3, None), Err(LoginError::AuthenticationTooOld));
    }
}
