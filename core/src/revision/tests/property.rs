//! Random graphs: whatever way is gone, the rows say what has run.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::revision::{Direction, Graph, History, Revision, RevisionId, Target};

/// For each revision, which of those before it are parents, and which are dependencies.
pub(super) fn graphs() -> impl Strategy<Value = Vec<(Vec<usize>, Vec<usize>)>> {
    prop::collection::vec(
        (prop::collection::vec(0..100usize, 0..3), prop::collection::vec(0..100usize, 0..2)),
        1..14,
    )
}

fn id(index: usize) -> RevisionId {
    RevisionId::new(format!("r{index:05}")).unwrap()
}

fn history(shape: &[(Vec<usize>, Vec<usize>)]) -> History {
    history_with(shape, &[])
}

/// The same with a baseline, if revisions are named for it.
pub(super) fn history_with(shape: &[(Vec<usize>, Vec<usize>)], baseline: &[RevisionId]) -> History {
    let revisions = shape.iter().enumerate().map(|(index, (down, depends))| {
        let mut revision = Revision::of_code(id(index), Target::Tenant, format!("{index:05}.sql"));
        let before = |of: &[usize]| {
            let some: BTreeSet<_> =
                of.iter().filter(|_| index > 0).map(|other| other % index).collect();
            some.into_iter().map(id)
        };
        revision.down = if index == 0 { vec![] } else { before(down).collect() };
        revision.depends =
            if index == 0 { vec![] } else { before(depends).map(|id| id.to_string()).collect() };
        revision
    });
    let mut revisions: Vec<_> = revisions.collect();
    if !baseline.is_empty() {
        let text = format!(
            "-- baseline: {}\n-- +upgrade\nSELECT 1",
            crate::revision::script::comma(baseline)
        );
        revisions.push(Revision::parse("base.sql", &text, Some(Target::Tenant)).unwrap());
    }
    History::new(revisions).unwrap()
}

/// What has run, by following each step.
fn follow(
    graph: &Graph,
    rows: &mut BTreeSet<RevisionId>,
    ran: &mut BTreeSet<RevisionId>,
    steps: &[crate::revision::Step],
) {
    for step in steps {
        let own = step.revision.clone().unwrap();
        let needs: Vec<_> = {
            let node = graph.get(&own).unwrap();
            node.revision
                .down
                .iter()
                .cloned()
                .chain(
                    node.revision.depends.iter().map(|name| RevisionId::new(name.clone()).unwrap()),
                )
                .collect()
        };
        if step.direction == Direction::Upgrade {
            assert!(needs.iter().all(|need| ran.contains(need)), "{own} ran too early");
            assert!(ran.insert(own), "ran twice");
        } else {
            assert!(ran.remove(&own), "undone without having run");
            for other in ran.iter() {
                let node = &graph.get(other).unwrap().revision;
                assert!(
                    !node.down.contains(&own) && !node.depends.contains(&own.to_string()),
                    "{other} stands on {own}"
                );
            }
        }
        *rows = step.heads.clone();
        // The rows say exactly what ran, and none implies another.
        let mut implied = BTreeSet::new();
        for known in graph.nodes() {
            if graph.has_run(rows, &known.revision.id).unwrap() {
                implied.insert(known.revision.id.clone());
            }
        }
        assert_eq!(&implied, ran);
        for row in rows.iter() {
            let others: BTreeSet<_> = rows.iter().filter(|other| *other != row).cloned().collect();
            assert!(!graph.has_run(&others, row).unwrap(), "{row} is implied");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_rows_say_what_has_run(shape in graphs(), walks in prop::collection::vec((any::<bool>(), 0..100usize), 1..8)) {
        let history = history(&shape);
        let graph = history.graph(Target::Tenant);
        let (mut rows, mut ran) = (BTreeSet::new(), BTreeSet::new());
        for (up, to) in walks {
            let to = id(to % shape.len()).to_string();
            if up {
                let steps = graph.upgrade(&rows, &to).unwrap();
                follow(graph, &mut rows, &mut ran, &steps);
                prop_assert!(ran.contains(&RevisionId::new(to).unwrap()));
            } else if let Ok(steps) = graph.downgrade(&rows, &to) {
                follow(graph, &mut rows, &mut ran, &steps);
            }
        }
        let steps = graph.upgrade(&rows, "heads").unwrap();
        follow(graph, &mut rows, &mut ran, &steps);
        prop_assert_eq!(&rows, &graph.target_heads());
        prop_assert_eq!(ran.len(), shape.len());
        prop_assert!(graph.upgrade(&rows, "heads").unwrap().is_empty());
        let steps = graph.downgrade(&rows, "base").unwrap();
        follow(graph, &mut rows, &mut ran, &steps);
        prop_assert!(rows.is_empty() && ran.is_empty());
    }

    #[test]
    fn the_order_is_one_of_all(shape in graphs()) {
        let history = history(&shape);
        let listed = history.graph(Target::Tenant).range(None, None, &BTreeSet::new()).unwrap();
        prop_assert_eq!(listed.len(), shape.len());
    }

    #[test]
    fn whatever_is_asked_is_answered_or_refused(shape in graphs(), asked in "(r000|left|head|base|heads|@|\\+|-|[0-9]|r0000[0-9]){0,4}") {
        let history = history(&shape);
        let graph = history.graph(Target::Tenant);
        let rows = graph.target_heads();
        for rows in [&rows, &BTreeSet::new()] {
            let _ = graph.upgrade(rows, &asked);
            let _ = graph.downgrade(rows, &asked);
            let _ = graph.stamp(rows, &[&asked]);
            let _ = graph.range(Some(&asked), None, rows);
            let _ = graph.range(None, Some(&asked), rows);
        }
    }
}
