//! Python with the libraries that a test needs.

use std::process::{Command, Stdio};

/// The interpreter that `DERIVE_PYTHON` names, or `python3`, where it can import these; else a note,
/// or a failure where `DERIVE_REQUIRE_PYTHON=1`.
#[expect(clippy::print_stdout, reason = "a test that does not run says so")]
pub(crate) fn python(imports: &str) -> Option<String> {
    let python = std::env::var("DERIVE_PYTHON").unwrap_or_else(|_| "python3".into());
    let ready = Command::new(&python)
        .args(["-c", &format!("import {imports}")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if !ready {
        let required = std::env::var("DERIVE_REQUIRE_PYTHON").is_ok_and(|v| v == "1");
        assert!(!required, "`{python}` cannot import {imports}");
        println!("skipped: `{python}` cannot import {imports} (DERIVE_PYTHON names another)");
    }
    ready.then_some(python)
}
