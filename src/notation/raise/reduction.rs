//! The network of one einsum, reduced in series and parallel.

use super::compose::{
    entry, product, reciprocal, squared_norm, squared_norm_matrix, sum_call, transpose,
};
use super::motion::Link;
use super::part::{Edge, Part, Scalars, hadamard, transposed_part, triangle, whole};
use crate::notation::math::Math;
use crate::tensor::node::{EinsumView, Wire};

/// The network of an einsum under reduction.
pub(super) struct Reduction {
    pub(super) edges: Vec<Edge>,
    pub(super) links: Vec<Link>,
    pub(super) weights: Vec<Vec<Part>>,
    pub(super) scalars: Scalars,
    pub(super) output: Vec<Wire>,
}

impl Reduction {
    pub(super) fn of(view: EinsumView<'_>) -> Reduction {
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
    pub(super) fn reduce(mut self, sizes: &[Math], scalars: &mut Scalars) -> Option<Option<Math>> {
        self.merge_triangles();
        self.push_windows();
        self.fix_units(scalars)?;
        self.outer_quotients();
        self.contract(sizes, scalars)?;
        self.finish(sizes)
    }

    /// Reduces until no contracted vertex is left; `None` where that does not end.
    pub(super) fn contract(&mut self, sizes: &[Math], scalars: &mut Scalars) -> Option<()> {
        let contracted: Vec<Wire> =
            (0..self.weights.len() as u32).filter(|w| !self.output.contains(w)).collect();
        let mut open = contracted;
        open.retain(|w| self.degree(*w) > 0 || !self.weights[*w as usize].is_empty());
        while !open.is_empty() {
            if !self.links.is_empty() && self.step_links(&mut open, sizes, scalars) {
                // an indicator is gone
            } else if let Some(at) = open.iter().position(|w| self.degree(*w) == 0) {
                let w = open.remove(at);
                let scalar = self.close(w)?;
                scalars.above.push(scalar);
            } else if self.whole_sum(&mut open, scalars) {
                // both ends are gone
            } else if let Some(at) = self.dead_end(&open) {
                let w = open.remove(at);
                self.contract_dead_end(w, sizes);
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
            open.retain(|w| self.degree(*w) > 0 || !self.weights[*w as usize].is_empty());
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

    pub(super) fn weight(&mut self, w: Wire) -> Option<Part> {
        let parts = std::mem::take(&mut self.weights[w as usize]);
        if parts.is_empty() { None } else { Some(hadamard(parts)) }
    }

    /// Σ over a vertex that only has weights: `a'*b`, `sum(a)`, `x[k]`.
    fn close(&mut self, w: Wire) -> Option<((u32, u64), Math)> {
        let mut parts = std::mem::take(&mut self.weights[w as usize]);
        parts.sort_by_key(|p| (p.divides, p.key));
        let key = parts.first()?.key;
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
    pub(super) fn take_edges(&mut self, a: Wire, b: Wire) -> Vec<Part> {
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
        let mask = |w: Wire| {
            self.weights[w as usize].is_empty()
                && self.edges.iter().any(|e| e.to == w && e.part.window.is_some())
        };
        let ends = |w: Wire| self.degree(w) == 1 && self.links_at(w) == 0 && !mask(w);
        let natural = |w: Wire| {
            ends(w) && !self.weights[w as usize].is_empty() && self.edges.iter().any(|e| e.to == w)
        };
        let weighted = |w: Wire| ends(w) && !self.weights[w as usize].is_empty();
        open.iter()
            .position(|w| natural(*w))
            .or_else(|| open.iter().position(|w| weighted(*w)))
            .or_else(|| open.iter().position(|w| ends(*w)))
    }

    fn contract_dead_end(&mut self, w: Wire, sizes: &[Math]) {
        let at = self.edges.iter().position(|e| e.from == w || e.to == w);
        let Some(at) = at else { return };
        let edge = self.edges.remove(at);
        let target = if edge.from == w { edge.to } else { edge.from };
        let key = edge.part.key;
        let weight = self.weight(w);
        let mut row = None;
        if edge.part.window.is_some() {
            let matrix = if edge.to == w { edge.part } else { transposed_part(edge.part) };
            let math = Reduction::through_window(&matrix, weight, &sizes[w as usize]);
            self.weights[target as usize].extend(math.map(|m| Part::new(m, key)));
            return;
        }
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
    fn series(&mut self, w: Wire, sizes: &[Math]) {
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
        let weight = self.weight(w);
        let middle = weight.as_ref().map(|p| &p.math);
        let ends = (&sizes[from as usize], &sizes[to as usize]);
        if let Some(math) = Reduction::window_product(&left, middle, &right, ends.0, ends.1) {
            self.edges.push(Edge { from, to, part: Part::new(math, key) });
            return;
        }
        let mut list = vec![whole(left)];
        if let Some(weight) = weight {
            list.push(Math::Call(entry("diag"), vec![weight.math], None));
        }
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
            [w] => Some(Some(match self.weight(w) {
                Some(part) => part.math,
                None => Math::Ones(vec![sizes[w as usize].clone()]),
            })),
            [a, b] if a == b => Some(Some(match self.weight(a) {
                Some(part) => Math::Call(entry("diag"), vec![part.math], None),
                None => Math::Identity(Some(Box::new(sizes[a as usize].clone()))),
            })),
            [a, b] => {
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
                if let ([only], true) = (&edges[..], left.is_some() || right.is_some())
                    && let Some(lower) = only.triangle
                {
                    // a triangle of ones between two vectors is the triangle of their product
                    let right = match right {
                        Some(p) => p.into_row(),
                        None => transpose(column(None, b)),
                    };
                    return Some(Some(triangle(product(vec![column(left, a), right]), lower)));
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
