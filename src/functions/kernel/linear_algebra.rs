//! Kernels of matrices.

use super::reduction::{apply, one, two, whole};
use crate::array::{Array, KernelError, Scalar};

type Result<T> = std::result::Result<T, KernelError>;

/// The adjugate of a larger matrix is refused: it costs the fifth power.
const LARGEST_ADJUGATE: usize = 48;

/// The side of a square matrix; a scalar is 1×1.
fn side<S>(x: &Array<S>) -> Result<usize> {
    match *x.shape.as_slice() {
        [] => Ok(1),
        [m, n] if m == n => Ok(n),
        _ => Err(KernelError::Unsupported),
    }
}

/// The only argument, square, with its side.
fn square<'a, S>(arguments: &[&'a Array<S>], axis: Option<usize>) -> Result<(&'a Array<S>, usize)> {
    whole(axis)?;
    let x = one(arguments)?;
    Ok((x, side(x)?))
}

/// The row from `k` on with the largest entry in column `k`.
fn pivot<S: Scalar>(a: &[S], n: usize, k: usize) -> usize {
    let mut best = k;
    for i in k + 1..n {
        if a[i * n + k].size() > a[best * n + k].size() {
            best = i;
        }
    }
    best
}

fn swap_rows<S>(a: &mut [S], width: usize, i: usize, k: usize) {
    if i != k {
        for j in 0..width {
            a.swap(i * width + j, k * width + j);
        }
    }
}

/// The pivots of elimination with partial pivoting (Golub & Van Loan 2013, §3.4), up to the first
/// that is 0, and whether the rows were permuted oddly.
fn pivots<S: Scalar>(mut a: Vec<S>, n: usize) -> Result<(Vec<S>, bool)> {
    let mut heads = Vec::with_capacity(n);
    let mut odd = false;
    for k in 0..n {
        let p = pivot(&a, n, k);
        odd ^= p != k;
        swap_rows(&mut a, n, p, k);
        let head = a[k * n + k];
        heads.push(head);
        if head == S::ZERO {
            break;
        }
        for i in k + 1..n {
            let factor = a[i * n + k].div(head)?;
            for j in k + 1..n {
                a[i * n + j] = a[i * n + j].sub(factor.mul(a[k * n + j]));
            }
        }
    }
    Ok((heads, odd))
}

fn determinant<S: Scalar>(a: Vec<S>, n: usize) -> Result<S> {
    let (heads, odd) = pivots(a, n)?;
    let product = heads.into_iter().fold(S::ONE, S::mul);
    Ok(if odd { S::ZERO.sub(product) } else { product })
}

pub(in crate::functions) fn trace<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    let (x, n) = square(arguments, axis)?;
    Ok(Array::scalar((0..n).fold(S::ZERO, |sum, i| sum.add(x.data[i * n + i]))))
}

pub(in crate::functions) fn det<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    let (x, n) = square(arguments, axis)?;
    determinant(x.data.clone(), n).map(Array::scalar)
}

/// log |det X|, as a sum of logarithms: the determinant itself may leave the range of doubles.
pub(in crate::functions) fn logdet<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    let (x, n) = square(arguments, axis)?;
    if !S::OVERFLOWS {
        // no range to leave, and the determinant does not depend on the order of elimination
        let magnitude = apply("abs", determinant(x.data.clone(), n)?)?;
        return apply("log", magnitude).map(Array::scalar);
    }
    let (heads, _) = pivots(x.data.clone(), n)?;
    let mut sum = S::ZERO;
    for head in heads {
        if head == S::ZERO {
            return Err(KernelError::Undefined);
        }
        sum = sum.add(apply("log", apply("abs", head)?)?);
    }
    Ok(Array::scalar(sum))
}

/// The inverse by Gauss–Jordan elimination with partial pivoting.
pub(in crate::functions) fn inv<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    let (x, n) = square(arguments, axis)?;
    let mut a = x.data.clone();
    let mut b = vec![S::ZERO; n * n];
    for i in 0..n {
        b[i * n + i] = S::ONE;
    }
    for k in 0..n {
        let p = pivot(&a, n, k);
        swap_rows(&mut a, n, p, k);
        swap_rows(&mut b, n, p, k);
        let head = a[k * n + k];
        if head == S::ZERO {
            return Err(KernelError::Undefined);
        }
        for j in 0..n {
            a[k * n + j] = a[k * n + j].div(head)?;
            b[k * n + j] = b[k * n + j].div(head)?;
        }
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[i * n + k];
            for j in 0..n {
                a[i * n + j] = a[i * n + j].sub(factor.mul(a[k * n + j]));
                b[i * n + j] = b[i * n + j].sub(factor.mul(b[k * n + j]));
            }
        }
    }
    Ok(Array { shape: x.shape.clone(), data: b })
}

/// The adjugate by cofactors, which singular matrices have too.
pub(in crate::functions) fn adj<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    let (x, n) = square(arguments, axis)?;
    if n > LARGEST_ADJUGATE {
        return Err(KernelError::TooLarge);
    }
    let mut data = vec![S::ZERO; n * n];
    for i in 0..n {
        for j in 0..n {
            let rows = (0..n).filter(|&r| r != i);
            let minor = rows
                .flat_map(|r| (0..n).filter(|&c| c != j).map(move |c| x.data[r * n + c]))
                .collect();
            let cofactor = determinant(minor, n - 1)?;
            let odd = (i + j) % 2 == 1;
            data[j * n + i] = if odd { S::ZERO.sub(cofactor) } else { cofactor };
        }
    }
    Ok(Array { shape: x.shape.clone(), data })
}

pub(in crate::functions) fn transpose<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    Ok(one(arguments)?.transpose())
}

/// A diagonal matrix from a vector, the diagonal of a matrix.
pub(in crate::functions) fn diag<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let x = one(arguments)?;
    if let [n] = *x.shape.as_slice() {
        return Array::from_fn(&[n, n], |i| if i[0] == i[1] { x.data[i[0]] } else { S::ZERO });
    }
    let n = side(x)?;
    Ok(Array::vector((0..n).map(|i| x.data[i * n + i]).collect()))
}

pub(in crate::functions) fn outer<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (a, b) = two(arguments)?;
    let (&[m], &[n]) = (a.shape.as_slice(), b.shape.as_slice()) else {
        return Err(KernelError::Unsupported);
    };
    Array::from_fn(&[m, n], |i| a.data[i[0]].mul(b.data[i[1]]))
}

/// The columns stacked.
pub(in crate::functions) fn vec<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    Ok(Array::vector(one(arguments)?.transpose().data))
}

/// A ⊗ B, the block matrix of a[i,j]·B; vectors are columns.
pub(in crate::functions) fn kron<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (a, b) = two(arguments)?;
    let sides = |x: &Array<S>| match *x.shape.as_slice() {
        [] => Ok((1, 1)),
        [m] => Ok((m, 1)),
        [m, n] => Ok((m, n)),
        _ => Err(KernelError::Unsupported),
    };
    let ((m, n), (p, q)) = (sides(a)?, sides(b)?);
    let rows = m.checked_mul(p).ok_or(KernelError::TooLarge)?;
    let columns = n.checked_mul(q).ok_or(KernelError::TooLarge)?;
    let mut product = Array::from_fn(&[rows, columns], |i| {
        let (r, c) = (i[0], i[1]);
        a.data[(r / p) * n + c / q].mul(b.data[(r % p) * q + c % q])
    })?;
    product.shape.truncate(a.rank().max(b.rank()));
    Ok(product)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    fn matrix(n: usize, seed: u64) -> Array {
        let mut state = seed;
        Array::from_fn(&[n, n], |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1 << 23) - 1.0
        })
        .expect("small")
    }

    fn number(x: Result<Array>) -> f64 {
        x.and_then(|x| x.as_scalar()).expect("a scalar")
    }

    fn close(a: &Array, b: &Array) -> bool {
        a.shape == b.shape && a.data.iter().zip(&b.data).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    fn identity(n: usize) -> Array {
        diag(&[&Array::vector(vec![1.0; n])], None).expect("a vector")
    }

    #[test]
    fn the_determinant_of_a_product_is_the_product_of_determinants() {
        let (a, b) = (matrix(5, 1), matrix(5, 2));
        let ab = a.matmul(&b).expect("square");
        let (da, db) = (number(det(&[&a], None)), number(det(&[&b], None)));
        assert!((number(det(&[&ab], None)) - da * db).abs() < 1e-12);
        assert!((number(logdet(&[&ab], None)) - (da * db).abs().ln()).abs() < 1e-12);
        assert_eq!(
            number(det(&[&Array { shape: vec![2, 2], data: vec![0.0, 2.0, 3.0, 0.0] }], None)),
            -6.0
        );
        assert_eq!(number(det(&[&Array::scalar(-3.0)], None)), -3.0);
    }

    #[test]
    fn an_inverse_times_its_matrix_is_the_identity() {
        for n in 1..7 {
            let a = matrix(n, 3);
            let b = inv(&[&a], None).expect("regular");
            assert!(close(&a.matmul(&b).expect("square"), &identity(n)));
        }
        let singular = Array { shape: vec![2, 2], data: vec![1.0, 2.0, 2.0, 4.0] };
        assert_eq!(inv(&[&singular], None), Err(KernelError::Undefined));
        assert_eq!(logdet(&[&singular], None), Err(KernelError::Undefined));
        assert_eq!(number(det(&[&singular], None)), 0.0);
        assert_eq!(number(inv(&[&Array::scalar(4.0)], None)), 0.25);
    }

    #[test]
    fn a_matrix_times_its_adjugate_is_its_determinant() {
        for n in 1..6 {
            let a = matrix(n, 4);
            let product = a.matmul(&adj(&[&a], None).expect("square")).expect("square");
            let det = number(det(&[&a], None));
            let scaled = identity(n).map(|x| Ok(x * det)).expect("finite");
            assert!(close(&product, &scaled));
        }
        let singular = Array { shape: vec![2, 2], data: vec![1.0, 2.0, 2.0, 4.0] };
        assert_eq!(adj(&[&singular], None).map(|a| a.data), Ok(vec![4.0, -2.0, -2.0, 1.0]));
    }

    #[test]
    fn vec_of_a_product_is_a_kronecker_product() {
        // vec(A X B) = (B' ⊗ A) vec(X)
        let (a, x, b) = (matrix(2, 5), matrix(2, 6), matrix(2, 7));
        let left = vec(&[&a.matmul(&x).and_then(|p| p.matmul(&b)).expect("square")], None);
        let k = kron(&[&b.transpose(), &a], None).expect("matrices");
        let right = k.matmul(&vec(&[&x], None).expect("a matrix"));
        assert!(close(&left.expect("a matrix"), &right.expect("4 and 4 agree")));
    }

    #[test]
    fn kronecker_products_of_columns_are_columns() {
        let (a, b) = (Array::vector(vec![1.0, 2.0]), Array::vector(vec![3.0, 4.0, 5.0]));
        let k = kron(&[&a, &b], None).expect("vectors");
        assert_eq!(k, Array::vector(vec![3.0, 4.0, 5.0, 6.0, 8.0, 10.0]));
        assert_eq!(outer(&[&a, &b], None).expect("vectors").data, k.data);
    }

    #[test]
    fn diagonals_and_traces() {
        let d = Array::vector(vec![1.0, 2.0, 3.0]);
        let m = diag(&[&d], None).expect("a vector");
        assert_eq!(diag(&[&m], None), Ok(d));
        assert_eq!(number(trace(&[&m], None)), 6.0);
        let wide = Array::<f64>::zeros(&[2, 3]).expect("small");
        assert_eq!(trace(&[&wide], None), Err(KernelError::Unsupported));
    }
}
