//! Places whose structure is not what their revisions made.

use std::{collections::BTreeMap, fmt, sync::Arc};

use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use tenancy_core::{
    Slug, Tenant, TenantId,
    revision::{RevisionId, Target},
    structure::{Renames, Structure, diff},
};

use super::{
    fleet::{Conduct, Fleet, Turn},
    heads::Heads,
    shadow::Rights,
    site::Site,
    structure::{Cast, Fingerprint},
};
use crate::Result;

/// What a place that drifted lacks, or has too much: a step that would mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mend {
    /// What the step does, such as `Drops the column notes.stray.`
    pub sentence: String,
    /// What is lost if it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destructive: Option<String>,
    /// The statements, for bare names that lead to the place.
    pub statements: Vec<String>,
}

/// A tenant whose place is not what its revisions made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DriftedTenant {
    /// Its id.
    pub id: TenantId,
    /// Its slug.
    pub slug: Slug,
    /// The heads it is at.
    pub heads: Vec<RevisionId>,
    /// What would make it what it should be.
    pub mends: Vec<Mend>,
}

/// A tenant whose place could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadTenant {
    /// Its slug.
    pub slug: Slug,
    /// Why.
    pub why: String,
}

/// Where places are not what their revisions made: somebody changed them by hand, or a step was done
/// in part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[must_use = "tenants that drifted are in it"]
pub struct DriftReport {
    /// How many tenants' places were looked at.
    pub compared: u64,
    /// What would make what all tenants share what it should be.
    pub shared: Vec<Mend>,
    /// The tenants whose places differ.
    pub tenants: Vec<DriftedTenant>,
    /// Those whose places could not be looked at.
    pub unread: Vec<UnreadTenant>,
}

impl DriftReport {
    /// Whether all places were read, and are what their revisions made.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.shared.is_empty() && self.tenants.is_empty() && self.unread.is_empty()
    }
}

impl fmt::Display for DriftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { compared, shared, tenants, unread } = self;
        write!(f, "{} of {compared} tenants drifted", tenants.len())?;
        if !unread.is_empty() {
            write!(f, ", and {} could not be looked at", unread.len())?;
        }
        let mends = |f: &mut fmt::Formatter<'_>, mends: &[Mend]| {
            mends.iter().try_for_each(|mend| write!(f, "\n    {}", mend.sentence))
        };
        if !shared.is_empty() {
            write!(f, "\nwhat all tenants share is not what its revisions made; to mend it:")?;
            mends(f, shared)?;
        }
        for tenant in tenants {
            let heads: Vec<_> = tenant.heads.iter().map(ToString::to_string).collect();
            write!(
                f,
                "\n`{}`, at {}, is not what that made; to mend it:",
                tenant.slug,
                heads.join(", ")
            )?;
            mends(f, &tenant.mends)?;
        }
        unread.iter().try_for_each(|it| write!(f, "\n`{}`: {}", it.slug, it.why))
    }
}

/// How many places are asked about in one statement.
const TOGETHER: usize = 250;

/// What places with the same heads should be, made once for all of them.
struct Models<'a> {
    fleet: &'a Fleet,
    made: BTreeMap<Heads, Arc<Cast>>,
}

impl Models<'_> {
    async fn of(&mut self, heads: &Heads) -> Result<Arc<Cast>> {
        if let Some(known) = self.made.get(heads) {
            return Ok(Arc::clone(known));
        }
        let cast = Arc::new(self.fleet.replay_place(heads).await?);
        self.made.insert(heads.clone(), Arc::clone(&cast));
        Ok(cast)
    }
}

/// A place to be compared.
struct Look {
    tenant: Arc<Tenant>,
    site: Site,
    heads: Heads,
    model: Arc<Cast>,
}

impl Fleet {
    /// Compares what all tenants share with what its revisions make.
    pub(crate) async fn shared_drift(&self) -> Result<Vec<Mend>> {
        let heads = self.shared_heads().await?;
        let wanted = self.replay(Target::Shared, Some(&heads)).await?.structure;
        let there = self.read(&Site::shared(), Rights::Left).await?;
        Ok(self.mends(&there, &wanted))
    }

    /// Compares tenants' places with what their revisions make.
    pub(crate) async fn drift(&self, conduct: &Conduct) -> Result<DriftReport> {
        let mut report = DriftReport::default();
        let mut models = Models { fleet: self, made: BTreeMap::new() };
        let mut pages = self.turns(conduct);
        while let Some(turns) = pages.next().await? {
            let mut looks = Vec::new();
            for turn in turns {
                report.compared += 1;
                match self.look_for(turn, &mut models).await {
                    Ok(look) => looks.push(look),
                    Err(unread) => report.unread.push(unread),
                }
            }
            let suspects = self.suspects(looks).await?;
            let read = stream::iter(suspects).map(|look| self.compare(look));
            let mut read = read.buffer_unordered(conduct.concurrency);
            while let Some(compared) = read.next().await {
                match compared {
                    Ok(None) => {}
                    Ok(Some(drifted)) => report.tenants.push(drifted),
                    Err(unread) => report.unread.push(unread),
                }
            }
        }
        report.tenants.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(report)
    }

    async fn look_for(
        &self,
        turn: Turn,
        models: &mut Models<'_>,
    ) -> std::result::Result<Look, UnreadTenant> {
        let slug = turn.tenant.slug.clone();
        let unread = |why: String| UnreadTenant { slug: slug.clone(), why };
        let heads = match &turn.heads {
            // Of a database of its own, the ledger knows what was seen last.
            Some(heads) if !turn.site.is_own_database() => heads.clone(),
            _ => {
                let (fleet, turn) = (self.clone(), turn.clone());
                let heads = crate::pool::finish(async move { Ok(fleet.look(&turn).await) }).await;
                let heads = heads.map_err(|error| unread(error.to_string()))?;
                heads.map_err(|failure| unread(failure.to_string()))?
            }
        };
        let model = models.of(&heads).await.map_err(|error| unread(error.to_string()))?;
        Ok(Look { tenant: turn.tenant, site: turn.site, heads, model })
    }

    /// Those whose hash is not that of what they should be, or who have none.
    async fn suspects(&self, looks: Vec<Look>) -> Result<Vec<Look>> {
        let named = |look: &Look| {
            let together = !look.site.is_own_database();
            look.site.named().filter(|_| together).map(str::to_owned)
        };
        let names: Vec<String> = looks.iter().filter_map(named).collect();
        let mut hashes: BTreeMap<String, Fingerprint> = BTreeMap::new();
        if self.cx.dialect != tenancy_core::Dialect::Sqlite {
            for names in names.chunks(TOGETHER) {
                hashes.extend(self.fingerprints(names.to_vec()).await?);
            }
        }
        let same = |look: &Look| {
            named(look)
                .and_then(|name| hashes.get(&name))
                .is_some_and(|it| *it == look.model.fingerprint)
        };
        Ok(looks.into_iter().filter(|look| !same(look)).collect())
    }

    async fn compare(
        &self,
        look: Look,
    ) -> std::result::Result<Option<DriftedTenant>, UnreadTenant> {
        let Look { tenant, site, heads, model } = look;
        let there = self
            .read(&site, Rights::Read)
            .await
            .map_err(|error| UnreadTenant { slug: tenant.slug.clone(), why: error.to_string() })?;
        let mends = self.mends(&there, &model.structure);
        Ok((!mends.is_empty()).then(|| DriftedTenant {
            id: tenant.id.clone(),
            slug: tenant.slug.clone(),
            heads: heads.into_iter().collect(),
            mends,
        }))
    }

    fn mends(&self, there: &Structure, wanted: &Structure) -> Vec<Mend> {
        let changes = diff(self.cx.dialect, there, wanted, &Renames::default());
        let mend = |change: &tenancy_core::structure::Change| Mend {
            sentence: change.sentence.clone(),
            destructive: change.destructive.clone(),
            statements: change.up.clone(),
        };
        changes.iter().map(mend).collect()
    }
}
