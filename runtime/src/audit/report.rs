//! All findings.

use std::fmt;

use super::{Finding, Severity};

/// What an audit found. Printed, it is a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// A report of these findings.
    pub(crate) fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|one, other| {
            let key = |finding: &Finding| (finding.code, finding.object.clone());
            other.severity.cmp(&one.severity).then_with(|| key(one).cmp(&key(other)))
        });
        findings.dedup();
        Self { findings }
    }

    /// The findings of both, each once.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        Self::of(self.findings)
    }

    /// The findings, the worst first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether something was found with which the application must not start.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Fatal)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return writeln!(f, "nothing found");
        }
        let width = |text: fn(&Finding) -> &str| {
            self.findings.iter().map(|finding| text(finding).chars().count()).max().unwrap_or(0)
        };
        let code = width(|finding| finding.code);
        let object = width(|finding| &finding.object);
        writeln!(f, "{:7}  {:code$}  {:object$}  what", "", "code", "object")?;
        for finding in &self.findings {
            let Finding { severity, what, evidence_sql, remedy_sql, .. } = finding;
            let (name, place) = (finding.code, &finding.object);
            writeln!(f, "{severity:7}  {name:code$}  {place:object$}  {what}")?;
            for (label, sql) in [("shown by", evidence_sql), ("mended by", remedy_sql)] {
                let mut lines = sql.lines();
                if let Some(first) = lines.next() {
                    writeln!(f, "{:7}  {label:9}  {first}", "")?;
                }
                for line in lines {
                    writeln!(f, "{:7}  {:9}  {line}", "", "")?;
                }
            }
        }
        Ok(())
    }
}
