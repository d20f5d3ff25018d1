//! Warnings: what was written and has no effect. They go to standard error and change no status.

use super::Failure;
use super::input::{self, Input};
use super::output;
use crate::diagnostic::{Diagnostic, Label, Span};
use crate::syntax::ast::{Expr, NameId, NodeId, Program, Statement};
use clap::ArgMatches;
use std::io::{IsTerminal, Write};

/// Warns of names in `--shape` that the program has not, and of values that nothing uses.
pub(super) fn about(program: &Program, input: &Input, shapes: Option<&str>, m: &ArgMatches) {
    let asked = ["wrt", "of", "grad"].map(|o| m.try_get_one::<String>(o).ok().flatten());
    let asked: Vec<&str> =
        asked.into_iter().flatten().flat_map(|list| list.split(',')).map(str::trim).collect();
    for (name, span) in unmet(program, &asked) {
        warn(unmet_message(&name, span), input, shapes, m);
    }
    for diagnostic in unused(program) {
        warn(diagnostic, input, shapes, m);
    }
}

/// The message about a name of `--shape` that no program has.
pub(super) fn unmet_message(name: &str, span: Span) -> Diagnostic {
    Diagnostic {
        message: format!("`{name}` does not occur in the program"),
        labels: vec![Label { span, text: String::new() }],
        notes: Vec::new(),
        help: None,
    }
}

/// Prints a warning whose places are those of the program with its declarations.
pub(super) fn warn(diagnostic: Diagnostic, input: &Input, shapes: Option<&str>, m: &ArgMatches) {
    if let Failure::Input { diagnostic, source, file } = input::located(diagnostic, input, shapes) {
        let color = output::color_on(Some(m), std::io::stderr().is_terminal());
        let text = diagnostic.render_as(Some("warning"), &source, file.as_deref(), color);
        // the answer does not hang on it
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Prints a warning without a place.
pub(super) fn note(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "warning: {message}");
}

/// The names that `--shape` declares and that occur neither in the program nor among those asked
/// for, with their places.
pub(super) fn unmet(program: &Program, asked: &[&str]) -> Vec<(String, Span)> {
    let start = program.program_start;
    let Some(Statement::Variables(list)) = program.statements.first().filter(|_| start > 0) else {
        return Vec::new();
    };
    let mut met = vec![false; program.names.len()];
    let mut meet = |name: NameId| {
        met[name.0 as usize] = true;
        // a cotangent has the shape of what it belongs to
        let of = program.name(name).strip_prefix("grad_").and_then(|n| program.find_name(n));
        if let Some(of) = of {
            met[of.0 as usize] = true;
        }
    };
    for (node, span) in program.nodes.iter().zip(&program.spans) {
        match node {
            Expr::Name(name) | Expr::Call { function: name, .. } if span.start >= start => {
                meet(*name);
            }
            _ => {}
        }
    }
    for statement in &program.statements[1..] {
        if let Statement::Definition { name, .. } = statement {
            meet(*name);
        }
    }
    let mut names = program.names.clone();
    for name in asked {
        let name = names.intern(name);
        if let Some(m) = met.get_mut(name.0 as usize) {
            *m = true;
        }
    }
    list.iter()
        .filter(|d| !met[d.name.0 as usize])
        .map(|d| (program.written(d.name).to_string(), d.span))
        .collect()
}

/// Values that nothing uses, where a reader may think otherwise.
fn unused(program: &Program) -> Vec<Diagnostic> {
    let mut list = Vec::new();
    let statements = || program.statements.iter().zip(&program.statement_spans);
    let has_value =
        |s: &Statement| matches!(s, Statement::Expression(_) | Statement::Definition { .. });
    let last = program.statements.iter().rposition(has_value);
    let help = "the objective is the last expression or definition; a line goes on where it ends with an operator";
    let mut say = |message: &str, span: Span| {
        list.push(Diagnostic {
            message: message.to_string(),
            labels: vec![Label { span, text: String::new() }],
            notes: Vec::new(),
            help: Some(help.to_string()),
        });
    };
    for (at, (statement, span)) in statements().enumerate() {
        let Statement::Expression(root) = statement else { continue };
        if Some(at) != last {
            say("the value of this expression is not used", *span);
        } else if let Some(Statement::Definition { name, .. }) =
            at.checked_sub(1).map(|b| &program.statements[b])
            && begins_line(program, *span)
            && !uses(program, *root, *name)
        {
            let name = program.written(*name);
            say(
                &format!("this line does not go on with that of `{name}`, and does not use it"),
                *span,
            );
        }
    }
    list
}

/// Whether a line begins here, with a minus sign.
fn begins_line(program: &Program, span: Span) -> bool {
    let (before, after) = program.source.split_at(span.start as usize);
    after.starts_with(['-', '−']) && before.trim_end_matches([' ', '\t']).ends_with('\n')
}

fn uses(program: &Program, root: NodeId, name: NameId) -> bool {
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        if *program.node(id) == Expr::Name(name) {
            return true;
        }
        program.for_each_child(id, |c| stack.push(c));
    }
    false
}
