//! Writing expressions by the names of definitions: what a definition says, found again in an
//! expression that was made with definitions written out, or where normal forms took it apart.

use super::pattern::{Bindings, Matcher, Pattern};
use super::placement::{Placement, Product, Sought};
use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::memo::Memo;
use crate::tensor::node::{EinsumView, ExprId, Network, Node, Operand, Wire, Wires};
use crate::tensor::rebuild::reachable;
use smallvec::{SmallVec, smallvec};

/// So often a name is put among the factors of one product.
const TIMES: usize = 4;

/// Puts the symbol of each pair in the place of the expression that it stands for: as a whole, among
/// the factors of a product, or, for a scalar, as a power. Later pairs come first.
///
/// Costs are linear in the expressions times the pairs.
pub(crate) fn by_name(
    arena: &mut Arena,
    roots: &[ExprId],
    names: &[(ExprId, ExprId)],
) -> Vec<ExprId> {
    let facts = std::mem::replace(&mut arena.facts, true);
    let mut map = Memo::with_room(arena.len());
    let mut list = reachable(arena, roots);
    list.sort_unstable_by_key(|id| id.0);
    for id in list {
        let whole = names.iter().rev().find_map(|pair| multiple(arena, id, *pair));
        // a power before its base
        let power = |arena: &mut Arena| {
            let scalar = arena.rank(id) == 0 && arena.as_power(id).is_some();
            let mut scalars = names.iter().rev().filter(|_| scalar);
            scalars.find_map(|(body, symbol)| match arena.rank(*symbol) {
                0 => as_power(arena, id, *body, *symbol),
                _ => None,
            })
        };
        let mut new = match whole.or_else(|| power(arena)) {
            Some(new) => new,
            None => arena.rebuild_with_facts(id, &map),
        };
        for (body, symbol) in names.iter().rev() {
            for _ in 0..TIMES {
                let found = match arena.rank(*symbol) {
                    0 => as_power(arena, new, *body, *symbol),
                    _ => among_factors(arena, new, *body, *symbol),
                };
                match found {
                    Some(other) => new = other,
                    None => break,
                }
            }
        }
        if new != id {
            map.set_expr(id, new);
        }
    }
    arena.facts = facts;
    roots.iter().map(|r| map.expr(*r).unwrap_or(*r)).collect()
}

/// A multiple of the symbol of a pair, where an expression is that of what the symbol stands for.
fn multiple(arena: &mut Arena, id: ExprId, (body, symbol): (ExprId, ExprId)) -> Option<ExprId> {
    if id == body {
        return Some(symbol);
    }
    let sum = |arena: &Arena, e: ExprId| matches!(arena.node(e), Node::Add(t) if t.len() > 1);
    if !sum(arena, id) || !sum(arena, body) || arena.rank(id) != arena.rank(body) {
        return None;
    }
    let ((c, left), (d, right)) = (arena.primitive(id), arena.primitive(body));
    let ratio = arena.number_of(c).div(arena.number_of(d)).filter(|_| left == right)?;
    let ratio = arena.number_id(&ratio);
    Some(arena.scale(ratio, symbol))
}

/// The scalar factors of an expression, as powers; none where something is summed over.
fn scalar_factors(arena: &Arena, id: ExprId) -> SmallVec<[(ExprId, Number); 4]> {
    match arena.node(id) {
        Node::Einsum(view) if view.wires() == view.output().len() => whole_scalars(arena, id),
        Node::Einsum(_) if arena.rank(id) > 0 => SmallVec::new(),
        _ if arena.rank(id) == 0 => smallvec![power_of(arena, id)],
        _ => SmallVec::new(),
    }
}

/// The factors of a product that are scalars, as powers.
fn whole_scalars(arena: &Arena, id: ExprId) -> SmallVec<[(ExprId, Number); 4]> {
    match arena.node(id) {
        Node::Einsum(view) => {
            let scalars = view.operands().filter(|(_, wires)| wires.is_empty());
            scalars.map(|(e, _)| power_of(arena, e)).collect()
        }
        _ => SmallVec::new(),
    }
}

/// Base and exponent; an expression is its own first power.
fn power_of(arena: &Arena, e: ExprId) -> (ExprId, Number) {
    match arena.as_power(e) {
        Some((base, exponent)) => (base, arena.number_of(exponent).clone()),
        None => (e, Number::ONE),
    }
}

fn is_size(arena: &Arena, e: ExprId) -> bool {
    arena.as_symbol(e).is_some_and(|s| arena.symbol(s).kind.is_size())
}

/// The power of a product of scalars that is among some factors, if every one of its factors is there,
/// so that nothing new is divided by; sizes need not be.
fn share(arena: &Arena, there: &[(ExprId, Number)], wanted: &[(ExprId, Number)]) -> Option<Number> {
    let mut least: Option<Number> = None;
    for (base, exponent) in wanted.iter().filter(|(base, _)| !is_size(arena, *base)) {
        let share = there.iter().find(|(other, _)| other == base)?.1.div(exponent)?;
        let least = least.get_or_insert_with(|| share.clone());
        if share.is_negative() != least.is_negative() {
            return None;
        }
        if share.abs().add(&least.abs().neg()).is_negative() {
            *least = share;
        }
    }
    least
}

/// An expression with a power of a symbol for the power of a scalar that is among its factors.
fn as_power(arena: &mut Arena, subject: ExprId, body: ExprId, symbol: ExprId) -> Option<ExprId> {
    let (_, core) = arena.split_scale(subject);
    if core == symbol {
        return None;
    }
    let (_, whole) = arena.split_scale(body);
    let ratio = share(arena, &scalar_factors(arena, core), &scalar_factors(arena, whole))?;
    let (gone, new) = (arena.power(body, &ratio.neg()), arena.power(symbol, &ratio));
    let output: Wires = (0..arena.rank(subject) as Wire).collect();
    let mut operands: SmallVec<[Operand; 4]> =
        smallvec![Operand { expr: subject, wires: output.clone() }];
    operands.extend([gone, new].map(|expr| Operand { expr, wires: Wires::new() }));
    let sizes = arena.axes(subject).iter().copied().collect();
    let found = arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes });
    (arena.weight(found) <= arena.weight(subject)).then_some(found)
}

/// A product with a symbol for those of its factors that make up an expression.
fn among_factors(
    arena: &mut Arena,
    subject: ExprId,
    body: ExprId,
    symbol: ExprId,
) -> Option<ExprId> {
    let (scale, core) = arena.split_scale(subject);
    let (part_scale, body) = arena.split_scale(body);
    let (Node::Einsum(whole), Node::Einsum(part)) = (arena.node(core), arena.node(body)) else {
        return None;
    };
    let wired = |view: &EinsumView<'_>| view.operands().filter(|o| !o.1.is_empty()).count();
    if wired(&part) == 0 || wired(&part) > wired(&whole) {
        return None;
    }
    let (product, mut view) = (Product::of(arena, core), Product::of(arena, body));
    // scalars are divided by, whatever their power there
    let scalars: SmallVec<[ExprId; 4]> =
        view.operands.iter().filter(|o| o.wires.is_empty()).map(|o| o.expr).collect();
    view.operands.retain(|o| !o.wires.is_empty());
    let wanted: SmallVec<[_; 4]> = scalars.iter().map(|e| power_of(arena, *e)).collect();
    let free = wanted.iter().all(|(base, _)| is_size(arena, *base));
    if !free {
        let there: SmallVec<[_; 4]> = whole_scalars(arena, core);
        if share(arena, &there, &wanted)?.add(&Number::MINUS_ONE).is_negative() {
            return None;
        }
    }
    let map: SmallVec<[Wire; 8]> = smallvec![Wire::MAX; view.sizes.len()];
    let start = Placement::before(&view, &product, map, Sought::Bound);
    let coefficient = arena.number_of(scale).div(arena.number_of(part_scale))?;
    let nothing = Pattern::empty();
    let mut matcher = Matcher { pattern: &nothing, arena };
    let (placed, _) = matcher.place(&product, &view.output, false, start, Bindings::default())?;
    let wires: Wires = view.output.iter().map(|w| placed.map[*w as usize]).collect();
    let mut operands: SmallVec<[Operand; 4]> = smallvec![Operand { expr: symbol, wires }];
    let rest = product.operands.into_iter().zip(&placed.taken).filter(|(_, t)| !**t);
    operands.extend(rest.map(|(o, _)| o));
    for scalar in scalars {
        let expr = arena.power(scalar, &Number::MINUS_ONE);
        operands.push(Operand { expr, wires: Wires::new() });
    }
    let (output, sizes) = (product.output, product.sizes);
    let found = arena.einsum(Network { coefficient, operands, output, sizes }.dense());
    (arena.weight(found) <= arena.weight(subject)).then_some(found)
}
