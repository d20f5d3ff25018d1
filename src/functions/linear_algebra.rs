//! Functions of matrices.

use super::{
    ArrayKernel, Code, DoubleKernel, Facts, Function, Kernel, Kind, Lowering, Notation, Signature,
    Special,
};
use crate::array::{Array, KernelError};

const SQUARE: Signature = Signature::Shapes(&["A[n,n] -> []"]);

const BASE: Function = Function {
    name: "",
    aliases: &[],
    parameters: &["A"],
    signature: SQUARE,
    lowering: Lowering::Unsupported,
    kernel: Kernel::Special,
    binary: None,
    facts: Facts::NONE,
    unicode: Notation::Operator(""),
    latex: Notation::Operator(""),
    numpy: Code::plain(""),
    doc: "",
    source: "Petersen & Pedersen 2012, §1",
};

const fn array(double: DoubleKernel) -> Kernel {
    Kernel::Array(ArrayKernel { double })
}

#[rustfmt::skip]
pub(super) static TABLE: &[Function] = &[
    Function { name: "tr", aliases: &["trace"], lowering: Lowering::Einsum(&["ii->"]), kernel: array(|a, _| Ok(Array::scalar(a[0].diagonal()?.iter().sum()))),
        unicode: Notation::Operator("tr"), latex: Notation::Operator("\\operatorname{tr}"), numpy: Code::plain("np.trace({0})"), doc: "the trace", ..BASE },
    Function { name: "det", lowering: Lowering::Node(Kind::Determinant), kernel: array(|a, _| Ok(Array::scalar(a[0].determinant()?))),
        unicode: Notation::Operator("det"), latex: Notation::Operator("\\det"), numpy: Code::plain("np.linalg.det({0})"), doc: "the determinant", ..BASE },
    Function { name: "logdet", lowering: Lowering::Node(Kind::LogDeterminant),
        kernel: array(|a, _| { let d = a[0].determinant()?; if d == 0.0 { Err(KernelError::Undefined) } else { Ok(Array::scalar(d.abs().ln())) } }),
        unicode: Notation::Operator("logdet"), latex: Notation::Operator("\\operatorname{logdet}"), numpy: Code::plain("np.linalg.slogdet({0})[1]"),
        doc: "the logarithm of the magnitude of the determinant", ..BASE },
    Function { name: "inv", signature: Signature::Shapes(&["A[n,n] -> [n,n]"]), lowering: Lowering::Node(Kind::Inverse), kernel: array(|a, _| a[0].inverse()),
        unicode: Notation::Operator("inv"), latex: Notation::Operator("\\operatorname{inv}"), numpy: Code::plain("np.linalg.inv({0})"), doc: "the matrix inverse", ..BASE },
    Function { name: "adj", signature: Signature::Shapes(&["A[n,n] -> [n,n]"]), kernel: array(|a, _| a[0].adjugate()),
        unicode: Notation::Operator("adj"), latex: Notation::Operator("\\operatorname{adj}"), numpy: Code::plain("adj({0})"), doc: "the adjugate", ..BASE },
    Function { name: "transpose", signature: Signature::Shapes(&["A[m,n] -> [n,m]"]), lowering: Lowering::Einsum(&["ij->ji"]), kernel: array(|a, _| a[0].transposed()),
        unicode: Notation::Operator("transpose"), latex: Notation::Operator("\\operatorname{transpose}"), numpy: Code::plain("np.transpose({0})"), doc: "the transpose", ..BASE },
    Function { name: "diag", signature: Signature::Shapes(&["A[n] -> [n,n]", "A[n,n] -> [n]"]), lowering: Lowering::Einsum(&["i->ii", "ii->i"]),
        kernel: array(|a, _| if a[0].shape.len() == 1 { let n = a[0].shape[0]; Ok(Array::from_fn(&[n, n], |i| if i[0] == i[1] { a[0].data[i[0]] } else { 0.0 })) }
            else { let d = a[0].diagonal()?; Ok(Array { shape: vec![d.len()], data: d }) }),
        unicode: Notation::Operator("diag"), latex: Notation::Operator("\\operatorname{diag}"), numpy: Code::plain("np.diag({0})"),
        doc: "the diagonal matrix of a vector, or the diagonal of a matrix", ..BASE },
    Function { name: "outer", parameters: &["x", "z"], signature: Signature::Shapes(&["x[m], z[n] -> [m,n]"]), lowering: Lowering::Einsum(&["i,j->ij"]),
        kernel: array(|a, _| Ok(Array::from_fn(&[a[0].data.len(), a[1].data.len()], |i| a[0].data[i[0]] * a[1].data[i[1]]))),
        unicode: Notation::Operator("outer"), latex: Notation::Operator("\\operatorname{outer}"), numpy: Code::plain("np.outer({0}, {1})"), doc: "the outer product x*z'", ..BASE },
    Function { name: "vec", signature: Signature::Shapes(&["A[m,n] -> [m*n]"]), kernel: array(|a, _| { let t = a[0].transposed()?; Ok(Array { shape: vec![t.data.len()], data: t.data }) }),
        unicode: Notation::Operator("vec"), latex: Notation::Operator("\\operatorname{vec}"), numpy: Code::plain("np.ravel({0}, order=\"F\")"), doc: "the columns of a matrix, stacked", ..BASE },
    Function { name: "kron", parameters: &["A", "B"], signature: Signature::Shapes(&["A[m,n], B[p,q] -> [m*p,n*q]"]),
        kernel: array(|a, _| { let (p, q) = (a[1].shape[0], a[1].shape[1]); let (m, n) = (a[0].shape[0], a[0].shape[1]);
            Ok(Array::from_fn(&[m * p, n * q], |i| a[0].data[i[0] / p * n + i[1] / q] * a[1].data[i[0] % p * q + i[1] % q])) }),
        unicode: Notation::Operator("kron"), latex: Notation::Operator("\\operatorname{kron}"), numpy: Code::plain("np.kron({0}, {1})"), doc: "the Kronecker product", ..BASE },
    Function { name: "conv", parameters: &["x", "k"], signature: Signature::Shapes(&["x[m], k[p] -> [m-p+1]", "x[m,n], k[p,q] -> [m-p+1,n-q+1]"]), kernel: array(|a, _| convolve(a[0], a[1])),
        unicode: Notation::Operator("conv"), latex: Notation::Operator("\\operatorname{conv}"), numpy: Code::plain("conv({0}, {1})"), doc: "the 'valid' cross-correlation, in one or two dimensions", ..BASE },
    Function { name: "meanpool", parameters: &["X", "p"], signature: Signature::Special(Special::Pool), kernel: array(|a, _| pool(a[0], a[1], |w| w.iter().sum::<f64>() / w.len() as f64)),
        unicode: Notation::Operator("meanpool"), latex: Notation::Operator("\\operatorname{meanpool}"), numpy: Code::plain("meanpool({0}, {1})"), doc: "the means of windows of p (or p×p) that do not overlap", ..BASE },
    Function { name: "maxpool", parameters: &["X", "p"], signature: Signature::Special(Special::Pool), kernel: array(|a, _| pool(a[0], a[1], |w| w.iter().copied().fold(f64::NEG_INFINITY, f64::max))),
        unicode: Notation::Operator("maxpool"), latex: Notation::Operator("\\operatorname{maxpool}"), numpy: Code::plain("maxpool({0}, {1})"), doc: "the largest entries of windows of p (or p×p) that do not overlap", ..BASE },
];

impl Array<f64> {
    /// A scalar.
    pub fn scalar(value: f64) -> Array<f64> {
        Array { shape: vec![], data: vec![value] }
    }

    /// The array with these entries, by multi-index.
    pub fn from_fn(shape: &[usize], mut f: impl FnMut(&[usize]) -> f64) -> Array<f64> {
        let count = shape.iter().product();
        let mut index = vec![0; shape.len()];
        let mut data = Vec::with_capacity(count);
        for _ in 0..count {
            data.push(f(&index));
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Array { shape: shape.to_vec(), data }
    }

    /// Entry by entry; both have one shape.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] for different shapes.
    pub fn zip(&self, other: &Array, f: impl Fn(f64, f64) -> f64) -> Result<Array, KernelError> {
        if self.shape != other.shape {
            return Err(KernelError::Unsupported);
        }
        let data = self.data.iter().zip(&other.data).map(|(x, y)| f(*x, *y)).collect();
        Ok(Array { shape: self.shape.clone(), data })
    }

    /// The size of a square matrix; a scalar counts as 1×1.
    fn order(&self) -> Result<usize, KernelError> {
        match self.shape[..] {
            [] => Ok(1),
            [n, m] if n == m => Ok(n),
            _ => Err(KernelError::Unsupported),
        }
    }

    fn diagonal(&self) -> Result<Vec<f64>, KernelError> {
        let n = self.order()?;
        Ok((0..n).map(|i| self.data[i * n + i]).collect())
    }

    fn transposed(&self) -> Result<Array, KernelError> {
        match self.shape[..] {
            [] => Ok(self.clone()),
            [m, n] => Ok(Array::from_fn(&[n, m], |i| self.data[i[1] * n + i[0]])),
            _ => Err(KernelError::Unsupported),
        }
    }

    /// By elimination with partial pivoting.
    fn determinant(&self) -> Result<f64, KernelError> {
        let n = self.order()?;
        let mut a = self.data.clone();
        let mut det = 1.0;
        for c in 0..n {
            let p = (c..n)
                .max_by(|x, y| a[x * n + c].abs().total_cmp(&a[y * n + c].abs()))
                .unwrap_or(c);
            if a[p * n + c] == 0.0 {
                return Ok(0.0);
            }
            if p != c {
                (0..n).for_each(|k| a.swap(p * n + k, c * n + k));
                det = -det;
            }
            det *= a[c * n + c];
            for r in c + 1..n {
                let f = a[r * n + c] / a[c * n + c];
                for k in c..n {
                    a[r * n + k] -= f * a[c * n + k];
                }
            }
        }
        Ok(det)
    }

    /// By Gauss–Jordan elimination with partial pivoting.
    pub(crate) fn inverse(&self) -> Result<Array, KernelError> {
        let n = self.order()?;
        let mut a = self.data.clone();
        let mut b = vec![0.0; n * n];
        (0..n).for_each(|i| b[i * n + i] = 1.0);
        for c in 0..n {
            let p = (c..n)
                .max_by(|x, y| a[x * n + c].abs().total_cmp(&a[y * n + c].abs()))
                .unwrap_or(c);
            if a[p * n + c] == 0.0 {
                return Err(KernelError::Undefined);
            }
            for k in 0..n {
                a.swap(p * n + k, c * n + k);
                b.swap(p * n + k, c * n + k);
            }
            let d = a[c * n + c];
            for k in 0..n {
                a[c * n + k] /= d;
                b[c * n + k] /= d;
            }
            for r in (0..n).filter(|r| *r != c) {
                let f = a[r * n + c];
                for k in 0..n {
                    a[r * n + k] -= f * a[c * n + k];
                    b[r * n + k] -= f * b[c * n + k];
                }
            }
        }
        Ok(Array { shape: self.shape.clone(), data: b })
    }

    /// By cofactors.
    fn adjugate(&self) -> Result<Array, KernelError> {
        let n = self.order()?;
        let mut data = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                let minor: Vec<f64> = (0..n * n)
                    .filter(|k| k / n != i && k % n != j)
                    .map(|k| self.data[k])
                    .collect();
                let minor = Array { shape: vec![n - 1, n - 1], data: minor };
                let sign = if (i + j) % 2 == 0 { 1.0 } else { -1.0 };
                data[j * n + i] = sign * minor.determinant()?;
            }
        }
        Ok(Array { shape: self.shape.clone(), data })
    }
}

fn convolve(x: &Array, k: &Array) -> Result<Array, KernelError> {
    if x.shape.iter().zip(&k.shape).any(|(n, p)| p > n || *p == 0) {
        return Err(KernelError::Undefined);
    }
    let shape: Vec<usize> = x.shape.iter().zip(&k.shape).map(|(n, p)| n + 1 - p).collect();
    let flat = |shape: &[usize], at: &[usize]| at.iter().zip(shape).fold(0, |s, (i, n)| s * n + i);
    Ok(Array::from_fn(&shape, |o| {
        let mut sum = 0.0;
        Array::from_fn(&k.shape, |r| {
            let at: Vec<usize> = o.iter().zip(r).map(|(a, b)| a + b).collect();
            sum += x.data[flat(&x.shape, &at)] * k.data[flat(&k.shape, r)];
            0.0
        });
        sum
    }))
}

fn pool(x: &Array, p: &Array, f: impl Fn(&[f64]) -> f64) -> Result<Array, KernelError> {
    let p = p.data[0];
    if p.fract() != 0.0 || p < 1.0 || x.shape.iter().any(|n| n % p as usize != 0) {
        return Err(KernelError::Undefined);
    }
    let p = p as usize;
    let shape: Vec<usize> = x.shape.iter().map(|n| n / p).collect();
    let window = vec![p; shape.len()];
    let flat = |at: &[usize]| at.iter().zip(&x.shape).fold(0, |s, (i, n)| s * n + i);
    Ok(Array::from_fn(&shape, |o| {
        let w = Array::from_fn(&window, |r| {
            let at: Vec<usize> = o.iter().zip(r).map(|(a, b)| a * p + b).collect();
            x.data[flat(&at)]
        });
        f(&w.data)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_determinant_and_adjugate_agree() {
        let a = Array { shape: vec![3, 3], data: vec![2.0, -1.0, 0.5, 1.0, 3.0, -2.0, 0.0, 1.0, 4.0] };
        let (inverse, adj, det) = (
            a.inverse().expect("regular"),
            a.adjugate().expect("square"),
            a.determinant().expect("square"),
        );
        assert!((det - 32.5).abs() < 1e-12);
        for (x, y) in inverse.data.iter().zip(&adj.data) {
            assert!((x * det - y).abs() < 1e-12);
        }
    }
}
