//! A claim tried at points.

use super::points::{Points, Scale, Style};
use super::verdict::Counterexample;
use super::{Claim, about_derivatives};
use crate::array::Array;
use crate::numeric::error::EvalError;
use crate::numeric::eval::{Evaluator, Point, variables_of};
use crate::numeric::sample::Random;
use crate::syntax::ast::NodeId;

/// A relative difference from which two doubles may be called different, and up to which equal.
const APART: f64 = 1e-6;
const SAME: f64 = 1e-8;
/// The rounding of an evaluation in doubles, relative to the largest number that it met.
const ROUNDING: f64 = 1e-12;
/// A claim about derivatives leaves out what is nearer than this to a kink.
const KINK: f64 = 1e-3;
/// So many generic points must agree.
const ENOUGH: usize = 3;

/// What one point says.
enum Opinion {
    Same(f64),
    Apart(Array, Array),
    Unclear,
    Nothing(String),
}

/// What all points say.
pub(super) struct Outcome {
    pub(super) points: usize,
    pub(super) enough: bool,
    pub(super) worst: f64,
    pub(super) counterexample: Option<Counterexample>,
    pub(super) reason: Option<String>,
}

pub(super) struct Trial<'a> {
    claim: &'a Claim<'a>,
    points: Points<'a>,
    plan: Vec<NodeId>,
    smooth: bool,
    derivatives: bool,
}

impl<'a> Trial<'a> {
    pub(super) fn new(claim: &'a Claim<'a>) -> Trial<'a> {
        let nothing = Point::default();
        let plan = Evaluator::<f64>::new(claim.typed, &nothing)
            .map(|e| e.plan(&[claim.left, claim.right]))
            .unwrap_or_default();
        let derivatives = about_derivatives(claim);
        Trial { claim, points: Points::new(claim.typed), plan, smooth: derivatives, derivatives }
    }

    pub(super) fn run(&self, random: &mut Random) -> Outcome {
        let mut outcome = Outcome {
            points: 0,
            enough: false,
            worst: 0.0,
            counterexample: None,
            reason: Some("no point was found at which both sides are defined".to_string()),
        };
        let mut generic = 0;
        let scales = [
            Scale::Drawn(0),
            Scale::Drawn(1),
            Scale::Drawn(2),
            Scale::Equal(1),
            Scale::Equal(2),
            Scale::Drawn(4),
        ];
        for (number, scale) in scales.into_iter().enumerate() {
            // the first kind of generic values at which both sides are defined
            for kind in 0..7 {
                let style = Style::Generic(kind);
                let Some(point) = self.points.draw(scale, style, number, random) else { break };
                if self.note(&point, &mut outcome, random) {
                    return outcome;
                }
                match self.opinion(&point) {
                    Opinion::Same(_) => {
                        generic += 1;
                        if kind >= 2 {
                            break;
                        }
                    }
                    Opinion::Apart(..) => break,
                    Opinion::Unclear | Opinion::Nothing(_) => {}
                }
            }
            let special = [
                Style::Integers,
                Style::Naturals,
                Style::Zeros,
                Style::Ones,
                Style::MinusOnes,
                Style::Negative,
                Style::Ties,
                Style::Sparse,
                Style::Large,
                Style::Small,
            ];
            for style in special {
                if let Some(point) = self.points.draw(scale, style, number, random)
                    && self.note(&point, &mut outcome, random)
                {
                    return outcome;
                }
            }
        }
        outcome.enough = generic >= ENOUGH;
        if outcome.points > 0 {
            outcome.reason = (!outcome.enough).then(|| {
                "too few points were found at which both sides can be compared".to_string()
            });
        }
        outcome
    }

    /// Whether the sides agree at the first points, and at least one of them is defined.
    pub(super) fn promising(&self, random: &mut Random) -> bool {
        let mut agreed = false;
        for (scale, kind) in
            [(Scale::Drawn(0), 0), (Scale::Drawn(2), 0), (Scale::Drawn(0), 2), (Scale::Drawn(0), 5)]
        {
            let Some(point) = self.points.draw(scale, Style::Generic(kind), kind, random) else {
                continue;
            };
            match self.opinion(&point) {
                Opinion::Same(_) => agreed = true,
                Opinion::Apart(..) => return false,
                Opinion::Unclear | Opinion::Nothing(_) => {}
            }
            if agreed && kind > 0 {
                break;
            }
        }
        agreed
    }

    /// Counts a point; true where it refutes.
    fn note(&self, point: &Point, outcome: &mut Outcome, random: &mut Random) -> bool {
        match self.opinion(point) {
            Opinion::Same(error) => {
                outcome.points += 1;
                outcome.worst = outcome.worst.max(error);
                false
            }
            Opinion::Apart(left, right) => {
                outcome.counterexample = Some(self.smallest(point, left, right, random));
                true
            }
            Opinion::Unclear => {
                outcome.reason =
                    Some("doubles are not accurate enough to compare the sides".into());
                false
            }
            Opinion::Nothing(why) => {
                if outcome.points == 0 {
                    outcome.reason = Some(why);
                }
                false
            }
        }
    }

    fn opinion(&self, point: &Point) -> Opinion {
        match self.sides(point) {
            Ok((left, right, largest, nearest)) => {
                if self.smooth && nearest < KINK {
                    return Opinion::Nothing("every point tried lies near a kink".to_string());
                }
                self.compare(left, right, largest)
            }
            Err(EvalError::Undefined { .. }) => {
                Opinion::Nothing("no point was found at which both sides are defined".to_string())
            }
            Err(error) => Opinion::Nothing(error.to_string()),
        }
    }

    /// Both sides, the largest magnitude met on the way, and the distance to the nearest kink.
    fn sides(&self, point: &Point) -> Result<(Array, Array, f64, f64), EvalError> {
        let claim = self.claim;
        let mut evaluator = Evaluator::<f64>::new(claim.typed, point)?;
        evaluator.run(&self.plan)?;
        evaluator.result(claim.left, &self.plan)?;
        evaluator.result(claim.right, &self.plan)?;
        let left = evaluator.aligned(claim.left, claim.indices)?;
        let right = evaluator.aligned(claim.right, claim.indices)?;
        let largest = self
            .plan
            .iter()
            .flat_map(|id| &evaluator.value(*id).data)
            .fold(0.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
        Ok((left, right, largest, evaluator.trace.nearest))
    }

    fn compare(&self, left: Array, right: Array, largest: f64) -> Opinion {
        let (n, m) = (left.data.len(), right.data.len());
        if n != m && n != 1 && m != 1 {
            return Opinion::Nothing("the sides have different shapes".to_string());
        }
        let mut worst = 0.0f64;
        let mut unclear = false;
        let scale = left.data.iter().chain(&right.data).fold(0.0f64, |s, x| s.max(x.abs()));
        let floor = ROUNDING * largest * if self.derivatives { 1e3 } else { 1.0 };
        for k in 0..n.max(m) {
            let (a, b) = (left.data[k % n], right.data[k % m]);
            if a.is_nan() || b.is_nan() || a.is_infinite() || b.is_infinite() {
                return Opinion::Nothing("the sides overflow at the points tried".to_string());
            }
            let difference = (a - b).abs();
            let own = a.abs().max(b.abs());
            if difference == 0.0 {
                continue;
            }
            let entry = difference / own;
            if entry > APART && difference > floor {
                return Opinion::Apart(left, right);
            }
            if difference > SAME * scale.max(f64::MIN_POSITIVE) {
                unclear = true;
            }
            worst = worst.max(difference / scale);
        }
        if unclear { Opinion::Unclear } else { Opinion::Same(worst) }
    }

    /// The smallest of some simple points at which the sides differ.
    fn smallest(
        &self,
        point: &Point,
        left: Array,
        right: Array,
        random: &mut Random,
    ) -> Counterexample {
        let styles = [
            Style::Ones,
            Style::Naturals,
            Style::Integers,
            Style::MinusOnes,
            Style::Zeros,
            Style::Naturals,
            Style::Integers,
            Style::Integers,
        ];
        for scale in [Scale::Equal(1), Scale::Equal(2), Scale::Drawn(0)] {
            for (number, style) in styles.into_iter().enumerate() {
                let Some(candidate) = self.points.draw(scale, style, number / 4, random) else {
                    continue;
                };
                if let Opinion::Apart(left, right) = self.opinion(&candidate) {
                    return self.counterexample(&candidate, left, right);
                }
            }
        }
        self.counterexample(point, left, right)
    }

    fn counterexample(&self, point: &Point, left: Array, right: Array) -> Counterexample {
        let typed = self.claim.typed;
        let (a, b) = (variables_of(typed, self.claim.left), variables_of(typed, self.claim.right));
        let written =
            |name: crate::syntax::ast::NameId| typed.program.written[name.0 as usize].clone();
        let values = typed
            .variables
            .iter()
            .zip(&point.values)
            .enumerate()
            .filter(|(k, _)| a[*k] || b[*k])
            .filter_map(|(_, (v, value))| Some((written(v.name), value.clone()?)))
            .collect();
        let functions = typed
            .unknowns
            .iter()
            .zip(&point.functions)
            .filter_map(|(u, f)| Some((written(u.name), f.as_ref()?.text())))
            .collect();
        Counterexample {
            sizes: point.sizes.iter().map(|(n, s)| (n.clone(), *s)).collect(),
            values,
            functions,
            left: Some(left),
            right: Some(right),
        }
    }
}
