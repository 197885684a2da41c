//! The books against a plain list of who has what.

use std::time::Duration;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use super::*;
use crate::pool::engine::LaneLimits;

mod lane;

/// A connection remembers its engine and its number.
type Conn = (Id, u32);

const ENGINES: Id = 5;
/// Engines are told apart from lanes by their numbers.
const LANES: std::ops::Range<Id> = ENGINES..ENGINES + 4;

fn limits(budget: usize, per_engine: usize) -> Limits {
    let (idle, wait) = (Duration::from_secs(60), Duration::from_secs(10));
    Limits { budget, per_engine, idle, wait, lanes: None }
}

fn with_lanes(limits: Limits, connections: usize, per_tenant: usize) -> Limits {
    let connections = connections.min(limits.budget);
    let (per_tenant, idle) = (per_tenant.min(connections), Duration::from_secs(30));
    Limits { lanes: Some(LaneLimits { connections, per_tenant, idle }), ..limits }
}

/// One step of the world. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    Wait(Id),
    /// A lane is asked for that often, and the last one is kept.
    Ride(Id, u32),
    Cancel(usize),
    Opened(usize),
    Failed(usize),
    /// A lease is dropped and its connection is quiet, or is not to be used again.
    Return(usize, bool),
    /// A lease is dropped in the middle of a statement.
    Announce(usize),
    Delay(usize),
    Arrive(usize, bool),
    Lose(usize),
    Closed(usize),
    Evict(Id),
    Dismiss(Id),
    Pass(u64),
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    let n = || any::<usize>();
    prop_oneof![
        8 => (0..ENGINES).prop_map(Step::Wait),
        5 => (LANES, 1_u32..40).prop_map(|(id, times)| Step::Ride(id, times)),
        2 => n().prop_map(Step::Cancel),
        5 => n().prop_map(Step::Opened),
        1 => n().prop_map(Step::Failed),
        5 => (n(), any::<bool>()).prop_map(|(n, keep)| Step::Return(n, keep)),
        2 => n().prop_map(Step::Announce),
        1 => n().prop_map(Step::Delay),
        2 => (n(), any::<bool>()).prop_map(|(n, keep)| Step::Arrive(n, keep)),
        1 => n().prop_map(Step::Lose),
        4 => n().prop_map(Step::Closed),
        1 => (0..LANES.end).prop_map(Step::Evict),
        1 => (0..LANES.end).prop_map(Step::Dismiss),
        2 => (0_u64..200).prop_map(Step::Pass),
        1 => Just(Step::Sweep),
    ]
}

/// What is the case, kept apart from the books.
struct World {
    ledger: Ledger<Id, Conn, u32>,
    limits: Limits,
    now: Instant,
    number: u32,
    /// Engine, ticket, waiter; in order of arrival.
    waiting: Vec<(Id, u64, u32)>,
    opening: Vec<Id>,
    lent: Vec<Lent<Conn>>,
    /// And whether it is still expected at any moment.
    returning: Vec<(Lent<Conn>, bool)>,
    closing: Vec<Conn>,
    idle: Vec<Conn>,
    served: Vec<(Id, u32)>,
}

fn pick<T>(list: &mut Vec<T>, n: usize) -> Option<T> {
    if list.is_empty() { None } else { Some(list.remove(n % list.len())) }
}

fn back_expected(list: &[(Lent<Conn>, bool)], id: Id) -> usize {
    list.iter().filter(|(lent, expected)| lent.conn.0 == id && *expected).count()
}

impl World {
    fn new(limits: Limits) -> Self {
        Self {
            ledger: Ledger::new(limits),
            limits,
            now: Instant::now(),
            number: 0,
            waiting: Vec::new(),
            opening: Vec::new(),
            lent: Vec::new(),
            returning: Vec::new(),
            closing: Vec::new(),
            idle: Vec::new(),
            served: Vec::new(),
        }
    }

    fn number(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    fn wait(&mut self, id: Id) -> u32 {
        let waiter = self.number();
        let ticket = self.ledger.wait(id, &id, waiter, self.now);
        self.waiting.push((id, ticket, waiter));
        waiter
    }

    /// A lane is asked for, and has a connection or not.
    fn ride(&mut self, id: Id) -> bool {
        let hash = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let lent = self.ledger.ride(id, &id, hash, self.now);
        let rides = lent.is_some();
        if let Some(lent) = lent {
            assert_eq!(lent.conn.0, id, "a connection of another lane");
            self.leave_idle(lent.conn);
            self.lent.push(lent);
        }
        self.follow();
        rides
    }

    /// The lane that was asked for last gives its connection back.
    fn alight(&mut self) {
        self.take(&Step::Return(self.lent.len() - 1, true));
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Ride(id, times) => {
                for _ in 1..times {
                    if self.ride(id) {
                        self.alight();
                    }
                }
                self.ride(id);
            }
            Step::Wait(id) => {
                self.wait(id);
            }
            Step::Cancel(n) => {
                if let Some((id, ticket, waiter)) = pick(&mut self.waiting, n) {
                    assert_eq!(self.ledger.cancel(id, ticket), Some(waiter));
                    assert_eq!(self.ledger.cancel(id, ticket), None);
                }
            }
            Step::Opened(n) => {
                if let Some(id) = pick(&mut self.opening, n) {
                    let conn = (id, self.number());
                    self.idle.push(conn);
                    self.ledger.opened(id, conn, true, self.now);
                }
            }
            Step::Failed(n) => {
                if let Some(id) = pick(&mut self.opening, n) {
                    if LANES.contains(&id) {
                        self.ledger.pause(self.now);
                    }
                    let told = self.ledger.failed(id);
                    assert!(self.open(id, false) == 0 || told.len() <= 1, "{told:?}");
                    self.told(id, &told);
                    assert!(self.open(id, false) > 0 || !self.waits(id), "{id} waits in vain");
                }
            }
            Step::Return(n, keep) => {
                if let Some(lent) = pick(&mut self.lent, n) {
                    self.idle.push(lent.conn);
                    self.ledger.returned(lent.conn.0, lent, false, keep, self.now);
                }
            }
            Step::Announce(n) => {
                if let Some(lent) = pick(&mut self.lent, n) {
                    self.ledger.returning(lent.conn.0);
                    self.returning.push((lent, true));
                }
            }
            Step::Delay(n) => {
                if let Some((lent, expected)) = pick(&mut self.returning, n) {
                    if expected {
                        self.ledger.delayed(lent.conn.0);
                    }
                    self.returning.push((lent, false));
                }
            }
            Step::Arrive(n, keep) => {
                if let Some((lent, expected)) = pick(&mut self.returning, n) {
                    self.idle.push(lent.conn);
                    self.ledger.returned(lent.conn.0, lent, expected, keep, self.now);
                }
            }
            Step::Lose(n) => {
                if let Some((lent, expected)) = pick(&mut self.returning, n) {
                    self.ledger.lost(lent.conn.0, expected);
                }
            }
            Step::Closed(n) => {
                if let Some((id, _)) = pick(&mut self.closing, n) {
                    self.ledger.closed(id);
                }
            }
            Step::Evict(id) => self.ledger.evict(id),
            Step::Dismiss(id) => {
                let told = self.ledger.dismiss(id);
                self.told(id, &told);
            }
            Step::Pass(ms) => self.now += Duration::from_millis(ms),
            Step::Sweep => {
                self.now += self.limits.idle;
                self.ledger.sweep(self.now);
            }
        }
        self.follow();
        if matches!(step, Step::Sweep) {
            assert!(self.idle.is_empty(), "still idle: {:?}", self.idle);
        }
    }

    /// Does what the books ask for, as far as it happens at once.
    fn follow(&mut self) {
        for effect in self.ledger.effects() {
            match effect {
                Effect::Lend(waiter, id, lent) => {
                    let first = self.waiting.iter().position(|(engine, ..)| *engine == id);
                    let (_, _, expected) = self.waiting.remove(first.expect("somebody waits"));
                    assert_eq!(waiter, expected, "within an engine, first come, first served");
                    assert_eq!(lent.conn.0, id, "a connection of another engine");
                    self.leave_idle(lent.conn);
                    self.served.push((id, waiter));
                    self.lent.push(lent);
                }
                Effect::Open(id) => {
                    assert!(!self.opening.contains(&id), "{id} opens two at a time");
                    self.opening.push(id);
                }
                Effect::Close(id, conn) => {
                    assert_eq!(conn.0, id);
                    self.leave_idle(conn);
                    self.closing.push(conn);
                }
                // A lane may have an account only for what it inherits.
                Effect::Forget(id) => assert_eq!((self.open(id, true), self.waits(id)), (0, false)),
            }
        }
    }

    /// Each connection that is free passes through here, so none can be in two places.
    fn leave_idle(&mut self, conn: Conn) {
        let at = self.idle.iter().position(|idle| *idle == conn);
        self.idle.remove(at.expect("the connection was free"));
    }

    fn told(&mut self, id: Id, told: &[u32]) {
        let before = self.waiting.len();
        self.waiting.retain(|(engine, _, waiter)| !(*engine == id && told.contains(waiter)));
        assert_eq!(before - self.waiting.len(), told.len());
    }

    fn waits(&self, id: Id) -> bool {
        self.waiting.iter().any(|(engine, ..)| *engine == id)
    }

    fn open(&self, id: Id, with_closing: bool) -> usize {
        let own = |conn: &&Conn| conn.0 == id;
        self.opening.iter().filter(|engine| **engine == id).count()
            + self.lent.iter().filter(|lent| lent.conn.0 == id).count()
            + self.returning.iter().filter(|(lent, _)| lent.conn.0 == id).count()
            + self.idle.iter().filter(own).count()
            + if with_closing { self.closing.iter().filter(own).count() } else { 0 }
    }

    fn check(&self) {
        let open: usize = (0..LANES.end).map(|id| self.open(id, true)).sum();
        assert_eq!(self.ledger.open(), open);
        assert!(open <= self.limits.budget, "{open} are open");
        let lanes = LANES.map(|id| self.open(id, true));
        if let Some(limits) = self.limits.lanes {
            assert!(lanes.clone().all(|own| own <= limits.per_tenant), "{:?}", self.lent);
            assert!(lanes.sum::<usize>() <= limits.connections);
        }
        for id in LANES {
            let counted = self.ledger.counts().find(|(engine, _)| **engine == id);
            let own = self.open(id, true);
            assert!(own == 0 || counted.is_some(), "{id} has an account");
            if let Some((_, count)) = counted {
                assert_eq!(count.lent + count.idle + count.opening + count.closing, own);
            }
        }
        let mut wanting = 0;
        for id in 0..ENGINES {
            let own = self.open(id, true);
            assert!(own <= self.limits.per_engine, "{id} has {own}");
            let waiting = self.waiting.iter().filter(|(engine, ..)| *engine == id).count();
            let idle = self.idle.iter().any(|conn| conn.0 == id);
            assert!(waiting == 0 || !idle, "{id} waits beside an idle connection");
            if waiting > back_expected(&self.returning, id)
                && !self.opening.contains(&id)
                && own < self.limits.per_engine
            {
                wanting += 1;
            }
            let counted = self.ledger.counts().find(|(engine, _)| **engine == id);
            assert_eq!(counted.is_some(), own > 0 || waiting > 0, "{id} has an account");
            if let Some((_, count)) = counted {
                assert_eq!(count.waiting, waiting);
                assert_eq!(count.lent + count.idle + count.opening + count.closing, own);
            }
        }
        if wanting > 0 {
            assert_eq!(open, self.limits.budget, "somebody waits and there is room");
            let room = self.closing.len() >= wanting || self.idle.is_empty();
            assert!(room, "{wanting} engines wait while {:?} are idle", self.idle);
        }
    }

    /// Everything under way comes to its end. Whoever waits must be served.
    fn run_out(&mut self) {
        for _ in 0..1_000 {
            for step in [
                Step::Opened(0),
                Step::Closed(0),
                Step::Arrive(0, true),
                Step::Return(0, true),
                Step::Pass(1),
            ] {
                self.take(&step);
                self.check();
            }
            let under_way = self.opening.len() + self.closing.len() + self.returning.len();
            if under_way + self.lent.len() + self.waiting.len() == 0 {
                return;
            }
        }
        panic!("left waiting: {:?}", self.waiting);
    }

    fn close(&mut self) {
        let told = self.ledger.close();
        self.waiting.retain(|(_, _, waiter)| !told.contains(waiter));
        assert!(self.waiting.is_empty());
        self.follow();
        self.run_out();
        assert!(self.idle.is_empty());
        let Ledger { open, closing, accounts, turns, idle, effects, lanes, .. } = &self.ledger;
        assert_eq!((*open, *closing, accounts.len()), (0, 0, 0));
        assert!(lanes.is_empty());
        assert_eq!((turns.len(), idle.len(), effects.len()), (0, 0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_books_agree_with_the_world(
        budget in 1_usize..6,
        cap in 1_usize..6,
        lanes in 1_usize..5,
        own in 1_usize..4,
        steps in proptest::collection::vec(step(), 1..150),
        closes_early in any::<bool>(),
    ) {
        let mut world = World::new(with_lanes(limits(budget, cap.min(budget)), lanes, own));
        for step in &steps {
            world.take(step);
            world.check();
        }
        if !closes_early {
            world.run_out();
        }
        world.close();
    }
}

/// One engine whose callers come back for more at once, against one that asks once.
fn served_before(budget: usize, per_engine: usize, lease: Duration) -> usize {
    let mut world = World::new(limits(budget, per_engine));
    for _ in 0..50 {
        world.wait(0);
        world.follow();
    }
    let quiet = world.wait(1);
    world.follow();
    let mut steps = 0;
    while !world.served.contains(&(1, quiet)) {
        steps += 1;
        assert!(steps < 10_000, "starved");
        world.take(&Step::Opened(0));
        world.take(&Step::Closed(0));
        world.now += lease;
        let noisy = world.lent.iter().position(|lent| lent.conn.0 == 0);
        if let Some(n) = noisy {
            world.take(&Step::Return(n, true));
            world.take(&Step::Wait(0));
        }
        world.check();
    }
    world.served.len()
}

#[test]
fn many_waiting_for_one_engine_starve_nobody() {
    // Beside the cap there is room, and the other engine is served at once.
    assert!(served_before(6, 4, Duration::from_millis(10)) < 10);
    // The noisy engine may have everything, until its turn of 100 ms is over.
    assert!(served_before(4, 4, Duration::from_millis(10)) < 25);
    // Leases are longer than a turn: the first that comes back makes room.
    assert!(served_before(4, 4, Duration::from_millis(200)) < 8);
    assert!(served_before(1, 1, Duration::from_millis(200)) < 4);
}

#[test]
fn engines_take_turns() {
    let mut world = World::new(limits(1, 1));
    for id in [0, 0, 0, 1, 1, 1, 2, 2, 2] {
        world.wait(id);
        world.follow();
    }
    for _ in 0..100 {
        world.take(&Step::Opened(0));
        world.take(&Step::Closed(0));
        if !world.lent.is_empty() {
            world.now += Duration::from_secs(1);
            world.take(&Step::Return(0, true));
        }
    }
    let order: Vec<Id> = world.served.iter().map(|(id, _)| *id).collect();
    assert_eq!(order, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
}

#[test]
fn the_least_recently_used_makes_room() {
    let mut world = World::new(limits(3, 3));
    for id in [0, 1, 2] {
        world.take(&Step::Wait(id));
        world.take(&Step::Opened(0));
    }
    // Returned in the order 1, 2, 0; then 1 is used once more.
    for id in [1, 2, 0] {
        let n = world.lent.iter().position(|lent| lent.conn.0 == id).unwrap();
        world.take(&Step::Return(n, true));
    }
    world.take(&Step::Wait(1));
    world.take(&Step::Return(0, true));
    world.take(&Step::Wait(3));
    assert_eq!(world.closing.iter().map(|conn| conn.0).collect::<Vec<_>>(), [2]);
    world.check();
}

#[test]
fn one_that_is_about_to_return_is_waited_for() {
    let mut world = World::new(limits(3, 3));
    world.take(&Step::Wait(0));
    world.take(&Step::Opened(0));
    world.take(&Step::Announce(0));
    world.take(&Step::Wait(0));
    assert!(world.opening.is_empty(), "no second connection for one caller after another");
    world.take(&Step::Delay(0));
    assert_eq!(world.opening, [0], "it takes too long");
}
