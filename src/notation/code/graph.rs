//! Array operations as a hash-consed graph: what a generated function computes.
//!
//! Guarantees: equal computations are one node, and children have smaller ids than their parents,
//! so that every pass is a loop. Values are arrays without orientation, as array libraries have
//! them: a row is a vector. Knows no programming language and no variable's meaning.

use super::block::{Stack, Taken};
use crate::functions::Function;
use crate::number::Number;
use rustc_hash::FxHashMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// A node of a [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Id(pub(super) u32);

/// A function of the table, compared by identity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known(pub(super) &'static Function);

impl PartialEq for Known {
    fn eq(&self, other: &Known) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Known {}

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

/// An operation.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Op {
    /// A number.
    Number(Number),
    /// π
    Pi,
    /// A parameter, by position.
    Parameter(u32),
    /// The length of an axis.
    Length(Id, u8),
    /// The quotient of two lengths, which divides.
    Quotient(Id, Id),
    /// Terms with their signs (`true`: minus), broadcast.
    Sum(Vec<(bool, Id)>),
    /// Elementwise product, broadcast.
    Times(Vec<Id>),
    /// Elementwise quotient, broadcast.
    Divide(Id, Id),
    /// Elementwise power, broadcast.
    Power(Id, Id),
    /// The value with the other sign.
    Negate(Id),
    /// An elementwise comparison.
    Compare(&'static str, Id, Id),
    /// Matrix product, matrix times vector or inner product.
    MatMul(Id, Id),
    /// Outer product of two vectors.
    Outer(Id, Id),
    /// Transpose of a matrix.
    Transpose(Id),
    /// The sum of all entries.
    Total(Id),
    /// The sum along one axis of a matrix.
    AxisTotal(Id, u8),
    /// A function of the table.
    Call(Known, Vec<Id>, Option<u8>),
    /// A callable that is a parameter, by position, and whether it leaves a scalar.
    Apply(u32, Vec<Id>, bool),
    /// The solution `X` of `A X = B`.
    Solve(Id, Id),
    /// The inverse of a matrix.
    Inverse(Id),
    /// An integer power of a matrix.
    MatrixPower(Id, i64),
    /// The diagonal matrix of a vector.
    Diagonal(Id),
    /// An array with another one added where the positions on two of its axes agree, the later of
    /// which the other lacks.
    PlusDiagonal(Id, Id, u8, u8),
    /// Zeros of these lengths but where the positions on two axes agree.
    Spread(Id, Vec<Id>, u8, u8),
    /// The trace of a matrix.
    Trace(Id),
    /// An array of ones with these lengths.
    Ones(Vec<Id>),
    /// An array of zeros with these lengths.
    Zeros(Vec<Id>),
    /// An array of these lengths whose entries are one scalar.
    Full(Vec<Id>, Id),
    /// The identity matrix; its size where it is known already.
    Eye(Option<Id>),
    /// The array with further axes of length one: `true` keeps an axis, `false` inserts one.
    Expand(Id, Vec<bool>),
    /// Entries of an array: a 0-based position, or the whole axis.
    Entry(Id, Vec<Option<i64>>),
    /// Parts of an array.
    Slice(Id, Vec<Taken>),
    /// Arrays put together.
    Stack(Stack, Vec<Id>),
    /// Entries at computed positions that broadcast; `None` is a whole axis.
    Gather(Id, Vec<Option<Id>>),
    /// The positions 0, 1, … of an axis of this length.
    Range(Id),
    /// A size that no variable's shape gives: a parameter, by position.
    Size(u32),
    /// Axes in another order.
    Permute(Id, Vec<u8>),
    /// A sum of products, by its subscripts.
    Einsum(String, Vec<Id>),
}

/// The operations of a module.
#[derive(Debug, Default)]
pub(super) struct Graph {
    ops: Vec<Op>,
    ranks: Vec<u8>,
    labels: Vec<Option<Rc<str>>>,
    index: FxHashMap<Op, Id>,
}

impl Graph {
    /// The node of an operation whose value has this many axes.
    pub(super) fn node(&mut self, op: Op, rank: u8) -> Id {
        if let Some(id) = self.index.get(&op) {
            return *id;
        }
        let id = Id(self.ops.len() as u32);
        self.ops.push(op.clone());
        self.ranks.push(rank);
        self.labels.push(None);
        self.index.insert(op, id);
        id
    }

    /// The operation of a node.
    pub(super) fn op(&self, id: Id) -> &Op {
        &self.ops[id.0 as usize]
    }

    /// The number of axes of a node's value.
    pub(super) fn rank(&self, id: Id) -> u8 {
        self.ranks[id.0 as usize]
    }

    /// The number of nodes.
    pub(super) fn len(&self) -> usize {
        self.ops.len()
    }

    /// The name that a node's value should be given.
    pub(super) fn label(&self, id: Id) -> Option<&Rc<str>> {
        self.labels[id.0 as usize].as_ref()
    }

    /// Proposes a name for a node's value; the first proposal stands.
    pub(super) fn set_label(&mut self, id: Id, name: Rc<str>) {
        if !matches!(self.op(id), Op::Parameter(_) | Op::Size(_) | Op::Number(_) | Op::Pi) {
            self.labels[id.0 as usize].get_or_insert(name);
        }
    }

    /// Calls `f` with each operand of a node, in order.
    pub(super) fn operands(&self, id: Id, mut f: impl FnMut(Id)) {
        match self.op(id) {
            Op::Number(_) | Op::Pi | Op::Parameter(_) | Op::Size(_) | Op::Eye(None) => {}
            Op::Length(a, _)
            | Op::Negate(a)
            | Op::Transpose(a)
            | Op::Total(a)
            | Op::AxisTotal(a, _)
            | Op::Inverse(a)
            | Op::MatrixPower(a, _)
            | Op::Diagonal(a)
            | Op::Trace(a)
            | Op::Eye(Some(a))
            | Op::Range(a)
            | Op::Expand(a, _)
            | Op::Entry(a, _)
            | Op::Permute(a, _) => f(*a),
            Op::Slice(a, taken) => {
                f(*a);
                for part in taken {
                    match part {
                        Taken::All => {}
                        Taken::At(at) | Taken::Span(None, at) => f(*at),
                        Taken::Span(Some(start), end) => {
                            f(*start);
                            f(*end);
                        }
                    }
                }
            }
            Op::Quotient(a, b)
            | Op::Divide(a, b)
            | Op::Power(a, b)
            | Op::Compare(_, a, b)
            | Op::MatMul(a, b)
            | Op::Outer(a, b)
            | Op::PlusDiagonal(a, b, ..)
            | Op::Solve(a, b) => {
                f(*a);
                f(*b);
            }
            Op::Sum(terms) => terms.iter().for_each(|t| f(t.1)),
            Op::Times(list)
            | Op::Call(_, list, _)
            | Op::Apply(_, list, _)
            | Op::Ones(list)
            | Op::Zeros(list)
            | Op::Stack(_, list)
            | Op::Einsum(_, list) => list.iter().for_each(|a| f(*a)),
            Op::Gather(a, list) => {
                f(*a);
                list.iter().flatten().for_each(|p| f(*p));
            }
            Op::Full(list, a) | Op::Spread(a, list, ..) => {
                for size in list {
                    f(*size);
                }
                f(*a);
            }
        }
    }
}
