//! Elementwise powers with a constant exponent.

use crate::functions::Function;
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::{Arena, ONE};
use crate::tensor::node::{Axes, ExprId, MapFunction, Network, Node, NumberId, Operand, Wires};
use smallvec::{SmallVec, smallvec};

impl Arena {
    /// Base and exponent where this is a power with a constant exponent.
    pub(crate) fn as_power(&self, id: ExprId) -> Option<(ExprId, NumberId)> {
        let (f, ids) = self.as_known_map(id)?;
        if f != self.known.pow {
            return None;
        }
        Some((ids.get(0), self.as_constant(ids.get(1))?))
    }

    /// Base and exponent of a call of `pow` with a constant exponent.
    pub(crate) fn as_power_call(
        &self,
        function: &'static Function,
        list: &[ExprId],
    ) -> Option<(ExprId, NumberId)> {
        if function != self.known.pow {
            return None;
        }
        Some((list[0], self.as_constant(list[1])?))
    }

    /// An elementwise power with a constant exponent, in normal form: powers of powers, of
    /// multiples and of elementwise products are resolved where the identity holds everywhere.
    pub fn power(&mut self, base: ExprId, exponent: &Number) -> ExprId {
        let axes = Axes::from_slice(self.axes(base));
        if exponent.is_zero() {
            return self.ones(&axes);
        }
        if exponent.is_one() {
            return base;
        }
        if let Some(value) = self.as_constant(base) {
            let value = self.number_of(value).clone();
            if let Some(result) = exact_power(&value, exponent) {
                let (c, one) = (self.number_id(&result), self.ones(&axes));
                return self.scale(c, one);
            }
            if !axes.is_empty() {
                let scalar = self.number(&value);
                let scalar = self.power(scalar, exponent);
                return self.broadcast(scalar, &axes);
            }
        }
        if let Some(power) = self.power_of(base, exponent, &axes) {
            return power;
        }
        let e = self.number(exponent);
        self.intern_map(MapFunction::Known(self.known.pow), &axes, &[base, e])
    }

    fn power_of(&mut self, base: ExprId, exponent: &Number, axes: &Axes) -> Option<ExprId> {
        let integer = exponent.as_integer();
        if let Some((inner, e)) = self.as_power(base) {
            let e = self.number_of(e).clone();
            // (xᵃ)ᵇ = xᵃᵇ for integer b; and for any b where xᵃ is defined for x > 0 alone
            if integer.is_some() || !e.is_integer() || self.is_positive(inner) {
                return Some(self.power(inner, &e.mul(exponent)));
            }
        }
        if let Some(u) = self.as_call(base, self.known.exp).filter(|_| !self.plain) {
            let c = self.number_id(exponent);
            let u = self.scale(c, u);
            return Some(self.map(MapFunction::Known(self.known.exp), &[u]));
        }
        if let Node::Named { function, .. } = self.node(base)
            && function == self.known.softmax
        {
            return None;
        }
        if let (Some(e), Some(arg)) = (integer, self.as_call(base, self.known.abs))
            && e % 2 == 0
        {
            return Some(self.power(arg, exponent));
        }
        let (c, e) = self.split_scale(base);
        if c != ONE {
            let value = self.number_of(c).clone();
            if let Some(factor) = exact_power(&value, exponent)
                && (integer.is_some() || !value.is_negative())
            {
                let power = self.power(e, exponent);
                let factor = self.number_id(&factor);
                return Some(self.scale(factor, power));
            }
            return None;
        }
        if integer == Some(-1)
            && !self.plain
            && let Some(u) = self.one_plus_exp(base)
        {
            let v = self.negate(u);
            return Some(self.map(MapFunction::Known(self.known.sigmoid), &[v]));
        }
        match self.node(base) {
            Node::Add(_) if integer.is_some() => {
                let (c, primitive) = self.primitive(base);
                if c == ONE {
                    return None;
                }
                let power = self.power(primitive, exponent);
                let factor = exact_power(&self.number_of(c).clone(), exponent)?;
                let factor = self.number_id(&factor);
                Some(self.scale(factor, power))
            }
            Node::Einsum(view) => {
                let distinct = view.wires() == view.output().len();
                let several = view.operands().count() > 0;
                let each = integer.is_some()
                    || view.operands().all(|(e, _)| self.is_positive(e) || self.rank(e) > 64);
                if !(distinct && several && each) {
                    return None;
                }
                let factors: SmallVec<[(ExprId, Wires); 4]> =
                    view.operands().map(|(e, w)| (e, w.into())).collect();
                let output = Wires::from_slice(view.output());
                let mut operands = SmallVec::new();
                for (e, wires) in factors {
                    operands.push(Operand { expr: self.power(e, exponent), wires });
                }
                let sizes = wire_sizes(axes, &output);
                Some(self.einsum(Network { coefficient: Number::ONE, operands, output, sizes }))
            }
            _ => None,
        }
    }
}

/// The size of each wire of an output without repetition.
fn wire_sizes(axes: &[DimId], output: &[u32]) -> SmallVec<[DimId; 8]> {
    let mut sizes: SmallVec<[DimId; 8]> = smallvec![DimId(0); axes.len()];
    for (w, d) in output.iter().zip(axes) {
        sizes[*w as usize] = *d;
    }
    sizes
}

/// `value^exponent` where that is rational.
fn exact_power(value: &Number, exponent: &Number) -> Option<Number> {
    if let Some(e) = exponent.as_integer() {
        return value.pow(e);
    }
    let (p, q) = exponent.small()?;
    if value.is_zero() {
        return (p > 0).then_some(Number::ZERO);
    }
    let (n, d) = value.small()?;
    let root = |n: i64| {
        let r = (n as f64).powf(1.0 / q as f64).round() as i64;
        (n >= 0 && r.checked_pow(u32::try_from(q).ok()?)? == n).then_some(r)
    };
    Number::ratio(root(n)?, root(d)?)?.pow(p)
}
