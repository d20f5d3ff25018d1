//! Kernels of machine learning.

use super::reduction::{apply, average, largest, log_sum_exp, one, shift, total, two, whole};
use crate::array::{Array, KernelError, Scalar};

type Result<T> = std::result::Result<T, KernelError>;

/// exp(x)/Σ exp(x) along an axis, shifted so that nothing overflows.
pub(in crate::functions) fn softmax<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.along(axis, |line| {
        let m = shift(line)?;
        for x in line.iter_mut() {
            *x = apply("exp", x.sub(m))?;
        }
        let sum = total(line);
        for x in line.iter_mut() {
            *x = x.div(sum)?;
        }
        Ok(())
    })
}

/// x − log Σ exp(x) along an axis.
pub(in crate::functions) fn logsoftmax<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.along(axis, |line| {
        // shifted first: the difference of two large numbers would lose the digits of the small
        let m = shift(line)?;
        for x in line.iter_mut() {
            *x = x.sub(m);
        }
        let log_sum = log_sum_exp(line)?;
        for x in line.iter_mut() {
            *x = x.sub(log_sum);
        }
        Ok(())
    })
}

/// (x − mean)/√(variance + eps) along an axis.
pub(in crate::functions) fn layernorm<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    let (x, eps) = two(arguments)?;
    let eps = eps.as_scalar()?;
    x.along(axis, |line| {
        let mean = average(line)?;
        for x in line.iter_mut() {
            *x = x.sub(mean);
        }
        let squares: Vec<S> = line.iter().map(|&x| x.mul(x)).collect();
        let deviation = apply("sqrt", average(&squares)?.add(eps))?;
        for x in line.iter_mut() {
            *x = x.div(deviation)?;
        }
        Ok(())
    })
}

/// −Σ t log p.
pub(in crate::functions) fn cross_entropy<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (p, t) = two(arguments)?;
    let terms = p.zip(t, |p, t| Ok(t.mul(apply("log", p)?)))?;
    Ok(Array::scalar(S::ZERO.sub(total(&terms.data))))
}

/// The mean of (a − b)².
pub(in crate::functions) fn mse<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (a, b) = two(arguments)?;
    let squares = a.zip(b, |a, b| {
        let d = a.sub(b);
        Ok(d.mul(d))
    })?;
    average(&squares.data).map(Array::scalar)
}

/// A vector as a matrix of one row, with its rows and columns.
fn as_matrix<S>(x: &Array<S>) -> Result<(usize, usize)> {
    match *x.shape.as_slice() {
        [n] => Ok((1, n)),
        [m, n] => Ok((m, n)),
        _ => Err(KernelError::Unsupported),
    }
}

/// y[i,j] = Σ x[i+p, j+q] k[p,q] where k lies within x.
pub(in crate::functions) fn conv<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (x, k) = two(arguments)?;
    let ((m, n), (p, q)) = (as_matrix(x)?, as_matrix(k)?);
    if x.rank() != k.rank() || p > m || q > n || p * q == 0 {
        return Err(KernelError::Unsupported);
    }
    let mut y = Array::from_fn(&[m - p + 1, n - q + 1], |at| {
        let mut sum = S::ZERO;
        for r in 0..p {
            let row = &x.data[(at[0] + r) * n + at[1]..][..q];
            for (&x, &k) in row.iter().zip(&k.data[r * q..][..q]) {
                sum = sum.add(x.mul(k));
            }
        }
        sum
    })?;
    if x.rank() == 1 {
        y.shape.remove(0);
    }
    Ok(y)
}

/// `f` of each window of p or p×p entries in row-major order; p divides the sizes.
fn pool<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
    f: impl Fn(&[S]) -> Result<S>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (x, p) = two(arguments)?;
    let (m, n) = as_matrix(x)?;
    let p = p.as_scalar()?.size();
    #[expect(clippy::cast_sign_loss, reason = "a size is not negative")]
    let width = p as usize;
    if p.fract() != 0.0 || width == 0 || width > n || n % width != 0 {
        return Err(KernelError::Unsupported);
    }
    let height = if x.rank() == 1 { 1 } else { width };
    if m % height != 0 {
        return Err(KernelError::Unsupported);
    }
    let mut window = Vec::new();
    let mut data = Vec::with_capacity(m * n / (height * width));
    for top in (0..m).step_by(height) {
        for left in (0..n).step_by(width) {
            window.clear();
            for r in top..top + height {
                window.extend_from_slice(&x.data[r * n + left..][..width]);
            }
            data.push(f(&window)?);
        }
    }
    let shape = if x.rank() == 1 { vec![n / width] } else { vec![m / height, n / width] };
    Ok(Array { shape, data })
}

pub(in crate::functions) fn meanpool<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    pool(arguments, axis, average)
}

pub(in crate::functions) fn maxpool<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    pool(arguments, axis, largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-13)
    }

    #[test]
    fn softmax_sums_to_one_and_ignores_a_shift() {
        let x = Array::vector(vec![0.3, -1.2, 2.5]);
        let y = softmax(&[&x], None).expect("a vector");
        assert!((y.data.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        let shifted = x.map(|x| Ok(x + 1000.0)).and_then(|x| softmax(&[&x], None));
        assert!(close(&shifted.expect("finite").data, &y.data));
        assert!((y.data[2] / y.data[0] - 2.2f64.exp()).abs() < 1e-13);
        let logs = logsoftmax(&[&x], None).and_then(|l| l.map(|x| Ok(x.exp())));
        assert!(close(&logs.expect("finite").data, &y.data));
    }

    #[test]
    fn softmax_of_a_matrix_runs_along_its_axis() {
        let x = Array { shape: vec![2, 2], data: vec![0.0, 2f64.ln(), 0.0, 0.0] };
        let rows = softmax(&[&x], Some(1)).expect("two axes");
        assert!(close(&rows.data, &[1.0 / 3.0, 2.0 / 3.0, 0.5, 0.5]));
        let columns = softmax(&[&x], Some(0)).expect("two axes");
        assert!(close(&columns.data, &[0.5, 2.0 / 3.0, 0.5, 1.0 / 3.0]));
    }

    #[test]
    fn layernorm_has_mean_zero_and_variance_one() {
        let x = Array::vector(vec![1.0, 2.0, 4.0, 9.0]);
        let y = layernorm(&[&x, &Array::scalar(0.0)], None).expect("not constant");
        assert!(y.data.iter().sum::<f64>().abs() < 1e-14);
        assert!((y.data.iter().map(|v| v * v).sum::<f64>() - 4.0).abs() < 1e-14);
        let flat = Array::vector(vec![1.0, 1.0]);
        assert_eq!(layernorm(&[&flat, &Array::scalar(0.0)], None), Err(KernelError::Undefined));
    }

    #[test]
    fn losses() {
        let (p, t) = (Array::vector(vec![0.5, 0.25, 0.25]), Array::vector(vec![0.0, 1.0, 0.0]));
        let loss = cross_entropy(&[&p, &t], None).and_then(|l| l.as_scalar());
        assert_eq!(loss, Ok(4f64.ln()));
        assert_eq!(mse(&[&p, &t], None).and_then(|l| l.as_scalar()), Ok(0.875 / 3.0));
    }

    #[test]
    fn convolution_is_cross_correlation() {
        let (x, k) = (Array::vector(vec![1.0, 2.0, 3.0, 4.0]), Array::vector(vec![1.0, 10.0]));
        assert_eq!(conv(&[&x, &k], None), Ok(Array::vector(vec![21.0, 32.0, 43.0])));
        let x = Array::from_fn(&[3, 3], |i| (3 * i[0] + i[1]) as f64).expect("small");
        let k = Array { shape: vec![2, 2], data: vec![1.0, 0.0, 0.0, -1.0] };
        assert_eq!(conv(&[&x, &k], None).map(|y| y.data), Ok(vec![-4.0; 4]));
        assert_eq!(conv(&[&k, &x], None), Err(KernelError::Unsupported));
    }

    #[test]
    fn windows_of_pooling_do_not_overlap() {
        let x = Array::from_fn(&[2, 4], |i| (4 * i[0] + i[1]) as f64).expect("small");
        let two = Array::scalar(2.0);
        assert_eq!(meanpool(&[&x, &two], None).map(|y| y.data), Ok(vec![2.5, 4.5]));
        assert_eq!(maxpool(&[&x, &two], None).map(|y| y.shape), Ok(vec![1, 2]));
        assert_eq!(maxpool(&[&x, &two], None).map(|y| y.data), Ok(vec![5.0, 7.0]));
        let three = Array::scalar(3.0);
        assert_eq!(meanpool(&[&x, &three], None), Err(KernelError::Unsupported));
        for bad in [0.0, 0.5, f64::NAN, f64::INFINITY] {
            assert!(maxpool(&[&x, &Array::scalar(bad)], None).is_err());
        }
    }
}
