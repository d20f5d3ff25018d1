//! Functions applied to evaluated nodes: entry by entry, or to whole blocks.

use super::arithmetic::Arithmetic;
use super::block::{LARGEST_ARRAY, Walk, own_axes};
use super::error::EvalError;
use super::eval::Evaluator;
use super::kink::Trace;
use crate::array::{Array, KernelError};
use crate::diagnostic::Span;
use crate::syntax::ast::NodeId;
use smallvec::SmallVec;

impl<S: Arithmetic> Evaluator<'_, S> {
    /// Applies a scalar function entry by entry; scalar children are broadcast.
    pub(super) fn elementwise(
        &mut self,
        id: NodeId,
        children: &[NodeId],
        mut function: impl FnMut(&[S], &mut Trace) -> Result<S, KernelError>,
    ) -> Result<Array<S>, EvalError> {
        let span = self.span(id);
        let own = own_axes(self.typed, &self.sizes, id)?;
        let n: usize = own.iter().product();
        let mut walk = Walk::new(self.typed, &self.sizes, self.typed.free(id), children, span)?;
        let mut arrays: SmallVec<[(&[S], usize); 4]> = SmallVec::new();
        for &child in children {
            let axes = &self.typed.shape(child).axes;
            let length: usize = own_axes(self.typed, &self.sizes, child)?.iter().product();
            let value = &self.values[child.0 as usize];
            if !(axes.is_empty() || length == n) || value.data.is_empty() {
                return Err(EvalError::Mismatch { span });
            }
            arrays.push((&value.data, usize::from(!axes.is_empty())));
        }
        let total = walk.count().saturating_mul(n);
        if total > LARGEST_ARRAY {
            return Err(EvalError::TooLarge { span, bound: "4194304 entries in one array" });
        }
        let mut data = Vec::with_capacity(total);
        let mut shape = walk.shape();
        let mut arguments: SmallVec<[S; 4]> = SmallVec::new();
        loop {
            for k in 0..n {
                arguments.clear();
                for ((array, step), offset) in arrays.iter().zip(&walk.offsets) {
                    arguments.push(array[offset + k * step]);
                }
                data.push(defined(span, function(&arguments, &mut self.trace))?);
            }
            if !walk.advance() {
                break;
            }
        }
        shape.extend_from_slice(&own);
        Ok(Array { shape, data })
    }

    /// Applies a function to whole blocks; it appends the block of the result.
    pub(super) fn blockwise(
        &mut self,
        id: NodeId,
        children: &[NodeId],
        mut function: impl FnMut(&[&[S]], &mut Vec<S>, &mut Trace) -> Result<(), KernelError>,
    ) -> Result<Array<S>, EvalError> {
        let span = self.span(id);
        let own = own_axes(self.typed, &self.sizes, id)?;
        let n: usize = own.iter().product();
        let mut walk = Walk::new(self.typed, &self.sizes, self.typed.free(id), children, span)?;
        let mut lengths: SmallVec<[usize; 2]> = SmallVec::new();
        for &child in children {
            lengths.push(own_axes(self.typed, &self.sizes, child)?.iter().product());
        }
        let total = walk.count().saturating_mul(n);
        if total > LARGEST_ARRAY {
            return Err(EvalError::TooLarge { span, bound: "4194304 entries in one array" });
        }
        let mut data = Vec::with_capacity(total);
        let mut shape = walk.shape();
        let mut blocks: SmallVec<[&[S]; 2]> = SmallVec::new();
        loop {
            blocks.clear();
            for ((child, offset), length) in children.iter().zip(&walk.offsets).zip(&lengths) {
                let value = &self.values[child.0 as usize].data;
                let block = value.get(*offset..offset + length);
                blocks.push(block.ok_or(EvalError::Mismatch { span })?);
            }
            let end = data.len() + n;
            match (function(&blocks, &mut data, &mut self.trace), S::undefined()) {
                (Ok(()), _) => {}
                (Err(KernelError::Undefined), Some(undefined)) => {
                    data.truncate(end - n);
                    data.resize(end, undefined);
                }
                (Err(error), _) => return Err(EvalError::at(span, error)),
            }
            if data.len() != end {
                return Err(EvalError::Mismatch { span });
            }
            if !walk.advance() {
                break;
            }
        }
        shape.extend_from_slice(&own);
        Ok(Array { shape, data })
    }
}

/// An undefined value becomes an undefined entry where there is one.
fn defined<S: Arithmetic>(span: Span, value: Result<S, KernelError>) -> Result<S, EvalError> {
    match (value, S::undefined()) {
        (Ok(value), _) => Ok(value),
        (Err(KernelError::Undefined), Some(undefined)) => Ok(undefined),
        (Err(error), _) => Err(EvalError::at(span, error)),
    }
}
