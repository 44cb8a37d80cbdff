//! What `./kulti run | test | bench | soak | lint | bundle` do. On Windows and macOS people
//! call `cargo xtask` directly.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks through these"
)]

mod arguments;
mod bench;
mod bundle;
mod consent;
mod lint;
mod node;
mod process;
mod progress;
mod run;
mod setup;
mod soak;
mod stamp;
mod system_packages;
mod tally;
mod test;
mod ui;
mod virtual_display;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

use arguments::{Arguments, Command};
use workspace::Workspace;

fn main() -> ExitCode {
    match carry_out() {
        Ok(code) => code,
        Err(error) => {
            // What to do first, then why, outermost first.
            eprintln!("\nkulti: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  {}", cause.to_string().trim_end().replace('\n', "\n  "));
            }
            ExitCode::FAILURE
        }
    }
}

fn carry_out() -> Result<ExitCode> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    if arguments.command == Command::Help {
        println!("{}", arguments::USAGE);
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::find()?;
    match arguments.command {
        Command::Help => Ok(ExitCode::SUCCESS),
        Command::Run => run::run(&workspace, &arguments),
        Command::Test => test::test(&workspace, &arguments),
        Command::Bench => bench::bench(&workspace, &arguments),
        Command::Soak => soak::soak(&workspace, &arguments),
        Command::Lint => lint::lint(&workspace, &arguments),
        Command::Bundle => bundle::bundle(&workspace, &arguments),
    }
}
