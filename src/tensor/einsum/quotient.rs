//! Products in which the numerator of a named quotient meets its denominator again.
//!
//! The derivative of a layer normalisation `z = (x − m)/√v` brings up `x − m` by itself (that of
//! `v`), beside powers of `v`. The second derivative is written by `z` alone where each `x − m` beside
//! `v⁻ᵏ`, k ≥ ½, is `z v^(½ − k)`.

use super::{Factor, Work};
use crate::functions::{Function, Lowering};
use crate::tensor::arena::{Arena, ONE, ZERO};
use crate::tensor::node::{Axes, ExprId, Node, NumberId};
use crate::tensor::template::{Frame, Value, range, template};
use smallvec::SmallVec;

/// `numerator / divisorʳᵒᵒᵗ = coefficient · value`, where the axes of the divisor are the first of those
/// of the numerator.
#[derive(Clone, Copy, Debug)]
pub(in crate::tensor) struct Quotient {
    numerator: ExprId,
    root: NumberId,
    coefficient: NumberId,
    value: ExprId,
}

impl Arena {
    /// From here on the parts of this function's definition are written by `value` where they meet in
    /// a product; `value` has the axes of the first argument.
    pub(crate) fn remember_quotient(
        &mut self,
        f: &'static Function,
        active: usize,
        arguments: &[ExprId],
        value: ExprId,
    ) {
        let Lowering::Named { definition, .. } = f.lowering_for(arguments.len()) else { return };
        let sizes: Axes = self.axes(arguments[0]).into();
        let rank = sizes.len();
        let wires = range(0, rank);
        let parameters: SmallVec<[Value; 4]> =
            arguments.iter().map(|&x| Value { expr: x, wires: range(0, self.rank(x)) }).collect();
        let frame = Frame {
            parameters: &parameters,
            value: None,
            cotangent: None,
            active: &wires[rank - active..],
            sizes: &sizes,
        };
        let whole = self.instantiate(template(definition, f.parameters), &frame).expr;
        let (coefficient, core) = self.split_scale(whole);
        let Node::Einsum(view) = self.node(core) else { return };
        let mut operands = view.operands();
        let (Some(a), Some(b), None) = (operands.next(), operands.next(), operands.next()) else {
            return;
        };
        let power = |e: ExprId| self.as_power(e).filter(|p| self.number_of(p.1).is_negative());
        let (numerator, (divisor, exponent), batch) = match (power(a.0), power(b.0)) {
            (None, Some(p)) if a.1 == view.output() => (a.0, p, b.1),
            (Some(p), None) if b.1 == view.output() => (b.0, p, a.1),
            _ => return,
        };
        if view.output() == &wires[..] && *batch == wires[..rank - active] {
            let root = self.number_of(exponent).neg();
            let Some(inverse) = self.number_of(coefficient).recip() else { return };
            let (root, coefficient) = (self.number_id(&root), self.number_id(&inverse));
            let quotient = Quotient { numerator, root, coefficient, value };
            self.quotients.insert(divisor, quotient);
        }
    }

    /// Writes the numerator of a remembered quotient beside its divisor by the quotient's value.
    pub(super) fn recognise_quotients(
        &mut self,
        work: &mut Work,
        todo: &mut SmallVec<[Factor; 8]>,
    ) {
        if self.quotients.is_empty() || self.plain {
            return;
        }
        let found = (0..work.factors.len()).find_map(|below| {
            let divisor = &work.factors[below];
            let quotient = *self.quotients.get(&divisor.base)?;
            let rest = self.number_of(divisor.exponent).add(self.number_of(quotient.root));
            let above = work.factors.iter().position(|f| {
                f.base == quotient.numerator
                    && f.exponent == ONE
                    && f.wires.starts_with(&divisor.wires)
            });
            let enough = rest.is_zero() || rest.is_negative();
            above.filter(|_| enough).map(|above| (above, below, quotient, rest))
        });
        let Some((above, below, quotient, rest)) = found else { return };
        work.coefficient = self.multiply(work.coefficient, quotient.coefficient);
        work.factors[below].exponent = self.number_id(&rest);
        let wires = std::mem::take(&mut work.factors[above].wires);
        if work.factors[below].exponent == ZERO {
            work.factors.remove(above.max(below));
            work.factors.remove(above.min(below));
        } else {
            work.factors.remove(above);
        }
        todo.push(Factor { base: quotient.value, exponent: ONE, wires });
    }
}
