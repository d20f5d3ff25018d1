//! Derivations for people, in two columns where they fit.

use super::super::answer::Answer;
use super::super::ascii::ascii;
use super::super::left::unicode_left;
use super::super::unicode::unicode;
use super::{Given, Group, Line, Notation, Side, Steps};
use std::fmt::Write as _;

/// Between columns.
const GAP: usize = 3;

/// The derivation in Unicode.
pub fn text(steps: &Steps, answer: &Answer, notation: Notation, width: usize) -> String {
    let mut out = String::new();
    named(&mut out, &steps.given);
    for group in &steps.groups {
        if !group.given.is_empty() {
            out.push('\n');
            named(&mut out, &group.given);
        }
        let _ = writeln!(out, "\n{}", unicode(&group.title));
        match notation {
            Notation::Both => both(&mut out, group, answer, width),
            one => single(&mut out, &group.lines(one), answer),
        }
    }
    out
}

/// What is named, the equal signs under each other.
fn named(out: &mut String, list: &[Given]) {
    let shown: Vec<&Given> = list.iter().filter(|g| !g.hidden).collect();
    let widest = shown.iter().map(|g| unicode(&g.name).chars().count()).max().unwrap_or(0);
    for given in shown {
        let name = unicode(&given.name);
        let pad = widest - name.chars().count();
        let _ = write!(out, "{name}{:pad$} = ", "");
        if let Some(written) = &given.written {
            let _ = write!(out, "{} = ", unicode(written));
        }
        let _ = writeln!(out, "{}", unicode(&given.value));
    }
}

/// The lines of a column: left sides are written once.
fn column(lines: &[Option<&Line>], answer: &Answer) -> Vec<String> {
    let left = |line: &Line| match &line.left {
        Side::Math(m) => unicode(m),
        Side::Result(at) => unicode_left(answer, &answer.results[*at]),
    };
    let mut before: Option<&Side> = None;
    let mut out = Vec::new();
    for line in lines {
        let Some(line) = line else {
            out.push(String::new());
            continue;
        };
        let name = left(line);
        let name = if before == Some(&line.left) { " ".repeat(name.chars().count()) } else { name };
        before = Some(&line.left);
        out.push(format!("{name} = {}", unicode(&line.right)));
    }
    out
}

fn single(out: &mut String, lines: &[&Line], answer: &Answer) {
    let lines: Vec<Option<&Line>> = lines.iter().copied().map(Some).collect();
    let texts = column(&lines, answer);
    let widest = width_of(&texts);
    for (text, line) in texts.iter().zip(lines.iter().flatten()) {
        let pad = widest - text.chars().count() + GAP;
        let _ = writeln!(out, "  {text}{:pad$}{}", "", line.rule);
    }
}

fn width_of(texts: &[String]) -> usize {
    texts.iter().map(|t| t.chars().count()).max().unwrap_or(0)
}

fn both(out: &mut String, group: &Group, answer: &Answer, width: usize) {
    let matrix: Vec<Option<&Line>> = group.rows.iter().map(|r| r.matrix.as_ref()).collect();
    let index: Vec<Option<&Line>> = group
        .rows
        .iter()
        .map(|r| r.index.as_ref().filter(|i| !same(r.matrix.as_ref(), i)))
        .collect();
    let (left, right) = (column(&matrix, answer), column(&index, answer));
    // what stands in both columns is written once, across them
    let wide = |row: &super::Row| matches!((&row.matrix, &row.index), (Some(m), Some(i)) if same(Some(m), i));
    let narrow = |texts: &[String]| {
        let pairs = texts.iter().zip(&group.rows).filter(|(_, row)| !wide(row));
        pairs.map(|(t, _)| t.chars().count()).max().unwrap_or(0)
    };
    let (first, second) = (narrow(&left), narrow(&right));
    let rules: Vec<String> = group.rows.iter().map(rules).collect();
    let third = width_of(&rules);
    if matrix.iter().all(Option::is_none) || 2 + first + second + third + 2 * GAP > width {
        for lines in [matrix, index] {
            let lines: Vec<&Line> = lines.into_iter().flatten().collect();
            single(out, &lines, answer);
        }
        return;
    }
    for ((left, right), rule) in left.iter().zip(&right).zip(&rules) {
        let length = left.chars().count();
        let over = length.saturating_sub(first + GAP);
        let a = (first + GAP).saturating_sub(length);
        let b = (second + GAP).saturating_sub(right.chars().count() + over).max(GAP);
        let line = format!("  {left}{:a$}{right}{:b$}{rule}", "", "");
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Whether both columns say one thing.
pub(in crate::notation) fn same(matrix: Option<&Line>, index: &Line) -> bool {
    matrix.is_some_and(|m| m.left == index.left && m.right == index.right)
}

/// The rules of a row: one name where both columns rest on the same.
pub(in crate::notation) fn rules(row: &super::Row) -> String {
    match (&row.matrix, &row.index) {
        (Some(m), Some(i)) if m.rule == i.rule => m.rule.clone(),
        (Some(m), Some(i)) if same(Some(m), i) => m.rule.clone(),
        (Some(m), Some(i)) => format!("{}, {}", m.rule, i.rule),
        (Some(one), None) | (None, Some(one)) => one.rule.clone(),
        (None, None) => String::new(),
    }
}

/// A program that `derive check` accepts: declarations, definitions, and each line as a claim.
pub fn program(steps: &Steps, notation: Notation) -> String {
    let mut out = steps.preamble();
    for group in &steps.groups {
        let _ = writeln!(out, "# {}", ascii(&group.title));
        out.push_str(&group.preamble());
        for (_, line) in group.all(notation) {
            let _ = writeln!(out, "{}  # {}", line.claim, line.rule);
        }
    }
    out
}
