//! `derive explain`

use super::Failure;
use crate::check::check;
use crate::engine::{Question, gradient, verify};
use crate::functions::{self, Function, Kind, Lowering, Signature};
use crate::identities::{Identity, identities};
use clap::ArgMatches;
use std::fmt::Write as _;

/// `derive explain`: the table, one entry of it, or those that a text occurs in.
pub(super) fn explain(m: &ArgMatches) -> Result<String, Failure> {
    if let Some(text) = m.get_one::<String>("search") {
        return Ok(list(&text.to_lowercase()));
    }
    let Some(name) = m.get_one::<String>("name") else { return Ok(list("")) };
    if let Some(identity) = identities().iter().find(|i| i.name == name) {
        return Ok(one(identity));
    }
    // `softmax-derivative` is what the table gives for `softmax`
    let of = name.strip_suffix("-derivative").unwrap_or(name);
    if let Some(function) = functions::find(of) {
        return Ok(entry(function));
    }
    let nearest = identities()
        .iter()
        .map(|i| i.name)
        .chain(functions::all().map(|f| f.name))
        .min_by_key(|n| functions::edit_distance(n, name))
        .filter(|n| functions::edit_distance(n, name) <= 4);
    let help = nearest.map_or(String::new(), |n| format!("\n  = help: did you mean `{n}`?"));
    Err(Failure::Message(format!("`{name}` is neither an identity nor a function{help}")))
}

fn list(wanted: &str) -> String {
    let mut out = String::new();
    for i in identities() {
        let text = format!("{} {} {}", i.name, i.statement(), i.source).to_lowercase();
        if text.contains(wanted) {
            let _ = writeln!(out, "{:32} {}", i.name, i.statement());
        }
    }
    for f in functions::all() {
        let text = format!("{} {}", f.name, f.doc).to_lowercase();
        if text.contains(wanted) {
            let _ = writeln!(out, "{:32} {}", f.name, f.doc);
        }
    }
    if out.is_empty() { "nothing found\n".into() } else { out }
}

fn one(identity: &Identity) -> String {
    let mut out = format!("{}\n\n", identity.name);
    for line in identity.program.trim_end().lines() {
        let _ = writeln!(out, "    {line}");
    }
    if !identity.condition.is_empty() {
        let _ = writeln!(out, "\nholds where {}", identity.condition);
    }
    let _ = writeln!(out, "\n{}", identity.source);
    out + &verdict(identity.program)
}

/// What the checker says of a program, now.
fn verdict(program: &str) -> String {
    match check(program, None, 0) {
        Ok(list) => list.iter().fold(String::new(), |mut out, v| {
            let _ = match v.evidence.points {
                n if n > 1 => writeln!(out, "checked: {} at {n} points", v.status.text()),
                _ => writeln!(out, "checked: {}", v.status.text()),
            };
            out
        }),
        Err(error) => format!("not checked: {error}\n"),
    }
}

fn entry(f: &'static Function) -> String {
    let mut out = format!("{}({})\n\n    {}\n", f.name, f.parameters.join(", "), f.doc);
    if !f.aliases.is_empty() {
        let _ = writeln!(out, "    also: {}", f.aliases.join(", "));
    }
    let mut claim = None;
    match f.lowering {
        Lowering::Primitive(derivatives) => {
            for (parameter, text) in f.parameters.iter().zip(derivatives) {
                let _ = writeln!(out, "    derivative by {parameter}, y the value: {text}");
            }
            if let ([parameter], [text]) = (f.parameters, derivatives) {
                claim = Some(format!(
                    "var {parameter}\ny = {0}({parameter})\n{0}'({parameter}) == {text}\n",
                    f.name
                ));
            }
        }
        Lowering::Definition(text) => {
            let _ = writeln!(out, "    defined as {text}");
        }
        Lowering::Named { definition, vjp } => {
            let _ = writeln!(out, "    defined as {definition}");
            for (parameter, text) in f.parameters.iter().zip(vjp) {
                let _ =
                    writeln!(out, "    cotangent of {parameter}, g that of the value y: {text}");
            }
        }
        _ => {}
    }
    if !f.facts.kinks.is_empty() {
        let list: Vec<String> = f.facts.kinks.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "    kinks, jumps or poles at {}", list.join(", "));
    }
    let _ = writeln!(out, "\n{}", f.source);
    match claim {
        Some(claim) => out + &verdict(&claim),
        None => out + &derivatives(f),
    }
}

/// What the judge says of the derivatives of a function, now: one line for each way to call it.
fn derivatives(f: &'static Function) -> String {
    let mut out = String::new();
    let list = examples(f);
    let several = list.len() > 1;
    for (call, shapes) in list {
        let question = Question::new(&call).shapes(&shapes);
        let Ok(solution) = gradient(&question) else { continue };
        let report = verify(&solution, &question, 0);
        let call = if several { format!("{call}, {shapes},") } else { call };
        if report.status == "verified" {
            let points = report.points;
            let _ = writeln!(out, "derivatives of {call} checked: verified at {points} points");
        } else {
            let _ = writeln!(out, "derivatives of {call} not checked: {}", report.reason);
        }
    }
    out
}

/// Calls of a function with the shapes of their arguments.
fn examples(f: &'static Function) -> Vec<(String, String)> {
    let arguments = f.parameters.join(", ");
    let first = f.parameters.first().copied().unwrap_or_default();
    let scalars = f.parameters.get(1..).unwrap_or_default().join(", ");
    let more = if scalars.is_empty() { String::new() } else { format!(", {scalars}") };
    match f.signature {
        Signature::Shapes(alternatives) => alternatives
            .iter()
            .filter_map(|a| {
                let left = a.split("->").next()?.replace('\'', "");
                // sizes among the arguments are known from the shapes
                let parts: Vec<&str> = left.split("], ").map(str::trim).collect();
                let shapes: Vec<String> = parts
                    .iter()
                    .filter(|p| p.contains('['))
                    .map(|p| format!("{}]{}", p.trim_end_matches(']'), property(f)))
                    .collect();
                let name = |p: &&str| p.split('[').next().unwrap_or_default().trim().to_string();
                let names: Vec<String> = parts.iter().map(name).collect();
                Some((format!("{}({})", f.name, names.join(", ")), shapes.join(", ")))
            })
            .collect(),
        Signature::Reduction { arrays, .. } => {
            let shapes: Vec<String> = f
                .parameters
                .iter()
                .enumerate()
                .map(|(k, p)| if k < arrays { format!("{p}[n]") } else { (*p).to_string() })
                .collect();
            vec![(format!("{}({arguments})", f.name), shapes.join(", "))]
        }
        Signature::Elementwise | Signature::Axiswise | Signature::Mask => {
            let shape = format!("{first}[n]{more}");
            vec![(format!("{}({arguments})", f.name), shape)]
        }
        Signature::Special(_) => Vec::new(),
    }
}

/// What a function asks of its argument beside the shape.
fn property(f: &Function) -> &'static str {
    match f.lowering {
        Lowering::Node(Kind::Cholesky) => " posdef",
        Lowering::Node(Kind::Eigenvalues | Kind::Eigenvectors) => " symmetric",
        _ => "",
    }
}
