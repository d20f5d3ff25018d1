//! Entries of arrays with more than two axes: what is summed over becomes products of matrices, and
//! these stand as factors with indices, `(A'*A)[i,k]*delta[j,l]`.

use super::compose::product;
use super::part::{Part, Scalars};
use super::reduction::Sizes;
use super::{Raiser, Reduction};
use crate::notation::index::{entry_of, identity_entry};
use crate::notation::math::Math;
use crate::tensor::node::EinsumView;

impl Raiser<'_> {
    /// The entry of an einsum at these indices, where series–parallel reduction leaves nothing
    /// summed over; without its coefficient.
    pub(crate) fn joined_entry(&mut self, view: EinsumView<'_>, at: &[Math]) -> Option<Math> {
        let mut reduction = Reduction::of(view);
        for (e, wires) in view.operands() {
            self.operand(&mut reduction, e, wires, false)?;
        }
        if !reduction.links.is_empty() {
            return None;
        }
        let sizes = Sizes { arena: self.arena, view };
        let mut scalars = std::mem::take(&mut reduction.scalars);
        reduction.contract(&sizes, &mut scalars)?;
        let mut index: Vec<Option<&Math>> = vec![None; view.wires()];
        let mut deltas = Vec::new();
        for (wire, position) in view.output().iter().zip(at) {
            let w = *wire as usize;
            match index[w] {
                None => index[w] = Some(position),
                Some(first) => deltas.push(if reduction.is_held(*wire) {
                    Math::Delta(Box::new(first.clone()), Box::new(position.clone()))
                } else {
                    identity_entry(sizes.of(*wire), first.clone(), position.clone())
                }),
            }
        }
        let mut factors = Scalars::default();
        let mut push = |part: Part, positions: Vec<Math>| {
            let list = if part.divides { &mut factors.below } else { &mut factors.above };
            list.push((part.key, entry_of(part.math, &positions)));
        };
        let mut weights = std::mem::take(&mut reduction.weights);
        weights.sort_by_key(|(w, _)| *w);
        for (w, part) in weights {
            if part.basis().is_some() {
                return None;
            }
            push(part, vec![index[w as usize]?.clone()]);
        }
        for edge in std::mem::take(&mut reduction.edges) {
            let ends = [edge.from, edge.to].map(|w| index[w as usize].cloned());
            push(edge.part, ends.into_iter().collect::<Option<Vec<Math>>>()?);
        }
        let sorted = |first: Scalars, second: Scalars| {
            let order = |mut list: Vec<((u32, u64), Math)>| {
                list.sort_by_key(|f| f.0);
                list.into_iter().map(|f| f.1).collect::<Vec<Math>>()
            };
            let (mut above, mut below) = (order(first.above), order(first.below));
            above.extend(order(second.above));
            below.extend(order(second.below));
            (above, below)
        };
        let (mut above, below) = sorted(scalars, factors);
        above.extend(deltas);
        let above = product(above);
        Some(if below.is_empty() {
            above
        } else {
            Math::Quotient(Box::new(above), Box::new(product(below)))
        })
    }
}
