//! Simplification after differentiation: normal forms again with declared facts, then rewrites
//! that make an expression lighter.
//!
//! Every rewrite goes downhill under [`Arena::weight`], so nothing loops and nothing expands
//! blindly: a product is multiplied out only where the result is lighter.

mod expand;
mod factor;

use crate::tensor::arena::Arena;
use crate::tensor::node::ExprId;
pub(crate) use crate::tensor::rebuild::reachable;
use rustc_hash::FxHashMap;

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
            let built = arena.rebuild_with_facts(id, &map);
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
