//! The whole service on one machine: `cargo run`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use waymark::clock::Sources;
use waymark_local::cli::Cli;
use waymark_local::logs;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(io::stderr(), "waymark: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run());
    // Work on a large config that nobody waits for any more would hold up the end for as long as it takes.
    runtime.shutdown_background();
    ended
}

async fn run() -> ExitCode {
    let cli = Cli::parse();
    // Nothing else in this process sets where it logs.
    let _ = logs::to_standard_error();
    let ended = match stop() {
        Ok(stop) => cli.run(Sources::system(), stop, &mut io::stdout(), &mut io::stderr()).await,
        Err(error) => Err(error.into()),
    };
    let Err(error) = ended else { return ExitCode::SUCCESS };
    // Nothing is left to do when even this cannot be written.
    let _ = writeln!(io::stderr(), "waymark: {error}");
    ExitCode::FAILURE
}

/// Takes SIGINT (Ctrl-C) and SIGTERM from now on; the future resolves at the first of either. From now on, not from
/// the first poll: a signal that comes while the service starts stops it all the same.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Takes Ctrl-C from now on; the future resolves at the first.
#[cfg(windows)]
fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
