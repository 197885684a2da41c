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

/// Asks again and again until it is so.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        thread::yield_now();
    }
}

/// A server that keeps nothing, and is killed when dropped.
///
/// Its folder looks like those of `cargo xtask test`, whose next run clears away what a killed one
/// has left.
#[derive(Debug)]
pub(crate) struct Server {
    folder: PathBuf,
    port: u16,
    /// The port for other servers of its cluster, if it is one.
    cluster: Option<u16>,
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
        Self { folder, port, cluster: None, child: None, _lock: lock }
    }

    pub(crate) fn started() -> Self {
        let mut server = Self::new();
        server.start();
        server
    }

    /// A cluster of one server: it refuses whatever touches keys of two slots at once, as any does.
    pub(crate) fn clustered() -> Self {
        let server = Self::alone();
        server
            .ask::<()>(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"])
            .expect("the slots are its own");
        server.joined(1);
        server
    }

    /// Waits until it belongs to a cluster of so many that has all slots.
    fn joined(&self, members: usize) {
        let known = format!("cluster_known_nodes:{members}\r\n");
        until("the cluster comes up", || {
            let info: String = self.ask(&["CLUSTER", "INFO"]).expect("it says");
            info.contains("cluster_state:ok") && info.contains(&known)
        });
    }

    /// A server that is no member of any cluster yet, and could be one.
    fn alone() -> Self {
        let mut server = Self::new();
        server.cluster = Some(port::free());
        server.start();
        server
    }

    /// Asks it something.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        let client = redis::Client::open(self.url()).expect("a URL");
        let mut client = client.get_connection().expect("a connection");
        redis::cmd(words[0]).arg(&words[1..]).query(&mut client)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Starts it, and waits until it lets somebody in.
    pub(crate) fn start(&mut self) {
        let room = self.folder.join("redis");
        let mut redis = Command::new("redis-server");
        redis.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        redis.arg("--dir").arg(&room).stdin(Stdio::null()).stdout(Stdio::null());
        if let Some(port) = self.cluster {
            redis.args(["--cluster-enabled", "yes", "--cluster-port", &port.to_string()]);
        }
        let child = redis.spawn().expect(
            "`redis-server` is not installed, and this test kills one of its own: install the \
             package redis-server",
        );
        fs::write(room.join("id"), child.id().to_string()).expect("its id is written down");
        self.child = Some(child);
        let place = SocketAddr::from(([127, 0, 0, 1], self.port));
        until("Redis answers", || TcpStream::connect(place).is_ok());
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

/// A cluster of three servers, each with a third of the slots.
#[derive(Debug)]
pub(crate) struct Cluster(pub(crate) [Server; 3]);

impl Cluster {
    pub(crate) fn started() -> Self {
        let members = [(); 3].map(|()| Server::alone());
        let thirds = [("0", "5461"), ("5462", "10922"), ("10923", "16383")];
        for (number, (member, (first, last))) in members.iter().zip(thirds).enumerate() {
            let epoch = (number + 1).to_string();
            member.ask::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).expect("it is new");
            member.ask::<()>(&["CLUSTER", "ADDSLOTSRANGE", first, last]).expect("slots are free");
        }
        for other in &members[1..] {
            let (port, bus) = (other.port.to_string(), other.cluster.expect("one of a cluster"));
            let meet = ["CLUSTER", "MEET", "127.0.0.1", &port, &bus.to_string()];
            members[0].ask::<()>(&meet).expect("they meet");
        }
        members.iter().for_each(|member| member.joined(3));
        Self(members)
    }

    pub(crate) fn urls(&self) -> [String; 3] {
        self.0.each_ref().map(Server::url)
    }
}
