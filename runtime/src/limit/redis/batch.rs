//! Questions that are asked together.
//!
//! A question goes to Redis at once while few are on their way. Those that come meanwhile wait until
//! one of these has come back, and go in one call then: the busier it is, the more in each, and
//! nobody waits for a timer. What a caller has given up before it was sent is never asked.
//!
//! A cluster refuses a call with keys of several places. From then on each tenant's questions go in a
//! call of their own, all at once over the one connection.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::future::join_all;
use tokio::{runtime::Handle, sync::oneshot, time::timeout};

use super::{
    question::{Answer, answers},
    script::Script,
};
use crate::redis::{Away, Redis, crosses_slots};

/// Calls on their way at the same time.
const CALLS: usize = 2;
/// The most questions in one call: some 300 microseconds of the server's time.
const TOGETHER: usize = 64;

/// The way to the script.
#[derive(Debug)]
pub(super) struct Batch {
    redis: Redis,
    script: Script,
    queue: Mutex<Queue>,
    /// Tenants' keys are in different places of a cluster.
    apart: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    calls: usize,
}

#[derive(Debug)]
struct Waiting {
    asks: Asks,
    answer: oneshot::Sender<Result<Answer, Away>>,
}

/// One question, as the script reads it.
#[derive(Debug)]
pub(super) struct Asks {
    pub(super) keys: Vec<String>,
    pub(super) packed: Vec<u8>,
}

impl Asks {
    /// What a cluster places its keys by.
    fn tag(&self) -> Option<&str> {
        let (_, rest) = self.keys.first()?.split_once('{')?;
        Some(rest.split_once('}')?.0)
    }
}

/// One of the calls that may be on their way. Whoever has it passes it on to those who wait.
struct Turn {
    batch: Arc<Batch>,
    /// Whether it is passed on when it is dropped. In a task that never ran it is not: a runtime that
    /// ends drops whatever is given to it.
    passes: bool,
}

impl Batch {
    pub(super) fn new(redis: Redis, script: Script) -> Self {
        Self { redis, script, queue: Mutex::default(), apart: AtomicBool::new(false) }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, at once or together with others.
    pub(super) async fn ask(self: &Arc<Self>, asks: Asks) -> Result<Answer, Away> {
        let (asks, turn) = match self.enter(asks) {
            Ok(entered) => entered,
            Err(waits) => {
                let longest = self.redis.longest_wait();
                return match timeout(longest, waits).await {
                    Ok(Ok(answer)) => answer,
                    // It took too long, or the runtime that asked has ended.
                    Ok(Err(_)) | Err(_) => Err(Away::Late),
                };
            }
        };
        let answer = self.send(&[&asks]).await.pop();
        drop(turn);
        answer.unwrap_or_else(|| Err(Away::strange()))
    }

    /// A turn now, or what to wait for.
    fn enter(
        self: &Arc<Self>,
        asks: Asks,
    ) -> Result<(Asks, Turn), oneshot::Receiver<Result<Answer, Away>>> {
        let mut queue = self.lock();
        if queue.calls < CALLS {
            queue.calls += 1;
            return Ok((asks, Turn { batch: Arc::clone(self), passes: true }));
        }
        let (answer, waits) = oneshot::channel();
        queue.waiting.push_back(Waiting { asks, answer });
        Err(waits)
    }

    /// Asks all of them, in one call if they may go together. There is an answer for each.
    async fn send(&self, asks: &[&Asks]) -> Vec<Result<Answer, Away>> {
        if !self.apart.load(Ordering::Relaxed) {
            match self.call(asks).await {
                Err(Away::Failed(error)) if crosses_slots(&error) => {
                    self.apart.store(true, Ordering::Relaxed);
                }
                said => return each(said, asks.len()),
            }
        }
        let own = asks.chunk_by(|one, other| one.tag() == other.tag());
        let said = own.map(|asks| async move { each(self.call(asks).await, asks.len()) });
        join_all(said).await.into_iter().flatten().collect()
    }

    /// Asks all of them in one call.
    async fn call(&self, asks: &[&Asks]) -> Result<Vec<Answer>, Away> {
        let keys: Vec<&str> =
            asks.iter().flat_map(|asks| asks.keys.iter().map(String::as_str)).collect();
        let packed: Vec<u8> = asks.iter().flat_map(|asks| &asks.packed).copied().collect();
        let reply: Vec<u8> = self.script.run(&self.redis, &keys, &[&packed]).await?;
        answers(&reply, asks.iter().map(|asks| asks.keys.len())).ok_or_else(Away::strange)
    }
}

/// What was said of a call, for each of so many questions in it.
fn each(said: Result<Vec<Answer>, Away>, questions: usize) -> Vec<Result<Answer, Away>> {
    match said {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(why) => (0..questions).map(|_| Err(why.clone())).collect(),
    }
}

impl Turn {
    /// Asks for those who wait, until nobody does.
    async fn serve(mut self) {
        self.passes = true;
        loop {
            let together: Vec<Waiting> = {
                let mut queue = self.batch.lock();
                let mut together = Vec::new();
                while together.len() < TOGETHER
                    && let Some(waiting) = queue.waiting.pop_front()
                {
                    if !waiting.answer.is_closed() {
                        together.push(waiting);
                    }
                }
                together
            };
            if together.is_empty() {
                return;
            }
            let asks: Vec<&Asks> = together.iter().map(|waiting| &waiting.asks).collect();
            let answers = self.batch.send(&asks).await;
            for (waiting, answer) in together.into_iter().zip(answers) {
                // Whoever has given up does not hear it.
                let _ = waiting.answer.send(answer);
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queue = self.batch.lock();
        if queue.waiting.is_empty() {
            queue.calls -= 1;
            return;
        }
        if self.passes
            && let Ok(runtime) = Handle::try_current()
        {
            // The turn goes on.
            let turn = Self { batch: Arc::clone(&self.batch), passes: false };
            drop(queue);
            runtime.spawn(turn.serve());
        } else {
            // Nothing runs here any more: those who wait hear that nobody asks for them.
            queue.calls -= 1;
            let waiting = mem::take(&mut queue.waiting);
            drop(queue);
            drop(waiting);
        }
    }
}
