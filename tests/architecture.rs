//! The direction of dependencies, read from the `crate::` paths under `src/`.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules from left to right: each may use itself and those in the rows above its own; the
/// first row is one group.
const ROWS: &[&[&str]] = &[
    &["number", "id_table", "array", "diagnostic", "field", "functions", "identities"],
    &["syntax"],
    &["shape"],
    // The judge stands beside the core and uses nothing of what it judges.
    &["tensor", "numeric"],
    &["calculus", "simplify"],
    &["notation"],
    &["engine"],
    &["render", "check"],
    &["python"],
    &["cli"],
];

/// Right of the judge in the rows, and yet not to use it.
const CORE: &[&str] = &["tensor", "calculus", "simplify", "notation"];

/// What only the command line does.
const WORLD: &[&str] =
    &["println!", "eprintln!", "print!(", "std::fs", "std::env", "std::process", "std::io"];

/// A source file: its module, its path and its text without its tests.
struct Source {
    module: String,
    path: PathBuf,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut pending = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).expect("src can be listed") {
            let path = entry.expect("src can be listed").path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            // A file that is all tests may join what it likes.
            if stem == "tests" || stem.ends_with("_tests") {
                continue;
            }
            let inside = path.strip_prefix(&root).expect("it is below src");
            let first = inside.iter().next().unwrap_or_default().to_string_lossy();
            let text = fs::read_to_string(&path).expect("a source is UTF-8");
            found.push(Source {
                module: first.trim_end_matches(".rs").to_string(),
                code: text.split("#[cfg(test)]").next().unwrap_or_default().to_string(),
                path,
            });
        }
    }
    assert!(!found.is_empty(), "there are sources");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The lines of code (comments left out) with their numbers.
fn lines(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim_start()))
        .filter(|(_, line)| !line.starts_with("//"))
}

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

fn may_use(module: &str, used: &str) -> bool {
    let (Some(here), Some(there)) = (row(module), row(used)) else { return false };
    module == used
        || here + there == 0
        || there < here && !(used == "numeric" && CORE.contains(&module))
}

#[test]
fn modules_use_only_what_stands_left_of_them() {
    let mut wrong = Vec::new();
    for source in sources() {
        if matches!(source.module.as_str(), "lib" | "main" | "cli") {
            continue;
        }
        for (number, line) in lines(&source.code) {
            for (at, path) in line.match_indices("crate::") {
                let rest = &line[at + path.len()..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let used = &rest[..end.unwrap_or(rest.len())];
                if !may_use(&source.module, used) {
                    let place = source.path.display();
                    wrong.push(format!("{place}:{number}: `{}` uses `{used}`", source.module));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_touches_the_world() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| !matches!(s.module.as_str(), "main" | "cli")) {
        for (number, line) in lines(&source.code) {
            if WORLD.iter().any(|w| line.contains(w)) {
                wrong.push(format!("{}:{number}: {line}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
