//! What a command works on: the text of a program, from an argument, a file or standard input.

use super::Failure;
use crate::diagnostic::{Diagnostic, Label, Span};
use crate::engine::{Error, Question};
use crate::render::{Block, Excerpt, blocks, latex};
use crate::syntax::parser::MAX_INPUT;
use clap::ArgMatches;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// A program with where it is from.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) text: Arc<str>,
    pub(super) file: Option<String>,
    /// The document that the program stands in.
    pub(super) document: Option<Rc<str>>,
    /// Where it stands there.
    pub(super) excerpt: Option<Excerpt>,
    /// Declarations beside those of `--shape`.
    pub(super) shapes: Option<String>,
}

impl Input {
    fn text(text: &str) -> Input {
        Input { text: text.into(), ..Input::default() }
    }

    /// The text that places refer to, once they went through [`Input::place`].
    pub(super) fn source(&self) -> &str {
        self.document.as_deref().unwrap_or(&self.text)
    }

    /// A place in the program as a place in what its reader wrote.
    pub(super) fn place(&self, span: Span) -> Span {
        self.excerpt.as_ref().map_or(span, |e| e.place(span))
    }

    /// A line of the program, counted from 1, as a line of what its reader wrote.
    pub(super) fn line(&self, line: usize) -> usize {
        let Some(excerpt) = &self.excerpt else { return line };
        let start: usize =
            self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let start = excerpt.place(Span::new(start, start)).start as usize;
        self.source().get(..start).map_or(line, |before| before.matches('\n').count() + 1)
    }

    /// The declarations that go before the program: those of the block, and those asked for.
    pub(super) fn with_shapes(&self, asked: Option<&str>) -> Option<String> {
        match (self.shapes.as_deref(), asked) {
            (Some(own), Some(asked)) => Some(format!("{own}, {asked}")),
            (own, asked) => own.or(asked).map(str::to_string),
        }
    }
}

/// Endings of what is always a path.
const ENDINGS: &[&str] = &[".derive", ".md", ".tex"];

/// Reads the program that the arguments name.
pub(super) fn read(m: &ArgMatches) -> Result<Input, Failure> {
    if let Some(text) = m.get_one::<String>("text") {
        return Ok(Input::text(text));
    }
    let Some(argument) = m.get_one::<std::ffi::OsString>("program") else {
        return Err(Failure::Message("no program is given; see `derive help`".into()));
    };
    let mut list = one(argument)?;
    match list.len() {
        1 => Ok(list.swap_remove(0)),
        0 => Err(nothing_in(&argument.to_string_lossy())),
        many => Err(Failure::Message(format!(
            "`{}` holds {many} programs, and one is asked for; `derive check` reads all, and `derive render` answers each in a Markdown file",
            argument.to_string_lossy()
        ))),
    }
}

fn is_latex(path: &str) -> bool {
    path.ends_with(ENDINGS[2])
}

fn nothing_in(path: &str) -> Failure {
    let how = if is_latex(path) {
        "`\\begin{derive}` and `\\end{derive}` on lines of their own around it, or `% derive:` before each line"
    } else {
        "a fenced block with the info string `derive`"
    };
    Failure::Message(format!("`{path}` holds no program: it stands in {how}"))
}

/// Reads all programs that the arguments name.
pub(super) fn read_all(m: &ArgMatches) -> Result<Vec<Input>, Failure> {
    let mut list = Vec::new();
    if let Some(text) = m.get_one::<String>("text") {
        list.push(Input::text(text));
    }
    for argument in m.get_many::<std::ffi::OsString>("program").into_iter().flatten() {
        let programs = one(argument)?;
        if programs.is_empty() {
            return Err(nothing_in(&argument.to_string_lossy()));
        }
        list.extend(programs);
    }
    if list.is_empty() {
        return Err(Failure::Message("no program is given; see `derive help`".into()));
    }
    Ok(list)
}

/// The programs that an argument names: one, but for documents.
fn one(argument: &std::ffi::OsString) -> Result<Vec<Input>, Failure> {
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
        return Ok(vec![text(bytes, "standard input")?]);
    }
    let path = Path::new(argument);
    let always = ENDINGS.iter().any(|e| argument.ends_with(e));
    if always && ENDINGS[1..].iter().any(|e| argument.ends_with(e)) {
        return document(&file(argument)?);
    }
    let looks = argument.len() < 1024 && argument.contains(['/', '.', '\\']) && path.exists();
    if always || looks {
        return Ok(vec![file(argument)?]);
    }
    Ok(vec![Input::text(argument)])
}

/// The programs of a Markdown or LaTeX document, in order.
fn document(whole: &Input) -> Result<Vec<Input>, Failure> {
    let source = &*whole.text;
    let found: Result<Vec<(Excerpt, Option<String>)>, Diagnostic> =
        if whole.file.as_deref().is_some_and(is_latex) {
            latex(source).map(|list| list.into_iter().map(|e| (e, None)).collect())
        } else {
            let shapes = |b: &Block| b.words.iter().find(|w| w.key == "shape")?.value.clone();
            let excerpt = |b: Block| (b.excerpt.clone(), shapes(&b));
            blocks(source).map(|list| list.into_iter().map(excerpt).collect())
        };
    let found = found.map_err(|diagnostic| Failure::Input {
        diagnostic,
        source: source.to_string(),
        file: whole.file.clone(),
    })?;
    let document: Rc<str> = source.into();
    let input = |(excerpt, shapes): (Excerpt, Option<String>)| Input {
        text: excerpt.program.as_str().into(),
        file: whole.file.clone(),
        document: Some(document.clone()),
        excerpt: Some(excerpt),
        shapes,
    };
    Ok(found.into_iter().map(input).collect())
}

/// Reads a file as text.
pub(super) fn file(path: &str) -> Result<Input, Failure> {
    let cannot = |e: std::io::Error| Failure::Message(format!("`{path}` cannot be read: {e}"));
    if Path::new(path).is_dir() {
        return Err(Failure::Message(format!("`{path}` is a directory")));
    }
    let limit = MAX_INPUT as u64 + 1;
    let opened = std::fs::File::open(path).map_err(cannot)?;
    let length = opened.metadata().map_or(0, |m| m.len().min(limit));
    let mut bytes = Vec::with_capacity(length as usize + 1);
    opened.take(limit).read_to_end(&mut bytes).map_err(cannot)?;
    let mut input = text(bytes, &format!("`{path}`"))?;
    input.file = Some(path.to_string());
    Ok(input)
}

fn text(bytes: Vec<u8>, what: &str) -> Result<Input, Failure> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input::text(&text)),
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
        shapes: input.with_shapes(m.get_one::<String>("shape").map(String::as_str)),
        objective: m.get_one::<String>("of").cloned(),
        wrt: list("wrt"),
        index: m.try_get_one::<String>("format").ok().flatten().is_some_and(|f| f == "json"),
        steps: false,
        structured: m.try_get_one::<bool>("structured").ok().flatten().copied().unwrap_or(false),
        corruption: None,
    }
}

/// A library error as a failure with its place: in the program, or in the text of `--shape`.
pub(super) fn failure(error: Error, input: &Input, shapes: Option<&str>) -> Failure {
    located(error.into(), input, shapes)
}

/// A message about a program and its declarations with its place in what the reader wrote.
pub(super) fn located(mut diagnostic: Diagnostic, input: &Input, shapes: Option<&str>) -> Failure {
    let prefix = shapes.filter(|s| !s.trim().is_empty()).map_or(0, |s| s.len() + 5);
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
    for label in &mut diagnostic.labels {
        label.span = input.place(label.span);
    }
    if let (Some(excerpt), true) = (&input.excerpt, diagnostic.labels.is_empty()) {
        diagnostic.labels.push(Label { span: excerpt.info, text: String::new() });
    }
    Failure::Input { diagnostic, source: input.source().to_string(), file: input.file.clone() }
}

fn shift(diagnostic: &mut Diagnostic, by: u32) {
    for label in &mut diagnostic.labels {
        let Span { start, end } = label.span;
        label.span = Span { start: start.saturating_sub(by), end: end.saturating_sub(by) };
    }
}
