//! Every LaTeX text of the given cases is accepted by `KaTeX` in strict mode. `DERIVE_KATEX` names a
//! folder of Node modules that has it; without it the test says that it was skipped, or fails where
//! `DERIVE_REQUIRE_KATEX=1`.

use derive::Question;
use derive::notation::latex::LatexOptions;
use derive::notation::text::equations_with;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

fn texts() -> Vec<Value> {
    let mut list = Vec::new();
    for line in include_str!("cases/gradients.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let text = |field: &str| case[field].as_str().unwrap_or_default();
        let wrt: Vec<&str> =
            case["wrt"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut question = Question::new(text("program")).wrt(&wrt);
        if !text("shape").is_empty() {
            question = question.shapes(text("shape"));
        }
        if !text("of").is_empty() {
            question = question.of(text("of"));
        }
        let solution = match text("command") {
            "grad" => derive::gradient(&question),
            "jacobian" => derive::jacobian(&question),
            _ => derive::hessian(&question),
        };
        let answer = solution.unwrap_or_else(|e| panic!("{}: {e}", text("id"))).answer;
        for bold in [false, true] {
            let tex = equations_with(&answer, LatexOptions { bold, ..LatexOptions::default() });
            list.push(json!({"id": text("id"), "tex": tex}));
        }
    }
    list
}

#[test]
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn katex_accepts_every_answer() {
    let modules = std::env::var("DERIVE_KATEX").unwrap_or_default();
    let node = |arguments: &[&str]| {
        let mut command = Command::new("node");
        command.env("NODE_PATH", &modules).args(arguments).stdin(Stdio::null());
        command.output()
    };
    let ready = node(&["-e", "require('katex')"]).is_ok_and(|o| o.status.success());
    let required = std::env::var("DERIVE_REQUIRE_KATEX").is_ok_and(|v| v == "1");
    assert!(ready || !required, "no KaTeX in `{modules}`, and it is required");
    if !ready {
        println!("skipped: no KaTeX (DERIVE_KATEX names a folder of Node modules)");
        return;
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (list, page) = (directory.join("katex.json"), directory.join("katex.html"));
    std::fs::write(&list, Value::from(texts()).to_string()).expect("the list can be written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/katex/check.js");
    let arguments = [&script, &list, &page].map(|p| p.to_str().expect("a path is text"));
    let output = node(&arguments).expect("node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "");
}
