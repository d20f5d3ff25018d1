//! Placing: the factors of a pattern among the factors of a product, one by one.

use super::pattern::{Bindings, Matcher};
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::Arena;
use crate::tensor::node::{ExprId, Network, Node, Operand, SymbolId, Wire, Wires};
use smallvec::{SmallVec, smallvec};

/// A product under way: pattern factors to be placed, and where those are that were.
#[derive(Clone)]
pub(super) struct Placement {
    /// What is left of the pattern.
    pub(super) left: SmallVec<[(Sought, Wires); 4]>,
    /// Which factors of the subject are taken.
    pub(super) taken: SmallVec<[bool; 8]>,
    /// The wire of the subject for each of the pattern's.
    pub(super) map: SmallVec<[Wire; 8]>,
    /// For a pattern of scalars: the wires at which it is found.
    pub(super) entry: Option<Wires>,
}

impl Placement {
    /// Nothing of a product is placed among the factors of another; `sought` is what each of its
    /// own factors is.
    pub(super) fn before(
        view: &Product,
        product: &Product,
        map: SmallVec<[Wire; 8]>,
        sought: fn(ExprId) -> Sought,
    ) -> Placement {
        Placement {
            left: view.operands.iter().map(|o| (sought(o.expr), o.wires.clone())).collect(),
            taken: smallvec![false; product.operands.len()],
            map,
            entry: None,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Sought {
    /// An expression of the pattern.
    Pattern(ExprId),
    /// An expression of the subject, by what a variable stands for.
    Bound(ExprId),
}

/// A product of the subject.
pub(super) struct Product {
    pub(super) operands: SmallVec<[Operand; 8]>,
    pub(super) output: Wires,
    pub(super) sizes: SmallVec<[DimId; 8]>,
}

impl Product {
    pub(super) fn of(arena: &Arena, e: ExprId) -> Product {
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
impl Matcher<'_> {
    /// Places the factors of a pattern one by one; with `exact` all factors must be used.
    pub(super) fn place(
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
            // nothing but variables is left to be placed here
            self.pattern.arena.as_symbol(p)?;
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
                    let Some(b) = self.bind(p, value, b) else { continue };
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
                let Some(b) = self.bind(p, value, b) else { continue };
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
