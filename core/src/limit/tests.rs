//! The bounds hold for any traffic, and what is answered is true.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// One request: how long after the one before, and what it costs.
type Traffic = Vec<(i64, u32)>;

/// Bursts, trickles, pauses longer than the window, and clocks that go back.
fn traffic(per: i64) -> impl Strategy<Value = Traffic> {
    let gap = prop_oneof![
        6 => Just(0),
        6 => 0..per / 40,
        3 => 0..per / 3,
        1 => per..3 * per,
        1 => -3 * per..0,
    ];
    let cost = prop_oneof![4 => Just(1_u32), 1 => 1..20_u32];
    prop::collection::vec((gap, cost), 1..400)
}

/// Runs traffic through one policy: when each request came, by the clock and in truth, and how many
/// of its tokens went through. Where the clock goes back, time goes on by nothing.
fn run(policy: impl Into<Policy>, traffic: &Traffic) -> Vec<(u64, u64)> {
    let limits = Limits::from(policy.into());
    let mut account = Account::default();
    let (mut clock, mut truth) = (1_000_000_000_000_i64, 0_u64);
    let mut admitted = Vec::new();
    for &(gap, cost) in traffic {
        clock = (clock + gap).max(0);
        truth += gap.max(0).unsigned_abs();
        if let Ok(decision) = account.decide(clock.unsigned_abs(), &limits, cost)
            && decision.is_admitted()
        {
            admitted.push((truth, u64::from(cost)));
        }
    }
    admitted
}

/// The most in any stretch of this length, its end excluded.
fn worst(admitted: &[(u64, u64)], per: u64) -> u64 {
    let from = |begin: u64| {
        let within = admitted.iter().filter(move |(at, _)| (begin..begin + per).contains(at));
        within.map(|(_, cost)| cost).sum()
    };
    admitted.iter().map(|(at, _)| from(*at)).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// EDGE 2.
    #[test]
    fn no_window_has_more_than_its_limit(
        limit in 1..60_u32,
        seconds in 1..5_u32,
        traffic in traffic(2_000_000),
    ) {
        let window = Window::new(limit, Duration::from_secs(seconds.into())).unwrap();
        let admitted = run(window, &traffic);
        // A clock that has gone back mints nothing, but it makes windows of its time longer.
        prop_assert!(worst(&admitted, u64::from(seconds) * SECOND) <= u64::from(limit));
    }

    /// EDGE 3: in any stretch `t`, its burst and what the rate has made meanwhile.
    #[test]
    fn no_stretch_has_more_than_burst_and_rate(
        count in 1..50_u32,
        burst in 1..30_u32,
        traffic in traffic(1_000_000),
    ) {
        let admitted = run(Rate::per_second(count).burst(burst), &traffic);
        for (first, (begin, _)) in admitted.iter().enumerate() {
            let mut tokens = 0;
            for (at, cost) in &admitted[first..] {
                tokens += cost;
                let made = (at - begin) * u64::from(count);
                prop_assert!(tokens * SECOND <= u64::from(burst) * SECOND + made);
            }
        }
    }

    /// What is said about waiting is true: then, and no sooner, it goes through.
    #[test]
    fn whoever_waits_as_told_goes_through(
        window in any::<bool>(),
        limit in 1..40_u32,
        traffic in traffic(1_000_000),
    ) {
        let policy = if window {
            Policy::from(Window::per_second(limit))
        } else {
            Policy::from(Rate::per_second(limit).burst(limit))
        };
        let limits = Limits::from(policy);
        let mut account = Account::default();
        let mut now = 7_000_000_000_u64;
        for (gap, cost) in traffic {
            now += gap.max(0).unsigned_abs();
            let Ok(decision) = account.decide(now, &limits, cost) else { continue };
            let retry_in = decision.retry_in();
            prop_assert_eq!(decision.is_admitted(), retry_in == 0);
            if retry_in > 0 {
                let at = |wait: u64| account.clone().decide(now + wait, &limits, cost).unwrap();
                prop_assert!(at(retry_in).is_admitted());
                prop_assert!(!at(retry_in - 1).is_admitted());
            }
            let (_, standing) = decision.standings().next().unwrap();
            let mut rest = account.clone();
            if standing.remaining > 0 {
                prop_assert!(rest.decide(now, &limits, standing.remaining).unwrap().is_admitted());
            }
            prop_assert!(!rest.decide(now, &limits, 1).unwrap().is_admitted());
            if standing.more_in > 0 {
                let later = now + standing.more_in;
                let mut rest = account.clone();
                if standing.remaining < limit {
                    prop_assert!(
                        rest.decide(later, &limits, standing.remaining + 1).unwrap().is_admitted()
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_read(
        limit in 1..u32::MAX,
        now in 0..(1_u64 << 53),
        cost in 0..u32::MAX,
    ) {
        let window = Window::per_minute(limit);
        let mut ring = Ring::new(&window);
        ring.advance(now, &window);
        ring.charge(cost);
        prop_assert_eq!(Ring::from_bytes(&ring.to_bytes()), Some(ring));
        let rate = Rate::per_minute(limit);
        let tat = rate.next(Tat::zero(&rate), now, cost);
        prop_assert_eq!(Tat::from_bytes(&tat.to_bytes()), Some(tat));
    }
}

fn limits(policies: impl IntoIterator<Item = Policy>) -> Limits {
    policies.into_iter().fold(Limits::none(), |limits, policy| limits.and(policy).unwrap())
}

/// EDGE 6 and 7.
#[test]
fn what_one_policy_refuses_costs_none_anything() {
    let limits = limits([Window::per_second(2).into(), Window::per_day(100).into()]);
    let mut account = Account::default();
    for _ in 0..50 {
        account.decide(0, &limits, 1).unwrap();
    }
    let decision = account.decide(0, &limits, 1).unwrap();
    let violated: Vec<_> = decision.violated().map(|(policy, _)| policy.name()).collect();
    assert_eq!(violated, ["second"]);
    let day = decision.standings().nth(1).unwrap().1;
    assert_eq!(day.remaining, 97, "two were charged, and a third would fit");
    // The day had lost nothing but those two.
    let next = account.decide(2_000_000, &limits, 1).unwrap();
    assert_eq!(next.standings().nth(1).unwrap().1.remaining, 97);
}

/// EDGE 6.
#[test]
fn what_costs_more_than_there_ever_is_is_an_error() {
    let mut account = Account::default();
    let error = account.decide(0, &Window::per_minute(10).into(), 11).unwrap_err();
    assert_eq!(error.policy(), "minute");
    assert_eq!(
        error.to_string(),
        "the request costs 11, and policy `minute` never has more than 10: raise its limit or \
         lower the cost"
    );
    assert!(account.decide(0, &Rate::per_minute(0).burst(9).into(), 1).is_err());
}

/// Of what runs at the same time as much is left as may begin now.
#[test]
fn what_is_left_to_run_is_said() {
    let limits = Limits::from(Concurrent::new(3));
    let mut account = Account::default();
    let left = |account: &mut Account| {
        let decision = account.decide(0, &limits, 5).unwrap();
        (decision.is_admitted(), decision.standings().next().unwrap().1.remaining)
    };
    let said = [(); 4].map(|()| left(&mut account));
    assert_eq!(said, [(true, 2), (true, 1), (true, 0), (false, 0)]);
}

/// An account is forgotten as soon as it stands as a new one would, and no sooner.
#[test]
fn a_rate_is_idle_when_all_of_it_is_there() {
    let limits = Limits::from(Rate::per_second(1).burst(1));
    let mut account = Account::default();
    account.decide(SECOND, &limits, 1).unwrap();
    let idle = [SECOND, 2 * SECOND - 1, 2 * SECOND + 1, 9 * SECOND].map(|now| account.is_idle(now));
    assert_eq!(idle, [false, false, true, true]);
}

/// A shadow is charged for what it would have let through, and not for what it would have refused.
#[test]
fn a_shadow_counts_what_it_would_have_let_through() {
    let limits = Limits::from(Policy::from(Rate::per_second(1).burst(1)).shadow());
    let mut account = Account::default();
    let mut would = |now| {
        let decision = account.decide(now, &limits, 1).unwrap();
        assert!(decision.is_admitted());
        decision.standings().next().unwrap().1.admits
    };
    assert_eq!(
        [0, 0, 0, 0, SECOND, SECOND].map(&mut would),
        [true, false, false, false, true, false]
    );
}

/// EDGE 8.
#[test]
fn rates_are_exact_to_the_end_of_the_century() {
    // 4,102,444,800 s: the first of January 2100.
    let new_year = 4_102_444_800 * SECOND;
    assert!(new_year < 1 << 53);
    let limits = Limits::from(Rate::per_second(3).burst(2));
    let mut account = Account::default();
    // A third of a second is no whole number of microseconds; three of them are one second.
    let (mut now, mut admitted) = (new_year, 0);
    while now <= new_year + 10_000 * SECOND {
        let decision = account.decide(now, &limits, 1).unwrap();
        admitted += u32::from(decision.is_admitted());
        now += decision.retry_in();
    }
    assert_eq!(admitted, 2 + 30_000);
}

/// EDGE 9.
#[test]
fn a_clock_set_back_mints_nothing() {
    for limits in [Limits::from(Window::per_second(5)), Limits::from(Rate::per_second(5).burst(5))]
    {
        let mut account = Account::default();
        let hour = 3_600 * SECOND;
        let mut admitted = 0;
        for turn in 0..200 {
            let now = if turn % 2 == 0 { 2 * hour } else { hour };
            admitted += u32::from(account.decide(now, &limits, 1).unwrap().is_admitted());
        }
        assert_eq!(admitted, 5);
    }
}

/// EDGE 16.
#[test]
fn what_was_used_stays_when_limits_change() {
    let at = 50_000_000;
    let mut account = Account::default();
    let used = |account: &mut Account, limits: &Limits, cost| {
        let decision = account.decide(at, limits, cost).unwrap();
        let standing = *decision.standings().next().unwrap().1;
        (decision.is_admitted(), standing.remaining)
    };
    assert_eq!(used(&mut account, &Window::per_minute(10).into(), 6), (true, 4));
    assert_eq!(used(&mut account, &Window::per_minute(8).into(), 1), (true, 1));
    assert_eq!(used(&mut account, &Window::per_minute(5).into(), 1), (false, 0));
    // Another length, under the same name.
    let longer = Policy::new("minute", Window::new(10, Duration::from_secs(90)).unwrap()).unwrap();
    assert_eq!(used(&mut account, &longer.into(), 1), (true, 2));
    // Another kind of limit begins anew.
    let rate = Policy::new("minute", Rate::per_minute(10).burst(10)).unwrap();
    assert_eq!(used(&mut account, &rate.into(), 1), (true, 9));
}

#[test]
fn a_rate_that_changes_gives_nothing_away() {
    let mut account = Account::default();
    let (at, three) = (1_000_000, Limits::from(Rate::per_second(3).burst(3)));
    assert!(account.decide(at, &three, 3).unwrap().is_admitted());
    let seven = Limits::from(Rate::per_second(7).burst(1));
    let refused = account.decide(at, &seven, 1).unwrap();
    assert!(!refused.is_admitted());
    assert_eq!(refused.retry_in(), 1_000_000);
}

#[test]
fn what_runs_at_the_same_time_is_given_back() {
    let limits = limits([Concurrent::new(2).into(), Window::per_minute(3).into()]);
    let mut account = Account::default();
    let go = |account: &mut Account| account.decide(0, &limits, 1).unwrap().is_admitted();
    assert!(go(&mut account) && go(&mut account));
    assert!(!go(&mut account));
    account.release();
    assert!(go(&mut account), "the refused one took nothing of the window");
    for _ in 0..9 {
        account.release();
    }
    assert!(!go(&mut account), "the window is used up");
    assert!(!account.is_idle(0));
    assert!(account.is_idle(70 * SECOND));
}

/// EDGE 19.
#[test]
fn a_shadow_refuses_nothing_and_says_what_it_would() {
    let shadow = Policy::new("new", Window::per_minute(2)).unwrap().shadow();
    let limits = limits([shadow, Window::per_minute(5).into()]);
    let mut account = Account::default();
    let mut would_refuse = 0;
    let mut admitted = 0;
    for _ in 0..9 {
        let decision = account.decide(0, &limits, 1).unwrap();
        admitted += u32::from(decision.is_admitted());
        would_refuse += u32::from(!decision.standings().next().unwrap().1.admits);
    }
    assert_eq!((admitted, would_refuse), (5, 7));
    // Nor does one that could never afford it.
    let never = Policy::new("never", Window::per_minute(0)).unwrap().shadow();
    assert!(Account::default().decide(0, &never.into(), 1).unwrap().is_admitted());
}

/// Of tokens that are used up to a part after they were taken, no window has too many either.
#[test]
fn what_is_taken_in_advance_counts_until_it_was_surely_used_a_window_ago() {
    let window = Window::per_second(10);
    let width = window.width();
    let mut ring = Ring::new(&window);
    // Taken at the very end of part 100, and used up to a part later: at the end of part 101.
    let taken = 101 * width - 1;
    ring.advance(taken, &window);
    ring.charge_ahead(10);
    let used = taken + width;
    for now in [taken, used, used + SECOND - 1, used + SECOND] {
        ring.advance(now, &window);
        assert!(!ring.standing(now, 10, 1).admits, "{} after their use", now.saturating_sub(used));
    }
    let free = 122 * width;
    ring.advance(free, &window);
    assert!(ring.standing(free, 10, 10).admits);
}

#[test]
fn shares_are_never_nothing() {
    let policy = Policy::from(Window::per_minute(10));
    assert_eq!(policy.share(4, 1).kind().capacity(), 2);
    assert_eq!(policy.share(100, 1).kind().capacity(), 1);
    assert_eq!(policy.share(4, 7).kind().capacity(), 7, "one such request");
    assert_eq!(policy.share(4, 70).kind().capacity(), 10);
    assert_eq!(Policy::from(Window::per_minute(0)).share(4, 1).kind().capacity(), 0);
    assert_eq!(Policy::from(Concurrent::new(8)).share(4, 50).kind().capacity(), 2);
    let mut account = Account::default();
    let limits = Limits::from(Policy::from(Rate::per_second(1)).share(4, 1));
    assert!(account.decide(0, &limits, 1).unwrap().is_admitted());
    assert_eq!(account.decide(0, &limits, 1).unwrap().retry_in(), 4 * SECOND);
}

#[test]
fn what_a_policy_was_told_it_says() {
    let hour = Policy::from(Window::per_hour(3));
    assert_eq!(hour.when_away(), Away::Share);
    for away in [Away::Open, Away::Closed, Away::Share] {
        assert_eq!(hour.clone().away(away).when_away(), away);
    }
    assert_eq!(Rate::per_second(7).count(), 7);
    assert!(format!("{:?}", Limits::from(hour)).contains("\"hour\""));
}

#[test]
fn limits_say_what_is_among_them() {
    let (none, hour) = (Limits::none(), Limits::from(Window::per_hour(90)));
    let both = hour.clone().and(Concurrent::new(30)).unwrap();
    assert!(none.is_none() && !hour.is_none());
    assert!(!none.is_concurrent() && !hour.is_concurrent() && both.is_concurrent());
    assert_eq!(both.only(|policy| policy.name() == "hour"), hour);
    assert_eq!(both.only(|_| true), both);
    assert!(both.only(|_| false).is_none());
    // The same, though not the same text in memory.
    assert!(hour.is_same(&hour.clone()) && hour.is_same(&Window::per_hour(90).into()));
    assert!(none.is_same(&Limits::none()) && !none.is_same(&hour) && !hour.is_same(&none));
    assert!(!hour.is_same(&Window::per_hour(91).into()) && !hour.is_same(&both));
    let shared = Limits::from(Window::per_hour(30)).and(Concurrent::new(10)).unwrap();
    assert_eq!(both.share(3, 1), shared);
}

#[test]
fn a_window_is_of_whole_seconds_up_to_a_leap_year() {
    let year = 366 * 24 * 60 * 60;
    let windows = [(1, 0), (2, 0), (year, 0)];
    for (seconds, nanos) in windows {
        let per = Duration::new(seconds, nanos);
        assert_eq!(Window::new(1, per).unwrap().per(), per);
    }
    for (seconds, nanos) in [(0, 0), (0, 1), (1, 1), (year, 1), (year + 1, 0), (u64::MAX, 0)] {
        assert!(Window::new(1, Duration::new(seconds, nanos)).is_err(), "{seconds} s {nanos} ns");
    }
}

/// A third of a microsecond is a part, three are a whole, and what does not come out even is
/// rounded up.
#[test]
fn moments_of_a_rate_are_exact() {
    let (thirds, halves) = (Rate::per_second(3), Rate::per_second(2));
    let at = |rate: &Rate, now, cost| rate.next(Tat::zero(rate), now, cost);
    let read = |tat: Tat| (tat.micros(), tat.part());
    let third = at(&thirds, 100, 1);
    assert_eq!(read(third), (333_433, 1));
    assert_eq!(read(at(&thirds, 100, 2)), (666_766, 2));
    assert_eq!(read(at(&thirds, 100, 3)), (1_000_100, 0));
    assert_eq!(read(thirds.next(third, 0, 1)), (666_766, 2));
    assert_eq!(read(thirds.next(thirds.next(third, 0, 1), 0, 2)), (1_333_433, 1));
    assert_eq!(read(thirds.next(third, 0, 2)), (1_000_100, 0));
    assert_eq!(read(third.counted_by(&thirds)), (333_433, 1));
    assert_eq!(read(third.counted_by(&halves)), (333_434, 0));
    assert_eq!(read(at(&halves, 100, 1).counted_by(&thirds)), (500_100, 0));
    assert_eq!(Tat::from_bytes(&third.to_bytes()), Some(third));
    let mut whole = third.to_bytes();
    whole[11] = 3;
    assert_eq!(Tat::from_bytes(&whole), None);
    // Who is refused comes back when there is one, rounded up.
    let thirds = thirds.burst(1);
    let standing = thirds.standing(third, 100, 1);
    assert_eq!((standing.admits, standing.retry_in, standing.remaining), (false, 333_334, 0));
    assert_eq!(standing.more_in, 333_334);
    let standing = thirds.standing(third, 333_434, 1);
    assert_eq!((standing.admits, standing.more_in), (true, 333_334));
}
