//! A program that stands inside a document: its text, and where each line of it stands there.

use crate::diagnostic::{Diagnostic, Label, Span};

/// A program with its place in a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    /// The program, its lines ended by `\n`.
    pub program: String,
    /// What opens it in the document.
    pub info: Span,
    /// For each line of `program`: where it begins there, and in the document.
    pub(super) lines: Vec<(u32, u32)>,
}

impl Excerpt {
    pub(super) fn new(info: Span) -> Excerpt {
        Excerpt { program: String::new(), info, lines: Vec::new() }
    }

    /// Adds a line that begins at this byte of the document.
    pub(super) fn line(&mut self, text: &str, at: usize) {
        let start = Span::new(self.program.len(), at);
        self.lines.push((start.start, start.end));
        self.program.push_str(text);
        self.program.push('\n');
    }

    /// A place in the program as a place in the document.
    pub fn place(&self, span: Span) -> Span {
        // what is missing at the end is missing on the last line
        let last = self.program.len().saturating_sub(1) as u32;
        let place = |at: u32| {
            let at = at.min(last);
            let line = self.lines.partition_point(|l| l.0 <= at).saturating_sub(1);
            self.lines.get(line).map(|(from, to)| to + (at - from.min(&at)))
        };
        match (place(span.start), place(span.end.max(span.start + 1) - 1)) {
            (Some(start), Some(end)) => Span { start, end: end + 1 },
            _ => self.info,
        }
    }
}

/// The programs of a LaTeX document: what stands between `\begin{derive}` and `\end{derive}`, each
/// on a line of its own, and runs of comment lines that begin with `% derive:`.
///
/// # Errors
/// Where an environment is not closed.
pub fn latex(text: &str) -> Result<Vec<Excerpt>, Diagnostic> {
    const OPEN: &str = "\\begin{derive}";
    const CLOSE: &str = "\\end{derive}";
    let mut found: Vec<Excerpt> = Vec::new();
    // an environment that is open, a run of comments that goes on
    let (mut open, mut run): (Option<Excerpt>, Option<Excerpt>) = (None, None);
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\n', '\r']);
        let (start, inner) = (at, line.trim());
        at += whole.len();
        if let Some(excerpt) = &mut open {
            if inner == CLOSE {
                found.extend(open.take());
            } else {
                excerpt.line(line, start);
            }
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let comment = inner.strip_prefix('%').map(str::trim_start);
        if let Some(rest) = comment.and_then(|c| c.strip_prefix("derive:")) {
            let column = line.trim_end().len() - rest.len();
            let info = Span::new(start + indent, start + line.len());
            run.get_or_insert_with(|| Excerpt::new(info)).line(rest, start + column);
            continue;
        }
        found.extend(run.take());
        if inner.starts_with(OPEN) {
            open = Some(Excerpt::new(Span::new(start + indent, start + line.len())));
        }
    }
    found.extend(run);
    if let Some(excerpt) = open {
        return Err(Diagnostic {
            message: "this environment is never closed".into(),
            labels: vec![Label { span: excerpt.info, text: String::new() }],
            notes: Vec::new(),
            help: Some(format!("write `{CLOSE}` on a line of its own")),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_and_comments_of_a_latex_document_are_programs() {
        let text = "\\section{A}\n\\begin{derive}\nvar x\nx == x\n\\end{derive}\n% a comment\n  % derive: tr(A') == tr(A)\n%derive: y == y\nText.\n% derive: z == z\n";
        let programs = latex(text).expect("it is closed");
        let texts: Vec<&str> = programs.iter().map(|p| p.program.as_str()).collect();
        assert_eq!(texts, ["var x\nx == x\n", " tr(A') == tr(A)\n y == y\n", " z == z\n"]);
        for program in &programs {
            for (at, line) in program.program.lines().enumerate() {
                let (from, to) = program.lines[at];
                assert_eq!(&text[to as usize..][..line.len()], line);
                assert_eq!(&program.program[from as usize..][..line.len()], line);
            }
        }
        assert!(latex("\\begin{derive}\nx == x\n").is_err());
    }
}
