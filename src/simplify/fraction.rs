//! `common-denominator`: fractions over powers of one sum as one fraction, where their numerators
//! cancel: `1/(a + b) - a/(a + b)^2 = b/(a + b)^2`.

use super::expand::{all_sums, expanded};
use super::factor;
use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, ExprId, Node};
use smallvec::SmallVec;

/// The most terms that are brought together.
const TERMS: usize = 6;
/// The highest power of a denominator.
const POWER: i64 = 6;
/// The heaviest expression that is tried.
const WEIGHT: u32 = 120;

/// A lighter sum of the same value, over a common denominator.
pub(super) fn lighter(arena: &mut Arena, id: ExprId) -> Option<ExprId> {
    let Node::Add(terms) = arena.node(id) else { return None };
    if !(2..=TERMS).contains(&terms.len()) || arena.weight(id) > WEIGHT {
        return None;
    }
    let list: TermList = terms.iter().collect();
    let rank = arena.rank(id);
    let mut seen: SmallVec<[(ExprId, i64, usize); 4]> = SmallVec::new();
    for (_, e) in &list {
        for (base, power) in denominators(arena, *e, rank) {
            match seen.iter_mut().find(|s| s.0 == base) {
                Some(s) => (s.1, s.2) = (s.1.max(power), s.2 + 1),
                None => seen.push((base, power, 1)),
            }
        }
    }
    let axes: Axes = arena.axes(id).into();
    for (base, power, _) in seen.into_iter().filter(|s| s.2 > 1 && s.1 <= POWER) {
        let above = arena.power(base, &Number::integer(power));
        let below = arena.power(base, &Number::integer(-power));
        let numerators: TermList =
            list.iter().map(|(c, e)| (*c, arena.hadamard(&[*e, above]))).collect();
        let numerator = arena.add_ids(&axes, numerators);
        let Some(terms) = expanded(arena, numerator, all_sums) else { continue };
        let mut numerator = arena.add_ids(&axes, terms);
        if let Some(factored) = factor::lighter(arena, numerator) {
            numerator = factored;
        }
        let fraction = arena.hadamard(&[numerator, below]);
        if arena.weight(fraction) < arena.weight(id) {
            return Some(fraction);
        }
    }
    None
}

/// The sums that a term divides by as a whole, each with its power.
fn denominators(arena: &Arena, term: ExprId, rank: usize) -> SmallVec<[(ExprId, i64); 2]> {
    let of = |e: ExprId| {
        let (base, exponent) = arena.as_power(e)?;
        let power = arena.number_of(exponent).as_integer().filter(|n| *n < 0)?;
        let sum = matches!(arena.node(base), Node::Add(t) if t.len() > 1);
        (sum && (arena.rank(base) == 0 || arena.rank(base) == rank)).then_some((base, -power))
    };
    match arena.node(term) {
        Node::Einsum(view) => view
            .operands()
            .filter(|(_, wires)| wires.is_empty() || *wires == view.output())
            .filter_map(|(e, _)| of(e))
            .collect(),
        _ => of(term).into_iter().collect(),
    }
}
