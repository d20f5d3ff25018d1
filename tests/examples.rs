//! Every file of `examples/` with the answer as text, ASCII and LaTeX; the snapshots stand beside
//! the tests and are read as mathematics.

use std::path::Path;
use std::process::Command;

fn derive(path: &Path, format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_derive"))
        .arg("grad")
        .arg(path)
        .args(["--format", format, "--no-verify"])
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("answers are UTF-8")
}

#[test]
fn gradients_of_the_examples() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../examples", "*.derive", |path| {
            let [text, ascii, latex] = ["text", "ascii", "latex"].map(|f| derive(path, f));
            insta::assert_snapshot!(format!("{text}\n--- ascii\n{ascii}\n--- latex\n{latex}"));
        });
    });
}

#[test]
fn every_example_is_verified() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in root.read_dir().expect("the examples can be listed") {
        let path = entry.expect("the examples can be listed").path();
        // the Python files below are those of `code.rs`
        if path.is_dir() {
            continue;
        }
        let output = Command::new(env!("CARGO_BIN_EXE_derive"))
            .arg("grad")
            .arg(&path)
            .args(["--format", "json"])
            .output()
            .expect("the program starts");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(
            printed.contains("\"status\":\"verified\""),
            "{}: {printed}{}",
            path.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
