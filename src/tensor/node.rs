//! What a node of the arena can be.

use crate::functions::Function;
use crate::shape::dim::DimId;
use crate::shape::typed::{DefinitionId, VariableId};
use crate::syntax::ast::Comparison;
use smallvec::SmallVec;
use std::rc::Rc;

/// An expression, by position in its [`Arena`](super::arena::Arena). Children have smaller ids than
/// parents. On purpose not `Ord`: the order of creation must not become visible.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExprId(pub(crate) u32);

/// An interned exact coefficient.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NumberId(pub(crate) u32);

/// A symbol, by position.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SymbolId(pub(crate) u32);

/// An index of an einsum; a small integer local to one node, or to one [`Network`].
pub type Wire = u32;

/// The sizes of a node's axes, in order.
pub type Axes = SmallVec<[DimId; 4]>;

/// A list of wires.
pub type Wires = SmallVec<[Wire; 4]>;

/// An empty list with room for so many, at once where they would not stand in the list itself.
#[inline]
pub(super) fn with_room<A: smallvec::Array>(count: usize) -> SmallVec<A> {
    let list = SmallVec::new();
    if count <= list.inline_size() { list } else { SmallVec::with_capacity(count) }
}

/// What a symbol stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolKind {
    /// A free variable of the program.
    Variable(VariableId),
    /// A definition, used by name: a leaf whose body is an equation.
    Definition(DefinitionId),
    /// The cotangent of a named value: `∇u`.
    Cotangent,
    /// A shared subexpression that got a name.
    Shared,
    /// The size of a dimension, a scalar.
    Size(DimId),
    /// The constant π.
    Pi,
    /// An affine indicator: 1 where the position on the first axis is the affine function of those
    /// on the others that the arena keeps under this number, else 0.
    Indicator(u32),
    /// A small change of the value with this name.
    Differential,
    /// δ between an entry of a value and each of its entries: the axes of the value twice, not wired
    /// into products, so that a derivation can show it.
    Frozen,
    /// Ones on and below the diagonal, else 0.
    Triangle,
    /// An unknown function; never a value by itself.
    Function,
    /// The unnamed objective.
    Objective,
}

impl SymbolKind {
    /// Whether this is the size of a dimension.
    pub fn is_size(self) -> bool {
        matches!(self, SymbolKind::Size(_))
    }
}

/// Properties of a symbol that the simplifier may use once differentiation is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Properties(u8);

impl Properties {
    /// Nothing is known.
    pub const NONE: Properties = Properties(0);
    /// `A' == A`
    pub const SYMMETRIC: Properties = Properties(1);
    /// Symmetric with positive eigenvalues.
    pub const POSDEF: Properties = Properties(2);
    /// Every entry is greater than 0.
    pub const POSITIVE: Properties = Properties(4);
    /// Zero off the diagonal.
    pub const DIAGONAL: Properties = Properties(8);
    /// `Q'Q == I`
    pub const ORTHOGONAL: Properties = Properties(16);
    /// Entries sum to 1.
    pub const SIMPLEX: Properties = Properties(32);
    /// Entries sum to 0.
    pub const CENTRED: Properties = Properties(64);

    /// Whether all of these are among them.
    pub fn has(self, others: Properties) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether any of these is among them.
    pub fn has_any(self, others: Properties) -> bool {
        self.0 & others.0 != 0
    }

    /// These and others.
    #[must_use]
    pub const fn and(self, others: Properties) -> Properties {
        Properties(self.0 | others.0)
    }

    /// These and, where that holds, others.
    #[must_use]
    pub fn and_if(self, holds: bool, others: Properties) -> Properties {
        if holds { self.and(others) } else { self }
    }
}

/// A symbol.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Its canonical spelling; for a cotangent that of the value.
    pub name: Rc<str>,
    /// What it stands for.
    pub kind: SymbolKind,
    /// How many axes its value has.
    pub rank: u8,
    /// What is known of it.
    pub properties: Properties,
    /// Its place in the order of first appearance, for printing.
    pub order: u32,
}

impl Symbol {
    /// A scalar of which nothing is known and that stands nowhere in the program.
    pub fn new(name: Rc<str>, kind: SymbolKind) -> Symbol {
        Symbol { name, kind, rank: 0, properties: Properties::NONE, order: u32::MAX }
    }
}

/// The function of a [`Node::Map`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum MapFunction {
    /// A primitive of the table.
    Known(&'static Function),
    /// An unknown function with its number of primes.
    Unknown(SymbolId, u32),
    /// A comparison, with values 0 and 1.
    Compare(Comparison),
}

/// The matrix functions that are nodes of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MatrixFunction {
    /// `inv(X)`, axes of `X`.
    Inverse,
    /// `det(X)`
    Determinant,
    /// `log |det X|`
    LogDeterminant,
    /// `chol(X)`, axes of `X`.
    Cholesky,
    /// `eigvals(X)`, one axis of `X`.
    Eigenvalues,
    /// `eigvecs(X)`, axes of `X`.
    Eigenvectors,
}

/// The reductions that are not sums.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReduceKind {
    /// Largest entry.
    Maximum,
    /// Smallest entry.
    Minimum,
    /// Product of entries.
    Product,
    /// One at the first largest entry, else 0; has all axes of its argument.
    ArgMaximum,
    /// One at the first smallest entry, else 0; has all axes of its argument.
    ArgMinimum,
}

/// The affine function of an indicator, positions counted from 0: `offset + Σ factor · position`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Indicator {
    /// The factor of each axis after the first.
    pub factors: SmallVec<[DimId; 2]>,
    /// What is added.
    pub offset: DimId,
    /// What is known of its range.
    pub range: IndicatorRange,
    /// Where the target is the source moved on: the part of the target's axis that is reached.
    pub part: Option<Part>,
}

/// A part of an axis, positions counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Part {
    /// The first position.
    pub first: DimId,
    /// The last position.
    pub last: DimId,
    /// How many positions stand before it.
    pub before: DimId,
    /// How many stand after it.
    pub after: DimId,
}

/// Whether the values of an affine function are positions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IndicatorRange {
    /// Some may be none.
    Partial,
    /// All are.
    Total,
    /// All are, and every position is one.
    Onto,
}

/// What is found in windows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WindowKind {
    /// The largest entry of each window.
    Maximum,
    /// One at the first largest entry of each window, else 0; has the axes of the argument.
    Mask,
}

/// A node, as seen from outside.
#[derive(Clone, Debug)]
pub enum Node<'a> {
    /// A leaf.
    Symbol(SymbolId),
    /// Σ of coefficient × term, all of one shape; no terms: zero. A constant is a multiple of the
    /// empty einsum.
    Add(Terms<'a>),
    /// Σ over wires of a product of operands.
    Einsum(EinsumView<'a>),
    /// An elementwise function; every argument has the node's axes, or none.
    Map(MapFunction, Ids<'a>),
    /// A function of the table that keeps its name: the first argument's last `active` axes are
    /// those it works along, those before are a batch; further arguments have the axes of the
    /// first, or none.
    Named {
        /// The function.
        function: &'static Function,
        /// How many trailing axes it works along.
        active: u32,
        /// Its arguments.
        arguments: Ids<'a>,
    },
    /// A reduction over the last `active` axes.
    Reduce(ReduceKind, u32, ExprId),
    /// What is found in windows along the last `active` axes, that do not overlap.
    Window {
        /// What.
        kind: WindowKind,
        /// How many trailing axes have windows.
        active: u32,
        /// The width of a window along each of these axes.
        width: DimId,
        /// The array.
        argument: ExprId,
    },
    /// A function of a square matrix.
    Matrix(MatrixFunction, ExprId),
    /// An unknown function from an array to a scalar, differentiated `order` times: its axes are
    /// those of the argument, `order` times over.
    Apply(SymbolId, u32, ExprId),
}

/// A list of ids in the arena's words.
#[derive(Clone, Copy, Debug)]
pub struct Ids<'a>(pub(crate) &'a [u32]);

impl<'a> Ids<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The id at a position.
    pub fn get(self, at: usize) -> ExprId {
        ExprId(self.0[at])
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = ExprId> + 'a {
        self.0.iter().map(|&w| ExprId(w))
    }
}

/// The terms of a sum in the arena's words.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a>(pub(crate) &'a [u32]);

impl<'a> Terms<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.0.len() / 2
    }

    /// Whether there is none: the sum is zero.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The term at a position.
    pub fn get(self, at: usize) -> (NumberId, ExprId) {
        (NumberId(self.0[2 * at]), ExprId(self.0[2 * at + 1]))
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = (NumberId, ExprId)> + 'a {
        self.0.chunks_exact(2).map(|w| (NumberId(w[0]), ExprId(w[1])))
    }
}

/// An einsum in the arena's words: `[outputs, wires, sizes…, output wires…, (operand, arity,
/// wires…)…]`. Output wires come first in the numbering, in order of first appearance.
#[derive(Clone, Copy, Debug)]
pub struct EinsumView<'a>(pub(crate) &'a [u32]);

impl<'a> EinsumView<'a> {
    /// The wires of the output, in the order of the axes; one twice makes a diagonal.
    pub fn output(self) -> &'a [Wire] {
        let (o, w) = (self.0[0] as usize, self.0[1] as usize);
        &self.0[2 + w..2 + w + o]
    }

    /// The number of wires.
    pub fn wires(self) -> usize {
        self.0[1] as usize
    }

    /// The size of a wire.
    pub fn size(self, wire: Wire) -> DimId {
        DimId(self.0[2 + wire as usize])
    }

    /// The operands with their wires.
    pub fn operands(self) -> Operands<'a> {
        let (o, w) = (self.0[0] as usize, self.0[1] as usize);
        Operands(&self.0[2 + w + o..])
    }
}

/// The operands of an einsum.
#[derive(Clone, Debug)]
pub struct Operands<'a>(&'a [u32]);

impl<'a> Iterator for Operands<'a> {
    type Item = (ExprId, &'a [Wire]);

    fn next(&mut self) -> Option<Self::Item> {
        let [expr, arity, rest @ ..] = self.0 else { return None };
        let (wires, rest) = rest.split_at(*arity as usize);
        self.0 = rest;
        Some((ExprId(*expr), wires))
    }
}

/// An operand of a [`Network`].
#[derive(Debug)]
pub struct Operand {
    /// The expression.
    pub expr: ExprId,
    /// A wire for each of its axes.
    pub wires: Wires,
}

impl Clone for Operand {
    /// The list at once, where a derived `clone` goes element by element.
    fn clone(&self) -> Operand {
        Operand { expr: self.expr, wires: Wires::from_slice(&self.wires) }
    }
}

/// An einsum before normalisation.
#[derive(Clone, Debug)]
pub struct Network {
    /// A factor.
    pub coefficient: crate::number::Number,
    /// The factors.
    pub operands: SmallVec<[Operand; 4]>,
    /// The wires of the result; one that no operand has is broadcast.
    pub output: Wires,
    /// The size of each wire. A wire in nothing counts as its size.
    pub sizes: SmallVec<[DimId; 8]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_small() {
        assert!(std::mem::size_of::<Symbol>() <= 32);
    }

    #[test]
    fn properties_are_a_set() {
        let both = Properties::SIMPLEX.and(Properties::POSITIVE);
        assert!(both.has(Properties::POSITIVE) && both.has(Properties::SIMPLEX));
        assert!(!both.has(Properties::SIMPLEX.and(Properties::CENTRED)));
        assert!(both.has_any(Properties::SIMPLEX.and(Properties::CENTRED)));
        assert_eq!(both.and_if(false, Properties::CENTRED), both);
    }
}
