//! Affine indicators: the linear maps that move entries about.
//!
//! An indicator is an operand of an einsum, 1 where a position is an affine function of others and
//! 0 elsewhere. With `i = o + k` a product is a convolution, with `r = i + m j` it stacks columns
//! or forms windows. Being constants they need no rule of differentiation.
//!
//! Guarantees the normal forms that follow from a position being a function of others: the same
//! indicator twice on the same arguments is one, and one whose value nothing else reads is gone.

use super::arena::{Arena, ONE};
use super::einsum::{Factor, Work};
use super::node::IndicatorRange::{self, Onto, Partial};
use super::node::{ExprId, Indicator, Operand, Wire, Wires};
use crate::shape::dim::DimId;
use smallvec::SmallVec;

/// What an indicator of two arguments does, where it is one of those that functions are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Motion {
    /// `target = a + b`
    Shift,
    /// `target = fast + size(fast) · slow`: a pair of positions as one.
    Merge,
}

impl Arena {
    /// An indicator as an operand: `target` and each source with its wire and size, and a
    /// source with its factor.
    pub(super) fn indicate(
        &mut self,
        target: (Wire, DimId),
        sources: &[(Wire, DimId, DimId)],
        offset: DimId,
        range: IndicatorRange,
    ) -> Operand {
        // sources of one factor in an order that does not depend on who asks
        let mut list: SmallVec<[(Wire, DimId, DimId); 2]> = sources.into();
        list.sort_by_cached_key(|(_, size, factor)| {
            let (f, s) = (self.size_text(*factor), self.size_text(*size));
            (self.size_value(*factor) != Some(1), f, s)
        });
        let axes: SmallVec<[DimId; 4]> =
            std::iter::once(target.1).chain(list.iter().map(|s| s.1)).collect();
        let factors = list.iter().map(|s| s.2).collect();
        let expr = self.indicator(Indicator { factors, offset, range, part: None }, &axes);
        let wires = std::iter::once(target.0).chain(list.iter().map(|s| s.0)).collect();
        Operand { expr, wires }
    }

    /// `target = fast + size(fast) · slow`
    ///
    /// # Panics
    /// Where no size 1 and 0 have been given to the arena: lowering gives them.
    pub(crate) fn merged(
        &mut self,
        target: (Wire, DimId),
        fast: (Wire, DimId),
        slow: (Wire, DimId),
    ) -> Operand {
        let (zero, one) = self.units.expect("lowering gave the sizes 0 and 1");
        self.indicate(target, &[(fast.0, fast.1, one), (slow.0, slow.1, fast.1)], zero, Onto)
    }

    /// `target = a + b`
    ///
    /// # Panics
    /// As [`Arena::merged`].
    pub(crate) fn shifted(
        &mut self,
        target: (Wire, DimId),
        a: (Wire, DimId),
        b: (Wire, DimId),
    ) -> Operand {
        let (zero, one) = self.units.expect("lowering gave the sizes 0 and 1");
        self.indicate(target, &[(a.0, a.1, one), (b.0, b.1, one)], zero, Onto)
    }

    /// Which of the known motions an indicator is.
    pub(crate) fn motion(&self, id: ExprId) -> Option<Motion> {
        let indicator = self.as_indicator(id)?;
        let one = |d: DimId| self.size_value(d) == Some(1);
        let zero = self.size_value(indicator.offset) == Some(0) && indicator.range == Onto;
        match indicator.factors[..] {
            [a, b] if zero && one(a) && one(b) => Some(Motion::Shift),
            [a, b] if zero && one(a) && b == self.axes(id)[1] => Some(Motion::Merge),
            _ => None,
        }
    }

    /// Unites wires that indicators make equal, and drops those that say nothing.
    pub(super) fn resolve_indicators(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) {
        let mut at = 0;
        while at < work.factors.len() {
            if self.is_triangle(work.factors[at].base) {
                work.factors[at].exponent = ONE;
                if work.factors[at].wires[0] == work.factors[at].wires[1] {
                    // ones on the diagonal
                    work.factors.remove(at);
                    continue;
                }
                match self.beside_triangle(work, at) {
                    Some(true) => {
                        work.factors.remove(at);
                    }
                    Some(false) => {
                        let triangle = work.factors.remove(at);
                        work.unite(triangle.wires[0], triangle.wires[1]);
                        work.settle();
                        todo.append(&mut work.factors);
                        todo.reverse();
                        return;
                    }
                    None => at += 1,
                }
                continue;
            }
            if self.as_indicator(work.factors[at].base).is_none() {
                at += 1;
                continue;
            }
            // δ² = δ
            work.factors[at].exponent = ONE;
            if self.elsewhere(work, at) {
                // nothing is in two parts of an axis that have no position in common
                work.coefficient = super::arena::ZERO;
            }
            if work.coefficient == super::arena::ZERO
                || self.resolve_pair(work, at)
                || self.drop_free(work, at)
            {
                work.settle();
                todo.append(&mut work.factors);
                todo.reverse();
                return;
            }
            at += 1;
        }
    }

    /// Whether another indicator puts the same position into a part that lies beside this one's.
    fn elsewhere(&self, work: &Work, at: usize) -> bool {
        let part = |base| self.as_indicator(base).and_then(|i| i.part);
        let Some(own) = part(work.factors[at].base) else { return false };
        work.factors[at + 1..].iter().any(|f| {
            f.wires.first() == work.factors[at].wires.first()
                && part(f.base).is_some_and(|p| self.apart(own, p))
        })
    }

    /// Of two equal indicators the arguments decide the value; of a merge the value also decides
    /// the arguments.
    fn resolve_pair(&mut self, work: &mut Work, at: usize) -> bool {
        let base = work.factors[at].base;
        // the value decides the arguments
        let bijective = self.motion(base) == Some(Motion::Merge) || self.as_moved(base).is_some();
        for other in at + 1..work.factors.len() {
            if work.factors[other].base != base {
                continue;
            }
            let (a, b) = (work.factors[at].wires.clone(), work.factors[other].wires.clone());
            if a[1..] == b[1..] || bijective && a[0] == b[0] {
                work.factors.remove(other);
                for (a, b) in a.iter().zip(&b) {
                    work.unite(*a, *b);
                }
                return true;
            }
        }
        false
    }

    /// Σ over the value alone is 1 for every choice of the arguments; of a merge, which is onto, Σ
    /// over the arguments alone is 1 for every value.
    fn drop_free(&mut self, work: &mut Work, at: usize) -> bool {
        let factor = &work.factors[at];
        let wires: Wires = factor.wires.clone();
        let lone = |w: Wire| Arena::degree(work, w) == 1;
        let range = self.as_indicator(factor.base).map_or(Partial, |i| i.range);
        let gone: Wires = if lone(wires[0]) && range != Partial {
            wires[..1].into()
        } else if self.motion(factor.base) == Some(Motion::Merge)
            && wires[1..].iter().all(|w| lone(*w))
        {
            wires[1..].into()
        } else {
            return false;
        };
        work.factors.remove(at);
        for w in gone {
            work.parent[w as usize] = w;
            work.sizes[w as usize] = DimId(u32::MAX);
        }
        true
    }
}
