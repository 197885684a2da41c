//! The script beside the arithmetic, by one clock.

use proptest::{prelude::*, test_runner::TestRunner};
use tenancy_core::limit::{Account, Ring};

use super::*;

/// The decision script by a clock of the test's own.
struct Clocked {
    redis: Redis,
    script: Script,
    tenant: TenantId,
}

impl Clocked {
    fn new(limiter: &RedisLimiter, tenant: TenantId) -> Self {
        // What is kept stays for as long as the test may take: the server's own time is another.
        let clock = "local function clock() return tonumber(ARGV[2]) end
local server = redis
local redis = {call = function(name, key, ...)
  local value = ...
  if name == 'SET' then return server.call(name, key, value, 'PX', 600000) end
  if name == 'PEXPIRE' then return server.call(name, key, 600000) end
  return server.call(name, key, ...)
end}
";
        let script = Script::new(clock, include_str!("../decide.lua"));
        Self { redis: limiter.redis.clone(), script, tenant }
    }

    async fn decide(&self, now: Micros, limits: &Limits, cost: u32, ahead: bool) -> Decision {
        let keys: Vec<_> = limits
            .policies()
            .iter()
            .map(|policy| key(self.redis.key_prefix(), &self.tenant, policy))
            .collect();
        let question = Question { limits, cost, ahead, running: None };
        let now = now.to_string();
        let args = [&question.pack()[..], now.as_bytes()];
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let reply: Vec<u8> = self.script.run(&self.redis, &keys, &args).await.unwrap();
        question.read(&answers(&reply, [keys.len()]).unwrap()[0]).unwrap()
    }
}

/// EDGE 2, 3, 6, 8, 9 and 16: the script decides as the arithmetic does, whose bounds are proven
/// where it is, for any traffic, clocks that go back, limits that change, and near 2^53.
#[test]
fn the_script_decides_as_the_model_does() {
    let runtime = runtime();
    let limiter = limiter();
    let gap = prop_oneof![
        6 => Just(0_i64),
        6 => 0..100_000_i64,
        3 => 0..2_000_000_i64,
        1 => 0..400_000_000_i64,
        1 => -8_000_000..0_i64,
    ];
    let cost = prop_oneof![4 => Just(1_u32), 1 => 1..30_u32];
    let limits = (1..60_u32, 1..4_u64, 1..40_u32, 1..20_u32, any::<bool>(), any::<bool>());
    let traffic = (
        prop_oneof![Just(0_u64), Just(1_700_000_000_000_000), Just((1 << 53) - 900_000_000_000)],
        prop::collection::vec((limits, prop::collection::vec((gap, cost), 1..300)), 1..4),
    );
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(250) };
    let mut runner = TestRunner::new(config);
    let calls = std::cell::Cell::new(0);
    let cases = std::cell::Cell::new(0);
    runner
        .run(&traffic, |(begin, parts)| {
            cases.set(cases.get() + 1);
            let clocked = Clocked::new(&limiter, tenant(&format!("case-{}", cases.get())));
            let mut account = Account::default();
            let mut now = begin;
            for ((limit, seconds, count, burst, shadow, rated), requests) in parts {
                let window = Window::new(limit, Duration::from_secs(seconds)).unwrap();
                let window = Policy::new("w", window).unwrap();
                let rate = Policy::new("r", Rate::per_second(count).burst(burst)).unwrap();
                let window = if shadow { window.shadow() } else { window };
                let day = Policy::from(Window::per_day(500));
                // Those that are left out lose what was used in the model, and keep it in Redis.
                let limits =
                    if rated { all([window, rate, day]) } else { all([rate, day, window]) };
                for (gap, cost) in requests {
                    now = now.saturating_add_signed(gap);
                    let Ok(model) = account.decide(now, &limits, cost) else { continue };
                    let script = runtime.block_on(clocked.decide(now, &limits, cost, false));
                    prop_assert_eq!(script, model, "at {}", now);
                    calls.set(calls.get() + 1);
                }
            }
            Ok(())
        })
        .unwrap();
    assert!(calls.get() > 50_000, "only {} calls", calls.get());
}

/// EDGE 10: tokens taken in advance count for a part longer.
#[test]
fn the_script_charges_what_is_taken_in_advance_as_the_model_does() {
    let runtime = runtime();
    let clocked = Clocked::new(&limiter(), tenant("acme"));
    let window = Window::per_second(10);
    let limits = Limits::from(window);
    let mut ring = Ring::new(&window);
    let mut now = 1_700_000_000_000_000_u64;
    for turn in 0..3_000_u64 {
        now += [0, 3_000, 49_999, 50_001, 700_000][(turn % 5) as usize] * (turn % 3);
        let ahead = turn % 2 == 0;
        let cost = 1 + (turn % 4) as u32;
        ring.advance(now, &window);
        let expected = ring.standing(now, 10, cost);
        if expected.admits {
            if ahead { ring.charge_ahead(cost) } else { ring.charge(cost) }
        }
        let found = runtime.block_on(clocked.decide(now, &limits, cost, ahead));
        assert_eq!(*found.standings().next().unwrap().1, expected, "turn {turn}");
    }
}
