//! The address in a server's URL, and the connection to it.

use std::{
    env, fmt,
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    path::PathBuf,
    time::Duration,
};

use crate::Result;

const PATIENCE: Duration = Duration::from_secs(5);

/// Where a server listens and how to log in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: String,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The path without its first `/`: the database.
    pub(crate) database: String,
}

impl Address {
    /// Reads `scheme://user:password@host:port/database?options`; the options are left out.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let (scheme, rest) =
            url.split_once("://").ok_or("its URL has no `://` after the scheme".to_owned())?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(decode(password))),
            None => (login, None),
        };
        let standard = match scheme {
            "postgres" | "postgresql" => 5432,
            "mysql" | "mariadb" => 3306,
            "redis" | "rediss" => 6379,
            _ => return Err(format!("the scheme `{scheme}` of its URL is not one the tests know")),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                let port = port.parse().map_err(|_| format!("`{port}` is not a port"))?;
                (host, port)
            }
            _ => (place, standard),
        };
        Ok(Self {
            scheme: scheme.to_owned(),
            user: decode(user),
            password: password.filter(|password| !password.is_empty()),
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            database: decode(database),
        })
    }

    /// A URL fit for a log.
    pub(crate) fn hide_password(url: &str) -> String {
        let Ok(Self { scheme, user, password, host, port, database }) = Self::parse(url) else {
            return "(unreadable URL)".to_owned();
        };
        let password = if password.is_some() { ":…" } else { "" };
        let at = if user.is_empty() && password.is_empty() { "" } else { "@" };
        format!("{scheme}://{user}{password}{at}{host}:{port}/{database}")
    }

    /// Opens a connection; every read and write on it ends within seconds.
    pub(crate) fn connect(&self) -> Result<Connection> {
        let cannot = |why: &dyn fmt::Display| {
            format!("cannot connect to {}:{}: {why}", self.host, self.port)
        };
        let places =
            (self.host.as_str(), self.port).to_socket_addrs().map_err(|error| cannot(&error))?;
        let mut last = cannot(&"the name stands for no address");
        for place in places {
            match TcpStream::connect_timeout(&place, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| cannot(&error))?;
                    stream.set_write_timeout(Some(PATIENCE)).map_err(|error| cannot(&error))?;
                    return Ok(Connection(stream));
                }
                Err(error) => last = cannot(&error),
            }
        }
        Err(last)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}://{}@{}:{})", self.scheme, self.user, self.host, self.port)
    }
}

/// A connection that speaks in bytes.
#[derive(Debug)]
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes).map_err(|error| format!("it hung up: {error}"))
    }

    pub(crate) fn receive(&mut self, length: usize) -> Result<Vec<u8>> {
        // A stranger on the port may announce anything.
        if length > 1 << 20 {
            return Err("its answer is not in the expected protocol".to_owned());
        }
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).map_err(|error| format!("it did not answer: {error}"))?;
        Ok(bytes)
    }
}

/// Resolves `%40` and the like; a malformed escape stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A program on the path, or where the system keeps its servers.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/bin", "/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let all =
            Address::parse("postgres://app:p%40ss@db.local:5433/shop?sslmode=require").unwrap();
        assert_eq!((all.user.as_str(), all.password.as_deref()), ("app", Some("p@ss")));
        assert_eq!((all.host.as_str(), all.port), ("db.local", 5433));
        assert_eq!(all.database, "shop");

        let least = Address::parse("redis://[::1]").unwrap();
        assert_eq!((least.host.as_str(), least.port), ("::1", 6379));
        assert_eq!((least.user.as_str(), least.password), ("", None));

        assert!(Address::parse("ftp://host/").is_err());
        assert!(Address::parse("localhost:5432").is_err());
        assert!(Address::parse("mysql://root@host:many/").is_err());
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = "mysql://root:hunter2@db:3306/mysql";
        assert_eq!(Address::hide_password(url), "mysql://root:…@db:3306/mysql");
        assert!(!format!("{:?}", Address::parse(url).unwrap()).contains("hunter2"));
    }
}
