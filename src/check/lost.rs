//! Points at which something is lost in the digits that there are: `sigmoid(800)` is 1 in 256 bits,
//! and is not 1.
//!
//! Sides that agree at such a point say nothing. Sides that differ there are shown with more digits.

use super::decide::Trial;
use crate::array::{Array, Scalar};
use crate::field::ball::Ball;
use crate::field::magnitude::Magnitude;
use crate::field::wide::Wide;
use crate::functions::{Function, Kernel};
use crate::numeric::arithmetic::Arithmetic;
use crate::numeric::eval::{Evaluator, Point};
use crate::shape::typed::Meaning;
use crate::syntax::ast::Expr;

/// Numbers further apart than this power of two may be lost beside each other, or beside the squares of
/// each other.
const APART: i64 = 100;
/// A share by which doubles differ visibly.
const SHOWN: f64 = 1e-14;
/// So many arguments of functions are looked at.
const ARGUMENTS: usize = 64;

impl Trial<'_> {
    /// Whether numbers on the way are so far apart, or functions so near to their limits, that balls
    /// cannot tell what the sides lose there.
    pub(super) fn loses(&self, point: &Point) -> bool {
        let typed = self.claim.typed;
        let Ok(mut evaluator) = Evaluator::<Ball>::new(typed, point) else { return false };
        // derivatives are left out, what they are taken of is not
        evaluator.trace.crossings = Some(Vec::new());
        if evaluator.run(&self.plan).is_err() {
            return false;
        }
        let (mut least, mut most, mut count) = (i64::MAX, i64::MIN, 0);
        for &id in &self.plan {
            for value in &evaluator.value(id).data {
                if let Some(size) = value.below() {
                    (least, most) = (least.min(size.exponent()), most.max(size.exponent()));
                }
            }
            if let (Expr::Call { arguments, primes: 0, .. }, Meaning::Function(f)) =
                (typed.program.node(id), typed.meaning(id))
                && let &[argument] = typed.program.list(*arguments)
            {
                let data = &evaluator.value(argument).data;
                if is_dominated(f.function(), data) {
                    return true;
                }
                let some = data.len().min(ARGUMENTS.saturating_sub(count));
                count += some;
                if data[..some].iter().any(|x| is_straight(f.function(), *x)) {
                    return true;
                }
            }
        }
        least < most && most - least > APART
    }
}

/// Whether a function is a straight line around a point as far as balls can tell, and not exactly.
fn is_straight(function: &'static Function, x: Ball) -> bool {
    if !matches!(function.kernel, Kernel::Elementwise(_)) {
        return false;
    }
    let step = x.to_double().abs().max(1.0) / 8.0;
    // second differences around two places, so that a turning point is none
    [0.0, 0.5].into_iter().all(|shift| {
        let at = |k: f64| {
            let x = x.add(Ball::from_double((k + shift) * step).ok()?);
            Ball::map(function, &[x]).ok().filter(|v: &Ball| !v.is_undefined())
        };
        let (Some(a), Some(b), Some(c)) = (at(-1.0), at(0.0), at(1.0)) else { return false };
        let bend = a.sub(b).add(c.sub(b));
        let scale = [a, b, c].into_iter().map(Ball::above).fold(Magnitude::ZERO, larger);
        let small = scale.times(Magnitude::power_of_two(-APART));
        !(bend.is_exact() && bend.above().is_zero()) && larger(bend.above(), small) == small
    })
}

/// Whether a function in whose value the largest entry hides the others meets entries so far apart that
/// these are lost.
fn is_dominated(function: &Function, data: &[Ball]) -> bool {
    let range =
        |f: fn(f64, f64) -> f64, from: f64| data.iter().map(|x| x.to_double()).fold(from, f);
    let spread = || range(f64::max, f64::NEG_INFINITY) - range(f64::min, f64::INFINITY);
    function.facts.exponential && spread() > APART as f64 * std::f64::consts::LN_2
}

/// The larger of two magnitudes.
pub(super) fn larger(a: Magnitude, b: Magnitude) -> Magnitude {
    if a.compare(b) == std::cmp::Ordering::Less { b } else { a }
}

/// The largest magnitude of an array of balls.
pub(super) fn above(array: &Array<Ball>) -> Magnitude {
    array.data.iter().map(|x| x.above()).fold(Magnitude::ZERO, larger)
}

/// At least the magnitude of a double.
pub(super) fn magnitude(x: f64) -> Magnitude {
    Wide::from_double(x).map_or(Magnitude::INFINITE, Magnitude::above)
}

/// Whether doubles show that two arrays differ.
pub(super) fn visibly_apart(left: &Array, right: &Array) -> bool {
    let (n, m) = (left.data.len(), right.data.len());
    (0..n.max(m)).any(|k| {
        let (a, b) = (left.data[k % n.max(1)], right.data[k % m.max(1)]);
        a.is_finite() && b.is_finite() && (a - b).abs() > SHOWN * a.abs().max(b.abs())
    })
}

/// The first two numbers that differ, with as many digits as tell them apart.
pub(super) fn told_apart(left: &Array<Ball>, right: &Array<Ball>) -> Option<(String, String)> {
    let (n, m) = (left.data.len(), right.data.len());
    let mut pairs = (0..n.max(m)).map(|k| (left.data[k % n.max(1)], right.data[k % m.max(1)]));
    let (a, b) = pairs.find(|(a, b)| a.differs(*b))?;
    // beyond doubles a few digits tell the size
    let normal =
        [a, b].iter().all(|x| x.to_double().is_normal() || x.to_double() == 0.0 && x.is_exact());
    let least = if normal { 17 } else { 4 };
    [least, 20, 30, 40, 50, 60, 70].into_iter().find_map(|digits| {
        let texts = (a.to_decimal(digits)?, b.to_decimal(digits)?);
        (texts.0 != texts.1).then_some(texts)
    })
}
