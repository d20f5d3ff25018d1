//! Truncated power series through functions: the coefficients of tᵏ of f(x₀ + x₁ t + …).
//!
//! Every rule is the textbook recurrence of its function's differential equation, such as y′ = y·x′
//! for the exponential. This is the judge's own calculus of one variable; it shares nothing with the
//! derivation of answers.
//!
//! **Source** Griewank & Walther, Evaluating Derivatives, chapter 13.

use super::elementary::{Elementary, sign, step};
use crate::array::KernelError;
use crate::number::Number;

type Series<S> = Vec<S>;
type Result<T> = std::result::Result<T, KernelError>;

/// A rule with an instance for every kind of number that has series.
macro_rules! series_kernel {
    ($rule:ident) => {
        crate::functions::SeriesKernel {
            double: crate::functions::kernel::series::$rule,
            ball: crate::functions::kernel::series::$rule,
        }
    };
}
pub(in crate::functions) use series_kernel;

/// An integer as a number of this kind.
fn integer<S: Elementary>(n: usize) -> Result<S> {
    S::from_number(&Number::integer(i64::try_from(n).map_err(|_| KernelError::TooLarge)?))
}

pub(crate) fn constant<S: Elementary>(value: S, n: usize) -> Series<S> {
    let mut out = vec![S::ZERO; n];
    out[0] = value;
    out
}

fn one<S: Elementary>(like: &[S]) -> Series<S> {
    constant(S::ONE, like.len())
}

fn with_value<S: Elementary>(mut series: Series<S>, value: S) -> Series<S> {
    series[0] = value;
    series
}

pub(crate) fn add<S: Elementary>(a: &[S], b: &[S]) -> Series<S> {
    a.iter().zip(b).map(|(a, b)| a.add(*b)).collect()
}

fn scale<S: Elementary>(a: &[S], c: S) -> Series<S> {
    a.iter().map(|a| a.mul(c)).collect()
}

pub(crate) fn negated<S: Elementary>(a: &[S]) -> Series<S> {
    a.iter().map(|a| S::ZERO.sub(*a)).collect()
}

fn halved<S: Elementary>(a: &[S]) -> Result<Series<S>> {
    let two = integer(2)?;
    a.iter().map(|a| a.div(two)).collect()
}

/// The coefficient of tᵏ in a product.
fn at_product<S: Elementary>(a: &[S], b: &[S], k: usize) -> S {
    (0..=k).fold(S::ZERO, |sum, j| sum.add(a[j].mul(b[k - j])))
}

pub(crate) fn mul<S: Elementary>(a: &[S], b: &[S]) -> Series<S> {
    (0..a.len()).map(|k| at_product(a, b, k)).collect()
}

pub(crate) fn div<S: Elementary>(a: &[S], b: &[S]) -> Result<Series<S>> {
    let mut y: Series<S> = Vec::with_capacity(a.len());
    for k in 0..a.len() {
        let known = (0..k).fold(S::ZERO, |sum, j| sum.add(y[j].mul(b[k - j])));
        y.push(a[k].sub(known).div(b[0])?);
    }
    Ok(y)
}

/// The solution of y′ = g(y)·x′ with a given value; `g` gives the coefficient of tᵏ of g(y) from the
/// coefficients of y up to k.
fn solve<S: Elementary>(x: &[S], value: S, g: impl Fn(&[S], usize) -> S) -> Result<Series<S>> {
    let mut y = constant(value, x.len());
    let mut slopes = Vec::with_capacity(x.len());
    for k in 1..x.len() {
        slopes.push(g(&y, k - 1));
        let mut sum = S::ZERO;
        for j in 0..k {
            sum = sum.add(slopes[j].mul(integer(k - j)?).mul(x[k - j]));
        }
        y[k] = sum.div(integer(k)?)?;
    }
    Ok(y)
}

/// The integral of slope·x′ with a given value.
fn integral<S: Elementary>(slope: &[S], x: &[S], value: S) -> Result<Series<S>> {
    solve(x, value, |_, k| slope[k])
}

pub(in crate::functions) fn exp<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    solve(x, x[0].exp()?, |y, k| y[k])
}

pub(in crate::functions) fn log<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    let value = x[0].log()?;
    integral(&div(&constant(S::ONE, x.len()), x)?, x, value)
}

fn sine<S: Elementary>(x: &[S]) -> Result<(Series<S>, Series<S>)> {
    let n = x.len();
    let (mut s, mut c) = (constant(x[0].sin()?, n), constant(x[0].cos()?, n));
    for k in 1..n {
        let along = |y: &[S]| -> Result<S> {
            let mut sum = S::ZERO;
            for j in 1..=k {
                sum = sum.add(integer::<S>(j)?.mul(x[j]).mul(y[k - j]));
            }
            sum.div(integer(k)?)
        };
        let (ds, dc) = (along(&c)?, S::ZERO.sub(along(&s)?));
        s[k] = ds;
        c[k] = dc;
    }
    Ok((s, c))
}

/// `(1 + square)^(-1/2)`
fn inverse_root<S: Elementary>(one: &[S], square: &[S]) -> Result<Series<S>> {
    real_power(&add(one, square), &Number::ratio(-1, 2).unwrap_or(Number::ONE))
}

pub(crate) fn power<S: Elementary>(x: &[S], k: &[S]) -> Result<Series<S>> {
    exp(&mul(k, &log(x)?))
}

/// The power with an exact exponent.
pub(crate) fn number_power<S: Elementary>(x: &[S], exponent: &Number) -> Result<Series<S>> {
    match exponent.as_integer() {
        Some(k) if k.abs() <= 64 => {
            let mut product = constant(S::ONE, x.len());
            for _ in 0..k.abs() {
                product = mul(&product, x);
            }
            if k < 0 { div(&constant(S::ONE, x.len()), &product) } else { Ok(product) }
        }
        _ => real_power(x, exponent),
    }
}

/// `x^r` for positive x: x·y′ = r·y·x′.
fn real_power<S: Elementary>(x: &[S], exponent: &Number) -> Result<Series<S>> {
    let r = S::from_number(exponent)?;
    let mut y = constant(x[0].pow(r)?, x.len());
    for k in 1..x.len() {
        let mut sum = S::ZERO;
        for j in 1..=k {
            let factor = r.mul(integer(j)?).sub(integer(k - j)?);
            sum = sum.add(factor.mul(x[j]).mul(y[k - j]));
        }
        y[k] = sum.div(integer::<S>(k)?.mul(x[0]))?;
    }
    Ok(y)
}

/// erf′ = 2/√π e^(−x²)
pub(in crate::functions) fn erf<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    let factor = integer::<S>(2)?.div(S::pi()?.sqrt()?)?;
    let slope = scale(&exp(&negated(&mul(x, x)))?, factor);
    integral(&slope, x, x[0].erf()?)
}

/// eˣ − 1
pub(in crate::functions) fn expm1<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    Ok(with_value(exp(x)?, x[0].expm1()?))
}

/// log(1 + x)
pub(in crate::functions) fn log1p<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    Ok(with_value(log(&add(&one(x), x))?, x[0].log1p()?))
}

/// √x
pub(in crate::functions) fn sqrt<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    real_power(x, &Number::ratio(1, 2).unwrap_or(Number::ONE))
}

/// sin x
pub(in crate::functions) fn sin<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    Ok(sine(x)?.0)
}

/// cos x
pub(in crate::functions) fn cos<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    Ok(sine(x)?.1)
}

/// tan x
pub(in crate::functions) fn tan<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    let (s, c) = sine(x)?;
    div(&s, &c)
}

/// sinh x
pub(in crate::functions) fn sinh<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    halved(&add(&exp(x)?, &negated(&exp(&negated(x))?)))
}

/// cosh x
pub(in crate::functions) fn cosh<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    halved(&add(&exp(x)?, &exp(&negated(x))?))
}

/// tanh′ = 1 − tanh²
pub(in crate::functions) fn tanh<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    solve(x, x[0].tanh()?, |y, k| {
        let rest = at_product(y, y, k);
        if k == 0 { S::ONE.sub(rest) } else { S::ZERO.sub(rest) }
    })
}

/// σ′ = σ − σ²
pub(in crate::functions) fn sigmoid<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    solve(x, x[0].sigmoid()?, |y, k| y[k].sub(at_product(y, y, k)))
}

/// x σ(x)
pub(in crate::functions) fn silu<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    Ok(mul(x, &sigmoid(x)?))
}

/// softplus′ = σ
pub(in crate::functions) fn softplus<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    integral(&sigmoid(x)?, x, x[0].softplus()?)
}

/// arctan′ = 1/(1 + x²)
pub(in crate::functions) fn atan<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    integral(&div(&one(x), &add(&one(x), &mul(x, x)))?, x, x[0].atan()?)
}

/// arcsin′ = 1/√(1 − x²)
pub(in crate::functions) fn asin<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    integral(&inverse_root(&one(x), &negated(&mul(x, x)))?, x, x[0].asin()?)
}

/// arccos′ = −1/√(1 − x²)
pub(in crate::functions) fn acos<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    let slope = inverse_root(&one(x), &negated(&mul(x, x)))?;
    integral(&negated(&slope), x, x[0].acos()?)
}

/// arsinh′ = 1/√(1 + x²)
pub(in crate::functions) fn asinh<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    integral(&inverse_root(&one(x), &mul(x, x))?, x, x[0].asinh()?)
}

/// artanh′ = 1/(1 − x²)
pub(in crate::functions) fn atanh<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    let slope = div(&one(x), &add(&one(x), &negated(&mul(x, x))))?;
    integral(&slope, x, x[0].atanh()?)
}

/// x (1 + erf(x/√2))/2
pub(in crate::functions) fn gelu<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    let root = integer::<S>(2)?.sqrt()?;
    let e = erf(&div(x, &constant(root, x.len()))?)?;
    halved(&mul(x, &add(&one(x), &e)))
}

/// |x|: at a kink the value and the slope are 0 by convention.
pub(in crate::functions) fn abs<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    Ok(scale(x, sign(x[0])?))
}

/// max(x, 0)
pub(in crate::functions) fn relu<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    Ok(scale(x, step(x[0])?))
}

/// The sign, without slope.
pub(in crate::functions) fn signum<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    Ok(constant(sign(x[0])?, x.len()))
}

/// 1 where x > 0, without slope.
pub(in crate::functions) fn jump<S: Elementary>(x: &[S]) -> Result<Series<S>> {
    Ok(constant(step(x[0])?, x.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::all;

    /// The coefficients of f(u + t) by their rules, against differences of the one before.
    #[test]
    fn each_rule_agrees_with_differences() {
        let mut count = 0;
        for f in all() {
            let Some(rule) = f.series else { continue };
            for order in 1..4usize {
                let at = |u: f64| {
                    let mut x = constant(u, order + 1);
                    x[1] = 1.0;
                    (rule.double)(&x).expect("0.4 lies in every domain")
                };
                let h = 1e-4;
                let (p, m) = (at(0.4 + h)[order - 1], at(0.4 - h)[order - 1]);
                let expected = (p - m) / (2.0 * h) / order as f64;
                let found = at(0.4)[order];
                let name = f.name;
                assert!((found - expected).abs() < 1e-5, "{name} {order}: {found} {expected}");
            }
            count += 1;
        }
        assert!(count >= 25, "{count}");
    }
}
