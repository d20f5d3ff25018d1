//! The lower triangle of ones, the constant that `tril` multiplies by.

use super::arena::{Arena, AxesId, ONE};
use super::build::TermList;
use super::einsum::Work;
use super::node::{Axes, ExprId, MatrixFunction, Network, Node, Operand, Symbol, SymbolKind};
use crate::number::Number;
use crate::shape::dim::DimId;
use smallvec::{SmallVec, smallvec};

impl Arena {
    /// The m×n matrix that is 1 on and below the diagonal, else 0.
    pub(crate) fn lower_ones(&mut self, m: DimId, n: DimId) -> ExprId {
        if let Some(&id) = self.triangles.get(&(m, n)) {
            return id;
        }
        let id = self.symbol_expr(Symbol::new("triangle".into(), SymbolKind::Triangle), &[m, n]);
        self.triangles.insert((m, n), id);
        id
    }

    /// Whether there are triangles at all.
    pub(super) fn has_triangles(&self) -> bool {
        !self.triangles.is_empty()
    }

    /// The lower and the upper triangle of ones are all ones and the identity.
    pub(super) fn join_triangles(&mut self, axes: AxesId, terms: &mut TermList) -> bool {
        let upper = |e: ExprId| match self.node(e) {
            Node::Einsum(view) => {
                let mut operands = view.operands();
                let (inner, wires) = operands.next()?;
                let flipped = operands.next().is_none() && wires == [1, 0];
                (flipped && view.output() == [0, 1] && self.is_triangle(inner)).then_some(inner)
            }
            _ => None,
        };
        let pair = terms.iter().enumerate().find_map(|(at, (c, e))| {
            let lower = upper(*e)?;
            let other = terms.iter().position(|(d, f)| c == d && *f == lower)?;
            Some((at, other, *c))
        });
        let Some((at, other, c)) = pair else { return false };
        let sizes = Axes::from_slice(self.axes(terms[at].1));
        if sizes[0] != sizes[1] || self.axes_id(&sizes) != axes {
            return false;
        }
        terms.remove(at.max(other));
        terms.remove(at.min(other));
        terms.push((c, self.ones(&sizes)));
        terms.push((c, self.identity(sizes[0])));
        true
    }

    /// Whether this is a lower triangle of ones.
    pub(crate) fn is_triangle(&self, id: ExprId) -> bool {
        !self.triangles.is_empty()
            && self.as_symbol(id).is_some_and(|s| self.symbol(s).kind == SymbolKind::Triangle)
    }

    /// Whether this is zero above the diagonal by its nature: a triangle of ones, a Cholesky factor
    /// or its inverse.
    fn is_lower(&self, id: ExprId) -> bool {
        match self.node(id) {
            Node::Matrix(MatrixFunction::Cholesky, _) => true,
            Node::Matrix(MatrixFunction::Inverse, x) => {
                matches!(self.node(x), Node::Matrix(MatrixFunction::Cholesky, _))
            }
            _ => self.is_triangle(id),
        }
    }

    /// What a lower triangle beside a triangular factor is: nothing more (true), or the diagonal
    /// alone (false).
    pub(super) fn beside_triangle(&self, work: &Work, at: usize) -> Option<bool> {
        let [i, j] = work.factors[at].wires[..] else { return None };
        work.factors.iter().enumerate().find_map(|(other, f)| {
            let same = f.wires[..] == [i, j];
            let apart = same || f.wires[..] == [j, i];
            (other != at && apart && f.exponent == ONE && self.is_lower(f.base)).then_some(same)
        })
    }

    /// The n×n matrix that repeats a vector: entry (i, j) is that at i (`axis` 0) or j (1).
    pub(crate) fn permute_broadcast(&mut self, vector: ExprId, dim: DimId, axis: u32) -> ExprId {
        let mut operands = SmallVec::new();
        operands.push(Operand { expr: vector, wires: smallvec![axis] });
        self.einsum(Network {
            coefficient: Number::ONE,
            operands,
            output: smallvec![0, 1],
            sizes: smallvec![dim, dim],
        })
    }
}
