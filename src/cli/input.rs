//! What a command works on: the text of a program, from an argument, a file or standard input.

use super::Failure;
use crate::diagnostic::{Diagnostic, Span};
use crate::engine::{Error, Question};
use crate::syntax::parser::MAX_INPUT;
use clap::ArgMatches;
use std::io::Read;
use std::path::Path;

/// A program with where it is from.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) text: String,
    pub(super) file: Option<String>,
}

/// Endings of what is always a path.
const ENDINGS: &[&str] = &[".derive", ".md", ".tex"];

/// Reads the program that the arguments name.
pub(super) fn read(m: &ArgMatches) -> Result<Input, Failure> {
    if let Some(text) = m.get_one::<String>("text") {
        return Ok(Input { text: text.clone(), file: None });
    }
    match m.get_one::<std::ffi::OsString>("program") {
        Some(argument) => one(argument),
        None => Err(Failure::Message("no program is given; see `derive help`".into())),
    }
}

/// Reads all programs that the arguments name.
pub(super) fn read_all(m: &ArgMatches) -> Result<Vec<Input>, Failure> {
    let mut list = Vec::new();
    if let Some(text) = m.get_one::<String>("text") {
        list.push(Input { text: text.clone(), file: None });
    }
    for argument in m.get_many::<std::ffi::OsString>("program").into_iter().flatten() {
        list.push(one(argument)?);
    }
    if list.is_empty() {
        return Err(Failure::Message("no program is given; see `derive help`".into()));
    }
    Ok(list)
}

fn one(argument: &std::ffi::OsString) -> Result<Input, Failure> {
    let Some(argument) = argument.to_str() else {
        return Err(Failure::Message("the program is not valid UTF-8".into()));
    };
    if argument == "-" {
        let mut bytes = Vec::new();
        let limit = MAX_INPUT as u64 + 1;
        std::io::stdin()
            .lock()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|e| Failure::Message(format!("standard input cannot be read: {e}")))?;
        return text(bytes, "standard input");
    }
    if let Some(ending) = ENDINGS[1..].iter().find(|e| argument.ends_with(**e)) {
        return Err(Failure::Message(format!(
            "`{argument}`: programs in `{ending}` files are not supported yet"
        )));
    }
    let path = Path::new(argument);
    let always = argument.ends_with(ENDINGS[0]);
    let looks = argument.len() < 1024 && argument.contains(['/', '.', '\\']) && path.exists();
    if always || looks {
        return file(argument);
    }
    Ok(Input { text: argument.to_string(), file: None })
}

/// Reads a file as text.
pub(super) fn file(path: &str) -> Result<Input, Failure> {
    let cannot = |e: std::io::Error| Failure::Message(format!("`{path}` cannot be read: {e}"));
    if Path::new(path).is_dir() {
        return Err(Failure::Message(format!("`{path}` is a directory")));
    }
    let mut bytes = Vec::new();
    let limit = MAX_INPUT as u64 + 1;
    std::fs::File::open(path)
        .map_err(cannot)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    let mut input = text(bytes, &format!("`{path}`"))?;
    input.file = Some(path.to_string());
    Ok(input)
}

fn text(bytes: Vec<u8>, what: &str) -> Result<Input, Failure> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input { text, file: None }),
        Err(e) => {
            let at = e.utf8_error().valid_up_to();
            Err(Failure::Message(format!(
                "{what} is not valid UTF-8: byte {at} begins no character"
            )))
        }
    }
}

/// The question that the arguments ask.
pub(super) fn question(m: &ArgMatches, input: &Input) -> Question {
    let list = |name: &str| -> Vec<String> {
        let text = m.try_get_one::<String>(name).ok().flatten().cloned().unwrap_or_default();
        text.split(',').map(|s| s.trim().to_string()).filter(|s| !s.is_empty()).collect()
    };
    Question {
        program: input.text.clone(),
        shapes: m.get_one::<String>("shape").cloned(),
        objective: m.get_one::<String>("of").cloned(),
        wrt: list("wrt"),
        index: m.try_get_one::<String>("format").ok().flatten().is_some_and(|f| f == "json"),
        steps: false,
        corruption: None,
    }
}

/// A library error as a failure with its place: in the program, or in the text of `--shape`.
pub(super) fn failure(error: Error, input: &Input, shapes: Option<&str>) -> Failure {
    let prefix = shapes.filter(|s| !s.trim().is_empty()).map_or(0, |s| s.len() + 5);
    let mut diagnostic: Diagnostic = error.into();
    let in_shape = diagnostic.labels.first().is_some_and(|l| (l.span.start as usize) < prefix);
    if in_shape {
        let shapes = shapes.unwrap_or_default().to_string();
        shift(&mut diagnostic, 4);
        return Failure::Input { diagnostic, source: shapes, file: Some("--shape".into()) };
    }
    // a label in the other text is said in words instead
    let (here, there): (Vec<_>, Vec<_>) =
        diagnostic.labels.drain(..).partition(|l| l.span.start as usize >= prefix);
    diagnostic.labels = here;
    for label in there {
        diagnostic.notes.push(format!("{} in --shape", label.text));
    }
    shift(&mut diagnostic, prefix as u32);
    Failure::Input { diagnostic, source: input.text.clone(), file: input.file.clone() }
}

fn shift(diagnostic: &mut Diagnostic, by: u32) {
    for label in &mut diagnostic.labels {
        let Span { start, end } = label.span;
        label.span = Span { start: start.saturating_sub(by), end: end.saturating_sub(by) };
    }
}
