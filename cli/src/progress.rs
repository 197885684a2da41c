//! How far a run is: bars on a terminal, lines elsewhere, or events in JSON.

use std::{sync::Arc, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tenancy::migrate::RunEvent;

use crate::output::Output;

/// Tells what happens.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    wave: String,
    failed: u64,
}

impl Progress {
    pub(crate) fn new(output: &Output<'_>) -> Self {
        let bar = (output.terminal && !output.json).then(|| {
            let bar = ProgressBar::new(0);
            let form = "{bar:30} {pos}/{len} tenants, {per_sec}, {eta} left {msg}";
            // A form that cannot be read is a mistake of ours, and the plain one will do.
            if let Ok(style) = ProgressStyle::with_template(form) {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, wave: String::new(), failed: 0 }
    }

    /// A run goes on when nobody reads any more what is told of it.
    pub(crate) fn tell(&mut self, output: &mut Output<'_>, event: &RunEvent) {
        if output.json {
            let _ = output.line(&value(event).to_string());
            return;
        }
        match event {
            RunEvent::Planned { stale, .. } => {
                if let Some(bar) = &self.bar {
                    bar.set_length(*stale);
                }
            }
            RunEvent::Wave { number, of, .. } if *of > 1 => {
                self.wave = format!("(wave {number} of {of})");
            }
            RunEvent::Failed { .. } => self.failed += 1,
            _ => {}
        }
        if let (Some(bar), RunEvent::Done { .. } | RunEvent::Failed { .. }) = (&self.bar, event) {
            bar.inc(1);
        }
        let said = line(event);
        match &self.bar {
            Some(bar) => {
                let failed = (self.failed > 0).then(|| format!("{} failed", self.failed));
                bar.set_message(
                    [failed.as_deref(), Some(&self.wave)]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join(" "),
                );
                // Tenants that are done move the bar only.
                if !matches!(event, RunEvent::Done { .. }) {
                    said.into_iter().for_each(|said| bar.println(said));
                }
            }
            None => said.into_iter().for_each(|said| output.note(&said)),
        }
    }

    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// An event as a line, if it is worth one.
fn line(event: &RunEvent) -> Option<String> {
    Some(match event {
        RunEvent::Shared { steps } => {
            let steps: Vec<_> = steps.iter().map(|step| format!("Running {step}")).collect();
            steps.join("\n")
        }
        RunEvent::Planned { selected, stale } => {
            format!("{stale} of {selected} tenants have something to do")
        }
        RunEvent::Wave { of: 1, .. } => return None,
        RunEvent::Wave { number, of, tenants } => {
            format!("wave {number} of {of}: {tenants} tenants")
        }
        RunEvent::Done { slug, steps, took } => {
            format!("`{slug}`: {} in {}", counted(steps), in_words(*took))
        }
        RunEvent::Failed { slug, failure } => format!("`{slug}` failed: {failure}"),
        RunEvent::Stopped { why } => format!("stopped: {why}"),
        _ => return None,
    })
}

fn counted(steps: &Arc<[String]>) -> String {
    match steps.len() {
        0 => "nothing left to do".to_owned(),
        1 => steps[0].clone(),
        many => format!("{many} revisions"),
    }
}

fn in_words(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

/// An event as a value.
fn value(event: &RunEvent) -> Value {
    match event {
        RunEvent::Shared { steps } => json!({ "event": "shared", "steps": steps }),
        RunEvent::Planned { selected, stale } => {
            json!({ "event": "planned", "selected": selected, "stale": stale })
        }
        RunEvent::Wave { number, of, tenants } => {
            json!({ "event": "wave", "number": number, "of": of, "tenants": tenants })
        }
        RunEvent::Begun { slug } => json!({ "event": "begun", "tenant": slug }),
        RunEvent::Done { slug, steps, took } => json!({
            "event": "done", "tenant": slug, "steps": **steps, "ms": millis(*took),
        }),
        RunEvent::Failed { slug, failure } => {
            json!({ "event": "failed", "tenant": slug, "failure": failure_value(failure) })
        }
        RunEvent::Stopped { why } => json!({ "event": "stopped", "why": why }),
        other => json!({ "event": "other", "what": format!("{other:?}") }),
    }
}

/// A failure as a value.
pub(crate) fn failure_value(failure: &tenancy::migrate::Failure) -> Value {
    let (sql, line) = failure.statement.clone().unzip();
    json!({
        "revision": failure.revision, "what": failure.what, "code": failure.code, "sql": sql, "line": line,
    })
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
