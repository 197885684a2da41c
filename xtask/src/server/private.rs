//! A server of our own, for one run of the tests.

use std::{
    fmt,
    fs::{self, File},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use super::{Kind, address::Address, folder::Room};
use crate::{Result, child};

const TO_START: Duration = Duration::from_secs(90);
const TO_STOP: Duration = Duration::from_secs(15);

/// A running private server; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Private {
    url: String,
    child: Child,
    stop: Signal,
}

impl Private {
    /// Starts a server on a free port and waits until it lets us in.
    ///
    /// `command` gets the port. Someone else may take it before the server does, so a server
    /// that ends at once gets another port, twice.
    pub(crate) fn start(
        kind: &Kind,
        room: &Room,
        stop: Signal,
        command: impl Fn(u16) -> Command,
    ) -> Result<Self> {
        let mut last = String::new();
        for _ in 0..3 {
            let port = free_port()?;
            match Self::attempt(kind, room, stop, port, command(port)) {
                Ok(server) => return Ok(server),
                Err(Failure::Ended(why)) => last = why,
                Err(Failure::Final(why)) => return Err(why),
            }
        }
        Err(last)
    }

    fn attempt(
        kind: &Kind,
        room: &Room,
        stop: Signal,
        port: u16,
        mut command: Command,
    ) -> Result<Self, Failure> {
        let name = kind.name;
        let log = room.path.join("log");
        let cannot = |why: &dyn fmt::Display| {
            Failure::Final(format!("cannot start a private {name}: {why}"))
        };
        let file = File::create(&log).map_err(|error| cannot(&error))?;
        let twin = file.try_clone().map_err(|error| cannot(&error))?;
        lower(&mut command, room).stdout(file).stderr(twin).process_group(0);
        let child = command.spawn().map_err(|error| cannot(&format!("{command:?}: {error}")))?;
        // From here on dropping it stops the child.
        let mut server = Self { url: at_port(kind.standard, port), child, stop };
        let id = server.child.id().to_string();
        fs::write(room.path.join("id"), id).map_err(|error| cannot(&error))?;

        let address = Address::parse(&server.url).map_err(|why| cannot(&why))?;
        let begun = Instant::now();
        loop {
            if child::asked_to_stop() {
                return Err(cannot(&"the user asked to stop"));
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                let why = format!("a private {name} ended with {status}; its log:\n{}", tail(&log));
                return Err(Failure::Ended(why));
            }
            match (kind.greet)(&address) {
                Ok(_) => return Ok(server),
                Err(why) if begun.elapsed() > TO_START => {
                    let log = tail(&log);
                    return Err(cannot(&format!("after {TO_START:?}, {why}; its log:\n{log}")));
                }
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        child::signal(self.child.id(), self.stop);
        let begun = Instant::now();
        while begun.elapsed() < TO_STOP {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        child::signal(self.child.id(), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

enum Failure {
    /// Another port may help.
    Ended(String),
    Final(String),
}

/// Runs a command that lays out a server's folder.
pub(crate) fn lay_out(name: &str, room: &Room, command: &mut Command) -> Result<()> {
    let log = room.path.join("layout-log");
    let cannot = |why: &dyn fmt::Display| format!("cannot lay out a private {name}: {why}");
    let file = File::create(&log).map_err(|error| cannot(&error))?;
    let twin = file.try_clone().map_err(|error| cannot(&error))?;
    lower(command, room).stdout(file).stderr(twin);
    let status = child::Foreground::spawn(command)
        .and_then(child::Foreground::wait)
        .map_err(|error| cannot(&format!("{command:?}: {error}")))?;
    if status.success() {
        return Ok(());
    }
    Err(cannot(&format!("{command:?} ended with {status}; its log:\n{}", tail(&log))))
}

/// Runs a command in a server's place, under its account.
fn lower<'a>(command: &'a mut Command, room: &Room) -> &'a mut Command {
    if let Some((user, group)) = room.account {
        command.uid(user).gid(group);
    }
    command.current_dir(&room.path).env("HOME", &room.path).env("TMPDIR", &room.path);
    command.env("LC_ALL", "C").stdin(Stdio::null())
}

fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("cannot find a free port on 127.0.0.1: {error}"))
}

/// The URL of a server at its standard place, with another port.
fn at_port(url: &str, port: u16) -> String {
    match url.rsplit_once(':') {
        Some((before, after)) => {
            let path = after.split_once('/').map_or("", |(_, path)| path);
            format!("{before}:{port}/{path}")
        }
        None => url.to_owned(),
    }
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_server_has_the_standard_url_at_another_port() {
        let url = at_port("postgres://postgres@127.0.0.1:5432/postgres", 7);
        assert_eq!(url, "postgres://postgres@127.0.0.1:7/postgres");
        assert_eq!(at_port("redis://127.0.0.1:6379/", 7), "redis://127.0.0.1:7/");
    }
}
