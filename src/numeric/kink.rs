//! How near an evaluation comes to a kink, and on which side of each it runs.
//!
//! Two points between which no kink lies take the same branch everywhere, so that the running hash
//! of all branches tells the differences how far they may step.

use super::arithmetic::Arithmetic;
use crate::array::{Array, KernelError, Scalar};
use crate::functions::{Function, Ties};
use crate::syntax::ast::Comparison;

/// What an evaluation meets on its way.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// The smallest distance to a kink or a tie.
    pub nearest: f64,
    /// A hash of the sides of all kinks, in the order of evaluation.
    pub branches: u64,
    /// Where they are asked for: all quantities that have a kink at 0, in the order of evaluation.
    pub crossings: Option<Vec<f64>>,
    /// What is nearer to a kink or a tie than this is taken to be at it.
    pub snap: f64,
}

impl Default for Trace {
    fn default() -> Trace {
        Trace {
            nearest: f64::INFINITY,
            branches: 0xcbf2_9ce4_8422_2325,
            crossings: None,
            snap: 0.0,
        }
    }
}

impl Trace {
    /// Notes a branch.
    pub fn branch(&mut self, side: u64) {
        self.branches = (self.branches ^ side).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5);
    }

    /// Notes a quantity that has a kink at 0.
    pub fn crossing<S: Scalar>(&mut self, difference: S) {
        self.nearest = self.nearest.min(difference.size());
        let side = difference.less(S::ZERO).unwrap_or(false);
        self.branch(u64::from(side));
        if let Some(list) = &mut self.crossings {
            list.push(if side { -difference.size() } else { difference.size() });
        }
    }

    /// An argument of an elementwise function, at the kink that it is very near to.
    pub(super) fn snapped<S: Arithmetic>(&self, function: &'static Function, x: S) -> S {
        if self.snap > 0.0 {
            for &kink in function.facts.kinks {
                if let Ok(at) = S::from_double(kink)
                    && x.sub(at).size() < self.snap
                {
                    return at;
                }
            }
        }
        x
    }

    /// Notes the arguments of an elementwise function.
    pub(super) fn elementwise<S: Arithmetic>(&mut self, function: &'static Function, values: &[S]) {
        for &kink in function.facts.kinks {
            if let (Some(&x), Ok(at)) = (values.first(), S::from_double(kink)) {
                self.crossing(x.sub(at));
            }
        }
        if let [a, b] = values {
            match function.facts.ties {
                Ties::Largest | Ties::Smallest => self.crossing(a.sub(*b)),
                // jumps across the negative half of the second axis
                Ties::Cut if b.less(S::ZERO).unwrap_or(false) => self.crossing(*a),
                _ => {}
            }
        }
    }

    /// Notes the arguments of a function of whole arrays.
    pub(super) fn array<S: Arithmetic>(
        &mut self,
        function: &'static Function,
        arguments: &[&Array<S>],
        axis: Option<usize>,
    ) {
        let Some(x) = arguments.first() else { return };
        for &kink in function.facts.kinks {
            if let Ok(at) = S::from_double(kink) {
                x.data.iter().for_each(|v| self.crossing(v.sub(at)));
            }
        }
        match function.facts.ties {
            Ties::None | Ties::Cut => {}
            Ties::Origin => {
                let largest = x.data.iter().map(|v| v.size()).fold(0.0, f64::max);
                self.nearest = self.nearest.min(largest);
            }
            ties @ (Ties::Largest | Ties::Smallest) => {
                self.lines(x, axis, |line, trace| trace.tie(line, ties == Ties::Largest));
            }
            Ties::Windows => {
                let window = arguments.get(1).and_then(|p| p.data.first()?.to_integer());
                self.windows(x, window.and_then(|p| usize::try_from(p).ok()).unwrap_or(0));
            }
        }
    }

    /// Visits all entries, or each line along an axis of a matrix.
    fn lines<S: Scalar>(
        &mut self,
        x: &Array<S>,
        axis: Option<usize>,
        visit: impl Fn(&[S], &mut Trace),
    ) {
        match (axis, x.shape.as_slice()) {
            (Some(0), &[_, n]) => {
                for j in 0..n {
                    let line: Vec<S> = x.data.iter().skip(j).step_by(n).copied().collect();
                    visit(&line, self);
                }
            }
            (Some(_), &[_, n]) => x.data.chunks(n.max(1)).for_each(|line| visit(line, self)),
            _ => visit(&x.data, self),
        }
    }

    fn windows<S: Scalar>(&mut self, x: &Array<S>, p: usize) {
        let (rows, columns) = match *x.shape.as_slice() {
            [n] => (1, n),
            [m, n] => (m, n),
            _ => return,
        };
        if p == 0 {
            return;
        }
        let high = if x.shape.len() == 1 { 1 } else { p };
        let mut window = Vec::with_capacity(high * p);
        for top in (0..rows).step_by(high) {
            for left in (0..columns).step_by(p) {
                window.clear();
                for i in top..(top + high).min(rows) {
                    for j in left..(left + p).min(columns) {
                        window.push(x.data[i * columns + j]);
                    }
                }
                self.tie(&window, true);
            }
        }
    }

    /// Notes how far the largest (or smallest) entry is from the next, and which it is.
    fn tie<S: Scalar>(&mut self, line: &[S], largest: bool) {
        let before = |a: S, b: S| if largest { b.less(a) } else { a.less(b) }.unwrap_or(false);
        let Some((mut best, rest)) = line.first().map(|&first| ((0, first), &line[1..])) else {
            return;
        };
        for (k, &v) in rest.iter().enumerate() {
            if before(v, best.1) {
                best = (k + 1, v);
            }
        }
        for (k, &v) in line.iter().enumerate() {
            if k != best.0 {
                let gap = best.1.sub(v).size();
                self.nearest = self.nearest.min(gap);
                if let Some(list) = &mut self.crossings {
                    list.push(gap);
                }
            }
        }
        self.branch(best.0 as u64);
    }
}

/// A comparison, as 1 or 0.
pub(super) fn compare<S: Arithmetic>(
    trace: &mut Trace,
    comparison: Comparison,
    a: S,
    b: S,
) -> Result<S, KernelError> {
    if a.is_undefined() || b.is_undefined() {
        return Err(KernelError::Undefined);
    }
    trace.crossing(a.sub(b));
    let a = if trace.snap > 0.0 && a.sub(b).size() < trace.snap { b } else { a };
    let holds = match comparison {
        Comparison::Less => a.less(b)?,
        Comparison::LessEqual => !b.less(a)?,
        Comparison::Greater => b.less(a)?,
        Comparison::GreaterEqual => !a.less(b)?,
    };
    Ok(if holds { S::ONE } else { S::ZERO })
}
