//! A run over many tenants.
//!
//! Tenants are read page by page and compared with the ledger, so that those that are where they
//! should be are not visited. Work is pulled, one tenant after another, by as many as may work at a
//! time. What one run leaves, or another one is at, the next finds.

mod pass;
mod plans;
mod tend;
mod upgrade;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use sea_orm::DatabaseConnection;
use tenancy_core::{
    Slug, Status, Tenant, TenantId,
    revision::{Graph, Step, Target},
};

use self::plans::{Plan, Plans};
use super::{
    RunEvent, RunReport, Share,
    context::{Context, Spot},
    failure::Failure,
    heads::Heads,
    ledger::Ledger,
    place,
    site::Site,
};
use crate::{
    Error, Result,
    pool::{self, PoolOptions},
    store::TenantStore,
};

/// Which tenants are meant.
#[derive(Debug, Clone, Default)]
pub enum Selection {
    /// All that have a place of their own.
    #[default]
    All,
    /// Those with these slugs.
    Slugs(Vec<Slug>),
    /// Those of a tier.
    Tier(String),
    /// Those that the last attempt could not move.
    Failed,
}

/// What is asked of each place.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Upgrade(String),
    Downgrade {
        to: String,
        force: bool,
    },
    Stamp {
        to: Vec<String>,
        purge: bool,
    },
    /// Nothing but to be looked at.
    Look,
}

impl Asked {
    /// Whether it is a number of steps from wherever a place is.
    pub(crate) fn is_relative(&self) -> bool {
        let relative = |to: &str| {
            let name = to.rsplit('@').next().unwrap_or_default();
            name.starts_with(['+', '-'])
        };
        match self {
            Self::Upgrade(to) | Self::Downgrade { to, .. } => relative(to),
            Self::Stamp { .. } | Self::Look => false,
        }
    }

    /// The steps from some heads, in a run: places that have nothing begin with a baseline.
    pub(super) fn steps_of(
        &self,
        graph: &Graph,
        heads: &Heads,
        dialect: tenancy_core::Dialect,
        conduct: &Conduct,
    ) -> Result<Vec<Step>> {
        match self {
            Self::Upgrade(to) if heads.is_empty() && !conduct.replay => {
                graph.upgrade_new(to, dialect).map_err(|error| Error::config(error.to_string()))
            }
            _ => self.steps(graph, heads),
        }
    }

    /// The steps from some heads, revision by revision.
    pub(super) fn steps(&self, graph: &Graph, heads: &Heads) -> Result<Vec<Step>> {
        let said = |error: tenancy_core::revision::RevisionError| Error::config(error.to_string());
        match self {
            Self::Upgrade(to) => graph.upgrade(heads, to).map_err(said),
            Self::Downgrade { to, force } => {
                let steps = graph.downgrade(heads, to).map_err(said)?;
                let strays = graph.strays(&steps, to);
                if let Some(stray) = strays.first().filter(|_| !force) {
                    return Err(Error::config(format!(
                        "`{to}` undoes more than the branch: it has no root of its own, and {} other \
                         revisions go with it, {stray} first. Name a revision of the branch, or force it",
                        strays.len()
                    )));
                }
                Ok(steps)
            }
            Self::Stamp { to, purge } => {
                let to: Vec<&str> = to.iter().map(String::as_str).collect();
                let none = Heads::new();
                graph.stamp(if *purge { &none } else { heads }, &to).map_err(said)
            }
            Self::Look => Ok(Vec::new()),
        }
    }
}

/// Where tenants' places are, and who may use what is made there.
#[async_trait::async_trait]
pub(crate) trait Places: fmt::Debug + Send + Sync {
    /// The place of a tenant's own, if it has one.
    fn site(&self, tenant: &Tenant) -> Result<Option<Site>>;

    /// The statements that give the role that serves tenants its rights there.
    async fn rights(&self, site: &Site) -> Result<Vec<String>>;
}

/// Tells a run to end: what is in flight is finished, nothing else is begun.
#[derive(Debug, Clone, Default)]
pub struct StopRun(Arc<AtomicBool>);

impl StopRun {
    /// A switch that is off.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the run.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was told to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Is told what happens.
pub(crate) type Listener = Arc<dyn Fn(&RunEvent) + Send + Sync>;

/// How a run goes about it.
#[derive(Clone)]
pub(crate) struct Conduct {
    pub(crate) concurrency: usize,
    /// Those that come first, and without whom nobody else does.
    pub(crate) canary: Option<Selection>,
    pub(crate) waves: Vec<Share>,
    pub(crate) max_failures: Share,
    pub(crate) apart: bool,
    /// Whether what the lint finds dangerous is refused.
    pub(crate) lint: bool,
    /// Whether places that have nothing yet go through all revisions, though there is a baseline.
    pub(crate) replay: bool,
    pub(crate) dry: bool,
    pub(crate) selection: Selection,
    pub(crate) statuses: Vec<Status>,
    pub(crate) stop: StopRun,
    pub(crate) listener: Listener,
    /// How long to wait for somebody else who is at a place.
    pub(crate) patience: Duration,
    /// Whether what the ledger says of places is believed.
    pub(crate) trusting: bool,
}

impl fmt::Debug for Conduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conduct")
            .field("concurrency", &self.concurrency)
            .field("waves", &self.waves)
            .field("max_failures", &self.max_failures)
            .field("selection", &self.selection)
            .finish_non_exhaustive()
    }
}

/// The ways to tenants' places, and what is known of these.
#[derive(Debug, Clone)]
pub(crate) struct Ways {
    /// To the database all tenants share.
    pub(super) conn: DatabaseConnection,
    /// How connections to others are opened.
    options: PoolOptions,
    ledger: Ledger,
}

impl Ways {
    pub(crate) async fn new(
        conn: DatabaseConnection,
        options: PoolOptions,
        dialect: tenancy_core::Dialect,
        shared: Option<&str>,
    ) -> Result<Self> {
        let ledger = Ledger::open(&conn, dialect, shared).await?;
        Ok(Self { conn, options, ledger })
    }

    /// Closes them, and waits until nobody uses them.
    pub(crate) async fn close(&self) -> Result<()> {
        Ok(self.conn.close_by_ref().await?)
    }
}

/// The tenants, their places, and the ways there.
#[derive(Clone)]
pub(crate) struct Fleet {
    pub(super) cx: Context,
    store: Arc<dyn TenantStore>,
    places: Arc<dyn Places>,
    pub(super) ways: Ways,
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("cx", &self.cx).finish_non_exhaustive()
    }
}

impl Fleet {
    pub(crate) fn new(
        cx: Context,
        store: Arc<dyn TenantStore>,
        places: Arc<dyn Places>,
        ways: Ways,
    ) -> Self {
        Self { cx, store, places, ways }
    }

    /// The same, with what one run is told.
    pub(crate) fn told(
        mut self,
        lock_timeout: Option<Duration>,
        statement_timeout: Option<Duration>,
        extensions: &[String],
    ) -> Self {
        self.cx.lock_timeout = lock_timeout.unwrap_or(self.cx.lock_timeout);
        self.cx.statement_timeout = statement_timeout;
        self.cx.extensions = extensions.to_vec();
        self
    }

    /// The place of a tenant's own, if it has one.
    pub(super) fn site(&self, tenant: &Tenant) -> Result<Option<Site>> {
        self.places.site(tenant)
    }

    /// The statements that give the role that serves tenants its rights in a place.
    pub(super) async fn rights(&self, site: &Site) -> Result<Vec<String>> {
        self.places.rights(site).await
    }

    /// Looks at all places for a gate.
    pub(crate) async fn refresh(&self, gate: &super::Gate, now: bool) -> Result<()> {
        gate.refresh(&self.ways.ledger, now).await
    }

    /// What the ledger is told of a place that has come to some heads.
    pub(super) fn arrived(&self, id: Option<&TenantId>, target: Target, heads: &Heads) -> String {
        let graph = self.cx.migrations.history().graph(target);
        self.ways.ledger.arrived(id, heads, &super::gate::contracts(graph, heads))
    }

    /// Forgets what is known of a tenant's place, which is gone.
    pub(crate) async fn forget(&self, id: &TenantId) -> Result<()> {
        self.ways.ledger.forget(id).await
    }

    /// The heads of a tenant's place, if it has one.
    pub(crate) async fn tenant_heads(&self, tenant: &Arc<Tenant>) -> Result<Option<Heads>> {
        let Some(site) = self.places.site(tenant)? else { return Ok(None) };
        let (fleet, turn) = (self.clone(), Turn { tenant: Arc::clone(tenant), site, heads: None });
        let heads = pool::finish(async move { Ok(fleet.look(&turn).await) }).await?;
        heads.map(Some).map_err(|failure| Error::config(failure.to_string()))
    }

    pub(super) fn spot<'a>(&'a self, site: &'a Site, conn: &'a DatabaseConnection) -> Spot<'a> {
        Spot {
            cx: &self.cx,
            site,
            conn,
            options: &self.ways.options,
            tenant: None,
            entry: None,
            rights: &[],
        }
    }

    /// The heads of what all tenants share.
    pub(crate) async fn shared_heads(&self) -> Result<Heads> {
        let fleet = self.clone();
        let look = async move {
            let site = Site::shared();
            Ok(place::heads(&fleet.spot(&site, &fleet.ways.conn)).await)
        };
        pool::finish(look).await?.map_err(|failure| Error::config(failure.to_string()))
    }

    /// Moves what all tenants share. A caller that goes away does not cut it off.
    ///
    /// # Errors
    ///
    /// Whatever kept it from being moved; it is where it was, or at a revision between.
    pub(crate) async fn move_shared(
        &self,
        asked: &Asked,
        conduct: &Conduct,
    ) -> Result<Vec<String>> {
        let (fleet, asked, conduct) = (self.clone(), asked.clone(), conduct.clone());
        let work = async move { Ok(fleet.shift_shared(&asked, &conduct).await) };
        pool::finish(work.boxed()).await?
    }

    async fn shift_shared(&self, asked: &Asked, conduct: &Conduct) -> Result<Vec<String>> {
        let site = Site::shared();
        let begun = Instant::now();
        loop {
            let heads = self.shared_heads().await?;
            let plan = Plans::default().of(&self.cx, Target::Shared, asked, &heads, conduct)?;
            self.purge(&site, &self.ways.conn, asked, conduct).await?;
            if plan.is_empty() || conduct.dry {
                return Ok(plan.told.to_vec());
            }
            (conduct.listener)(&RunEvent::Shared { steps: plan.told.to_vec() });
            let rights = self.places.rights(&site).await?;
            let entry = self.arrived(None, Target::Shared, plan.work.to());
            let spot =
                Spot { entry: Some(&entry), rights: &rights, ..self.spot(&site, &self.ways.conn) };
            match place::patiently(&spot, &plan.work).await.1 {
                Ok(()) => return Ok(plan.told.to_vec()),
                Err(failure) if failure.is_moved() && begun.elapsed() < conduct.patience => {}
                Err(failure) if failure.is_busy() && begun.elapsed() < conduct.patience => {
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                Err(failure) => {
                    // What is shared comes first, so nothing else is begun.
                    let _ = self.ways.ledger.failed(None, &failure).await;
                    return Err(Error::incomplete(format!(
                        "what all tenants share could not be moved, and no tenant was: {failure}"
                    )));
                }
            }
        }
    }

    /// Takes all rows out of a table of heads, before somebody says where the place is.
    async fn purge(
        &self,
        site: &Site,
        conn: &DatabaseConnection,
        asked: &Asked,
        conduct: &Conduct,
    ) -> Result<()> {
        if !matches!(asked, Asked::Stamp { purge: true, .. }) || conduct.dry {
            return Ok(());
        }
        tend::purge(&self.spot(site, conn))
            .await
            .map_err(|failure| Error::config(failure.to_string()))
    }

    /// The shared revisions a plan needs that have not run.
    pub(super) fn missing(&self, plan: &Plan, shared: &Heads) -> Result<Vec<String>> {
        let history = self.cx.migrations.history();
        let mut missing = Vec::new();
        for id in history.graph(Target::Tenant).required_by(plan.work.steps()) {
            let ran = history.graph(Target::Shared).has_run(shared, &id);
            if !ran.map_err(|error| Error::config(error.to_string()))? {
                missing.push(id.to_string());
            }
        }
        Ok(missing)
    }

    /// The tenants that are meant, page by page, with what the ledger knows of them.
    pub(super) fn turns(&self, conduct: &Conduct) -> pass::Pages {
        pass::Pages::new(pass::Run::new(self.clone(), Asked::Look, conduct.clone()))
    }

    /// A run over the tenants that are meant.
    ///
    /// # Errors
    ///
    /// An error if tenants or the ledger cannot be read. What fails in a tenant's place is in the
    /// report.
    pub(crate) async fn run(&self, asked: Asked, conduct: Conduct) -> Result<RunReport> {
        pass::Run::new(self.clone(), asked, conduct).counted().await?.run().await
    }
}

/// How long to leave somebody else alone who is at a place.
pub(super) const BUSY_PAUSE: Duration = Duration::from_millis(50);

impl Failure {
    pub(super) fn is_moved(&self) -> bool {
        self.remedy == super::failure::Remedy::Moved
    }

    pub(super) fn is_busy(&self) -> bool {
        self.remedy == super::failure::Remedy::Busy
    }
}

/// A tenant whose turn has come.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) tenant: Arc<Tenant>,
    pub(super) site: Site,
    /// Its heads, if the ledger has them.
    pub(super) heads: Option<Heads>,
}

impl Turn {
    pub(super) fn id(&self) -> &TenantId {
        &self.tenant.id
    }
}
