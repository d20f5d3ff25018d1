//! `distribute`: a product of sums is multiplied out where the collected result is lighter, as in
//! `A(x + y) − A y = A x` and `(−y/p + (1 − y)/(1 − p)) p (1 − p) = p − y`.

use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, EinsumView, ExprId, Network, Node, NumberId, Operand};
use smallvec::SmallVec;

/// The heaviest expression that is tried.
const WEIGHT: u32 = 90;
/// The most terms that a trial may have.
const TERMS: usize = 24;

/// A lighter expression of the same value, by multiplying out.
pub(super) fn lighter(arena: &mut Arena, id: ExprId) -> Option<ExprId> {
    if arena.weight(id) > WEIGHT || !promising(arena, id) {
        return None;
    }
    let terms = expanded(arena, id, cancelling)?;
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

/// The terms that are left when sums among factors are multiplied out, as long as `choose` finds
/// one, by its place among the factors of a product. `None` where there would be too many.
fn expanded(
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
            todo.extend(distribute_at(arena, e, at).into_iter().map(|inner| (c, inner)));
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
                    Node::Einsum(view) => view.operands().any(|(o, _)| sum(o)),
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

/// Whether a part is taken of an axis that terms of a sum fill: `[x; y][1:n]`.
fn takes_block(arena: &Arena, view: EinsumView<'_>) -> bool {
    let part = |e: ExprId| arena.as_unit(e).is_some() || arena.as_moved(e).is_some();
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
    operands.iter().position(|o| sum(o) && cancels(o)).or_else(|| operands.iter().position(sum))
}

/// The products that a product is the sum of when the sum among its factors at one place is
/// multiplied out.
pub(super) fn distribute_at(arena: &mut Arena, id: ExprId, at: usize) -> SmallVec<[ExprId; 4]> {
    let Node::Einsum(view) = arena.node(id) else { return SmallVec::new() };
    let operands: SmallVec<[Operand; 4]> =
        view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect();
    let sizes: SmallVec<[_; 8]> = (0..view.wires() as u32).map(|w| view.size(w)).collect();
    let output: crate::tensor::node::Wires = view.output().into();
    let Node::Add(terms) = arena.node(operands[at].expr) else { return SmallVec::new() };
    let terms: TermList = terms.iter().collect();
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
