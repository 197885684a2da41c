//! Revisions, run over what all tenants share and over each tenant's place.

mod compare;
mod options;

use std::{fmt, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use tenancy_core::{
    Slug, Status, Tenant,
    revision::{RevisionId, Target},
};

use super::{Builder, Inner, Tenancy};
use crate::{
    Error, Result,
    migrate::{
        Asked, Conduct, Context, Fleet, Migrations, Places, RunEvent, RunReport, Selection, Share,
        Site, StopRun, Ways,
    },
    pool,
};

/// Tenants moved at a time, unless set. More than eight gain nothing where the server has two
/// processors.
const CONCURRENCY: usize = 8;

/// How long to wait for somebody else who is at a place.
const PATIENCE: Duration = Duration::from_secs(60);

impl Builder {
    /// Sets the revisions that make the tables. A new tenant's place is made without tables then, and
    /// the revisions are run in it; those of what all tenants share are run by
    /// [`Tenancy::migrate`].
    ///
    /// # Example
    ///
    /// ```no_run
    /// use tenancy::{Schema, Tenancy, migrate::Migrations};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenancy = Tenancy::builder()
    ///     .database("postgres://app@localhost/shop")
    ///     .isolation(Schema::new())
    ///     .migrations(Migrations::from_dir("migrations")?)
    ///     .connect()
    ///     .await?;
    /// tenancy.migrate().upgrade("heads").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn migrations(mut self, migrations: Migrations) -> Self {
        self.migrations = Some(Arc::new(migrations));
        self
    }
}

impl Tenancy {
    /// Begins to move what all tenants share, and each tenant's place, along the
    /// [revisions](Builder::migrations).
    pub fn migrate(&self) -> Migrate {
        Migrate::new(self)
    }

    /// Runs the revisions in the place of a tenant that is taken back after it was deleted: runs have
    /// passed it over meanwhile. A place that newer code has moved on stays where it is.
    pub(super) async fn catch_up(&self, tenant: &Tenant) -> Result<()> {
        let Some(migrations) = &self.inner.migrations else { return Ok(()) };
        let graph = migrations.history().graph(Target::Tenant);
        let heads = self.fleet().await?.tenant_heads(&Arc::new(tenant.clone())).await?;
        match heads {
            Some(heads) if heads.iter().all(|head| graph.get(head).is_some()) => {
                self.settle(tenant).await
            }
            _ => Ok(()),
        }
    }

    /// Runs the revisions in the place of a tenant that is being created, or taken back.
    pub(super) async fn settle(&self, tenant: &Tenant) -> Result<()> {
        if self.inner.migrations.is_none()
            || self.inner.isolation.site(&self.inner.grounds, tenant)?.is_none()
        {
            return Ok(());
        }
        let migrate = Migrate {
            selection: Selection::Slugs(vec![tenant.slug.clone()]),
            statuses: vec![Status::Provisioning, Status::Deleted],
            targets: Targets::Tenants,
            // Whoever had the id before has left with what he had.
            trusting: false,
            // Nobody is there yet, or nobody is served.
            lint: false,
            ..self.migrate()
        };
        // A caller that goes away cuts nothing off: what is begun at a place is finished.
        migrate.upgrade("heads").boxed().await?.into_result().map(drop)
    }

    /// Forgets what is known of the place of a tenant that is purged.
    pub(super) async fn forget_place(&self, tenant: &Tenant) -> Result<()> {
        match &self.inner.migrations {
            Some(_) => self.fleet().await?.forget(&tenant.id).await,
            None => Ok(()),
        }
    }

    /// All tenants' places. It is made anew each time: it holds the tenancy, which holds the ways.
    pub(super) async fn fleet(&self) -> Result<Fleet> {
        self.open()?;
        let Some(migrations) = &self.inner.migrations else {
            return Err(Error::config(
                "this tenancy has no migrations; name them with `Builder::migrations`",
            ));
        };
        let grounds = &self.inner.grounds;
        let ways = self.inner.ways.get_or_try_init(|| self.find_ways().boxed()).await?;
        let dialect = pool::dialect(grounds.operator_connection().get_database_backend());
        let cx = Context::new(Arc::clone(migrations), dialect, grounds.shared_schema())?;
        let places: Arc<dyn Places> = Arc::new(self.clone());
        Ok(Fleet::new(cx, Arc::clone(&self.inner.store), places, ways.clone()))
    }

    async fn find_ways(&self) -> Result<Ways> {
        let grounds = &self.inner.grounds;
        let mut options = grounds.operator_connection_options();
        let dialect = pool::dialect(grounds.operator_connection().get_database_backend());
        // SQLite has one writer, and where it is in memory one connection.
        let conn = if dialect == tenancy_core::Dialect::Sqlite {
            grounds.operator_connection().unguarded().clone()
        } else {
            // A second one each, where a lock is held beside.
            options.max_connections = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
            pool::open(&options).await?
        };
        Ways::new(conn, options, dialect, grounds.shared_schema()).await
    }
}

/// Connections of a run: who works, and who holds locks beside.
const CONNECTIONS: usize = 64;

#[async_trait::async_trait]
impl Places for Tenancy {
    fn site(&self, tenant: &Tenant) -> Result<Option<Site>> {
        self.inner.isolation.site(&self.inner.grounds, tenant)
    }

    async fn rights(&self, site: &Site) -> Result<Vec<String>> {
        self.inner.grounds.rights_at(site).await
    }
}

impl Inner {
    pub(super) fn migrations(&self) -> Option<&Arc<Migrations>> {
        self.migrations.as_ref()
    }
}

/// Which structures are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Targets {
    Both,
    Shared,
    Tenants,
}

/// A run over what all tenants share and over their places; [`Tenancy::migrate`] begins it.
#[derive(Clone)]
#[must_use = "nothing is done until a command is given"]
pub struct Migrate {
    tenancy: Tenancy,
    targets: Targets,
    selection: Selection,
    statuses: Vec<Status>,
    concurrency: usize,
    canary: Option<Selection>,
    waves: Vec<Share>,
    max_failures: Share,
    apart: bool,
    lint: bool,
    replay: bool,
    dry: bool,
    force: bool,
    stop: StopRun,
    listener: Arc<dyn Fn(&RunEvent) + Send + Sync>,
    lock_timeout: Option<Duration>,
    statement_timeout: Option<Duration>,
    extensions: Vec<String>,
    trusting: bool,
}

impl fmt::Debug for Migrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrate")
            .field("targets", &self.targets)
            .field("selection", &self.selection)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

impl Migrate {
    fn new(tenancy: &Tenancy) -> Self {
        Self {
            tenancy: tenancy.clone(),
            targets: Targets::Both,
            selection: Selection::All,
            statuses: vec![Status::Active, Status::Suspended, Status::Maintenance],
            concurrency: CONCURRENCY,
            canary: None,
            waves: Vec::new(),
            max_failures: Share::Percent(100.0),
            apart: false,
            lint: true,
            replay: false,
            dry: false,
            force: false,
            stop: StopRun::new(),
            listener: Arc::new(|_| {}),
            lock_timeout: None,
            statement_timeout: None,
            extensions: Vec::new(),
            trusting: true,
        }
    }

    async fn done(&self, report: RunReport) -> Result<RunReport> {
        self.tenancy.places_moved().await?;
        Ok(report)
    }

    /// Moves up: what all tenants share first, then the tenants.
    ///
    /// What a run leaves, because it was cut off or because tenants failed, the next one does. Tenants
    /// that are where they should be are not visited.
    ///
    /// # Errors
    ///
    /// An error if nothing was begun, since there is no such revision, the store cannot be read, or the
    /// lint finds [statements that must not run like that](Self::without_lint); if what all tenants share
    /// could not be moved. What failed for tenants is in the report.
    pub async fn upgrade(self, to: impl Into<String>) -> Result<RunReport> {
        let to = to.into();
        let asked = Asked::Upgrade(to.clone());
        let targets = self.targets_of(&to)?;
        let (fleet, conduct) = self.ready(&asked, targets).await?;
        let both = (targets != Targets::Tenants, targets != Targets::Shared);
        self.done(fleet.upgrade(asked, conduct, both).boxed().await?).await
    }

    /// Moves down: the tenants first, then what all tenants share.
    ///
    /// # Errors
    ///
    /// As [`upgrade`](Self::upgrade). If tenants fail, what they share stays where it is.
    pub async fn downgrade(self, to: impl Into<String>) -> Result<RunReport> {
        let to = to.into();
        let asked = Asked::Downgrade { to: to.clone(), force: self.force };
        let targets = self.targets_of(&to)?;
        let (fleet, conduct) = self.ready(&asked, targets).await?;
        let mut report = match targets {
            Targets::Shared => RunReport::default(),
            Targets::Both | Targets::Tenants => {
                fleet.run(asked.clone(), conduct.clone()).boxed().await?
            }
        };
        if targets != Targets::Tenants && report.is_complete() {
            report.shared = fleet.move_shared(&asked, &conduct).boxed().await?;
        }
        self.done(report).await
    }

    /// Says where places are, without running anything. With `purge`, what their tables of heads say
    /// is forgotten before.
    ///
    /// # Errors
    ///
    /// As [`upgrade`](Self::upgrade).
    pub async fn stamp(
        self,
        to: impl IntoIterator<Item = String>,
        purge: bool,
    ) -> Result<RunReport> {
        let to: Vec<String> = to.into_iter().collect();
        let targets = self.targets_of(to.first().map_or("heads", String::as_str))?;
        let asked = Asked::Stamp { to, purge };
        let (fleet, conduct) = self.ready(&asked, targets).await?;
        let shared = match targets {
            Targets::Tenants => Vec::new(),
            Targets::Both | Targets::Shared => fleet.move_shared(&asked, &conduct).boxed().await?,
        };
        let report = match targets {
            Targets::Shared => RunReport::default(),
            Targets::Both | Targets::Tenants => fleet.run(asked, conduct).boxed().await?,
        };
        self.done(RunReport { shared, ..report }).await
    }

    /// The heads of what all tenants share.
    ///
    /// # Errors
    ///
    /// An error if the database cannot be read.
    pub async fn shared_heads(&self) -> Result<Vec<RevisionId>> {
        Ok(self.tenancy.fleet().await?.shared_heads().await?.into_iter().collect())
    }

    /// The heads of a tenant's place; none if it has no place of its own.
    ///
    /// # Errors
    ///
    /// [Not found](Error::is_tenant_not_found) if there is no such tenant; an error if its place cannot
    /// be read.
    pub async fn tenant_heads(&self, slug: &Slug) -> Result<Option<Vec<RevisionId>>> {
        let tenant = self.tenancy.tenant(slug).await?;
        let heads = self.tenancy.fleet().await?.tenant_heads(&tenant).await?;
        Ok(heads.map(|heads| heads.into_iter().collect()))
    }

    /// Which structures a revision is of. What is of both, such as `heads`, means those that are set.
    fn targets_of(&self, asked: &str) -> Result<Targets> {
        let Some(migrations) = self.tenancy.inner.migrations() else { return Ok(self.targets) };
        let history = migrations.history();
        let name = asked.split('@').next().unwrap_or_default();
        let name = name.split(['+', '-']).next().unwrap_or_default();
        let found = |target| {
            let graph = history.graph(target);
            !name.is_empty()
                && !matches!(name, "head" | "heads" | "base")
                && graph.find(name).is_ok_and(|found| !found.is_empty())
        };
        match (found(Target::Shared), found(Target::Tenant), self.targets) {
            (true, true, Targets::Both) => Err(Error::config(format!(
                "`{asked}` is a revision of what all tenants share and of theirs; name more of it"
            ))),
            (true, false, Targets::Tenants) | (false, true, Targets::Shared) => {
                Err(Error::config(format!("`{asked}` is a revision of the other target")))
            }
            (true, false, _) => Ok(Targets::Shared),
            (false, true, _) => Ok(Targets::Tenants),
            _ => Ok(self.targets),
        }
    }

    async fn ready(&self, asked: &Asked, targets: Targets) -> Result<(Fleet, Conduct)> {
        let one = matches!(&self.selection, Selection::Slugs(slugs) if slugs.len() == 1);
        if asked.is_relative() && targets != Targets::Shared && !one {
            return Err(Error::config(
                "a number of steps is another revision for each tenant, and the next run would go on from \
                 there; name the revision, or one tenant",
            ));
        }
        if matches!(self.canary, Some(Selection::All | Selection::Failed)) {
            return Err(Error::config(
                "those that come first are named: by their slugs, or by their tier",
            ));
        }
        let conduct = Conduct {
            concurrency: self.concurrency,
            canary: self.canary.clone(),
            waves: self.waves.clone(),
            max_failures: self.max_failures,
            apart: self.apart,
            lint: self.lint,
            replay: self.replay,
            dry: self.dry,
            selection: self.selection.clone(),
            statuses: self.statuses.clone(),
            stop: self.stop.clone(),
            listener: Arc::clone(&self.listener),
            patience: PATIENCE,
            trusting: self.trusting,
        };
        let fleet = self.tenancy.fleet().await?;
        let fleet = fleet.told(self.lock_timeout, self.statement_timeout, &self.extensions);
        Ok((fleet, conduct))
    }
}
