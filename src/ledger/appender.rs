//! The front of the append path: callers' commands are gathered greedily and run as one transaction.
//!
//! No timer: while one batch is being written the next one fills up. Three yields before a batch is taken let callers
//! that were just answered come back, which doubles the batch without a wait (append.md §2, "half-cohort trap").

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::store::{
    Store,
    append::{self, Command, Outcome},
};

/// Commands in one transaction at most.
const BATCH: usize = 256;
/// Commands that may wait; past it callers are refused rather than piled up.
const QUEUE: usize = 4096;

/// Why a command has no outcome.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The ledger cannot be written: nothing was done, or nobody can say so; nothing may be released.
    #[error("the ledger cannot be written")]
    Unavailable(#[source] Option<Arc<crate::store::Error>>),
    /// More commands are waiting than can be written in reasonable time.
    #[error("too many commands are waiting for the ledger")]
    Overloaded,
}

struct Job {
    command: Command,
    answer: oneshot::Sender<Result<Outcome, AppendError>>,
}

/// A handle on the append path; cheap to clone.
#[derive(Clone)]
pub struct Appender {
    queue: mpsc::Sender<Job>,
}

/// What the writer tells about each batch, for metrics.
pub type OnBatch = Arc<dyn Fn(usize, std::time::Duration) + Send + Sync>;

impl Appender {
    /// Starts the writer of this process. It ends when the last handle is dropped.
    #[must_use]
    pub fn start(store: Store, on_batch: OnBatch) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(write(store, jobs, on_batch));
        Self { queue }
    }

    /// Runs a command; the answer comes after the commit.
    ///
    /// # Errors
    /// [`AppendError`] when there is no outcome; the caller must not release anything.
    pub async fn run(&self, command: Command) -> Result<Outcome, AppendError> {
        self.submit(command)?.await.unwrap_or(Err(AppendError::Unavailable(None)))
    }

    /// Runs several commands, in one batch when they fit; outcomes in their order.
    ///
    /// # Errors
    /// [`AppendError`] when one of them has no outcome.
    pub async fn run_all(&self, commands: Vec<Command>) -> Result<Vec<Outcome>, AppendError> {
        let waiting: Vec<_> = commands.into_iter().map(|c| self.submit(c)).collect::<Result<_, _>>()?;
        let mut out = Vec::with_capacity(waiting.len());
        for answer in waiting {
            out.push(answer.await.unwrap_or(Err(AppendError::Unavailable(None)))?);
        }
        Ok(out)
    }

    fn submit(
        &self,
        command: Command,
    ) -> Result<oneshot::Receiver<Result<Outcome, AppendError>>, AppendError> {
        let (answer, outcome) = oneshot::channel();
        match self.queue.try_send(Job { command, answer }) {
            Ok(()) => Ok(outcome),
            Err(mpsc::error::TrySendError::Full(_)) => Err(AppendError::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(AppendError::Unavailable(None)),
        }
    }
}

async fn write(store: Store, mut jobs: mpsc::Receiver<Job>, on_batch: OnBatch) {
    let mut commands = Vec::with_capacity(BATCH);
    let mut answers = Vec::with_capacity(BATCH);
    while let Some(job) = jobs.recv().await {
        take(job, &mut commands, &mut answers);
        for _ in 0..3 {
            while commands.len() < BATCH {
                let Ok(job) = jobs.try_recv() else { break };
                take(job, &mut commands, &mut answers);
            }
            tokio::task::yield_now().await;
        }
        let begun = tokio::time::Instant::now();
        let result = append::run(&store, &commands).await;
        on_batch(commands.len(), begun.elapsed());
        commands.clear();
        match result {
            Ok(outcomes) => {
                for (answer, outcome) in answers.drain(..).zip(outcomes) {
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "ledger.append failed");
                let error = Arc::new(error);
                for answer in answers.drain(..) {
                    let _ = answer.send(Err(AppendError::Unavailable(Some(Arc::clone(&error)))));
                }
            }
        }
    }
}

fn take(
    job: Job,
    commands: &mut Vec<Command>,
    answers: &mut Vec<oneshot::Sender<Result<Outcome, AppendError>>>,
) {
    commands.push(job.command);
    answers.push(job.answer);
}
