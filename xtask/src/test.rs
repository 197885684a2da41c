//! `cargo xtask test`: every test of the workspace, on servers this command finds or starts.

mod tally;

use std::{
    env,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    process::Stdio,
};

use self::tally::Tally;
use crate::{
    Result, cargo,
    child::{self, Foreground},
    server,
};

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run only the tests whose name contains this
    filter: Option<String>,
    /// Test only this package
    #[arg(short, long)]
    package: Vec<String>,
    /// Only print which servers would be used
    #[arg(long)]
    servers: bool,
    /// Arguments for the test programs
    #[arg(last = true)]
    args: Vec<String>,
}

/// Prepares the servers, runs the tests, and ends with one line: `N passed, N failed`.
pub(crate) fn run(options: &Options) -> Result<bool> {
    if options.servers {
        server::print()?;
        return Ok(true);
    }
    child::listen()?;
    let tally = server::prepare().and_then(|servers| test(options, servers.urls()));
    if child::asked_to_stop() {
        return Err("stopped before the tests ended".to_owned());
    }
    let tally = tally?;
    for warning in tally.warnings() {
        println!("warning: {warning}");
    }
    for complaint in tally.complaints() {
        println!("error: {complaint}");
    }
    println!("{} passed, {} failed", tally.passed(), tally.failed());
    Ok(tally.is_green())
}

fn test(options: &Options, urls: &[(&'static str, String)]) -> Result<Tally> {
    let cannot = |error: io::Error| format!("cannot run cargo test: {error}");
    // One pipe for both streams keeps cargo's headings and the results in order.
    let (reader, writer) = io::pipe().map_err(cannot)?;
    let mut command = cargo();
    command.args(["test", "--all-features", "--no-fail-fast"]);
    if options.package.is_empty() {
        command.arg("--workspace");
    }
    for package in &options.package {
        command.args(["--package", package]);
    }
    command.args(&options.filter);
    if !options.args.is_empty() {
        command.arg("--").args(&options.args);
    }
    command.envs(urls.iter().map(|(variable, url)| (variable, url)));
    if env::var_os("INSTA_UPDATE").is_none() {
        // A snapshot that differs is a failure, not a new file.
        command.env("INSTA_UPDATE", "no");
    }
    if io::stdout().is_terminal() && env::var_os("CARGO_TERM_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command.stdin(Stdio::null());
    command.stdout(writer.try_clone().map_err(cannot)?).stderr(writer);
    let child = Foreground::spawn(&mut command).map_err(cannot)?;
    // It holds the writing end, which would keep the pipe open.
    drop(command);

    let mut tally = Tally::default();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(cannot)? > 0 {
        let mut out = io::stdout().lock();
        // Whoever reads our output may leave early; the tests go on.
        let _ = out.write_all(&line).and_then(|()| out.flush());
        tally.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait().map_err(cannot)?;
    tally.end(status.success());
    Ok(tally)
}
