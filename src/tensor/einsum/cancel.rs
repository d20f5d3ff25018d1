//! Factors of a product that are something simpler together.

use super::{Factor, Work};
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::{Arena, MINUS_ONE, ONE, ZERO};
use crate::tensor::node::{
    ExprId, MapFunction, MatrixFunction, Node, NumberId, Properties, Wire, Wires,
};
use smallvec::{SmallVec, smallvec};

/// Operands with their wires.
type Operands<'a> = SmallVec<[(ExprId, &'a [Wire]); 4]>;

impl Arena {
    /// `exp(z)/Σ exp(z)` is a softmax, `exp(u) σ(−u)` is `σ(u)`, `exp(a) exp(b)` is `exp(a + b)`.
    pub(super) fn normalise_exponentials(
        &mut self,
        work: &mut Work,
        todo: &mut SmallVec<[Factor; 8]>,
    ) {
        while !self.plain && self.normalise_exponential(work, todo) {}
    }

    /// The first of these that applies; whether one does.
    fn normalise_exponential(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) -> bool {
        let (exp, sigmoid) = (self.known.exp, self.known.sigmoid);
        let mut exponentials: SmallVec<[(usize, ExprId); 24]> = SmallVec::new();
        let (mut sigmoids, mut powers) = (false, false);
        for (at, f) in work.factors.iter().enumerate() {
            powers |= f.exponent != ONE;
            if let Some((function, arguments)) = self.as_known_map(f.base) {
                if function == exp {
                    exponentials.push((at, arguments.get(0)));
                }
                sigmoids |= function == sigmoid;
            }
        }
        for &(at, u) in &exponentials {
            let partner = if powers { self.softmax_partner(work, at, u) } else { None };
            if let Some((other, replacement)) = partner {
                let wires = work.factors[at].wires.clone();
                let up = self.plus(work.factors[other].exponent, ONE);
                work.factors[other].exponent = up;
                work.factors[at] = Factor { base: replacement, exponent: ONE, wires };
                if up == ZERO {
                    work.factors.remove(other);
                }
                return true;
            }
            let mut merged = if sigmoids { self.sigmoid_of(work, at, u) } else { None };
            if merged.is_none() {
                merged = self.one_exponential(work, at, &exponentials);
            }
            if let Some(merged) = merged {
                todo.push(merged);
                return true;
            }
        }
        false
    }

    /// `exp(u)` at `at` beside `σ(−u)`: `σ(u)`, which takes the place of both.
    fn sigmoid_of(&mut self, work: &mut Work, at: usize, u: ExprId) -> Option<Factor> {
        let sigmoid = self.known.sigmoid;
        let minus = self.negate(u);
        let wires = work.factors[at].wires.clone();
        let other = work.factors.iter().position(|f| {
            f.wires == wires
                && !self.number_of(f.exponent).is_negative()
                && self.as_call(f.base, sigmoid) == Some(minus)
        })?;
        let base = self.map(MapFunction::Known(sigmoid), &[u]);
        let down = self.plus(work.factors[other].exponent, MINUS_ONE);
        work.factors[other].exponent = down;
        if down == ZERO {
            work.factors.remove(at.max(other));
            work.factors.remove(at.min(other));
        } else {
            work.factors.remove(at);
        }
        Some(Factor { base, exponent: ONE, wires })
    }

    /// The exponential at `at` beside others, of which these are the places and arguments: one of the
    /// sum, which takes the place of all.
    fn one_exponential(
        &mut self,
        work: &mut Work,
        at: usize,
        exponentials: &[(usize, ExprId)],
    ) -> Option<Factor> {
        let wires = work.factors[at].wires.clone();
        let mut alike: SmallVec<[(usize, ExprId); 24]> = SmallVec::new();
        for &(place, u) in exponentials {
            let f = &work.factors[place];
            if f.exponent == ONE && f.wires == wires {
                alike.push((place, u));
            }
        }
        if alike.len() < 2 {
            return None;
        }
        let mut gone = alike.iter().map(|(place, _)| *place).peekable();
        let mut place = 0;
        work.factors.retain(|_| {
            place += 1;
            gone.next_if_eq(&(place - 1)).is_none()
        });
        let exponents: SmallVec<[ExprId; 24]> = alike.iter().map(|(_, u)| *u).collect();
        let sum = self.sum_of(&exponents);
        let base = self.map(MapFunction::Known(self.known.exp), &[sum]);
        Some(Factor { base, exponent: ONE, wires })
    }

    /// `√2 √π` is `√(2 π)`.
    pub(super) fn merge_roots(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) {
        let number = |arena: &Arena, f: &Factor| {
            let value = |c: &NumberId| arena.number_of(*c);
            let c = arena.as_constant(f.base)?;
            Some(c).filter(|c| !value(c).is_zero() && !value(c).is_negative())
        };
        let is_root = |arena: &Arena, f: &Factor| {
            f.exponent != ONE
                && f.wires.is_empty()
                && arena.number_of(f.exponent).as_integer().is_none()
                && number(arena, f).is_some()
        };
        let Some(at) = work.factors.iter().position(|f| is_root(self, f)) else { return };
        let Factor { base, exponent, .. } = work.factors[at];
        let other = work.factors.iter().enumerate().position(|(b, f)| {
            b != at
                && f.exponent == exponent
                && f.wires.is_empty()
                && (self.is_positive(f.base) || number(self, f).is_some())
        });
        let (Some(other), Some(c)) = (other, self.as_constant(base)) else { return };
        let under = self.scale(c, work.factors[other].base);
        let exponent = self.number_of(exponent).clone();
        let merged = self.power(under, &exponent);
        work.factors.remove(at.max(other));
        work.factors.remove(at.min(other));
        todo.push(Factor { base: merged, exponent: ONE, wires: Wires::new() });
    }

    /// For the factor `exp(u)` at `at`: a factor `(Σ exp(u))⁻ᵏ`, and the softmax that the two make.
    fn softmax_partner(&mut self, work: &Work, at: usize, u: ExprId) -> Option<(usize, ExprId)> {
        let exp_wires = &work.factors[at].wires;
        for (other, f) in work.factors.iter().enumerate() {
            if !self.number_of(f.exponent).is_negative()
                || self.number_of(f.exponent).as_integer().is_none()
            {
                continue;
            }
            let Node::Einsum(view) = self.node(f.base) else { continue };
            let mut operands = view.operands();
            let Some((e, wires)) = operands.next() else { continue };
            if operands.next().is_some()
                || e != work.factors[at].base
                || view.wires() == view.output().len()
            {
                continue;
            }
            // the batch axes of the sum must be joined to the same axes of the exponential
            let joined = view.output().iter().zip(&f.wires).all(|(inner, outer)| {
                wires.iter().position(|w| w == inner).is_some_and(|p| exp_wires[p] == *outer)
            });
            if !joined {
                continue;
            }
            let (wires, output): (Wires, Wires) = (wires.into(), view.output().into());
            let (z, active) = self.batch_first(u, &wires, &output)?;
            let softmax = self.named(self.known.softmax, active, &[z]);
            let rest: Wires = wires.iter().copied().filter(|w| !output.contains(w)).collect();
            let order: Wires = output.iter().chain(&rest).copied().collect();
            return Some((other, self.permute(softmax, &order, &wires)));
        }
        None
    }

    /// `X⁻¹ X = I`, `Q'Q = I`, and the entries of a softmax sum to 1, those of a layer normalisation to 0.
    pub(super) fn cancel(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) {
        let mut at = 0;
        while at < work.factors.len() {
            let has_axes = !work.factors[at].wires.is_empty();
            if has_axes && (self.cancel_total(work, at) || self.cancel_pair(work, at))
                || self.has_indicators() && self.cancel_entry(work, at)
            {
                work.settle();
                todo.append(&mut work.factors);
                todo.reverse();
                return;
            }
            at += 1;
        }
    }

    /// How often a wire occurs, the output included.
    pub(in crate::tensor) fn degree(work: &Work, wire: Wire) -> usize {
        let inside = work.factors.iter().flat_map(|f| &f.wires).filter(|w| **w == wire).count();
        inside + work.output.iter().filter(|w| **w == wire).count()
    }

    fn cancel_total(&mut self, work: &mut Work, at: usize) -> bool {
        let f = &work.factors[at];
        if f.exponent != ONE {
            return false;
        }
        let (active, total) = match self.node(f.base) {
            Node::Named { function, active, .. } => match function.total {
                Some(total) => (active as usize, total),
                None => return false,
            },
            Node::Symbol(s) if self.facts => match self.symbol(s).properties {
                p if p.has(Properties::SIMPLEX) => (f.wires.len(), 1),
                p if p.has(Properties::CENTRED) => (f.wires.len(), 0),
                _ => return false,
            },
            _ => return false,
        };
        let wires = &f.wires[f.wires.len() - active..];
        if active == 0 || wires.iter().any(|w| Arena::degree(work, *w) != 1) {
            return false;
        }
        let gone = Wires::from_slice(wires);
        work.factors.remove(at);
        // the wires summed over are gone with their operand: number what is left without them
        for w in gone {
            work.parent[w as usize] = w;
            work.sizes[w as usize] = DimId(u32::MAX);
        }
        let total = self.number_id(&Number::integer(total));
        work.coefficient = self.multiply(work.coefficient, total);
        true
    }

    fn cancel_pair(&mut self, work: &mut Work, at: usize) -> bool {
        let f = &work.factors[at];
        if f.exponent != ONE || f.wires.len() != 2 {
            return false;
        }
        let partner = match self.node(f.base) {
            Node::Matrix(MatrixFunction::Inverse, x) => x,
            Node::Symbol(s)
                if self.facts && self.symbol(s).properties.has(Properties::ORTHOGONAL) =>
            {
                f.base
            }
            Node::Matrix(MatrixFunction::Eigenvectors, _) => f.base,
            _ => return false,
        };
        let orthogonal = partner == f.base;
        for other in 0..work.factors.len() {
            let g = &work.factors[other];
            if other == at || g.base != partner || g.exponent != ONE {
                continue;
            }
            for (mine, theirs) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                // X⁻¹ᵢⱼ Xⱼₖ = δᵢₖ = Xᵢⱼ X⁻¹ⱼₖ, Qⱼᵢ Qⱼₖ = δᵢₖ = Qᵢⱼ Qₖⱼ
                let fits = orthogonal == (mine == theirs);
                let wire = f.wires[mine];
                if fits && wire == g.wires[theirs] && Arena::degree(work, wire) == 2 {
                    let (a, b) = (f.wires[1 - mine], g.wires[1 - theirs]);
                    if a == wire || b == wire {
                        continue;
                    }
                    work.factors.remove(at.max(other));
                    work.factors.remove(at.min(other));
                    work.sizes[wire as usize] = DimId(u32::MAX);
                    work.unite(a, b);
                    return true;
                }
            }
        }
        false
    }

    /// `p[k]^-1` beside the factors of `p[k]`.
    fn cancel_entry(&mut self, work: &mut Work, at: usize) -> bool {
        let Some(mut gone) = self.factors_of_entry(work, at) else { return false };
        let entry = work.factors[at].base;
        work.factors[at].exponent = self.plus(work.factors[at].exponent, ONE);
        if work.factors[at].exponent == ZERO {
            gone.push(at);
        }
        gone.sort_unstable();
        for k in gone.into_iter().rev() {
            work.factors.remove(k);
        }
        if !self.is_positive(entry) {
            self.cancelled.push(entry);
        }
        true
    }

    /// Where the factors stand that are an entry of arrays at the position of unit vectors, if it
    /// is divided by: `p .* e` beside `(sum(p .* e))^-1`.
    fn factors_of_entry(&self, work: &Work, at: usize) -> Option<SmallVec<[usize; 4]>> {
        let f = &work.factors[at];
        if !f.wires.is_empty() || !self.number_of(f.exponent).is_negative() {
            return None;
        }
        let Node::Einsum(view) = self.node(f.base) else { return None };
        let (units, entries): (Operands<'_>, Operands<'_>) =
            view.operands().partition(|(e, _)| self.as_unit(*e).is_some());
        if !view.output().is_empty() || units.is_empty() || entries.is_empty() {
            return None;
        }
        // where each wire of the entry is here
        let mut places: Wires = smallvec![Wire::MAX; view.wires()];
        for (unit, wires) in &units {
            let here = work.factors.iter().find(|g| g.base == *unit)?;
            places[wires[0] as usize] = here.wires[0];
        }
        let mut found: SmallVec<[usize; 4]> = SmallVec::new();
        for (e, wires) in &entries {
            let (base, exponent) = self.as_power(*e).unwrap_or((*e, ONE));
            let there = || wires.iter().map(|w| places[*w as usize]);
            found.push((0..work.factors.len()).find(|k| {
                let g = &work.factors[*k];
                !found.contains(k)
                    && (g.base, g.exponent) == (base, exponent)
                    && g.wires.iter().copied().eq(there())
            })?);
        }
        Some(found)
    }
}
