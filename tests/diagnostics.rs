//! What a user reads when shapes or names are wrong: whole messages, as rendered, in text files.
//!
//! A file of `tests/diagnostics` is a list of cases that `=====` lines separate. A case is the
//! input (after an optional first line `--shape …`), a line `-----`, and the message. With
//! `UPDATE_DIAGNOSTICS=1` the messages are written instead of compared, to be read in the diff.

use derive::diagnostic::Diagnostic;
use derive::shape::infer::infer;
use derive::syntax::parser::parse_with;
use std::fmt::Write;

const CASE: &str = "\n=====\n";
const MESSAGE: &str = "\n-----\n";

/// The message for an input, or its absence.
fn message(shapes: Option<&str>, text: &str) -> String {
    let joined = shapes.map_or(text.to_string(), |s| format!("var {s}\n{text}"));
    let program = match parse_with(shapes, text) {
        Ok(program) => program,
        Err(e) => return Diagnostic::from(e).render(&joined, None, false),
    };
    match infer(program) {
        Ok(_) => "accepted\n".to_string(),
        Err(e) => Diagnostic::from(e).render(&joined, None, false),
    }
}

fn rendered(input: &str) -> String {
    match input.strip_prefix("--shape ").and_then(|rest| rest.split_once('\n')) {
        Some((shapes, text)) => message(Some(shapes), text),
        None => message(None, input),
    }
}

#[test]
fn messages_are_as_written_down() {
    let update = std::env::var_os("UPDATE_DIAGNOSTICS").is_some();
    let mut files: Vec<_> = std::fs::read_dir("tests/diagnostics")
        .expect("the cases are there")
        .map(|f| f.expect("a file").path())
        .collect();
    files.sort();
    let (mut count, mut wrong) = (0, String::new());
    for path in files {
        let text = std::fs::read_to_string(&path).expect("it is text");
        let mut written = Vec::new();
        for case in text.trim_end().split(CASE) {
            let (input, expected) = case.split_once(MESSAGE).unwrap_or((case, ""));
            let (input, found) = (input.trim_end(), rendered(input.trim_end()));
            count += 1;
            if found.trim_end() != expected.trim_end() {
                writeln!(
                    wrong,
                    "{}\n{input}\nexpected\n{expected}\nfound\n{found}",
                    path.display()
                )
                .expect("a string takes it");
            }
            written.push(format!("{input}{MESSAGE}{}", found.trim_end()));
        }
        if update {
            std::fs::write(&path, written.join(CASE) + "\n").expect("it can be written");
        }
    }
    assert!(count >= 40, "only {count} cases");
    assert!(update || wrong.is_empty(), "{wrong}");
}

/// Every message of the suite names a place, and no message is of an accepted input.
#[test]
fn every_message_underlines_its_place() {
    for entry in std::fs::read_dir("tests/diagnostics").expect("the cases are there") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("it is text");
        for case in text.trim_end().split(CASE) {
            let (input, expected) = case.split_once(MESSAGE).expect("a case has its message");
            assert!(expected.contains("error: "), "{input}\n{expected}");
            assert!(expected.contains('^'), "{input}\n{expected}");
        }
    }
}
