//! The most memory a runner ever has, with a hundred, a thousand and ten thousand tenants: in a process
//! of its own, first with nothing to do, then with a revision for all of them.

use std::process::{Command, Stdio};

use super::{create, revision, tenancy, upgrade};

/// Tenants, one after another more.
const STEPS: [usize; 3] = [100, 1_000, 10_000];

const TABLE: &str = "CREATE TABLE tasks (id bigint GENERATED ALWAYS AS IDENTITY);\n";
const COLUMNS: [&str; 3] = [
    "ALTER TABLE tasks ADD COLUMN a0 text;\n",
    "ALTER TABLE tasks ADD COLUMN a1 text;\n",
    "ALTER TABLE tasks ADD COLUMN a2 text;\n",
];

/// A table, and so many columns more.
fn revisions(columns: usize) -> Vec<tenancy::migrate::Revision> {
    let mut all = vec![revision("aaaa00", "", TABLE, "DROP TABLE tasks;\n")];
    for (number, column) in COLUMNS.iter().take(columns).enumerate() {
        let back = format!("ALTER TABLE tasks DROP COLUMN a{number};\n");
        let (id, down) = (format!("aaaa1{number}"), format!("aaaa{:02}", number + 9));
        let down = if number == 0 { "aaaa00".to_owned() } else { down };
        all.push(revision(&id, &down, column, &back));
    }
    all
}

/// The most memory this process ever had, in mebibytes.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

/// What the other process does: it runs all revisions, and tells how much memory it took.
pub(crate) async fn child(url: &str, columns: usize, moved: u64) {
    let tenancy = tenancy(url, revisions(columns)).await;
    upgrade(&tenancy, "heads", moved).await;
    println!("{:.1}", peak());
    tenancy.close().await.expect("it closes");
}

fn other(url: &str, columns: usize, moved: usize) -> f64 {
    let own = std::env::current_exe().expect("this program");
    let run = Command::new(own)
        .args(["migrate-memory", url, &columns.to_string(), &moved.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .expect("it starts");
    assert!(run.status.success(), "the other process failed");
    String::from_utf8_lossy(&run.stdout).trim().parse().expect("a number")
}

/// Prints a line for each number of tenants.
pub(super) async fn measure(url: &str) {
    let mut there = 0;
    for (columns, tenants) in STEPS.into_iter().enumerate() {
        let making = tenancy(url, revisions(columns)).await;
        create(&making, there, tenants).await;
        making.close().await.expect("it closes");
        there = tenants;
        let idle = other(url, columns, 0);
        let busy = other(url, columns + 1, tenants);
        println!(
            "peak memory over {tenants} tenants: {idle:.1} MiB with nothing to do, {busy:.1} MiB moving all"
        );
    }
}
