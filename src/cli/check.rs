//! `derive check`

use super::Failure;
use super::evidence::{point_text, sides_text};
use super::input::{self, Input};
use super::notices;
use crate::check::verdict::{Evidence, Method, Status, Verdict};
use crate::check::{Layout, check_in};
use crate::diagnostic::{Diagnostic, Label, Span};
use crate::numeric::point::to_json;
use crate::syntax::parser::parse_with;
use clap::ArgMatches;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// `derive check`: what is printed, and the exit status.
pub(super) fn check_command(m: &ArgMatches, color: bool) -> Result<(String, u8), Failure> {
    if m.contains_id("code") {
        return super::code::code_command(m, color);
    }
    let inputs = input::read_all(m)?;
    let shapes = m.get_one::<String>("shape").cloned();
    let seed = m.get_one::<u64>("seed").copied().unwrap_or(0);
    let layout = match m.get_one::<String>("layout").map(String::as_str) {
        Some("numerator") => Layout::Numerator,
        Some("denominator") => Layout::Denominator,
        _ => Layout::Own,
    };
    let mut files = Vec::with_capacity(inputs.len());
    let mut refused = Vec::new();
    warn_of_unmet(&inputs, shapes.as_deref(), m);
    for input in inputs {
        let shapes = input.with_shapes(shapes.as_deref());
        let checked = check_in(&input.text, shapes.as_deref(), seed, layout)
            .map_err(|e| input::failure(e, &input, shapes.as_deref()))?;
        let located = |d: Diagnostic| input::located(d, &input, shapes.as_deref());
        refused.extend(checked.refused.into_iter().map(located));
        // what is declared beside the program stands before it on a line of its own
        let declared = shapes.as_deref().filter(|s| !s.trim().is_empty());
        let prefix = declared.map_or(0, |s| s.len() + 5) as u32;
        let located = checked.verdicts.into_iter().map(|mut v| {
            let span = Span {
                start: v.span.start.saturating_sub(prefix),
                end: v.span.end.saturating_sub(prefix),
            };
            v.line = input.line(v.line - usize::from(prefix > 0));
            v.span = input.place(span);
            v
        });
        let located = located.collect::<Vec<Verdict>>();
        files.push((input, located));
    }
    let all = || files.iter().flat_map(|f| &f.1);
    if all().next().is_none() {
        if refused.is_empty() {
            return Err(Failure::Message("there is no claim: write `lhs == rhs`".into()));
        }
        return Err(Failure::Several(refused));
    }
    let status = if all().any(|v| v.status == Status::Refuted) {
        1
    } else if all().any(|v| v.status == Status::Undecided) {
        3
    } else {
        0
    };
    let text = if m.get_one::<String>("format").is_some_and(|f| f == "json") {
        let claims: Vec<Value> = files
            .iter()
            .flat_map(|(input, list)| list.iter().map(|v| claim_json(input, v)))
            .collect();
        let mut object = json!({"schema": 1, "claims": claims});
        if !refused.is_empty() {
            object["errors"] = refused.iter().map(error_json).collect();
        }
        object.to_string() + "\n"
    } else {
        let mut out = String::new();
        for (input, list) in &files {
            for verdict in list {
                out += &claim_text(input, verdict, color);
                if m.get_flag("why") {
                    out += &why(verdict);
                }
            }
        }
        out + &summary(all(), refused.len())
    };
    if refused.is_empty() { Ok((text, status)) } else { Err(Failure::Part(text, refused)) }
}

/// What is wrong with a claim, and where.
fn error_json(failure: &Failure) -> Value {
    let Failure::Input { diagnostic, source, file } = failure else { return Value::Null };
    let place = diagnostic.labels.first().map(|l| l.span.start as usize);
    let line = place.and_then(|at| source.get(..at)).map(|s| s.matches('\n').count() + 1);
    json!({"file": file, "line": line, "message": diagnostic.message})
}

/// Warns of names of `--shape` that occur in none of the programs, which may share it.
fn warn_of_unmet(inputs: &[Input], shapes: Option<&str>, m: &ArgMatches) {
    let of = |input: &Input| parse_with(shapes, &input.text).ok().map(|p| notices::unmet(&p, &[]));
    let Some(lists) = inputs.iter().map(of).collect::<Option<Vec<_>>>() else { return };
    let Some((first, rest)) = lists.split_first() else { return };
    for unmet in first.iter().filter(|u| rest.iter().all(|list| list.contains(u))) {
        notices::warn(notices::unmet_message(&unmet.0, unmet.1), &inputs[0], shapes, m);
    }
}

fn summary<'v>(all: impl Iterator<Item = &'v Verdict>, unread: usize) -> String {
    let counted = counted(all.map(|v| v.status), "claim");
    match unread {
        0 => counted,
        1 => counted.trim_end().to_string() + "; 1 line could not be read\n",
        n => counted.trim_end().to_string() + &format!("; {n} lines could not be read\n"),
    }
}

/// How many there are of each kind.
pub(super) fn counted(all: impl Iterator<Item = Status>, word: &str) -> String {
    let mut counts = [0usize; 4];
    for status in all {
        counts[match status {
            Status::Proved => 0,
            Status::Verified => 1,
            Status::Refuted => 2,
            Status::Undecided => 3,
        }] += 1;
    }
    let total: usize = counts.iter().sum();
    let words = ["proved", "verified", "refuted", "undecided"];
    let parts: Vec<String> = counts
        .iter()
        .zip(words)
        .filter(|(n, _)| **n > 0)
        .map(|(n, w)| format!("{n} {w}"))
        .collect();
    let plural = if total == 1 { "" } else { "s" };
    format!("{total} {word}{plural}: {}\n", parts.join(", "))
}

fn claim_text(input: &Input, v: &Verdict, color: bool) -> String {
    let line = v.line;
    let place = match &input.file {
        Some(file) => format!("{file}:{line}"),
        None => format!("line {line}"),
    };
    match v.status {
        Status::Proved | Status::Verified => {
            let mut out = format!(
                "{}  {place}: {} == {}\n",
                v.status.text(),
                one_line(&v.left),
                one_line(&v.right)
            );
            for c in &v.evidence.conditions {
                let _ = writeln!(out, "    where {c}");
            }
            if let Some(note) = &v.evidence.note {
                let _ = writeln!(out, "    {note}");
            }
            out
        }
        Status::Refuted => {
            let mut notes = Vec::new();
            if let Some(c) = &v.evidence.counterexample {
                notes.push(point_text(c));
                match (&c.digits, &c.left, &c.right) {
                    (Some((l, r)), ..) => notes.push(format!("left {l}, right {r}")),
                    (None, Some(l), Some(r)) => notes.push(sides_text(l, r, ("left", "right"))),
                    _ => {}
                }
            }
            notes.extend(v.evidence.note.clone());
            let help = v.evidence.repair.as_ref().map(|(claim, what)| format!("{what}: {claim}"));
            render(input, v, "refuted: the sides differ".into(), notes, help, color)
        }
        Status::Undecided => {
            let reason = v.evidence.reason.clone().unwrap_or_default();
            render(input, v, format!("undecided: {reason}"), Vec::new(), None, color)
        }
    }
}

/// What a verdict rests on, in a sentence.
fn why(v: &Verdict) -> String {
    let points = v.evidence.points;
    match v.status {
        Status::Proved => {
            let by = match v.evidence.identities[..] {
                [] => String::new(),
                _ => format!("by {}: ", v.evidence.identities.join(", ")),
            };
            let how = match v.evidence.method {
                Some(Method::Expansion) => {
                    "multiplied out, with denominators and inverses cleared, the sides are one"
                }
                _ => "with definitions written out, both sides simplify to one expression",
            };
            format!("    {by}{how}; equal at {points} points too\n")
        }
        Status::Verified => {
            let exactly = v.evidence.chance.map_or(String::new(), |chance| {
                format!("; exactly modulo two 61-bit primes, by chance at most {chance:.0e}")
            });
            format!(
                "    equal at {points} points, in doubles and in numbers of 256 bits with a bound on their error{exactly}\n"
            )
        }
        Status::Refuted | Status::Undecided => String::new(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn render(
    input: &Input,
    v: &Verdict,
    message: String,
    notes: Vec<String>,
    help: Option<String>,
    color: bool,
) -> String {
    let labels = vec![Label { span: v.span, text: String::new() }];
    let diagnostic = Diagnostic { message, labels, notes, help };
    diagnostic.render_as(None, input.source(), input.file.as_deref(), color)
}

fn claim_json(input: &Input, v: &Verdict) -> Value {
    json!({
        "file": input.file,
        "line": v.line,
        "link": v.link,
        "lhs": v.left,
        "rhs": v.right,
        "status": v.status.text(),
        "evidence": evidence_json(&v.evidence),
    })
}

/// What a verdict rests on.
pub(super) fn evidence_json(e: &Evidence) -> Map<String, Value> {
    let mut evidence = Map::new();
    evidence.insert("points".into(), json!(e.points));
    if let Some(error) = e.max_relative_error {
        evidence.insert("max_relative_error".into(), json!(error));
    }
    if let Some(chance) = e.chance {
        evidence.insert("exact".into(), json!({"primes": 2, "points": 2, "chance": chance}));
    }
    if !e.conditions.is_empty() {
        evidence.insert("conditions".into(), json!(e.conditions));
    }
    if let Some(method) = e.method {
        evidence.insert("method".into(), json!(method.text()));
    }
    if !e.identities.is_empty() {
        evidence.insert("identities".into(), json!(e.identities));
    }
    if let Some(reason) = &e.reason {
        evidence.insert("reason".into(), json!(reason));
    }
    if let Some(c) = &e.counterexample {
        let object = |list: &[(String, crate::array::Array)]| {
            Value::Object(list.iter().map(|(n, a)| (n.clone(), to_json(a))).collect())
        };
        evidence.insert("point".into(), object(&c.values));
        let sizes = c.sizes.iter().map(|(n, s)| (n.clone(), json!(s))).collect();
        evidence.insert("sizes".into(), Value::Object(sizes));
        if !c.functions.is_empty() {
            let texts = c.functions.iter().map(|(n, t)| (n.clone(), json!(t))).collect();
            evidence.insert("functions".into(), Value::Object(texts));
        }
        evidence.insert("lhs".into(), c.left.as_ref().map_or(Value::Null, to_json));
        evidence.insert("rhs".into(), c.right.as_ref().map_or(Value::Null, to_json));
        if let Some((l, r)) = &c.digits {
            evidence.insert("digits".into(), json!([l, r]));
        }
    }
    if let Some(note) = &e.note {
        evidence.insert("note".into(), json!(note));
    }
    if let Some((claim, what)) = &e.repair {
        evidence.insert("repair".into(), json!({"claim": claim, "change": what}));
    }
    evidence
}
