//! Reductions to a scalar or along an axis, and functions along an axis.

use super::{
    ArrayKernel, Code, DoubleKernel, Facts, Function, Kernel, Kind, Lowering, Notation, Range,
    Signature,
};
use crate::array::{Array, KernelError};

const REDUCTION: Signature = Signature::Reduction { arrays: 1, axis: true };
const PAIR: Signature = Signature::Reduction { arrays: 2, axis: false };

const BASE: Function = Function {
    name: "",
    aliases: &[],
    parameters: &["x"],
    signature: REDUCTION,
    lowering: Lowering::Sum,
    kernel: Kernel::Special,
    binary: None,
    facts: Facts::NONE,
    unicode: Notation::Operator(""),
    latex: Notation::Operator(""),
    numpy: Code::plain(""),
    doc: "",
    source: "Petersen & Pedersen 2012, §10",
};

const fn array(double: DoubleKernel) -> Kernel {
    Kernel::Array(ArrayKernel { double })
}

const fn range(range: Range) -> Facts {
    Facts { range, domain: Range::Real, kinks: &[] }
}

#[rustfmt::skip]
pub(super) static TABLE: &[Function] = &[
    Function { name: "sum", kernel: array(|a, k| a[0].reduce(k, |v| v.iter().sum())),
        unicode: Notation::Operator("sum"), latex: Notation::Operator("\\operatorname{sum}"),
        numpy: Code::plain("np.sum({0}{axis})"), doc: "the sum of all entries, or along an axis", ..BASE },
    Function { name: "mean", lowering: Lowering::Definition("sum(x)/count(x)"),
        kernel: array(|a, k| a[0].reduce(k, |v| v.iter().sum::<f64>() / v.len() as f64)),
        unicode: Notation::Operator("mean"), latex: Notation::Operator("\\operatorname{mean}"),
        numpy: Code::plain("np.mean({0}{axis})"), doc: "the mean of all entries, or along an axis", ..BASE },
    Function { name: "prod", lowering: Lowering::Node(Kind::Product), kernel: array(|a, k| a[0].reduce(k, |v| v.iter().product())),
        unicode: Notation::Operator("prod"), latex: Notation::Operator("\\operatorname{prod}"),
        numpy: Code::plain("np.prod({0}{axis})"), doc: "the product of all entries, or along an axis", ..BASE },
    Function { name: "max", lowering: Lowering::Node(Kind::Maximum), kernel: array(|a, k| a[0].reduce(k, |v| v.iter().copied().fold(f64::NEG_INFINITY, f64::max))),
        binary: Some((Lowering::Primitive(&["where(a >= b, 1, 0)", "where(a >= b, 0, 1)"]), Kernel::Elementwise(|x| if x[0] >= x[1] { x[0] } else if x[0] < x[1] { x[1] } else { f64::NAN }))),
        parameters: &["a", "b"], unicode: Notation::Operator("max"), latex: Notation::Operator("\\max"),
        numpy: Code::plain("np.max({0}{axis})"), doc: "the largest entry, or the larger of two elementwise", ..BASE },
    Function { name: "min", lowering: Lowering::Node(Kind::Minimum), kernel: array(|a, k| a[0].reduce(k, |v| v.iter().copied().fold(f64::INFINITY, f64::min))),
        binary: Some((Lowering::Primitive(&["where(a <= b, 1, 0)", "where(a <= b, 0, 1)"]), Kernel::Elementwise(|x| if x[0] <= x[1] { x[0] } else if x[0] > x[1] { x[1] } else { f64::NAN }))),
        parameters: &["a", "b"], unicode: Notation::Operator("min"), latex: Notation::Operator("\\min"),
        numpy: Code::plain("np.min({0}{axis})"), doc: "the smallest entry, or the smaller of two elementwise", ..BASE },
    Function { name: "logsumexp", lowering: Lowering::Named { definition: "log(sum(exp(x)))", vjp: &["g*softmax(x)"] },
        kernel: array(|a, k| a[0].reduce(k, log_sum_exp)), unicode: Notation::Operator("logsumexp"), latex: Notation::Operator("\\operatorname{logsumexp}"),
        numpy: Code { call: "_logsumexp({0}{axis})", helper: "def _logsumexp(x, axis=None):\n    m = np.max(x, axis=axis, keepdims=True)\n    return np.log(np.sum(np.exp(x - m), axis=axis)) + np.squeeze(m, axis=axis)", import: "" },
        doc: "log(sum(exp(x))), without overflow", source: "Boyd & Vandenberghe 2004, 3.1.5", ..BASE },
    Function { name: "norm1", signature: Signature::Reduction { arrays: 1, axis: false }, lowering: Lowering::Definition("sum(abs(x))"),
        kernel: array(|a, _| a[0].reduce(None, |v| v.iter().map(|x| x.abs()).sum())),
        facts: range(Range::NonNegative), unicode: Notation::Around("‖", "‖₁"), latex: Notation::Around("\\lVert ", " \\rVert_{1}"),
        numpy: Code::plain("np.sum(np.abs({0}))"), doc: "the sum of magnitudes", ..BASE },
    Function { name: "norm2", aliases: &["norm"], signature: Signature::Reduction { arrays: 1, axis: false }, lowering: Lowering::Definition("sqrt(sum(x^2))"),
        kernel: array(|a, _| a[0].reduce(None, |v| v.iter().map(|x| x * x).sum::<f64>().sqrt())),
        facts: range(Range::NonNegative), unicode: Notation::Around("‖", "‖"), latex: Notation::Around("\\lVert ", " \\rVert"),
        numpy: Code::plain("np.sqrt(np.sum(np.square({0})))"), doc: "the Euclidean or Frobenius norm", ..BASE },
    Function { name: "dot", parameters: &["a", "b"], signature: PAIR, lowering: Lowering::Definition("sum(a*b)"),
        kernel: array(|a, _| a[0].zip(a[1], |x, y| x * y)?.reduce(None, |v| v.iter().sum())),
        unicode: Notation::Operator("dot"), latex: Notation::Operator("\\operatorname{dot}"),
        numpy: Code::plain("np.sum({0} * {1})"), doc: "the inner product of two arrays of one shape", ..BASE },
    Function { name: "mse", parameters: &["a", "b"], signature: PAIR, lowering: Lowering::Definition("sum((a - b)^2)/count(a)"),
        kernel: array(|a, _| a[0].zip(a[1], |x, y| (x - y) * (x - y))?.reduce(None, |v| v.iter().sum::<f64>() / v.len() as f64)),
        unicode: Notation::Operator("mse"), latex: Notation::Operator("\\operatorname{mse}"),
        numpy: Code::plain("np.mean(np.square({0} - {1}))"), doc: "the mean of squared differences", source: "Bishop 2006, 1.2", ..BASE },
    Function { name: "cross_entropy", parameters: &["p", "t"], signature: PAIR, lowering: Lowering::Definition("-sum(t*log(p))"),
        kernel: array(|a, _| a[0].zip(a[1], |p, t| if p > 0.0 { -t * p.ln() } else { f64::NAN })?.reduce(None, |v| v.iter().sum())),
        unicode: Notation::Operator("cross_entropy"), latex: Notation::Operator("\\operatorname{CE}"),
        numpy: Code::plain("-np.sum({1} * np.log({0}))"), doc: "-sum(t .* log(p)) of probabilities p and targets t", source: "Bishop 2006, 4.108", ..BASE },
    Function { name: "softmax", signature: Signature::Axiswise,
        lowering: Lowering::Named { definition: "exp(x)/sum(exp(x))", vjp: &["y*g - y*sum(g*y)"] },
        kernel: array(|a, k| a[0].along(k, |v| { let s = log_sum_exp(v); v.iter().map(|x| (x - s).exp()).collect() })),
        facts: range(Range::Unit), unicode: Notation::Operator("softmax"), latex: Notation::Operator("\\operatorname{softmax}"),
        numpy: Code { call: "_softmax({0}{axis})", helper: "def _softmax(x, axis=None):\n    e = np.exp(x - np.max(x, axis=axis, keepdims=True))\n    return e / np.sum(e, axis=axis, keepdims=True)", import: "" },
        doc: "exp(x)/sum(exp(x)); for a matrix along `axis=`", source: "Bridle 1990", ..BASE },
    Function { name: "logsoftmax", signature: Signature::Axiswise,
        lowering: Lowering::Named { definition: "x - logsumexp(x)", vjp: &["g - softmax(x)*sum(g)"] },
        kernel: array(|a, k| a[0].along(k, |v| { let s = log_sum_exp(v); v.iter().map(|x| x - s).collect() })),
        unicode: Notation::Operator("logsoftmax"), latex: Notation::Operator("\\operatorname{logsoftmax}"),
        numpy: Code { call: "_logsoftmax({0}{axis})", helper: "def _logsoftmax(x, axis=None):\n    d = x - np.max(x, axis=axis, keepdims=True)\n    return d - np.log(np.sum(np.exp(d), axis=axis, keepdims=True))", import: "" },
        doc: "log(softmax(x)), without overflow", source: "Bridle 1990", ..BASE },
    Function { name: "layernorm", parameters: &["x", "eps"], signature: Signature::Axiswise,
        lowering: Lowering::Named { definition: "(x - mean(x))/sqrt(mean((x - mean(x))^2) + eps)",
            vjp: &["(g - mean(g) - y*mean(g*y))/sqrt(mean((x - mean(x))^2) + eps)", "-1/2*sum(g*y)/(mean((x - mean(x))^2) + eps)"] },
        kernel: array(|a, k| { let eps = a[1].data[0]; a[0].along(k, |v| { let n = v.len() as f64; let m = v.iter().sum::<f64>() / n;
            let s = (v.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / n + eps).sqrt(); v.iter().map(|x| (x - m) / s).collect() }) }),
        unicode: Notation::Operator("layernorm"), latex: Notation::Operator("\\operatorname{LayerNorm}"),
        numpy: Code { call: "_layernorm({0}, {1}{axis})", helper: "def _layernorm(x, eps, axis=None):\n    c = x - np.mean(x, axis=axis, keepdims=True)\n    return c / np.sqrt(np.mean(np.square(c), axis=axis, keepdims=True) + eps)", import: "" },
        doc: "entries less their mean, over their standard deviation (biased, eps added to the variance)", source: "Ba, Kiros, Hinton 2016", ..BASE },
];

fn log_sum_exp(v: &[f64]) -> f64 {
    let m = v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    m + v.iter().map(|x| (x - m).exp()).sum::<f64>().ln()
}

impl Array<f64> {
    /// The value of `f` on all entries, or on each line along `axis`.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where there is no such axis.
    pub fn reduce(
        &self,
        axis: Option<usize>,
        f: impl Fn(&[f64]) -> f64,
    ) -> Result<Array<f64>, KernelError> {
        let Some(axis) = axis else {
            return Ok(Array { shape: vec![], data: vec![f(&self.data)] });
        };
        let (shape, data) = self.lines(axis, |line| vec![f(line)])?;
        let mut shape = shape;
        shape.remove(axis);
        Ok(Array { shape, data })
    }

    /// `f` on each line along `axis` (of a vector or scalar: on all entries).
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where there is no such axis, or a matrix has none given.
    pub fn along(
        &self,
        axis: Option<usize>,
        f: impl Fn(&[f64]) -> Vec<f64>,
    ) -> Result<Array<f64>, KernelError> {
        if axis.is_none() && self.shape.len() < 2 {
            return Ok(Array { shape: self.shape.clone(), data: f(&self.data) });
        }
        let (shape, data) = self.lines(axis.ok_or(KernelError::Unsupported)?, f)?;
        Ok(Array { shape, data })
    }

    fn lines(
        &self,
        axis: usize,
        f: impl Fn(&[f64]) -> Vec<f64>,
    ) -> Result<(Vec<usize>, Vec<f64>), KernelError> {
        let n = *self.shape.get(axis).ok_or(KernelError::Unsupported)?;
        let inner: usize = self.shape[axis + 1..].iter().product();
        let outer: usize = self.shape[..axis].iter().product();
        let mut shape = self.shape.clone();
        let mut results = Vec::with_capacity(inner * outer);
        for o in 0..outer {
            for i in 0..inner {
                let line: Vec<f64> =
                    (0..n).map(|k| self.data[(o * n + k) * inner + i]).collect();
                results.push(f(&line));
            }
        }
        let m = results.first().map_or(n, Vec::len);
        shape[axis] = m;
        let mut data = vec![0.0; outer * m * inner];
        for o in 0..outer {
            for i in 0..inner {
                for k in 0..m {
                    data[(o * m + k) * inner + i] = results[o * inner + i][k];
                }
            }
        }
        Ok((shape, data))
    }
}
