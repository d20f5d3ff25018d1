//! Truncated power series: exact derivatives of an expression of `u` that a user gives for an
//! unknown function.
//!
//! A series holds the coefficients of tᵏ of f(u + t). Every rule is the textbook recurrence of its
//! function's differential equation, such as y′ = y·x′ for the exponential. This is the judge's own
//! calculus of one variable; it shares nothing with the derivation of answers.
//!
//! **Source** Griewank & Walther, Evaluating Derivatives, chapter 13.

use crate::array::KernelError;
use crate::functions::Elementary;
use crate::number::Number;
use crate::syntax::ast::{Expr, NodeId, ProductOp, Program, Statement};

type Series<S> = Vec<S>;
type Result<T> = std::result::Result<T, KernelError>;

/// The derivative of this order of the program's last expression by `u`.
///
/// # Errors
/// [`KernelError::Undefined`] outside the domain, [`KernelError::Unsupported`] for other names than
/// `u` and `pi`, for arrays, and for functions without a rule.
pub fn derivative<S: Elementary>(program: &Program, order: u32, u: S) -> Result<S> {
    let n = order as usize + 1;
    let Some(root) = program.statements.iter().rev().find_map(|s| match s {
        Statement::Expression(id) => Some(*id),
        _ => None,
    }) else {
        return Err(KernelError::Unsupported);
    };
    let mut values: Vec<Series<S>> = Vec::with_capacity(root.0 as usize + 1);
    let mut exact: Vec<Option<Number>> = Vec::with_capacity(root.0 as usize + 1);
    for k in 0..=root.0 {
        let id = NodeId(k);
        let value = match program.node(id) {
            Expr::Power(a, k) | Expr::ElementPower(a, k) => {
                let base = &values[a.0 as usize];
                match &exact[k.0 as usize] {
                    Some(exponent) => number_power(base, exponent),
                    None => power(base, &values[k.0 as usize]),
                }
            }
            _ => node(program, id, &values, n, u),
        };
        values.push(value?);
        exact.push(number(program, id, &exact));
    }
    let series = values.pop().ok_or(KernelError::Unsupported)?;
    let mut value = series[order as usize];
    for k in 1..=order {
        value = value.mul(integer(k as usize)?);
    }
    if value.size().is_nan() { Err(KernelError::Undefined) } else { Ok(value) }
}

/// An integer as a number of this kind.
fn integer<S: Elementary>(n: usize) -> Result<S> {
    S::from_number(&Number::integer(i64::try_from(n).map_err(|_| KernelError::TooLarge)?))
}

/// The value of a node where it is a number and signs and quotients of such, as exponents are.
fn number(program: &Program, id: NodeId, exact: &[Option<Number>]) -> Option<Number> {
    let at = |id: &NodeId| exact[id.0 as usize].as_ref();
    match program.node(id) {
        Expr::Number(number) => Some(number.clone()),
        Expr::Negate(a) => Some(at(a)?.neg()),
        Expr::Product(ProductOp::Quotient | ProductOp::ElementQuotient, a, b) => at(a)?.div(at(b)?),
        _ => None,
    }
}

fn node<S: Elementary>(
    program: &Program,
    id: NodeId,
    values: &[Series<S>],
    n: usize,
    u: S,
) -> Result<Series<S>> {
    let at = |id: NodeId| &values[id.0 as usize];
    match program.node(id) {
        Expr::Number(number) => Ok(constant(S::from_number(number)?, n)),
        Expr::Name(name) => match program.name(*name) {
            "pi" => Ok(constant(S::pi()?, n)),
            "u" => {
                let mut x = constant(u, n);
                if n > 1 {
                    x[1] = S::ONE;
                }
                Ok(x)
            }
            _ => Err(KernelError::Unsupported),
        },
        Expr::Negate(a) => Ok(negated(at(*a))),
        Expr::Sum(list) => {
            let mut sum = constant(S::ZERO, n);
            for term in program.list(*list) {
                sum = add(&sum, at(*term));
            }
            Ok(sum)
        }
        Expr::Product(ProductOp::Product | ProductOp::Hadamard, a, b) => Ok(mul(at(*a), at(*b))),
        Expr::Product(_, a, b) => div(at(*a), at(*b)),
        Expr::Call { function, primes: 0, arguments, axis: None } => {
            match program.list(*arguments) {
                [x] => call(program.name(*function), at(*x)),
                _ => Err(KernelError::Unsupported),
            }
        }
        _ => Err(KernelError::Unsupported),
    }
}

fn call<S: Elementary>(name: &str, x: &Series<S>) -> Result<Series<S>> {
    let n = x.len();
    let one = constant(S::ONE, n);
    let x0 = x[0];
    // at a kink the value and the slope are 0 by convention
    let sign = || {
        Ok::<S, KernelError>(if S::ZERO.less(x0)? {
            S::ONE
        } else if x0.less(S::ZERO)? {
            S::ZERO.sub(S::ONE)
        } else {
            S::ZERO
        })
    };
    let positive = || Ok::<S, KernelError>(if S::ZERO.less(x0)? { S::ONE } else { S::ZERO });
    match name {
        "exp" => exp(x),
        "expm1" => Ok(with_value(exp(x)?, x0.expm1()?)),
        "log" | "ln" => log(x),
        "log1p" => Ok(with_value(log(&add(&one, x))?, x0.log1p()?)),
        "sqrt" => real_power(x, &Number::ratio(1, 2).unwrap_or(Number::ONE)),
        "sin" => Ok(sine(x)?.0),
        "cos" => Ok(sine(x)?.1),
        "tan" => {
            let (s, c) = sine(x)?;
            div(&s, &c)
        }
        "sinh" => halved(&add(&exp(x)?, &negated(&exp(&negated(x))?))),
        "cosh" => halved(&add(&exp(x)?, &exp(&negated(x))?)),
        // tanh′ = 1 − tanh²
        "tanh" => solve(x, x0.tanh()?, |y, k| {
            let rest = at_product(y, y, k);
            if k == 0 { S::ONE.sub(rest) } else { S::ZERO.sub(rest) }
        }),
        // σ′ = σ − σ²
        "sigmoid" | "sigma" | "logistic" => sigmoid(x),
        "silu" | "swish" => Ok(mul(x, &sigmoid(x)?)),
        "softplus" => integral(&sigmoid(x)?, x, x0.softplus()?),
        "atan" | "arctan" => integral(&div(&one, &add(&one, &mul(x, x)))?, x, x0.atan()?),
        "asin" | "arcsin" => integral(&inverse_root(&one, &negated(&mul(x, x)))?, x, x0.asin()?),
        "acos" | "arccos" => {
            let slope = inverse_root(&one, &negated(&mul(x, x)))?;
            integral(&negated(&slope), x, x0.acos()?)
        }
        "asinh" => integral(&inverse_root(&one, &mul(x, x))?, x, x0.asinh()?),
        "atanh" => {
            let slope = div(&one, &add(&one, &negated(&mul(x, x))))?;
            integral(&slope, x, x0.atanh()?)
        }
        "erf" => erf(x),
        "gelu" => {
            let root = integer::<S>(2)?.sqrt()?;
            let e = erf(&div(x, &constant(root, n))?)?;
            halved(&mul(x, &add(&one, &e)))
        }
        "abs" => Ok(scale(x, sign()?)),
        "relu" => Ok(scale(x, positive()?)),
        "sign" => Ok(constant(sign()?, n)),
        "step" => Ok(constant(positive()?, n)),
        _ => Err(KernelError::Unsupported),
    }
}

fn constant<S: Elementary>(value: S, n: usize) -> Series<S> {
    let mut out = vec![S::ZERO; n];
    out[0] = value;
    out
}

fn with_value<S: Elementary>(mut series: Series<S>, value: S) -> Series<S> {
    series[0] = value;
    series
}

fn add<S: Elementary>(a: &Series<S>, b: &Series<S>) -> Series<S> {
    a.iter().zip(b).map(|(a, b)| a.add(*b)).collect()
}

fn scale<S: Elementary>(a: &Series<S>, c: S) -> Series<S> {
    a.iter().map(|a| a.mul(c)).collect()
}

fn negated<S: Elementary>(a: &Series<S>) -> Series<S> {
    a.iter().map(|a| S::ZERO.sub(*a)).collect()
}

fn halved<S: Elementary>(a: &Series<S>) -> Result<Series<S>> {
    let two = integer(2)?;
    a.iter().map(|a| a.div(two)).collect()
}

/// The coefficient of tᵏ in a product.
fn at_product<S: Elementary>(a: &[S], b: &[S], k: usize) -> S {
    (0..=k).fold(S::ZERO, |sum, j| sum.add(a[j].mul(b[k - j])))
}

fn mul<S: Elementary>(a: &Series<S>, b: &Series<S>) -> Series<S> {
    (0..a.len()).map(|k| at_product(a, b, k)).collect()
}

fn div<S: Elementary>(a: &Series<S>, b: &Series<S>) -> Result<Series<S>> {
    let mut y: Series<S> = Vec::with_capacity(a.len());
    for k in 0..a.len() {
        let known = (0..k).fold(S::ZERO, |sum, j| sum.add(y[j].mul(b[k - j])));
        y.push(a[k].sub(known).div(b[0])?);
    }
    Ok(y)
}

/// The solution of y′ = g(y)·x′ with a given value; `g` gives the coefficient of tᵏ of g(y) from the
/// coefficients of y up to k.
fn solve<S: Elementary>(
    x: &Series<S>,
    value: S,
    g: impl Fn(&[S], usize) -> S,
) -> Result<Series<S>> {
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
fn integral<S: Elementary>(slope: &Series<S>, x: &Series<S>, value: S) -> Result<Series<S>> {
    solve(x, value, |_, k| slope[k])
}

fn exp<S: Elementary>(x: &Series<S>) -> Result<Series<S>> {
    solve(x, x[0].exp()?, |y, k| y[k])
}

fn sigmoid<S: Elementary>(x: &Series<S>) -> Result<Series<S>> {
    solve(x, x[0].sigmoid()?, |y, k| y[k].sub(at_product(y, y, k)))
}

fn log<S: Elementary>(x: &Series<S>) -> Result<Series<S>> {
    let value = x[0].log()?;
    integral(&div(&constant(S::ONE, x.len()), x)?, x, value)
}

fn sine<S: Elementary>(x: &Series<S>) -> Result<(Series<S>, Series<S>)> {
    let n = x.len();
    let (mut s, mut c) = (constant(x[0].sin()?, n), constant(x[0].cos()?, n));
    for k in 1..n {
        let along = |y: &Series<S>| -> Result<S> {
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
fn inverse_root<S: Elementary>(one: &Series<S>, square: &Series<S>) -> Result<Series<S>> {
    real_power(&add(one, square), &Number::ratio(-1, 2).unwrap_or(Number::ONE))
}

fn power<S: Elementary>(x: &Series<S>, k: &Series<S>) -> Result<Series<S>> {
    exp(&mul(k, &log(x)?))
}

/// The power with an exact exponent.
fn number_power<S: Elementary>(x: &Series<S>, exponent: &Number) -> Result<Series<S>> {
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
fn real_power<S: Elementary>(x: &Series<S>, exponent: &Number) -> Result<Series<S>> {
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
fn erf<S: Elementary>(x: &Series<S>) -> Result<Series<S>> {
    let factor = integer::<S>(2)?.div(S::pi()?.sqrt()?)?;
    let slope = scale(&exp(&negated(&mul(x, x)))?, factor);
    integral(&slope, x, x[0].erf()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The coefficients of f(u + t) by their rules, against differences of the one before.
    #[test]
    fn each_rule_agrees_with_differences() {
        let names = [
            "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
            "sigmoid", "silu", "softplus", "atan", "asin", "acos", "asinh", "atanh", "erf", "gelu",
            "abs", "relu",
        ];
        for name in names {
            for order in 1..4usize {
                let at = |u: f64| {
                    let mut x = constant(u, order + 1);
                    x[1] = 1.0;
                    call(name, &x).expect("0.4 lies in every domain")
                };
                let h = 1e-4;
                let (p, m) = (at(0.4 + h)[order - 1], at(0.4 - h)[order - 1]);
                let expected = (p - m) / (2.0 * h) / order as f64;
                let found = at(0.4)[order];
                assert!((found - expected).abs() < 1e-5, "{name} {order}: {found} {expected}");
            }
        }
    }

    #[test]
    fn exponents_are_exact() {
        for (text, u, value) in [("u^-2", -2.0, 0.25), ("u^(-1/2)", 4.0, 0.5), ("u^3", -1.0, 3.0)] {
            let program = crate::syntax::parser::parse(text).expect("an expression");
            let order = u32::from(text == "u^3");
            assert_eq!(derivative(&program, order, u), Ok(value), "{text}");
        }
    }

    #[test]
    fn jets_of_balls_are_as_exact_as_balls() {
        use crate::array::Scalar;
        use crate::field::ball::Ball;
        let program = crate::syntax::parser::parse("exp(2*u) + u^5/120 + sin(u)").expect("read");
        let at = Ball::from_number(&Number::ratio(1, 3).expect("3 is not 0")).expect("a number");
        let fourth = derivative(&program, 4, at).expect("smooth");
        let sine = crate::functions::Elementary::sin(at).expect("smooth");
        let growth = crate::functions::Elementary::exp(at.scale(1)).expect("smooth").scale(4);
        assert!(fourth.agreement(growth.add(at).add(sine)) > 70.0);
    }
}
