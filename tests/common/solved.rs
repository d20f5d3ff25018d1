//! Answers of the library to the given cases.

use derive::{Error, Question, Solution, gradient, hessian, jacobian};
use serde_json::Value;

/// The answer to a case, with its derivation.
pub(crate) fn solve(case: &Value) -> Result<Solution, Error> {
    let text = |field: &str| case[field].as_str().unwrap_or_default();
    let wrt: Vec<&str> =
        case["wrt"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut question = Question::new(text("program")).wrt(&wrt).with_steps();
    if !text("shape").is_empty() {
        question = question.shapes(text("shape"));
    }
    if !text("of").is_empty() {
        question = question.of(text("of"));
    }
    match text("command") {
        "jacobian" => jacobian(&question),
        "hessian" => hessian(&question),
        _ => gradient(&question),
    }
}
