//! Policies with names, and those a tenant is under.

use std::{fmt, sync::Arc};

use super::{Concurrent, Rate, TooCostly, Window};
use crate::{InvalidValue, error::check};

/// What a policy limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// So many in any window.
    Window(Window),
    /// A steady rate.
    Rate(Rate),
    /// So many at the same time.
    Concurrent(Concurrent),
}

impl From<Window> for Kind {
    fn from(window: Window) -> Self {
        Self::Window(window)
    }
}

impl From<Rate> for Kind {
    fn from(rate: Rate) -> Self {
        Self::Rate(rate)
    }
}

impl From<Concurrent> for Kind {
    fn from(concurrent: Concurrent) -> Self {
        Self::Concurrent(concurrent)
    }
}

impl Kind {
    /// The most that can be had at once.
    #[must_use]
    pub const fn capacity(&self) -> u32 {
        match self {
            Kind::Window(window) => window.limit(),
            Kind::Rate(rate) => rate.capacity(),
            Kind::Concurrent(concurrent) => concurrent.limit(),
        }
    }

    /// What one request of a cost takes from it: a request is one at a time, whatever it costs.
    #[must_use]
    pub const fn cost(&self, cost: u32) -> u32 {
        match self {
            Kind::Concurrent(_) => 1,
            Kind::Window(_) | Kind::Rate(_) => cost,
        }
    }
}

/// What becomes of requests while nobody can count them, because Redis is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Away {
    /// Each process counts for itself, and lets its share of the limit through.
    #[default]
    Share,
    /// All are let through.
    Open,
    /// All are refused.
    Closed,
}

/// A limit with a name.
///
/// # Example
///
/// ```
/// use tenancy_core::limit::{Away, Policy, Window};
///
/// let exports = Policy::new("exports", Window::per_hour(20))?.away(Away::Closed);
/// assert_eq!(exports.name(), "exports");
/// assert!(Policy::new("per minute", Window::per_minute(1)).is_err());
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    name: Arc<str>,
    kind: Kind,
    away: Away,
    shadow: bool,
}

impl Policy {
    /// Longest name, in bytes.
    pub const MAX_NAME: usize = 24;

    /// Names a limit. The client reads the name in its responses, and what was used is kept under it:
    /// it stays when the numbers change.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] unless the name is 1 to 24 lower-case ASCII letters, digits, `-` and `_`.
    pub fn new(name: impl AsRef<str>, kind: impl Into<Kind>) -> Result<Self, InvalidValue> {
        let name = name.as_ref();
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        check("policy's name", name, Self::MAX_NAME, allowed, "a-z, 0-9, `-` and `_`")?;
        Ok(Self { name: name.into(), kind: kind.into(), away: Away::default(), shadow: false })
    }

    /// What becomes of requests while nobody can count them; each process lets its share through
    /// unless set.
    #[must_use]
    pub fn away(self, away: Away) -> Self {
        Self { away, ..self }
    }

    /// Counts and refuses nothing: what it would refuse is in the metrics. For trying out a limit.
    #[must_use]
    pub fn shadow(self) -> Self {
        Self { shadow: true, ..self }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it limits.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// What becomes of requests while nobody can count them.
    #[must_use]
    pub fn when_away(&self) -> Away {
        self.away
    }

    /// Whether it refuses nothing.
    #[must_use]
    pub fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// The same policy, of which one of `processes` has its share: enough for one request of a cost
    /// that the whole can bear.
    #[must_use]
    pub fn share(&self, processes: u32, cost: u32) -> Self {
        let least = self.kind.cost(cost).max(1);
        let part = |limit: u32| (limit / processes.max(1)).max(least).min(limit);
        let kind = match self.kind {
            Kind::Window(window) => window.with_limit(part(window.limit())).into(),
            Kind::Rate(rate) => rate.shared(processes).burst(part(rate.capacity())).into(),
            Kind::Concurrent(concurrent) => Concurrent::new(part(concurrent.limit())).into(),
        };
        Self { kind, ..self.clone() }
    }
}

impl From<Window> for Policy {
    /// Named after the length of the window: `second`, `minute`, `hour`, `day`, or its seconds.
    fn from(window: Window) -> Self {
        let name = match window.per().as_secs() {
            1 => "second".into(),
            60 => "minute".into(),
            3_600 => "hour".into(),
            86_400 => "day".into(),
            seconds => format!("{seconds}s").into(),
        };
        Self { name, kind: window.into(), away: Away::default(), shadow: false }
    }
}

impl From<Rate> for Policy {
    /// Named `rate`.
    fn from(rate: Rate) -> Self {
        Self { name: "rate".into(), kind: rate.into(), away: Away::default(), shadow: false }
    }
}

impl From<Concurrent> for Policy {
    /// Named `concurrent`.
    fn from(concurrent: Concurrent) -> Self {
        let name = "concurrent".into();
        Self { name, kind: concurrent.into(), away: Away::default(), shadow: false }
    }
}

/// The policies a tenant is under, in the order the client reads them. Cheap to clone.
///
/// # Example
///
/// ```
/// use tenancy_core::limit::{Concurrent, Limits, Window};
///
/// let limits = Limits::none()
///     .and(Window::per_second(50))?
///     .and(Window::per_minute(1_000))?
///     .and(Concurrent::new(20))?;
/// assert_eq!(limits.policies().len(), 3);
///
/// // What is used is kept by name, so two of one name cannot be told apart.
/// assert!(limits.and(Window::per_minute(500)).is_err());
/// # Ok::<(), tenancy_core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Limits(Option<Arc<[Policy]>>);

impl Limits {
    /// The most policies there may be for one tenant.
    pub const MAX: usize = 8;

    /// No policy at all: nothing is counted.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// One more policy.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if there is one of that name, if it is the second that is
    /// [`Concurrent`], or if there are eight already.
    pub fn and(self, policy: impl Into<Policy>) -> Result<Self, InvalidValue> {
        let policy = policy.into();
        let policies = self.policies();
        if policies.iter().any(|other| other.name == policy.name) {
            let why = format!("there are two policies called `{}`: name one of them", policy.name);
            return Err(InvalidValue::new("set of limits", why));
        }
        let concurrent = |policy: &Policy| matches!(policy.kind, Kind::Concurrent(_));
        if concurrent(&policy) && policies.iter().any(concurrent) {
            let why = "two policies limit what runs at the same time: keep the lower one";
            return Err(InvalidValue::new("set of limits", why));
        }
        if policies.len() == Self::MAX {
            let why = format!("there are more than {} policies", Self::MAX);
            return Err(InvalidValue::new("set of limits", why));
        }
        Ok(Self(Some(policies.iter().cloned().chain([policy]).collect())))
    }

    /// The policies.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether one of them limits what runs at the same time.
    #[must_use]
    pub fn is_concurrent(&self) -> bool {
        self.policies().iter().any(|policy| matches!(policy.kind, Kind::Concurrent(_)))
    }

    /// Those policies a condition is true of.
    #[must_use]
    pub fn only(&self, condition: impl Fn(&Policy) -> bool) -> Self {
        let kept: Vec<_> = self.policies().iter().filter(|it| condition(it)).cloned().collect();
        if kept.is_empty() { Self(None) } else { Self(Some(kept.into())) }
    }

    /// Whether nothing is counted.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.policies().is_empty()
    }

    /// Whether these are the same; quick where one is a clone of the other.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other) || own == other,
            (None, None) => true,
            _ => false,
        }
    }

    /// The same policies, of each of which one of `processes` has its [share](Policy::share).
    #[must_use]
    pub fn share(&self, processes: u32, cost: u32) -> Self {
        let share = |policy: &Policy| policy.share(processes, cost);
        Self(self.0.as_ref().map(|all| all.iter().map(share).collect()))
    }

    /// Refuses a cost that no waiting makes affordable.
    ///
    /// # Errors
    ///
    /// [`TooCostly`], with the first policy of which there is never so much. Shadow policies do not
    /// refuse.
    pub fn afford(&self, cost: u32) -> Result<(), TooCostly> {
        let beyond =
            |policy: &&Policy| !policy.shadow && policy.kind.cost(cost) > policy.kind.capacity();
        match self.policies().iter().find(beyond) {
            None => Ok(()),
            Some(policy) => Err(TooCostly {
                policy: Arc::clone(&policy.name),
                cost: policy.kind.cost(cost),
                capacity: policy.kind.capacity(),
            }),
        }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.policies()).finish()
    }
}

macro_rules! alone {
    ($($kind:ty),+) => { $(
        impl From<$kind> for Limits {
            fn from(kind: $kind) -> Self {
                Self(Some([Policy::from(kind)].into()))
            }
        }
    )+ };
}

alone!(Window, Rate, Concurrent);

impl From<Policy> for Limits {
    fn from(policy: Policy) -> Self {
        Self(Some([policy].into()))
    }
}
