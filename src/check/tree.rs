//! New nodes for a syntax tree: they stand behind the old ones, children before parents.

use crate::syntax::ast::{Expr, List, NameId, NodeId, Program};

pub(super) fn push(program: &mut Program, expr: Expr) -> NodeId {
    let id = NodeId(program.nodes.len() as u32);
    program.nodes.push(expr);
    program.spans.push(crate::diagnostic::Span::default());
    id
}

pub(super) fn list_of(program: &mut Program, nodes: &[NodeId]) -> List {
    let start = program.children.len() as u32;
    program.children.extend_from_slice(nodes);
    List { start, len: nodes.len() as u32 }
}

pub(super) fn sum_of(program: &mut Program, terms: &[NodeId]) -> NodeId {
    let list = list_of(program, terms);
    push(program, Expr::Sum(list))
}

pub(super) fn name_of(program: &mut Program, text: &str) -> NameId {
    program.names.intern(text)
}

pub(super) fn name_node(program: &mut Program, text: &str) -> NodeId {
    let name = name_of(program, text);
    push(program, Expr::Name(name))
}

/// A node with other children.
pub(super) fn copied(program: &mut Program, id: NodeId, find: &dyn Fn(NodeId) -> NodeId) -> Expr {
    let node = program.nodes[id.0 as usize].clone();
    let mut list = |list: List| {
        let nodes: Vec<NodeId> = program.list(list).iter().map(|n| find(*n)).collect();
        list_of(program, &nodes)
    };
    match node {
        Expr::Negate(a) => Expr::Negate(find(a)),
        Expr::Sum(l) => Expr::Sum(list(l)),
        Expr::Product(op, a, b) => Expr::Product(op, find(a), find(b)),
        Expr::Power(a, b) => Expr::Power(find(a), find(b)),
        Expr::ElementPower(a, b) => Expr::ElementPower(find(a), find(b)),
        Expr::Transpose(a) => Expr::Transpose(find(a)),
        Expr::Call { function, primes, arguments, axis } => {
            Expr::Call { function, primes, arguments: list(arguments), axis: axis.map(find) }
        }
        Expr::Entry(a, l) => Expr::Entry(find(a), list(l)),
        Expr::Range(a, b) => Expr::Range(a.map(find), b.map(find)),
        Expr::Block { down, list: l } => Expr::Block { down, list: list(l) },
        Expr::IndexSum(l, a) => Expr::IndexSum(l, find(a)),
        Expr::Compare(c, a, b) => Expr::Compare(c, find(a), find(b)),
        other => other,
    }
}
