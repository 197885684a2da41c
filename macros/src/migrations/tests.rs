use std::{
    fs,
    path::{Path, PathBuf},
};

use tenancy_core::Dialect;

use super::expand;

/// A folder beside `Cargo.toml`, removed in the end.
struct Root(PathBuf);

impl Root {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let root =
            std::env::temp_dir().join(format!("tenancy-macros-{}-{name}", std::process::id()));
        for (path, text) in files {
            let path = root.join("migrations").join(path);
            fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap_or_default();
            fs::write(path, text).unwrap_or_default();
        }
        Self(root)
    }

    fn expand(&self, arguments: &str) -> String {
        let tokens = arguments.parse().unwrap_or_default();
        let engines = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];
        let expansion = expand(tokens, &self.0, &engines);
        let file = syn::parse_quote!(fn migrations() -> Migrations { #expansion });
        prettyplease::unparse(&file)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const TASKS: &str = "-- revision: aaaa01\n-- +upgrade\nCREATE TABLE tasks (id int);\n\
                     -- +downgrade\nDROP TABLE tasks;\n";

#[test]
fn files_are_included() {
    let fill = "-- revision: aaaa02\n-- down_revision: aaaa01\n-- rust: Backfill\n";
    let root = Root::new(
        "included",
        &[
            ("tenant/aaaa01_tasks.sql", TASKS),
            ("tenant/aaaa02_fill.sql", fill),
            ("shared/bbbb01_plans.sql", &TASKS.replace("aaaa01", "bbbb01")),
            ("shared/README.md", "no revision"),
        ],
    );
    let expansion = root.expand("\"migrations\", heads = many, rust = [revisions::Backfill]");
    insta::assert_snapshot!(expansion);
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let root = Root::new(
        "wrong",
        &[
            ("tenant/a.sql", TASKS),
            ("tenant/b.sql", "-- revision: aaaa02\n-- +upgrade\n-- later\n"),
            ("lost.sql", TASKS),
        ],
    );
    insta::assert_snapshot!(root.expand("\"migrations\", rust = [Backfill]"));
}

#[test]
fn a_section_must_be_divisible_for_one_engine_at_least() {
    let body = TASKS.replace("CREATE TABLE tasks (id int);", "DO $$ BEGIN NULL; END $$;");
    let root = Root::new("divisible", &[("tenant/a.sql", &body)]);
    assert!(!root.expand("\"migrations\"").contains("compile_error"));
    let open = TASKS.replace("tasks (id int)", "tasks (id int default 'one)");
    let root = Root::new("open", &[("tenant/a.sql", &open)]);
    let said = root.expand("\"migrations\"");
    assert!(said.contains("the section `upgrade` cannot be divided"), "{said}");
}
