//! Presentation trees from smaller ones: transposes, products, powers and signs as they are written.

use crate::functions::{self, Function};
use crate::notation::math::{Math, Symbol as Name, Unknown};
use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::node::{SymbolId, SymbolKind};
use smallvec::SmallVec;

/// `math` as a name of this symbol.
pub(crate) fn symbol_math(arena: &Arena, id: SymbolId) -> Math {
    let symbol = arena.symbol(id);
    let name = Name { name: symbol.name.clone(), rank: symbol.rank };
    match symbol.kind {
        SymbolKind::Cotangent => Math::Gradient(name),
        SymbolKind::Differential => Math::Differential(name),
        SymbolKind::Pi => Math::Pi,
        SymbolKind::Size(_) => size_math(symbol.name.clone()),
        _ => Math::Symbol(name),
    }
}

/// A size as it is written: a name, a number, or a compound of those kept as one symbol.
pub(crate) fn size_math(text: std::rc::Rc<str>) -> Math {
    if text.starts_with(|c: char| c.is_ascii_digit())
        && let Some(n) = Number::from_decimal(&text)
    {
        return Math::Number(n);
    }
    Math::Symbol(Name { name: text, rank: 0 })
}

pub(crate) fn entry(name: &str) -> &'static Function {
    functions::find(name).expect("the table has the functions that notation writes")
}

/// The transpose, simplified.
pub(crate) fn transpose(m: Math) -> Math {
    match m {
        Math::Transpose(inner) => *inner,
        Math::Product(factors) => {
            // scalars stay in front
            let mut list = factors;
            list.sort_by_key(|m| !is_scalar(m));
            let scalars = list.iter().take_while(|m| is_scalar(m)).count();
            list[scalars..].reverse();
            for factor in &mut list[scalars..] {
                let inner = std::mem::replace(factor, Math::Pi);
                *factor = transpose(inner);
            }
            Math::Product(list)
        }
        Math::Identity(n) => Math::Identity(n),
        Math::Zeros(mut sizes) if sizes.len() == 2 => {
            sizes.reverse();
            Math::Zeros(sizes)
        }
        Math::Ones(mut sizes) if sizes.len() == 2 => {
            sizes.reverse();
            Math::Ones(sizes)
        }
        Math::Entry(base, mut at) if at.len() == 2 && matches!(*base, Math::Identity(_)) => {
            at.reverse();
            Math::Entry(base, at)
        }
        Math::Block(rows)
            if rows.iter().all(|r| r.len() == rows[0].len())
                && (rows[0].len() > 1
                    || rows
                        .iter()
                        .all(|r| matches!(r[0], Math::Transpose(_)) || is_scalar(&r[0]))) =>
        {
            let column = |k: usize| rows.iter().map(|r| transpose(r[k].clone())).collect();
            Math::Block((0..rows[0].len()).map(column).collect())
        }
        Math::Sum(terms) if is_mirrored(&terms) => Math::Sum(terms),
        m if is_scalar(&m) || is_diagonal(&m) => m,
        m => Math::Transpose(Box::new(m)),
    }
}

/// Whether the transposes of some terms are these terms: `A + A'`, `eye(n) - x*x'/2`.
fn is_mirrored(terms: &[(bool, Math)]) -> bool {
    let mut left: SmallVec<[&(bool, Math); 8]> = terms.iter().collect();
    terms.iter().all(|(sign, term)| {
        let other = match term.clone() {
            Math::Quotient(a, b) => Math::Quotient(Box::new(transpose(*a)), b),
            term => transpose(term),
        };
        let found = left.iter().position(|(s, m)| s == sign && *m == other);
        found.map(|at| left.remove(at)).is_some()
    })
}

fn is_diagonal(m: &Math) -> bool {
    matches!(m, Math::Call(f, _, _) if f.name == "diag") && rank_hint(m) == Some(2)
}

fn rank_hint(m: &Math) -> Option<u8> {
    match m {
        Math::Call(f, arguments, _) if f.name == "diag" => match &arguments[..] {
            [Math::Symbol(s)] => Some(if s.rank == 1 { 2 } else { 1 }),
            _ => None,
        },
        _ => None,
    }
}

/// Whether this is visibly a scalar.
pub(crate) fn is_scalar(m: &Math) -> bool {
    match m {
        Math::Number(_) | Math::Pi => true,
        Math::Entry(_, at) => !at.iter().any(|p| matches!(p, Math::Range(_))),
        Math::Symbol(s) | Math::Gradient(s) => s.rank == 0,
        Math::Quotient(a, _) | Math::Power(a, _) | Math::Negate(a) => is_scalar(a),
        Math::Sum(terms) => terms.iter().all(|t| is_scalar(&t.1)),
        Math::Product(list) => list.iter().all(is_scalar),
        // with two arguments `max` is elementwise
        Math::Call(f, list, None) if f.binary.is_some() && list.len() > 1 => {
            list.iter().all(is_scalar)
        }
        Math::Call(f, _, None) => matches!(f.signature, functions::Signature::Reduction { .. }),
        _ => false,
    }
}

/// Whether this is the number 1.
pub(crate) fn is_one(m: &Math) -> bool {
    matches!(m, Math::Number(n) if n.is_one())
}

/// A product with nested products opened.
pub(crate) fn product(list: impl IntoIterator<Item = Math>) -> Math {
    let mut items = list.into_iter();
    let mut flat: Vec<Math> = Vec::new();
    while let Some(m) = items.next() {
        let room = 1 + items.size_hint().0;
        match m {
            Math::Product(inner) if flat.is_empty() => flat = inner,
            Math::Product(inner) => {
                flat.reserve_exact(inner.len() + room - 1);
                flat.extend(inner);
            }
            Math::Number(n) if n.is_one() => {}
            other if flat.is_empty() && items.size_hint().1 == Some(0) => return other,
            other => {
                if flat.len() == flat.capacity() {
                    flat.reserve_exact(room);
                }
                flat.push(other);
            }
        }
    }
    join_powers(&mut flat);
    match flat.len() {
        0 => Math::Number(Number::ONE),
        1 => flat.pop().unwrap_or(Math::Pi),
        _ => Math::Product(flat),
    }
}

/// `X X` is `X²`, `Xᵀ Xᵀ` is `(X²)ᵀ`, for a matrix with a name; `(A + B)⁻¹ (A + B)⁻¹` is `(A + B)⁻²`.
fn join_powers(factors: &mut Vec<Math>) {
    fn power(m: &Math) -> Option<(&Math, i64, bool)> {
        match m {
            Math::Symbol(s) if s.rank == 2 => Some((m, 1, false)),
            Math::Transpose(inner) => power(inner).map(|(base, k, t)| (base, k, !t)),
            Math::Power(base, exponent) if !is_scalar(base) => match &**exponent {
                Math::Number(n) if matches!(**base, Math::Symbol(_)) => {
                    n.as_integer().map(|k| (&**base, k, false))
                }
                Math::Negate(k) => match &**k {
                    Math::Number(n) => n.as_integer().map(|k| (&**base, -k, false)),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }
    let mut at = 1;
    while at < factors.len() {
        let joined = match (power(&factors[at - 1]), power(&factors[at])) {
            (Some((a, j, s)), Some((b, k, t))) if (j > 0) == (k > 0) && s == t && a == b => {
                let base = Box::new(a.clone());
                let exponent = Box::new(Math::Number(Number::integer((j + k).abs())));
                let exponent = if j < 0 { Box::new(Math::Negate(exponent)) } else { exponent };
                let square = Math::Power(base, exponent);
                Some(if s { transpose(square) } else { square })
            }
            _ => None,
        };
        match joined {
            Some(m) => {
                factors[at - 1] = m;
                factors.remove(at);
            }
            None => at += 1,
        }
    }
}

/// A sum or mean, of rows or columns with an axis: those of `Aᵀ ⊙ Bᵀ` are the others of `A ⊙ B`.
pub(super) fn sum_or_mean(argument: Math, axis: Option<u8>, mean: bool) -> Math {
    let (argument, axis) = match (argument, axis) {
        (Math::Transpose(inner), Some(axis)) => (*inner, Some(1 - axis)),
        (Math::Hadamard(list), Some(axis))
            if list.iter().all(|m| matches!(m, Math::Transpose(_))) =>
        {
            (Math::Hadamard(list.into_iter().map(transpose).collect()), Some(1 - axis))
        }
        other => other,
    };
    Math::Call(entry(if mean { "mean" } else { "sum" }), Box::new([argument]), axis)
}

/// `x'*x` for a name, else `norm2(x)^2`.
pub(super) fn squared_norm(root: &Math) -> Math {
    match root {
        Math::Symbol(_) | Math::Gradient(_) => {
            Math::Product(vec![Math::Transpose(Box::new(root.clone())), root.clone()])
        }
        _ => squared_norm_matrix(root),
    }
}

pub(super) fn squared_norm_matrix(root: &Math) -> Math {
    let norm = Math::Call(entry("norm2"), Box::new([root.clone()]), None);
    with_exponent(norm, &Number::integer(2), true)
}

/// `f''(x)`
pub(crate) fn unknown(name: Name, primes: u32, list: Vec<Math>) -> Math {
    Math::Unknown(Box::new(Unknown { name, primes }), list.into())
}

/// `where(c, 1, 0)`
pub(crate) fn indicator(choose: &'static Function, condition: Math) -> Math {
    let (one, zero) = (Math::Number(Number::ONE), Math::Number(Number::ZERO));
    Math::Call(choose, Box::new([condition, one, zero]), None)
}

/// `X⁻¹`
pub(super) fn inverse(x: Math) -> Math {
    let minus_one = Math::Negate(Box::new(Math::Number(Number::ONE)));
    Math::Power(Box::new(x), Box::new(minus_one))
}

pub(super) fn reciprocal(m: Math, scalar: bool) -> Math {
    let one = Box::new(Math::Number(Number::ONE));
    if scalar { Math::Quotient(one, Box::new(m)) } else { Math::ElementQuotient(one, Box::new(m)) }
}

pub(super) fn with_exponent(base: Math, exponent: &Number, scalar: bool) -> Math {
    if exponent.is_one() {
        return base;
    }
    if exponent.is_negative() {
        return reciprocal(with_exponent(base, &exponent.neg(), scalar), scalar);
    }
    let exponent = Box::new(Math::Number(exponent.clone()));
    if scalar {
        Math::Power(Box::new(base), exponent)
    } else {
        Math::ElementPower(Box::new(base), exponent)
    }
}

pub(crate) fn negated(m: Math) -> Math {
    match m {
        Math::Sum(terms) => Math::Sum(vec![(true, Math::Sum(terms))]),
        m => Math::Sum(vec![(true, m)]),
    }
}

pub(crate) fn scaled(c: &Number, m: Math) -> Math {
    if c.is_one() {
        return m;
    }
    if let Math::Number(n) = &m {
        return Math::Number(n.mul(c));
    }
    if let Math::Quotient(a, b) = m {
        let (n, d) = c.parts();
        let whole = |t: String| Number::from_decimal(&t).map_or(Math::Pi, Math::Number);
        let below = if d == "1" { *b } else { product([whole(d), *b]) };
        let above = product([whole(n), *a]);
        return Math::Quotient(Box::new(above), Box::new(below));
    }
    match m {
        Math::Product(mut list) => {
            if let Some(Math::Number(n)) = list.first_mut() {
                *n = n.mul(c);
                if n.is_one() {
                    list.remove(0);
                }
                return product(list);
            }
            list.insert(0, Math::Number(c.clone()));
            product(list)
        }
        m => product([Math::Number(c.clone()), m]),
    }
}
