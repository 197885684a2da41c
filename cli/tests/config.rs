//! The command, as a person runs it.

// A test that unwraps fails with the place and the cause, which is what a test is for.
#![allow(clippy::unwrap_used)]

use std::{
    env, fs,
    process::{Command, Output},
};

fn tenancy(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenancy"));
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("TENANCY_")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn settings_are_checked_and_shown_and_the_status_tells() {
    let folder = env::temp_dir().join(format!("tenancy-config-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("shop.toml");
    let name = file.to_str().unwrap();
    fs::write(
        &file,
        "[database]\nurl = \"postgres://app:hunter2@db/shop\"\n[cache]\nlife = \"2s\"\n",
    )
    .unwrap();

    let sound = tenancy(&["config", "check", "--file", name], &[]);
    assert_eq!(sound.status.code(), Some(0), "{}", said(&sound));

    let shown = tenancy(&["config", "show", "--file", name], &[("TENANCY_CACHE__CAPACITY", "7")]);
    let text = said(&shown);
    assert_eq!(shown.status.code(), Some(0), "{text}");
    assert!(text.contains("database.url = \"…\" #") && text.contains("shop.toml:2"), "{text}");
    assert!(text.contains("cache.capacity = 7 # TENANCY_CACHE__CAPACITY"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");

    let wrong =
        [("TENANCY_CONFIG", name), ("TENANCY_CACHE__LIF", "1s"), ("TENANCY_WEB__EXCLUDE", "x")];
    let refused = tenancy(&["config", "check"], &wrong);
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(
        text.contains("did you mean `TENANCY_CACHE__LIFE`?") && text.contains("for 2 reasons"),
        "{text}"
    );

    let absent = tenancy(&["config", "check", "--file", "no/such/file.toml"], &[]);
    assert_eq!(absent.status.code(), Some(1));
    assert!(said(&absent).contains("no/such/file.toml: it cannot be read"), "{}", said(&absent));
    assert_eq!(tenancy(&["config", "chek"], &[]).status.code(), Some(2));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_command_goes_where_the_configuration_says() {
    let folder = env::temp_dir().join(format!("tenancy-config-way-{}", std::process::id()));
    fs::create_dir_all(folder.join("migrations/shared")).unwrap();
    let dir = folder.join("migrations");
    let dir = dir.to_str().unwrap();
    let revision = "-- revision: aaaa01\n-- +upgrade\nCREATE TABLE plans (id integer);\n\
                    -- +downgrade\nDROP TABLE plans;\n";
    fs::write(folder.join("migrations/shared/a.sql"), revision).unwrap();
    let url = |name: &str| format!("sqlite://{}?mode=rwc", folder.join(name).display());
    let file = folder.join("shop.toml");
    let config =
        format!("[database]\nurl = \"{}\"\n[isolation]\nstrategy = \"schema\"\n", url("ours.db"));
    fs::write(&file, config).unwrap();
    let name = file.to_str().unwrap();

    let up = tenancy(
        &["upgrade", "head", "--dir", dir, "--config", name],
        &[("DATABASE_URL", &url("other.db"))],
    );
    assert_eq!(up.status.code(), Some(0), "{}", said(&up));
    assert!(folder.join("ours.db").exists() && !folder.join("other.db").exists());
    // The variable names it as well, and the one for revisions is no setting.
    let variables = [("TENANCY_CONFIG", name), ("TENANCY_MIGRATIONS", dir)];
    let current = tenancy(&["current"], &variables);
    assert_eq!(said(&current), "aaaa01 (head)\n");
    // Whoever names a database means that one.
    let elsewhere = tenancy(&["current", "--database", &url("other.db")], &variables);
    assert_eq!((elsewhere.status.code(), said(&elsewhere).as_str()), (Some(0), ""));

    let both = tenancy(&["current", "--isolation", "database"], &variables);
    assert_eq!(both.status.code(), Some(2));
    assert!(said(&both).contains("leave `--isolation` out"), "{}", said(&both));
    let both = tenancy(&["current", "--config", name, "--database", &url("other.db")], &variables);
    assert_eq!(both.status.code(), Some(2), "{}", said(&both));
    let nowhere = tenancy(&["current"], &[("TENANCY_MIGRATIONS", dir)]);
    assert!(said(&nowhere).contains("no database is named"), "{}", said(&nowhere));
    let wrong = [("TENANCY_MIGRATIONS", dir), ("TENANCY_CACHE__LIF", "1s")];
    assert!(said(&tenancy(&["current"], &wrong)).contains("did you mean `TENANCY_CACHE__LIFE`?"));
    fs::remove_dir_all(folder).unwrap();
}
