//! Who has which connection, and whose turn it is: the arithmetic of the budget.
//!
//! A plain value without I/O, tasks or a clock, under one lock. Every method changes the books and
//! writes down in `effects` what somebody has to do about it once the lock is released.
//!
//! A connection takes its place in the budget from before it is opened until after it is closed.
//! The engines that want another connection and may have one stand in a queue, each with one place
//! however many wait for it, and each opens one connection at a time. Whoever has as many
//! connections as one engine may have is not in the queue.
//!
//! Nobody waits for a lane: it is an engine that is lent from what it has, and what it has is
//! decided in `lane`.

mod account;
mod lane;

use std::{
    collections::{BTreeMap, HashMap},
    mem,
};

use tokio::time::Instant;

pub(super) use self::account::Count;
use self::{
    account::{Account, Idle},
    lane::Lanes,
};
use super::Limits;

/// Tells engines apart.
pub(super) type Id = u64;

/// The books. `E` is an engine, `C` a connection, `W` somebody who waits for one.
pub(super) struct Ledger<E, C, W> {
    limits: Limits,
    open: usize,
    closing: usize,
    closed: bool,
    accounts: HashMap<Id, Account<E, C, W>>,
    /// Engines that want another connection and may have one, the next first.
    turns: BTreeMap<u64, Id>,
    /// Connections nobody uses, the least recently used first.
    idle: BTreeMap<u64, Id>,
    lanes: Lanes,
    counter: u64,
    effects: Vec<Effect<E, C, W>>,
}

/// A connection that is lent.
#[derive(Debug)]
pub(super) struct Lent<C> {
    pub(super) conn: C,
    /// Since when the engine has used it without a pause.
    turn: Instant,
}

/// What has to be done after the books were changed.
#[derive(Debug)]
pub(super) enum Effect<E, C, W> {
    /// Give the connection to somebody who waited.
    Lend(W, E, Lent<C>),
    /// Open a connection, and report `opened` or `failed`.
    Open(E),
    /// Close a connection, and report `closed`.
    Close(E, C),
    /// Nothing, but not under the lock: it may be the last handle.
    Forget(E),
}

impl<E: Clone, C, W> Ledger<E, C, W> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            open: 0,
            closing: 0,
            closed: false,
            accounts: HashMap::new(),
            turns: BTreeMap::new(),
            idle: BTreeMap::new(),
            lanes: Lanes::new(),
            counter: 0,
            effects: Vec::new(),
        }
    }

    pub(super) fn open(&self) -> usize {
        self.open
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The engines that have connections or are waited for.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&E, Count)> {
        self.accounts.values().map(|account| (&account.engine, account.count()))
    }

    pub(super) fn effects(&mut self) -> Vec<Effect<E, C, W>> {
        mem::take(&mut self.effects)
    }

    /// When `sweep` will find something, if nothing happens until then.
    pub(super) fn next_sweep(&self) -> Option<Instant> {
        let lane = self.limits.lanes.map(|lanes| lanes.idle);
        let lane = self.first_idle(true).zip(lane).map(|(since, longest)| since + longest);
        let own = self.first_idle(false).map(|since| since + self.limits.idle);
        own.into_iter().chain(lane).min()
    }

    /// Since when the least recently used one is idle.
    fn first_idle(&self, lane: bool) -> Option<Instant> {
        let id = if lane { &self.lanes.idle } else { &self.idle }.values().next()?;
        Some(self.accounts.get(id)?.idle.front()?.since)
    }

    /// Somebody wants a connection. The number is for `cancel`.
    pub(super) fn wait(&mut self, id: Id, engine: &E, waiter: W, now: Instant) -> u64 {
        let ticket = self.next();
        let lent = self.take(id, now);
        let account = self.accounts.entry(id).or_insert_with(|| Account::new(engine.clone()));
        if let Some(lent) = lent {
            self.effects.push(Effect::Lend(waiter, account.engine.clone(), lent));
        } else {
            account.waiters.push_back((ticket, waiter));
        }
        self.settle(id);
        ticket
    }

    /// A connection that an engine has and nobody uses. Nobody waits for that engine then.
    pub(super) fn take(&mut self, id: Id, now: Instant) -> Option<Lent<C>> {
        let account = self.accounts.get_mut(&id)?;
        // The most recently used one, so that those that are too many grow old.
        let idle = account.idle.pop_back()?;
        let all = if account.lane.is_some() { &mut self.lanes.idle } else { &mut self.idle };
        all.remove(&idle.place);
        Some(Lent { conn: idle.conn, turn: now })
    }

    /// Somebody waits no longer. What they were given meanwhile is theirs to return.
    pub(super) fn cancel(&mut self, id: Id, ticket: u64) -> Option<W> {
        let waiters = &mut self.accounts.get_mut(&id)?.waiters;
        let at = waiters.iter().position(|(number, _)| *number == ticket)?;
        let (_, waiter) = waiters.remove(at)?;
        self.settle(id);
        Some(waiter)
    }

    /// A connection was opened.
    pub(super) fn opened(&mut self, id: Id, conn: C, reuse: bool, now: Instant) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.opening = false;
            // It serves somebody before it may have to go.
            self.place(id, Lent { conn, turn: now }, reuse, false, now);
        }
    }

    /// A connection could not be opened. Those who are returned hear of it.
    ///
    /// If the engine has no other connection that is all of them, as nobody would fare better.
    /// Otherwise it is the first, and the rest may be served by what comes back.
    pub(super) fn failed(&mut self, id: Id) -> Vec<W> {
        let Some(account) = self.accounts.get_mut(&id) else { return Vec::new() };
        account.opening = false;
        self.lanes.settle_debt(account.lane.as_mut());
        self.gone(id);
        let Some(account) = self.accounts.get_mut(&id) else { return Vec::new() };
        let count = if account.open == account.closing { account.waiters.len() } else { 1 };
        let count = count.min(account.waiters.len());
        let told = account.waiters.drain(..count).map(|(_, waiter)| waiter).collect();
        self.settle(id);
        told
    }

    /// A lent connection is on its way back, and will be here in a moment.
    pub(super) fn returning(&mut self, id: Id) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.returning += 1;
            self.settle(id);
        }
    }

    /// It takes longer than a moment: nobody should count on it.
    pub(super) fn delayed(&mut self, id: Id) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.returning -= 1;
            self.settle(id);
        }
    }

    /// A lent connection is back; `returning` if that was announced and not yet taken back.
    pub(super) fn returned(
        &mut self,
        id: Id,
        lent: Lent<C>,
        returning: bool,
        reuse: bool,
        now: Instant,
    ) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.returning -= usize::from(returning);
            let over = now >= lent.turn + self.limits.turn();
            self.place(id, lent, reuse, over, now);
        }
    }

    /// A lent connection is no more, and nothing is left to close.
    pub(super) fn lost(&mut self, id: Id, returning: bool) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.returning -= usize::from(returning);
            self.lanes.settle_debt(account.lane.as_mut());
            self.gone(id);
            self.settle(id);
        }
    }

    /// A connection was closed.
    pub(super) fn closed(&mut self, id: Id) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.closing -= 1;
            self.closing -= 1;
            self.gone(id);
            self.settle(id);
        }
    }

    /// Closes an engine's idle connections.
    pub(super) fn evict(&mut self, id: Id) {
        while let Some(idle) = self.accounts.get_mut(&id).and_then(|acc| acc.idle.pop_front()) {
            self.idle.remove(&idle.place);
            self.lanes.idle.remove(&idle.place);
            self.close_one(id, idle.conn);
        }
        self.settle(id);
    }

    /// Whether an engine has connections, or somebody waits for one.
    pub(super) fn has(&self, id: Id) -> bool {
        self.accounts.contains_key(&id)
    }

    /// Sends away everybody who waits for an engine.
    pub(super) fn dismiss(&mut self, id: Id) -> Vec<W> {
        self.disinherit(id);
        let Some(account) = self.accounts.get_mut(&id) else { return Vec::new() };
        let waiters = mem::take(&mut account.waiters);
        self.settle(id);
        waiters.into_iter().map(|(_, waiter)| waiter).collect()
    }

    /// Closes what has been idle for too long.
    pub(super) fn sweep(&mut self, now: Instant) {
        while self.first_idle(false).is_some_and(|since| since + self.limits.idle <= now) {
            self.evict_first(false);
        }
        while let Some(lanes) = self.limits.lanes
            && self.first_idle(true).is_some_and(|since| since + lanes.idle <= now)
        {
            self.evict_first(true);
        }
    }

    /// Closes what is idle, and from now on whatever comes back. Everybody is sent away.
    pub(super) fn close(&mut self) -> Vec<W> {
        self.closed = true;
        while self.has_idle() {
            self.evict_oldest();
        }
        let ids: Vec<Id> = self.accounts.keys().copied().collect();
        ids.into_iter().flat_map(|id| self.dismiss(id)).collect()
    }

    fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Finds the place for a connection nobody has; `over` if the engine's turn with it is.
    fn place(&mut self, id: Id, lent: Lent<C>, reuse: bool, over: bool, now: Instant) {
        let place = self.next();
        let Some(account) = self.accounts.get_mut(&id) else { return };
        let others = self.turns.len() - usize::from(account.place.is_some());
        let soon = self.closing + self.limits.budget - self.open;
        let owed = account.lane.as_ref().is_some_and(|lane| lane.owed > 0);
        if self.closed || !reuse || owed {
            self.close_one(id, lent.conn);
        } else if account.waiters.is_empty() {
            account.idle.push_back(Idle { place, since: now, conn: lent.conn });
            let all = if account.lane.is_some() { &mut self.lanes.idle } else { &mut self.idle };
            all.insert(place, id);
        } else if over && others > soon {
            // Others wait: the engine makes room and goes to the end of the queue.
            if let Some(place) = account.place.take() {
                self.turns.remove(&place);
            }
            self.close_one(id, lent.conn);
        } else if let Some((_, waiter)) = account.waiters.pop_front() {
            self.effects.push(Effect::Lend(waiter, account.engine.clone(), lent));
        }
        self.settle(id);
    }

    /// Begins to close a connection that is neither idle nor lent any more.
    fn close_one(&mut self, id: Id, conn: C) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.closing += 1;
            self.closing += 1;
            self.lanes.settle_debt(account.lane.as_mut());
            self.effects.push(Effect::Close(account.engine.clone(), conn));
        }
    }

    fn has_idle(&self) -> bool {
        !self.idle.is_empty() || !self.lanes.idle.is_empty()
    }

    /// Closes the least recently used idle connection of all.
    fn evict_oldest(&mut self) {
        let first = |idle: &BTreeMap<u64, Id>| idle.keys().next().copied().unwrap_or(u64::MAX);
        self.evict_first(first(&self.lanes.idle) < first(&self.idle));
    }

    /// Closes the least recently used idle connection, of lanes or of the others.
    fn evict_first(&mut self, lane: bool) {
        let all = if lane { &mut self.lanes.idle } else { &mut self.idle };
        if let Some((_, id)) = all.pop_first()
            && let Some(idle) = self.accounts.get_mut(&id).and_then(|acc| acc.idle.pop_front())
        {
            self.close_one(id, idle.conn);
        }
    }

    /// An engine is about to have one more.
    fn begin(&mut self, id: Id) {
        let Some(account) = self.accounts.get_mut(&id) else { return };
        account.opening = true;
        account.open += 1;
        self.open += 1;
        self.lanes.changed(account.lane.as_ref(), 1);
        self.effects.push(Effect::Open(account.engine.clone()));
    }

    /// An engine has one less.
    fn gone(&mut self, id: Id) {
        let Some(account) = self.accounts.get_mut(&id) else { return };
        account.open -= 1;
        self.open -= 1;
        self.lanes.changed(account.lane.as_ref(), -1);
    }

    /// Brings the queue up to date after an engine's account has changed, and hands out what is free.
    fn settle(&mut self, id: Id) {
        self.queue(id);
        while self.open < self.limits.budget {
            let Some((_, id)) = self.turns.pop_first() else { break };
            if let Some(account) = self.accounts.get_mut(&id) {
                account.place = None;
            }
            self.begin(id);
        }
        // Everybody in the queue gets a connection's place as soon as one is closed.
        while self.turns.len() > self.closing && self.has_idle() {
            self.evict_oldest();
        }
        self.succeed();
        if self.accounts.get(&id).is_some_and(Account::is_empty)
            && let Some(account) = self.accounts.remove(&id)
        {
            self.effects.push(Effect::Forget(account.engine));
        }
    }

    /// Puts an engine into the queue or takes it out.
    fn queue(&mut self, id: Id) {
        let place = self.next();
        let Some(account) = self.accounts.get_mut(&id) else { return };
        match (account.wants_more(&self.limits), account.place) {
            (true, None) => {
                account.place = Some(place);
                self.turns.insert(place, id);
            }
            (false, Some(place)) => {
                account.place = None;
                self.turns.remove(&place);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
