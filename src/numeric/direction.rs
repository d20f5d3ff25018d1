//! The input moved along random directions, and what that says of a printed result.
//!
//! Tolerances come from the differences' own estimates of their error: a point whose difference is
//! not accurate enough to tell right from wrong decides nothing.

use super::difference::{self, Estimate, Probe};
use super::error::EvalError;
use super::eval::{Evaluator, Varied};
use super::kink::Trace;
use super::sample::Random;
use super::structure::tangent;
use super::verify::{Judgement, Kind, Stop, unreadable};
use crate::array::Array;
use crate::syntax::ast::NodeId;

/// The first step of a difference, and those of further opinions.
const STEPS: [f64; 3] = [0.1, 0.004, 0.0005];
/// What two steps find is one number where they are apart by this share of what is wrong with the
/// answer at most; near a singularity it is none.
const CONFIRMED: f64 = 1e-2;
/// Agreement to this share of the terms' magnitude is agreement.
const TOLERANCE: f64 = 1e-7;
/// A difference must be known to this share to decide anything.
const CONCLUSIVE: f64 = 1e-5;

/// So many differences a point, where variables are moved together.
const GROUPS: usize = 8;

/// What a point says of a result.
#[derive(Clone, Copy)]
pub(super) enum Opinion {
    Agrees(f64),
    Differs { claimed: f64, found: f64, error: f64 },
    Open,
}

/// Why a point says nothing.
pub(super) enum Pass {
    /// Another point may.
    Elsewhere(String),
    /// None will.
    Stop(Stop),
}

impl From<EvalError> for Pass {
    fn from(error: EvalError) -> Pass {
        match error {
            EvalError::Undefined { .. } => {
                Pass::Elsewhere("no point was found at which the objective is defined".to_string())
            }
            EvalError::OutOfRange { .. } => Pass::Elsewhere(error.to_string()),
            error => Pass::Stop(Stop::Skip(error.to_string())),
        }
    }
}

/// The input at a point, to be moved along directions.
pub(super) struct Input<'a, 'q> {
    pub(super) evaluator: Evaluator<'a, f64>,
    pub(super) judgement: &'a Judgement<'q>,
    pub(super) trace: Trace,
    pub(super) weights: Vec<f64>,
    pub(super) value: Vec<f64>,
}

/// A variable with its value and a direction.
struct Direction {
    varied: Varied,
    base: Array,
    along: Vec<f64>,
}

impl Input<'_, '_> {
    fn direction(&mut self, varied: Varied, random: &mut Random) -> Result<Direction, Pass> {
        let base = self
            .evaluator
            .varied(varied)
            .ok_or_else(|| Pass::Stop(Stop::Skip("a variable without a value".to_string())))?;
        let along = base.data.iter().map(|_| random.signed(0.3, 1.0)).collect();
        Ok(Direction { varied, base, along })
    }

    /// What the point says of one result.
    pub(super) fn opinion(
        &mut self,
        kind: Kind,
        varied: &[Varied],
        answer: &Array,
        random: &mut Random,
    ) -> Result<Opinion, Pass> {
        let mut directions = Vec::with_capacity(varied.len());
        for v in varied {
            directions.push(self.direction(*v, random)?);
        }
        let mut read = None;
        if let (Kind::Structured(attribute), [d]) = (kind, &mut directions[..]) {
            let tangent = tangent(attribute, &d.base, random)
                .ok_or_else(|| Pass::Stop(Stop::Skip("a structure without directions".into())))?;
            d.along = tangent.along;
            read = Some(Direction { varied: d.varied, base: d.base.clone(), along: tangent.test });
        }
        let needs = match kind {
            Kind::Value => 0,
            Kind::Gradient | Kind::Structured(_) | Kind::Jacobian => 1,
            Kind::Hessian => 2,
        };
        if directions.len() != needs {
            return Err(Pass::Stop(Stop::Skip("a result with other variables".to_string())));
        }
        let read_along = read.as_ref().map_or(&directions[..], std::slice::from_ref);
        let (claimed, scale) = contract(kind, read_along, answer, self.value.len())?;
        if kind == Kind::Value {
            let rounding = self.rounding();
            // values that agree do so however far rounding might have moved them
            let value = |error: f64| Estimate {
                error: vec![error; self.value.len()],
                value: self.value.clone(),
            };
            return Ok(match judge(&claimed, &scale, &value(0.0), 0.0) {
                Opinion::Agrees(error) => Opinion::Agrees(error),
                _ => judge(&claimed, &scale, &value(rounding), rounding),
            });
        }
        let noise = self.noise();
        let order = if kind == Kind::Hessian { 2 } else { 1 };
        self.steadily(|input, step| {
            let estimate = match (kind, directions.as_slice()) {
                (Kind::Hessian, [a, b]) => input.second(a, b, step)?,
                _ => input.first(&directions, kind != Kind::Jacobian, step)?,
            };
            let opinion = estimate.map_or(Opinion::Open, |e| judge(&claimed, &scale, &e, noise));
            Ok(input.beyond_rounding(opinion, step.powi(order)))
        })
    }

    /// The opinion at shorter and shorter steps: a right answer that seems wrong at a long step gets
    /// a second opinion, and none is wrong while what is found depends on the step.
    fn steadily(
        &mut self,
        mut at: impl FnMut(&mut Self, f64) -> Result<Opinion, Pass>,
    ) -> Result<Opinion, Pass> {
        let first = at(self, STEPS[0])?;
        if let Opinion::Agrees(_) = first {
            return Ok(first);
        }
        let second = at(self, STEPS[1])?;
        let Opinion::Differs { found, .. } = second else { return Ok(second) };
        let confirms = |other: Opinion| match other {
            Opinion::Differs { claimed, found: other, .. } => {
                (other - found).abs() <= CONFIRMED * (claimed - found).abs()
            }
            _ => false,
        };
        if confirms(first) {
            return Ok(second);
        }
        let third = at(self, STEPS[2])?;
        Ok(match third {
            // rounding may hide at a shorter step what a longer one shows
            Opinion::Open => second,
            Opinion::Differs { .. } if !confirms(third) => Opinion::Open,
            _ => third,
        })
    }

    /// The opinion, where rounding on the way to the objective, divided by this, cannot explain it.
    fn beyond_rounding(&self, opinion: Opinion, by: f64) -> Opinion {
        match opinion {
            Opinion::Differs { claimed, found, .. }
                if (claimed - found).abs() <= self.rounding() / by =>
            {
                Opinion::Open
            }
            other => other,
        }
    }

    /// What rounding may leave of the objective: a few units in the last place of the largest
    /// value on the way to it.
    fn rounding(&self) -> f64 {
        let plan = &self.judgement.plan;
        let data = plan.iter().flat_map(|id| &self.evaluator.value(*id).data);
        data.filter(|x| x.is_finite()).fold(0.0f64, |m, x| m.max(x.abs())) * 1e-14
    }

    /// What rounding makes of the objective, with room for the shortest steps.
    fn noise(&self) -> f64 {
        let terms = self.value.iter().zip(&self.weights).map(|(v, w)| (v * w).abs());
        1e-9 * terms.sum::<f64>() + 1e-12
    }

    /// Several gradients at once, for programs so large that one difference for each is too much:
    /// those whose parts of the change are of like size, so that none hides another.
    pub(super) fn together(
        &mut self,
        answers: &[Array],
        open: &[bool],
        random: &mut Random,
    ) -> Result<Vec<Opinion>, Pass> {
        let judgement = self.judgement;
        let mut opinions = vec![Opinion::Open; answers.len()];
        // each with what it says along its direction, and the size of its terms
        let mut parts: Vec<(usize, Direction, f64, f64)> = Vec::new();
        for (result, answer) in answers.iter().enumerate().filter(|(k, _)| open[*k]) {
            let kind = judgement.question.results[result].kind;
            match (kind, judgement.varied[result].as_slice()) {
                (Kind::Gradient, &[v @ Varied::Variable(_)]) => {
                    let direction = self.direction(v, random)?;
                    let own = contract(kind, std::slice::from_ref(&direction), answer, 1)?;
                    parts.push((result, direction, own.0[0], own.1[0]));
                }
                (_, varied) => opinions[result] = self.opinion(kind, varied, answer, random)?,
            }
        }
        parts.sort_by(|a, b| b.3.total_cmp(&a.3));
        let members = parts.len().div_ceil(GROUPS).max(1);
        let mut rest = parts.into_iter().peekable();
        while rest.peek().is_some() {
            let group: Vec<(usize, Direction, f64, f64)> = rest.by_ref().take(members).collect();
            let results: Vec<usize> = group.iter().map(|p| p.0).collect();
            let joint = self.joint(group)?;
            for result in results {
                opinions[result] = joint;
            }
        }
        Ok(opinions)
    }

    /// The opinion of some gradients along their directions at once.
    fn joint(&mut self, group: Vec<(usize, Direction, f64, f64)>) -> Result<Opinion, Pass> {
        let root = (group.len().max(1) as f64).sqrt();
        let claimed: f64 = group.iter().map(|p| p.2).sum();
        let scale: f64 = group.iter().map(|p| p.3).sum();
        let mut directions: Vec<Direction> = group.into_iter().map(|p| p.1).collect();
        for direction in &mut directions {
            direction.along.iter_mut().for_each(|v| *v /= root);
        }
        let noise = self.noise();
        self.steadily(|input, step| {
            let found = input.first(&directions, true, step)?;
            let opinion = found
                .map_or(Opinion::Open, |e| judge(&[claimed / root], &[scale / root], &e, noise));
            Ok(input.beyond_rounding(opinion, step))
        })
    }

    /// The derivative along directions, of the weighted sum or of every entry.
    fn first(
        &mut self,
        directions: &[Direction],
        weighted: bool,
        step: f64,
    ) -> Result<Option<Estimate>, Pass> {
        let varied: Vec<Varied> = directions.iter().map(|d| d.varied).collect();
        let judgement = self.judgement;
        let moved = self.evaluator.dependent(&judgement.plan, &varied);
        let branches = self.branches(directions, &moved)?;
        let estimate = difference::central(branches, step, |t, out| {
            for d in directions {
                self.place(d, t);
            }
            self.probe(&moved, weighted, out)
        });
        self.restore(directions, &moved)?;
        Ok(estimate?)
    }

    /// The mixed second derivative along two directions.
    fn second(
        &mut self,
        a: &Direction,
        b: &Direction,
        step: f64,
    ) -> Result<Option<Estimate>, Pass> {
        let judgement = self.judgement;
        let moved = self.evaluator.dependent(&judgement.plan, &[a.varied, b.varied]);
        let both = [a, b];
        let branches = self.branches(&both, &moved)?;
        let estimate = difference::central(0, step, |s, out| {
            let inner = difference::central(branches, step, |t, out| {
                if a.varied == b.varied {
                    let mut value = a.base.clone();
                    for ((v, u), w) in value.data.iter_mut().zip(&a.along).zip(&b.along) {
                        *v += s * u + t * w;
                    }
                    self.evaluator.set(a.varied, Some(value));
                } else {
                    self.place(a, s);
                    self.place(b, t);
                }
                self.probe(&moved, true, out)
            })?;
            Ok::<Probe, EvalError>(match inner {
                Some(estimate) => {
                    out.extend(estimate.value);
                    Probe::Value(0)
                }
                None => Probe::Undefined,
            })
        });
        self.restore(&both, &moved)?;
        Ok(estimate?)
    }

    /// The branches that the part of the plan which moves takes at the point itself.
    fn branches<D: std::borrow::Borrow<Direction>>(
        &mut self,
        directions: &[D],
        moved: &[NodeId],
    ) -> Result<u64, EvalError> {
        for d in directions {
            self.place(d.borrow(), 0.0);
        }
        self.evaluator.trace = Trace::default();
        self.evaluator.run(moved)?;
        Ok(self.evaluator.trace.branches)
    }

    fn place(&mut self, d: &Direction, t: f64) {
        let mut value = d.base.clone();
        for (v, u) in value.data.iter_mut().zip(&d.along) {
            *v += t * u;
        }
        self.evaluator.set(d.varied, Some(value));
    }

    /// Puts everything back where it was.
    fn restore<D: std::borrow::Borrow<Direction>>(
        &mut self,
        directions: &[D],
        moved: &[NodeId],
    ) -> Result<(), EvalError> {
        for d in directions {
            let d = d.borrow();
            let value = match d.varied {
                Varied::Variable(_) => Some(d.base.clone()),
                Varied::Definition(_) => None,
            };
            self.evaluator.set(d.varied, value);
        }
        self.evaluator.run(moved)?;
        self.evaluator.trace = self.trace.clone();
        Ok(())
    }

    /// Evaluates the objective where the variables now are.
    fn probe(
        &mut self,
        moved: &[NodeId],
        weighted: bool,
        out: &mut Vec<f64>,
    ) -> Result<Probe, EvalError> {
        self.evaluator.trace = Trace::default();
        self.evaluator.run(moved)?;
        let judgement = self.judgement;
        let dot = |data: &[f64], weights: &[f64]| -> f64 {
            data.iter().zip(weights).map(|(v, w)| v * w).sum()
        };
        let start = out.len();
        if judgement.user.free(judgement.target) == &*judgement.indices {
            let data = &self.evaluator.value(judgement.target).data;
            if weighted {
                out.push(dot(data, &self.weights));
            } else {
                out.extend_from_slice(data);
            }
        } else {
            let value = self.evaluator.aligned(judgement.target, &judgement.indices)?;
            if weighted {
                out.push(dot(&value.data, &self.weights));
            } else {
                out.extend(value.data);
            }
        }
        let undefined = out[start..].iter().any(|v| v.is_nan());
        Ok(if undefined { Probe::Undefined } else { Probe::Value(self.evaluator.trace.branches) })
    }
}

/// The answer along the directions, and the sum of its terms' magnitudes.
fn contract(
    kind: Kind,
    directions: &[Direction],
    answer: &Array,
    entries: usize,
) -> Result<(Vec<f64>, Vec<f64>), Pass> {
    let (rows, along): (usize, Vec<f64>) = match (kind, directions) {
        (Kind::Gradient | Kind::Structured(_), [d]) => (1, d.along.clone()),
        (Kind::Jacobian, [d]) => (entries, d.along.clone()),
        (Kind::Hessian, [a, b]) => {
            (1, a.along.iter().flat_map(|u| b.along.iter().map(move |v| u * v)).collect())
        }
        _ => (entries, vec![1.0]),
    };
    // a scalar answer stands for no array: only its number of entries can be seen here
    if answer.data.len() != rows * along.len() {
        return Err(Pass::Stop(unreadable(format!(
            "expected {} entries, found {}",
            rows * along.len(),
            answer.data.len()
        ))));
    }
    let lines = answer.data.chunks(along.len().max(1));
    Ok(lines
        .map(|line| {
            let terms = line.iter().zip(&along).map(|(a, b)| a * b);
            (terms.clone().sum::<f64>(), terms.map(f64::abs).sum::<f64>())
        })
        .unzip())
}

/// Compares what is claimed with a difference, entry by entry. Where the claim is exactly 0 a
/// difference counts only if its error is within `noise`, the rounding of the objective.
fn judge(claimed: &[f64], scale: &[f64], found: &Estimate, noise: f64) -> Opinion {
    // entries of one array are judged on the scale of its largest, where rounding comes from
    let floor = scale.iter().copied().fold(0.0f64, f64::max) * 1e-3;
    let mut worst = 0.0f64;
    for (((&c, &s), &d), &e) in claimed.iter().zip(scale).zip(&found.value).zip(&found.error) {
        if !c.is_finite() || !d.is_finite() || !e.is_finite() {
            return Opinion::Open;
        }
        let size = s.max(d.abs()).max(floor);
        let apart = (c - d).abs();
        let still = s == 0.0 && e <= noise && d.abs() <= 20.0 * e;
        if e > CONCLUSIVE * size && !still {
            return Opinion::Open;
        }
        if apart > TOLERANCE * size + 20.0 * e {
            return Opinion::Differs { claimed: c, found: d, error: e };
        }
        // where nothing moves, what is left is rounding
        if s > 0.0 {
            worst = worst.max(apart / size);
        }
    }
    Opinion::Agrees(worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinion(claimed: f64, scale: f64, found: f64, error: f64) -> Opinion {
        judge(&[claimed], &[scale], &Estimate { value: vec![found], error: vec![error] }, 1e-9)
    }

    #[test]
    fn wrong_factors_differ_and_rounding_does_not() {
        assert!(matches!(opinion(1.0, 1.0, 1.0 + 1e-10, 1e-10), Opinion::Agrees(_)));
        assert!(matches!(opinion(2.0, 2.0, 1.0, 1e-10), Opinion::Differs { .. }));
        assert!(matches!(opinion(-1.0, 1.0, 1.0, 1e-10), Opinion::Differs { .. }));
        assert!(matches!(opinion(0.0, 0.0, 1.0, 1e-10), Opinion::Differs { .. }));
        assert!(matches!(opinion(0.0, 0.0, 1e-13, 1e-13), Opinion::Agrees(_)));
        assert!(matches!(opinion(1.0, 1.0, 1.1, 0.1), Opinion::Open));
    }
}
