//! What stands on the vertices and edges of a network under reduction, and before it.

use super::compose::{entry, is_scalar, product, reciprocal, transpose};
use super::slices::Window;
use crate::notation::math::Math;
use crate::number::Number;
use crate::tensor::node::Wire;

/// A matrix between two vertices, or a vector on one, with the key it is ordered by.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) math: Math,
    pub(super) key: (u32, u64),
    /// A vector or matrix that divides, elementwise.
    pub(super) divides: bool,
    /// The squared vector, where `math` is a square.
    pub(super) root: Option<Math>,
    /// The position, for a unit vector.
    pub(super) basis: Option<Math>,
    /// Whether the matrix is a triangle of ones: the lower one, or the upper.
    pub(super) triangle: Option<bool>,
    /// What it does, for a matrix that takes or fills a part of an axis.
    pub(super) window: Option<Window>,
    /// The matrix, where this is its diagonal.
    pub(super) diagonal: Option<Math>,
    /// A matrix known to equal its transpose.
    pub(super) symmetric: bool,
    /// A vector as a row, where that is better than its plain transpose.
    pub(super) row: Option<Math>,
}

impl Part {
    pub(super) fn new(math: Math, key: (u32, u64)) -> Part {
        Part {
            math,
            key,
            divides: false,
            root: None,
            basis: None,
            window: None,
            triangle: None,
            diagonal: None,
            symmetric: false,
            row: None,
        }
    }

    /// The transpose.
    pub(super) fn into_row(self) -> Math {
        self.row.unwrap_or_else(|| transpose(self.math))
    }

    pub(super) fn diagonal_of(matrix: Math, key: (u32, u64)) -> Part {
        let math = Math::Call(entry("diag"), vec![matrix.clone()], None);
        Part { diagonal: Some(matrix), ..Part::new(math, key) }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) from: Wire,
    pub(super) to: Wire,
    pub(super) part: Part,
}

/// Scalar factors above and below the line.
#[derive(Default)]
pub(super) struct Scalars {
    pub(super) above: Vec<((u32, u64), Math)>,
    pub(super) below: Vec<((u32, u64), Math)>,
}

/// `tril(X)`, `triu(X)`
pub(super) fn triangle(math: Math, lower: bool) -> Math {
    Math::Call(entry(if lower { "tril" } else { "triu" }), vec![math], None)
}

pub(super) fn hadamard(mut parts: Vec<Part>) -> Part {
    if let [one] = &parts[..]
        && !one.divides
    {
        return parts.swap_remove(0);
    }
    if parts.len() > 1
        && let Some(at) = parts.iter().position(|p| p.triangle.is_some())
    {
        // a triangle of ones, entry by entry
        let lower = parts.remove(at).triangle == Some(true);
        let rest = hadamard(parts);
        return Part::new(triangle(whole(rest.clone()), lower), rest.key);
    }
    parts.sort_by_key(|p| (p.divides, p.key));
    let key = parts.iter().map(|p| p.key).min().unwrap_or((0, 0));
    let (below, above): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|p| p.divides);
    let single = above.len() == 1 && below.is_empty();
    let mut own = match (&above[..], single) {
        ([p], true) => p.clone(),
        _ => Part::new(Math::Pi, key),
    };
    let (root, basis, diagonal, row, window) =
        (own.root.take(), own.basis.take(), own.diagonal.take(), own.row.take(), own.window.take());
    let symmetric = above.iter().chain(&below).all(|p| p.symmetric);
    let many = |parts: Vec<Part>| {
        // collected in place, the list would keep the room of the parts, which are far larger
        let mut list = Vec::with_capacity(parts.len());
        list.extend(parts.into_iter().map(|p| p.math));
        match list.len() {
            0 => Math::Number(Number::ONE),
            1 => list.swap_remove(0),
            _ => Math::Hadamard(list),
        }
    };
    let divisor = (!below.is_empty()).then(|| many(below));
    let mut math = many(above);
    if let Some(d) = divisor {
        math = Math::ElementQuotient(Box::new(math), Box::new(d));
    }
    let triangle = own.triangle.take();
    Part { math, key, divides: false, root, basis, window, triangle, diagonal, symmetric, row }
}

pub(super) fn whole(part: Part) -> Math {
    if part.divides { reciprocal(part.math, false) } else { part.math }
}

pub(super) fn transposed_part(part: Part) -> Part {
    if part.symmetric {
        return part;
    }
    if let Some(lower) = part.triangle {
        let Math::Call(_, mut list, _) = part.math else { return part };
        let inner = list.pop().map_or(Math::Pi, transpose);
        let math = triangle(inner, !lower);
        return Part { math, triangle: Some(!lower), ..Part::new(Math::Pi, part.key) };
    }
    let mut window = part.window;
    if let Some(w) = &mut window {
        w.placing = !w.placing;
    }
    Part { math: transpose(part.math), root: part.root.map(transpose), window, ..part }
}

/// Scalar factors before an array, or their product where there is none.
pub(super) fn with_scalars(c: &Number, mut scalars: Scalars, body: Option<Math>) -> Math {
    if scalars.above.is_empty() && scalars.below.is_empty() {
        return match body {
            None => Math::Number(c.clone()),
            Some(m) if c.is_one() && !matches!(m, Math::Product(_)) => m,
            Some(m) => product(vec![Math::Number(c.clone()), m]),
        };
    }
    // inner products after plain scalars: `cos(c)*(a'*x)`
    scalars.above.sort_by_key(|s| (matches!(s.1, Math::Product(_)), s.0));
    scalars.below.sort_by_key(|s| s.0);
    let mut above: Vec<Math> = Vec::new();
    let (n, d) = c.fraction();
    let below: Vec<Math> = scalars.below.into_iter().map(|s| s.1).collect();
    if below.is_empty() {
        above.push(Math::Number(c.clone()));
    } else {
        above.push(Math::Number(n));
    }
    let scalars_above: Vec<Math> = scalars.above.into_iter().map(|s| s.1).collect();
    // `2 ./ x`, not `2*(1 ./ x)`
    let mut body = body;
    let one = |m: &Math| matches!(m, Math::Number(n) if n.is_one());
    let mut divisor = None;
    if let Some(Math::ElementQuotient(a, _)) = &body
        && one(a)
        && !(above.iter().all(one) && scalars_above.is_empty())
        && let Some(Math::ElementQuotient(_, d)) = body.take()
    {
        divisor = Some(d);
    }
    // an inner product among other factors keeps its brackets: `(x'*y)*z`
    let several = scalars_above.len() + usize::from(body.is_some()) > 1;
    let inner = |m: &Math| matches!(m, Math::Product(list) if !list.iter().all(is_scalar));
    let keep = several && scalars_above.iter().any(inner);
    if keep {
        let mut list: Vec<Math> =
            above.into_iter().filter(|m| !matches!(m, Math::Number(n) if n.is_one())).collect();
        list.extend(scalars_above);
        match body {
            Some(Math::Product(inner)) => list.extend(inner),
            Some(m) => list.push(m),
            None => {}
        }
        above = vec![Math::Product(list)];
    } else {
        above.extend(scalars_above);
        above.extend(body);
    }
    let mut above = if keep { above.swap_remove(0) } else { product(above) };
    if let Some(d) = divisor {
        above = Math::ElementQuotient(Box::new(above), d);
    }
    if below.is_empty() {
        return above;
    }
    let mut under = vec![];
    if !d.is_one() {
        under.push(Math::Number(d));
    }
    under.extend(below);
    Math::Quotient(Box::new(above), Box::new(product(under)))
}
