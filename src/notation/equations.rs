//! An answer as LaTeX equations.

use super::answer::Answer;
use super::forms::form_latex;
use super::latex::{LatexOptions, latex_with};
use super::left::latex_left;
use super::order::{Step, backward, steps};
use super::program::needed;

/// All results as equations, after the definitions that they need: one equation alone, several in
/// an `aligned` block. Ends with a newline.
pub fn equations(answer: &Answer) -> String {
    equations_with(answer, LatexOptions::default())
}

/// As [`equations`], with choices.
pub fn equations_with(answer: &Answer, options: LatexOptions<'_>) -> String {
    let (needed, backward) = (needed(answer), backward(answer));
    let mut order: Vec<Step> = (0..backward).filter(|&at| needed[at]).map(Step::Binding).collect();
    order.extend(steps(answer, &needed, backward));
    let row = |step: &Step| match *step {
        Step::Binding(at) => {
            let binding = &answer.bindings[at];
            vec![(latex_with(&binding.left(), options), latex_with(&binding.value, options))]
        }
        Step::Result(at) => {
            let result = &answer.results[at];
            let left = latex_left(answer, result, options);
            let mut rows = vec![(left, latex_with(&result.value, options))];
            rows.extend(result.forms().iter().map(|form| {
                let left = form_latex(answer, result, form.kind, options);
                (left, latex_with(&form.value, options))
            }));
            rows
        }
    };
    let rows: Vec<(String, String)> = order.iter().flat_map(row).collect();
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
