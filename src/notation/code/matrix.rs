//! Smart constructors for matrices and vectors: products, transposes, inverses and traces.

use super::build::Build;
use super::graph::{Id, Op};

impl Build {
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
            Op::Einsum(..) if self.graph.label(a).is_none() => self.permute(a, vec![1, 0]),
            Op::Outer(x, y) if self.graph.label(a).is_none() => self.graph.node(Op::Outer(y, x), 2),
            Op::Ones(sizes) => {
                let sizes: Vec<Id> = sizes.into_iter().rev().collect();
                self.graph.node(Op::Ones(sizes), 2)
            }
            _ => self.graph.node(Op::Transpose(a), 2),
        }
    }

    /// The axes in another order; a contraction gives its result in that order at once.
    pub(super) fn permute(&mut self, a: Id, order: Vec<u8>) -> Id {
        let rank = order.len() as u8;
        if let Op::Einsum(subscripts, list) = self.op(a).clone()
            && let Some((inputs, output)) = subscripts.split_once("->")
        {
            let output: Vec<char> = output.chars().collect();
            let output: String = order.iter().map(|k| output[usize::from(*k)]).collect();
            return self.graph.node(Op::Einsum(format!("{inputs}->{output}"), list), rank);
        }
        if rank == 2 {
            return self.transpose(a);
        }
        self.graph.node(Op::Permute(a, order), rank)
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
