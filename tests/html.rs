//! `--format html` and `--format svg`: pages for every kind of answer.

use std::process::Command;

fn derive(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_derive"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program starts");
    let error = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The examples of the repository, as paths.
fn examples() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut paths: Vec<String> = std::fs::read_dir(folder)
        .expect("examples can be listed")
        .map(|entry| entry.expect("an entry").path().to_string_lossy().into_owned())
        .filter(|path| path.ends_with(".derive"))
        .collect();
    paths.sort();
    assert!(paths.len() > 10);
    paths
}

#[test]
fn every_example_has_a_page() {
    for path in examples() {
        let page = derive(&["grad", &path, "--format", "html"]);
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{path}");
        assert!(page.contains("Verified at ") && page.contains("<svg "), "{path}");
        assert!(!page.contains("<script") && !page.contains("https:"), "{path}");
    }
}

#[test]
fn every_kind_of_answer_has_a_page_and_a_picture() {
    for (command, program, result) in [
        ("grad", "norm2(A*x - y)^2", "<mo rspace=\"0\">∇</mo><mi>A</mi>"),
        ("jacobian", "softmax(x)", "<mfrac><mrow><mo>∂</mo>"),
        ("hessian", "norm2(A*x - y)^2", "<mo>∂</mo><msup><mrow/><mn>2</mn></msup>"),
        ("simplify", "A*x - A*x + x", "<mo>−</mo>"),
    ] {
        let plain = derive(&[command, program, "--format", "html"]);
        assert!(plain.contains("<h2>Result</h2>"), "{command}");
        assert!(plain.contains(result), "{command}: {plain}");
        let formulas = derive(&[command, program, "--format", "mathml"]);
        assert!(formulas.starts_with("<math display=\"block\">"), "{command}: {formulas}");
        let picture = derive(&[command, program, "--format", "svg"]);
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{command}");
    }
}

#[test]
fn what_a_program_says_is_never_markup() {
    let page = derive(&["grad", "sum(where(x < 0, -x, x))", "--wrt", "x", "--format", "html"]);
    assert!(page.contains("<mo>&lt;</mo><mn>0</mn>"), "{page}");
    assert!(!page.contains("x < 0"));
}

#[test]
fn the_same_question_has_the_same_page() {
    let arguments = ["grad", "examples/attention.derive", "--format", "html"];
    assert_eq!(derive(&arguments), derive(&arguments));
}
