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
use crate::numeric::eval::{Evaluator, Point};
use crate::numeric::sample::Random;
use crate::syntax::ast::Attribute;

/// So many entries are followed at one point.
const LINES: usize = 4;
/// So many zeros of one line are used.
const ZEROS: usize = 10;
/// Secant steps towards one zero.
const STEPS: usize = 4;
/// A line on which no zero is found is scanned at so many points, so far from each other.
const SCAN: usize = 64;
const SPACING: f64 = 0.25;
/// So often the neighbourhood of the nearest is divided by three.
const SECTIONS: usize = 40;
/// What is nearer to a zero than this share of the quantities on the way is at it.
const SNAP: f64 = 1e-10;
/// The share of itself by which a side must differ at a zero that doubles do not meet.
const JUMP: f64 = 1e-6;

/// What the search came to.
pub(super) enum Search {
    /// Points to try, in order.
    Points(Vec<Point>),
    /// The sides would differ at this point if its numbers were exact.
    Inexact,
}

impl Trial<'_> {
    /// Points at and around the kinks of the claim.
    pub(super) fn thresholds(&self, random: &mut Random) -> Search {
        let mut out = Vec::new();
        for (scale, style) in [
            (Scale::Equal(1), Style::Integers),
            (Scale::Equal(2), Style::Naturals),
            (Scale::Drawn(0), Style::Generic(0)),
        ] {
            let Some(point) = self.points.draw(scale, style, 0, random) else { continue };
            let Some(at) = self.crossings(&point) else { continue };
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
                    let line = Line { point: &point, variable: k, entry, positive };
                    if !self.follow(&line, &at, &mut out) {
                        return Search::Inexact;
                    }
                }
            }
        }
        Search::Points(out)
    }

    /// The quantities with a kink at 0 at a point.
    fn crossings(&self, point: &Point) -> Option<Vec<f64>> {
        let mut evaluator = Evaluator::<f64>::new(self.claim.typed, point).ok()?;
        evaluator.trace.crossings = Some(Vec::new());
        evaluator.run(&self.plan).ok()?;
        evaluator.trace.crossings.take()
    }

    /// Adds the points of one line; `false` where the sides differ at a zero that is not met.
    fn follow(&self, line: &Line<'_>, at: &[f64], out: &mut Vec<Point>) -> bool {
        let start = line.value();
        let mut zeros: Vec<f64> = Vec::new();
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
        let Some(next) = line.at(start + 1.0).and_then(|p| self.crossings(&p)) else {
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
                let found = line.at(zero).and_then(|p| self.crossings(&p));
                let Some(value) = found.and_then(|q| q.get(j).copied()) else { break };
                if value.abs() <= SNAP * scale.max(zero.abs()) {
                    zeros.push(zero);
                    let exact = value == 0.0;
                    if !exact && self.jumps(line, zero, SNAP * scale.max(zero.abs())) {
                        return false;
                    }
                    break;
                }
                if value.is_finite() && (value < 0.0) != (at[j] < 0.0) {
                    out.extend(line.at(zero));
                }
                (a, b) = (b, (zero, value));
            }
        }
        if zeros.is_empty() {
            self.scan(line, at, out);
        }
        zeros.sort_by(f64::total_cmp);
        let between = zeros.windows(2).map(|w| w[0] / 2.0 + w[1] / 2.0);
        let beyond = [zeros.first().map(|z| z - 1.0), zeros.last().map(|z| z + 1.0)];
        let all: Vec<f64> =
            zeros.iter().copied().chain(between).chain(beyond.into_iter().flatten()).collect();
        out.extend(all.into_iter().filter_map(|t| line.at(t)));
        true
    }

    /// Adds points of a line at which quantities have another sign than at its start: where they do
    /// so at equally spaced points, or where one that never does comes nearest to zero.
    fn scan(&self, line: &Line<'_>, at: &[f64], out: &mut Vec<Point>) {
        let start = line.value();
        let offset = |k: usize| (k as f64 - SCAN as f64 / 2.0) * SPACING;
        let values: Vec<Option<Vec<f64>>> = (0..=SCAN)
            .map(|k| line.at(start + offset(k)).and_then(|p| self.crossings(&p)))
            .collect();
        for (j, first) in at.iter().enumerate().take(LINES) {
            let value = |k: usize| values[k].as_ref()?.get(j).copied().filter(|q| q.is_finite());
            let other = |q: f64| (q < 0.0) != (*first < 0.0);
            let crossed = (0..=SCAN).find(|k| value(*k).is_some_and(other));
            if let Some(k) = crossed {
                out.extend(line.at(start + offset(k)));
                continue;
            }
            let nearest = (1..SCAN)
                .filter_map(|k| Some((k, value(k)?.abs())))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((k, _)) = nearest else { continue };
            let (mut low, mut high) = (start + offset(k - 1), start + offset(k + 1));
            for _ in 0..SECTIONS {
                let inner = [low + (high - low) / 3.0, high - (high - low) / 3.0];
                let found = inner.map(|t| {
                    let q = line.at(t).and_then(|p| self.crossings(&p));
                    q.and_then(|q| q.get(j).copied()).unwrap_or(f64::INFINITY)
                });
                if let Some(k) = (0..2).find(|k| found[*k].is_finite() && other(found[*k])) {
                    out.extend(line.at(inner[k]));
                    break;
                }
                if found[0].abs() < found[1].abs() { high = inner[1] } else { low = inner[0] }
            }
        }
    }

    /// Whether the sides differ where everything that is nearly at a kink is taken to be at it,
    /// and not at the point as it is.
    fn jumps(&self, line: &Line<'_>, zero: f64, snap: f64) -> bool {
        let apart = |snap: f64| {
            let point = line.at(zero)?;
            Some(self.doubles_snapped(&point, snap)?.apart(JUMP))
        };
        apart(snap) == Some(true) && apart(0.0) == Some(false)
    }
}

/// One entry of one variable at a point.
struct Line<'a> {
    point: &'a Point,
    variable: usize,
    entry: usize,
    positive: bool,
}

impl Line<'_> {
    fn value(&self) -> f64 {
        let value = self.point.values[self.variable].as_ref();
        value.and_then(|v| v.data.get(self.entry).copied()).unwrap_or(0.0)
    }

    /// The point with another value of the entry; `None` where its variable cannot have it.
    fn at(&self, value: f64) -> Option<Point> {
        if self.positive && value <= 0.0 {
            return None;
        }
        let mut point = self.point.clone();
        *point.values[self.variable].as_mut()?.data.get_mut(self.entry)? = value;
        Some(point)
    }
}
