//! What stands on a diagonal alone: arrays that are zero but where two positions agree, written into
//! their diagonal in place of a product with an identity matrix; and products that are symmetric.

use super::CodeError;
use super::build::Build;
use super::emit::{COMPARISON, Emit, Text};
use super::graph::{Id, Known, Op};
use super::index::{Factors, Name, contract};
use super::lower::Lower;
use crate::functions::Range;
use crate::notation::math::Math;

/// A helper of `NumPy` modules; subscripts say which entries are meant, and the einsum of one array is
/// a view of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Helper {
    /// Adds on a diagonal, in place.
    PlusDiagonal,
    /// Zeros with values on a diagonal.
    Spread,
}

impl Helper {
    /// All of them, in the order of definition.
    pub(super) const ALL: [Helper; 2] = [Helper::PlusDiagonal, Helper::Spread];

    /// Its definition.
    pub(super) fn text(self) -> &'static str {
        match self {
            Helper::PlusDiagonal => {
                "def _plus_diagonal(a, d, diagonal=\"ii->i\"):\n    \
                 a = a.astype(np.result_type(a, d), copy=False)\n    \
                 np.einsum(diagonal, a)[...] += d\n    \
                 return a\n"
            }
            Helper::Spread => {
                "def _spread(d, shape, diagonal):\n    \
                 a = np.zeros(shape)\n    \
                 np.einsum(diagonal, a)[...] = d\n    \
                 return a\n"
            }
        }
    }
}

/// The subscripts of the entries at which the positions on two of some axes agree: `ijik->ijk`.
pub(super) fn subscripts(rank: u8, i: u8, j: u8) -> String {
    let letter = |k: u8| char::from(b'i' + k);
    let all: String = (0..rank).map(|k| letter(if k == j { i } else { k })).collect();
    let left: String = (0..rank).filter(|k| *k != j).map(letter).collect();
    format!("{all}->{left}")
}

/// Terms with their signs.
type Terms = Vec<(bool, Id)>;

/// A sum by the pairs of axes on whose diagonal its parts stand.
#[derive(Default)]
struct Parts {
    dense: Terms,
    diagonal: Vec<((usize, usize), Terms)>,
}

/// The array of a sum of products over axes, where δ between two of them is no factor: its terms are
/// added on a diagonal.
pub(super) fn array(
    lower: &mut Lower<'_>,
    math: &Math,
    axes: &[Name],
) -> Result<Option<Id>, CodeError> {
    let whole;
    let terms = match math {
        Math::Sum(terms) => &terms[..],
        other => {
            whole = [(false, other.clone())];
            &whole[..]
        }
    };
    let mut parts = Parts::default();
    for (negative, term) in terms {
        let mut factors = super::index::factors(lower, term)?;
        match take_delta(lower, &mut factors, axes) {
            Some((i, j)) => {
                let rest: Vec<Name> = axes.iter().filter(|n| **n != axes[j]).cloned().collect();
                let id = over(lower, factors, &rest)?;
                match parts.diagonal.iter_mut().find(|(at, _)| *at == (i, j)) {
                    Some((_, list)) => list.push((*negative, id)),
                    None => parts.diagonal.push(((i, j), vec![(*negative, id)])),
                }
            }
            None => parts.dense.push((*negative, contract(lower, factors, axes)?)),
        }
    }
    if parts.diagonal.is_empty() {
        return Ok(None);
    }
    let mut value = None;
    if !parts.dense.is_empty() {
        let id = lower.build.sum(parts.dense);
        if !lower.build.covers(id, axes.len()) {
            return Ok(None);
        }
        value = Some(id);
    }
    for (at, list) in parts.diagonal {
        let d = lower.build.sum(list);
        value = Some(match value {
            Some(a) => lower.build.plus_diagonal(a, d, at, axes.len()),
            None => spread(lower, d, at, axes)?,
        });
    }
    Ok(value)
}

/// Takes a δ between two of the axes out of a product: the positions of both; the later one is called
/// like the earlier one in what is left.
fn take_delta(lower: &Lower<'_>, factors: &mut Factors, axes: &[Name]) -> Option<(usize, usize)> {
    let place = |n: &Name| axes.iter().position(|a| a == n);
    let (at, i, j) = factors.list.iter().enumerate().find_map(|(at, (id, names))| {
        let ([x, y], Op::Eye(_)) = (&names[..], lower.build.op(*id)) else { return None };
        let (i, j) = (place(x)?, place(y)?);
        (i != j).then_some((at, i.min(j), i.max(j)))
    })?;
    factors.list.remove(at);
    for name in factors.list.iter_mut().flat_map(|f| &mut f.1) {
        if *name == axes[j] {
            *name = axes[i].clone();
        }
    }
    Some((i, j))
}

/// A product over axes, with axes of length one for those that it does not have.
fn over(lower: &mut Lower<'_>, mut factors: Factors, axes: &[Name]) -> Result<Id, CodeError> {
    if let Some((i, j)) = take_delta(lower, &mut factors, axes) {
        let rest: Vec<Name> = axes.iter().filter(|n| **n != axes[j]).cloned().collect();
        let d = over(lower, factors, &rest)?;
        return spread(lower, d, (i, j), axes);
    }
    let own = factors.names();
    let order: Vec<Name> = axes.iter().filter(|n| own.contains(n)).cloned().collect();
    let id = contract(lower, factors, &order)?;
    Ok(super::index::expanded(lower, id, &order, axes))
}

fn spread(
    lower: &mut Lower<'_>,
    d: Id,
    at: (usize, usize),
    axes: &[Name],
) -> Result<Id, CodeError> {
    let mut sizes = Vec::with_capacity(axes.len());
    for name in axes {
        let length = lower.lengths.get(name).copied();
        sizes.push(length.ok_or_else(|| CodeError::UnknownSize { size: name.to_string() })?);
    }
    let op = Op::Spread(d, sizes, at.0 as u8, at.1 as u8);
    Ok(lower.build.graph.node(op, axes.len() as u8))
}

impl Build {
    /// An array with another one added on its diagonal.
    fn plus_diagonal(&mut self, a: Id, d: Id, at: (usize, usize), rank: usize) -> Id {
        let a = match *self.op(a) {
            // the sign of a product costs less in a factor
            Op::Negate(inner) => match *self.op(inner) {
                Op::Outer(x, y) => {
                    let minus = self.negate(x);
                    self.graph.node(Op::Outer(minus, y), 2)
                }
                Op::Times(ref list) => {
                    let mut list = list.clone();
                    list[0] = self.negate(list[0]);
                    self.graph.node(Op::Times(list), rank as u8)
                }
                _ => a,
            },
            _ => a,
        };
        self.graph.node(Op::PlusDiagonal(a, d, at.0 as u8, at.1 as u8), rank as u8)
    }

    /// The sum of matrices with those that are diagonal added in place.
    pub(super) fn with_diagonal(&mut self, terms: &[(bool, Id)]) -> Option<Id> {
        if !self.in_place {
            return None;
        }
        let (mut dense, mut diagonal) = (Vec::new(), Vec::new());
        for (negative, id) in terms {
            match self.on_diagonal(*id) {
                Some(d) => diagonal.push((*negative, d)),
                None => dense.push((*negative, *id)),
            }
        }
        let covered = dense.iter().any(|t| self.covers(t.1, 2));
        if !covered || diagonal.is_empty() {
            return None;
        }
        let (dense, diagonal) = (self.sum(dense), self.sum(diagonal));
        Some(self.plus_diagonal(dense, diagonal, (0, 1), 2))
    }

    /// What stands on the diagonal of a diagonal matrix.
    fn on_diagonal(&mut self, id: Id) -> Option<Id> {
        if self.graph.label(id).is_some() {
            return None;
        }
        match self.op(id).clone() {
            Op::Diagonal(d) => Some(d),
            Op::Eye(Some(_)) => Some(self.integer(1)),
            Op::Negate(a) => {
                let d = self.on_diagonal(a)?;
                Some(self.negate(d))
            }
            Op::Divide(a, b) if self.rank(b) == 0 => {
                let d = self.on_diagonal(a)?;
                Some(self.divide(d, b))
            }
            Op::Times(mut list) => {
                let at = list.iter().position(|a| self.rank(*a) > 0)?;
                if list.iter().filter(|a| self.rank(**a) > 0).count() > 1 {
                    return None;
                }
                list[at] = self.on_diagonal(list[at])?;
                Some(self.times(list))
            }
            _ => None,
        }
    }

    /// Scalars times a matrix, where they cost less inside it: in a vector of an outer product.
    pub(super) fn scaled_inside(&mut self, list: &[Id]) -> Option<Id> {
        let at = list.iter().position(|a| self.rank(*a) > 0)?;
        let others = list.iter().enumerate().any(|(k, a)| k != at && self.rank(*a) > 0);
        if others || list.len() < 2 || self.graph.label(list[at]).is_some() || !self.in_place {
            return None;
        }
        let scaled = |b: &mut Build, id: Id| {
            let mut list = list.to_vec();
            list[at] = id;
            b.times(list)
        };
        match *self.op(list[at]) {
            Op::Outer(x, y) => {
                let x = scaled(self, x);
                Some(self.outer(x, y))
            }
            Op::PlusDiagonal(a, d, 0, 1) if self.rank(list[at]) == 2 => {
                let (a, d) = (scaled(self, a), scaled(self, d));
                Some(self.plus_diagonal(a, d, (0, 1), 2))
            }
            _ => None,
        }
    }

    /// Whether the value surely has its full length along each of this many axes, and is no part of
    /// another array.
    fn covers(&self, id: Id, rank: usize) -> bool {
        self.lengths_of(id) == (1 << rank) - 1
    }

    /// The axes, from the last one on, along which a value has its full length: a bit for each.
    fn lengths_of(&self, id: Id) -> u32 {
        let all = (1u32 << self.rank(id)) - 1;
        let union = |list: &[Id]| list.iter().fold(0, |bits, a| bits | self.lengths_of(*a));
        match self.op(id) {
            Op::Parameter(_)
            | Op::Outer(..)
            | Op::Transpose(_)
            | Op::Eye(_)
            | Op::Diagonal(_)
            | Op::MatMul(..)
            | Op::Solve(..)
            | Op::Inverse(_)
            | Op::Ones(_)
            | Op::Zeros(_)
            | Op::PlusDiagonal(..)
            | Op::Spread(..)
            | Op::Full(..)
            | Op::AxisTotal(..) => all,
            Op::Expand(a, keep) => {
                let inner = self.lengths_of(*a);
                let kept = keep.iter().filter(|k| **k).count();
                let full = inner == (1 << kept) - 1;
                let bits = keep.iter().rev().enumerate().filter(|(_, k)| **k);
                if full { bits.fold(0, |all, (at, _)| all | 1 << at) } else { 0 }
            }
            Op::Sum(terms) => terms.iter().fold(0, |bits, t| bits | self.lengths_of(t.1)),
            Op::Times(list) | Op::Call(_, list, None) if self.rank(id) > 0 => union(list) & all,
            Op::Divide(a, b) | Op::Power(a, b) => union(&[*a, *b]),
            Op::Negate(a) => self.lengths_of(*a),
            _ => 0,
        }
    }

    /// Whether no entry can be negative.
    pub(super) fn is_nonnegative(&self, id: Id) -> bool {
        match self.op(id) {
            Op::Number(n) => !n.is_negative(),
            Op::Ones(_) | Op::Zeros(_) | Op::Length(..) | Op::Pi => true,
            Op::Call(Known(f), ..) => matches!(
                f.facts.range,
                Range::Positive
                    | Range::NonNegative
                    | Range::Unit
                    | Range::AtLeastOne
                    | Range::AboveOne
            ),
            Op::Power(a, k) => {
                let even = matches!(self.op(*k), Op::Number(n)
                    if n.as_integer().is_some_and(|n| n % 2 == 0));
                even || self.is_nonnegative(*a)
            }
            Op::Times(list) => list.iter().all(|a| self.is_nonnegative(*a)),
            Op::Divide(a, b) => self.is_nonnegative(*a) && self.is_nonnegative(*b),
            Op::Expand(a, _) | Op::Transpose(a) => self.is_nonnegative(*a),
            Op::Sum(terms) => match &terms[..] {
                // 1 − p
                [(false, one), (true, p)] | [(true, p), (false, one)] if matches!(self.op(*one), Op::Number(n) if n.is_one()) =>
                {
                    matches!(self.op(*p), Op::Call(Known(f), ..) if f.facts.range == Range::Unit)
                }
                terms => terms.iter().all(|(negative, a)| !negative && self.is_nonnegative(*a)),
            },
            _ => false,
        }
    }
}

impl Emit<'_> {
    fn need(&mut self, helper: Helper) {
        if !self.helpers.contains(&helper) {
            self.helpers.push(helper);
        }
    }

    /// What is on a diagonal, added or alone.
    pub(super) fn diagonal(&mut self, id: Id) -> Text {
        let graph = self.graph;
        match graph.op(id) {
            Op::PlusDiagonal(a, d, i, j) => self.plus_diagonal(*a, *d, (*i, *j)),
            Op::Spread(d, sizes, i, j) => {
                let d = self.operand(*d, COMPARISON);
                let entries = subscripts(graph.rank(id), *i, *j);
                self.need(Helper::Spread);
                Text::atom(format!("_spread({d}, {}, \"{entries}\")", self.shape(sizes)))
            }
            _ => Text::default(),
        }
    }

    /// The array is changed in place where it was made for this.
    fn plus_diagonal(&mut self, a: Id, d: Id, (i, j): (u8, u8)) -> Text {
        let own = matches!(
            self.graph.op(a),
            Op::MatMul(..)
                | Op::Outer(..)
                | Op::Sum(..)
                | Op::Times(..)
                | Op::Divide(..)
                | Op::Spread(..)
                | Op::PlusDiagonal(..)
        );
        let own = own && self.uses[a.0 as usize] == 1;
        let mut list = self.operand(a, COMPARISON);
        if !own {
            list = format!("np.array({list})");
        }
        let d = self.operand(d, COMPARISON);
        let entries = match self.graph.rank(a) {
            2 => String::new(),
            rank => format!(", \"{}\"", subscripts(rank, i, j)),
        };
        self.need(Helper::PlusDiagonal);
        Text::atom(format!("_plus_diagonal({list}, {d}{entries})"))
    }
}
