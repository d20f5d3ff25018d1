//! Every function and form of the language in every combination that makes sense: each line of
//! `tests/language/*.txt` is answered and verified, and where it says what the answer is, is so.
//!
//! A line is `command | program | variables | shapes | answer in ASCII`; trailing parts may be left
//! out. `refuse | program | variables | shapes | message` is refused in these words.

use derive::{Question, Solution, gradient, hessian, jacobian, simplified, verify};

/// What is wrong with a line, or nothing.
fn wrong(line: &str) -> Option<String> {
    let mut parts = line.split('|').map(str::trim);
    let mut part = || parts.next().unwrap_or("");
    let (command, program, wrt, shapes, expected) = (part(), part(), part(), part(), part());
    let program = program.replace("\\n", "\n");
    let names: Vec<&str> = wrt.split(',').map(str::trim).filter(|w| !w.is_empty()).collect();
    let mut question = Question::new(&program).wrt(&names);
    if !shapes.is_empty() {
        question = question.shapes(shapes);
    }
    let answer: Result<Solution, _> = match command {
        "grad" | "refuse" => gradient(&question),
        "structured" => gradient(&question.clone().structured()),
        "jacobian" => jacobian(&question),
        "hessian" => hessian(&question),
        "simplify" => simplified(&question),
        other => return Some(format!("no command `{other}`")),
    };
    match (command, answer) {
        ("refuse", Ok(_)) => Some("it has an answer".to_string()),
        ("refuse", Err(e)) if e.to_string() == expected => None,
        (_, Err(e)) => Some(e.to_string()),
        (_, Ok(solution)) => {
            let ascii: Vec<String> =
                (0..solution.answer.results.len()).map(|k| solution.ascii(k)).collect();
            let ascii = ascii.join("; ");
            let report = verify(&solution, &question, 0);
            let ascii =
                if command == "structured" { ascii.replacen("; ", " within ", 1) } else { ascii };
            if report.status != "verified" || report.points < 4 {
                let status = report.status;
                return Some(format!("{status} at {}: {}\n{ascii}", report.points, report.reason));
            }
            (!expected.is_empty() && ascii != expected).then(|| format!("answers {ascii}"))
        }
    }
}

fn table(text: &str) {
    let lines: Vec<&str> = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    let wrong: Vec<String> = lines
        .iter()
        .filter_map(|line| wrong(line).map(|message| format!("{line}\n    {message}")))
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}

#[test]
fn slices_and_blocks() {
    table(include_str!("language/blocks.txt"));
}

#[test]
fn factors_of_symmetric_matrices_and_triangles() {
    table(include_str!("language/factors.txt"));
}

#[test]
fn functions_of_the_table() {
    table(include_str!("language/functions.txt"));
}

#[test]
fn facts() {
    table(include_str!("language/facts.txt"));
}

#[test]
fn gradients_within_structures() {
    table(include_str!("language/structured.txt"));
}

#[test]
fn batches() {
    table(include_str!("language/batches.txt"));
}

#[test]
fn answers_look_through_definitions() {
    table(include_str!("language/definitions.txt"));
}
