//! Terms of a sum that fill an axis side by side are one block array.

use super::Raiser;
use super::compose::{is_scalar, negated, product, size_math, transpose};
use crate::notation::math::Math;
use crate::number::Number;
use crate::tensor::build::TermList;
use crate::tensor::node::{ExprId, Node, NumberId, Part as AxisPart, Wire, Wires};
use smallvec::SmallVec;

/// The terms of a sum that stay, and what the others are together, with the key it is ordered by.
type Collected = (TermList, Vec<((u32, u64), Math)>);

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

pub(super) fn is_nothing(size: &Math) -> bool {
    matches!(size, Math::Number(n) if n.is_zero())
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
            m => product([c.clone(), m]),
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
            if self.is_named(*expr) {
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
        let output: Wires = piece.output.iter().flatten().copied().collect();
        let (sign, math) = self.network(view, &c, negative, &piece.skip, output)?;
        // a row of a matrix
        let row = rank == 2 && piece.output[0].is_none() && piece.output[1].is_some();
        Some((sign, if row { transpose(math) } else { math }))
    }
}
