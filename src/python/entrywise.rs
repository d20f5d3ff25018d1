//! Operations entry by entry.

use super::arguments::Read;
use super::error::CodeError;
use super::tree::Operator;
use super::value::{Array, Level, Truth};
use super::writer::{Piece, Writer};
use crate::diagnostic::Span;

/// A function of one array, entry by entry.
pub(super) fn unary(
    w: &mut Writer,
    x: &Array,
    span: Span,
    build: impl Fn(&Piece) -> (String, Level),
) -> Read<Array> {
    if let Some(picked) = &x.picked {
        // entries by label: a function of them is the entries of the function
        let (base, labels) = picked.as_ref().clone();
        let mapped = w.elementwise(&[&base], span, |p| build(&p[0]))?;
        return w.pick(&mapped, &labels, span);
    }
    w.elementwise(&[x], span, |p| build(&p[0]))
}

/// `a op b`, entry by entry or as a matrix product.
pub(super) fn operator(
    w: &mut Writer,
    op: Operator,
    a: &Array,
    b: &Array,
    span: Span,
) -> Read<Array> {
    if op == Operator::MatrixMultiply {
        return w.matmul(a, b, span);
    }
    if matches!(op, Operator::And | Operator::Or) && (a.truth == Truth::No || b.truth == Truth::No)
    {
        return Err(CodeError::unsupported("`&` and `|` of numbers cannot be read", span));
    }
    let mut out = w.elementwise(&[a, b], span, |p| binary(op, &p[0], &p[1]))?;
    if let (Some(x), Some(y), Operator::Add | Operator::Subtract | Operator::Multiply) =
        (a.integer, b.integer, op)
    {
        let value = match op {
            Operator::Add => x.checked_add(y),
            Operator::Subtract => x.checked_sub(y),
            _ => x.checked_mul(y),
        };
        out = value.map_or(out, Array::integer);
    }
    if matches!(op, Operator::And | Operator::Or) {
        out.truth = Truth::Indicator;
    }
    Ok(out)
}

fn binary(op: Operator, a: &Piece, b: &Piece) -> (String, Level) {
    let scalar = a.scalar || b.scalar;
    // a sign behind an operator is bracketed
    let signed = |p: &Piece, least| {
        if p.text.starts_with('-') { format!("({})", p.text) } else { p.at(least) }
    };
    match op {
        Operator::Add => (format!("{} + {}", a.at(Level::Sum), signed(b, Level::Sum)), Level::Sum),
        Operator::Subtract => {
            (format!("{} - {}", a.at(Level::Sum), signed(b, Level::Product)), Level::Sum)
        }
        Operator::Multiply | Operator::And => {
            let sign = if scalar { "*" } else { " .* " };
            (format!("{}{sign}{}", a.at(Level::Product), signed(b, Level::Power)), Level::Product)
        }
        Operator::Or => (format!("max({}, {})", a.text, b.text), Level::Atom),
        Operator::Divide => {
            let sign = if b.scalar { "/" } else { " ./ " };
            (format!("{}{sign}{}", a.at(Level::Product), signed(b, Level::Power)), Level::Product)
        }
        Operator::Power => {
            let sign = if a.scalar && b.scalar { "^" } else { " .^ " };
            (format!("{}{sign}{}", a.at(Level::Atom), b.at(Level::Atom)), Level::Power)
        }
        Operator::MatrixMultiply => unreachable!("a matrix product is not entry by entry"),
    }
}

/// `np.where(c, x, y)`.
pub(super) fn choose(w: &mut Writer, c: &Array, x: &Array, y: &Array, span: Span) -> Read<Array> {
    if c.truth == Truth::No {
        return Err(CodeError::unsupported(
            "a condition that is no comparison cannot be read",
            span,
        ));
    }
    w.elementwise(&[c, x, y], span, |p| {
        // between 0 and 1, so that no value lies at the edge
        (format!("where({} > 1/2, {}, {})", p[0].at(Level::Sum), p[1].text, p[2].text), Level::Atom)
    })
}
