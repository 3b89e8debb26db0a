//! The job that pushes notices (RFC 8935) and never gives up: claimed by row, a few at a time for each receiver, so that
//! one that is slow or gone holds nobody else up.
//!
//! Only 202 acknowledges. A 400 with an `err` is about one event; everything else (silence, 200, 500, a redirect) says
//! that the receiver is not well, and it is left alone for a while and then asked with a single event.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use tokio::{sync::Semaphore, task::JoinSet};
use uuid::Uuid;

use super::{
    Error,
    backoff::{self, LONGEST, LONGEST_HOLD},
    steps::{self, Opened},
    streams::Settings,
};
use crate::{
    engines::Engines,
    outbound::push::{Answer, Push},
    secret::Secret,
    store::notices::{Notice, Stream},
    time::Millis,
};

/// Events under way to one receiver.
const PER_RECEIVER: usize = 8;
/// Receivers that are served at once.
const RECEIVERS: usize = 16;
/// Events claimed in one statement.
const BATCH: i64 = 64;
/// How long pushes of a batch are begun. What is not begun by then is given back.
const BEGUN_WITHIN: Duration = Duration::from_secs(15);
/// How long a claim lasts: [`BEGUN_WITHIN`], the longest exchange (10 s), and time to write it down. What a node that
/// died had claimed waits as long.
const CLAIM: Duration = Duration::from_secs(30);

/// What one push came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Acknowledged.
    Taken,
    /// The receiver will not have this event.
    Rejected,
    /// The receiver is not well.
    Unwell,
}

/// A receiver that is left alone.
#[derive(Clone, Copy, Debug)]
struct Hold {
    failures: u32,
    until: Millis,
}

/// The courier of this process; cheap to clone.
#[derive(Clone)]
pub struct Courier(Arc<Inner>);

struct Inner {
    engines: Engines,
    push: Push,
    holds: Mutex<HashMap<Uuid, Hold>>,
    slots: Semaphore,
}

impl Courier {
    /// A courier that pushes with `push`.
    #[must_use]
    pub fn new(engines: Engines, push: Push) -> Self {
        let (holds, slots) = (Mutex::new(HashMap::new()), Semaphore::new(RECEIVERS));
        Self(Arc::new(Inner { engines, push, holds, slots }))
    }

    /// Looks for due notices every `every`, for ever. Whoever is being served is not served twice.
    pub async fn run(self, every: Duration) {
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Dropped with this future, and everything under way with it: claims end by themselves.
        let mut serving: JoinSet<Uuid> = JoinSet::new();
        let mut busy: HashSet<Uuid> = HashSet::new();
        loop {
            tokio::select! {
                Some(done) = serving.join_next() => match done {
                    Ok(client) => { busy.remove(&client); }
                    // Whose it was is not known: nobody is served any more, so nobody is busy once all have ended.
                    Err(_) => if serving.is_empty() { busy.clear(); },
                },
                _ = tick.tick() => match self.due().await {
                    Ok(streams) => for stream in streams {
                        if busy.insert(stream.client) {
                            let courier = self.clone();
                            serving.spawn(async move {
                                let client = stream.client;
                                courier.serve(&stream).await;
                                client
                            });
                        }
                    },
                    Err(error) => tracing::warn!(%error, "notices.deliver cannot look; it looks again"),
                },
            }
        }
    }

    /// Streams with something due whose receivers are not left alone.
    async fn due(&self) -> Result<Vec<Stream>, Error> {
        let now = self.0.engines.now();
        let mut streams = self.0.engines.store.due_streams(now).await?;
        let holds = self.0.holds.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|stream| holds.get(&stream.client).is_none_or(|hold| hold.until <= now));
        Ok(streams)
    }

    /// One look at every stream, served one after another.
    #[cfg(test)]
    pub(crate) async fn turn(&self) {
        for stream in self.due().await.unwrap() {
            self.serve(&stream).await;
        }
    }

    /// Serves one receiver until nothing is due, it turns out not to be well, or its stream is paused or moved.
    async fn serve(&self, stream: &Stream) {
        loop {
            let Ok(_slot) = self.0.slots.acquire().await else { return };
            match self.batch(stream).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "notices.deliver failed; claims end by themselves");
                    return;
                }
            }
            // A long queue outlives what its receiver wanted when it began: the next look finds the stream as it is.
            match self.0.engines.store.stream(stream.client).await {
                Ok(Some(now)) if now == *stream => {}
                _ => return,
            }
        }
    }

    /// One batch; `true` when there may be more to do.
    async fn batch(&self, stream: &Stream) -> Result<bool, Error> {
        let Inner { engines, .. } = self.0.as_ref();
        let settings = Settings::open(&engines.vault, stream)?;
        let Some(endpoint) = &stream.endpoint else { return Ok(false) };
        let failures = self.failures(stream.client);
        let now = engines.now();
        let claim = now + CLAIM;
        let limit = if failures == 0 { BATCH } else { 1 };
        let claimed = engines.store.claim_notices(stream.client, now, claim, limit).await?;
        if claimed.is_empty() {
            return Ok(false);
        }
        let hold = now + backoff::wait(failures, LONGEST_HOLD, engines.random.as_ref());
        let (unwell, late) = (AtomicBool::new(false), AtomicBool::new(false));
        let pushes = claimed.into_iter().map(|notice| {
            let (settings, unwell, late) = (&settings, &unwell, &late);
            async move {
                if unwell.load(Ordering::Relaxed) {
                    return;
                }
                if engines.now() >= now + BEGUN_WITHIN {
                    late.store(true, Ordering::Relaxed);
                    return;
                }
                match self.push(endpoint, settings.authorization_header.as_ref(), notice, hold).await {
                    Ok(Verdict::Unwell) => unwell.store(true, Ordering::Relaxed),
                    Ok(Verdict::Taken | Verdict::Rejected) => {}
                    Err(error) => {
                        tracing::warn!(%error, "notices.deliver failed for one notice; its claim ends");
                    }
                }
            }
        });
        stream::iter(pushes).buffer_unordered(PER_RECEIVER).collect::<()>().await;
        if unwell.into_inner() {
            self.leave_alone(stream.client, Hold { failures: failures.saturating_add(1), until: hold });
            engines.store.give_notices_back(stream.client, claim, hold).await?;
            return Ok(false);
        }
        self.0.holds.lock().unwrap_or_else(PoisonError::into_inner).remove(&stream.client);
        if late.into_inner() {
            engines.store.give_notices_back(stream.client, claim, now).await?;
        }
        Ok(true)
    }

    async fn push(
        &self,
        endpoint: &str,
        authorization: Option<&Secret<String>>,
        notice: Notice,
        hold: Millis,
    ) -> Result<Verdict, Error> {
        let Inner { engines, push, .. } = self.0.as_ref();
        let opened = Opened::open(engines, notice).await?;
        let set = opened.sign(engines)?;
        let answer = push.deliver(endpoint, authorization, set).await;
        let (verdict, fault) = judge(answer.as_ref().ok());
        // Only these two are a receiver's word on this event (RFC 8935 §2.2, §2.3): the person is told no more than that.
        if verdict != Verdict::Unwell {
            steps::run(engines, opened.handed_over(engines, verdict == Verdict::Taken)).await?;
        }
        let id = opened.notice.id;
        match verdict {
            Verdict::Taken if opened.subject.is_none() => {
                engines.store.acknowledge_verification(id, engines.now()).await?;
            }
            Verdict::Taken => {}
            Verdict::Rejected => {
                let failures = u32::try_from(opened.notice.attempts).unwrap_or(u32::MAX);
                let wait = backoff::wait(failures, LONGEST, engines.random.as_ref());
                engines.store.notice_failed(id, engines.now() + wait, &fault).await?;
            }
            Verdict::Unwell => engines.store.notice_failed(id, hold, &fault).await?,
        }
        Ok(verdict)
    }

    fn failures(&self, client: Uuid) -> u32 {
        let holds = self.0.holds.lock().unwrap_or_else(PoisonError::into_inner);
        holds.get(&client).map_or(0, |hold| hold.failures)
    }

    fn leave_alone(&self, client: Uuid, hold: Hold) {
        self.0.holds.lock().unwrap_or_else(PoisonError::into_inner).insert(client, hold);
    }
}

/// What an answer means, and the stable code of its fault. INVARIANT: nothing but 202 acknowledges (RFC 8935 §2.2).
fn judge(answer: Option<&Answer>) -> (Verdict, String) {
    match answer {
        Some(Answer { status: 202, .. }) => (Verdict::Taken, String::new()),
        Some(Answer { status: 400, err: Some(err) }) => (Verdict::Rejected, format!("err_{err}")),
        Some(Answer { status, .. }) => (Verdict::Unwell, format!("status_{status}")),
        None => (Verdict::Unwell, "no_answer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_202_acknowledges() {
        for status in 100..600 {
            for err in [None, Some("invalid_key")] {
                let (verdict, fault) = judge(Some(&Answer { status, err }));
                assert_eq!(verdict == Verdict::Taken, status == 202, "{status}");
                assert_eq!(verdict == Verdict::Rejected, status == 400 && err.is_some(), "{status}");
                assert_eq!(fault.is_empty(), status == 202);
            }
        }
        assert_eq!(judge(None), (Verdict::Unwell, "no_answer".to_owned()));
    }
}
