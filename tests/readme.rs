//! The README and the guide keep their word: every `console` block is run and compared.
//!
//! Each `$ derive …` (or `$ cargo run --release -- …`) line is run with the program of this build,
//! `$ cat FILE` shows a file; what follows up to the next `$` is what they print. The `rust` blocks
//! are run with the documentation tests of the library.

use std::path::Path;
use std::process::{Command, Stdio};

/// The words of a command line: blanks separate, single and double quotes group.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What a command prints, errors after results.
fn run(line: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut words = words(line.strip_prefix("cargo run --release --").unwrap_or(line));
    if words.first().is_some_and(|w| w == "cat") {
        return std::fs::read_to_string(root.join(&words[1])).expect("the file can be read");
    }
    if words.first().is_some_and(|w| w == "derive") {
        words.remove(0);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_derive"))
        .args(&words)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let printed = [output.stdout, output.stderr].concat();
    String::from_utf8(printed).expect("output is UTF-8")
}

/// Output with its measured error left open: its digits are the mathematical library's, which is
/// not the same on every system.
fn settled(printed: &str) -> String {
    let lines = printed.trim_end().lines().map(|line| match line.split_once("relative error ") {
        Some((before, _)) => format!("{before}relative error …\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// The commands of a Markdown text with what is said to follow each.
fn commands(markdown: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in markdown.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => {
                if let Some(command) = line.strip_prefix("$ ") {
                    found.push((command.to_string(), String::new()));
                } else {
                    let (_, printed) = found.last_mut().expect("a block begins with a command");
                    printed.push_str(line);
                    printed.push('\n');
                }
            }
            _ => {}
        }
    }
    found
}

fn check(name: &str, markdown: &str) {
    let commands = commands(markdown);
    assert!(!commands.is_empty(), "{name} has no commands");
    let wrong: Vec<String> = commands
        .iter()
        .filter_map(|(command, expected)| {
            let found = run(command);
            (settled(&found) != settled(expected))
                .then(|| format!("{name}: $ {command}\nexpected:\n{expected}\nfound:\n{found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_commands_of_the_readme_print_what_it_says() {
    check("README.md", include_str!("../README.md"));
}

#[test]
fn the_commands_of_the_guide_print_what_it_says() {
    check("docs/guide.md", include_str!("../docs/guide.md"));
}
