//! Scalars that all terms of a sum have in common, as powers: `1/n` of `A/n + B/n²`.

use crate::number::Number;
use crate::tensor::arena::{Arena, ONE};
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, ExprId, Network, Node, NumberId, Operand, Wires};
use smallvec::{SmallVec, smallvec};

/// How deep sums in products are looked into.
const DEPTH: u32 = 2;

/// A power of a scalar.
type Power = (ExprId, NumberId);
/// Powers of different scalars.
pub(super) type Powers = SmallVec<[Power; 4]>;

/// The powers of scalars that divide all of some expressions.
pub(super) fn of_all(arena: &Arena, list: impl Iterator<Item = ExprId>) -> Powers {
    shared(arena, list, DEPTH)
}

fn shared(arena: &Arena, mut list: impl Iterator<Item = ExprId>, depth: u32) -> Powers {
    let mut common = match list.next() {
        Some(first) => of(arena, first, depth),
        None => return Powers::new(),
    };
    for e in list {
        if common.is_empty() {
            break;
        }
        let own = of(arena, e, depth);
        common = common
            .into_iter()
            .filter_map(|(base, x)| {
                let y = own.iter().find(|p| p.0 == base)?.1;
                Some((base, nearer(arena, x, y)?))
            })
            .collect();
    }
    common
}

/// The exponent of the power that two powers of one base have in common.
fn nearer(arena: &Arena, x: NumberId, y: NumberId) -> Option<NumberId> {
    let (a, b) = (arena.number_of(x), arena.number_of(y));
    let less = a.add(&b.neg()).is_negative();
    match (a.is_negative(), b.is_negative()) {
        (false, false) => Some(if less { x } else { y }),
        (true, true) => Some(if less { y } else { x }),
        _ => None,
    }
}

/// The powers of scalars that are factors of an expression, also of all terms of a sum in it.
fn of(arena: &Arena, id: ExprId, depth: u32) -> Powers {
    match arena.node(id) {
        Node::Einsum(view) => {
            let mut list = Powers::new();
            for (e, wires) in view.operands() {
                if wires.is_empty() && !is_sum(arena, e) {
                    list.push(power(arena, e));
                }
            }
            for (e, _) in view.operands().filter(|o| depth > 0 && is_sum(arena, o.0)) {
                for inner in of(arena, e, depth) {
                    if list.iter().all(|p| p.0 != inner.0) {
                        list.push(inner);
                    }
                }
            }
            list
        }
        Node::Add(terms) if depth > 0 => shared(arena, terms.iter().map(|t| t.1), depth - 1),
        _ if arena.rank(id) == 0 => smallvec![power(arena, id)],
        _ => Powers::new(),
    }
}

fn is_sum(arena: &Arena, id: ExprId) -> bool {
    matches!(arena.node(id), Node::Add(_))
}

/// An expression without some powers that [`of_all`] found in it.
pub(super) fn without(arena: &mut Arena, id: ExprId, powers: &[Power]) -> ExprId {
    if powers.is_empty() {
        return id;
    }
    match arena.node(id) {
        Node::Einsum(view) => {
            let operands: SmallVec<[Operand; 4]> =
                view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect();
            let sizes = (0..view.wires() as u32).map(|w| view.size(w)).collect();
            let output: Wires = view.output().into();
            let mut left: Powers = powers.into();
            let mut kept: SmallVec<[Operand; 4]> = SmallVec::new();
            let (sums, others): (Vec<Operand>, Vec<Operand>) =
                operands.into_iter().partition(|o| is_sum(arena, o.expr));
            for mut o in others {
                let base = power(arena, o.expr).0;
                let found = left.iter().position(|p| p.0 == base && o.wires.is_empty());
                if let Some(at) = found {
                    o.expr = divided(arena, o.expr, left.remove(at));
                }
                kept.push(o);
            }
            for mut o in sums {
                let inside = of(arena, o.expr, DEPTH);
                let (here, later): (Powers, Powers) = left.into_iter().partition(|p| {
                    inside.iter().any(|q| nearer(arena, p.1, q.1) == Some(p.1) && q.0 == p.0)
                });
                o.expr = without(arena, o.expr, &here);
                left = later;
                kept.push(o);
            }
            let network = Network { coefficient: Number::ONE, operands: kept, output, sizes };
            arena.einsum(network.dense())
        }
        Node::Add(terms) => {
            let axes: Axes = arena.axes(id).into();
            let list: TermList = terms.iter().collect();
            let list = list.into_iter().map(|(c, e)| (c, without(arena, e, powers))).collect();
            arena.add_ids(&axes, list)
        }
        // nothing else has more than one power of a scalar in it
        _ => divided(arena, id, powers[0]),
    }
}

/// A scalar divided by a power of its own base.
fn divided(arena: &mut Arena, id: ExprId, (_, gone): Power) -> ExprId {
    let (base, own) = power(arena, id);
    let rest = arena.number_of(own).add(&arena.number_of(gone).neg());
    arena.power(base, &rest)
}

/// A scalar as a power.
fn power(arena: &Arena, id: ExprId) -> Power {
    arena.as_power(id).unwrap_or((id, ONE))
}

/// An expression times some powers.
pub(super) fn times(arena: &mut Arena, id: ExprId, powers: &[Power]) -> ExprId {
    let mut factors: SmallVec<[ExprId; 4]> = smallvec![id];
    for (base, e) in powers {
        let e = arena.number_of(*e).clone();
        factors.push(arena.power(*base, &e));
    }
    arena.hadamard(&factors)
}
