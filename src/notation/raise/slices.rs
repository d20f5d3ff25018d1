//! Slices, block arrays and unit vectors in matrix notation.
//!
//! An indicator that moves a position on is an edge like any other matrix: it is `E = eye(n)[:,a:b]`
//! from its target to its source. A product with it is written as what it does: `E'*v` is the slice
//! `v[a:b]`, `E*v` the block array `[zeros(…); v; zeros(…)]`. A unit vector fixes a position: what
//! else is at its vertex is taken there. Terms of a sum that fill an axis side by side are one
//! block array.

use super::compose::{is_scalar, negated, product, size_math, transpose};
use super::part::{Edge, Part, Scalars, whole};
use super::{Raiser, Reduction};
use crate::notation::index::size_position;
use crate::notation::math::Math;
use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::node::{ExprId, Node, NumberId, Part as AxisPart, Wire};
use smallvec::SmallVec;

/// What a matrix `eye(n)[:,a:b]` or its transpose does.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// `a:b`
    range: Math,
    /// How many positions stand before and after the range.
    before: Math,
    after: Math,
    /// Whether it puts a part into an axis; else it takes the part of one.
    pub(super) placing: bool,
}

/// The terms of a sum that stay, and what the others are together, with the key it is ordered by.
type Collected = (Vec<(NumberId, ExprId)>, Vec<((u32, u64), Math)>);

/// A term of a sum without the indicators that put it into its place.
#[derive(Clone)]
struct Piece {
    coefficient: NumberId,
    expr: ExprId,
    /// The operands left out.
    skip: SmallVec<[usize; 2]>,
    /// What is left of the output: a wire for each axis; `None` where there is a single position.
    output: SmallVec<[Option<Wire>; 2]>,
}

fn whole_axis() -> Math {
    Math::Range(None)
}

fn is_nothing(size: &Math) -> bool {
    matches!(size, Math::Number(n) if n.is_zero())
}

/// `base[a:b]`, `base[a:b,:]`, `base[:,a:b]`
fn slice(base: Math, range: Math, axis: usize, rank: usize) -> Math {
    let mut positions = vec![whole_axis(); rank];
    positions[axis] = range;
    match base {
        // a slice along the other axis takes this one too
        Math::Entry(inner, mut list)
            if rank == 2 && list.len() == 2 && list[axis] == whole_axis() =>
        {
            list[axis] = positions.swap_remove(axis);
            Math::Entry(inner, list)
        }
        Math::Transpose(inner) if rank == 2 => {
            transpose(slice(*inner, positions.swap_remove(axis), 1 - axis, 2))
        }
        base => Math::Entry(Box::new(base), positions),
    }
}

/// Blocks under each other.
pub(in crate::notation) fn under(blocks: Vec<Math>) -> Math {
    let mut rows = Vec::with_capacity(blocks.len());
    for block in blocks {
        match block {
            Math::Block(inner) => rows.extend(inner),
            Math::Transpose(inner) => match *inner {
                Math::Block(column) if column.iter().all(|r| r.len() == 1) => {
                    rows.push(column.into_iter().flatten().map(transpose).collect());
                }
                inner => rows.push(vec![Math::Transpose(Box::new(inner))]),
            },
            other => rows.push(vec![other]),
        }
    }
    one_or_block(rows)
}

/// A number of scalars as an array of their products with it: `2*[a; b]` is `[2*a; 2*b]`.
fn into_entries(math: Math) -> Math {
    let scaled = |c: Math, rows: Vec<Vec<Math>>| {
        let scale = |m: Math| match m {
            Math::Number(n) if n.is_zero() => Math::Number(n),
            m => product(vec![c.clone(), m]),
        };
        Math::Block(rows.into_iter().map(|r| r.into_iter().map(scale).collect()).collect())
    };
    match math {
        Math::Product(mut list) => match (list.pop(), list.len()) {
            (Some(Math::Block(rows)), 1..)
                if list.iter().all(is_scalar) && rows.iter().flatten().all(is_scalar) =>
            {
                scaled(product(list), rows)
            }
            (Some(last), _) => {
                list.push(last);
                Math::Product(list)
            }
            (None, _) => Math::Product(list),
        },
        math => math,
    }
}

/// Blocks beside each other.
pub(in crate::notation) fn beside(blocks: Vec<Math>) -> Math {
    // columns of as many entries are rows of entries
    let entries = |b: &Math| match b {
        Math::Block(rows) if rows.iter().all(|r| r.len() == 1 && is_scalar(&r[0])) => rows.len(),
        _ => 0,
    };
    let height = blocks.first().map_or(0, entries);
    if height > 1 && blocks.iter().all(|b| entries(b) == height) {
        let mut rows = vec![Vec::new(); height];
        for block in blocks {
            let Math::Block(column) = block else { continue };
            for (row, mut entry) in rows.iter_mut().zip(column) {
                row.append(&mut entry);
            }
        }
        return Math::Block(rows);
    }
    let mut row = Vec::with_capacity(blocks.len());
    for block in blocks {
        match block {
            Math::Block(mut inner) if inner.len() == 1 => row.append(&mut inner[0]),
            other => row.push(other),
        }
    }
    one_or_block(vec![row])
}

fn one_or_block(mut rows: Vec<Vec<Math>>) -> Math {
    if let [row] = &mut rows[..]
        && row.len() == 1
    {
        return row.swap_remove(0);
    }
    Math::Block(rows)
}

impl Window {
    /// The edge of an indicator, from its target to its source.
    pub(super) fn new(arena: &Arena, part: AxisPart) -> Window {
        let text = |d| size_math(arena.size_text(d));
        let range = Math::Range(Some(Box::new((text(part.first), text(part.last)))));
        Window { range, before: text(part.before), after: text(part.after), placing: true }
    }

    /// `eye(n)[:,a:b]`
    pub(super) fn matrix(&self, size: Math) -> Math {
        let unit = Math::Identity(Some(Box::new(size)));
        slice(unit, self.range.clone(), 1, 2)
    }

    /// What it makes of a column, or of the rows of a matrix with columns of this number.
    fn of_rows(&self, math: Math, columns: Option<&Math>) -> Math {
        if !self.placing {
            let rank = if columns.is_some() { 2 } else { 1 };
            return slice(math, self.range.clone(), 0, rank);
        }
        let zeros = |n: &Math| {
            let sizes = std::iter::once(n).chain(columns).cloned().collect();
            let one = columns.is_none() && matches!(n, Math::Number(n) if n.is_one());
            let zeros = if one { Math::Number(Number::ZERO) } else { Math::Zeros(sizes) };
            (!is_nothing(n)).then_some(zeros)
        };
        let list = [zeros(&self.before), Some(math), zeros(&self.after)];
        under(list.into_iter().flatten().collect())
    }

    /// What it makes of the columns of a matrix with rows of this number, from the right.
    fn of_columns(&self, math: Math, rows: &Math) -> Math {
        if self.placing {
            return slice(math, self.range.clone(), 1, 2);
        }
        let zeros = |n: &Math| (!is_nothing(n)).then(|| Math::Zeros(vec![rows.clone(), n.clone()]));
        let list = [zeros(&self.before), Some(math), zeros(&self.after)];
        beside(list.into_iter().flatten().collect())
    }
}

/// The entry at a position.
fn entry_at(math: Math, position: &Math) -> Math {
    match math {
        Math::ElementPower(base, exponent) => {
            Math::Power(Box::new(entry_at(*base, position)), exponent)
        }
        math => Math::Entry(Box::new(math), vec![position.clone()]),
    }
}

impl Reduction {
    /// What is at a vertex that is summed over is taken in the part that a window leaves of it.
    pub(super) fn push_windows(&mut self) {
        while let Some(at) = self.edges.iter().position(|e| {
            let window = e.part.window.as_ref();
            window.is_some_and(|w| w.placing)
                && !self.output.contains(&e.from)
                && self.links_at(e.from) == 0
        }) {
            let edge = self.edges.remove(at);
            let Some(window) = edge.part.window else { continue };
            let (t, s) = (edge.from, edge.to);
            for part in std::mem::take(&mut self.weights[t as usize]) {
                let taken = |m: Math| slice(m, window.range.clone(), 0, 1);
                let root = part.root.map(taken);
                let part =
                    Part { divides: part.divides, root, ..Part::new(taken(part.math), part.key) };
                self.weights[s as usize].push(part);
            }
            for e in &mut self.edges {
                for (end, axis) in [(&mut e.from, 0), (&mut e.to, 1)] {
                    if *end == t {
                        *end = s;
                        let math = std::mem::replace(&mut e.part.math, Math::Pi);
                        e.part.math = slice(math, window.range.clone(), axis, 2);
                        e.part.root = None;
                        e.part.window = None;
                        e.part.symmetric = false;
                    }
                }
            }
        }
    }

    /// Windows that leave a part of the result's axes and nothing else: what is there is taken in
    /// the part, and put back.
    pub(super) fn pull_windows(&mut self, open: &mut Vec<Wire>, sizes: &[Math]) -> bool {
        let mut masks: Vec<(Wire, Wire, Window)> = Vec::new();
        for e in &self.edges {
            if let Some(window) = e.part.window.as_ref().filter(|w| w.placing)
                && self.output.contains(&e.from)
                && open.contains(&e.to)
                && self.degree(e.to) == 1
                && self.weights[e.to as usize].is_empty()
            {
                masks.push((e.from, e.to, window.clone()));
            }
        }
        if masks.is_empty() {
            return false;
        }
        self.edges.retain(|e| !masks.iter().any(|m| (m.0, m.1) == (e.from, e.to)));
        open.retain(|w| !masks.iter().any(|m| m.1 == *w));
        for (t, s, window) in &masks {
            let one = Part::new(Math::Ones(vec![sizes[*s as usize].clone()]), (u32::MAX, 0));
            match self.weight(*t) {
                Some(part) => {
                    let taken = slice(part.math, window.range.clone(), 0, 1);
                    let math = window.of_rows(taken, None);
                    self.weights[*t as usize].push(Part::new(math, part.key));
                }
                None if self.edges.iter().any(|e| e.from == *t || e.to == *t) => {}
                None => {
                    let math = window.of_rows(one.math, None);
                    self.weights[*t as usize].push(Part::new(math, one.key));
                }
            }
        }
        for e in &mut self.edges {
            let mask = |w: Wire| masks.iter().find(|m| m.0 == w);
            let (rows, columns) = (mask(e.from), mask(e.to));
            let mut math = std::mem::replace(&mut e.part.math, Math::Pi);
            for (found, axis) in [(rows, 0), (columns, 1)] {
                if let Some((_, _, window)) = found {
                    math = slice(math, window.range.clone(), axis, 2);
                }
            }
            if let Some((_, _, window)) = columns {
                let height = rows.map_or(e.from, |m| m.1);
                let mut back = window.clone();
                back.placing = false;
                math = back.of_columns(math, &sizes[height as usize]);
            }
            if let Some((_, _, window)) = rows {
                math = window.of_rows(math, Some(&sizes[e.to as usize]));
            }
            e.part.math = math;
            if rows.is_some() || columns.is_some() {
                e.part.root = None;
                e.part.symmetric = false;
            }
        }
        true
    }

    /// A matrix that is a window, applied to the weight of a vertex at its end.
    pub(super) fn through_window(matrix: &Part, weight: Option<Part>, size: &Math) -> Option<Math> {
        let window = matrix.window.as_ref()?;
        let column = weight.map_or_else(|| Math::Ones(vec![size.clone()]), |w| w.math);
        Some(window.of_rows(column, None))
    }

    /// A product of two matrices of which one is a window.
    pub(super) fn window_product(
        left: &Part,
        weight: Option<&Math>,
        right: &Part,
        rows: &Math,
        columns: &Math,
    ) -> Option<Math> {
        let diag = |w: &Math| super::motion::call("diag", vec![w.clone()]);
        if let Some(window) = &right.window {
            let list = std::iter::once(whole(left.clone())).chain(weight.map(diag)).collect();
            return Some(window.of_columns(product(list), rows));
        }
        let window = left.window.as_ref()?;
        let list = weight.map(diag).into_iter().chain([whole(right.clone())]).collect();
        Some(window.of_rows(product(list), Some(columns)))
    }

    /// A contracted vertex between two edges of which one is a window that ends there; those along
    /// the columns of the result first, so that blocks stand in rows.
    pub(super) fn at_window(&self, open: &[Wire]) -> Option<usize> {
        let candidates: Vec<(usize, &Edge)> = open
            .iter()
            .enumerate()
            .filter(|(_, w)| self.degree(**w) == 2 && self.links_at(**w) == 0)
            .filter_map(|(at, w)| {
                let edge = self
                    .edges
                    .iter()
                    .find(|e| (e.from == *w || e.to == *w) && e.part.window.is_some())?;
                Some((at, edge))
            })
            .collect();
        let of_columns = candidates.iter().find(|(_, e)| {
            self.output.get(1).is_some_and(|column| e.from == *column || e.to == *column)
        });
        of_columns.or(candidates.first()).map(|c| c.0)
    }

    /// Takes everything at the vertex of a unit vector at its position. `None` where an indicator
    /// is there too.
    pub(super) fn fix_units(&mut self, scalars: &mut Scalars) -> Option<()> {
        let position =
            |r: &Reduction, w: Wire| r.weights[w as usize].iter().find_map(|p| p.basis.clone());
        // entries of matrices first: `A[2,3]`
        while let Some((at, row, column)) = self
            .edges
            .iter()
            .enumerate()
            .find_map(|(at, e)| Some((at, position(self, e.from)?, position(self, e.to)?)))
        {
            let edge = self.edges.remove(at);
            let math = Math::Entry(Box::new(edge.part.math), vec![row, column]);
            let list = if edge.part.divides { &mut scalars.below } else { &mut scalars.above };
            list.push((edge.part.key, math));
        }
        for w in 0..self.weights.len() as Wire {
            let Some(k) = position(self, w) else { continue };
            if self.links_at(w) > 0 {
                return None;
            }
            for edge in std::mem::take(&mut self.edges) {
                if edge.from != w && edge.to != w {
                    self.edges.push(edge);
                    continue;
                }
                let (end, math) = if edge.from == w {
                    let row = slice(edge.part.math, k.clone(), 0, 2);
                    (
                        edge.to,
                        Part { row: Some(row.clone()), ..Part::new(transpose(row), edge.part.key) },
                    )
                } else {
                    let column = slice(edge.part.math, k.clone(), 1, 2);
                    (edge.from, Part::new(column, edge.part.key))
                };
                let part = Part { divides: edge.part.divides, ..math };
                self.weights[end as usize].push(part);
            }
            let parts = std::mem::take(&mut self.weights[w as usize]);
            let (units, rest): (Vec<Part>, Vec<Part>) =
                parts.into_iter().partition(|p| p.basis.is_some());
            for part in rest {
                let math = entry_at(part.math, &k);
                let list = if part.divides { &mut scalars.below } else { &mut scalars.above };
                list.push((part.key, math));
            }
            if units.len() > 1 {
                return None;
            }
            if self.output.contains(&w) {
                self.weights[w as usize] = units;
            }
        }
        Some(())
    }
}

impl Raiser<'_> {
    /// The part of an axis of its result that a term fills, with the operand that says so and the
    /// wire along the part.
    fn placed(&self, piece: &Piece, axis: usize) -> Option<(AxisPart, Piece)> {
        let arena = self.arena;
        let target = (*piece.output.get(axis)?)?;
        let Node::Einsum(view) = arena.node(piece.expr) else {
            // a unit vector by itself
            let part = arena.as_unit(piece.expr)?;
            let mut rest = piece.clone();
            rest.output[axis] = None;
            rest.skip.push(0);
            return piece.skip.is_empty().then_some((part, rest));
        };
        let mut at_target = view
            .operands()
            .enumerate()
            .filter(|(at, (_, w))| !piece.skip.contains(at) && w.contains(&target));
        let (at, (e, wires)) = at_target.next()?;
        let alone = at_target.next().is_none()
            && wires[0] == target
            && piece.output.iter().filter(|w| **w == Some(target)).count() == 1;
        if !alone {
            return None;
        }
        let mut rest = piece.clone();
        rest.skip.push(at);
        if let Some(part) = arena.as_unit(e) {
            rest.output[axis] = None;
            return Some((part, rest));
        }
        let part = arena.as_moved(e)?;
        let source = wires[1];
        rest.output[axis] = Some(source);
        (!view.output().contains(&source)).then_some((part, rest))
    }

    /// The terms of a sum that fill an axis side by side, as block arrays; the others stay.
    pub(super) fn blocks(&mut self, terms: &[(NumberId, ExprId)]) -> Option<Collected> {
        let rank = self.arena.rank(terms.first()?.1);
        if terms.len() < 2 || rank == 0 || !self.arena.has_indicators() {
            return None;
        }
        let mut pieces: Vec<(usize, Piece)> = Vec::new();
        for (at, (coefficient, expr)) in terms.iter().enumerate() {
            if self.name(*expr).is_some() {
                continue;
            }
            let output = match self.arena.node(*expr) {
                Node::Einsum(view) => view.output().iter().map(|w| Some(*w)).collect(),
                Node::Symbol(_) => (0..rank as Wire).map(Some).collect(),
                _ => continue,
            };
            let skip = SmallVec::new();
            pieces.push((at, Piece { coefficient: *coefficient, expr: *expr, skip, output }));
        }
        for axis in 0..rank {
            let placed: Vec<(usize, AxisPart, Piece)> = pieces
                .iter()
                .filter_map(|(at, p)| self.placed(p, axis).map(|(part, rest)| (*at, part, rest)))
                .collect();
            let Some((used, math)) = self.side_by_side(placed, (axis, rank), 2)? else { continue };
            let rest =
                terms.iter().enumerate().filter(|t| !used.contains(&t.0)).map(|t| *t.1).collect();
            let key = used.iter().map(|at| self.arena.key(terms[*at].1)).min()?;
            return Some((rest, vec![(key, math)]));
        }
        None
    }

    /// A block array of what fills an axis from some position on without a gap, and which terms
    /// are in it.
    #[expect(clippy::option_option, reason = "no notation, or no block array")]
    fn side_by_side(
        &mut self,
        placed: Vec<(usize, AxisPart, Piece)>,
        (axis, rank): (usize, usize),
        least: usize,
    ) -> Option<Option<(Vec<usize>, Math)>> {
        // one group for each part
        let mut groups: Vec<(AxisPart, Vec<(usize, Piece)>)> = Vec::new();
        for (at, part, piece) in placed {
            match groups.iter_mut().find(|g| g.0 == part) {
                Some(group) => group.1.push((at, piece)),
                None => groups.push((part, vec![(at, piece)])),
            }
        }
        let numbers: Option<Vec<i64>> =
            groups.iter().map(|g| self.whole_size(g.0.before)).collect();
        let first = match numbers {
            Some(list) => (0..list.len()).min_by_key(|at| list[*at]),
            None => {
                groups.iter().position(|g| !groups.iter().any(|other| other.0.last == g.0.before))
            }
        };
        let Some(first) = first.filter(|_| groups.len() >= least) else { return Some(None) };
        let mut chain = vec![groups.swap_remove(first)];
        while let Some(next) = self.next_part(&chain, &groups) {
            chain.push(groups.swap_remove(next));
        }
        if chain.len() < least {
            return Some(None);
        }
        let other = (rank == 2).then(|| {
            // the size across, from any term; none where a single position is left
            let (_, piece) = &chain[0].1[0];
            let wire = piece.output[1 - axis]?;
            let size = match self.arena.node(piece.expr) {
                Node::Einsum(view) => view.size(wire),
                _ => self.arena.axes(piece.expr)[1 - axis],
            };
            Some(size_math(self.arena.size_text(size)))
        });
        let zeros = |n: Math| {
            let one = matches!(&n, Math::Number(n) if n.is_one());
            if is_nothing(&n) {
                return None;
            }
            Some(match (&other, axis) {
                (None | Some(None), _) if one => Math::Number(Number::ZERO),
                (Some(Some(m)), 0) => Math::Zeros(vec![n, m.clone()]),
                (Some(Some(m)), _) => Math::Zeros(vec![m.clone(), n]),
                (Some(None), 1) => transpose(Math::Zeros(vec![n])),
                _ => Math::Zeros(vec![n]),
            })
        };
        let text = |size| size_math(self.arena.size_text(size));
        let before = zeros(text(chain[0].0.before));
        let after = zeros(text(chain[chain.len() - 1].0.after));
        let mut used = Vec::new();
        let mut blocks: Vec<Math> = before.into_iter().collect();
        let mut filled: Option<AxisPart> = None;
        for (part, group) in chain {
            // what stands empty between two blocks
            let end =
                filled.filter(|f| f.last != part.before).and_then(|f| self.whole_size(f.last));
            if let (Some(end), Some(start)) = (end, self.whole_size(part.before)) {
                blocks.extend(zeros(size_math((start - end).to_string().as_str().into())));
            }
            filled = Some(part);
            used.extend(group.iter().map(|g| g.0));
            let pieces: Vec<Piece> = group.into_iter().map(|g| g.1).collect();
            blocks.push(self.group(&pieces, (axis, rank))?);
        }
        blocks.extend(after);
        let math = if axis == 0 { under(blocks) } else { beside(blocks) };
        Some(Some((used, math)))
    }

    /// A size that is a number.
    fn whole_size(&self, size: crate::shape::dim::DimId) -> Option<i64> {
        self.arena.size_text(size).parse().ok()
    }

    /// The group whose part begins where the last one ends, or, where positions are numbers, the
    /// nearest after it.
    fn next_part(
        &self,
        chain: &[(AxisPart, Vec<(usize, Piece)>)],
        groups: &[(AxisPart, Vec<(usize, Piece)>)],
    ) -> Option<usize> {
        let end = chain.last()?.0.last;
        let exact = groups.iter().position(|g| g.0.before == end);
        exact.or_else(|| {
            let end = self.whole_size(end)?;
            let starts = groups.iter().enumerate().filter_map(|(at, g)| {
                let start = self.whole_size(g.0.before)?;
                (start >= end).then_some((start, at))
            });
            starts.min().map(|s| s.1)
        })
    }

    /// The block that some terms make together.
    fn group(&mut self, pieces: &[Piece], (axis, rank): (usize, usize)) -> Option<Math> {
        // a vector by itself is read as a column
        let row = rank == 2 && axis == 0 && pieces[0].output[0].is_none();
        if let Some(math) = self.across(pieces, (axis, rank))? {
            return Some(math);
        }
        let mut terms = Vec::new();
        for piece in pieces {
            terms.push(self.piece(piece, rank)?);
        }
        Some(match terms.len() {
            1 => {
                let (negative, math) = terms.swap_remove(0);
                into_entries(if negative { negated(math) } else { math })
            }
            _ if row => transpose(Math::Sum(terms)),
            _ => Math::Sum(terms),
        })
    }

    /// What fills a part of one axis, where it fills parts of the other too.
    #[expect(clippy::option_option, reason = "no notation, or no block array")]
    fn across(&mut self, pieces: &[Piece], (axis, rank): (usize, usize)) -> Option<Option<Math>> {
        let other = 1 - axis;
        if rank < 2 || pieces[0].output[other].is_none() {
            return Some(None);
        }
        let placed: Vec<(usize, AxisPart, Piece)> = pieces
            .iter()
            .enumerate()
            .filter_map(|(at, p)| self.placed(p, other).map(|(part, rest)| (at, part, rest)))
            .collect();
        // one part of one axis by itself is no array of blocks
        if placed.len() < pieces.len()
            || placed[0].2.output.iter().any(Option::is_some) && placed.len() == 1
        {
            return Some(None);
        }
        let found = self.side_by_side(placed, (other, 2), 1)?;
        Some(found.filter(|f| f.0.len() == pieces.len()).map(|f| f.1))
    }

    /// A term without the indicators that put it into its place.
    fn piece(&mut self, piece: &Piece, rank: usize) -> Option<(bool, Math)> {
        let c = self.arena.number_of(piece.coefficient).clone();
        let (negative, c) = (c.is_negative(), c.abs());
        let Node::Einsum(view) = self.arena.node(piece.expr) else {
            return Some((negative, Math::Number(c)));
        };
        let output: Vec<Wire> = piece.output.iter().flatten().copied().collect();
        let (sign, math) = self.network(view, &c, negative, &piece.skip, output)?;
        // a row of a matrix
        let row = rank == 2 && piece.output[0].is_none() && piece.output[1].is_some();
        Some((sign, if row { transpose(math) } else { math }))
    }

    /// A unit vector at a vertex, or the edge of an indicator that moves a position on.
    pub(super) fn part_operand(
        &self,
        reduction: &mut Reduction,
        e: ExprId,
        wires: &[Wire],
        view_size: &dyn Fn(Wire) -> Math,
    ) -> bool {
        let key = self.arena.key(e);
        if let Some(part) = self.arena.as_unit(e) {
            let part = self.unit_part(part, view_size(wires[0]), key);
            reduction.weights[wires[0] as usize].push(part);
            return true;
        }
        let Some(part) = self.arena.as_moved(e) else { return false };
        let window = Window::new(self.arena, part);
        let math = window.matrix(view_size(wires[0]));
        let part = Part { window: Some(window), ..Part::new(math, key) };
        reduction.edges.push(Edge { from: wires[0], to: wires[1], part });
        true
    }

    fn unit_part(&self, part: AxisPart, size: Math, key: (u32, u64)) -> Part {
        let position = size_position(&self.arena.size_text(part.first));
        let unit = Math::Identity(Some(Box::new(size)));
        let math = slice(unit, position.clone(), 1, 2);
        Part { basis: Some(position), ..Part::new(math, key) }
    }

    /// An indicator or unit vector by itself.
    pub(super) fn bare_indicator(&self, e: ExprId) -> Option<Math> {
        let size = size_math(self.arena.size_text(self.arena.axes(e)[0]));
        if let Some(part) = self.arena.as_unit(e) {
            return Some(self.unit_part(part, size, (0, 0)).math);
        }
        Some(Window::new(self.arena, self.arena.as_moved(e)?).matrix(size))
    }
}
