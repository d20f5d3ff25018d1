//! A matrix that is known to be symmetric in a form that shows it.
//!
//! A Hessian comes out of two sweeps as products in which one factor hides the symmetry, such as
//! `(2 (c'p) p − c .* p) p' − p (c .* p)'`. Terms that do not show it are multiplied out, sum by sum,
//! until each is symmetric or stands beside its transpose; the scalars before one matrix are collected;
//! then what is common on both sides (`A' … A`), what symmetric terms have in common, and scalars that
//! all terms share, are taken out again.

use super::common;
use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, ExprId, Network, Node, NumberId, Operand, Wires};
use smallvec::{SmallVec, smallvec};

/// The most terms that a trial may have.
const TERMS: usize = 48;
/// The deepest nesting of common outer factors.
const DEPTH: usize = 4;

/// The same matrix, visibly symmetric, where it is found to be symmetric at all.
pub(super) fn visibly(arena: &mut Arena, id: ExprId) -> Option<ExprId> {
    if !matches!(arena.axes(id), [a, b] if a == b) {
        return None;
    }
    let shown = arena.is_symmetric(id);
    let terms = paired(arena, id)?;
    // blocks are written as an array
    if arena.has_indicators() && terms.iter().any(|t| super::factor::is_block(arena, t.expr)) {
        return None;
    }
    let terms = collected(arena, terms);
    if terms.is_empty() {
        let axes: Axes = arena.axes(id).into();
        return Some(arena.add_ids(&axes, SmallVec::new()));
    }
    let found = with_common(arena, &terms);
    let better = !shown || arena.weight(found) < arena.weight(id);
    (found != id && better).then_some(found)
}

/// A term of a symmetric sum.
#[derive(Clone, Copy)]
struct Term {
    coefficient: NumberId,
    expr: ExprId,
    /// Whether it stands for itself and its transpose.
    twice: bool,
}

fn transposed(arena: &mut Arena, id: ExprId) -> ExprId {
    let axes: Axes = arena.axes(id).into();
    let sizes = axes.iter().rev().copied().collect();
    let operands = smallvec![Operand { expr: id, wires: smallvec![1, 0] }];
    arena.einsum(Network { coefficient: Number::ONE, operands, output: smallvec![0, 1], sizes })
}

/// The terms of a matrix, multiplied out until each is symmetric or has its transpose beside it;
/// `None` where that is not reached.
fn paired(arena: &mut Arena, id: ExprId) -> Option<Vec<Term>> {
    let axes: Axes = arena.axes(id).into();
    let mut sum = id;
    for _ in 0..TERMS {
        let one = arena.number_id(&Number::ONE);
        let list: TermList = match arena.node(sum) {
            Node::Add(terms) => terms.iter().collect(),
            _ => smallvec![(one, sum)],
        };
        if list.len() > TERMS {
            return None;
        }
        let (found, alone) = matched(arena, &list);
        // of those that do not fit the one in which a sum is most to blame
        let Some(alone) = alone else { return Some(found) };
        let fits = |e: ExprId| {
            let same = |t: &Term| t.expr == e || t.twice && arena.is_transpose(t.expr, e);
            found.iter().any(same)
        };
        let open = (alone..list.len()).filter(|at| !fits(list[*at].1));
        let most = open
            .filter_map(|at| Some((at, hiding(arena, list[at].1)?)))
            .min_by_key(|(_, (blame, _))| *blame);
        let Some((at, (_, place))) = most else {
            // one scalar before each matrix, `a/(1 + a)^2 - 1/(1 + a)`
            let all = list.iter().map(|(c, e)| Term { coefficient: *c, expr: *e, twice: false });
            let all = collected(arena, all.collect());
            if all.len() == list.len() {
                return None;
            }
            sum = arena.add_ids(&axes, all.iter().map(|t| (t.coefficient, t.expr)).collect());
            continue;
        };
        let (c, e) = list[at];
        let mut products = super::expand::distribute_at(arena, e, place);
        products.retain(|p| !vanishes(arena, *p));
        let mut terms: TermList =
            list.iter().enumerate().filter(|(k, _)| *k != at).map(|(_, t)| *t).collect();
        terms.extend(products.into_iter().map(|p| (c, p)));
        sum = arena.add_ids(&axes, terms);
    }
    None
}

/// The terms that are symmetric or have their transposes among the others, and where the first stands
/// that is not and has not.
fn matched(arena: &Arena, list: &TermList) -> (Vec<Term>, Option<usize>) {
    let mut found: Vec<Term> = Vec::new();
    let mut alone: Option<usize> = None;
    let mut taken: SmallVec<[bool; 16]> = smallvec![false; list.len()];
    for at in 0..list.len() {
        let (coefficient, expr) = list[at];
        if std::mem::replace(&mut taken[at], true) {
            continue;
        }
        if arena.is_symmetric(expr) {
            found.push(Term { coefficient, expr, twice: false });
            continue;
        }
        let partner = (at + 1..list.len()).find(|k| {
            !taken[*k] && list[*k].0 == coefficient && arena.is_transpose(expr, list[*k].1)
        });
        if let Some(partner) = partner {
            taken[partner] = true;
            found.push(Term { coefficient, expr, twice: true });
        } else if alone.is_none() {
            alone = Some(at);
        }
    }
    (found, alone)
}

/// Whether a product is zero because a sum in it is, added up along an axis that nothing else has:
/// that of `x - mean(x)`.
fn vanishes(arena: &mut Arena, id: ExprId) -> bool {
    let Node::Einsum(view) = arena.node(id) else { return false };
    let times = |w: u32| view.operands().flat_map(|o| o.1).filter(|v| **v == w).count();
    let lone = |w: &u32| times(*w) == 1 && !view.output().contains(w);
    let found: SmallVec<[(ExprId, Wires); 2]> = view
        .operands()
        .filter(|(e, _)| matches!(arena.node(*e), Node::Add(t) if t.len() > 1))
        .filter(|(_, wires)| wires.iter().any(&lone))
        .map(|(e, wires)| (e, (0u32..).zip(wires).filter(|w| !lone(w.1)).map(|w| w.0).collect()))
        .collect();
    // a scalar among the factors is a product by itself
    let scalars: SmallVec<[ExprId; 4]> = match view.output() {
        [] => SmallVec::new(),
        _ => view.operands().filter(|o| o.1.is_empty()).map(|o| o.0).collect(),
    };
    let zero = found.into_iter().any(|(e, output)| {
        let sizes: SmallVec<[_; 8]> = arena.axes(e).into();
        let operands = smallvec![Operand { expr: e, wires: (0..sizes.len() as u32).collect() }];
        let whole = arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes });
        let axes: Axes = arena.axes(whole).into();
        let terms = super::expand::expanded(arena, whole, super::expand::all_sums);
        terms.is_some_and(|terms| {
            let sum = arena.add_ids(&axes, terms);
            arena.is_zero(sum)
        })
    });
    zero || scalars.into_iter().any(|e| vanishes(arena, e))
}

/// What stands against a sum: the less the more likely it hides a symmetry.
type Blame = (u8, std::cmp::Reverse<u32>);

/// The place of a sum among the factors of a product that may hide its symmetry: best a matrix that
/// is not symmetric or holds an identity, then a vector, something symmetric, a scalar, last a scalar
/// with a sum among its factors; the heaviest of them.
fn hiding(arena: &Arena, id: ExprId) -> Option<(Blame, usize)> {
    let Node::Einsum(view) = arena.node(id) else { return None };
    let blame = |e: ExprId| match arena.node(e) {
        Node::Add(t) if t.len() > 1 => {
            let rank = match arena.rank(e) {
                2 if !arena.is_symmetric(e) || t.iter().any(|t| arena.diagonal(t.1).is_some()) => 0,
                1 => 1,
                0 => 3,
                _ => 2,
            };
            Some((rank, std::cmp::Reverse(arena.weight(e))))
        }
        _ => super::expand::inner_sum(arena, e).map(|_| (4, std::cmp::Reverse(arena.weight(e)))),
    };
    view.operands().enumerate().filter_map(|(at, (e, _))| Some((blame(e)?, at))).min()
}

/// What stands alike at both ends of a product, and the rest with open ends.
struct Congruence {
    outer: Operand,
    core: ExprId,
}

/// The matrices that may stand at both ends of a product, each with the rest.
fn congruences(arena: &mut Arena, id: ExprId) -> SmallVec<[Congruence; 2]> {
    let mut list = SmallVec::new();
    let Node::Einsum(view) = arena.node(id) else { return list };
    let &[a, b] = view.output() else { return list };
    if a == b {
        return list;
    }
    let operands: SmallVec<[Operand; 8]> =
        view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect();
    let sizes: SmallVec<[_; 8]> = (0..view.wires() as u32).map(|w| view.size(w)).collect();
    let single = |wire: u32| {
        let mut at = (0..operands.len()).filter(|k| operands[*k].wires.contains(&wire));
        let first = at.next();
        first.filter(|_| at.next().is_none())
    };
    let (Some(x), Some(y)) = (single(a), single(b)) else { return list };
    let (left, right) = (&operands[x], &operands[y]);
    if x == y || left.expr != right.expr || left.wires.len() != 2 {
        return list;
    }
    let Some(end) = left.wires.iter().position(|w| *w == a) else { return list };
    if right.wires[end] != b || arena.is_symmetric(left.expr) && operands.len() == 2 {
        return list;
    }
    let inner: Wires = smallvec![left.wires[1 - end], right.wires[1 - end]];
    if inner.contains(&a) || inner.contains(&b) {
        return list;
    }
    let outer =
        Operand { expr: left.expr, wires: left.wires.iter().map(|w| u32::from(*w != a)).collect() };
    let rest = (0..operands.len()).filter(|k| *k != x && *k != y).map(|k| operands[k].clone());
    let rest = rest.collect();
    let network = Network { coefficient: Number::ONE, operands: rest, output: inner, sizes };
    let core = arena.einsum(network.dense());
    list.push(Congruence { outer, core });
    list
}

/// A matrix without the scalars among its factors, and these with a coefficient.
fn split(arena: &mut Arena, coefficient: NumberId, id: ExprId) -> (ExprId, ExprId) {
    let coefficient = arena.number_of(coefficient).clone();
    let Node::Einsum(view) = arena.node(id) else { return (arena.number(&coefficient), id) };
    let operands = || view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() });
    let (scalars, rest): (SmallVec<[Operand; 4]>, SmallVec<[Operand; 4]>) =
        operands().partition(|o| o.wires.is_empty());
    let sizes: SmallVec<[_; 8]> = (0..view.wires() as u32).map(|w| view.size(w)).collect();
    let output: Wires = view.output().into();
    let factor =
        Network { coefficient, operands: scalars, output: Wires::new(), sizes: SmallVec::new() };
    let core = Network { coefficient: Number::ONE, operands: rest, output, sizes };
    (arena.einsum(factor), arena.einsum(core.dense()))
}

/// The terms with one scalar before each matrix, multiplied out where that is lighter.
fn collected(arena: &mut Arena, terms: Vec<Term>) -> Vec<Term> {
    let one = arena.number_id(&Number::ONE);
    let mut groups: Vec<(Term, Vec<(ExprId, Term)>)> = Vec::new();
    for term in terms {
        let (scalar, core) = split(arena, term.coefficient, term.expr);
        let same = |t: &Term| t.expr == core && t.twice == term.twice;
        match groups.iter_mut().find(|(t, _)| same(t)) {
            Some((_, list)) => list.push((scalar, term)),
            None => groups.push((Term { expr: core, ..term }, vec![(scalar, term)])),
        }
    }
    let mut all = Vec::new();
    for (core, list) in groups {
        let scalars: TermList = list.iter().map(|(s, _)| (one, *s)).collect();
        let sum = arena.add_ids(&[], scalars);
        let mut product = sum;
        if let Some(products) = super::expand::expanded(arena, sum, super::expand::sums_within) {
            product = arena.add_ids(&[], products);
            product = super::factor::lighter(arena, product).unwrap_or(product);
        }
        for scalar in [sum, product] {
            if let Some(fraction) = super::fraction::lighter(arena, scalar)
                && arena.weight(fraction) < arena.weight(product)
            {
                product = fraction;
            }
        }
        let before: u32 = list.iter().map(|(s, _)| arena.weight(*s)).sum();
        if arena.weight(product) >= before {
            all.extend(list.into_iter().map(|(_, t)| t));
            continue;
        }
        let whole = arena.hadamard(&[product, core.expr]);
        let (coefficient, expr) = arena.split_scale(whole);
        if !arena.is_zero(whole) {
            all.push(Term { coefficient, expr, twice: core.twice });
        }
    }
    all
}

/// The sum of some terms, the scalars that all have in common before it, where that is lighter.
fn with_common(arena: &mut Arena, terms: &[Term]) -> ExprId {
    let sum = gathered(arena, terms, DEPTH);
    let common = match terms {
        [_, _, ..] => common::of_all(arena, terms.iter().map(|t| t.expr)),
        _ => return sum,
    };
    if common.is_empty() {
        return sum;
    }
    let mut rest = terms.to_vec();
    for term in &mut rest {
        term.expr = common::without(arena, term.expr, &common);
    }
    let rest = gathered(arena, &rest, DEPTH);
    let product = common::times(arena, rest, &common);
    if arena.weight(product) < arena.weight(sum) { product } else { sum }
}

/// The sum of half of the terms of a symmetric one, each turned so that it is the lightest.
fn half_of(arena: &mut Arena, axes: &Axes, terms: &[(NumberId, ExprId)]) -> ExprId {
    let mut all: TermList = smallvec![terms[0]];
    let sum = |arena: &mut Arena, list: &TermList| {
        let sum = arena.add_ids(axes, list.clone());
        super::factor::lighter(arena, sum).unwrap_or(sum)
    };
    let mut best = sum(arena, &all);
    for &(c, expr) in &terms[1..] {
        let mut turned = all.clone();
        all.push((c, expr));
        best = sum(arena, &all);
        turned.push((c, transposed(arena, expr)));
        let other = sum(arena, &turned);
        if arena.weight(other) < arena.weight(best) {
            (all, best) = (turned, other);
        }
    }
    best
}

/// The sum of some terms, at least one, with what they have in common taken out symmetrically.
fn gathered(arena: &mut Arena, terms: &[Term], depth: usize) -> ExprId {
    let axes: Axes = arena.axes(terms[0].expr).into();
    let one = arena.number_id(&Number::ONE);
    let mut left: Vec<Term> = terms.to_vec();
    let mut sum: TermList = SmallVec::new();
    // A' M A + A' N A = A' (M + N) A
    while depth > 0 && left.len() > 1 {
        let mut outers: Vec<(Operand, Vec<(usize, ExprId)>)> = Vec::new();
        for (at, term) in left.iter().enumerate() {
            for found in congruences(arena, term.expr) {
                let same = |o: &Operand| o.expr == found.outer.expr && o.wires == found.outer.wires;
                match outers.iter_mut().find(|(o, _)| same(o)) {
                    Some((_, list)) => list.push((at, found.core)),
                    None => outers.push((found.outer, vec![(at, found.core)])),
                }
            }
        }
        let most = outers.into_iter().max_by_key(|(_, list)| list.len());
        let Some((outer, list)) = most.filter(|(_, list)| list.len() > 1) else { break };
        let inner: Vec<Term> =
            list.iter().map(|(at, core)| Term { expr: *core, ..left[*at] }).collect();
        let core = gathered(arena, &inner, depth - 1);
        let size = arena.axes(core)[0];
        let wires = |end: u32, inner: u32| -> Wires {
            outer.wires.iter().map(|w| if *w == 0 { end } else { inner }).collect()
        };
        let operands = smallvec![
            Operand { expr: outer.expr, wires: wires(0, 2) },
            Operand { expr: core, wires: smallvec![2, 3] },
            Operand { expr: outer.expr, wires: wires(1, 3) },
        ];
        let sizes = smallvec![axes[0], axes[1], size, size];
        let output = smallvec![0, 1];
        let product = arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes });
        sum.push((one, product));
        let mut at = 0;
        left.retain(|_| {
            at += 1;
            !list.iter().any(|(k, _)| *k == at - 1)
        });
    }
    let symmetric: TermList =
        left.iter().filter(|t| !t.twice).map(|t| (t.coefficient, t.expr)).collect();
    let half: TermList = left.iter().filter(|t| t.twice).map(|t| (t.coefficient, t.expr)).collect();
    if !symmetric.is_empty() {
        let all = arena.add_ids(&axes, symmetric);
        let all = super::factor::lighter_if(arena, all, Arena::is_symmetric).unwrap_or(all);
        sum.push((one, all));
    }
    if !half.is_empty() {
        let all = half_of(arena, &axes, &half);
        let other = transposed(arena, all);
        sum.push((one, all));
        sum.push((one, other));
    }
    arena.add_ids(&axes, sum)
}
