//! Commands that write revisions' files.

use std::{
    env, fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use tenancy::migrate::{Label, Migrations, Phase, RevisionId, Target};
use tenancy_core::{
    Dialect,
    revision::{Draft, History, SqlFile},
};

use crate::{
    arguments::{Merge, Named, Revision},
    output::{Failure, failed},
    session::Session,
    structure,
};

pub(crate) fn init(session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let folder = session.folder();
    let shown = folder.display();
    let filled = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
    if filled {
        return Err(Failure::Failed(format!("the folder `{shown}` is there, and is not empty")));
    }
    for target in [Target::Shared, Target::Tenant] {
        let own = folder.join(target.to_string());
        let made = fs::create_dir_all(&own).and_then(|()| fs::write(own.join(".gitkeep"), ""));
        made.map_err(|why| Failure::Failed(format!("`{}`: {why}", own.display())))?;
    }
    if session.output.json {
        return session.output.value(&json!({ "folder": folder }));
    }
    session.output.line(&format!(
        "made `{shown}` with `shared`, for what tenants use together, and `tenant`, for the place of \
         each.\nBegin with `tenancy revision --target tenant -m \"first tables\"`."
    ))
}

pub(crate) async fn revision(
    session: &mut Session<'_, '_>,
    options: &Revision,
) -> Result<(), Failure> {
    let id = identifier(options.rev_id.as_deref())?;
    let migrations = session.written()?;
    let target = target_of(session, &migrations, &options.head)?;
    let graph = migrations.history().graph(target);
    let down = graph.parents(&[&options.head], options.splice).map_err(failed)?;
    let mut depends = Vec::new();
    for name in &options.depends_on {
        depends.push(dependency(&migrations, target, name)?);
    }
    let message = options.message.clone();
    let labels = labels(&options.branch_labels)?;
    let phase = options.phase.into();
    let mut draft = draft(id, down, target, message, labels, depends, phase);
    if options.autogenerate && !structure::fill(session, &migrations, options, &mut draft).await? {
        return session.output.say("the entities want nothing that the revisions do not make");
    }
    write(session, &migrations, &draft)
}

pub(crate) fn merge(session: &mut Session<'_, '_>, options: &Merge) -> Result<(), Failure> {
    let id = identifier(options.rev_id.as_deref())?;
    let migrations = session.written()?;
    let first = options.revisions.first().map_or("heads", String::as_str);
    let target = target_of(session, &migrations, first)?;
    let graph = migrations.history().graph(target);
    let asked: Vec<_> = options.revisions.iter().map(String::as_str).collect();
    let down = graph.parents(&asked, options.splice).map_err(failed)?;
    if down.len() < 2 {
        let heads: Vec<_> = down.iter().map(ToString::to_string).collect();
        return Err(Failure::Failed(format!(
            "a merge needs several revisions, and there is {}",
            if heads.is_empty() { "none".to_owned() } else { format!("only {}", heads.join(", ")) }
        )));
    }
    let message = options.message.clone().unwrap_or_else(|| {
        let down: Vec<_> = down.iter().map(ToString::to_string).collect();
        format!("merge {}", down.join(" and "))
    });
    let labels = labels(&options.branch_labels)?;
    let depends = Vec::new();
    let phase = Phase::default();
    write(session, &migrations, &draft(id, down, target, message, labels, depends, phase))
}

pub(crate) async fn edit(session: &mut Session<'_, '_>, options: &Named) -> Result<(), Failure> {
    let migrations = session.written()?;
    let target = session.target(&migrations)?;
    let graph = migrations.history().graph(target);
    let found = if options.revision == "current" {
        session.rows(&migrations, &options.place).await?.into_iter().collect()
    } else {
        graph.find(&options.revision).map_err(failed)?
    };
    let files: Vec<_> = found
        .iter()
        .filter_map(|id| graph.get(id))
        .map(|node| PathBuf::from(&node.revision.source))
        .collect();
    if files.is_empty() {
        let what = format!("No revision files indicated by symbol '{}'", options.revision);
        return Err(Failure::Failed(what));
    }
    let mut editors = ["VISUAL", "EDITOR"].into_iter().filter_map(env::var_os);
    let Some(editor) = editors.find(|editor| !editor.is_empty()) else {
        return Err(Failure::Failed("no editor is set; set the variable EDITOR to one".to_owned()));
    };
    // The variable may hold arguments, as `code --wait`.
    let editor = editor.to_string_lossy().into_owned();
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default().to_owned();
    let status = Command::new(&program).args(words).args(&files).status();
    match status {
        Ok(status) if status.success() => session.output.say(&format!(
            "edited {}",
            files.iter().map(|file| format!("`{}`", file.display())).collect::<Vec<_>>().join(", ")
        )),
        Ok(status) => Err(Failure::Failed(format!("the editor `{program}` ended with {status}"))),
        Err(why) => Err(Failure::Failed(format!("the editor `{program}` cannot be run: {why}"))),
    }
}

/// The target that is meant: the one that is said, or that of what the new revision comes after.
pub(crate) fn target_of(
    session: &Session<'_, '_>,
    migrations: &Migrations,
    head: &str,
) -> Result<Target, Failure> {
    if session.common.target.is_none() {
        let history = migrations.history();
        let found = |target: &Target| {
            history.graph(*target).find(head).is_ok_and(|found| !found.is_empty())
        };
        let named = !matches!(head, "head" | "heads" | "base");
        let mut targets = [Target::Shared, Target::Tenant].into_iter().filter(found);
        if named && let (Some(target), None) = (targets.next(), targets.next()) {
            return Ok(target);
        }
    }
    session.target(migrations)
}

fn identifier(asked: Option<&str>) -> Result<RevisionId, Failure> {
    let text = match asked {
        Some(asked) => asked.to_owned(),
        // As long as Alembic makes them.
        None => uuid::Uuid::now_v7().simple().to_string()[20..].to_owned(),
    };
    RevisionId::new(text.clone()).map_err(|error| {
        let strange: Vec<_> =
            text.chars().filter(|c| "@-+:".contains(*c)).map(|c| format!("'{c}'")).collect();
        Failure::Failed(match strange.as_slice() {
            [] => error.to_string(),
            some => format!(
                "Character(s) {} not allowed in revision identifier '{text}': {error}",
                some.join(", ")
            ),
        })
    })
}

fn labels(names: &[String]) -> Result<Vec<Label>, Failure> {
    names.iter().map(|name| name.parse().map_err(failed)).collect()
}

/// What it depends on, in full.
fn dependency(migrations: &Migrations, target: Target, name: &str) -> Result<String, Failure> {
    let history = migrations.history();
    if history.target_of(name).is_some() {
        return Ok(name.to_owned());
    }
    let here = history.graph(target).find(name);
    let found = match (here, target) {
        (Err(_), Target::Tenant) => history.graph(Target::Shared).find(name),
        (here, _) => here,
    };
    match found.map_err(failed)?.as_slice() {
        [one] => Ok(one.to_string()),
        _ => Err(Failure::Failed(format!(
            "a revision depends on single revisions, and '{name}' is none"
        ))),
    }
}

pub(crate) fn draft(
    id: RevisionId,
    down: Vec<RevisionId>,
    target: Target,
    message: String,
    labels: Vec<Label>,
    depends: Vec<String>,
    phase: Phase,
) -> Draft {
    let date = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let (upgrade, downgrade) = (String::new(), String::new());
    let (engine, baseline) = (None, Vec::new());
    Draft {
        id,
        baseline,
        down,
        labels,
        depends,
        target,
        message,
        date,
        phase,
        engine,
        upgrade,
        downgrade,
    }
}

/// Writes the file, if the revisions are still a history with it.
fn write(
    session: &mut Session<'_, '_>,
    migrations: &Migrations,
    draft: &Draft,
) -> Result<(), Failure> {
    let path = put(session, migrations, draft)?;
    if session.output.json {
        let down = &draft.down;
        let answer = json!({
            "revision": draft.id, "down_revision": down, "target": draft.target, "path": path,
        });
        return session.output.value(&answer);
    }
    session.output.line(&format!("Generating {} ...  done", path.display()))
}

/// The same, and says nothing.
pub(crate) fn put(
    session: &Session<'_, '_>,
    migrations: &Migrations,
    draft: &Draft,
) -> Result<PathBuf, Failure> {
    let folder = session.folder().join(draft.target.to_string());
    let path = folder.join(draft.file_name());
    let text = draft.render();
    let shown = path.display().to_string();
    let mut files: Vec<_> = migrations
        .history()
        .revisions()
        .chain(migrations.history().baselines())
        .map(|revision| SqlFile {
            path: &revision.source,
            text: &revision.text,
            target: revision.target,
        })
        .collect();
    files.push(SqlFile { path: &shown, text: &text, target: draft.target });
    let engines = [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite];
    History::read(&files, &engines).map_err(failed)?;
    create(&folder, &path, &text).map_err(|why| {
        let why = match why.kind() {
            ErrorKind::AlreadyExists => "the file is there already".to_owned(),
            _ => why.to_string(),
        };
        Failure::Failed(format!("`{shown}` was not written: {why}"))
    })?;
    Ok(path)
}

fn create(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::File::create_new(path)?.write_all(text.as_bytes())
}
