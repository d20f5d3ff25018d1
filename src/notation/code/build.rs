//! Smart constructors of the graph: the cheap and stable form of each operation.
//!
//! Guarantees: signs move outwards, factors of one vanish, constant arrays broadcast beside others.
//! Knows no names and no orientation.

use super::graph::{Graph, Id, Known, Op};
use super::stable::Stable;
use crate::functions::Function;
use crate::number::Number;

/// The most terms or factors that stand in one sum or product.
const LONGEST: usize = 64;

/// A graph under construction.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) graph: Graph,
    pub(super) stable: Option<Stable>,
    /// Whether what stands on a diagonal is added in place.
    pub(super) in_place: bool,
    /// Whether a gradient is built: what a norm at 0 divides is 0 there.
    pub(super) slopes: bool,
}

impl Build {
    pub(super) fn new() -> Build {
        Build { graph: Graph::default(), stable: Stable::new(), in_place: false, slopes: false }
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
    pub(super) fn is_unit(&self, id: Id) -> bool {
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

    pub(super) fn signed(&mut self, negative: bool, id: Id) -> Id {
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
        let full = list.iter().map(|t| t.1).find(|a| self.rank(*a) == 2 && !self.holds_eye(*a));
        if let Some(full) = full {
            for term in &mut list {
                if self.holds_eye(term.1) {
                    let n = self.length(full, 0);
                    term.1 = self.fit_eye(term.1, n);
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
            _ if rank == 2
                && let Some(id) = self.with_diagonal(&list) =>
            {
                id
            }
            _ if list.iter().all(|t| t.0) => {
                for term in &mut list {
                    term.0 = false;
                }
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
            list = list.chunks(LONGEST).map(|part| self.plain_product(part)).collect();
        }
        let inside = if rank == 2 { self.scaled_inside(&list) } else { None };
        let product = inside.unwrap_or_else(|| self.plain_product(&list));
        divisors.extend(below.map(|n| self.number(n)));
        let mut value = product;
        for divisor in divisors {
            value = self.divide(value, divisor);
        }
        self.signed(negative, value)
    }

    fn plain_product(&mut self, list: &[Id]) -> Id {
        if let [id] = list {
            return *id;
        }
        let rank = self.widest(list);
        self.graph.node(Op::Times(list.to_vec()), rank)
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
            let b = if self.slopes { self.away_from_origin(b) } else { b };
            let rank = self.rank(a).max(self.rank(b));
            self.graph.node(Op::Divide(a, b), rank)
        };
        self.signed(minus != below, value)
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
