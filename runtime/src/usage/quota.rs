//! What a tenant may use in a day or a month.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, Utc};

use super::Usage;

/// What a tenant may use in a day or a month of UTC.
///
/// # Example
///
/// ```standalone_crate
/// use std::time::Duration;
/// use tenancy::{Quota, Tenancy};
///
/// # async fn example() -> tenancy::Result<()> {
/// let tenancy = Tenancy::builder()
///     .database("sqlite::memory:")
///     .meter(Duration::from_secs(10))
///     .quotas(|tenant| match tenant.tier.as_deref() {
///         Some("enterprise") => None,
///         Some("pro") => Some(Quota::per_month().requests(1_000_000)),
///         _ => Some(Quota::per_day().requests(1_000).rows(100_000)),
///     })
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    period: Period,
    requests: Option<u64>,
    statements: Option<u64>,
    rows: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Period {
    Day,
    Month,
}

impl Quota {
    const fn per(period: Period) -> Self {
        Self { period, requests: None, statements: None, rows: None }
    }

    /// For each day. It limits nothing yet.
    #[must_use]
    pub const fn per_day() -> Self {
        Self::per(Period::Day)
    }

    /// For each month. It limits nothing yet.
    #[must_use]
    pub const fn per_month() -> Self {
        Self::per(Period::Month)
    }

    /// Sets how many requests there may be.
    #[must_use]
    pub const fn requests(mut self, most: u64) -> Self {
        self.requests = Some(most);
        self
    }

    /// Sets how many statements may be sent.
    #[must_use]
    pub const fn statements(mut self, most: u64) -> Self {
        self.statements = Some(most);
        self
    }

    /// Sets how many rows may be read or changed.
    #[must_use]
    pub const fn rows(mut self, most: u64) -> Self {
        self.rows = Some(most);
        self
    }

    /// What of it is used up.
    pub(crate) fn used_up(&self, used: Usage) -> Option<&'static str> {
        let Usage { requests, statements, rows } = used;
        [
            ("requests", self.requests, requests),
            ("statements", self.statements, statements),
            ("rows", self.rows, rows),
        ]
        .into_iter()
        .find_map(|(what, most, used)| most.is_some_and(|most| used >= most).then_some(what))
    }

    /// The day or month a moment is in: when it began, and when the next one does.
    pub(crate) fn around(&self, moment: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let day = moment.date_naive();
        let (from, until) = match self.period {
            Period::Day => (day, day.checked_add_days(Days::new(1))),
            Period::Month => {
                let first = day.with_day(1).unwrap_or(day);
                (first, first.checked_add_months(Months::new(1)))
            }
        };
        let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        (begin(from), until.map_or(DateTime::<Utc>::MAX_UTC, begin))
    }
}

#[test]
fn what_is_used_up_is_said() {
    let used = Usage { requests: 3, statements: 7, rows: 11 };
    let month = Quota::per_month();
    for (quota, expected) in [
        (month, None),
        (month.requests(4).statements(8).rows(12), None),
        (month.requests(3), Some("requests")),
        (month.requests(4).statements(7), Some("statements")),
        (month.rows(0), Some("rows")),
    ] {
        assert_eq!(quota.used_up(used), expected, "{quota:?}");
    }
}

#[test]
fn days_and_months_are_those_of_utc() {
    let text = |(from, until): (DateTime<Utc>, DateTime<Utc>)| {
        format!("{} {}", from.format("%F %T"), until.format("%F %T"))
    };
    for (moment, day, month) in [
        (
            "2028-02-29T23:59:59.999999Z",
            "2028-02-29 00:00:00 2028-03-01 00:00:00",
            "2028-02-01 00:00:00 2028-03-01 00:00:00",
        ),
        (
            "2026-12-31T00:00:00Z",
            "2026-12-31 00:00:00 2027-01-01 00:00:00",
            "2026-12-01 00:00:00 2027-01-01 00:00:00",
        ),
    ] {
        let moment = DateTime::parse_from_rfc3339(moment).unwrap().to_utc();
        assert_eq!(text(Quota::per_day().around(moment)), day);
        assert_eq!(text(Quota::per_month().around(moment)), month);
    }
}
