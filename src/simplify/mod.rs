//! Simplification after differentiation: normal forms again with declared facts, then rewrites
//! that make an expression lighter.
//!
//! Every rewrite goes downhill under [`Arena::weight`], so nothing loops and nothing expands
//! blindly: a product is multiplied out only where the result is lighter.

mod expand;
mod factor;

use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::node::{ExprId, Network, Node, Operand};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Simplifies expressions together; `replace` gives expressions that others stand for.
///
/// Costs are linear in the number of nodes that the roots reach.
#[expect(clippy::implicit_hasher, reason = "one hasher serves the whole core")]
pub fn simplify(
    arena: &mut Arena,
    roots: &[ExprId],
    replace: &FxHashMap<ExprId, ExprId>,
) -> Vec<ExprId> {
    let facts = std::mem::replace(&mut arena.facts, true);
    let mut list = reachable(arena, roots);
    list.sort_unstable_by_key(|id| id.0);
    let mut map: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    map.reserve(list.len());
    for id in list {
        let new = if let Some(other) = replace.get(&id) {
            map.get(other).copied().unwrap_or(*other)
        } else {
            let built = rebuild(arena, id, &map);
            improve(arena, built)
        };
        map.insert(id, new);
    }
    arena.facts = facts;
    roots.iter().map(|r| map[r]).collect()
}

/// An expression with more than two axes as a sum of products: an entry of it is read term by term,
/// and a δ inside a sum that is a factor would hide which entries are zero.
///
/// Bounded: an expression that would have too many terms stays as it is.
pub fn multiplied_out(arena: &mut Arena, id: ExprId) -> ExprId {
    if arena.rank(id) < 3 {
        return id;
    }
    let facts = std::mem::replace(&mut arena.facts, true);
    let result = expand::identities(arena, id).unwrap_or(id);
    arena.facts = facts;
    result
}

/// Every node below some roots.
pub(crate) fn reachable(arena: &Arena, roots: &[ExprId]) -> Vec<ExprId> {
    let mut seen = vec![false; arena.len()];
    let mut stack = roots.to_vec();
    let mut list = Vec::new();
    while let Some(id) = stack.pop() {
        if !std::mem::replace(&mut seen[id.0 as usize], true) {
            list.push(id);
            arena.children(id, |c| stack.push(c));
        }
    }
    list
}

/// The node with other children, in normal form.
fn rebuild(arena: &mut Arena, id: ExprId, map: &FxHashMap<ExprId, ExprId>) -> ExprId {
    let mut changed = false;
    arena.children(id, |c| changed |= map[&c] != c);
    match arena.node(id) {
        Node::Symbol(_) => id,
        Node::Add(terms) => {
            if !changed {
                return id;
            }
            let axes: crate::tensor::node::Axes = arena.axes(id).into();
            let list = terms.iter().map(|(c, e)| (c, map[&e])).collect();
            arena.add_ids(&axes, list)
        }
        Node::Einsum(view) => {
            if !changed && !view.operands().any(|(e, _)| arena.has_facts(e)) {
                return id;
            }
            let operands =
                view.operands().map(|(e, w)| Operand { expr: map[&e], wires: w.into() }).collect();
            let sizes = (0..view.wires() as u32).map(|w| view.size(w)).collect();
            let output = view.output().into();
            arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes })
        }
        Node::Map(f, ids) => {
            if !changed {
                return id;
            }
            let list: SmallVec<[ExprId; 4]> = ids.iter().map(|e| map[&e]).collect();
            arena.map(f, &list)
        }
        Node::Named { function, active, arguments } => {
            let list: SmallVec<[ExprId; 4]> = arguments.iter().map(|e| map[&e]).collect();
            arena.named(function, active, &list)
        }
        Node::Reduce(kind, active, e) => arena.reduce(kind, active, map[&e]),
        Node::Window { kind, active, width, argument } => {
            let axes: crate::tensor::node::Axes = arena.axes(id).into();
            arena.window(kind, active, width, map[&argument], &axes)
        }
        Node::Matrix(kind, e) => arena.matrix(kind, map[&e]),
        Node::Apply(f, order, e) => arena.apply(f, order, map[&e]),
    }
}

/// Applies rewrites while they make the node lighter.
fn improve(arena: &mut Arena, id: ExprId) -> ExprId {
    let mut best = id;
    for _ in 0..4 {
        let before = best;
        if let Some(lighter) = expand::lighter(arena, best) {
            best = lighter;
        }
        if let Some(lighter) = factor::lighter(arena, best) {
            best = lighter;
        }
        if best == before {
            break;
        }
    }
    best
}
