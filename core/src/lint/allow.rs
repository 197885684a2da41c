//! `-- lint:allow rule reason`.

use super::{Finding, LintInput, rule::rule};

struct Allowed {
    line: usize,
    rule: String,
    used: bool,
    /// The statement it is about.
    statement: Option<usize>,
}

/// Takes away what is allowed, and reports comments that allow nothing.
pub(super) fn apply(input: &LintInput<'_>, findings: &mut Vec<Finding>) {
    let mut allowed: Vec<Allowed> = Vec::new();
    let mut bad: Vec<Finding> = Vec::new();
    let mut read = |line: usize, text: &str, statement: Option<usize>| {
        let Some(rest) = directive(text) else { return };
        let (name, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let report = |what: String| {
            Finding::new("bad-suppression", (statement.unwrap_or(0), line, text), what)
        };
        if rule(name).is_none() {
            let names = super::RULES.iter().map(|it| it.name);
            let meant = names.min_by_key(|known| distance(known, name)).unwrap_or_default();
            bad.push(report(format!("there is no rule `{name}`; did you mean `{meant}`?")));
        } else if name.ends_with("-suppression") {
            bad.push(report(format!("`{name}` is about such comments, and cannot be allowed")));
        } else if reason.trim().trim_matches('"').is_empty() {
            bad.push(report(format!("`{name}` is allowed without a reason")));
        } else {
            allowed.push(Allowed { line, rule: name.to_owned(), used: false, statement });
        }
    };
    for (line, text) in input.comments {
        let next = input.statements.iter().position(|(at, _)| at >= line);
        for (offset, comment) in text.lines().enumerate() {
            read(line + offset, comment, next);
        }
    }
    for (number, (line, sql)) in input.statements.iter().enumerate() {
        for (offset, text) in sql.lines().enumerate() {
            read(line + offset, text, Some(number));
        }
    }
    findings.retain(|finding| {
        let by = allowed
            .iter_mut()
            .find(|it| it.rule == finding.rule && it.statement == Some(finding.statement));
        by.map(|it| it.used = true).is_none()
    });
    for it in allowed.iter().filter(|it| !it.used) {
        let what = format!("no statement here breaks `{}`", it.rule);
        let place = (it.statement.unwrap_or(0), it.line, "");
        bad.push(Finding::new("unused-suppression", place, what));
    }
    findings.append(&mut bad);
    findings.sort_by_key(|finding| (finding.line, finding.statement));
}

fn directive(line: &str) -> Option<&str> {
    let (_, comment) = line.split_once("--")?;
    let comment = comment.trim().strip_prefix("lint:allow")?;
    (comment.is_empty() || comment.starts_with(char::is_whitespace)).then(|| comment.trim())
}

/// How unlike two names are: letters that are not at the same place, from the front and the back.
fn distance(a: &str, b: &str) -> usize {
    let front = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let back = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
    a.len().max(b.len()).saturating_sub(front + back)
}
