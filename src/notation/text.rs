//! A whole answer as text: for people, as a program of the language, or as LaTeX.

use super::answer::{Answer, Outcome, ResultKind};
use super::ascii::ascii;
use super::latex::{latex, latex_name};
use super::math::{Math, Symbol};
use super::unicode::unicode;

/// What verification found, as answers print it.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// `verified`, `failed` or `skipped`.
    pub status: &'static str,
    /// The number of points.
    pub points: usize,
    /// The largest relative error, where something was compared.
    pub max_relative_error: Option<f64>,
    /// Why it was skipped or how it failed.
    pub reason: String,
}

impl Report {
    /// Verification was not asked for.
    pub fn skipped(reason: &str) -> Report {
        Report { status: "skipped", points: 0, max_relative_error: None, reason: reason.into() }
    }
}

/// How a left side is written.
fn left(outcome: &Outcome, answer: &Answer, name: &dyn Fn(&Math) -> String) -> String {
    let wrt: Vec<String> = outcome.wrt.iter().map(|s| name(&Math::Symbol(s.clone()))).collect();
    let objective = name(&Math::Symbol(answer.objective.clone()));
    match (outcome.kind, &wrt[..]) {
        (ResultKind::Gradient, [_]) => name(&Math::Gradient(outcome.wrt[0].clone())),
        (ResultKind::Jacobian, [x]) => format!("∂{objective}/∂{x}"),
        (ResultKind::Hessian, [x, z]) if x == z => format!("∂²{objective}/∂{x}²"),
        (ResultKind::Hessian, [x, z]) => format!("∂²{objective}/∂{x}∂{z}"),
        _ => String::new(),
    }
}

fn sizes(shape: &[Math]) -> String {
    shape.iter().map(unicode).collect::<Vec<_>>().join("×")
}

/// Indices after a left side, where the value is an entry.
fn entry_indices(outcome: &Outcome) -> String {
    if outcome.value != outcome.index || outcome.axes.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = outcome.axes.iter().map(|a| &*a.name).collect();
    format!("[{}]", names.join(","))
}

/// The answer for people.
pub fn text(answer: &Answer, report: &Report) -> String {
    let mut out = String::new();
    let mut mentioned: Vec<bool> = vec![false; answer.bindings.len()];
    for r in &answer.results {
        for n in &r.needs {
            mentioned[*n] = true;
        }
    }
    let is_result = |m: &Math| match m {
        Math::Gradient(s) => answer.results.iter().any(|r| r.kind == ResultKind::Gradient && r.wrt[0] == *s),
        _ => false,
    };
    let mut given: Vec<(String, String)> = Vec::new();
    let mut steps: Vec<(String, String)> = Vec::new();
    for (binding, used) in answer.bindings.iter().zip(mentioned) {
        if !used {
            continue;
        }
        let pair = (unicode(&binding.name), unicode(&binding.value));
        match &binding.name {
            Math::Gradient(_) if is_result(&binding.name) => {}
            Math::Gradient(_) => steps.push(pair),
            _ => given.push(pair),
        }
    }
    if !given.is_empty() {
        lines(&mut out, &given);
        out.push('\n');
    }
    for r in &answer.results {
        let left = left(r, answer, &unicode) + &entry_indices(r);
        let right = unicode(&r.value);
        steps.push((left, right));
    }
    if answer.results.iter().all(|r| r.kind == ResultKind::Value) {
        for (_, right) in steps {
            out.push_str(&wrapped("", &right));
        }
    } else {
        lines(&mut out, &steps);
    }
    let shapes = shapes(answer);
    if !shapes.is_empty() {
        out.push('\n');
        out.push_str(&shapes);
    }
    for c in &answer.conditions {
        out.push_str(&format!("holds where {c}\n"));
    }
    out.push_str(&verdict(report));
    out
}

fn lines(out: &mut String, list: &[(String, String)]) {
    let width = list.iter().map(|l| l.0.chars().count()).max().unwrap_or(0);
    for (left, right) in list {
        let pad = if width <= 12 { width.saturating_sub(left.chars().count()) } else { 0 };
        out.push_str(&wrapped(&format!("{left}{} = ", " ".repeat(pad)), right));
    }
}

/// A formula in lines of at most 100 columns, broken before a sum's operator where it can be.
fn wrapped(left: &str, right: &str) -> String {
    use pretty::RcDoc;
    let mut pieces: Vec<String> = Vec::new();
    let mut depth = 0i32;
    let mut current = String::new();
    let mut chars = right.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '(' | '[' | '‖' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        if c == ' ' && depth <= 1 && matches!(chars.peek(), Some('+' | '−' | '⊙')) {
            pieces.push(std::mem::take(&mut current));
        } else {
            current.push(c);
        }
    }
    pieces.push(current);
    let doc = RcDoc::<()>::intersperse(pieces.into_iter().map(RcDoc::text), RcDoc::softline());
    let indent = left.chars().count() as isize;
    let whole = RcDoc::text(left.to_string()).append(doc.nest(indent));
    let mut out = String::new();
    // writing to a string cannot fail
    let _ = whole.render_fmt(100, &mut out);
    out.push('\n');
    out
}

fn shapes(answer: &Answer) -> String {
    let mut assumed: Vec<String> = Vec::new();
    let mut declared: Vec<String> = Vec::new();
    let mut extra = String::new();
    for p in &answer.parameters {
        let name = unicode(&p.name);
        if matches!(p.name, Math::Gradient(_)) {
            let of = unicode(&Math::Symbol(answer.objective.clone()));
            extra = format!("{name}: the gradient of any loss with respect to {of}");
            continue;
        }
        let text = match p.shape.len() {
            0 => format!("{name} a scalar"),
            1 => format!("{name} ∈ ℝ^{}", sizes(&p.shape)),
            _ => format!("{name} ∈ ℝ^({})", sizes(&p.shape)),
        };
        if p.assumed { assumed.push(text) } else { declared.push(text) }
    }
    let mut out = String::new();
    if !assumed.is_empty() {
        out.push_str(&format!("assumed: {}\n", assumed.join(", ")));
    }
    if !answer.functions.is_empty() {
        let names: Vec<String> =
            answer.functions.iter().map(|(s, _)| unicode(&Math::Symbol(s.clone()))).collect();
        let what = if names.len() == 1 { "an elementwise function" } else { "elementwise functions" };
        out.push_str(&format!("{}: {what}\n", names.join(", ")));
    }
    if !extra.is_empty() {
        out.push_str(&extra);
        out.push('\n');
    }
    out
}

fn verdict(report: &Report) -> String {
    match report.status {
        "verified" => {
            let error = report.max_relative_error.unwrap_or(0.0);
            format!("verified at {} points, largest relative error {error:.0e}\n", report.points)
        }
        "failed" => format!("NOT VERIFIED: {}\n", report.reason),
        _ if report.reason.is_empty() => String::new(),
        _ => format!("not verified: {}\n", report.reason),
    }
}

/// The definitions that a result needs, in the language.
fn needed(answer: &Answer, needs: &[usize]) -> Vec<String> {
    needs
        .iter()
        .map(|n| {
            let b = &answer.bindings[*n];
            format!("{} = {}", ascii(&b.name), ascii(&b.value))
        })
        .collect()
}

/// Every result as a program of the language: definitions, then the expression, or `grad_W = …`
/// where there are several.
pub fn program(answer: &Answer) -> String {
    let mut all: Vec<usize> = answer.results.iter().flat_map(|r| r.needs.clone()).collect();
    all.sort_unstable();
    all.dedup();
    // a cotangent that is itself a result is printed once, as the result
    let mut lines = needed(answer, &all);
    if let [one] = &answer.results[..] {
        lines.push(expression(one));
    } else {
        for r in &answer.results {
            let name = match r.kind {
                ResultKind::Gradient => ascii(&Math::Gradient(r.wrt[0].clone())),
                ResultKind::Jacobian => format!("jacobian_{}", r.wrt[0].name),
                ResultKind::Hessian => format!("hessian_{}_{}", r.wrt[0].name, r.wrt[1].name),
                ResultKind::Value => "value".into(),
            };
            let line = match indexed(r) {
                Some(axes) => format!("{name}[{axes}] = {}", ascii(&r.index)),
                None => format!("{name} = {}", ascii(&r.value)),
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines.join("\n")
}

/// The index names, where a result has no matrix form.
fn indexed(r: &Outcome) -> Option<String> {
    (r.value == r.index && !r.axes.is_empty()).then(|| names(&r.axes))
}

fn names(axes: &[Symbol]) -> String {
    axes.iter().map(|a| &*a.name).collect::<Vec<_>>().join(",")
}

fn expression(r: &Outcome) -> String {
    match indexed(r) {
        Some(axes) => format!("R[{axes}] = {}\nR", ascii(&r.index)),
        None => ascii(&r.value),
    }
}

/// One result as a program: what it needs, then one expression.
pub fn result_program(answer: &Answer, at: usize) -> String {
    let r = &answer.results[at];
    let mut lines = needed(answer, &r.needs);
    lines.push(expression(r));
    lines.join("\n")
}

/// One result in index notation, likewise.
pub fn result_index(answer: &Answer, at: usize) -> String {
    let r = &answer.results[at];
    let mut lines = needed(answer, &r.needs);
    if r.axes.is_empty() {
        lines.push(ascii(&r.index));
    } else {
        lines.push(format!("R[{}] = {}", names(&r.axes), ascii(&r.index)));
        lines.push("R".into());
    }
    lines.join("\n")
}

/// Every result as LaTeX equations.
pub fn equations(answer: &Answer) -> String {
    let mut all: Vec<usize> = answer.results.iter().flat_map(|r| r.needs.clone()).collect();
    all.sort_unstable();
    all.dedup();
    let mut list: Vec<(String, String)> = all
        .iter()
        .map(|n| (latex(&answer.bindings[*n].name), latex(&answer.bindings[*n].value)))
        .collect();
    let objective = latex_name(&answer.objective.name);
    for r in &answer.results {
        let wrt: Vec<String> = r.wrt.iter().map(|s| latex_name(&s.name)).collect();
        let left = match (r.kind, &wrt[..]) {
            (ResultKind::Gradient, [x]) => format!("\\nabla_{{{x}}}"),
            (ResultKind::Jacobian, [x]) => {
                format!("\\frac{{\\partial {objective}}}{{\\partial {x}}}")
            }
            (ResultKind::Hessian, [x, z]) if x == z => {
                format!("\\frac{{\\partial^2 {objective}}}{{\\partial {x}^2}}")
            }
            (ResultKind::Hessian, [x, z]) => {
                format!("\\frac{{\\partial^2 {objective}}}{{\\partial {x} \\partial {z}}}")
            }
            _ => String::new(),
        };
        let left = match indexed(r) {
            Some(_) => {
                let axes: String = r.axes.iter().map(|a| latex_name(&a.name)).collect();
                format!("\\left({left}\\right)_{{{axes}}}")
            }
            None => left,
        };
        let pair = (left, latex(&r.value));
        if !list.contains(&pair) {
            list.push(pair);
        }
    }
    match &list[..] {
        [(left, right)] if left.is_empty() => format!("{right}\n"),
        [(left, right)] => format!("{left} = {right}\n"),
        _ => {
            let rows: Vec<String> =
                list.iter().map(|(l, r)| if l.is_empty() { format!("  &{r}") } else { format!("  {l} &= {r}") }).collect();
            format!("\\begin{{aligned}}\n{}\n\\end{{aligned}}\n", rows.join(" \\\\\n"))
        }
    }
}
