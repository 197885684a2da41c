//! Runs tests in the copy, and reads what came of each.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Read},
    process::Stdio,
    sync::mpsc,
    thread,
    time::Duration,
};

use nix::sys::signal::Signal;

use super::{
    patch::Test,
    tree::{Tree, cargo_in},
};
use crate::{
    Result,
    child::{self, Foreground},
};

/// A broken program may hang.
const PATIENCE: Duration = Duration::from_secs(900);

/// What came of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Failed,
    /// It did not compile, it hung, or there is no such test.
    Missing,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "passes",
            Self::Failed => "fails",
            Self::Missing => "did not run to its end",
        })
    }
}

/// Runs these tests and no others.
pub(super) fn verdicts(
    tree: &Tree,
    tests: &[Test],
    urls: &[(&'static str, String)],
) -> Result<Vec<(Test, Verdict)>> {
    let mut programs: BTreeMap<&str, Vec<Test>> = BTreeMap::new();
    for test in tests {
        programs.entry(test.program).or_default().push(*test);
    }
    let mut verdicts = Vec::new();
    for (program, tests) in programs {
        let output = output(tree, program, &tests, urls)?;
        let said: Vec<_> = tests.iter().map(|test| (*test, verdict(&output, test.name))).collect();
        if said.iter().any(|(_, verdict)| *verdict == Verdict::Missing) {
            let lines: Vec<&str> = output.lines().collect();
            eprintln!("{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
        verdicts.extend(said);
    }
    Ok(verdicts)
}

fn output(
    tree: &Tree,
    program: &str,
    tests: &[Test],
    urls: &[(&'static str, String)],
) -> Result<String> {
    let cannot = |error: io::Error| format!("cannot run cargo test: {error}");
    let (mut reader, writer) = io::pipe().map_err(cannot)?;
    let mut command = cargo_in(tree);
    command.args(["test", "--package", "tenancy-tests", "--test", program, "--", "--exact"]);
    command.args(tests.iter().map(|test| test.name));
    command.envs(urls.iter().map(|(variable, url)| (variable, url)));
    command.stdin(Stdio::null());
    command.stdout(writer.try_clone().map_err(cannot)?).stderr(writer);
    let child = Foreground::spawn(&mut command).map_err(cannot)?;
    // It holds the writing end, which would keep the pipe open.
    drop(command);
    let (ended, wait) = mpsc::channel::<()>();
    let id = child.id();
    let watch = thread::spawn(move || {
        if wait.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            child::signal(id, Signal::SIGKILL);
        }
    });
    let mut output = Vec::new();
    reader.read_to_end(&mut output).map_err(cannot)?;
    drop(ended);
    let _ = watch.join();
    child.wait().map_err(cannot)?;
    if child::asked_to_stop() {
        return Err("stopped before the tests ended".to_owned());
    }
    Ok(String::from_utf8_lossy(&output).into_owned())
}

/// `test reads::find::sqlite ... FAILED`
fn verdict(output: &str, name: &str) -> Verdict {
    let line = format!("test {name} ... ");
    match output.lines().find_map(|said| said.strip_prefix(&line)) {
        Some("ok") => Verdict::Ok,
        Some("FAILED") => Verdict::Failed,
        _ => Verdict::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_did_not_run_did_not_fail() {
        let output = "running 2 tests\ntest a::b ... ok\ntest a::c ... FAILED\n";
        assert_eq!(verdict(output, "a::b"), Verdict::Ok);
        assert_eq!(verdict(output, "a::c"), Verdict::Failed);
        assert_eq!(verdict(output, "b"), Verdict::Missing);
        assert_eq!(verdict("error: could not compile", "a::b"), Verdict::Missing);
    }
}
