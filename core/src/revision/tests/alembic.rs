//! What Alembic answers, command by command, beside what the graph does.
//!
//! `tests/alembic/golden.txt` was recorded by `tests/alembic/record.py`, which ran Alembic 1.20.1.

use std::collections::BTreeSet;

use crate::revision::{
    Graph, History, Indicators, Label, Revision, RevisionError, RevisionId, Step, Target,
};

const GOLDEN: &str = include_str!("../../../../tests/alembic/golden.txt");

#[path = "../../../../tests/alembic/graphs.rs"]
mod graphs;

use self::graphs::{BILLING, BRANCHED, DIAMOND, LINEAR, MERGED, PREFIX, REPORTS, Row, TWO};

const GENERATED: &[Row] = &[("mmmm04", &["aaaa03", "bbbb03"], "", "", "m")];

/// Where ours answers otherwise, on purpose: section, command, how often before in its section, what
/// ours says (a beginning), and why. `docs/migrations.md` lists them for users.
const OTHERWISE: &[(&str, &str, usize, &str, &str)] = &[
    (
        "LINEAR",
        "history -r -2:",
        0,
        "aaaa02 -> aaaa03 (head), add email",
        "the option takes what begins with a minus",
    ),
    (
        "BRANCHED",
        "downgrade -1",
        0,
        "downgrade -1 from multiple heads is ambiguous",
        "Alembic takes the first row it finds, and warns that this will end",
    ),
    (
        "SHADOW",
        "history -r aaaa01:dddd02",
        0,
        "dddd01 -> dddd02 (reports) (head)",
        "Alembic fails an assertion",
    ),
    ("DIAMOND", "upgrade ffff01+1", 0, "Walked too far", "Alembic fails an assertion"),
    (
        "TWO ROOTS",
        "downgrade one@-1",
        1,
        "Relative revision -1 didn't produce 1 migrations",
        "Alembic fails an assertion",
    ),
    (
        "DIAMOND",
        "upgrade right@head",
        0,
        "Multiple head revisions are present for given argument 'right@head'; please specify a specific \
         target revision, '<branchname>@head' to narrow",
        "Alembic proposes '<branchname>@right@head', which is no name",
    ),
    (
        "DIAMOND",
        "upgrade left@head",
        0,
        "Multiple head revisions are present for given argument 'left@head'; please specify a specific \
         target revision, '<branchname>@head' to narrow",
        "as above",
    ),
    (
        "DIAMOND",
        "show left@head",
        0,
        "Multiple head revisions are present for given argument 'left@head'; please specify a specific \
         target revision, '<branchname>@head' to narrow",
        "as above",
    ),
];

fn history(rows: &[&[Row]]) -> History {
    let revisions = rows
        .iter()
        .copied()
        .flatten()
        .map(|(id, down, label, depends, message)| {
            let id = RevisionId::new(*id).unwrap();
            let mut revision =
                Revision::of_code(id.clone(), Target::Tenant, format!("$ENV/versions/{id}_.py"));
            revision.down = down.iter().map(|id| RevisionId::new(*id).unwrap()).collect();
            if !label.is_empty() {
                revision.labels = vec![Label::new(*label).unwrap()];
            }
            if !depends.is_empty() {
                revision.depends = vec![(*depends).to_owned()];
            }
            (*message).clone_into(&mut revision.message);
            revision
        })
        .collect();
    History::new(revisions).unwrap()
}

struct Recorded<'a> {
    section: &'a str,
    /// Run on a new database.
    fresh: bool,
    command: &'a str,
    failed: bool,
    rows: BTreeSet<String>,
    lines: Vec<&'a str>,
}

fn recorded() -> Vec<Recorded<'static>> {
    let mut all: Vec<Recorded<'static>> = Vec::new();
    let mut section = "";
    let mut fresh = false;
    for line in GOLDEN.lines() {
        if let Some(name) = line.strip_prefix("===== ") {
            section = name.split([' ', ':']).next().unwrap();
            if name.starts_with("MULTI") || name.starts_with("TWO") || name.starts_with("BROKEN") {
                section = name.split(" + ").next().unwrap().split(':').next().unwrap();
            }
        } else if let Some(command) = line.strip_prefix("$ alembic ") {
            let (command, rest) = command.split_once("   [exit ").unwrap();
            let (exit, rows) = rest.split_once("] [version rows ").unwrap();
            let rows = rows.trim_end_matches(']');
            let rows = rows.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
            let failed = exit != "0";
            all.push(Recorded { section, fresh, command, failed, rows, lines: Vec::new() });
            fresh = false;
        } else if line == "-- new database" {
            fresh = true;
        } else if let Some(told) = line.strip_prefix("   | ") {
            all.last_mut().unwrap().lines.push(told);
        }
    }
    all
}

/// What a command prints, and the rows it leaves.
type Answer = Result<Vec<String>, String>;

fn run(graph: &Graph, rows: &mut BTreeSet<RevisionId>, command: &str) -> Option<Answer> {
    let words: Vec<_> = command.split(' ').collect();
    let verbose = words.contains(&"-v");
    let known = |id: &RevisionId| graph.get(id).unwrap();
    let said = |error: RevisionError| error.to_string();
    let plan = |steps: Result<Vec<Step>, RevisionError>, rows: &mut BTreeSet<RevisionId>| {
        let steps = steps.map_err(said)?;
        if let Some(last) = steps.last() {
            rows.clone_from(&last.heads);
        }
        let log = |step: &Step| format!("INFO  [alembic.runtime.migration] Running {step}");
        Ok(steps.iter().map(log).collect())
    };
    let block = |id: &RevisionId| -> Vec<String> {
        graph.block(known(id), None).lines().map(str::to_owned).collect()
    };
    Some(match words.as_slice() {
        _ if words.contains(&"--sql") => return None,
        ["upgrade", asked] if asked.contains(':') => Err("Range revision not allowed".to_owned()),
        ["upgrade", asked] => plan(graph.upgrade(rows, asked), rows),
        ["downgrade", asked] => plan(graph.downgrade(rows, asked), rows),
        ["stamp", "--purge", asked] => {
            rows.clear();
            plan(graph.stamp(rows, &[asked]), rows)
        }
        ["stamp", asked @ ..] => plan(graph.stamp(rows, asked), rows),
        ["heads", rest @ ..] => {
            let real = rest.contains(&"--resolve-dependencies");
            let say = Indicators { branches: true, ..Indicators::default() };
            let heads = graph.heads().into_iter().filter(|node| !real || node.is_real_head());
            Ok(heads
                .flat_map(|node| match verbose {
                    true => block(&node.revision.id),
                    false => vec![graph.line(node, &say)],
                })
                .collect())
        }
        ["history", rest @ ..] => {
            let range = rest.iter().position(|word| *word == "-r").map(|place| rest[place + 1]);
            let (start, end) = match range.map(|range| range.split_once(':')) {
                None => (None, None),
                Some(None) => {
                    return Some(Err(
                        "History range requires [start]:[end], [start]:, or :[end]".to_owned()
                    ));
                }
                Some(Some((start, end))) => {
                    (Some(start).filter(|s| !s.is_empty()), Some(end).filter(|s| !s.is_empty()))
                }
            };
            let current = rest.contains(&"-i").then_some(&*rows);
            let say = Indicators { current, ..Indicators::all() };
            graph.range(start, end, rows).map_err(said).map(|listed| {
                listed
                    .iter()
                    .flat_map(|id| match verbose {
                        true => block(id),
                        false => vec![graph.line(known(id), &say)],
                    })
                    .collect()
            })
        }
        ["show", "current"] => Ok(rows.iter().flat_map(block).collect()),
        ["show", asked] => {
            graph.find(asked).map_err(said).map(|found| found.iter().flat_map(block).collect())
        }
        ["branches", ..] => graph.branch_points(verbose).map_err(said).map(|points| {
            points.iter().flat_map(|point| point.lines()).map(str::to_owned).collect()
        }),
        ["current", rest @ ..] => {
            if rest.contains(&"--check-heads")
                && graph
                    .heads()
                    .iter()
                    .map(|node| node.revision.id.clone())
                    .collect::<BTreeSet<_>>()
                    != *rows
            {
                return Some(Err("Database is not on all head revisions".to_owned()));
            }
            let say = Indicators { tree: true, ..Indicators::default() };
            graph.current(rows).map_err(said).map(|current| {
                let first = "Current revision(s) for sqlite:///$D/g.db:".to_owned();
                let first = verbose.then_some(first);
                first
                    .into_iter()
                    .chain(current.iter().flat_map(|id| match verbose {
                        true => block(id),
                        false => vec![graph.line(known(id), &say)],
                    }))
                    .collect()
            })
        }
        ["edit", asked] => graph.find(asked).map(|_| vec![]).map_err(said),
        ["revision", "-m", "x"] => graph.parents(&["head"], false).map(|_| vec![]).map_err(said),
        ["revision", "-m", "x", "--head", head] => {
            graph.parents(&[head], false).map(|_| vec![]).map_err(said)
        }
        ["merge", "heads", "-m", message, "--rev-id", id] => graph
            .parents(&["heads"], false)
            .map(|_| vec![format!("Generating $ENV/versions/{id}_{message}.py ...  done")])
            .map_err(said),
        ["merge", one, other, ..] => {
            graph.parents(&[one, other], false).map(|_| vec![]).map_err(said)
        }
        _ => return None,
    })
}

/// Lines, without the order of what Python keeps in sets, nor the ends of lines.
fn plain(lines: &[impl AsRef<str>], sorted: bool) -> Vec<String> {
    let mut lines: Vec<_> = lines
        .iter()
        .map(|line| {
            let line = line.as_ref().trim_end();
            let names = |text: &str| {
                let mut names: Vec<_> = text.split(", ").collect();
                names.sort_unstable();
                names.join(", ")
            };
            if let Some(list) = line.strip_prefix("Branch names: ") {
                return format!("Branch names: {}", names(list));
            }
            if let Some(list) = line.strip_prefix("Branches into: ") {
                return format!("Branches into: {}", names(list));
            }
            if let Some((before, stamp)) = line.split_once("Running stamp_revision ") {
                let ends: Vec<_> = stamp.split(" -> ").map(names).collect();
                return format!("{before}Running stamp_revision {}", ends.join(" -> "));
            }
            let pieces = line.split(" (").map(|piece| match piece.split_once(')') {
                Some((list, rest)) => format!("{}){rest}", names(list)),
                None => piece.to_owned(),
            });
            pieces.collect::<Vec<_>>().join(" (")
        })
        .filter(|line| !line.is_empty())
        .collect();
    if sorted {
        lines.sort();
    }
    lines
}

#[test]
fn it_answers_as_alembic_does_unless_it_says_why_not() {
    let mut compared = 0;
    let mut otherwise = 0;
    let mut rows = BTreeSet::new();
    let mut last = "";
    let mut met: Vec<(&str, &str)> = Vec::new();
    let mut graphs: Vec<(&str, History)> = vec![
        ("LINEAR", history(&[LINEAR])),
        ("BRANCHED", history(&[LINEAR, BRANCHED])),
        ("MERGED", history(&[LINEAR, BRANCHED, MERGED])),
        ("MULTI ROOT", history(&[LINEAR, BRANCHED, BILLING])),
        ("PREFIX", history(&[PREFIX])),
        ("SHADOW", history(&[LINEAR, REPORTS])),
        ("DIAMOND", history(&[DIAMOND])),
        ("TWO ROOTS", history(&[TWO])),
    ];
    for Recorded { section, fresh, command, failed, rows: after, lines } in recorded() {
        let Some((_, known)) = graphs.iter().find(|(name, _)| *name == section) else { continue };
        if section != last {
            last = section;
            met.clear();
        }
        if fresh {
            rows.clear();
        }
        let graph = known.graph(Target::Tenant);
        // Some commands are run on a new database, some after somebody wrote into it.
        let had: BTreeSet<_> = rows.iter().map(ToString::to_string).collect();
        let moves = ["upgrade", "downgrade", "stamp"].iter().any(|verb| command.starts_with(verb));
        if after.contains("ghost99") || (!moves && had != after) {
            rows = after.iter().map(|id| RevisionId::new(id.clone()).unwrap()).collect();
        }
        let answer = run(graph, &mut rows, command).or_else(|| {
            assert!(
                ["check", "ensure_version", "revision"]
                    .iter()
                    .any(|verb| command.starts_with(verb))
                    || command.contains("--sql"),
                "{command} is not answered at all"
            );
            None
        });
        let Some(answer) = answer else { continue };
        compared += 1;
        let at = format!("{section}: alembic {command}");
        let again = met.iter().filter(|before| **before == (section, command)).count();
        met.push((section, command));
        let listed = OTHERWISE
            .iter()
            .find(|(part, own, nth, ..)| (*part, *own, *nth) == (section, command, again));
        if let Some((_, _, _, ours, why)) = listed {
            otherwise += 1;
            let said = answer.unwrap_or_else(|error| vec![error]);
            assert!(said[0].starts_with(ours), "{at} ({why}): {said:?}");
            rows = after.iter().map(|id| RevisionId::new(id.clone()).unwrap()).collect();
            continue;
        }
        match answer {
            Ok(told) => {
                assert!(!failed, "{at} should fail with {lines:?}, and says {told:?}");
                let sorted = !["upgrade", "downgrade", "history"]
                    .iter()
                    .any(|verb| command.starts_with(verb));
                assert_eq!(plain(&told, sorted), plain(&lines, sorted), "{at}");
            }
            Err(error) => {
                assert!(failed, "{at} should not fail: {error}");
                let theirs = lines[0].strip_prefix("FAILED: ").unwrap();
                assert!(error.starts_with(theirs), "{at}: ours {error}\ntheirs {theirs}");
            }
        }
        let now: BTreeSet<_> = rows.iter().map(ToString::to_string).collect();
        if moves {
            assert_eq!(now, after, "rows after {at}");
        }
        if command.starts_with("merge heads") {
            graphs.retain(|(name, _)| *name != "BRANCHED");
            graphs.push(("BRANCHED", history(&[LINEAR, BRANCHED, GENERATED])));
        }
    }
    assert!(compared > 200, "{compared} commands were compared");
    assert_eq!(otherwise, OTHERWISE.len());
}

#[test]
fn broken_histories_are_refused_in_its_words() {
    let one = |id: &str, down: &[&str], label: &str, depends: &str| {
        let mut revision =
            Revision::of_code(RevisionId::new(id).unwrap(), Target::Tenant, format!("{id}.sql"));
        revision.down = down.iter().map(|id| RevisionId::new(*id).unwrap()).collect();
        revision.labels =
            (!label.is_empty()).then(|| Label::new(label).unwrap()).into_iter().collect();
        revision.depends = (!depends.is_empty()).then(|| depends.to_owned()).into_iter().collect();
        revision
    };
    let refused = |revisions| History::new(revisions).unwrap_err().to_string();
    for (revisions, said) in [
        (
            vec![one("aaaa01", &["gone00"], "", "")],
            "Revision gone00 referenced from aaaa01 is not present (aaaa01.sql)",
        ),
        (
            vec![one("aaaa01", &[], "l", ""), one("aaaa02", &["aaaa01"], "l", "")],
            "Branch name 'l' in revision aaaa02 already used by revision aaaa01 (aaaa01.sql, aaaa02.sql)",
        ),
        (
            vec![one("aaaa01", &["aaaa02"], "", ""), one("aaaa02", &["aaaa01"], "", "")],
            "Cycle is detected in revisions (aaaa01, aaaa02) (aaaa01.sql, aaaa02.sql)",
        ),
        (
            vec![one("aaaa01", &["aaaa01"], "", "")],
            "Self-loop is detected in revisions (aaaa01) (aaaa01.sql)",
        ),
        (
            vec![one("aaaa01", &[], "", "aaaa02"), one("aaaa02", &["aaaa01"], "", "")],
            "Dependency cycle is detected in revisions (aaaa01, aaaa02) (aaaa01.sql, aaaa02.sql)",
        ),
        (
            vec![one("aaaa01", &[], "", "aaaa01")],
            "Dependency self-loop is detected in revisions (aaaa01) (aaaa01.sql)",
        ),
        (
            vec![one("aaaa01", &[], "", "gone00")],
            "Revision gone00, on which aaaa01 depends, is not present (aaaa01.sql)",
        ),
        (
            vec![one("aaaa01", &[], "", ""), one("aaaa01", &[], "", "")],
            "Revision aaaa01 is present more than once (aaaa01.sql)",
        ),
        (
            vec![one("aaaa01", &[], "", ""), one("aaaa02", &["aaaa01"], "aaaa01", "")],
            "Branch name 'aaaa01' in revision aaaa02 is the name of revision aaaa01 too (aaaa01.sql, aaaa02.sql)",
        ),
    ] {
        assert_eq!(refused(revisions), said);
    }
    assert!(RevisionId::new("aa-01").is_err());
}
