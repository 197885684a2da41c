//! The whole of a run: waves, pages, and who works.

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tenancy_core::{Tenant, TenantId, revision::Target};
use tokio::task::JoinHandle;

use super::{Asked, Conduct, Fleet, Plans, Selection, Turn, tend::Tended};
use crate::{
    Error, Result,
    migrate::{FailedTenant, RunEvent, RunReport, failure::Failure, heads::Heads, wave},
};

/// Tenants read at a time.
const PAGE: u32 = 500;

/// How often those are looked for that were created meanwhile.
const SWEEPS: u32 = 3;

pub(super) struct Run {
    fleet: Fleet,
    asked: Arc<Asked>,
    conduct: Conduct,
    plans: Arc<Plans>,
    report: RunReport,
    begun: Instant,
    /// How many have something to do, and how many of those come first.
    stale: u64,
    canaries: u64,
    /// Those that had their turn, first or in vain: they have no other in this run.
    tried: BTreeSet<TenantId>,
}

type Ended = (Arc<Tenant>, Duration, Result<Tended, Failure>);

type Working = FuturesUnordered<JoinHandle<Ended>>;

impl Run {
    pub(super) fn new(fleet: Fleet, asked: Asked, conduct: Conduct) -> Self {
        Self {
            fleet,
            asked: Arc::new(asked),
            conduct,
            plans: Arc::new(Plans::default()),
            report: RunReport::default(),
            begun: Instant::now(),
            stale: 0,
            canaries: 0,
            tried: BTreeSet::new(),
        }
    }

    /// The same, and it is known how many there are.
    ///
    /// # Errors
    ///
    /// An error if they cannot be read, or if some that were named are not there.
    pub(super) async fn counted(mut self) -> Result<Self> {
        let (selected, stale) = self.count(None).await?;
        self.report.selected = selected;
        self.report.ready = selected - stale;
        self.stale = stale;
        if let Some(canary) = self.conduct.canary.clone() {
            self.canaries = self.count(Some(canary)).await?.1;
        }
        Ok(self)
    }

    /// Why nothing must be begun, if something that would be done is dangerous.
    pub(super) fn refused(&self) -> Option<String> {
        self.plans.refused()
    }

    fn tell(&self, event: &RunEvent) {
        (self.conduct.listener)(event);
    }

    pub(super) async fn run(mut self) -> Result<RunReport> {
        let shared = Arc::new(self.fleet.shared_heads().await?);
        let (selected, stale) = (self.report.selected, self.stale);
        self.tell(&RunEvent::Planned { selected, stale });
        if !self.conduct.dry && stale > 0 {
            self.waves(&shared).await?;
        } else if self.conduct.dry {
            self.report.moved = 0;
            self.report.stopped =
                (stale > 0).then(|| format!("nothing was done: {stale} would be moved"));
        }
        self.report.took = self.begun.elapsed();
        Ok(self.report)
    }

    async fn waves(&mut self, shared: &Arc<Heads>) -> Result<()> {
        let (stale, canaries) = (self.stale, self.canaries);
        let mut ends = wave::ends(&self.conduct.waves, stale.saturating_sub(canaries));
        ends.iter_mut().for_each(|end| *end += canaries);
        if canaries > 0 {
            ends.insert(0, canaries);
        }
        let allowed = self.conduct.max_failures.of(stale);
        let mut cursor = Cursor::default();
        let mut done = 0;
        for (index, end) in ends.iter().enumerate() {
            let tenants = end - done;
            self.tell(&RunEvent::Wave { number: index + 1, of: ends.len(), tenants });
            done = *end;
            let last = index + 1 == ends.len();
            if index == 0 && canaries > 0 {
                let only = self.conduct.canary.clone();
                self.wave(None, shared, &mut Cursor { only, ..Cursor::default() }, allowed).await?;
            } else {
                let limit = if last { None } else { Some(tenants) };
                self.wave(limit, shared, &mut cursor, allowed).await?;
            }
            if self.report.stopped.is_none()
                && !last
                && index == 0
                && !self.report.failed.is_empty()
            {
                self.stop(format!("the first wave failed; {} tenants were not begun", stale - end));
            }
            if self.report.stopped.is_some() {
                return Ok(());
            }
        }
        // Those that were created, or moved back, meanwhile.
        let again = matches!(*self.asked, Asked::Upgrade(_)) && !self.asked.is_relative();
        let sweeps = if again { SWEEPS } else { 0 };
        for _ in 0..sweeps {
            let before = self.report.moved;
            self.wave(None, shared, &mut Cursor::default(), allowed).await?;
            if self.report.moved == before || self.report.stopped.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn stop(&mut self, why: String) {
        self.tell(&RunEvent::Stopped { why: why.clone() });
        self.report.stopped = Some(why);
    }

    /// Works for so many tenants, or for all that are left.
    async fn wave(
        &mut self,
        limit: Option<u64>,
        shared: &Arc<Heads>,
        cursor: &mut Cursor,
        allowed: u64,
    ) -> Result<()> {
        // Whoever drops the run lets go of them, and they finish.
        let mut working = Working::new();
        let mut begun = 0;
        while limit.is_none_or(|limit| begun < limit) && self.report.stopped.is_none() {
            if self.conduct.stop.is_stopped() {
                self.stop("it was told to".to_owned());
                break;
            }
            let Some(turn) = self.next(cursor).await? else { break };
            while working.len() >= self.conduct.concurrency {
                if let Some(ended) = working.next().await {
                    self.settle(ended, allowed).await?;
                }
            }
            // Somebody may have said so while it waited for its turn.
            if self.conduct.stop.is_stopped() && self.report.stopped.is_none() {
                self.stop("it was told to".to_owned());
            }
            if self.report.stopped.is_some() {
                break;
            }
            begun += 1;
            if cursor.only.is_some() {
                self.tried.insert(turn.id().clone());
            }
            self.begin(&mut working, turn, shared);
        }
        while let Some(ended) = working.next().await {
            self.settle(ended, allowed).await?;
        }
        Ok(())
    }

    fn begin(&self, working: &mut Working, turn: Turn, shared: &Arc<Heads>) {
        let (fleet, asked, plans) =
            (self.fleet.clone(), Arc::clone(&self.asked), Arc::clone(&self.plans));
        let (shared, conduct) = (Arc::clone(shared), self.conduct.clone());
        self.tell(&RunEvent::Begun { slug: turn.tenant.slug.clone() });
        let work: Pin<Box<dyn Future<Output = Ended> + Send>> = Box::pin(async move {
            let begun = Instant::now();
            let outcome = fleet.tend(&turn, &asked, &plans, &shared, &conduct).await;
            (turn.tenant, begun.elapsed(), outcome)
        });
        working.push(tokio::spawn(work));
    }

    async fn settle(
        &mut self,
        ended: std::result::Result<Ended, tokio::task::JoinError>,
        allowed: u64,
    ) -> Result<()> {
        let (tenant, took, outcome) = ended
            .map_err(|error| Error::incomplete(format!("the work for a tenant ended: {error}")))?;
        match outcome {
            Ok(Tended::Ready) => {
                self.report.ready += 1;
                self.tell(&RunEvent::Done { slug: tenant.slug.clone(), steps: [].into(), took });
            }
            Ok(Tended::Moved(steps)) => {
                self.report.moved += 1;
                self.tell(&RunEvent::Done { slug: tenant.slug.clone(), steps, took });
            }
            Err(failure) => {
                self.tried.insert(tenant.id.clone());
                self.fleet.ways.ledger.failed(Some(&tenant.id), &failure).await?;
                self.tell(&RunEvent::Failed {
                    slug: tenant.slug.clone(),
                    failure: failure.clone(),
                });
                let (id, slug) = (tenant.id.clone(), tenant.slug.clone());
                self.report.failed.push(FailedTenant { id, slug, failure });
                let failed = self.report.failed.len() as u64;
                if failed > allowed && self.report.stopped.is_none() {
                    self.stop(format!("{failed} tenants failed, and {allowed} may"));
                }
            }
        }
        Ok(())
    }

    /// How many are meant, and how many of them have something to do; or of those alone that come
    /// first.
    async fn count(&self, only: Option<Selection>) -> Result<(u64, u64)> {
        let mut cursor = Cursor { only, ..Cursor::default() };
        let (mut selected, mut stale) = (0, 0);
        while self.page(&mut cursor).await? {
            selected += cursor.selected;
            stale += cursor.turns.len() as u64;
            cursor.turns.clear();
        }
        let named = match cursor.only.as_ref().unwrap_or(&self.conduct.selection) {
            Selection::Slugs(slugs) => slugs.iter().collect::<BTreeSet<_>>().len() as u64,
            Selection::Tier(_) => u64::from(cursor.only.is_some()),
            Selection::All | Selection::Failed => 0,
        };
        match (selected < named, cursor.only.is_some()) {
            (false, _) => Ok((selected, stale)),
            (true, false) => Err(Error::config(
                "some of the tenants that were named are not there, or have no place of their own: nothing \
                 was done",
            )),
            (true, true) => Err(Error::config(
                "some of those that are to come first are not among the tenants that are meant: nothing was \
                 done",
            )),
        }
    }

    async fn next(&self, cursor: &mut Cursor) -> Result<Option<Turn>> {
        loop {
            while let Some(turn) = cursor.turns.pop() {
                if !self.tried.contains(turn.id()) {
                    return Ok(Some(turn));
                }
            }
            if !self.page(cursor).await? {
                return Ok(None);
            }
        }
    }

    /// Reads the next tenants, and keeps those that have something to do. False if there are none.
    async fn page(&self, cursor: &mut Cursor) -> Result<bool> {
        let selection = cursor.only.as_ref().unwrap_or(&self.conduct.selection);
        let page = match selection {
            Selection::Slugs(slugs) => {
                if cursor.after.is_some() || slugs.is_empty() {
                    return Ok(false);
                }
                let mut page = Vec::new();
                for slug in slugs.iter().collect::<BTreeSet<_>>() {
                    page.extend(self.fleet.store.by_slug(slug).await?);
                }
                page
            }
            _ => self.fleet.store.list(cursor.after.as_ref(), PAGE).await?,
        };
        let Some(last) = page.last().map(|tenant| tenant.id.clone()) else { return Ok(false) };
        let means = |tenant: &Tenant| self.means(tenant) && selection.may_mean(tenant);
        let meant: Vec<_> = page.into_iter().filter(means).collect();
        let ids: Vec<_> = meant.iter().map(|tenant| &tenant.id).collect();
        let mut lines = if ids.is_empty() {
            std::collections::BTreeMap::default()
        } else {
            self.fleet.ways.ledger.lines(&ids).await?
        };
        cursor.after = Some(last);
        cursor.selected = 0;
        for tenant in meant {
            let line = lines.remove(tenant.id.as_str());
            let failed = line.as_ref().is_some_and(|line| line.failed.is_some());
            if matches!(self.conduct.selection, Selection::Failed) && !failed {
                continue;
            }
            let Some(site) = self.fleet.places.site(&tenant)? else { continue };
            cursor.selected += 1;
            let trusted = self.conduct.trusting && !failed;
            // Planned either way, so that it is known what would be done.
            let ready = line.as_ref().is_some_and(|line| self.is_ready(&line.heads));
            let heads = line.map(|line| line.heads).filter(|_| trusted);
            if !(ready && trusted) {
                cursor.turns.push(Turn { tenant: Arc::new(tenant), site, heads });
            }
        }
        cursor.turns.reverse();
        Ok(true)
    }

    /// Whether a place with these heads has nothing to do. What cannot be planned is found out in its
    /// turn.
    fn is_ready(&self, heads: &Heads) -> bool {
        if matches!(*self.asked, Asked::Stamp { purge: true, .. } | Asked::Look) {
            return false;
        }
        let plan = self.plans.of(&self.fleet.cx, Target::Tenant, &self.asked, heads, &self.conduct);
        plan.is_ok_and(|plan| plan.is_empty())
    }

    fn means(&self, tenant: &Tenant) -> bool {
        let Conduct { selection, statuses, .. } = &self.conduct;
        selection.may_mean(tenant) && statuses.contains(&tenant.status)
    }
}

impl Selection {
    /// Whether it means a tenant, as far as the tenant itself says that.
    fn may_mean(&self, tenant: &Tenant) -> bool {
        match self {
            Self::Tier(tier) => tenant.tier.as_ref() == Some(tier),
            Self::Slugs(slugs) => slugs.contains(&tenant.slug),
            Self::All | Self::Failed => true,
        }
    }
}

/// All tenants that are meant, page by page.
pub(in crate::migrate) struct Pages {
    run: Run,
    cursor: Cursor,
}

impl Pages {
    pub(super) fn new(run: Run) -> Self {
        Self { run, cursor: Cursor::default() }
    }

    /// The next ones; none if there are no more.
    pub(in crate::migrate) async fn next(&mut self) -> Result<Option<Vec<Turn>>> {
        if !self.run.page(&mut self.cursor).await? {
            return Ok(None);
        }
        let mut turns = std::mem::take(&mut self.cursor.turns);
        turns.reverse();
        Ok(Some(turns))
    }
}

/// Where in the tenants a run is.
#[derive(Default)]
struct Cursor {
    /// Only those, of all that are meant.
    only: Option<Selection>,
    after: Option<TenantId>,
    /// Of the last page, the next one at the end.
    turns: Vec<Turn>,
    /// How many of the last page are meant.
    selected: u64,
}
