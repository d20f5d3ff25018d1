//! The gradient cases of `tests/cases/gradients.jsonl`: expressions from public sources with the
//! right numbers at a point, asked of the program through its ASCII answer and its NumPy module.

#[path = "common/given.rs"]
mod given;
#[path = "common/python.rs"]
mod python;

use given::cases;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// Cases that do not pass yet, with the reason. One that passes must leave the table.
const FAILING: &[(&str, &str)] = &[];

/// As [`FAILING`], for the answers in index notation alone.
const FAILING_INDEX: &[(&str, &str)] = &[];

/// As [`FAILING`], for the NumPy modules alone.
const FAILING_NUMPY: &[(&str, &str)] = &[];

/// The largest error relative to the largest entry expected.
const TOLERANCE: f64 = 1e-7;

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// Runs the program, and gives what it prints.
fn derive(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_derive"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|e| e.to_string())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().replace('\n', "\n    "))
    }
}

/// What the command of a case prints with these options.
fn asked(case: &Value, options: &[&str]) -> Result<String, String> {
    let wrt: Vec<&str> =
        case["wrt"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let wrt = wrt.join(",");
    let mut arguments = vec![text(case, "command"), "-e", text(case, "program"), "--wrt", &wrt];
    for (option, field) in [("--shape", "shape"), ("--of", "of")] {
        if !text(case, field).is_empty() {
            arguments.extend([option, text(case, field)]);
        }
    }
    arguments.extend(options);
    derive(&arguments)
}

/// The answer to a case, not verified.
fn grad(case: &Value, format: &str) -> Result<String, String> {
    asked(case, &["--format", format, "--no-verify"])
}

/// The point of a case, with the cotangent under its name.
fn point(case: &Value, objective: &str) -> Map<String, Value> {
    let mut at = case["at"].as_object().cloned().unwrap_or_default();
    if !case["upstream"].is_null() {
        at.insert(format!("grad_{objective}"), case["upstream"].clone());
    }
    at
}

/// `name[m,n]`, or the name alone for a scalar.
fn declaration(name: &str, shape: &Value) -> String {
    let sizes: Vec<String> = shape
        .as_array()
        .into_iter()
        .flatten()
        .map(|d| d.as_str().map_or_else(|| d.to_string(), str::to_string))
        .collect();
    if sizes.is_empty() { name.to_string() } else { format!("{name}[{}]", sizes.join(",")) }
}

fn numbers(value: &Value, into: &mut Vec<f64>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|e| numbers(e, into)),
        // NaN and infinities are none of JSON's numbers, and never right.
        other => into.push(other.as_f64().unwrap_or(f64::NAN)),
    }
}

/// Whether a value is what is expected, and how far from it otherwise.
fn compare(what: &str, found: &Value, expected: &Value) -> Result<(), String> {
    let (mut f, mut e) = (Vec::new(), Vec::new());
    numbers(found, &mut f);
    numbers(expected, &mut e);
    if f.len() != e.len() {
        return Err(format!("{what}: {} entries expected, found {}", e.len(), f.len()));
    }
    let largest = e.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let bound = if largest == 0.0 { 1e-9 } else { TOLERANCE * largest };
    let worst = f.iter().zip(&e).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max);
    let undefined = f.iter().any(|x| x.is_nan());
    if undefined || worst > bound {
        return Err(format!("{what}: an error of {worst:e} where {bound:e} is allowed"));
    }
    Ok(())
}

/// A case through the answer of a field (`ascii`, `index`), read back and evaluated.
fn through(case: &Value, field: &str) -> Result<(), String> {
    let answer: Value = serde_json::from_str(&grad(case, "json")?).map_err(|e| e.to_string())?;
    let objective = &answer["objective"];
    let cotangent = text(objective, "name");
    let mut declarations: Vec<String> = case["vars"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, shape)| declaration(name, shape))
        .collect();
    if !case["upstream"].is_null() {
        declarations.push(declaration(&format!("grad_{cotangent}"), &objective["shape"]));
    }
    let declarations = declarations.join(", ");
    let mut at = point(case, cotangent);
    if !case["functions"].is_null() {
        at.insert("functions".into(), case["functions"].clone());
    }
    let at = Value::Object(at).to_string();
    let results = answer["results"].as_array().ok_or("no results")?;
    if results.len() != case["expected"].as_object().map_or(0, Map::len) {
        return Err(format!("{} results", results.len()));
    }
    let evaluate = |program: &str| -> Result<Value, String> {
        let printed = derive(&["eval", "-e", program, "--shape", &declarations, "--at", &at])
            .map_err(|e| format!("`{program}` does not read back: {e}"))?;
        serde_json::from_str(&printed).map_err(|e| e.to_string())
    };
    for result in results {
        let wrt: Vec<&str> =
            result["wrt"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let kind = match text(result, "kind") {
            "gradient" => "grad",
            kind => kind,
        };
        let name = format!("{kind}_{}", wrt.join("_"));
        let found = evaluate(text(result, field))?;
        compare(&name, &found["value"], &case["expected"][&name])?;
    }
    Ok(())
}

/// Holds what failed against a table of what is known to fail.
fn settle(failed: &BTreeMap<String, String>, known: &[&[(&str, &str)]]) {
    let known: BTreeMap<&str, &str> = known.iter().flat_map(|k| k.iter().copied()).collect();
    let mut wrong: Vec<String> = failed
        .iter()
        .filter(|(id, _)| !known.contains_key(id.as_str()))
        .map(|(id, why)| format!("{id}: {why}"))
        .collect();
    let passing = known.keys().filter(|id| !failed.contains_key(**id));
    wrong.extend(passing.map(|id| format!("{id} passes now: take it out of the table")));
    assert!(wrong.is_empty(), "{} of the cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// The cases that fail through the answer of a field.
fn failures(field: &str) -> BTreeMap<String, String> {
    let failed = cases().into_iter().filter_map(|case| {
        let why = through(&case, field).err()?;
        Some((text(&case, "id").to_string(), why))
    });
    failed.collect()
}

#[test]
fn ascii_answers_have_the_right_values() {
    settle(&failures("ascii"), &[FAILING]);
}

#[test]
fn index_answers_have_the_right_values() {
    settle(&failures("index"), &[FAILING, FAILING_INDEX]);
}

#[test]
fn numpy_modules_have_the_right_values() {
    let Some(python) = python::python("numpy, scipy") else { return };
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
    std::fs::create_dir_all(&directory).expect("the directory for modules can be made");
    let mut failed = BTreeMap::new();
    let mut jobs = Vec::new();
    let cases = cases();
    for case in &cases {
        let id = text(case, "id");
        let module = match grad(case, "numpy") {
            Ok(module) => module,
            Err(why) => {
                failed.insert(id.to_string(), why);
                continue;
            }
        };
        let path = directory.join(format!("{}.py", id.replace('-', "_")));
        std::fs::write(&path, module).expect("a module can be written");
        let named = case["vars"].as_object().is_some_and(|v| v.contains_key("y"));
        let objective = match text(case, "of") {
            "" if named => "out",
            "" => "y",
            name => name,
        };
        let mut wanted: Vec<String> = vec!["value".into()];
        wanted.extend(case["expected"].as_object().into_iter().flatten().map(|(k, _)| k.clone()));
        jobs.push(json!({
            "id": id, "module": path, "at": point(case, objective), "wanted": wanted,
            "functions": case["functions"].as_object().cloned().unwrap_or_default(),
        }));
    }
    let list = directory.join("jobs.json");
    std::fs::write(&list, Value::from(jobs).to_string()).expect("the jobs can be written");
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/driver.py");
    let output = Command::new(python).arg(driver).arg(list).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Python writes NaN where JSON has no word for it.
    let printed = String::from_utf8_lossy(&output.stdout).replace("NaN", "null");
    let results: Value = serde_json::from_str(&printed).expect("the driver prints JSON");
    for case in &cases {
        let id = text(case, "id");
        let outcome = match &results[id] {
            Value::Object(values) => values.iter().try_for_each(|(name, found)| {
                let value = name == "value";
                compare(name, found, if value { &case["value"] } else { &case["expected"][name] })
            }),
            Value::String(why) => Err(why.clone()),
            _ => continue,
        };
        if let Err(why) = outcome {
            failed.insert(id.to_string(), why);
        }
    }
    settle(&failed, &[FAILING, FAILING_NUMPY]);
}

#[test]
fn every_answer_is_verified() {
    let mut failed = Vec::new();
    for case in cases() {
        let answer = asked(&case, &["--seed", "1", "--format", "json"]).and_then(|out| {
            let found: Value = serde_json::from_str(&out).map_err(|e| e.to_string())?;
            match found["verification"]["status"].as_str() {
                Some("verified") => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        if let Err(reason) = answer {
            failed.push(format!("{}: {reason}", text(&case, "id")));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
