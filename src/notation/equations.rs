//! An answer as LaTeX equations.

use super::answer::{Answer, ResultKind};
use super::latex::{LatexOptions, latex_with};
use super::left::latex_left;
use super::program::{gradient_of, needed};
use rustc_hash::FxHashSet;

/// All results as equations, after the definitions that they need: one equation alone, several in
/// an `aligned` block. Ends with a newline.
pub fn equations(answer: &Answer) -> String {
    equations_with(answer, LatexOptions::default())
}

/// As [`equations`], with choices.
pub fn equations_with(answer: &Answer, options: LatexOptions) -> String {
    let asked: FxHashSet<&str> = answer
        .results
        .iter()
        .filter(|result| result.kind == ResultKind::Gradient)
        .filter_map(|result| result.wrt.first().map(|symbol| &*symbol.name))
        .collect();
    let mut rows: Vec<(String, String)> = answer
        .bindings
        .iter()
        .zip(needed(answer))
        .filter(|(_, needed)| *needed)
        .map(|(binding, _)| binding)
        .filter(|binding| !gradient_of(&binding.name).is_some_and(|name| asked.contains(name)))
        .map(|binding| (latex_with(&binding.name, options), latex_with(&binding.value, options)))
        .collect();
    for result in &answer.results {
        rows.push((latex_left(answer, result, options), latex_with(&result.value, options)));
    }
    match rows.as_slice() {
        [(left, right)] if left.is_empty() => format!("{right}\n"),
        [(left, right)] => format!("{left} = {right}\n"),
        _ => aligned(&rows),
    }
}

fn aligned(rows: &[(String, String)]) -> String {
    let mut out = String::from("\\begin{aligned}\n");
    for (at, (left, right)) in rows.iter().enumerate() {
        let relation = if left.is_empty() { "&" } else { " &= " };
        let end = if at + 1 == rows.len() { "\n" } else { " \\\\\n" };
        for part in ["  ", left, relation, right, end] {
            out.push_str(part);
        }
    }
    out.push_str("\\end{aligned}\n");
    out
}
