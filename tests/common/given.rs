//! The given cases.

use serde_json::Value;

/// Gradients, Jacobians and Hessians, with the right numbers at a point.
pub(crate) fn cases() -> Vec<Value> {
    include_str!("../cases/gradients.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case is JSON"))
        .collect()
}
