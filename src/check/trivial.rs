//! Claims that say nothing: both sides are one expression but for the order of factors and terms.

use crate::number::Number;
use crate::shape::typed::Typed;
use crate::syntax::ast::{Expr, NodeId, ProductOp};
use crate::syntax::print::print_node;

/// What is deeper than this is compared as it is written.
const DEPTH: usize = 40;

/// Whether both sides are one expression but for the order of terms, of scalar factors and of those
/// of elementwise products.
pub(super) fn says_nothing(typed: &Typed, left: NodeId, right: NodeId) -> bool {
    sorted(typed, left, DEPTH) == sorted(typed, right, DEPTH)
}

fn sorted(typed: &Typed, id: NodeId, depth: usize) -> String {
    let program = &typed.program;
    if depth == 0 {
        return print_node(program, id);
    }
    let of = |id: NodeId| sorted(typed, id, depth - 1);
    let joined = |mut list: Vec<String>, sign: &str| {
        list.sort();
        format!("({})", list.join(sign))
    };
    match program.node(id) {
        Expr::Negate(a) => format!("-{}", of(*a)),
        Expr::Sum(list) => {
            let mut terms: Vec<(String, Number)> = Vec::new();
            for term in program.list(*list) {
                let (mut number, mut rest) = (Number::ONE, Vec::new());
                let inner = match program.node(*term) {
                    Expr::Negate(inner) => {
                        number = Number::MINUS_ONE;
                        *inner
                    }
                    _ => *term,
                };
                factors(typed, inner, depth - 1, &mut number, &mut rest);
                rest.sort();
                let rest = rest.join("*");
                match terms.iter_mut().find(|t| t.0 == rest) {
                    Some(other) => other.1 = other.1.add(&number),
                    None => terms.push((rest, number)),
                }
            }
            match &terms[..] {
                [(rest, number)] => joined(vec![rest.clone(), number.to_string()], "*"),
                _ => joined(terms.iter().map(|(t, n)| format!("{n}*{t}")).collect(), "+"),
            }
        }
        Expr::Product(..) if commutes(typed, id) => {
            let (mut number, mut list) = (Number::ONE, Vec::new());
            factors(typed, id, depth - 1, &mut number, &mut list);
            match list.len() {
                1 if number.is_one() => list.swap_remove(0),
                _ => {
                    list.push(number.to_string());
                    joined(list, "*")
                }
            }
        }
        Expr::Product(_, a, b) => format!("({}.{})", of(*a), of(*b)),
        Expr::Call { function, primes, arguments, axis: None } => {
            let arguments: Vec<String> = program.list(*arguments).iter().map(|a| of(*a)).collect();
            format!("{}{primes}({})", program.name(*function), arguments.join(","))
        }
        _ => print_node(program, id),
    }
}

/// Whether the factors of a product may change places.
fn commutes(typed: &Typed, id: NodeId) -> bool {
    let scalar = |id: NodeId| typed.shape(id).axes.is_empty();
    match typed.program.node(id) {
        Expr::Product(ProductOp::Hadamard, ..) => true,
        Expr::Product(ProductOp::Product, a, b) => scalar(*a) || scalar(*b),
        Expr::Product(ProductOp::Quotient, _, b) => {
            scalar(*b) && matches!(typed.program.node(*b), Expr::Number(_))
        }
        _ => false,
    }
}

/// The factors of a product whose order does not matter, its numbers multiplied.
fn factors(typed: &Typed, id: NodeId, depth: usize, number: &mut Number, list: &mut Vec<String>) {
    match typed.program.node(id) {
        Expr::Number(n) => *number = number.mul(n),
        Expr::Product(op, a, b) if depth > 0 && commutes(typed, id) => {
            factors(typed, *a, depth - 1, number, list);
            match (op, typed.program.node(*b)) {
                (ProductOp::Quotient, Expr::Number(n)) if !n.is_zero() => {
                    *number = number.div(n).unwrap_or_else(|| number.clone());
                }
                _ => factors(typed, *b, depth - 1, number, list),
            }
        }
        _ => list.push(sorted(typed, id, depth)),
    }
}
