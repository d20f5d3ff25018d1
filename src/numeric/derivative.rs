//! `grad`, `jac`, `hess` and `vjp` inside expressions, by differences of the evaluator itself.
//!
//! Nothing symbolic happens here: the judge varies the entries of a variable or a definition one by
//! one, evaluates again what depends on it, and extrapolates. Only the gradient of an unknown
//! function of an array at its own argument is exact, since the instance knows it.

use super::arithmetic::Arithmetic;
use super::difference::{self, Probe};
use super::error::EvalError;
use super::eval::{Evaluator, Varied};
use super::kink::Trace;
use crate::array::Array;
use crate::field::ball::Ball;
use crate::functions::{Function, Kernel};
use crate::shape::typed::{DerivativeKind, Meaning};
use crate::syntax::ast::{Expr, NodeId};

/// The deepest nesting of derivatives in derivatives; each level costs some twenty evaluations an
/// entry and about four digits.
const DEEPEST: u32 = 2;
/// The first step of a difference.
const START: f64 = 0.1;
/// The most primes of a function of the table.
const MOST_PRIMES: u32 = 4;
/// The most entries that are varied one by one.
const MOST_ENTRIES: usize = 4096;

impl<S: Arithmetic> Evaluator<'_, S> {
    /// The value of a derivative operator.
    pub(super) fn derivative(
        &mut self,
        id: NodeId,
        kind: DerivativeKind,
        arguments: &[NodeId],
    ) -> Result<Array<S>, EvalError> {
        let span = self.span(id);
        let (Some(&y), Some(&x)) = (arguments.first(), arguments.get(1)) else {
            return Err(EvalError::Mismatch { span });
        };
        let Some((varied, stacked)) = self.varied_by(x) else {
            let what = "a derivative by what is neither a variable nor a definition";
            return Err(EvalError::Unsupported { span: self.span(x), what });
        };
        if self.trace.crossings.is_some() {
            // the kinks of what is differentiated were met with its value
            let shape = self.derivative_shape(id)?;
            return Ok(Array { data: vec![S::ONE; shape.iter().product()], shape });
        }
        if let Some(exact) = self.exact(id, kind, y, varied) {
            return exact;
        }
        if self.depth >= DEEPEST {
            return Err(EvalError::Unsupported { span, what: "derivatives nested so deeply" });
        }
        self.depth += 1;
        let value = self.differences(id, kind, y, varied, stacked, arguments.get(2).copied());
        self.depth -= 1;
        let value = value?;
        let shape = self.derivative_shape(id)?;
        if shape.iter().product::<usize>() != value.len() {
            return Err(EvalError::Mismatch { span });
        }
        Ok(Array { shape, data: value })
    }

    /// The sizes of the axes of a derivative operator's value.
    fn derivative_shape(&self, id: NodeId) -> Result<Vec<usize>, EvalError> {
        let own = super::block::own_axes(self.typed, &self.sizes, id)?;
        let free = self.typed.free(id);
        let free = super::block::index_axes(self.typed, &self.sizes, free, self.span(id))?;
        Ok(free.into_iter().chain(own).collect())
    }

    /// What a node names as the variable of a derivative, and whether it is stacked by `vec`.
    fn varied_by(&self, x: NodeId) -> Option<(Varied, bool)> {
        let typed = self.typed;
        match (typed.meaning(x), typed.program.node(x)) {
            (Meaning::Variable(v), _) => Some((Varied::Variable(v), false)),
            (Meaning::Definition(d), _) => Some((Varied::Definition(d), false)),
            (Meaning::Function(f), Expr::Call { arguments, .. }) if f.name == "vec" => {
                match typed.meaning(*typed.program.list(*arguments).first()?) {
                    Meaning::Variable(v) => Some((Varied::Variable(v), true)),
                    Meaning::Definition(d) => Some((Varied::Definition(d), true)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `grad(J(u), u)` and `hess(J(u), u)` where the instance of J knows them.
    fn exact(
        &mut self,
        id: NodeId,
        kind: DerivativeKind,
        y: NodeId,
        varied: Varied,
    ) -> Option<Result<Array<S>, EvalError>> {
        let typed = self.typed;
        let Meaning::Unknown(unknown) = typed.meaning(y) else { return None };
        let &Expr::Call { primes: 0, arguments, .. } = typed.program.node(y) else { return None };
        let &[argument] = typed.program.list(arguments) else { return None };
        let order = match kind {
            DerivativeKind::Gradient | DerivativeKind::Jacobian => 1,
            DerivativeKind::Hessian => 2,
            DerivativeKind::Vjp => return None,
        };
        let (of, false) = self.varied_by(argument)? else { return None };
        if of != varied || !typed.unknowns[unknown.0 as usize].scalar {
            return None;
        }
        Some(self.functional(id, unknown, order, argument))
    }

    /// The derivative by differences, in row-major order of the result.
    fn differences(
        &mut self,
        id: NodeId,
        kind: DerivativeKind,
        y: NodeId,
        varied: Varied,
        stacked: bool,
        cotangent: Option<NodeId>,
    ) -> Result<Vec<S>, EvalError> {
        let span = self.span(id);
        let plan = self.plan(&[y]);
        let Some(base) = self.varied(varied) else {
            return Err(EvalError::Unsupported { span, what: "this variable" });
        };
        let order = entry_order(&base.shape, stacked);
        if order.len() > MOST_ENTRIES {
            return Err(EvalError::TooLarge { span, bound: "4096 entries varied one by one" });
        }
        // freeing a definition afterwards must not change what was fixed before
        let moved = self.dependent(&plan, &[varied]);
        let saved: Vec<Array<S>> = moved
            .iter()
            .map(|n| std::mem::replace(&mut self.values[n.0 as usize], empty()))
            .collect();
        let was_fixed = self.fixed_value(varied);
        let trace = self.trace.clone();
        let columns = match kind {
            DerivativeKind::Hessian => self.hessian(span, y, varied, &base, &order, &moved),
            _ => self.columns(span, y, varied, &base, &order, &moved),
        };
        self.trace = trace;
        self.set(varied, was_fixed);
        for (node, value) in moved.iter().zip(saved) {
            self.values[node.0 as usize] = value;
        }
        let columns = columns?;
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        match (kind, cotangent) {
            (DerivativeKind::Vjp, Some(g)) => {
                let g = &self.value(g).data;
                let dot =
                    |c: &Vec<S>| c.iter().zip(g).fold(S::ZERO, |sum, (a, b)| sum.add(a.mul(*b)));
                Ok(columns.iter().map(dot).collect())
            }
            (DerivativeKind::Hessian, _) => Ok(columns.into_iter().flatten().collect()),
            _ => {
                let rows = columns[0].len();
                Ok((0..rows).flat_map(|r| columns.iter().map(move |c| c[r])).collect())
            }
        }
    }

    /// For each entry of what is varied, the derivative of every entry of `y`.
    fn columns(
        &mut self,
        span: crate::diagnostic::Span,
        y: NodeId,
        varied: Varied,
        base: &Array<S>,
        order: &[usize],
        moved: &[NodeId],
    ) -> Result<Vec<Vec<S>>, EvalError> {
        let mut columns = Vec::with_capacity(order.len());
        if S::step().is_some() {
            for &k in order {
                columns.push(self.slopes(span, base, k, |e, value| {
                    e.set(varied, Some(value));
                    e.run(moved)?;
                    Ok(e.value(y).data.clone())
                })?);
            }
            return Ok(columns);
        }
        let mut out = Vec::new();
        self.probe(y, varied, base, moved, &mut out)?;
        let branches = self.trace.branches;
        if out.iter().any(|v| v.is_nan()) {
            return Err(EvalError::Undefined { span });
        }
        for &k in order {
            let estimate = difference::central(branches, START, |t, out| {
                let mut value = base.clone();
                let step = S::from_double(t).map_err(|e| EvalError::at(span, e))?;
                value.data[k] = value.data[k].add(step);
                self.probe(y, varied, &value, moved, out)
            })?;
            columns.push(doubles(span, estimate.ok_or(EvalError::Undefined { span })?.value)?);
        }
        Ok(columns)
    }

    /// The derivative of what `of` gives by one entry of a value, by two small steps.
    fn slopes(
        &mut self,
        span: crate::diagnostic::Span,
        base: &Array<S>,
        k: usize,
        mut of: impl FnMut(&mut Self, Array<S>) -> Result<Vec<S>, EvalError>,
    ) -> Result<Vec<S>, EvalError> {
        let at = |e| EvalError::at(span, e);
        let step = S::step().ok_or(EvalError::Unsupported { span, what: "differences" })?;
        let mut estimates = [Vec::new(), Vec::new()];
        for (estimate, step) in estimates.iter_mut().zip([step, step.add(step)]) {
            let mut value = base.clone();
            value.data[k] = base.data[k].add(step);
            let right = of(self, value)?;
            let mut value = base.clone();
            value.data[k] = base.data[k].sub(step);
            let left = of(self, value)?;
            let width = step.add(step);
            for (r, l) in right.iter().zip(left) {
                if r.is_undefined() || l.is_undefined() {
                    return Err(EvalError::Undefined { span });
                }
                estimate.push(r.sub(l).div(width).map_err(at)?);
            }
        }
        let [near, far] = estimates;
        near.into_iter().zip(far).map(|(n, f)| S::limit(n, f).map_err(at)).collect()
    }

    /// For each entry of what is varied, the derivative of the gradient.
    fn hessian(
        &mut self,
        span: crate::diagnostic::Span,
        y: NodeId,
        varied: Varied,
        base: &Array<S>,
        order: &[usize],
        moved: &[NodeId],
    ) -> Result<Vec<Vec<S>>, EvalError> {
        let mut rows = Vec::with_capacity(order.len());
        for &k in order {
            if S::step().is_some() {
                rows.push(self.slopes(span, base, k, |e, value| {
                    Ok(e.columns(span, y, varied, &value, order, moved)?.concat())
                })?);
                continue;
            }
            let estimate = difference::central(0, START, |t, out| {
                let mut value = base.clone();
                let step = S::from_double(t).map_err(|e| EvalError::at(span, e))?;
                value.data[k] = value.data[k].add(step);
                match self.columns(span, y, varied, &value, order, moved) {
                    Ok(columns) => {
                        out.extend(
                            columns
                                .into_iter()
                                .flatten()
                                .map(|v| v.to_double().unwrap_or(f64::NAN)),
                        );
                        Ok(Probe::Value(0))
                    }
                    Err(EvalError::Undefined { .. }) => Ok(Probe::Undefined),
                    Err(error) => Err(error),
                }
            })?;
            rows.push(doubles(span, estimate.ok_or(EvalError::Undefined { span })?.value)?);
        }
        Ok(rows)
    }

    /// Evaluates `y` with another value of what is varied, as doubles.
    fn probe(
        &mut self,
        y: NodeId,
        varied: Varied,
        value: &Array<S>,
        moved: &[NodeId],
        out: &mut Vec<f64>,
    ) -> Result<Probe, EvalError> {
        self.set(varied, Some(value.clone()));
        self.trace = Trace::default();
        self.run(moved)?;
        for v in &self.value(y).data {
            let Some(v) = v.to_double() else {
                let what = "differences in this kind of number";
                return Err(EvalError::Unsupported { span: self.span(y), what });
            };
            out.push(v);
        }
        let undefined = out.iter().any(|v| v.is_nan());
        Ok(if undefined { Probe::Undefined } else { Probe::Value(self.trace.branches) })
    }

    /// `f'(x)` and so on for a function of the table, by differences of its kernel; at a kink the
    /// mean of both sides' slopes is not the convention, so such a point has no value.
    pub(super) fn function_derivative(
        &mut self,
        id: NodeId,
        function: &'static Function,
        primes: u32,
        arguments: &[NodeId],
    ) -> Result<Array<S>, EvalError> {
        let span = self.span(id);
        if !matches!(function.kernel, Kernel::Elementwise(_))
            || arguments.len() != 1
            || primes > MOST_PRIMES
        {
            return Err(EvalError::Unsupported { span, what: "this derivative of a function" });
        }
        self.elementwise(id, arguments, |v, trace| {
            trace.elementwise(function, v);
            let undefined = crate::array::KernelError::Undefined;
            let x = v[0].to_double().ok_or(crate::array::KernelError::Unsupported)?;
            if x.is_nan() {
                return Err(undefined);
            }
            if function.facts.kinks.contains(&x) {
                // the convention of the language page: no slope at a kink
                return Ok(S::ZERO);
            }
            if S::step().is_some() {
                return fine_slope(function, primes, v[0]);
            }
            if primes > 1 {
                // differences of differences lose too many digits of a double
                let fine = fine_slope(function, primes, Ball::from_double(x)?)?;
                return S::from_double(fine.to_double());
            }
            let value = slope(function, x).ok_or(undefined)?;
            S::from_double(value)
        })
    }
}

fn doubles<S: Arithmetic>(
    span: crate::diagnostic::Span,
    list: Vec<f64>,
) -> Result<Vec<S>, EvalError> {
    list.into_iter().map(|v| S::from_double(v).map_err(|e| EvalError::at(span, e))).collect()
}

/// The derivative of a function of the table by small steps; the caller bounds the order.
fn fine_slope<S: Arithmetic>(
    function: &'static Function,
    order: u32,
    x: S,
) -> Result<S, crate::array::KernelError> {
    let step = S::step().ok_or(crate::array::KernelError::Unsupported)?;
    let mut estimates = [S::ZERO; 2];
    for (estimate, step) in estimates.iter_mut().zip([step, step.add(step)]) {
        let at = |x: S| match order {
            1 => S::map(function, &[x]),
            _ => fine_slope(function, order - 1, x),
        };
        *estimate = at(x.add(step))?.sub(at(x.sub(step))?).div(step.add(step))?;
    }
    S::limit(estimates[0], estimates[1])
}

fn slope(function: &'static Function, x: f64) -> Option<f64> {
    let at = |x: f64| match function.kernel {
        Kernel::Elementwise(kernel) => (kernel.double)(&[x]),
        _ => f64::NAN,
    };
    let side = |x: f64| {
        let mut trace = Trace::default();
        trace.elementwise(function, &[x]);
        trace.branches
    };
    let estimate = difference::central::<()>(side(x), START, |t, out| {
        let value = at(x + t);
        out.push(value);
        Ok(if value.is_nan() { Probe::Undefined } else { Probe::Value(side(x + t)) })
    });
    estimate.ok().flatten().and_then(|e| e.value.first().copied())
}

fn empty<S>() -> Array<S> {
    Array { shape: Vec::new(), data: Vec::new() }
}

/// The positions of the entries in the order of the result: row-major, or columns stacked.
fn entry_order(shape: &[usize], stacked: bool) -> Vec<usize> {
    let count: usize = shape.iter().product();
    match (stacked, shape) {
        (true, &[m, n]) => (0..n).flat_map(|j| (0..m).map(move |i| i * n + j)).collect(),
        _ => (0..count).collect(),
    }
}
