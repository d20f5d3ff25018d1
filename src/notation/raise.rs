//! Raising: from tensors back to matrix notation, by series–parallel reduction.
//!
//! The wires of an einsum are vertices, its matrices edges, its vectors weights on a vertex. In
//! turn a dead end becomes a matrix–vector product, a vertex between two edges a matrix product,
//! parallel edges a Hadamard product, a loop a trace or a `diag`. What does not reduce, or has more
//! than two axes, has no matrix form ([`None`]); `notation::index` writes it with indices.
//!
//! Orientation is born here: a vector is raised as a column, a matrix with its axes in order.

mod motion;

use self::motion::{Link, cancel_sizes};
use super::math::{Math, Symbol as Name};
use crate::functions::{self, Function};
use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::node::{
    EinsumView, ExprId, MapFunction, MatrixFunction, Node, ReduceKind, SymbolId, SymbolKind,
    WindowKind, Wire,
};
use rustc_hash::FxHashMap;

/// The deepest expression that is written without naming a part of it.
const DEPTH: usize = 120;

/// Raises expressions of one arena.
pub(crate) struct Raiser<'a> {
    pub(crate) arena: &'a Arena,
    /// Expressions that have a name, which is written in their place.
    pub(crate) names: &'a FxHashMap<ExprId, Math>,
    /// An expression that is written out although it has a name: the body of that name.
    pub(crate) own: Option<ExprId>,
    /// Inner levels still allowed.
    pub(crate) depth: usize,
}

/// A matrix between two vertices, or a vector on one, with the key it is ordered by.
#[derive(Clone, Debug)]
struct Part {
    math: Math,
    key: (u32, u64),
    /// A vector or matrix that divides, elementwise.
    divides: bool,
    /// The squared vector, where `math` is a square.
    root: Option<Math>,
    /// The position, for a basis vector.
    basis: Option<i64>,
    /// The matrix, where this is its diagonal.
    diagonal: Option<Math>,
    /// A matrix known to equal its transpose.
    symmetric: bool,
    /// A vector as a row, where that is better than its plain transpose.
    row: Option<Math>,
}

impl Part {
    fn new(math: Math, key: (u32, u64)) -> Part {
        Part {
            math,
            key,
            divides: false,
            root: None,
            basis: None,
            diagonal: None,
            symmetric: false,
            row: None,
        }
    }

    /// The transpose.
    fn into_row(self) -> Math {
        self.row.unwrap_or_else(|| transpose(self.math))
    }

    fn diagonal_of(matrix: Math, key: (u32, u64)) -> Part {
        let math = Math::Call(entry("diag"), vec![matrix.clone()], None);
        Part { diagonal: Some(matrix), ..Part::new(math, key) }
    }
}

#[derive(Clone, Debug)]
struct Edge {
    from: Wire,
    to: Wire,
    part: Part,
}

/// Scalar factors above and below the line.
#[derive(Default)]
struct Scalars {
    above: Vec<((u32, u64), Math)>,
    below: Vec<((u32, u64), Math)>,
}

/// `math` as a name of this symbol.
pub(crate) fn symbol_math(arena: &Arena, id: SymbolId) -> Math {
    let symbol = arena.symbol(id);
    let name = Name { name: symbol.name.clone(), rank: symbol.axes.len() as u8 };
    match symbol.kind {
        SymbolKind::Cotangent => Math::Gradient(name),
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

/// An expression as it is written in ASCII, where it has a matrix form.
pub(crate) fn ascii_of(arena: &Arena, id: ExprId) -> Option<String> {
    let names = FxHashMap::default();
    let mut raiser = Raiser { arena, names: &names, own: None, depth: DEPTH };
    Some(super::ascii::ascii(&raiser.raise(id)?))
}

fn entry(name: &str) -> &'static Function {
    functions::find(name).expect("the table has the functions that notation writes")
}

/// The transpose, simplified.
pub(crate) fn transpose(m: Math) -> Math {
    match m {
        Math::Transpose(inner) => *inner,
        Math::Product(factors) => {
            // scalars stay in front
            let (scalars, rest): (Vec<Math>, Vec<Math>) = factors.into_iter().partition(is_scalar);
            let mut list = scalars;
            list.extend(rest.into_iter().rev().map(transpose));
            Math::Product(list)
        }
        Math::Identity(n) => Math::Identity(n),
        m if is_scalar(&m) || is_diagonal(&m) => m,
        m => Math::Transpose(Box::new(m)),
    }
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
        Math::Number(_) | Math::Pi | Math::Entry(..) => true,
        Math::Symbol(s) | Math::Gradient(s) => s.rank == 0,
        Math::Quotient(a, _) | Math::Power(a, _) | Math::Negate(a) => is_scalar(a),
        Math::Sum(terms) => terms.iter().all(|t| is_scalar(&t.1)),
        Math::Product(list) => list.iter().all(is_scalar),
        Math::Call(f, _, None) => matches!(f.signature, functions::Signature::Reduction { .. }),
        _ => false,
    }
}

/// A product with nested products opened.
pub(crate) fn product(list: Vec<Math>) -> Math {
    let mut flat = Vec::with_capacity(list.len());
    for m in list {
        match m {
            Math::Product(inner) => flat.extend(inner),
            Math::Number(n) if n.is_one() => {}
            other => flat.push(other),
        }
    }
    match flat.len() {
        0 => Math::Number(Number::ONE),
        1 => flat.pop().unwrap_or(Math::Pi),
        _ => Math::Product(flat),
    }
}

fn hadamard(mut parts: Vec<Part>) -> Part {
    parts.sort_by_key(|p| (p.divides, p.key));
    let key = parts.iter().map(|p| p.key).min().unwrap_or((0, 0));
    let (below, above): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|p| p.divides);
    let single = above.len() == 1 && below.is_empty();
    let (root, basis, diagonal, row) = match (&above[..], single) {
        ([p], true) => (p.root.clone(), p.basis, p.diagonal.clone(), p.row.clone()),
        _ => (None, None, None, None),
    };
    let symmetric = above.iter().chain(&below).all(|p| p.symmetric);
    let many = |list: Vec<Part>| {
        let mut list: Vec<Math> = list.into_iter().map(|p| p.math).collect();
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
    Part { math, key, divides: false, root, basis, diagonal, symmetric, row }
}

impl<'a> Raiser<'a> {
    /// The matrix form of an expression with at most two axes.
    pub(crate) fn raise(&mut self, id: ExprId) -> Option<Math> {
        let (negative, math) = self.signed(id, false)?;
        Some(if negative { negated(math) } else { math })
    }

    /// The name that is written for an expression.
    pub(crate) fn name(&self, id: ExprId) -> Option<&'a Math> {
        if self.own == Some(id) { None } else { self.names.get(&id) }
    }

    /// The matrix form of ± an expression, as a sign and a term.
    pub(crate) fn signed(&mut self, id: ExprId, negative: bool) -> Option<(bool, Math)> {
        if self.arena.rank(id) > 2 || self.depth == 0 {
            return None;
        }
        if let Some(name) = self.name(id) {
            return Some((negative, name.clone()));
        }
        self.depth -= 1;
        let result = self.open(id, negative);
        self.depth += 1;
        result
    }

    fn open(&mut self, id: ExprId, negative: bool) -> Option<(bool, Math)> {
        let arena = self.arena;
        match arena.node(id) {
            Node::Symbol(s) => match arena.symbol(s).kind {
                SymbolKind::Basis(..) => None,
                _ => Some((negative, symbol_math(arena, s))),
            },
            Node::Add(_) => self.sum(id, negative),
            Node::Einsum(view) => self.einsum(view, &Number::ONE, negative),
            Node::Map(f, _) => Some((negative, self.map(id, f)?)),
            Node::Named { function, active, arguments } => {
                let mut list = Vec::with_capacity(arguments.len());
                for e in arguments.iter() {
                    list.push(self.raise(e)?);
                }
                let mut axis = None;
                if (active as usize) < arena.rank(arguments.get(0)) {
                    if arena.rank(id) == 2
                        && let Some(untransposed) = self.transposed(arguments.get(0))
                    {
                        list[0] = untransposed;
                        let call = Math::Call(function, list, Some(0));
                        return Some((negative, Math::Transpose(Box::new(call))));
                    }
                    axis = Some(1);
                    if let Some(untransposed) = self.transposed(arguments.get(0))
                        && arena.rank(id) < 2
                    {
                        (list[0], axis) = (untransposed, Some(0));
                    }
                }
                Some((negative, Math::Call(function, list, axis)))
            }
            Node::Window { kind, width, argument, .. } => {
                let name = match kind {
                    WindowKind::Maximum => "maxpool",
                    WindowKind::Mask => "maxpoolmask",
                };
                let list = vec![self.raise(argument)?, size_math(arena.size_text(width))];
                Some((negative, Math::Call(entry(name), list, None)))
            }
            Node::Reduce(kind @ (ReduceKind::ArgMaximum | ReduceKind::ArgMinimum), active, x) => {
                let name = if kind == ReduceKind::ArgMaximum { "maxmask" } else { "minmask" };
                let whole = active as usize == arena.rank(x);
                if !whole && let Some(untransposed) = self.transposed(x) {
                    let call = Math::Call(entry(name), vec![untransposed], Some(0));
                    return Some((negative, Math::Transpose(Box::new(call))));
                }
                let axis = (!whole).then_some(1);
                Some((negative, Math::Call(entry(name), vec![self.raise(x)?], axis)))
            }
            Node::Reduce(kind, active, x) => {
                let name = match kind {
                    ReduceKind::Maximum => "max",
                    ReduceKind::Minimum => "min",
                    _ => "prod",
                };
                let (mut argument, mut axis) = (self.raise(x)?, None);
                if (active as usize) < arena.rank(x) {
                    axis = Some(1);
                    if let Some(untransposed) = self.transposed(x) {
                        (argument, axis) = (untransposed, Some(0));
                    }
                }
                Some((negative, Math::Call(entry(name), vec![argument], axis)))
            }
            Node::Matrix(kind, x) => {
                let x = self.raise(x)?;
                Some((
                    negative,
                    match kind {
                        MatrixFunction::Inverse => inverse(x),
                        MatrixFunction::Determinant => Math::Call(entry("det"), vec![x], None),
                        MatrixFunction::LogDeterminant => {
                            Math::Call(entry("logdet"), vec![x], None)
                        }
                    },
                ))
            }
            Node::Apply(f, order, x) => {
                let name = Name { name: arena.symbol(f).name.clone(), rank: 0 };
                let x = self.raise(x)?;
                match order {
                    0 => Some((negative, Math::Unknown(name, 0, vec![x]))),
                    1 => Some((negative, Math::UnknownGradient(name, Box::new(x)))),
                    _ => None,
                }
            }
        }
    }

    /// `X`, where the expression is `X'`.
    fn transposed(&mut self, id: ExprId) -> Option<Math> {
        let Node::Einsum(view) = self.arena.node(id) else { return None };
        let mut operands = view.operands();
        let (e, wires) = operands.next()?;
        if operands.next().is_some() || wires != [1, 0] || view.output() != [0, 1] {
            return None;
        }
        self.raise(e)
    }

    fn sum(&mut self, id: ExprId, negative: bool) -> Option<(bool, Math)> {
        let arena = self.arena;
        let Node::Add(terms) = arena.node(id) else { return None };
        if terms.is_empty() {
            return Some((false, self.fill(id, Number::ZERO)));
        }
        if terms.len() == 1 {
            let (c, e) = terms.get(0);
            let c = arena.number_of(c);
            let (negative, c) = (negative != c.is_negative(), c.abs());
            if arena.is_ones(e) {
                return Some((negative, self.fill(e, c)));
            }
            if let Node::Einsum(view) = arena.node(e)
                && self.name(e).is_none()
            {
                return self.einsum(view, &c, negative);
            }
            let (negative, term) = self.signed(e, negative)?;
            return Some((negative, scaled(&c, term)));
        }
        // a common numeric factor stands in front
        let common = arena.number_of(terms.get(0).0).abs();
        let common =
            if !common.is_one() && terms.iter().all(|(c, _)| arena.number_of(c).abs() == common) {
                common
            } else {
                Number::ONE
            };
        let arrays = terms.iter().any(|(_, e)| match arena.node(e) {
            Node::Einsum(view) => !repeated_scalar(view) && !arena.is_ones(e),
            _ => true,
        });
        let mut list = Vec::with_capacity(terms.len());
        for (c, e) in terms.iter() {
            let c = arena.number_of(c);
            let magnitude = c.abs().div(&common)?;
            if arena.is_ones(e) {
                let constant =
                    if arrays { Math::Number(magnitude) } else { self.fill(e, magnitude) };
                list.push((true, (0, 0), c.is_negative(), constant));
                continue;
            }
            let (sign, math) = match arena.node(e) {
                // a scalar beside an array is broadcast
                Node::Einsum(view) if arrays && repeated_scalar(view) => {
                    let mut reduction = Reduction::of(view);
                    for (s, wires) in view.operands() {
                        self.operand(&mut reduction, s, wires, false)?;
                    }
                    self.means(&mut reduction, view);
                    (c.is_negative(), with_scalars(&magnitude, reduction.scalars, None))
                }
                Node::Einsum(view) if self.name(e).is_none() => {
                    self.einsum(view, &magnitude, c.is_negative())?
                }
                _ => {
                    let (sign, math) = self.signed(e, c.is_negative())?;
                    (sign, scaled(&magnitude, math))
                }
            };
            list.push((false, arena.key(e), sign, math));
        }
        let flip = negative && list.iter().any(|t| t.2);
        if flip {
            // asked for by a product: every sign is changed
            for t in &mut list {
                t.2 = !t.2;
            }
        }
        order_terms(&mut list);
        let sum = Math::Sum(list.into_iter().map(|(_, _, sign, math)| (sign, math)).collect());
        let rest = negative && !flip;
        Some((rest, if common.is_one() { sum } else { product(vec![Math::Number(common), sum]) }))
    }

    /// A constant array.
    fn fill(&mut self, id: ExprId, value: Number) -> Math {
        let sizes = self.sizes(id);
        if sizes.is_empty() {
            return Math::Number(value);
        }
        if value.is_zero() {
            return Math::Zeros(sizes);
        }
        scaled(&value, Math::Ones(sizes))
    }

    /// The sizes of the axes, as they are written.
    pub(crate) fn sizes(&self, id: ExprId) -> Vec<Math> {
        self.arena.axes(id).iter().map(|d| size_math(self.arena.size_text(*d))).collect()
    }

    fn map(&mut self, id: ExprId, f: MapFunction) -> Option<Math> {
        let arena = self.arena;
        let Node::Map(_, ids) = arena.node(id) else { return None };
        if let Some((base, e)) = arena.as_power(id) {
            let exponent = arena.number_of(e).clone();
            return self.power(base, &exponent);
        }
        let mut list = Vec::with_capacity(ids.len());
        for (at, e) in ids.iter().enumerate() {
            let condition =
                at == 0 && matches!(f, MapFunction::Known(f) if f == arena.known.choose);
            list.push(match (self.raise(e)?, condition) {
                // as a condition a comparison stands by itself
                (Math::Call(_, mut inner, _), true)
                    if matches!(arena.node(e), Node::Map(MapFunction::Compare(_), _)) =>
                {
                    inner.swap_remove(0)
                }
                (math, _) => math,
            });
        }
        Some(match f {
            MapFunction::Known(f) if f == arena.known.pow => {
                let exponent = Box::new(list.pop()?);
                let base = Box::new(list.pop()?);
                if arena.rank(id) == 0 {
                    Math::Power(base, exponent)
                } else {
                    Math::ElementPower(base, exponent)
                }
            }
            MapFunction::Known(f) => Math::Call(f, list, None),
            MapFunction::Unknown(s, n) => {
                let name = Name { name: arena.symbol(s).name.clone(), rank: 0 };
                Math::Unknown(name, n, list)
            }
            MapFunction::Compare(c) => {
                let right = Box::new(list.pop()?);
                let left = Box::new(list.pop()?);
                let text = crate::syntax::operator::comparison_text(c);
                indicator(arena.known.choose, Math::Compare(text, left, right))
            }
        })
    }

    /// The vector or matrix whose entries' squares this scalar sums.
    fn sum_of_squares(&self, id: ExprId) -> Option<ExprId> {
        let Node::Einsum(view) = self.arena.node(id) else { return None };
        let mut operands = view.operands();
        let (e, wires) = operands.next()?;
        let whole = operands.next().is_none()
            && view.output().is_empty()
            && view.wires() == wires.len()
            && !wires.is_empty();
        let (base, exponent) = self.arena.as_power(e)?;
        (whole && self.arena.number_of(exponent).as_integer() == Some(2)).then_some(base)
    }

    fn power(&mut self, base: ExprId, exponent: &Number) -> Option<Math> {
        let arena = self.arena;
        let two = Number::integer(2);
        let twice = exponent.mul(&two);
        if let (Some(x), Some(k)) = (self.sum_of_squares(base), twice.as_integer())
            && (k % 2 != 0)
        {
            let norm = Math::Call(entry("norm2"), vec![self.raise(x)?], None);
            return Some(with_exponent(norm, &Number::integer(k), true));
        }
        let scalar = arena.rank(base) == 0;
        if twice.abs().is_one() {
            let root = Math::Call(arena.known.sqrt, vec![self.raise(base)?], None);
            return Some(if exponent.is_negative() { reciprocal(root, scalar) } else { root });
        }
        let base = self.raise(base)?;
        Some(with_exponent(base, exponent, scalar))
    }

    fn einsum(&mut self, view: EinsumView<'_>, c: &Number, negative: bool) -> Option<(bool, Math)> {
        if view.output().len() > 2 {
            return None;
        }
        let mut reduction = Reduction::of(view);
        let mut sign = negative;
        // a sum with more minus than plus signs is turned round; one without a preference takes in
        // a sign that is left
        let mut flips: Vec<bool> = Vec::new();
        let mut indifferent = None;
        for (at, (e, _)) in view.operands().enumerate() {
            let wish = if self.name(e).is_some() { None } else { self.orientation(e) };
            flips.push(wish == Some(true));
            sign ^= wish == Some(true);
            let long = matches!(self.arena.node(e), Node::Add(t) if t.len() > 2);
            if (wish.is_none() || long) && self.name(e).is_none() && self.mixed(e) {
                indifferent.get_or_insert(at);
            }
        }
        if let (true, Some(at)) = (sign, indifferent) {
            flips[at] = !flips[at];
            sign = false;
        }
        for ((e, wires), flip) in view.operands().zip(flips) {
            self.operand(&mut reduction, e, wires, flip)?;
        }
        self.means(&mut reduction, view);
        let mut scalars = std::mem::take(&mut reduction.scalars);
        let linked = !reduction.links.is_empty();
        let sizes: Vec<Math> = (0..view.wires() as u32)
            .map(|w| size_math(self.arena.size_text(view.size(w))))
            .collect();
        let body = reduction.reduce(&sizes, &mut scalars)?;
        let mut c = c.clone();
        if linked {
            cancel_sizes(&mut c, &mut scalars);
        }
        Some((sign, with_scalars(&c, scalars, body)))
    }

    /// Whether a sum has terms of both signs.
    fn mixed(&self, id: ExprId) -> bool {
        let Node::Add(terms) = self.arena.node(id) else { return false };
        let negative = terms.iter().filter(|(c, _)| self.arena.number_of(*c).is_negative()).count();
        negative > 0 && negative < terms.len()
    }

    /// Whether a sum reads better with all signs changed; `None` where it does not matter.
    fn orientation(&self, id: ExprId) -> Option<bool> {
        let Node::Add(terms) = self.arena.node(id) else { return None };
        if terms.len() < 2 {
            return None;
        }
        let negative = terms.iter().filter(|(c, _)| self.arena.number_of(*c).is_negative()).count();
        let constant = terms.iter().find(|(_, e)| self.arena.is_ones(*e));
        match (2 * negative).cmp(&terms.len()) {
            std::cmp::Ordering::Greater => Some(true),
            std::cmp::Ordering::Less => Some(false),
            std::cmp::Ordering::Equal => {
                constant.map(|(c, _)| self.arena.number_of(c).is_negative())
            }
        }
    }

    /// Adds an operand to the network, with all signs of a sum changed where `flip` says so.
    fn operand(
        &mut self,
        reduction: &mut Reduction,
        e: ExprId,
        wires: &[Wire],
        flip: bool,
    ) -> Option<()> {
        let arena = self.arena;
        let key = arena.key(e);
        if let Some(s) = arena.as_symbol(e)
            && let SymbolKind::Basis(_, position) = arena.symbol(s).kind
        {
            let part = Part { basis: Some(position), ..Part::new(Math::Pi, key) };
            reduction.weights[wires[0] as usize].push(part);
            return Some(());
        }
        if let Some(motion) = arena.motion(e) {
            let wires = wires.try_into().ok()?;
            reduction.links.push(Link { motion, wires });
            return Some(());
        }
        let named = self.name(e).is_some();
        let power = if named { None } else { arena.as_power(e) };
        let exponent = power.map(|p| arena.number_of(p.1).clone());
        let divides = exponent.as_ref().is_some_and(Number::is_negative);
        let mut root = None;
        let math = match (power, exponent) {
            (Some((base, _)), Some(exponent)) => {
                if exponent.as_integer() == Some(2) {
                    root = Some(self.raise(base)?);
                }
                self.power(base, &exponent.abs())?
            }
            _ => {
                let (sign, math) = self.signed(e, flip)?;
                if sign { negated(math) } else { math }
            }
        };
        match wires {
            [] => {
                let list = if divides {
                    &mut reduction.scalars.below
                } else {
                    &mut reduction.scalars.above
                };
                list.push((key, math));
            }
            [w] => {
                let part = Part { divides, root, ..Part::new(math, key) };
                reduction.weights[*w as usize].push(part);
            }
            [a, b] if a == b => {
                let part = Part { divides, ..Part::diagonal_of(math, key) };
                reduction.weights[*a as usize].push(part);
            }
            [a, b] => {
                let symmetric = arena.is_symmetric(e);
                let part = Part { divides, root, symmetric, ..Part::new(math, key) };
                reduction.edges.push(Edge { from: *a, to: *b, part });
            }
            _ => return None,
        }
        Some(())
    }

    /// `sum(x)/n` is `mean(x)`.
    fn means(&mut self, reduction: &mut Reduction, view: EinsumView<'_>) {
        let arena = self.arena;
        let sizes: Vec<_> = view
            .operands()
            .filter_map(|(e, _)| {
                let (base, exponent) = arena.as_power(e)?;
                let minus_one = arena.number_of(exponent).as_integer() == Some(-1);
                let symbol = arena.symbol(arena.as_symbol(base)?);
                match symbol.kind {
                    SymbolKind::Size(d) if minus_one => Some((d, symbol.name.clone())),
                    _ => None,
                }
            })
            .collect();
        for (dim, name) in sizes {
            let sum = view.operands().find_map(|(e, wires)| {
                let Node::Einsum(inner) = arena.node(e) else { return None };
                let one = wires.is_empty()
                    && inner.wires() == 1
                    && inner.size(0) == dim
                    && inner.operands().all(|(x, w)| w.len() == 1 && arena.rank(x) == 1)
                    && self.name(e).is_none();
                one.then_some((e, inner))
            });
            let Some((e, inner)) = sum else { continue };
            let mut entries = Reduction::of(inner);
            let mut factors = inner.operands();
            if !factors.all(|(x, w)| self.operand(&mut entries, x, w, false).is_some()) {
                continue;
            }
            let Some(parts) = entries.weights.pop() else { continue };
            if parts.iter().any(|p| p.basis.is_some()) {
                continue;
            }
            let argument = hadamard(parts).math;
            let written = self.raise(e);
            let below = size_math(name);
            let at = reduction.scalars.above.iter().position(|s| Some(&s.1) == written.as_ref());
            let under = reduction.scalars.below.iter().position(|s| s.1 == below);
            if let (Some(at), Some(under)) = (at, under) {
                reduction.scalars.above[at].1 = Math::Call(entry("mean"), vec![argument], None);
                reduction.scalars.below.remove(under);
            }
        }
    }

    /// A raiser's depth at the start.
    pub(crate) const fn full_depth() -> usize {
        DEPTH
    }
}

/// Whether this is a product of scalars, repeated along all axes.
fn repeated_scalar(view: EinsumView<'_>) -> bool {
    view.wires() == view.output().len()
        && view.operands().next().is_some()
        && view.operands().all(|(_, w)| w.is_empty())
}

/// Positive terms before negative ones, a positive constant first, a negative one last; else by
/// first appearance.
fn order_terms(list: &mut [(bool, (u32, u64), bool, Math)]) {
    list.sort_by_key(|(constant, key, negative, _)| (*negative, *constant == *negative, *key));
}

/// The network of an einsum under reduction.
struct Reduction {
    edges: Vec<Edge>,
    links: Vec<Link>,
    weights: Vec<Vec<Part>>,
    scalars: Scalars,
    output: Vec<Wire>,
}

impl Reduction {
    fn of(view: EinsumView<'_>) -> Reduction {
        Reduction {
            edges: Vec::new(),
            links: Vec::new(),
            weights: vec![Vec::new(); view.wires()],
            scalars: Scalars::default(),
            output: view.output().to_vec(),
        }
    }

    /// `diag(a)*(1 ./ M)*diag(b)` is `(a*b') ./ M`.
    fn outer_quotients(&mut self) {
        for at in 0..self.edges.len() {
            let (a, b) = (self.edges[at].from, self.edges[at].to);
            let plain = |w: Wire| {
                let list = &self.weights[w as usize];
                !list.is_empty() && list.iter().all(|p| p.basis.is_none())
            };
            if !(self.edges[at].part.divides && plain(a) && plain(b)) {
                continue;
            }
            let (Some(left), Some(right)) = (self.weight(a), self.weight(b)) else { continue };
            let part = &mut self.edges[at].part;
            let outer = product(vec![left.math, right.into_row()]);
            let divisor = std::mem::replace(&mut part.math, Math::Pi);
            part.math = Math::ElementQuotient(Box::new(outer), Box::new(divisor));
            part.divides = false;
        }
    }

    #[expect(clippy::option_option, reason = "irreducible, or the number 1, or a factor")]
    fn reduce(mut self, sizes: &[Math], scalars: &mut Scalars) -> Option<Option<Math>> {
        self.outer_quotients();
        let contracted: Vec<Wire> =
            (0..self.weights.len() as u32).filter(|w| !self.output.contains(w)).collect();
        let mut open = contracted;
        while !open.is_empty() {
            if !self.links.is_empty() && self.step_links(&mut open, sizes, scalars) {
                // an indicator is gone
            } else if let Some(at) = open.iter().position(|w| self.degree(*w) == 0) {
                let w = open.remove(at);
                let scalar = self.close(w)?;
                scalars.above.push(scalar);
            } else if self.fixed_entry(&mut open, scalars) {
                // an entry at two numbers
            } else if self.whole_sum(&mut open, scalars) {
                // both ends are gone
            } else if let Some(at) = self.dead_end(&open) {
                let w = open.remove(at);
                self.contract_dead_end(w);
            } else if let Some(at) = self.between(&open, false) {
                let w = open.remove(at);
                self.series(w);
            } else if let Some(at) = self.between(&open, true) {
                let w = open.remove(at);
                self.series(w);
            } else if !self.parallel() && !self.merge_as_matrix(sizes) {
                return None;
            }
            self.loops(&open, scalars);
            open.retain(|w| self.degree(*w) > 0 || !self.weights[*w as usize].is_empty());
        }
        self.finish(sizes)
    }

    fn degree(&self, w: Wire) -> usize {
        self.links.iter().flat_map(|l| l.wires).filter(|v| *v == w).count()
            + self.edges.iter().filter(|e| e.from == w).count()
            + self.edges.iter().filter(|e| e.to == w).count()
    }

    /// A contracted vertex between two edges; with `same` one whose edges lead to one vertex that is
    /// contracted too (a trace), else one whose edges lead to two.
    fn between(&self, open: &[Wire], same: bool) -> Option<usize> {
        open.iter().position(|w| {
            if self.degree(*w) != 2 || self.links_at(*w) > 0 {
                return false;
            }
            let mut ends = self
                .edges
                .iter()
                .filter(|e| e.from == *w || e.to == *w)
                .map(|e| if e.from == *w { e.to } else { e.from });
            match (ends.next(), ends.next()) {
                (Some(a), Some(b)) if a == b => same && !self.output.contains(&a),
                _ => !same,
            }
        })
    }

    fn weight(&mut self, w: Wire) -> Option<Part> {
        let parts = std::mem::take(&mut self.weights[w as usize]);
        if parts.is_empty() { None } else { Some(hadamard(parts)) }
    }

    /// Σ over a vertex that only has weights: `a'*b`, `sum(a)`, `x[k]`.
    fn close(&mut self, w: Wire) -> Option<((u32, u64), Math)> {
        let mut parts = std::mem::take(&mut self.weights[w as usize]);
        parts.sort_by_key(|p| (p.divides, p.key));
        let key = parts.first()?.key;
        if let Some(at) = parts.iter().position(|p| p.basis.is_some()) {
            let position = parts.remove(at).basis?;
            if parts.is_empty() || parts.iter().any(|p| p.basis.is_some()) {
                return None;
            }
            let vector = hadamard(parts).math;
            let index = Math::Number(Number::integer(position));
            return Some((key, Math::Entry(Box::new(vector), vec![index])));
        }
        let plain = parts.iter().all(|p| !p.divides);
        if let ([p], true) = (&parts[..], plain) {
            if let Some(root) = &p.root {
                return Some((key, squared_norm(root)));
            }
            if let Some(matrix) = &p.diagonal {
                return Some((key, Math::Call(entry("tr"), vec![matrix.clone()], None)));
            }
            return Some((key, sum_call(p.math.clone(), None)));
        }
        if !plain {
            return Some((key, sum_call(hadamard(parts).math, None)));
        }
        let last = parts.pop()?;
        let first = hadamard(parts);
        Some((key, product(vec![first.into_row(), last.math])))
    }

    /// `A[2,3]`: a matrix between two unit vectors.
    fn fixed_entry(&mut self, open: &mut Vec<Wire>, scalars: &mut Scalars) -> bool {
        let position = |w: Wire| match &self.weights[w as usize][..] {
            [p] if self.degree(w) == 1 && open.contains(&w) => p.basis,
            _ => None,
        };
        let found = self
            .edges
            .iter()
            .enumerate()
            .find_map(|(at, e)| Some((at, position(e.from)?, position(e.to)?)));
        let Some((at, row, column)) = found else { return false };
        let edge = self.edges.remove(at);
        let index = |n| Math::Number(Number::integer(n));
        let math = Math::Entry(Box::new(edge.part.math), vec![index(row), index(column)]);
        let list = if edge.part.divides { &mut scalars.below } else { &mut scalars.above };
        list.push((edge.part.key, math));
        self.weights[edge.from as usize].clear();
        self.weights[edge.to as usize].clear();
        open.retain(|w| *w != edge.from && *w != edge.to);
        true
    }

    /// Σ over both ends of the only edges between two vertices: `sum(X)`, `sum(X .* Y)`,
    /// `tr(A*B)`, `norm2(X)^2`.
    fn whole_sum(&mut self, open: &mut Vec<Wire>, scalars: &mut Scalars) -> bool {
        for at in 0..self.edges.len() {
            let (a, b) = (self.edges[at].from, self.edges[at].to);
            let between = |e: &Edge| (e.from, e.to) == (a, b) || (e.from, e.to) == (b, a);
            let touching = self
                .edges
                .iter()
                .filter(|e| [e.from, e.to].contains(&a) || [e.from, e.to].contains(&b));
            let alone = open.contains(&a)
                && open.contains(&b)
                && self.weights[a as usize].is_empty()
                && self.weights[b as usize].is_empty()
                && !self.links.iter().any(|l| l.wires.contains(&a) || l.wires.contains(&b))
                && touching.clone().all(between);
            let aligned = touching.clone().all(|e| e.from == a);
            let one_divides = touching.clone().any(|e| e.part.divides);
            if !alone || !(aligned || one_divides) {
                continue;
            }
            let parts: Vec<Part> = self.take_edges(a, b);
            let part = hadamard(parts);
            let math = match &part.root {
                Some(root) => squared_norm_matrix(root),
                None => sum_call(part.math, None),
            };
            scalars.above.push((part.key, math));
            open.retain(|w| *w != a && *w != b);
            return true;
        }
        false
    }

    /// Removes the edges between two vertices, oriented from the first to the second.
    fn take_edges(&mut self, a: Wire, b: Wire) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut rest = Vec::new();
        for e in std::mem::take(&mut self.edges) {
            if (e.from, e.to) == (a, b) {
                parts.push(e.part);
            } else if (e.from, e.to) == (b, a) {
                parts.push(transposed_part(e.part));
            } else {
                rest.push(e);
            }
        }
        self.edges = rest;
        parts
    }

    /// A contracted vertex at the end of one edge; first where the edge points at it (no transpose).
    fn dead_end(&self, open: &[Wire]) -> Option<usize> {
        let ends = |w: Wire| {
            self.degree(w) == 1
                && self.links_at(w) == 0
                && self.weights[w as usize].iter().all(|p| p.basis.is_none())
        };
        let natural = |w: Wire| {
            ends(w) && !self.weights[w as usize].is_empty() && self.edges.iter().any(|e| e.to == w)
        };
        let weighted = |w: Wire| ends(w) && !self.weights[w as usize].is_empty();
        open.iter()
            .position(|w| natural(*w))
            .or_else(|| open.iter().position(|w| weighted(*w)))
            .or_else(|| open.iter().position(|w| ends(*w)))
    }

    fn contract_dead_end(&mut self, w: Wire) {
        let at = self.edges.iter().position(|e| e.from == w || e.to == w);
        let Some(at) = at else { return };
        let edge = self.edges.remove(at);
        let target = if edge.from == w { edge.to } else { edge.from };
        let key = edge.part.key;
        let weight = self.weight(w);
        let mut row = None;
        let math = match weight {
            None => {
                let axis = usize::from(edge.to == w);
                let inner = if edge.part.divides {
                    reciprocal(edge.part.math, false)
                } else {
                    edge.part.math
                };
                sum_call(inner, Some(axis))
            }
            Some(weight) => {
                let symmetric = edge.part.symmetric;
                let matrix = if edge.to == w { edge.part } else { transposed_part(edge.part) };
                let matrix =
                    if matrix.divides { reciprocal(matrix.math, false) } else { matrix.math };
                let column = weight.math.clone();
                if symmetric || weight.row.is_some() {
                    let right = if symmetric { matrix.clone() } else { transpose(matrix.clone()) };
                    row = Some(product(vec![weight.into_row(), right]));
                }
                product(vec![matrix, column])
            }
        };
        self.weights[target as usize].push(Part { row, ..Part::new(math, key) });
    }

    /// `M₁ diag(w) M₂` through a vertex between two edges.
    fn series(&mut self, w: Wire) {
        let mut pair = Vec::new();
        let mut rest = Vec::new();
        for e in std::mem::take(&mut self.edges) {
            if e.from == w || e.to == w { pair.push(e) } else { rest.push(e) }
        }
        self.edges = rest;
        let Some(second) = pair.pop() else { return };
        let Some(first) = pair.pop() else {
            // a loop at this vertex
            self.edges.push(second);
            return;
        };
        // the edge that already points at the vertex comes first: fewer transposes
        let outputs = &self.output;
        let outer = |e: &Edge| if e.from == w { e.to } else { e.from };
        let ends = (outer(&first), outer(&second));
        let swap = match (outputs.first() == Some(&ends.1), outputs.first() == Some(&ends.0)) {
            (true, false) => true,
            (false, true) => false,
            _ => match (outputs.get(1) == Some(&ends.0), outputs.get(1) == Some(&ends.1)) {
                (true, false) => true,
                (false, true) => false,
                _ => first.from == w && second.to == w,
            },
        };
        let (first, second) = if swap { (second, first) } else { (first, second) };
        let (from, to) = (outer(&first), outer(&second));
        let key = first.part.key.min(second.part.key);
        let left = if first.to == w { first.part } else { transposed_part(first.part) };
        let right = if second.from == w { second.part } else { transposed_part(second.part) };
        let mut list = vec![whole(left)];
        if let Some(weight) = self.weight(w) {
            list.push(Math::Call(entry("diag"), vec![weight.math], None));
        }
        list.push(whole(right));
        let part = Part::new(product(list), key);
        self.edges.push(Edge { from, to, part });
    }

    /// Merges parallel edges; false where there are none.
    fn parallel(&mut self) -> bool {
        for at in 0..self.edges.len() {
            let (a, b) = (self.edges[at].from, self.edges[at].to);
            let count = self
                .edges
                .iter()
                .filter(|e| (e.from, e.to) == (a, b) || (e.from, e.to) == (b, a))
                .count();
            if count > 1 {
                let parts = self.take_edges(a, b);
                let part = hadamard(parts);
                self.edges.push(Edge { from: a, to: b, part });
                return true;
            }
        }
        false
    }

    /// A loop is a trace, or a `diag` where its vertex has more to it.
    fn loops(&mut self, open: &[Wire], scalars: &mut Scalars) {
        while let Some(at) = self.edges.iter().position(|e| e.from == e.to) {
            let edge = self.edges.remove(at);
            let w = edge.from;
            let matrix = whole(edge.part.clone());
            let closed =
                open.contains(&w) && self.degree(w) == 0 && self.weights[w as usize].is_empty();
            if closed {
                scalars.above.push((edge.part.key, Math::Call(entry("tr"), vec![matrix], None)));
            } else {
                self.weights[w as usize].push(Part::diagonal_of(matrix, edge.part.key));
            }
        }
    }

    /// What is left on the output's wires: `None` for the number 1.
    #[expect(clippy::option_option, reason = "irreducible, or the number 1, or a factor")]
    fn finish(mut self, sizes: &[Math]) -> Option<Option<Math>> {
        if !self.links.is_empty() {
            return None;
        }
        match self.output[..] {
            [] => Some(None),
            [w] => {
                if self.weights[w as usize].iter().any(|p| p.basis.is_some()) {
                    return None;
                }
                Some(Some(match self.weight(w) {
                    Some(part) => part.math,
                    None => Math::Ones(vec![sizes[w as usize].clone()]),
                }))
            }
            [a, b] if a == b => {
                if self.weights[a as usize].iter().any(|p| p.basis.is_some()) {
                    return None;
                }
                Some(Some(match self.weight(a) {
                    Some(part) => Math::Call(entry("diag"), vec![part.math], None),
                    None => Math::Identity(Some(Box::new(sizes[a as usize].clone()))),
                }))
            }
            [a, b] => {
                let basis = |p: &Part| p.basis.is_some();
                if self.weights[a as usize].iter().chain(&self.weights[b as usize]).any(basis) {
                    return None;
                }
                let edges = self.take_edges(a, b);
                let (left, right) = (self.weight(a), self.weight(b));
                let column = |p: Option<Part>, w: Wire| match p {
                    Some(p) => p.math,
                    None => Math::Ones(vec![sizes[w as usize].clone()]),
                };
                if edges.is_empty() {
                    if left.is_none() && right.is_none() {
                        let both = vec![sizes[a as usize].clone(), sizes[b as usize].clone()];
                        return Some(Some(Math::Ones(both)));
                    }
                    let right = match right {
                        Some(p) => p.into_row(),
                        None => transpose(column(None, b)),
                    };
                    let outer = vec![column(left, a), right];
                    return Some(Some(product(outer)));
                }
                let diag = |p: Part| Math::Call(entry("diag"), vec![p.math], None);
                let mut list = Vec::new();
                list.extend(left.map(diag));
                list.push(hadamard(edges).math);
                list.extend(right.map(diag));
                Some(Some(product(list)))
            }
            _ => None,
        }
    }
}

fn whole(part: Part) -> Math {
    if part.divides { reciprocal(part.math, false) } else { part.math }
}

fn transposed_part(part: Part) -> Part {
    if part.symmetric {
        return part;
    }
    Part { math: transpose(part.math), root: part.root.map(transpose), ..part }
}

fn sum_call(argument: Math, axis: Option<usize>) -> Math {
    Math::Call(entry("sum"), vec![argument], axis)
}

/// `x'*x` for a name, else `norm2(x)^2`.
fn squared_norm(root: &Math) -> Math {
    match root {
        Math::Symbol(_) | Math::Gradient(_) => {
            Math::Product(vec![Math::Transpose(Box::new(root.clone())), root.clone()])
        }
        _ => squared_norm_matrix(root),
    }
}

fn squared_norm_matrix(root: &Math) -> Math {
    let norm = Math::Call(entry("norm2"), vec![root.clone()], None);
    with_exponent(norm, &Number::integer(2), true)
}

/// `where(c, 1, 0)`
pub(crate) fn indicator(choose: &'static Function, condition: Math) -> Math {
    let (one, zero) = (Math::Number(Number::ONE), Math::Number(Number::ZERO));
    Math::Call(choose, vec![condition, one, zero], None)
}

/// `X⁻¹`
fn inverse(x: Math) -> Math {
    let minus_one = Math::Negate(Box::new(Math::Number(Number::ONE)));
    Math::Power(Box::new(x), Box::new(minus_one))
}

fn reciprocal(m: Math, scalar: bool) -> Math {
    let one = Box::new(Math::Number(Number::ONE));
    if scalar { Math::Quotient(one, Box::new(m)) } else { Math::ElementQuotient(one, Box::new(m)) }
}

fn with_exponent(base: Math, exponent: &Number, scalar: bool) -> Math {
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
        let below = if d == "1" { *b } else { product(vec![whole(d), *b]) };
        let above = product(vec![whole(n), *a]);
        return Math::Quotient(Box::new(above), Box::new(below));
    }
    product(vec![Math::Number(c.clone()), m])
}

/// Scalar factors before an array, or their product where there is none.
fn with_scalars(c: &Number, mut scalars: Scalars, body: Option<Math>) -> Math {
    // inner products after plain scalars: `cos(c)*(a'*x)`
    scalars.above.sort_by_key(|s| (matches!(s.1, Math::Product(_)), s.0));
    scalars.below.sort_by_key(|s| s.0);
    let mut above: Vec<Math> = Vec::new();
    let (n, d) = c.parts();
    let whole = |t: &str| Number::from_decimal(t).map_or(Math::Pi, Math::Number);
    let below: Vec<Math> = scalars.below.into_iter().map(|s| s.1).collect();
    if below.is_empty() {
        above.push(Math::Number(c.clone()));
    } else {
        above.push(whole(&n));
    }
    let scalars_above: Vec<Math> = scalars.above.into_iter().map(|s| s.1).collect();
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
    let above = if keep { above.swap_remove(0) } else { product(above) };
    if below.is_empty() {
        return above;
    }
    let mut under = vec![];
    if d != "1" {
        under.push(whole(&d));
    }
    under.extend(below);
    Math::Quotient(Box::new(above), Box::new(product(under)))
}
