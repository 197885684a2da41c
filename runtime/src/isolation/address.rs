//! The addresses of tenants' databases, made from the address of the shared one.

use std::path::{Path, PathBuf};

use tenancy_core::{DatabaseName, Secret};
use url::Url;

use crate::{Error, Result};

/// The address of a tenant's database on the server of the shared one.
///
/// On SQLite it is a file in `folder`, or in one named after the shared file; `mode` says whether it
/// may be made, `rwc`, or must be there, `rw`. A missing file is an error then, and not an empty
/// database.
pub(super) fn database(
    shared: &Secret,
    name: &DatabaseName,
    folder: Option<&Path>,
    mode: &str,
) -> Result<Secret> {
    let url = shared.expose();
    if !url.starts_with("sqlite:") {
        return on_server(url, name);
    }
    let file = file(shared, name, folder)?;
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("mode="));
    let query: Vec<&str> = others.collect();
    let (before, others) = (if query.is_empty() { "" } else { "&" }, query.join("&"));
    Ok(Secret::new(format!("sqlite://{}?mode={mode}{before}{others}", file.display())))
}

/// The file of a tenant's database on SQLite.
pub(super) fn file(shared: &Secret, name: &DatabaseName, folder: Option<&Path>) -> Result<PathBuf> {
    let url = shared.expose();
    let path = url.trim_start_matches("sqlite://").trim_start_matches("sqlite:");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None if path.is_empty()
            || path == ":memory:"
            || query.split('&').any(|it| it == "mode=memory") =>
        {
            return Err(Error::config(
                "an in-memory database has no place beside it for the databases of tenants; give \
                 the shared one a file, or name a folder with `Database::folder`",
            ));
        }
        None => {
            let mut folder = PathBuf::from(path);
            folder.set_extension("tenants");
            folder
        }
    };
    let file = folder.join(format!("{name}.db"));
    match file.to_str() {
        // In a URL these would begin something else.
        Some(text) if !text.contains(['?', '%', '#']) => Ok(file),
        _ => Err(Error::config(
            "the folder of tenants' databases cannot be written in a URL: it holds `?`, `%` or `#`, \
             or is no UTF-8; name another with `Database::folder`",
        )),
    }
}

fn on_server(shared: &str, name: &DatabaseName) -> Result<Secret> {
    // The text may hold a password: it is not repeated.
    let mut url = Url::parse(shared)
        .map_err(|error| Error::config(format!("the database URL could not be read: {error}")))?;
    url.set_path(name.as_str());
    // PostgreSQL's URL may name the database a second time, which would win.
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != "dbname")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    if kept.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    Ok(Secret::new(String::from(url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> DatabaseName {
        DatabaseName::new("t_acme").unwrap()
    }

    fn at(shared: &str, folder: Option<&str>) -> Result<String> {
        let made = database(&Secret::new(shared), &name(), folder.map(Path::new), "rw")?;
        Ok(made.expose().to_owned())
    }

    #[test]
    fn a_database_is_on_the_server_of_the_shared_one() {
        for (shared, own) in [
            ("postgres://app@db/shop", "postgres://app@db/t_acme"),
            ("postgres://app:p%40ss@db:6432/shop", "postgres://app:p%40ss@db:6432/t_acme"),
            ("postgres://app@db", "postgres://app@db/t_acme"),
            (
                "postgresql://app@db/shop?sslmode=require&dbname=shop",
                "postgresql://app@db/t_acme?sslmode=require",
            ),
            (
                "postgres:///shop?host=/run/postgresql",
                "postgres:///t_acme?host=%2Frun%2Fpostgresql",
            ),
            (
                "mysql://app@db:3306/shop?ssl-mode=DISABLED",
                "mysql://app@db:3306/t_acme?ssl-mode=DISABLED",
            ),
        ] {
            assert_eq!(at(shared, None).unwrap(), own);
        }
    }

    #[test]
    fn a_file_is_beside_the_shared_one_and_is_not_made_by_reading_it() {
        for (shared, own) in [
            ("sqlite://shop.db?mode=rwc", "sqlite://shop.tenants/t_acme.db?mode=rw"),
            ("sqlite:/var/lib/shop.db", "sqlite:///var/lib/shop.tenants/t_acme.db?mode=rw"),
            (
                "sqlite://shop?mode=rwc&cache=private",
                "sqlite://shop.tenants/t_acme.db?mode=rw&cache=private",
            ),
        ] {
            assert_eq!(at(shared, None).unwrap(), own);
        }
        let own = at("sqlite::memory:", Some("/srv/tenants")).unwrap();
        assert_eq!(own, "sqlite:///srv/tenants/t_acme.db?mode=rw");
    }

    #[test]
    fn there_is_no_place_beside_memory() {
        for shared in ["sqlite::memory:", "sqlite://x?mode=memory", "sqlite:"] {
            let error = at(shared, None).unwrap_err();
            assert!(error.is_config() && error.to_string().contains("Database::folder"), "{error}");
        }
        assert!(at("sqlite://shop.db", Some("a?b")).is_err());
    }

    #[test]
    fn an_error_does_not_repeat_the_password() {
        let error = at("postgres://app:hunter2@db:port/shop", None).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
