//! The operations that are not elementwise: products and powers of matrices, transposes, entries and
//! sums over indices.

use super::arithmetic::{Arithmetic, integer_power};
use super::block::{LARGEST_ARRAY, Walk, own_axes};
use super::error::EvalError;
use super::eval::Evaluator;
use super::plan::is_delta;
use crate::array::{Array, KernelError};
use crate::diagnostic::Span;
use crate::shape::typed::{IndexId, Meaning};
use crate::syntax::ast::{Expr, List, NodeId, ProductOp};
use smallvec::SmallVec;

/// The largest magnitude of an exponent of a matrix.
const LARGEST_MATRIX_EXPONENT: u64 = 1 << 20;

/// `constant + Σ factor · index`, counted from 0.
pub(super) struct Place {
    terms: SmallVec<[(usize, i64); 2]>,
    constant: i64,
}

impl Place {
    /// A position that is the same at every choice of the indices, counted from 0.
    pub(super) fn fixed(constant: i64) -> Place {
        Place { terms: SmallVec::new(), constant }
    }

    pub(super) fn at(&self, walk: &Walk) -> i64 {
        self.terms.iter().fold(self.constant, |sum, (position, factor)| {
            let index = i64::try_from(walk.at(*position)).unwrap_or(i64::MAX);
            sum.saturating_add(factor.saturating_mul(index.saturating_add(1)))
        })
    }
}

impl<S: Arithmetic> Evaluator<'_, S> {
    pub(super) fn transpose(&mut self, id: NodeId, a: NodeId) -> Result<Array<S>, EvalError> {
        let own = own_axes(self.typed, &self.sizes, a)?;
        self.blockwise(id, &[a], |blocks, out, _| {
            match *own.as_slice() {
                [_, n] if n > 0 => {
                    for j in 0..n {
                        out.extend(blocks[0].iter().skip(j).step_by(n));
                    }
                }
                ref axes if axes.len() < 2 => out.extend_from_slice(blocks[0]),
                _ => return Err(KernelError::Unsupported),
            }
            Ok(())
        })
    }

    pub(super) fn product(
        &mut self,
        id: NodeId,
        a: NodeId,
        b: NodeId,
    ) -> Result<Array<S>, EvalError> {
        let typed = self.typed;
        if typed.shape(a).axes.is_empty() || typed.shape(b).axes.is_empty() {
            return self.elementwise(id, &[a, b], |v, _| Ok(v[0].mul(v[1])));
        }
        let (rows, inner) = self.as_matrix(a)?;
        let (depth, columns) = self.as_matrix(b)?;
        if inner != depth {
            return Err(EvalError::Mismatch { span: self.span(id) });
        }
        self.work += (rows as u64).saturating_mul(inner as u64).saturating_mul(columns as u64);
        self.blockwise(id, &[a, b], |blocks, out, _| {
            multiply(blocks[0], blocks[1], [rows, inner, columns], out);
            Ok(())
        })
    }

    /// Rows and columns of a node's block; a column is `n×1` and a row `1×n`.
    fn as_matrix(&self, id: NodeId) -> Result<(usize, usize), EvalError> {
        let row = self.typed.shape(id).row;
        match *own_axes(self.typed, &self.sizes, id)?.as_slice() {
            [n] => Ok(if row { (1, n) } else { (n, 1) }),
            [m, n] => Ok((m, n)),
            _ => Err(EvalError::Unsupported {
                span: self.span(id),
                what: "a matrix product with an array of more than two axes",
            }),
        }
    }

    pub(super) fn matrix_power(
        &mut self,
        id: NodeId,
        a: NodeId,
        k: NodeId,
    ) -> Result<Array<S>, EvalError> {
        let span = self.span(id);
        let (n, columns) = self.as_matrix(a)?;
        if n != columns {
            return Err(EvalError::Mismatch { span });
        }
        self.work += (n * n * n) as u64 * 64;
        self.blockwise(id, &[a, k], |blocks, out, _| {
            let k = blocks[1].first().and_then(|k| k.to_integer());
            let k = k.ok_or(KernelError::Unsupported)?;
            if k.unsigned_abs() > LARGEST_MATRIX_EXPONENT {
                return Err(KernelError::TooLarge);
            }
            let base = if k < 0 { inverse(blocks[0], n)? } else { blocks[0].to_vec() };
            out.extend(matrix_integer_power(base, n, k.unsigned_abs()));
            Ok(())
        })
    }

    /// What a position is: a sum of multiples of indices, counted from 0.
    pub(super) fn place(
        &self,
        root: NodeId,
        over: &[IndexId],
        span: Span,
    ) -> Result<Place, EvalError> {
        let typed = self.typed;
        let mut place = Place { terms: SmallVec::new(), constant: -1 };
        // each part of the sum with its factor
        let mut parts: SmallVec<[(NodeId, i64); 4]> = smallvec::smallvec![(root, 1)];
        let unsupported = EvalError::Unsupported { span, what: "this index" };
        let overflow = || EvalError::Unsupported { span, what: "an index this large" };
        while let Some((id, factor)) = parts.pop() {
            match (typed.program.node(id), typed.meaning(id)) {
                (_, Meaning::Index(i)) => {
                    let at = over.iter().position(|o| *o == i);
                    place.terms.push((at.ok_or(EvalError::Mismatch { span })?, factor));
                }
                (Expr::Negate(a), _) => parts.push((*a, -factor)),
                (Expr::Sum(terms), _) => {
                    parts.extend(typed.program.list(*terms).iter().map(|t| (*t, factor)));
                }
                (Expr::Product(_, a, b), _) => match (self.whole(*a), self.whole(*b)) {
                    (Some(c), _) => parts.push((*b, factor.checked_mul(c).ok_or_else(overflow)?)),
                    (_, Some(c)) => parts.push((*a, factor.checked_mul(c).ok_or_else(overflow)?)),
                    _ => return Err(unsupported),
                },
                _ => {
                    let Some(n) = self.whole(id) else { return Err(unsupported) };
                    let term = factor.checked_mul(n).ok_or_else(overflow)?;
                    place.constant = place.constant.checked_add(term).ok_or_else(overflow)?;
                }
            }
        }
        Ok(place)
    }

    /// The whole number that a number, a size, or a product or sum of such is.
    fn whole(&self, root: NodeId) -> Option<i64> {
        let typed = self.typed;
        let mut nodes = vec![root];
        let mut at = 0;
        while let Some(&id) = nodes.get(at) {
            typed.program.for_each_child(id, |c| nodes.push(c));
            at += 1;
            if at > 64 {
                return None;
            }
        }
        nodes.sort_unstable();
        let mut values: Vec<(NodeId, i64)> = Vec::new();
        for id in nodes {
            let of = |n: &NodeId| values.iter().find(|v| v.0 == *n).map(|v| v.1);
            let value = match (typed.program.node(id), typed.meaning(id)) {
                (_, Meaning::Size(dim)) => self.size(id, dim).ok()?.to_integer()?,
                (Expr::Number(n), _) => n.as_integer()?,
                (Expr::Negate(a), _) => of(a)?.checked_neg()?,
                (Expr::Sum(list), _) => {
                    let mut terms = typed.program.list(*list).iter();
                    terms.try_fold(0i64, |sum, t| sum.checked_add(of(t)?))?
                }
                (Expr::Product(ProductOp::Product, a, b), _) => of(a)?.checked_mul(of(b)?)?,
                _ => return None,
            };
            values.push((id, value));
        }
        values.last().map(|v| v.1)
    }

    pub(super) fn entry(
        &mut self,
        id: NodeId,
        base: NodeId,
        list: List,
    ) -> Result<Array<S>, EvalError> {
        let typed = self.typed;
        let span = self.span(id);
        if typed
            .program
            .list(list)
            .iter()
            .any(|i| matches!(typed.program.node(*i), Expr::Range(..)))
        {
            return self.slice(id, base, list);
        }
        let over = typed.free(id);
        let mut places: SmallVec<[Place; 2]> = SmallVec::new();
        for &position in typed.program.list(list) {
            places.push(self.place(position, over, span)?);
        }
        let delta = is_delta(typed, id, base);
        let children: &[NodeId] = if delta { &[] } else { &[base] };
        let mut walk = Walk::new(typed, &self.sizes, over, children, span)?;
        let own = own_axes(typed, &self.sizes, id)?;
        let block: usize = own.iter().product();
        let axes = if delta { SmallVec::new() } else { own_axes(typed, &self.sizes, base)? };
        let mut strides: SmallVec<[usize; 2]> = axes.iter().map(|_| block).collect();
        if !delta {
            if places.len() > axes.len() {
                return Err(EvalError::Mismatch { span });
            }
            for k in (0..places.len().saturating_sub(1)).rev() {
                strides[k] = strides[k + 1] * axes[k + 1];
            }
        }
        let mut shape = walk.shape();
        let mut data = Vec::with_capacity(walk.count().saturating_mul(block).min(LARGEST_ARRAY));
        loop {
            if delta {
                let mut numbers = places.iter().map(|p| p.at(&walk));
                let first = numbers.next();
                let equal = numbers.all(|n| Some(n) == first);
                data.push(if equal { S::ONE } else { S::ZERO });
            } else {
                let mut offset = walk.offsets[0];
                for ((place, stride), &length) in places.iter().zip(&strides).zip(&axes) {
                    let at = place.at(&walk);
                    let inside = usize::try_from(at).ok().filter(|at| *at < length);
                    let Some(inside) = inside else {
                        return Err(EvalError::OutOfRange { span, index: at + 1, length });
                    };
                    offset += inside * stride;
                }
                let value = &self.values[base.0 as usize].data;
                let entry = value.get(offset..offset + block);
                data.extend_from_slice(entry.ok_or(EvalError::Mismatch { span })?);
            }
            if !walk.advance() {
                break;
            }
        }
        shape.extend_from_slice(&own);
        Ok(Array { shape, data })
    }

    pub(super) fn index_sum(
        &mut self,
        id: NodeId,
        list: List,
        body: NodeId,
    ) -> Result<Array<S>, EvalError> {
        let typed = self.typed;
        let span = self.span(id);
        let free = typed.free(id);
        let mut over: SmallVec<[IndexId; 4]> = free.iter().copied().collect();
        for &bound in typed.program.list(list) {
            if let Meaning::Index(i) = typed.meaning(bound) {
                over.push(i);
            }
        }
        let own = own_axes(typed, &self.sizes, id)?;
        let block: usize = own.iter().product();
        let mut walk = Walk::new(typed, &self.sizes, &over, &[body], span)?;
        let mut shape = walk.shape();
        shape.truncate(free.len());
        let total: usize = shape.iter().product();
        let run = walk.count() / total.max(1);
        self.work += walk.count() as u64;
        let mut data = vec![S::ZERO; total * block];
        let value = &self.values[body.0 as usize].data;
        let mut step = 0;
        loop {
            let target = &mut data[step / run * block..][..block];
            let term = value.get(walk.offsets[0]..walk.offsets[0] + block);
            for (sum, v) in target.iter_mut().zip(term.ok_or(EvalError::Mismatch { span })?) {
                *sum = sum.add(*v);
            }
            step += 1;
            if !walk.advance() {
                break;
            }
        }
        shape.extend_from_slice(&own);
        Ok(Array { shape, data })
    }
}

/// Appends the product of an `m×k` and a `k×n` matrix.
fn multiply<S: Arithmetic>(a: &[S], b: &[S], [m, k, n]: [usize; 3], out: &mut Vec<S>) {
    for i in 0..m {
        for j in 0..n {
            let mut sum = S::ZERO;
            for l in 0..k {
                sum = sum.add(a[i * k + l].mul(b[l * n + j]));
            }
            out.push(sum);
        }
    }
}

fn matrix_integer_power<S: Arithmetic>(mut square: Vec<S>, n: usize, mut k: u64) -> Vec<S> {
    let mut power = vec![S::ZERO; n * n];
    power.iter_mut().step_by(n + 1).for_each(|v| *v = S::ONE);
    let times = |a: &[S], b: &[S]| {
        let mut out = Vec::with_capacity(n * n);
        multiply(a, b, [n, n, n], &mut out);
        out
    };
    while k > 0 {
        if k & 1 == 1 {
            power = times(&power, &square);
        }
        k >>= 1;
        if k > 0 {
            square = times(&square, &square);
        }
    }
    power
}

/// The inverse by Gauss–Jordan elimination with partial pivoting.
fn inverse<S: Arithmetic>(a: &[S], n: usize) -> Result<Vec<S>, KernelError> {
    let mut left = a.to_vec();
    let mut right = matrix_integer_power::<S>(Vec::new(), n, 0);
    for c in 0..n {
        let pivot = (c..n)
            .max_by(|&i, &j| left[i * n + c].size().total_cmp(&left[j * n + c].size()))
            .unwrap_or(c);
        for k in 0..n {
            left.swap(c * n + k, pivot * n + k);
            right.swap(c * n + k, pivot * n + k);
        }
        let scale = integer_power(left[c * n + c], -1)?;
        for k in 0..n {
            left[c * n + k] = left[c * n + k].mul(scale);
            right[c * n + k] = right[c * n + k].mul(scale);
        }
        for r in (0..n).filter(|&r| r != c) {
            let factor = left[r * n + c];
            for k in 0..n {
                left[r * n + k] = left[r * n + k].sub(factor.mul(left[c * n + k]));
                right[r * n + k] = right[r * n + k].sub(factor.mul(right[c * n + k]));
            }
        }
    }
    Ok(right)
}
