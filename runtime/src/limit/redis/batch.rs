//! Questions that are asked together.
//!
//! A question goes to Redis at once while few are on their way. Those that come meanwhile wait until
//! one of these has come back, and go in one call then: the busier it is, the more in each, and
//! nobody waits for a timer. What a caller has given up before it was sent is never asked.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{runtime::Handle, sync::oneshot, time::timeout};

use super::{
    question::{Answer, answers},
    script::Script,
};
use crate::redis::{Away, Redis};

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

/// One of the calls that may be on their way. Whoever has it passes it on to those who wait.
struct Turn {
    batch: Arc<Batch>,
    /// Whether it is passed on when it is dropped. In a task that never ran it is not: a runtime that
    /// ends drops whatever is given to it.
    passes: bool,
}

impl Batch {
    pub(super) fn new(redis: Redis, script: Script) -> Self {
        Self { redis, script, queue: Mutex::default() }
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
        let answer = self.send(&[&asks]).await.map(|mut answers| answers.remove(0));
        drop(turn);
        answer
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

    /// Asks all of them in one call.
    async fn send(&self, asks: &[&Asks]) -> Result<Vec<Answer>, Away> {
        let keys: Vec<&str> =
            asks.iter().flat_map(|asks| asks.keys.iter().map(String::as_str)).collect();
        let packed: Vec<u8> = asks.iter().flat_map(|asks| &asks.packed).copied().collect();
        let reply: Vec<u8> = self.script.run(&self.redis, &keys, &[&packed]).await?;
        answers(&reply, asks.iter().map(|asks| asks.keys.len())).ok_or_else(Away::strange)
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
            match self.batch.send(&asks).await {
                Ok(answers) => {
                    for (waiting, answer) in together.into_iter().zip(answers) {
                        // Whoever has given up does not hear it.
                        let _ = waiting.answer.send(Ok(answer));
                    }
                }
                Err(why) => {
                    for waiting in together {
                        let _ = waiting.answer.send(Err(why.clone()));
                    }
                }
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
