//! Lanes in the books: connections nobody waits for, and who gets them.
//!
//! A lane gets a connection where there is room among lanes and in the budget and no engine stands
//! in the queue, or in the place of another lane's. It never takes a place from an engine, which
//! can only wait; a lane's tenants have another way.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::{Account, Id, Ledger, Lent};
use crate::pool::engine::{
    admission::{Share, Verdict, decide},
    sketch::Sketch,
};

/// How long no lane gets a connection after one could not be opened.
const PAUSE: Duration = Duration::from_secs(1);

/// What the books know of lanes.
pub(super) struct Lanes {
    /// Connections of all lanes, with those that are opened or closed.
    open: usize,
    /// Those nobody uses, the least recently used first.
    pub(super) idle: BTreeMap<u64, Id>,
    /// Lanes that get the next places that become free.
    heirs: VecDeque<Id>,
    sketch: Sketch,
    /// While all is as it is, nobody who claims no more than this gets another's place.
    bar: u32,
    paused: Option<Instant>,
}

/// What there is more in a lane's account.
pub(super) struct Lane {
    /// Of its tenant, in the sketch.
    hash: u64,
    /// In `heirs`.
    pub(super) inherits: bool,
    /// How many of those that are lent are closed when they come back.
    pub(super) owed: usize,
}

impl Lanes {
    pub(super) fn new() -> Self {
        Self {
            open: 0,
            idle: BTreeMap::new(),
            heirs: VecDeque::new(),
            sketch: Sketch::new(),
            bar: 0,
            paused: None,
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.open == 0 && self.idle.is_empty() && self.heirs.is_empty()
    }

    /// An account has one connection more or less.
    pub(super) fn changed(&mut self, lane: Option<&Lane>, by: isize) {
        if lane.is_some() {
            self.open = self.open.saturating_add_signed(by);
            self.bar = 0;
        }
    }

    /// One of an account's connections is being closed, or is no more.
    pub(super) fn settle_debt(&mut self, lane: Option<&mut Lane>) {
        if let Some(lane) = lane {
            lane.owed = lane.owed.saturating_sub(1);
            self.bar = 0;
        }
    }
}

impl<E, C, W> Account<E, C, W> {
    /// How a lane stands beside others.
    fn share(&self, sketch: &Sketch) -> Option<Share> {
        let Lane { hash, inherits, owed } = self.lane.as_ref()?;
        let connections = self.open - self.closing - owed + usize::from(*inherits);
        let connections = u32::try_from(connections).unwrap_or(u32::MAX);
        Some(Share { heat: sketch.estimate(*hash), connections })
    }
}

impl<E: Clone, C, W> Ledger<E, C, W> {
    /// A tenant is asked for, and gets one of its lane's connections if one is free. If not, it may
    /// have one more the next time.
    pub(in crate::pool::engine) fn ride(
        &mut self,
        id: Id,
        engine: &E,
        hash: u64,
        now: Instant,
    ) -> Option<Lent<C>> {
        if self.lanes.sketch.count(hash) {
            self.lanes.bar = 0;
        }
        let lent = self.take(id, now);
        if lent.is_none() {
            self.widen(id, engine, hash, now);
        }
        lent
    }

    /// No lane could be opened just now: that is not tried again and again.
    pub(in crate::pool::engine) fn pause(&mut self, now: Instant) {
        self.lanes.paused = Some(now + PAUSE);
    }

    /// Gives a lane another connection, if it should have one.
    fn widen(&mut self, id: Id, engine: &E, hash: u64, now: Instant) {
        let Some(limits) = self.limits.lanes else { return };
        let paused = self.lanes.paused.is_some_and(|until| now < until);
        if self.closed || paused || !self.turns.is_empty() {
            return;
        }
        let account = self.accounts.get(&id);
        if account.is_some_and(|acc| {
            acc.opening
                || acc.open >= limits.per_tenant
                || acc.lane.as_ref().is_some_and(|lane| lane.inherits || lane.owed > 0)
        }) {
            return;
        }
        let sketch = &self.lanes.sketch;
        let none = Share { heat: sketch.estimate(hash), connections: 0 };
        let asks = account.and_then(|acc| acc.share(sketch)).unwrap_or(none);
        let room = self.has_room() && self.lanes.heirs.is_empty();
        if !room && asks.claim() <= self.lanes.bar {
            return;
        }
        let others = self.accounts.iter().filter(|(other, _)| **other != id);
        let others = others.filter_map(|(other, acc)| Some((*other, acc.share(sketch)?)));
        let verdict = decide(asks, room, others);
        if let Verdict::Stay { bar } = verdict {
            self.lanes.bar = bar;
            return;
        }
        let account = self.accounts.entry(id).or_insert_with(|| Account::new(engine.clone()));
        let lane = account.lane.get_or_insert(Lane { hash, inherits: false, owed: 0 });
        if let Verdict::Replace(other) = verdict {
            lane.inherits = true;
            self.lanes.heirs.push_back(id);
            self.give_up_one(other);
            self.settle(other);
        } else {
            self.begin(id);
        }
    }

    /// Room for one more connection that nobody waits for.
    fn has_room(&self) -> bool {
        !self.closed
            && self.turns.is_empty()
            && self.open < self.limits.budget
            && self.limits.lanes.is_some_and(|lanes| self.lanes.open < lanes.connections)
    }

    /// Closes one of a lane's connections, as soon as one is idle. What it was only promised goes first.
    fn give_up_one(&mut self, id: Id) {
        let Some(account) = self.accounts.get_mut(&id) else { return };
        self.lanes.bar = 0;
        if account.lane.as_ref().is_some_and(|lane| lane.inherits) {
            self.disinherit(id);
            return;
        }
        if let Some(idle) = account.idle.pop_front() {
            self.lanes.idle.remove(&idle.place);
            self.close_one(id, idle.conn);
        } else if let Some(lane) = &mut account.lane {
            lane.owed += 1;
        }
    }

    /// Opens connections in the places of others that are gone.
    pub(super) fn succeed(&mut self) {
        while self.has_room()
            && let Some(id) = self.lanes.heirs.pop_front()
        {
            if let Some(lane) = self.accounts.get_mut(&id).and_then(|acc| acc.lane.as_mut()) {
                lane.inherits = false;
                self.begin(id);
            }
        }
    }

    /// A lane gets nobody's place any more.
    pub(super) fn disinherit(&mut self, id: Id) {
        if let Some(lane) = self.accounts.get_mut(&id).and_then(|acc| acc.lane.as_mut())
            && std::mem::take(&mut lane.inherits)
        {
            self.lanes.heirs.retain(|heir| *heir != id);
        }
    }
}
