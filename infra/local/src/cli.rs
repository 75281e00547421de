//! The command line: `waymark` serves, `waymark token` prints a token, `waymark rebuild-backups` lists backups anew.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, Subcommand};
use jiff::SignedDuration;
use waymark::caller::Grant;
use waymark::clock::Sources;

use crate::data_dir::{DataDir, DataDirError};
use crate::rebuild::{self, RebuildError};
use crate::secrets::{Secrets, SecretsError};
use crate::service::{Place, Running, StartError};
use crate::token::{NewToken, Refused, TokenKey};

/// Version control for app configurations: the whole service on this machine.
#[derive(Debug, Parser)]
#[command(name = "waymark", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where the data are kept.
    #[arg(long, global = true, value_name = "DIR", default_value = ".waymark")]
    data: PathBuf,
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    listen: String,
    /// Start without the sample app. Without this, a new data folder gets one, with a history to try things on.
    #[arg(long)]
    empty: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a token for this data folder.
    Token(TokenArgs),
    /// Make the list of backups anew from the backups bucket, after the table was lost. Nothing is removed.
    RebuildBackups(RebuildArgs),
}

#[derive(Debug, Parser)]
struct RebuildArgs {
    /// In the AWS account of the environment, with the functions' variables (WAYMARK_TABLE and the others), not in the
    /// data folder.
    #[arg(long)]
    account: bool,
}

#[derive(Debug, Parser)]
struct TokenArgs {
    /// Who bears the token.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    subject: String,
    /// How people call the bearer.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// What the bearer may do: app/environment:role, such as crm/*:editor. Repeat for more.
    #[arg(long = "grant", value_name = "GRANT", required = true, value_parser = grant)]
    grants: Vec<String>,
    /// How long the token is valid.
    #[arg(long, value_name = "HOURS", default_value = "720", value_parser = clap::value_parser!(u32).range(1..=87_600))]
    expires_in_hours: u32,
}

/// Why a command ends early. Each is one line for people.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The service does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The data folder.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The secrets in it.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The token.
    #[error("cannot make a token: {0}")]
    Token(#[from] Refused),
    /// The list of backups.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// The operating system: the output cannot be written, or signals cannot be received.
    #[error("cannot go on: {0}")]
    System(#[from] std::io::Error),
}

impl Cli {
    /// Does what the command line says. Serving lasts until `stop` resolves; a token goes to `out` alone on its
    /// line, words for people go to `notes`.
    ///
    /// # Errors
    ///
    /// [`CliError`], as its variants say.
    pub async fn run(
        self,
        sources: Sources,
        stop: impl Future<Output = ()>,
        out: &mut impl Write,
        notes: &mut impl Write,
    ) -> Result<(), CliError> {
        match self.command {
            Some(Command::Token(args)) => {
                writeln!(out, "{}", token(&self.data, args, &sources)?)?;
                Ok(())
            }
            Some(Command::RebuildBackups(RebuildArgs { account })) => {
                let rebuilt = match account {
                    true => rebuild::in_account(sources).await?,
                    false => rebuild::in_folder(&self.data, sources).await?,
                };
                Ok(rebuild::report(&rebuilt, out)?)
            }
            None => {
                let place = Place { data: self.data, listen: self.listen, sample: !self.empty };
                let running = Running::start(&place, sources).await?;
                // It serves even when nobody reads what it says.
                let _ = greet(&running, &place.data, notes);
                running.serve(stop).await;
                Ok(())
            }
        }
    }
}

fn token(data: &Path, args: TokenArgs, sources: &Sources) -> Result<String, CliError> {
    let secrets = Secrets::load_or_create(&DataDir::open(data)?)?;
    let token = NewToken {
        subject: args.subject,
        name: args.name,
        grants: args.grants,
        lifetime: SignedDuration::from_hours(i64::from(args.expires_in_hours)),
    };
    Ok(TokenKey::from_secret(&secrets.token).issue(&token, sources.clock.now())?)
}

fn greet(running: &Running, data: &Path, notes: &mut impl Write) -> std::io::Result<()> {
    if !running.address().ip().is_loopback() {
        writeln!(notes, "Warning: {} can be reached from other machines.", running.address())?;
    }
    let folder = match data.to_str() {
        Some(".waymark") => String::new(),
        _ => format!(" --data '{}'", data.display()),
    };
    writeln!(notes, "Waymark serves {}", running.page())?;
    writeln!(notes, "Get a token: cargo run -- token --subject dev --grant 'crm/*:editor'{folder}")?;
    if !DataDir::is_private(data) {
        writeln!(
            notes,
            "Warning: others on this machine can read {}; use --data with a folder of your own",
            data.display()
        )?;
    }
    notes.flush()
}

/// Accepts what the functions will accept, and hands it on as it was written.
fn grant(text: &str) -> Result<String, String> {
    match text.parse::<Grant>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
