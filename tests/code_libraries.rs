//! Every code format with its library: what the modules compute is what the judge and differences
//! say, for the programs of `tests/code/programs.txt`. `DERIVE_PYTHON` names the interpreter (default
//! `python3`), `DERIVE_TORCH_PYTHON` another for `PyTorch`. A library that is not there is said to be
//! skipped, or fails where `DERIVE_REQUIRE_PYTHON`, `DERIVE_REQUIRE_JAX`, `DERIVE_REQUIRE_TORCH` is 1.

use derive::notation::answer::Answer;
use derive::notation::math::Math;
use derive::{Question, Solution};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::Command;

#[path = "common/python.rs"]
mod python;
use python::{interpreter, python};

/// The lengths of the sizes in the programs, all of them different.
const LENGTHS: &[(&str, usize)] = &[("m", 4), ("n", 5), ("k", 3), ("p", 2), ("d", 6)];

type Format = fn(&Answer) -> Result<String, derive::notation::code::CodeError>;

/// One line of the list.
struct Case {
    command: &'static str,
    program: String,
    shapes: &'static str,
    wrt: Vec<&'static str>,
}

fn cases() -> Vec<Case> {
    let lines = include_str!("code/programs.txt").lines().filter(|l| !l.starts_with('#'));
    lines
        .map(|line| {
            // `|` does not occur in the language
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            let [command, program, shapes, wrt] = fields[..] else { panic!("four fields: {line}") };
            let wrt = wrt.split(',').map(str::trim).filter(|v| !v.is_empty()).collect();
            Case { command, program: program.into(), shapes, wrt }
        })
        .collect()
}

fn solved(case: &Case) -> Solution {
    let question = Question::new(&case.program).shapes(case.shapes).wrt(&case.wrt);
    let solution = match case.command {
        "grad" => derive::gradient(&question),
        "jacobian" => derive::jacobian(&question),
        _ => derive::hessian(&question),
    };
    solution.unwrap_or_else(|e| panic!("{}: {e}", case.program))
}

/// Numbers between −1.2 and 1.2 that are not near 0, or positive ones; the same on every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, positive: bool) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let unit = (self.0 >> 11) as f64 / (1u64 << 53) as f64;
        if positive { 0.4 + unit } else { (2.0 * unit - 1.0) + (unit - 0.5).signum() * 0.2 }
    }

    fn array(&mut self, lengths: &[usize], positive: bool) -> Value {
        match lengths {
            [] => json!(self.next(positive)),
            [n, rest @ ..] => (0..*n).map(|_| self.array(rest, positive)).collect(),
        }
    }
}

fn length(size: &Math) -> usize {
    match size {
        Math::Number(n) => n.as_integer().and_then(|n| usize::try_from(n).ok()),
        Math::Symbol(s) => compound(&s.name),
        _ => None,
    }
    .expect("a size of the list has a length")
}

/// `m-k+1` and the like.
fn compound(text: &str) -> Option<usize> {
    let spaced = text.replace('-', "+-");
    let term = |t: &str| -> Option<i64> {
        let (sign, t) = t.strip_prefix('-').map_or((1, t), |t| (-1, t));
        let factor = |f: &str| {
            let known = LENGTHS.iter().find(|l| l.0 == f).map(|l| l.1);
            known.map_or_else(|| f.parse().ok(), |n| i64::try_from(n).ok())
        };
        Some(sign * t.split('*').map(factor).product::<Option<i64>>()?)
    };
    usize::try_from(spaced.split('+').map(term).sum::<Option<i64>>()?).ok()
}

/// The point: every variable, and the cotangent.
fn point(answer: &Answer, case: &Case) -> (Map<String, Value>, String) {
    let mut numbers = Numbers(7);
    let mut at = Map::new();
    let mut cotangent = String::new();
    for p in &answer.parameters {
        let written = answer.parameter_name(p);
        let lengths: Vec<usize> = p.shape.iter().map(length).collect();
        // commas stand inside shapes too: what is between brackets is dropped first
        let bare: String =
            case.shapes.split(']').filter_map(|part| part.split('[').next()).collect();
        let positive = bare.split(',').any(|d| d.trim() == format!("{written} positive"));
        at.insert(written.to_string(), numbers.array(&lengths, positive));
        if matches!(p.name, Math::Gradient(_)) {
            cotangent = written.to_string();
        }
    }
    (at, cotangent)
}

/// The value by the judge; nothing for an unknown function of an array.
fn judged(case: &Case, at: &Map<String, Value>) -> Value {
    let mut at = at.clone();
    at.insert("functions".into(), json!({"f": "exp(0.4*u) + cos(0.9*u)"}));
    let at = Value::from(at).to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_derive"))
        .args(["eval", "-e", &case.program, "--shape", case.shapes, "--at", &at])
        .output()
        .expect("the program starts");
    if case.program.starts_with("fn J") {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("the point has no value for `J`"), "{said}");
        return Value::Null;
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let value: Value = serde_json::from_str(&printed).unwrap_or_else(|_| {
        panic!("{}: {}", case.program, String::from_utf8_lossy(&output.stderr))
    });
    value["value"].clone()
}

fn job(case: &Case, format: Format) -> Value {
    let answer = solved(case).answer;
    let module = format(&answer).unwrap_or_else(|e| panic!("{}: {e}", case.program));
    let (at, cotangent) = point(&answer, case);
    let results: Vec<Value> = answer
        .results
        .iter()
        .map(|r| {
            let written: Vec<&str> = r.wrt.iter().map(|s| answer.written(&s.name)).collect();
            json!([format!("{}_{}", case.command, written.join("_")), written])
        })
        .collect();
    let value = judged(case, &at);
    let reference = derive::notation::numpy::numpy(&answer).expect("every answer has a module");
    // the names that Python and the libraries have for themselves
    let reserved = ["lambda", "class", "np", "jnp", "torch"];
    let mut renamed = at;
    for name in reserved {
        let escaped = format!("{name}_");
        if module.contains(&format!("{escaped},")) || module.contains(&format!("{escaped})")) {
            let value = renamed.remove(name).unwrap_or_default();
            renamed.insert(escaped, value);
        }
    }
    json!({
        "id": format!("{} {}", case.command, case.program), "module": module, "at": renamed,
        "reference": reference,
        "value": value, "results": results, "cotangent": cotangent,
    })
}

fn check(library: &str, python: Option<String>, format: Format) {
    let Some(python) = python else { return };
    let jobs: Vec<Value> = cases().iter().map(|case| job(case, format)).collect();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let list = directory.join(format!("{library}-jobs.json"));
    std::fs::write(&list, Value::from(jobs).to_string()).expect("the jobs can be written");
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/code/driver.py");
    let output =
        Command::new(python).arg(driver).arg(library).arg(list).output().expect("Python starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(printed.trim(), "");
}

#[test]
fn numpy_modules_agree_with_the_judge() {
    check("numpy", python("numpy, scipy"), derive::notation::numpy::numpy);
}

#[test]
fn jax_modules_agree_with_the_judge() {
    let python = interpreter(&["DERIVE_PYTHON"], "numpy, jax", "DERIVE_REQUIRE_JAX");
    check("jax", python, derive::notation::jax::jax);
}

#[test]
fn torch_modules_agree_with_the_judge() {
    let variables = ["DERIVE_TORCH_PYTHON", "DERIVE_PYTHON"];
    let python = interpreter(&variables, "numpy, torch", "DERIVE_REQUIRE_TORCH");
    check("torch", python, derive::notation::torch::torch);
}
