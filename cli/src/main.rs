//! The `tenancy` command.

use std::process::ExitCode;

use tenancy_cli::Cli;

fn main() -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(Cli::default().run(std::env::args_os())),
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::from(4)
        }
    }
}
