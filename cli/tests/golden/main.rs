//! What Alembic was recorded to answer, command by command, beside what the command here does with a
//! database of SQLite and a folder of files that say the same.
//!
//! `tests/alembic/golden.txt` was recorded by `tests/alembic/record.py`, which ran Alembic 1.20.1.

#![allow(clippy::unwrap_used)]

mod difference;
mod record;
mod world;

use std::collections::BTreeSet;

use self::{
    difference::DIFFERENCES,
    record::{Recorded, plain, recorded},
    world::World,
};

/// Whether commands that ask the database are compared, too.
const ONLINE: bool = true;

#[test]
fn the_command_answers_as_alembic_does_unless_it_says_why_not() {
    let mut world = World::new("golden");
    let mut met: Vec<(&str, &str)> = Vec::new();
    let mut different = BTreeSet::new();
    let mut problems = Vec::new();
    let all = recorded();
    assert!(all.len() > 240, "{} commands were recorded", all.len());
    for Recorded { section, fresh, command, failed, rows, lines } in all {
        world.enter(section);
        if fresh {
            world.new_database();
        }
        let moves = ["upgrade", "downgrade", "stamp"].iter().any(|verb| command.starts_with(verb));
        // Some commands were run after somebody had written into the database.
        if rows.contains("ghost99") || !moves {
            world.set_rows(&rows);
        }
        if !ONLINE && record::asks_database(command) {
            continue;
        }
        let answer = world.run(command);
        let at = format!("{section}: alembic {command}");
        let again = met.iter().filter(|before| **before == (section, command)).count();
        met.push((section, command));
        let listed = DIFFERENCES.iter().position(|other| {
            section.starts_with(other.section) && (other.command, other.nth) == (command, again)
        });
        if let Some(place) = listed {
            different.insert(place);
            let expected = &DIFFERENCES[place];
            let said = answer.told.join("\n");
            if answer.failed != expected.fails || !said.contains(expected.says) {
                problems.push(format!("{at} ({}): {answer:?}", expected.why));
            }
            world.set_rows(&rows);
            continue;
        }
        let listed =
            ["upgrade", "downgrade", "history"].iter().any(|verb| command.starts_with(verb));
        let theirs = plain(&lines, !listed);
        let ours = plain(&answer.told, !listed);
        if answer.failed != failed {
            problems.push(format!("{at}: theirs {theirs:?}\n  ours {ours:?}"));
        } else if failed {
            // Ours may say more.
            let theirs = theirs.last().map(String::as_str).unwrap_or_default();
            let theirs = theirs.split_once(": ").map_or(theirs, |(_, message)| message);
            let ours: Vec<_> =
                ours.iter().filter_map(|line| line.strip_prefix("error: ")).collect();
            if !ours.iter().any(|line| line.starts_with(theirs)) {
                problems.push(format!("{at}: theirs {theirs:?}\n  ours {ours:?}"));
            }
        } else if ours != theirs {
            problems.push(format!("{at}: theirs {theirs:#?}\n  ours {ours:#?}"));
        }
        if moves && ONLINE {
            let now = world.rows();
            if now != rows {
                problems.push(format!("rows after {at}: theirs {rows:?}, ours {now:?}"));
                world.set_rows(&rows);
            }
        }
    }
    assert!(problems.is_empty(), "{} differ:\n{}", problems.len(), problems.join("\n"));
    let unmet: Vec<_> = (0..DIFFERENCES.len())
        .filter(|place| !different.contains(place))
        .map(|place| DIFFERENCES[place].command)
        .collect();
    assert!(unmet.is_empty(), "these were not met: {unmet:?}");
}

#[test]
fn users_are_told_of_each_difference() {
    let told = include_str!("../../../docs/migrations.md");
    let told: String = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for difference in DIFFERENCES {
        assert!(told.contains(difference.why), "docs/migrations.md lacks: {}", difference.why);
    }
}
