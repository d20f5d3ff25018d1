//! An answer as a program of the language: what is printed here reads back.

use super::answer::{Answer, Outcome, ResultKind};
use super::ascii::write_ascii;
use super::left::{indexed, program_name, write_axes};
use super::math::{Math, Symbol};
use super::walk::{any, free_indices};
use rustc_hash::FxHashSet;

/// All results: the definitions that they need, then one bare expression, or `grad_W = …` for each
/// of several. One statement a line, without a newline at the end.
pub fn program(answer: &Answer) -> String {
    let mut out = String::with_capacity(64 * (answer.results.len() + 1));
    if let [result] = answer.results.as_slice() {
        definitions(&mut out, answer, answer.closure(&result.needs).into_iter());
        expression(&mut out, answer, &result.value, indexed(result).unwrap_or_default());
        return out;
    }
    let needed = needed(answer);
    definitions(&mut out, answer, (0..needed.len()).filter(|&at| needed[at]));
    let defined: FxHashSet<&str> = answer
        .bindings
        .iter()
        .zip(&needed)
        .filter(|(_, needed)| **needed)
        .filter_map(|(binding, _)| gradient_of(&binding.name))
        .collect();
    for result in &answer.results {
        // a cotangent that other results need is already defined under its name
        if is_defined(result, &defined) {
            continue;
        }
        out.push_str(&program_name(result));
        write_axes(&mut out, indexed(result).unwrap_or_default());
        out.push_str(" = ");
        write_ascii(&mut out, &result.value);
        out.push('\n');
    }
    out.pop();
    out
}

/// One result: the definitions that it needs, then an expression. Empty where there is no such
/// result.
pub fn result_program(answer: &Answer, at: usize) -> String {
    let Some(result) = answer.results.get(at) else { return String::new() };
    let mut out = String::with_capacity(64);
    definitions(&mut out, answer, answer.closure(&result.needs).into_iter());
    expression(&mut out, answer, &result.value, indexed(result).unwrap_or_default());
    out
}

/// The definitions that the results need, one a line.
pub fn shared_definitions(answer: &Answer) -> String {
    let needed = needed(answer);
    let mut out = String::new();
    definitions(&mut out, answer, (0..needed.len()).filter(|&at| needed[at]));
    out
}

/// One result as it stands below [`shared_definitions`].
pub fn result_expression(answer: &Answer, at: usize) -> String {
    let Some(result) = answer.results.get(at) else { return String::new() };
    let mut out = String::with_capacity(64);
    expression(&mut out, answer, &result.value, indexed(result).unwrap_or_default());
    out
}

/// One result in index notation: the definitions that it needs, then an expression whose axes are
/// those of the result, in their order. Empty where there is no such result.
pub fn result_index(answer: &Answer, at: usize) -> String {
    let Some(result) = answer.results.get(at) else { return String::new() };
    let mut out = String::with_capacity(64);
    definitions(&mut out, answer, answer.closure(&result.needs).into_iter());
    let index = result.index().unwrap_or(&result.value);
    expression(&mut out, answer, index, result.axes());
    out
}

/// The definitions that a result needs, and one of the result itself with all its axes, each
/// ending its line; and the name that it gets.
pub(super) fn result_definition(answer: &Answer, at: usize) -> (String, String) {
    let Some(result) = answer.results.get(at) else { return Default::default() };
    let mut out = definitions_of(answer, at);
    let name = unused_name(answer);
    out.push_str(&name);
    write_axes(&mut out, result.axes());
    out.push_str(" = ");
    write_ascii(&mut out, result.index().unwrap_or(&result.value));
    out.push('\n');
    (out, name)
}

/// The definitions that a result needs, one a line.
fn definitions_of(answer: &Answer, at: usize) -> String {
    let mut out = String::new();
    if let Some(result) = answer.results.get(at) {
        definitions(&mut out, answer, answer.closure(&result.needs).into_iter());
    }
    out
}

/// The definitions that an expression needs, one a line.
pub(super) fn definitions_in(answer: &Answer, math: &Math) -> String {
    let mut direct = Vec::new();
    any(math, &mut |part| {
        let at = answer.bindings.iter().position(|b| b.name == *part);
        direct.extend(at.map(|at| at as u32));
        false
    });
    let mut out = String::new();
    definitions(&mut out, answer, answer.closure(&direct).into_iter());
    out
}

/// The objective: the definitions that it needs, then an expression.
pub(super) fn objective_program(answer: &Answer) -> String {
    let mut out = String::with_capacity(64);
    let is_objective = |at: usize| match answer.bindings.get(at).map(|b| &b.name) {
        Some(Math::Symbol(symbol)) => symbol.name == answer.objective.name,
        _ => false,
    };
    // what its author wrote out is not written by a name that was given here
    let mentioned = |at: &&u32| {
        let name = answer.bindings.get(**at as usize).map(|b| &b.name);
        any(&answer.value, &mut |part| Some(part) == name)
    };
    let direct: Vec<u32> = answer.value_needs.iter().filter(mentioned).copied().collect();
    let needs = answer.closure(&direct).into_iter().filter(|&at| !is_objective(at));
    definitions(&mut out, answer, needs);
    expression(&mut out, answer, &answer.value, &answer.value_axes);
    out
}

/// Which bindings the results need.
pub(super) fn needed(answer: &Answer) -> Vec<bool> {
    let mut needed = vec![false; answer.bindings.len()];
    for result in &answer.results {
        answer.mark(&result.needs, &mut needed);
    }
    needed
}

/// The name that a binding is the cotangent of.
pub(super) fn gradient_of(name: &Math) -> Option<&str> {
    match name {
        Math::Gradient(symbol) => Some(&symbol.name),
        _ => None,
    }
}

fn is_defined(result: &Outcome, defined: &FxHashSet<&str>) -> bool {
    result.kind == ResultKind::Gradient
        && result.wrt.first().is_some_and(|symbol| defined.contains(&*symbol.name))
}

fn definitions(out: &mut String, answer: &Answer, which: impl Iterator<Item = usize>) {
    for binding in which.filter_map(|at| answer.bindings.get(at)) {
        write_ascii(out, &binding.left());
        out.push_str(" = ");
        write_ascii(out, &binding.value);
        out.push('\n');
    }
}

/// The expression itself where its axes are those asked for; else a definition that orders them,
/// and its name.
fn expression(out: &mut String, answer: &Answer, value: &Math, axes: &[Symbol]) {
    if axes.is_empty() || free_indices(value) == axes {
        return write_ascii(out, value);
    }
    let name = unused_name(answer);
    out.push_str(&name);
    write_axes(out, axes);
    out.push_str(" = ");
    write_ascii(out, value);
    out.push('\n');
    out.push_str(&name);
}

/// `R`, or the first of `R1`, `R2`, … that the answer does not use.
fn unused_name(answer: &Answer) -> String {
    let is_used = |name: &str| {
        let parameters = answer.parameters.iter().map(|p| &p.name);
        let bindings = answer.bindings.iter().map(|b| &b.name);
        parameters.chain(bindings).any(|used| matches!(used, Math::Symbol(s) if &*s.name == name))
            || *answer.objective.name == *name
            || answer.functions.iter().any(|(f, _)| &*f.name == name)
            || answer.scalar_functions.iter().any(|f| &*f.name == name)
    };
    let mut name = String::from("R");
    let mut count = 0;
    while is_used(&name) {
        count += 1;
        name = format!("R{count}");
    }
    name
}
