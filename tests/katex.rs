//! Every LaTeX text of the given cases, derivations and every style included, is accepted by `KaTeX` in strict mode. `DERIVE_KATEX` names a
//! folder of Node modules that has it; without it the test says that it was skipped, or fails where
//! `DERIVE_REQUIRE_KATEX=1`.

#[path = "common/given.rs"]
mod given;
#[path = "common/solved.rs"]
mod solved;

use derive::notation::json::json;
use derive::notation::latex::{LatexOptions, Transposed};
use derive::notation::math::Symbol;
use derive::notation::steps::Notation;
use derive::notation::steps::json::values;
use derive::notation::steps::latex::latex;
use derive::notation::text::{Report, equations_with};
use given::cases;
use serde_json::{Value, json};
use solved::solve;
use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// The choices of `--style`: as they are, and each once.
fn styles(loss: &Symbol) -> Vec<LatexOptions<'_>> {
    let plain = LatexOptions::default();
    vec![
        plain,
        LatexOptions { bold: true, transpose: Transposed::Letter, loss: None },
        LatexOptions { bold: true, transpose: Transposed::Prime, loss: Some(loss) },
        LatexOptions { loss: Some(loss), ..plain },
    ]
}

/// Every field with the name `latex`.
fn fields(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| fields(v, out)),
        Value::Object(map) => {
            for (name, value) in map {
                match value.as_str() {
                    Some(text) if name == "latex" => out.push(text.to_string()),
                    _ => fields(value, out),
                }
            }
        }
        _ => {}
    }
}

/// Blocks with empty lines between them.
fn blocks(text: &str) -> Vec<String> {
    text.split("\n\n").map(str::to_string).collect()
}

/// The LaTeX of the given cases: answers, derivations and JSON.
fn texts() -> Vec<Value> {
    let (mut list, mut seen) = (Vec::new(), HashSet::new());
    for case in cases() {
        let solution = solve(&case).unwrap_or_else(|e| panic!("{}: {e}", case["id"]));
        let (answer, loss) = (&solution.answer, solution.loss());
        let steps = solution.steps.as_ref().expect("steps were asked for");
        for (at, options) in styles(&loss).into_iter().enumerate() {
            let mut texts = vec![equations_with(answer, options)];
            texts.extend(blocks(&latex(steps, answer, Notation::Both, options)));
            if at == 0 {
                for notation in [Notation::Matrix, Notation::Index] {
                    texts.extend(blocks(&latex(steps, answer, notation, options)));
                }
                fields(&json(answer, &Report::skipped(""), options), &mut texts);
                let lines = values(steps, answer, Notation::Both, options);
                for step in &lines {
                    fields(step, &mut texts);
                }
            }
            texts.retain(|text| seen.insert(text.clone()));
            list.extend(texts.iter().map(|tex| json!({"id": case["id"], "tex": tex, "style": at})));
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
