//! Structures of places: read from servers, compared, and changed into one another.

mod generator;
mod mysql;
mod postgres;
mod sqlite;

/// How many pairs of structures are tried, and from which seed.
fn pairs() -> std::ops::Range<u64> {
    let number = |name: &str, usual: u64| {
        std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(usual)
    };
    let seed = number("TENANCY_STRUCTURE_SEED", 1);
    seed..seed + number("TENANCY_STRUCTURE_PAIRS", 40)
}
