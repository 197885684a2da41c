//! What is done to a table: a statement that reaches the tenant's own rows, and its twin that would
//! reach those of others.

use super::{
    attempt::{Attempt, Seen},
    proof::{Case, Expected, Verdict},
};
use crate::{Result, TenantDb};

/// A statement and its control.
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) own: Attempt,
    /// What the control must count.
    pub(super) expected: Expected,
    /// Must count nothing, or be refused.
    pub(super) foreign: Attempt,
}

impl Shape {
    pub(super) async fn try_on(self, db: &TenantDb, table: &str) -> Result<Case> {
        let own = self.own.run(db).await?;
        let foreign = self.foreign.run(db).await?;
        Ok(Case {
            table: table.to_owned(),
            shape: self.name,
            verdict: judge(&own, self.expected, &foreign),
            excuse: None,
        })
    }
}

fn judge(own: &Seen, expected: Expected, foreign: &Seen) -> Verdict {
    let own = match own {
        Seen::Number(number) if expected.fits(*number) => *number,
        Seen::Number(number) if expected.exceeded(*number) => {
            return Verdict::Leaked(format!(
                "a statement for all rows reached {number}, and the tenant has {expected}"
            ));
        }
        Seen::Number(number) => {
            return Verdict::Unshown(format!(
                "the control reached {number} of the tenant's own rows, and not {expected}"
            ));
        }
        Seen::Refused(why) | Seen::Failed(why) | Seen::Taken(why) => {
            return Verdict::Unshown(format!("the control did not run: {why}"));
        }
    };
    match foreign {
        Seen::Number(0) => Verdict::Apart { own, how: "reached none of the others'" },
        Seen::Number(number) => {
            Verdict::Leaked(format!("{number} rows of other tenants were reached"))
        }
        Seen::Refused(_) => Verdict::Apart { own, how: "refused for the others'" },
        Seen::Failed(_) => Verdict::Apart { own, how: "failed for the others'" },
        Seen::Taken(why) => Verdict::Unshown(format!(
            "whether it reaches others was not to be seen, since a key was taken: {why}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_control_nothing_is_shown() {
        let (none, own) = (Seen::Number(0), Seen::Number(3));
        let (three, some) = (Expected::Exactly(3), Expected::UpTo(3));
        assert!(matches!(judge(&own, three, &none), Verdict::Apart { own: 3, .. }));
        assert!(matches!(judge(&none, three, &none), Verdict::Unshown(_)));
        assert!(matches!(judge(&none, some, &none), Verdict::Unshown(_)));
        assert!(matches!(judge(&Seen::Number(2), some, &none), Verdict::Apart { .. }));
        assert!(matches!(judge(&Seen::Failed("x".into()), three, &none), Verdict::Unshown(_)));
        assert!(matches!(judge(&Seen::Number(6), three, &none), Verdict::Leaked(_)));
        assert!(matches!(judge(&Seen::Number(6), some, &none), Verdict::Leaked(_)));
        assert!(matches!(judge(&own, three, &Seen::Number(1)), Verdict::Leaked(_)));
        assert!(matches!(judge(&own, three, &Seen::Taken("x".into())), Verdict::Unshown(_)));
        assert!(matches!(judge(&own, three, &Seen::Refused("x".into())), Verdict::Apart { .. }));
    }
}
