//! Others that take the same tenants along, in a program of its own: their features of SeaORM and sqlx
//! are not ours.

use std::{path::Path, process::Command};

use serde::Deserialize;

use super::{ALTER, CREATE};

/// What one of them took, in milliseconds for all tenants.
#[derive(Debug, Deserialize)]
pub(super) struct Rival {
    pub(super) name: String,
    pub(super) made: f64,
    pub(super) altered: f64,
    pub(super) nothing: f64,
}

/// What each of those that can be had took; the program is built first.
pub(super) fn all(url: &str, tenants: usize) -> Vec<Rival> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let build = own.join("../target/rivals");
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--release", "--manifest-path"])
        .arg(own.join("rivals/Cargo.toml"))
        .arg("--target-dir")
        .arg(&build)
        .args(["--", url, &tenants.to_string(), CREATE, ALTER])
        .arg(&build)
        .stderr(std::process::Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "the others failed");
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}
