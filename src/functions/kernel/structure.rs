//! Kernels that move entries about: their places, windows and overlaps.

use super::reduction::{one, two, whole};
use crate::array::{Array, KernelError, Scalar};

type Result<T> = std::result::Result<T, KernelError>;

/// A size given as an argument.
fn size<S: Scalar>(a: &Array<S>) -> Result<usize> {
    let p = a.as_scalar()?.size();
    #[expect(clippy::cast_sign_loss, reason = "a magnitude is not negative")]
    let n = p as usize;
    if p.fract() == 0.0 && n > 0 { Ok(n) } else { Err(KernelError::Unsupported) }
}

/// The m×n matrix whose columns are stacked in v.
pub(in crate::functions) fn unvec<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let [v, m, n] = *arguments else { return Err(KernelError::Unsupported) };
    let (m, n) = (size(m)?, size(n)?);
    if m.checked_mul(n) != Some(v.data.len()) {
        return Err(KernelError::Unsupported);
    }
    Array::from_fn(&[m, n], |at| v.data[at[0] + m * at[1]])
}

/// Σ Y[o] K[k] over all o + k = i, in each axis.
pub(in crate::functions) fn fullconv<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (y, k) = two(arguments)?;
    let rows = |a: &Array<S>| if a.rank() == 1 { 1 } else { a.shape[0] };
    if y.rank() != k.rank()
        || y.rank() == 0
        || y.rank() > 2
        || y.data.is_empty()
        || k.data.is_empty()
    {
        return Err(KernelError::Unsupported);
    }
    let (m, p) = (rows(y), rows(k));
    let (n, q) = (y.data.len() / m, k.data.len() / p);
    let mut out: Array<S> = Array::zeros(&[m + p - 1, n + q - 1])?;
    for (at, &y) in y.data.iter().enumerate() {
        for (shift, &k) in k.data.iter().enumerate() {
            let place = (at / n + shift / q) * (n + q - 1) + at % n + shift % q;
            out.data[place] = out.data[place].add(y.mul(k));
        }
    }
    if y.rank() == 1 {
        out.shape.remove(0);
    }
    Ok(out)
}

/// The solution of A x = b, by elimination.
pub(in crate::functions) fn solve<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (a, b) = two(arguments)?;
    let inverse = super::linear_algebra::inv(&[a], None)?;
    if a.rank() == 0 { inverse.zip(b, |a, b| Ok(a.mul(b))) } else { inverse.matmul(b) }
}

/// Each entry repeated over a window of p, or p×p.
pub(in crate::functions) fn unpool<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (y, p) = two(arguments)?;
    let p = size(p)?;
    let shape: Vec<usize> = y.shape.iter().map(|n| n.saturating_mul(p)).collect();
    Array::from_fn(&shape, |at| {
        let place = at.iter().zip(&y.shape).fold(0, |place, (i, n)| place * n + i / p);
        y.data[place]
    })
}

/// 1 at the first entry of a line before which none other comes.
fn mark<S: Scalar>(line: &mut [S], before: impl Fn(S, S) -> Result<bool>) -> Result<()> {
    let mut best = 0;
    for at in 1..line.len() {
        if before(line[at], line[best])? {
            best = at;
        }
    }
    if line.iter().any(|x| x.size().is_nan()) {
        return Err(KernelError::Undefined);
    }
    line.fill(S::ZERO);
    *line.get_mut(best).ok_or(KernelError::Undefined)? = S::ONE;
    Ok(())
}

/// 1 at the first largest entry, of all or along an axis.
pub(in crate::functions) fn maxmask<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.along(axis, |line| mark(line, |a, b| b.less(a)))
}

/// 1 at the first smallest entry, of all or along an axis.
pub(in crate::functions) fn minmask<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.along(axis, |line| mark(line, S::less))
}

/// 1 at the first largest entry of each window.
pub(in crate::functions) fn maxpoolmask<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (x, p) = two(arguments)?;
    let p = size(p)?;
    if x.rank() == 0 || x.rank() > 2 || x.shape.iter().any(|n| n % p != 0) {
        return Err(KernelError::Unsupported);
    }
    let n = x.shape[x.rank() - 1];
    let height = if x.rank() == 1 { 1 } else { p };
    let mut out = x.clone();
    let mut window = Vec::new();
    for top in (0..x.data.len() / n).step_by(height) {
        for left in (0..n).step_by(p) {
            let rows = top..top + height;
            window.clear();
            for r in rows.clone() {
                window.extend_from_slice(&x.data[r * n + left..][..p]);
            }
            mark(&mut window, |a, b| b.less(a))?;
            for (r, line) in rows.zip(window.chunks(p)) {
                out.data[r * n + left..][..p].copy_from_slice(line);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_convolution_is_the_adjoint_of_a_valid_one() {
        // ⟨conv(x, k), y⟩ = ⟨x, fullconv(y, k)⟩
        let x = Array::from_fn(&[4, 5], |i| (7 * i[0] + 3 * i[1] % 4) as f64).expect("small");
        let k = Array { shape: vec![2, 3], data: vec![1.0, -2.0, 0.5, 3.0, 0.0, 1.0] };
        let y = Array::from_fn(&[3, 3], |i| (i[0] * 5 + i[1]) as f64 - 3.0).expect("small");
        let dot =
            |a: &Array, b: &Array| a.data.iter().zip(&b.data).map(|(a, b)| a * b).sum::<f64>();
        let forward = super::super::learning::conv(&[&x, &k], None).expect("fits");
        let back = fullconv(&[&y, &k], None).expect("fits");
        assert_eq!(back.shape, x.shape);
        assert!((dot(&forward, &y) - dot(&x, &back)).abs() < 1e-9);
    }

    #[test]
    fn masks_take_the_first_of_equals() {
        let x = Array { shape: vec![2, 2], data: vec![1.0, 3.0, 3.0, 0.0] };
        assert_eq!(maxmask(&[&x], None).map(|m| m.data), Ok(vec![0.0, 1.0, 0.0, 0.0]));
        assert_eq!(minmask(&[&x], Some(0)).map(|m| m.data), Ok(vec![1.0, 0.0, 0.0, 1.0]));
        let two = Array::scalar(2.0);
        assert_eq!(maxpoolmask(&[&x, &two], None).map(|m| m.data), Ok(vec![0.0, 1.0, 0.0, 0.0]));
        assert_eq!(
            unpool(&[&x, &two], None).map(|m| m.data[..4].to_vec()),
            Ok(vec![1.0, 1.0, 3.0, 3.0])
        );
    }

    #[test]
    fn columns_are_stacked() {
        let v = Array::vector(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let (m, n) = (Array::scalar(2.0), Array::scalar(3.0));
        assert_eq!(
            unvec(&[&v, &m, &n], None).map(|x| x.data),
            Ok(vec![1.0, 3.0, 5.0, 2.0, 4.0, 6.0])
        );
        assert!(unvec(&[&v, &m, &m], None).is_err());
    }
}
