//! Counts what the test programs report.

/// The results so far.
///
/// A test program that announces tests and never reports them has crashed, and counts as one
/// failed test. So does a cargo that fails with no failed test to show for it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    ignored_docs: u64,
    crashed: u64,
    broken: bool,
    in_docs: bool,
    announced: bool,
}

impl Tally {
    /// Reads a line of cargo's or of a test program's.
    pub(super) fn read(&mut self, line: &str) {
        let line = plain(line);
        let line = line.trim();
        if line.starts_with("Doc-tests ") {
            self.leave();
            self.in_docs = true;
        } else if line.starts_with("Running ") && line.ends_with(')') {
            self.leave();
            self.in_docs = false;
        } else if is_announcement(line) {
            self.leave();
            self.announced = true;
        } else if let Some(result) = line.strip_prefix("test result: ") {
            self.announced = false;
            self.passed += count(result, "passed");
            self.failed += count(result, "failed");
            let ignored = count(result, "ignored");
            *(if self.in_docs { &mut self.ignored_docs } else { &mut self.ignored }) += ignored;
        }
    }

    /// Learns how cargo ended.
    pub(super) fn end(&mut self, success: bool) {
        self.leave();
        self.broken = !success && self.failed + self.crashed == 0;
    }

    fn leave(&mut self) {
        self.crashed += u64::from(self.announced);
        self.announced = false;
    }

    /// How many tests passed.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// How many did not: failed, ignored, or lost in a crash.
    pub(super) fn failed(&self) -> u64 {
        self.failed + self.ignored + self.crashed + u64::from(self.broken)
    }

    /// Whether something ran, and all of it passed.
    pub(super) fn is_green(&self) -> bool {
        self.passed > 0 && self.failed() == 0
    }

    /// What made the run fail, apart from failed tests.
    pub(super) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.ignored > 0 {
            complaints.push(format!(
                "{} tests are ignored and count as failed: this suite skips nothing",
                self.ignored
            ));
        }
        if self.crashed > 0 {
            complaints.push(format!("{} test programs ended without a result", self.crashed));
        }
        if self.broken {
            complaints.push("cargo test failed outside the tests; see above".to_owned());
        }
        if self.passed + self.failed() == 0 {
            complaints.push("no test ran".to_owned());
        }
        complaints
    }

    /// What the user should know of a run that may be green.
    pub(super) fn warnings(&self) -> Vec<String> {
        if self.ignored_docs == 0 {
            return Vec::new();
        }
        vec![format!("{} examples in the documentation are ignored", self.ignored_docs)]
    }
}

/// `running 3 tests`
fn is_announcement(line: &str) -> bool {
    let number = line
        .strip_prefix("running ")
        .and_then(|rest| rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test")));
    number.is_some_and(|number| number.parse::<u64>().is_ok())
}

/// The number before `what` in `ok. 3 passed; 0 failed; …`.
fn count(result: &str, what: &str) -> u64 {
    let words: Vec<&str> = result.split([' ', ';']).filter(|word| !word.is_empty()).collect();
    words
        .windows(2)
        .find(|pair| pair[1] == what)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or_default()
}

/// The text without a terminal's colours.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.get(1..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn check(lines: &str, success: bool, passed: u64, failed: u64, green: bool) -> Tally {
        let mut tally = Tally::default();
        lines.lines().for_each(|line| tally.read(line));
        tally.end(success);
        assert_eq!((tally.passed(), tally.failed(), tally.is_green()), (passed, failed, green));
        tally
    }

    const OK: &str = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out";

    #[test]
    fn results_are_summed() {
        let two = format!("running 3 tests\n{OK}\nrunning 3 tests\n{OK}");
        check(&two, true, 6, 0, true);
        let failed = "running 2 tests\ntest result: FAILED. 1 passed; 1 failed; 0 ignored;";
        check(failed, false, 1, 1, false);
    }

    #[test]
    fn colours_do_not_hide_a_result() {
        let line = "running 1 test\ntest result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 1 passed; 0 failed";
        check(line, true, 1, 0, true);
    }

    #[test]
    fn ignored_tests_fail_and_ignored_examples_warn() {
        let ignored = OK.replace("0 ignored", "2 ignored");
        let tests = format!("  Running unittests src/lib.rs (target/debug/x)\n{ignored}");
        assert_eq!(check(&tests, true, 3, 2, false).complaints().len(), 1);
        let docs = format!("   \u{1b}[1mDoc-tests\u{1b}[0m tenancy\n{ignored}");
        let docs = check(&docs, true, 3, 0, true);
        assert_eq!((docs.warnings().len(), docs.complaints().len()), (1, 0));
    }

    #[test]
    fn a_crash_is_a_failure() {
        let crash =
            format!("running 5 tests\ntest one ... ok\n Running t.rs (x)\nrunning 3 tests\n{OK}");
        assert_eq!(check(&crash, false, 3, 1, false).complaints().len(), 1);
        check("running 5 tests\ntest one ... ok", false, 0, 1, false);
    }

    #[test]
    fn a_compile_error_is_a_failure() {
        check("error: could not compile `tenancy`", false, 0, 1, false);
        check(OK, false, 3, 1, false);
    }

    #[test]
    fn no_test_at_all_is_a_failure() {
        let none = "running 0 tests\ntest result: ok. 0 passed; 0 failed; 0 ignored;";
        assert_eq!(check(none, true, 0, 0, false).complaints(), ["no test ran"]);
    }
}
