use crate::{
    Dialect,
    revision::{Draft, History, Label, Phase, Revision, RevisionId, Target},
};

const WHOLE: &str = "\
-- revision: 9f2c4e01a7b3
-- down_revision: 77aa01bc33de, 88aa01bc33de
-- branch_labels: billing
-- depends_on: 4be1c0ffee12, users
-- message: add due date: for tasks
-- date: 2026-11-27T10:00:00Z
-- phase: contract
-- wait: lock=500ms statement=2min
-- no-transaction
-- Customers asked for it.

-- +upgrade
ALTER TABLE tasks ADD COLUMN due date;
-- upgrade the index, too

-- +upgrade mysql, sqlite
ALTER TABLE tasks ADD due text;
-- +downgrade
ALTER TABLE tasks DROP COLUMN due;
-- +verify postgres
SELECT 1 WHERE false;
";

fn parse(text: &str) -> Result<Revision, String> {
    Revision::parse("a.sql", text, Some(Target::Tenant)).map_err(|problems| problems.to_string())
}

#[test]
fn a_file_says_all_of_a_revision() {
    let revision = parse(WHOLE).unwrap();
    assert_eq!(revision.id.as_str(), "9f2c4e01a7b3");
    assert_eq!(revision.parents(), "77aa01bc33de, 88aa01bc33de");
    assert_eq!(revision.labels, [Label::new("billing").unwrap()]);
    assert_eq!(revision.depends, ["4be1c0ffee12", "users"]);
    assert_eq!(revision.message, "add due date: for tasks");
    assert_eq!(revision.doc, "Customers asked for it.");
    assert_eq!(revision.phase, Phase::Contract);
    assert_eq!(revision.wait.lock.unwrap().as_millis(), 500);
    assert_eq!(revision.wait.statement.unwrap().as_secs(), 120);
    assert!(!revision.transaction);
    let up = revision.upgrade.of(Dialect::Postgres).unwrap();
    assert_eq!(up.line, 13);
    assert_eq!(up.sql, "ALTER TABLE tasks ADD COLUMN due date;\n-- upgrade the index, too\n\n");
    for dialect in [Dialect::MySql, Dialect::Sqlite] {
        assert!(
            revision.upgrade.of(dialect).unwrap().sql.starts_with("ALTER TABLE tasks ADD due text")
        );
        assert!(revision.downgrade.of(dialect).unwrap().sql.contains("DROP COLUMN due"));
        assert!(revision.verify.of(dialect).is_none());
    }
    assert!(revision.verify.of(Dialect::Postgres).is_some());
}

#[test]
fn line_ends_and_marks_of_encodings_change_nothing() {
    let windows = format!("\u{feff}{}", WHOLE.replace('\n', "\r\n"));
    let (one, other) = (parse(WHOLE).unwrap(), parse(&windows).unwrap());
    assert_eq!(one.upgrade.of(Dialect::Postgres), other.upgrade.of(Dialect::Postgres));
    assert_eq!(one.down, other.down);
}

#[test]
fn what_it_does_not_know_it_refuses_with_the_line() {
    for (text, said) in [
        ("-- message: x\n", "it has no `-- revision: …`"),
        ("-- revision: a-b\n", "line 1: `a-b` is not a valid revision identifier"),
        ("-- revision: head\n", "means something else"),
        (
            "-- revision: aaaa01\n-- down_revison: b\n",
            "line 2: the head of a revision knows no `down_revison`",
        ),
        ("-- revision: aaaa01\n-- revision: aaaa02\n", "line 2: `revision` is there already"),
        ("-- revision: aaaa01\nSELECT 1;\n", "line 2: SQL before the first section"),
        ("-- revision: aaaa01\n-- +upgrad\n", "line 2: no such section"),
        ("-- revision: aaaa01\n-- +upgrade oracle\n", "line 2: no engine `oracle`"),
        ("-- revision: aaaa01\n-- +upgrade\n-- +upgrade\n", "line 3: a section of that kind"),
        ("-- revision: aaaa01\n-- target: shared\n", "lies in the folder of `tenant`"),
        ("-- revision: aaaa01\n-- target: all\n", "a target is"),
        ("-- revision: aaaa01\n-- phase: grow\n", "a phase is"),
        ("-- revision: aaaa01\n-- wait: lock=5\n", "line 2: what it may wait"),
        ("-- revision: aaaa01\n-- down_revision: x!\n", "`x!` is not a valid revision identifier"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(said), "{text}\n{error}");
        assert!(error.ends_with("(a.sql)"), "{error}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let error = parse("-- phase: grow\n-- wait: 5\n-- +nothing\n").unwrap_err();
    assert_eq!(error.lines().count(), 3, "{error}");
}

#[test]
fn what_is_drafted_can_be_read_again() {
    let draft = Draft {
        id: RevisionId::new("dddd04").unwrap(),
        baseline: Vec::new(),
        down: vec![RevisionId::new("aaaa03").unwrap()],
        labels: vec![Label::new("lab").unwrap()],
        depends: vec!["aaaa02".to_owned()],
        target: Target::Tenant,
        message: "Add Big, thing & more\nin two lines".to_owned(),
        date: "2026-11-23T23:02:08Z".to_owned(),
        phase: Phase::Migrate,
        engine: None,
        upgrade: "SELECT 1;\n\n".to_owned(),
        downgrade: String::new(),
    };
    assert_eq!(draft.file_name(), "dddd04_add_big_thing_more_in_two_lines.sql");
    let text = draft.render();
    let read = parse(&text).unwrap();
    assert_eq!((read.id, read.down, read.labels), (draft.id, draft.down, draft.labels));
    assert_eq!(read.message, "Add Big, thing & more in two lines");
    assert_eq!(read.phase, Phase::Migrate);
    assert_eq!(read.upgrade.of(Dialect::Sqlite).unwrap().sql, "SELECT 1;\n\n");
}

#[test]
fn a_message_cannot_add_lines_to_the_head() {
    let draft = Draft {
        id: RevisionId::new("dddd04").unwrap(),
        baseline: Vec::new(),
        down: vec![],
        labels: vec![],
        depends: vec![],
        target: Target::Tenant,
        message: "x\n-- +upgrade\nDROP TABLE everything;".to_owned(),
        date: String::new(),
        phase: Phase::Expand,
        engine: None,
        upgrade: String::new(),
        downgrade: String::new(),
    };
    let read = parse(&draft.render()).unwrap();
    assert_eq!(read.upgrade.of(Dialect::Postgres).unwrap().sql, "\n");
}

#[test]
fn lapses_name_the_files() {
    let text = |id: &str, down: &str, body: &str| {
        let text = format!("-- revision: {id}\n-- down_revision: {down}\n{body}");
        Revision::parse(&format!("{id}.sql"), &text, Some(Target::Tenant)).unwrap()
    };
    let whole = "-- +upgrade\nSELECT 1;\n-- +downgrade\nSELECT 2;\n";
    let revisions = vec![
        text("aaaa01", "", whole),
        text("aaaa02", "aaaa01", "-- +upgrade\n-- nothing;\n-- +downgrade\nSELECT 1;\n"),
        text("aaaa03", "aaaa01", "-- +upgrade\nSELECT 1;\n"),
        text("aaaa04", "aaaa03", "-- irreversible: rows are gone\n-- +upgrade\nSELECT 1;\n"),
        text("aaaa05", "aaaa04", &format!("-- irreversible\n{whole}")),
    ];
    let history = History::new(revisions).unwrap();
    let lapses: Vec<_> = history.lapses(false).iter().map(ToString::to_string).collect();
    assert_eq!(lapses.len(), 4, "{lapses:#?}");
    assert!(lapses[0].contains("several heads, aaaa02, aaaa05"), "{}", lapses[0]);
    assert!(lapses[1].starts_with("the way up of revision aaaa02 does nothing"), "{}", lapses[1]);
    assert!(lapses[2].starts_with("revision aaaa03 has no way down"), "{}", lapses[2]);
    assert!(lapses[3].starts_with("revision aaaa05 has a way down, and says"), "{}", lapses[3]);
    assert_eq!(history.lapses(true).len(), 3);
}
