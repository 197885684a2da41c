//! Commands that move one place, or ask where it is.

use std::collections::BTreeSet;

use serde_json::json;
use tenancy::{
    Migrate, Slug,
    migrate::{Graph, Indicators, Migrations, RevisionId, RunReport, Selection, Step, Target},
};

use crate::{
    arguments::{Current, Downgrade, Place, Stamp, Upgrade},
    connect::{refused, shown},
    offline::Offline,
    output::{Failure, failed},
    session::Session,
    show::{Form, list},
};

/// The table that says where a place is.
const TABLE: &str = "tenancy_version";

/// The heads of a place.
pub(crate) type Heads = BTreeSet<RevisionId>;

/// A place, with the way to it.
pub(crate) struct Spot {
    pub(crate) target: Target,
    migrate: Migrate,
    slug: Option<Slug>,
}

impl Spot {
    /// The place that is meant, of the target that is.
    pub(crate) async fn of(
        session: &Session<'_, '_>,
        migrations: &Migrations,
        tenant: Option<&str>,
    ) -> Result<Self, Failure> {
        let target = match (tenant, session.common.target) {
            (Some(_), None) => Target::Tenant,
            _ => session.target(migrations)?,
        };
        let slug = match (target, tenant) {
            (Target::Tenant, Some(slug)) => Some(Slug::new(slug).map_err(failed)?),
            (Target::Shared, None) => None,
            (Target::Tenant, None) => {
                return Err(Failure::Usage(
                    "these are revisions of tenants; say whose place is meant: `--tenant <slug>`. \
                     `tenancy migrate` moves those of many"
                        .to_owned(),
                ));
            }
            (Target::Shared, Some(_)) => {
                return Err(Failure::Usage(
                    "a tenant is named, and what is meant are revisions of what all share; leave one of \
                     `--tenant` and `--target shared` out"
                        .to_owned(),
                ));
            }
        };
        let migrate = session.tenancy(migrations).await?.migrate();
        let migrate = match &slug {
            None => migrate.shared_only(),
            Some(slug) => migrate.tenants_only().tenants(Selection::Slugs(vec![slug.clone()])),
        };
        Ok(Self { target, migrate, slug })
    }

    /// Where it is.
    pub(crate) async fn heads(&self) -> Result<Heads, Failure> {
        let heads = match &self.slug {
            None => self.migrate.shared_heads().await,
            Some(slug) => match self.migrate.tenant_heads(slug).await {
                Ok(Some(heads)) => Ok(heads),
                Ok(None) => {
                    return Err(Failure::Failed(format!(
                        "`{slug}` has no place of its own: its rows are in tables all tenants share, unless \
                         `--isolation` says otherwise"
                    )));
                }
                Err(error) => Err(error),
            },
        };
        Ok(heads.map_err(|error| refused(&error))?.into_iter().collect())
    }
}

pub(crate) async fn upgrade(
    session: &mut Session<'_, '_>,
    options: &Upgrade,
) -> Result<(), Failure> {
    let to = &options.revision;
    if options.sql {
        return script(session, |offline| offline.upgrade(to));
    }
    no_range(to)?;
    let migrations = session.migrations()?;
    let spot = Spot::of(session, &migrations, options.place.tenant.as_deref()).await?;
    let graph = migrations.history().graph(spot.target);
    let heads = spot.heads().await?;
    let mut migrate = spot.migrate.clone();
    let steps = if options.replay || !heads.is_empty() {
        migrate = migrate.replay();
        graph.upgrade(&heads, to)
    } else {
        let dialect = migrate.dialect().await.map_err(|error| refused(&error))?;
        graph.upgrade_new(to, dialect)
    };
    let steps = steps.map_err(failed)?;
    finished(&migrations, &steps)?;
    if options.no_lint {
        migrate = migrate.without_lint();
    }
    let report = migrate.upgrade(to).await;
    moved(session, &spot, &steps, report).await
}

pub(crate) async fn downgrade(
    session: &mut Session<'_, '_>,
    options: &Downgrade,
) -> Result<(), Failure> {
    let to = &options.revision;
    if options.sql {
        return script(session, |offline| offline.downgrade(to));
    }
    no_range(to)?;
    let migrations = session.migrations()?;
    let spot = Spot::of(session, &migrations, options.place.tenant.as_deref()).await?;
    let graph = migrations.history().graph(spot.target);
    let steps = graph.downgrade(&spot.heads().await?, to).map_err(failed)?;
    if !options.force {
        strays(graph, &steps, to)?;
    }
    finished(&migrations, &steps)?;
    let migrate = spot.migrate.clone();
    let migrate = if options.force { migrate.force() } else { migrate };
    let report = migrate.downgrade(to).await;
    moved(session, &spot, &steps, report).await
}

pub(crate) async fn stamp(session: &mut Session<'_, '_>, options: &Stamp) -> Result<(), Failure> {
    let to = &options.revisions;
    if options.sql {
        if options.purge {
            return Err(Failure::Usage("Can't use --purge with --sql mode".to_owned()));
        }
        return script(session, |offline| offline.stamp(to));
    }
    let migrations = session.migrations()?;
    let spot = Spot::of(session, &migrations, options.place.tenant.as_deref()).await?;
    let graph = migrations.history().graph(spot.target);
    let heads = if options.purge { Heads::new() } else { spot.heads().await? };
    let named: Vec<_> = to.iter().map(String::as_str).collect();
    let steps = graph.stamp(&heads, &named).map_err(failed)?;
    let report = spot.migrate.clone().stamp(to.iter().cloned(), options.purge).await;
    moved(session, &spot, &steps, report).await
}

pub(crate) async fn current(
    session: &mut Session<'_, '_>,
    options: &Current,
) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let spot = Spot::of(session, &migrations, options.place.tenant.as_deref()).await?;
    let graph = migrations.history().graph(spot.target);
    let heads = spot.heads().await?;
    let current = graph.current(&heads).map_err(failed)?;
    let all: Heads = graph.heads().iter().map(|node| node.revision.id.clone()).collect();
    if options.check_heads && heads != all {
        return Err(Failure::Found("Database is not on all head revisions".to_owned()));
    }
    if options.verbose && !session.output.json {
        let place = match (&spot.slug, session.common.url()?) {
            (Some(slug), _) => format!("the place of `{slug}`"),
            (None, Some(url)) => shown(&url),
            (None, None) => "what all tenants share".to_owned(),
        };
        session.output.line(&format!("Current revision(s) for {place}:"))?;
    }
    let say = Indicators { tree: true, ..Indicators::default() };
    let form = Form { say, verbose: options.verbose };
    list(session.output, graph, current.iter().filter_map(|id| graph.get(id)), &form)
}

/// There is nothing to make: the table comes with the first revision.
pub(crate) async fn ensure_version(
    session: &mut Session<'_, '_>,
    place: &Place,
) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let spot = Spot::of(session, &migrations, place.tenant.as_deref()).await?;
    spot.heads().await?;
    session.output.note("the table of heads is made with the first revision that runs");
    Ok(())
}

/// Fails if files are not finished.
fn no_range(asked: &str) -> Result<(), Failure> {
    if !asked.contains(':') {
        return Ok(());
    }
    Err(Failure::Usage(
        "Range revision not allowed; a range is for `--sql`, which asks no database".to_owned(),
    ))
}

/// Refuses to undo more than a branch, where a branch is named.
pub(crate) fn strays(graph: &Graph, steps: &[Step], asked: &str) -> Result<(), Failure> {
    let strays: Vec<_> = graph.strays(steps, asked).iter().map(ToString::to_string).collect();
    if strays.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "'{asked}' undoes what is not of the branch, too, since the branch has no root of its own: {}; \
         name a revision of the branch, or say `--force`",
        strays.join(", ")
    )))
}

/// Refuses to run what is not finished.
pub(crate) fn finished(migrations: &Migrations, steps: &[Step]) -> Result<(), Failure> {
    let run: BTreeSet<_> = steps
        .iter()
        .filter(|step| !step.baseline)
        .filter_map(|step| step.revision.as_ref())
        .collect();
    let history = migrations.history();
    let files: BTreeSet<_> = history
        .revisions()
        .filter(|revision| run.contains(&revision.id))
        .map(|revision| revision.source.as_str())
        .collect();
    let lapses: Vec<_> = migrations
        .lapses(true)
        .iter()
        .filter(|lapse| lapse.files().iter().any(|file| files.contains(file.as_str())))
        .map(ToString::to_string)
        .collect();
    if lapses.is_empty() { Ok(()) } else { Err(Failure::Failed(lapses.join("\n"))) }
}

/// Tells what was done in one place.
async fn moved(
    session: &mut Session<'_, '_>,
    spot: &Spot,
    steps: &[Step],
    report: tenancy::Result<RunReport>,
) -> Result<(), Failure> {
    let report = report.map_err(|error| refused(&error))?;
    if let Some(failed) = report.failed.first() {
        return Err(Failure::Tenants(format!("`{}`: {}", failed.slug, failed.failure)));
    }
    let steps: Vec<_> = steps.iter().map(ToString::to_string).collect();
    if session.output.json {
        let heads = spot.heads().await?;
        return session.output.value(&json!({ "steps": steps, "heads": heads }));
    }
    for step in steps {
        session.output.note(&format!("Running {step}"));
    }
    Ok(())
}

fn script(
    session: &mut Session<'_, '_>,
    plan: impl FnOnce(&Offline<'_>) -> Result<Vec<Step>, Failure>,
) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let target = session.target(&migrations)?;
    let offline = Offline {
        graph: migrations.history().graph(target),
        dialect: session.common.dialect()?,
        table: session.common.version_table.as_deref().unwrap_or(TABLE),
        schema: session.common.schema.as_deref(),
    };
    let steps = plan(&offline)?;
    finished(&migrations, &steps)?;
    offline.write(session.output, &steps)
}
