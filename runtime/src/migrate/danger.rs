//! What the lint finds in steps before they are done.

use std::fmt::Write as _;

use tenancy_core::{
    Dialect,
    lint::{Finding, Severity, lint_revision},
    revision::{Direction, Graph, Step},
};

/// Why steps must not be done, if the lint finds something in them that must not run like that.
///
/// What a baseline does is done where nobody is yet. A script that cannot be divided is refused by whoever
/// reads it next.
pub(super) fn of(graph: &Graph, steps: &[Step], dialect: Dialect) -> Option<String> {
    let mut told = String::new();
    for step in steps.iter().filter(|step| step.direction == Direction::Upgrade && !step.baseline) {
        let Some(revision) = graph.script_of(step) else { continue };
        let findings = lint_revision(revision, dialect, &[]).unwrap_or_default();
        for Finding { rule, line, what, why, instead, .. } in
            findings.iter().filter(|finding| finding.severity == Severity::Error)
        {
            let file = &revision.source;
            // A text grows whatever it is given.
            let _ = write!(told, "\n{file}:{line}: {rule}: {what}\n    {why}\n    {instead}");
        }
    }
    (!told.is_empty()).then(|| {
        format!(
            "nothing was done, since statements must not run like that; what is meant so is let through by \
             `-- lint:allow <rule> <reason>` before it, or all of it by whoever runs it, without the \
             lint{told}"
        )
    })
}
