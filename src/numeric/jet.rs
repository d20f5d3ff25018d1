//! Truncated power series: exact derivatives of an expression of `u` that a user gives for an
//! unknown function.
//!
//! A series holds the coefficients of tᵏ of f(u + t); how one passes through a function stands in
//! the function's entry.

use crate::array::KernelError;
use crate::functions::series::{add, constant, div, mul, negated, number_power, power};
use crate::functions::{Elementary, find};
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
        value = value.mul(S::from_number(&Number::integer(i64::from(k)))?);
    }
    if value.size().is_nan() { Err(KernelError::Undefined) } else { Ok(value) }
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
                [x] => {
                    let f = find(program.name(*function)).ok_or(KernelError::Unsupported)?;
                    S::series(f, at(*x))
                }
                _ => Err(KernelError::Unsupported),
            }
        }
        _ => Err(KernelError::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
