//! How long and how hard; `cargo xtask soak` says it in the environment.

use std::{env, time::Duration};

/// How long and how hard.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// `TENANCY_SOAK_SECONDS`
    pub(crate) time: Duration,
    /// `TENANCY_SOAK_TENANTS`
    tenants: usize,
    /// `TENANCY_SOAK_TASKS`
    pub(crate) tasks: usize,
    /// `TENANCY_SOAK_RESTARTS`
    pub(crate) restarts: u32,
    /// `TENANCY_SOAK_SEED`
    pub(crate) seed: u64,
}

impl Settings {
    /// What is set, or little enough for every run of the tests.
    pub(crate) fn read() -> Self {
        Self {
            time: Duration::from_secs(number("SECONDS", 3)),
            tenants: usize::try_from(number("TENANTS", 16)).expect("a small number"),
            tasks: usize::try_from(number("TASKS", 16)).expect("a small number"),
            restarts: u32::try_from(number("RESTARTS", 1)).expect("a small number"),
            seed: number("SEED", 1),
        }
    }

    /// Their slugs, which are their ids.
    pub(crate) fn tenants(&self) -> Vec<String> {
        (0..self.tenants).map(|n| format!("s{n:02}")).collect()
    }
}

fn number(name: &str, usual: u64) -> u64 {
    let name = format!("TENANCY_SOAK_{name}");
    match env::var(&name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, not a number")),
        Err(_) => usual,
    }
}
