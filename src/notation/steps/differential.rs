//! From what a rule contributed to a cotangent back to the differential that it is the adjoint of.
//!
//! A contribution is linear in the cotangent `∇u` of a value `u`. Exchanging `∇u` and the result turns
//! it into `du` as a linear map of `dx`: the same einsum with output and operand swapped, as in the
//! rule itself. With a frozen δ in the place of `dx` it is the local derivative `∂uₖ/∂xᵢ`.

use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::node::{ExprId, Network, Node, Operand, Wires};
use smallvec::SmallVec;

/// A sum of multiples, not normalised: terms stand as the product rule makes them.
pub(super) type Terms = Vec<(Number, ExprId)>;

/// Adds a term; equal ones are collected.
pub(super) fn push(terms: &mut Terms, c: &Number, e: ExprId) {
    match terms.iter_mut().find(|t| t.1 == e) {
        Some(t) => t.0 = t.0.add(c),
        None => terms.push((c.clone(), e)),
    }
}

/// `du` as a linear map of `dx`, from `part`, what `u` contributes to the cotangent of `x`, where `g`
/// is the cotangent of `u`; `seed` axes stand before those of either cotangent. `dx` may have axes
/// after those of `x`, which stand last in the result. `None` where `part` is not visibly linear.
pub(super) fn adjoint(
    arena: &mut Arena,
    part: ExprId,
    g: ExprId,
    dx: ExprId,
    seed: usize,
) -> Option<Terms> {
    let mut out = Terms::new();
    let mut todo = vec![(Number::ONE, part, dx)];
    while let Some((c, part, dx)) = todo.pop() {
        if part == g {
            push(&mut out, &c, dx);
            continue;
        }
        match arena.node(part) {
            Node::Add(terms) => {
                let list: Vec<_> = terms.iter().collect();
                for (k, e) in list.into_iter().rev() {
                    todo.push((c.mul(arena.number_of(k)), e, dx));
                }
            }
            Node::Einsum(view) => {
                let operands: Vec<(ExprId, Wires)> =
                    view.operands().map(|(e, w)| (e, Wires::from(w))).collect();
                let output: Wires = view.output().into();
                let mut sizes: SmallVec<[_; 8]> =
                    (0..view.wires() as u32).map(|w| view.size(w)).collect();
                let mut holding = operands.iter().enumerate().filter(|(_, o)| holds(arena, o.0, g));
                let (at, _) = holding.next()?;
                if holding.next().is_some() {
                    return None;
                }
                drop(holding);
                // the axes that `dx` has beyond those of `x`
                let free = arena.rank(dx) - (output.len() - seed);
                let start = sizes.len() as u32;
                let rank = arena.rank(dx);
                sizes.extend(arena.axes(dx)[rank - free..].iter().copied());
                let extra = start..start + free as u32;
                let mut wires: Wires = output[seed..].into();
                wires.extend(extra.clone());
                let (inner, inner_wires) = operands[at].clone();
                let mut result: Wires = inner_wires[seed..].into();
                result.extend(extra);
                let mut list: SmallVec<[Operand; 4]> = SmallVec::new();
                for (k, (expr, w)) in operands.into_iter().enumerate() {
                    let (expr, wires) = if k == at { (dx, wires.clone()) } else { (expr, w) };
                    list.push(Operand { expr, wires });
                }
                let network =
                    Network { coefficient: Number::ONE, operands: list, output: result, sizes };
                let swapped = arena.einsum(network.dense());
                todo.push((c, inner, swapped));
            }
            _ => return None,
        }
    }
    Some(out)
}

/// The contraction of a total or a part of it with `dx` over the axes of `x`, which stand after
/// `seed` others; further axes of `dx` stand last in the result.
pub(super) fn along(arena: &mut Arena, part: ExprId, dx: ExprId, seed: usize) -> ExprId {
    let rank = arena.rank(part);
    let count = rank - seed;
    let wires: Wires = (0..rank as u32).collect();
    let mut sizes: SmallVec<[_; 8]> = arena.axes(part).into();
    sizes.extend(arena.axes(dx)[count..].iter().copied());
    let change: Wires = (seed as u32..sizes.len() as u32).collect();
    let output: Wires = (0..seed as u32).chain(rank as u32..sizes.len() as u32).collect();
    let operands =
        [Operand { expr: part, wires }, Operand { expr: dx, wires: change }].into_iter().collect();
    let network = Network { coefficient: Number::ONE, operands, output, sizes };
    arena.einsum(network.dense())
}

/// Whether an expression mentions a symbol. A contribution is as small as a step.
fn holds(arena: &Arena, root: ExprId, symbol: ExprId) -> bool {
    let mut stack: SmallVec<[ExprId; 16]> = SmallVec::new();
    stack.push(root);
    while let Some(id) = stack.pop() {
        if id == symbol {
            return true;
        }
        arena.children(id, |c| stack.push(c));
    }
    false
}

/// What the parts of one contribution are adjoint to: along `dx`, and with δ in its stead.
pub(super) fn differentials(
    arena: &mut Arena,
    parts: &[ExprId],
    g: Option<ExprId>,
    change: ExprId,
    frozen: ExprId,
    seed: usize,
) -> Option<(Terms, Terms)> {
    let (mut changes, mut deltas) = (Terms::new(), Terms::new());
    for part in parts {
        for (dx, out) in [(change, &mut changes), (frozen, &mut deltas)] {
            match g {
                Some(g) => {
                    for (c, e) in adjoint(arena, *part, g, dx, seed)? {
                        push(out, &c, e);
                    }
                }
                None => {
                    let (c, e) = arena.split_scale(*part);
                    let c = arena.number_of(c).clone();
                    push(out, &c, along(arena, e, dx, seed));
                }
            }
        }
    }
    Some((changes, deltas))
}
