//! What stands on the vertices and edges of a network under reduction, and before it.

use super::compose::{entry, is_one, is_scalar, product, reciprocal, transpose, with_exponent};
use super::slices::Window;
use crate::functions::Signature;
use crate::notation::layout::rank;
use crate::notation::math::Math;
use crate::notation::walk::any;
use crate::number::Number;
use crate::tensor::node::Wire;
use smallvec::{SmallVec, smallvec};

/// What factors are ordered by.
pub(super) type Key = (u32, u64);

/// The parts at one place.
pub(super) type Parts = SmallVec<[Part; 2]>;

/// A matrix between two vertices, or a vector on one, with the key it is ordered by.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) math: Math,
    pub(super) key: Key,
    /// A vector or matrix that divides, elementwise.
    pub(super) divides: bool,
    /// A matrix known to equal its transpose.
    pub(super) symmetric: bool,
    /// Whether the matrix is a triangle of ones: the lower one, or the upper.
    pub(super) triangle: Option<bool>,
    /// What few parts have.
    pub(super) more: Option<Box<More>>,
}

/// What else a part can be.
#[derive(Clone, Debug, Default)]
pub(super) struct More {
    /// The squared vector, where the part is a square.
    root: Option<Math>,
    /// The position, for a unit vector.
    basis: Option<Math>,
    /// What it does, for a matrix that takes or fills a part of an axis.
    window: Option<Window>,
    /// The matrix, where this is its diagonal.
    diagonal: Option<Math>,
    /// A vector as a row, where that is better than its plain transpose.
    row: Option<Math>,
}

impl Part {
    pub(super) fn new(math: Math, key: Key) -> Part {
        Part { math, key, divides: false, symmetric: false, triangle: None, more: None }
    }

    fn with(mut self, set: impl FnOnce(&mut More)) -> Part {
        set(self.more.get_or_insert_default());
        self
    }

    /// The square of this.
    pub(super) fn with_root(self, root: Option<Math>) -> Part {
        if root.is_none() { self } else { self.with(|more| more.root = root) }
    }

    /// The unit vector of this position.
    pub(super) fn with_basis(self, position: Math) -> Part {
        self.with(|more| more.basis = Some(position))
    }

    /// A matrix that does this.
    pub(super) fn with_window(self, window: Window) -> Part {
        self.with(|more| more.window = Some(window))
    }

    /// A vector that is this as a row.
    pub(super) fn with_row(self, row: Option<Math>) -> Part {
        if row.is_none() { self } else { self.with(|more| more.row = row) }
    }

    pub(super) fn diagonal_of(matrix: Math, key: Key) -> Part {
        let math = Math::Call(entry("diag"), Box::new([matrix.clone()]), None);
        Part::new(math, key).with(|more| more.diagonal = Some(matrix))
    }

    pub(super) fn root(&self) -> Option<&Math> {
        self.more.as_ref()?.root.as_ref()
    }

    pub(super) fn basis(&self) -> Option<&Math> {
        self.more.as_ref()?.basis.as_ref()
    }

    pub(super) fn window(&self) -> Option<&Window> {
        self.more.as_ref()?.window.as_ref()
    }

    pub(super) fn diagonal(&self) -> Option<&Math> {
        self.more.as_ref()?.diagonal.as_ref()
    }

    pub(super) fn has_row(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.row.is_some())
    }

    pub(super) fn take_root(&mut self) -> Option<Math> {
        self.more.as_mut()?.root.take()
    }

    pub(super) fn take_window(&mut self) -> Option<Window> {
        self.more.as_mut()?.window.take()
    }

    /// The transpose.
    pub(super) fn into_row(mut self) -> Math {
        let row = self.more.as_mut().and_then(|more| more.row.take());
        row.unwrap_or_else(|| transpose(self.math))
    }

    /// How many transposes more than the column the row has.
    pub(super) fn turns_as_row(&self) -> isize {
        transposes(&self.clone().into_row()) - transposes(&self.math)
    }
}

/// How many transposes an expression has.
pub(super) fn transposes(math: &Math) -> isize {
    let mut count = 0;
    any(math, &mut |part| {
        count += isize::from(matches!(part, Math::Transpose(_)));
        false
    });
    count
}

/// Whether a change stands in an expression.
pub(super) fn has_change(math: &Math) -> bool {
    any(math, &mut |part| matches!(part, Math::Differential(_)))
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
    pub(super) above: Vec<(Key, Math)>,
    pub(super) below: Vec<(Key, Math)>,
}

impl Scalars {
    /// Writes a sum that is divided by a size as a mean.
    pub(super) fn write_mean(&mut self, sum: &Math, arguments: Box<[Math]>, size: &Math) {
        if let Some(at) = self.above.iter().position(|s| s.1 == *sum)
            && self.divides(std::slice::from_ref(size))
        {
            self.above[at].1 = Math::Call(entry("mean"), arguments, None);
        }
    }

    /// Whether these sizes stand below the line; they are taken from there.
    pub(super) fn divides(&mut self, sizes: &[Math]) -> bool {
        if self.below.is_empty() {
            return false;
        }
        let mut left = self.below.clone();
        for size in sizes {
            let Some(at) = left.iter().position(|s| power_of(&s.1, size).is_some()) else {
                return false;
            };
            match power_of(&left[at].1, size) {
                Some(k @ 2..) => {
                    left[at].1 = with_exponent(size.clone(), &Number::integer(k - 1), true);
                }
                _ => {
                    left.remove(at);
                }
            }
        }
        self.below = left;
        true
    }
}

/// The exponent of a power of this.
fn power_of(math: &Math, base: &Math) -> Option<i64> {
    match math {
        Math::Power(b, e) if **b == *base => match &**e {
            Math::Number(n) => n.as_integer().filter(|k| *k > 0),
            _ => None,
        },
        _ => (math == base).then_some(1),
    }
}

/// `tril(X)`, `triu(X)`
pub(super) fn triangle(math: Math, lower: bool) -> Math {
    Math::Call(entry(if lower { "tril" } else { "triu" }), Box::new([math]), None)
}

pub(super) fn hadamard(mut parts: Parts) -> Part {
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
        let key = rest.key;
        return Part::new(triangle(whole(rest), lower), key);
    }
    parts.sort_by_key(|p| (p.divides, p.key));
    let key = parts.iter().map(|p| p.key).min().unwrap_or((0, 0));
    let symmetric = parts.iter().all(|p| p.symmetric);
    let (above, below) = (parts.iter().filter(|p| !p.divides).count(), parts.len());
    let mut rest = parts.into_iter().map(|p| p.math);
    let mut math = elementwise(rest.by_ref().take(above), above);
    if below > above {
        let divisor = elementwise(rest, below - above);
        math = Math::ElementQuotient(Box::new(math), Box::new(divisor));
    }
    Part { symmetric, ..Part::new(math, key) }
}

/// The elementwise product of so many parts.
fn elementwise(mut parts: impl Iterator<Item = Math>, count: usize) -> Math {
    match count {
        0 => Math::Number(Number::ONE),
        1 => parts.next().unwrap_or(Math::Pi),
        _ => {
            let mut list = Vec::with_capacity(count);
            list.extend(parts);
            Math::Hadamard(list)
        }
    }
}

pub(super) fn whole(part: Part) -> Math {
    if part.divides { reciprocal(part.math, false) } else { part.math }
}

pub(super) fn transposed_part(mut part: Part) -> Part {
    if part.symmetric {
        return part;
    }
    if let Some(lower) = part.triangle {
        let Math::Call(_, list, _) = part.math else { return part };
        let inner = list.into_iter().next_back().map_or(Math::Pi, transpose);
        let math = triangle(inner, !lower);
        return Part { triangle: Some(!lower), ..Part::new(math, part.key) };
    }
    if let Some(more) = &mut part.more {
        if let Some(window) = &mut more.window {
            window.placing = !window.placing;
        }
        more.root = more.root.take().map(transpose);
    }
    Part { math: transpose(part.math), ..part }
}

/// Scalar factors before an array, or their product where there is none; `changes` may be among them.
pub(super) fn with_scalars(
    c: &Number,
    scalars: Scalars,
    body: Option<Math>,
    changes: bool,
) -> Math {
    let Scalars { mut above, mut below } = scalars;
    if above.is_empty() && below.is_empty() {
        return match body {
            None => Math::Number(c.clone()),
            Some(m) if c.is_one() => product([m]),
            Some(m) => product([Math::Number(c.clone()), m]),
        };
    }
    // a change last: `s*tr(dX*A)`
    if above.len() > 1 {
        above.sort_by_cached_key(|s| (changes && has_change(&s.1), kind(&s.1), s.0));
        order_entries(&mut above, |s| (kind(&s.1), s.0), |s| &s.1);
    }
    below.sort_by_key(|s| s.0);
    order_entries(&mut below, |s| s.0, |s| &s.1);
    for list in [&mut above, &mut below] {
        square_norms(list);
    }
    // `0.2*w/n`, `w/(3*n)`
    let (n, d) = if c.is_fraction() { c.fraction() } else { (c.clone(), Number::ONE) };
    let lead = if below.is_empty() { c.clone() } else { n };
    // `2 ./ x`, not `2*(1 ./ x)`
    let (body, divisor) = match body {
        Some(Math::ElementQuotient(a, d)) if is_one(&a) && !(lead.is_one() && above.is_empty()) => {
            (None, Some(d))
        }
        body => (body, None),
    };
    let mut math = above_line(lead, above, body);
    if let Some(d) = divisor {
        math = Math::ElementQuotient(Box::new(math), d);
    }
    if below.is_empty() {
        return math;
    }
    let mut under: SmallVec<[Math; 4]> = smallvec![Math::Number(d)];
    under.extend(below.into_iter().map(|s| s.1));
    Math::Quotient(Box::new(math), Box::new(product(under)))
}

/// The order of scalar factors: names and their powers, then sums, then values of functions, then
/// inner products: `g*(1 - p)^k*log(p)`, `cos(c)*(a'*x)`.
fn kind(scalar: &Math) -> u8 {
    match scalar {
        Math::Product(_) => 3,
        Math::Call(f, ..) if !matches!(f.signature, Signature::Reduction { .. }) => 2,
        Math::Power(base, _) => kind(base),
        Math::Quotient(..) | Math::Sum(_) | Math::Call(..) => 1,
        _ => 0,
    }
}

/// Puts neighbours with equal keys in the order of the numbers of their entries: `x[1]` before
/// `x[2]`.
pub(super) fn order_entries<T, K: PartialEq>(
    list: &mut [T],
    key: impl Fn(&T) -> K,
    math: impl Fn(&T) -> &Math,
) {
    for run in list.chunk_by_mut(|a, b| key(a) == key(b)) {
        if run.len() > 1 {
            run.sort_by_cached_key(|t| positions(math(t)));
        }
    }
}

/// The numbers of the entries in an expression, from left to right.
fn positions(math: &Math) -> SmallVec<[i64; 4]> {
    let mut found = SmallVec::new();
    any(math, &mut |part| {
        if let Math::Entry(_, positions) = part {
            found.extend(positions.iter().filter_map(|p| match p {
                Math::Number(n) => n.as_integer(),
                _ => None,
            }));
        }
        false
    });
    found
}

/// Among other scalars `x'*x` is a squared norm: `(a'*x)^2/(norm2(a)^2*norm2(x)^2)`.
fn square_norms(scalars: &mut [(Key, Math)]) {
    if scalars.len() < 2 {
        return;
    }
    for (_, math) in scalars {
        let Math::Product(list) = math else { continue };
        if let [Math::Transpose(a), b] = &list[..]
            && **a == *b
            && rank(b) == Some(1)
        {
            let norm = Math::Call(entry("norm2"), Box::new([b.clone()]), None);
            *math = Math::Power(Box::new(norm), Box::new(Math::Number(Number::integer(2))));
        }
    }
}

/// A number, scalars in order and an array as one product.
fn above_line(lead: Number, scalars: Vec<(Key, Math)>, body: Option<Math>) -> Math {
    // an inner product among other factors keeps its brackets: `(x'*y)*z`
    let several = scalars.len() + usize::from(body.is_some()) > 1;
    let inner = |m: &Math| matches!(m, Math::Product(list) if !list.iter().all(is_scalar));
    let keep = several && scalars.iter().any(|s| inner(&s.1));
    let lead = (!lead.is_one()).then_some(Math::Number(lead));
    let scalars = scalars.into_iter().map(|s| s.1);
    if !keep {
        return product(lead.into_iter().chain(scalars).chain(body));
    }
    let mut list: Vec<Math> = lead.into_iter().chain(scalars).collect();
    match body {
        Some(Math::Product(inner)) => list.extend(inner),
        body => list.extend(body),
    }
    Math::Product(list)
}
