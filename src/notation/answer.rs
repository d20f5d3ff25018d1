//! An answer in notation: what every output format prints.

use super::forms::Form;
use super::math::{Math, Symbol};
use crate::syntax::ast::{Attribute, Attributes};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::rc::Rc;

/// The sizes of the axes of a value; values of one shape share it.
pub type Shape = Rc<[Math]>;

/// The names of the indices of an entry.
pub type Indices = Box<[Symbol]>;

/// Positions in [`Answer::bindings`], in order, each once.
pub type Needs = SmallVec<[u32; 4]>;

/// `X is invertible`, and the like.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    /// What must have the property.
    pub of: Math,
    /// The property, in words.
    pub property: &'static str,
}

impl Condition {
    /// In the spelling of the language.
    pub fn ascii(&self) -> String {
        format!("{} is {}", super::ascii::ascii(&self.of), self.property)
    }

    /// In mathematical characters.
    pub fn unicode(&self) -> String {
        format!("{} is {}", super::unicode::unicode(&self.of), self.property)
    }
}

/// A named value: a definition of the user, a cotangent such as `∇u`, or a shared subexpression.
#[derive(Clone, Debug)]
pub struct Binding {
    /// What is named: [`Math::Symbol`] or [`Math::Gradient`].
    pub name: Math,
    /// Its value, in terms of variables and earlier bindings.
    pub value: Math,
    /// The names of the indices where it is given entry by entry, for want of a matrix form.
    pub indices: Option<Box<Indices>>,
    /// The sizes of its axes.
    pub shape: Shape,
    /// The bindings (positions in [`Answer::bindings`]) that its value mentions.
    pub needs: Needs,
}

impl Binding {
    /// The left side of the equation: the name, or an entry of what is named.
    pub fn left(&self) -> Math {
        entry_of(self.name.clone(), self.axes())
    }

    /// The names of the indices where it is given entry by entry; else none.
    pub fn axes(&self) -> &[Symbol] {
        self.indices.as_ref().map_or(&[], |indices| indices)
    }
}

/// An entry, or the whole without indices.
pub(super) fn entry_of(base: Math, axes: &[Symbol]) -> Math {
    if axes.is_empty() {
        return base;
    }
    Math::Entry(Box::new(base), axes.iter().cloned().map(Math::Symbol).collect())
}

/// A free variable as the answer states it.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The variable, or the cotangent `∇y` of an objective that is not a scalar.
    pub name: Math,
    /// The sizes of its axes.
    pub shape: Shape,
    /// Declared properties.
    pub attributes: Attributes,
    /// Whether the shape was assumed rather than declared.
    pub assumed: bool,
}

/// What a result is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultKind {
    /// The gradient of a scalar, or the vector–Jacobian product of an array.
    Gradient,
    /// The gradient within a declared structure, beside the entrywise one.
    Structured(Attribute),
    /// The full Jacobian.
    Jacobian,
    /// Second derivatives.
    Hessian,
    /// The expression itself, simplified.
    Value,
}

/// One result.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it is.
    pub kind: ResultKind,
    /// The variables it is taken by (canonical names); two for a Hessian.
    pub wrt: SmallVec<[Symbol; 1]>,
    /// The sizes of its axes.
    pub shape: Shape,
    /// The result in matrix notation where there is one, else in index notation.
    pub value: Math,
    /// Whether `value` is an entry in index notation, for want of a matrix form.
    pub entrywise: bool,
    /// The bindings (positions in [`Answer::bindings`]) that it mentions.
    pub needs: Needs,
    /// What else it is written as, if anything.
    pub besides: Option<Box<Besides>>,
}

/// What a result is written as besides its value.
#[derive(Clone, Debug, Default)]
pub struct Besides {
    /// In index notation, an entry whose free indices are `axes`, where that was asked for.
    pub index: Option<Math>,
    /// The index names of that entry, one for each axis.
    pub axes: Indices,
    /// Other forms of a result with more than two axes.
    pub forms: Box<[Form]>,
}

impl Outcome {
    /// In index notation, an entry whose free indices are [`Outcome::axes`], where that was asked
    /// for.
    pub fn index(&self) -> Option<&Math> {
        self.besides.as_ref()?.index.as_ref()
    }

    /// The index names of the entry, one for each axis.
    pub fn axes(&self) -> &[Symbol] {
        self.besides.as_ref().map_or(&[], |b| &b.axes)
    }

    /// Other forms of a result with more than two axes.
    pub fn forms(&self) -> &[Form] {
        self.besides.as_ref().map_or(&[], |b| &b.forms)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The objective's name (`y`, `L`, …).
    pub objective: Symbol,
    /// Whether the program itself gives the objective this name.
    pub named: bool,
    /// The objective's value, as written by the user, in terms of `bindings`.
    pub value: Math,
    /// The names of the indices where that value is given entry by entry.
    pub value_axes: Indices,
    /// The sizes of the objective's axes.
    pub shape: Shape,
    /// The bindings (positions in `bindings`) that `value` mentions.
    pub value_needs: Needs,
    /// Everything that is named, each in terms of variables and earlier entries: the definitions of
    /// the program that are used (in its order), cotangents and shared subexpressions.
    pub bindings: Vec<Binding>,
    /// The variables that the objective depends on, in the order of first appearance, then the
    /// cotangent of an objective that is not a scalar.
    pub parameters: Vec<Parameter>,
    /// Unknown elementwise functions, with the highest derivative used.
    pub functions: Vec<(Symbol, u32)>,
    /// Unknown functions of an array to a scalar.
    pub scalar_functions: Vec<Symbol>,
    /// What names are spelt like where the user wrote other letters (`λ` for `lambda`).
    pub spellings: FxHashMap<Rc<str>, Rc<str>>,
    /// The results in the order asked for.
    pub results: Vec<Outcome>,
    /// What must hold for it.
    pub conditions: Vec<Condition>,
    /// Other sentences that belong to the answer.
    pub remarks: Vec<String>,
}

impl Answer {
    /// The left side of the equation that gives the objective's value.
    pub fn value_left(&self) -> Math {
        entry_of(Math::Symbol(self.objective.clone()), &self.value_axes)
    }

    /// A name as the user wrote it.
    pub fn written<'a>(&'a self, name: &'a str) -> &'a str {
        self.spellings.get(name).map_or(name, |written| written)
    }

    /// A parameter as the user wrote it; `grad_y` for a cotangent.
    pub fn parameter_name<'a>(&'a self, parameter: &'a Parameter) -> Cow<'a, str> {
        match &parameter.name {
            Math::Gradient(of) => format!("grad_{}", self.written(&of.name)).into(),
            Math::Symbol(symbol) => self.written(&symbol.name).into(),
            other => super::ascii::ascii(other).into(),
        }
    }

    /// All bindings that these rest on, themselves included, in order. Linear in what is found.
    pub fn closure(&self, direct: &[u32]) -> Vec<usize> {
        let mut seen: rustc_hash::FxHashSet<usize> = rustc_hash::FxHashSet::default();
        let mut stack = direct.to_vec();
        while let Some(at) = stack.pop() {
            let at = at as usize;
            if at < self.bindings.len() && seen.insert(at) {
                stack.extend_from_slice(&self.bindings[at].needs);
            }
        }
        let mut list: Vec<usize> = seen.into_iter().collect();
        list.sort_unstable();
        list
    }

    /// Marks all bindings that these rest on, themselves included.
    pub(super) fn mark(&self, direct: &[u32], marked: &mut [bool]) {
        let mut stack: SmallVec<[u32; 16]> = SmallVec::from_slice(direct);
        while let Some(at) = stack.pop() {
            let at = at as usize;
            if marked.get(at) == Some(&false) {
                marked[at] = true;
                stack.extend_from_slice(&self.bindings[at].needs);
            }
        }
    }
}
