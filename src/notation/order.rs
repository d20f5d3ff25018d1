//! In which order an answer is read: definitions, then a backward pass from the loss to the first
//! layer, in which each result stands after what it needs.

use super::answer::{Answer, ResultKind};
use super::math::Math;
use super::program::gradient_of;
use super::walk::mentions_gradient;
use rustc_hash::FxHashMap;

/// A line of the backward pass, by position in the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// A cotangent or a shared part.
    Binding(usize),
    /// A result; also in the stead of the binding of its name.
    Result(usize),
}

/// The position of the first binding that belongs to the backward pass.
pub(super) fn backward(answer: &Answer) -> usize {
    answer
        .bindings
        .iter()
        .position(|b| matches!(b.name, Math::Gradient(_)) || mentions_gradient(&b.value))
        .unwrap_or(answer.bindings.len())
}

/// The backward pass: the needed bindings from position `backward` on, and all results.
pub(super) fn steps(answer: &Answer, needed: &[bool], backward: usize) -> Vec<Step> {
    let places = places(answer, backward);
    let mut results = places.iter().peekable();
    let mut steps = Vec::with_capacity(places.len());
    for (at, needed) in needed.iter().enumerate().skip(backward) {
        let mut replaced = false;
        while let Some((place, result)) = results.next_if(|(place, _)| *place <= 2 * at + 1) {
            replaced |= *place == 2 * at + 1;
            steps.push(Step::Result(*result));
        }
        if *needed && !replaced {
            steps.push(Step::Binding(at));
        }
    }
    steps.extend(results.map(|(_, result)| Step::Result(*result)));
    steps
}

/// The results with their places between the bindings, in order: `2 k` is before binding `k`,
/// `2 k + 1` in its stead.
fn places(answer: &Answer, backward: usize) -> Vec<(usize, usize)> {
    let bindings = answer.bindings.iter().enumerate();
    let named: FxHashMap<&str, usize> =
        bindings.filter_map(|(at, b)| Some((gradient_of(&b.name)?, at))).collect();
    let mut places: Vec<(usize, usize)> = answer
        .results
        .iter()
        .enumerate()
        .map(|(result, outcome)| {
            let own = match outcome.wrt.first() {
                Some(wrt) if outcome.kind == ResultKind::Gradient => named.get(&*wrt.name),
                _ => None,
            };
            let place = match own {
                Some(&at) => 2 * at + 1,
                None => outcome.needs.iter().max().map_or(0, |&last| 2 * (last as usize + 1)),
            };
            (place.max(2 * backward), result)
        })
        .collect();
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::super::sample::two_layers;
    use super::*;

    #[test]
    fn a_result_stands_after_what_it_needs() {
        // u, z | ∇z, ∇u; results ∇W1 (needs ∇u), ∇W2 (needs ∇z), ∇u itself
        let answer = two_layers();
        assert_eq!(backward(&answer), 2);
        assert_eq!(
            steps(&answer, &[true; 4], 2),
            [Step::Binding(2), Step::Result(1), Step::Result(2), Step::Result(0)]
        );
    }
}
