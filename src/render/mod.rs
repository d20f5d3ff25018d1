//! Markdown documents whose fenced `derive` blocks are followed, or replaced, by what they answer.
//!
//! Rendering what was rendered changes nothing: each result stands between two marker comments and
//! is replaced whole. Everything else of a document is copied byte for byte. Knows Markdown's block
//! structure as far as it decides what is a fence (containers, other fences, raw HTML), and deliberately
//! not what a command answers: whoever renders brings a function from a [`Block`] to Markdown.

mod container;
mod excerpt;
mod info;
mod marker;
mod scan;

pub use excerpt::{Excerpt, latex};
pub use info::Word;
pub use scan::{Block, blocks};

use crate::diagnostic::{Diagnostic, Label, Span};
use std::ops::Range;

/// A change of a document: these bytes are replaced by that text.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Edit {
    range: Range<usize>,
    text: String,
}

/// The document with the result of each block, as Markdown, in its place.
///
/// # Errors
/// All failures of blocks in the order of the document; one diagnostic where its structure is broken.
pub fn render<E: From<Diagnostic>>(
    text: &str,
    mut answer: impl FnMut(&Block) -> Result<String, E>,
) -> Result<String, Vec<E>> {
    let blocks = blocks(text).map_err(|d| vec![E::from(d)])?;
    let mut edits = Vec::with_capacity(blocks.len());
    let mut failures = Vec::new();
    for block in &blocks {
        match answer(block) {
            Ok(body) => edits.push(edit(block, &body)),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(apply(text, &edits)) } else { Err(failures) }
}

/// The lines (from 1) at which two versions of a document begin to differ, if they do.
pub fn first_difference(old: &str, new: &str) -> Option<usize> {
    if old == new {
        return None;
    }
    let same = old.split('\n').zip(new.split('\n')).take_while(|(a, b)| a == b).count();
    Some(same + 1)
}

/// Markdown for a text that is to be shown as it is, in a fence that it cannot close.
pub fn fenced(language: &str, text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// A diagnostic of a block's program, with its places in the document.
#[must_use]
pub fn located(mut diagnostic: Diagnostic, block: &Block) -> Diagnostic {
    for label in &mut diagnostic.labels {
        label.span = block.place(label.span);
    }
    located_or_kept(diagnostic, block)
}

/// A diagnostic whose places are those of the document; where it has none, the block's first line.
#[must_use]
pub fn located_or_kept(mut diagnostic: Diagnostic, block: &Block) -> Diagnostic {
    if diagnostic.labels.is_empty() {
        diagnostic.labels.push(Label { span: block.excerpt.info, text: String::new() });
    }
    diagnostic
}

/// A diagnostic of a text that is an option's value (`shape=…`), with its places in the document.
#[must_use]
pub fn located_in(mut diagnostic: Diagnostic, word: &Word) -> Diagnostic {
    let (start, end) = (word.value_span.start, word.value_span.end);
    for label in &mut diagnostic.labels {
        let place = |at: u32| start.saturating_add(at).min(end);
        label.span = Span { start: place(label.span.start), end: place(label.span.end) };
    }
    diagnostic
}

/// What is written for a block: the result between its markers, below the block or in its stead.
fn edit(block: &Block, body: &str) -> Edit {
    let mut lines: Vec<&str> = Vec::new();
    let opening;
    if block.replace {
        opening = marker::opening(&block.info_text, &block.excerpt.program);
        lines.extend(opening.split('\n'));
    } else {
        lines.push(marker::BEGIN);
    }
    lines.push("");
    lines.extend(body.trim_end_matches('\n').split('\n').map(|l| l.trim_end_matches('\r')));
    lines.push("");
    lines.push(marker::END);
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        // the first line stands where the fence or the old marker stood
        if number > 0 || block.below {
            text.push_str(block.newline);
            let prefix = &block.prefix;
            text.push_str(if line.is_empty() { prefix.trim_end() } else { prefix });
        }
        text.push_str(line);
    }
    Edit { range: block.range.clone(), text }
}

/// The text with these changes, which stand in order and do not overlap.
fn apply(text: &str, edits: &[Edit]) -> String {
    let added: usize = edits.iter().map(|e| e.text.len()).sum();
    let mut out = String::with_capacity(text.len() + added);
    let mut done = 0;
    for edit in edits {
        out.push_str(text.get(done..edit.range.start).unwrap_or_default());
        out.push_str(&edit.text);
        done = edit.range.end.max(done);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;
