//! Index notation: any expression, entry by entry.
//!
//! Total but for what has no name in the language (derivatives of unknown functions of an array
//! beyond the first, positions of largest entries).

use super::math::{Math, Symbol as Name};
use super::raise::{Raiser, negated, product, scaled, size_math, symbol_math};
use crate::functions::Function;
use crate::number::Number;
use crate::tensor::node::{
    EinsumView, ExprId, IndicatorRange, MapFunction, MatrixFunction, Node, SymbolKind,
};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Names for indices: `i`, `j`, `k`, … without those that the program uses.
#[derive(Clone, Copy)]
pub(crate) struct IndexNames<'a> {
    taken: &'a FxHashSet<Rc<str>>,
    next: usize,
    /// Whether parts with at most two axes are written in matrix notation: `(A'*A)[i,j]*delta[k,l]`.
    mixed: bool,
}

impl<'a> IndexNames<'a> {
    /// Names that avoid these.
    pub(crate) fn new(taken: &'a FxHashSet<Rc<str>>) -> IndexNames<'a> {
        IndexNames { taken, next: 0, mixed: false }
    }

    /// The same, for entries whose parts are in matrix notation where they have one.
    pub(crate) fn mixed(self) -> IndexNames<'a> {
        IndexNames { mixed: true, ..self }
    }

    /// The next unused name.
    pub(crate) fn fresh(&mut self) -> Name {
        // letters that have a subscript in Unicode
        const LETTERS: &[u8] = b"ijklprstuv";
        loop {
            let (letter, round) = (self.next % LETTERS.len(), self.next / LETTERS.len());
            self.next += 1;
            let mut name = (LETTERS[letter] as char).to_string();
            if round > 0 {
                name.push_str(&round.to_string());
            }
            if !self.taken.contains(name.as_str()) {
                return Name { name: name.as_str().into(), rank: 0 };
            }
        }
    }
}

impl Raiser<'_> {
    /// The entry of an expression at these indices.
    pub(crate) fn entry(
        &mut self,
        id: ExprId,
        at: &[Math],
        names: &mut IndexNames<'_>,
    ) -> Option<Math> {
        if self.depth == 0 {
            return None;
        }
        let arena = self.arena;
        if let Some(name) = self.name(id) {
            return Some(of(name, at));
        }
        // an entry on a diagonal may be defined where others are not: `1/L[i,i]` of a triangular L
        let repeated = matches!(at, [i, j] if i == j);
        if names.mixed
            && arena.rank(id) <= 2
            && !repeated
            && !self.plain(id)
            && let Some(math) = self.raise(id)
        {
            return Some(of(math, at));
        }
        self.depth -= 1;
        let result = match arena.node(id) {
            Node::Symbol(s) => Some(match arena.symbol(s).kind {
                SymbolKind::Triangle => of(self.raise(id)?, at),
                SymbolKind::Indicator(_) => self.lone_indicator(id, at),
                _ => of(symbol_math(arena, s), at),
            }),
            Node::Add(_) => self.sum_entry(id, at, names),
            Node::Einsum(view) => self.einsum_entry(view, at, names),
            Node::Map(f, _) => self.map_entry(id, f, at, names),
            Node::Matrix(MatrixFunction::Inverse, _)
            | Node::Named { .. }
            | Node::Reduce(..)
            | Node::Window { .. }
            | Node::Matrix(..)
            | Node::Apply(..) => {
                self.depth += 1;
                let whole = self.raise(id);
                self.depth -= 1;
                whole.map(|m| of(m, at))
            }
        };
        self.depth += 1;
        result
    }

    /// The entry of a function's value; `f` may be another comparison of the same operands.
    fn map_entry(
        &mut self,
        id: ExprId,
        f: MapFunction,
        at: &[Math],
        names: &mut IndexNames<'_>,
    ) -> Option<Math> {
        let arena = self.arena;
        let Node::Map(_, ids) = arena.node(id) else { return None };
        let mut list = Vec::new();
        for e in ids.iter() {
            let at = if arena.rank(e) == 0 { &[] } else { at };
            list.push(self.entry(e, at, names)?);
        }
        match f {
            MapFunction::Known(f) if f == arena.known.pow => {
                let exponent = list.pop()?;
                let base = list.pop()?;
                let constant = arena.as_power(id).map(|p| arena.number_of(p.1));
                Some(power(base, exponent, constant, arena.known.sqrt))
            }
            MapFunction::Known(f) => {
                // as a condition a comparison stands by itself
                if f == arena.known.choose
                    && let Math::Call(g, inner, _) = &mut list[0]
                    && *g == f
                {
                    list[0] = std::mem::take(inner).into_vec().swap_remove(0);
                }
                Some(Math::Call(f, list.into(), None))
            }
            MapFunction::Unknown(s, n) => {
                let name = Name { name: arena.symbol(s).name.clone(), rank: 0 };
                Some(super::raise::unknown(name, n, list))
            }
            MapFunction::Compare(c) => {
                let right = Box::new(list.pop()?);
                let left = Box::new(list.pop()?);
                let compare = Math::Compare(c, left, right);
                Some(super::raise::indicator(arena.known.choose, compare))
            }
        }
    }

    fn sum_entry(&mut self, id: ExprId, at: &[Math], names: &mut IndexNames<'_>) -> Option<Math> {
        let arena = self.arena;
        let Node::Add(terms) = arena.node(id) else { return None };
        if let Some((c, e, otherwise)) = self.otherwise(id) {
            let (negative, c) = (c.is_negative(), c.abs());
            let term = scaled(&c, self.map_entry(e, otherwise, at, names)?);
            return Some(if negative { negated(term) } else { term });
        }
        let mut list = Vec::new();
        for (c, e) in terms.iter() {
            let c = arena.number_of(c);
            let term = if arena.is_ones(e) {
                Math::Number(c.abs())
            } else {
                scaled(&c.abs(), self.entry(e, at, names)?)
            };
            let first = arena.is_ones(e) && !c.is_tiny();
            list.push(((!first, arena.is_ones(e), arena.key(e)), c.is_negative(), term));
        }
        list.sort_by_key(|t| t.0);
        if list.first().is_some_and(|t| t.1)
            && let Some(first) = list.iter().position(|t| !t.1)
        {
            let term = list.remove(first);
            list.insert(0, term);
        }
        Some(match list.len() {
            0 => Math::Number(Number::ZERO),
            1 => {
                let (_, negative, term) = list.swap_remove(0);
                if negative { negated(term) } else { term }
            }
            _ => Math::Sum(list.into_iter().map(|(_, s, m)| (s, m)).collect()),
        })
    }

    /// Whether an entry is as short with indices as in matrix notation: nothing is summed.
    fn plain(&self, id: ExprId) -> bool {
        match self.arena.node(id) {
            Node::Einsum(view) => (0..view.wires() as u32).all(|w| view.output().contains(&w)),
            Node::Symbol(_) => true,
            // `1 − yᵢ`
            Node::Add(terms) => terms.iter().any(|(_, e)| self.arena.is_ones(e)),
            _ => false,
        }
    }

    /// Gives every wire that has none an index, or the position that an indicator says it is;
    /// such an indicator joins `done`. Returns the names that are summed over.
    fn positions(
        &self,
        view: EinsumView<'_>,
        wires: &mut [Option<Math>],
        done: &mut Vec<usize>,
        names: &mut IndexNames<'_>,
    ) -> Vec<Name> {
        let mut bound = Vec::new();
        let operands: Vec<(ExprId, &[u32])> = view.operands().collect();
        // a summed position that an indicator computes needs no index of its own
        let mut waiting: Vec<(usize, u32)> = Vec::new();
        for (at, (e, ws)) in operands.iter().enumerate() {
            let total =
                self.arena.as_indicator(*e).is_some_and(|i| i.range != IndicatorRange::Partial);
            let known = |w: u32| wires[w as usize].is_some() || waiting.iter().any(|v| v.1 == w);
            if total && !known(ws[0]) && !ws[1..].contains(&ws[0]) {
                waiting.push((at, ws[0]));
            }
        }
        loop {
            for (w, wire) in wires.iter_mut().enumerate() {
                if wire.is_none() && !waiting.iter().any(|v| v.1 == w as u32) {
                    let name = names.fresh();
                    bound.push(name.clone());
                    *wire = Some(Math::Symbol(name));
                }
            }
            if waiting.is_empty() {
                return bound;
            }
            let before = waiting.len();
            waiting.retain(|(at, target)| {
                let (e, ws) = operands[*at];
                let sources: Option<Vec<Math>> =
                    ws[1..].iter().map(|w| wires[*w as usize].clone()).collect();
                let Some(sources) = sources else { return true };
                wires[*target as usize] = Some(self.position(e, sources));
                done.push(*at);
                false
            });
            if waiting.len() == before {
                // positions that wait for each other: one gets an index
                waiting.pop();
            }
        }
    }

    /// The other indicators, as entries of δ; an index that nothing else gives a size gets it here.
    fn indicators(
        &self,
        view: EinsumView<'_>,
        wires: &[Option<Math>],
        outer: Vec<bool>,
        done: &mut Vec<usize>,
        factors: &mut Vec<Math>,
    ) {
        let plain: Vec<(ExprId, &[u32])> =
            view.operands().filter(|(e, _)| self.arena.as_indicator(*e).is_none()).collect();
        let mut sized = outer;
        for (w, sized) in sized.iter_mut().enumerate() {
            let held = plain.iter().any(|(_, ws)| ws.contains(&(w as u32)));
            *sized = held || !(*sized || matches!(wires[w], Some(Math::Symbol(_))));
        }
        for (at, (e, ws)) in view.operands().enumerate() {
            if self.arena.as_indicator(e).is_none() {
                continue;
            }
            if !done.contains(&at) {
                let index = |w: &u32| wires[*w as usize].clone();
                let (Some(target), Some(sources)) =
                    (index(&ws[0]), ws[1..].iter().map(index).collect::<Option<Vec<Math>>>())
                else {
                    continue;
                };
                let position = self.position(e, sources);
                factors.push(if sized[ws[0] as usize] {
                    Math::Delta(Box::new(target), Box::new(position))
                } else {
                    let size = size_math(self.arena.size_text(view.size(ws[0])));
                    identity_entry(size, target, position)
                });
                sized[ws[0] as usize] = true;
                done.push(at);
            }
            for w in &ws[1..] {
                if !std::mem::replace(&mut sized[*w as usize], true)
                    && let Some(index @ Math::Symbol(_)) = &wires[*w as usize]
                {
                    let size = size_math(self.arena.size_text(view.size(*w)));
                    factors.push(Math::Entry(
                        Box::new(Math::Ones(vec![size])),
                        Box::new([index.clone()]),
                    ));
                }
            }
        }
    }

    /// An indicator that stands by itself. It fixes the size of its value, ones those of the rest.
    fn lone_indicator(&self, id: ExprId, at: &[Math]) -> Math {
        let mut sizes = self.arena.axes(id).iter().map(|dim| size_math(self.arena.size_text(*dim)));
        let first = sizes.next().unwrap_or(Math::Number(Number::ONE));
        let mut factors =
            vec![identity_entry(first, at[0].clone(), self.position(id, at[1..].to_vec()))];
        factors.extend(
            sizes.zip(&at[1..]).map(|(n, i)| of(Math::Ones(vec![n]), std::slice::from_ref(i))),
        );
        product(factors)
    }

    /// The position, counted from 1, that an indicator computes from others.
    fn position(&self, id: ExprId, sources: Vec<Math>) -> Math {
        let arena = self.arena;
        let Some(indicator) = arena.as_indicator(id) else { return Math::Number(Number::ONE) };
        let mut terms: Vec<(bool, Math)> = Vec::new();
        let mut constant = Number::ONE;
        for (factor, source) in indicator.factors.iter().zip(sources) {
            let factor = size_math(arena.size_text(*factor));
            if factor == Math::Number(Number::ONE) {
                constant = constant.add(&Number::MINUS_ONE);
                terms.push((false, source));
            } else {
                let one = (true, Math::Number(Number::ONE));
                let steps = Math::Sum(vec![(false, source), one]);
                terms.push((false, Math::Product(vec![factor, steps])));
            }
        }
        match add_size(&arena.size_text(indicator.offset), terms, constant) {
            // a position by itself would have the size of the whole axis
            Math::Symbol(s) if indicator.part.is_some() => {
                Math::Product(vec![Math::Number(Number::ONE), Math::Symbol(s)])
            }
            position => position,
        }
    }

    fn einsum_entry(
        &mut self,
        view: EinsumView<'_>,
        at: &[Math],
        names: &mut IndexNames<'_>,
    ) -> Option<Math> {
        if names.mixed
            && (0..view.wires() as u32).any(|w| !view.output().contains(&w))
            && let Some(product) = self.joined_entry(view, at)
        {
            return Some(product);
        }
        let mut wires: Vec<Option<Math>> = vec![None; view.wires()];
        let mut factors = Vec::new();
        for (wire, index) in view.output().iter().zip(at) {
            match &wires[*wire as usize] {
                None => wires[*wire as usize] = Some(index.clone()),
                Some(first) => {
                    let sized = view.operands().any(|(_, ws)| ws.contains(wire));
                    factors.push(if sized {
                        Math::Delta(Box::new(first.clone()), Box::new(index.clone()))
                    } else {
                        let size = size_math(self.arena.size_text(view.size(*wire)));
                        identity_entry(size, first.clone(), index.clone())
                    });
                }
            }
        }
        let mut units = Vec::new();
        let outer = wires.iter().map(Option::is_some).collect();
        let bound = self.positions(view, &mut wires, &mut units, names);
        self.indicators(view, &wires, outer, &mut units, &mut factors);
        // numbers before entries, as before arrays: `s*A[i,j]`
        let mut list: Vec<(bool, (u32, u64), Math)> = Vec::new();
        for (at, (e, ws)) in view.operands().enumerate() {
            if units.contains(&at) {
                continue;
            }
            let indices: Vec<Math> = ws.iter().filter_map(|w| wires[*w as usize].clone()).collect();
            let math = self.entry(e, &indices, names)?;
            let plain = ws.is_empty() && !matches!(math, Math::IndexSum(..));
            list.push((!plain, self.arena.key(e), math));
        }
        list.sort_by_key(|t| (t.0, t.1));
        let mut all: Vec<Math> = list.into_iter().map(|t| t.2).collect();
        all.extend(factors);
        let below: Vec<Math> = all
            .iter()
            .filter_map(|m| match m {
                Math::Quotient(a, b) if matches!(&**a, Math::Number(n) if n.is_one()) => {
                    Some((**b).clone())
                }
                _ => None,
            })
            .collect();
        all.retain(
            |m| !matches!(m, Math::Quotient(a, _) if matches!(&**a, Math::Number(n) if n.is_one())),
        );
        let mut body = product(all);
        if !below.is_empty() {
            body = Math::Quotient(Box::new(body), Box::new(product(below)));
        }
        Some(if bound.is_empty() { body } else { Math::IndexSum(bound.into(), Box::new(body)) })
    }
}

/// A size as a position.
pub(super) fn size_position(text: &str) -> Math {
    add_size(text, Vec::new(), Number::ZERO)
}

/// A position to which a size is added.
fn add_size(text: &str, mut terms: Vec<(bool, Math)>, mut constant: Number) -> Math {
    for (negative, text) in signed_terms(text) {
        match Number::from_decimal(text) {
            Some(n) if negative => constant = constant.add(&n.neg()),
            Some(n) => constant = constant.add(&n),
            None => terms.push((negative, Math::Product(vec![size_math(text.into())]))),
        }
    }
    if !constant.is_zero() {
        terms.push((constant.is_negative(), Math::Number(constant.abs())));
    }
    match terms.len() {
        0 => Math::Number(Number::ONE),
        1 if !terms[0].0 => terms.swap_remove(0).1,
        _ => Math::Sum(terms),
    }
}

/// The terms of a size as it is written, `m-p+1`, with their signs.
fn signed_terms(text: &str) -> Vec<(bool, &str)> {
    let (mut terms, mut start, mut depth) = (Vec::new(), 0, 0);
    let negative = |start: usize| text[..start].ends_with('-');
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '+' | '-' if depth == 0 => {
                if at > start {
                    terms.push((negative(start), &text[start..at]));
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push((negative(start), &text[start..]));
    terms
}

/// `eye(n)[i,j]`
pub(super) fn identity_entry(size: Math, i: Math, j: Math) -> Math {
    Math::Entry(Box::new(Math::Identity(Some(Box::new(size)))), Box::new([i, j]))
}

fn of(m: Math, at: &[Math]) -> Math {
    if at.is_empty() { m } else { entry_of(m, at) }
}

/// An entry; that of a transpose is the other one of the matrix.
pub(super) fn entry_of(m: Math, at: &[Math]) -> Math {
    match (m, at) {
        (Math::Transpose(inner), [i, j]) => entry_of(*inner, &[j.clone(), i.clone()]),
        (m, _) => Math::Entry(Box::new(m), at.into()),
    }
}

fn power(base: Math, exponent: Math, constant: Option<&Number>, sqrt: &'static Function) -> Math {
    match constant {
        Some(e) if e.is_negative() => {
            let inner = power(base, Math::Number(e.neg()), Some(&e.neg()), sqrt);
            Math::Quotient(Box::new(Math::Number(Number::ONE)), Box::new(inner))
        }
        Some(e) if e.is_one() => base,
        Some(e) if e.mul(&Number::integer(2)).is_one() => Math::Call(sqrt, Box::new([base]), None),
        Some(e) => Math::Power(Box::new(base), Box::new(Math::Number(e.clone()))),
        None => Math::Power(Box::new(base), Box::new(exponent)),
    }
}
