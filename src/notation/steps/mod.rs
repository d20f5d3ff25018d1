//! Derivations to read: what the sweep recorded, in index notation and in matrix notation.
//!
//! A group of lines derives one cotangent. *Index* lines are those of lecture notes: the chain rule,
//! the local derivative with its δ's, the δ's contracted. *Matrix* lines are those of a textbook on
//! differentials: `dL = ⟨∇u, du⟩ = ⟨∇u, dW x⟩ = ⟨∇u xᵀ, dW⟩`, so that `∇W = ∇u xᵀ`. The last line of a
//! group about a result is that result, as the answer prints it.
//!
//! *Invariant:* every line is an equation of the language (its claim), which holds in the program of
//! [`Steps::preamble`].

mod bound;
mod build;
mod claims;
mod differential;
mod finish;
mod given;
pub mod json;
pub mod latex;
mod lines;
mod speak;
pub mod stream;
pub mod text;

use super::math::Math;
pub use build::{Trace, build};
use rustc_hash::FxHashSet;

/// A derivation in notation.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// Declarations of the variables, and of the small changes that matrix lines speak of.
    pub declarations: Vec<String>,
    /// What is named, in order.
    pub given: Vec<Given>,
    /// Definitions of the cotangents as text of the language.
    pub cotangents: Vec<String>,
    /// The groups, from the objective backwards.
    pub groups: Vec<Group>,
    /// The declarations, to be found.
    declared: FxHashSet<String>,
    /// What was named since the last group.
    held: Vec<Given>,
}

/// A named value.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its name, with indices where it is given entry by entry.
    pub name: Math,
    /// Its value in terms of names before it.
    pub value: Math,
    /// The same as its author wrote it, where that is another text.
    pub written: Option<Math>,
    /// Whether only claims need it: a loss that stands for any.
    pub hidden: bool,
}

/// The derivation of one cotangent.
#[derive(Clone, Debug)]
pub struct Group {
    /// `∇W`, `∂y/∂x`
    pub title: Math,
    /// What is named before it: what the answer shares, the gradient that a Hessian is the derivative of.
    pub given: Vec<Given>,
    /// Definitions that its claims need, as text of the language.
    pub definitions: Vec<String>,
    /// Its lines.
    pub rows: Vec<Row>,
}

/// Lines that correspond.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// In matrix notation.
    pub matrix: Option<Line>,
    /// In index notation.
    pub index: Option<Line>,
}

/// An equation.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// The name of the rule that it rests on.
    pub rule: String,
    /// Its left side.
    pub left: Side,
    /// Its right side.
    pub right: Math,
    /// The equation in the language.
    pub claim: String,
}

/// What stands left.
#[derive(Clone, PartialEq, Debug)]
pub enum Side {
    /// An expression.
    Math(Math),
    /// The left side of a result of the answer, by position.
    Result(usize),
}

/// Which notation is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    /// Differentials.
    Matrix,
    /// Entries.
    Index,
    /// Both, side by side.
    Both,
}

impl Row {
    /// Whether both columns say one thing.
    pub fn shared(&self) -> bool {
        match (&self.matrix, &self.index) {
            (Some(m), Some(i)) => m.left == i.left && m.right == i.right,
            _ => false,
        }
    }

    /// The rules: one name where both columns rest on the same.
    pub fn rules(&self) -> String {
        match (&self.matrix, &self.index) {
            (Some(m), Some(i)) if m.rule != i.rule && !self.shared() => {
                format!("{}, {}", m.rule, i.rule)
            }
            (Some(one), _) | (None, Some(one)) => one.rule.clone(),
            (None, None) => String::new(),
        }
    }
}

impl Group {
    /// The lines in one notation: what has none in matrix notation is given in index notation.
    pub fn lines(&self, notation: Notation) -> Vec<&Line> {
        let matrix = || self.rows.iter().filter_map(|r| r.matrix.as_ref());
        let index = || self.rows.iter().filter_map(|r| r.index.as_ref());
        match notation {
            Notation::Matrix if matrix().any(|l| !index().any(|i| i == l)) => matrix().collect(),
            _ => index().collect(),
        }
    }

    /// The lines with their notation, in the order of reading; what stands in both is given once.
    pub fn all(&self, notation: Notation) -> Vec<(Notation, &Line)> {
        if notation != Notation::Both {
            return self.lines(notation).into_iter().map(|l| (notation, l)).collect();
        }
        let mut out = Vec::new();
        for row in &self.rows {
            out.extend(row.matrix.iter().map(|l| (Notation::Matrix, l)));
            let other = row.index.iter().filter(|_| !row.shared());
            out.extend(other.map(|l| (Notation::Index, l)));
        }
        out
    }

    /// The definitions that its claims need.
    pub fn preamble(&self) -> String {
        let mut out = String::new();
        for given in &self.given {
            given::write_definition(&mut out, given);
        }
        for line in &self.definitions {
            out.push_str(line);
            out.push('\n');
        }
        out
    }
}

impl Steps {
    /// The program in which the claims of the lines hold.
    pub fn preamble(&self) -> String {
        let mut out = String::new();
        for line in &self.declarations {
            out.push_str(line);
            out.push('\n');
        }
        for given in &self.given {
            given::write_definition(&mut out, given);
        }
        for line in &self.cotangents {
            out.push_str(line);
            out.push('\n');
        }
        out
    }
}
