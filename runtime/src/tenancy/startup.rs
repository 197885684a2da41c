//! Whether to start on what an audit found.

use crate::{
    Error, Result,
    audit::{Finding, Report, Severity},
};

/// A finding somebody has looked at and allows, and why.
#[derive(Debug, Clone)]
pub(super) struct Allowance {
    pub(super) code: String,
    pub(super) object: String,
    pub(super) reason: String,
}

impl Allowance {
    fn covers(&self, finding: &Finding) -> bool {
        self.code == finding.code && plain(&self.object) == plain(&finding.object)
    }
}

/// An object's name without the engine's quotes, so that nobody has to write them.
fn plain(object: &str) -> String {
    object.replace(['"', '`'], "")
}

/// A table that is not there yet shows nobody's rows; a statement on it fails.
const HARMLESS: &str = "table_missing";

/// Refuses a report that is fatal but for what is allowed, and logs everything else.
///
/// # Errors
///
/// One of configuration, with the findings in it, if one is fatal and not allowed, or if an
/// allowance has no reason.
pub(super) fn judge(report: &Report, allowances: &[Allowance]) -> Result<()> {
    for allowance in allowances {
        let Allowance { code, object, reason } = allowance;
        if reason.trim().is_empty() {
            return Err(Error::config(format!(
                "the finding `{code}` of `{object}` was allowed without a reason; say why it does \
                 no harm, as in `allow(\"{code}\", \"{object}\", \"reviewed: …\")`"
            )));
        }
        let needed = report.findings().iter().any(|finding| allowance.covers(finding));
        if !needed {
            tracing::info!(target: "tenancy::audit", code, object, reason, "an allowance that nothing needs");
        }
    }
    let mut fatal = Vec::new();
    for finding in report.findings() {
        let Finding { severity, code, object, what, .. } = finding;
        // Codes are words of this program; objects are not.
        metrics::counter!("tenancy_audit_findings_total", "code" => *code).increment(1);
        let allowance = allowances.iter().find(|allowance| allowance.covers(finding));
        if let Some(Allowance { reason, .. }) = allowance {
            tracing::warn!(target: "tenancy::audit", code, object, what, reason, "allowed");
        } else if *severity == Severity::Fatal && *code != HARMLESS {
            fatal.push(finding.clone());
        } else {
            tracing::warn!(target: "tenancy::audit", code, object, what, "found");
        }
    }
    match fatal.first() {
        None => Ok(()),
        Some(first) => Err(Error::config(format!(
            "the database does not keep tenants apart:\n{}run the statements that mend it; or, if you \
             have looked at it and it does no harm, \
             `Builder::allow(\"{}\", \"{}\", \"why\")`",
            Report::of(fatal.clone()),
            first.code,
            plain(&first.object)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report::of(vec![
            Finding::fatal("role_superuser", "app", "it sees everything"),
            Finding::fatal("table_missing", "orders", "there is none"),
            Finding::warning("index_missing", "orders", "it is slow"),
        ])
    }

    fn allow(code: &str, object: &str, reason: &str) -> Allowance {
        Allowance { code: code.into(), object: object.into(), reason: reason.into() }
    }

    #[test]
    fn what_breaks_isolation_is_refused_unless_it_is_allowed_by_name_and_with_a_reason() {
        let error = judge(&report(), &[]).unwrap_err().to_string();
        assert!(
            error.contains("it sees everything") && !error.contains("there is none"),
            "{error}"
        );
        assert!(error.contains("Builder::allow(\"role_superuser\", \"app\""), "{error}");
        assert!(judge(&report(), &[allow("role_superuser", "other", "why")]).is_err());
        assert!(judge(&report(), &[allow("role_bypass", "app", "why")]).is_err());
        judge(&report(), &[allow("role_superuser", "app", "a laptop")]).unwrap();
        for reason in ["", "  "] {
            let error = judge(&report(), &[allow("role_superuser", "app", reason)]).unwrap_err();
            assert!(error.is_config() && error.to_string().contains("without a reason"), "{error}");
        }
    }

    #[test]
    fn nobody_has_to_write_quotes() {
        let report = Report::of(vec![Finding::fatal("unique_key", "\"my shop\".`ledger`", "no")]);
        let error = judge(&report, &[]).unwrap_err().to_string();
        assert!(error.contains("Builder::allow(\"unique_key\", \"my shop.ledger\""), "{error}");
        judge(&report, &[allow("unique_key", "my shop.ledger", "why")]).unwrap();
    }

    #[test]
    fn nothing_found_is_nothing_refused() {
        judge(&Report::default(), &[allow("role_superuser", "app", "a laptop")]).unwrap();
    }
}
