//! One tenant's turn.

use std::{sync::Arc, time::Instant};

use sea_orm::DatabaseConnection;
use tenancy_core::revision::Target;

use super::{Asked, BUSY_PAUSE, Conduct, Fleet, Plans, Turn};
use crate::{
    migrate::{
        context::Spot,
        failure::Failure,
        heads::Heads,
        place,
        raw::Raw,
        site::{Reach, Site},
    },
    pool::{self, PoolOptions},
};

/// What a turn came to.
pub(super) enum Tended {
    /// It was where it should be, or somebody else had been faster.
    Ready,
    /// It was moved by these steps.
    Moved(Arc<[String]>),
}

/// How often a place may have been moved by somebody else meanwhile.
const LOOKS: u32 = 6;

impl Fleet {
    /// The heads of a place, as it says itself.
    pub(in crate::migrate) async fn look(&self, turn: &Turn) -> Result<Heads, Failure> {
        let (conn, own) = self.reach(&turn.site).await?;
        let heads = place::heads(&self.spot(&turn.site, &conn)).await;
        if own {
            // What it said does not depend on it.
            let _ = conn.close().await;
        }
        heads
    }

    /// The way to a place, and whether it was opened for it.
    pub(in crate::migrate) async fn reach(
        &self,
        site: &Site,
    ) -> Result<(DatabaseConnection, bool), Failure> {
        match &site.reach {
            Reach::Shared => Ok((self.ways.conn.clone(), false)),
            Reach::Own(url) => {
                let options = PoolOptions {
                    url: url.clone(),
                    max_connections: 3,
                    ..self.ways.options.clone()
                };
                let conn = pool::open(&options).await;
                let conn = conn.map_err(|error| Failure::none(format!("its database: {error}")))?;
                Ok((conn, true))
            }
        }
    }

    /// Moves a tenant's place, from wherever it is.
    pub(super) async fn tend(
        &self,
        turn: &Turn,
        asked: &Asked,
        plans: &Plans,
        shared: &Heads,
        conduct: &Conduct,
    ) -> Result<Tended, Failure> {
        let (conn, own) = self.reach(&turn.site).await?;
        let outcome = self.at(turn, &conn, asked, plans, shared, conduct).await;
        if own {
            // What was done does not depend on it.
            let _ = conn.close().await;
        }
        outcome
    }

    async fn at(
        &self,
        turn: &Turn,
        conn: &DatabaseConnection,
        asked: &Asked,
        plans: &Plans,
        shared: &Heads,
        conduct: &Conduct,
    ) -> Result<Tended, Failure> {
        let plain = Spot { tenant: Some(&turn.tenant), ..self.spot(&turn.site, conn) };
        let mut known = turn.heads.clone();
        let begun = Instant::now();
        let mut looks = 0;
        let said = |error: crate::Error| Failure::none(error.to_string());
        let mut rights = None;
        if matches!(asked, Asked::Stamp { purge: true, .. }) {
            purge(&plain).await?;
            known = Some(Heads::new());
        }
        loop {
            let heads = match known.take() {
                Some(heads) => heads,
                None => place::heads(&plain).await?,
            };
            let plan = plans.of(&self.cx, Target::Tenant, asked, &heads, conduct).map_err(said)?;
            let missing = self.missing(&plan, shared).map_err(said)?;
            if !missing.is_empty() {
                return Err(Failure::none(format!(
                    "it needs revisions of what all tenants share that have not run: {}; upgrade that first",
                    missing.join(", ")
                )));
            }
            let entry = self.arrived(Some(turn.id()), Target::Tenant, plan.work.to());
            if plan.is_empty() {
                self.ways.ledger.note(&entry).await.map_err(said)?;
                return Ok(Tended::Ready);
            }
            let rights = match &rights {
                Some(rights) => rights,
                None => rights.insert(self.places.rights(&turn.site).await.map_err(said)?),
            };
            let together = !turn.site.is_own_database();
            let spot = Spot { entry: Some(&*entry).filter(|_| together), rights, ..plain.clone() };
            match place::patiently(&spot, &plan.work).await.1 {
                Ok(()) => {
                    if !together {
                        self.ways.ledger.note(&entry).await.map_err(said)?;
                    }
                    return Ok(Tended::Moved(Arc::clone(&plan.told)));
                }
                Err(failure) if failure.is_moved() && looks < LOOKS => looks += 1,
                Err(failure) if failure.is_busy() && begun.elapsed() < conduct.patience => {
                    if conduct.stop.is_stopped() {
                        return Err(failure);
                    }
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}

/// Takes all rows out of a table of heads.
pub(super) async fn purge(spot: &Spot<'_>) -> Result<(), Failure> {
    let failed = |error| Failure::sqlx(&error);
    let mut raw = Raw::acquire(spot.conn, spot.cx.dialect).await.map_err(failed)?;
    let table = spot.heads();
    raw.run(&table.create()).await.map_err(failed)?;
    raw.run(&table.purge()).await.map_err(failed)?;
    Ok(())
}
