//! A program whose names are resolved and whose shapes are known: what lowering and the numeric
//! judge both read.

use super::dim::{DimId, Dims};
use super::table::{ShapeRef, Shapes};
use crate::functions;
use crate::syntax::ast::{Attributes, NameId, NodeId, Program};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// The shape of a value: its axes, and whether it stands as a row.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Shape {
    /// The size of each axis; none for a scalar.
    pub axes: SmallVec<[DimId; 2]>,
    /// A vector with one axis that stands as a row (`x'`); a bare vector is a column.
    pub row: bool,
}

/// A variable, by position in [`Typed::variables`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VariableId(pub u32);

/// A definition, by position in [`Typed::definitions`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DefinitionId(pub u32);

/// An unknown function, by position in [`Typed::unknowns`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UnknownId(pub u32);

/// An index of one binding (`sum[i]`, `u[i] = …`, or free in a statement), by position in
/// [`Typed::indices`]. The same name bound twice is two indices.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IndexId(pub u32);

/// What a name, call, entry or sum at a node means.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Meaning {
    /// The node's own kind says all (sums, products, literals, …).
    Plain,
    /// A variable.
    Variable(VariableId),
    /// A definition, used by name.
    Definition(DefinitionId),
    /// The constant π.
    Pi,
    /// The size of a dimension, as a scalar.
    Size(DimId),
    /// `I`, `eye(n)`: the identity matrix of the node's shape.
    Identity,
    /// `ones(…)`, `vector(1)`, `matrix(1)`, and any number that context gave a shape: the constant
    /// array of the node's shape whose entries are the value of the call's argument for
    /// `vector`/`matrix`, 1 for `ones`, 0 for `zeros`.
    Fill(Fill),
    /// An index name inside the brackets of an entry or of a sum.
    Index(IndexId),
    /// `delta[i,j]`.
    Delta,
    /// A function of the table.
    Function(functions::Entry),
    /// An unknown elementwise function, or (where [`Unknown::scalar`]) one from an array to a scalar.
    Unknown(UnknownId),
    /// `grad(y, x)`, `jac(y, x)`, `hess(y, x)`, `vjp(y, x, g)`.
    Derivative(DerivativeKind),
}

/// The constant arrays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fill {
    /// `ones(…)`
    Ones,
    /// `zeros(…)`
    Zeros,
    /// `vector(c)`, `matrix(c)`
    Argument,
}

/// The derivative operators of claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DerivativeKind {
    /// Gradient of a scalar.
    Gradient,
    /// Full Jacobian.
    Jacobian,
    /// Second derivatives of a scalar.
    Hessian,
    /// Gradient of `sum(G .* y)`.
    Vjp,
}

/// Where a shape comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Stated by `var` or `--shape`.
    Declared,
    /// Follows from the program.
    Inferred,
    /// Taken by the convention for names.
    Convention,
}

/// A free variable of the program.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: NameId,
    /// Its shape, always upright (never a row).
    pub shape: Shape,
    /// Declared properties.
    pub attributes: Attributes,
    /// Where the shape comes from.
    pub origin: Origin,
}

/// A definition.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name.
    pub name: NameId,
    /// The axes of its value: those of the indices first (in the order on the left), then those of
    /// the body. Always upright.
    pub shape: Shape,
    /// The indices on the left, or those free in the body in the order of first appearance.
    pub indices: Box<[IndexId]>,
    /// Its right side.
    pub body: NodeId,
}

/// An unknown function.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Its name.
    pub name: NameId,
    /// Whether it takes an array of any shape to a scalar (`fn J scalar`).
    pub scalar: bool,
    /// Whether `fn` declared it; otherwise it is an assumption that the answer states.
    pub declared: bool,
}

/// An index.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its name.
    pub name: NameId,
    /// Its range is `1..=dim`.
    pub dim: DimId,
}

/// A position inside an entry that is more than a name or a number: `constant + Σ cₖ iₖ`, counted
/// from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// Each index with its factor.
    pub terms: SmallVec<[(IndexId, DimId); 2]>,
    /// What is added.
    pub constant: DimId,
}

/// What a range inside an entry covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// The first position, counted from 1.
    pub first: DimId,
    /// The last position.
    pub last: DimId,
    /// How many there are.
    pub size: DimId,
    /// How many positions the axis has before it, 0 for none.
    pub before: DimId,
    /// How many it has after it.
    pub after: DimId,
}

/// A statement that has a value.
#[derive(Clone, Debug)]
pub enum Item {
    /// A definition.
    Definition(DefinitionId),
    /// An expression, with its free indices in the order of first appearance.
    Expression(NodeId, Box<[IndexId]>),
    /// A chain of claims, with all free indices of its sides.
    Claim(Box<(Vec<NodeId>, Vec<IndexId>)>),
}

/// A program with resolved names and known shapes.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What was written.
    pub program: Program,
    /// The sizes that shapes refer to.
    pub dims: Dims,
    /// The shape of each node. A node whose expression has free indices is a family of such
    /// arrays; the indices are in `free`.
    pub shapes: Shapes,
    /// What each node means.
    pub meanings: Vec<Meaning>,
    /// The free indices of each node, in the order of first appearance; empty where no node has
    /// any.
    pub free: Vec<SmallVec<[IndexId; 2]>>,
    /// The free variables, in the order of first appearance in the program (those that are only
    /// declared come last).
    pub variables: Vec<Variable>,
    /// The definitions in order.
    pub definitions: Vec<Definition>,
    /// The unknown functions in order.
    pub unknowns: Vec<Unknown>,
    /// The indices.
    pub indices: Vec<Index>,
    /// The statements that have values, in order.
    pub items: Vec<Item>,
    /// The sizes that arguments which are sizes stand for (`p` in `meanpool(X, p)`).
    pub size_values: FxHashMap<NodeId, DimId>,
    /// The positions inside entries that are more than a name or a number.
    pub positions: FxHashMap<NodeId, Position>,
    /// The ranges inside entries.
    pub ranges: FxHashMap<NodeId, Extent>,
}

impl Typed {
    /// The shape of a node.
    pub fn shape(&self, id: NodeId) -> ShapeRef<'_> {
        self.shapes.get(id)
    }

    /// The meaning of a node.
    pub fn meaning(&self, id: NodeId) -> Meaning {
        self.meanings[id.0 as usize]
    }

    /// The names of the program but those that it gives to indices alone, which are bound where
    /// they stand.
    pub fn names_of_values(&self) -> impl Iterator<Item = &str> {
        let mut index = vec![false; self.program.names.len()];
        for i in &self.indices {
            index[i.name.0 as usize] = true;
        }
        let variables = self.variables.iter().map(|v| v.name);
        let definitions = self.definitions.iter().map(|d| d.name);
        let unknowns = self.unknowns.iter().map(|u| u.name);
        for name in variables.chain(definitions).chain(unknowns) {
            index[name.0 as usize] = false;
        }
        self.program.names.iter().zip(index).filter(|(_, index)| !index).map(|(name, _)| name)
    }

    /// The free indices of a node.
    pub fn free(&self, id: NodeId) -> &[IndexId] {
        self.free.get(id.0 as usize).map_or(&[], |free| free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meaning_is_small() {
        assert!(std::mem::size_of::<Meaning>() <= 8);
    }
}
