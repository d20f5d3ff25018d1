//! The command line: a thin user of the library. Only this module prints, reads files and decides
//! on exit statuses.

mod arguments;
mod check;
mod eval;
mod grad;
mod input;
mod output;

use crate::diagnostic::Diagnostic;
use std::process::ExitCode;

/// Why a command ended without an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input is wrong: status 2.
    Input {
        /// What is wrong.
        diagnostic: Diagnostic,
        /// The text that its places refer to.
        source: String,
        /// The file that the text is from.
        file: Option<String>,
    },
    /// A message without a place: status 2.
    Message(String),
    /// An answer failed its own verification: status 1.
    Defect(String),
}

/// Runs the program with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let matches = match arguments::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let status = if error.use_stderr() { 2 } else { 0 };
            // a closed pipe is nobody's error
            let _ = error.print();
            return ExitCode::from(status);
        }
    };
    let color = output::color(&matches);
    if let Some(("check", m)) = matches.subcommand() {
        return match check::check_command(m, color) {
            Ok((text, status)) => {
                output::out(&text);
                ExitCode::from(status)
            }
            Err(failure) => output::fail(&failure, color),
        };
    }
    let result = match matches.subcommand() {
        Some(("grad", m)) => grad::gradient(m),
        Some(("jacobian", m)) => grad::jacobian(m),
        Some(("hessian", m)) => grad::hessian(m),
        Some(("simplify", m)) => grad::simplify(m),
        Some(("eval", m)) => eval::eval(m),
        Some(("completions", m)) => arguments::completions(m),
        Some(("man", _)) => arguments::manual(),
        Some((name, _)) => Err(Failure::Message(format!("`derive {name}` is not supported yet"))),
        None => Err(Failure::Message("no command".into())),
    };
    match result {
        Ok(text) => {
            output::out(&text);
            ExitCode::SUCCESS
        }
        Err(failure) => output::fail(&failure, color),
    }
}
