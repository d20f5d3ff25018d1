//! Products: a chain of factors, multiplied in the cheap order.
//!
//! A chain is cut wherever two factors meet in an axis of length one, before a row and after a
//! column. A piece between a row and a column is a scalar; what is left is a vector, a matrix, or
//! the outer product of two vectors. Vectors are multiplied first, inverses are systems that are
//! solved, diagonal matrices scale. Matrices among themselves count as equally large.

use super::CodeError;
use super::build::Build;
use super::graph::{Id, Op};
use super::lower::{Lower, Value};
use crate::functions::{Kind, Lowering};
use crate::notation::math::Math;
use crate::number::Number;

/// A factor of a chain.
#[derive(Clone, Copy, Debug)]
enum Link {
    Matrix(Id),
    /// The diagonal matrix of a vector.
    Diagonal(Id),
    /// The inverse of a matrix.
    Inverse(Id),
    Column(Id),
    Row(Id),
    /// The identity matrix.
    Identity(Id),
}

/// Factors of a product, the scalar ones apart.
#[derive(Debug, Default)]
struct Chain {
    negative: bool,
    above: Vec<Id>,
    below: Vec<Id>,
    links: Vec<Link>,
}

/// The value of a product, a quotient by a scalar, a transpose or a matrix power.
pub(super) fn product(lower: &mut Lower<'_>, math: &Math) -> Result<Value, CodeError> {
    if let Some(value) = distributed(lower, math)? {
        return Ok(value);
    }
    let mut chain = Chain::default();
    collect(lower, math, &mut chain)?;
    Ok(finish(&mut lower.build, chain))
}

/// A product of matrices around a sum of diagonal matrices and outer products, as the sum of the
/// products with each: `A'*(diag(p) - p*p')*A` costs no more than its terms then.
fn distributed(lower: &mut Lower<'_>, math: &Math) -> Result<Option<Value>, CodeError> {
    let Math::Product(list) = math else { return Ok(None) };
    let sum = |m: &Math| matches!(m, Math::Sum(terms) if terms.len() > 1);
    let mut sums = list.iter().enumerate().filter(|(_, m)| sum(m) && lower.layer(m).is_none());
    let (Some((at, Math::Sum(terms))), None) = (sums.next(), sums.next()) else { return Ok(None) };
    let mut parts = Vec::with_capacity(terms.len());
    for (negative, term) in terms {
        let mut part = Chain::default();
        collect(lower, term, &mut part)?;
        extract(&mut lower.build, &mut part);
        part.negative ^= negative;
        let thin = |l: &Link| matches!(l, Link::Diagonal(_) | Link::Identity(_));
        let outer = part.links.iter().any(|l| matches!(l, Link::Column(_)))
            && part.links.iter().any(|l| matches!(l, Link::Row(_)));
        if part.links.is_empty() || !(outer || part.links.iter().all(thin)) {
            return Ok(None);
        }
        parts.push(part);
    }
    let (mut left, mut right) = (Chain::default(), Chain::default());
    for (factors, out) in [(&list[..at], &mut left), (&list[at + 1..], &mut right)] {
        for factor in factors {
            collect(lower, factor, out)?;
        }
    }
    let b = &mut lower.build;
    let matrices =
        |chain: &Chain| chain.links.iter().all(|l| matches!(l, Link::Matrix(_) | Link::Inverse(_)));
    if left.links.len() + right.links.len() == 0 || !matrices(&left) || !matrices(&right) {
        return Ok(None);
    }
    let mut terms = Vec::with_capacity(parts.len());
    for part in parts {
        let mut links = left.links.clone();
        links.extend(part.links);
        links.extend(&right.links);
        let value = finish(b, Chain { links, ..part });
        terms.push((false, value.id));
    }
    let sum = b.sum(terms);
    let mut scalars = Chain { links: Vec::new(), ..left };
    scalars.append(Chain { links: Vec::new(), ..right });
    Ok(Some(Value { id: scaled(b, &mut scalars, Some(sum)), row: false }))
}

/// The trace of a product, without the product's other entries where that is possible.
pub(super) fn trace(lower: &mut Lower<'_>, math: &Math) -> Result<Id, CodeError> {
    let mut chain = Chain::default();
    collect(lower, math, &mut chain)?;
    let b = &mut lower.build;
    if let [Link::Inverse(_), .., Link::Matrix(_)] = chain.links[..] {
        // tr(inv(A) B) = tr(B inv(A)), so that a system is solved
        chain.links.rotate_left(1);
    }
    let last = if chain.links.len() > 1 { chain.links.pop() } else { None };
    let trace = match last {
        Some(Link::Matrix(m)) => {
            let rest = matrix(b, &chain.links);
            b.trace_of_product(rest, m)
        }
        Some(Link::Inverse(a)) => {
            let rest = matrix(b, &chain.links);
            let solved = b.solve(a, rest);
            b.trace(solved)
        }
        last => {
            chain.links.extend(last);
            let whole = finish(b, Chain { links: chain.links, ..Chain::default() });
            b.trace(whole.id)
        }
    };
    chain.links = Vec::new();
    chain.above.push(trace);
    Ok(finish(b, chain).id)
}

/// Adds the factors of `math` to a chain.
fn collect(lower: &mut Lower<'_>, math: &Math, out: &mut Chain) -> Result<(), CodeError> {
    if let Some(value) = lower.layer(math) {
        out.push(&lower.build, value);
        return Ok(());
    }
    match math {
        Math::Product(list) => {
            let mut inner = Chain::default();
            for factor in list {
                collect(lower, factor, &mut inner)?;
            }
            extract(&mut lower.build, &mut inner);
            out.append(inner);
        }
        Math::Transpose(a) => {
            let mut inner = Chain::default();
            collect(lower, a, &mut inner)?;
            inner.transpose(&mut lower.build);
            out.append(inner);
        }
        Math::Quotient(a, divisor) => {
            let divisor = lower.value(divisor)?.id;
            collect(lower, a, out)?;
            out.below.push(divisor);
        }
        Math::Negate(a) => {
            collect(lower, a, out)?;
            out.negative = !out.negative;
        }
        Math::Sum(terms) if matches!(terms[..], [(true, _)]) => {
            collect(lower, &terms[0].1, out)?;
            out.negative = !out.negative;
        }
        Math::Power(base, k) => {
            let value = lower.value(base)?;
            if lower.build.rank(value.id) == 2 {
                return matrix_power(lower, value.id, k, out);
            }
            let k = lower.value(k)?.id;
            let power = lower.build.power(value.id, k);
            out.push(&lower.build, Value { id: power, row: value.row });
        }
        Math::Identity(n) => {
            let n = n.as_ref().map(|n| lower.size(n)).transpose()?;
            let eye = lower.build.graph.node(Op::Eye(n), 2);
            out.links.push(Link::Identity(eye));
        }
        Math::Call(f, list, None) if list.len() == 1 => {
            let kind = f.lowering_for(1);
            if matches!(kind, Lowering::Einsum(["ij->ji"])) {
                let mut inner = Chain::default();
                collect(lower, &list[0], &mut inner)?;
                inner.transpose(&mut lower.build);
                out.append(inner);
                return Ok(());
            }
            let special = matches!(kind, Lowering::Node(Kind::Inverse))
                || matches!(kind, Lowering::Einsum(["i->ii", ..]));
            let value = if special { lower.value(&list[0])? } else { lower.value(math)? };
            let link = match (special, lower.build.rank(value.id), kind) {
                (true, 2, Lowering::Node(_)) => Link::Inverse(value.id),
                (true, 1, Lowering::Einsum(_)) => Link::Diagonal(value.id),
                (true, ..) => {
                    let value = lower.call(f, list, None)?;
                    out.push(&lower.build, value);
                    return Ok(());
                }
                _ => {
                    out.push(&lower.build, value);
                    return Ok(());
                }
            };
            out.links.push(link);
        }
        _ => {
            let value = lower.value(math)?;
            out.push(&lower.build, value);
        }
    }
    Ok(())
}

/// Powers up to this one are written as products where they meet a vector.
const UNROLLED: i64 = 4;

fn matrix_power(
    lower: &mut Lower<'_>,
    base: Id,
    k: &Math,
    out: &mut Chain,
) -> Result<(), CodeError> {
    let exponent = match k {
        Math::Number(n) => n.as_integer(),
        Math::Negate(n) => match &**n {
            Math::Number(n) => n.as_integer().map(|n| -n),
            _ => None,
        },
        _ => None,
    };
    let Some(k) = exponent else {
        return Err(CodeError::Unsupported { what: "a matrix power that is not a number".into() });
    };
    let b = &mut lower.build;
    match k {
        1..=UNROLLED => out.links.extend((0..k).map(|_| Link::Matrix(base))),
        -1 => out.links.push(Link::Inverse(base)),
        0 => {
            let n = b.length(base, 0);
            let eye = b.graph.node(Op::Eye(Some(n)), 2);
            out.links.push(Link::Identity(eye));
        }
        _ => out.links.push(Link::Matrix(b.graph.node(Op::MatrixPower(base, k), 2))),
    }
    Ok(())
}

impl Chain {
    fn push(&mut self, b: &Build, value: Value) {
        let (negative, id) = b.unsigned(value.id);
        self.negative ^= negative;
        match (b.rank(id), value.row) {
            (0, _) => self.above.push(id),
            (1, true) => self.links.push(Link::Row(id)),
            (1, false) => self.links.push(Link::Column(id)),
            _ => self.links.push(Link::Matrix(id)),
        }
    }

    fn append(&mut self, other: Chain) {
        self.negative ^= other.negative;
        self.above.extend(other.above);
        self.below.extend(other.below);
        self.links.extend(other.links);
    }

    fn transpose(&mut self, b: &mut Build) {
        self.links.reverse();
        for link in &mut self.links {
            *link = transposed(b, *link);
        }
    }
}

fn transposed(b: &mut Build, link: Link) -> Link {
    match link {
        Link::Matrix(m) => Link::Matrix(b.transpose(m)),
        Link::Inverse(m) => Link::Inverse(b.transpose(m)),
        Link::Column(v) => Link::Row(v),
        Link::Row(v) => Link::Column(v),
        same => same,
    }
}

/// Turns the pieces between a row and a column into scalars.
fn extract(b: &mut Build, chain: &mut Chain) {
    let mut row: Option<usize> = None;
    let mut kept: Vec<Link> = Vec::with_capacity(chain.links.len());
    for link in std::mem::take(&mut chain.links) {
        match (link, row) {
            (Link::Row(_), _) => row = Some(kept.len()),
            (Link::Column(c), Some(start)) => {
                let column = applied(b, &kept[start + 1..], c);
                if let Link::Row(r) = kept[start] {
                    chain.above.push(b.matmul(r, column));
                }
                kept.truncate(start);
                row = None;
                continue;
            }
            _ => {}
        }
        kept.push(link);
    }
    chain.links = kept;
}

/// `A B … v`, from the right.
fn applied(b: &mut Build, links: &[Link], v: Id) -> Id {
    links.iter().rev().fold(v, |v, link| match *link {
        Link::Matrix(m) => b.matmul(m, v),
        Link::Diagonal(d) => b.times(vec![d, v]),
        Link::Inverse(a) => b.solve(a, v),
        Link::Identity(_) | Link::Column(_) | Link::Row(_) => v,
    })
}

fn finish(b: &mut Build, mut chain: Chain) -> Value {
    extract(b, &mut chain);
    let links = std::mem::take(&mut chain.links);
    let column = links.iter().position(|l| matches!(l, Link::Column(_)));
    let row = links.iter().position(|l| matches!(l, Link::Row(_)));
    let left = column.map(|at| match links[at] {
        Link::Column(c) => applied(b, &links[..at], c),
        _ => unreachable_vector(b),
    });
    let right = row.map(|at| {
        let turned: Vec<Link> = links[at + 1..].iter().rev().map(|l| transposed(b, *l)).collect();
        match links[at] {
            Link::Row(r) => applied(b, &turned, r),
            _ => unreachable_vector(b),
        }
    });
    let (value, is_row) = match (left, right) {
        (Some(l), Some(r)) => {
            // scalars go to the smaller of the two
            let l = scaled(b, &mut chain, Some(l));
            (b.outer(l, r), false)
        }
        (Some(l), None) => (scaled(b, &mut chain, Some(l)), false),
        (None, Some(r)) => (scaled(b, &mut chain, Some(r)), true),
        (None, None) if links.is_empty() => (scaled(b, &mut chain, None), false),
        (None, None) => {
            let m = matrix(b, &links);
            (scaled(b, &mut chain, Some(m)), false)
        }
    };
    Value { id: value, row: is_row }
}

/// A vector for a case that the search before it excludes.
fn unreachable_vector(b: &mut Build) -> Id {
    b.number(Number::ONE)
}

/// The value times the scalars of a chain.
fn scaled(b: &mut Build, chain: &mut Chain, value: Option<Id>) -> Id {
    let mut factors = std::mem::take(&mut chain.above);
    factors.extend(value);
    let mut id = if factors.is_empty() { b.number(Number::ONE) } else { b.times(factors) };
    let below = std::mem::take(&mut chain.below);
    if !below.is_empty() {
        let divisor = b.times(below);
        id = b.divide(id, divisor);
    }
    if std::mem::take(&mut chain.negative) { b.negate(id) } else { id }
}

/// A product of matrices.
fn matrix(b: &mut Build, links: &[Link]) -> Id {
    let some: Vec<Link> =
        links.iter().copied().filter(|l| !matches!(l, Link::Identity(_))).collect();
    if some.is_empty() {
        return match links.first() {
            Some(Link::Identity(eye)) => *eye,
            _ => b.graph.node(Op::Eye(None), 2),
        };
    }
    if let Some(id) = symmetric(b, &some) {
        return id;
    }
    // leading inverses wait for what stands to their right
    let leading = some.iter().take_while(|l| matches!(l, Link::Inverse(_))).count();
    let leading = leading.min(some.len() - 1);
    let mut value: Option<Link> = None;
    for link in &some[leading..] {
        value = Some(match value {
            None => *link,
            Some(left) => joined(b, left, *link),
        });
    }
    let mut id = whole(b, value.unwrap_or(Link::Identity(Id(0))));
    for link in some[..leading].iter().rev() {
        if let Link::Inverse(a) = link {
            id = b.solve(*a, id);
        }
    }
    id
}

/// A product that reads the same from both ends as `Z' Z`, of which the library computes one half:
/// `A' diag(d) A` with `Z = diag(√d) A`, where d is not negative.
fn symmetric(b: &mut Build, links: &[Link]) -> Option<Id> {
    let half = links.len() / 2;
    let right = &links[links.len() - half..];
    if half == 0 || !right.iter().all(|l| matches!(l, Link::Matrix(_))) {
        return None;
    }
    for (l, r) in links[..half].iter().zip(right.iter().rev()) {
        let (Link::Matrix(l), Link::Matrix(r)) = (l, r) else { return None };
        if b.transpose(*r) != *l {
            return None;
        }
    }
    let mut z = matrix(b, right);
    if links.len() % 2 == 1 {
        let Link::Diagonal(d) = links[half] else { return None };
        if !b.is_nonnegative(d) {
            return None;
        }
        let root = b.root(d)?;
        let root = b.column(root);
        z = b.times(vec![root, z]);
    }
    let t = b.transpose(z);
    Some(b.matmul(t, z))
}

/// A link as a matrix of its own.
fn whole(b: &mut Build, link: Link) -> Id {
    match link {
        Link::Matrix(m) | Link::Identity(m) | Link::Column(m) | Link::Row(m) => m,
        Link::Diagonal(d) => b.diagonal(d),
        Link::Inverse(a) => b.inverse(a),
    }
}

fn joined(b: &mut Build, left: Link, right: Link) -> Link {
    match (left, right) {
        (Link::Diagonal(x), Link::Diagonal(y)) => Link::Diagonal(b.times(vec![x, y])),
        (Link::Diagonal(d), m) => {
            let (d, m) = (b.column(d), whole(b, m));
            Link::Matrix(b.times(vec![d, m]))
        }
        (m, Link::Diagonal(d)) => {
            let m = whole(b, m);
            Link::Matrix(b.times(vec![m, d]))
        }
        // M inv(A) = (inv(A') M')'
        (m, Link::Inverse(a)) => {
            let m = whole(b, m);
            let (a, m) = (b.transpose(a), b.transpose(m));
            let solved = b.solve(a, m);
            Link::Matrix(b.transpose(solved))
        }
        (m, n) => {
            let (m, n) = (whole(b, m), whole(b, n));
            Link::Matrix(b.matmul(m, n))
        }
    }
}
