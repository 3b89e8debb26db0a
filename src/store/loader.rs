//! Readings of one kind that come at the same moment, done as one.
//!
//! The way to the database and back costs more than what is read at its end. Whoever comes while others are being read
//! for is read for next, together with all who came in that time. Nobody waits for a clock: who is alone is read for at
//! once. Out of scope: what is read (`subjects`, `ruled`, `standing`).
//!
//! PostgreSQL keeps the plan of a statement it prepared while its table was empty, and for `= ANY($1)` reads the table
//! whole until that is analysed: so each key is looked up by itself (`CROSS JOIN LATERAL (… LIMIT 1)`).

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::Error;

/// How often the others may have their turn before somebody is read for: no stream of them keeps her waiting.
const TURNS: usize = 8;

/// Where readings of one kind wait for each other; known elsewhere as a data loader.
#[derive(Clone, Debug, Default)]
pub(super) struct Loader<K, V>(Arc<Mutex<Queue<K, V>>>);

#[derive(Debug, Default)]
struct Queue<K, V> {
    asking: Asking<K, V>,
    /// Whether somebody reads, and will look for those who come meanwhile.
    led: bool,
}

/// Who waits for what stands under which key.
type Asking<K, V> = HashMap<K, Vec<oneshot::Sender<Answer<V>>>>;
type Answer<V> = Result<V, Arc<Error>>;

impl<K, V> Loader<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Default + Send + 'static,
{
    /// What stands under a key, read after this was called; the default where there is nothing. `all` reads for many
    /// keys, each once, and is the same for all who load here: only that of whoever leads is called.
    ///
    /// # Errors
    /// [`Error::Load`] when the one reading for many failed.
    pub(super) async fn load<F, R>(&self, key: K, all: F) -> Result<V, Error>
    where
        F: Fn(Vec<K>) -> R + Send + 'static,
        R: Future<Output = Result<HashMap<K, V>, Error>> + Send,
    {
        let (answer, answered) = oneshot::channel();
        if let Some(mut lead) = self.join(key, answer) {
            // A task of its own: the others are answered although the first of them goes away.
            tokio::spawn(async move {
                loop {
                    lead.wait().await;
                    let Some(asking) = lead.next() else { break };
                    let found = all(asking.keys().copied().collect()).await;
                    tell(asking, found);
                }
            });
        }
        // Unanswered when the runtime of whoever leads is shut down.
        let answer = answered.await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        answer.map_err(Error::Load)
    }

    /// Lines up; whoever finds nobody leading leads.
    fn join(&self, key: K, answer: oneshot::Sender<Answer<V>>) -> Option<Lead<K, V>> {
        let mut queue = lock(&self.0);
        queue.asking.entry(key).or_default().push(answer);
        let led = mem::replace(&mut queue.led, true);
        (!led).then(|| Lead(Some(Arc::clone(&self.0))))
    }
}

fn tell<K: Eq + Hash, V: Clone + Default>(asking: Asking<K, V>, found: Result<HashMap<K, V>, Error>) {
    let mut found = found.map_err(Arc::new);
    for (key, mut waiting) in asking {
        let answer = match &mut found {
            Ok(found) => Ok(found.remove(&key).unwrap_or_default()),
            Err(error) => Err(Arc::clone(error)),
        };
        // Whoever went away meanwhile is not told.
        let last = waiting.pop();
        for one in waiting {
            drop(one.send(answer.clone()));
        }
        drop(last.map(|last| last.send(answer)));
    }
}

fn lock<K, V>(queue: &Mutex<Queue<K, V>>) -> MutexGuard<'_, Queue<K, V>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The duty to read as long as somebody asks. Let fall before that, it sends away who waits, and the next to come leads.
struct Lead<K, V>(Option<Arc<Mutex<Queue<K, V>>>>);

impl<K, V> Lead<K, V> {
    /// Lets come along who are ready to run, as long as somebody does.
    async fn wait(&self) {
        let mut came = 0;
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
            let now = self.0.as_ref().map_or(0, |queue| lock(queue).asking.len());
            if mem::replace(&mut came, now) == now {
                break;
            }
        }
    }

    /// All who have come; when there is nobody, the lead is over.
    fn next(&mut self) -> Option<Asking<K, V>> {
        let queue = self.0.take()?;
        let asking = {
            let mut queue = lock(&queue);
            queue.led = !queue.asking.is_empty();
            mem::take(&mut queue.asking)
        };
        if asking.is_empty() {
            return None;
        }
        self.0 = Some(queue);
        Some(asking)
    }
}

impl<K, V> Drop for Lead<K, V> {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            let mut queue = lock(&queue);
            queue.led = false;
            queue.asking.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::ready,
        sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    };

    use futures_util::{FutureExt as _, future::join_all};
    use tokio::runtime::Builder;

    use super::*;

    /// Twice each key; nothing stands under 0.
    fn doubled(keys: &[u32]) -> HashMap<u32, u32> {
        keys.iter().filter(|key| **key != 0).map(|key| (*key, key * 2)).collect()
    }

    #[tokio::test]
    async fn those_of_one_moment_are_read_for_at_once_and_each_gets_her_own() {
        let (loader, readings) = (Loader::default(), Arc::new(AtomicUsize::new(0)));
        let answers = join_all((0..64).chain([7, 7]).map(|key| {
            let readings = Arc::clone(&readings);
            loader.load(key, move |keys: Vec<u32>| {
                readings.fetch_add(1, Relaxed);
                assert_eq!(keys.len(), 64, "the same key is read once");
                ready(Ok(doubled(&keys)))
            })
        }));
        let answers: Vec<u32> = answers.await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (0..64).chain([7, 7]).map(|key| key * 2).collect::<Vec<u32>>());
        assert_eq!(readings.load(Relaxed), 1);
    }

    #[tokio::test]
    async fn who_comes_while_others_are_read_for_is_read_for_anew() {
        let loader = Loader::default();
        let changed = Arc::new(AtomicUsize::new(1));
        let (reached, mut reaches) = tokio::sync::mpsc::unbounded_channel();
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let ask = || {
            let (changed, reached, gate) = (Arc::clone(&changed), reached.clone(), Arc::clone(&gate));
            loader.load(1, move |keys: Vec<u32>| {
                let found = u32::try_from(changed.load(Relaxed)).unwrap();
                reached.send(()).unwrap();
                let gate = Arc::clone(&gate);
                async move {
                    gate.acquire().await.unwrap().forget();
                    Ok(keys.into_iter().map(|key| (key, found)).collect())
                }
            })
        };
        let mut first = Box::pin(ask());
        assert!(first.as_mut().now_or_never().is_none());
        reaches.recv().await.unwrap();
        changed.store(2, Relaxed);
        let mut second = Box::pin(ask());
        assert!(second.as_mut().now_or_never().is_none());
        for _ in 0..=TURNS {
            tokio::task::yield_now().await;
        }
        assert!(reaches.try_recv().is_err(), "one reading at a time");
        gate.add_permits(2);
        assert_eq!(
            (first.await.unwrap(), second.await.unwrap()),
            (1, 2),
            "what was read before is not told her"
        );
    }

    #[tokio::test]
    async fn a_reading_that_fails_fails_for_all_and_the_next_goes_well() {
        let loader = Loader::default();
        let well = Arc::new(AtomicBool::new(false));
        let ask = |key| {
            let well = Arc::clone(&well);
            loader.load(key, move |keys: Vec<u32>| {
                ready(if well.load(Relaxed) { Ok(doubled(&keys)) } else { Err(Error::HeadMoved) })
            })
        };
        for answer in join_all((0..9).map(ask)).await {
            assert!(matches!(answer, Err(Error::Load(why)) if matches!(*why, Error::HeadMoved)));
        }
        well.store(true, Relaxed);
        assert_eq!(ask(3).await.unwrap(), 6);
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_the_others_their_answer() {
        let loader = Loader::default();
        let ask = |key| loader.load(key, |keys: Vec<u32>| ready(Ok(doubled(&keys))));
        let (mut first, mut second) = (Box::pin(ask(1)), Box::pin(ask(2)));
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert_eq!(second.await.unwrap(), 4);
    }

    #[test]
    fn nobody_waits_for_a_leader_whose_runtime_is_gone() {
        let loader = Loader::default();
        let ask = |key| loader.load(key, |keys: Vec<u32>| ready(Ok(doubled(&keys))));
        let (gone, stays) =
            (Builder::new_current_thread().build().unwrap(), Builder::new_current_thread().build().unwrap());
        let mut first = Box::pin(ask(1));
        {
            // Leads, and her task has not had its turn.
            let _entered = gone.enter();
            assert!(first.as_mut().now_or_never().is_none());
        }
        let mut second = Box::pin(ask(2));
        assert!(second.as_mut().now_or_never().is_none());
        drop(gone);
        assert!(stays.block_on(second).is_err(), "she is sent away, and does not wait for ever");
        assert_eq!(stays.block_on(ask(3)).unwrap(), 6);
    }
}
