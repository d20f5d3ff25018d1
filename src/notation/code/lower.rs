//! From the presentation tree to array operations.
//!
//! Keeps track of orientation: a row and a column are both vectors, and only the products need to
//! know which is which. Recursion is bounded: a tree deeper than [`STEP`] is lowered in layers from
//! below.

use super::CodeError;
use super::build::Build;
use super::graph::{Id, Op};
use super::{block, chain, index, size};
use crate::functions::{Function, Kind, Lowering, Signature};
use crate::notation::answer::{Answer, Parameter};
use crate::notation::math::{Math, Symbol};
use crate::number::Number;
use crate::syntax::operator::comparison_text;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The deepest tree that is lowered in one go.
const STEP: u32 = 24;

/// A value, and whether it is a vector that stands as a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) id: Id,
    pub(super) row: bool,
}

impl Value {
    pub(super) fn upright(id: Id) -> Value {
        Value { id, row: false }
    }
}

/// A function that the caller passes in.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Callable {
    /// An unknown function with its number of primes.
    Unknown(Rc<str>, u32),
    /// The gradient (1) or the Hessian (2) of an unknown function of an array.
    Gradient(Rc<str>, u32),
}

/// What names mean while an answer is lowered.
#[derive(Debug)]
pub(super) struct Lower<'a> {
    pub(super) build: Build,
    answer: &'a Answer,
    values: FxHashMap<Rc<str>, Value>,
    cotangents: FxHashMap<Rc<str>, Value>,
    sizes: FxHashMap<String, Id>,
    /// The lengths of the indices in scope.
    pub(super) lengths: FxHashMap<Rc<str>, Id>,
    pub(super) callables: Vec<Callable>,
    /// Sizes that no variable's shape gives.
    pub(super) extra: Vec<Rc<str>>,
    positions: FxHashMap<Callable, u32>,
    /// Parts of a deep tree that are lowered already, by place.
    layers: FxHashMap<*const Math, Value>,
}

impl<'a> Lower<'a> {
    pub(super) fn new(answer: &'a Answer) -> Lower<'a> {
        let mut lower = Lower {
            build: Build::new(),
            answer,
            values: FxHashMap::default(),
            cotangents: FxHashMap::default(),
            sizes: FxHashMap::default(),
            lengths: FxHashMap::default(),
            callables: Vec::new(),
            extra: Vec::new(),
            positions: FxHashMap::default(),
            layers: FxHashMap::default(),
        };
        let mut ids = Vec::with_capacity(answer.parameters.len());
        for (at, p) in answer.parameters.iter().enumerate() {
            let id = lower.build.graph.node(Op::Parameter(at as u32), p.shape.len() as u8);
            lower.bind(&p.name, Value::upright(id));
            ids.push(id);
        }
        lower.find_sizes(&answer.parameters, &ids);
        lower
    }

    /// Gives a name its value.
    pub(super) fn bind(&mut self, name: &Math, value: Value) {
        match name {
            Math::Symbol(s) => self.values.insert(s.name.clone(), value),
            Math::Gradient(s) => self.cotangents.insert(s.name.clone(), value),
            _ => None,
        };
    }

    /// Learns the sizes from the shapes of the variables: plain names first, then those that occur
    /// in compound sizes only. The cotangent's shape says nothing to `value`, which lacks it.
    fn find_sizes(&mut self, parameters: &[Parameter], ids: &[Id]) {
        let mut compound: Vec<(Rc<str>, Id, u8)> = Vec::new();
        let variables = |p: &&(&Parameter, &Id)| !matches!(p.0.name, Math::Gradient(_));
        for (p, id) in parameters.iter().zip(ids).collect::<Vec<_>>().iter().filter(variables) {
            for (axis, size) in p.shape.iter().enumerate() {
                let Math::Symbol(s) = size else { continue };
                if size::is_name(&s.name) {
                    if !self.sizes.contains_key(&*s.name) {
                        let length = self.build.length(**id, axis as u8);
                        self.build.graph.set_label(length, s.name.clone());
                        self.sizes.insert(s.name.to_string(), length);
                    }
                } else {
                    compound.push((s.name.clone(), **id, axis as u8));
                }
            }
        }
        // each round may make another size known; there are few of them
        for _ in 0..compound.len().min(8) {
            for (text, id, axis) in &compound {
                let length = self.build.length(*id, *axis);
                if let Some((name, value)) =
                    size::solved(&mut self.build, text, length, &self.sizes)
                {
                    self.build.graph.set_label(value, name.as_str().into());
                    self.sizes.insert(name, value);
                }
            }
        }
    }

    /// The value of a size. One that follows from no variable's shape becomes a parameter.
    pub(super) fn size(&mut self, math: &Math) -> Result<Id, CodeError> {
        match math {
            Math::Number(n) => Ok(self.build.number(n.clone())),
            Math::Symbol(s) => {
                if let Some(id) = self.known_size(&s.name) {
                    return Ok(id);
                }
                for name in size::names(&s.name) {
                    if !self.sizes.contains_key(name) {
                        let id = self.build.graph.node(Op::Size(self.extra.len() as u32), 0);
                        self.extra.push(name.into());
                        self.sizes.insert(name.to_string(), id);
                    }
                }
                let unknown = || CodeError::UnknownSize { size: s.name.to_string() };
                self.known_size(&s.name).ok_or_else(unknown)
            }
            _ => Ok(self.value(math)?.id),
        }
    }

    /// The value of a size, where it follows from what is known.
    fn known_size(&mut self, text: &str) -> Option<Id> {
        match self.sizes.get(text) {
            Some(id) => Some(*id),
            None => size::value(&mut self.build, text, &self.sizes),
        }
    }

    /// Whether a name is a size of the program.
    fn is_size(&self, name: &str) -> bool {
        let answer = self.answer;
        let shapes = answer.parameters.iter().map(|p| &p.shape).chain([&answer.shape]);
        let all = shapes.chain(answer.results.iter().map(|r| &r.shape));
        all.chain(answer.bindings.iter().map(|b| &b.shape))
            .flat_map(|shape| shape.iter())
            .any(|size| matches!(size, Math::Symbol(s) if size::names(&s.name).any(|n| n == name)))
    }

    pub(super) fn size_list(&mut self, sizes: &[Math]) -> Result<Vec<Id>, CodeError> {
        sizes.iter().map(|s| self.size(s)).collect()
    }

    /// The position of a callable among the parameters that follow the variables.
    fn callable(&mut self, callable: Callable) -> u32 {
        let next = self.callables.len() as u32;
        let at = *self.positions.entry(callable.clone()).or_insert(next);
        if at == next {
            self.callables.push(callable);
        }
        at
    }

    /// The value of `grad_x`, which may be a cotangent or a variable of that name.
    fn gradient(&self, s: &Symbol) -> Result<Value, CodeError> {
        let name = || format!("grad_{}", s.name);
        let found = self.cotangents.get(&s.name).or_else(|| self.values.get(name().as_str()));
        found.copied().ok_or_else(|| CodeError::UnknownName { name: name() })
    }

    fn symbol(&mut self, s: &Symbol, math: &Math) -> Result<Value, CodeError> {
        match self.values.get(&s.name) {
            Some(value) => Ok(*value),
            None if s.rank == 0 => match self.known_size(&s.name) {
                Some(id) => Ok(Value::upright(id)),
                None if size::names(&s.name).all(|n| self.is_size(n)) => {
                    Ok(Value::upright(self.size(math)?))
                }
                None => Err(CodeError::UnknownSize { size: s.name.to_string() }),
            },
            None => Err(CodeError::UnknownName { name: s.name.to_string() }),
        }
    }

    /// The value of a whole expression, however deep.
    pub(super) fn whole(&mut self, math: &Math) -> Result<Value, CodeError> {
        let mut list: Vec<(&Math, u32)> = vec![(math, u32::MAX)];
        let mut next = 0;
        while next < list.len() {
            let (part, at) = (list[next].0, next as u32);
            // what stands in index notation has a meaning only as a whole
            let index = matches!(part, Math::Entry(..)) && !block::is_slice(part);
            if !index && !matches!(part, Math::IndexSum(..) | Math::Delta(..)) {
                index::for_each_child(part, &mut |child| list.push((child, at)));
            }
            next += 1;
        }
        let mut heights: Vec<u32> = vec![0; list.len()];
        for at in (0..list.len()).rev() {
            let (part, parent) = list[at];
            if heights[at] >= STEP && parent != u32::MAX {
                let value = self.value(part)?;
                self.layers.insert(std::ptr::from_ref(part), value);
                heights[at] = 0;
            }
            let above = heights[at] + 1;
            if let Some(height) = heights.get_mut(parent as usize) {
                *height = above.max(*height);
            }
        }
        let value = self.value(math);
        self.layers.clear();
        value
    }

    /// A part that is lowered already.
    pub(super) fn layer(&self, math: &Math) -> Option<Value> {
        if self.layers.is_empty() {
            None
        } else {
            self.layers.get(&std::ptr::from_ref(math)).copied()
        }
    }

    /// The value of an expression without free indices.
    pub(super) fn value(&mut self, math: &Math) -> Result<Value, CodeError> {
        if let Some(value) = self.layer(math) {
            return Ok(value);
        }
        Ok(match math {
            Math::Number(n) => Value::upright(self.build.number(n.clone())),
            Math::Symbol(s) => self.symbol(s, math)?,
            Math::Gradient(s) => self.gradient(s)?,
            Math::Partial(..) | Math::Differential(_) | Math::Inner(..) => {
                return Err(CodeError::Unsupported { what: "a step of a derivation".into() });
            }
            Math::Pi => Value::upright(self.build.graph.node(Op::Pi, 0)),
            Math::Ones(sizes) => {
                let list = self.size_list(sizes)?;
                Value::upright(self.build.graph.node(Op::Ones(list), sizes.len() as u8))
            }
            Math::Zeros(sizes) if sizes.is_empty() => {
                Value::upright(self.build.number(Number::ZERO))
            }
            Math::Zeros(sizes) => {
                let list = self.size_list(sizes)?;
                Value::upright(self.build.graph.node(Op::Zeros(list), sizes.len() as u8))
            }
            Math::Sum(terms) => {
                let mut list = Vec::with_capacity(terms.len());
                let mut row = false;
                for (negative, term) in terms {
                    let value = self.value(term)?;
                    row |= value.row;
                    list.push((*negative, value.id));
                }
                Value { id: self.build.sum(list), row }
            }
            Math::Hadamard(factors) => {
                let (list, row) = self.list(factors)?;
                Value { id: self.build.times(list), row }
            }
            Math::ElementQuotient(a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                Value { id: self.build.divide(a.id, b.id), row: a.row || b.row }
            }
            Math::ElementPower(a, k) => {
                let (a, k) = (self.value(a)?, self.value(k)?);
                Value { id: self.build.power(a.id, k.id), row: a.row || k.row }
            }
            Math::Negate(a) => {
                let a = self.value(a)?;
                Value { id: self.build.negate(a.id), row: a.row }
            }
            Math::Product(_)
            | Math::Quotient(..)
            | Math::Power(..)
            | Math::Transpose(_)
            | Math::Identity(_) => chain::product(self, math)?,
            Math::Call(f, list, axis) => self.called(math, f, list, *axis)?,
            Math::Unknown(f, list) => {
                let (list, row) = self.list(list)?;
                self.unknown(&f.name, f.primes, list, row)
            }
            Math::UnknownGradient(s, order, a) => {
                let a = self.value(a)?;
                let rank = self.build.rank(a.id) * *order as u8;
                let at = self.callable(Callable::Gradient(s.name.clone(), *order));
                let id = self.build.graph.node(Op::Apply(at, vec![a.id], false), rank);
                Value { id, row: a.row && *order == 1 }
            }
            Math::Compare(operator, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                Value {
                    id: self.compare(comparison_text(*operator), a.id, b.id),
                    row: a.row || b.row,
                }
            }
            Math::Entry(base, at) if block::is_slice(math) => block::slice(self, base, at)?,
            Math::Block(rows) => block::block(self, rows)?,
            Math::Range(_) => {
                return Err(CodeError::Unsupported { what: "a range by itself".into() });
            }
            Math::Entry(..) | Math::IndexSum(..) | Math::Delta(..) => {
                // indices of other expressions may have the same names
                let outer = std::mem::take(&mut self.lengths);
                let id = index::array(self, math, None);
                self.lengths = outer;
                Value::upright(id?)
            }
        })
    }

    pub(super) fn compare(&mut self, operator: &'static str, a: Id, b: Id) -> Id {
        let rank = self.build.rank(a).max(self.build.rank(b));
        self.build.graph.node(Op::Compare(operator, a, b), rank)
    }

    /// 1 where a condition holds, else 0.
    pub(super) fn indicated(&mut self, condition: Id) -> Result<Id, CodeError> {
        let unsupported = || CodeError::Unsupported { what: "a condition".into() };
        let choose = self.build.stable.ok_or_else(unsupported)?.choose;
        let (one, zero) = (self.build.integer(1), self.build.integer(0));
        let rank = self.build.rank(condition);
        Ok(self.build.call(choose.0, vec![condition, one, zero], None, rank))
    }

    fn list(&mut self, list: &[Math]) -> Result<(Vec<Id>, bool), CodeError> {
        let mut ids = Vec::with_capacity(list.len());
        let mut row = false;
        for math in list {
            let value = self.value(math)?;
            row |= value.row;
            ids.push(value.id);
        }
        Ok((ids, row))
    }

    /// An unknown function of values.
    pub(super) fn unknown(&mut self, s: &Symbol, primes: u32, list: Vec<Id>, row: bool) -> Value {
        let scalar = self.answer.scalar_functions.contains(s);
        let rank = list.iter().map(|a| self.build.rank(*a)).max().unwrap_or(0);
        let at = self.callable(Callable::Unknown(s.name.clone(), primes));
        let op = Op::Apply(at, list, scalar);
        let id = self.build.graph.node(op, if scalar { 0 } else { rank });
        Value { id, row: row && !scalar }
    }

    fn called(
        &mut self,
        math: &Math,
        f: &'static Function,
        list: &[Math],
        axis: Option<u8>,
    ) -> Result<Value, CodeError> {
        match (f.lowering_for(list.len()), list) {
            (Lowering::Einsum(["ii->"]), [a]) => Ok(Value::upright(chain::trace(self, a)?)),
            (Lowering::Einsum(["ij->ji"] | ["i->ii", ..]) | Lowering::Node(Kind::Inverse), [_]) => {
                chain::product(self, math)
            }
            _ => self.call(f, list, axis),
        }
    }

    /// A function of the table, applied by its name.
    pub(super) fn call(
        &mut self,
        f: &'static Function,
        list: &[Math],
        axis: Option<u8>,
    ) -> Result<Value, CodeError> {
        let (ids, row) = self.list(list)?;
        if row && f.reads_rows() {
            return Err(CodeError::Unsupported { what: format!("`{}` of a row", f.name) });
        }
        self.apply(f, ids, axis, row)
    }

    /// A function of the table of values.
    pub(super) fn apply(
        &mut self,
        f: &'static Function,
        ids: Vec<Id>,
        axis: Option<u8>,
        row: bool,
    ) -> Result<Value, CodeError> {
        let b = &mut self.build;
        let unsupported =
            || CodeError::Unsupported { what: format!("`{}` of these arguments", f.name) };
        let first = b.rank(*ids.first().ok_or_else(unsupported)?);
        let ranks: Vec<u8> = ids.iter().map(|a| b.rank(*a)).collect();
        let lowering = f.lowering_for(ids.len());
        // a scalar counts as a matrix of one entry
        if first == 0 && ids.len() == 1 && f.signature_is_square() {
            return match lowering {
                Lowering::Node(Kind::Inverse) => Ok(Value::upright(b.inverse(ids[0]))),
                Lowering::Node(Kind::Determinant) => Ok(Value::upright(ids[0])),
                Lowering::Node(Kind::LogDeterminant) => {
                    let find = |n| crate::functions::find(n).ok_or_else(unsupported);
                    let magnitude = b.call(find("abs")?, ids, None, 0);
                    Ok(Value::upright(b.call(find("log")?, vec![magnitude], None, 0)))
                }
                _ => Err(unsupported()),
            };
        }
        if let (Lowering::Einsum(["i,j->ij"]), [x, y]) = (lowering, &ids[..]) {
            return Ok(Value::upright(b.outer(*x, *y)));
        }
        let (rank, row) = match f.signature_for(ids.len()) {
            Signature::Elementwise => (ranks.iter().copied().max().unwrap_or(0), row),
            Signature::Reduction { .. } => match axis {
                Some(_) => (first.saturating_sub(1), false),
                None => (0, false),
            },
            Signature::Axiswise | Signature::Mask => (first, row),
            Signature::Shapes(alternatives) => {
                let rank = alternatives.iter().find_map(|text| result_rank(text, &ranks));
                (rank.ok_or_else(unsupported)?, false)
            }
            Signature::Special(_) => return Err(unsupported()),
        };
        if f.numpy.call.is_empty() {
            return Err(CodeError::Unsupported { what: format!("`{}`", f.name) });
        }
        let axis = axis.filter(|_| first > 1);
        Ok(Value { id: b.call(f, ids, axis, rank), row })
    }
}

/// The axes of the result of a signature's alternative, where the arguments' ranks fit it.
fn result_rank(text: &str, ranks: &[u8]) -> Option<u8> {
    let axes = |t: &str| -> u8 {
        let inner = t.split_once('[').map_or("", |(_, r)| r.split(']').next().unwrap_or(""));
        inner.split(',').filter(|s| !s.trim().is_empty()).count() as u8
    };
    let (left, right) = text.split_once("->")?;
    let mut arguments = left.split(']').filter(|t| t.contains('['));
    // letters after the arrays are sizes
    let fits =
        ranks.iter().all(|r| arguments.next().map_or(*r == 0, |t| axes(&format!("{t}]")) == *r));
    (fits && arguments.next().is_none()).then(|| axes(right))
}
