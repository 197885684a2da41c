//! Structures: what entities want and revisions make, and what places are.

use serde_json::json;
use tenancy::{
    migrate::{Mend, Migrations, Selection, Target},
    structure::{Changes, Destructive},
};
use tenancy_core::revision::Draft;

use crate::{
    arguments::{Drift, Revision},
    connect::refused,
    fleet::targeted,
    output::Failure,
    session::Session,
    squash,
};

/// Writes into a draft what the entities want and the revisions do not make. False if that is nothing.
pub(crate) async fn fill(
    session: &mut Session<'_, '_>,
    migrations: &Migrations,
    options: &Revision,
    draft: &mut Draft,
) -> Result<bool, Failure> {
    if session.cli.migrations.is_none() {
        return Err(Failure::Usage(
            "the command that is installed knows no entities: build it into your application, with \
             `tenancy_cli::Cli::new(migrations())`, and run that"
                .to_owned(),
        ));
    }
    let mut run = session.tenancy(migrations).await?.migrate();
    if let Some(slug) = &options.like {
        run = run.tenants(Selection::Slugs(vec![slug.clone()]));
    }
    let changes = run.changes(draft.target).await.map_err(|error| refused(&error))?;
    if changes.is_empty() {
        return Ok(false);
    }
    for change in changes.iter() {
        session.output.note(&format!("Detected: {}", change.sentence));
    }
    let destructive =
        if options.destructive { Destructive::Written } else { Destructive::Commented };
    if changes.is_destructive() && !options.destructive {
        session.output.note("what loses data is written as comments: look at it, and decide");
    }
    draft.engine = Some(run.dialect().await.map_err(|error| refused(&error))?);
    draft.upgrade = changes.up(destructive);
    draft.downgrade = changes.down(destructive);
    Ok(true)
}

/// Fails if revisions are not finished, and where a program has entities and a database, if the
/// revisions do not make what these want.
pub(crate) async fn check(session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let lapses = migrations.lapses(false);
    if !lapses.is_empty() {
        let lapses: Vec<_> = lapses.iter().map(ToString::to_string).collect();
        return Err(Failure::Found(lapses.join("\n")));
    }
    let embedded = session.cli.migrations.is_some();
    let reachable = session.cli.connect.is_some() || session.common.url()?.is_some();
    let squashed = migrations.history().baselines().next().is_some();
    if !reachable || !(embedded || squashed) {
        return session.output.say("the revisions are finished");
    }
    let run = targeted(session.tenancy(&migrations).await?.migrate(), session);
    let baselines = squash::differences(session, &run).await?;
    if !baselines.is_empty() {
        return Err(Failure::Found(format!(
            "what baselines make is not what their revisions make; write them anew with `tenancy \
             squash`, or mend them:\n{}",
            baselines.join("\n")
        )));
    }
    if !embedded {
        return session.output.say("the revisions are finished, and baselines make what they make");
    }
    let wanted = run.all_changes().await.map_err(|error| refused(&error))?;
    let said: Vec<_> = wanted.iter().flat_map(|(target, it)| sentences(*target, it)).collect();
    if said.is_empty() {
        return session.output.say("the revisions are finished, and make what the entities want");
    }
    Err(Failure::Found(format!(
        "the entities want what the revisions do not make; write it with `tenancy revision \
         --autogenerate`:\n{}",
        said.join("\n")
    )))
}

fn sentences(target: Target, changes: &Changes) -> Vec<String> {
    changes.iter().map(|change| format!("    {target}: {}", change.sentence)).collect()
}

/// Fails if places are not what their revisions made.
pub(crate) async fn drift(session: &mut Session<'_, '_>, options: &Drift) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let run = targeted(session.tenancy(&migrations).await?.migrate(), session);
    let mut run = run.tenants(options.tenants.selection());
    if let Some(tenants) = options.concurrency {
        run = run.concurrency(tenants);
    }
    let report = run.drift().await.map_err(|error| refused(&error))?;
    if session.output.json {
        session.output.value(&json!(report))?;
    } else {
        session.output.line(&report.to_string())?;
    }
    if options.sql && !session.output.json {
        for tenant in &report.tenants {
            session.output.line(&format!("\n-- tenant: {}", tenant.slug))?;
            session.output.print(&script(&tenant.mends))?;
        }
        if !report.shared.is_empty() {
            session.output.line("\n-- what all tenants share")?;
            session.output.print(&script(&report.shared))?;
        }
    }
    if report.is_clean() {
        return Ok(());
    }
    Err(Failure::Found("places are not what their revisions made".to_owned()))
}

/// The statements that mend a place. Those that lose data are comments.
fn script(mends: &[Mend]) -> String {
    let mut text = String::new();
    for mend in mends {
        text.push_str(&format!("-- {}\n", mend.sentence));
        let mark = match &mend.destructive {
            None => "",
            Some(lost) => {
                text.push_str(&format!("-- DESTRUCTIVE: {lost}\n"));
                "-- "
            }
        };
        for line in mend
            .statements
            .iter()
            .flat_map(|it| format!("{it};").lines().map(str::to_owned).collect::<Vec<_>>())
        {
            text.push_str(&format!("{mark}{line}\n"));
        }
    }
    text
}
