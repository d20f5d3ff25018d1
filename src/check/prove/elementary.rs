//! Powers, exponentials, logarithms, sines and cosines in the prover's normal form.
//!
//! exp(Σ c t) is a product of powers of exp(t), log|Π xᵉ| a sum of multiples of log|x|, and the sine
//! of a sum a sum of products. What all terms of a sum have in common is a factor of it.

use super::algebra::{Algebra, POWER};
use crate::functions::Function;
use crate::number::Number;
use crate::tensor::build::TermList;
use crate::tensor::node::{
    Axes, ExprId, MapFunction, MatrixFunction, Network, Node, NumberId, Operand, Wire, Wires,
};
use crate::tensor::template::range;
use smallvec::{SmallVec, smallvec};

impl Algebra<'_> {
    pub(super) fn power(&mut self, list: &[ExprId]) -> Option<ExprId> {
        let pow = MapFunction::Known(self.arena.known.pow);
        let Some(exponent) = self.arena.as_constant(list[1]) else {
            // xᵃ = exp(a log x) for x > 0
            if !self.arena.is_positive(list[0]) {
                return Some(self.arena.map(pow, list));
            }
            let log = self.arena.map(MapFunction::Known(self.arena.known.log), &[list[0]]);
            let product = self.arena.hadamard(&[list[1], log]);
            let exp = self.arena.map(MapFunction::Known(self.arena.known.exp), &[product]);
            return self.normal(exp);
        };
        let exponent = self.arena.number_of(exponent).clone();
        self.constant_power(list[0], &exponent)
    }

    pub(super) fn constant_power(&mut self, base: ExprId, exponent: &Number) -> Option<ExprId> {
        // √(x²) = |x|
        if let Some((inner, e)) = self.arena.as_power(base)
            && !exponent.is_integer()
            && self.arena.number_of(e).as_integer().is_some_and(|n| n % 2 == 0)
            && !self.arena.is_positive(inner)
        {
            let abs = MapFunction::Known(self.arena.known.abs);
            let inner = self.arena.map(abs, &[inner]);
            let e = self.arena.number_of(e).mul(exponent);
            return self.constant_power(inner, &e);
        }
        let (factors, rest) = self.factored(base, !exponent.is_integer());
        if factors.is_empty() {
            return match exponent.as_integer() {
                Some(n) if (2..=POWER).contains(&n) && self.terms(base).len() > 1 => {
                    let mut product = base;
                    for _ in 1..n {
                        product = self.hadamard(product, base)?;
                    }
                    Some(product)
                }
                Some(2..=4) if self.is_contraction(base) => {
                    let square = self.hadamard(base, base)?;
                    let rest = exponent.add(&Number::integer(-2));
                    let rest = self.constant_power(base, &rest)?;
                    self.hadamard(square, rest)
                }
                _ => {
                    let power = self.arena.power(base, exponent);
                    if !self.opens(power) {
                        return Some(power);
                    }
                    let one = self.arena.ones(&[]);
                    self.hadamard(power, one)
                }
            };
        }
        let mut result = self.constant_power(rest, exponent)?;
        for (factor, e) in factors {
            let power = self.arena.power(factor, &e.mul(exponent));
            result = self.hadamard(result, power)?;
        }
        Some(result)
    }

    /// Whether each entry is a sum over something.
    pub(super) fn is_contraction(&self, e: ExprId) -> bool {
        match self.arena.node(e) {
            Node::Einsum(view) => !view.output().is_empty() && view.wires() > view.output().len(),
            _ => false,
        }
    }

    /// The entry-by-entry product of two sums, multiplied out.
    pub(super) fn hadamard(&mut self, a: ExprId, b: ExprId) -> Option<ExprId> {
        let (rank_a, rank_b) = (self.arena.rank(a), self.arena.rank(b));
        let axes: Axes = self.arena.axes(if rank_a >= rank_b { a } else { b }).into();
        let output: Wires = range(0, axes.len());
        let operands = smallvec![
            Operand { expr: a, wires: range(0, rank_a) },
            Operand { expr: b, wires: range(0, rank_b) },
        ];
        let sizes = axes.iter().copied().collect();
        self.multiply_out(Network { coefficient: Number::ONE, operands, output, sizes })
    }

    /// The factors that all terms of a sum have in common, to the least power, and what is left; of
    /// positive factors only where a root is taken.
    fn factored(&mut self, id: ExprId, positive: bool) -> (Vec<(ExprId, Number)>, ExprId) {
        let terms = self.terms(id);
        if terms.len() < 2 {
            return (Vec::new(), id);
        }
        let mut common: Option<Vec<(ExprId, Number)>> = None;
        let mut seen: Vec<ExprId> = Vec::new();
        for (_, e) in &terms {
            let list = self.entrywise(*e);
            for (base, exponent) in &list {
                // a factor that a term lacks has power 0 there
                if !seen.contains(base) {
                    seen.push(*base);
                    match &mut common {
                        Some(c) if exponent.is_negative() => c.push((*base, exponent.clone())),
                        _ => {}
                    }
                }
            }
            common = Some(match common {
                None => list,
                Some(mut c) => {
                    for (base, exponent) in &mut c {
                        let here = list.iter().find(|(b, _)| b == base);
                        let here = here.map_or(Number::ZERO, |(_, e)| e.clone());
                        if here < *exponent {
                            *exponent = here;
                        }
                    }
                    c
                }
            });
        }
        let mut factors = common.unwrap_or_default();
        factors.retain(|(b, e)| !e.is_zero() && (!positive || self.arena.is_positive(*b)));
        let mut rest = id;
        for (base, exponent) in &factors {
            let inverse = self.arena.power(*base, &exponent.neg());
            match self.hadamard(rest, inverse) {
                Some(product) => rest = product,
                None => return (Vec::new(), id),
            }
        }
        (factors, rest)
    }

    /// The factors of a term that act entry by entry, with their exponents.
    fn entrywise(&self, e: ExprId) -> Vec<(ExprId, Number)> {
        let power = |o: ExprId| match self.arena.as_power(o) {
            Some((b, n)) => (b, self.arena.number_of(n).clone()),
            None => (o, Number::ONE),
        };
        match self.arena.node(e) {
            Node::Einsum(view) => view
                .operands()
                .filter(|(_, w)| w.is_empty() || *w == view.output())
                .map(|(o, _)| power(o))
                .collect(),
            _ => vec![power(e)],
        }
    }

    /// exp(Σ c t) = Π exp(t)ᶜ
    pub(super) fn exponential(&mut self, argument: ExprId) -> ExprId {
        let axes: Axes = self.arena.axes(argument).into();
        let exp = MapFunction::Known(self.arena.known.exp);
        let mut operands: SmallVec<[Operand; 4]> = SmallVec::new();
        let terms = self.terms(argument);
        if terms.len() > 1 {
            self.note("exponential-sum");
        }
        for (c, t) in terms {
            let (small, wires) = self.shrink(t);
            let c = self.arena.number_of(c).clone();
            let log = self.arena.as_call(small, self.arena.known.log);
            let base = match log.filter(|u| self.arena.is_positive(*u)) {
                Some(u) => u,
                None => self.arena.map(exp, &[small]),
            };
            let expr = self.arena.power(base, &c);
            operands.push(Operand { expr, wires });
        }
        let output = range(0, axes.len());
        let sizes = axes.iter().copied().collect();
        self.arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes })
    }

    /// A term without the axes along which it is constant, and the wires of those that it has.
    fn shrink(&mut self, e: ExprId) -> (ExprId, Wires) {
        let all = range(0, self.arena.rank(e));
        let Node::Einsum(view) = self.arena.node(e) else { return (e, all) };
        let has = |w: &Wire| view.operands().any(|(_, ws)| ws.contains(w));
        let output = view.output();
        let twice = (1..output.len()).any(|i| output[..i].contains(&output[i]));
        if twice || output.iter().all(has) {
            return (e, all);
        }
        let kept: Wires = output.iter().copied().filter(has).collect();
        let places = (0..output.len()).filter(|i| has(&output[*i])).map(|i| i as u32).collect();
        let operands = view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect();
        let sizes = (0..view.wires() as u32).map(|w| view.size(w)).collect();
        let network = Network { coefficient: Number::ONE, operands, output: kept, sizes };
        (self.arena.einsum(network.dense()), places)
    }

    /// log|Π xᵉ| = Σ e log|x|
    pub(super) fn logarithm(&mut self, argument: ExprId) -> Option<ExprId> {
        let axes: Axes = self.arena.axes(argument).into();
        let mut sum: TermList = SmallVec::new();
        let terms = self.terms(argument);
        let (scale, rest) = match terms[..] {
            [] => return None,
            [(c, e)] => (c, e),
            [(c, _), ..] => {
                let inverse = self.arena.number_of(c).recip()?;
                let inverse = self.arena.number_id(&inverse);
                (c, self.arena.scale(inverse, argument))
            }
        };
        self.logarithm_of_number(scale, &axes, &mut sum)?;
        let (mut factors, rest) = self.factored(rest, false);
        let several = self.terms(rest).len() > 1;
        let whole = !several && {
            let Node::Einsum(view) = self.arena.node(rest) else {
                return Some(self.single(rest, sum));
            };
            let plain = view.wires() == view.output().len();
            plain && view.operands().all(|(_, w)| w.is_empty() || w == view.output())
        };
        if whole {
            factors.extend(self.entrywise(rest));
        } else {
            factors.push((rest, Number::ONE));
        }
        if factors.len() > 1 {
            self.note("logarithm-product");
        }
        for (base, exponent) in factors {
            let log = self.logarithm_of_factor(base);
            let log = self.arena.broadcast(log, &axes);
            let exponent = self.arena.number_id(&exponent);
            sum.push((exponent, log));
        }
        Some(self.arena.add_ids(&axes, sum))
    }

    fn single(&mut self, e: ExprId, mut sum: TermList) -> ExprId {
        let axes: Axes = self.arena.axes(e).into();
        let (base, exponent) = match self.arena.as_power(e) {
            Some((b, n)) => (b, n),
            None => (e, crate::tensor::arena::ONE),
        };
        let log = self.logarithm_of_factor(base);
        sum.push((exponent, log));
        self.arena.add_ids(&axes, sum)
    }

    fn logarithm_of_factor(&mut self, base: ExprId) -> ExprId {
        let known = self.arena.known;
        if let Some(u) = self.arena.as_call(base, known.exp) {
            return u;
        }
        if let Node::Matrix(MatrixFunction::Determinant, x) = self.arena.node(base) {
            self.note("log-determinant");
            return self.arena.matrix(MatrixFunction::LogDeterminant, x);
        }
        let base = self.arena.as_call(base, known.abs).unwrap_or(base);
        self.arena.map(MapFunction::Known(known.log), &[base])
    }

    /// The logarithm of a rational, by its prime factors.
    fn logarithm_of_number(&mut self, c: NumberId, axes: &Axes, sum: &mut TermList) -> Option<()> {
        let (n, d) = self.arena.number_of(c).small()?;
        for (mut value, sign) in [(n.checked_abs()?, 1), (d, -1)] {
            if value > 1_000_000_000 {
                return None;
            }
            let mut prime = 2;
            while value > 1 {
                if prime * prime > value {
                    prime = value;
                }
                if value % prime == 0 {
                    value /= prime;
                    let number = self.arena.number(&Number::integer(prime));
                    let log = MapFunction::Known(self.arena.known.log);
                    let log = self.arena.map(log, &[number]);
                    let log = self.arena.broadcast(log, axes);
                    sum.push((self.arena.number_id(&Number::integer(sign)), log));
                } else {
                    prime += 1;
                }
            }
        }
        Some(())
    }

    /// The sine or cosine of a sum, by the addition theorems.
    pub(super) fn angle(
        &mut self,
        function: &'static Function,
        argument: ExprId,
    ) -> Option<ExprId> {
        let known = self.arena.known;
        let (sine, cosine) = (MapFunction::Known(known.sin), MapFunction::Known(known.cos));
        let axes: Axes = self.arena.axes(argument).into();
        let (mut s, mut c) = (self.arena.zero(&axes), self.arena.ones(&axes));
        for (factor, term) in self.terms(argument) {
            let (p, q) = self.arena.number_of(factor).small()?;
            if p.abs() > POWER {
                return Some(self.arena.map(MapFunction::Known(function), &[argument]));
            }
            let unit = self.arena.number_id(&Number::ratio(1, q)?);
            let unit = self.arena.scale(unit, term);
            let mut sin = self.arena.map(sine, &[unit]);
            let cos = self.arena.map(cosine, &[unit]);
            if p < 0 {
                sin = self.arena.negate(sin);
            }
            for _ in 0..p.abs() {
                let (ss, cc) = (self.hadamard(s, sin)?, self.hadamard(c, cos)?);
                let (sc, cs) = (self.hadamard(s, cos)?, self.hadamard(c, sin)?);
                s = self.arena.sum_of(&[sc, cs]);
                let minus = self.arena.negate(ss);
                c = self.arena.sum_of(&[cc, minus]);
            }
        }
        self.note(if function == known.sin { "sine-sum" } else { "cosine-sum" });
        Some(if function == known.sin { s } else { c })
    }
}
