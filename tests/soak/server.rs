//! A PostgreSQL of the test's own, to be killed and started again while it works.

use std::{
    env,
    fs::{self, File, Permissions},
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, geteuid},
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use tenancy_tests::port;

const PATIENCE: Duration = Duration::from_secs(90);

/// A server that is stopped, and its folder removed, when dropped.
///
/// The folder looks like those of `cargo xtask test`, whose next run clears away what a killed one
/// has left.
#[derive(Debug)]
pub(crate) struct Server {
    folder: PathBuf,
    tools: PathBuf,
    account: Option<(u32, u32)>,
    port: u16,
    child: Option<Child>,
    _lock: File,
}

impl Server {
    /// Lays one out and starts it.
    pub(crate) async fn start() -> Self {
        let tools = tools();
        let port = port::free();
        let folder = env::temp_dir().join(format!("tenancy-test-{}-soak-{port}", process::id()));
        fs::create_dir(&folder).expect("a folder for the server can be made");
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("a folder is ours");
        let lock = File::create(folder.join("lock")).expect("a file can be made");
        lock.lock().expect("a new file can be locked");
        // It refuses to run as root.
        let account = geteuid().is_root().then(|| {
            let user = |name| User::from_name(name).expect("accounts can be read");
            let user = user("postgres").or_else(|| user("nobody")).expect("there is an account");
            (user.uid.as_raw(), user.gid.as_raw())
        });
        let room = folder.join("postgres");
        fs::create_dir(&room).expect("a folder for the server can be made");
        fs::set_permissions(&room, Permissions::from_mode(0o700)).expect("a folder is ours");
        if let Some((user, group)) = account {
            chown(&room, Some(user), Some(group)).expect("root gives a folder away");
        }
        let mut server = Self { folder, tools, account, port, child: None, _lock: lock };
        server.lay_out();
        server.run().await;
        server
    }

    /// Its address for the superuser, without a database.
    pub(crate) fn base(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    /// Kills it as a crash would, and starts it again: it recovers what was committed from its
    /// log. Returns when somebody may come in.
    pub(crate) async fn restart(&mut self) {
        self.stop();
        self.run().await;
    }

    fn room(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    fn command(&self, program: &str) -> Command {
        let room = self.room();
        let mut command = Command::new(self.tools.join(program));
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        let log = File::options().append(true).create(true).open(self.folder.join("log"));
        let log = log.expect("the server's log can be written");
        let twin = log.try_clone().expect("a file has two handles");
        command.current_dir(&room).env("HOME", &room).env("LC_ALL", "C").arg("-D").arg("data");
        command.stdin(Stdio::null()).stdout(log).stderr(twin).process_group(0);
        command
    }

    fn lay_out(&self) {
        let mut initdb = self.command("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--no-sync"]);
        let status = initdb.args(["--encoding=UTF8", "--locale=C"]).status();
        let status = status.expect("initdb can be run");
        assert!(status.success(), "initdb ended with {status}: {}", self.log());
    }

    async fn run(&mut self) {
        let mut postgres = self.command("postgres");
        postgres.arg("-p").arg(self.port.to_string());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=300",
            // The machine does not crash, only the server does. What is committed has left it.
            "fsync=off",
            "synchronous_commit=on",
            "autovacuum=off",
        ] {
            postgres.arg("-c").arg(setting);
        }
        let child = postgres.spawn().expect("the server can be run");
        fs::write(self.room().join("id"), child.id().to_string()).expect("its id is written down");
        self.child = Some(child);
        let begun = Instant::now();
        let mut options = ConnectOptions::new(format!("{}/postgres", self.base()));
        options.max_connections(1).connect_timeout(Duration::from_secs(2)).sqlx_logging(false);
        loop {
            if let Ok(connection) = Database::connect(options.clone()).await
                && connection.execute_unprepared("SELECT 1").await.is_ok()
            {
                connection.close().await.expect("a connection closes");
                return;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none(), "the server ended: {}", self.log());
            assert!(begun.elapsed() < PATIENCE, "the server does not answer: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let id = i32::try_from(child.id()).expect("ids of processes are small");
        let _ = kill(Pid::from_raw(id), Signal::SIGQUIT);
        // It waits for its helpers.
        let _ = child.wait();
    }

    fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        for _ in 0..20 {
            if fs::remove_dir_all(&self.folder).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The folder of the newest installed server. Debian keeps it off the path.
fn tools() -> PathBuf {
    let complete =
        |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    let newest = debian.filter(|(_, folder)| complete(folder)).max().map(|(_, folder)| folder);
    let path = env::var_os("PATH").unwrap_or_default();
    let found = newest.or_else(|| env::split_paths(&path).find(|folder| complete(folder)));
    found.expect(
        "`initdb` and `postgres` are not installed, and this test restarts a server of its own: \
         install the package postgresql",
    )
}
