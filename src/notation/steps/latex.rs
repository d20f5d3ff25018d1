//! Derivations in LaTeX: a block of aligned equations for each cotangent.

use super::super::answer::Answer;
use super::super::latex::{LatexOptions, latex_with};
use super::super::left::latex_left;
use super::stream::{Form, Writer};
use super::{Given, Group, Line, Notation, Side, Steps};
use std::fmt::Write as _;

/// What is named, as equations; nothing where nothing is.
pub fn given(list: &[Given], options: LatexOptions<'_>) -> String {
    let shown: Vec<&Given> = list.iter().filter(|g| !g.hidden).collect();
    if shown.is_empty() {
        return String::new();
    }
    let mut out = String::from("\\begin{aligned}\n");
    for (at, given) in shown.iter().enumerate() {
        let _ = write!(out, "  {} &= ", latex_with(&given.name, options));
        if let Some(written) = &given.written {
            let _ = write!(out, "{} = ", latex_with(written, options));
        }
        let end = if at + 1 < shown.len() { " \\\\" } else { "" };
        let _ = writeln!(out, "{}{end}", latex_with(&given.value, options));
    }
    out + "\\end{aligned}\n"
}

/// One group as an `aligned` block: left sides, right sides, and the rules.
pub fn group(
    group: &Group,
    answer: &Answer,
    notation: Notation,
    options: LatexOptions<'_>,
) -> String {
    let mut rows: Vec<String> = Vec::new();
    if notation == Notation::Both {
        let (mut first, mut second) = (None, None);
        for row in &group.rows {
            let index = row.index.as_ref().filter(|_| !row.shared());
            let left = cells(row.matrix.as_ref(), &mut first, answer, options);
            let right = cells(index, &mut second, answer, options);
            let rule = row.rules();
            rows.push(format!("{left} & \\qquad {right} && \\text{{{rule}}}"));
        }
    } else {
        let mut before = None;
        for line in group.lines(notation) {
            let cell = cells(Some(line), &mut before, answer, options);
            rows.push(format!("{cell} && \\text{{{}}}", line.rule));
        }
    }
    let mut out = String::from("\\begin{aligned}\n");
    for (at, row) in rows.iter().enumerate() {
        let end = if at + 1 < rows.len() { " \\\\" } else { "" };
        let _ = writeln!(out, "  {row}{end}");
    }
    out + "\\end{aligned}\n"
}

/// `left &= right`; a left side that stood in the line before is left out.
fn cells<'l>(
    line: Option<&'l Line>,
    before: &mut Option<&'l Side>,
    answer: &Answer,
    options: LatexOptions<'_>,
) -> String {
    let Some(line) = line else { return "&".into() };
    let left = match &line.left {
        _ if *before == Some(&line.left) => String::new(),
        Side::Math(m) => latex_with(m, options),
        Side::Result(at) => latex_left(answer, &answer.results[*at], options),
    };
    *before = Some(&line.left);
    let space = if left.is_empty() { "" } else { " " };
    format!("{left}{space}&= {}", latex_with(&line.right, options))
}

/// The whole derivation: what is named, then each group, with an empty line between blocks.
pub fn latex(
    steps: &Steps,
    answer: &Answer,
    notation: Notation,
    options: LatexOptions<'_>,
) -> String {
    let mut out = String::new();
    Writer::new(&mut out, answer, notation, Form::Latex(options)).steps(steps);
    out
}
