//! `tenancy lint`: dangerous statements of revisions, before they run.

use serde_json::{Value, json};
use tenancy::migrate::Target;
use tenancy_core::lint::{Finding, Severity, lint_revision};

use crate::{
    arguments::Lint,
    output::{Failure, failed},
    session::Session,
};

/// Tells what is dangerous in the ways up, and fails if something must not be.
pub(crate) fn run(session: &mut Session<'_, '_>, options: &Lint) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let dialect = session.common.dialect()?;
    let only = session.common.target.map(Target::from);
    let shared: Vec<_> = options.shared_tables.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for revision in migrations.history().revisions() {
        let named = options.revisions.iter().any(|name| revision.id.as_str().starts_with(name));
        let meant = (options.revisions.is_empty() || named)
            && only.is_none_or(|target| target == revision.target);
        if meant {
            let findings = lint_revision(revision, dialect, &shared).map_err(failed)?;
            found.extend(findings.into_iter().map(|finding| (revision.source.clone(), finding)));
        }
    }
    let errors = found.iter().filter(|(_, finding)| finding.severity == Severity::Error).count();
    if session.output.json {
        let list = found.iter().map(|(file, finding)| value(file, finding)).collect();
        session.output.value(&Value::Array(list))?;
    } else {
        for (file, Finding { rule, line, what, why, instead, .. }) in &found {
            session
                .output
                .line(&format!("{file}:{line}: {rule}: {what}\n    {why}\n    {instead}"))?;
        }
    }
    match errors {
        0 => Ok(()),
        1 => Err(Failure::Found("one statement must not run like that".to_owned())),
        many => Err(Failure::Found(format!("{many} statements must not run like that"))),
    }
}

fn value(file: &str, finding: &Finding) -> Value {
    json!({
        "file": file,
        "line": finding.line,
        "rule": finding.rule,
        "error": finding.severity == Severity::Error,
        "what": finding.what,
        "why": finding.why,
        "instead": finding.instead,
        "sql": finding.sql,
    })
}
