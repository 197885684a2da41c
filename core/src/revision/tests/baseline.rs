//! Scripts that stand for revisions.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::property::{graphs, history_with};
use crate::{
    Dialect,
    revision::{Draft, History, Phase, Revision, RevisionId, SqlFile, Target},
};

fn file(path: &'static str, text: &'static str) -> SqlFile<'static> {
    SqlFile { path, text, target: Target::Tenant }
}

fn history(files: &[SqlFile<'_>]) -> Result<History, String> {
    History::read(files, &[Dialect::Postgres]).map_err(|problems| problems.to_string())
}

const LINE: &[SqlFile<'static>] = &[
    SqlFile {
        path: "a.sql",
        text: "-- revision: aaaa01\n-- +upgrade\nSELECT 1",
        target: Target::Tenant,
    },
    SqlFile {
        path: "b.sql",
        text: "-- revision: aaaa02\n-- down_revision: aaaa01\n-- +upgrade\nSELECT 1",
        target: Target::Tenant,
    },
    SqlFile {
        path: "c.sql",
        text: "-- revision: aaaa03\n-- down_revision: aaaa02\n-- +upgrade\nSELECT 1",
        target: Target::Tenant,
    },
];

fn with(more: &[SqlFile<'static>]) -> Vec<SqlFile<'static>> {
    LINE.iter().chain(more).copied().collect()
}

fn steps(history: &History, asked: &str, dialect: Dialect) -> Vec<String> {
    let steps = history.graph(Target::Tenant).upgrade_new(asked, dialect).unwrap();
    steps.iter().map(ToString::to_string).collect()
}

#[test]
fn a_new_place_begins_at_the_furthest_baseline_that_does_not_lead_too_far() {
    let one = file("base1.sql", "-- baseline: aaaa01\n-- +upgrade\nSELECT 1");
    let two = file("base2.sql", "-- baseline: aaaa02\n-- +upgrade postgres\nSELECT 1");
    let history = history(&with(&[one, two])).unwrap();
    let postgres = |asked| steps(&history, asked, Dialect::Postgres);
    assert_eq!(
        postgres("head"),
        ["upgrade  -> aaaa02, baseline of 2 revisions", "upgrade aaaa02 -> aaaa03"]
    );
    assert_eq!(postgres("aaaa02"), ["upgrade  -> aaaa02, baseline of 2 revisions"]);
    assert_eq!(postgres("aaaa01"), ["upgrade  -> aaaa01, baseline of 1 revisions"]);
    assert_eq!(postgres("base"), [""; 0]);
    // A number of steps is one of revisions.
    assert_eq!(postgres("+2"), ["upgrade  -> aaaa01", "upgrade aaaa01 -> aaaa02"]);
    // For another engine the second one has nothing.
    assert_eq!(
        steps(&history, "head", Dialect::MySql),
        [
            "upgrade  -> aaaa01, baseline of 1 revisions",
            "upgrade aaaa01 -> aaaa02",
            "upgrade aaaa02 -> aaaa03"
        ]
    );
    // Whoever is somewhere goes on from there.
    let graph = history.graph(Target::Tenant);
    let rows = [RevisionId::new("aaaa01").unwrap()].into_iter().collect();
    assert!(graph.upgrade(&rows, "head").unwrap().iter().all(|step| !step.baseline));
}

#[test]
fn a_baseline_is_no_revision() {
    let base = file("base.sql", "-- baseline: aaaa02\n-- +upgrade\nSELECT 2");
    let with_it = history(&with(&[base])).unwrap();
    let graph = with_it.graph(Target::Tenant);
    assert_eq!(with_it.revisions().count(), 3);
    let step = &graph.upgrade_new("aaaa02", Dialect::Sqlite).unwrap()[0];
    assert_eq!(graph.script_of(step).unwrap().source, "base.sql");
    assert_ne!(with_it.checksum(), history(LINE).unwrap().checksum());
}

#[test]
fn what_its_revisions_need_must_have_run() {
    let shared = SqlFile {
        path: "s.sql",
        text: "-- revision: shared01\n-- +upgrade\nSELECT 1",
        target: Target::Shared,
    };
    let leaning = file(
        "d.sql",
        "-- revision: aaaa04\n-- down_revision: aaaa03\n-- depends_on: shared01\n-- +upgrade\nSELECT 1",
    );
    let after =
        file("e.sql", "-- revision: aaaa05\n-- down_revision: aaaa04\n-- +upgrade\nSELECT 1");
    let base = file("base.sql", "-- baseline: aaaa05\n-- +upgrade\nSELECT 1");
    let history = history(&with(&[shared, leaning, after, base])).unwrap();
    let graph = history.graph(Target::Tenant);
    let steps = graph.upgrade_new("head", Dialect::Postgres).unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!(graph.required_by(&steps), [RevisionId::new("shared01").unwrap()]);
}

#[test]
fn what_is_wrong_with_one_is_said_with_its_file() {
    let refused = |text: &'static str| history(&with(&[file("base.sql", text)])).unwrap_err();
    assert_eq!(
        refused("-- baseline: gone00\n-- +upgrade\nSELECT 1"),
        "the baseline stands for revision gone00 of the target `tenant`, which is not present (base.sql)"
    );
    assert_eq!(
        refused("-- baseline: aaaa01, aaaa02\n-- +upgrade\nSELECT 1"),
        "of the baseline: Requested revision aaaa02 overlaps with other requested revisions aaaa01 \
         (base.sql)"
    );
    let said = refused(
        "-- baseline: aaaa01\n-- revision: aaaa09\n-- depends_on: aaaa02\n-- +upgrade\nSELECT 1\n\
         -- +downgrade\nSELECT 1",
    );
    for part in ["does not say `revision`", "does not say `depends_on`", "does not say a way down"]
    {
        assert!(said.contains(part), "{said}");
    }
    let one = file("base1.sql", "-- baseline: aaaa02\n-- +upgrade postgres\nSELECT 1");
    let two = file("base2.sql", "-- baseline: aaaa02\n-- +upgrade mysql\nSELECT 1");
    let said = history(&with(&[one, two])).unwrap_err();
    assert!(said.contains("two baselines of aaaa02") && said.contains("(base1.sql, base2.sql)"));
    let empty = file("base.sql", "-- baseline: aaaa02\n-- +upgrade\n-- nothing");
    let lapses = history(&with(&[empty])).unwrap().lapses(false);
    assert!(lapses.iter().any(|it| it.to_string().contains("the baseline of aaaa02 does nothing")));
}

#[test]
fn a_written_one_is_read_as_what_it_is() {
    let draft = Draft {
        id: RevisionId::new("aaaa02").unwrap(),
        baseline: vec![RevisionId::new("aaaa02").unwrap()],
        down: Vec::new(),
        labels: Vec::new(),
        depends: Vec::new(),
        target: Target::Tenant,
        message: "all at once".to_owned(),
        date: "2026-11-27T10:00:00Z".to_owned(),
        phase: Phase::default(),
        engine: Some(Dialect::Postgres),
        upgrade: "CREATE TABLE a (id int);".to_owned(),
        downgrade: "no".to_owned(),
    };
    assert_eq!(draft.file_name(), "baseline_aaaa02.sql");
    let read = Revision::parse("b.sql", &draft.render(), None).unwrap();
    assert_eq!(read.baseline, draft.baseline);
    assert!(read.downgrade.is_empty() && read.upgrade.of(Dialect::MySql).is_none());
    assert_eq!(read.message, "all at once");
}

proptest! {
    #[test]
    fn whichever_is_taken_the_way_ends_where_it_ends_without(
        shape in graphs(),
        picks in prop::collection::vec(0..100usize, 1..4),
    ) {
        let plain = history_with(&shape, &[]);
        let graph = plain.graph(Target::Tenant);
        let nothing = BTreeSet::new();
        // Where some of the revisions have run: rows that imply one another are none.
        let mut at = BTreeSet::new();
        for pick in &picks {
            let id = RevisionId::new(format!("r{:05}", pick % shape.len())).unwrap();
            if let Ok(steps) = graph.upgrade(&at, id.as_str())
                && let Some(last) = steps.last()
            {
                at.clone_from(&last.heads);
            }
        }
        let heads: Vec<RevisionId> = at.iter().cloned().collect();
        let squashed = history_with(&shape, &heads);
        let way = squashed.graph(Target::Tenant).upgrade_new("heads", Dialect::Sqlite).unwrap();
        let replay = graph.upgrade(&nothing, "heads").unwrap();
        prop_assert!(way[0].baseline);
        prop_assert_eq!(&way.last().unwrap().heads, &replay.last().unwrap().heads);
        let covered = graph.upgrade(&nothing, "heads").unwrap().len() + 1 - way.len();
        let baseline = squashed.graph(Target::Tenant).baselines().next().unwrap().count();
        prop_assert_eq!(covered, baseline);
        for step in &way[1..] {
            let id = step.revision.as_ref().unwrap();
            prop_assert!(!graph.has_run(&at, id).unwrap(), "{} ran twice", id);
        }
    }
}
