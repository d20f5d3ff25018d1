//! Products entry by entry in which nothing meets: no two factors are powers of one base, none is a
//! constant or a multiple, and no exponential stands beside what it would be part of.
//!
//! Such a product is its factors in order, and most products are such; the way of
//! [`Arena::einsum`] leads to the same node, as is asserted where assertions are on.

use crate::shape::dim::DimId;
use crate::tensor::arena::{Arena, ONE, Tag};
use crate::tensor::node::{EinsumView, ExprId, Node, SymbolKind};
use smallvec::SmallVec;

/// The most factors that are compared with each other.
const MOST: usize = 16;

/// The factors of a product so far.
#[derive(Default)]
struct Plain {
    /// With their fingerprints.
    factors: SmallVec<[(u64, ExprId); 8]>,
    bases: SmallVec<[ExprId; 8]>,
    exponentials: usize,
    /// Whether a factor may be something together with an exponential.
    partner: bool,
    negative: bool,
}

impl Arena {
    /// The product of two or more scalars and arrays with these axes; `None` where something may
    /// meet.
    pub(in crate::tensor) fn plain_product(
        &mut self,
        factors: &[ExprId],
        axes: &[DimId],
    ) -> Option<ExprId> {
        if !self.quotients.is_empty() || factors.len() > MOST {
            return None;
        }
        let mut plain = Plain::default();
        for &e in factors {
            match self.node(e) {
                Node::Einsum(view) if !is_contraction(view) => {
                    if !is_entrywise(view) {
                        return None;
                    }
                    let inner: SmallVec<[ExprId; 8]> = view.operands().map(|o| o.0).collect();
                    for e in inner {
                        let opened = matches!(self.node(e), Node::Einsum(v) if !is_contraction(v));
                        (!opened).then(|| self.plain_factor(&mut plain, e))??;
                    }
                }
                _ => self.plain_factor(&mut plain, e)?,
            }
        }
        let Plain { mut factors, exponentials, partner, negative, .. } = plain;
        let meets =
            exponentials > 0 && partner || negative && (self.has_indicators() || exponentials > 0);
        if meets || factors.len() < 2 {
            return None;
        }
        factors.sort_unstable_by_key(|f| f.0);
        if factors.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return None;
        }
        let rank = axes.len() as u32;
        let mut words: SmallVec<[u32; 32]> = SmallVec::new();
        words.push(rank);
        words.push(rank);
        words.extend(axes.iter().map(|d| d.0));
        words.extend(0..rank);
        for (_, e) in factors {
            let wires = self.rank(e) as u32;
            words.push(e.0);
            words.push(wires);
            words.extend(0..wires);
        }
        let axes = self.axes_id(axes);
        Some(self.intern(Tag::Einsum, axes, &words))
    }

    /// Adds a factor that is no product itself; `None` where it may meet another.
    fn plain_factor(&mut self, plain: &mut Plain, e: ExprId) -> Option<()> {
        let mut base = e;
        match self.tag(e) {
            Tag::Symbol => {
                let symbol = self.symbol(self.as_symbol(e)?);
                if matches!(symbol.kind, SymbolKind::Indicator(_) | SymbolKind::Triangle) {
                    return None;
                }
            }
            Tag::Map => {
                if let Some((of, exponent)) = self.as_power(e) {
                    if self.as_constant(of).is_some() {
                        return None;
                    }
                    base = of;
                    plain.negative |= self.number_of(exponent).is_negative();
                }
                if let Some((f, _)) = self.as_known_map(base) {
                    plain.exponentials += usize::from(f == self.known.exp);
                    plain.partner |= f == self.known.sigmoid;
                }
            }
            Tag::Add if self.payload(e).len() <= 2 || self.primitive(e).0 != ONE => return None,
            _ => {}
        }
        let meets = plain.exponentials > 1 || plain.bases.contains(&base);
        if meets || plain.factors.len() == MOST {
            return None;
        }
        plain.bases.push(base);
        plain.factors.push((self.fingerprint(e), e));
        Some(())
    }
}

/// Whether this is a scalar that sums over something: as a factor it is kept as it is.
fn is_contraction(view: EinsumView<'_>) -> bool {
    view.output().is_empty() && view.wires() > 0
}

/// Whether every operand is a scalar or has the axes of the product in their order.
fn is_entrywise(view: EinsumView<'_>) -> bool {
    let output = view.output();
    view.wires() == output.len()
        && output.iter().enumerate().all(|(at, w)| at == *w as usize)
        && view.operands().all(|(_, wires)| wires.is_empty() || wires == output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;
    use crate::shape::dim::DimId;
    use crate::tensor::node::{MapFunction, Symbol};

    /// Expressions that may meet in products, of one shape.
    fn parts(arena: &mut Arena, axes: &[DimId]) -> Vec<ExprId> {
        let named = |name: &str| Symbol::new(name.into(), SymbolKind::Shared);
        let (x, y) = (arena.symbol_expr(named("x"), axes), arena.symbol_expr(named("y"), axes));
        let (minus_x, sum) = (arena.negate(x), arena.sum_of(&[x, y]));
        let two = arena.number(&Number::integer(2));
        let (exp, sigmoid) =
            (MapFunction::Known(arena.known.exp), MapFunction::Known(arena.known.sigmoid));
        let mut list = vec![x, y, minus_x, sum, arena.negate(sum), two];
        for of in [x, minus_x, sum] {
            list.push(arena.map(exp, &[of]));
            list.push(arena.map(sigmoid, &[of]));
        }
        let half = Number::ratio(1, 2).expect("2 is not 0");
        for at in 0..list.len() {
            for exponent in [&Number::MINUS_ONE, &Number::integer(2), &half] {
                list.push(arena.power(list[at], exponent));
            }
        }
        list.push(arena.hadamard(&[x, y]));
        list
    }

    #[test]
    fn a_plain_product_is_its_normal_form() {
        for axes in [&[][..], &[DimId(7)]] {
            let mut arena = Arena::new();
            let list = parts(&mut arena, axes);
            for a in &list {
                for b in &list {
                    for c in &list[..12] {
                        let factors = [*a, *b, *c];
                        let normal = arena.product_of(&factors, axes);
                        if let Some(product) = arena.plain_product(&factors, axes) {
                            assert_eq!(product, normal);
                        }
                    }
                }
            }
        }
    }
}
