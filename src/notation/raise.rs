//! Raising: from tensors back to matrix notation, by series–parallel reduction.
//!
//! The wires of an einsum are vertices, its matrices edges, its vectors weights on a vertex. In
//! turn a dead end becomes a matrix–vector product, a vertex between two edges a matrix product,
//! parallel edges a Hadamard product, a loop a trace or a `diag`. What does not reduce, or has more
//! than two axes, has no matrix form ([`None`]); `notation::index` writes it with indices.
//!
//! Orientation is born here: a vector is raised as a column, a matrix with its axes in order.

mod blocks;
mod compose;
mod entries;
mod motion;
mod network;
mod part;
mod reduction;
mod slices;

pub(super) use self::blocks::{beside, under};
pub(crate) use self::compose::{
    entry, indicator, is_one, negated, product, scaled, size_math, symbol_math, transpose, unknown,
};
use self::compose::{inverse, reciprocal, with_exponent};
use self::network::repeated_scalar;
use self::part::{order_entries, triangle, with_scalars};
use self::reduction::Reduction;
use super::math::{Math, Symbol as Name};
use super::walk::any;
use crate::number::Number;
use crate::syntax::operator::complement;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::memo::Memo;
use crate::tensor::node::{
    EinsumView, ExprId, MapFunction, MatrixFunction, Node, NumberId, ReduceKind, SymbolId,
    SymbolKind, WindowKind, Wires,
};
use smallvec::SmallVec;

/// The deepest expression that is written without naming a part of it.
const DEPTH: usize = 120;

/// Raises expressions of one arena.
pub(crate) struct Raiser<'a> {
    pub(crate) arena: &'a Arena,
    /// Expressions that have a name, with the symbol that is written in their place.
    pub(crate) names: &'a Memo,
    /// An expression that is written out although it has a name: the body of that name.
    pub(crate) own: Option<ExprId>,
    /// Inner levels still allowed.
    pub(crate) depth: usize,
    /// Whether the transpose of a sum is tried at the moment.
    pub(crate) turning: bool,
}

/// The terms of a sum, the numeric factor that they share, whether scalars beside them are
/// broadcast, and whether the sum stands after a minus sign.
struct Given<'a> {
    terms: &'a [(NumberId, ExprId)],
    common: &'a Number,
    arrays: bool,
    negative: bool,
}

/// How many transposes are written; `X⁻ᵀ` is read as a word of its own.
fn transposes(math: &Math) -> usize {
    let mut count = 0;
    any(math, &mut |part| {
        let Math::Transpose(inner) = part else { return false };
        count += usize::from(!matches!(**inner, Math::Power(..)));
        false
    });
    count
}

/// An expression as it is written in ASCII, where it has a matrix form.
pub(crate) fn ascii_of(arena: &Arena, id: ExprId) -> Option<String> {
    let names = Memo::default();
    let mut raiser = Raiser { arena, names: &names, own: None, depth: DEPTH, turning: false };
    Some(super::ascii::ascii(&raiser.raise(id)?))
}

impl Raiser<'_> {
    /// The matrix form of an expression with at most two axes.
    pub(crate) fn raise(&mut self, id: ExprId) -> Option<Math> {
        let (negative, math) = self.signed(id, false)?;
        Some(if negative { negated(math) } else { math })
    }

    /// The name that is written for an expression.
    pub(crate) fn name(&self, id: ExprId) -> Option<Math> {
        if self.own == Some(id) {
            return None;
        }
        let symbol = self.arena.as_symbol(self.names.expr(id)?)?;
        Some(symbol_math(self.arena, symbol))
    }

    /// Whether a name is written for an expression.
    pub(crate) fn is_named(&self, id: ExprId) -> bool {
        self.own != Some(id) && self.names.contains(id)
    }

    /// The matrix form of ± an expression, as a sign and a term.
    pub(crate) fn signed(&mut self, id: ExprId, negative: bool) -> Option<(bool, Math)> {
        self.signed_for(id, negative, false)
    }

    /// As [`Raiser::signed`]; `turned` where the transpose of it will be written.
    pub(super) fn signed_for(
        &mut self,
        id: ExprId,
        negative: bool,
        turned: bool,
    ) -> Option<(bool, Math)> {
        if self.arena.rank(id) > 2 || self.depth == 0 {
            return None;
        }
        if let Some(name) = self.name(id) {
            return Some((negative, name));
        }
        self.depth -= 1;
        let result = self.open(id, negative, turned);
        self.depth += 1;
        result
    }

    fn open(&mut self, id: ExprId, negative: bool, turned: bool) -> Option<(bool, Math)> {
        let arena = self.arena;
        match arena.node(id) {
            Node::Symbol(s) => match arena.symbol(s).kind {
                SymbolKind::Indicator(_) => Some((negative, self.bare_indicator(id)?)),
                SymbolKind::Triangle => {
                    Some((negative, triangle(Math::Ones(self.sizes(id)), true)))
                }
                _ => Some((negative, symbol_math(arena, s))),
            },
            Node::Add(_) => self.sum(id, negative, turned),
            Node::Einsum(view) => self.einsum(view, &Number::ONE, negative),
            Node::Map(f, _) => Some((negative, self.map(id, f)?)),
            Node::Named { function, active, arguments } => {
                let mut list = Vec::with_capacity(arguments.len());
                for e in arguments.iter() {
                    list.push(self.raise(e)?);
                }
                let mut axis = None;
                if active == 2 && arena.rank(id) == 2 {
                    // along both axes there is a word for vectors alone
                    list[0] = Math::Call(entry("vec"), Box::new([list[0].clone()]), None);
                    let mut unstacked = vec![Math::Call(function, list.into(), None)];
                    unstacked.extend(self.sizes(id));
                    return Some((negative, Math::Call(entry("unvec"), unstacked.into(), None)));
                }
                if (active as usize) < arena.rank(arguments.get(0)) {
                    if arena.rank(id) == 2
                        && let Some(untransposed) = self.untransposed(arguments.get(0))
                    {
                        list[0] = untransposed;
                        let call = Math::Call(function, list.into(), Some(0));
                        return Some((negative, Math::Transpose(Box::new(call))));
                    }
                    axis = Some(1);
                    if let Some(untransposed) = self.untransposed(arguments.get(0))
                        && arena.rank(id) < 2
                    {
                        (list[0], axis) = (untransposed, Some(0));
                    }
                }
                Some((negative, Math::Call(function, list.into(), axis)))
            }
            Node::Window { kind, width, argument, .. } => {
                let name = match kind {
                    WindowKind::Maximum => "maxpool",
                    WindowKind::Mask => "maxpoolmask",
                };
                let list = [self.raise(argument)?, size_math(arena.size_text(width))];
                Some((negative, Math::Call(entry(name), Box::new(list), None)))
            }
            Node::Reduce(kind @ (ReduceKind::ArgMaximum | ReduceKind::ArgMinimum), active, x) => {
                let name = if kind == ReduceKind::ArgMaximum { "maxmask" } else { "minmask" };
                let whole = active as usize == arena.rank(x);
                if !whole && let Some(untransposed) = self.untransposed(x) {
                    let call = Math::Call(entry(name), Box::new([untransposed]), Some(0));
                    return Some((negative, Math::Transpose(Box::new(call))));
                }
                let axis = (!whole).then_some(1);
                Some((negative, Math::Call(entry(name), Box::new([self.raise(x)?]), axis)))
            }
            Node::Reduce(kind, active, x) => {
                let name = match kind {
                    ReduceKind::Maximum => "max",
                    ReduceKind::Minimum => "min",
                    _ => "prod",
                };
                let (mut argument, mut axis) = (self.raise(x)?, None);
                if (active as usize) < arena.rank(x) {
                    axis = Some(1);
                    if let Some(untransposed) = self.untransposed(x) {
                        (argument, axis) = (untransposed, Some(0));
                    }
                }
                Some((negative, Math::Call(entry(name), Box::new([argument]), axis)))
            }
            Node::Matrix(kind, x) => {
                let x = self.raise(x)?;
                Some((
                    negative,
                    match kind {
                        MatrixFunction::Inverse => inverse(x),
                        MatrixFunction::Determinant => {
                            Math::Call(entry("det"), Box::new([x]), None)
                        }
                        MatrixFunction::Cholesky => Math::Call(entry("chol"), Box::new([x]), None),
                        MatrixFunction::Eigenvalues => {
                            Math::Call(entry("eigvals"), Box::new([x]), None)
                        }
                        MatrixFunction::Eigenvectors => {
                            Math::Call(entry("eigvecs"), Box::new([x]), None)
                        }
                        MatrixFunction::LogDeterminant => {
                            Math::Call(entry("logdet"), Box::new([x]), None)
                        }
                    },
                ))
            }
            Node::Apply(f, order, x) => Some((negative, self.applied(f, order, x)?)),
        }
    }

    /// An unknown function of an array, its gradient, or its Hessian by a vector.
    fn applied(&mut self, f: SymbolId, order: u32, x: ExprId) -> Option<Math> {
        let name = Name { name: self.arena.symbol(f).name.clone(), rank: 0 };
        let of_vector = self.arena.rank(x) == 1;
        let x = self.raise(x)?;
        match order {
            0 => Some(unknown(name, 0, vec![x])),
            1 => Some(Math::UnknownGradient(Box::new(name), 1, Box::new(x))),
            2 if of_vector => Some(Math::UnknownGradient(Box::new(name), 2, Box::new(x))),
            _ => None,
        }
    }

    /// The transpose of a matrix, where that is the simpler of the two: `X` of `Xᵀ`.
    fn untransposed(&mut self, id: ExprId) -> Option<Math> {
        let math = self.raise(id)?;
        let before = transposes(&math);
        match (math, self.arena.node(id)) {
            (Math::Transpose(inner), _) => Some(*inner),
            (_, Node::Einsum(view)) if !self.is_named(id) && view.output().len() == 2 => {
                let turned = self.turned(view, &Number::ONE, false)?;
                let math = if turned.0 { negated(turned.1) } else { turned.1 };
                (transposes(&math) < before).then_some(math)
            }
            _ => None,
        }
    }

    /// The transpose of an einsum.
    fn turned(&mut self, view: EinsumView<'_>, c: &Number, negative: bool) -> Option<(bool, Math)> {
        let mut output: Wires = view.output().into();
        output.reverse();
        self.network(view, c, negative, &[], output)
    }

    /// A sum; `turned` where its transpose will be written, so that `transpose` of this is to be short.
    fn sum(&mut self, id: ExprId, negative: bool, turned: bool) -> Option<(bool, Math)> {
        let arena = self.arena;
        let Node::Add(terms) = arena.node(id) else { return None };
        if terms.is_empty() {
            return Some((false, self.fill(id, Number::ZERO)));
        }
        if terms.len() == 1 {
            let (c, e) = terms.get(0);
            let c = arena.number_of(c);
            let (negative, c) = (negative != c.is_negative(), c.abs());
            if arena.is_ones(e) {
                return Some((negative, self.fill(e, c)));
            }
            if let Node::Einsum(view) = arena.node(e)
                && !self.is_named(e)
            {
                return self.einsum(view, &c, negative);
            }
            let (negative, term) = self.signed(e, negative)?;
            return Some((negative, scaled(&c, term)));
        }
        if let Some((c, e, otherwise)) = self.otherwise(id) {
            let term = self.map(e, otherwise)?;
            return Some((negative != c.is_negative(), scaled(&c.abs(), term)));
        }
        let all: TermList = terms.iter().collect();
        let (terms, blocks) = match self.blocks(&all) {
            Some((rest, blocks)) if rest.is_empty() && blocks.len() == 1 => {
                return blocks.into_iter().next().map(|b| (negative, b.1));
            }
            Some(found) => found,
            None => (all, Vec::new()),
        };
        let (terms, is_blocks) = (&terms[..], !blocks.is_empty());
        // a common numeric factor stands in front
        let common = terms.first().map_or(Number::ONE, |t| arena.number_of(t.0).abs());
        let common = if blocks.is_empty()
            && !common.is_one()
            && terms.iter().all(|(c, _)| arena.number_of(*c).abs() == common)
        {
            common
        } else {
            Number::ONE
        };
        let arrays = !blocks.is_empty()
            || terms.iter().any(|(_, e)| match arena.node(*e) {
                Node::Einsum(view) => !repeated_scalar(view) && !arena.is_ones(*e),
                _ => true,
            });
        // a number beside an identity matrix would be read as a multiple of it
        let arrays = arrays
            && !terms.iter().any(|(_, e)| match arena.node(*e) {
                Node::Einsum(view) => matches!(view.output(), [a, b] if a == b),
                _ => false,
            });
        let blocks = blocks.into_iter().map(|(key, math)| (false, key, false, math)).collect();
        let given = Given { terms, common: &common, arrays, negative };
        let plain = self.signed_sum(&given, blocks, false)?;
        // `(A B + C)ᵀ` rather than `Bᵀ Aᵀ + Cᵀ`; what stands inside is not tried again
        let many = transposes(&plain.1);
        let least = if turned { 0 } else { 3 };
        if arena.rank(id) == 2 && !is_blocks && !self.turning && many > least {
            self.turning = true;
            let other = self.signed_sum(&given, SmallVec::new(), true);
            self.turning = false;
            let (sign, math) = other?;
            if transposes(&math) + least < many {
                return Some((sign, transpose(math)));
            }
        }
        Some(plain)
    }

    /// The terms of a sum in order, or those of its transpose; blocks come first.
    fn signed_sum(
        &mut self,
        given: &Given<'_>,
        blocks: SmallVec<[Term; 4]>,
        turn: bool,
    ) -> Option<(bool, Math)> {
        let (arena, common) = (self.arena, given.common);
        let mut list = blocks;
        for &(c, e) in given.terms {
            let c = arena.number_of(c);
            let magnitude = c.abs().div(common)?;
            if arena.is_ones(e) {
                let constant = if given.arrays {
                    Math::Number(magnitude)
                } else if turn {
                    transpose(self.fill(e, magnitude))
                } else {
                    self.fill(e, magnitude)
                };
                list.push((true, (0, 0), c.is_negative(), constant));
                continue;
            }
            let (sign, math) = match arena.node(e) {
                // a scalar beside an array is broadcast
                Node::Einsum(view) if given.arrays && repeated_scalar(view) => {
                    let mut reduction = Reduction::of(view);
                    for (s, wires) in view.operands() {
                        self.operand(&mut reduction, s, wires, false)?;
                    }
                    self.means(&mut reduction, view);
                    let changes = arena.has_changes();
                    let product = with_scalars(&magnitude, reduction.scalars, None, changes);
                    (c.is_negative(), product)
                }
                Node::Einsum(view) if !self.is_named(e) => {
                    if turn {
                        self.turned(view, &magnitude, c.is_negative())?
                    } else {
                        self.einsum(view, &magnitude, c.is_negative())?
                    }
                }
                _ => {
                    let (sign, math) = self.signed(e, c.is_negative())?;
                    (sign, scaled(&magnitude, if turn { transpose(math) } else { math }))
                }
            };
            list.push((false, arena.key(e), sign, math));
        }
        let all = !common.is_one() && list.iter().all(|t| t.2);
        let flip = given.negative && list.iter().any(|t| t.2) || all;
        if flip {
            // asked for by a product: every sign is changed
            for t in &mut list {
                t.2 = !t.2;
            }
        }
        order_terms(&mut list);
        let mut terms = Vec::with_capacity(list.len());
        terms.extend(list.into_iter().map(|(_, _, sign, math)| (sign, math)));
        let sum = Math::Sum(terms);
        let rest = given.negative != flip;
        let one = common.is_one();
        Some((rest, if one { sum } else { product([Math::Number(common.clone()), sum]) }))
    }

    /// A sum that is `c` where a comparison does not hold, and 0 elsewhere: `c`, the comparison's
    /// node and what holds there.
    pub(crate) fn otherwise(&self, id: ExprId) -> Option<(Number, ExprId, MapFunction)> {
        let arena = self.arena;
        let Node::Add(terms) = arena.node(id) else { return None };
        let list: TermList = terms.iter().collect();
        let [a, b] = list[..] else { return None };
        let ((c, one), (d, e)) = if arena.is_ones(a.1) { (a, b) } else { (b, a) };
        let (c, d) = (arena.number_of(c), arena.number_of(d));
        match arena.node(e) {
            Node::Map(MapFunction::Compare(comparison), _)
                if arena.is_ones(one) && c.add(d).is_zero() && !self.is_named(e) =>
            {
                Some((c.clone(), e, MapFunction::Compare(complement(comparison))))
            }
            _ => None,
        }
    }

    /// A constant array.
    fn fill(&mut self, id: ExprId, value: Number) -> Math {
        let sizes = self.sizes(id);
        if sizes.is_empty() {
            return Math::Number(value);
        }
        if value.is_zero() {
            return Math::Zeros(sizes);
        }
        scaled(&value, Math::Ones(sizes))
    }

    /// The sizes of the axes, as they are written.
    pub(crate) fn sizes(&self, id: ExprId) -> Vec<Math> {
        self.arena.axes(id).iter().map(|d| size_math(self.arena.size_text(*d))).collect()
    }

    fn map(&mut self, id: ExprId, f: MapFunction) -> Option<Math> {
        let arena = self.arena;
        let Node::Map(_, ids) = arena.node(id) else { return None };
        if let Some((base, e)) = arena.as_power(id) {
            let exponent = arena.number_of(e).clone();
            return self.power(base, &exponent);
        }
        let mut list = Vec::with_capacity(ids.len());
        for (at, e) in ids.iter().enumerate() {
            let condition =
                at == 0 && matches!(f, MapFunction::Known(f) if f == arena.known.choose);
            list.push(match (self.raise(e)?, condition) {
                // as a condition a comparison stands by itself
                (Math::Call(_, inner, _), true)
                    if matches!(arena.node(e), Node::Map(MapFunction::Compare(_), _)) =>
                {
                    inner.into_vec().swap_remove(0)
                }
                (math, _) => math,
            });
        }
        Some(match f {
            MapFunction::Known(f) if f == arena.known.pow => {
                let exponent = Box::new(list.pop()?);
                let base = Box::new(list.pop()?);
                if arena.rank(id) == 0 {
                    Math::Power(base, exponent)
                } else {
                    Math::ElementPower(base, exponent)
                }
            }
            MapFunction::Known(f) => Math::Call(f, list.into(), None),
            MapFunction::Unknown(s, n) => {
                let name = Name { name: arena.symbol(s).name.clone(), rank: 0 };
                unknown(name, n, list)
            }
            MapFunction::Compare(c) => {
                let right = Box::new(list.pop()?);
                let left = Box::new(list.pop()?);
                indicator(arena.known.choose, Math::Compare(c, left, right))
            }
        })
    }

    /// The array whose entries' squares this sums, all or along an axis.
    fn sum_of_squares(&self, id: ExprId) -> Option<(ExprId, Option<u8>)> {
        let Node::Einsum(view) = self.arena.node(id) else { return None };
        let mut operands = view.operands();
        let (e, wires) = operands.next()?;
        let whole = operands.next().is_none() && view.wires() == wires.len() && !wires.is_empty();
        let axis = match (view.output(), wires) {
            ([], _) => None,
            ([i], [a, _]) if i == a => Some(1),
            ([j], [_, b]) if j == b => Some(0),
            _ => return None,
        };
        let (base, exponent) = self.arena.as_power(e)?;
        let two = self.arena.number_of(exponent).as_integer() == Some(2);
        (whole && two).then_some((base, axis))
    }

    fn power(&mut self, base: ExprId, exponent: &Number) -> Option<Math> {
        let arena = self.arena;
        let two = Number::integer(2);
        let twice = exponent.mul(&two);
        let scalar = arena.rank(base) == 0;
        if let (Some((x, axis)), Some(k)) = (self.sum_of_squares(base), twice.as_integer())
            && (k % 2 != 0)
        {
            let norm = Math::Call(entry("norm2"), Box::new([self.raise(x)?]), axis);
            return Some(with_exponent(norm, &Number::integer(k), scalar));
        }
        if twice.abs().is_one() {
            let root = Math::Call(arena.known.sqrt, Box::new([self.raise(base)?]), None);
            return Some(if exponent.is_negative() { reciprocal(root, scalar) } else { root });
        }
        let base = self.raise(base)?;
        Some(with_exponent(base, exponent, scalar))
    }

    /// A raiser's depth at the start.
    pub(crate) const fn full_depth() -> usize {
        DEPTH
    }
}

/// A term: whether it is a constant, what it is ordered by, whether it is subtracted, and itself.
type Term = (bool, (u32, u64), bool, Math);

/// Positive terms before negative ones, a positive constant first but for a tiny one, which is last
/// of these (`s + 1e-8`), a negative one last; else by first appearance.
fn order_terms(list: &mut [Term]) {
    list.sort_by_key(|(constant, key, negative, math)| {
        let tiny = *constant && !*negative && matches!(math, Math::Number(n) if n.is_tiny());
        (*negative, tiny, *constant == *negative, *key)
    });
    order_entries(list, |t| (t.0, t.2, t.1), |t| &t.3);
}
