//! Layout conventions: what `grad` and `jac` mean in a text whose author lays derivatives out in
//! another way.
//!
//! The language has gradients in the shape of the variable, and the axes of the value first in a
//! Jacobian. In numerator layout a gradient is the transpose of that; in denominator layout a
//! Jacobian is. The transposes are written into the text before it is read, and every place is
//! given in the author's text.

use crate::diagnostic::Span;
use crate::functions::{Signature, Special, find};
use crate::syntax::ast::{Expr, Program};

/// A convention.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Layout {
    /// That of the language.
    #[default]
    Own,
    /// Gradients are transposed.
    Numerator,
    /// Jacobians are transposed.
    Denominator,
}

/// A text with transposes written into it.
pub(super) struct Laid {
    pub(super) text: String,
    /// Where a mark was put, as places of the author's text, in order.
    marks: Vec<usize>,
}

impl Laid {
    /// The text of a program with the transposes of a convention.
    pub(super) fn new(program: &Program, layout: Layout) -> Laid {
        let start = program.program_start as usize;
        let mut marks: Vec<usize> = Vec::new();
        for (node, span) in program.nodes.iter().zip(&program.spans) {
            let Expr::Call { function, .. } = node else { continue };
            let special = find(program.name(*function)).map(|f| f.signature);
            let transposed = match special {
                Some(Signature::Special(Special::Gradient | Special::Vjp)) => {
                    layout == Layout::Numerator
                }
                Some(Signature::Special(Special::Jacobian)) => layout == Layout::Denominator,
                _ => false,
            };
            if transposed && span.end as usize >= start {
                marks.push(span.end as usize - start);
            }
        }
        marks.sort_unstable();
        let own = program.source.get(start..).unwrap_or("");
        let mut text = String::with_capacity(own.len() + marks.len());
        let mut from = 0;
        for &mark in &marks {
            text.push_str(own.get(from..mark).unwrap_or(""));
            text.push('\'');
            from = mark;
        }
        text.push_str(own.get(from..).unwrap_or(""));
        Laid { text, marks }
    }

    /// A place of the text as a place of the author's; both count from `start`.
    pub(super) fn original(&self, span: Span, start: u32) -> Span {
        let back = |at: u32| {
            let at = at.saturating_sub(start) as usize;
            let before = self.marks.iter().enumerate().filter(|(k, mark)| **mark + k < at).count();
            start + (at - before) as u32
        };
        Span { start: back(span.start), end: back(span.end) }
    }
}
