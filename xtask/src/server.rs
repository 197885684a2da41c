//! The servers the tests need, and where each comes from.
//!
//! In this order: the one a variable names, a private one started from installed programs, the one on
//! the standard port that lets us in, a private one after installing its Debian package. A private one
//! writes nothing through to the disk, which halves the time of the tests, and it is nobody else's.

mod address;
mod debian;
mod folder;
mod mysql;
mod pgbouncer;
mod postgres;
mod private;
mod redis;

use std::env;

use self::{address::Address, folder::Folder, private::Private};
use crate::Result;

/// The variables the tests read, with the URLs of ready servers.
type Urls = [(&'static str, String)];

/// One kind of server.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    /// Names a server to use; the tests read its URL from the same variable.
    variable: &'static str,
    /// Where such a server listens by default, with a login that needs no password.
    standard: &'static str,
    /// What Debian calls its package.
    package: &'static str,
    /// Logs in and says what answered.
    greet: fn(&Address) -> Result<String>,
    /// Whether all programs for a private one are here.
    installed: fn() -> bool,
    /// Whether some tests start one of their own beside it, whoever runs it.
    needed: bool,
    /// Starts a private one. It gets the URLs of the servers before it in [`KINDS`].
    start: fn(&Folder, &Urls) -> Result<Private>,
}

const KINDS: [&Kind; 4] = [&postgres::KIND, &mysql::KIND, &redis::KIND, &pgbouncer::KIND];

/// Where a server comes from.
#[derive(Debug)]
enum Source {
    /// It answers already.
    Running { url: String, found: String },
    /// Its programs are here.
    Installed,
    /// Its programs are missing.
    Missing,
}

/// Ready servers; dropping them stops what was started and removes its folder.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    urls: Vec<(&'static str, String)>,
    // Dropped before the folder they run in.
    private: Vec<Private>,
    folder: Option<Folder>,
}

impl Servers {
    /// The variables the tests read, with their values.
    pub(crate) fn urls(&self) -> &Urls {
        &self.urls
    }

    fn start(&mut self, kind: &Kind) -> Result<String> {
        let folder = match &mut self.folder {
            Some(folder) => folder,
            none => none.insert(Folder::create()?),
        };
        let server = (kind.start)(folder, &self.urls)?;
        let url = server.url().to_owned();
        self.private.push(server);
        Ok(url)
    }
}

/// Finds, installs and starts whatever the tests need.
pub(crate) fn prepare() -> Result<Servers> {
    let sources = sources()?;
    let missing = sources.iter().filter(|(kind, source)| {
        // Where they cannot be installed, the tests that need them say so.
        let programs = kind.needed && !(kind.installed)() && debian::may_install();
        matches!(source, Source::Missing) || programs
    });
    let missing: Vec<&Kind> = missing.map(|(kind, _)| *kind).collect();
    if !missing.is_empty() {
        debian::install(&missing)?;
    }
    let mut servers = Servers::default();
    for (kind, source) in sources {
        let (url, what) = match source {
            Source::Running { url, found } => (url, found),
            Source::Installed | Source::Missing => {
                (servers.start(kind)?, "private, until the tests end".to_owned())
            }
        };
        println!("{}: {}, {what}", kind.name, Address::hide_password(&url));
        servers.urls.push((kind.variable, url));
    }
    Ok(servers)
}

/// Prints what [`prepare`] would use, and starts nothing.
pub(crate) fn print() -> Result<()> {
    for (kind, source) in sources()? {
        let Kind { name, package, .. } = kind;
        match source {
            Source::Running { url, found } => {
                println!("{name}: {}, {found}", Address::hide_password(&url));
            }
            Source::Installed => println!("{name}: a private one, from the installed programs"),
            Source::Missing if debian::may_install() => {
                println!("{name}: a private one, after installing the package {package}");
            }
            Source::Missing => println!("{name}: none; install the package {package}"),
        }
    }
    Ok(())
}

fn sources() -> Result<Vec<(&'static Kind, Source)>> {
    KINDS.into_iter().map(|kind| Ok((kind, source(kind)?))).collect()
}

fn source(kind: &Kind) -> Result<Source> {
    if let Some(url) = env::var(kind.variable).ok().filter(|url| !url.is_empty()) {
        let found = Address::parse(&url).and_then(|address| (kind.greet)(&address));
        let found = found.map_err(|why| {
            format!(
                "{} names a {} that cannot be used: {why}; start it, correct the variable, or unset \
                 it to let this command find or start a server",
                kind.variable, kind.name
            )
        })?;
        return Ok(Source::Running { url, found });
    }
    if (kind.installed)() {
        return Ok(Source::Installed);
    }
    let standard = Address::parse(kind.standard)?;
    Ok(match (kind.greet)(&standard) {
        Ok(found) => Source::Running { url: kind.standard.to_owned(), found },
        Err(_) => Source::Missing,
    })
}
