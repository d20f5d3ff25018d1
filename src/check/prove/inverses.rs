//! Inverses of sums in the prover: M M⁻¹ = I, used beside an inverse and at the ends of a product.

use super::algebra::Algebra;
use crate::number::Number;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, ExprId, MatrixFunction, Network, Node, Operand, Wire, Wires};
use crate::tensor::template::range;
use smallvec::{SmallVec, smallvec};

/// What became of a term: another, or nothing.
enum Reduced {
    To(ExprId),
    Not,
}

impl Algebra<'_> {
    /// The matrix under an inverse that stands at an axis of the whole, multiplied to it there.
    pub(super) fn clear_inverse(&mut self, id: ExprId) -> Option<ExprId> {
        let axes: Axes = self.arena.axes(id).into();
        let mut choice: Option<(bool, ExprId, Wire, usize)> = None;
        for (_, e) in self.terms(id) {
            for (inner, place, end) in self.inverses(e) {
                // first those of sums
                let atomic = !matches!(self.arena.node(inner), Node::Add(_));
                if choice.is_none_or(|c| c.0 && !atomic) {
                    choice = Some((atomic, inner, place, end));
                }
            }
        }
        let (_, inner, place, end) = choice?;
        let rank = axes.len() as u32;
        let mut sum: TermList = SmallVec::new();
        for (c, e) in self.terms(id) {
            // M⁻¹ at a place by its row wants M from the left, by its column from the right
            let mut output: Wires = range(0, axes.len());
            output[place as usize] = rank;
            let wires = if end == 0 { smallvec![rank, place] } else { smallvec![place, rank] };
            let operands = smallvec![
                Operand { expr: e, wires: range(0, axes.len()) },
                Operand { expr: inner, wires },
            ];
            let mut sizes: SmallVec<[_; 8]> = axes.iter().copied().collect();
            sizes.push(axes[place as usize]);
            let product =
                self.multiply_out(Network { coefficient: Number::ONE, operands, output, sizes })?;
            sum.push((c, product));
        }
        Some(self.arena.add_ids(&axes, sum))
    }

    /// The inverses of a term that have an axis of the whole: the matrix, the axis, and which of
    /// the two axes of the inverse it is.
    fn inverses(&self, e: ExprId) -> Vec<(ExprId, Wire, usize)> {
        if let Node::Matrix(MatrixFunction::Inverse, inner) = self.arena.node(e) {
            return vec![(inner, 0, 0)];
        }
        let Node::Einsum(view) = self.arena.node(e) else { return Vec::new() };
        let mut list = Vec::new();
        for (o, wires) in view.operands() {
            let Node::Matrix(MatrixFunction::Inverse, inner) = self.arena.node(o) else { continue };
            for (end, w) in wires.iter().enumerate() {
                if let Some(place) = view.output().iter().position(|v| v == w) {
                    list.push((inner, place as Wire, end));
                }
            }
        }
        list
    }

    /// Uses M M⁻¹ = I for a sum M until no term has its heaviest term beside the inverse.
    pub(super) fn reduce_inverses(&mut self, id: ExprId) -> Option<ExprId> {
        let axes: Axes = self.arena.axes(id).into();
        let mut done: TermList = SmallVec::new();
        let mut todo: TermList = self.terms(id);
        while let Some((c, e)) = todo.pop() {
            self.spend(1)?;
            match self.reduced(e)? {
                Reduced::Not => done.push((c, e)),
                Reduced::To(sum) => {
                    self.note("inverse-right");
                    for (d, inner) in self.terms(sum) {
                        todo.push((self.arena.multiply(c, d), inner));
                    }
                }
            }
        }
        Some(self.arena.add_ids(&axes, done))
    }

    /// A term with the heaviest term of a sum M beside M⁻¹ replaced.
    fn reduced(&mut self, e: ExprId) -> Option<Reduced> {
        let Node::Einsum(view) = self.arena.node(e) else { return Some(Reduced::Not) };
        let operands: SmallVec<[Operand; 8]> =
            view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect();
        let output: Wires = view.output().into();
        let sizes: SmallVec<[_; 8]> = (0..view.wires() as u32).map(|w| view.size(w)).collect();
        for (at, o) in operands.iter().enumerate() {
            let Node::Matrix(MatrixFunction::Inverse, inner) = self.arena.node(o.expr) else {
                continue;
            };
            let terms = self.terms(inner);
            let symmetric = self.arena.is_symmetric(o.expr);
            let Some(lead) = self.lead(&terms) else { continue };
            for end in 0..2 {
                let (near, far) = (o.wires[end], o.wires[1 - end]);
                if near == far || !contracted(&operands, &output, near) {
                    continue;
                }
                let others: SmallVec<[usize; 8]> =
                    (0..operands.len()).filter(|i| *i != at).collect();
                let ends: &[usize] = if symmetric { &[0, 1] } else { &[0, 1][end..=end] };
                for &side in ends {
                    let found =
                        self.occurrence(terms[lead].1, side, near, &operands, &others, &sizes);
                    let Some((used, outer)) = found else { continue };
                    let rest: SmallVec<[Operand; 4]> = others
                        .iter()
                        .filter(|i| !used.contains(i))
                        .map(|i| operands[*i].clone())
                        .collect();
                    let scale = self.arena.number_of(terms[lead].0).recip()?;
                    let mut sum: TermList = SmallVec::new();
                    // L M⁻¹ = (I − (M − L) M⁻¹)/c
                    let mut pieces: Vec<(Number, SmallVec<[Operand; 4]>)> = Vec::new();
                    let identity = self.arena.identity(sizes[outer as usize]);
                    let unit = Operand { expr: identity, wires: smallvec![outer, far] };
                    pieces.push((scale.clone(), smallvec![unit]));
                    for (i, (c, m)) in terms.iter().enumerate() {
                        if i == lead {
                            continue;
                        }
                        let wires =
                            if side == 0 { smallvec![outer, near] } else { smallvec![near, outer] };
                        let c = self.arena.number_of(*c).mul(&scale).neg();
                        pieces.push((c, smallvec![Operand { expr: *m, wires }, o.clone()]));
                    }
                    for (coefficient, mut piece) in pieces {
                        piece.extend(rest.iter().cloned());
                        let network = Network {
                            coefficient,
                            operands: piece,
                            output: output.clone(),
                            sizes: sizes.clone(),
                        };
                        let product = self.multiply_out(network.dense())?;
                        sum.push((crate::tensor::arena::ONE, product));
                    }
                    let axes: Axes = self.arena.axes(e).into();
                    return Some(Reduced::To(self.arena.add_ids(&axes, sum)));
                }
            }
        }
        Some(Reduced::Not)
    }

    /// The heaviest term of a matrix that is no multiple of the identity.
    fn lead(&self, terms: &TermList) -> Option<usize> {
        let proper = |e: ExprId| match self.arena.node(e) {
            Node::Einsum(view) => view.output()[0] != view.output()[1],
            _ => true,
        };
        let key = |i: &usize| (self.arena.weight(terms[*i].1), self.arena.fingerprint(terms[*i].1));
        (0..terms.len()).filter(|i| proper(terms[*i].1)).max_by_key(key)
    }

    /// Where the factors of a matrix stand among some operands, the wire `near` at the axis that
    /// is not `side`: their positions, and the wire at the other axis.
    fn occurrence(
        &self,
        matrix: ExprId,
        side: usize,
        near: Wire,
        operands: &[Operand],
        among: &[usize],
        sizes: &[crate::shape::dim::DimId],
    ) -> Option<(SmallVec<[usize; 4]>, Wire)> {
        let (factors, inner, output): (SmallVec<[Operand; 4]>, usize, Wires) = match self
            .arena
            .node(matrix)
        {
            Node::Einsum(view) => (
                view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect(),
                view.wires(),
                view.output().into(),
            ),
            _ => (smallvec![Operand { expr: matrix, wires: smallvec![0, 1] }], 2, smallvec![0, 1]),
        };
        if output.len() != 2 || output[0] == output[1] || factors.is_empty() {
            return None;
        }
        let mut map: SmallVec<[Wire; 8]> = smallvec![Wire::MAX; inner];
        // side 0: L stands before the inverse, its column joined to it
        map[output[1 - side] as usize] = near;
        let mut used: SmallVec<[usize; 4]> = SmallVec::new();
        self.place(&factors, operands, among, &mut map, &mut used).then_some(())?;
        let outer = map[output[side] as usize];
        if outer == Wire::MAX || sizes[outer as usize] != sizes[near as usize] {
            return None;
        }
        // what is summed over inside the matrix is so in the term, and nowhere else
        let image: SmallVec<[Wire; 8]> = map.iter().copied().filter(|w| *w != Wire::MAX).collect();
        for w in (0..inner as u32).filter(|w| !output.contains(w)) {
            let wire = map[w as usize];
            let inside: usize = used
                .iter()
                .map(|i| operands[*i].wires.iter().filter(|v| **v == wire).count())
                .sum();
            let all: usize =
                operands.iter().map(|o| o.wires.iter().filter(|v| **v == wire).count()).sum();
            if inside != all || image.iter().filter(|v| **v == wire).count() > 1 {
                return None;
            }
        }
        Some((used, outer))
    }

    /// Assigns factors to operands one by one, with backtracking.
    fn place(
        &self,
        factors: &[Operand],
        operands: &[Operand],
        among: &[usize],
        map: &mut SmallVec<[Wire; 8]>,
        used: &mut SmallVec<[usize; 4]>,
    ) -> bool {
        // first a factor that hangs on what is placed
        let bound = |f: &Operand| f.wires.iter().any(|w| map[*w as usize] != Wire::MAX);
        let Some(next) = factors.iter().position(bound).or((!factors.is_empty()).then_some(0))
        else {
            return true;
        };
        let factor = factors[next].clone();
        let mut rest: SmallVec<[Operand; 4]> = factors.into();
        rest.remove(next);
        for &i in among {
            if used.contains(&i) || operands[i].expr != factor.expr {
                continue;
            }
            let symmetric = factor.wires.len() == 2 && self.arena.is_symmetric(factor.expr);
            for turned in [false, true] {
                if turned && !symmetric {
                    continue;
                }
                let mut wires = operands[i].wires.clone();
                if turned {
                    wires.reverse();
                }
                let fits = factor.wires.iter().zip(&wires).all(|(f, w)| {
                    let known = map[*f as usize];
                    known == *w || known == Wire::MAX
                });
                if !fits {
                    continue;
                }
                let (kept, count) = (map.clone(), used.len());
                for (f, w) in factor.wires.iter().zip(&wires) {
                    map[*f as usize] = *w;
                }
                used.push(i);
                if self.place(&rest, operands, among, map, used) {
                    return true;
                }
                *map = kept;
                used.truncate(count);
            }
        }
        false
    }
}

/// Whether a wire is summed over and joins two places.
fn contracted(operands: &[Operand], output: &[Wire], wire: Wire) -> bool {
    let count = operands.iter().flat_map(|o| &o.wires).filter(|w| **w == wire).count();
    count == 2 && !output.contains(&wire)
}
