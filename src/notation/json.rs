//! An answer as JSON, schema 1 of the language page.

use super::answer::{Answer, Condition, Outcome, ResultKind};
use super::ascii::ascii;
use super::forms::{Form, FormKind};
use super::latex::{LatexOptions, latex_with};
use super::math::Math;
use super::program::{gradient_of, objective_program, result_index, result_program};
use super::text::Report;
use serde_json::{Value, json};

/// The whole answer.
pub fn json(answer: &Answer, report: &Report, options: LatexOptions<'_>) -> Value {
    let variables: Vec<Value> = answer
        .parameters
        .iter()
        .filter(|p| gradient_of(&p.name).is_none())
        .map(|p| json!({"name": answer.parameter_name(p), "shape": shape(&p.shape), "assumed": p.assumed}))
        .collect();
    let results: Vec<Value> =
        answer.results.iter().enumerate().map(|(at, r)| result(answer, at, r, options)).collect();
    json!({
        "schema": 1,
        "objective": {
            "name": &*answer.objective.name,
            "ascii": objective_program(answer),
            "latex": latex_with(&answer.value, options),
            "shape": shape(&answer.shape),
        },
        "variables": variables,
        "results": results,
        "conditions": answer.conditions.iter().map(Condition::ascii).collect::<Vec<_>>(),
        "remarks": answer.remarks,
        "verification": verification(report),
        "steps": [],
    })
}

fn result(answer: &Answer, at: usize, outcome: &Outcome, options: LatexOptions<'_>) -> Value {
    let mut value = json!({
        "kind": match outcome.kind {
            ResultKind::Gradient => "gradient",
            ResultKind::Structured(_) => "structured gradient",
            ResultKind::Jacobian => "jacobian",
            ResultKind::Hessian => "hessian",
            ResultKind::Value => "value",
        },
        "wrt": outcome.wrt.iter().map(|s| answer.written(&s.name)).collect::<Vec<_>>(),
        "shape": shape(&outcome.shape),
        "ascii": result_program(answer, at),
        "latex": latex_with(&outcome.value, options),
        "index": result_index(answer, at),
    });
    if !outcome.forms().is_empty() {
        let form = |form: &Form| {
            json!({
                "kind": match form.kind {
                    FormKind::Differential => "differential",
                    FormKind::Kronecker => "kronecker",
                },
                "ascii": ascii(&form.value),
                "latex": latex_with(&form.value, options),
            })
        };
        value["forms"] = outcome.forms().iter().map(form).collect();
    }
    value
}

fn verification(report: &Report) -> Value {
    let mut value = json!({
        "status": report.status,
        "points": report.points,
        "max_relative_error": report.max_relative_error,
    });
    if !report.reason.is_empty() {
        value["reason"] = json!(report.reason);
    }
    value
}

/// Sizes as texts or numbers.
fn shape(sizes: &[Math]) -> Value {
    let size = |size: &Math| match size {
        Math::Number(n) => n.as_integer().map_or_else(|| json!(n.to_string()), |n| json!(n)),
        other => json!(ascii(other)),
    };
    sizes.iter().map(size).collect()
}
