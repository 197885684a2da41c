//! The temporary folder of private servers.

use std::{
    env,
    fs::{self, DirBuilder, File, Permissions},
    os::unix::fs::{DirBuilderExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process, thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, geteuid},
};

use crate::Result;

const PREFIX: &str = "tenancy-test-";

/// A folder that is removed when dropped.
///
/// A locked file in it shows that its owner lives; the folder of a killed run is cleared away by
/// the next one.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

/// A server's own place, and the account it runs as if not ours.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) path: PathBuf,
    pub(crate) account: Option<(u32, u32)>,
}

impl Folder {
    /// Makes a new one, and clears away those of killed runs.
    pub(crate) fn create() -> Result<Self> {
        let parent = env::temp_dir();
        clear_abandoned(&parent);
        let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let path = parent.join(format!("{PREFIX}{}-{moment:x}", process::id()));
        let cannot = |error| format!("cannot make the folder {}: {error}", path.display());
        fs::create_dir(&path).map_err(cannot)?;
        let lock = lock_file(&path).map_err(|error| {
            let _ = fs::remove_dir_all(&path);
            cannot(error)
        })?;
        let folder = Self { path: path.clone(), _lock: lock };
        // Servers under another account must be able to pass through.
        fs::set_permissions(&path, Permissions::from_mode(0o755)).map_err(cannot)?;
        Ok(folder)
    }

    /// Makes the place of one server.
    ///
    /// PostgreSQL and MariaDB refuse to run as root. Then the place belongs to the first of
    /// `accounts` that exists, or to `nobody`.
    pub(crate) fn room(&self, name: &str, accounts: &[&str]) -> Result<Room> {
        let path = self.path.join(name);
        let cannot = |error| format!("cannot make the folder {}: {error}", path.display());
        DirBuilder::new().mode(0o700).create(&path).map_err(cannot)?;
        if !geteuid().is_root() {
            return Ok(Room { path, account: None });
        }
        let account = accounts
            .iter()
            .chain(&["nobody"])
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| (user.uid.as_raw(), user.gid.as_raw()))
            .ok_or("the system has no account `nobody` to run a server as; run this command as an ordinary user")?;
        chown(&path, Some(account.0), Some(account.1)).map_err(cannot)?;
        Ok(Room { path, account: Some(account) })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A server's last helper may still be writing.
        for _ in 0..20 {
            match fs::remove_dir_all(&self.path) {
                Ok(()) => return,
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
        eprintln!("warning: cannot remove the folder {}", self.path.display());
    }
}

fn lock_file(folder: &Path) -> std::io::Result<File> {
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Ends the servers of runs that were killed, and removes their folders.
fn clear_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let folder = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let abandoned = File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
        if !abandoned {
            continue;
        }
        for room in fs::read_dir(&folder).into_iter().flatten().flatten() {
            end(&room.path());
        }
        let _ = fs::remove_dir_all(&folder);
    }
}

/// Ends the server whose id is written in its place, if it is that server still.
fn end(room: &Path) {
    let Ok(id) = fs::read_to_string(room.join("id")) else { return };
    let Ok(number) = id.parse() else { return };
    // Each works in its place; Redis, for one, rewrites its command line.
    let own = || fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|cwd| cwd.starts_with(room));
    let begun = Instant::now();
    while own() && begun.elapsed() < Duration::from_secs(10) {
        // PostgreSQL's fast stop; the others end as well.
        let _ = kill(Pid::from_raw(number), Signal::SIGINT);
        let _ = kill(Pid::from_raw(number), Signal::SIGTERM);
        thread::sleep(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt, process::Command};

    use super::*;

    #[test]
    fn only_an_abandoned_folder_is_cleared() {
        let parent = env::temp_dir().join(format!("xtask-folder-{}", process::id()));
        let (live, dead) = (parent.join("tenancy-test-live"), parent.join("tenancy-test-dead"));
        let foreign = parent.join("someone-else");
        for folder in [&live, &dead, &foreign] {
            fs::create_dir_all(folder).unwrap();
            File::create(folder.join("lock")).unwrap();
        }
        let lock = lock_file(&live).unwrap();
        clear_abandoned(&parent);
        assert!(live.exists() && foreign.exists() && !dead.exists());
        drop(lock);
        // A process another test starts at this moment holds a copy of the lock until it has become
        // its program.
        let begun = Instant::now();
        while live.exists() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the folder is still there");
            clear_abandoned(&parent);
            thread::yield_now();
        }
        fs::remove_dir_all(&parent).unwrap();
    }

    #[test]
    fn the_server_of_a_killed_run_is_ended_and_no_other() {
        let parent = env::temp_dir().join(format!("xtask-server-{}", process::id()));
        let room = parent.join("tenancy-test-dead/redis");
        fs::create_dir_all(&room).unwrap();
        File::create(parent.join("tenancy-test-dead/lock")).unwrap();
        let mut own = Command::new("sleep").arg("60").current_dir(&room).spawn().unwrap();
        let mut foreign = Command::new("sleep").arg("60").spawn().unwrap();

        fs::write(room.join("id"), foreign.id().to_string()).unwrap();
        end(&room);
        assert!(foreign.try_wait().unwrap().is_none(), "the id belongs to someone else by now");

        fs::write(room.join("id"), own.id().to_string()).unwrap();
        clear_abandoned(&parent);
        assert!(own.wait().unwrap().signal().is_some());
        foreign.kill().unwrap();
        foreign.wait().unwrap();
        fs::remove_dir_all(&parent).unwrap();
    }
}
