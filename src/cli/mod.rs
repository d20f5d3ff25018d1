//! The command line: a thin user of the library. Only this module prints, reads files and decides
//! on exit statuses.

mod arguments;
mod check;
mod code;
mod eval;
mod evidence;
mod explain;
mod grad;
mod input;
mod mdbook;
mod notices;
mod output;
mod render;

use crate::diagnostic::Diagnostic;
use std::io::Write;
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
    /// What was to be checked is not as it should be: a message and the status.
    Stale(String, u8),
    /// More than one thing failed: the highest status of them.
    Several(Vec<Failure>),
    /// What has an answer, and what is wrong with the rest.
    Part(String, Vec<Failure>),
}

impl From<Diagnostic> for Failure {
    /// A message whose source is not known yet.
    fn from(diagnostic: Diagnostic) -> Failure {
        Failure::Input { diagnostic, source: String::new(), file: None }
    }
}

/// `check` takes several programs: one that begins with a minus sign is told from an option by its
/// equality sign, and marked as text.
fn claims_as_text(arguments: Vec<std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    if arguments.get(1).is_none_or(|a| a != "check") {
        return arguments;
    }
    let mut out = Vec::with_capacity(arguments.len() + 1);
    for a in arguments {
        let minus = a.to_str().is_some_and(|t| t.starts_with('-') && t.contains("=="));
        if minus && out.last().is_none_or(|l| l != "-e") {
            out.push("-e".into());
        }
        out.push(a);
    }
    out
}

/// Runs the program with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let arguments = claims_as_text(arguments.into_iter().collect());
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
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match dispatch(&matches, output::color_of_results(&matches), &mut out) {
        Ok((text, status)) => {
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
                    let message = format!("the answer cannot be written: {e}");
                    output::fail(&Failure::Message(message), color)
                }
                // a closed pipe ends the program quietly
                _ => ExitCode::from(status),
            }
        }
        Err(failure) => {
            if let Failure::Part(text, _) = &failure {
                // the status is that of the failures either way
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
            output::fail(&failure, color)
        }
    }
}

/// What a command prints after what it has written to `out`, and the exit status.
fn dispatch(
    matches: &clap::ArgMatches,
    color: bool,
    out: &mut dyn Write,
) -> Result<(String, u8), Failure> {
    if let Some(("check", m)) = matches.subcommand() {
        return check::check_command(m, color);
    }
    let printed = match matches.subcommand() {
        Some(("grad", m)) => grad::gradient(m, out),
        Some(("jacobian", m)) => grad::jacobian(m, out),
        Some(("hessian", m)) => grad::hessian(m, out),
        Some(("simplify", m)) => grad::simplify(m, out),
        Some(("eval", m)) => eval::eval(m),
        Some(("explain", m)) => explain::explain(m),
        Some(("render", m)) => render::render(m),
        Some(("mdbook", m)) => mdbook::mdbook(m),
        Some(("completions", m)) => arguments::completions(m),
        Some(("man", _)) => arguments::manual(),
        Some((name, _)) => Err(Failure::Message(format!("`derive {name}` is not supported yet"))),
        None => Err(Failure::Message("no command".into())),
    };
    printed.map(|text| (text, 0))
}

/// All that a command prints, and the exit status.
fn printed(matches: &clap::ArgMatches) -> Result<(String, u8), Failure> {
    let mut out = Vec::new();
    let (text, status) = dispatch(matches, false, &mut out)?;
    out.extend_from_slice(text.as_bytes());
    Ok((String::from_utf8_lossy(&out).into_owned(), status))
}
