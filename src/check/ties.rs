//! Points at the kinks and thresholds of a claim, between them and beyond: where `>` and `>=` differ,
//! where `min(x, 1e7)` is not `x`.
//!
//! Along one entry of one variable every quantity with a kink at 0 is followed to its zero by
//! secants, or where these find nothing to the place where it comes nearest to zero; the zeros, a
//! point in each interval between them, and where a sign changes are where the claim is tried.
//! Zeros of what is linear in the entry are met exactly where doubles allow it. Where they do not,
//! and the sides would differ if they did, the claim is not called true.

use super::decide::Trial;
use super::points::{Scale, Style};
use crate::array::Array;
use crate::numeric::eval::{Evaluator, Point, Varied};
use crate::numeric::kink::Trace;
use crate::numeric::sample::Random;
use crate::shape::typed::VariableId;
use crate::syntax::ast::{Attribute, NodeId};
use std::cell::RefCell;

/// So many entries are followed at one point.
const LINES: usize = 4;
/// So many zeros of one line are used.
const ZEROS: usize = 10;
/// Secant steps towards one zero.
const STEPS: usize = 8;
/// A line on which no zero is found is scanned at so many points, so far from each other.
const SCAN: usize = 64;
const SPACING: f64 = 0.25;
/// The powers of ten at which such a line is looked at too.
const FAR: [i32; 12] = [3, 5, 7, 9, 12, 15, 17, 18, 21, 31, 101, 301];
/// So often an interval with a zero is halved.
const BISECTIONS: usize = 60;
/// So often the neighbourhood of the nearest is divided by three.
const SECTIONS: usize = 40;
/// What is nearer to a zero than this share of the quantities on the way is at it.
const SNAP: f64 = 1e-10;
/// The share of itself by which a side must differ at a zero that doubles do not meet.
const JUMP: f64 = 1e-6;

/// What the search came to.
pub(super) enum Search {
    /// Points to try, in order, and whether the sides differ in doubles at one of them that is a
    /// zero there: exact numbers may not meet it.
    Points(Vec<Point>, bool),
    /// The sides would differ at this point if its numbers were exact.
    Inexact,
}

impl Trial<'_> {
    /// Points at and around the kinks of the claim.
    pub(super) fn thresholds(&self, random: &mut Random) -> Search {
        let mut out = Found { points: Vec::new(), doubt: false };
        for (scale, style) in [
            (Scale::Equal(1), Style::Integers),
            (Scale::Equal(2), Style::Naturals),
            (Scale::Drawn(0), Style::Generic(0)),
        ] {
            let Some(point) = self.points.draw(scale, style, 0, random) else { continue };
            let Ok(mut evaluator) = Evaluator::new(self.claim.typed, &point) else { continue };
            let Some(at) = crossings(&mut evaluator, &self.plan) else { continue };
            if at.is_empty() {
                continue;
            }
            let mut lines = 0;
            for (k, variable) in self.claim.typed.variables.iter().enumerate() {
                let bound = |a: &Attribute| *a != Attribute::Positive;
                if variable.attributes.iter().any(bound) {
                    continue;
                }
                let positive = !variable.attributes.is_empty();
                let count = point.values[k].as_ref().map_or(0, |v| v.data.len());
                let entries = if count > 1 { vec![0, random.below(count)] } else { vec![0] };
                for entry in entries.into_iter().take(count) {
                    lines += 1;
                    if lines > LINES {
                        break;
                    }
                    let Ok(evaluator) = Evaluator::new(self.claim.typed, &point) else { break };
                    let evaluator = RefCell::new(evaluator);
                    let line = Line {
                        point: &point,
                        variable: VariableId(k as u32),
                        entry,
                        positive,
                        plan: &self.plan,
                        evaluator,
                    };
                    if !self.follow(&line, &at, &mut out) {
                        return Search::Inexact;
                    }
                }
            }
        }
        Search::Points(out.points, out.doubt)
    }

    /// Adds the points of one line; `false` where the sides differ at a zero that is not met.
    fn follow(&self, line: &Line<'_>, at: &[f64], out: &mut Found) -> bool {
        let start = line.value();
        let mut zeros: Vec<f64> = Vec::new();
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
        let Some(next) = line.crossings(start + 1.0) else {
            return true;
        };
        if next.len() != at.len() {
            return true;
        }
        let scale = at.iter().fold(0.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { m });
        for j in 0..at.len() {
            let (mut a, mut b) = ((start, at[j]), (start + 1.0, next[j]));
            for _ in 0..STEPS {
                let zero = b.0 - b.1 * (b.0 - a.0) / (b.1 - a.1);
                if !zero.is_finite() || zeros.len() >= ZEROS {
                    break;
                }
                if zeros.iter().any(|z| near(*z, zero)) {
                    break;
                }
                let found = line.crossings(zero);
                let Some(value) = found.and_then(|q| q.get(j).copied()) else { break };
                if value.abs() <= SNAP * scale.max(zero.abs()) {
                    zeros.push(zero);
                    if self.smooth {
                        break;
                    }
                    let exact = value == 0.0;
                    out.doubt |= exact && self.differ(line, zero, 0.0) == Some(true);
                    if !exact && self.jumps(line, zero, SNAP * scale.max(zero.abs())) {
                        return false;
                    }
                    break;
                }
                if value.is_finite() && (value < 0.0) != (at[j] < 0.0) {
                    out.points.extend(line.at(zero));
                }
                (a, b) = (b, (zero, value));
            }
        }
        if zeros.is_empty() && !self.scan(line, at, out) {
            return false;
        }
        zeros.sort_by(f64::total_cmp);
        let between = zeros.windows(2).map(|w| w[0] / 2.0 + w[1] / 2.0);
        // far from the threshold where a step of 1 would be rounded away
        let step = |z: f64| (z.abs() * 1e-6).max(1.0);
        let beyond = [zeros.first().map(|z| z - step(*z)), zeros.last().map(|z| z + step(*z))];
        let met = if self.smooth { &[] } else { &zeros[..] };
        let all: Vec<f64> =
            met.iter().copied().chain(between).chain(beyond.into_iter().flatten()).collect();
        out.points.extend(all.into_iter().filter_map(|t| line.at(t)));
        true
    }

    /// Adds points of a line at which quantities have another sign than at its start: where they do
    /// so at equally spaced points, or where one that never does comes nearest to zero. `false` where
    /// the sides differ at a zero that is not met.
    fn scan(&self, line: &Line<'_>, at: &[f64], out: &mut Found) -> bool {
        let start = line.value();
        let offset = |k: usize| (k as f64 - SCAN as f64 / 2.0) * SPACING;
        let values: Vec<Option<Vec<f64>>> =
            (0..=SCAN).map(|k| line.crossings(start + offset(k))).collect();
        for (j, first) in at.iter().enumerate().take(LINES) {
            let value = |k: usize| values[k].as_ref()?.get(j).copied().filter(|q| q.is_finite());
            let other = |q: f64| (q < 0.0) != (*first < 0.0);
            let quantity = |t: f64| {
                let q = line.crossings(t);
                q.and_then(|q| q.get(j).copied()).unwrap_or(f64::INFINITY)
            };
            // far away, where a step along the line is rounded away
            let far = FAR.iter().flat_map(|k| [-(10f64.powi(*k)), 10f64.powi(*k)]);
            let far = far.filter(|t| other(quantity(*t)) && quantity(*t).is_finite());
            out.points.extend(far.take(2).filter_map(|t| line.at(t)));
            let crossed = (0..=SCAN).find(|k| value(*k).is_some_and(other));
            if let Some(k) = crossed {
                out.points.extend(line.at(start + offset(k)));
                // the zero between there and the start
                let (mut same, mut beyond) = (start, start + offset(k));
                for _ in 0..BISECTIONS {
                    let middle = same / 2.0 + beyond / 2.0;
                    if other(quantity(middle)) { beyond = middle } else { same = middle }
                }
                if !self.tried_at(line, beyond, quantity(beyond), out) {
                    return false;
                }
                continue;
            }
            let nearest = (1..SCAN)
                .filter_map(|k| Some((k, value(k)?.abs())))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((k, _)) = nearest else { continue };
            let (mut low, mut high) = (start + offset(k - 1), start + offset(k + 1));
            for _ in 0..SECTIONS {
                let inner = [low + (high - low) / 3.0, high - (high - low) / 3.0];
                let found = inner.map(quantity);
                if let Some(k) = (0..2).find(|k| found[*k].is_finite() && other(found[*k])) {
                    out.points.extend(line.at(inner[k]));
                    break;
                }
                if found[0].abs() < found[1].abs() { high = inner[1] } else { low = inner[0] }
            }
            // a zero that is touched and not crossed: `(x - 1/3)^2`
            let lowest = low / 2.0 + high / 2.0;
            if !self.tried_at(line, lowest, quantity(lowest), out) {
                return false;
            }
        }
        true
    }

    /// Adds the point of a zero that is nearly met; `false` where the sides differ if it were met.
    fn tried_at(&self, line: &Line<'_>, zero: f64, value: f64, out: &mut Found) -> bool {
        let snap = SNAP * zero.abs().max(1.0);
        if self.smooth || value.is_nan() || value.abs() > snap {
            return true;
        }
        out.points.extend(line.at(zero));
        if value == 0.0 {
            out.doubt |= self.differ(line, zero, 0.0) == Some(true);
            return true;
        }
        !self.jumps(line, zero, snap)
    }

    /// Whether the sides differ where everything that is nearly at a kink is taken to be at it,
    /// and not at the point as it is.
    fn jumps(&self, line: &Line<'_>, zero: f64, snap: f64) -> bool {
        self.differ(line, zero, snap) == Some(true) && self.differ(line, zero, 0.0) == Some(false)
    }

    /// Whether the sides differ in doubles, with what is nearer to a kink than `snap` at it.
    fn differ(&self, line: &Line<'_>, at: f64, snap: f64) -> Option<bool> {
        let point = line.at(at)?;
        Some(self.doubles_snapped(&point, snap)?.apart(JUMP))
    }
}

/// What a search has found.
struct Found {
    points: Vec<Point>,
    doubt: bool,
}

/// One entry of one variable at a point.
struct Line<'a> {
    point: &'a Point,
    variable: VariableId,
    entry: usize,
    positive: bool,
    plan: &'a [NodeId],
    /// One for all places, as what it takes to make it grows with the program.
    evaluator: RefCell<Evaluator<'a, f64>>,
}

/// The quantities with a kink at 0 where the variables now are.
fn crossings(evaluator: &mut Evaluator<'_, f64>, plan: &[NodeId]) -> Option<Vec<f64>> {
    evaluator.trace = Trace { crossings: Some(Vec::new()), ..Trace::default() };
    evaluator.run(plan).ok()?;
    evaluator.trace.crossings.take()
}

impl Line<'_> {
    fn start(&self) -> Option<&Array> {
        self.point.values[self.variable.0 as usize].as_ref()
    }

    fn value(&self) -> f64 {
        self.start().and_then(|v| v.data.get(self.entry).copied()).unwrap_or(0.0)
    }

    /// The value of the variable with another value of the entry; `None` where it cannot have it.
    fn moved(&self, value: f64) -> Option<Array> {
        if self.positive && value <= 0.0 {
            return None;
        }
        let mut array = self.start()?.clone();
        *array.data.get_mut(self.entry)? = value;
        Some(array)
    }

    /// The quantities with a kink at 0 there.
    fn crossings(&self, value: f64) -> Option<Vec<f64>> {
        let mut evaluator = self.evaluator.borrow_mut();
        evaluator.set(Varied::Variable(self.variable), Some(self.moved(value)?));
        crossings(&mut evaluator, self.plan)
    }

    /// The point with another value of the entry; `None` where its variable cannot have it.
    fn at(&self, value: f64) -> Option<Point> {
        let array = self.moved(value)?;
        let mut point = self.point.clone();
        point.values[self.variable.0 as usize] = Some(array);
        Some(point)
    }
}
