//! Who gets a lane.

use super::*;

const A: Id = LANES.start;
const B: Id = A + 1;
const C: Id = A + 2;

fn world(budget: usize, lanes: usize, own: usize) -> World {
    World::new(with_lanes(limits(budget, budget), lanes, own))
}

impl World {
    /// Asked for that often, one after the other; whatever is to be opened or closed is.
    fn asks(&mut self, id: Id, times: u32) {
        for _ in 0..times {
            if self.ride(id) {
                self.alight();
            }
            self.proceed();
        }
    }

    fn proceed(&mut self) {
        while self.opening.len() + self.closing.len() > 0 {
            self.take(&Step::Closed(0));
            self.take(&Step::Opened(0));
        }
        self.check();
    }

    /// How many connections A, B and C have.
    fn lanes(&self) -> [usize; 3] {
        [A, B, C].map(|id| self.open(id, false))
    }
}

#[test]
fn one_that_is_asked_for_now_and_then_gets_none() {
    let mut world = world(4, 4, 4);
    world.asks(A, 7);
    assert_eq!(world.lanes(), [0, 0, 0]);
    world.asks(A, 1);
    assert_eq!(world.lanes(), [1, 0, 0], "the eighth time");
    // One at a time is enough for one that asks one after the other.
    world.asks(A, 500);
    assert_eq!(world.lanes(), [1, 0, 0]);
}

#[test]
fn one_that_asks_for_many_at_once_gets_as_many_as_one_may_have() {
    let mut world = world(8, 8, 3);
    for _ in 0..100 {
        world.ride(A);
        world.proceed();
    }
    assert_eq!((world.lanes(), world.lent.len()), ([3, 0, 0], 3));
}

#[test]
fn a_cold_tenant_does_not_drive_out_a_hot_one_and_a_hotter_one_does() {
    let mut world = world(2, 2, 2);
    world.asks(A, 1_000);
    world.asks(B, 100);
    assert_eq!(world.lanes(), [1, 1, 0]);
    // As often, and a little more often: that may be chance.
    world.asks(C, 130);
    assert_eq!(world.lanes(), [1, 1, 0]);
    world.asks(C, 10);
    assert_eq!(world.lanes(), [1, 0, 1], "in the place of the one asked for least");
    world.asks(B, 60);
    assert_eq!(world.lanes(), [1, 0, 1], "not back at once");
    // What was long ago counts for less and less.
    world.asks(B, 80_000);
    world.asks(C, 1_000);
    assert_eq!(world.lanes(), [0, 1, 1]);
}

#[test]
fn a_lane_in_use_is_drained_and_not_cut() {
    let mut world = world(1, 1, 1);
    world.asks(A, 20);
    assert!(world.ride(A), "in use");
    world.asks(B, 200);
    assert_eq!((world.lanes(), world.lent.len()), ([1, 0, 0], 1));
    world.asks(C, 50);
    // Back: it is closed, and its place is for the one that drove it out, whoever else asks.
    world.alight();
    assert_eq!(world.closing.len(), 1);
    for _ in 0..30 {
        assert!(!world.ride(C) && !world.ride(A));
    }
    world.proceed();
    assert_eq!(world.lanes(), [0, 1, 0]);
    assert!(world.ride(B));
}

#[test]
fn a_lane_takes_no_place_from_an_engine_and_gives_its_own() {
    let mut world = world(2, 2, 2);
    for id in [0, 1] {
        world.take(&Step::Wait(id));
        world.proceed();
    }
    world.asks(A, 100);
    assert_eq!(world.lanes(), [0, 0, 0]);
    world.take(&Step::Return(0, true));
    world.asks(A, 100);
    assert_eq!(world.lanes(), [0, 0, 0], "nor an idle one");
    world.take(&Step::Sweep);
    world.proceed();
    world.asks(A, 1);
    assert_eq!(world.lanes(), [1, 0, 0]);
    // Somebody waits for an engine: the lane makes room, idle at once and in use when it is back.
    assert!(world.ride(A));
    world.take(&Step::Wait(2));
    world.check();
    assert_eq!(world.closing.len(), 0);
    world.alight();
    assert_eq!(world.closing.len(), 1);
    world.asks(A, 100);
    assert_eq!((world.lanes(), world.served.len()), ([0, 0, 0], 3));
}

#[test]
fn a_retired_lane_inherits_nothing() {
    let mut world = world(1, 1, 1);
    world.asks(A, 20);
    assert!(world.ride(A));
    world.asks(B, 200);
    world.take(&Step::Dismiss(B));
    world.alight();
    world.proceed();
    assert_eq!(world.lanes(), [0, 0, 0]);
    world.asks(A, 1);
    assert_eq!(world.lanes(), [1, 0, 0]);
}

#[test]
fn after_a_failure_no_lane_is_opened_for_a_while() {
    let mut world = world(4, 4, 4);
    for _ in 0..8 {
        world.ride(A);
    }
    assert_eq!(world.opening, [A]);
    world.take(&Step::Failed(0));
    world.asks(A, 50);
    world.asks(B, 50);
    assert_eq!(world.lanes(), [0, 0, 0]);
    world.take(&Step::Pass(1_000));
    world.asks(A, 1);
    assert_eq!(world.lanes(), [1, 0, 0]);
}

#[test]
fn a_connection_that_is_lost_is_one_given_up() {
    let mut world = world(2, 2, 2);
    world.asks(A, 20);
    assert!(world.ride(A), "in use");
    world.ride(A);
    world.proceed();
    assert!(world.ride(A) && world.lanes() == [2, 0, 0], "both in use");
    world.asks(B, 200);
    assert_eq!(world.lent.len(), 2);
    // It owes one of them, and that is gone, so the other one comes back to it.
    world.take(&Step::Announce(0));
    world.take(&Step::Lose(0));
    world.proceed();
    assert_eq!(world.lanes(), [1, 1, 0]);
    world.alight();
    assert_eq!((world.lanes(), world.closing.len()), ([1, 1, 0], 0));
    // What one asks for next is decided by what it has.
    world.asks(A, 200);
    world.asks(B, 200);
    world.check();
}

#[test]
fn a_promised_connection_can_be_promised_to_another() {
    let mut world = world(1, 1, 1);
    world.asks(A, 20);
    assert!(world.ride(A), "in use");
    world.asks(B, 200);
    // C is asked for more than both, so what B was promised is C's, and another gets nothing of it.
    world.asks(C, 600);
    world.asks(C + 1, 20);
    world.alight();
    world.proceed();
    assert_eq!(world.lanes(), [0, 0, 1]);
}
