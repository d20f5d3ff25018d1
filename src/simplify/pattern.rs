//! Matching: an identity's left side against an expression.
//!
//! A pattern is an expression of an arena of its own; its variables stand for any expression of
//! their shape, a matrix for a chain of factors too. A product in a pattern is looked for among the
//! factors of a product and a sum among the terms of a sum; what is summed over in the pattern must
//! be summed over there, and occur nowhere else.

use super::placement::{Placement, Product, Sought};
use super::rules::Key;
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::node::{
    Axes, ExprId, Network, Node, NumberId, Operand, Properties, SymbolId, SymbolKind, Wire, Wires,
};
use smallvec::{SmallVec, smallvec};

/// A side of an identity that is looked for, and what takes its place.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) arena: Arena,
    pub(super) left: ExprId,
    pub(super) right: ExprId,
    /// Whether all variables are scalars: they stand for entries of arrays too.
    pub(super) entrywise: bool,
    /// The functions among its terms and factors.
    pub(super) heads: Vec<Key>,
}

impl Pattern {
    /// A pattern of nothing, for what is looked for without variables.
    pub(super) fn empty() -> Pattern {
        let mut arena = Arena::new();
        let nothing = arena.zero(&[]);
        Pattern { arena, left: nothing, right: nothing, entrywise: false, heads: Vec::new() }
    }
}

/// What the variables and sizes of a pattern stand for.
#[derive(Clone, Default)]
pub(super) struct Bindings {
    pub(super) expressions: SmallVec<[(SymbolId, ExprId); 4]>,
    pub(super) sizes: SmallVec<[(DimId, DimId); 4]>,
}

/// The number of factors of a product.
fn factors(arena: &Arena, e: ExprId) -> usize {
    match arena.node(e) {
        Node::Einsum(view) => view.operands().count(),
        _ => 1,
    }
}

/// An expression in which a pattern is looked for.
pub(super) struct Matcher<'a> {
    pub(super) pattern: &'a Pattern,
    pub(super) arena: &'a mut Arena,
}

impl Matcher<'_> {
    /// What takes the place of an expression that the pattern is, or is part of.
    pub(super) fn rewrite(&mut self, subject: ExprId) -> Option<ExprId> {
        let pattern = self.pattern;
        match pattern.arena.node(pattern.left) {
            Node::Einsum(_) => self.rewrite_product(subject),
            Node::Add(_) => self.rewrite_sum(subject),
            _ => {
                let bindings = self.unify(pattern.left, subject, &Bindings::default())?;
                let axes: Axes = self.arena.axes(subject).into();
                self.instantiate(&bindings, &axes)
            }
        }
    }

    fn rewrite_product(&mut self, subject: ExprId) -> Option<ExprId> {
        let (scale, subject) = self.arena.split_scale(subject);
        if factors(&self.pattern.arena, self.pattern.left) > factors(self.arena, subject) {
            return None;
        }
        let product = Product::of(self.arena, subject);
        let view = Product::of(&self.pattern.arena, self.pattern.left);
        let map = smallvec![Wire::MAX; view.sizes.len()];
        let start = Placement::before(&view, &product, map, Sought::Pattern);
        let (placed, bindings) =
            self.place(&product, &view.output, false, start, Bindings::default())?;
        let wires: Wires = match &placed.entry {
            Some(wires) => wires.clone(),
            None => view.output.iter().map(|w| placed.map[*w as usize]).collect(),
        };
        let axes: Axes = wires.iter().map(|w| product.sizes[*w as usize]).collect();
        let expr = self.instantiate(&bindings, &axes)?;
        let mut operands: SmallVec<[Operand; 4]> = smallvec![Operand { expr, wires }];
        let rest = product.operands.into_iter().zip(&placed.taken).filter(|(_, t)| !**t);
        operands.extend(rest.map(|(o, _)| o));
        let coefficient = self.arena.number_of(scale).clone();
        let (output, sizes) = (product.output, product.sizes);
        Some(self.arena.einsum(Network { coefficient, operands, output, sizes }.dense()))
    }

    fn rewrite_sum(&mut self, subject: ExprId) -> Option<ExprId> {
        let Node::Add(terms) = self.arena.node(subject) else { return None };
        let Node::Add(wanted) = self.pattern.arena.node(self.pattern.left) else { return None };
        // each term of the pattern takes one
        if wanted.len() > terms.len() {
            return None;
        }
        let terms: TermList = terms.iter().collect();
        let axes: Axes = self.arena.axes(subject).into();
        let sought = self.terms(self.pattern.left)?;
        let (bindings, rest, ratio) =
            self.place_terms(&sought, &terms, None, Bindings::default(), &mut SmallVec::new())?;
        let new = self.instantiate(&bindings, &axes)?;
        let mut list: TermList = rest;
        let ratio = self.arena.number_id(&ratio);
        list.push((ratio, new));
        Some(self.arena.add_ids(&axes, list))
    }

    /// The terms of a sum of the pattern, those with most in them first.
    fn terms(&self, id: ExprId) -> Option<TermList> {
        let arena = &self.pattern.arena;
        let Node::Add(terms) = arena.node(id) else { return None };
        let mut list: TermList = terms.iter().collect();
        list.sort_by_key(|(_, e)| std::cmp::Reverse((arena.weight(*e), arena.fingerprint(*e))));
        Some(list)
    }

    /// Whether a whole expression is what a pattern says.
    pub(super) fn unify(&mut self, p: ExprId, s: ExprId, b: &Bindings) -> Option<Bindings> {
        let pattern = self.pattern;
        match pattern.arena.node(p) {
            Node::Symbol(_) => self.bind(p, s, b),
            Node::Map(f, ids) => {
                let Node::Map(g, other) = self.arena.node(s) else { return None };
                if f != g || ids.len() != other.len() {
                    return None;
                }
                let pairs: SmallVec<[(ExprId, ExprId); 4]> = ids.iter().zip(other.iter()).collect();
                pairs.into_iter().try_fold(b.clone(), |b, (p, s)| self.unify(p, s, &b))
            }
            Node::Matrix(kind, inner) => {
                let Node::Matrix(other, argument) = self.arena.node(s) else { return None };
                if kind != other {
                    return None;
                }
                self.unify(inner, argument, b)
            }
            Node::Add(_) => {
                let sought = self.terms(p)?;
                let (scale, rest) = self.arena.split_scale(s);
                let terms: TermList = match self.arena.node(rest) {
                    Node::Add(terms) => terms.iter().collect(),
                    _ => smallvec![(scale, rest)],
                };
                if sought.is_empty() {
                    return terms.is_empty().then(|| b.clone());
                }
                let one = Some(Number::ONE);
                let (b, rest, _) =
                    self.place_terms(&sought, &terms, one, b.clone(), &mut SmallVec::new())?;
                rest.is_empty().then_some(b)
            }
            Node::Einsum(_) => {
                if pattern.arena.is_ones(p) && pattern.arena.rank(p) == 0 && pattern.entrywise {
                    return self.arena.is_ones(s).then(|| b.clone());
                }
                let (scale, s) = self.arena.split_scale(s);
                if scale != crate::tensor::arena::ONE {
                    return None;
                }
                // each factor of the pattern takes one
                if factors(&pattern.arena, p) > factors(self.arena, s) {
                    return None;
                }
                let view = Product::of(&pattern.arena, p);
                let product = Product::of(self.arena, s);
                if !pattern.entrywise && !alike(&view.output, &product.output) {
                    return None;
                }
                let mut map: SmallVec<[Wire; 8]> = smallvec![Wire::MAX; view.sizes.len()];
                for (from, to) in view.output.iter().zip(&product.output) {
                    map[*from as usize] = *to;
                }
                if view.operands.is_empty() && !product.operands.is_empty() {
                    return None;
                }
                let entry = pattern.entrywise.then(|| product.output.clone());
                let start =
                    Placement { entry, ..Placement::before(&view, &product, map, Sought::Pattern) };
                let mut b = b.clone();
                for (from, to) in view.output.iter().zip(&product.output) {
                    b = bind_size(&b, view.sizes[*from as usize], product.sizes[*to as usize])?;
                }
                Some(self.place(&product, &view.output, true, start, b)?.1)
            }
            _ => None,
        }
    }

    /// What is known once the variable `p` of the pattern stands for `s`.
    pub(super) fn bind(&mut self, p: ExprId, s: ExprId, b: &Bindings) -> Option<Bindings> {
        let symbol = self.pattern.arena.as_symbol(p)?;
        let known = self.pattern.arena.symbol(symbol);
        if !matches!(known.kind, SymbolKind::Variable(_)) {
            return None;
        }
        if let Some((_, e)) = b.expressions.iter().find(|(v, _)| *v == symbol) {
            return (*e == s).then(|| b.clone());
        }
        let axes: Axes = self.arena.axes(s).into();
        let mut b = b.clone();
        if !self.pattern.entrywise {
            let known = self.pattern.arena.axes(p);
            if known.len() != axes.len() {
                return None;
            }
            for (from, to) in known.iter().zip(&axes) {
                b = bind_size(&b, *from, *to)?;
            }
        }
        let properties = known.properties;
        let holds = (!properties.has(Properties::POSITIVE) || self.arena.is_positive(s))
            && (!properties.has(Properties::SYMMETRIC) || self.arena.is_symmetric(s))
            && self.is_declared(properties, s);
        if !holds {
            return None;
        }
        b.expressions.push((symbol, s));
        Some(b)
    }

    /// Properties that are known of symbols alone.
    fn is_declared(&self, wanted: Properties, s: ExprId) -> bool {
        let of_symbols = [Properties::ORTHOGONAL, Properties::DIAGONAL, Properties::SIMPLEX];
        let symbol = self.arena.as_symbol(s);
        let known = symbol.map_or(Properties::NONE, |s| self.arena.symbol(s).properties);
        of_symbols.into_iter().all(|p| !wanted.has(p) || known.has(p))
    }

    /// Assigns the terms of a pattern to terms of a sum; what a variable alone stands for is all
    /// that is left. The ratio of the coefficients is one for all, or the one that is given.
    fn place_terms(
        &mut self,
        sought: &[(NumberId, ExprId)],
        terms: &[(NumberId, ExprId)],
        ratio: Option<Number>,
        b: Bindings,
        taken: &mut SmallVec<[usize; 4]>,
    ) -> Option<(Bindings, TermList, Number)> {
        let Some(((c, p), later)) = sought.split_first() else {
            let rest = (0..terms.len()).filter(|i| !taken.contains(i)).map(|i| terms[i]).collect();
            return Some((b, rest, ratio.unwrap_or(Number::ONE)));
        };
        let wanted = self.pattern.arena.number_of(*c).clone();
        let free = self
            .pattern
            .arena
            .as_symbol(*p)
            .is_some_and(|s| !self.pattern.entrywise && b.expressions.iter().all(|x| x.0 != s));
        if free
            && later.is_empty()
            && let Some(ratio) = &ratio
        {
            let inverse = wanted.mul(ratio).recip()?;
            let inverse = self.arena.number_id(&inverse);
            let mut rest: TermList = SmallVec::new();
            for (i, (c, e)) in terms.iter().enumerate() {
                if !taken.contains(&i) {
                    rest.push((self.arena.multiply(*c, inverse), *e));
                }
            }
            let axes: Axes = self.arena.axes(rest.first()?.1).into();
            let sum = self.arena.add_ids(&axes, rest);
            let ratio = ratio.clone();
            return Some((self.bind(*p, sum, &b)?, SmallVec::new(), ratio));
        }
        for i in 0..terms.len() {
            if taken.contains(&i) {
                continue;
            }
            let here = self.arena.number_of(terms[i].0).div(&wanted)?;
            let Some(mut new) = self.unify(*p, terms[i].1, &b) else { continue };
            if let Some(r) = ratio.as_ref().filter(|r| **r != here)
                && !self.absorb(*p, &here.div(r)?, &mut new.expressions[b.expressions.len()..])
            {
                continue;
            }
            let next = ratio.clone().or(Some(here));
            taken.push(i);
            if let Some(found) = self.place_terms(later, terms, next, new, taken) {
                return Some(found);
            }
            taken.pop();
        }
        None
    }

    /// Moves a coefficient into one of these variables, if the term of the pattern is linear in it.
    fn absorb(&mut self, term: ExprId, c: &Number, new: &mut [(SymbolId, ExprId)]) -> bool {
        let pattern = &self.pattern.arena;
        for (variable, value) in new {
            let times = |e: ExprId| pattern.as_symbol(e) == Some(*variable);
            let linear = match pattern.node(term) {
                Node::Einsum(view) => {
                    view.operands().filter(|(e, _)| times(*e)).count() == 1
                        && !view
                            .operands()
                            .any(|(e, _)| !times(e) && depends(pattern, e, *variable))
                }
                _ => times(term),
            };
            if linear
                && (!pattern.symbol(*variable).properties.has(Properties::POSITIVE)
                    || !c.is_negative())
            {
                let c = self.arena.number_id(c);
                *value = self.arena.scale(c, *value);
                return true;
            }
        }
        false
    }
}

/// Whether a variable occurs in an expression.
fn depends(arena: &Arena, e: ExprId, variable: SymbolId) -> bool {
    super::reachable(arena, &[e]).iter().any(|e| arena.as_symbol(*e) == Some(variable))
}

/// Whether outputs repeat the same axes: `diag(A*B)` is no part of `A*B`.
fn alike(p: &[Wire], s: &[Wire]) -> bool {
    let repeats = |w: &[Wire], i: usize| w.iter().position(|v| *v == w[i]);
    p.len() == s.len() && (0..p.len()).all(|i| repeats(p, i) == repeats(s, i))
}

fn bind_size(b: &Bindings, from: DimId, to: DimId) -> Option<Bindings> {
    match b.sizes.iter().find(|(d, _)| *d == from) {
        Some((_, known)) => (*known == to).then(|| b.clone()),
        None => {
            let mut b = b.clone();
            b.sizes.push((from, to));
            Some(b)
        }
    }
}
