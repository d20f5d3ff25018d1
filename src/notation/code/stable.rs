//! Stable forms: what overflows although its value does not (`log(1 + exp(x))`,
//! `log(softmax(x))`, `exp(x)/sum(exp(x))`) as the function of the table that does not.

use super::build::Build;
use super::graph::{Id, Known, Op};
use crate::functions;

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
                } else if g == stable.sum {
                    let (z, _) = self.is_call(z, stable.exp)?;
                    Some(self.call(stable.logsumexp.0, vec![z], axis, rank))
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
