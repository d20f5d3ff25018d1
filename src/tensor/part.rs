//! Parts of axes: what slices take and blocks are put into.
//!
//! A part is an affine indicator whose target is its source moved on, `t = s + before`, or, for a
//! single position, a unit vector: an indicator without sources.

use super::arena::Arena;
use super::node::{ExprId, Indicator, IndicatorRange, Operand, Part, Wire};
use crate::shape::dim::DimId;
use smallvec::{SmallVec, smallvec};

impl Arena {
    /// `target = source + before`, for every position of the source.
    ///
    /// # Panics
    /// Where no size 1 and 0 have been given to the arena: lowering gives them.
    pub(crate) fn moved(
        &mut self,
        target: (Wire, DimId),
        source: (Wire, DimId),
        part: Part,
    ) -> Operand {
        let (_, one) = self.units.expect("lowering gave the sizes 0 and 1");
        let indicator = Indicator {
            factors: smallvec![one],
            offset: part.before,
            range: IndicatorRange::Total,
            part: Some(part),
        };
        let expr = self.indicator(indicator, &[target.1, source.1]);
        Operand { expr, wires: smallvec![target.0, source.0] }
    }

    /// The unit vector that is 1 at the only position of a part.
    pub(crate) fn unit(&mut self, dim: DimId, part: Part) -> ExprId {
        let indicator = Indicator {
            factors: SmallVec::new(),
            offset: part.before,
            range: IndicatorRange::Total,
            part: Some(part),
        };
        self.indicator(indicator, &[dim])
    }

    /// The position of a unit vector's 1.
    pub(crate) fn as_unit(&self, id: ExprId) -> Option<Part> {
        let indicator = self.as_indicator(id)?;
        if indicator.factors.is_empty() { indicator.part } else { None }
    }

    /// The part of its target's axis that an indicator with one source reaches.
    pub(crate) fn as_moved(&self, id: ExprId) -> Option<Part> {
        let indicator = self.as_indicator(id)?;
        if indicator.factors.len() == 1 { indicator.part } else { None }
    }

    /// Whether this takes a part of an axis, or puts something there.
    pub(crate) fn is_part(&self, id: ExprId) -> bool {
        self.as_unit(id).is_some() || self.as_moved(id).is_some()
    }

    /// Whether one of two parts of an axis ends before the other begins, so that no position is in
    /// both.
    pub(super) fn apart(&self, a: Part, b: Part) -> bool {
        let Some(dims) = &self.dims else { return false };
        dims.is_at_most(a.last, b.before) || dims.is_at_most(b.last, a.before)
    }
}
