//! Terms of a sum that are zero off one diagonal.

use super::TermList;
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::{Arena, AxesId, ONE};
use crate::tensor::node::{ExprId, Network, Node, Operand, Wires};
use smallvec::{SmallVec, smallvec};

impl Arena {
    /// `diag(a) + diag(b) = diag(a + b)`: terms that are zero off the diagonal of one pair of axes
    /// become one. Whether there were any; there are fewer terms then.
    pub(super) fn join_diagonals(&mut self, axes: AxesId, terms: &mut TermList) -> bool {
        let pairs: SmallVec<[Option<(usize, usize)>; 8]> =
            terms.iter().map(|(_, e)| self.diagonal(*e)).collect();
        let twice = |at: usize| pairs[at].is_some() && pairs[at + 1..].contains(&pairs[at]);
        let Some(first) = (0..pairs.len()).find(|at| twice(*at)) else { return false };
        let Some((p, q)) = pairs[first] else { return false };
        // a diagonal along which nothing changes is an identity beside the rest
        let group = || terms.iter().zip(&pairs).filter(|(_, pair)| **pair == pairs[first]);
        let constant = group().all(|((_, e), _)| self.is_repeated(*e, p));
        let dim = self.axes(terms[first].1)[p];
        let mut inner: TermList = SmallVec::new();
        let mut rest: TermList = SmallVec::new();
        for (term, pair) in std::mem::take(terms).into_iter().zip(&pairs) {
            if *pair != pairs[first] {
                rest.push(term);
                continue;
            }
            // both at once: what is left of one alone may be no einsum any more
            let gone: &[usize] = if constant { &[q, p] } else { &[q] };
            inner.push((term.0, self.without_axes(term.1, gone)));
        }
        let sum = self.add_terms(self.axes_of(inner[0].1), inner);
        let mut sizes: SmallVec<[DimId; 8]> = self.axes(sum).into();
        let wires: Wires = (0..sizes.len() as u32).collect();
        let mut output = wires.clone();
        let mut along = p as u32;
        if constant {
            along = sizes.len() as u32;
            sizes.push(dim);
            output.insert(p, along);
        }
        output.insert(q, along);
        let operands = smallvec![Operand { expr: sum, wires }];
        let joined = self.einsum(Network { coefficient: Number::ONE, operands, output, sizes });
        debug_assert!(self.axes_of(joined) == axes, "a diagonal has the axes it was taken of");
        rest.push((ONE, joined));
        *terms = rest;
        true
    }

    /// The first two axes off whose diagonal an expression is zero by its wiring.
    pub(crate) fn diagonal(&self, id: ExprId) -> Option<(usize, usize)> {
        let Node::Einsum(view) = self.node(id) else { return None };
        let output = view.output();
        (1..output.len()).find_map(|q| {
            let p = output[..q].iter().position(|w| *w == output[q])?;
            Some((p, q))
        })
    }

    /// Whether an einsum is the same all along a diagonal, one of whose axes this is, by its wiring.
    fn is_repeated(&self, id: ExprId, axis: usize) -> bool {
        let Node::Einsum(view) = self.node(id) else { return false };
        let wire = view.output()[axis];
        // a third axis on the wire, as in δᵢⱼ δᵢₖ, tells the places apart
        view.output().iter().filter(|w| **w == wire).count() == 2
            && !view.operands().any(|(_, w)| w.contains(&wire))
    }

    /// An einsum with some axes left out, the last first, along which it is the same, or whose wire
    /// stands in the output twice.
    fn without_axes(&mut self, id: ExprId, gone: &[usize]) -> ExprId {
        let Node::Einsum(view) = self.node(id) else { return id };
        let operands = view
            .operands()
            .map(|(e, w)| Operand { expr: e, wires: Wires::from_slice(w) })
            .collect();
        let sizes = (0..view.wires() as u32).map(|w| view.size(w)).collect();
        let mut output = Wires::from_slice(view.output());
        for axis in gone {
            output.remove(*axis);
        }
        // without the wire that is used no more, which would count as its size
        self.einsum(Network { coefficient: Number::ONE, operands, output, sizes }.dense())
    }
}
