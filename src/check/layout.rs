//! Layout conventions: what `grad` and `jac` mean in a text whose author lays derivatives out in
//! another way.
//!
//! The language has gradients in the shape of the variable, and the axes of the value first in a
//! Jacobian. In numerator layout a gradient is the transpose of that; in denominator layout a
//! Jacobian is. The transposes are written into the text before it is read, and every place is
//! given in the author's text.

use super::tree::{copied, push};
use crate::diagnostic::Span;
use crate::functions::{Signature, Special, find};
use crate::syntax::ast::{Expr, NodeId, Program, Statement};
use crate::syntax::parser::parse_with;
use crate::syntax::print::print_node;

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

impl Layout {
    /// Whether a node is a derivative that this convention lays out as the transpose of ours.
    fn transposes(self, program: &Program, node: &Expr) -> bool {
        let Expr::Call { function, .. } = node else { return false };
        match find(program.name(*function)).map(|f| f.signature) {
            Some(Signature::Special(Special::Gradient | Special::Vjp)) => self == Layout::Numerator,
            Some(Signature::Special(Special::Jacobian)) => self == Layout::Denominator,
            _ => false,
        }
    }

    /// A claim of the language as an author writes it who lays derivatives out by this convention.
    pub(super) fn written(self, claim: &str) -> Option<String> {
        let mut program = parse_with(None, claim).ok()?;
        let sides = match program.statements.last()? {
            Statement::Claim(sides) => sides.clone(),
            _ => return None,
        };
        let mut new: Vec<NodeId> = Vec::with_capacity(program.nodes.len());
        for k in 0..program.nodes.len() as u32 {
            let node = program.node(NodeId(k)).clone();
            let find = |id: NodeId| new[id.0 as usize];
            let made = match node {
                // the transpose of what is laid out so is what stands in the text
                Expr::Transpose(a) if self.transposes(&program, program.node(a)) => {
                    let Expr::Transpose(bare) = *program.node(find(a)) else { return None };
                    bare
                }
                node => {
                    let copy = copied(&mut program, NodeId(k), &find);
                    let copy = push(&mut program, copy);
                    let turned = self.transposes(&program, &node);
                    if turned { push(&mut program, Expr::Transpose(copy)) } else { copy }
                }
            };
            new.push(made);
        }
        let texts: Vec<String> =
            sides.iter().map(|s| print_node(&program, new[s.0 as usize])).collect();
        Some(texts.join(" == "))
    }
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
            if layout.transposes(program, node) && span.end as usize >= start {
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
