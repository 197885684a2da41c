//! Ours beside what it is compared with, in one run: `cargo xtask bench <topic>`.

mod bulkhead;
mod cache;
mod frame;
mod http;
mod limit;
mod memory;
mod migrate;
mod read;
mod refuse;
mod scoper;
mod stall;
mod told;
mod tour;

use std::process::ExitCode;

/// Measures one topic.
type Topic = fn() -> Vec<frame::Row>;

/// What can be measured.
const TOPICS: [(&str, Topic); 13] = [
    ("tour", tour::run),
    ("scoper", scoper::run),
    ("read", read::run),
    ("bulkhead", bulkhead::run),
    ("limit", limit::run),
    ("cache", cache::run),
    ("http", http::run),
    ("migrate", migrate::run),
    ("migrate-memory", migrate::run_memory),
    ("stall", stall::run),
    ("refuse", refuse::run),
    ("told", told::run),
    ("memory", memory::run),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [topic, kind, database, channel] = words.as_slice()
        && topic == "told"
    {
        told::listen(kind, database, channel);
        return ExitCode::SUCCESS;
    }
    if let [topic, url, columns, moved] = words.as_slice()
        && topic == "migrate-memory"
    {
        migrate::child(url, columns, moved);
        return ExitCode::SUCCESS;
    }
    let wanted = words.into_iter().next().unwrap_or_default();
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
