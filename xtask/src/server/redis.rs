//! Redis.

use std::process::Command;

use nix::sys::signal::Signal;

use super::{
    Kind, Urls,
    address::{Address, Connection, program},
    folder::Folder,
    private::Private,
};
use crate::Result;

pub(super) const KIND: Kind = Kind {
    name: "Redis",
    variable: "TENANCY_TEST_REDIS_URL",
    standard: "redis://127.0.0.1:6379/",
    package: "redis-server",
    greet,
    installed: || program("redis-server").is_some(),
    needed: true,
    start,
};

fn greet(address: &Address) -> Result<String> {
    let mut connection = address.connect()?;
    if address.scheme == "rediss" {
        return Ok("which wants TLS (login not tried)".to_owned());
    }
    if let Some(password) = &address.password {
        let user = address.user.as_str();
        let login =
            if user.is_empty() { vec!["AUTH", password] } else { vec!["AUTH", user, password] };
        ask(&mut connection, &login)?;
    }
    match ask(&mut connection, &["PING"])?.as_str() {
        "PONG" => Ok("which answers a ping".to_owned()),
        _ => Err("it does not speak Redis' protocol".to_owned()),
    }
}

/// Sends a command and reads an answer of one line.
fn ask(connection: &mut Connection, words: &[&str]) -> Result<String> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    connection.send(command.as_bytes())?;
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") && line.len() < 1000 {
        line.extend(connection.receive(1)?);
    }
    let line = String::from_utf8_lossy(&line).trim().to_owned();
    match line.split_at_checked(1) {
        Some(("+", answer)) => Ok(answer.to_owned()),
        Some(("-", error)) => Err(error.to_owned()),
        _ => Err("it does not speak Redis' protocol".to_owned()),
    }
}

fn start(folder: &Folder, _: &Urls) -> Result<Private> {
    let redis = program("redis-server").ok_or("redis-server is not installed")?;
    let room = folder.room("redis", &["redis"])?;
    Private::start(&KIND, &room, Signal::SIGTERM, |port| {
        let mut server = Command::new(&redis);
        server.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"]);
        server.args(["--save", "", "--appendonly", "no"]);
        // It works there, by which an abandoned one is recognised.
        server.arg("--dir").arg(&room.path);
        server
    })
}
