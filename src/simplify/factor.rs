//! `factor`: two terms with a common part are one product, `A x + A' x = (A + A') x`.
//!
//! The common part is found by matching operands and wires from the output inwards; what is left
//! of each term hangs on at most two wires, and becomes one factor.

use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, ExprId, Network, Node, NumberId, Operand, Wire, Wires};
use smallvec::{SmallVec, smallvec};

/// The most terms among which pairs are sought.
const TERMS: usize = 8;
/// The most factors of a term that is looked at.
const FACTORS: usize = 12;

struct Term {
    coefficient: NumberId,
    operands: SmallVec<[Operand; 4]>,
    output: Wires,
    sizes: SmallVec<[DimId; 8]>,
}

/// A lighter sum of the same value, by factoring pairs of terms.
pub(super) fn lighter(arena: &mut Arena, id: ExprId) -> Option<ExprId> {
    let Node::Add(terms) = arena.node(id) else { return None };
    if terms.len() < 2 || terms.len() > TERMS {
        return None;
    }
    let mut list: TermList = terms.iter().collect();
    let axes: Axes = arena.axes(id).into();
    let mut found = false;
    while list.len() > 1 {
        let mut best: Option<(u32, usize, usize, ExprId)> = None;
        for i in 0..list.len() {
            for j in i + 1..list.len() {
                if !share(arena, list[i].1, list[j].1) && !both_sums(arena, list[i].1, list[j].1) {
                    continue;
                }
                let partial = list.len() > 2;
                let Some(product) = pair(arena, list[i], list[j], &axes, partial) else {
                    continue;
                };
                let before: TermList = smallvec![list[i], list[j]];
                let sum = arena.add_ids(&axes, before);
                let (old, new) = (arena.weight(sum), arena.weight(product));
                if new < old && best.is_none_or(|b| old - new > b.0) {
                    best = Some((old - new, i, j, product));
                }
            }
        }
        let Some((_, i, j, product)) = best else { break };
        list.remove(j);
        list.remove(i);
        let one = arena.number_id(&Number::ONE);
        list.push((one, product));
        found = true;
    }
    found.then(|| arena.add_ids(&axes, list))
}

/// Whether two terms have a factor in common. Blocks stay apart: they are written as an array.
fn share(arena: &Arena, a: ExprId, b: ExprId) -> bool {
    if arena.has_indicators() && (is_block(arena, a) || is_block(arena, b)) {
        return false;
    }
    let factors = |e: ExprId| -> SmallVec<[ExprId; 8]> {
        match arena.node(e) {
            Node::Einsum(view) => view.operands().map(|o| o.0).take(FACTORS).collect(),
            _ => smallvec![e],
        }
    };
    let right = factors(b);
    factors(a).iter().any(|e| right.contains(e))
}

/// Whether a term fills a part of an axis and nothing else.
pub(super) fn is_block(arena: &Arena, id: ExprId) -> bool {
    let part = |e: ExprId| arena.as_unit(e).is_some() || arena.as_moved(e).is_some();
    match arena.node(id) {
        Node::Einsum(view) => {
            view.operands().any(|(e, w)| part(e) && view.output().contains(&w[0]))
        }
        _ => part(id),
    }
}

/// Whether both terms are sums over entries of one array each: `sum(p) - sum(y)`.
fn both_sums(arena: &Arena, a: ExprId, b: ExprId) -> bool {
    let single = |e: ExprId| match arena.node(e) {
        Node::Einsum(view) => {
            let mut operands = view.operands();
            let first = operands.next();
            let alone = operands.next().is_none() && view.wires() > view.output().len();
            first
                .filter(|_| alone)
                .map(|(x, w)| (arena.axes(x).to_vec(), w.to_vec(), view.output().to_vec()))
        }
        _ => None,
    };
    single(a).is_some_and(|x| single(b) == Some(x))
}

/// `c Σ x + d Σ y = Σ (c x + d y)`
fn joined(arena: &mut Arena, x: &Term, y: &Term) -> ExprId {
    let inner: Axes = arena.axes(x.operands[0].expr).into();
    let list: TermList =
        smallvec![(x.coefficient, x.operands[0].expr), (y.coefficient, y.operands[0].expr)];
    let sum = arena.add_ids(&inner, list);
    let operands = smallvec![Operand { expr: sum, wires: x.operands[0].wires.clone() }];
    let (output, sizes) = (x.output.clone(), x.sizes.clone());
    arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes })
}

fn term(arena: &Arena, (coefficient, e): (NumberId, ExprId)) -> Term {
    match arena.node(e) {
        Node::Einsum(view) => Term {
            coefficient,
            operands: view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect(),
            output: view.output().into(),
            sizes: (0..view.wires() as u32).map(|w| view.size(w)).collect(),
        },
        _ => {
            let wires: Wires = (0..arena.rank(e) as u32).collect();
            Term {
                coefficient,
                operands: smallvec![Operand { expr: e, wires: wires.clone() }],
                output: wires,
                sizes: arena.axes(e).into(),
            }
        }
    }
}

/// A matching of the operands of two terms.
struct Matching {
    /// For each wire of the first term the wire of the second.
    map: SmallVec<[Wire; 8]>,
    left: SmallVec<[bool; 8]>,
    right: SmallVec<[bool; 8]>,
}

const NONE: Wire = Wire::MAX;

fn matching(a: &Term, b: &Term) -> Option<Matching> {
    let mut m = Matching {
        map: smallvec![NONE; a.sizes.len()],
        left: smallvec![false; a.operands.len()],
        right: smallvec![false; b.operands.len()],
    };
    for (x, y) in a.output.iter().zip(&b.output) {
        let slot = &mut m.map[*x as usize];
        if *slot != NONE && *slot != *y {
            return None;
        }
        *slot = *y;
    }
    // one wire of the output is one wire in both
    for (i, x) in m.map.iter().enumerate() {
        if *x != NONE && m.map[i + 1..].contains(x) {
            return None;
        }
    }
    loop {
        if !m.extend(a, b, true) && !m.extend(a, b, false) {
            break;
        }
    }
    m.left.iter().any(|l| *l).then_some(m)
}

impl Matching {
    /// Matches one more pair; with `anchored` only where a wire is matched already.
    fn extend(&mut self, a: &Term, b: &Term, anchored: bool) -> bool {
        for (i, x) in a.operands.iter().enumerate() {
            if self.left[i] {
                continue;
            }
            for (j, y) in b.operands.iter().enumerate() {
                if self.right[j] || x.expr != y.expr {
                    continue;
                }
                let fits = x.wires.iter().zip(&y.wires).all(|(v, w)| {
                    let known = self.map[*v as usize];
                    known == *w || known == NONE && !self.map.contains(w)
                });
                let holds =
                    x.wires.is_empty() || x.wires.iter().any(|v| self.map[*v as usize] != NONE);
                let sizes = x
                    .wires
                    .iter()
                    .zip(&y.wires)
                    .all(|(v, w)| a.sizes[*v as usize] == b.sizes[*w as usize]);
                // a wire twice in the operand is so in both
                let repeated = (0..x.wires.len()).all(|p| {
                    (0..p).all(|q| (x.wires[p] == x.wires[q]) == (y.wires[p] == y.wires[q]))
                });
                if fits && sizes && repeated && holds == anchored {
                    for (v, w) in x.wires.iter().zip(&y.wires) {
                        self.map[*v as usize] = *w;
                    }
                    self.left[i] = true;
                    self.right[j] = true;
                    return true;
                }
            }
        }
        false
    }
}

fn pair(
    arena: &mut Arena,
    x: (NumberId, ExprId),
    y: (NumberId, ExprId),
    axes: &Axes,
    partial: bool,
) -> Option<ExprId> {
    let (a, b) = (term(arena, x), term(arena, y));
    if both_sums(arena, x.1, y.1) {
        return Some(joined(arena, &a, &b));
    }
    if a.operands.len() > FACTORS || b.operands.len() > FACTORS {
        return None;
    }
    let m = matching(&a, &b)?;
    let inverse = |w: Wire| m.map.iter().position(|v| *v == w).map(|p| p as Wire);
    let common: SmallVec<[&Operand; 8]> =
        a.operands.iter().zip(&m.left).filter(|(_, l)| **l).map(|(o, _)| o).collect();
    let outside = |w: &Wire| a.output.contains(w) || common.iter().any(|o| o.wires.contains(w));
    let rest_a: SmallVec<[&Operand; 8]> =
        a.operands.iter().zip(&m.left).filter(|(_, l)| !**l).map(|(o, _)| o).collect();
    let rest_b: SmallVec<[&Operand; 8]> =
        b.operands.iter().zip(&m.right).filter(|(_, l)| !**l).map(|(o, _)| o).collect();
    // among other terms only what is plainly common is taken out
    if partial && (rest_a.len() > 1 || rest_b.len() > 1) {
        return None;
    }
    // the wires by which the remainders hang on the rest, numbered as in the first term
    let mut boundary = Wires::new();
    let hanging = rest_a.iter().flat_map(|o| &o.wires).copied();
    let other = rest_b.iter().flat_map(|o| &o.wires).filter_map(|w| inverse(*w));
    for w in hanging.chain(other) {
        if outside(&w) && !boundary.contains(&w) {
            boundary.push(w);
        }
    }
    boundary.sort_unstable();
    if boundary.len() > 2 {
        return None;
    }
    // nothing is repeated along one of two axes for it
    let covers = |rest: &[&Operand], image: &dyn Fn(Wire) -> Wire| {
        let found =
            boundary.iter().filter(|w| rest.iter().any(|o| o.wires.contains(&image(**w)))).count();
        found == boundary.len() || found == 0
    };
    if !covers(&rest_a, &|w| w) || !covers(&rest_b, &|w| m.map[w as usize]) {
        return None;
    }
    let build = |arena: &mut Arena, t: &Term, rest: &[&Operand], out: Wires| {
        let operands = rest.iter().map(|o| (*o).clone()).collect();
        let coefficient = arena.number_of(t.coefficient).clone();
        let sizes = t.sizes.clone();
        arena.einsum(Network { coefficient, operands, output: out, sizes }.dense())
    };
    let image: Wires = boundary.iter().map(|w| m.map[*w as usize]).collect();
    if image.contains(&NONE) {
        return None;
    }
    let left = build(arena, &a, &rest_a, boundary.clone());
    let right = build(arena, &b, &rest_b, image);
    let sum = arena.sum_of(&[left, right]);
    let mut operands: SmallVec<[Operand; 4]> = common.iter().map(|o| (*o).clone()).collect();
    operands.push(Operand { expr: sum, wires: boundary });
    let output: Wires = a.output.clone();
    let network = Network { coefficient: Number::ONE, operands, output, sizes: a.sizes.clone() };
    let result = arena.einsum(network.dense());
    debug_assert_eq!(arena.axes(result), &axes[..]);
    Some(result)
}
