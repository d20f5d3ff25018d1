//! Proof by normal form: the sides are lowered together, definitions are written out, and what is
//! left is simplified. Equal expressions are one node.

use super::Claim;
use crate::calculus::sweep::ReverseMode;
use crate::notation::raise::ascii_of;
use crate::simplify::simplify;
use crate::tensor::lower::lower_sides;
use crate::tensor::node::ExprId;
use rustc_hash::FxHashMap;

/// A proof.
#[derive(Clone, PartialEq, Debug)]
pub struct Proof {
    /// What must not vanish for it.
    pub conditions: Vec<String>,
    /// The names of the identities that it used.
    pub identities: Vec<String>,
}

/// A proof of a claim, where both sides reach one normal form.
pub fn prove(claim: &Claim<'_>) -> Option<Proof> {
    let sides = [claim.left, claim.right];
    let mut lowered = lower_sides(claim.typed, &sides, claim.indices, &ReverseMode).ok()?;
    let arena = &mut lowered.arena;
    let mut bodies: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for equation in &lowered.equations {
        let body = simplify(arena, &[equation.body], &bodies)[0];
        bodies.insert(equation.symbol, body);
    }
    let mut found = simplify(arena, &lowered.sides, &bodies);
    // a scalar stands for an array of its value
    let (a, b) = (arena.rank(found[0]), arena.rank(found[1]));
    if a != b {
        let axes: crate::tensor::node::Axes = arena.axes(found[usize::from(a < b)]).into();
        let small = usize::from(a > b);
        if arena.rank(found[small]) != 0 {
            return None;
        }
        found[small] = arena.broadcast(found[small], &axes);
    }
    let mut equal = found[0] == found[1];
    if !equal {
        let minus = arena.negate(found[1]);
        let difference = arena.sum_of(&[found[0], minus]);
        let simpler = simplify(arena, &[difference], &FxHashMap::default())[0];
        equal = arena.is_zero(simpler);
    }
    let conditions = equal.then(|| {
        let mut list: Vec<ExprId> = arena.cancelled.clone();
        list.dedup();
        list
    })?;
    let mut texts: Vec<String> = Vec::new();
    for id in conditions {
        if let Some(text) = ascii_of(arena, id) {
            let text = format!("{text} is nonzero");
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    Some(Proof { conditions: texts, identities: vec!["normal-form".to_string()] })
}
