//! The session server, run by itself.
//!
//! `kulti-server [serve] --listen 127.0.0.1:8787 --data DIR` serves until SIGTERM;
//! `kulti-server token --room ROOM --user USER --role viewer` prints an auth token;
//! `kulti-server verify-receipt FILE --key KEY` checks a receipt.

#[path = "kulti-server/verify_receipt.rs"]
mod verify_receipt;

use std::{
    ffi::OsString,
    io::Write as _,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use kulti_server::{
    Server, Settings, hms_keys, mint_token,
    settings::{HmsKeySettings, LogFormat, LogSettings, parse_duration},
};
use tracing_subscriber::{EnvFilter, fmt};

use verify_receipt::VerifyArgs;

/// The Kulti session server: signalling that the official 100ms SDK speaks, the Kulti
/// HTTP API, and the ledger of watch time. Without a command it serves.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or Ctrl-C (the default).
    Serve(Box<Settings>),
    /// Print an auth token for a room, signed with the server's key pair.
    Token(TokenArgs),
    /// Check a receipt of watch time, without any server. Exits with 0 if it is good, 1 if
    /// not, 2 if nothing could be checked, and 3 if it is unchanged but no key was given to
    /// tell who signed it.
    VerifyReceipt(VerifyArgs),
}

#[derive(Args)]
struct TokenArgs {
    /// The server's data folder, where its key pair is.
    #[arg(
        long,
        env = "KULTI_DATA",
        value_name = "DIR",
        default_value = "kulti-data"
    )]
    data: PathBuf,
    /// The room. It need not exist before.
    #[arg(long, value_name = "ROOM_ID")]
    room: String,
    /// The user's id, as the app knows them.
    #[arg(long, value_name = "USER_ID")]
    user: String,
    /// The role at joining.
    #[arg(long, value_enum)]
    role: TokenRole,
    /// The user's display name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How long the token is good.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2h")]
    ttl: Duration,
    #[command(flatten)]
    hms: HmsKeySettings,
}

#[derive(Clone, Copy, ValueEnum)]
enum TokenRole {
    Host,
    Presenter,
    Viewer,
}

impl TokenRole {
    const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Presenter => "presenter",
            Self::Viewer => "viewer",
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse_from(with_default_command(std::env::args_os().collect()));
    let done = match cli.command {
        Command::Serve(settings) => serve(*settings),
        Command::Token(args) => token(&args),
        Command::VerifyReceipt(args) => return verify_receipt(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            complain(&message);
            ExitCode::FAILURE
        }
    }
}

fn verify_receipt(args: &VerifyArgs) -> ExitCode {
    let verdict = verify_receipt::verify(args);
    match verdict.and_then(|verdict| print_line(&verdict.text).map(|()| verdict)) {
        Ok(verdict) => verdict.exit_code(),
        Err(message) => {
            complain(&message);
            verify_receipt::usage()
        }
    }
}

/// Standard error is where a person at a terminal looks.
fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "kulti-server: {message}");
}

/// `kulti-server --listen …` is `kulti-server serve --listen …`.
fn with_default_command(mut args: Vec<OsString>) -> Vec<OsString> {
    let first = args.get(1).and_then(|arg| arg.to_str()).unwrap_or_default();
    let about_the_program = ["-h", "--help", "-V", "--version"].contains(&first);
    if args.len() < 2 || (first.starts_with('-') && !about_the_program) {
        args.insert(1.min(args.len()), "serve".into());
    }
    args
}

fn serve(settings: Settings) -> Result<(), String> {
    start_log(&settings.log)?;
    allow_many_connections(settings.limits.connections);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        let stop = stop_signal().map_err(|error| format!("cannot listen for signals: {error}"))?;
        let server = Server::start(settings)
            .await
            .map_err(|error| error.to_string())?;
        print_line(&format!("listening on {}", listening_on(&server)))?;
        tracing::info!(address = %server.address(), origin = server.origin(), "listening");
        stop.await;
        tracing::info!("stopping");
        server.shutdown().await;
        tracing::info!("stopped");
        Ok(())
    })
}

/// The address itself, whatever the public origin is.
fn listening_on(server: &kulti_server::RunningServer) -> String {
    let scheme = if server.is_tls() { "https" } else { "http" };
    format!("{scheme}://{}", server.address())
}

fn token(args: &TokenArgs) -> Result<(), String> {
    let keys = hms_keys::load_or_create(&args.hms, &args.data).map_err(|e| e.to_string())?;
    let now_s = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    if args.room.is_empty() || args.user.is_empty() {
        return Err("--room and --user must not be empty".to_owned());
    }
    let token = mint_token(
        &keys,
        &args.room,
        &args.user,
        args.role.name(),
        args.name.as_deref(),
        now_s,
        args.ttl,
    )
    .map_err(|error| error.to_string())?;
    print_line(&token)
}

/// Other programs wait for these lines: they must not stay in a buffer.
fn print_line(line: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| format!("cannot write to standard output: {error}"))
}

fn start_log(settings: &LogSettings) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| format!("--log {:?}: {error}", settings.filter))?;
    let log = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    match settings.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// Every connection is an open file, and shells allow only 1,024 of them by default.
fn allow_many_connections(connections: u32) {
    #[cfg(unix)]
    {
        let wanted = u64::from(connections) + 100;
        match rlimit::increase_nofile_limit(wanted) {
            Ok(allowed) if allowed < wanted => tracing::warn!(
                allowed,
                wanted,
                "fewer files may be open than connections (ulimit -n): some will be refused"
            ),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
        }
    }
    #[cfg(not(unix))]
    let _ = connections;
}

/// Resolves at SIGTERM or Ctrl-C. Signals are caught from the call on.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without the signal the server just goes on.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
