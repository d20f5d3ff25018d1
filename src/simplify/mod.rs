//! Simplification after differentiation: normal forms again with declared facts, then rewrites
//! that make an expression lighter.
//!
//! Every rewrite goes downhill under [`Arena::weight`], so nothing loops and nothing expands
//! blindly: a product is multiplied out only where the result is lighter.

mod common;
mod expand;
mod factor;
mod fraction;
mod instance;
mod named;
mod pattern;
mod placement;
mod rules;
mod symmetric;

use crate::tensor::arena::Arena;
use crate::tensor::memo::Memo;
use crate::tensor::node::ExprId;
pub(crate) use crate::tensor::rebuild::reachable;
pub(crate) use named::by_name;
use rules::Present;
pub(crate) use rules::lemma;
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
    Simplifier::of(arena).run(arena, roots, replace)
}

/// The memory of several simplifications one after the other.
pub(crate) struct Simplifier {
    /// What each expression became; itself until then.
    map: Memo,
    /// The functions that expressions show, for the rules.
    heads: Memo,
    stack: Vec<ExprId>,
    list: Vec<ExprId>,
}

impl Simplifier {
    /// One with room for what an arena holds.
    pub(crate) fn of(arena: &Arena) -> Simplifier {
        let (map, heads) = (Memo::with_room(arena.len()), Memo::default());
        Simplifier { map, heads, stack: Vec::with_capacity(32), list: Vec::with_capacity(32) }
    }

    /// As [`simplify`].
    pub(crate) fn run(
        &mut self,
        arena: &mut Arena,
        roots: &[ExprId],
        replace: &FxHashMap<ExprId, ExprId>,
    ) -> Vec<ExprId> {
        let facts = std::mem::replace(&mut arena.facts, true);
        self.reach(arena, roots);
        let present = Present::of(arena, &self.list);
        self.heads.clear();
        for at in 0..self.list.len() {
            let id = self.list[at];
            let new = match replace.get(&id) {
                Some(other) => self.map.expr(*other).unwrap_or(*other),
                None => {
                    let built = arena.rebuild_with_facts(id, &self.map);
                    improve(arena, built, &present, &mut self.heads)
                }
            };
            if new != id {
                self.map.set_expr(id, new);
            }
        }
        arena.facts = facts;
        roots.iter().map(|r| image(&self.map, *r)).collect()
    }

    /// Whether one of these is among the nodes below some roots.
    pub(crate) fn reaches_any(
        &mut self,
        arena: &Arena,
        roots: &[ExprId],
        mut wanted: impl Iterator<Item = ExprId>,
    ) -> bool {
        self.reach(arena, roots);
        wanted.any(|id| self.map.contains(id))
    }

    /// Lists every node below some roots, children before parents.
    fn reach(&mut self, arena: &Arena, roots: &[ExprId]) {
        self.map.clear();
        self.list.clear();
        let Simplifier { map, stack, list, .. } = self;
        let mut visit = |id: ExprId, stack: &mut Vec<ExprId>| {
            if map.set_expr(id, id) {
                list.push(id);
                stack.push(id);
            }
        };
        for root in roots {
            visit(*root, stack);
            while let Some(id) = stack.pop() {
                arena.children(id, |c| visit(c, stack));
            }
        }
        list.sort_unstable_by_key(|id| id.0);
    }
}

/// What an expression became.
fn image(map: &Memo, id: ExprId) -> ExprId {
    map.expr(id).unwrap_or(id)
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

/// A second derivative by one variable in a form that shows its symmetry.
pub fn visibly_symmetric(arena: &mut Arena, id: ExprId) -> ExprId {
    let facts = std::mem::replace(&mut arena.facts, true);
    let result = symmetric::visibly(arena, id).unwrap_or(id);
    arena.facts = facts;
    result
}

/// Applies rewrites while they make the node lighter.
fn improve(arena: &mut Arena, id: ExprId, present: &Present, heads: &mut Memo) -> ExprId {
    if arena.is_settled(id) {
        return id;
    }
    let mut best = id;
    for _ in 0..4 {
        let before = best;
        let factored = factor::lighter(arena, best);
        let improved = |arena: &mut Arena, e: ExprId| ruled(arena, e, present, heads).unwrap_or(e);
        if let Some(lighter) = expand::lighter(arena, best, improved) {
            best = factor::lighter(arena, lighter).unwrap_or(lighter);
        }
        if let Some(lighter) = fraction::lighter(arena, best) {
            best = lighter;
        }
        if let Some(lighter) = factored
            && (best == before || arena.weight(lighter) <= arena.weight(best))
        {
            best = lighter;
        }
        best = ruled(arena, best, present, heads).unwrap_or(best);
        if best == before {
            // with declared facts, as here, it stays as it is
            arena.settle(best);
            break;
        }
    }
    best
}

/// What a rewrite of the table makes lighter; the rewrite is remembered.
fn ruled(arena: &mut Arena, id: ExprId, present: &Present, heads: &mut Memo) -> Option<ExprId> {
    if present.is_empty() {
        return None;
    }
    let (name, lighter) = rules::lighter(arena, id, present, heads)?;
    if !arena.rewrites.contains(&name) {
        arena.rewrites.push(name);
    }
    Some(lighter)
}
