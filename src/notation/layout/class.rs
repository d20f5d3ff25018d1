//! Precedence: what needs brackets where, by the form of an expression alone.

use crate::functions::Signature;
use crate::notation::math::Math;
use crate::number::Number;

/// What decides whether an expression needs brackets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::notation) enum Class {
    /// A name, whole number, call or entry.
    Atom,
    /// `A'`
    Transposed,
    /// `x^2`
    Power,
    /// A fraction with a bar: needs brackets only before a postfix or power.
    Built,
    /// `1/2`, one number
    Fraction,
    /// A number times something simple: `2*x`
    Scaled,
    /// `A*x`
    Product,
    /// `x .* y`
    Hadamard,
    /// `a/b`
    Quotient,
    /// `x ./ y`
    ElementQuotient,
    /// `-x`
    Negative,
    /// `a + b`
    Sum,
    /// A sum sign, which takes everything to its right.
    BigSum,
    /// `a < b`
    Compare,
}

/// What an expression stands beside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::notation) enum Place {
    /// Nothing: it stands by itself or between brackets.
    Whole,
    /// A side of a comparison.
    Side,
    /// A term of a sum.
    Term,
    /// The first factor of a product.
    First,
    /// The first factor of an elementwise product, or what is divided elementwise.
    Lead,
    /// What is divided by a scalar.
    Numerator,
    /// A later factor, or a divisor.
    Factor,
    /// The last factor of a product.
    Last,
    /// What is raised to a power, transposed or indexed.
    Operand,
}

/// Whether an expression is written in brackets in a place.
pub(super) fn brackets(class: Class, place: Place, juxtaposed: bool) -> bool {
    use Class::{
        Atom, BigSum, Built, Compare, Fraction, Negative, Power, Product, Quotient, Scaled, Sum,
        Transposed,
    };
    let tight = matches!(class, Atom | Transposed | Power | Built);
    match place {
        Place::Whole => false,
        Place::Side => class == Compare,
        Place::Term => matches!(class, Negative | Sum | Compare),
        // `2/n (x - y)` would leave open what is divided, `2/n*(x - y)` reads from the left
        Place::First => !(tight || class == Fraction || (class == Quotient && !juxtaposed)),
        Place::Lead => !(tight || class == Scaled),
        Place::Numerator => !(tight || matches!(class, Product | Scaled)),
        Place::Factor => !tight,
        Place::Last => !(tight || class == BigSum),
        Place::Operand => class != Atom,
    }
}

/// The expression without sums and products of one part.
pub(in crate::notation) fn peel(mut math: &Math) -> &Math {
    loop {
        math = match math {
            Math::Product(parts) | Math::Hadamard(parts) if parts.len() == 1 => &parts[0],
            Math::Sum(terms) if terms.len() == 1 && !terms[0].0 => &terms[0].1,
            _ => return math,
        }
    }
}

/// The class of an expression in line notation.
pub(in crate::notation) fn class(math: &Math) -> Class {
    match math {
        Math::Number(n) if n.is_negative() => Class::Negative,
        Math::Number(n) if n.is_fraction() => Class::Fraction,
        Math::Sum(terms) => match terms.len() {
            0 => Class::Atom,
            1 => Class::Negative,
            _ => Class::Sum,
        },
        Math::Negate(_) => Class::Negative,
        Math::Product(factors) => match factors.as_slice() {
            [] => Class::Atom,
            [Math::Number(_), rest] => match class(peel(rest)) {
                Class::Atom | Class::Transposed | Class::Power => Class::Scaled,
                _ => scaled(factors).map_or(Class::Product, |(_, inner)| class(inner)),
            },
            _ => Class::Product,
        },
        Math::Hadamard(factors) => {
            if factors.is_empty() {
                Class::Atom
            } else {
                Class::Hadamard
            }
        }
        Math::Quotient(..) => Class::Quotient,
        Math::ElementQuotient(..) => Class::ElementQuotient,
        Math::Power(..) | Math::ElementPower(..) => Class::Power,
        Math::Transpose(_) => Class::Transposed,
        Math::Compare(..) => Class::Compare,
        // a compound size, `n-1`
        Math::Symbol(s) if s.name.contains(['+', '-']) => Class::Sum,
        Math::Symbol(s) if s.name.contains('/') => Class::Quotient,
        Math::Symbol(s) if s.name.contains('*') => Class::Product,
        _ => Class::Atom,
    }
}

/// A number times an elementwise product or quotient, which is written `2*x .* y`: read from the
/// left it is `(2*x) .* y`, which is the same.
pub(super) fn scaled(factors: &[Math]) -> Option<(&Number, &Math)> {
    let [Math::Number(n), rest] = factors else { return None };
    let rest = peel(rest);
    let first = match rest {
        Math::Hadamard(parts) => peel(parts.first()?),
        Math::ElementQuotient(first, _) => peel(first),
        _ => return None,
    };
    let digits = matches!(first, Math::Number(_)) || class(first) == Class::Scaled;
    (!digits && !n.is_negative()).then_some((n, rest))
}

/// Whether an expression is minus one, as an exponent: an inverse.
pub(in crate::notation) fn is_minus_one(exponent: &Math) -> bool {
    match peel(exponent) {
        Math::Negate(inner) => matches!(peel(inner), Math::Number(n) if n.is_one()),
        Math::Sum(terms) => match terms.as_slice() {
            [(true, inner)] => matches!(peel(inner), Math::Number(n) if n.is_one()),
            _ => false,
        },
        Math::Number(n) => *n == Number::MINUS_ONE,
        _ => false,
    }
}

/// The number of axes of a value, where its form tells.
pub(in crate::notation) fn rank(math: &Math) -> Option<u8> {
    match peel(math) {
        Math::Number(_) | Math::Pi | Math::Delta(..) | Math::Inner(..) => Some(0),
        Math::Entry(_, at) => {
            u8::try_from(at.iter().filter(|p| matches!(p, Math::Range(_))).count()).ok()
        }
        Math::Symbol(s) | Math::Gradient(s) | Math::Differential(s) => Some(s.rank),
        Math::Identity(_) => Some(2),
        Math::Ones(sizes) | Math::Zeros(sizes) => u8::try_from(sizes.len()).ok(),
        Math::Sum(terms) => terms.iter().map(|(_, term)| rank(term)).max()?,
        Math::Hadamard(factors) => factors.iter().map(rank).max()?,
        Math::Quotient(a, _) | Math::Power(a, _) | Math::ElementPower(a, _) | Math::Negate(a) => {
            rank(a)
        }
        Math::ElementQuotient(a, b) => rank(a).max(rank(b)),
        // a scaled vector, or a matrix applied to a vector; not `x'*y`, whose row has one axis too
        Math::Product(factors) => {
            let (last, rest) = factors.split_last()?;
            match (rank(last)?, rest) {
                (1, [.., Math::Transpose(_)]) => None,
                (last, rest) if rest.iter().all(|f| rank(f) == Some(0)) => Some(last),
                (1, rest) if rest.iter().all(|f| matches!(rank(f), Some(0 | 2))) => Some(1),
                _ => None,
            }
        }
        Math::Transpose(a) => rank(a).filter(|&r| r == 2),
        Math::UnknownGradient(_, order, a) => rank(a).map(|r| r * *order as u8),
        Math::Unknown(_, arguments) => arguments.iter().map(rank).max()?,
        Math::Call(function, arguments, axis) => match function.signature_for(arguments.len()) {
            Signature::Elementwise => arguments.iter().map(rank).max()?,
            Signature::Axiswise => rank(arguments.first()?),
            Signature::Reduction { .. } if axis.is_none() => Some(0),
            _ => None,
        },
        _ => None,
    }
}
