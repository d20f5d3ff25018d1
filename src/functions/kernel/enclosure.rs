//! Eigenvalues with a bound on their error.
//!
//! With approximate eigenvectors Q the matrix Q⁻¹ A Q is nearly diagonal and has the eigenvalues of
//! A; each of its discs of Gershgorin that lies apart from the others holds one of them, and each
//! group of k discs that touch holds k. Rounding is in the entries, which are balls themselves.
//!
//! **Source** Golub & Van Loan 2013, §7.2.1; Rump, Verification methods, Acta Numerica 2010, §13.

use super::decomposition::{eigen, symmetric};
use super::linear_algebra::inv;
use crate::array::{Array, KernelError, Scalar};
use crate::field::ball::Ball;
use crate::field::magnitude::Magnitude;
use crate::field::wide::Wide;

type Result<T> = std::result::Result<T, KernelError>;

/// Corrections of the eigenvectors: each squares their error, which is that of doubles at first.
const CORRECTIONS: usize = 4;

/// The eigenvalues of the symmetric part in ascending order.
pub(in crate::functions) fn eigvals(
    arguments: &[&Array<Ball>],
    axis: Option<usize>,
) -> Result<Array<Ball>> {
    let (a, n) = symmetric(arguments, axis)?;
    let doubles: Vec<f64> = a.iter().map(|v| v.to_double()).collect();
    if doubles.iter().any(|v| !v.is_finite()) {
        return Err(KernelError::Unsupported);
    }
    let (_, vectors) = eigen(doubles, n)?;
    let exact = |v: f64| Wide::from_double(v).map(Ball::exact).ok_or(KernelError::Unsupported);
    let mut q = vectors.into_iter().map(exact).collect::<Result<Vec<Ball>>>()?;
    let mut m = similar(&a, &q, n)?;
    for _ in 0..CORRECTIONS {
        q = corrected(&m, &q, n);
        m = similar(&a, &q, n)?;
    }
    let scalar = arguments.first().is_some_and(|x| x.shape.is_empty());
    Ok(Array { shape: if scalar { Vec::new() } else { vec![n] }, data: discs(&m, n) })
}

/// Q⁻¹ A Q
fn similar(a: &[Ball], q: &[Ball], n: usize) -> Result<Vec<Ball>> {
    let vectors = Array { shape: vec![n, n], data: q.to_vec() };
    let inverse = inv(&[&vectors], None)?.data;
    Ok(product(&product(&inverse, a, n), q, n))
}

fn product(a: &[Ball], b: &[Ball], n: usize) -> Vec<Ball> {
    let entry = |at: usize| {
        (0..n).fold(Ball::ZERO, |sum, k| sum.add(a[at / n * n + k].mul(b[k * n + at % n])))
    };
    (0..n * n).map(entry).collect()
}

/// Q (I + X) with Xᵢⱼ = Mᵢⱼ/(Mⱼⱼ − Mᵢᵢ), to first order the vectors that make M diagonal; midpoints
/// alone, since any invertible matrix serves.
fn corrected(m: &[Ball], q: &[Ball], n: usize) -> Vec<Ball> {
    let middle = |v: Ball| Ball::exact(v.mid());
    let entry = |at: usize| {
        let (i, j) = (at / n, at % n);
        if i == j {
            return Ball::ONE;
        }
        let gap = middle(m[j * n + j]).sub(middle(m[i * n + i]));
        let step = middle(m[at]).div(gap).map_or(Ball::ZERO, middle);
        // equal eigenvalues need no step, and get none that is large
        if step.size() < 1e-3 { step } else { Ball::ZERO }
    };
    let step: Vec<Ball> = (0..n * n).map(entry).collect();
    product(q, &step, n).into_iter().map(middle).collect()
}

/// The discs of Gershgorin, in ascending order; those that touch as one for each of them.
fn discs(m: &[Ball], n: usize) -> Vec<Ball> {
    let mut list: Vec<(Ball, Magnitude)> = (0..n)
        .map(|i| {
            let off = (0..n).filter(|j| *j != i).map(|j| m[i * n + j].above());
            let radius = off.fold(m[i * n + i].radius(), Magnitude::plus);
            (Ball::exact(m[i * n + i].mid()), radius)
        })
        .collect();
    list.sort_by(|a, b| a.0.mid().compare(b.0.mid()));
    let disc = |k: usize| list[k].0.widen(list[k].1);
    let mut group: Vec<usize> = (0..n).collect();
    for i in 0..n {
        for j in i + 1..n {
            if disc(i).less(disc(j)) != Ok(true) {
                let (from, to) = (group[j], group[i]);
                group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
            }
        }
    }
    (0..n)
        .map(|k| {
            // a chain of discs is no longer than all of their diameters
            let members = (0..n).filter(|l| group[*l] == group[k]);
            let alone = members.clone().count() == 1;
            let reach = members.fold(Magnitude::ZERO, |sum, l| sum.plus(list[l].1).plus(list[l].1));
            list[k].0.widen(if alone { list[k].1 } else { reach })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_are_enclosed_to_many_digits() {
        // [[2, 1], [1, 2]] has 1 and 3; [[1, 0], [0, 1]] has 1 twice
        let of = |data: [i64; 4]| {
            let data = data.into_iter().map(Ball::integer).collect();
            eigvals(&[&Array { shape: vec![2, 2], data }], None).expect("symmetric").data
        };
        for (found, exact) in [(of([2, 1, 1, 2]), [1, 3]), (of([1, 0, 0, 1]), [1, 1])] {
            for (ball, exact) in found.iter().zip(exact) {
                assert!(!ball.differs(Ball::integer(exact)));
                assert!(ball.agreement(Ball::integer(exact)) > 50.0, "{ball:?}");
            }
        }
    }
}
