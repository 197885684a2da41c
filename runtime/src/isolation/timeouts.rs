//! How long a tenant may keep the database busy.

use std::{collections::BTreeMap, time::Duration};

use tenancy_core::Tenant;

use crate::{Error, Result, pool::Settings};

/// How long one tenant's statements may run, wait for locks, and leave a transaction idle. On
/// PostgreSQL.
///
/// [`Builder::timeouts`](crate::Builder::timeouts) sets them for every tenant, and
/// [`Builder::tier_timeouts`](crate::Builder::tier_timeouts) for those of a tier. The server is told
/// with the `BEGIN` of each transaction, in the same round trip; a lane's connection is told when it
/// starts. A single statement of a strategy that would send it alone is put into a transaction,
/// and takes three round trips instead of one.
///
/// What takes longer fails with an error of the server's, SQLSTATE 57014 (a statement), 55P03 (a
/// lock), or 25P03 (an idle transaction, whose connection is closed).
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use tenancy::{Tenancy, Timeouts};
///
/// let all = Timeouts::new().statement(Duration::from_secs(30)).lock(Duration::from_secs(5));
/// let free = Timeouts::new().statement(Duration::from_secs(2));
/// let builder = Tenancy::builder().timeouts(all).tier_timeouts("free", free);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    statement: Option<Duration>,
    lock: Option<Duration>,
    idle_in_transaction: Option<Duration>,
}

impl Timeouts {
    /// No limits of ours; the server may have its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long a statement may run, from when it reaches the server: `statement_timeout`.
    #[must_use]
    pub fn statement(mut self, longest: Duration) -> Self {
        self.statement = Some(longest);
        self
    }

    /// Sets how long a statement may wait for each lock: `lock_timeout`.
    #[must_use]
    pub fn lock(mut self, longest: Duration) -> Self {
        self.lock = Some(longest);
        self
    }

    /// Sets how long a transaction may stay open between two statements:
    /// `idle_in_transaction_session_timeout`.
    #[must_use]
    pub fn idle_in_transaction(mut self, longest: Duration) -> Self {
        self.idle_in_transaction = Some(longest);
        self
    }

    /// These, and where they say nothing, others.
    fn or(self, others: Self) -> Self {
        Self {
            statement: self.statement.or(others.statement),
            lock: self.lock.or(others.lock),
            idle_in_transaction: self.idle_in_transaction.or(others.idle_in_transaction),
        }
    }

    /// What the server is told, in milliseconds.
    fn settings(self) -> Result<Settings> {
        let all = [
            ("statement_timeout", self.statement),
            ("lock_timeout", self.lock),
            ("idle_in_transaction_session_timeout", self.idle_in_transaction),
        ];
        let told = all.into_iter().filter_map(|(name, longest)| Some((name, longest?)));
        let told = told.map(|(name, longest)| match i32::try_from(longest.as_millis()) {
            Ok(1..) => Ok((name, longest.as_millis().to_string())),
            _ => Err(Error::config(format!(
                "the time-out `{name}` is {longest:?}, and the server takes 1 ms to 24 days; leave \
                 it out for none"
            ))),
        });
        told.collect()
    }
}

/// The time-outs of all tenants, as the server is told.
#[derive(Debug, Default)]
pub(crate) struct TierTimeouts {
    others: Settings,
    tiers: BTreeMap<String, Settings>,
}

impl TierTimeouts {
    /// # Errors
    ///
    /// If the server would not take one.
    pub(crate) fn new(all: Timeouts, tiers: BTreeMap<String, Timeouts>) -> Result<Self> {
        let tiers = tiers.into_iter().map(|(tier, own)| Ok((tier, own.or(all).settings()?)));
        Ok(Self { others: all.settings()?, tiers: tiers.collect::<Result<_>>()? })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.others.is_empty() && self.tiers.values().all(|settings| settings.is_empty())
    }

    /// A tenant's.
    pub(super) fn of(&self, tenant: &Tenant) -> &Settings {
        let tier = tenant.tier.as_ref().and_then(|tier| self.tiers.get(tier));
        tier.unwrap_or(&self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_tier_has_its_own_and_otherwise_everybodys() {
        let all = Timeouts::new().statement(30 * SECOND).lock(SECOND);
        let free = Timeouts::new().statement(2 * SECOND).idle_in_transaction(SECOND / 4);
        let timeouts = TierTimeouts::new(all, [("free".to_owned(), free)].into()).unwrap();
        let of = |tier: Option<&str>| {
            let new = tenancy_core::NewTenant::new("acme").unwrap();
            let mut tenant = Tenant::create(new, chrono::DateTime::UNIX_EPOCH);
            tenant.tier = tier.map(str::to_owned);
            timeouts.of(&tenant).iter().map(|(name, ms)| format!("{name}={ms}")).collect::<Vec<_>>()
        };
        let everybody = ["statement_timeout=30000", "lock_timeout=1000"];
        assert_eq!(of(None), everybody);
        assert_eq!(of(Some("gold")), everybody);
        let own = [
            "statement_timeout=2000",
            "lock_timeout=1000",
            "idle_in_transaction_session_timeout=250",
        ];
        assert_eq!(of(Some("free")), own);
        assert!(TierTimeouts::default().is_empty() && !timeouts.is_empty());
    }

    #[test]
    fn what_the_server_would_take_for_none_is_refused() {
        for bad in [Duration::ZERO, Duration::from_micros(999), Duration::MAX] {
            let error = Timeouts::new().lock(bad).settings().unwrap_err().to_string();
            assert!(error.contains("`lock_timeout`") && error.contains("leave it out"), "{error}");
        }
    }
}
