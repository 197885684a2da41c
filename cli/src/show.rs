//! Commands that tell of revisions.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenancy::migrate::{Graph, Indicators, Node, RevisionId};

use crate::{
    arguments::{Heads, History, Named, Verbose},
    output::{Failure, Output, failed},
    session::Session,
};

/// How revisions are told of.
pub(crate) struct Form<'a> {
    pub(crate) say: Indicators<'a>,
    pub(crate) verbose: bool,
}

/// Tells of revisions: a line each, a block each, or one list.
pub(crate) fn list<'n>(
    output: &mut Output<'_>,
    graph: &Graph,
    nodes: impl IntoIterator<Item = &'n Node>,
    form: &Form<'_>,
) -> Result<(), Failure> {
    let current = form.say.current;
    if output.json {
        let list = nodes.into_iter().map(|node| value(graph, node, current)).collect();
        return output.value(&Value::Array(list));
    }
    for node in nodes {
        match form.verbose {
            true => output.line(&graph.block(node, current))?,
            false => output.line(&graph.line(node, &form.say))?,
        }
    }
    Ok(())
}

/// A revision as a value.
pub(crate) fn value(graph: &Graph, node: &Node, current: Option<&BTreeSet<RevisionId>>) -> Value {
    let revision = &node.revision;
    let next = graph.nodes().filter(|other| other.revision.down.contains(&revision.id));
    let mut value = json!({
        "revision": revision.id,
        "down_revision": revision.down,
        "depends_on": revision.depends,
        "branch_labels": revision.labels,
        "branches": node.branches().collect::<Vec<_>>(),
        "next": next.map(|next| &next.revision.id).collect::<Vec<_>>(),
        "target": revision.target,
        "message": revision.message,
        "doc": revision.doc,
        "date": revision.date,
        "phase": revision.phase,
        "transaction": revision.transaction,
        "irreversible": revision.irreversible,
        "rust": revision.code,
        "path": revision.source,
        "head": node.is_head(),
        "effective_head": node.is_head() && !node.is_real_head(),
        "branch_point": node.is_branch_point(),
        "merge_point": node.is_merge_point(),
    });
    if let Some(current) = current {
        value["current"] = json!(current.contains(&revision.id));
    }
    value
}

pub(crate) fn heads(session: &mut Session<'_, '_>, options: &Heads) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let graph = migrations.history().graph(session.target(&migrations)?);
    let real = options.resolve_dependencies;
    let heads = graph.heads().into_iter().filter(|node| !real || node.is_real_head());
    let say = Indicators { branches: true, ..Indicators::default() };
    list(session.output, graph, heads, &Form { say, verbose: options.verbose })
}

pub(crate) fn branches(session: &mut Session<'_, '_>, options: &Verbose) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let graph = migrations.history().graph(session.target(&migrations)?);
    if session.output.json {
        let points = graph.nodes().filter(|node| node.is_branch_point());
        let list = points.map(|node| value(graph, node, None)).collect();
        return session.output.value(&Value::Array(list));
    }
    for point in graph.branch_points(options.verbose).map_err(failed)? {
        session.output.line(&format!("{point}\n"))?;
    }
    Ok(())
}

pub(crate) async fn history(
    session: &mut Session<'_, '_>,
    options: &History,
) -> Result<(), Failure> {
    let (start, end) = match &options.rev_range {
        None => (None, None),
        Some(range) => match range.split_once(':') {
            Some((start, end)) => {
                (Some(start).filter(|s| !s.is_empty()), Some(end).filter(|s| !s.is_empty()))
            }
            None => {
                return Err(Failure::Usage(
                    "History range requires [start]:[end], [start]:, or :[end]".to_owned(),
                ));
            }
        },
    };
    let migrations = session.migrations()?;
    let target = session.target(&migrations)?;
    let graph = migrations.history().graph(target);
    let asks = options.indicate_current || [start, end].contains(&Some("current"));
    let rows =
        if asks { session.rows(&migrations, &options.place).await? } else { BTreeSet::new() };
    let listed = graph.range(start, end, &rows).map_err(failed)?;
    let current = options.indicate_current.then_some(&rows);
    let form = Form { say: Indicators { current, ..Indicators::all() }, verbose: options.verbose };
    list(session.output, graph, listed.iter().filter_map(|id| graph.get(id)), &form)
}

pub(crate) async fn show(session: &mut Session<'_, '_>, options: &Named) -> Result<(), Failure> {
    let migrations = session.migrations()?;
    let target = session.target(&migrations)?;
    let graph = migrations.history().graph(target);
    let found = if options.revision == "current" {
        let rows = session.rows(&migrations, &options.place).await?;
        rows.into_iter().collect()
    } else {
        graph.find(&options.revision).map_err(failed)?
    };
    let form = Form { say: Indicators::default(), verbose: true };
    list(session.output, graph, found.iter().filter_map(|id| graph.get(id)), &form)
}
