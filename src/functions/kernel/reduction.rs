//! Kernels that reduce an array, or one axis of it.

use super::elementary;
use crate::array::{Array, KernelError, Scalar};
use crate::functions::find;
use crate::number::Number;

type Result<T> = std::result::Result<T, KernelError>;

/// The only argument.
pub(super) fn one<'a, S>(arguments: &[&'a Array<S>]) -> Result<&'a Array<S>> {
    if let [x] = *arguments { Ok(x) } else { Err(KernelError::Unsupported) }
}

/// Both arguments.
pub(super) fn two<'a, S>(arguments: &[&'a Array<S>]) -> Result<(&'a Array<S>, &'a Array<S>)> {
    if let [a, b] = *arguments { Ok((a, b)) } else { Err(KernelError::Unsupported) }
}

/// An elementwise function of the table at one argument.
pub(super) fn apply<S: Scalar>(name: &str, x: S) -> Result<S> {
    S::map(find(name).ok_or(KernelError::Unsupported)?, &[x])
}

/// A count as a number of this kind.
pub(super) fn count<S: Scalar>(n: usize) -> Result<S> {
    let n = i64::try_from(n).map_err(|_| KernelError::TooLarge)?;
    S::from_number(&Number::integer(n))
}

pub(super) fn total<S: Scalar>(line: &[S]) -> S {
    line.iter().fold(S::ZERO, |sum, &x| sum.add(x))
}

pub(super) fn average<S: Scalar>(line: &[S]) -> Result<S> {
    total(line).div(count(line.len())?)
}

/// The first of the entries before which none other comes; an undefined one (NaN) where there is
/// one.
pub(super) fn extreme<S: Scalar>(line: &[S], before: impl Fn(S, S) -> Result<bool>) -> Result<S> {
    let (&first, rest) = line.split_first().ok_or(KernelError::Undefined)?;
    let mut best = first;
    for &x in rest {
        if best.size().is_nan() {
            break;
        }
        if x.size().is_nan() || before(x, best)? {
            best = x;
        }
    }
    Ok(best)
}

pub(super) fn largest<S: Scalar>(line: &[S]) -> Result<S> {
    if let (true, [first, rest @ ..]) = (!S::OVERFLOWS, line) {
        return rest.iter().try_fold(*first, |a, &b| elementary::max(a, b));
    }
    extreme(line, |a, b| b.less(a))
}

fn smallest<S: Scalar>(line: &[S]) -> Result<S> {
    if let (true, [first, rest @ ..]) = (!S::OVERFLOWS, line) {
        return rest.iter().try_fold(*first, |a, &b| elementary::min(a, b));
    }
    extreme(line, S::less)
}

/// What to subtract before exponentials are summed: the largest entry, or 0 where this kind of
/// number does not overflow or the entry has.
pub(super) fn shift<S: Scalar>(line: &[S]) -> Result<S> {
    if !S::OVERFLOWS {
        return Ok(S::ZERO);
    }
    let m = largest(line)?;
    Ok(if m.size() == f64::INFINITY { S::ZERO } else { m })
}

/// log Σ exp of a line.
pub(super) fn log_sum_exp<S: Scalar>(line: &[S]) -> Result<S> {
    let m = shift(line)?;
    let mut sum = S::ZERO;
    for &x in line {
        sum = sum.add(apply("exp", x.sub(m))?);
    }
    Ok(m.add(apply("log", sum)?))
}

pub(in crate::functions) fn sum<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.reduce(axis, |line| Ok(total(line)))
}

pub(in crate::functions) fn mean<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.reduce(axis, average)
}

pub(in crate::functions) fn prod<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.reduce(axis, |line| Ok(line.iter().fold(S::ONE, |p, &x| p.mul(x))))
}

pub(in crate::functions) fn max<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.reduce(axis, largest)
}

pub(in crate::functions) fn min<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.reduce(axis, smallest)
}

pub(in crate::functions) fn logsumexp<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.reduce(axis, log_sum_exp)
}

/// Refuses `axis=` where the function has none.
pub(super) fn whole(axis: Option<usize>) -> Result<()> {
    if axis.is_none() { Ok(()) } else { Err(KernelError::Unsupported) }
}

pub(in crate::functions) fn norm1<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.map(|x| apply("abs", x))?.reduce(axis, |line| Ok(total(line)))
}

/// √Σx², scaled by the largest entry where squares would leave the range of doubles.
pub(in crate::functions) fn norm2<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    one(arguments)?.reduce(axis, euclidean)
}

fn euclidean<S: Scalar>(line: &[S]) -> Result<S> {
    let norm = |scale: S| -> Result<S> {
        let mut sum = S::ZERO;
        for &x in line {
            let x = x.div(scale)?;
            sum = sum.add(x.mul(x));
        }
        apply("sqrt", sum)
    };
    let scale = line.iter().copied().reduce(|a, b| if b.size() > a.size() { b } else { a });
    let scale = scale.unwrap_or(S::ZERO);
    let size = scale.size();
    let safe = !S::OVERFLOWS || size == 0.0 || (1e-140..1e140).contains(&size) || !size.is_finite();
    if safe { norm(S::ONE) } else { Ok(apply("abs", scale)?.mul(norm(scale)?)) }
}

pub(in crate::functions) fn dot<S: Scalar>(
    arguments: &[&Array<S>],
    axis: Option<usize>,
) -> Result<Array<S>> {
    whole(axis)?;
    let (a, b) = two(arguments)?;
    Ok(Array::scalar(total(&a.zip(b, |a, b| Ok(a.mul(b)))?.data)))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    fn value(x: Result<Array>) -> f64 {
        x.and_then(|x| x.as_scalar()).expect("a scalar")
    }

    #[test]
    fn reductions_of_a_matrix_and_its_axes() {
        let x = Array { shape: vec![2, 2], data: vec![1.0, -2.0, 3.0, 4.0] };
        let of = |kernel: fn(&[&Array], Option<usize>) -> Result<Array>, axis| {
            kernel(&[&x], axis).map(|a| a.data)
        };
        assert_eq!(of(sum, None), Ok(vec![6.0]));
        assert_eq!(of(mean, Some(0)), Ok(vec![2.0, 1.0]));
        assert_eq!(of(prod, Some(1)), Ok(vec![-2.0, 12.0]));
        assert_eq!(of(max, Some(0)), Ok(vec![3.0, 4.0]));
        assert_eq!(of(min, Some(1)), Ok(vec![-2.0, 3.0]));
        assert_eq!(of(norm1, None), Ok(vec![10.0]));
        assert_eq!(of(norm1, Some(0)), Ok(vec![4.0, 6.0]));
        assert_eq!(of(norm2, Some(1)), Ok(vec![5f64.sqrt(), 5.0]));
    }

    #[test]
    fn logsumexp_does_not_overflow() {
        let x = Array::vector(vec![1000.0, 1000.0]);
        assert_eq!(value(logsumexp(&[&x], None)), 1000.0 + std::f64::consts::LN_2);
        let x = Array::vector(vec![-1000.0, -1000.0]);
        assert_eq!(value(logsumexp(&[&x], None)), -1000.0 + std::f64::consts::LN_2);
    }

    #[test]
    fn the_norm_keeps_its_scale() {
        for scale in [1e-200, 1.0, 1e200] {
            let x = Array::vector(vec![3.0 * scale, -4.0 * scale, 1e-300]);
            assert!((value(norm2(&[&x], None)) / scale - 5.0).abs() < 1e-14);
        }
        assert_eq!(value(norm2(&[&Array::vector(vec![0.0, 0.0])], None)), 0.0);
        assert_eq!(value(norm2(&[&Array::scalar(-3.0)], None)), 3.0);
    }

    #[test]
    fn an_undefined_entry_makes_the_largest_undefined() {
        for data in [vec![f64::NAN, 1.0], vec![1.0, f64::NAN, 2.0]] {
            assert!(value(max(&[&Array::vector(data)], None)).is_nan());
        }
    }

    #[test]
    fn wrong_arguments_are_refused() {
        let x = Array::vector(vec![1.0, 2.0]);
        assert_eq!(sum(&[&x, &x], None), Err(KernelError::Unsupported));
        assert_eq!(sum(&[&x], Some(1)), Err(KernelError::Unsupported));
        let y = Array::vector(vec![1.0, 2.0, 3.0]);
        assert_eq!(dot(&[&x, &y], None), Err(KernelError::Unsupported));
        assert_eq!(value(dot(&[&y, &y], None)), 14.0);
    }
}
