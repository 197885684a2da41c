//! Ours beside what it is compared with, in one run: `cargo xtask bench <topic>`.

mod bulkhead;
mod cache;
mod frame;
mod http;
mod limit;
mod read;
mod scoper;
mod tour;

use std::process::ExitCode;

/// Measures one topic.
type Topic = fn() -> Vec<frame::Row>;

/// What can be measured.
const TOPICS: [(&str, Topic); 7] = [
    ("tour", tour::run),
    ("scoper", scoper::run),
    ("read", read::run),
    ("bulkhead", bulkhead::run),
    ("limit", limit::run),
    ("cache", cache::run),
    ("http", http::run),
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let Some((topic, run)) = TOPICS.iter().find(|(topic, _)| *topic == wanted) else {
        let topics: Vec<&str> = TOPICS.iter().map(|(topic, _)| *topic).collect();
        println!("topics: {}", topics.join(", "));
        return if wanted.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    };
    match frame::report(topic, &run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the report: {error}");
            ExitCode::FAILURE
        }
    }
}
