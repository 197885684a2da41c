//! Children that end when the user ends us.
//!
//! Each gets a process group of its own. So a Ctrl-C in the terminal reaches this program alone,
//! which ends what runs in the foreground, and then stops its servers in order.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use crate::Result;

static ASKED_TO_STOP: AtomicBool = AtomicBool::new(false);
static FOREGROUND: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Begins to listen for Ctrl-C and the signals of a polite kill.
///
/// The first ends the children in the foreground; the next kills them.
pub(crate) fn listen() -> Result<()> {
    let stop = || {
        let again = ASKED_TO_STOP.swap(true, Ordering::SeqCst);
        let children = FOREGROUND.lock().unwrap_or_else(PoisonError::into_inner);
        for child in children.iter() {
            signal(*child, if again { Signal::SIGKILL } else { Signal::SIGTERM });
        }
    };
    ctrlc::set_handler(stop).map_err(|error| format!("cannot listen for Ctrl-C: {error}"))
}

/// Whether the user asked this program to stop.
pub(crate) fn asked_to_stop() -> bool {
    ASKED_TO_STOP.load(Ordering::SeqCst)
}

/// Sends a signal to the group of a child; one that has ended already is left alone.
pub(crate) fn signal(child: u32, signal: Signal) {
    if let Ok(group) = i32::try_from(child) {
        let _ = killpg(Pid::from_raw(group), signal);
    }
}

/// A child in the foreground, ended with us.
#[derive(Debug)]
pub(crate) struct Foreground(Child);

impl Foreground {
    /// Starts a command in a process group of its own.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        FOREGROUND.lock().unwrap_or_else(PoisonError::into_inner).push(child.id());
        if asked_to_stop() {
            signal(child.id(), Signal::SIGTERM);
        }
        Ok(Self(child))
    }

    /// Its number, and that of its group.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> io::Result<ExitStatus> {
        self.0.wait()
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        let own = self.0.id();
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            signal(own, Signal::SIGKILL);
            let _ = self.0.wait();
        }
        FOREGROUND.lock().unwrap_or_else(PoisonError::into_inner).retain(|child| *child != own);
    }
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Instant};

    use super::Foreground;

    #[test]
    fn a_dropped_child_has_ended() {
        let started = Instant::now();
        let child = Foreground::spawn(Command::new("sleep").arg("60")).unwrap();
        let id = child.0.id();
        drop(child);
        assert!(started.elapsed().as_secs() < 30);
        assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
    }
}
