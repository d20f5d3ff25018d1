//! Slices and block arrays as einsums with affine indicators: `x[1:k]` selects, `[x; y]` is the sum
//! of its blocks put into their places. Being linear they need no rule of differentiation, and the
//! derivative of one is written with the other.

use super::{Context, LowerError, Lowerer};
use crate::shape::dim::DimId;
use crate::shape::typed::Extent;
use crate::syntax::ast::NodeId;
use crate::tensor::node::{ExprId, Part, Wire, Wires};
use crate::tensor::template::{Value, range};
use smallvec::{SmallVec, smallvec};

impl Lowerer<'_> {
    /// The part that a range covers; `None` where it is the whole axis.
    pub(super) fn extent(&mut self, extent: Extent) -> Option<Part> {
        self.units();
        let (before, after) = (self.size(|_| extent.before), self.size(|_| extent.after));
        let zero = self.arena.units.map(|u| u.0);
        if zero == Some(before) && zero == Some(after) {
            return None;
        }
        let (first, last) = (self.size(|_| extent.first), self.size(|_| extent.last));
        Some(Part { first, last, before, after })
    }

    /// `size` positions of an axis after `before` others.
    pub(super) fn part(&mut self, axis: DimId, before: DimId, size: DimId) -> Part {
        self.units();
        let last = self.size(|d| d.combine(before, size, 1));
        let first = self.size(|d| {
            let one = d.number(1);
            d.combine(before, one, 1)
        });
        let after = self.size(|d| d.combine(axis, last, -1));
        let before = self.size(|_| before);
        Part { first, last, before, after }
    }

    /// The unit vector of a position counted from 1.
    pub(super) fn unit(&mut self, axis: DimId, position: i64) -> ExprId {
        let before = self.size(|d| d.number(position - 1));
        let one = self.size(|d| d.number(1));
        let part = self.part(axis, before, one);
        self.arena.unit(axis, part)
    }

    /// Blocks under each other (`down`) or beside each other.
    pub(super) fn block(
        &mut self,
        id: NodeId,
        down: bool,
        list: &[NodeId],
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        self.units();
        let first = context.free.len();
        let own = &context.sizes[first..];
        let (axis, matrix) = match own {
            [n] => (*n, false),
            [m, n] => (if down { *m } else { *n }, true),
            _ => return self.unsupported(id, "this block array"),
        };
        // the wires of the result along and across the blocks
        let along = (first + usize::from(matrix && !down)) as Wire;
        let across = (first + usize::from(matrix && down)) as Wire;
        let all = range(0, context.sizes.len());
        let one = self.size(|d| d.number(1));
        let mut before = self.size(|d| d.number(0));
        let mut terms: SmallVec<[Value; 8]> = SmallVec::new();
        for &block in list {
            let shape = self.typed.shape(block);
            let inner = context.sizes.len() as Wire;
            let mut sizes = context.sizes.clone();
            let has_along = shape.axes.len() == usize::from(matrix) + 1;
            let size = match (has_along, down) {
                (false, _) => one,
                (true, true) => shape.axes[0],
                (true, false) => shape.axes[shape.axes.len() - 1],
            };
            let part = self.part(axis, before, size);
            let wires: Wires = match (has_along, matrix) {
                (true, true) if down => smallvec![inner, across],
                (true, true) => smallvec![across, inner],
                (true, false) => smallvec![inner],
                (false, true) => smallvec![across],
                (false, false) => Wires::new(),
            };
            let value = self.operand(block, context, &wires);
            let place = if has_along {
                sizes.push(size);
                let operand = self.arena.moved((along, axis), (inner, size), part);
                Value { expr: operand.expr, wires: operand.wires }
            } else {
                Value { expr: self.arena.unit(axis, part), wires: smallvec![along] }
            };
            terms.push(self.arena.contract(&[value, place], &all, &sizes));
            before = part.last;
        }
        Ok(self.full(context, |arena, sizes| arena.value_sum(&terms, sizes)))
    }
}
