//! Commands that write and list revisions, as an application that embeds them runs them.

#![allow(clippy::unwrap_used)]

use std::{fs, path::PathBuf};

use tenancy_cli::{Cli, Output};

/// A folder for revisions, removed in the end.
struct Folder(PathBuf);

struct Said {
    status: u8,
    out: String,
    err: String,
}

impl Folder {
    fn new(name: &str) -> Self {
        let root =
            std::env::temp_dir().join(format!("tenancy-cli-files-{}-{name}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        Self(root)
    }

    fn revisions(&self) -> PathBuf {
        self.0.join("migrations")
    }

    fn run(&self, words: &[&str]) -> Said {
        let folder = self.revisions().display().to_string();
        let words = [&["tenancy"], words, &["--dir", &folder]].concat();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let status =
            runtime.block_on(Cli::default().run_to(words, &mut Output::new(&mut out, &mut err)));
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap().replace(&self.0.display().to_string(), "$ROOT")
        };
        Said { status, out: text(out), err: text(err) }
    }

    #[track_caller]
    fn done(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.status, 0, "{}", said.err);
        said.out
    }

    #[track_caller]
    fn refused(&self, status: u8, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!((said.status, said.out.as_str()), (status, ""), "{}", said.err);
        said.err
    }

    fn files(&self, target: &str) -> Vec<String> {
        let entries = fs::read_dir(self.revisions().join(target)).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.revisions().join(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_history_is_begun_branched_and_merged() {
    let folder = Folder::new("begun");
    let missing = folder.refused(4, &["history"]);
    assert!(missing.contains("make it with `tenancy init`"), "{missing}");
    assert!(folder.done(&["init"]).contains("made `$ROOT/migrations`"));
    assert!(folder.refused(4, &["init"]).contains("is not empty"));

    folder.done(&["revision", "-m", "Add tasks!", "--rev-id", "aaaa01"]);
    assert_eq!(folder.files("tenant"), ["aaaa01_add_tasks.sql"]);
    let text = folder.read("tenant/aaaa01_add_tasks.sql");
    assert!(text.starts_with("-- revision: aaaa01\n-- down_revision: <base>\n"), "{text}");
    assert!(text.contains("-- target: tenant\n-- message: Add tasks!\n-- date: 2"), "{text}");

    folder.done(&["revision", "-m", "-x", "--branch-label", "billing", "--rev-id", "aaaa02"]);
    let spliced = folder.refused(4, &["revision", "--head", "aaaa01", "--rev-id", "aaaa03"]);
    assert!(spliced.contains("please specify --splice"), "{spliced}");
    folder.done(&["revision", "--head", "aaaa01", "--splice", "--rev-id", "aaaa03"]);
    let several = folder.refused(4, &["revision", "-m", "more"]);
    assert!(several.contains("Multiple heads are present"), "{several}");
    assert_eq!(folder.done(&["heads"]), "aaaa02 (billing) (head)\naaaa03 (head)\n");

    folder.done(&["merge", "heads", "--rev-id", "aaaa04"]);
    assert_eq!(
        folder.done(&["history", "-r", "aaaa04:"]).lines().next(),
        Some("aaaa02, aaaa03 -> aaaa04 (billing) (head) (mergepoint), merge aaaa02 and aaaa03"),
        "{:?}",
        folder.run(&["history", "-r", "aaaa04:"]).err
    );
    let only = folder.refused(4, &["merge", "heads"]);
    assert!(only.contains("there is only aaaa04"), "{only}");
}

#[test]
fn a_name_is_twelve_random_digits() {
    let folder = Folder::new("random");
    folder.done(&["init"]);
    let first = folder.done(&["revision", "-m", "one"]);
    folder.done(&["revision", "-m", "two"]);
    let names = folder.files("tenant");
    assert_eq!(names.len(), 2);
    let digits = |c: char| c.is_ascii_hexdigit() && !c.is_ascii_uppercase();
    assert!(names.iter().all(|name| name[..12].chars().all(digits) && &name[12..13] == "_"));
    assert!(
        first.starts_with("Generating $ROOT/migrations/tenant/") && first.ends_with("...  done\n")
    );
}

#[test]
fn nothing_is_written_that_would_be_no_history() {
    let folder = Folder::new("refused");
    folder.done(&["init"]);
    folder.done(&["revision", "--rev-id", "aaaa01", "--branch-label", "billing"]);
    for (words, why) in [
        (&["--rev-id", "aaaa01"][..], "Revision aaaa01 is present more than once"),
        (&["--branch-label", "billing"], "Branch name 'billing' in revision"),
        (&["--branch-label", "aaaa01"], "is the name of revision aaaa01 too"),
        (&["--depends-on", "gone"], "Can't locate revision identified by 'gone'"),
        (&["--rev-id", "bad-id"], "Character(s) '-' not allowed in revision identifier 'bad-id'"),
        (&["--rev-id", "head"], "`head` means something else"),
        (&["--head", "nope@head"], "Can't locate revision identified by 'nope'"),
    ] {
        let said = folder.refused(4, &[&["revision", "-m", "x"], words].concat());
        assert!(said.contains(why), "{words:?}: {said}");
    }
    assert_eq!(folder.files("tenant").len(), 1);
}

#[test]
fn the_target_is_asked_for_where_both_have_revisions() {
    let folder = Folder::new("targets");
    folder.done(&["init"]);
    folder.done(&["revision", "--target", "shared", "--rev-id", "bbbb01"]);
    // Only one has any.
    assert_eq!(folder.done(&["heads"]), "bbbb01 (head)\n");
    let first = &["revision", "--target", "tenant", "--rev-id", "aaaa01", "--depends-on", "bbbb"];
    folder.done(first);
    assert!(folder.read("tenant/aaaa01.sql").contains("-- depends_on: bbbb01\n"));
    for command in [&["heads"][..], &["history"], &["revision"], &["merge", "heads"]] {
        let said = folder.refused(2, command);
        assert!(said.contains("`--target shared` or `--target tenant`"), "{command:?}: {said}");
    }
    // What it comes after says it.
    folder.done(&["revision", "--head", "bbbb01", "--rev-id", "bbbb02"]);
    assert_eq!(folder.files("shared"), ["bbbb01.sql", "bbbb02.sql"]);
    let heads = folder.done(&["heads", "--target", "shared"]);
    assert_eq!(heads, "bbbb02 (head)\n");
}

#[test]
fn answers_and_errors_are_json_if_that_is_asked_for() {
    let folder = Folder::new("json");
    folder.done(&["init", "--json"]);
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let made = read(&folder.done(&["revision", "--json", "-m", "one", "--rev-id", "aaaa01"]));
    assert_eq!(made["revision"], "aaaa01");
    assert!(made["path"].as_str().unwrap().ends_with("tenant/aaaa01_one.sql"));
    folder.done(&["revision", "-m", "two", "--phase", "contract", "--rev-id", "aaaa02"]);
    let listed = read(&folder.done(&["history", "--json"]));
    assert_eq!(listed[0]["revision"], "aaaa02");
    assert_eq!(listed[0]["down_revision"][0], "aaaa01");
    assert_eq!((&listed[0]["phase"], &listed[0]["head"]), (&"contract".into(), &true.into()));
    assert_eq!(listed[1]["next"][0], "aaaa02");
    for command in [&["heads", "--json"][..], &["branches", "--json"], &["show", "head", "--json"]]
    {
        assert!(read(&folder.done(command)).is_array());
    }
    let error = read(&folder.refused(4, &["show", "zzzz", "--json"]));
    assert_eq!(error["status"], 4);
    assert!(error["error"].as_str().unwrap().starts_with("Can't locate revision"));
    let unfinished = read(&folder.refused(1, &["check", "--json"]));
    assert!(
        unfinished["error"]
            .as_str()
            .unwrap()
            .contains("the way up of revision aaaa01 does nothing")
    );
}

#[test]
fn dangerous_statements_are_told() {
    let folder = Folder::new("lint");
    folder.done(&["init"]);
    let url = ["--database", "postgres://nowhere/shop"];
    let text = "-- revision: aaaa01\n\n-- +upgrade\nDROP TABLE orders;\n";
    let file = folder.revisions().join("tenant/aaaa01.sql");
    fs::write(&file, text).unwrap();
    let said = folder.run(&[&["lint"], &url[..]].concat());
    assert_eq!(said.status, 1, "{}", said.err);
    assert!(said.out.contains("tenant/aaaa01.sql:4: ban-drop-table"), "{}", said.out);
    let allowed = "-- lint:allow ban-drop-table nobody reads it any more\nDROP";
    fs::write(&file, text.replace("DROP", allowed)).unwrap();
    assert_eq!(folder.done(&[&["lint", "aaaa"], &url[..]].concat()), "");
}

#[test]
fn completions_are_written() {
    let folder = Folder::new("completions");
    let bash = folder.done(&["completions", "bash"]);
    assert!(bash.contains("--resolve-dependencies") && bash.contains("_tenancy"), "{bash}");
}

#[test]
fn what_is_mistyped_is_told() {
    let folder = Folder::new("usage");
    let said = folder.refused(2, &["histroy"]);
    assert!(said.contains("unrecognized subcommand"), "{said}");
    let said = folder.refused(2, &["upgrade", "--sq"]);
    assert!(said.contains("there is no such option"), "{said}");
}
