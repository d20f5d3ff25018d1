//! Proof: the sides are lowered together, and their difference is brought to nothing.
//!
//! First by the normal form that every expression has and the rewrites of the simplifier, with the
//! definitions written out. Then by algebra (`algebra`, `fractions`): functions are written by
//! simpler ones, products multiplied out, denominators and inverses cleared. The evidence names the
//! entries of the table of identities on the way, and what must not vanish for it.

mod algebra;
mod elementary;
mod fractions;
mod inverses;

use super::Claim;
use super::domain::describe;
use super::verdict::Method;
use crate::calculus::sweep::ReverseMode;
use crate::simplify::simplify;
use crate::tensor::arena::Arena;
use crate::tensor::lower::lower_sides;
use crate::tensor::node::{Axes, ExprId};
use algebra::Algebra;
use rustc_hash::FxHashMap;

/// A proof.
#[derive(Clone, PartialEq, Debug)]
pub struct Proof {
    /// What must hold for it.
    pub conditions: Vec<String>,
    /// How it goes.
    pub method: Method,
    /// The names of the identities that it used, in order.
    pub identities: Vec<&'static str>,
}

/// A proof of a claim, where one is found.
pub fn prove(claim: &Claim<'_>) -> Option<Proof> {
    let sides = [claim.left, claim.right];
    let mut lowered = lower_sides(claim.typed, &sides, claim.indices, &ReverseMode).ok()?;
    let arena = &mut lowered.arena;
    let mut bodies: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for equation in &lowered.equations {
        let body = simplify(arena, &[equation.body], &bodies)[0];
        bodies.insert(equation.symbol, body);
    }
    // with definitions as names first: then without them
    let named = FxHashMap::default();
    let mut written = None;
    for replace in [&bodies, &named] {
        let found = simplify(arena, &lowered.sides, replace);
        let difference = difference(arena, &found)?;
        let simpler = simplify(arena, &[difference], &named)[0];
        if arena.is_zero(simpler) {
            let identities = arena.rewrites.clone();
            let conditions = conditions(arena, &arena.cancelled);
            return Some(Proof { conditions, method: Method::NormalForm, identities });
        }
        written.get_or_insert(simpler);
        if bodies.is_empty() {
            break;
        }
    }
    let facts = std::mem::replace(&mut arena.facts, true);
    let names = simplify(arena, &lowered.sides, &named);
    let mut attempts = vec![written?];
    if !bodies.is_empty() {
        attempts.insert(0, difference(arena, &names)?);
    }
    let cancelled = arena.cancelled.clone();
    for attempt in attempts {
        let mut algebra = Algebra::new(arena);
        let done = algebra.vanishes(attempt).is_some();
        let used = algebra.used;
        arena.plain = false;
        if done {
            let mut identities = arena.rewrites.clone();
            identities.extend(used);
            // what it divides by stands in the claim, or in what the definitions say
            let conditions = conditions(arena, &cancelled);
            return Some(Proof { conditions, method: Method::Expansion, identities });
        }
    }
    arena.facts = facts;
    None
}

/// Left less right; a scalar stands for an array of its value.
fn difference(arena: &mut Arena, sides: &[ExprId]) -> Option<ExprId> {
    let mut found = [sides[0], sides[1]];
    let (a, b) = (arena.rank(found[0]), arena.rank(found[1]));
    if a != b {
        let axes: Axes = arena.axes(found[usize::from(a < b)]).into();
        let small = usize::from(a > b);
        if arena.rank(found[small]) != 0 {
            return None;
        }
        found[small] = arena.broadcast(found[small], &axes);
    }
    let minus = arena.negate(found[1]);
    Some(arena.sum_of(&[found[0], minus]))
}

fn conditions(arena: &Arena, nonzero: &[ExprId]) -> Vec<String> {
    let mut texts = Vec::new();
    describe(arena, nonzero, "nonzero", &mut texts);
    texts
}
