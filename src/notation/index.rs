//! Index notation: any expression, entry by entry.
//!
//! Total but for what has no name in the language (derivatives of unknown functions of an array
//! beyond the first, positions of largest entries).

use super::math::{Math, Symbol as Name};
use super::raise::{Raiser, negated, product, scaled, size_math, symbol_math};
use crate::number::Number;
use crate::tensor::node::{EinsumView, ExprId, MapFunction, MatrixFunction, Node, SymbolKind};
use rustc_hash::FxHashSet;

/// Names for indices: `i`, `j`, `k`, … without those that the program uses.
pub(crate) struct IndexNames<'a> {
    taken: &'a FxHashSet<&'a str>,
    next: usize,
}

impl<'a> IndexNames<'a> {
    /// Names that avoid these.
    pub(crate) fn new(taken: &'a FxHashSet<&'a str>) -> IndexNames<'a> {
        IndexNames { taken, next: 0 }
    }

    /// The next unused name.
    pub(crate) fn fresh(&mut self) -> Name {
        const LETTERS: &[u8] = b"ijklpqrstuvw";
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
            return Some(of(name.clone(), at));
        }
        self.depth -= 1;
        let result = match arena.node(id) {
            Node::Symbol(s) => Some(match arena.symbol(s).kind {
                SymbolKind::Basis(dim, k) => {
                    // as an entry of the identity matrix, which fixes the size when it is read
                    let position = Math::Number(Number::integer(k));
                    identity_entry(size_math(arena.size_text(dim)), at[0].clone(), position)
                }
                _ => of(symbol_math(arena, s), at),
            }),
            Node::Add(terms) => {
                let mut list = Vec::new();
                for (c, e) in terms.iter() {
                    let c = arena.number_of(c);
                    let term = if arena.is_ones(e) {
                        Math::Number(c.abs())
                    } else {
                        scaled(&c.abs(), self.entry(e, at, names)?)
                    };
                    list.push(((!arena.is_ones(e), arena.key(e)), c.is_negative(), term));
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
            Node::Einsum(view) => self.einsum_entry(view, at, names),
            Node::Map(f, ids) => {
                let mut list = Vec::new();
                for e in ids.iter() {
                    let at = if arena.rank(e) == 0 { &[] } else { at };
                    list.push(self.entry(e, at, names)?);
                }
                match f {
                    MapFunction::Known(f) if f == arena.known.pow => {
                        let exponent = list.pop()?;
                        let base = list.pop()?;
                        Some(power(
                            base,
                            exponent,
                            arena.as_power(id).map(|p| arena.number_of(p.1)),
                        ))
                    }
                    MapFunction::Known(f) => {
                        // as a condition a comparison stands by itself
                        if f == arena.known.choose
                            && let Math::Call(g, inner, _) = &mut list[0]
                            && *g == f
                        {
                            list[0] = inner.swap_remove(0);
                        }
                        Some(Math::Call(f, list, None))
                    }
                    MapFunction::Unknown(s, n) => {
                        let name = Name { name: arena.symbol(s).name.clone(), rank: 0 };
                        Some(Math::Unknown(name, n, list))
                    }
                    MapFunction::Compare(c) => {
                        let right = Box::new(list.pop()?);
                        let left = Box::new(list.pop()?);
                        let text = crate::syntax::operator::comparison_text(c);
                        let compare = Math::Compare(text, left, right);
                        Some(super::raise::indicator(arena.known.choose, compare))
                    }
                }
            }
            Node::Matrix(MatrixFunction::Inverse, _)
            | Node::Named { .. }
            | Node::Reduce(..)
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

    /// The position of a unit vector's 1.
    fn unit(&self, id: ExprId) -> Option<i64> {
        match self.arena.symbol(self.arena.as_symbol(id)?).kind {
            SymbolKind::Basis(_, k) => Some(k),
            _ => None,
        }
    }

    fn einsum_entry(
        &mut self,
        view: EinsumView<'_>,
        at: &[Math],
        names: &mut IndexNames<'_>,
    ) -> Option<Math> {
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
        // a sum with a unit vector is the entry at its position
        let mut units = Vec::new();
        for (at, (e, ws)) in view.operands().enumerate() {
            if let (Some(k), [w]) = (self.unit(e), ws)
                && wires[*w as usize].is_none()
            {
                wires[*w as usize] = Some(Math::Number(Number::integer(k)));
                units.push(at);
            }
        }
        let mut bound = Vec::new();
        for wire in &mut wires {
            if wire.is_none() {
                let name = names.fresh();
                bound.push(name.clone());
                *wire = Some(Math::Symbol(name));
            }
        }
        let mut list: Vec<((u32, u64), Math)> = Vec::new();
        for (at, (e, ws)) in view.operands().enumerate() {
            if units.contains(&at) {
                continue;
            }
            let indices: Vec<Math> = ws.iter().filter_map(|w| wires[*w as usize].clone()).collect();
            list.push((self.arena.key(e), self.entry(e, &indices, names)?));
        }
        list.sort_by_key(|t| t.0);
        let mut all: Vec<Math> = list.into_iter().map(|t| t.1).collect();
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
        Some(if bound.is_empty() { body } else { Math::IndexSum(bound, Box::new(body)) })
    }
}

/// `eye(n)[i,j]`
fn identity_entry(size: Math, i: Math, j: Math) -> Math {
    Math::Entry(Box::new(Math::Identity(Some(Box::new(size)))), vec![i, j])
}

fn of(m: Math, at: &[Math]) -> Math {
    if at.is_empty() { m } else { Math::Entry(Box::new(m), at.to_vec()) }
}

fn power(base: Math, exponent: Math, constant: Option<&Number>) -> Math {
    match constant {
        Some(e) if e.is_negative() => {
            let inner = power(base, Math::Number(e.neg()), Some(&e.neg()));
            Math::Quotient(Box::new(Math::Number(Number::ONE)), Box::new(inner))
        }
        Some(e) if e.is_one() => base,
        Some(e) => Math::Power(Box::new(base), Box::new(Math::Number(e.clone()))),
        None => Math::Power(Box::new(base), Box::new(exponent)),
    }
}
