//! Truncated power series: exact derivatives of an expression of `u` that a user gives for an
//! unknown function.
//!
//! A series holds the coefficients of tᵏ of f(u + t). Every rule is the textbook recurrence of its
//! function's differential equation, such as y′ = y·x′ for the exponential. This is the judge's own
//! calculus of one variable; it shares nothing with the derivation of answers.
//!
//! **Source** Griewank & Walther, Evaluating Derivatives, chapter 13.

use crate::array::KernelError;
use crate::syntax::ast::{Expr, NodeId, ProductOp, Program, Statement};

type Series = Vec<f64>;
type Result<T> = std::result::Result<T, KernelError>;

/// The derivative of this order of the program's last expression by `u`.
///
/// # Errors
/// [`KernelError::Undefined`] outside the domain, [`KernelError::Unsupported`] for other names than
/// `u` and `pi`, for arrays, and for functions without a rule.
pub fn derivative(program: &Program, order: u32, u: f64) -> Result<f64> {
    let n = order as usize + 1;
    let Some(root) = program.statements.iter().rev().find_map(|s| match s {
        Statement::Expression(id) => Some(*id),
        _ => None,
    }) else {
        return Err(KernelError::Unsupported);
    };
    let mut values: Vec<Series> = Vec::with_capacity(root.0 as usize + 1);
    for k in 0..=root.0 {
        let value = node(program, NodeId(k), &values, n, u)?;
        values.push(value);
    }
    let series = values.pop().ok_or(KernelError::Unsupported)?;
    let factorial: f64 = (1..=order).map(f64::from).product();
    let value = series[order as usize] * factorial;
    if value.is_nan() { Err(KernelError::Undefined) } else { Ok(value) }
}

fn node(program: &Program, id: NodeId, values: &[Series], n: usize, u: f64) -> Result<Series> {
    let at = |id: NodeId| &values[id.0 as usize];
    match program.node(id) {
        Expr::Number(number) => Ok(constant(number.to_f64(), n)),
        Expr::Name(name) => match program.name(*name) {
            "pi" => Ok(constant(std::f64::consts::PI, n)),
            "u" => {
                let mut x = constant(u, n);
                if n > 1 {
                    x[1] = 1.0;
                }
                Ok(x)
            }
            _ => Err(KernelError::Unsupported),
        },
        Expr::Negate(a) => Ok(scale(at(*a), -1.0)),
        Expr::Sum(list) => {
            let mut sum = constant(0.0, n);
            for term in program.list(*list) {
                sum = add(&sum, at(*term));
            }
            Ok(sum)
        }
        Expr::Product(ProductOp::Product | ProductOp::Hadamard, a, b) => Ok(mul(at(*a), at(*b))),
        Expr::Product(_, a, b) => div(at(*a), at(*b)),
        Expr::Power(a, k) | Expr::ElementPower(a, k) => power(at(*a), at(*k)),
        Expr::Call { function, primes: 0, arguments, axis: None } => {
            match program.list(*arguments) {
                [x] => call(program.name(*function), at(*x)),
                _ => Err(KernelError::Unsupported),
            }
        }
        _ => Err(KernelError::Unsupported),
    }
}

fn call(name: &str, x: &Series) -> Result<Series> {
    let n = x.len();
    let one = constant(1.0, n);
    let x0 = x[0];
    match name {
        "exp" => Ok(exp(x)),
        "expm1" => Ok(with_value(exp(x), x0.exp_m1())),
        "log" | "ln" => log(x),
        "log1p" => Ok(with_value(log(&add(&one, x))?, x0.ln_1p())),
        "sqrt" => real_power(x, 0.5),
        "sin" => Ok(sine(x).0),
        "cos" => Ok(sine(x).1),
        "tan" => {
            let (s, c) = sine(x);
            div(&s, &c)
        }
        "sinh" => Ok(scale(&add(&exp(x), &scale(&exp(&scale(x, -1.0)), -1.0)), 0.5)),
        "cosh" => Ok(scale(&add(&exp(x), &exp(&scale(x, -1.0))), 0.5)),
        // tanh′ = 1 − tanh²
        "tanh" => Ok(solve(x, x0.tanh(), |y, k| f64::from(k == 0) - at_product(y, y, k))),
        // σ′ = σ − σ²
        "sigmoid" | "sigma" | "logistic" => Ok(sigmoid(x)),
        "silu" | "swish" => Ok(mul(x, &sigmoid(x))),
        "softplus" => {
            let value = if x0 > 0.0 { x0 + (-x0).exp().ln_1p() } else { x0.exp().ln_1p() };
            Ok(integral(&sigmoid(x), x, value))
        }
        "atan" | "arctan" => Ok(integral(&div(&one, &add(&one, &mul(x, x)))?, x, x0.atan())),
        "asin" | "arcsin" => Ok(integral(&inverse_root(&one, x, -1.0)?, x, x0.asin())),
        "acos" | "arccos" => {
            Ok(integral(&scale(&inverse_root(&one, x, -1.0)?, -1.0), x, x0.acos()))
        }
        "asinh" => Ok(integral(&inverse_root(&one, x, 1.0)?, x, x0.asinh())),
        "atanh" => {
            let slope = div(&one, &add(&one, &scale(&mul(x, x), -1.0)))?;
            Ok(integral(&slope, x, x0.atanh()))
        }
        "erf" => Ok(erf(x)),
        "gelu" => {
            let e = erf(&scale(x, std::f64::consts::FRAC_1_SQRT_2));
            Ok(scale(&mul(x, &add(&one, &e)), 0.5))
        }
        "abs" if x0 != 0.0 => Ok(scale(x, x0.signum())),
        "relu" if x0 != 0.0 => Ok(if x0 > 0.0 { x.clone() } else { constant(0.0, n) }),
        "sign" if x0 != 0.0 => Ok(constant(x0.signum(), n)),
        "step" if x0 != 0.0 => Ok(constant(f64::from(x0 > 0.0), n)),
        // the conventions at a kink: value 0 and slope 0
        "abs" | "relu" | "sign" | "step" => Ok(constant(0.0, n)),
        _ => Err(KernelError::Unsupported),
    }
}

fn constant(value: f64, n: usize) -> Series {
    let mut out = vec![0.0; n];
    out[0] = value;
    out
}

fn with_value(mut series: Series, value: f64) -> Series {
    series[0] = value;
    series
}

fn add(a: &Series, b: &Series) -> Series {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn scale(a: &Series, c: f64) -> Series {
    a.iter().map(|a| a * c).collect()
}

/// The coefficient of tᵏ in a product.
fn at_product(a: &[f64], b: &[f64], k: usize) -> f64 {
    (0..=k).map(|j| a[j] * b[k - j]).sum()
}

fn mul(a: &Series, b: &Series) -> Series {
    (0..a.len()).map(|k| at_product(a, b, k)).collect()
}

fn div(a: &Series, b: &Series) -> Result<Series> {
    if b[0] == 0.0 {
        return Err(KernelError::Undefined);
    }
    let mut y: Series = Vec::with_capacity(a.len());
    for k in 0..a.len() {
        let known: f64 = (0..k).map(|j| y[j] * b[k - j]).sum();
        y.push((a[k] - known) / b[0]);
    }
    Ok(y)
}

/// The solution of y′ = g(y)·x′ with a given value; `g` gives the coefficient of tᵏ of g(y) from the
/// coefficients of y up to k.
fn solve(x: &Series, value: f64, g: impl Fn(&[f64], usize) -> f64) -> Series {
    let mut y = constant(value, x.len());
    let mut slopes = Vec::with_capacity(x.len());
    for k in 1..x.len() {
        slopes.push(g(&y, k - 1));
        let sum: f64 = (0..k).map(|j| slopes[j] * (k - j) as f64 * x[k - j]).sum();
        y[k] = sum / k as f64;
    }
    y
}

/// The integral of slope·x′ with a given value.
fn integral(slope: &Series, x: &Series, value: f64) -> Series {
    solve(x, value, |_, k| slope[k])
}

fn exp(x: &Series) -> Series {
    solve(x, x[0].exp(), |y, k| y[k])
}

fn sigmoid(x: &Series) -> Series {
    let value =
        if x[0] >= 0.0 { 1.0 / (1.0 + (-x[0]).exp()) } else { x[0].exp() / (1.0 + x[0].exp()) };
    solve(x, value, |y, k| y[k] - at_product(y, y, k))
}

fn log(x: &Series) -> Result<Series> {
    if x[0] <= 0.0 {
        return Err(KernelError::Undefined);
    }
    Ok(integral(&div(&constant(1.0, x.len()), x)?, x, x[0].ln()))
}

fn sine(x: &Series) -> (Series, Series) {
    let n = x.len();
    let (mut s, mut c) = (constant(x[0].sin(), n), constant(x[0].cos(), n));
    for k in 1..n {
        let along =
            |y: &Series| (1..=k).map(|j| j as f64 * x[j] * y[k - j]).sum::<f64>() / k as f64;
        let (ds, dc) = (along(&c), -along(&s));
        s[k] = ds;
        c[k] = dc;
    }
    (s, c)
}

/// `(1 + sign·x²)^(-1/2)`
fn inverse_root(one: &Series, x: &Series, sign: f64) -> Result<Series> {
    real_power(&add(one, &scale(&mul(x, x), sign)), -0.5)
}

fn power(x: &Series, k: &Series) -> Result<Series> {
    if k[1..].iter().any(|&c| c != 0.0) {
        return Ok(exp(&mul(k, &log(x)?)));
    }
    let exponent = k[0];
    if exponent.fract() == 0.0 && exponent.abs() <= 64.0 {
        let mut product = constant(1.0, x.len());
        let mut left = exponent.abs();
        while left > 0.0 {
            product = mul(&product, x);
            left -= 1.0;
        }
        return if exponent < 0.0 { div(&constant(1.0, x.len()), &product) } else { Ok(product) };
    }
    real_power(x, exponent)
}

/// `x^r` for positive x: x·y′ = r·y·x′.
fn real_power(x: &Series, r: f64) -> Result<Series> {
    if x[0] < 0.0 || (x[0] == 0.0 && (x.len() > 1 || r < 0.0)) {
        return Err(KernelError::Undefined);
    }
    let mut y = constant(x[0].powf(r), x.len());
    for k in 1..x.len() {
        let sum: f64 = (1..=k).map(|j| (r * j as f64 - (k - j) as f64) * x[j] * y[k - j]).sum();
        y[k] = sum / (k as f64 * x[0]);
    }
    Ok(y)
}

/// erf′ = 2/√π e^(−x²); the value itself is the table's kernel.
fn erf(x: &Series) -> Series {
    let slope = scale(&exp(&scale(&mul(x, x), -1.0)), std::f64::consts::FRAC_2_SQRT_PI);
    let value = match crate::functions::find("erf").map(|f| f.kernel) {
        Some(crate::functions::Kernel::Elementwise(kernel)) => (kernel.double)(&[x[0]]),
        _ => f64::NAN,
    };
    integral(&slope, x, value)
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
}
