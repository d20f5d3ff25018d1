//! Elaboration: a name for every inner value that the chain rule passes through.
//!
//! A derivation speaks of `u = W x + b` and `y = σ(u)` where the program says `σ(W x + b)`. A step is
//! a sum of products of elementwise functions of named values, or one other function of a named
//! value: small enough to be differentiated in a line, and no smaller.

use super::sweep::dependence_in_order;
use crate::tensor::arena::Arena;
use crate::tensor::lower::Equation;
use crate::tensor::memo::Memo;
use crate::tensor::node::{Axes, ExprId, Node, Symbol, SymbolKind};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The equations with further ones for inner values that depend on `targets`; `name` gives a new
/// name for a value with so many axes, and `named` holds the symbols of what has one: inner values of
/// earlier calls, and definitions that a body may have been written without.
/// Linear in the number of nodes.
#[expect(clippy::implicit_hasher, reason = "one hasher serves the whole core")]
pub fn elaborate(
    arena: &mut Arena,
    equations: &[Equation],
    targets: &[ExprId],
    named: &mut FxHashMap<ExprId, ExprId>,
    name: &mut dyn FnMut(usize) -> Rc<str>,
) -> Vec<Equation> {
    let depends = dependence_in_order(arena, equations, targets);
    let mut out = Vec::with_capacity(equations.len());
    let mut map = Memo::default();
    for equation in equations {
        if !depends[equation.body.0 as usize] {
            out.push(*equation);
            continue;
        }
        let local = Local::new(arena, equation.body, &depends, named);
        map.clear();
        for &id in &local.nodes {
            let new = match named.get(&id) {
                Some(symbol) if id != equation.body => *symbol,
                _ => arena.rebuild(id, &map),
            };
            if id == equation.body {
                out.push(Equation { symbol: equation.symbol, body: new });
            } else if named.contains_key(&id) || local.is_part(arena, id) {
                map.set_expr(id, new);
            } else {
                let axes = Axes::from_slice(arena.axes(id));
                let order = arena.key(id).0;
                let symbol = Symbol { order, ..Symbol::new(name(axes.len()), SymbolKind::Shared) };
                let symbol = arena.symbol_expr(symbol, &axes);
                out.push(Equation { symbol, body: new });
                map.set_expr(id, symbol);
                named.insert(id, symbol);
            }
        }
    }
    out
}

/// The nodes of one equation that differentiation passes through, children first.
struct Local {
    nodes: Vec<ExprId>,
    /// The only node that uses another, where there is one.
    parents: FxHashMap<ExprId, Option<ExprId>>,
}

impl Local {
    fn new(
        arena: &Arena,
        body: ExprId,
        depends: &[bool],
        named: &FxHashMap<ExprId, ExprId>,
    ) -> Local {
        let mut nodes = Vec::new();
        let mut parents: FxHashMap<ExprId, Option<ExprId>> = FxHashMap::default();
        parents.insert(body, None);
        let mut stack = vec![body];
        while let Some(id) = stack.pop() {
            nodes.push(id);
            if id != body && named.contains_key(&id) {
                continue;
            }
            arena.children(id, |c| {
                let passed = depends.get(c.0 as usize).copied().unwrap_or(false);
                if !passed || arena.as_symbol(c).is_some() {
                    return;
                }
                match parents.get_mut(&c) {
                    Some(parent) => *parent = None,
                    None => {
                        parents.insert(c, Some(id));
                        stack.push(c);
                    }
                }
            });
        }
        nodes.sort_unstable_by_key(|id| id.0);
        Local { nodes, parents }
    }

    /// Whether a node is written inside its parent.
    fn is_part(&self, arena: &Arena, id: ExprId) -> bool {
        let level = |id: ExprId| match arena.node(id) {
            Node::Add(_) => 3,
            Node::Einsum(_) => 2,
            Node::Map(..) => 1,
            _ => 0,
        };
        match self.parents.get(&id) {
            Some(Some(parent)) => {
                // `log|det X|` as a term of a loss needs no name
                let term = arena.rank(id) == 0 && matches!(arena.node(*parent), Node::Add(_));
                (term || level(id) > 0) && level(id) < level(*parent)
            }
            _ => false,
        }
    }
}
