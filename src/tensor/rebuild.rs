//! A node with other children, in normal form.

use super::arena::Arena;
use super::node::{Axes, ExprId, Network, Node, Operand};
use crate::number::Number;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

impl Arena {
    /// The node with the children that `map` gives; those it does not give stay.
    pub(crate) fn rebuild(&mut self, id: ExprId, map: &FxHashMap<ExprId, ExprId>) -> ExprId {
        let mut changed = false;
        let new = |e: ExprId| map.get(&e).copied().unwrap_or(e);
        self.children(id, |c| changed |= new(c) != c);
        if !changed {
            return id;
        }
        match self.node(id) {
            Node::Symbol(_) => id,
            Node::Add(terms) => {
                let axes: Axes = self.axes(id).into();
                let list = terms.iter().map(|(c, e)| (c, new(e))).collect();
                self.add_ids(&axes, list)
            }
            Node::Einsum(view) => {
                let operands =
                    view.operands().map(|(e, w)| Operand { expr: new(e), wires: w.into() });
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
                let axes: Axes = self.axes(id).into();
                self.window(kind, active, width, new(argument), &axes)
            }
            Node::Matrix(kind, e) => self.matrix(kind, new(e)),
            Node::Apply(f, order, e) => self.apply(f, order, new(e)),
        }
    }
}
