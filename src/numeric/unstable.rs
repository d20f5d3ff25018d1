//! How stable an answer is under the rounding of the point where it seems wrong.

use super::direction::Opinion;
use super::eval::Point;
use super::sample::Random;
use super::verify::Judgement;
use crate::array::Array;

/// Points next to one at which an answer seems wrong that tell how stable it is there.
const ROUNDINGS: usize = 8;

impl Judgement<'_> {
    /// Leaves open what differs by no more than what rounding the point does to the answer, as
    /// near a singularity: `acos(u)` at u = 1.
    pub(super) fn excuse_unstable(
        &self,
        opinions: &mut [Opinion],
        answers: &[Array],
        point: &Point,
        cotangent: &Array,
        random: &mut Random,
    ) {
        for _ in 0..ROUNDINGS {
            if !opinions.iter().any(|o| matches!(o, Opinion::Differs { .. })) {
                return;
            }
            let mut near = point.clone();
            for x in near.values.iter_mut().flatten().flat_map(|v| &mut v.data) {
                *x *= 1.0 + random.signed(1.0, 64.0) * f64::EPSILON;
            }
            let Ok(others) = self.answers(&near, cotangent) else { continue };
            for ((opinion, answer), other) in opinions.iter_mut().zip(answers).zip(&others) {
                let Opinion::Differs { claimed, found, .. } = *opinion else { continue };
                let pairs = answer.data.iter().zip(&other.data);
                let moved: f64 = pairs.map(|(a, b)| (a - b).abs()).sum();
                // what is not finite is no smaller either
                if !moved.is_finite() || 10.0 * moved >= (claimed - found).abs() {
                    *opinion = Opinion::Open;
                }
            }
        }
    }
}
