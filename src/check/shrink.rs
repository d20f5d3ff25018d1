//! A counterexample made small: small sizes, then entries 0 and 1 wherever the sides still differ.

use super::decide::{Opinion, Trial};
use super::points::{Scale, Style};
use crate::array::Array;
use crate::numeric::eval::Point;
use crate::numeric::instance::Instance;
use crate::numeric::sample::Random;
use crate::syntax::ast::Attribute;

/// So many points are tried on the way, by variables and entries.
const TRIES: usize = 160;
/// Arrays with more entries than this are made simple in runs of entries, not one by one.
const ENTRIES: usize = 16;
/// What counts as apart in doubles, relative to the entry and to the largest number met.
const APART: f64 = 1e-6;
/// Functions that are simpler than those that a claim is tried with.
const PLAIN: [&str; 3] = ["u^2", "exp(u)", "u^3 + u"];

impl Trial<'_> {
    /// A simple point at which the sides differ, confirmed in balls; `point` where there is none.
    pub(super) fn smallest(
        &self,
        point: &Point,
        left: Array,
        right: Array,
        random: &mut Random,
    ) -> (Point, Array, Array) {
        let mut start = (point.clone(), left, right);
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
        let scales = [Scale::Equal(1), Scale::Equal(2), Scale::Drawn(0)];
        'found: for scale in scales {
            for (number, style) in styles.into_iter().enumerate() {
                let candidate = self.points.draw(scale, style, number / 4, random);
                if let Some(candidate) = candidate
                    && let Opinion::Apart(left, right) = self.opinion(&candidate)
                {
                    start = (candidate, left, right);
                    break 'found;
                }
            }
        }
        let small = self.simplified(&start.0, random);
        match self.opinion(&small) {
            Opinion::Apart(left, right) => (small, left, right),
            _ => start,
        }
    }

    /// Whether the sides are apart in doubles, by more than any rounding.
    fn apart(&self, point: &Point, tries: &mut usize) -> bool {
        if *tries == 0 {
            return false;
        }
        *tries -= 1;
        matches!(self.doubles_at(point), Some(sides) if sides.apart(APART))
    }

    /// The point with smaller sizes and simpler values, as far as the sides stay apart.
    fn simplified(&self, point: &Point, random: &mut Random) -> Point {
        let mut tries = TRIES;
        let mut best = point.clone();
        if !self.apart(&best, &mut tries) {
            return best;
        }
        self.sizes(&mut best, &mut tries, random);
        for (k, f) in point.functions.iter().enumerate() {
            if !matches!(f, Some(Instance::Mix(_))) {
                continue;
            }
            for text in PLAIN {
                let Ok(plain) = Instance::parse(text) else { continue };
                let mut candidate = best.clone();
                candidate.functions[k] = Some(plain);
                if self.apart(&candidate, &mut tries) {
                    best = candidate;
                    break;
                }
            }
        }
        for k in 0..best.values.len() {
            self.values(&mut best, k, &mut tries);
        }
        best
    }

    /// Tries smaller sizes, one dimension at a time.
    fn sizes(&self, best: &mut Point, tries: &mut usize, random: &mut Random) {
        let names: Vec<String> = best.sizes.keys().cloned().collect();
        for name in names {
            let own = best.sizes.get(&name).copied().unwrap_or(1);
            'smaller: for size in 1..own {
                let mut sizes = best.sizes.clone();
                sizes.insert(name.clone(), size);
                for style in [Style::Ones, Style::Naturals, Style::Integers] {
                    let drawn = self.points.draw_sized(&sizes, style, 0, random);
                    if let Some(mut candidate) = drawn {
                        candidate.functions.clone_from(&best.functions);
                        if self.apart(&candidate, tries) {
                            *best = candidate;
                            break 'smaller;
                        }
                    }
                }
            }
        }
    }

    /// Makes the entries of one variable 0, 1, or at least whole.
    fn values(&self, best: &mut Point, k: usize, tries: &mut usize) {
        let attributes = &self.claim.typed.variables[k].attributes;
        if attributes.iter().any(|a| *a != Attribute::Positive) {
            return;
        }
        let count = best.values[k].as_ref().map_or(0, |v| v.data.len());
        let simple = |x: f64| x == 0.0 || x.total_cmp(&1.0).is_eq();
        let choices: &[f64] = if attributes.is_empty() { &[0.0, 1.0] } else { &[1.0] };
        let mut run = count.max(1);
        loop {
            for start in (0..count).step_by(run) {
                let entries = start..(start + run).min(count);
                let Some(value) = &best.values[k] else { return };
                let old = value.data[entries.clone()].to_vec();
                let mut attempts: Vec<Vec<f64>> =
                    choices.iter().map(|c| vec![*c; old.len()]).collect();
                let whole: Vec<f64> = old.iter().map(|x| x.round()).collect();
                if attributes.is_empty() || whole.iter().all(|x| *x > 0.0) {
                    attempts.push(whole);
                }
                if old.iter().all(|x| simple(*x)) {
                    attempts.truncate(1);
                }
                for values in attempts {
                    if values == old {
                        break;
                    }
                    let mut candidate = best.clone();
                    if let Some(value) = &mut candidate.values[k] {
                        value.data[entries.clone()].copy_from_slice(&values);
                    }
                    if self.apart(&candidate, tries) {
                        *best = candidate;
                        break;
                    }
                }
            }
            if run == 1 || *tries == 0 {
                return;
            }
            run = if count <= ENTRIES { 1 } else { run.div_ceil(2) };
        }
    }
}
