//! Expressions of Python, as a list of nodes in which children come before parents.

use crate::diagnostic::Span;

/// A node of a [`Tree`], by position. Children have smaller positions than their parents.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct ExprId(pub(super) u32);

/// The operators of arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    MatrixMultiply,
    And,
    Or,
}

/// The comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Relation {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// The operators before an operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Prefix {
    Minus,
    Plus,
    Not,
}

/// An argument of a call.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Argument {
    pub(super) name: Option<String>,
    pub(super) value: ExprId,
}

/// What was written at a node.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Expr {
    Number,
    Text,
    Name(String),
    Ellipsis,
    Tuple(Vec<ExprId>),
    Dict(Vec<(ExprId, ExprId)>),
    Prefix(Prefix, ExprId),
    Binary(Operator, ExprId, ExprId),
    Compare(Relation, ExprId, ExprId),
    Attribute(ExprId, String),
    Call(ExprId, Vec<Argument>),
    Subscript(ExprId, ExprId),
    /// `a:b`, with what is left out as `None`.
    Slice(Option<ExprId>, Option<ExprId>),
}

/// Expressions. The nodes of each stand together, from [`Tree::first`] to the node itself, so that
/// reading one is a loop.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Expr>,
    spans: Vec<Span>,
    /// The same with the brackets around them.
    outer: Vec<Span>,
    firsts: Vec<u32>,
}

impl Tree {
    pub(super) fn push(&mut self, expr: Expr, span: Span) -> ExprId {
        let own = self.nodes.len() as u32;
        let leftmost = expr.children().first().map_or(own, |c| self.firsts[c.0 as usize]);
        self.nodes.push(expr);
        self.spans.push(span);
        self.outer.push(span);
        self.firsts.push(leftmost);
        ExprId(own)
    }

    /// The first node of an expression.
    pub(super) fn first(&self, id: ExprId) -> u32 {
        self.firsts[id.0 as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, id: ExprId) -> &Expr {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn span(&self, id: ExprId) -> Span {
        self.spans[id.0 as usize]
    }

    /// The place of a node with the brackets around it.
    pub(super) fn outer(&self, id: ExprId) -> Span {
        self.outer[id.0 as usize]
    }

    /// Notes brackets around a node.
    pub(super) fn enclose(&mut self, id: ExprId, span: Span) {
        self.outer[id.0 as usize] = span;
    }
}

impl Expr {
    /// The children in order.
    pub(super) fn children(&self) -> Vec<ExprId> {
        match self {
            Expr::Number | Expr::Text | Expr::Name(_) | Expr::Ellipsis => Vec::new(),
            Expr::Tuple(list) => list.clone(),
            Expr::Dict(pairs) => pairs.iter().flat_map(|p| [p.0, p.1]).collect(),
            Expr::Prefix(_, a) | Expr::Attribute(a, _) => vec![*a],
            Expr::Binary(_, a, b) | Expr::Compare(_, a, b) | Expr::Subscript(a, b) => vec![*a, *b],
            Expr::Call(a, list) => {
                std::iter::once(*a).chain(list.iter().map(|l| l.value)).collect()
            }
            Expr::Slice(low, high) => low.iter().chain(high).copied().collect(),
        }
    }
}
