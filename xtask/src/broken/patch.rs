//! A patch, and the tests that must notice it.

use std::fmt;

use crate::Result;

/// Breaks one thing.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) name: &'static str,
    /// What is wrong with it.
    pub(super) why: &'static str,
    pub(super) edits: &'static [Edit],
    /// All of them must fail.
    pub(super) tests: &'static [Test],
}

/// Changes a file.
#[derive(Debug)]
pub(super) struct Edit {
    /// Seen from the folder of the workspace.
    pub(super) file: &'static str,
    /// Is there exactly once.
    pub(super) find: &'static str,
    pub(super) replace: &'static str,
}

/// A test of a program with integration tests in `tests/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    pub(super) program: &'static str,
    pub(super) name: &'static str,
}

impl Edit {
    /// The text of the file as it is to be.
    pub(super) fn apply(&self, text: &str) -> Result<String> {
        let Self { file, find, replace } = self;
        match text.matches(find).count() {
            1 => Ok(text.replacen(find, replace, 1)),
            0 => Err(format!("{file} does not contain what is to be replaced: {find:?}")),
            n => Err(format!("{file} contains {n} times what is to be replaced: {find:?}")),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.program, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_must_be_there_once() {
        let edit = Edit { file: "a.rs", find: "b", replace: "x" };
        assert_eq!(edit.apply("abc").unwrap(), "axc");
        assert!(edit.apply("ac").unwrap_err().contains("does not contain"));
        assert!(edit.apply("abcb").unwrap_err().contains("2 times"));
    }
}
