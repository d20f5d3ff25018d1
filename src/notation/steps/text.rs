//! Derivations for people, in two columns where they fit.

use super::super::answer::Answer;
use super::super::ascii::ascii;
use super::super::left::unicode_left;
use super::super::lines::broken;
use super::super::unicode::{Unicode, unicode};
use super::stream::{Form, Writer};
use super::{Given, Group, Line, Notation, Row, Side, Steps};
use std::fmt::Write as _;

/// Between columns.
const GAP: usize = 3;

/// The derivation in Unicode.
pub fn text(steps: &Steps, answer: &Answer, notation: Notation, width: usize) -> String {
    let mut out = String::new();
    Writer::new(&mut out, answer, notation, Form::Text(width)).steps(steps);
    out
}

/// The lines of a group, under its title.
pub(super) fn group(group: &Group, answer: &Answer, notation: Notation, width: usize) -> String {
    let mut out = format!("\n{}\n", unicode(&group.title));
    match notation {
        Notation::Both => both(&mut out, group, answer, width),
        one => single(&mut out, &group.lines(one), answer, width),
    }
    out
}

/// What is named, the equal signs under each other.
pub(super) fn named(list: &[Given]) -> String {
    let mut out = String::new();
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
    out
}

/// A line as text: its left side, and the whole.
struct Written<'l> {
    left: String,
    text: String,
    line: &'l Line,
}

/// The lines of a column: left sides are written once.
fn column<'l>(lines: &[Option<&'l Line>], answer: &Answer) -> Vec<Option<Written<'l>>> {
    let mut before: Option<&Side> = None;
    let mut write = |line: &'l Line| {
        let name = match &line.left {
            Side::Math(m) => unicode(m),
            Side::Result(at) => unicode_left(answer, &answer.results[*at]),
        };
        let again = before == Some(&line.left);
        let left = if again { " ".repeat(name.chars().count()) } else { name };
        before = Some(&line.left);
        Written { text: format!("{left} = {}", unicode(&line.right)), left, line }
    };
    lines.iter().map(|line| line.map(&mut write)).collect()
}

/// Lines under each other, each with its rule; long ones are broken.
fn single(out: &mut String, lines: &[&Line], answer: &Answer, width: usize) {
    let lines: Vec<Option<&Line>> = lines.iter().copied().map(Some).collect();
    let written: Vec<Written<'_>> = column(&lines, answer).into_iter().flatten().collect();
    let third = written.iter().map(|w| w.line.rule.len()).max().unwrap_or(0);
    let most = width.saturating_sub(2 + GAP + third);
    let fits = |w: &&Written<'_>| w.text.chars().count() <= most;
    let widest = written.iter().filter(fits).map(|w| w.text.chars().count()).max().unwrap_or(0);
    for w in &written {
        let length = w.text.chars().count();
        if length <= most {
            let pad = widest - length + GAP;
            let _ = writeln!(out, "  {}{:pad$}{}", w.text, "", w.line.rule);
            continue;
        }
        let left = format!("  {} = ", w.left);
        let indent = left.chars().count();
        let text = broken(Unicode, &left, &w.line.right, indent, width);
        let _ = writeln!(out, "{text}{:GAP$}{}", "", w.line.rule);
    }
}

/// Two columns and the rules; what stands in both is written once, across them.
fn both(out: &mut String, group: &Group, answer: &Answer, width: usize) {
    let (shared, apart): (Vec<&Row>, Vec<&Row>) = group.rows.iter().partition(|row| row.shared());
    let matrix: Vec<Option<&Line>> = apart.iter().map(|r| r.matrix.as_ref()).collect();
    let index: Vec<Option<&Line>> = apart.iter().map(|r| r.index.as_ref()).collect();
    let ends: Vec<&Line> = shared.iter().filter_map(|r| r.matrix.as_ref()).collect();
    let (left, right) = (column(&matrix, answer), column(&index, answer));
    let size = |w: &Option<Written<'_>>| w.as_ref().map_or(0, |w| w.text.chars().count());
    let first = left.iter().map(size).max().unwrap_or(0);
    let second = right.iter().map(size).max().unwrap_or(0);
    let names: Vec<String> = apart.iter().map(|row| row.rules()).collect();
    let third = names.iter().chain(ends.iter().map(|l| &l.rule)).map(String::len).max();
    let whole = 2 + first + second + third.unwrap_or(0) + 2 * GAP;
    if first == 0 || second == 0 || whole > width {
        for lines in [matrix, index] {
            let lines: Vec<&Line> = lines.into_iter().flatten().collect();
            single(out, &lines, answer, width);
        }
        return single(out, &ends, answer, width);
    }
    let text = |w: &Option<Written<'_>>| w.as_ref().map_or(String::new(), |w| w.text.clone());
    for ((left, right), rule) in left.iter().zip(&right).zip(&names) {
        let a = first - size(left) + GAP;
        let b = second - size(right) + GAP;
        let line = format!("  {}{:a$}{}{:b$}{rule}", text(left), "", text(right), "");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let across = first + second + GAP;
    for w in column(&ends.iter().copied().map(Some).collect::<Vec<_>>(), answer) {
        let Some(w) = w else { continue };
        let length = w.text.chars().count();
        if length > across {
            single(out, &[w.line], answer, width);
            continue;
        }
        let pad = across - length + GAP;
        let _ = writeln!(out, "  {}{:pad$}{}", w.text, "", w.line.rule);
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
