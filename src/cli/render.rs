//! `derive render`: documents with the answers to their blocks.
//!
//! The info string of a block is a command line of this program in other spelling, so a block can do
//! what the command line can, with the same messages; only their places are the document's.

use super::{Failure, arguments};
use crate::diagnostic::{Diagnostic, Label, Span};
use crate::render::{self, Block, Word, fenced};
use clap::ArgMatches;
use clap::error::ContextKind;
use std::io::Read;
use std::path::Path;

/// The longest document, in bytes.
const LONGEST: u64 = 64 << 20;
/// The most failures that are reported.
const REPORTED: usize = 20;

/// How results are written.
pub(super) struct Style {
    /// The format of blocks that name none.
    pub(super) format: String,
    /// Whether mathematics stands in raw HTML, for readers who would take it for Markdown.
    pub(super) raw: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style { format: "markdown".to_string(), raw: false }
    }
}

/// `derive render`
pub(super) fn render(m: &ArgMatches) -> Result<String, Failure> {
    let files: Vec<&String> = m.get_many("files").into_iter().flatten().collect();
    let (write, check) = (m.get_flag("write"), m.get_flag("check"));
    let mut documents = Vec::with_capacity(files.len());
    let mut failures = Vec::new();
    for file in files {
        if write && file == "-" {
            let message = "standard input cannot be written; leave `--write` out".into();
            return Err(Failure::Message(message));
        }
        let text = read(file)?;
        let name = if file == "-" { "standard input" } else { file.as_str() };
        match document(&text, name, &Style::default()) {
            Ok(new) => documents.push((file, text, new)),
            Err(failure) => failures.push(failure),
        }
    }
    // no file is written where one fails
    if !failures.is_empty() {
        return Err(several(failures));
    }
    let mut printed = String::new();
    for (file, old, new) in &documents {
        if check {
            failures.extend(render::first_difference(old, new).map(|line| stale(file, line)));
        } else if write {
            if old != new {
                replace(file, new)?;
            }
        } else {
            printed.push_str(new);
        }
    }
    if failures.is_empty() { Ok(printed) } else { Err(several(failures)) }
}

fn several(mut failures: Vec<Failure>) -> Failure {
    if failures.len() == 1 { failures.swap_remove(0) } else { Failure::Several(failures) }
}

fn stale(file: &str, line: usize) -> Failure {
    let text = format!(
        "error: `{file}` is not up to date from line {line} on\n  = help: `derive render --write {file}` renders it again\n"
    );
    Failure::Stale(text, 1)
}

/// A document with the answers to its blocks.
pub(super) fn document(text: &str, file: &str, style: &Style) -> Result<String, Failure> {
    render::render(text, |block| answer(block, text, file, style)).map_err(|mut failures| {
        let more = failures.len().saturating_sub(REPORTED);
        failures.truncate(REPORTED);
        for failure in &mut failures {
            // what the scanner says is about the document
            if let Failure::Input { source, file: of, .. } = failure
                && of.is_none()
            {
                (*source, *of) = (text.to_string(), Some(file.to_string()));
            }
        }
        if more > 0 {
            failures.push(Failure::Message(format!("{more} more blocks of `{file}` fail")));
        }
        several(failures)
    })
}

/// What stands between the markers of a block.
fn answer(block: &Block, text: &str, file: &str, style: &Style) -> Result<String, Failure> {
    let here = |diagnostic: Diagnostic| Failure::Input {
        diagnostic,
        source: text.to_string(),
        file: Some(file.to_string()),
    };
    let about = |message: String, help: Option<&str>| {
        let help = help.map(str::to_string);
        let diagnostic = Diagnostic { message, labels: Vec::new(), notes: Vec::new(), help };
        here(render::located(diagnostic, block))
    };
    let (words, format) = command_line(block, &style.format).map_err(here)?;
    let matches = arguments::command()
        .try_get_matches_from(words)
        .map_err(|error| here(misused(&error, block)))?;
    let place = || {
        let line = text[..block.excerpt.info.start as usize].matches('\n').count() + 1;
        format!("{file}:{line}: ")
    };
    match super::printed(&matches) {
        // a claim that does not hold has no place in a document
        Ok((printed, status)) if status != 0 => {
            let printed = on_its_lines(block, text, &style.format).unwrap_or(printed);
            let printed = printed.replace("--> input:", &format!("--> {file}:"));
            Err(Failure::Stale(place() + &printed, status))
        }
        Ok((printed, _)) if style.raw => Ok(raw_mathematics(&shown(&printed, &format))),
        Ok((printed, _)) => Ok(shown(&printed, &format)),
        Err(Failure::Message(message)) => Err(about(message, None)),
        Err(Failure::Defect(message)) => Err(Failure::Defect(place() + &message)),
        Err(Failure::Part(_, list) | Failure::Several(list)) => {
            Err(several(list.into_iter().map(|f| in_document(f, block, here)).collect()))
        }
        Err(failure) => Err(in_document(failure, block, here)),
    }
}

/// A failure with its places in the document.
fn in_document(failure: Failure, block: &Block, here: impl Fn(Diagnostic) -> Failure) -> Failure {
    let Failure::Input { diagnostic, source, file } = failure else { return failure };
    let shape = block.words.iter().find(|w| w.key == "shape" && w.value.is_some());
    match (shape, file.as_deref()) {
        (Some(word), Some("--shape")) => here(render::located_in(diagnostic, word)),
        _ if source == block.excerpt.program => here(render::located(diagnostic, block)),
        _ => Failure::Input { diagnostic, source, file },
    }
}

const COMMANDS: &str = "a block is `derive`, a command such as grad, jacobian, hessian or simplify, then options: `derive grad wrt=W steps=both`";

/// What a command prints that names the lines of the document, not those of the block.
fn on_its_lines(block: &Block, text: &str, format: &str) -> Option<String> {
    let first = block.place(Span::default()).start as usize;
    let before = text.get(..first)?.matches('\n').count();
    let mut moved = block.clone();
    moved.excerpt.program.insert_str(0, &"\n".repeat(before));
    let (words, _) = command_line(&moved, format).ok()?;
    let matches = arguments::command().try_get_matches_from(words).ok()?;
    super::printed(&matches).ok().map(|printed| printed.0)
}

/// The block as arguments of this program, and the format of what is printed.
fn command_line(block: &Block, default: &str) -> Result<(Vec<String>, String), Diagnostic> {
    let mut words = block.words.iter().filter(|w| !matches!(&*w.key, "replace" | "echo"));
    let first = words.clone().next().filter(|w| w.value.is_none());
    let name = first.map_or("grad", |w| w.key.as_str());
    let command = arguments::command();
    // what takes a program as text is a command for blocks
    let known = command
        .find_subcommand(name)
        .filter(|c| c.get_arguments().any(|a| a.get_id() == "text"))
        .ok_or_else(|| unknown(format!("`{name}` is not a command for a block"), first, block))?;
    if first.is_some() {
        words.next();
    }
    let is_option = |w: &Word| known.get_arguments().any(|a| a.get_long() == Some(w.key.as_str()));
    if let Some(word) =
        words.clone().find(|w| w.key == "format" && w.value.as_deref() == Some("html"))
    {
        let message = "`html` is a page of its own".to_string();
        return Err(unknown(message, Some(word), block));
    }
    if let Some(word) = words.clone().find(|w| !is_option(w)) {
        let message = format!("`{}` is not an option of `derive {name}`", word.key);
        return Err(unknown(message, Some(word), block));
    }
    let mut line = vec!["derive".to_string(), name.to_string()];
    let mut format = None;
    for Word { key, value, .. } in words {
        match value {
            Some(value) => line.push(format!("--{key}={value}")),
            None => line.push(format!("--{key}")),
        }
        if key == "format" {
            format.clone_from(value);
        }
    }
    let possible = |format: &str| {
        known.get_arguments().any(|a| {
            a.get_id() == "format" && a.get_possible_values().iter().any(|v| v.get_name() == format)
        })
    };
    let format = format.unwrap_or_else(|| {
        let chosen = if possible(default) { default } else { "text" };
        if possible(chosen) {
            line.push(format!("--format={chosen}"));
        }
        chosen.to_string()
    });
    line.push("-e".to_string());
    line.push(block.excerpt.program.clone());
    Ok((line, format))
}

fn unknown(message: String, word: Option<&Word>, block: &Block) -> Diagnostic {
    let labels = word.map(|w| Label { span: w.span, text: String::new() }).into_iter().collect();
    let help = Some(COMMANDS.to_string());
    render::located_or_kept(Diagnostic { message, labels, notes: Vec::new(), help }, block)
}

/// What clap says of an option, at the option.
fn misused(error: &clap::Error, block: &Block) -> Diagnostic {
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message).replace('\'', "`");
    let named = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let key = named.trim_start_matches('-').split([' ', '=']).next().unwrap_or_default();
    let labels = block
        .words
        .iter()
        .filter(|w| w.key == key && !key.is_empty())
        .map(|w| Label { span: w.span, text: String::new() })
        .take(1)
        .collect();
    let help = text.lines().map(str::trim).find(|l| l.starts_with("[possible values"));
    let help = Some(help.unwrap_or(COMMANDS).to_string());
    render::located_or_kept(Diagnostic { message, labels, notes: Vec::new(), help }, block)
}

/// Output as Markdown.
fn shown(printed: &str, format: &str) -> String {
    match format {
        "markdown" => printed.to_string(),
        "latex" => format!("$$\n{}\n$$", printed.trim_end()),
        "numpy" | "jax" | "torch" => fenced("python", printed),
        "json" => fenced("json", printed),
        // what `eval` prints
        _ if printed.starts_with('{') => fenced("json", printed),
        "mathml" | "svg" => {
            // raw HTML ends at an empty line
            printed.lines().filter(|l| !l.trim().is_empty()).collect::<Vec<_>>().join("\n")
        }
        _ => fenced("text", &settled(printed)),
    }
}

/// Markdown whose display mathematics stands in elements of HTML, which no Markdown reader changes.
fn raw_mathematics(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() + 64);
    let mut inside = false;
    for line in markdown.lines() {
        match (line == "$$", inside) {
            (true, false) => out.push_str("<div class=\"derive\">\n$$"),
            (true, true) => out.push_str("$$\n</div>"),
            (false, true) => {
                let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                out.push_str(&line);
            }
            (false, false) => out.push_str(line),
        }
        inside ^= line == "$$";
        out.push('\n');
    }
    out
}

/// Text without the size of the errors that the judge measured: their digits differ between
/// machines, and a document must not.
fn settled(printed: &str) -> String {
    let mut out = String::with_capacity(printed.len());
    for line in printed.lines() {
        let end = [", largest relative error", ", no error"]
            .iter()
            .find_map(|tail| line.find(tail).filter(|_| line.starts_with("verified at")));
        out.push_str(&line[..end.unwrap_or(line.len())]);
        out.push('\n');
    }
    out
}

fn read(file: &str) -> Result<String, Failure> {
    let cannot = |e: std::io::Error| Failure::Message(format!("`{file}` cannot be read: {e}"));
    let mut bytes = Vec::new();
    if file == "-" {
        std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
    } else {
        if Path::new(file).is_dir() {
            return Err(Failure::Message(format!("`{file}` is a directory")));
        }
        let opened = std::fs::File::open(file).map_err(cannot)?;
        opened.take(LONGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
    }
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::Message(format!("`{file}` is longer than {LONGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Failure::Message(format!("`{file}` is not valid UTF-8: byte {at} begins no character"))
    })
}

/// Writes beside the file first: whatever happens, either version is there whole.
fn replace(file: &str, text: &str) -> Result<(), Failure> {
    let cannot = |e: std::io::Error| Failure::Message(format!("`{file}` cannot be written: {e}"));
    // a link stays a link
    let target = std::fs::canonicalize(file).map_err(cannot)?;
    let mut beside = target.clone().into_os_string();
    beside.push(format!(".{}.new", std::process::id()));
    let permissions = std::fs::metadata(&target).map_err(cannot)?.permissions();
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, permissions))
        .and_then(|()| std::fs::rename(&beside, &target));
    written.map_err(|e| {
        let _ = std::fs::remove_file(&beside);
        cannot(e)
    })
}
