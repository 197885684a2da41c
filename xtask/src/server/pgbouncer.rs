//! PgBouncer before the PostgreSQL of the tests, lending connections for one transaction at a time.

use std::{fs, process::Command};

use nix::sys::signal::Signal;

use super::{
    Kind, Urls,
    address::{Address, program},
    folder::Folder,
    postgres,
    private::Private,
};
use crate::Result;

pub(super) const KIND: Kind = Kind {
    name: "PgBouncer",
    variable: "TENANCY_TEST_PGBOUNCER_URL",
    standard: "postgres://postgres@127.0.0.1:6432/postgres",
    package: "pgbouncer",
    // It speaks its server's protocol.
    greet: postgres::greet,
    installed: || program("pgbouncer").is_some(),
    needed: false,
    start,
};

/// The role the tests make for an application that policies bind, and its password.
const APPLICATION: (&str, &str) = ("tenancy_test_app", "app");

fn start(folder: &Folder, urls: &Urls) -> Result<Private> {
    let bouncer = program("pgbouncer").ok_or("pgbouncer is not installed")?;
    let server = urls.iter().find(|(variable, _)| *variable == postgres::KIND.variable);
    let (_, server) = server.ok_or("PgBouncer needs a PostgreSQL behind it")?;
    let server = Address::parse(server)?;
    // It refuses to run as root.
    let room = folder.room("pgbouncer", &["postgres"])?;
    let cannot = |error| format!("cannot configure a private PgBouncer: {error}");
    fs::write(room.path.join("users"), users(&server)).map_err(cannot)?;
    Private::start(&KIND, &room, Signal::SIGTERM, |port| {
        let settings = room.path.join("settings.ini");
        let mut command = Command::new(&bouncer);
        command.arg(&settings);
        // What is wrong with the file, PgBouncer says in its log.
        let _ = fs::write(&settings, configuration(&server, port));
        command
    })
}

/// Who may come in, and with which password they go on to the server.
fn users(server: &Address) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let own = (server.user.as_str(), server.password.as_deref().unwrap_or_default());
    [own, APPLICATION]
        .iter()
        .map(|(user, password)| format!("{} {}\n", quoted(user), quoted(password)))
        .collect()
}

fn configuration(server: &Address, port: u16) -> String {
    let Address { host, port: upstream, .. } = server;
    format!(
        "[databases]\n\
         * = host={host} port={upstream}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = trust\n\
         auth_file = users\n\
         pool_mode = transaction\n\
         max_client_conn = 500\n\
         ; fewer than the tests' pools have, so that tenants share them\n\
         default_pool_size = 3\n\
         ; the driver sends it\n\
         ignore_startup_parameters = extra_float_digits\n\
         ; a database is dropped when its test is over\n\
         server_idle_timeout = 1\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_of_the_tests_is_behind_it() {
        let server = Address::parse("postgres://me:p\"w@db.local:5433/shop").unwrap();
        assert!(configuration(&server, 7).contains("* = host=db.local port=5433\n"));
        assert!(configuration(&server, 7).contains("listen_port = 7\n"));
        assert_eq!(users(&server), "\"me\" \"p\"\"w\"\n\"tenancy_test_app\" \"app\"\n");
    }
}
