//! What a command says, and the status it exits with.

use std::{error, fmt, io::Write};

use serde_json::{Value, json};

/// Where a command writes.
pub struct Output<'a> {
    out: &'a mut (dyn Write + Send),
    err: &'a mut (dyn Write + Send),
    pub(crate) json: bool,
    pub(crate) terminal: bool,
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("json", &self.json).finish_non_exhaustive()
    }
}

/// Why a command did not do what was asked for, by the status it exits with.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 1: a check found something.
    Found(String),
    /// 2: the command line makes no sense.
    Usage(String),
    /// 3: some tenants could not be moved.
    Tenants(String),
    /// 4: it could not be done.
    Failed(String),
    /// 5: it was ended from outside.
    Interrupted(String),
    /// Nobody reads what is written any more.
    Closed,
}

impl Failure {
    fn status(&self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Found(_) => 1,
            Self::Usage(_) => 2,
            Self::Tenants(_) => 3,
            Self::Failed(_) => 4,
            Self::Interrupted(_) => 5,
        }
    }
}

/// Most errors of others.
pub(crate) fn failed(error: impl error::Error) -> Failure {
    Failure::Failed(error.to_string())
}

impl<'a> Output<'a> {
    /// Answers go to `out`, and all else to `err`: errors, and what is told on the way.
    pub fn new(out: &'a mut (dyn Write + Send), err: &'a mut (dyn Write + Send)) -> Self {
        Self { out, err, json: false, terminal: false }
    }

    /// Whether somebody watches `err`: a run over many tenants then shows a bar there.
    #[must_use]
    pub fn terminal(mut self, terminal: bool) -> Self {
        self.terminal = terminal;
        self
    }

    /// Writes a line, or several.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{text}").map_err(|_| Failure::Closed)
    }

    /// Writes a text as it is.
    pub(crate) fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(|_| Failure::Closed)
    }

    /// Writes a value, as the whole answer of a command.
    pub(crate) fn value(&mut self, value: &Value) -> Result<(), Failure> {
        self.line(&format!("{value:#}"))
    }

    /// Tells what happens on the way.
    pub(crate) fn note(&mut self, text: &str) {
        // Nothing can be done where that fails.
        let _ = writeln!(self.err, "{text}");
    }

    /// Tells what was done, where that is all there is to say.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Failure> {
        if self.json { self.value(&json!({ "done": text })) } else { self.line(text) }
    }

    /// Tells why it was not done.
    pub(crate) fn fail(&mut self, failure: &Failure) -> u8 {
        let status = failure.status();
        let why = match failure {
            Failure::Closed => return status,
            Failure::Found(why)
            | Failure::Usage(why)
            | Failure::Tenants(why)
            | Failure::Failed(why)
            | Failure::Interrupted(why) => why,
        };
        // Nothing can be done where that fails.
        let _ = if self.json {
            writeln!(self.err, "{}", json!({ "error": why, "status": status }))
        } else {
            writeln!(self.err, "error: {why}")
        };
        status
    }

    /// Tells how the command is used, as clap puts it.
    pub(crate) fn usage(&mut self, error: &clap::Error) -> u8 {
        let text = error.render();
        // `--help` and `--version` are no mistakes.
        let _ = if error.use_stderr() {
            write!(self.err, "{text}")
        } else {
            write!(self.out, "{text}")
        };
        u8::try_from(error.exit_code()).unwrap_or(2)
    }
}
