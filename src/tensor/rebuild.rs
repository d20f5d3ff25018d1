//! Expressions with other children, in normal form: what rewriting and substitution share.

use super::arena::Arena;
use super::memo::Memo;
use super::node::{Axes, ExprId, Network, Node, Operand, Wires};
use crate::number::Number;
use smallvec::SmallVec;

/// Every node below some roots.
pub(crate) fn reachable(arena: &Arena, roots: &[ExprId]) -> Vec<ExprId> {
    let mut seen = vec![false; arena.len()];
    let mut stack = roots.to_vec();
    let mut list = Vec::new();
    while let Some(id) = stack.pop() {
        if !std::mem::replace(&mut seen[id.0 as usize], true) {
            list.push(id);
            arena.children(id, |c| stack.push(c));
        }
    }
    list
}

impl Arena {
    /// The node with the children that `map` gives; those it does not give stay.
    pub(crate) fn rebuild(&mut self, id: ExprId, map: &Memo) -> ExprId {
        let mut changed = false;
        self.children(id, |c| changed |= map.expr(c).is_some_and(|new| new != c));
        if changed { self.rebuilt(id, map) } else { id }
    }

    /// As [`Arena::rebuild`], where declared facts may give the node another normal form although
    /// its children stay.
    pub(crate) fn rebuild_with_facts(&mut self, id: ExprId, map: &Memo) -> ExprId {
        let facts = self.facts
            && !self.is_settled(id)
            && match self.node(id) {
                Node::Einsum(view) => view.operands().any(|(e, _)| self.has_facts(e)),
                Node::Map(_, ids) => {
                    let argument = ids.get(0);
                    ids.len() == 1 && self.is_positive(map.expr(argument).unwrap_or(argument))
                }
                Node::Matrix(..) => true,
                _ => false,
            };
        if facts { self.rebuilt(id, map) } else { self.rebuild(id, map) }
    }

    /// The expression with another in the place of a symbol.
    pub(crate) fn substitute(&mut self, root: ExprId, symbol: ExprId, other: ExprId) -> ExprId {
        let mut list = reachable(self, &[root]);
        list.sort_unstable_by_key(|id| id.0);
        let mut map = Memo::default();
        for id in list {
            let new = if id == symbol { other } else { self.rebuild(id, &map) };
            map.set_expr(id, new);
        }
        map.expr(root).unwrap_or(root)
    }

    fn rebuilt(&mut self, id: ExprId, map: &Memo) -> ExprId {
        let new = |e: ExprId| map.expr(e).unwrap_or(e);
        match self.node(id) {
            Node::Symbol(_) => id,
            Node::Add(terms) => {
                let axes = Axes::from_slice(self.axes(id));
                let list = terms.iter().map(|(c, e)| (c, new(e))).collect();
                self.add_ids(&axes, list)
            }
            Node::Einsum(view) => {
                let operands = view
                    .operands()
                    .map(|(e, w)| Operand { expr: new(e), wires: Wires::from_slice(w) });
                let operands = operands.collect();
                let sizes = (0..view.wires() as u32).map(|w| view.size(w)).collect();
                let output = view.output().into();
                self.einsum(Network { coefficient: Number::ONE, operands, output, sizes })
            }
            Node::Map(f, ids) => {
                let list: SmallVec<[ExprId; 4]> = ids.iter().map(new).collect();
                self.map(f, &list)
            }
            Node::Named { function, active, arguments } => {
                let list: SmallVec<[ExprId; 4]> = arguments.iter().map(new).collect();
                self.named(function, active, &list)
            }
            Node::Reduce(kind, active, e) => self.reduce(kind, active, new(e)),
            Node::Window { kind, active, width, argument } => {
                let axes = Axes::from_slice(self.axes(id));
                self.window(kind, active, width, new(argument), &axes)
            }
            Node::Matrix(kind, e) => self.matrix(kind, new(e)),
            Node::Apply(f, order, e) => self.apply(f, order, new(e)),
        }
    }
}
