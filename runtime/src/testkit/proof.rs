//! What was shown, and what was not.

use std::fmt;

/// What [`prove`](super::prove) found: for each table and each statement whether the tenant reached
/// rows of others.
///
/// Printed, it has a line for each.
#[derive(Debug, Clone)]
#[must_use = "a proof that nobody looks at shows nothing; call `assert`"]
pub struct Proof {
    pub(super) tenant: String,
    pub(super) other: String,
    pub(super) cases: Vec<Case>,
}

/// One statement on one table.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) table: String,
    pub(super) shape: String,
    pub(super) verdict: Verdict,
    pub(super) excuse: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// So many rows of the tenant's own were reached, and none of the others'.
    Apart { own: u64, how: &'static str },
    /// Rows of the others were.
    Leaked(String),
    /// It is not known.
    Unshown(String),
    /// There is nothing to try.
    Idle(String),
}

/// How many rows the tenant's own statement must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Exactly(u64),
    /// At least one, where a policy decides which.
    UpTo(u64),
}

impl Expected {
    pub(super) fn fits(self, number: u64) -> bool {
        match self {
            Self::Exactly(expected) => number == expected,
            Self::UpTo(most) => (1..=most).contains(&number),
        }
    }

    pub(super) fn exceeded(self, number: u64) -> bool {
        let (Self::Exactly(most) | Self::UpTo(most)) = self;
        number > most
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(number) => number.fmt(f),
            Self::UpTo(most) => write!(f, "1 to {most}"),
        }
    }
}

impl Proof {
    /// Whether no row of another tenant was reached, and everything was shown that has no
    /// [excuse](Self::excuse).
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.cases.is_empty() && self.cases.iter().all(Case::holds)
    }

    /// Goes without one of the statements on a table, for the reason given: where a check of the
    /// table's own keeps the control from running. What reached rows of others is not excused.
    ///
    /// `statement` is called as in the printed proof.
    pub fn excuse(mut self, table: &str, statement: &str, reason: &str) -> Self {
        for case in &mut self.cases {
            let unshown = matches!(case.verdict, Verdict::Unshown(_));
            let meant = case.table == table && case.shape == statement;
            if unshown && meant && !reason.trim().is_empty() {
                case.excuse = Some(reason.trim().to_owned());
            }
        }
        self
    }

    /// Makes a test fail unless the proof [holds](Self::holds).
    ///
    /// # Panics
    ///
    /// If it does not. The message is the printed proof.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.holds(), "tenants are not shown to be apart\n{self}");
    }

    /// How many statements were tried that reached rows of the tenant's own and none of others.
    #[must_use]
    pub fn shown(&self) -> usize {
        let apart = |case: &&Case| matches!(case.verdict, Verdict::Apart { .. });
        self.cases.iter().filter(apart).count()
    }
}

impl Case {
    fn holds(&self) -> bool {
        match self.verdict {
            Verdict::Apart { .. } | Verdict::Idle(_) => true,
            Verdict::Unshown(_) => self.excuse.is_some(),
            Verdict::Leaked(_) => false,
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, other, cases } = self;
        writeln!(f, "`{tenant}` beside `{other}`: {} of {} shown", self.shown(), cases.len())?;
        for Case { table, shape, verdict, excuse } in cases {
            let (mark, text) = match verdict {
                Verdict::Apart { own, how } => ("ok", format!("{own} of its own; {how}")),
                Verdict::Leaked(what) => ("LEAKED", what.clone()),
                Verdict::Unshown(why) if excuse.is_none() => ("UNSHOWN", why.clone()),
                Verdict::Unshown(why) | Verdict::Idle(why) => ("-", why.clone()),
            };
            write!(f, "{mark:<8} {table}: {shape}: {text}")?;
            match excuse {
                Some(excuse) => writeln!(f, " (excused: {excuse})")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(verdicts: impl IntoIterator<Item = Verdict>) -> Proof {
        let case = |verdict| {
            let (table, shape) = ("orders".to_owned(), "insert".to_owned());
            Case { table, shape, verdict, excuse: None }
        };
        let cases = verdicts.into_iter().map(case).collect();
        Proof { tenant: "acme".to_owned(), other: "globex".to_owned(), cases }
    }

    #[test]
    fn what_is_not_shown_needs_an_excuse() {
        let apart = || Verdict::Apart { own: 3, how: "reached none of the others'" };
        assert!(proof([apart(), Verdict::Idle("no keys".to_owned())]).holds());
        assert!(!proof([]).holds());
        let unshown = || proof([apart(), Verdict::Unshown("a check".to_owned())]);
        assert!(!unshown().holds());
        assert!(!unshown().excuse("orders", "insert", " ").holds());
        assert!(!unshown().excuse("orders", "delete", "as it is").holds());
        let excused = unshown().excuse("orders", "insert", "as it is");
        assert!(excused.holds());
        assert_eq!(
            excused.to_string(),
            "`acme` beside `globex`: 1 of 2 shown\n\
             ok       orders: insert: 3 of its own; reached none of the others'\n\
             -        orders: insert: a check (excused: as it is)\n"
        );
        let leaked = proof([Verdict::Leaked("1 row".to_owned())]);
        let leaked = leaked.excuse("orders", "insert", "as it is");
        assert!(!leaked.holds() && leaked.to_string().contains("LEAKED   orders: insert: 1 row"));
    }
}
