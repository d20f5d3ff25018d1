//! Standard output, standard error and exit statuses.

use super::Failure;
use clap::ArgMatches;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Whether messages on standard error are coloured.
pub(super) fn color(matches: &ArgMatches) -> bool {
    color_on(matches.subcommand().map(|s| s.1), std::io::stderr().is_terminal())
}

/// Whether what goes to standard output is.
pub(super) fn color_of_results(matches: &ArgMatches) -> bool {
    color_on(matches.subcommand().map(|s| s.1), std::io::stdout().is_terminal())
}

/// Whether what goes to a stream is coloured, by the options of a command.
pub(super) fn color_on(command: Option<&ArgMatches>, terminal: bool) -> bool {
    let chosen = command.and_then(|m| m.try_get_one::<String>("color").ok().flatten().cloned());
    match chosen.as_deref() {
        Some("always") => true,
        Some("never") => false,
        _ => std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) && terminal,
    }
}

/// Reports a failure and gives its exit status.
pub(super) fn fail(failure: &Failure, color: bool) -> ExitCode {
    let (text, status) = report(failure, color);
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
    ExitCode::from(status)
}

fn report(failure: &Failure, color: bool) -> (String, u8) {
    match failure {
        Failure::Input { diagnostic, source, file } => {
            (diagnostic.render(source, file.as_deref(), color), 2)
        }
        Failure::Message(message) => (format!("error: {message}\n"), 2),
        Failure::Defect(message) => (message.clone(), 1),
        Failure::Stale(message, status) => (message.clone(), *status),
        Failure::Several(list) | Failure::Part(_, list) => {
            let reports: Vec<(String, u8)> = list.iter().map(|f| report(f, color)).collect();
            let texts: Vec<&str> = reports.iter().map(|r| r.0.as_str()).collect();
            (texts.join("\n"), reports.iter().map(|r| r.1).max().unwrap_or(2))
        }
    }
}
