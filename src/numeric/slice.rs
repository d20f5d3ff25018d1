//! Slices and block arrays: entries copied from where they are to where they go.

use super::arithmetic::Arithmetic;
use super::block::{LARGEST_ARRAY, Walk, own_axes};
use super::error::EvalError;
use super::eval::Evaluator;
use super::operation::Place;
use crate::array::{Array, KernelError};
use crate::shape::dim::DimId;
use crate::syntax::ast::{Expr, List, NodeId};
use smallvec::SmallVec;

impl<S: Arithmetic> Evaluator<'_, S> {
    /// `A[i,2:k]`: the entries that the positions cover.
    pub(super) fn slice(
        &mut self,
        id: NodeId,
        base: NodeId,
        list: List,
    ) -> Result<Array<S>, EvalError> {
        let typed = self.typed;
        let span = self.span(id);
        let over = typed.free(id);
        let mut positions: SmallVec<[(Place, i64); 2]> = SmallVec::new();
        for &position in typed.program.list(list) {
            positions.push(if matches!(typed.program.node(position), Expr::Range(..)) {
                let extent = typed.ranges.get(&position).ok_or(EvalError::Mismatch { span })?;
                let of = |d: DimId| {
                    self.sizes.get(d.0 as usize).and_then(|n| i64::try_from(*n).ok()).unwrap_or(0)
                };
                (Place::fixed(of(extent.first) - 1), of(extent.size))
            } else {
                (self.place(position, over, span)?, 1)
            });
        }
        let axes = own_axes(typed, &self.sizes, base)?;
        let block: usize = axes.iter().product();
        if positions.len() != axes.len() {
            return Err(EvalError::Mismatch { span });
        }
        let mut walk = Walk::new(typed, &self.sizes, over, &[base], span)?;
        let mut shape = walk.shape();
        let mut data = Vec::new();
        loop {
            let mut covered: SmallVec<[(usize, usize); 2]> = SmallVec::new();
            for ((place, count), &length) in positions.iter().zip(&axes) {
                let (first, last) = (place.at(&walk), place.at(&walk) + count - 1);
                let inside = |n: i64| usize::try_from(n).ok().filter(|n| *n < length);
                match (inside(first), inside(last)) {
                    (Some(start), Some(end)) if end >= start => {
                        covered.push((start, end - start + 1));
                    }
                    (Some(_), _) => {
                        return Err(EvalError::OutOfRange { span, index: last + 1, length });
                    }
                    _ => return Err(EvalError::OutOfRange { span, index: first + 1, length }),
                }
            }
            let value = &self.values[base.0 as usize].data;
            let array = value.get(walk.offsets[0]..walk.offsets[0] + block);
            let array = array.ok_or(EvalError::Mismatch { span })?;
            gather(array, &axes, &covered, &mut data).ok_or(EvalError::Mismatch { span })?;
            if data.len() > LARGEST_ARRAY {
                return Err(EvalError::TooLarge { span, bound: "4194304 entries in one array" });
            }
            if !walk.advance() {
                break;
            }
        }
        shape.extend_from_slice(&own_axes(typed, &self.sizes, id)?);
        Ok(Array { shape, data })
    }

    /// `[A, B; C, D]`: the blocks of a row beside each other, entry row by entry row.
    pub(super) fn block(
        &mut self,
        id: NodeId,
        down: bool,
        list: List,
    ) -> Result<Array<S>, EvalError> {
        let typed = self.typed;
        let list = typed.program.list(list);
        let mut shapes: SmallVec<[(usize, usize); 4]> = SmallVec::new();
        for &block in list {
            let row = typed.shape(block).row;
            shapes.push(match *own_axes(typed, &self.sizes, block)?.as_slice() {
                [] => (1, 1),
                [n] if row => (1, n),
                [n] => (n, 1),
                [m, n] => (m, n),
                _ => return Err(EvalError::Mismatch { span: self.span(id) }),
            });
        }
        self.blockwise(id, list, |blocks, out, _| {
            if down {
                for block in blocks {
                    out.extend_from_slice(block);
                }
                return Ok(());
            }
            let rows = shapes.first().map_or(0, |s| s.0);
            for r in 0..rows {
                for (block, (_, columns)) in blocks.iter().zip(&shapes) {
                    let row = block.get(r * columns..(r + 1) * columns);
                    out.extend_from_slice(row.ok_or(KernelError::Unsupported)?);
                }
            }
            Ok(())
        })
    }
}

/// Appends the entries of a row-major array that these positions cover, in order.
fn gather<S: Copy>(
    array: &[S],
    axes: &[usize],
    covered: &[(usize, usize)],
    out: &mut Vec<S>,
) -> Option<()> {
    let mut index: SmallVec<[usize; 2]> = covered.iter().map(|_| 0).collect();
    loop {
        let offset = axes
            .iter()
            .zip(covered)
            .zip(&index)
            .fold(0, |sum, ((length, (start, _)), i)| sum * length + start + i);
        out.push(*array.get(offset)?);
        let mut axis = covered.len();
        loop {
            if axis == 0 {
                return Some(());
            }
            axis -= 1;
            index[axis] += 1;
            if index[axis] < covered[axis].1 {
                break;
            }
            index[axis] = 0;
        }
    }
}
