//! Baselines: made from what revisions make, and compared with it.

use std::sync::Arc;

use serde::Serialize;
use tenancy_core::{
    Tenant,
    revision::{Baseline, RevisionId, Target},
    structure::{Destructive, Renames, Structure, diff},
};

use super::{
    fleet::{Asked, Fleet},
    heads::Heads,
    shadow::{Rights, Rows, has_code},
    structure::Cast,
    work::Work,
};
use crate::{Error, Result};

/// A script that makes at once what revisions make one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it is written nowhere yet"]
pub struct Squashed {
    /// The heads of a place it has made.
    pub heads: Vec<RevisionId>,
    /// Its statements.
    pub upgrade: String,
    /// What a place it has made lacks, or has too much, beside one that went through the revisions.
    pub differences: Vec<String>,
}

/// A baseline beside the revisions it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BaselineReport {
    /// Whose structure it makes.
    pub target: Target,
    /// The heads of a place it has made.
    pub heads: Vec<RevisionId>,
    /// Its file.
    pub source: String,
    /// What a place it has made lacks, or has too much, beside one that went through the revisions.
    pub differences: Vec<String>,
    /// Why it was not compared: its revisions run Rust code.
    pub unknown: Option<String>,
}

impl Fleet {
    /// Makes a baseline of what revisions make, up to one of them. Where a place is named, that is
    /// what they make, but for its rows, which are its tenant's.
    pub(crate) async fn squash(
        &self,
        target: Target,
        asked: &str,
        like: Option<&Arc<Tenant>>,
    ) -> Result<Squashed> {
        let graph = self.cx.migrations.history().graph(target);
        let steps = Asked::Upgrade(asked.to_owned()).steps(graph, &Heads::new())?;
        let Some(heads) = steps.last().map(|step| step.heads.clone()) else {
            return Err(Error::config(format!(
                "there are no revisions of the target `{target}` up to `{asked}`, so there is nothing to \
                 stand for"
            )));
        };
        let model = match like {
            Some(tenant) => Model::Read(self.place_at(tenant, &heads).await?),
            None => Model::Made(self.replay_rows(target, &heads).await?),
        };
        let changes =
            diff(self.cx.dialect, &Structure::default(), model.structure(), &Renames::default());
        let mut upgrade = changes.up(Destructive::Written);
        let mut statements: Vec<String> = changes.up_statements().map(str::to_owned).collect();
        if let Model::Made(cast) = &model {
            for insert in cast.contents.inserts(self.cx.dialect, &cast.structure) {
                upgrade.push_str(&format!("\n{insert};\n"));
                statements.push(insert);
            }
        }
        // What tenants share is changed by whoever comes, so it is done and not compared.
        let aside = match target {
            Target::Tenant => self.script(target, Some(&heads), Rows::Shared)?,
            Target::Shared => Vec::new(),
        };
        for sql in aside {
            upgrade.push_str(&format!("\n{sql};\n"));
        }
        let differences = self.beside(target, statements, &model).await?;
        Ok(Squashed { heads: heads.into_iter().collect(), upgrade, differences })
    }

    /// What a tenant's place is made of that stands at some heads.
    async fn place_at(&self, tenant: &Arc<Tenant>, heads: &Heads) -> Result<Structure> {
        let site = self.own_site(tenant)?;
        let at = self.tenant_heads(tenant).await?.unwrap_or_default();
        if at != *heads {
            let listed =
                |of: &Heads| of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Error::config(format!(
                "`{}` stands at {}, and the baseline is to lead to {}: name a tenant that stands there",
                tenant.slug,
                if at.is_empty() { "no revision".to_owned() } else { listed(&at) },
                listed(heads)
            )));
        }
        self.read(&site, Rights::Left).await
    }

    /// Compares the baselines of a target with what their revisions make.
    pub(crate) async fn baselines(&self, target: Target) -> Result<Vec<BaselineReport>> {
        let graph = self.cx.migrations.history().graph(target);
        let mut reports = Vec::new();
        for baseline in graph.baselines() {
            if baseline.revision.upgrade.of(self.cx.dialect).is_none() {
                continue;
            }
            let heads: Heads = baseline.heads().iter().cloned().collect();
            let coded = graph.nodes().map(|node| &node.revision).find(|revision| {
                revision.code.is_some() && graph.has_run(&heads, &revision.id) == Ok(true)
            });
            let differences = match coded {
                None => self.differences(target, baseline).await?,
                Some(_) => Vec::new(),
            };
            reports.push(BaselineReport {
                target,
                heads: baseline.heads().to_vec(),
                source: baseline.revision.source.clone(),
                differences,
                unknown: coded.map(|revision| has_code(graph, Some(&revision.id)).to_string()),
            });
        }
        Ok(reports)
    }

    async fn differences(&self, target: Target, baseline: &Baseline) -> Result<Vec<String>> {
        let graph = self.cx.migrations.history().graph(target);
        let heads: Heads = baseline.heads().iter().cloned().collect();
        let made = self.replay_rows(target, &heads).await;
        let model = match made {
            Ok(cast) => Model::Made(cast),
            Err(error) if error.is_config() => {
                return Ok(vec![format!("what its revisions make is not known: {error}")]);
            }
            Err(error) => return Err(error),
        };
        let steps = vec![baseline.step()];
        let work = Work::new(graph, self.cx.dialect, &Heads::new(), steps, false)?;
        let statements = self.statements(graph, work.clone(), of(target))?;
        let mut said = self.beside(target, statements, &model).await?;
        if target == Target::Tenant {
            let own = self.statements(graph, work, Rows::Shared)?;
            let all = self.script(target, Some(&heads), Rows::Shared)?;
            let plain = |sql: &str| sql.split_whitespace().collect::<Vec<_>>().join(" ");
            let has = |of: &[String], sql: &str| of.iter().any(|other| plain(other) == plain(sql));
            let lacks = all.iter().filter(|sql| !has(&own, sql));
            said.extend(lacks.map(|sql| format!("it lacks the statement {}", plain(sql))));
            let more = own.iter().filter(|sql| !has(&all, sql));
            said.extend(more.map(|sql| format!("its revisions do not say {}", plain(sql))));
        }
        Ok(said)
    }

    async fn replay_rows(&self, target: Target, heads: &Heads) -> Result<Cast> {
        let statements = self.script(target, Some(heads), of(target))?;
        let before = self.before(target, &statements, Rows::Run)?;
        self.cast(before, statements, of(target), Rights::Read).await
    }

    /// What a script makes, beside what it should.
    async fn beside(
        &self,
        target: Target,
        statements: Vec<String>,
        model: &Model,
    ) -> Result<Vec<String>> {
        let before = self.before(target, &statements, Rows::Run)?;
        let cast = match self.cast(before, statements, of(target), model.rights()).await {
            Ok(cast) => cast,
            Err(error) if error.is_config() => return Ok(vec![error.to_string()]),
            Err(error) => return Err(error),
        };
        let wanted = model.structure();
        let changes = diff(self.cx.dialect, &cast.structure, wanted, &Renames::default());
        let mut said: Vec<String> = changes
            .iter()
            .map(|change| {
                format!("to be what its revisions make it needs this: {}", change.sentence)
            })
            .collect();
        if said.is_empty() && cast.structure != *wanted {
            said.push("it is made otherwise than by its revisions".to_owned());
        }
        if let Model::Made(model) = model {
            said.extend(cast.contents.differences(&model.contents));
        }
        Ok(said)
    }
}

/// Which statements that change rows run in a shadow.
fn of(target: Target) -> Rows {
    match target {
        Target::Tenant => Rows::Own,
        Target::Shared => Rows::Run,
    }
}

/// What revisions make: of a place that has gone through them, or read of a tenant's.
enum Model {
    Made(Cast),
    Read(Structure),
}

impl Model {
    /// In a tenant's place are those of the role that serves it as well, which differs from server to
    /// server.
    fn rights(&self) -> Rights {
        match self {
            Self::Made(_) => Rights::Read,
            Self::Read(_) => Rights::Left,
        }
    }

    fn structure(&self) -> &Structure {
        match self {
            Self::Made(cast) => &cast.structure,
            Self::Read(structure) => structure,
        }
    }
}
