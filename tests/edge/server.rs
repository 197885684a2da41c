//! A Redis of the test's own, to be stopped, killed and started again while it is asked.

use std::{
    env,
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tenancy_tests::port;

const PATIENCE: Duration = Duration::from_secs(60);

/// A server that keeps nothing, and is killed when dropped.
///
/// Its folder looks like those of `cargo xtask test`, whose next run clears away what a killed one
/// has left.
#[derive(Debug)]
pub(crate) struct Server {
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
    _lock: File,
}

impl Server {
    /// One that does not run yet.
    pub(crate) fn new() -> Self {
        let port = port::free();
        let folder = env::temp_dir().join(format!("tenancy-test-{}-edge-{port}", process::id()));
        fs::create_dir_all(folder.join("redis")).expect("a folder for the server can be made");
        let lock = File::create(folder.join("lock")).expect("a file can be made");
        lock.lock().expect("a new file can be locked");
        Self { folder, port, child: None, _lock: lock }
    }

    pub(crate) fn started() -> Self {
        let mut server = Self::new();
        server.start();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Starts it, and waits until it lets somebody in.
    pub(crate) fn start(&mut self) {
        let room = self.folder.join("redis");
        let mut redis = Command::new("redis-server");
        redis.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        redis.arg("--dir").arg(&room).stdin(Stdio::null()).stdout(Stdio::null());
        let child = redis.spawn().expect(
            "`redis-server` is not installed, and this test kills one of its own: install the \
             package redis-server",
        );
        fs::write(room.join("id"), child.id().to_string()).expect("its id is written down");
        self.child = Some(child);
        let begun = Instant::now();
        while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).is_err() {
            assert!(begun.elapsed() < PATIENCE, "Redis does not answer");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child of ours is killed");
            child.wait().expect("what was killed ends");
        }
    }

    /// Stops it from answering; what is sent to it waits.
    pub(crate) fn hang(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it answer again.
    pub(crate) fn wake(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        let id = i32::try_from(child.id()).expect("ids of processes are small");
        kill(Pid::from_raw(id), signal).expect("a child of ours takes signals");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}
