//! The lines of one group but the last: chain rule, local derivative, contraction.

use super::super::ascii::ascii;
use super::super::index::{IndexNames, entry_of};
use super::super::layout::rank;
use super::super::math::{Math, Symbol as Name};
use super::super::raise::{negated, product, symbol_math};
use super::super::unicode::unicode;
use super::super::walk::any;
use super::bound::{fronted, same, summed, tidied};
use super::build::{Builder, LAST, heavier};
use super::differential::{Terms, along, differentials};
use super::speak::{FROZEN, at};
use super::{Line, Row, Side};
use crate::calculus::derivation::Law;
use crate::number::Number;
use crate::tensor::node::{Axes, ExprId, Symbol, SymbolKind};

/// The lines of one group but the last.
pub(super) struct Lines {
    /// Position in the program, and whether the chain rule is written with its partial derivative.
    parents: Vec<(usize, bool)>,
    law: Law,
    /// `dx`
    change: ExprId,
    /// Differentials of each parent's value along `dx`, and local derivatives.
    along: Vec<Option<(Terms, Terms)>>,
}

impl Lines {
    pub(super) fn new(b: &mut Builder<'_>, c: ExprId) -> Lines {
        let seed = b.speech.seed;
        let mut list = b.parents.remove(&c).unwrap_or_default();
        list.sort_by_key(|p| p.equation);
        let law = list.iter().map(|p| p.law).reduce(heavier).unwrap_or(Law::Linear);
        // a factor takes the place of what it is the derivative of; else δ stands last
        let own = matches!(law, Law::Product | Law::Linear);
        let order = if own { b.symbol(c).order } else { LAST };
        let axes: Axes = b.trace.arena.axes(c).into();
        let name = b.symbol(c).name.clone();
        let change = Symbol { order: LAST, ..Symbol::new(name, SymbolKind::Differential) };
        let change = b.trace.arena.symbol_expr(change, &axes);
        let mut text = String::from(FROZEN);
        for d in &axes {
            text.push(' ');
            text.push_str(&b.trace.arena.size_text(*d));
        }
        let frozen = if axes.is_empty() {
            b.trace.arena.ones(&[])
        } else {
            let twice: Axes = axes.iter().chain(&axes).copied().collect();
            let kept = Symbol { order, ..Symbol::new(text.as_str().into(), SymbolKind::Frozen) };
            b.trace.arena.symbol_expr(kept, &twice)
        };
        let mut parents = Vec::new();
        let mut all = Vec::new();
        for p in &list {
            let g = b.cotangents.get(&p.equation).copied();
            let named = g.filter(|g| b.is_cotangent(*g));
            parents.push((p.equation, named.is_some() && !b.indirect(p.equation, c, &list)));
            all.push(differentials(b.trace.arena, &p.parts, named, change, frozen, seed));
        }
        Lines { parents, law, change, along: all }
    }

    pub(super) fn rows(
        self,
        b: &mut Builder<'_>,
        c: ExprId,
        total: ExprId,
        claimed: &Math,
    ) -> Vec<Row> {
        let index = self.index(b, c, total);
        let matrix = self.matrix(b, c, total, claimed);
        let mut rows: Vec<Row> = Vec::new();
        for (matrix, index) in matrix.into_iter().zip(index) {
            if matrix.is_some() || index.is_some() {
                rows.push(Row { matrix, index });
            }
        }
        rows
    }

    /// Chain rule, local derivative, contraction.
    fn index(&self, b: &Builder<'_>, c: ExprId, total: ExprId) -> [Option<Line>; 3] {
        let mut names = IndexNames::new(&b.taken);
        let mut fresh =
            |n: usize| -> Vec<Math> { (0..n).map(|_| Math::Symbol(names.fresh())).collect() };
        let arena = &b.trace.arena;
        let of = fresh(b.speech.seed);
        let by = fresh(arena.rank(c));
        let free = names;
        let x = Math::Symbol(b.name(c));
        let left = Math::Partial(
            Box::new(at(Math::Symbol(b.speech.of.clone()), &of)),
            Box::new(at(x.clone(), &by)),
        );
        let (mut chain, mut local) = (Some(Vec::new()), Some(Vec::new()));
        for ((equation, chained), along) in self.parents.iter().zip(&self.along) {
            let u = b.trace.equations[*equation].symbol;
            let mut names = names;
            let direct = b.cotangents.get(equation).is_none_or(|g| !b.is_cotangent(*g));
            let ks: Vec<Name> = if direct {
                Vec::new()
            } else {
                (0..arena.rank(u)).map(|_| names.fresh()).collect()
            };
            let places: Vec<Math> = ks.iter().cloned().map(Math::Symbol).collect();
            let outer = (!direct).then(|| {
                Math::Partial(
                    Box::new(at(Math::Symbol(b.speech.of.clone()), &of)),
                    Box::new(at(Math::Symbol(b.name(u)), &places)),
                )
            });
            let term = along.as_ref().and_then(|(_, frozen)| {
                let mut indices = if direct { of.clone() } else { places.clone() };
                indices.extend(by.iter().cloned());
                let inner = b.sum(frozen, |raiser, id| {
                    // each part begins with the same names
                    let mut inner = names;
                    raiser.entry(id, &indices, &mut inner)
                })?;
                let whole = summed(&ks, outer.clone(), inner);
                Some(b.speech.entries(whole))
            });
            if *chained {
                let inner = Math::Partial(
                    Box::new(at(Math::Symbol(b.name(u)), &places)),
                    Box::new(at(x.clone(), &by)),
                );
                if let Some(list) = &mut chain {
                    list.push(summed(&ks, outer, inner));
                }
            } else {
                chain = chain.zip(term.clone()).map(|(mut list, t)| {
                    list.push(t);
                    list
                });
            }
            local = local.zip(term).map(|(mut list, t)| {
                list.push(t);
                list
            });
        }
        let all = [of, by].concat();
        let contracted = b.raiser(None).entry(total, &all, &mut names).map(|m| {
            // where a δ between sums of indices is left, its sum has a name: `fullconv(g, k)[i]`
            let named = moved(&m).then(|| b.raiser(None).raise(total)).flatten();
            b.speech.entries(named.map_or(m, |whole| entry_by_entry(whole, &all)))
        });
        let chained = self.parents.iter().any(|p| p.1);
        let mut out = [
            chain.filter(|_| chained).map(|l| ("chain-rule".to_string(), added(l))),
            local.map(|l| (self.law.name(), added(l))),
            contracted.map(|m| ("delta-contraction".to_string(), m)),
        ];
        for line in out.iter_mut().flatten() {
            line.1 = tidied(std::mem::replace(&mut line.1, Math::Pi), free);
        }
        without_repetition(&mut out);
        out.map(|line| {
            line.map(|(rule, right)| Line {
                rule,
                claim: format!("{} == {}", ascii(&left), ascii(&right)),
                left: Side::Math(left.clone()),
                right,
            })
        })
    }

    /// What a local derivative is along a change, in matrix notation.
    fn raised(&self, b: &Builder<'_>, change: &Terms) -> Option<Math> {
        let own = matches!(self.law, Law::Product | Law::Linear);
        b.sum(change, |raiser, id| {
            let raised = raiser.raise(id).map(paired);
            if own { raised } else { raised.map(turned) }
        })
    }

    /// The same with differentials.
    fn matrix(
        &self,
        b: &mut Builder<'_>,
        c: ExprId,
        total: ExprId,
        claimed: &Math,
    ) -> [Option<Line>; 3] {
        let seed = b.speech.seed;
        let contracted = along(b.trace.arena, total, self.change, seed);
        let settled = b.simple.get(&c).map(|s| s.1);
        let settled = settled.map(|e| along(b.trace.arena, e, self.change, seed));
        let b = &*b;
        let arena = &b.trace.arena;
        // of a number the differential is an inner product, whatever is asked for
        let (partial, jacobian) = (b.trace.jacobian, b.trace.jacobian && seed > 0);
        let whole = |m: Math| b.speech.whole(m, partial);
        let (mut chain, mut local) = (Some(Vec::new()), Some(Vec::new()));
        let mut claims = Some(Vec::new());
        for ((equation, chained), along) in self.parents.iter().zip(&self.along) {
            let u = b.trace.equations[*equation].symbol;
            let g = b.cotangents.get(equation).copied().filter(|g| b.is_cotangent(*g));
            let outer =
                g.map(|g| symbol_math(arena, arena.as_symbol(g).expect("a cotangent is a symbol")));
            let fits = g.is_none_or(|g| !jacobian || arena.rank(g) <= 2 && arena.rank(u) <= 1);
            let pair = |inner: Math| match &outer {
                None => inner,
                Some(outer) if jacobian || arena.rank(u) == 0 => {
                    fronted(whole(outer.clone()), inner, jacobian && arena.rank(u) == 0)
                }
                Some(outer) => Math::Inner(Box::new(whole(outer.clone())), Box::new(inner)),
            };
            let term = along.as_ref().filter(|_| fits).and_then(|(change, _)| {
                match self.raised(b, change) {
                    Some(inner) => Some(pair(whole(inner))),
                    None if jacobian => None,
                    None => entrywise(b, u, outer.clone(), change).map(&whole),
                }
            });
            if *chained {
                if let Some(list) = &mut chain {
                    list.push(pair(Math::Differential(b.name(u))));
                }
                if let Some(list) = &mut claims {
                    list.push(b.chain_claim(*equation, c));
                }
            } else {
                chain = chain.zip(term.clone()).map(|(mut list, t)| {
                    list.push(t);
                    list
                });
                claims = claims.zip(term.clone()).map(|(mut list, t)| {
                    // beside entries stands an entry
                    list.push(if jacobian { at(t, &b.free(seed)) } else { t });
                    list
                });
            }
            local = local.zip(term).map(|(mut list, t)| {
                list.push(t);
                list
            });
        }
        let adjoint = if jacobian {
            b.raiser(None).raise(contracted).map(&whole)
        } else {
            b.raiser(None).raise(total).map(|m| beside(whole(m), b.name(c)))
        };
        let chained = self.parents.iter().any(|p| p.1);
        let left = Math::Differential(b.speech.of.clone());
        // a variable of the program may have the name of the change
        let ambiguous = b.taken.contains(format!("d{}", b.name(c).name).as_str());
        if ambiguous || local.is_none() && !jacobian {
            return [None, None, None];
        }
        let mut out = match local {
            Some(local) => [
                chain.filter(|_| chained).map(|l| ("chain-rule".to_string(), added(l))),
                Some((self.law.name(), added(local))),
                adjoint.map(|m| ("adjoint".to_string(), m)),
            ],
            // a cotangent has too many axes to be written: what it is stands in its place
            None => {
                let settled = settled.and_then(|e| b.raiser(None).raise(e)).map(&whole);
                [None, settled.map(|m| ("chain-rule".to_string(), m)), None]
            }
        };
        without_repetition(&mut out);
        if b.name(c).rank == 0 && !jacobian && b.says(&out[..2], contracted) {
            out[2] = None;
        }
        let chain_claim = claims.map(added);
        let indices = if jacobian { b.free(seed) } else { Vec::new() };
        let entry = at(claimed.clone(), &indices);
        let mut place = 0;
        out.map(|line| {
            place += 1;
            line.map(|(rule, right)| {
                let (claimed, claim) = match (&chain_claim, place) {
                    (Some(claim), 1) => (&entry, claim),
                    _ => (claimed, &right),
                };
                Line {
                    rule,
                    claim: format!("{} == {}", ascii(claimed), ascii(claim)),
                    left: Side::Math(left.clone()),
                    right,
                }
            })
        })
    }
}

/// Whether a δ between positions stands inside a sum.
fn moved(math: &Math) -> bool {
    let plain = |m: &Math| matches!(m, Math::Symbol(_));
    any(math, &mut |part| match part {
        Math::IndexSum(_, body) => any(body, &mut |inner| match inner {
            Math::Delta(a, b) => !plain(a) || !plain(b),
            Math::Entry(of, at) => matches!(**of, Math::Identity(_)) && !at.iter().all(plain),
            _ => false,
        }),
        _ => false,
    })
}

/// An entry of an array: of each factor of an elementwise product, and of each term of a sum.
fn entry_by_entry(math: Math, at: &[Math]) -> Math {
    match math {
        Math::Hadamard(list) => {
            Math::Product(list.into_iter().map(|m| entry_by_entry(m, at)).collect())
        }
        Math::Sum(terms) => {
            Math::Sum(terms.into_iter().map(|(sign, m)| (sign, entry_by_entry(m, at))).collect())
        }
        Math::Product(mut list) if list.iter().rev().skip(1).all(|m| rank(m) == Some(0)) => {
            let last = list.pop().map(|m| entry_by_entry(m, at));
            list.extend(last);
            Math::Product(list)
        }
        Math::Quotient(a, b) => Math::Quotient(Box::new(entry_by_entry(*a, at)), b),
        other => entry_of(other, at),
    }
}

/// `⟨A, dx⟩`, and of a number `a dx`; `−a dx`, not `(−a) dx`.
fn beside(factor: Math, x: Name) -> Math {
    let scalar = x.rank == 0;
    let dx = Math::Differential(x);
    match factor {
        _ if !scalar => Math::Inner(Box::new(factor), Box::new(dx)),
        Math::Sum(mut terms) if terms.len() == 1 && terms[0].0 => {
            negated(product(vec![terms.swap_remove(0).1, dx]))
        }
        factor => product(vec![factor, dx]),
    }
}

impl Builder<'_> {
    /// Whether the last of these lines is an expression as it stands: `ds/N` says `c ds`.
    fn says(&self, lines: &[Option<(String, Math)>], id: ExprId) -> bool {
        let last = lines.iter().rev().flatten().next();
        last.zip(self.raiser(None).raise(id)).is_some_and(|((_, m), n)| unicode(m) == unicode(&n))
    }
}

/// `⟨∇u, du⟩` entry by entry, for what has no notation as a whole.
fn entrywise(b: &Builder<'_>, u: ExprId, outer: Option<Math>, change: &Terms) -> Option<Math> {
    let free = IndexNames::new(&b.taken);
    let mut names = free;
    let count = if outer.is_some() { b.trace.arena.rank(u) } else { 0 };
    let ks: Vec<Name> = (0..count).map(|_| names.fresh()).collect();
    let places: Vec<Math> = ks.iter().cloned().map(Math::Symbol).collect();
    let inner = b.sum(change, |raiser, id| {
        let mut names = names;
        raiser.entry(id, &places, &mut names)
    })?;
    Some(tidied(summed(&ks, outer.map(|o| at(o, &places)), inner), free))
}

/// `sum(A .* dX)` as an inner product, with what stands before it.
fn paired(math: Math) -> Math {
    match math {
        Math::Call(f, list, None) if f.name == "sum" && list.len() == 1 => {
            match without_change(list.into_vec().swap_remove(0)) {
                Ok((rest, change)) => Math::Inner(Box::new(rest), Box::new(change)),
                Err(math) => Math::Call(f, Box::new([math]), None),
            }
        }
        Math::Product(list) => Math::Product(list.into_iter().map(paired).collect()),
        Math::Sum(terms) => Math::Sum(terms.into_iter().map(|(s, m)| (s, paired(m))).collect()),
        other => other,
    }
}

/// What a change is multiplied by entry by entry, and the change: `Y ./ P` and `dP` of
/// `(Y .* dP) ./ P`; else the expression itself.
fn without_change(math: Math) -> Result<(Math, Math), Math> {
    let is = |p: &Math| matches!(p, Math::Differential(_));
    match math {
        Math::Hadamard(mut parts) if parts.iter().filter(|p| is(p)).count() == 1 => {
            let change = parts.remove(parts.iter().position(is).unwrap_or(0));
            let rest = if parts.len() == 1 { parts.swap_remove(0) } else { Math::Hadamard(parts) };
            Ok((rest, change))
        }
        Math::ElementQuotient(above, below) if is(&above) => {
            let one = Box::new(Math::Number(Number::ONE));
            Ok((Math::ElementQuotient(one, below), *above))
        }
        Math::ElementQuotient(above, below) => match without_change(*above) {
            Ok((rest, change)) => Ok((Math::ElementQuotient(Box::new(rest), below), change)),
            Err(above) => Err(Math::ElementQuotient(Box::new(above), below)),
        },
        other => Err(other),
    }
}

/// `tr(M dX)`, not `tr(dX M)`, of a derivative in whose formula the change stands last.
fn turned(math: Math) -> Math {
    match math {
        Math::Call(f, mut list, None) if f.name == "tr" => {
            if let [Math::Product(factors)] = &mut list[..]
                && matches!(factors.first(), Some(Math::Differential(_)))
            {
                factors.rotate_left(1);
            }
            Math::Call(f, list, None)
        }
        Math::Product(list) => Math::Product(list.into_iter().map(turned).collect()),
        Math::Sum(terms) => Math::Sum(terms.into_iter().map(|(s, m)| (s, turned(m))).collect()),
        other => other,
    }
}

/// No line says what the line before said.
fn without_repetition(lines: &mut [Option<(String, Math)>; 3]) {
    for at in 1..3 {
        let (before, after) = lines.split_at_mut(at);
        if let (Some((_, before)), Some((_, line))) =
            (before.iter().rev().flatten().next(), &after[0])
            && (same(before, line) || unicode(before) == unicode(line))
        {
            after[0] = None;
        }
    }
}

/// A sum of terms with their signs in front.
fn added(mut list: Vec<Math>) -> Math {
    if list.len() == 1 {
        return list.swap_remove(0);
    }
    let mut terms = Vec::new();
    for m in list {
        match m {
            Math::Sum(inner) => terms.extend(inner),
            m => terms.push((false, m)),
        }
    }
    Math::Sum(terms)
}
