//! `distribute`: a product of sums is multiplied out where the collected result is lighter, as in
//! `A(x + y) − A y = A x` and `(−y/p + (1 − y)/(1 − p)) p (1 − p) = p − y`.

use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, EinsumView, ExprId, Network, Node, NumberId, Operand, Wires};
use smallvec::SmallVec;

/// The heaviest expression that is tried.
const WEIGHT: u32 = 160;
/// The most terms that a trial may have.
const TERMS: usize = 24;
/// The deepest nesting of functions through which a part is taken.
const NESTING: u32 = 8;

/// A lighter expression of the same value, by multiplying out; `improved` is what the rules make of a
/// product.
pub(super) fn lighter(
    arena: &mut Arena,
    id: ExprId,
    mut improved: impl FnMut(&mut Arena, ExprId) -> ExprId,
) -> Option<ExprId> {
    if arena.has_indicators()
        && let Some(inner) = parts_of_maps(arena, id, NESTING)
        && arena.weight(inner) < arena.weight(id)
    {
        return Some(inner);
    }
    if arena.weight(id) > WEIGHT || !promising(arena, id) {
        return None;
    }
    let mut terms = expanded(arena, id, cancelling)?;
    for (_, e) in &mut terms {
        *e = improved(arena, *e);
    }
    let axes: Axes = arena.axes(id).into();
    let mut sum = arena.add_ids(&axes, terms);
    if let Some(factored) = super::factor::lighter(arena, sum) {
        sum = factored;
    }
    (arena.weight(sum) < arena.weight(id)).then_some(sum)
}

/// The sum of products that is left when no factor is a sum with an identity in it.
pub(super) fn identities(arena: &mut Arena, id: ExprId) -> Option<ExprId> {
    let hides = |arena: &Arena, e: ExprId| match arena.node(e) {
        Node::Add(t) => t.len() > 1 && t.iter().any(|(_, t)| arena.diagonal(t).is_some()),
        _ => false,
    };
    let terms = expanded(arena, id, |arena, e| match arena.node(e) {
        Node::Einsum(view) => view.operands().position(|(e, _)| hides(arena, e)),
        _ => None,
    })?;
    let axes: Axes = arena.axes(id).into();
    Some(arena.add_ids(&axes, terms))
}

/// The place of a first sum among the factors of a product.
pub(super) fn all_sums(arena: &Arena, id: ExprId) -> Option<usize> {
    let Node::Einsum(view) = arena.node(id) else { return None };
    view.operands().position(|(e, _)| matches!(arena.node(e), Node::Add(t) if t.len() > 1))
}

/// The terms that are left when sums among factors are multiplied out, as long as `choose` finds
/// one, by its place among the factors of a product. `None` where there would be too many.
pub(super) fn expanded(
    arena: &mut Arena,
    id: ExprId,
    choose: impl Fn(&Arena, ExprId) -> Option<usize>,
) -> Option<TermList> {
    let one = arena.number_id(&Number::ONE);
    let mut terms: TermList = SmallVec::new();
    let mut todo: SmallVec<[(NumberId, ExprId); 8]> = SmallVec::new();
    todo.push((one, id));
    while let Some((c, e)) = todo.pop() {
        if terms.len() + todo.len() > TERMS {
            return None;
        }
        if let Node::Add(list) = arena.node(e) {
            let list: TermList = list.iter().collect();
            for (d, inner) in list {
                todo.push((arena.multiply(c, d), inner));
            }
        } else if let Some(at) = choose(arena, e) {
            let products = distribute_at(arena, e, at);
            debug_assert!(!products.is_empty(), "what was chosen is a sum");
            todo.extend(products.into_iter().map(|inner| (c, inner)));
        } else {
            terms.push((c, e));
        }
    }
    Some(terms)
}

/// Whether multiplying out may cancel something.
fn promising(arena: &Arena, id: ExprId) -> bool {
    let sum = |e: ExprId| matches!(arena.node(e), Node::Add(t) if t.len() > 1);
    match arena.node(id) {
        Node::Add(terms) => {
            (2..=8).contains(&terms.len())
                && terms.iter().any(|(_, e)| match arena.node(e) {
                    Node::Einsum(view) => view.operands().any(|(o, _)| sum(o) || summed(arena, o)),
                    _ => false,
                })
        }
        Node::Einsum(view) if arena.has_indicators() && takes_block(arena, view) => true,
        Node::Einsum(view) if !view.operands().any(|(e, _)| sum(e)) => false,
        Node::Einsum(view) => {
            let mut operands = view.operands();
            let single = operands.next().is_some() && operands.next().is_none();
            let outer: SmallVec<[ExprId; 8]> =
                view.operands().map(|(e, _)| base(arena, e).0).collect();
            view.operands().any(|(e, _)| {
                let Node::Add(terms) = arena.node(e) else { return false };
                terms.len() > 1
                    && (single
                        || terms.iter().any(|(_, t)| arena.diagonal(t).is_some())
                        || terms.iter().any(|(_, t)| match arena.node(t) {
                            Node::Einsum(inner) => inner.operands().any(|(o, _)| {
                                let (b, negative) = base(arena, o);
                                negative && outer.contains(&b)
                            }),
                            _ => {
                                let (b, negative) = base(arena, t);
                                negative && outer.contains(&b)
                            }
                        })
                        || view.operands().any(|(o, _)| {
                            let (b, negative) = base(arena, o);
                            negative
                                && terms.iter().any(|(_, t)| match arena.node(t) {
                                    Node::Einsum(inner) => {
                                        inner.operands().any(|(p, _)| base(arena, p).0 == b)
                                    }
                                    _ => base(arena, t).0 == b,
                                })
                        }))
            })
        }
        _ => false,
    }
}

/// A part of elementwise functions as functions of that part, where it is a part of a block array:
/// `tanh([A, B])[:,1:m]` is `tanh(A)`.
fn parts_of_maps(arena: &mut Arena, id: ExprId, depth: u32) -> Option<ExprId> {
    let Node::Einsum(view) = arena.node(id) else { return None };
    let operands: SmallVec<[Operand; 4]> =
        view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect();
    let sizes: SmallVec<[_; 8]> = (0..view.wires() as u32).map(|w| view.size(w)).collect();
    let output: Wires = view.output().into();
    // the indicators that take a part of an axis, by the wire along that axis
    let part = |o: &Operand| arena.is_part(o.expr);
    // but a part of what another takes, which stays beside it: `[x; y][1:n][2]`
    let of_part = |w: u32| operands.iter().any(|o| part(o) && o.wires[1..].contains(&w));
    let taken: SmallVec<[usize; 2]> = (0..operands.len())
        .filter(|k| part(&operands[*k]) && !output.contains(&operands[*k].wires[0]))
        .filter(|k| !of_part(operands[*k].wires[0]))
        .collect();
    let along = |w: u32| {
        let mut at = taken.iter().copied().filter(|k| operands[*k].wires[0] == w);
        at.next().filter(|_| at.next().is_none())
    };
    let alone = taken.iter().all(|k| along(operands[*k].wires[0]).is_some());
    if depth == 0 || taken.is_empty() || !alone {
        return None;
    }
    let mut found = false;
    let mut list: SmallVec<[Operand; 4]> = SmallVec::new();
    for (k, o) in operands.iter().enumerate() {
        if taken.contains(&k) {
            continue;
        }
        let parts: Parts = o.wires.iter().map(|w| along(*w).map(|k| operands[k].expr)).collect();
        // along each axis the wire that is left, none where a single position is
        let mut wires = Wires::new();
        for w in &o.wires {
            match along(*w) {
                Some(k) => wires.extend(operands[k].wires.get(1).copied()),
                None => wires.push(*w),
            }
        }
        let (expr, simpler) = part_of(arena, o.expr, &parts, depth);
        found |= simpler;
        list.push(Operand { expr, wires });
    }
    let network = Network { coefficient: Number::ONE, operands: list, output, sizes };
    found.then(|| arena.einsum(network.dense()))
}

/// What is taken of each axis: an indicator, or all.
type Parts = SmallVec<[Option<ExprId>; 4]>;

/// A part of an array, and whether it is simpler than the array with indicators beside it.
fn part_of(arena: &mut Arena, id: ExprId, parts: &Parts, depth: u32) -> (ExprId, bool) {
    if parts.iter().all(Option::is_none) {
        return (id, false);
    }
    let mut sizes: SmallVec<[_; 8]> = arena.axes(id).into();
    let (mut operands, mut output) = (SmallVec::new(), Wires::new());
    operands.push(Operand { expr: id, wires: (0..sizes.len() as u32).collect() });
    for (axis, part) in (0u32..).zip(parts) {
        let Some(indicator) = part else {
            output.push(axis);
            continue;
        };
        let mut wires = Wires::from_slice(&[axis]);
        if let Some(source) = arena.axes(*indicator).get(1) {
            output.push(sizes.len() as u32);
            wires.push(sizes.len() as u32);
            sizes.push(*source);
        }
        operands.push(Operand { expr: *indicator, wires });
    }
    let axes: Axes = output.iter().map(|w| sizes[*w as usize]).collect();
    let network = Network { coefficient: Number::ONE, operands, output, sizes };
    let whole = arena.einsum(network.dense());
    if depth == 0 {
        return (whole, false);
    }
    let mut found = false;
    let mut inner = |arena: &mut Arena, e: ExprId| {
        let all = if arena.rank(e) == 0 { Parts::new() } else { parts.clone() };
        let (e, simpler) = part_of(arena, e, &all, depth - 1);
        found |= simpler;
        e
    };
    let value = match arena.node(id) {
        Node::Map(f, ids) => {
            let arguments: SmallVec<[ExprId; 4]> = ids.iter().collect();
            let arguments: SmallVec<[ExprId; 4]> =
                arguments.into_iter().map(|e| inner(arena, e)).collect();
            arena.map(f, &arguments)
        }
        Node::Add(_) => {
            if let Some(terms) = expanded(arena, whole, cancelling) {
                let sum = arena.add_ids(&axes, terms);
                if arena.weight(sum) < arena.weight(whole) {
                    return (sum, true);
                }
            }
            let Node::Add(terms) = arena.node(id) else { return (whole, false) };
            let terms: TermList = terms.iter().collect();
            let terms = terms.into_iter().map(|(c, e)| (c, inner(arena, e))).collect();
            arena.add_ids(&axes, terms)
        }
        _ => match parts_of_maps(arena, whole, depth - 1) {
            Some(simpler) => return (simpler, true),
            None => whole,
        },
    };
    if found { (value, true) } else { (whole, false) }
}

/// Whether a part is taken of an axis that terms of a sum fill: `[x; y][1:n]`.
fn takes_block(arena: &Arena, view: EinsumView<'_>) -> bool {
    let part = |e: ExprId| arena.is_part(e);
    let fills = |term: ExprId, axis: usize| match arena.node(term) {
        Node::Einsum(inner) => {
            let wire = inner.output()[axis];
            inner.operands().any(|(e, w)| part(e) && w[0] == wire)
        }
        _ => part(term),
    };
    view.operands().filter(|(e, _)| part(*e)).any(|(_, taken)| {
        view.operands().any(|(e, wires)| match arena.node(e) {
            Node::Add(terms) if terms.len() > 1 => wires
                .iter()
                .position(|w| *w == taken[0])
                .is_some_and(|axis| terms.iter().all(|(_, t)| fills(t, axis))),
            _ => false,
        })
    })
}

/// The base of a power and whether its exponent is negative.
fn base(arena: &Arena, id: ExprId) -> (ExprId, bool) {
    match arena.as_power(id) {
        Some((b, e)) => (b, arena.number_of(e).is_negative()),
        None => (id, false),
    }
}

/// The place of a sum among the factors of a product, first of one whose terms other factors cancel.
fn cancelling(arena: &Arena, id: ExprId) -> Option<usize> {
    let Node::Einsum(view) = arena.node(id) else { return None };
    let operands: SmallVec<[Operand; 4]> =
        view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect();
    let sum = |o: &Operand| matches!(arena.node(o.expr), Node::Add(t) if t.len() > 1);
    let others: SmallVec<[ExprId; 8]> = operands.iter().map(|o| base(arena, o.expr).0).collect();
    let cancels = |o: &Operand| {
        let Node::Add(terms) = arena.node(o.expr) else { return false };
        terms.iter().any(|(_, t)| {
            let divides = |e: ExprId| {
                let (b, negative) = base(arena, e);
                negative && others.contains(&b)
            };
            match arena.node(t) {
                Node::Einsum(inner) => inner.operands().any(|(e, _)| divides(e)),
                _ => divides(t),
            }
        })
    };
    let place = |wanted: &dyn Fn(&Operand) -> bool| operands.iter().position(wanted);
    place(&|o| sum(o) && cancels(o))
        .or_else(|| place(&sum))
        .or_else(|| place(&|o| summed(arena, o.expr)))
}

/// Whether a scalar is the sum of the entries of a sum of arrays.
fn summed(arena: &Arena, id: ExprId) -> bool {
    let Node::Einsum(view) = arena.node(id) else { return false };
    let mut operands = view.operands();
    match (operands.next(), operands.next()) {
        (Some((e, _)), None) if view.output().is_empty() => {
            matches!(arena.node(e), Node::Add(t) if t.len() > 1)
        }
        _ => false,
    }
}

/// The place of a first sum among the factors of a scalar: `x'*(y - z)`.
pub(super) fn inner_sum(arena: &Arena, id: ExprId) -> Option<usize> {
    if arena.rank(id) > 0 { None } else { all_sums(arena, id) }
}

/// The place of a first factor of a product that is a sum, or a scalar with a sum among its factors.
pub(super) fn sums_within(arena: &Arena, id: ExprId) -> Option<usize> {
    let Node::Einsum(view) = arena.node(id) else { return None };
    all_sums(arena, id).or_else(|| view.operands().position(|(e, _)| inner_sum(arena, e).is_some()))
}

/// The products that a product is the sum of when the sum among its factors at one place is
/// multiplied out.
pub(super) fn distribute_at(arena: &mut Arena, id: ExprId, at: usize) -> SmallVec<[ExprId; 4]> {
    let Node::Einsum(view) = arena.node(id) else { return SmallVec::new() };
    let operands: SmallVec<[Operand; 4]> =
        view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect();
    let sizes: SmallVec<[_; 8]> = (0..view.wires() as u32).map(|w| view.size(w)).collect();
    let output: Wires = view.output().into();
    let terms: TermList = match arena.node(operands[at].expr) {
        Node::Add(terms) => terms.iter().collect(),
        _ => match inner_sum(arena, operands[at].expr) {
            Some(place) => {
                let one = arena.number_id(&Number::ONE);
                let inner = distribute_at(arena, operands[at].expr, place);
                inner.into_iter().map(|e| (one, e)).collect()
            }
            None => return SmallVec::new(),
        },
    };
    let mut list = SmallVec::new();
    for (c, e) in terms {
        let mut operands = operands.clone();
        operands[at].expr = e;
        let coefficient = arena.number_of(c).clone();
        let network =
            Network { coefficient, operands, output: output.clone(), sizes: sizes.clone() };
        list.push(arena.einsum(network));
    }
    list
}
