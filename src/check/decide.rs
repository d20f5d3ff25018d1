//! A claim tried at points.

use super::lost::{above, larger, magnitude, told_apart, visibly_apart};
use super::points::{Points, SEVERAL, Scale, Style};
use super::ties::Search;
use super::verdict::Counterexample;
use super::{Claim, about_derivatives};
use crate::array::{Array, Scalar};
use crate::field::magnitude::Magnitude;
use crate::numeric::arithmetic::Arithmetic;
use crate::numeric::ball::Ball;
use crate::numeric::error::EvalError;
use crate::numeric::eval::{Evaluator, Point};
use crate::numeric::plan::variables_of;
use crate::numeric::sample::Random;
use crate::syntax::ast::{Attribute, NodeId};

/// A relative difference up to which doubles count as equal at one of many points.
const SAME: f64 = 1e-9;
/// The share of the largest number met that two equal sides may differ by in balls.
const BITS: f64 = 1e-50;
/// The same for derivatives, which are differences.
const DERIVATIVE_BITS: f64 = 1e-25;
/// Where a property holds at the points up to rounding, sides within this share are equal, and
/// sides apart by the other differ.
const SAMPLED_SAME: f64 = 1e-11;
const SAMPLED_APART: f64 = 1e-7;
/// The rounding of an evaluation in doubles, relative to the largest number that it met.
const ROUNDING: f64 = 1e-12;
/// A claim about derivatives leaves out what is nearer than this to a kink.
const KINK: f64 = 1e-3;
/// Beside numbers of ordinary size a derivative below this share of them is 0.
const NOTHING: f64 = 1e-20;
/// So many generic points must agree in balls.
const BALLS: usize = 2;
/// Claims about sizes are tried at sizes up to those where variables have so many entries.
const LARGEST_POINT: usize = 4_000;
/// The same for claims about derivatives.
const LARGEST_SMOOTH: usize = 40;
/// So many points around thresholds are tried by claims about derivatives.
const MOST_SMOOTH: usize = 24;
/// The kinds of generic values.
const KINDS: usize = 7;
/// Sizes, in the order in which they are tried.
const SCALES: [Scale; 6] = [
    Scale::Drawn(0),
    Scale::Drawn(1),
    Scale::Drawn(2),
    Scale::Equal(1),
    Scale::Equal(2),
    Scale::Drawn(4),
];
/// What a threshold that is not met leaves open.
const EQUAL: &str = "the sides may differ where two numbers that are compared are equal";
/// Values where mistakes hide.
const SPECIAL: [Style; 15] = [
    Style::Integers,
    Style::Naturals,
    Style::Zeros,
    Style::Ones,
    Style::MinusOnes,
    Style::Negative,
    Style::Ties,
    Style::Sparse,
    Style::Halves,
    Style::Halves,
    Style::Halves,
    Style::Tens,
    Style::Hundreds,
    Style::Large,
    Style::Small,
];

/// What became of a point.
enum Noted {
    Same,
    Nothing,
    Refuted,
}

/// Both sides at a point.
pub(super) struct Sides<S> {
    left: Array<S>,
    right: Array<S>,
    /// The largest magnitude met on the way.
    largest: f64,
    /// The distance to the nearest kink.
    nearest: f64,
}

/// What one point says.
pub(super) enum Opinion {
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
    pub(super) claim: &'a Claim<'a>,
    pub(super) points: Points<'a>,
    pub(super) plan: Vec<NodeId>,
    /// Whether the claim is about derivatives, and so leaves out kinks.
    pub(super) smooth: bool,
    /// Whether a declared property holds at the points up to rounding alone.
    sampled: bool,
    /// Whether a counterexample is to be read by a person.
    pub(super) shown: bool,
}

impl Sides<f64> {
    /// Whether some entry differs by this share of itself, and by more than any rounding.
    pub(super) fn apart(&self, share: f64) -> bool {
        let (left, right) = (&self.left.data, &self.right.data);
        let (n, m) = (left.len(), right.len());
        let fits = n > 0 && m > 0 && (n == m || n == 1 || m == 1);
        let all = || (0..n.max(m)).map(|k| (left[k % n], right[k % m]));
        fits && all().all(|(a, b)| a.is_finite() && b.is_finite())
            && all().any(|(a, b)| {
                let gap = (a - b).abs();
                gap > share * a.abs().max(b.abs()) && gap > share * 1e-3 * self.largest
            })
    }
}

impl<'a> Trial<'a> {
    pub(super) fn new(claim: &'a Claim<'a>) -> Trial<'a> {
        let nothing = Point::default();
        let plan = Evaluator::<f64>::new(claim.typed, &nothing)
            .map(|e| e.plan(&[claim.left, claim.right]))
            .unwrap_or_default();
        let rounded = |a: &Attribute| matches!(a, Attribute::Orthogonal | Attribute::Simplex);
        let sampled = claim.typed.variables.iter().any(|v| v.attributes.iter().any(rounded));
        Trial {
            claim,
            points: Points::new(claim.typed),
            plan,
            smooth: about_derivatives(claim),
            sampled,
            shown: false,
        }
    }

    /// Tries the claim in doubles at many points (at fewer where it has a proof), what doubles
    /// cannot tell in balls.
    pub(super) fn run(&self, proved: bool, random: &mut Random) -> Outcome {
        let mut outcome = Outcome {
            points: 0,
            enough: false,
            worst: 0.0,
            counterexample: None,
            reason: Some("no point was found at which both sides are defined".to_string()),
        };
        let constant = self.is_constant();
        let scales = if proved { &SCALES[..1] } else { &SCALES[..] };
        for (number, &scale) in scales.iter().enumerate() {
            // the first kinds of generic values at which both sides are defined
            for kind in 0..KINDS {
                let Some(point) = self.points.draw(scale, Style::Generic(kind), number, random)
                else {
                    break;
                };
                match self.note(&point, &mut outcome, random) {
                    Noted::Refuted => return outcome,
                    Noted::Same if kind >= 2 || constant || proved => break,
                    _ => {}
                }
            }
            if constant || proved && self.smooth {
                break;
            }
            for style in SPECIAL {
                if let Some(point) = self.points.draw(scale, style, number, random)
                    && matches!(self.note(&point, &mut outcome, random), Noted::Refuted)
                {
                    return outcome;
                }
            }
        }
        outcome
    }

    /// After [`Trial::run`] found nothing: the thresholds of the claim, and sizes where polynomials
    /// in them do not vanish. The reason why the sides may differ where neither finds them to.
    pub(super) fn around(
        &self,
        proved: bool,
        outcome: &mut Outcome,
        random: &mut Random,
    ) -> Option<&'static str> {
        if self.is_constant() {
            return None;
        }
        match self.thresholds(random) {
            Search::Inexact => return Some(EQUAL),
            Search::Points(points, doubt) => {
                let most = if self.smooth { MOST_SMOOTH } else { usize::MAX };
                for point in points.into_iter().take(most) {
                    if matches!(self.note(&point, outcome, random), Noted::Refuted) {
                        return None;
                    }
                }
                if doubt {
                    return Some(EQUAL);
                }
            }
        }
        if !proved {
            let sizes = self.points.telling_sizes();
            let mut beyond = self.points.has_large_numbers();
            for &size in &sizes {
                let point = self.points.draw(Scale::Equal(size), Style::Generic(0), 0, random);
                let Some(point) = point else {
                    beyond |= size > SEVERAL;
                    continue;
                };
                let entries: usize = point.values.iter().flatten().map(|v| v.data.len()).sum();
                if entries > if self.smooth { LARGEST_SMOOTH } else { LARGEST_POINT } {
                    beyond |= size > SEVERAL;
                    break;
                }
                if matches!(self.note(&point, outcome, random), Noted::Refuted) {
                    return None;
                }
            }
            if beyond && !self.smooth && !sizes.is_empty() && self.points.compares() {
                return Some("a size may be compared with a number that is too large to be tried");
            }
        }
        None
    }

    /// After [`Trial::run`] found nothing: generic points in balls, whose agreement counts.
    pub(super) fn confirm(&self, outcome: &mut Outcome, random: &mut Random) {
        let (constant, arithmetic) = (self.is_constant(), self.is_arithmetic());
        let mut agreed = 0;
        let wanted = if constant { 1 } else { BALLS };
        for (number, scale) in [Scale::Drawn(0), Scale::Equal(2), Scale::Drawn(2), Scale::Drawn(1)]
            .into_iter()
            .enumerate()
        {
            for kind in 0..KINDS {
                let Some(point) = self.points.draw(scale, Style::Generic(kind), number + 1, random)
                else {
                    break;
                };
                match self.ball(&point) {
                    Opinion::Same(_) if !arithmetic && self.loses(&point) => {
                        let why = "numbers of such different sizes are lost beside each other";
                        outcome.reason = Some(why.to_string());
                    }
                    Opinion::Same(_) => {
                        agreed += 1;
                        break;
                    }
                    Opinion::Apart(left, right) => {
                        outcome.counterexample = Some(self.small(&point, left, right, random));
                        return;
                    }
                    Opinion::Unclear => {
                        outcome.reason =
                            Some("256 bits are not enough to compare the sides".to_string());
                    }
                    Opinion::Nothing(why) => {
                        if outcome.points == 0 {
                            outcome.reason = Some(why);
                        }
                    }
                }
            }
            if agreed >= wanted {
                break;
            }
        }
        outcome.points += agreed;
        outcome.enough = agreed >= wanted;
        if outcome.enough {
            outcome.reason = None;
        } else if outcome.points > 0 && outcome.reason.is_none() {
            outcome.reason =
                Some("too few points were found at which both sides can be compared".to_string());
        }
    }

    /// Whether nothing varies: a claim about numbers.
    fn is_constant(&self) -> bool {
        let typed = self.claim.typed;
        let (a, b) = (variables_of(typed, self.claim.left), variables_of(typed, self.claim.right));
        !a.contains(&true)
            && !b.contains(&true)
            && typed.unknowns.is_empty()
            && self.claim.indices.is_empty()
            && typed.dims.len() < 3
            && self.points.telling_sizes().is_empty()
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

    /// Counts a point.
    fn note(&self, point: &Point, outcome: &mut Outcome, random: &mut Random) -> Noted {
        match self.opinion(point) {
            Opinion::Same(error) => {
                outcome.points += 1;
                outcome.worst = outcome.worst.max(error);
                outcome.reason = None;
                Noted::Same
            }
            Opinion::Apart(left, right) => {
                outcome.counterexample = Some(self.small(point, left, right, random));
                Noted::Refuted
            }
            Opinion::Unclear => {
                if outcome.points == 0 {
                    let why = "the sides cannot be evaluated accurately enough to be compared";
                    outcome.reason = Some(why.into());
                }
                Noted::Nothing
            }
            Opinion::Nothing(why) => {
                if outcome.points == 0 {
                    outcome.reason = Some(why);
                }
                Noted::Nothing
            }
        }
    }

    /// What a point says: in doubles, and in balls where these do not decide.
    pub(super) fn opinion(&self, point: &Point) -> Opinion {
        match self.sides::<f64>(point) {
            Ok(sides) => {
                if self.smooth && sides.nearest < KINK {
                    return Opinion::Nothing("every point tried lies near a kink".to_string());
                }
                match Trial::doubles(&sides) {
                    Opinion::Same(error) => Opinion::Same(error),
                    _ => self.ball(point),
                }
            }
            Err(EvalError::Undefined { .. }) => {
                Opinion::Nothing("no point was found at which both sides are defined".to_string())
            }
            Err(error) => Opinion::Nothing(error.to_string()),
        }
    }

    /// What a point says in balls.
    fn ball(&self, point: &Point) -> Opinion {
        let sides = match self.sides::<Ball>(point) {
            Ok(sides) => sides,
            Err(EvalError::Undefined { .. }) => {
                let why = "no point was found at which both sides are defined";
                return Opinion::Nothing(why.to_string());
            }
            Err(error) => return Opinion::Nothing(error.to_string()),
        };
        // doubles have no value where a difference crosses a kink, so they may not have told
        if self.smooth && sides.nearest < KINK {
            return Opinion::Nothing("every point tried lies near a kink".to_string());
        }
        let (n, m) = (sides.left.data.len(), sides.right.data.len());
        if n == 0 || m == 0 || n != m && n != 1 && m != 1 {
            return Opinion::Nothing("the sides have different shapes".to_string());
        }
        let scale = [above(&sides.left), above(&sides.right), magnitude(sides.largest)]
            .into_iter()
            .fold(Magnitude::ZERO, larger);
        let within = |gap: Magnitude, share: f64| {
            gap.is_zero() || scale.is_finite() && gap.compare(scale.times(magnitude(share))).is_le()
        };
        let digits = if self.smooth { DERIVATIVE_BITS } else { BITS };
        let mut unclear = false;
        for k in 0..n.max(m) {
            let (a, b) = (sides.left.data[k % n], sides.right.data[k % m]);
            if a.is_undefined() || b.is_undefined() {
                let why = "no point was found at which both sides are defined";
                return Opinion::Nothing(why.to_string());
            }
            let gap = a.sub(b).above();
            let apart = if self.sampled {
                gap.is_finite() && scale.is_finite() && !within(gap, SAMPLED_APART)
            } else {
                a.differs(b)
            };
            if apart {
                let double = |a: &Array<Ball>| Array {
                    shape: a.shape.clone(),
                    data: a.data.iter().map(|x| Ball::to_double(*x)).collect(),
                };
                return Opinion::Apart(double(&sides.left), double(&sides.right));
            }
            let digits = if self.sampled { SAMPLED_SAME } else { digits };
            unclear |= !gap.is_finite() || !within(gap, digits);
        }
        if unclear { Opinion::Unclear } else { Opinion::Same(0.0) }
    }

    /// Both sides in a kind of number.
    fn sides<S: Arithmetic>(&self, point: &Point) -> Result<Sides<S>, EvalError> {
        let claim = self.claim;
        self.evaluated(Evaluator::<S>::new(claim.typed, point)?)
    }

    fn evaluated<S: Arithmetic>(
        &self,
        mut evaluator: Evaluator<'_, S>,
    ) -> Result<Sides<S>, EvalError> {
        let claim = self.claim;
        evaluator.run(&self.plan)?;
        evaluator.result(claim.left, &self.plan)?;
        evaluator.result(claim.right, &self.plan)?;
        let left = evaluator.aligned(claim.left, claim.indices)?;
        let right = evaluator.aligned(claim.right, claim.indices)?;
        let largest = self
            .plan
            .iter()
            .flat_map(|id| &evaluator.value(*id).data)
            .filter_map(|x| x.to_double())
            .fold(0.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
        Ok(Sides { left, right, largest, nearest: evaluator.trace.nearest })
    }

    fn doubles(sides: &Sides<f64>) -> Opinion {
        let (left, right) = (&sides.left.data, &sides.right.data);
        let (n, m) = (left.len(), right.len());
        if n == 0 || m == 0 || n != m && n != 1 && m != 1 {
            return Opinion::Nothing("the sides have different shapes".to_string());
        }
        let mut worst = 0.0f64;
        let scale = left.iter().chain(right).fold(0.0f64, |s, x| s.max(x.abs()));
        for k in 0..n.max(m) {
            let (a, b) = (left[k % n], right[k % m]);
            if !(a.is_finite() && b.is_finite()) {
                return Opinion::Unclear;
            }
            let difference = (a - b).abs();
            let own = a.abs().max(b.abs());
            // each entry by its own size: a small one may be wrong beside a large one
            if difference > SAME * own && difference > ROUNDING * sides.largest {
                return Opinion::Unclear;
            }
            if difference > SAME * scale {
                return Opinion::Unclear;
            }
            worst = worst.max(if difference > 0.0 { difference / scale } else { 0.0 });
        }
        Opinion::Same(worst)
    }

    /// The point, or a simpler one, where whoever asks wants to read it.
    fn small(
        &self,
        point: &Point,
        left: Array,
        right: Array,
        random: &mut Random,
    ) -> Counterexample {
        if !self.shown {
            return self.counterexample(point, left, right);
        }
        let (point, left, right) = self.smallest(point, left, right, random);
        self.counterexample(&point, left, right)
    }

    /// Both sides in doubles, with what is nearer to a kink than this taken to be at it.
    pub(super) fn doubles_snapped(&self, point: &Point, snap: f64) -> Option<Sides<f64>> {
        let mut evaluator = Evaluator::<f64>::new(self.claim.typed, point).ok()?;
        evaluator.trace.snap = snap;
        self.evaluated(evaluator).ok()
    }

    /// Both sides at a point in doubles, where they are defined there and no kink is near.
    pub(super) fn doubles_at(&self, point: &Point) -> Option<Sides<f64>> {
        let sides = self.sides::<f64>(point).ok()?;
        (!self.smooth || sides.nearest >= KINK).then_some(sides)
    }

    fn counterexample(&self, point: &Point, left: Array, right: Array) -> Counterexample {
        let typed = self.claim.typed;
        let (a, b) = (variables_of(typed, self.claim.left), variables_of(typed, self.claim.right));
        let written = |name: crate::syntax::ast::NameId| typed.program.written(name).to_string();
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
        let (mut left, mut right) = (left, right);
        if self.smooth {
            // what a difference leaves of nothing
            let all = left.data.iter().chain(&right.data);
            let scale = all.fold(0.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
            for x in left.data.iter_mut().chain(&mut right.data) {
                if x.abs() < NOTHING * scale {
                    *x = 0.0;
                }
            }
        }
        let hidden = !visibly_apart(&left, &right);
        let fine = hidden.then(|| self.sides::<Ball>(point).ok()).flatten();
        Counterexample {
            digits: fine.and_then(|sides| told_apart(&sides.left, &sides.right)),
            sizes: point.sizes.iter().map(|(n, s)| (n.clone(), *s)).collect(),
            values,
            functions,
            left: Some(left),
            right: Some(right),
        }
    }
}
