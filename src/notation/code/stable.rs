//! Stable forms: what overflows although its value does not (`log(1 + exp(x))`,
//! `log(softmax(x))`, `exp(x)/sum(exp(x))`) as the function of the table that does not, and
//! divisors that keep the slope of a norm at 0.

use super::build::Build;
use super::graph::{Id, Known, Op};
use crate::functions::{self, Ties};

/// The functions that stable forms are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stable {
    exp: Known,
    log: Known,
    log1p: Known,
    pub(super) sum: Known,
    det: Known,
    logdet: Known,
    sigmoid: Known,
    softplus: Known,
    softmax: Known,
    logsoftmax: Known,
    logsumexp: Known,
    cross_entropy: Known,
    pub(super) choose: Known,
    sqrt: Known,
    mean: Known,
    abs: Known,
    cosh: Known,
}

impl Stable {
    pub(super) fn new() -> Option<Stable> {
        let find = |name| functions::find(name).map(Known);
        Some(Stable {
            exp: find("exp")?,
            log: find("log")?,
            log1p: find("log1p")?,
            sum: find("sum")?,
            det: find("det")?,
            logdet: find("logdet")?,
            sigmoid: find("sigmoid")?,
            softplus: find("softplus")?,
            softmax: find("softmax")?,
            logsoftmax: find("logsoftmax")?,
            logsumexp: find("logsumexp")?,
            cross_entropy: find("cross_entropy")?,
            choose: find("where")?,
            sqrt: find("sqrt")?,
            mean: find("mean")?,
            abs: find("abs")?,
            cosh: find("cosh")?,
        })
    }
}

impl Build {
    fn is_call(&self, id: Id, f: Known) -> Option<(Id, Option<u8>)> {
        match self.op(id) {
            Op::Call(g, list, axis) if *g == f => list.first().map(|a| (*a, *axis)),
            _ => None,
        }
    }

    /// A divisor with 1 in the place of a norm that is 0: its gradient there is 0 by convention, and so is
    /// what stands above it.
    pub(super) fn away_from_origin(&mut self, divisor: Id) -> Id {
        let norm = |b: &Build, id: Id| matches!(b.op(id), Op::Call(f, ..) if f.0.facts.ties == Ties::Origin);
        if norm(self, divisor) {
            let Some(choose) = self.stable.map(|s| s.choose) else { return divisor };
            let (zero, one) = (self.integer(0), self.integer(1));
            let rank = self.rank(divisor);
            let positive = self.graph.node(Op::Compare(">", divisor, zero), rank);
            return self.call(choose.0, vec![positive, divisor, one], None, rank);
        }
        match self.op(divisor).clone() {
            Op::Times(list) if list.iter().any(|f| norm(self, *f)) => {
                let list = list.into_iter().map(|f| self.away_from_origin(f)).collect();
                self.times(list)
            }
            _ => divisor,
        }
    }

    /// √a, entry by entry.
    pub(super) fn root(&mut self, a: Id) -> Option<Id> {
        let f = self.stable?.sqrt;
        let rank = self.rank(a);
        Some(self.graph.node(Op::Call(f, vec![a], None), rank))
    }

    /// `exp(x)` of `exp(x) + 1`, in any order.
    fn one_plus_exp(&self, id: Id, stable: &Stable) -> Option<Id> {
        let Op::Sum(terms) = self.op(id) else { return None };
        let [(false, a), (false, b)] = terms[..] else { return None };
        let (one, other) = if self.is_unit(a) { (a, b) } else { (b, a) };
        (self.is_unit(one)).then(|| self.is_call(other, stable.exp).map(|c| c.0)).flatten()
    }

    /// `u` and `v` of `exp(u) + exp(v)`.
    fn two_exps(&self, id: Id, stable: &Stable) -> Option<(Id, Id)> {
        let Op::Sum(terms) = self.op(id) else { return None };
        let [(false, a), (false, b)] = terms[..] else { return None };
        Some((self.is_call(a, stable.exp)?.0, self.is_call(b, stable.exp)?.0))
    }

    /// `w * softmax(x)` and `w @ softmax(x)` for a quotient by `sum(exp(x))` in which `exp(x)` is a factor.
    fn with_softmax(&mut self, a: Id, b: Id, stable: &Stable) -> Option<Id> {
        let Op::Call(f, list, None) = self.op(b) else { return None };
        let [e] = list[..] else { return None };
        let (x, _) =
            self.is_call(e, stable.exp).filter(|_| *f == stable.sum && self.rank(e) == 1)?;
        let factors: Vec<Id> = match self.op(a) {
            Op::Times(list) => list.clone(),
            Op::MatMul(l, r) => vec![*l, *r],
            _ => return None,
        };
        let at = factors.iter().position(|f| *f == e)?;
        let product = matches!(self.op(a), Op::MatMul(..));
        let rank = self.rank(a);
        let mut factors = factors;
        factors[at] = self.call(stable.softmax.0, vec![x], None, 1);
        Some(if product {
            self.graph.node(Op::MatMul(factors[0], factors[1]), rank)
        } else {
            self.times(factors)
        })
    }

    /// The logarithm of what may overflow though its logarithm does not: sums and means of
    /// exponentials, a hyperbolic cosine, and quotients of these.
    fn log_of(&mut self, id: Id, stable: &Stable) -> Option<Id> {
        let rank = self.rank(id);
        if let Some((u, v)) = self.two_exps(id, stable) {
            let gap = self.sum(vec![(false, v), (true, u)]);
            let own = self.rank(gap);
            let more = self.call(stable.softplus.0, vec![gap], None, own);
            return Some(self.sum(vec![(false, u), (false, more)]));
        }
        match self.op(id).clone() {
            Op::Call(f, list, axis) if f == stable.sum => {
                let (z, _) = self.is_call(*list.first()?, stable.exp)?;
                Some(self.call(stable.logsumexp.0, vec![z], axis, rank))
            }
            Op::Call(f, list, axis) if f == stable.mean => {
                let (z, _) = self.is_call(*list.first()?, stable.exp)?;
                let total = self.call(stable.logsumexp.0, vec![z], axis, rank);
                let lengths: Vec<Id> = match axis {
                    Some(axis) => vec![self.length(z, axis)],
                    None => (0..self.rank(z)).map(|axis| self.length(z, axis)).collect(),
                };
                let count = self.times(lengths);
                let count = self.call(stable.log.0, vec![count], None, 0);
                Some(self.sum(vec![(false, total), (true, count)]))
            }
            Op::Call(f, list, None) if f == stable.cosh => {
                let size = self.call(stable.abs.0, vec![*list.first()?], None, rank);
                let minus_two = self.integer(-2);
                let decay = self.times(vec![minus_two, size]);
                let decay = self.call(stable.softplus.0, vec![decay], None, rank);
                let two = self.integer(2);
                let two = self.call(stable.log.0, vec![two], None, 0);
                Some(self.sum(vec![(false, size), (false, decay), (true, two)]))
            }
            Op::Divide(a, b) => {
                let above = self.log_of(a, stable)?;
                let own = self.rank(b);
                let below = self.call(stable.log.0, vec![b], None, own);
                Some(self.sum(vec![(false, above), (true, below)]))
            }
            _ => None,
        }
    }

    /// `exp(x)/sum(exp(x))`, `1/(1 + exp(-x))`, `exp(x)/(1 + exp(x))`.
    pub(super) fn stable_quotient(&mut self, a: Id, b: Id) -> Option<Id> {
        let stable = self.stable?;
        if let Some((x, _)) = self.is_call(a, stable.exp)
            && let Op::Call(f, list, None) = self.op(b)
            && *f == stable.sum
            && list[..] == [a]
            && self.rank(a) == 1
        {
            return Some(self.call(stable.softmax.0, vec![x], None, 1));
        }
        if let Some(whole) = self.with_softmax(a, b, &stable) {
            return Some(whole);
        }
        if let Some((u, v)) = self.two_exps(b, &stable) {
            // exp(u)/(exp(u) + exp(v)) = sigmoid(u - v)
            let (own, _) = self.is_call(a, stable.exp)?;
            let other = if own == u { v } else { u };
            let gap =
                (own == u || own == v).then(|| self.sum(vec![(false, own), (true, other)]))?;
            let rank = self.rank(gap);
            return Some(self.call(stable.sigmoid.0, vec![gap], None, rank));
        }
        let x = self.one_plus_exp(b, &stable)?;
        let argument = if self.is_unit(a) {
            self.negate(x)
        } else if self.is_call(a, stable.exp).is_some_and(|c| c.0 == x) {
            x
        } else {
            return None;
        };
        let rank = self.rank(argument);
        Some(self.call(stable.sigmoid.0, vec![argument], None, rank))
    }

    /// A function of the table in another form, where this one may overflow.
    pub(super) fn stable_call(&mut self, f: Known, list: &[Id], axis: Option<u8>) -> Option<Id> {
        let stable = self.stable?;
        if f == stable.cross_entropy {
            let (z, axis) = self.is_call(list[0], stable.softmax)?;
            let rank = self.rank(list[0]);
            let log = self.call(stable.logsoftmax.0, vec![z], axis, rank);
            let product = self.times(vec![*list.get(1)?, log]);
            let total = self.total(product);
            return Some(self.negate(total));
        }
        let softplus = |b: &mut Build, x: Id| {
            let rank = b.rank(x);
            b.call(stable.softplus.0, vec![x], None, rank)
        };
        let x = *list.first()?;
        if f == stable.log1p {
            let (x, _) = self.is_call(x, stable.exp)?;
            return Some(softplus(self, x));
        }
        if f != stable.log || axis.is_some() {
            return None;
        }
        if let Some(x) = self.one_plus_exp(x, &stable) {
            return Some(softplus(self, x));
        }
        if let Some(log) = self.log_of(x, &stable) {
            return Some(log);
        }
        let rank = self.rank(x);
        match self.op(x).clone() {
            Op::Call(g, inner, axis) => {
                let z = *inner.first()?;
                if g == stable.sigmoid {
                    let opposite = self.negate(z);
                    let s = softplus(self, opposite);
                    Some(self.negate(s))
                } else if g == stable.softmax {
                    Some(self.call(stable.logsoftmax.0, inner, axis, rank))
                } else if g == stable.det {
                    Some(self.call(stable.logdet.0, inner, None, rank))
                } else {
                    None
                }
            }
            // log(1 - sigmoid(z)) = -softplus(z)
            Op::Sum(terms) => match terms[..] {
                [(false, one), (true, s)] if self.is_unit(one) => {
                    let (z, _) = self.is_call(s, stable.sigmoid)?;
                    let s = softplus(self, z);
                    Some(self.negate(s))
                }
                _ => None,
            },
            Op::Entry(base, at) => {
                let (z, axis) = self.is_call(base, stable.softmax)?;
                let rank = self.rank(base);
                let log = self.call(stable.logsoftmax.0, vec![z], axis, rank);
                Some(self.graph.node(Op::Entry(log, at), 0))
            }
            _ => None,
        }
    }
}
