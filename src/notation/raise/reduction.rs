//! The network of one einsum, reduced in series and parallel.

use super::compose::{
    entry, product, reciprocal, squared_norm, squared_norm_matrix, sum_or_mean, transpose,
};
use super::motion::Link;
use super::part::{
    Edge, Key, Part, Parts, Scalars, hadamard, has_change, transposed_part, transposes, triangle,
    whole,
};
use super::size_math;
use crate::notation::math::Math;
use crate::tensor::arena::Arena;
use crate::tensor::node::{EinsumView, Wire, Wires};
use smallvec::{SmallVec, smallvec};

/// The network of an einsum under reduction.
pub(super) struct Reduction {
    pub(super) edges: SmallVec<[Edge; 2]>,
    pub(super) links: Vec<Link>,
    /// The number of vertices.
    pub(super) wires: u32,
    /// Vectors, each with its vertex.
    pub(super) weights: SmallVec<[(Wire, Part); 3]>,
    pub(super) scalars: Scalars,
    pub(super) output: Wires,
}

/// The vertices that are summed over and still there.
pub(super) type Open = SmallVec<[Wire; 8]>;

/// The sizes of the vertices, as they are written.
pub(super) struct Sizes<'a> {
    pub(super) arena: &'a Arena,
    pub(super) view: EinsumView<'a>,
}

impl Sizes<'_> {
    pub(super) fn of(&self, w: Wire) -> Math {
        size_math(self.arena.size_text(self.view.size(w)))
    }

    /// A vector of ones.
    pub(super) fn ones(&self, w: Wire) -> Math {
        Math::Ones(vec![self.of(w)])
    }
}

impl Reduction {
    pub(super) fn of(view: EinsumView<'_>) -> Reduction {
        Reduction {
            edges: SmallVec::new(),
            links: Vec::new(),
            wires: view.wires() as u32,
            weights: SmallVec::new(),
            scalars: Scalars::default(),
            output: view.output().into(),
        }
    }

    /// `diag(a)*(1 ./ M)*diag(b)` is `(a*b') ./ M`.
    fn outer_quotients(&mut self) {
        for at in 0..self.edges.len() {
            let (a, b) = (self.edges[at].from, self.edges[at].to);
            let plain =
                |w: Wire| self.has_weight(w) && self.weights_at(w).all(|p| p.basis().is_none());
            if !(self.edges[at].part.divides && plain(a) && plain(b)) {
                continue;
            }
            let (Some(left), Some(right)) = (self.weight(a), self.weight(b)) else { continue };
            let part = &mut self.edges[at].part;
            let outer = product([left.math, right.into_row()]);
            let divisor = std::mem::replace(&mut part.math, Math::Pi);
            part.math = Math::ElementQuotient(Box::new(outer), Box::new(divisor));
            part.divides = false;
        }
    }

    #[expect(clippy::option_option, reason = "irreducible, or the number 1, or a factor")]
    pub(super) fn reduce(
        mut self,
        sizes: &Sizes<'_>,
        scalars: &mut Scalars,
    ) -> Option<Option<Math>> {
        self.merge_triangles();
        self.push_windows();
        self.fix_units(scalars)?;
        self.outer_quotients();
        self.contract(sizes, scalars)?;
        self.finish(sizes)
    }

    /// Reduces until no contracted vertex is left; `None` where that does not end.
    pub(super) fn contract(&mut self, sizes: &Sizes<'_>, scalars: &mut Scalars) -> Option<()> {
        let mut open: Open =
            (0..self.wires).filter(|w| !self.output.contains(w) && self.is_held(*w)).collect();
        while !open.is_empty() {
            if !self.links.is_empty() && self.step_links(&mut open, sizes, scalars) {
                // an indicator is gone
            } else if let Some(at) = open.iter().position(|w| self.degree(*w) == 0) {
                let w = open.remove(at);
                let scalar = self.close(w)?;
                scalars.above.push(scalar);
            } else if self.whole_sum(&mut open, sizes, scalars) {
                // both ends are gone
            } else if let Some(at) = self.dead_end(&open) {
                let w = open.remove(at);
                self.contract_dead_end(w, sizes, scalars);
            } else if let Some(at) = self.at_window(&open) {
                let w = open.remove(at);
                self.series(w, sizes);
            } else if let Some(at) = self.between(&open, false) {
                let w = open.remove(at);
                self.series(w, sizes);
            } else if let Some(at) = self.between(&open, true) {
                let w = open.remove(at);
                self.series(w, sizes);
            } else if !self.parallel()
                && !self.pull_windows(&mut open, sizes)
                && !self.merge_as_matrix(sizes)
            {
                return None;
            }
            self.loops(&open, scalars);
            open.retain(|w| self.is_held(*w));
        }
        Some(())
    }

    pub(super) fn degree(&self, w: Wire) -> usize {
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

    /// Whether something stands on a vertex.
    pub(super) fn is_held(&self, w: Wire) -> bool {
        self.has_weight(w) || self.degree(w) > 0
    }

    pub(super) fn has_weight(&self, w: Wire) -> bool {
        self.weights.iter().any(|(v, _)| *v == w)
    }

    pub(super) fn weights_at(&self, w: Wire) -> impl Iterator<Item = &Part> {
        self.weights.iter().filter(move |(v, _)| *v == w).map(|(_, part)| part)
    }

    /// Adds a vector to a vertex.
    pub(super) fn put(&mut self, w: Wire, part: Part) {
        self.weights.push((w, part));
    }

    /// Removes the vectors of a vertex.
    pub(super) fn take_weights(&mut self, w: Wire) -> Parts {
        let mut parts = Parts::new();
        match self.weights_at(w).count() {
            0 => {}
            1 => {
                let at = self.weights.iter().position(|(v, _)| *v == w);
                parts.extend(at.map(|at| self.weights.remove(at).1));
            }
            _ => {
                for (v, part) in std::mem::take(&mut self.weights) {
                    if v == w { parts.push(part) } else { self.weights.push((v, part)) }
                }
            }
        }
        parts
    }

    /// Removes the vectors of a vertex, as one.
    pub(super) fn weight(&mut self, w: Wire) -> Option<Part> {
        let parts = self.take_weights(w);
        if parts.is_empty() { None } else { Some(hadamard(parts)) }
    }

    /// Σ over a vertex that only has weights: `a'*b`, `sum(a)`, `x[k]`.
    fn close(&mut self, w: Wire) -> Option<(Key, Math)> {
        let mut parts = self.take_weights(w);
        parts.sort_by_key(|p| (p.divides, p.key));
        let key = parts.first()?.key;
        let plain = parts.iter().all(|p| !p.divides);
        if let ([p], true) = (&parts[..], plain) {
            if let Some(root) = p.root() {
                return Some((key, squared_norm(root)));
            }
            if let Some(matrix) = p.diagonal() {
                return Some((key, Math::Call(entry("tr"), Box::new([matrix.clone()]), None)));
            }
            return Some((key, sum_or_mean(p.math.clone(), None, false)));
        }
        if !plain {
            return Some((key, sum_or_mean(hadamard(parts).math, None, false)));
        }
        let last = parts.pop()?;
        let first = hadamard(parts);
        // `dx'*A*x`, not `x'*A'*dx`: a change takes the place of what changes
        // and `x'*A*x`, not `x'*A'*x`
        let form = matches!(&first.math, Math::Product(list) if list.last() == Some(&last.math));
        if (form || matches!(last.math, Math::Differential(_))) && first.turns_as_row() > 1 {
            return Some((key, product([last.into_row(), first.math])));
        }
        Some((key, product([first.into_row(), last.math])))
    }

    /// Σ over both ends of the only edges between two vertices: `sum(X)`, `sum(X .* Y)`,
    /// `tr(A*B)`, `norm2(X)^2`.
    fn whole_sum(&mut self, open: &mut Open, sizes: &Sizes<'_>, scalars: &mut Scalars) -> bool {
        for at in 0..self.edges.len() {
            let (a, b) = (self.edges[at].from, self.edges[at].to);
            let between = |e: &Edge| (e.from, e.to) == (a, b) || (e.from, e.to) == (b, a);
            let touching = self
                .edges
                .iter()
                .filter(|e| [e.from, e.to].contains(&a) || [e.from, e.to].contains(&b));
            let alone = open.contains(&a)
                && open.contains(&b)
                && !self.has_weight(a)
                && !self.has_weight(b)
                && !self.links.iter().any(|l| l.wires.contains(&a) || l.wires.contains(&b))
                && touching.clone().all(between);
            let aligned = touching.clone().all(|e| e.from == a);
            let one_divides = touching.clone().any(|e| e.part.divides);
            if !alone || !(aligned || one_divides) {
                continue;
            }
            let mut parts = self.take_edges(a, b);
            if let Some((key, math)) = turned_trace(&mut parts) {
                scalars.above.push((key, math));
                open.retain(|w| *w != a && *w != b);
                return true;
            }
            let part = hadamard(parts);
            let math = match part.root() {
                Some(root) => squared_norm_matrix(root),
                None => {
                    let mean = scalars.divides(&[sizes.of(a), sizes.of(b)]);
                    sum_or_mean(part.math, None, mean)
                }
            };
            scalars.above.push((part.key, math));
            open.retain(|w| *w != a && *w != b);
            return true;
        }
        false
    }

    /// Removes the edges between two vertices, oriented from the first to the second.
    pub(super) fn take_edges(&mut self, a: Wire, b: Wire) -> Parts {
        let mut parts = Parts::new();
        let between = |e: &Edge| [(a, b), (b, a)].contains(&(e.from, e.to));
        if !self.edges.iter().any(between) {
            return parts;
        }
        for e in std::mem::take(&mut self.edges) {
            if (e.from, e.to) == (a, b) {
                parts.push(e.part);
            } else if (e.from, e.to) == (b, a) {
                parts.push(transposed_part(e.part));
            } else {
                self.edges.push(e);
            }
        }
        parts
    }

    /// A contracted vertex at the end of one edge; first where the edge points at it (no transpose).
    fn dead_end(&self, open: &[Wire]) -> Option<usize> {
        let mask = |w: Wire| {
            !self.has_weight(w) && self.edges.iter().any(|e| e.to == w && e.part.window().is_some())
        };
        let ends = |w: Wire| self.degree(w) == 1 && self.links_at(w) == 0 && !mask(w);
        let natural =
            |w: Wire| ends(w) && self.has_weight(w) && self.edges.iter().any(|e| e.to == w);
        let weighted = |w: Wire| ends(w) && self.has_weight(w);
        open.iter()
            .position(|w| natural(*w))
            .or_else(|| open.iter().position(|w| weighted(*w)))
            .or_else(|| open.iter().position(|w| ends(*w)))
    }

    fn contract_dead_end(&mut self, w: Wire, sizes: &Sizes<'_>, scalars: &mut Scalars) {
        let at = self.edges.iter().position(|e| e.from == w || e.to == w);
        let Some(at) = at else { return };
        let edge = self.edges.remove(at);
        let target = if edge.from == w { edge.to } else { edge.from };
        let key = edge.part.key;
        let weight = self.weight(w);
        let mut row = None;
        if edge.part.window().is_some() {
            let matrix = if edge.to == w { edge.part } else { transposed_part(edge.part) };
            let math = Reduction::through_window(&matrix, weight, w, sizes);
            self.weights.extend(math.map(|m| (target, Part::new(m, key))));
            return;
        }
        let math = match weight {
            None => {
                let axis = u8::from(edge.to == w);
                let inner = if edge.part.divides {
                    reciprocal(edge.part.math, false)
                } else {
                    edge.part.math
                };
                sum_or_mean(inner, Some(axis), scalars.divides(&[sizes.of(w)]))
            }
            Some(weight) => {
                let symmetric = edge.part.symmetric;
                let matrix = if edge.to == w { edge.part } else { transposed_part(edge.part) };
                let matrix =
                    if matrix.divides { reciprocal(matrix.math, false) } else { matrix.math };
                if symmetric || weight.has_row() {
                    let column = weight.math.clone();
                    let right = if symmetric { matrix.clone() } else { transpose(matrix.clone()) };
                    row = Some(product([weight.into_row(), right]));
                    product([matrix, column])
                } else {
                    product([matrix, weight.math])
                }
            }
        };
        self.put(target, Part::new(math, key).with_row(row));
    }

    /// `M₁ diag(w) M₂` through a vertex between two edges.
    fn series(&mut self, w: Wire, sizes: &Sizes<'_>) {
        let mut pair: SmallVec<[Edge; 2]> = SmallVec::new();
        for e in std::mem::take(&mut self.edges) {
            if e.from == w || e.to == w { pair.push(e) } else { self.edges.push(e) }
        }
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
        let weight = self.weight(w);
        let middle = weight.as_ref().map(|p| &p.math);
        let ends = (from, to);
        if let Some(math) = Reduction::window_product(&left, middle, &right, ends, sizes) {
            self.edges.push(Edge { from, to, part: Part::new(math, key) });
            return;
        }
        let mut list: SmallVec<[Math; 3]> = smallvec![whole(left)];
        list.extend(weight.map(|weight| Math::Call(entry("diag"), Box::new([weight.math]), None)));
        list.push(whole(right));
        let part = Part::new(product(list), key);
        self.edges.push(Edge { from, to, part });
    }

    /// A triangle of ones beside other edges takes a part of them, before these are multiplied.
    fn merge_triangles(&mut self) {
        let mut at = 0;
        while at < self.edges.len() {
            let ends = (self.edges[at].from, self.edges[at].to);
            let turned = (ends.1, ends.0);
            let beside = self.edges.iter().find(|e| {
                e.part.triangle.is_none() && (ends == (e.from, e.to) || turned == (e.from, e.to))
            });
            let along = beside.map(|e| (e.from, e.to)).filter(|(a, b)| a != b);
            if let (true, Some((a, b))) = (self.edges[at].part.triangle.is_some(), along) {
                let parts = self.take_edges(a, b);
                self.edges.push(Edge { from: a, to: b, part: hadamard(parts) });
                at = 0;
            } else {
                at += 1;
            }
        }
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
            let key = edge.part.key;
            let matrix = whole(edge.part);
            let closed = open.contains(&w) && self.degree(w) == 0 && !self.has_weight(w);
            if closed {
                scalars.above.push((key, Math::Call(entry("tr"), Box::new([matrix]), None)));
            } else {
                self.put(w, Part::diagonal_of(matrix, key));
            }
        }
    }

    /// What is left on the output's wires: `None` for the number 1.
    #[expect(clippy::option_option, reason = "irreducible, or the number 1, or a factor")]
    fn finish(mut self, sizes: &Sizes<'_>) -> Option<Option<Math>> {
        if !self.links.is_empty() {
            return None;
        }
        match self.output[..] {
            [] => Some(None),
            [w] => Some(Some(match self.weight(w) {
                Some(part) => part.math,
                None => sizes.ones(w),
            })),
            [a, b] if a == b => Some(Some(match self.weight(a) {
                Some(part) => Math::Call(entry("diag"), Box::new([part.math]), None),
                None => Math::Identity(Some(Box::new(sizes.of(a)))),
            })),
            [a, b] => {
                let edges = self.take_edges(a, b);
                let (left, right) = (self.weight(a), self.weight(b));
                let column = |p: Option<Part>, w: Wire| match p {
                    Some(p) => p.math,
                    None => sizes.ones(w),
                };
                if edges.is_empty() {
                    if left.is_none() && right.is_none() {
                        let both = vec![sizes.of(a), sizes.of(b)];
                        return Some(Some(Math::Ones(both)));
                    }
                    let right = match right {
                        Some(p) => p.into_row(),
                        None => transpose(column(None, b)),
                    };
                    return Some(Some(product([column(left, a), right])));
                }
                if let ([only], true) = (&edges[..], left.is_some() || right.is_some())
                    && let Some(lower) = only.triangle
                {
                    // a triangle of ones between two vectors is the triangle of their product
                    let right = match right {
                        Some(p) => p.into_row(),
                        None => transpose(column(None, b)),
                    };
                    return Some(Some(triangle(product([column(left, a), right]), lower)));
                }
                let diag = |p: Part| Math::Call(entry("diag"), Box::new([p.math]), None);
                let mut list: SmallVec<[Math; 3]> = SmallVec::new();
                list.extend(left.map(diag));
                list.push(hadamard(edges).math);
                list.extend(right.map(diag));
                Some(Some(product(list)))
            }
            _ => None,
        }
    }
}

/// `tr(dX'*A*X*B)`, not `sum((X'*A'*dX) .* B)`: the trace of a product with a change in it, where
/// that has fewer transposes than the sum.
fn turned_trace(parts: &mut Parts) -> Option<(Key, Math)> {
    let [a, b] = &parts[..] else { return None };
    if a.divides || b.divides {
        return None;
    }
    let turns = |p: &Part| matches!(p.math, Math::Product(_)) && has_change(&p.math);
    let at = [a, b].into_iter().position(turns)?;
    let turned = transpose(parts[at].math.clone());
    if transposes(&turned) >= transposes(&parts[at].math) {
        return None;
    }
    let key = parts[0].key.min(parts[1].key);
    let other = parts.remove(1 - at);
    Some((key, Math::Call(entry("tr"), Box::new([product([turned, whole(other)])]), None)))
}
