//! Kernels of symmetric matrices: the Cholesky factor, eigenvalues and eigenvectors.
//!
//! A matrix is read through its symmetric part, (A + A')/2, so that entries that are varied one by
//! one have the derivative that a symmetric matrix has. Where a kind of number has no order or no
//! square root there is no value; none is made up.

use super::reduction::{apply, one, whole};
use crate::array::{Array, KernelError, Scalar};

type Result<T> = std::result::Result<T, KernelError>;

/// Rotations beyond this many sweeps are given up.
const SWEEPS: usize = 64;

/// The symmetric part of the only argument, with its side.
pub(super) fn symmetric<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<(Vec<S>, usize)> {
    whole(axis)?;
    let x = one(arguments)?;
    let n = match *x.shape.as_slice() {
        [] => 1,
        [m, n] if m == n => n,
        _ => return Err(KernelError::Unsupported),
    };
    let two = S::ONE.add(S::ONE);
    let mut a = Vec::with_capacity(n * n);
    for i in 0..n {
        for j in 0..n {
            let entry = if i == j {
                x.data[i * n + j]
            } else {
                x.data[i * n + j].add(x.data[j * n + i]).div(two)?
            };
            a.push(entry);
        }
    }
    Ok((a, n))
}

/// The lower triangular L with positive diagonal and L L' = A.
///
/// **Source** Golub & Van Loan 2013, §4.2.
pub(in crate::functions) fn chol<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    let (a, n) = symmetric(arguments, axis)?;
    let mut l = vec![S::ZERO; n * n];
    for j in 0..n {
        let mut head = a[j * n + j];
        for k in 0..j {
            head = head.sub(l[j * n + k].mul(l[j * n + k]));
        }
        if !S::ZERO.less(head)? {
            return Err(KernelError::Undefined);
        }
        let head = apply("sqrt", head)?;
        l[j * n + j] = head;
        for i in j + 1..n {
            let mut sum = a[i * n + j];
            for k in 0..j {
                sum = sum.sub(l[i * n + k].mul(l[j * n + k]));
            }
            l[i * n + j] = sum.div(head)?;
        }
    }
    Ok(Array { shape: one(arguments)?.shape.clone(), data: l })
}

/// Eigenvalues, ascending, and the eigenvectors in the columns of a matrix, by cyclic Jacobi
/// rotations.
///
/// **Source** Golub & Van Loan 2013, §8.5.
pub(super) fn eigen<S: Scalar>(mut a: Vec<S>, n: usize) -> Result<(Vec<S>, Vec<S>)> {
    if !S::OVERFLOWS {
        // iterations that stop at rounding errors have no exact value, and no bound on their error
        return Err(KernelError::Unsupported);
    }
    let mut q = vec![S::ZERO; n * n];
    q.iter_mut().step_by(n + 1).for_each(|v| *v = S::ONE);
    let scale = a.iter().map(|v| v.size()).fold(0.0, f64::max);
    for _ in 0..SWEEPS {
        let off = |a: &[S]| {
            let below = (0..n).flat_map(|i| (0..i).map(move |j| i * n + j));
            below.map(|k| a[k].size()).fold(0.0, f64::max)
        };
        if off(&a) <= scale * 1e-300_f64.max(f64::EPSILON * f64::EPSILON) {
            break;
        }
        for p in 0..n {
            for r in p + 1..n {
                rotate(&mut a, &mut q, n, (p, r))?;
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    let mut wrong = None;
    order.sort_by(|&i, &j| match a[i * n + i].less(a[j * n + j]) {
        Ok(true) => std::cmp::Ordering::Less,
        Ok(false) if a[i * n + i] == a[j * n + j] => std::cmp::Ordering::Equal,
        Ok(false) => std::cmp::Ordering::Greater,
        Err(e) => {
            wrong = Some(e);
            std::cmp::Ordering::Equal
        }
    });
    if let Some(e) = wrong {
        return Err(e);
    }
    let values = order.iter().map(|&i| a[i * n + i]).collect();
    let mut vectors = vec![S::ZERO; n * n];
    for (to, &from) in order.iter().enumerate() {
        // the sign by which the largest entry is positive
        let largest = (0..n).fold(0, |best, i| {
            if q[i * n + from].size() > q[best * n + from].size() * (1.0 + 1e-9) { i } else { best }
        });
        let flip = n > 0 && q[largest * n + from].less(S::ZERO)?;
        for i in 0..n {
            let v = q[i * n + from];
            vectors[i * n + to] = if flip { S::ZERO.sub(v) } else { v };
        }
    }
    Ok((values, vectors))
}

/// One rotation that makes the entries (p, r) and (r, p) vanish.
fn rotate<S: Scalar>(a: &mut [S], q: &mut [S], n: usize, (p, r): (usize, usize)) -> Result<()> {
    let off = a[p * n + r];
    if off == S::ZERO {
        return Ok(());
    }
    let two = S::ONE.add(S::ONE);
    let theta = a[r * n + r].sub(a[p * n + p]).div(two.mul(off))?;
    let root = apply("sqrt", theta.mul(theta).add(S::ONE))?;
    let t = if theta.less(S::ZERO)? {
        S::ZERO.sub(S::ONE).div(root.sub(theta))?
    } else {
        S::ONE.div(root.add(theta))?
    };
    let c = S::ONE.div(apply("sqrt", t.mul(t).add(S::ONE))?)?;
    let s = t.mul(c);
    for k in 0..n {
        let (x, y) = (a[k * n + p], a[k * n + r]);
        a[k * n + p] = c.mul(x).sub(s.mul(y));
        a[k * n + r] = s.mul(x).add(c.mul(y));
    }
    for k in 0..n {
        let (x, y) = (a[p * n + k], a[r * n + k]);
        a[p * n + k] = c.mul(x).sub(s.mul(y));
        a[r * n + k] = s.mul(x).add(c.mul(y));
    }
    for k in 0..n {
        let (x, y) = (q[k * n + p], q[k * n + r]);
        q[k * n + p] = c.mul(x).sub(s.mul(y));
        q[k * n + r] = s.mul(x).add(c.mul(y));
    }
    // exact zeros, so that the iteration ends
    a[p * n + r] = S::ZERO;
    a[r * n + p] = S::ZERO;
    Ok(())
}

/// The eigenvalues in ascending order.
pub(in crate::functions) fn eigvals<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    let scalar = one(arguments)?.shape.is_empty();
    let (a, n) = symmetric(arguments, axis)?;
    let (values, _) = eigen(a, n)?;
    Ok(Array { shape: if scalar { Vec::new() } else { vec![n] }, data: values })
}

/// The eigenvectors in the order of the eigenvalues, as columns of length 1; of each the entry of
/// largest magnitude, the first of several, is positive.
pub(in crate::functions) fn eigvecs<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    let (a, n) = symmetric(arguments, axis)?;
    let (_, vectors) = eigen(a, n)?;
    Ok(Array { shape: one(arguments)?.shape.clone(), data: vectors })
}

/// The entries on and below the diagonal, 0 above it.
pub(in crate::functions) fn tril<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    triangle(arguments, axis, |i, j| i >= j)
}

/// The entries on and above the diagonal, 0 below it.
pub(in crate::functions) fn triu<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    triangle(arguments, axis, |i, j| i <= j)
}

fn triangle<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
    keep: impl Fn(usize, usize) -> bool,
) -> Result<Array<S>> {
    whole(axis)?;
    let x = one(arguments)?;
    let n = match *x.shape.as_slice() {
        [] => 1,
        [_, n] => n,
        _ => return Err(KernelError::Unsupported),
    };
    let mut out = x.clone();
    for (at, v) in out.data.iter_mut().enumerate() {
        if n > 0 && !keep(at / n, at % n) {
            *v = S::ZERO;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(n: usize, data: &[f64]) -> Array<f64> {
        Array { shape: vec![n, n], data: data.to_vec() }
    }

    fn product(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
        let entry = |i: usize, j: usize| (0..n).map(|k| a[i * n + k] * b[k * n + j]).sum();
        (0..n * n).map(|at| entry(at / n, at % n)).collect()
    }

    fn transposed(a: &[f64], n: usize) -> Vec<f64> {
        (0..n * n).map(|at| a[at % n * n + at / n]).collect()
    }

    #[test]
    fn factors_multiply_back() {
        let a = matrix(3, &[4.0, 2.0, 0.6, 2.0, 3.0, -1.0, 0.6, -1.0, 5.0]);
        let l = chol(&[&a], None).expect("positive definite").data;
        let back = product(&l, &transposed(&l, 3), 3);
        let q = eigvecs(&[&a], None).expect("symmetric").data;
        let d = eigvals(&[&a], None).expect("symmetric").data;
        assert!(d.windows(2).all(|w| w[0] < w[1]));
        let diagonal: Vec<f64> =
            (0..9).map(|at| if at % 4 == 0 { d[at / 4] } else { 0.0 }).collect();
        let again = product(&product(&q, &diagonal, 3), &transposed(&q, 3), 3);
        for ((x, y), z) in a.data.iter().zip(&back).zip(&again) {
            assert!((x - y).abs() < 1e-14 && (x - z).abs() < 1e-13);
        }
    }

    #[test]
    fn what_is_not_symmetric_is_read_through_its_symmetric_part() {
        let a = matrix(2, &[4.0, 1.0, 3.0, 5.0]);
        let b = matrix(2, &[4.0, 2.0, 2.0, 5.0]);
        assert_eq!(chol(&[&a], None), chol(&[&b], None));
        assert_eq!(eigvals(&[&a], None), eigvals(&[&b], None));
        let c = matrix(2, &[1.0, 2.0, 2.0, 1.0]);
        assert_eq!(chol(&[&c], None), Err(KernelError::Undefined));
    }
}
