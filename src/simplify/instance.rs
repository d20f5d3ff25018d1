//! The right side of an identity, built with what its variables stand for.

use super::pattern::{Bindings, Matcher};
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, ExprId, Network, Node, Operand, SymbolId, SymbolKind, Wires};
use smallvec::SmallVec;

impl Matcher<'_> {
    /// The right side with what its variables stand for; an entrywise one with these axes.
    pub(super) fn instantiate(&mut self, b: &Bindings, axes: &Axes) -> Option<ExprId> {
        let pattern = self.pattern;
        let mut list = super::reachable(&pattern.arena, &[pattern.right]);
        list.sort_unstable_by_key(|id| id.0);
        let mut built: SmallVec<[(ExprId, ExprId); 16]> = SmallVec::new();
        for p in list {
            let of = |e: ExprId| built.iter().find(|(q, _)| *q == e).map(|x| x.1);
            let new = match pattern.arena.node(p) {
                Node::Symbol(symbol) => self.value(symbol, b)?,
                Node::Add(terms) => {
                    let mut sum: TermList = SmallVec::new();
                    for (c, e) in terms.iter() {
                        let number = pattern.arena.number_of(c);
                        sum.push((self.arena.number_id(number), of(e)?));
                    }
                    let mut own: Axes = match sum.iter().max_by_key(|t| self.arena.rank(t.1)) {
                        Some(t) => self.arena.axes(t.1).into(),
                        None if pattern.entrywise => axes.clone(),
                        None => sizes_of(pattern.arena.axes(p), b)?,
                    };
                    if p == pattern.right && pattern.entrywise {
                        own.clone_from(axes);
                    }
                    for t in &mut sum {
                        t.1 = self.arena.broadcast(t.1, &own);
                    }
                    self.arena.add_ids(&own, sum)
                }
                Node::Einsum(view) if pattern.entrywise => {
                    let mut factors: SmallVec<[ExprId; 4]> = SmallVec::new();
                    for (e, _) in view.operands() {
                        factors.push(of(e)?);
                    }
                    self.arena.hadamard(&factors)
                }
                Node::Einsum(view) => {
                    let mut operands: SmallVec<[Operand; 4]> = SmallVec::new();
                    for (e, w) in view.operands() {
                        operands.push(Operand { expr: of(e)?, wires: w.into() });
                    }
                    let own: Axes = (0..view.wires() as u32).map(|w| view.size(w)).collect();
                    let sizes = sizes_of(&own, b)?.into_iter().collect();
                    let (coefficient, output) = (Number::ONE, view.output().into());
                    self.arena.einsum(Network { coefficient, operands, output, sizes })
                }
                Node::Map(f, ids) => {
                    let mut arguments: SmallVec<[ExprId; 4]> = SmallVec::new();
                    for e in ids.iter() {
                        arguments.push(of(e)?);
                    }
                    self.arena.map(f, &arguments)
                }
                Node::Matrix(kind, e) => {
                    let inner = of(e)?;
                    self.arena.matrix(kind, inner)
                }
                _ => return None,
            };
            built.push((p, new));
        }
        let result = built.last()?.1;
        Some(if pattern.entrywise { self.arena.broadcast(result, axes) } else { result })
    }

    fn value(&mut self, symbol: SymbolId, b: &Bindings) -> Option<ExprId> {
        match self.pattern.arena.symbol(symbol).kind {
            SymbolKind::Size(dim) => {
                let size = sizes_of(&[dim], b)?.into_iter().collect();
                let (operands, output) = (SmallVec::new(), Wires::new());
                let coefficient = Number::ONE;
                Some(self.arena.einsum(Network { coefficient, operands, output, sizes: size }))
            }
            SymbolKind::Pi => Some(self.arena.pi()),
            _ => b.expressions.iter().find(|(v, _)| *v == symbol).map(|x| x.1),
        }
    }
}

/// What sizes of a pattern stand for.
fn sizes_of(dims: &[DimId], b: &Bindings) -> Option<Axes> {
    dims.iter().map(|d| b.sizes.iter().find(|(p, _)| p == d).map(|x| x.1)).collect()
}
