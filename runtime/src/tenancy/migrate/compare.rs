//! Structures compared: the entities' with the revisions', and the places' with the revisions'.

use std::sync::Arc;

use futures_util::FutureExt as _;
use tenancy_core::{
    Dialect, Slug, Tenant,
    revision::Target,
    structure::{Changes, diff},
};

use super::{Asked, Migrate, Targets};
use crate::{
    Error, Result,
    migrate::{BaselineReport, DriftReport, Selection, Squashed},
};

impl Migrate {
    /// What the entities linked into this program want of a target beyond what its revisions make:
    /// what the next revision would do, there and back.
    ///
    /// What revisions make, and what entities want, is made in a shadow and read there: on PostgreSQL
    /// a schema in a transaction that is rolled back, on MySQL and MariaDB a database that is dropped,
    /// on SQLite a database in memory. No place is touched. Where revisions run Rust code, say
    /// [`tenants`](Self::tenants) with one tenant that is at the head: its place is read instead.
    ///
    /// What entities cannot say (views, functions, checks, indexes on expressions) is left as it is.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if the isolation strategy does not say where tables
    /// are, if it has none of this target, or if a statement of a revision is not taken; an error if
    /// the database cannot be asked.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy::{Schema, Tenancy, migrate::{Migrations, Target}, structure::Destructive};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// let builder = Tenancy::builder().database("sqlite::memory:").isolation(Schema::new());
    /// let tenancy = builder.migrations(Migrations::default()).connect().await?;
    /// let changes = tenancy.migrate().changes(Target::Tenant).await?;
    /// print!("{}", changes.up(Destructive::Commented));
    /// # assert!(changes.is_empty());
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn changes(&self, target: Target) -> Result<Changes> {
        let Some(layout) = self.tenancy.inner.isolation.layout() else {
            return Err(Error::config(
                "the isolation strategy does not say where the tables of entities are; give its provider \
                 a `layout`",
            ));
        };
        let tables = match target {
            Target::Shared => layout.shared,
            Target::Tenant => layout.place.ok_or_else(|| {
                Error::config(
                    "tenants have no places of their own with this isolation: their tables are in what all \
                     tenants share; ask for the target `shared`",
                )
            })?,
        };
        let (fleet, _) = self.ready(&Asked::Look, Targets::Both).boxed().await?;
        let there = match (target, &self.selection) {
            (Target::Tenant, Selection::Slugs(slugs)) => {
                fleet.model(&self.one(slugs).await?).boxed().await?
            }
            _ => fleet.replay(target, None).boxed().await?.structure,
        };
        let (wish, wanted) = fleet.wish(tables).boxed().await?;
        Ok(diff(fleet.dialect(), &there, &wish.keeping(&there), &wanted.renames))
    }

    /// The [`changes`](Self::changes) of each target the isolation strategy has tables in, without those
    /// that have none.
    ///
    /// # Errors
    ///
    /// As [`changes`](Self::changes).
    pub async fn all_changes(&self) -> Result<Vec<(Target, Changes)>> {
        let has_places =
            self.tenancy.inner.isolation.layout().is_some_and(|layout| layout.place.is_some());
        let mut all = Vec::new();
        if self.targets != Targets::Tenants {
            all.push((Target::Shared, self.changes(Target::Shared).await?));
        }
        if self.targets != Targets::Shared && has_places {
            all.push((Target::Tenant, self.changes(Target::Tenant).await?));
        }
        all.retain(|(_, changes)| !changes.is_empty());
        Ok(all)
    }

    /// Compares places with what their revisions make, each at the heads it is at: what somebody
    /// changed by hand, or a step that was done in part.
    ///
    /// Schemas of PostgreSQL, and databases of MySQL and MariaDB on one server, are compared by a hash
    /// of their catalogs, hundreds in one statement; only those that differ are read. Nothing is
    /// changed.
    ///
    /// # Errors
    ///
    /// As [`changes`](Self::changes). Tenants whose places cannot be read are in the report.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy::{Schema, Tenancy, migrate::Migrations};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// let builder = Tenancy::builder().database("sqlite::memory:").isolation(Schema::new());
    /// let tenancy = builder.migrations(Migrations::default()).connect().await?;
    /// let report = tenancy.migrate().drift().await?;
    /// assert!(report.is_clean(), "{report}");
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn drift(&self) -> Result<DriftReport> {
        let (fleet, conduct) = self.ready(&Asked::Look, Targets::Both).boxed().await?;
        let mut report = match self.targets {
            Targets::Shared => DriftReport::default(),
            Targets::Both | Targets::Tenants => fleet.drift(&conduct).boxed().await?,
        };
        let shared = self
            .tenancy
            .inner
            .migrations()
            .is_some_and(|migrations| !migrations.history().graph(Target::Shared).is_empty());
        if self.targets != Targets::Tenants && shared {
            report.shared = fleet.shared_drift().boxed().await?;
        }
        Ok(report)
    }

    /// Makes a baseline of a target: one script that makes at once what its revisions make, up to one
    /// of them (`head` for all), with the rows that revisions put into it. Places that have nothing yet
    /// begin with it, and go on from there.
    ///
    /// It is made from what the revisions make in a shadow, as for [`changes`](Self::changes), and
    /// compared with it there. Where revisions run Rust code, say [`tenants`](Self::tenants) with one
    /// tenant that stands where the baseline is to lead: its place is read instead, without its rows.
    ///
    /// # Errors
    ///
    /// As [`changes`](Self::changes), and one of [configuration](Error::is_config) if there are no
    /// revisions up to that one.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy::{Schema, Tenancy, migrate::{History, Migrations, Revision, Target}};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// let file = |name, text| Revision::parse(name, text, Some(Target::Tenant)).expect("a revision");
    /// let history = History::new(vec![
    ///     file("a.sql", "-- revision: aaaa01\n-- +upgrade\nCREATE TABLE notes (id int);"),
    ///     file("b.sql", "-- revision: aaaa02\n-- down_revision: aaaa01\n-- +upgrade\nALTER TABLE notes ADD title text;"),
    /// ]);
    /// let history = history.expect("revisions");
    /// let builder = Tenancy::builder().database("sqlite::memory:").isolation(Schema::new());
    /// let tenancy = builder.migrations(Migrations::of(history)).connect().await?;
    /// let squashed = tenancy.migrate().squash(Target::Tenant, "head").await?;
    /// assert_eq!(squashed.heads[0].as_str(), "aaaa02");
    /// assert!(squashed.upgrade.contains("CREATE TABLE") && !squashed.upgrade.contains("ALTER"));
    /// assert!(squashed.differences.is_empty());
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn squash(&self, target: Target, to: &str) -> Result<Squashed> {
        let (fleet, _) = self.ready(&Asked::Look, Targets::Both).boxed().await?;
        let like = match (target, &self.selection) {
            (Target::Tenant, Selection::Slugs(slugs)) => Some(self.one(slugs).await?),
            _ => None,
        };
        fleet.squash(target, to, like.as_ref()).boxed().await
    }

    /// Compares baselines with what the revisions make that they stand for: structure, and the rows
    /// that revisions put into it. Those of revisions that run Rust code are told, and not compared.
    ///
    /// # Errors
    ///
    /// As [`changes`](Self::changes). What differs is in the reports.
    pub async fn baselines(&self) -> Result<Vec<BaselineReport>> {
        let (fleet, _) = self.ready(&Asked::Look, Targets::Both).boxed().await?;
        let mut reports = Vec::new();
        if self.targets != Targets::Tenants {
            reports.extend(fleet.baselines(Target::Shared).boxed().await?);
        }
        if self.targets != Targets::Shared {
            reports.extend(fleet.baselines(Target::Tenant).boxed().await?);
        }
        Ok(reports)
    }

    /// The tenant whose place stands for what revisions make.
    async fn one(&self, slugs: &[Slug]) -> Result<Arc<Tenant>> {
        let [slug] = slugs else {
            return Err(Error::config("one tenant's place can be read instead of a shadow"));
        };
        self.tenancy.tenant(slug).await
    }

    /// The engine that revisions are written for.
    ///
    /// # Errors
    ///
    /// After [`close`](crate::Tenancy::close).
    pub async fn dialect(&self) -> Result<Dialect> {
        Ok(self.tenancy.fleet().await?.dialect())
    }
}
