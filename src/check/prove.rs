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
use super::verdict::Method;
use crate::calculus::sweep::ReverseMode;
use crate::notation::raise::ascii_of;
use crate::simplify::{reachable, simplify};
use crate::tensor::arena::Arena;
use crate::tensor::lower::lower_sides;
use crate::tensor::node::{Axes, ExprId, MapFunction, MatrixFunction, Node, SymbolKind};
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

/// What must hold for the sides of a claim to have a value, as far as it is seen.
pub(super) fn domain(claim: &Claim<'_>) -> Vec<String> {
    let sides = [claim.left, claim.right];
    let Ok(lowered) = lower_sides(claim.typed, &sides, claim.indices, &ReverseMode) else {
        return Vec::new();
    };
    let arena = &lowered.arena;
    let mut list = reachable(arena, &lowered.sides);
    list.sort_unstable_by_key(|id| id.0);
    let (mut nonzero, mut positive, mut invertible) = (Vec::new(), Vec::new(), Vec::new());
    for id in list {
        match arena.node(id) {
            Node::Matrix(MatrixFunction::Inverse | MatrixFunction::LogDeterminant, x) => {
                invertible.push(x);
            }
            Node::Map(MapFunction::Known(f), ids) if f == arena.known.log => {
                positive.push(ids.get(0));
            }
            _ => match arena.as_power(id) {
                Some((base, e)) if arena.number_of(e).is_negative() => nonzero.push(base),
                _ => {}
            },
        }
    }
    let mut texts = Vec::new();
    for (list, word) in [(invertible, "invertible"), (nonzero, "nonzero"), (positive, "positive")] {
        describe(arena, &list, word, &mut texts);
    }
    texts
}

fn conditions(arena: &Arena, nonzero: &[ExprId]) -> Vec<String> {
    let mut texts = Vec::new();
    describe(arena, nonzero, "nonzero", &mut texts);
    texts
}

fn describe(arena: &Arena, list: &[ExprId], word: &str, texts: &mut Vec<String>) {
    for &id in list {
        // what a name of the program stands for is not looked into; invertible is what has no sign
        let named = |e: &ExprId| {
            arena
                .as_symbol(*e)
                .is_some_and(|s| matches!(arena.symbol(s).kind, SymbolKind::Definition(_)))
        };
        if word != "invertible"
            && (is_plainly_positive(arena, id) || reachable(arena, &[id]).iter().any(named))
        {
            continue;
        }
        let Some(text) = ascii_of(arena, id) else { continue };
        let text = format!("{text} is {word}");
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
}

/// Whether an expression is visibly positive: a sum of what is not negative, with something positive.
fn is_plainly_positive(arena: &Arena, id: ExprId) -> bool {
    sign(arena, id, 8) == Some(Sign::Positive)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    NotNegative,
    Positive,
}

/// What is seen of the sign of every entry, looking no deeper than this.
fn sign(arena: &Arena, id: ExprId, depth: usize) -> Option<Sign> {
    if arena.is_positive(id) {
        return Some(Sign::Positive);
    }
    let depth = depth.checked_sub(1)?;
    if let Some((base, e)) = arena.as_power(id) {
        let even = arena.number_of(e).as_integer().is_some_and(|n| n % 2 == 0);
        return sign(arena, base, depth).or(even.then_some(Sign::NotNegative));
    }
    match arena.node(id) {
        Node::Add(terms) if !terms.is_empty() => {
            let mut sum = Sign::NotNegative;
            for (c, e) in terms.iter() {
                if arena.number_of(c).is_negative() {
                    return None;
                }
                sum = sum.max(sign(arena, e, depth)?);
            }
            Some(sum)
        }
        Node::Einsum(view) => {
            let diagonal =
                (1..view.output().len()).any(|i| view.output()[..i].contains(&view.output()[i]));
            let mut product = if diagonal { Sign::NotNegative } else { Sign::Positive };
            for (e, _) in view.operands() {
                product = product.min(sign(arena, e, depth)?);
            }
            Some(product)
        }
        _ => None,
    }
}
