//! Baselines: written, and compared with what they stand for.

use clap::Args;
use serde_json::json;
use tenancy::{
    Migrate, Slug,
    migrate::{BaselineReport, Phase, RevisionId, Selection},
};

use crate::{arguments, connect::refused, files, output::Failure, session::Session};

/// What a baseline is made of.
#[derive(Debug, Args)]
pub(crate) struct Squash {
    /// The revision after which a place stands that it has made
    #[arg(default_value = "head", value_parser = arguments::revision)]
    pub(crate) revision: String,
    /// What there is to say of it, in a line
    #[arg(short, long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub(crate) message: String,
    /// Read what revisions make from the place of a tenant that stands there, where they run Rust code
    #[arg(long, value_name = "SLUG")]
    pub(crate) like: Option<Slug>,
}

/// Writes a script that makes at once what revisions make.
pub(crate) async fn squash(session: &mut Session<'_, '_>, options: &Squash) -> Result<(), Failure> {
    let migrations = session.written()?;
    let target = files::target_of(session, &migrations, &options.revision)?;
    let mut run = session.tenancy(&migrations).await?.migrate();
    if let Some(slug) = &options.like {
        run = run.tenants(Selection::Slugs(vec![slug.clone()]));
    }
    let squashed = run.squash(target, &options.revision).await.map_err(|error| refused(&error))?;
    let [first, ..] = squashed.heads.as_slice() else {
        return session.output.say("there is nothing to stand for");
    };
    let message = match options.message.as_str() {
        "" => format!("all up to {}", listed(&squashed.heads)),
        said => said.to_owned(),
    };
    let mut draft = files::draft(
        first.clone(),
        Vec::new(),
        target,
        message,
        Vec::new(),
        Vec::new(),
        Phase::default(),
    );
    draft.baseline.clone_from(&squashed.heads);
    draft.engine = Some(run.dialect().await.map_err(|error| refused(&error))?);
    draft.upgrade.clone_from(&squashed.upgrade);
    let path = files::put(session, &migrations, &draft)?;
    if session.output.json {
        session.output.value(&json!({
            "baseline": squashed.heads,
            "target": target,
            "path": path,
            "differences": squashed.differences,
        }))?;
    } else {
        session.output.line(&format!("Generating {} ...  done", path.display()))?;
    }
    if options.like.is_some() {
        session.output.note(
            "the place of a tenant was read, without its rows: write those that revisions make by hand",
        );
    }
    if squashed.differences.is_empty() {
        return Ok(());
    }
    Err(Failure::Found(format!(
        "what it makes is not what the revisions make; change it until `tenancy check` finds nothing:\n    {}",
        squashed.differences.join("\n    ")
    )))
}

/// What baselines make otherwise than their revisions, in lines.
pub(crate) async fn differences(
    session: &mut Session<'_, '_>,
    run: &Migrate,
) -> Result<Vec<String>, Failure> {
    let reports = run.baselines().await.map_err(|error| refused(&error))?;
    for BaselineReport { heads, source, unknown, .. } in &reports {
        if let Some(why) = unknown {
            let heads = listed(heads);
            session
                .output
                .note(&format!("the baseline of {heads} ({source}) was not compared: {why}"));
        }
    }
    let lines = |report: BaselineReport| {
        let BaselineReport { heads, source, differences, .. } = report;
        let named = format!("    the baseline of {} ({source}): ", listed(&heads));
        differences.into_iter().map(move |said| format!("{named}{said}"))
    };
    Ok(reports.into_iter().flat_map(lines).collect())
}

fn listed(heads: &[RevisionId]) -> String {
    heads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
