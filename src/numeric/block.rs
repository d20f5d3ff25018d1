//! Arrays of arrays: walking over the free indices of a node and of its children in step.
//!
//! The value of a node has one leading axis for each free index and then the axes of the node
//! itself, its *block*. A child whose free indices are fewer, or in another order, is walked with
//! the strides of its own.

use super::error::EvalError;
use crate::diagnostic::Span;
use crate::shape::dim::DimId;
use crate::shape::typed::{IndexId, Typed};
use crate::syntax::ast::NodeId;
use smallvec::{SmallVec, smallvec};

/// The largest number of entries of one array.
pub(super) const LARGEST_ARRAY: usize = 1 << 22;

/// The length of each axis of a node's own block.
pub(super) fn own_axes(
    typed: &Typed,
    sizes: &[usize],
    id: NodeId,
) -> Result<SmallVec<[usize; 2]>, EvalError> {
    axes(typed, sizes, typed.shape(id).axes.iter().map(|d| d.0), typed.program.span(id))
}

/// The length of each of these indices.
pub(super) fn index_axes(
    typed: &Typed,
    sizes: &[usize],
    indices: &[IndexId],
    span: Span,
) -> Result<SmallVec<[usize; 2]>, EvalError> {
    axes(typed, sizes, indices.iter().map(|i| typed.indices[i.0 as usize].dim.0), span)
}

fn axes(
    typed: &Typed,
    sizes: &[usize],
    dims: impl Iterator<Item = u32>,
    span: Span,
) -> Result<SmallVec<[usize; 2]>, EvalError> {
    let mut out = SmallVec::new();
    let mut total = 1usize;
    for dim in dims {
        let n = sizes.get(dim as usize).copied().unwrap_or(0);
        if n == 0 {
            return Err(EvalError::NoSize { span, size: typed.dims.text(DimId(dim)) });
        }
        total = total.saturating_mul(n);
        out.push(n);
    }
    if total > LARGEST_ARRAY {
        return Err(EvalError::TooLarge { span, bound: "4194304 entries in one array" });
    }
    Ok(out)
}

/// A walk over all values of some indices, the last fastest, with the offset of each child's block.
pub(super) struct Walk {
    sizes: SmallVec<[usize; 2]>,
    counter: SmallVec<[usize; 2]>,
    strides: SmallVec<[SmallVec<[usize; 2]>; 2]>,
    /// Where the block of each child begins.
    pub(super) offsets: SmallVec<[usize; 2]>,
}

impl Walk {
    /// A walk over `over`; a child that lacks an index repeats along it.
    pub(super) fn new(
        typed: &Typed,
        sizes: &[usize],
        over: &[IndexId],
        children: &[NodeId],
        span: Span,
    ) -> Result<Walk, EvalError> {
        let lengths = index_axes(typed, sizes, over, span)?;
        let mut strides = SmallVec::new();
        if !over.is_empty() {
            for &child in children {
                strides.push(index_strides(typed, sizes, over, child)?);
            }
        }
        let offsets = smallvec![0; children.len()];
        Ok(Walk { counter: smallvec![0; lengths.len()], sizes: lengths, strides, offsets })
    }

    /// The value of the index at this position of `over`, from 0.
    pub(super) fn at(&self, position: usize) -> usize {
        self.counter[position]
    }

    /// The length of each index.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.sizes.to_vec()
    }

    /// The number of steps.
    pub(super) fn count(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Goes one step on; false where the walk is over.
    pub(super) fn advance(&mut self) -> bool {
        for axis in (0..self.sizes.len()).rev() {
            self.counter[axis] += 1;
            let wraps = self.counter[axis] == self.sizes[axis];
            for (offset, strides) in self.offsets.iter_mut().zip(&self.strides) {
                if wraps {
                    *offset -= strides[axis] * (self.sizes[axis] - 1);
                } else {
                    *offset += strides[axis];
                }
            }
            if !wraps {
                return true;
            }
            self.counter[axis] = 0;
        }
        false
    }
}

/// How far apart the blocks of `child` are along each of `over`.
fn index_strides(
    typed: &Typed,
    sizes: &[usize],
    over: &[IndexId],
    child: NodeId,
) -> Result<SmallVec<[usize; 2]>, EvalError> {
    let span = typed.program.span(child);
    let free = typed.free(child);
    let lengths = index_axes(typed, sizes, free, span)?;
    let mut out: SmallVec<[usize; 2]> = smallvec![0; over.len()];
    let mut stride: usize = own_axes(typed, sizes, child)?.iter().product();
    for (index, length) in free.iter().zip(&lengths).rev() {
        match over.iter().position(|i| i == index) {
            Some(at) => out[at] = stride,
            None => return Err(EvalError::Mismatch { span }),
        }
        stride *= length;
    }
    Ok(out)
}
