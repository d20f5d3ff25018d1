//! Slices, block arrays and unit vectors in matrix notation.
//!
//! An indicator that moves a position on is an edge like any other matrix: it is `E = eye(n)[:,a:b]`
//! from its target to its source. A product with it is written as what it does: `E'*v` is the slice
//! `v[a:b]`, `E*v` the block array `[zeros(…); v; zeros(…)]`. A unit vector fixes a position: what
//! else is at its vertex is taken there.

use super::Raiser;
use super::blocks::{beside, is_nothing, under};
use super::compose::{entry, product, size_math, transpose};
use super::part::{Edge, Part, Scalars, whole};
use super::reduction::{Open, Reduction, Sizes};
use crate::notation::index::size_position;
use crate::notation::layout::rank;
use crate::notation::math::Math;
use crate::number::Number;
use crate::tensor::arena::Arena;
use crate::tensor::node::{ExprId, Part as AxisPart, Wire};

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

fn whole_axis() -> Math {
    Math::Range(None)
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
        base => Math::Entry(Box::new(base), positions.into()),
    }
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
        // on the diagonal of a matrix
        Math::Call(f, list, None)
            if std::ptr::eq(f, entry("diag")) && rank(&list[0]) == Some(2) =>
        {
            let on_diagonal = Box::new([position.clone(), position.clone()]);
            Math::Entry(Box::new(list.into_vec().swap_remove(0)), on_diagonal)
        }
        math => Math::Entry(Box::new(math), Box::new([position.clone()])),
    }
}

impl Reduction {
    /// What is at a vertex that is summed over is taken in the part that a window leaves of it.
    pub(super) fn push_windows(&mut self) {
        while let Some(at) = self.edges.iter().position(|e| {
            let window = e.part.window();
            window.is_some_and(|w| w.placing)
                && !self.output.contains(&e.from)
                && self.links_at(e.from) == 0
        }) {
            let mut edge = self.edges.remove(at);
            let Some(window) = edge.part.take_window() else { continue };
            let (t, s) = (edge.from, edge.to);
            for mut part in self.take_weights(t) {
                let taken = |m: Math| slice(m, window.range.clone(), 0, 1);
                let root = part.take_root().map(taken);
                let divides = part.divides;
                let part = Part::new(taken(part.math), part.key).with_root(root);
                self.put(s, Part { divides, ..part });
            }
            for e in &mut self.edges {
                for (end, axis) in [(&mut e.from, 0), (&mut e.to, 1)] {
                    if *end == t {
                        *end = s;
                        let math = std::mem::replace(&mut e.part.math, Math::Pi);
                        e.part.math = slice(math, window.range.clone(), axis, 2);
                        e.part.take_root();
                        e.part.take_window();
                        e.part.symmetric = false;
                    }
                }
            }
        }
    }

    /// Windows that leave a part of the result's axes and nothing else: what is there is taken in
    /// the part, and put back.
    pub(super) fn pull_windows(&mut self, open: &mut Open, sizes: &Sizes<'_>) -> bool {
        let mut masks: Vec<(Wire, Wire, Window)> = Vec::new();
        for e in &self.edges {
            if let Some(window) = e.part.window().filter(|w| w.placing)
                && self.output.contains(&e.from)
                && open.contains(&e.to)
                && self.degree(e.to) == 1
                && !self.has_weight(e.to)
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
            let one = Part::new(sizes.ones(*s), (u32::MAX, 0));
            match self.weight(*t) {
                Some(part) => {
                    let taken = slice(part.math, window.range.clone(), 0, 1);
                    let math = window.of_rows(taken, None);
                    self.put(*t, Part::new(math, part.key));
                }
                None if self.edges.iter().any(|e| e.from == *t || e.to == *t) => {}
                None => {
                    let math = window.of_rows(one.math, None);
                    self.put(*t, Part::new(math, one.key));
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
                math = back.of_columns(math, &sizes.of(height));
            }
            if let Some((_, _, window)) = rows {
                math = window.of_rows(math, Some(&sizes.of(e.to)));
            }
            e.part.math = math;
            if rows.is_some() || columns.is_some() {
                e.part.take_root();
                e.part.symmetric = false;
            }
        }
        true
    }

    /// A matrix that is a window, applied to the weight of a vertex at its end.
    pub(super) fn through_window(
        matrix: &Part,
        weight: Option<Part>,
        at: Wire,
        sizes: &Sizes<'_>,
    ) -> Option<Math> {
        let window = matrix.window()?;
        let column = weight.map_or_else(|| sizes.ones(at), |w| w.math);
        Some(window.of_rows(column, None))
    }

    /// A product of two matrices of which one is a window.
    pub(super) fn window_product(
        left: &Part,
        weight: Option<&Math>,
        right: &Part,
        ends: (Wire, Wire),
        sizes: &Sizes<'_>,
    ) -> Option<Math> {
        let diag = |w: &Math| super::motion::call("diag", vec![w.clone()]);
        if let Some(window) = right.window() {
            let list = std::iter::once(whole(left.clone())).chain(weight.map(diag));
            return Some(window.of_columns(product(list), &sizes.of(ends.0)));
        }
        let window = left.window()?;
        let list = weight.map(diag).into_iter().chain([whole(right.clone())]);
        Some(window.of_rows(product(list), Some(&sizes.of(ends.1))))
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
                    .find(|e| (e.from == *w || e.to == *w) && e.part.window().is_some())?;
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
        if !self.weights.iter().any(|(_, p)| p.basis().is_some()) {
            return Some(());
        }
        let position = |r: &Reduction, w: Wire| r.weights_at(w).find_map(|p| p.basis().cloned());
        // entries of matrices first: `A[2,3]`
        while let Some((at, row, column)) = self
            .edges
            .iter()
            .enumerate()
            .find_map(|(at, e)| Some((at, position(self, e.from)?, position(self, e.to)?)))
        {
            let edge = self.edges.remove(at);
            let math = Math::Entry(Box::new(edge.part.math), Box::new([row, column]));
            let list = if edge.part.divides { &mut scalars.below } else { &mut scalars.above };
            list.push((edge.part.key, math));
        }
        for w in 0..self.wires {
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
                    let column = transpose(row.clone());
                    (edge.to, Part::new(column, edge.part.key).with_row(Some(row)))
                } else {
                    let column = slice(edge.part.math, k.clone(), 1, 2);
                    (edge.from, Part::new(column, edge.part.key))
                };
                let part = Part { divides: edge.part.divides, ..math };
                self.put(end, part);
            }
            let (units, rest): (Vec<Part>, Vec<Part>) =
                self.take_weights(w).into_iter().partition(|p| p.basis().is_some());
            for part in rest {
                let math = entry_at(part.math, &k);
                let list = if part.divides { &mut scalars.below } else { &mut scalars.above };
                list.push((part.key, math));
            }
            if units.len() > 1 {
                return None;
            }
            if self.output.contains(&w) {
                self.weights.extend(units.into_iter().map(|part| (w, part)));
            }
        }
        Some(())
    }
}

impl Raiser<'_> {
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
            reduction.put(wires[0], part);
            return true;
        }
        let Some(part) = self.arena.as_moved(e) else { return false };
        let window = Window::new(self.arena, part);
        let math = window.matrix(view_size(wires[0]));
        let part = Part::new(math, key).with_window(window);
        reduction.edges.push(Edge { from: wires[0], to: wires[1], part });
        true
    }

    fn unit_part(&self, part: AxisPart, size: Math, key: (u32, u64)) -> Part {
        let position = size_position(&self.arena.size_text(part.first));
        let unit = Math::Identity(Some(Box::new(size)));
        let math = slice(unit, position.clone(), 1, 2);
        Part::new(math, key).with_basis(position)
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
