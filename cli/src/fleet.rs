//! `tenancy migrate`: what all tenants share, and the places of many tenants.

use std::pin::pin;

use serde_json::{Value, json};
use tenancy::{
    Migrate as Run,
    migrate::{RunReport, Selection, Share, StopRun, Target},
};
use tokio::{signal, sync::mpsc};

use crate::{
    arguments::{Fleet, Migrate, Tenants},
    connect::{self, refused},
    output::Failure,
    progress::{Progress, failure_value, millis},
    session::Session,
};

pub(crate) async fn migrate(
    session: &mut Session<'_, '_>,
    action: &Migrate,
) -> Result<(), Failure> {
    let (Migrate::Upgrade(options) | Migrate::Downgrade(options)) = action;
    let migrations = session.migrations()?;
    let lapses = migrations.lapses(true);
    if !lapses.is_empty() {
        let lapses: Vec<_> = lapses.iter().map(ToString::to_string).collect();
        return Err(Failure::Failed(lapses.join("\n")));
    }
    let stop = StopRun::new();
    let (send, mut events) = mpsc::unbounded_channel();
    let run = configured(session.tenancy(&migrations).await?.migrate(), session, options)?
        .stop_with(stop.clone())
        .on_event(move |event| {
            // Nobody listens any more when the run has ended.
            let _ = send.send(event.clone());
        });
    let run = async move {
        match action {
            Migrate::Upgrade(_) => run.upgrade(&options.revision).await,
            Migrate::Downgrade(_) => run.downgrade(&options.revision).await,
        }
    };
    let mut run = pin!(run);
    let mut progress = Progress::new(session.output);
    let mut interrupt = pin!(signal::ctrl_c());
    let (mut listening, mut interrupted) = (true, false);
    let report = loop {
        tokio::select! {
            report = &mut run => break report,
            Some(event) = events.recv() => progress.tell(session.output, &event),
            signal = &mut interrupt, if listening => {
                listening = signal.is_ok();
                if interrupted && listening {
                    return Err(Failure::Interrupted(
                        "interrupted again: what was in flight is undone, or done again by the next run"
                            .to_owned(),
                    ));
                }
                if listening {
                    interrupted = true;
                    interrupt.set(signal::ctrl_c());
                    stop.stop();
                    session.output.note("finishing what is in flight; interrupt again to leave it");
                }
            }
        }
    };
    while let Ok(event) = events.try_recv() {
        progress.tell(session.output, &event);
    }
    progress.end();
    let report = report.map_err(|error| refused(&error))?;
    told(session, &report)?;
    match (interrupted && report.stopped.is_some(), report.is_complete() || options.dry_run) {
        (true, _) => {
            Err(Failure::Interrupted("interrupted; the next run does the rest".to_owned()))
        }
        (false, true) => Ok(()),
        (false, false) => Err(Failure::Tenants(match report.failed.len() {
            0 => "the run ended before its end".to_owned(),
            1 => "one tenant failed".to_owned(),
            many => format!("{many} tenants failed"),
        })),
    }
}

/// The run the command line asks for.
fn configured(mut run: Run, session: &Session<'_, '_>, options: &Fleet) -> Result<Run, Failure> {
    let share = |text: &str| -> Result<Share, Failure> {
        text.parse().map_err(|error| Failure::Usage(connect::said(&error)))
    };
    run = targeted(run, session);
    run = run.tenants(options.tenants.selection());
    if let Some(tenants) = options.concurrency {
        run = run.concurrency(tenants);
    }
    let waves = options.waves.iter().map(|wave| share(wave)).collect::<Result<Vec<_>, _>>()?;
    run = run.waves(waves);
    if let Some(most) = &options.max_failures {
        run = run.max_failures(share(most)?);
    }
    if options.dry_run {
        run = run.dry_run();
    }
    if let Some(canary) = &options.canary {
        run = run.canary(canary.selection());
    }
    if options.replay {
        run = run.replay();
    }
    if options.no_lint {
        run = run.without_lint();
    }
    if options.force {
        run = run.force();
    }
    Ok(run)
}

/// Of both targets, unless the command line names one.
pub(crate) fn targeted(run: Run, session: &Session<'_, '_>) -> Run {
    match session.common.target.map(Target::from) {
        Some(Target::Shared) => run.shared_only(),
        Some(Target::Tenant) => run.tenants_only(),
        None => run,
    }
}

impl Tenants {
    pub(crate) fn selection(&self) -> Selection {
        match self {
            Self::All => Selection::All,
            Self::Failed => Selection::Failed,
            Self::Tier(tier) => Selection::Tier(tier.clone()),
            Self::Slugs(slugs) => Selection::Slugs(slugs.clone()),
        }
    }
}

/// Tells how many tenants are where they should be.
pub(crate) async fn status(session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let tenancy = session.tenancy(&migrations).await?;
    let shared = tenancy.migrate().shared_heads().await.map_err(|error| refused(&error))?;
    let wanted = migrations.history().graph(Target::Shared).target_heads();
    let of = async |selection| {
        let run = tenancy.migrate().tenants_only().tenants(selection).dry_run();
        run.without_lint().upgrade("heads").await.map_err(|error| refused(&error))
    };
    let all = of(Selection::All).await?;
    let failed = of(Selection::Failed).await?.selected;
    let behind = all.selected - all.ready;
    if session.output.json {
        return session.output.value(&json!({
            "shared": { "heads": shared, "ready": shared.iter().eq(wanted.iter()) },
            "tenants": { "all": all.selected, "ready": all.ready, "behind": behind, "failed": failed },
        }));
    }
    if !migrations.history().graph(Target::Shared).is_empty() || !shared.is_empty() {
        let heads: Vec<_> = shared.iter().map(ToString::to_string).collect();
        let heads = if heads.is_empty() { "<base>".to_owned() } else { heads.join(", ") };
        let ready = if shared.iter().eq(wanted.iter()) { "at the heads" } else { "behind" };
        session.output.line(&format!("shared: {heads}, {ready}"))?;
    }
    session.output.line(&format!(
        "tenants: {} in all, {} at the heads, {behind} behind, {failed} of them failed",
        all.selected, all.ready
    ))
}

fn told(session: &mut Session<'_, '_>, report: &RunReport) -> Result<(), Failure> {
    if session.output.json {
        session.output.line(&value(report).to_string())
    } else {
        session.output.line(&report.to_string())
    }
}

fn value(report: &RunReport) -> Value {
    let failed: Vec<_> = report
        .failed
        .iter()
        .map(|failed| {
            json!({
                "tenant": failed.slug, "id": failed.id, "failure": failure_value(&failed.failure),
            })
        })
        .collect();
    json!({
        "event": "report",
        "shared": report.shared,
        "selected": report.selected,
        "ready": report.ready,
        "moved": report.moved,
        "failed": failed,
        "stopped": report.stopped,
        "ms": millis(report.took),
    })
}
