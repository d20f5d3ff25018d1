//! An answer as JSON, schema 1 of the language page.

use super::answer::{Answer, Outcome, ResultKind};
use super::ascii::ascii;
use super::latex::latex;
use super::math::Math;
use super::text::{Report, result_index, result_program};
use serde_json::{Value, json};

/// Sizes as texts or numbers.
fn shape(sizes: &[Math]) -> Value {
    sizes
        .iter()
        .map(|s| match s {
            Math::Number(n) => n.as_integer().map_or_else(|| json!(n.to_string()), |k| json!(k)),
            other => json!(ascii(other)),
        })
        .collect()
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome.kind {
        ResultKind::Gradient => "gradient",
        ResultKind::Jacobian => "jacobian",
        ResultKind::Hessian => "hessian",
        ResultKind::Value => "value",
    }
}

/// The whole answer.
pub fn json(answer: &Answer, report: &Report) -> Value {
    let variables: Vec<Value> = answer
        .parameters
        .iter()
        .filter(|p| !matches!(p.name, Math::Gradient(_)))
        .map(|p| json!({"name": p.written, "shape": shape(&p.shape), "assumed": p.assumed}))
        .collect();
    let results: Vec<Value> = answer
        .results
        .iter()
        .enumerate()
        .map(|(at, r)| {
            json!({
                "kind": kind(r),
                "wrt": r.written,
                "shape": shape(&r.shape),
                "ascii": result_program(answer, at),
                "latex": latex(&r.value),
                "index": result_index(answer, at),
            })
        })
        .collect();
    let mut verification = json!({
        "status": report.status,
        "points": report.points,
        "max_relative_error": report.max_relative_error,
    });
    if !report.reason.is_empty() {
        verification["reason"] = json!(report.reason);
    }
    json!({
        "schema": 1,
        "objective": {
            "name": answer.objective.name.to_string(),
            "ascii": ascii(&answer.value),
            "latex": latex(&answer.value),
            "shape": shape(&answer.shape),
        },
        "variables": variables,
        "results": results,
        "conditions": answer.conditions,
        "verification": verification,
        "steps": [],
    })
}
