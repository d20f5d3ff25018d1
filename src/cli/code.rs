//! `derive check --code FILE.py`

use super::Failure;
use super::check::evidence_json;
use super::evidence::{point_text, sides_text};
use super::input::{self, Input};
use crate::check::verdict::Status;
use crate::diagnostic::{Diagnostic, Label};
use crate::python::{Answer, CodeError, Options, Report, check_code};
use clap::ArgMatches;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// `derive check --code`: what is printed, and the exit status.
pub(super) fn code_command(m: &ArgMatches, color: bool) -> Result<(String, u8), Failure> {
    let text = |name: &str| m.get_one::<String>(name).cloned();
    let options = Options {
        shapes: text("shape"),
        value: text("value"),
        gradient: text("gradient"),
        wrt: text("wrt").map_or_else(Vec::new, |list| {
            list.split(',').map(|s| s.trim().to_string()).filter(|s| !s.is_empty()).collect()
        }),
        seed: m.get_one::<u64>("seed").copied().unwrap_or(0),
    };
    let mut files = Vec::new();
    for path in m.get_many::<String>("code").into_iter().flatten() {
        let input = input::file(path)?;
        let reports = check_code(&input.text, &options).map_err(|e| failure(e, &input))?;
        files.push((input, reports));
    }
    let all = || files.iter().flat_map(|f| &f.1).flat_map(|r| &r.answers);
    let status = if all().any(|a| a.status == Status::Refuted) {
        1
    } else if all().any(|a| a.status == Status::Undecided) {
        3
    } else {
        0
    };
    let printed = if m.get_one::<String>("format").is_some_and(|f| f == "json") {
        let gradients: Vec<Value> = files
            .iter()
            .flat_map(|(input, reports)| {
                reports.iter().flat_map(|r| r.answers.iter().map(|a| answer_json(input, r, a)))
            })
            .collect();
        json!({"schema": 1, "gradients": gradients}).to_string() + "\n"
    } else {
        let mut out = String::new();
        for (input, reports) in &files {
            for report in reports {
                for answer in &report.answers {
                    out += &answer_text(input, report, answer, color);
                }
                out += &shapes(report);
                if m.get_flag("why") {
                    out += "read as\n";
                    for line in report.program.lines() {
                        let _ = writeln!(out, "    {line}");
                    }
                    for answer in &report.answers {
                        let _ = writeln!(out, "    {} == {}", answer.claim.0, answer.claim.1);
                    }
                }
            }
        }
        out + &super::check::counted(all().map(|a| a.status), "gradient")
    };
    Ok((printed, status))
}

fn failure(error: CodeError, input: &Input) -> Failure {
    Failure::Input {
        diagnostic: error.into(),
        source: input.text.to_string(),
        file: input.file.clone(),
    }
}

/// What a gradient is called.
fn title(answer: &Answer) -> String {
    match &answer.name {
        Some(name) => format!("`{name}`"),
        None => "this".into(),
    }
}

fn line_of(input: &Input, answer: &Answer) -> usize {
    input.text[..answer.span.start as usize].matches('\n').count() + 1
}

fn answer_text(input: &Input, report: &Report, answer: &Answer, color: bool) -> String {
    let of = format!("the gradient of `{}` by `{}`", report.value, answer.variable);
    let (message, help) = match answer.status {
        Status::Proved | Status::Verified => {
            let file = input.file.as_deref().unwrap_or("input");
            let mut out = format!(
                "{}  {file}:{}: {} is {of}\n",
                answer.status.text(),
                line_of(input, answer),
                title(answer),
            );
            for condition in &answer.evidence.conditions {
                let _ = writeln!(out, "    where {condition}");
            }
            for note in &answer.notes {
                let _ = writeln!(out, "    {note}");
            }
            return out;
        }
        Status::Refuted => {
            let help = answer.mended.as_ref().map(|m| {
                let line = input.text[..m.span.start as usize].matches('\n').count() + 1;
                format!("{}, line {line}: {}", m.what, mended_line(input, m))
            });
            (format!("refuted: {} is not {of}", title(answer)), help)
        }
        Status::Undecided => {
            let reason = answer.evidence.reason.clone().unwrap_or_default();
            (format!("undecided whether {} is {of}: {reason}", title(answer)), None)
        }
    };
    let mut notes = answer.notes.clone();
    if let Some(c) = &answer.evidence.counterexample {
        notes.push(point_text(c));
        if let (Some(l), Some(r)) = (&c.left, &c.right) {
            notes.push(sides_text(l, r, ("the gradient is", "the code gives")));
        }
    }
    let span = answer.mended.as_ref().map_or(answer.span, |m| m.span);
    let labels = vec![Label { span, text: String::new() }];
    let diagnostic = Diagnostic { message, labels, notes, help };
    diagnostic.render_as(None, &input.text, input.file.as_deref(), color)
}

/// The line of the code as it would be.
fn mended_line(input: &Input, mended: &crate::python::Mended) -> String {
    let (start, end) = (mended.span.start as usize, mended.span.end as usize);
    let from = input.text[..start].rfind('\n').map_or(0, |n| n + 1);
    let to = input.text[end..].find('\n').map_or(input.text.len(), |n| end + n);
    let line = format!("{}{}{}", &input.text[from..start], mended.text, &input.text[end..to]);
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ")
}

/// The shapes under which the functions were read.
fn shapes(report: &Report) -> String {
    if report.assumed.is_empty() {
        return String::new();
    }
    let list: Vec<String> = report
        .shapes
        .iter()
        .filter(|s| report.assumed.contains(&s.0))
        .map(|(name, shape)| format!("{name} {shape}"))
        .collect();
    format!("shapes, where none are stated: {}\n", list.join(", "))
}

fn answer_json(input: &Input, report: &Report, answer: &Answer) -> Value {
    let mut evidence = evidence_json(&answer.evidence);
    if let Some(m) = &answer.mended {
        evidence.insert("repair".into(), json!({"line": mended_line(input, m), "change": m.what}));
    }
    json!({
        "file": input.file,
        "line": line_of(input, answer),
        "value": report.value,
        "gradient": report.gradient,
        "wrt": answer.variable,
        "name": answer.name,
        "lhs": answer.claim.0,
        "rhs": answer.claim.1,
        "status": answer.status.text(),
        "notes": answer.notes,
        "program": report.program,
        "evidence": evidence,
    })
}
