//! Claims that cannot be read, apart from those that can: a mistake in one of them is no reason to
//! say nothing of the others.

use super::layout::{Laid, Layout};
use crate::diagnostic::{Diagnostic, Label};
use crate::engine::Error;
use crate::shape::infer::infer;
use crate::shape::typed::Typed;
use crate::syntax::ast::{Program, Statement};
use crate::syntax::parser::parse_with;

/// A program without its claims that have no shape.
pub(super) struct Separated {
    /// What is left, in the author's layout.
    pub(super) original: Program,
    /// The same with the transposes of the layout written into it.
    pub(super) laid: Laid,
    /// What is left, with shapes.
    pub(super) typed: Typed,
    /// What is wrong with the claims that were left out, in the order of the text.
    pub(super) refused: Vec<Diagnostic>,
}

/// Reads a program, and leaves out one claim after the other in which there is a mistake.
///
/// # Errors
/// [`Error`] where the text has no syntax, or the mistake is in no claim.
pub(super) fn separate(
    program: &str,
    shapes: Option<&str>,
    layout: Layout,
) -> Result<Separated, Error> {
    let mut text = program.to_string();
    let mut refused: Vec<(u32, Diagnostic)> = Vec::new();
    loop {
        let original = parse_with(shapes, &text)?;
        let laid = Laid::new(&original, layout);
        let read = if layout == Layout::Own {
            infer(original.clone())
        } else {
            infer(parse_with(shapes, &laid.text)?)
        };
        let start = original.program_start;
        let error = match read {
            Ok(typed) => {
                refused.sort_by_key(|r| r.0);
                let refused = refused.into_iter().map(|r| r.1).collect();
                return Ok(Separated { original, laid, typed, refused });
            }
            Err(error) => error,
        };
        let mut diagnostic = Diagnostic::from(error.clone());
        for label in diagnostic.labels.iter_mut().filter(|l| l.span.start >= start) {
            label.span = laid.original(label.span, start);
        }
        let claims = original.statements.iter().zip(&original.statement_spans);
        let mut claims = claims.filter(|(s, _)| matches!(s, Statement::Claim(_))).map(|c| c.1);
        let touched = claims.find(|claim| {
            let inside = |l: &Label| claim.start <= l.span.start && l.span.end <= claim.end;
            diagnostic.labels.iter().any(inside)
        });
        let claim = touched.and_then(|c| {
            let place = |at: u32| Some(at.checked_sub(start)? as usize);
            Some((c.start, place(c.start)?..place(c.end)?))
        });
        let Some((at, claim)) = claim else { return Err(error.into()) };
        refused.push((at, diagnostic));
        // every place stays where it is; a number stands there, so that the text is not empty
        let blank = |c: char| if c == '\n' { "\n".into() } else { " ".repeat(c.len_utf8()) };
        let mut blanks: String = text[claim.clone()].chars().map(blank).collect();
        blanks.replace_range(..1, "0");
        text.replace_range(claim, &blanks);
    }
}
