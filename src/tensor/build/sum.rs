//! Constants, multiples and sums.

use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::{Arena, AxesId, MINUS_ONE, ONE, Tag, ZERO};
use crate::tensor::node::{ExprId, Node, NumberId};
use smallvec::{SmallVec, smallvec};

/// A sum with more terms than this is kept as one term when it stands in another sum, so that
/// sums nested to any depth are built in linear time.
const FLATTEN_TERMS: usize = 256;

/// Terms of a sum under construction.
pub(crate) type TermList = SmallVec<[(NumberId, ExprId); 8]>;

impl Arena {
    /// The product of two interned numbers.
    pub(crate) fn multiply(&mut self, a: NumberId, b: NumberId) -> NumberId {
        match (a, b) {
            (ONE, x) | (x, ONE) => x,
            (ZERO, _) | (_, ZERO) => ZERO,
            _ => {
                let product = self.number_of(a).mul(self.number_of(b));
                self.number_id(&product)
            }
        }
    }

    /// The sum of two interned numbers.
    pub(crate) fn plus(&mut self, a: NumberId, b: NumberId) -> NumberId {
        if a == ZERO {
            return b;
        }
        let sum = self.number_of(a).add(self.number_of(b));
        self.number_id(&sum)
    }

    /// Zero with these axes.
    pub fn zero(&mut self, axes: &[DimId]) -> ExprId {
        let axes = self.axes_id(axes);
        self.intern(Tag::Add, axes, &[])
    }

    /// The array of ones with these axes; the number 1 without any.
    pub fn ones(&mut self, axes: &[DimId]) -> ExprId {
        let n = axes.len() as u32;
        let mut words: SmallVec<[u32; 16]> = smallvec![n, n];
        words.extend(axes.iter().map(|d| d.0));
        words.extend(0..n);
        let axes = self.axes_id(axes);
        self.intern(Tag::Einsum, axes, &words)
    }

    /// The identity matrix: axes `[n, n]`.
    pub fn identity(&mut self, dim: DimId) -> ExprId {
        let axes = self.axes_id(&[dim, dim]);
        self.intern(Tag::Einsum, axes, &[2, 1, dim.0, 0, 0])
    }

    /// A number as a scalar.
    pub fn number(&mut self, value: &Number) -> ExprId {
        let id = self.number_id(value);
        let one = self.ones(&[]);
        self.scale(id, one)
    }

    /// Whether this is an array of ones (or the number 1).
    pub fn is_ones(&self, id: ExprId) -> bool {
        self.tag(id) == Tag::Einsum && {
            let w = self.payload(id);
            w[0] == w[1] && w.len() == 2 + 2 * w[0] as usize && w[0] as usize == self.rank(id)
        }
    }

    /// Whether this is zero.
    pub fn is_zero(&self, id: ExprId) -> bool {
        self.tag(id) == Tag::Add && self.payload(id).is_empty()
    }

    /// The value where this is a constant array: every entry the same number.
    pub(crate) fn as_constant(&self, id: ExprId) -> Option<NumberId> {
        match self.tag(id) {
            Tag::Einsum => self.is_ones(id).then_some(ONE),
            Tag::Add => match self.payload(id) {
                [] => Some(ZERO),
                [c, e] => self.is_ones(ExprId(*e)).then_some(NumberId(*c)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The number that a scalar is, if it is one.
    pub fn as_number(&self, id: ExprId) -> Option<&Number> {
        if self.rank(id) != 0 {
            return None;
        }
        self.as_constant(id).map(|c| self.number_of(c))
    }

    /// Coefficient and expression: `2·x` is `(2, x)`.
    pub(crate) fn split_scale(&self, id: ExprId) -> (NumberId, ExprId) {
        match self.tag(id) {
            Tag::Add => match self.payload(id) {
                [c, e] => (NumberId(*c), ExprId(*e)),
                _ => (ONE, id),
            },
            _ => (ONE, id),
        }
    }

    /// A multiple.
    pub(crate) fn scale(&mut self, c: NumberId, e: ExprId) -> ExprId {
        match c {
            ONE => e,
            _ => {
                let axes = self.axes_of(e);
                self.add_terms(axes, smallvec![(c, e)])
            }
        }
    }

    /// The same with the other sign.
    pub fn negate(&mut self, e: ExprId) -> ExprId {
        self.scale(MINUS_ONE, e)
    }

    /// A linear combination of expressions with these axes.
    ///
    /// # Panics
    /// Where a term has other axes (a broken invariant: shapes are checked before lowering).
    pub fn add(&mut self, axes: &[DimId], terms: &[(Number, ExprId)]) -> ExprId {
        let list = terms.iter().map(|(c, e)| (self.number_id(c), *e)).collect();
        let axes = self.axes_id(axes);
        self.add_terms(axes, list)
    }

    /// A plain sum.
    pub(crate) fn sum_of(&mut self, terms: &[ExprId]) -> ExprId {
        if let [only] = terms {
            return *only;
        }
        let axes = self.axes_of(terms[0]);
        self.add_terms(axes, terms.iter().map(|&e| (ONE, e)).collect())
    }

    pub(crate) fn add_ids(&mut self, axes: &[DimId], list: TermList) -> ExprId {
        let axes = self.axes_id(axes);
        self.add_terms(axes, list)
    }

    pub(in crate::tensor) fn add_terms(&mut self, axes: AxesId, terms: TermList) -> ExprId {
        let mut flat: TermList = SmallVec::with_capacity(terms.len());
        for (c, e) in terms {
            assert!(self.axes_of(e) == axes, "terms of a sum have one shape");
            if self.tag(e) == Tag::Add && self.payload(e).len() <= 2 * FLATTEN_TERMS {
                for at in 0..self.payload(e).len() / 2 {
                    let w = self.payload(e);
                    let (d, inner) = (NumberId(w[2 * at]), ExprId(w[2 * at + 1]));
                    flat.push((self.multiply(c, d), inner));
                }
            } else {
                flat.push((c, e));
            }
        }
        if flat.len() > 1 {
            flat.sort_unstable_by_key(|&(_, e)| (self.fingerprint(e), e.0));
            let mut kept = 0;
            for at in 1..flat.len() {
                if flat[at].1 == flat[kept].1 {
                    flat[kept].0 = self.plus(flat[kept].0, flat[at].0);
                } else {
                    kept += 1;
                    flat[kept] = flat[at];
                }
            }
            flat.truncate(kept + 1);
        }
        flat.retain(|t| t.0 != ZERO);
        if let [(ONE, e)] = flat[..] {
            return e;
        }
        if flat.len() > 1 && self.has_triangles() && self.join_triangles(axes, &mut flat) {
            return self.add_terms(axes, flat);
        }
        if flat.len() > 1 && self.rank(flat[0].1) > 1 && self.join_diagonals(axes, &mut flat) {
            return self.add_terms(axes, flat);
        }
        let mut words: SmallVec<[u32; 16]> = SmallVec::with_capacity(2 * flat.len());
        for (c, e) in &flat {
            words.push(c.0);
            words.push(e.0);
        }
        self.intern(Tag::Add, axes, &words)
    }

    /// A sum as a multiple of a sum with coprime integer coefficients, that of the term
    /// which is printed first positive. In a program with decimals the largest of these is 1 where
    /// it would be a multiple of ten: `1e-8 + s`.
    pub(crate) fn primitive(&mut self, id: ExprId) -> (NumberId, ExprId) {
        let Node::Add(terms) = self.node(id) else { return (ONE, id) };
        if terms.len() < 2 {
            return (ONE, id);
        }
        // the term that is printed first is positive, a constant before all
        let lead = (0..terms.len())
            .min_by_key(|at| {
                let (_, e) = terms.get(*at);
                (!self.is_ones(e), self.key(e), self.fingerprint(e))
            })
            .unwrap_or(0);
        let first = self.number_of(terms.get(lead).0);
        let plain = terms.iter().all(|(c, _)| c == ONE || c == MINUS_ONE);
        if plain && !first.is_negative() {
            return (ONE, id);
        }
        let content = if plain {
            Number::ONE
        } else {
            let mut content: Option<(i64, i64)> = Some((0, 1));
            for (c, _) in terms.iter() {
                content = content.zip(self.number_of(c).small()).and_then(|((g, l), (n, d))| {
                    Some((num_integer::gcd(g, n), (l / num_integer::gcd(l, d)).checked_mul(d)?))
                });
            }
            let content = content.and_then(|(g, l)| Number::ratio(g, l)).unwrap_or(Number::ONE);
            match self.decimals.then(|| self.largest(terms.iter().map(|t| t.0))).flatten() {
                Some(largest) if tens(&largest, &content) => largest,
                _ => content,
            }
        };
        let content = if first.is_negative() { content.neg() } else { content };
        if content.is_one() {
            return (ONE, id);
        }
        let inverse = content.recip().expect("a content is not zero");
        let list: TermList = {
            let pairs: TermList = terms.iter().collect();
            let inverse = self.number_id(&inverse);
            pairs.into_iter().map(|(c, e)| (self.multiply(c, inverse), e)).collect()
        };
        let axes = self.axes_of(id);
        (self.number_id(&content), self.add_terms(axes, list))
    }

    /// The largest magnitude among coefficients, if all are small numbers.
    fn largest(&self, coefficients: impl Iterator<Item = NumberId>) -> Option<Number> {
        let mut largest: Option<(i64, i64)> = None;
        for c in coefficients {
            let (n, d) = self.number_of(c).small()?;
            let n = n.checked_abs()?;
            if largest
                .is_none_or(|(m, e)| i128::from(n) * i128::from(e) > i128::from(m) * i128::from(d))
            {
                largest = Some((n, d));
            }
        }
        largest.and_then(|(n, d)| Number::ratio(n, d))
    }
}

/// Whether a coefficient is a multiple of ten times the content of its sum.
fn tens(coefficient: &Number, content: &Number) -> bool {
    coefficient.div(content).and_then(|n| n.as_integer()).is_some_and(|n| n % 10 == 0)
}
