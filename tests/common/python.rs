//! Python with the libraries that a test needs.

use std::process::{Command, Stdio};

/// The interpreter that `DERIVE_PYTHON` names, or `python3`, where it can import these; else a note,
/// or a failure where `DERIVE_REQUIRE_PYTHON=1`.
pub(crate) fn python(imports: &str) -> Option<String> {
    interpreter(&["DERIVE_PYTHON"], imports, "DERIVE_REQUIRE_PYTHON")
}

/// The interpreter that the first of these variables with a value names, or `python3`, where it can
/// import these; else a note, or a failure where the variable `required` is 1.
#[expect(clippy::print_stdout, reason = "a test that does not run says so")]
pub(crate) fn interpreter(variables: &[&str], imports: &str, required: &str) -> Option<String> {
    let named = |v: &&str| std::env::var(v).ok().filter(|v| !v.is_empty());
    let python = variables.iter().find_map(named).unwrap_or_else(|| "python3".into());
    let ready = Command::new(&python)
        .args(["-c", &format!("import {imports}")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if !ready {
        let required = std::env::var(required).is_ok_and(|v| v == "1");
        assert!(!required, "`{python}` cannot import {imports}");
        println!("skipped: `{python}` cannot import {imports} ({} names another)", variables[0]);
    }
    ready.then_some(python)
}
