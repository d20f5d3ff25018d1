//! What a derivation speaks of: the program's definitions, and names for inner values.

use super::super::answer::Answer;
use super::super::ascii::{ascii, write_ascii};
use super::super::math::Math;
use super::super::program::gradient_of;
use super::Given;
use crate::syntax::attribute_text;
use std::fmt::Write as _;

/// `u = W*x`, and what its author wrote as a claim about it.
pub(super) fn write_definition(out: &mut String, given: &Given) {
    write_ascii(out, &given.name);
    out.push_str(" = ");
    write_ascii(out, &given.value);
    out.push('\n');
    if let Some(written) = &given.written {
        write_ascii(out, &given.name);
        out.push_str(" == ");
        write_ascii(out, written);
        out.push('\n');
    }
}

/// The variables and unknown functions of an answer as declarations.
pub(super) fn declarations(answer: &Answer) -> Vec<String> {
    let mut out = Vec::new();
    for p in &answer.parameters {
        let name = match gradient_of(&p.name) {
            Some(of) => format!("grad_{of}"),
            None => ascii(&p.name),
        };
        let mut line = format!("var {}", shaped(&name, &p.shape));
        for attribute in &p.attributes {
            let _ = write!(line, " {}", attribute_text(*attribute));
        }
        out.push(line);
    }
    out.extend(answer.functions.iter().map(|(f, _)| format!("fn {}", f.name)));
    out.extend(answer.scalar_functions.iter().map(|f| format!("fn {} scalar", f.name)));
    out
}

/// `W[m,n]`
pub(super) fn shaped(name: &str, sizes: &[Math]) -> String {
    if sizes.is_empty() {
        return name.to_string();
    }
    let sizes: Vec<String> = sizes.iter().map(ascii).collect();
    format!("{name}[{}]", sizes.join(","))
}
