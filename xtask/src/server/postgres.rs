//! PostgreSQL, greeted in its own protocol, so that no client need be installed:
//! <https://www.postgresql.org/docs/current/protocol-message-formats.html>.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use nix::sys::signal::Signal;

use super::{
    Kind, Urls,
    address::{Address, Connection, program},
    folder::Folder,
    private::{Private, lay_out},
};
use crate::Result;

pub(super) const KIND: Kind = Kind {
    name: "PostgreSQL",
    variable: "TENANCY_TEST_POSTGRES_URL",
    standard: "postgres://postgres@127.0.0.1:5432/postgres",
    package: "postgresql",
    greet,
    installed: || tools().is_some(),
    needed: true,
    start,
};

/// The tests make databases and roles.
const MAY_PREPARE: &str =
    "select rolsuper or (rolcreatedb and rolcreaterole) from pg_roles where rolname = current_user";

pub(super) fn greet(address: &Address) -> Result<String> {
    let mut connection = address.connect()?;
    connection.send(&startup(&address.user, &address.database))?;
    let mut version = String::new();
    let mut may_prepare = false;
    let mut asked = false;
    loop {
        let (kind, body) = message(&mut connection)?;
        match kind {
            b'R' if body != [0, 0, 0, 0] => return with_password(address),
            b'S' => {
                let mut texts = body.split(|byte| *byte == 0);
                if texts.next() == Some(b"server_version") {
                    version = String::from_utf8_lossy(texts.next().unwrap_or_default()).into();
                }
            }
            b'D' => may_prepare = body.ends_with(b"t"),
            b'E' => return Err(refusal(&body)),
            b'Z' if !asked => {
                asked = true;
                connection.send(&query(MAY_PREPARE))?;
            }
            b'Z' => break,
            _ => {}
        }
    }
    if !may_prepare {
        let user = &address.user;
        return Err(format!("its role `{user}` may not create databases and roles"));
    }
    Ok(format!("version {version}"))
}

/// Asks the client program, which knows every way to prove a password.
fn with_password(address: &Address) -> Result<String> {
    let Some(password) = &address.password else {
        return Err(format!("it asks the role `{}` for a password", address.user));
    };
    let Some(psql) = program("psql") else {
        return Ok("which asks for a password (not tried: there is no psql)".to_owned());
    };
    let output = Command::new(psql)
        .args(["--no-psqlrc", "--no-password", "--tuples-only", "--no-align"])
        .args(["--host", &address.host, "--port", &address.port.to_string()])
        .args(["--username", &address.user, "--dbname", &address.database])
        .args(["--command", MAY_PREPARE])
        .env("PGPASSWORD", password)
        .output()
        .map_err(|error| format!("cannot run psql: {error}"))?;
    match (output.status.success(), output.stdout.starts_with(b"t")) {
        (true, true) => Ok("which took the password".to_owned()),
        (true, false) => {
            Err(format!("its role `{}` may not create databases and roles", address.user))
        }
        (false, _) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

fn startup(user: &str, database: &str) -> Vec<u8> {
    let database = if database.is_empty() { user } else { database };
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for text in ["user", user, "database", database] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    framed(None, &body)
}

fn query(sql: &str) -> Vec<u8> {
    let mut body = sql.as_bytes().to_vec();
    body.push(0);
    framed(Some(b'Q'), &body)
}

fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    let mut bytes: Vec<u8> = kind.into_iter().collect();
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn message(connection: &mut Connection) -> Result<(u8, Vec<u8>)> {
    let head = connection.receive(5)?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let length = length.checked_sub(4).ok_or("it does not speak PostgreSQL's protocol")?;
    Ok((head[0], connection.receive(length)?))
}

/// The text in an error message: fields of a letter and a text each.
fn refusal(body: &[u8]) -> String {
    let text = body.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"M"));
    String::from_utf8_lossy(text.unwrap_or(b"it refused the login")).into_owned()
}

/// The folder of the newest installed `initdb` and `postgres`. Debian keeps them off the path.
fn tools() -> Option<PathBuf> {
    let newest = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| complete(folder))
        .max()
        .map(|(_, folder)| folder);
    let on_path = || program("initdb").and_then(|file| file.parent().map(Path::to_owned));
    newest.or_else(|| on_path().filter(|folder| complete(folder)))
}

fn complete(folder: &Path) -> bool {
    folder.join("initdb").is_file() && folder.join("postgres").is_file()
}

fn start(folder: &Folder, _: &Urls) -> Result<Private> {
    let tools = tools().ok_or("initdb and postgres are not installed")?;
    let room = folder.room("postgres", &["postgres"])?;
    let data = room.path.join("data");
    let mut initdb = Command::new(tools.join("initdb"));
    initdb.arg("--pgdata").arg(&data).args(["--username=postgres", "--auth=trust", "--no-sync"]);
    initdb.args(["--encoding=UTF8", "--locale=C"]);
    lay_out(KIND.name, &room, &mut initdb)?;
    Private::start(&KIND, &room, Signal::SIGINT, |port| {
        let mut server = Command::new(tools.join("postgres"));
        server.arg("-D").arg(&data).arg("-p").arg(port.to_string());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            // The data need not outlive a crash.
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ] {
            server.arg("-c").arg(setting);
        }
        server
    })
}
