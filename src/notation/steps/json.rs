//! Derivations as JSON: a list of steps, each an equation.

use super::super::answer::Answer;
use super::super::ascii::ascii;
use super::super::latex::{LatexOptions, latex_with};
use super::super::left::{latex_left, unicode_left};
use super::super::unicode::unicode;
use super::{Group, Line, Notation, Side, Steps};
use serde_json::{Value, json};

/// The steps in order. Joined by newlines their `ascii` is a program that the checker accepts:
/// declarations and definitions, then claims.
pub fn values(
    steps: &Steps,
    answer: &Answer,
    notation: Notation,
    options: LatexOptions<'_>,
) -> Vec<Value> {
    let mut out: Vec<Value> = steps.preamble().lines().map(statement).collect();
    for group in &steps.groups {
        out.extend(group.preamble().lines().map(statement));
        for (notation, line) in group.all(notation) {
            out.push(step(group, line, notation, answer, options));
        }
    }
    out
}

fn statement(text: &str) -> Value {
    let first = text.split(' ').next().unwrap_or_default();
    let rule = match first {
        "var" | "fn" => "declaration",
        _ if text.contains(" == ") => "written-form",
        _ => "definition",
    };
    json!({"rule": rule, "notation": null, "ascii": text})
}

fn step(
    group: &Group,
    line: &Line,
    notation: Notation,
    answer: &Answer,
    options: LatexOptions<'_>,
) -> Value {
    let (left, tex) = match &line.left {
        Side::Math(m) => (unicode(m), latex_with(m, options)),
        Side::Result(at) => {
            let outcome = &answer.results[*at];
            let tex = latex_left(answer, outcome, options);
            (unicode_left(answer, outcome), tex)
        }
    };
    json!({
        "of": ascii(&group.title),
        "rule": line.rule,
        "notation": if notation == Notation::Matrix { "matrix" } else { "index" },
        "ascii": line.claim,
        "latex": format!("{tex} = {}", latex_with(&line.right, options)),
        "text": format!("{left} = {}", unicode(&line.right)),
    })
}
