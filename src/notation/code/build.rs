//! Smart constructors of the graph: the cheap and stable form of each operation.
//!
//! Guarantees: signs move outwards, factors of one vanish, transposes cancel, products with ones
//! are sums, and what overflows although its value does not (`log(1 + exp(x))`, `log(softmax(x))`)
//! is replaced by the function of the table that does not.

use super::graph::{Graph, Id, Known, Op};
use crate::functions::{self, Function};
use crate::number::Number;

/// The most terms or factors that stand in one sum or product.
const LONGEST: usize = 64;

/// The functions that stable forms are made of.
#[derive(Clone, Copy, Debug)]
struct Stable {
    exp: Known,
    log: Known,
    log1p: Known,
    sum: Known,
    det: Known,
    logdet: Known,
    sigmoid: Known,
    softplus: Known,
    softmax: Known,
    logsoftmax: Known,
    logsumexp: Known,
    cross_entropy: Known,
}

impl Stable {
    fn new() -> Option<Stable> {
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
        })
    }
}

/// A graph under construction.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) graph: Graph,
    stable: Option<Stable>,
}

impl Build {
    pub(super) fn new() -> Build {
        Build { graph: Graph::default(), stable: Stable::new() }
    }

    pub(super) fn rank(&self, id: Id) -> u8 {
        self.graph.rank(id)
    }

    pub(super) fn op(&self, id: Id) -> &Op {
        self.graph.op(id)
    }

    fn widest(&self, list: &[Id]) -> u8 {
        list.iter().map(|a| self.rank(*a)).max().unwrap_or(0)
    }

    pub(super) fn number(&mut self, n: Number) -> Id {
        if n.is_negative() {
            let magnitude = self.graph.node(Op::Number(n.neg()), 0);
            return self.graph.node(Op::Negate(magnitude), 0);
        }
        self.graph.node(Op::Number(n), 0)
    }

    pub(super) fn integer(&mut self, n: i64) -> Id {
        self.number(Number::integer(n))
    }

    fn as_number(&self, id: Id) -> Option<Number> {
        match self.op(id) {
            Op::Number(n) => Some(n.clone()),
            Op::Negate(a) => match self.op(*a) {
                Op::Number(n) => Some(n.neg()),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_one(&self, id: Id) -> bool {
        matches!(self.op(id), Op::Number(n) if n.is_one())
    }

    /// A constant one, of whatever shape.
    fn is_unit(&self, id: Id) -> bool {
        self.is_one(id) || matches!(self.op(id), Op::Ones(_))
    }

    /// The value without its sign, and whether there was one.
    pub(super) fn unsigned(&self, id: Id) -> (bool, Id) {
        match self.op(id) {
            Op::Negate(a) if self.graph.label(id).is_none() => (true, *a),
            _ => (false, id),
        }
    }

    pub(super) fn negate(&mut self, id: Id) -> Id {
        match self.op(id) {
            Op::Negate(a) => *a,
            Op::Number(n) if n.is_zero() => id,
            _ => {
                let rank = self.rank(id);
                self.graph.node(Op::Negate(id), rank)
            }
        }
    }

    fn signed(&mut self, negative: bool, id: Id) -> Id {
        if negative { self.negate(id) } else { id }
    }

    /// The length of an axis of a value, read off a parameter where that is possible.
    pub(super) fn length(&mut self, of: Id, axis: u8) -> Id {
        let (mut id, mut axis) = (of, axis);
        // each step goes to an operand, so that this ends
        loop {
            let rank = self.rank(id);
            let next = match self.op(id) {
                Op::Ones(sizes) | Op::Zeros(sizes) | Op::Full(sizes, _) => {
                    return sizes.get(axis as usize).copied().unwrap_or(id);
                }
                Op::Eye(Some(n)) => return *n,
                Op::Transpose(a) => (*a, 1 - axis.min(1)),
                Op::Negate(a) | Op::Inverse(a) | Op::MatrixPower(a, _) => (*a, axis),
                Op::Diagonal(a) => (*a, 0),
                Op::AxisTotal(a, summed) => (*a, 1 - (*summed).min(1)),
                Op::MatMul(a, _) if axis == 0 && self.rank(*a) == 2 => (*a, 0),
                Op::MatMul(_, b) => (*b, self.rank(*b).saturating_sub(1)),
                Op::Outer(a, b) => (if axis == 0 { *a } else { *b }, 0),
                Op::Solve(_, b) => (*b, axis),
                Op::Power(a, _) | Op::Divide(a, _) if self.rank(*a) == rank => (*a, axis),
                Op::Times(list) => match list.iter().find(|a| self.rank(**a) == rank) {
                    Some(a) if !matches!(self.op(*a), Op::Expand(..)) => (*a, axis),
                    _ => break,
                },
                Op::Sum(terms) => {
                    let whole = |a: Id| {
                        self.rank(a) == rank
                            && !matches!(self.op(a), Op::Eye(None) | Op::Expand(..))
                    };
                    match terms.iter().find(|t| whole(t.1)) {
                        Some(t) => (t.1, axis),
                        None => break,
                    }
                }
                _ => break,
            };
            (id, axis) = next;
        }
        self.graph.node(Op::Length(id, axis), 0)
    }

    /// The value as a term or factor beside another of the same shape: constant ones need not be
    /// written out, for the other one broadcasts.
    fn thin(&mut self, id: Id) -> Option<Id> {
        match self.op(id).clone() {
            Op::Ones(_) => Some(self.integer(1)),
            Op::Full(_, value) => Some(value),
            Op::Zeros(_) => Some(self.integer(0)),
            Op::Outer(a, b) if matches!(self.op(a), Op::Ones(_)) => Some(b),
            Op::Outer(a, b) if matches!(self.op(b), Op::Ones(_)) => Some(self.column(a)),
            Op::Times(list) => {
                let rank = self.rank(id);
                let at = list.iter().position(|a| self.rank(*a) == rank)?;
                if list.iter().filter(|a| self.rank(**a) > 0).count() > 1 {
                    return None;
                }
                let inner = self.thin(list[at])?;
                let mut list = list;
                list[at] = inner;
                Some(self.times(list))
            }
            _ => None,
        }
    }

    /// A sum; a lone term without sign is itself.
    pub(super) fn sum(&mut self, terms: Vec<(bool, Id)>) -> Id {
        let rank = terms.iter().map(|t| self.rank(t.1)).max().unwrap_or(0);
        let mut list: Vec<(bool, Id)> = Vec::with_capacity(terms.len());
        for (negative, id) in terms {
            let (inner, id) = self.unsigned(id);
            if !matches!(self.op(id), Op::Number(n) if n.is_zero()) {
                list.push((negative != inner, id));
            }
        }
        // an identity matrix of unknown size has that of the other terms
        let eye = |b: &Build, id: Id| matches!(b.op(id), Op::Eye(None));
        let full = list.iter().map(|t| t.1).find(|a| self.rank(*a) == 2 && !self.holds_eye(*a));
        if let Some(full) = full {
            for at in 0..list.len() {
                if eye(self, list[at].1) || self.holds_eye(list[at].1) {
                    let n = self.length(full, 0);
                    list[at].1 = self.fit_eye(list[at].1, n);
                }
            }
        }
        let thick: Vec<Option<Id>> = list
            .iter()
            .map(|t| if self.rank(t.1) == rank && rank > 0 { self.thin(t.1) } else { None })
            .collect();
        let whole = list.iter().zip(&thick).any(|(t, s)| self.rank(t.1) == rank && s.is_none());
        if whole {
            for (term, thin) in list.iter_mut().zip(&thick) {
                if let Some(id) = thin {
                    term.1 = *id;
                }
            }
            list.retain(|t| !matches!(self.op(t.1), Op::Number(n) if n.is_zero()));
        }
        match list[..] {
            [] => self.integer(0),
            [(negative, id)] => self.signed(negative, id),
            _ if list.iter().all(|t| t.0) => {
                list.iter_mut().for_each(|t| t.0 = false);
                let sum = self.graph.node(Op::Sum(list), rank);
                self.negate(sum)
            }
            _ => {
                let list = self.grouped(list);
                self.graph.node(Op::Sum(list), rank)
            }
        }
    }

    /// A long sum as a sum of sums: a compiler's recursion is as deep as a sum is long.
    fn grouped(&mut self, mut list: Vec<(bool, Id)>) -> Vec<(bool, Id)> {
        while list.len() > LONGEST {
            let mut shorter = Vec::with_capacity(list.len() / LONGEST + 1);
            for part in list.chunks(LONGEST) {
                let rank = part.iter().map(|t| self.rank(t.1)).max().unwrap_or(0);
                shorter.push(match part {
                    [one] => *one,
                    _ => (false, self.graph.node(Op::Sum(part.to_vec()), rank)),
                });
            }
            list = shorter;
        }
        list
    }

    /// Whether the value is a multiple of an identity matrix of unknown size.
    pub(super) fn holds_eye(&self, id: Id) -> bool {
        match self.op(id) {
            Op::Eye(None) => true,
            Op::Times(list) => list.iter().any(|a| matches!(self.op(*a), Op::Eye(None))),
            Op::Negate(a) | Op::Divide(a, _) => {
                matches!(self.op(*a), Op::Eye(None))
                    || matches!(self.op(*a), Op::Times(list)
                        if list.iter().any(|a| matches!(self.op(*a), Op::Eye(None))))
            }
            _ => false,
        }
    }

    /// The same with the size of the identity matrix.
    pub(super) fn fit_eye(&mut self, id: Id, n: Id) -> Id {
        match self.op(id).clone() {
            Op::Eye(None) => self.graph.node(Op::Eye(Some(n)), 2),
            Op::Times(list) => {
                let list = list
                    .into_iter()
                    .map(|a| match self.op(a) {
                        Op::Eye(None) => self.graph.node(Op::Eye(Some(n)), 2),
                        _ => a,
                    })
                    .collect();
                self.times(list)
            }
            Op::Negate(a) if self.holds_eye(a) => {
                let inner = self.fit_eye(a, n);
                self.negate(inner)
            }
            Op::Divide(a, b) if self.holds_eye(a) => {
                let inner = self.fit_eye(a, n);
                self.divide(inner, b)
            }
            _ => id,
        }
    }

    /// An elementwise product.
    pub(super) fn times(&mut self, factors: Vec<Id>) -> Id {
        let rank = self.widest(&factors);
        let mut negative = false;
        let mut constant = Number::ONE;
        let mut divisors: Vec<Id> = Vec::new();
        let mut list: Vec<Id> = Vec::with_capacity(factors.len());
        for id in factors {
            let (minus, id) = self.unsigned(id);
            negative ^= minus;
            match *self.op(id) {
                Op::Number(ref n) => constant = constant.mul(n),
                // a * (1/b) = a / b
                Op::Divide(one, b) if self.is_one(one) && self.graph.label(id).is_none() => {
                    divisors.push(b);
                }
                _ => list.push(id),
            }
        }
        for at in 0..list.len() {
            let beside = |b: &Build, other: Id| b.rank(other) == rank;
            let others = (0..list.len()).any(|k| k != at && beside(self, list[k]));
            if rank > 0
                && self.rank(list[at]) == rank
                && others
                && let Some(thin) = self.thin(list[at])
            {
                list[at] = thin;
            }
        }
        list.retain(|id| !self.is_one(*id));
        // one third of a value is that value by three: no rounded constant
        let (above, below) = split(&constant);
        if !above.is_one() || list.is_empty() {
            let n = self.graph.node(Op::Number(above), 0);
            list.insert(0, n);
        }
        while list.len() > LONGEST {
            let parts = list.chunks(LONGEST).map(|part| match part {
                [one] => *one,
                _ => {
                    let rank = part.iter().map(|a| self.graph.rank(*a)).max().unwrap_or(0);
                    self.graph.node(Op::Times(part.to_vec()), rank)
                }
            });
            list = parts.collect();
        }
        let product = match list[..] {
            [id] => id,
            _ => {
                let rank = self.widest(&list);
                self.graph.node(Op::Times(list), rank)
            }
        };
        divisors.extend(below.map(|n| self.number(n)));
        let mut value = product;
        for divisor in divisors {
            value = self.divide(value, divisor);
        }
        self.signed(negative, value)
    }

    /// An elementwise quotient.
    pub(super) fn divide(&mut self, a: Id, b: Id) -> Id {
        let (minus, a) = self.unsigned(a);
        let (below, b) = self.unsigned(b);
        if let (Some(x), Some(y)) = (self.as_number(a), self.as_number(b))
            && let Some(q) = x.div(&y)
        {
            let q = self.graph.node(Op::Number(q), 0);
            return self.signed(minus != below, q);
        }
        let a = if self.rank(a) > 0 && self.rank(b) == self.rank(a) {
            self.thin(a).unwrap_or(a)
        } else {
            a
        };
        let value = if self.is_one(b) {
            a
        } else if let Some(stable) = self.stable_quotient(a, b) {
            stable
        } else {
            let rank = self.rank(a).max(self.rank(b));
            self.graph.node(Op::Divide(a, b), rank)
        };
        self.signed(minus != below, value)
    }

    fn is_call(&self, id: Id, f: Known) -> Option<(Id, Option<u8>)> {
        match self.op(id) {
            Op::Call(g, list, axis) if *g == f => list.first().map(|a| (*a, *axis)),
            _ => None,
        }
    }

    /// `exp(x)` of `exp(x) + 1`, in any order.
    fn one_plus_exp(&self, id: Id, stable: &Stable) -> Option<Id> {
        let Op::Sum(terms) = self.op(id) else { return None };
        let [(false, a), (false, b)] = terms[..] else { return None };
        let (one, other) = if self.is_unit(a) { (a, b) } else { (b, a) };
        (self.is_unit(one)).then(|| self.is_call(other, stable.exp).map(|c| c.0)).flatten()
    }

    /// `exp(x)/sum(exp(x))`, `1/(1 + exp(-x))`, `exp(x)/(1 + exp(x))`.
    fn stable_quotient(&mut self, a: Id, b: Id) -> Option<Id> {
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

    /// An elementwise power.
    pub(super) fn power(&mut self, a: Id, k: Id) -> Id {
        let rank = self.rank(a).max(self.rank(k));
        if let Some(n) = self.as_number(k) {
            if n.is_one() {
                return a;
            }
            if n.is_negative() {
                // integer arrays have no negative powers
                let one = self.integer(1);
                let positive = self.number(n.neg());
                let below = self.power(a, positive);
                return self.divide(one, below);
            }
        }
        self.graph.node(Op::Power(a, k), rank)
    }

    /// A function of the table whose result has this many axes.
    pub(super) fn call(
        &mut self,
        f: &'static Function,
        list: Vec<Id>,
        axis: Option<u8>,
        rank: u8,
    ) -> Id {
        if let Some(stable) = self.stable_call(Known(f), &list, axis) {
            return stable;
        }
        self.graph.node(Op::Call(Known(f), list, axis), rank)
    }

    fn stable_call(&mut self, f: Known, list: &[Id], axis: Option<u8>) -> Option<Id> {
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

    /// The sum of all entries.
    pub(super) fn total(&mut self, a: Id) -> Id {
        if self.rank(a) == 0 {
            return a;
        }
        let (minus, a) = self.unsigned(a);
        let known = self.stable.map(|s| s.sum);
        let value = match (self.op(a), known) {
            // the same node as a `sum` that the user wrote
            (_, Some(f)) => self.graph.node(Op::Call(f, vec![a], None), 0),
            _ => self.graph.node(Op::Total(a), 0),
        };
        self.signed(minus, value)
    }

    /// The sum along one axis.
    pub(super) fn axis_total(&mut self, a: Id, axis: u8) -> Id {
        let rank = self.rank(a).saturating_sub(1);
        match self.stable {
            Some(s) => self.graph.node(Op::Call(s.sum, vec![a], Some(axis)), rank),
            None => self.graph.node(Op::AxisTotal(a, axis), rank),
        }
    }

    /// A vector as a column that broadcasts along rows.
    pub(super) fn column(&mut self, a: Id) -> Id {
        self.graph.node(Op::Expand(a, vec![true, false]), 2)
    }

    pub(super) fn transpose(&mut self, a: Id) -> Id {
        if self.rank(a) != 2 {
            return a;
        }
        match self.op(a).clone() {
            Op::Transpose(inner) => inner,
            Op::Eye(_) | Op::Diagonal(_) => a,
            Op::Negate(inner) if self.graph.label(a).is_none() => {
                let t = self.transpose(inner);
                self.negate(t)
            }
            Op::Outer(x, y) if self.graph.label(a).is_none() => self.graph.node(Op::Outer(y, x), 2),
            Op::Ones(sizes) => {
                let sizes: Vec<Id> = sizes.into_iter().rev().collect();
                self.graph.node(Op::Ones(sizes), 2)
            }
            _ => self.graph.node(Op::Transpose(a), 2),
        }
    }

    /// A matrix product, a matrix and a vector, or an inner product.
    pub(super) fn matmul(&mut self, a: Id, b: Id) -> Id {
        let (minus, a) = self.unsigned(a);
        let (other, b) = self.unsigned(b);
        let (ones_a, ones_b) =
            (matches!(self.op(a), Op::Ones(_)), matches!(self.op(b), Op::Ones(_)));
        let value = match (self.rank(a), self.rank(b)) {
            (_, 1) if self.unit_position(b).is_some() => self.entry_at(a, self.unit_position(b)),
            (1, 1) if self.unit_position(a).is_some() => self.entry_at(b, self.unit_position(a)),
            (1, 1) if ones_a => self.total(b),
            (1, 1) if ones_b => self.total(a),
            (1, 1) => self.graph.node(Op::MatMul(a, b), 0),
            // one node for x'*A and A'*x
            (1, 2) => {
                let t = self.transpose(b);
                self.matmul(t, a)
            }
            (2, 1) => match *self.op(a) {
                Op::Transpose(inner) if ones_b => self.axis_total(inner, 0),
                _ if ones_b => self.axis_total(a, 1),
                _ => self.graph.node(Op::MatMul(a, b), 1),
            },
            _ => self.graph.node(Op::MatMul(a, b), 2),
        };
        self.signed(minus != other, value)
    }

    /// The position of the one in a row of an identity matrix.
    fn unit_position(&self, id: Id) -> Option<i64> {
        match self.op(id) {
            Op::Entry(base, at) if matches!(self.op(*base), Op::Eye(_)) => {
                at.first().copied().flatten()
            }
            _ => None,
        }
    }

    /// An entry of a vector, or a column of a matrix.
    fn entry_at(&mut self, a: Id, at: Option<i64>) -> Id {
        let rank = self.rank(a).saturating_sub(1);
        let mut place = vec![None; usize::from(rank)];
        place.push(at);
        match self.op(a).clone() {
            // A[:, k][j] = A[j, k]
            Op::Entry(base, mut inner) if rank == 0 => {
                if let Some(free) = inner.iter_mut().find(|k| k.is_none()) {
                    *free = at;
                }
                self.graph.node(Op::Entry(base, inner), 0)
            }
            _ => self.graph.node(Op::Entry(a, place), rank),
        }
    }

    pub(super) fn outer(&mut self, a: Id, b: Id) -> Id {
        let (minus, a) = self.unsigned(a);
        let (other, b) = self.unsigned(b);
        let value = self.graph.node(Op::Outer(a, b), 2);
        self.signed(minus != other, value)
    }

    pub(super) fn inverse(&mut self, a: Id) -> Id {
        if self.rank(a) == 0 {
            let one = self.integer(1);
            return self.divide(one, a);
        }
        match *self.op(a) {
            Op::Inverse(inner) => inner,
            _ => self.graph.node(Op::Inverse(a), 2),
        }
    }

    pub(super) fn solve(&mut self, a: Id, b: Id) -> Id {
        let (minus, b) = self.unsigned(b);
        let rank = self.rank(b);
        let value = match self.op(b) {
            Op::Eye(_) => self.inverse(a),
            _ => self.graph.node(Op::Solve(a, b), rank),
        };
        self.signed(minus, value)
    }

    pub(super) fn diagonal(&mut self, a: Id) -> Id {
        self.graph.node(Op::Diagonal(a), 2)
    }

    /// tr(A B), without the product's other entries.
    pub(super) fn trace_of_product(&mut self, a: Id, b: Id) -> Id {
        let t = self.transpose(b);
        let product = match (self.op(a), self.op(t)) {
            (&Op::Transpose(a), &Op::Transpose(b)) => self.times(vec![a, b]),
            _ => self.times(vec![a, t]),
        };
        self.total(product)
    }

    pub(super) fn trace(&mut self, a: Id) -> Id {
        match *self.op(a) {
            _ if self.rank(a) == 0 => a,
            Op::Diagonal(d) => self.total(d),
            Op::MatMul(x, y) => self.trace_of_product(x, y),
            Op::Outer(x, y) => self.matmul(x, y),
            _ => self.graph.node(Op::Trace(a), 0),
        }
    }
}

/// A constant as a factor that a decimal writes exactly, and a divisor.
fn split(n: &Number) -> (Number, Option<Number>) {
    let Some((_, denominator)) = n.small() else { return (n.clone(), None) };
    let mut rest = denominator;
    while rest % 2 == 0 {
        rest /= 2;
    }
    while rest % 5 == 0 {
        rest /= 5;
    }
    if rest == 1 {
        return (n.clone(), None);
    }
    let below = Number::integer(denominator);
    (n.mul(&below), Some(below))
}
