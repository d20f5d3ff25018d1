//! A derivation: what the reverse sweep did, as data.
//!
//! Recorded by the sweep itself while it differentiates, where that was asked for; it holds ids
//! only. Every rendering of a derivation reads this value, and [`Derivation::replay`] applies each
//! rule again.

use super::rules::{Contribution, Rules};
use crate::functions::Function;
use crate::tensor::arena::Arena;
use crate::tensor::node::{ExprId, MapFunction, MatrixFunction, Node, ReduceKind};

/// What a step rests on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Law {
    /// `d(a + b) = da + db`, and so for every linear map.
    Linear,
    /// Of products of every kind: one factor varies at a time.
    Product,
    /// `d(xᵉ) = e xᵉ⁻¹ dx`
    Power,
    /// A function applied entry by entry.
    Elementwise,
    /// What the table of functions gives.
    Tabled(&'static Function),
    /// The largest or smallest entry.
    Extremum,
    /// The product of entries.
    EntryProduct,
    /// `dX⁻¹ = −X⁻¹ dX X⁻¹`
    Inverse,
    /// `d det X = det X tr(X⁻¹ dX)`
    Determinant,
    /// `d log|det X| = tr(X⁻¹ dX)`
    LogDeterminant,
    /// An unknown function of an array.
    Unknown,
}

impl Law {
    /// The law that the rule for a node applies.
    pub fn of(arena: &Arena, node: ExprId) -> Law {
        match arena.node(node) {
            Node::Symbol(_) | Node::Add(_) => Law::Linear,
            Node::Einsum(_) => Law::Product,
            Node::Map(MapFunction::Known(f), _) if f == arena.known.pow => Law::Power,
            Node::Map(..) => Law::Elementwise,
            Node::Named { function, .. } => Law::Tabled(function),
            Node::Reduce(ReduceKind::Product, ..) => Law::EntryProduct,
            Node::Reduce(..) | Node::Window { .. } => Law::Extremum,
            Node::Matrix(MatrixFunction::Inverse, _) => Law::Inverse,
            Node::Matrix(MatrixFunction::Determinant, _) => Law::Determinant,
            Node::Matrix(MatrixFunction::LogDeterminant, _) => Law::LogDeterminant,
            Node::Matrix(kind, _) => Law::Tabled(tabled(kind)),
            Node::Apply(..) => Law::Unknown,
        }
    }

    /// Its name in the table of rules.
    pub fn name(self) -> String {
        match self {
            Law::Linear => "linearity".into(),
            Law::Product => "product-rule".into(),
            Law::Power => "power-rule".into(),
            Law::Elementwise => "elementwise-derivative".into(),
            Law::Tabled(f) => format!("{}-derivative", f.name),
            Law::Extremum => "extremum-derivative".into(),
            Law::EntryProduct => "entry-product-derivative".into(),
            Law::Inverse => "inverse-derivative".into(),
            Law::Determinant => "determinant-derivative".into(),
            Law::LogDeterminant => "log-determinant-derivative".into(),
            Law::Unknown => "unknown-function-derivative".into(),
        }
    }
}

/// The entry of a factor of a symmetric matrix.
fn tabled(kind: MatrixFunction) -> &'static Function {
    let name = match kind {
        MatrixFunction::Cholesky => "chol",
        MatrixFunction::Eigenvalues => "eigvals",
        _ => "eigvecs",
    };
    crate::functions::find(name).expect("the table has the functions that are nodes")
}

/// One application of a rule: from the cotangent of a node to what it contributes to a child's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Step {
    /// What it rests on.
    pub law: Law,
    /// The equation that the node belongs to, by position.
    pub equation: u32,
    /// The node.
    pub node: ExprId,
    /// What stands for its value.
    pub value: ExprId,
    /// Its cotangent.
    pub cotangent: ExprId,
    /// The child.
    pub child: ExprId,
    /// What is added to the child's cotangent.
    pub contribution: ExprId,
}

/// The steps of a sweep, in its order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Derivation {
    /// The number of axes that cotangents have before those of their values.
    pub seed: usize,
    /// The steps, from the objective backwards.
    pub steps: Vec<Step>,
    /// The sum of all contributions to each named value that is passed through, in the order in
    /// which the sums are complete, then to each variable.
    pub totals: Vec<(ExprId, ExprId)>,
}

impl Derivation {
    /// Applies every rule again.
    ///
    /// # Errors
    /// The position of the first step that does not come out as it is recorded.
    pub fn replay(&self, arena: &mut Arena) -> Result<(), usize> {
        let mut rules = Rules { arena, seed: self.seed, corruption: None };
        let mut out: Vec<Contribution> = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            if step.node == step.child {
                continue;
            }
            out.clear();
            let only = |e: ExprId| e == step.child;
            rules.apply(step.node, step.value, step.cotangent, &only, &mut out);
            if !out.contains(&(step.child, step.contribution)) {
                return Err(at);
            }
        }
        Ok(())
    }
}
