//! Matching: an identity's left side against an expression.
//!
//! A pattern is an expression of an arena of its own; its variables stand for any expression of
//! their shape, a matrix for a chain of factors too. A product in a pattern is looked for among the
//! factors of a product and a sum among the terms of a sum; what is summed over in the pattern must
//! be summed over there, and occur nowhere else.

use super::rules::Key;
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::node::{
    Axes, ExprId, Network, Node, NumberId, Operand, SymbolId, SymbolKind, Wire, Wires,
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

/// What the variables and sizes of a pattern stand for.
#[derive(Clone, Default)]
pub(super) struct Bindings {
    pub(super) expressions: SmallVec<[(SymbolId, ExprId); 4]>,
    pub(super) sizes: SmallVec<[(DimId, DimId); 4]>,
}

/// A product under way: pattern factors to be placed, and where those are that were.
#[derive(Clone)]
struct Placement {
    /// What is left of the pattern.
    left: SmallVec<[(Sought, Wires); 4]>,
    /// Which factors of the subject are taken.
    taken: SmallVec<[bool; 8]>,
    /// The wire of the subject for each of the pattern's.
    map: SmallVec<[Wire; 8]>,
    /// For a pattern of scalars: the wires at which it is found.
    entry: Option<Wires>,
}

impl Placement {
    /// Nothing of a pattern is placed among the factors of a product.
    fn before(view: &Product, product: &Product, map: SmallVec<[Wire; 8]>) -> Placement {
        let sought = |o: &Operand| (Sought::Pattern(o.expr), o.wires.clone());
        Placement {
            left: view.operands.iter().map(sought).collect(),
            taken: smallvec![false; product.operands.len()],
            map,
            entry: None,
        }
    }
}

#[derive(Clone, Copy)]
enum Sought {
    /// An expression of the pattern.
    Pattern(ExprId),
    /// An expression of the subject, by what a variable stands for.
    Bound(ExprId),
}

/// A product of the subject.
struct Product {
    operands: SmallVec<[Operand; 8]>,
    output: Wires,
    sizes: SmallVec<[DimId; 8]>,
}

impl Product {
    fn of(arena: &Arena, e: ExprId) -> Product {
        match arena.node(e) {
            Node::Einsum(view) => Product {
                operands: view
                    .operands()
                    .map(|(e, w)| Operand { expr: e, wires: w.into() })
                    .collect(),
                output: view.output().into(),
                sizes: (0..view.wires() as u32).map(|w| view.size(w)).collect(),
            },
            _ => {
                let output: Wires = (0..arena.rank(e) as u32).collect();
                let operand = Operand { expr: e, wires: output.clone() };
                let sizes = arena.axes(e).iter().copied().collect();
                Product { operands: smallvec![operand], output, sizes }
            }
        }
    }
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
        let start = Placement::before(&view, &product, map);
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
    fn unify(&mut self, p: ExprId, s: ExprId, b: &Bindings) -> Option<Bindings> {
        let pattern = self.pattern;
        match pattern.arena.node(p) {
            Node::Symbol(symbol) => self.bind(symbol, s, b),
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
                if view.output.len() != product.output.len() && !pattern.entrywise {
                    return None;
                }
                let mut map: SmallVec<[Wire; 8]> = smallvec![Wire::MAX; view.sizes.len()];
                for (from, to) in view.output.iter().zip(&product.output) {
                    let slot = &mut map[*from as usize];
                    if *slot != Wire::MAX && *slot != *to {
                        return None;
                    }
                    *slot = *to;
                }
                if view.operands.is_empty() && !product.operands.is_empty() {
                    return None;
                }
                let entry = pattern.entrywise.then(|| product.output.clone());
                let start = Placement { entry, ..Placement::before(&view, &product, map) };
                let mut b = b.clone();
                for (from, to) in view.output.iter().zip(&product.output) {
                    b = bind_size(&b, view.sizes[*from as usize], product.sizes[*to as usize])?;
                }
                Some(self.place(&product, &view.output, true, start, b)?.1)
            }
            _ => None,
        }
    }

    fn bind(&mut self, symbol: SymbolId, s: ExprId, b: &Bindings) -> Option<Bindings> {
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
            if known.axes.len() != axes.len() {
                return None;
            }
            for (from, to) in known.axes.iter().zip(&axes) {
                b = bind_size(&b, *from, *to)?;
            }
        }
        let properties = known.properties;
        let holds = (!properties.positive || self.arena.is_positive(s))
            && (!properties.symmetric || self.arena.is_symmetric(s))
            && self.is_declared(properties, s);
        if !holds {
            return None;
        }
        b.expressions.push((symbol, s));
        Some(b)
    }

    /// Properties that are known of symbols alone.
    fn is_declared(&self, wanted: crate::tensor::node::Properties, s: ExprId) -> bool {
        if !(wanted.orthogonal || wanted.diagonal || wanted.simplex) {
            return true;
        }
        let Some(symbol) = self.arena.as_symbol(s) else { return false };
        let has = self.arena.symbol(symbol).properties;
        (!wanted.orthogonal || has.orthogonal)
            && (!wanted.diagonal || has.diagonal)
            && (!wanted.simplex || has.simplex)
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
            .filter(|s| !self.pattern.entrywise && !b.expressions.iter().any(|(v, _)| v == s));
        if let (Some(symbol), true, Some(ratio)) = (free, later.is_empty(), &ratio) {
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
            return Some((self.bind(symbol, sum, &b)?, SmallVec::new(), ratio));
        }
        for i in 0..terms.len() {
            if taken.contains(&i) {
                continue;
            }
            let here = self.arena.number_of(terms[i].0).div(&wanted)?;
            let Some(mut new) = self.unify(*p, terms[i].1, &b) else { continue };
            match &ratio {
                Some(r) if *r != here => {
                    // a coefficient may belong to a variable that is new here
                    let Some(slot) = new.expressions.get_mut(b.expressions.len()) else { continue };
                    let extra = here.div(r)?;
                    let extra = self.arena.number_id(&extra);
                    slot.1 = self.arena.scale(extra, slot.1);
                }
                _ => {}
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

    /// Places the factors of a pattern one by one; with `exact` all factors must be used.
    fn place(
        &mut self,
        product: &Product,
        output: &[Wire],
        exact: bool,
        state: Placement,
        b: Bindings,
    ) -> Option<(Placement, Bindings)> {
        if state.left.is_empty() {
            let whole = !exact || state.taken.iter().all(|t| *t);
            return (whole && closed(product, output, &state)).then_some((state, b));
        }
        let arena = &self.pattern.arena;
        let variable = |s: &Sought| match s {
            Sought::Pattern(p) => arena.as_symbol(*p),
            Sought::Bound(_) => None,
        };
        let is_bound = |v: SymbolId| b.expressions.iter().find(|(w, _)| *w == v).map(|x| x.1);
        // first what is no free variable
        let fixed =
            state.left.iter().position(|(s, _)| variable(s).is_none_or(|v| is_bound(v).is_some()));
        let Some(at) = fixed else { return self.place_free(product, output, exact, &state, &b) };
        let (mut sought, wires) = state.left[at].clone();
        let mut rest = state.clone();
        rest.left.remove(at);
        if let Some(e) = variable(&sought).and_then(is_bound) {
            sought = Sought::Bound(e);
            if let (Node::Einsum(view), false) = (self.arena.node(e), self.pattern.entrywise)
                && !(view.output().is_empty() && view.wires() > 0)
            {
                // the factors of what a variable stands for
                let offset = rest.map.len() as u32;
                let mut image: Wires = (0..view.wires() as u32).map(|w| w + offset).collect();
                rest.map.resize(rest.map.len() + view.wires(), Wire::MAX);
                for (inner, outer) in view.output().iter().zip(&wires) {
                    image[*inner as usize] = *outer;
                }
                for (o, w) in view.operands() {
                    let w = w.iter().map(|w| image[*w as usize]).collect();
                    rest.left.push((Sought::Bound(o), w));
                }
                return self.place(product, output, exact, rest, b);
            }
        }
        for i in 0..product.operands.len() {
            let operand = &product.operands[i];
            if rest.taken[i] || !self.may_be(sought, operand.expr) {
                continue;
            }
            let turns = if operand.wires.len() == 2 && self.arena.is_symmetric(operand.expr) {
                2
            } else {
                1
            };
            for turn in 0..turns {
                let mut there = operand.wires.clone();
                if turn == 1 {
                    there.reverse();
                }
                if !self.joins(&wires, &there, &rest) {
                    continue;
                }
                let found = match sought {
                    Sought::Bound(e) => (e == operand.expr).then(|| b.clone()),
                    Sought::Pattern(p) => self.unify(p, operand.expr, &b),
                };
                let Some(b) = found else { continue };
                let mut next = rest.clone();
                self.join(&wires, &there, &mut next);
                next.taken[i] = true;
                if let Some(done) = self.place(product, output, exact, next, b) {
                    return Some(done);
                }
            }
        }
        None
    }

    /// Places one of the free variables: at a factor, or, the last of a whole product, at all that
    /// is left.
    fn place_free(
        &mut self,
        product: &Product,
        output: &[Wire],
        exact: bool,
        state: &Placement,
        b: &Bindings,
    ) -> Option<(Placement, Bindings)> {
        for at in 0..state.left.len() {
            let (Sought::Pattern(p), wires) = state.left[at].clone() else { continue };
            let symbol = self.pattern.arena.as_symbol(p)?;
            let mut rest = state.clone();
            rest.left.remove(at);
            for i in 0..product.operands.len() {
                if rest.taken[i] {
                    continue;
                }
                let (expr, there) = (product.operands[i].expr, product.operands[i].wires.clone());
                for turn in 0..if wires.len() == 2 { 2 } else { 1 } {
                    let mut image = there.clone();
                    if turn == 1 {
                        image.reverse();
                    }
                    if !self.joins(&wires, &image, &rest) {
                        continue;
                    }
                    let value =
                        if turn == 1 { self.arena.permute(expr, &[1, 0], &[0, 1]) } else { expr };
                    let Some(b) = self.bind(symbol, value, b) else { continue };
                    let mut next = rest.clone();
                    self.join(&wires, &image, &mut next);
                    next.taken[i] = true;
                    if let Some(done) = self.place(product, output, exact, next, b) {
                        return Some(done);
                    }
                }
            }
            if exact && rest.left.is_empty() && !self.pattern.entrywise {
                let ends: Wires = wires.iter().map(|w| rest.map[*w as usize]).collect();
                if ends.contains(&Wire::MAX) {
                    continue;
                }
                let left = product.operands.iter().zip(&rest.taken).filter(|(_, t)| !**t);
                let operands: SmallVec<[Operand; 4]> = left.map(|(o, _)| o.clone()).collect();
                if operands.is_empty() || !hangs_on(product, &rest, &ends) {
                    continue;
                }
                let sizes = product.sizes.clone();
                let coefficient = Number::ONE;
                let value = Network { coefficient, operands, output: ends, sizes }.dense();
                let value = self.arena.einsum(value);
                let Some(b) = self.bind(symbol, value, b) else { continue };
                rest.taken.iter_mut().for_each(|t| *t = true);
                if let Some(done) = self.place(product, output, exact, rest, b) {
                    return Some(done);
                }
            }
        }
        None
    }

    /// Whether a factor of the subject can be what is sought, as far as its kind tells.
    fn may_be(&self, sought: Sought, e: ExprId) -> bool {
        match sought {
            Sought::Bound(wanted) => wanted == e,
            Sought::Pattern(p) => match (self.pattern.arena.node(p), self.arena.node(e)) {
                (Node::Map(f, _), Node::Map(g, _)) => f == g,
                (Node::Matrix(f, _), Node::Matrix(g, _)) => f == g,
                (Node::Map(..) | Node::Matrix(..), _) => false,
                _ => true,
            },
        }
    }

    /// Whether the wires of a pattern factor can be joined to those of a subject factor.
    fn joins(&self, wires: &[Wire], there: &[Wire], state: &Placement) -> bool {
        if self.pattern.entrywise && wires.is_empty() {
            return state.entry.as_ref().is_none_or(|entry| entry[..] == *there);
        }
        let free = |p: Wire, s: Wire| [Wire::MAX, s].contains(&state.map[p as usize]);
        let twice = |k: usize| {
            let same = |j: &usize| wires[*j] == wires[k];
            (0..k).find(same).is_none_or(|j| there[j] == there[k])
        };
        wires.len() == there.len() && (0..wires.len()).all(|k| free(wires[k], there[k]) && twice(k))
    }

    /// Joins them.
    fn join(&self, wires: &[Wire], there: &[Wire], state: &mut Placement) {
        if self.pattern.entrywise && wires.is_empty() {
            state.entry = Some(there.into());
            return;
        }
        for (p, s) in wires.iter().zip(there) {
            state.map[*p as usize] = *s;
        }
    }
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

/// Whether what is left of a product meets the rest at these wires alone.
fn hangs_on(product: &Product, state: &Placement, ends: &[Wire]) -> bool {
    let wires = |taken: bool| {
        let both = product.operands.iter().zip(&state.taken);
        both.filter(move |(_, t)| **t == taken).flat_map(|(o, _)| o.wires.iter().copied())
    };
    let outside: SmallVec<[Wire; 8]> = wires(true).chain(product.output.iter().copied()).collect();
    wires(false).all(|w| ends.contains(&w) || !outside.contains(&w))
        && ends.iter().all(|w| wires(false).any(|v| v == *w))
}

/// Whether what is summed over in the pattern is summed over here, once, and nowhere else.
fn closed(product: &Product, output: &[Wire], state: &Placement) -> bool {
    let inner: SmallVec<[Wire; 8]> = (0..state.map.len() as u32)
        .filter(|w| !output.contains(w))
        .map(|w| state.map[w as usize])
        .filter(|w| *w != Wire::MAX)
        .collect();
    let outer: SmallVec<[Wire; 8]> = output.iter().map(|w| state.map[*w as usize]).collect();
    if state.entry.is_none() && outer.contains(&Wire::MAX) {
        return false;
    }
    inner.iter().enumerate().all(|(i, w)| {
        let elsewhere = product
            .operands
            .iter()
            .zip(&state.taken)
            .any(|(o, taken)| !taken && o.wires.contains(w));
        !elsewhere
            && !product.output.contains(w)
            && !outer.contains(w)
            && !inner[i + 1..].contains(w)
    })
}
