//! Denominators and inverses: a difference vanishes where a multiple of it by something that does
//! not vanish does.

use super::algebra::Algebra;
use crate::number::Number;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, ExprId, Network, Node, Operand, Wire, Wires};
use crate::tensor::template::range;
use smallvec::{SmallVec, smallvec};

/// How often a proof multiplies by a denominator.
const ROUNDS: usize = 10;

/// A denominator: its base, the axes of the whole that it has, and the power to multiply by.
struct Denominator {
    base: ExprId,
    places: Wires,
    power: Number,
}

impl Algebra<'_> {
    /// Whether an expression is zero wherever it is defined, as far as this finds out.
    pub(super) fn vanishes(&mut self, expression: ExprId) -> Option<()> {
        let mut rest = self.normal(expression)?;
        for _ in 0..ROUNDS {
            rest = self.reduce_inverses(rest)?;
            if self.arena.is_zero(rest) {
                return Some(());
            }
            if self.vanishes_inside(rest).is_some() {
                return Some(());
            }
            if let Some(d) = self.denominator(rest) {
                rest = self.multiply_by(rest, &d)?;
                continue;
            }
            rest = self.clear_inverse(rest)?;
        }
        None
    }

    /// A sum over one index vanishes where what is summed does.
    fn vanishes_inside(&mut self, rest: ExprId) -> Option<()> {
        let terms = self.terms(rest);
        if terms.len() < 2 {
            return None;
        }
        let mut open: TermList = SmallVec::new();
        let mut size = None;
        for (c, e) in terms {
            let Node::Einsum(view) = self.arena.node(e) else { return None };
            let rank = view.output().len();
            if view.wires() != rank + 1 || (0..rank).any(|i| view.output()[i] != i as u32) {
                return None;
            }
            let dim = view.size(rank as u32);
            if *size.get_or_insert(dim) != dim {
                return None;
            }
            let operands =
                view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect();
            let sizes = (0..view.wires() as u32).map(|w| view.size(w)).collect();
            let output = range(0, rank + 1);
            let network = Network { coefficient: Number::ONE, operands, output, sizes };
            open.push((c, self.arena.einsum(network)));
        }
        let axes: Axes = self.arena.axes(open[0].1).into();
        let inside = self.arena.add_ids(&axes, open);
        self.vanishes(inside)
    }

    /// Something that stands below a line in some term.
    fn denominator(&self, id: ExprId) -> Option<Denominator> {
        let mut found: Option<Denominator> = None;
        for (_, e) in self.terms(id) {
            for (base, places, exponent) in self.powers(e) {
                let sum = matches!(self.arena.node(base), Node::Add(t) if t.len() > 1);
                if !sum || !exponent.is_negative() {
                    continue;
                }
                match &mut found {
                    None => found = Some(Denominator { base, places, power: exponent.neg() }),
                    Some(d) if d.base == base && d.places == places => {
                        if d.power < exponent.neg() {
                            d.power = exponent.neg();
                        }
                    }
                    Some(_) => {}
                }
            }
        }
        found
    }

    /// The powers among the factors of a term, with the axes of the whole that each has.
    fn powers(&self, e: ExprId) -> Vec<(ExprId, Wires, Number)> {
        if let Some((base, n)) = self.arena.as_power(e) {
            return vec![(base, range(0, self.arena.rank(e)), self.arena.number_of(n).clone())];
        }
        let Node::Einsum(view) = self.arena.node(e) else { return Vec::new() };
        let place = |w: &Wire| view.output().iter().position(|o| o == w).map(|p| p as Wire);
        let power = |(o, wires): (ExprId, &[Wire])| {
            let (base, n) = self.arena.as_power(o)?;
            let places: Wires = wires.iter().map(place).collect::<Option<_>>()?;
            Some((base, places, self.arena.number_of(n).clone()))
        };
        view.operands().filter_map(power).collect()
    }

    fn multiply_by(&mut self, id: ExprId, d: &Denominator) -> Option<ExprId> {
        let axes: Axes = self.arena.axes(id).into();
        let factor = self.arena.power(d.base, &d.power);
        let output = range(0, axes.len());
        let mut sum: TermList = SmallVec::new();
        for (c, e) in self.terms(id) {
            let operands = smallvec![
                Operand { expr: e, wires: output.clone() },
                Operand { expr: factor, wires: d.places.clone() },
            ];
            let sizes = axes.iter().copied().collect();
            let output = output.clone();
            let network = Network { coefficient: Number::ONE, operands, output, sizes };
            let product = self.arena.einsum(network);
            let product = self.normal(product)?;
            sum.push((c, product));
        }
        Some(self.arena.add_ids(&axes, sum))
    }
}
