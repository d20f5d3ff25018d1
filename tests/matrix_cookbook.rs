//! The second section of The Matrix Cookbook, each equation as a claim that holds, and beside it a
//! false twin (a transpose, a factor, a sign) that a point refutes.

use derive::check::check_typed;
use derive::check::verdict::{Status, Verdict};
use derive::shape::infer::infer;
use derive::syntax::parser::parse;
use serde_json::Value;
use std::collections::BTreeSet;

fn last(program: &str) -> Verdict {
    let typed = infer(parse(program).expect(program)).expect(program);
    check_typed(&typed, 0, false).pop().expect("a claim")
}

#[test]
fn the_equations_hold_and_their_twins_do_not() {
    let mut numbers = BTreeSet::new();
    for line in include_str!("corpus/matrix_cookbook/section_2.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let (program, twin) = (case["program"].as_str(), case["twin"].as_str());
        let found = last(program.expect("a program")).status;
        assert!(matches!(found, Status::Proved | Status::Verified), "{case}: {found:?}");
        let refuted = last(twin.expect("a twin"));
        assert_eq!(refuted.status, Status::Refuted, "{case}");
        assert!(refuted.evidence.counterexample.is_some(), "{case}");
        numbers.extend(case["equation"].as_u64());
    }
    assert!(numbers.len() >= 70, "{} equations", numbers.len());
}
