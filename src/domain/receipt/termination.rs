//! *Biên nhận kết thúc*: after a consent is over, who was told, who stopped and erased, and by when the law wanted it
//! (Decree 356/2025/ND-CP, Article 5(2)).

use serde::{Deserialize, Serialize};

use super::{
    check::SKEW_MS,
    form::{instant, moment},
};
use crate::{domain::consent::Act, time::Millis};

/// How a consent ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Termination {
    /// When it ended: nothing was released from then on.
    #[serde(with = "instant")]
    pub ended_at: Millis,
    /// By what: the word of the act.
    pub ended_by: String,
    /// Who was told; nobody, where nobody had read anything.
    pub told: Vec<Told>,
    /// When everything that was owed had been done; absent while something is.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub closed_at: Option<Millis>,
}

impl Termination {
    /// The act that ended it, if that is one that ends.
    #[must_use]
    pub fn act(&self) -> Option<Act> {
        Act::parse(&self.ended_by)
    }
}

/// What a recipient of data was told, and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The recipient's `client_id`.
    pub client_id: String,
    /// What it was told: the event type's last part, e.g. `consent-withdrawn`.
    pub event: String,
    /// From when its time counts.
    #[serde(with = "instant")]
    pub told_at: Millis,
    /// When the message first left.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub sent_at: Option<Millis>,
    /// When it acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub acknowledged_at: Option<Millis>,
    /// The first instant that is too late to stop, any extension included.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub stop_by: Option<Millis>,
    /// Whether that was put off.
    #[serde(default)]
    pub extended: bool,
    /// When it said it had stopped.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub stopped_at: Option<Millis>,
    /// When it attested that it had erased what it read.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub erased_at: Option<Millis>,
}

impl Told {
    /// Whether its instants are in an order that can have been: told, sent, acknowledged; stopping and erasing after
    /// being told. Each may come from another node, whose clock is a little behind.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        let after = |from: Option<Millis>, to: Option<Millis>| match (from, to) {
            (Some(from), Some(to)) => from.since(to) <= SKEW_MS,
            (_, None) => true,
            (None, Some(_)) => false,
        };
        let told = Some(self.told_at);
        after(told, self.sent_at)
            && after(self.sent_at, self.acknowledged_at)
            && [self.stop_by, self.stopped_at, self.erased_at].into_iter().all(|at| after(told, at))
    }
}
