//! The syntax tree of a program, as a list of nodes in which children come before parents.
//!
//! There are no pointers, so that every pass is a loop and no depth of nesting can overflow the
//! stack. A node says what was written, not what it means: names are not resolved here, and there
//! are no shapes.

use super::names::Names;
use crate::diagnostic::Span;
use crate::number::Number;
use std::sync::Arc;

/// A node of a [`Program`], by position. Children have smaller ids than their parents.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

/// An interned name of a [`Program`]; Greek letters and their spellings are one name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NameId(pub u32);

/// A list of nodes, stored in [`Program::children`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct List {
    /// Where it begins.
    pub start: u32,
    /// How many nodes it has.
    pub len: u32,
}

impl List {
    /// Whether it has no nodes.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// The operators that bind like a product.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ProductOp {
    /// `A*B`, `A @ B`, `A B`: matrix product or scaling.
    Product,
    /// `A .* B`: elementwise product.
    Hadamard,
    /// `a / b`, `b` a scalar.
    Quotient,
    /// `a ./ b`: elementwise quotient.
    ElementQuotient,
}

/// The comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// What was written at a node.
#[derive(Clone, PartialEq, Debug)]
pub enum Expr {
    /// A literal, never negative. A quotient of two literals (`1/2`) is one number.
    Number(Number),
    /// A name: a variable, a definition, a size, a constant such as `pi` or `I`, or (inside
    /// [`Expr::Entry`] indices) an index name.
    Name(NameId),
    /// `-a`; `a - b` is a sum of `a` and `-b`.
    Negate(NodeId),
    /// `a + b - c`, two or more terms.
    Sum(List),
    /// A product or quotient, associated to the left.
    Product(ProductOp, NodeId, NodeId),
    /// `A^k`: power or inverse of a square matrix, ordinary power of a scalar.
    Power(NodeId, NodeId),
    /// `x.^k`: elementwise power.
    ElementPower(NodeId, NodeId),
    /// `A'`, `A^T`, `A.T`, `Aᵀ`.
    Transpose(NodeId),
    /// `f(x)`, `f''(x)`, `sum(X, axis=0)`.
    Call {
        /// The function's name.
        function: NameId,
        /// The number of primes.
        primes: u8,
        /// The arguments in order.
        arguments: List,
        /// The value of `axis=`.
        axis: Option<NodeId>,
    },
    /// `A[i,j]`, `x[1]`, `delta[i,j]`: the positions are names, numbers or sums of these, or (where
    /// an axis stays) ranges.
    Entry(NodeId, List),
    /// `a:b`, `:b`, `a:`, `:` as a position: both ends belong to it.
    Range(Option<NodeId>, Option<NodeId>),
    /// `[x; y]` where `down`, `[A, b]` where not: two or more blocks. `[A, B; C, D]` has rows of
    /// blocks under each other.
    Block {
        /// Whether the blocks stand under each other.
        down: bool,
        /// The blocks in order.
        list: List,
    },
    /// `sum[i,j](…)`: the list holds the bound names as [`Expr::Name`] nodes.
    IndexSum(List, NodeId),
    /// `a < b`.
    Compare(Comparison, NodeId, NodeId),
}

/// A declared property of a variable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Attribute {
    /// `A' == A`.
    Symmetric,
    /// Every entry is greater than 0.
    Positive,
    /// Symmetric with positive eigenvalues.
    PosDef,
    /// Zero off the diagonal.
    Diagonal,
    /// `Q'*Q == I`.
    Orthogonal,
    /// Entries at least 0 that sum to 1.
    Simplex,
}

/// Declared properties in the order written, each once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    list: [Attribute; 6],
    len: u8,
}

impl Attributes {
    /// No properties.
    pub const NONE: Attributes = Attributes { list: [Attribute::Symmetric; 6], len: 0 };

    /// Adds one that is not there yet.
    pub fn add(&mut self, attribute: Attribute) {
        if !self.contains(&attribute) {
            self.list[usize::from(self.len)] = attribute;
            self.len += 1;
        }
    }
}

impl std::ops::Deref for Attributes {
    type Target = [Attribute];

    fn deref(&self) -> &[Attribute] {
        &self.list[..usize::from(self.len)]
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = &'a Attribute;
    type IntoIter = std::slice::Iter<'a, Attribute>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl std::fmt::Debug for Attributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// One variable of a `var` line or of `--shape`.
#[derive(Clone, PartialEq, Debug)]
pub struct Declaration {
    /// The variable.
    pub name: NameId,
    /// Where its name stands.
    pub span: Span,
    /// Its dimensions, as expressions over dimension names: `m`, `3`, `m-p+1`, `n/2`.
    pub dims: List,
    /// Its properties, in the order written.
    pub attributes: Attributes,
}

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub enum Statement {
    /// `var W[m,n], c positive`.
    Variables(Vec<Declaration>),
    /// `fn f, g`; with `scalar`, functions from an array of any shape to a scalar.
    Functions {
        /// The names, each with its place.
        names: Vec<(NameId, Span)>,
        /// Whether `scalar` was said.
        scalar: bool,
    },
    /// `u = W*x` or `u[i] = sum[j](W[i,j]*x[j])`.
    Definition {
        /// What is defined.
        name: NameId,
        /// Where its name stands.
        span: Span,
        /// The index names on the left, as [`Expr::Name`] nodes; empty without brackets.
        indices: List,
        /// The right side.
        body: NodeId,
    },
    /// An expression by itself.
    Expression(NodeId),
    /// `a == b == c`, two or more sides; a line that begins with `==` continues the chain above.
    Claim(Vec<NodeId>),
}

/// A parsed program.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The text it was read from (of `--shape` first, a newline, then the program).
    pub source: Arc<str>,
    /// Where the program proper begins in `source`; what stands before it comes from `--shape`.
    pub program_start: u32,
    /// What was written at each node.
    pub nodes: Vec<Expr>,
    /// Where each node stands.
    pub spans: Vec<Span>,
    /// The lists of nodes that nodes refer to.
    pub children: Vec<NodeId>,
    /// The names.
    pub names: Names,
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// Where each statement stands.
    pub statement_spans: Vec<Span>,
}

impl Program {
    /// What was written at `id`.
    pub fn node(&self, id: NodeId) -> &Expr {
        &self.nodes[id.0 as usize]
    }

    /// Where `id` stands.
    pub fn span(&self, id: NodeId) -> Span {
        self.spans[id.0 as usize]
    }

    /// The nodes of a list.
    pub fn list(&self, list: List) -> &[NodeId] {
        &self.children[list.start as usize..(list.start + list.len) as usize]
    }

    /// The canonical spelling of a name.
    pub fn name(&self, id: NameId) -> &str {
        self.names.canonical(id)
    }

    /// A name as it was written where it first appeared.
    pub fn written(&self, id: NameId) -> &str {
        self.names.written(id)
    }

    /// The name with this canonical spelling.
    pub fn find_name(&self, canonical: &str) -> Option<NameId> {
        self.names.find(canonical)
    }
}

impl Program {
    /// Calls `visit` on each child of a node.
    pub fn for_each_child(&self, id: NodeId, mut visit: impl FnMut(NodeId)) {
        match self.node(id) {
            Expr::Number(_) | Expr::Name(_) => {}
            Expr::Range(a, b) => a.iter().chain(b).for_each(|c| visit(*c)),
            Expr::Negate(a) | Expr::Transpose(a) => visit(*a),
            Expr::Sum(list) | Expr::Block { list, .. } => {
                self.list(*list).iter().for_each(|c| visit(*c));
            }
            Expr::Product(_, a, b)
            | Expr::Power(a, b)
            | Expr::ElementPower(a, b)
            | Expr::Compare(_, a, b) => {
                visit(*a);
                visit(*b);
            }
            Expr::Call { arguments, axis, .. } => {
                self.list(*arguments).iter().for_each(|c| visit(*c));
                if let Some(c) = axis {
                    visit(*c);
                }
            }
            Expr::Entry(a, list) => {
                visit(*a);
                self.list(*list).iter().for_each(|c| visit(*c));
            }
            Expr::IndexSum(list, body) => {
                self.list(*list).iter().for_each(|c| visit(*c));
                visit(*body);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_small() {
        assert!(std::mem::size_of::<Expr>() <= 24);
    }
}
