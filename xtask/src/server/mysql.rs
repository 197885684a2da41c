//! MariaDB, or a MySQL named by the variable, greeted in their own protocol:
//! <https://mariadb.com/kb/en/connection/>.

use std::process::Command;

use nix::sys::signal::Signal;

use super::{
    Kind, Urls,
    address::{Address, Connection, program},
    folder::Folder,
    private::{Private, lay_out},
};
use crate::Result;

pub(super) const KIND: Kind = Kind {
    name: "MariaDB",
    variable: "TENANCY_TEST_MYSQL_URL",
    standard: "mysql://root@127.0.0.1:3306/mysql",
    package: "mariadb-server",
    greet,
    installed: || program("mariadbd").is_some() && program("mariadb-install-db").is_some(),
    needed: false,
    start,
};

fn greet(address: &Address) -> Result<String> {
    let mut connection = address.connect()?;
    let (order, greeting) = packet(&mut connection)?;
    if greeting.first() != Some(&10) {
        return Err(refusal(&greeting));
    }
    let version = greeting[1..].split(|byte| *byte == 0).next().unwrap_or_default();
    let version = String::from_utf8_lossy(version);
    // MariaDB puts this in front for old clients.
    let version = format!("version {}", version.trim_start_matches("5.5.5-"));
    if let Some(password) = &address.password {
        return with_password(address, password, version);
    }
    connection.send(&framed(order.wrapping_add(1), &login(&address.user)))?;
    let (order, mut answer) = packet(&mut connection)?;
    // It wants another way to prove who we are; an empty password is empty in each.
    if answer.first() == Some(&0xfe) {
        connection.send(&framed(order.wrapping_add(1), &[]))?;
        answer = packet(&mut connection)?.1;
    }
    if answer.first() == Some(&0) { Ok(version) } else { Err(refusal(&answer)) }
}

/// Asks the client program, which knows every way to prove a password.
fn with_password(address: &Address, password: &str, version: String) -> Result<String> {
    let Some(client) = program("mariadb").or_else(|| program("mysql")) else {
        return Ok(format!("{version} (password not tried: there is no client program)"));
    };
    let output = Command::new(client)
        .args(["--no-defaults", "--protocol=TCP", "--host", &address.host])
        .args(["--port", &address.port.to_string(), "--user", &address.user])
        .args(["--execute", "select 1"])
        .env("MYSQL_PWD", password)
        .output()
        .map_err(|error| format!("cannot run the client program: {error}"))?;
    if output.status.success() {
        return Ok(version);
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// A handshake response with an empty password.
fn login(user: &str) -> Vec<u8> {
    const LONG_PASSWORD: u32 = 0x1;
    const PROTOCOL_41: u32 = 0x200;
    const SECURE_CONNECTION: u32 = 0x8000;
    const PLUGIN_AUTH: u32 = 0x8_0000;
    const UTF8MB4: u8 = 45;
    let abilities = LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
    let mut body = abilities.to_le_bytes().to_vec();
    body.extend_from_slice(&(1_u32 << 24).to_le_bytes());
    body.push(UTF8MB4);
    body.extend_from_slice(&[0; 23]);
    body.extend_from_slice(user.as_bytes());
    body.extend_from_slice(&[0, 0]);
    body.extend_from_slice(b"mysql_native_password\0");
    body
}

fn framed(order: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = vec![length[0], length[1], length[2], order];
    bytes.extend_from_slice(body);
    bytes
}

fn packet(connection: &mut Connection) -> Result<(u8, Vec<u8>)> {
    let head = connection.receive(4)?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
    Ok((head[3], connection.receive(length)?))
}

/// The text in an error packet: a mark, a number, perhaps a state of six characters, a text.
fn refusal(packet: &[u8]) -> String {
    if packet.first() != Some(&0xff) {
        return "it does not speak MySQL's protocol".to_owned();
    }
    let text = packet.get(3..).unwrap_or_default();
    let text = if text.starts_with(b"#") { text.get(6..).unwrap_or_default() } else { text };
    String::from_utf8_lossy(text).into_owned()
}

fn start(folder: &Folder, _: &Urls) -> Result<Private> {
    let installer = program("mariadb-install-db").ok_or("mariadb-install-db is not installed")?;
    let mariadbd = program("mariadbd").ok_or("mariadbd is not installed")?;
    let room = folder.room("mysql", &["mysql"])?;
    let data = format!("--datadir={}", room.path.join("data").display());
    let temporary = format!("--tmpdir={}", room.path.display());
    let socket = format!("--socket={}", room.path.join("socket").display());
    let mut install = Command::new(installer);
    // `--no-defaults` must stand first.
    install.args(["--no-defaults", &data, &temporary]);
    install.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
    lay_out(KIND.name, &room, &mut install)?;
    Private::start(&KIND, &room, Signal::SIGTERM, |port| {
        let mut server = Command::new(&mariadbd);
        server.args(["--no-defaults", &data, &temporary, &socket]);
        server.arg(format!("--pid-file={}", room.path.join("pid").display()));
        server.arg(format!("--port={port}"));
        server.args([
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--max-connections=200",
            // As Debian sets them up.
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci",
            "--innodb-buffer-pool-size=64M",
            // The data need not outlive a crash.
            "--innodb-flush-log-at-trx-commit=0",
            // Containers often have no room for it.
            "--innodb-use-native-aio=0",
        ]);
        server
    })
}
