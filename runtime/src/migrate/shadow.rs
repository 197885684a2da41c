//! What revisions make of a place, and what the linked entities want of one: made in a shadow of it,
//! and read as a place is.

use std::sync::Arc;

use futures_util::FutureExt as _;
use tenancy_core::{
    Dialect, SchemaName, Tenant,
    revision::{Graph, Target},
    structure::{SHARED, Structure},
};

use super::{
    fleet::{Asked, Fleet},
    heads::Heads,
    journal::{is_of_rows, is_of_shared_rows},
    raw::Raw,
    site::Site,
    structure::{Cast, Fingerprint, OWN_PLACE, Reading, Shadow, Tables, Wanted, wanted},
    work::{Deed, Work},
};
use crate::{Error, Result, audit::OWN_TABLES, pool};

/// Functions of ours, which are in places beside what revisions make.
const OURS: [&str; 2] = ["tenancy_standing", "tenancy_tell"];

/// Whether it is looked at who may do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rights {
    Left,
    Read,
}

/// What a shadow does with statements that change rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// They are left out.
    Left,
    /// They run, and what its tables hold is read.
    Run,
    /// The same, but for those that change rows of what all tenants share: these are left out.
    Own,
    /// Only those that change rows of what all tenants share are kept, and nothing runs.
    Shared,
}

impl Rows {
    fn keeps(self, sql: &str) -> bool {
        match self {
            Self::Left => !is_of_rows(sql),
            Self::Run => true,
            Self::Own => !is_of_shared_rows(sql),
            Self::Shared => is_of_shared_rows(sql),
        }
    }
}

impl Fleet {
    /// The engine of the places.
    pub(crate) fn dialect(&self) -> Dialect {
        self.cx.dialect
    }

    /// The place of a tenant's own.
    pub(super) fn own_site(&self, tenant: &Tenant) -> Result<Site> {
        let none = || Error::config(format!("`{}` has no place of its own", tenant.slug));
        self.site(tenant)?.ok_or_else(none)
    }

    /// What a tenant's place is made of, which stands for what its revisions make.
    ///
    /// # Errors
    ///
    /// One that [is of configuration](Error::is_config) if it has none, or is not at the heads.
    pub(crate) async fn model(&self, tenant: &Arc<Tenant>) -> Result<Structure> {
        let site = self.own_site(tenant)?;
        let graph = self.cx.migrations.history().graph(Target::Tenant);
        let at = self.tenant_heads(tenant).await?.unwrap_or_default();
        if !Asked::Upgrade("heads".to_owned()).steps(graph, &at)?.is_empty() {
            return Err(Error::config(format!(
                "`{}` is not at the head of its revisions, so its place is not what they make; upgrade it \
                 first",
                tenant.slug
            )));
        }
        self.read(&site, Rights::Left).await
    }

    /// What the revisions up to some heads make of a place; all of them, unless heads are named.
    ///
    /// # Errors
    ///
    /// One that [is of configuration](Error::is_config) if a statement is not taken, or if there is
    /// Rust code among them, which runs in a tenant's place only.
    pub(crate) async fn replay(&self, target: Target, heads: Option<&Heads>) -> Result<Cast> {
        let statements = self.script(target, heads, Rows::Left)?;
        let before = self.before(target, &statements, Rows::Left)?;
        self.cast(before, statements, Rows::Left, Rights::Left).await
    }

    /// What the revisions up to some heads make of a tenant's place, with the rights in it of the role
    /// that serves tenants.
    ///
    /// # Errors
    ///
    /// As [`replay`](Self::replay).
    pub(super) async fn replay_place(&self, heads: &Heads) -> Result<Cast> {
        let mut statements = self.script(Target::Tenant, Some(heads), Rows::Left)?;
        let before = self.before(Target::Tenant, &statements, Rows::Left)?;
        // On MySQL rights are those of a database's name, and not in the tables.
        if self.cx.dialect == Dialect::Postgres {
            let place =
                SchemaName::new(OWN_PLACE).map_err(|error| Error::config(error.to_string()))?;
            statements.extend(self.rights(&Site::schema(&place)).await?);
        }
        self.cast(before, statements, Rows::Left, Rights::Read).await
    }

    /// What the linked entities want of a place, where they were renamed, and beside it what is there
    /// and entities cannot say.
    pub(crate) async fn wish(&self, tables: Tables) -> Result<(Structure, Wanted)> {
        let wanted = wanted(pool::backend(self.cx.dialect), tables)?;
        let cast = self
            .cast(wanted.before.clone(), wanted.statements.clone(), Rows::Left, Rights::Left)
            .await?;
        Ok((cast.structure, wanted))
    }

    /// What all tenants share, if a script of tenants' leans on it.
    pub(super) fn before(
        &self,
        target: Target,
        statements: &[String],
        of_rows: Rows,
    ) -> Result<Vec<String>> {
        let leans =
            self.cx.migrations.history().graph(target).nodes().any(|it| !it.requires().is_empty())
                || statements.iter().any(|sql| sql.contains(SHARED));
        match target {
            Target::Tenant if leans => self.script(Target::Shared, None, of_rows),
            Target::Tenant | Target::Shared => Ok(Vec::new()),
        }
    }

    /// The statements of all revisions up to some heads.
    pub(super) fn script(
        &self,
        target: Target,
        heads: Option<&Heads>,
        of_rows: Rows,
    ) -> Result<Vec<String>> {
        let graph = self.cx.migrations.history().graph(target);
        let mut rows = Heads::new();
        let mut statements = Vec::new();
        let all: Vec<String> = match heads {
            Some(heads) => heads.iter().map(ToString::to_string).collect(),
            None => vec!["heads".to_owned()],
        };
        for asked in all {
            let steps = Asked::Upgrade(asked).steps(graph, &rows)?;
            let work = Work::new(graph, self.cx.dialect, &rows, steps, false)?;
            rows.clone_from(work.to());
            statements.extend(self.statements(graph, work, of_rows)?);
        }
        Ok(statements)
    }

    /// The statements of a piece of work, without what is ours.
    pub(super) fn statements(
        &self,
        graph: &Graph,
        work: Work,
        of_rows: Rows,
    ) -> Result<Vec<String>> {
        let mut statements = Vec::new();
        for part in work.chunks.into_iter().flat_map(|chunk| chunk.parts) {
            match part.deed {
                // Rows are no part of a structure, and there is nothing they could be made from.
                Deed::Sql(sql) if of_rows.keeps(&sql) => statements.push(self.bare(sql)),
                Deed::Sql(_) => {}
                Deed::Verify(_) | Deed::Heads(_) => {}
                // It is not what is asked for there.
                Deed::Code(_) if of_rows == Rows::Shared => {}
                Deed::Code(_) => return Err(has_code(graph, part.revision.as_ref())),
            }
        }
        Ok(statements)
    }

    /// A statement as it reads where names have no prefix.
    fn bare(&self, sql: String) -> String {
        match self.cx.dialect {
            Dialect::Sqlite => sql.replace("{{prefix}}", ""),
            Dialect::Postgres | Dialect::MySql => sql,
        }
    }

    /// What is in places beside what revisions make.
    pub(super) fn ours(&self) -> Vec<&str> {
        OURS.into_iter().chain(OWN_TABLES).chain([self.cx.table.as_str()]).collect()
    }

    /// How places are read: those of the run's, and their shadows.
    pub(super) fn reading<'a>(
        ignored: &'a [&'a str],
        shared: &'a [&'a str],
        rights: Rights,
    ) -> Reading<'a> {
        Reading { ignored, shared, rights: rights == Rights::Read }
    }

    /// What statements make. Whoever asks may go away: what was made is taken away all the same.
    pub(super) async fn cast(
        &self,
        before: Vec<String>,
        mut statements: Vec<String>,
        of_rows: Rows,
        rights: Rights,
    ) -> Result<Cast> {
        if self.cx.dialect == Dialect::Postgres {
            // A foreign key to a table that is in use waits for it, and lets others wait.
            let lock = format!("SET LOCAL lock_timeout = {}", self.cx.lock_timeout.as_millis());
            statements.insert(0, lock);
        }
        let fleet = self.clone();
        let work = async move { Ok(fleet.shadow(&before, &statements, of_rows, rights).await) };
        pool::finish(work.boxed()).await?
    }

    async fn shadow(
        &self,
        before: &[String],
        statements: &[String],
        of_rows: Rows,
        rights: Rights,
    ) -> Result<Cast> {
        let also: Vec<&str> = self.cx.extensions.iter().map(String::as_str).collect();
        let contents = matches!(of_rows, Rows::Run | Rows::Own);
        let shadow = Shadow { before, statements, also: &also, contents };
        let shared: Vec<&str> = self.cx.shared.iter().map(String::as_str).collect();
        let ours = self.ours();
        let reading = Self::reading(&ours, &shared, rights);
        let mut raw = self.raw(&self.ways.conn).await?;
        let cast = match &mut raw {
            #[cfg(feature = "postgres")]
            Raw::Postgres(conn) => {
                super::structure::postgres::shadow(conn, &shadow, &reading).await
            }
            #[cfg(feature = "mysql")]
            Raw::MySql(conn) => {
                // Of processes that died.
                super::structure::mysql::sweep(conn).await?;
                super::structure::mysql::shadow(conn, &shadow, &reading).await
            }
            #[cfg(feature = "sqlite")]
            Raw::Sqlite(_) => super::structure::sqlite::shadow(&shadow, &reading).await,
        };
        if cast.is_err() {
            // Whatever was left on it ends with it.
            raw.close().await;
        }
        cast
    }

    /// What a place is made of.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub(super) async fn read(&self, site: &Site, rights: Rights) -> Result<Structure> {
        let (fleet, site) = (self.clone(), site.clone());
        let work = async move {
            let reached = fleet.reach(&site).await;
            let (conn, own) = match reached {
                Ok(reached) => reached,
                Err(failure) => return Ok(Err(Error::config(failure.to_string()))),
            };
            let structure = fleet.read_on(&conn, &site, rights).await;
            if own {
                // What it said does not depend on it.
                let _ = conn.close().await;
            }
            Ok(structure)
        };
        pool::finish(work.boxed()).await?
    }

    async fn read_on(
        &self,
        conn: &sea_orm::DatabaseConnection,
        site: &Site,
        rights: Rights,
    ) -> Result<Structure> {
        let mut raw = self.raw(conn).await?;
        let place = self.name_of(site, &mut raw).await?;
        let shared: Vec<&str> = self.cx.shared.iter().map(String::as_str).collect();
        // What all tenants share is not elsewhere for itself.
        let shared: &[&str] = if site.is_shared() { &[] } else { &shared };
        let ours = self.ours();
        let reading = Self::reading(&ours, shared, rights);
        match &mut raw {
            #[cfg(feature = "postgres")]
            Raw::Postgres(conn) => super::structure::postgres::read(conn, &place, &reading).await,
            #[cfg(feature = "mysql")]
            Raw::MySql(conn) => super::structure::mysql::read(conn, &place, &reading).await,
            #[cfg(feature = "sqlite")]
            Raw::Sqlite(conn) => super::structure::sqlite::read(conn, &place, &reading).await,
        }
    }

    /// What the readers call a place: the schema, the database, or the prefix.
    async fn name_of(&self, site: &Site, raw: &mut Raw) -> Result<String> {
        let ask = match (self.cx.dialect, site.named()) {
            (Dialect::Sqlite, _) => return Ok(site.prefix(Dialect::Sqlite).unwrap_or_default()),
            (_, Some(name)) => return Ok(name.to_owned()),
            (Dialect::Postgres, None) => "SELECT current_schema()::text",
            (Dialect::MySql, None) => "SELECT CAST(DATABASE() AS CHAR)",
        };
        raw.texts(ask).await.map_err(failed)?.into_iter().next().ok_or_else(|| {
            Error::config("bare names lead nowhere on this connection; name a database in its URL")
        })
    }

    /// The hashes of many places in the database all tenants share, by their names there.
    pub(super) async fn fingerprints(
        &self,
        names: Vec<String>,
    ) -> Result<std::collections::BTreeMap<String, Fingerprint>> {
        let fleet = self.clone();
        let work = async move { Ok(fleet.fingerprints_of(&names).await) };
        pool::finish(work.boxed()).await?
    }

    async fn fingerprints_of(
        &self,
        names: &[String],
    ) -> Result<std::collections::BTreeMap<String, Fingerprint>> {
        let shared: Vec<&str> = self.cx.shared.iter().map(String::as_str).collect();
        let ours = self.ours();
        let reading = Self::reading(&ours, &shared, Rights::Read);
        let names = names.iter().map(String::as_str);
        let mut raw = self.raw(&self.ways.conn).await?;
        let hashes = match &mut raw {
            #[cfg(feature = "postgres")]
            Raw::Postgres(conn) => {
                super::structure::postgres::fingerprints(conn, names, &reading).await
            }
            #[cfg(feature = "mysql")]
            Raw::MySql(conn) => super::structure::mysql::fingerprints(conn, names, &reading).await,
            #[cfg(feature = "sqlite")]
            Raw::Sqlite(_) => {
                // Files are asked one by one.
                let _ = (names, reading);
                Ok(std::collections::BTreeMap::new())
            }
        };
        if hashes.is_err() {
            raw.close().await;
        }
        hashes
    }

    async fn raw(&self, conn: &sea_orm::DatabaseConnection) -> Result<Raw> {
        Raw::acquire(conn, self.cx.dialect).await.map_err(failed)
    }
}

fn failed(error: sea_orm::sqlx::Error) -> Error {
    Error::from(sea_orm::DbErr::Query(sea_orm::RuntimeErr::SqlxError(error.into())))
}

pub(super) fn has_code(
    graph: &Graph,
    revision: Option<&tenancy_core::revision::RevisionId>,
) -> Error {
    let revision = revision.and_then(|id| graph.get(id)).map(|node| &node.revision);
    let (id, source) = revision
        .map_or((String::new(), String::new()), |it| (it.id.to_string(), it.source.clone()));
    Error::config(format!(
        "revision {id} runs Rust code, and what that makes is known only where it has run; compare with \
         a place that is at the head instead ({source})"
    ))
}
