//! From an einsum to its network, and from the reduced network to a product.

use super::Raiser;
use super::compose::{entry, negated, size_math};
use super::motion::{Link, cancel_sizes};
use super::part::{Edge, Part, hadamard, with_scalars};
use super::reduction::{Reduction, Sizes};
use crate::notation::math::Math;
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::node::{EinsumView, ExprId, Node, NumberId, SymbolKind, Terms, Wire, Wires};
use smallvec::SmallVec;
use std::cmp::Ordering;

impl<'a> Raiser<'a> {
    pub(super) fn einsum(
        &mut self,
        view: EinsumView<'_>,
        c: &Number,
        negative: bool,
    ) -> Option<(bool, Math)> {
        self.network(view, c, negative, &[], view.output().into())
    }

    /// An einsum without some of its operands, and with another output.
    pub(super) fn network(
        &mut self,
        view: EinsumView<'_>,
        c: &Number,
        negative: bool,
        skip: &[usize],
        output: Wires,
    ) -> Option<(bool, Math)> {
        if output.len() > 2 {
            return None;
        }
        let mut reduction = Reduction::of(view);
        reduction.output = output;
        let (sign, flips) = self.flips(view, negative);
        for (at, ((e, wires), flip)) in view.operands().zip(flips).enumerate() {
            if !skip.contains(&at) {
                self.operand(&mut reduction, e, wires, flip)?;
            }
        }
        self.means(&mut reduction, view);
        let mut scalars = std::mem::take(&mut reduction.scalars);
        let linked = !reduction.links.is_empty();
        let sizes = Sizes { arena: self.arena, view };
        let body = reduction.reduce(&sizes, &mut scalars)?;
        let changes = self.arena.has_changes();
        if !linked {
            return Some((sign, with_scalars(c, scalars, body, changes)));
        }
        let mut c = c.clone();
        cancel_sizes(&mut c, &mut scalars);
        Some((sign, with_scalars(&c, scalars, body, changes)))
    }

    /// Which operands are written with all signs changed, and the sign that is left: a sum with more
    /// minus than plus signs is turned round; one without a preference takes in a sign that is left.
    fn flips(&self, view: EinsumView<'_>, negative: bool) -> (bool, SmallVec<[bool; 8]>) {
        self.flips_by(view, negative, Raiser::negative_terms)
    }

    /// The same, where `minus` counts the minus signs of a sum.
    fn flips_by(
        &self,
        view: EinsumView<'_>,
        negative: bool,
        minus: impl Fn(&Raiser<'a>, Terms<'_>) -> usize,
    ) -> (bool, SmallVec<[bool; 8]>) {
        let mut sign = negative;
        let mut flips: SmallVec<[bool; 8]> = SmallVec::new();
        let mut indifferent = None;
        for (at, (e, _)) in view.operands().enumerate() {
            let terms = match self.arena.node(e) {
                Node::Add(terms) if !self.is_named(e) => terms,
                _ => {
                    flips.push(false);
                    continue;
                }
            };
            let minus = minus(self, terms);
            let wish = self.orientation(terms, minus);
            flips.push(wish == Some(true));
            sign ^= wish == Some(true);
            // `(x - a)*(x - a)'` shows that it is symmetric
            let once = view.operands().filter(|(other, _)| *other == e).count() == 1;
            let mixed = minus > 0 && minus < terms.len();
            if (wish.is_none() || terms.len() > 2) && once && mixed {
                indifferent.get_or_insert(at);
            }
        }
        if let (true, Some(at)) = (sign, indifferent) {
            flips[at] = !flips[at];
            sign = false;
        }
        (sign, flips)
    }

    /// How many terms of a sum have a minus sign, also where a product is written with one.
    fn negative_terms(&self, terms: Terms<'_>) -> usize {
        let minus = |(c, e): &(NumberId, ExprId)| {
            let negative = self.arena.number_of(*c).is_negative();
            match self.arena.node(*e) {
                Node::Einsum(view) if !self.is_named(*e) => {
                    self.flips_by(view, negative, Raiser::negative_coefficients).0
                }
                _ => negative,
            }
        };
        terms.iter().filter(minus).count()
    }

    /// How many terms of a sum have a negative coefficient.
    fn negative_coefficients(&self, terms: Terms<'_>) -> usize {
        terms.iter().filter(|(c, _)| self.arena.number_of(*c).is_negative()).count()
    }

    /// Whether a sum with so many minus signs reads better with all signs changed; `None` where it
    /// does not matter.
    fn orientation(&self, terms: Terms<'_>, minus: usize) -> Option<bool> {
        if terms.len() < 2 {
            return None;
        }
        match (2 * minus).cmp(&terms.len()) {
            Ordering::Greater => Some(true),
            Ordering::Less => Some(false),
            Ordering::Equal => {
                let (c, _) = terms.iter().find(|(_, e)| self.arena.is_ones(*e))?;
                Some(self.arena.number_of(c).is_negative())
            }
        }
    }

    /// Adds an operand to the network, with all signs of a sum changed where `flip` says so.
    pub(super) fn operand(
        &mut self,
        reduction: &mut Reduction,
        e: ExprId,
        wires: &[Wire],
        flip: bool,
    ) -> Option<()> {
        let arena = self.arena;
        if arena.has_indicators() {
            let size = |_: Wire| size_math(arena.size_text(arena.axes(e)[0]));
            if self.part_operand(reduction, e, wires, &size) {
                return Some(());
            }
            if let Some(motion) = arena.motion(e) {
                let wires = wires.try_into().ok()?;
                reduction.links.push(Link { motion, wires });
                return Some(());
            }
        }
        let key = arena.key(e);
        let power = if self.is_named(e) { None } else { arena.as_power(e) };
        let exponent = power.map(|p| arena.number_of(p.1));
        let divides = exponent.is_some_and(Number::is_negative);
        let mut root = None;
        let math = match (power, exponent) {
            (Some((base, _)), Some(exponent)) => {
                if exponent.as_integer() == Some(2) && !wires.is_empty() {
                    root = Some(self.raise(base)?);
                }
                self.power(base, &exponent.abs())?
            }
            _ => {
                // an axis of the product is the other one of this matrix
                let turned = matches!((wires, &reduction.output[..]), ([a, b], [x, y]) if a != b && (b == x || a == y));
                let (sign, math) = self.signed_for(e, flip, turned)?;
                if sign { negated(math) } else { math }
            }
        };
        match wires {
            [] => {
                let list = if divides {
                    &mut reduction.scalars.below
                } else {
                    &mut reduction.scalars.above
                };
                list.push((key, math));
            }
            [w] => {
                let part = Part { divides, ..Part::new(math, key) };
                reduction.put(*w, part.with_root(root));
            }
            [a, b] if a == b => {
                let part = Part { divides, ..Part::diagonal_of(math, key) };
                reduction.put(*a, part);
            }
            [a, b] => {
                let symmetric = arena.is_symmetric(e);
                let triangle = arena.is_triangle(e).then_some(true);
                let part = Part { divides, symmetric, triangle, ..Part::new(math, key) };
                reduction.edges.push(Edge { from: *a, to: *b, part: part.with_root(root) });
            }
            _ => return None,
        }
        Some(())
    }

    /// `sum(x)/n` is `mean(x)`.
    pub(super) fn means(&mut self, reduction: &mut Reduction, view: EinsumView<'_>) {
        if reduction.scalars.above.is_empty() || reduction.scalars.below.is_empty() {
            return;
        }
        let sizes: SmallVec<[(DimId, Math); 2]> =
            view.operands().filter_map(|(e, _)| self.divided_size(e)).collect();
        for (dim, below) in sizes {
            let scalars = || view.operands().filter(|o| o.1.is_empty()).map(|o| o.0);
            let sum = scalars().find_map(|e| Some((e, self.sum_along(e, dim)?)));
            let Some((e, inner)) = sum else {
                let product = scalars().find(|e| self.adds_up(*e, dim));
                if let Some(Math::Call(f, list, None)) = product.and_then(|e| self.raise(e))
                    && f == entry("sum")
                {
                    let whole = Math::Call(f, list.clone(), None);
                    reduction.scalars.write_mean(&whole, list, &below);
                }
                continue;
            };
            let mut entries = Reduction::of(inner);
            let mut factors = inner.operands();
            if !factors.all(|(x, w)| self.operand(&mut entries, x, w, false).is_some()) {
                continue;
            }
            let parts = entries.take_weights(0);
            if parts.iter().any(|p| p.basis().is_some()) {
                continue;
            }
            let argument = hadamard(parts).math;
            if let Some(whole) = self.raise(e) {
                reduction.scalars.write_mean(&whole, Box::new([argument]), &below);
            }
        }
    }

    /// Whether an expression is the sum of a vector of this size: along one wire nothing is multiplied.
    fn adds_up(&self, e: ExprId, dim: DimId) -> bool {
        let Node::Einsum(inner) = self.arena.node(e) else { return false };
        let times = |wire| inner.operands().flat_map(|o| o.1).filter(|w| **w == wire).count();
        let mut lone = (0..inner.wires() as u32).filter(|w| times(*w) == 1);
        let first = lone.next().filter(|_| lone.next().is_none());
        inner.output().is_empty()
            && inner.operands().nth(1).is_some()
            && first.is_some_and(|w| inner.size(w) == dim)
            && !self.is_named(e)
    }

    /// The size that a factor divides by.
    fn divided_size(&self, e: ExprId) -> Option<(DimId, Math)> {
        let (base, exponent) = self.arena.as_power(e)?;
        let divides = self.arena.number_of(exponent).as_integer().is_some_and(|n| n < 0);
        let symbol = self.arena.symbol(self.arena.as_symbol(base)?);
        match symbol.kind {
            SymbolKind::Size(dim) if divides => Some((dim, size_math(symbol.name.clone()))),
            _ => None,
        }
    }

    /// The product of vectors that an expression sums along an axis of this size.
    fn sum_along(&self, e: ExprId, dim: DimId) -> Option<EinsumView<'a>> {
        let Node::Einsum(inner) = self.arena.node(e) else { return None };
        let one = inner.wires() == 1
            && inner.size(0) == dim
            && inner.operands().all(|(x, w)| w.len() == 1 && self.arena.rank(x) == 1)
            && !self.is_named(e);
        one.then_some(inner)
    }
}

/// Whether this is a product of scalars, repeated along all axes.
pub(super) fn repeated_scalar(view: EinsumView<'_>) -> bool {
    view.wires() == view.output().len()
        && view.operands().next().is_some()
        && view.operands().all(|(_, w)| w.is_empty())
}
