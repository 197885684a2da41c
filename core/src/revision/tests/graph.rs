//! Two targets in one history, and what has no recording.

use std::collections::BTreeSet;

use crate::revision::{Change, Graph, History, Label, Revision, RevisionId, Target};

fn revision(id: &str, target: Target, down: &[&str], depends: &[&str]) -> Revision {
    let mut revision = Revision::of_code(RevisionId::new(id).unwrap(), target, format!("{id}.sql"));
    revision.down = down.iter().map(|id| RevisionId::new(*id).unwrap()).collect();
    revision.depends = depends.iter().map(|name| (*name).to_owned()).collect();
    revision
}

fn rows(ids: &[&str]) -> BTreeSet<RevisionId> {
    ids.iter().map(|id| RevisionId::new(*id).unwrap()).collect()
}

fn ran(graph: &Graph, from: &[&str], asked: &str) -> Vec<String> {
    graph.upgrade(&rows(from), asked).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn tenants_wait_for_what_is_shared() {
    use Target::{Shared, Tenant};

    let mut plans = revision("shared01", Shared, &[], &[]);
    plans.labels = vec![Label::new("plans").unwrap()];
    let history = History::new(vec![
        plans,
        revision("shared02", Shared, &["shared01"], &[]),
        revision("tenant01", Tenant, &[], &["plans"]),
        revision("tenant02", Tenant, &["tenant01"], &["shared02"]),
    ])
    .unwrap();
    let tenant = history.graph(Tenant);
    assert_eq!(ran(tenant, &[], "head"), ["upgrade  -> tenant01", "upgrade tenant01 -> tenant02"]);
    assert_eq!(
        tenant.required_by(&tenant.upgrade(&rows(&[]), "head").unwrap()),
        rows(&["shared01", "shared02"]).into_iter().collect::<Vec<_>>()
    );
    assert_eq!(history.target_of("plans"), Some(Shared));
    assert_eq!(history.target_of("tenant02"), Some(Tenant));
    assert_eq!(history.target_of("tenant"), None);

    let refused = |revisions| History::new(revisions).unwrap_err().to_string();
    let crossed = vec![
        revision("shared01", Shared, &[], &[]),
        revision("tenant01", Tenant, &["shared01"], &[]),
    ];
    assert_eq!(
        refused(crossed),
        "Revision tenant01 of the target `tenant` comes after revision shared01 of the target `shared`; \
         say `depends_on` instead (tenant01.sql, shared01.sql)"
    );
    let turned = vec![
        revision("shared01", Shared, &[], &["tenant01"]),
        revision("tenant01", Tenant, &[], &[]),
    ];
    assert!(refused(turned).contains("which run after it"));
    let twice = vec![revision("same01", Shared, &[], &[]), revision("same01", Tenant, &[], &[])];
    assert!(refused(twice).contains("present more than once"));
}

#[test]
fn a_row_that_another_implies_does_not_come_back() {
    // Alembic keeps both rows here; then it refuses every upgrade.
    let history = History::new(vec![
        revision("aaaa01", Target::Tenant, &[], &[]),
        revision("aaaa02", Target::Tenant, &["aaaa01"], &[]),
        revision("bbbb01", Target::Tenant, &[], &[]),
        revision("cccc01", Target::Tenant, &["bbbb01"], &["aaaa01"]),
        revision("dddd01", Target::Tenant, &["cccc01"], &["aaaa02"]),
        revision("eeee01", Target::Tenant, &[], &[]),
    ])
    .unwrap();
    let graph = history.graph(Target::Tenant);
    let steps = graph.downgrade(&rows(&["dddd01", "eeee01"]), "cccc01").unwrap();
    assert_eq!(steps.last().unwrap().heads, rows(&["aaaa02", "cccc01", "eeee01"]));
    let steps = graph.downgrade(&rows(&["dddd01", "eeee01"]), "aaaa01").unwrap();
    assert_eq!(steps.last().unwrap().heads, rows(&["cccc01", "eeee01"]));
}

#[test]
fn changes_of_rows_meet_one_row_each() {
    let history = History::new(vec![
        revision("aaaa01", Target::Tenant, &[], &[]),
        revision("bbbb01", Target::Tenant, &["aaaa01"], &[]),
        revision("cccc01", Target::Tenant, &["aaaa01"], &[]),
        revision("dddd01", Target::Tenant, &["bbbb01", "cccc01"], &[]),
    ])
    .unwrap();
    let graph = history.graph(Target::Tenant);
    let id = |id: &str| RevisionId::new(id).unwrap();
    let merge = graph.upgrade(&rows(&["bbbb01", "cccc01"]), "head").unwrap();
    assert_eq!(
        merge[0].changes,
        [Change::Delete(id("bbbb01")), Change::Update { from: id("cccc01"), to: id("dddd01") },]
    );
    let unmerge = graph.downgrade(&rows(&["dddd01"]), "bbbb01").unwrap();
    assert_eq!(
        unmerge[0].changes,
        [Change::Insert(id("bbbb01")), Change::Update { from: id("dddd01"), to: id("cccc01") },]
    );
    let first = graph.upgrade(&rows(&[]), "aaaa01").unwrap();
    assert_eq!(first[0].changes, [Change::Insert(id("aaaa01"))]);
    let last = graph.downgrade(&rows(&["aaaa01"]), "base").unwrap();
    assert_eq!(last[0].changes, [Change::Delete(id("aaaa01"))]);
}

#[test]
fn rows_that_imply_each_other_are_refused() {
    let history = History::new(vec![
        revision("aaaa01", Target::Tenant, &[], &[]),
        revision("aaaa02", Target::Tenant, &["aaaa01"], &[]),
    ])
    .unwrap();
    let error = history.graph(Target::Tenant).upgrade(&rows(&["aaaa01", "aaaa02"]), "head");
    assert_eq!(
        error.unwrap_err().to_string(),
        "Requested revision aaaa02 overlaps with other requested revisions aaaa01"
    );
}

#[test]
fn leaving_a_branch_is_seen_before() {
    let mut label = revision("bbbb01", Target::Tenant, &["aaaa01"], &[]);
    label.labels = vec![Label::new("feature").unwrap()];
    let history = History::new(vec![
        revision("aaaa01", Target::Tenant, &[], &[]),
        revision("aaaa02", Target::Tenant, &["aaaa01"], &[]),
        label,
    ])
    .unwrap();
    let graph = history.graph(Target::Tenant);
    let steps = graph.downgrade(&rows(&["aaaa02", "bbbb01"]), "feature@base").unwrap();
    assert_eq!(steps.len(), 3);
    assert_eq!(graph.strays(&steps, "feature@base").len(), 2);
    let steps = graph.downgrade(&rows(&["aaaa02", "bbbb01"]), "feature@-1").unwrap();
    assert_eq!(graph.strays(&steps, "feature@-1"), []);
}
