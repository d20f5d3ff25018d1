//! Open sizes and what they are found to be equal to.

use super::dim::{Atom, DimId, Dims, OPEN, open_number};
use super::infer::{Inference, OpenSizes};
use super::table::Place;
use smallvec::SmallVec;

/// The most sizes that are put into each other.
const DEEPEST: usize = 64;

impl Inference<'_> {
    /// A size that is still to be found.
    pub(super) fn fresh(&mut self) -> DimId {
        self.solutions.push(None);
        self.dims.open()
    }

    /// What is known of a size.
    pub(super) fn find(&self, mut id: DimId) -> DimId {
        while let Some(next) = self.dims.as_open(id).and_then(|n| self.solutions[n as usize]) {
            id = next;
        }
        id
    }

    /// Makes two sizes equal; false where they cannot be.
    pub(super) fn unify(&mut self, a: DimId, b: DimId) -> bool {
        if a == b {
            return true;
        }
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return true;
        }
        match (self.dims.as_open(a), self.dims.as_open(b)) {
            (Some(x), Some(y)) if x < y => self.bind(y, a),
            (Some(x), _) => self.bind(x, b),
            (None, Some(y)) => self.bind(y, a),
            (None, None) => {
                let (a, b) = (self.expand(a), self.expand(b));
                if a == b
                    || self.solve_for_one(a, b)
                    || self.solve_for_numerator(a, b)
                    || self.solve_for_numerator(b, a)
                    || self.solve_by_factors(a, b)
                {
                    return true;
                }
                let open =
                    self.open_sizes != OpenSizes::Differ && (self.is_open(a) || self.is_open(b));
                if open {
                    self.unsettled.push(self.stepping);
                }
                open
            }
        }
    }

    /// `1 + ?0 = 1 + ?1`: a size that is to be found and stands alone is what the rest says.
    fn solve_for_one(&mut self, a: DimId, b: DimId) -> bool {
        if !self.is_open(a) && !self.is_open(b) {
            return false;
        }
        let difference = self.dims.combine(a, b, -1);
        let Some((number, c)) = self.dims.alone(difference) else { return false };
        let own = self.dims.open_size(number);
        // c·own + rest = 0
        let rest = self.dims.combine(difference, own, -c);
        let zero = self.dims.number(0);
        let value = self.dims.combine(zero, rest, -c);
        !self.dims.is_never_positive(value)
            && self.dims.is_manageable(value)
            && self.bind(number, value)
    }

    /// `?0/2 = 3`: what is divided is the product, as sizes divide exactly.
    fn solve_for_numerator(&mut self, quotient: DimId, value: DimId) -> bool {
        let dim = self.dims.get(quotient);
        let [(atoms, 1)] = &dim.terms[..] else { return false };
        let [(Atom::Quotient(numerator, denominator), 1)] = &atoms[..] else { return false };
        if !self.is_open(*numerator) || self.is_open(*denominator) {
            return false;
        }
        let product = self.dims.product(*denominator, value);
        self.dims.is_manageable(product) && self.unify(*numerator, product)
    }

    /// `?0·?1 = ?2·?3`, where nothing else says what they are: `?0 = ?2` and `?1 = ?3`, in the order in
    /// which they came up.
    fn solve_by_factors(&mut self, a: DimId, b: DimId) -> bool {
        if self.open_sizes == OpenSizes::Wait {
            return false;
        }
        let factors = |dims: &Dims, id: DimId| -> Option<Vec<u32>> {
            let mut found = Vec::new();
            let dim = dims.get(id);
            let [(atoms, 1)] = &dim.terms[..] else { return None };
            for (atom, power) in atoms {
                let (Atom::Name(name), 1) = (atom, power) else { return None };
                found.push(open_number(name)?);
            }
            found.sort_unstable();
            Some(found)
        };
        let (Some(mut p), Some(mut q)) = (factors(&self.dims, a), factors(&self.dims, b)) else {
            return false;
        };
        let common: Vec<u32> = p.iter().copied().filter(|k| q.contains(k)).collect();
        p.retain(|k| !common.contains(k));
        q.retain(|k| !common.contains(k));
        let sizes = |dims: &mut Dims, list: &[u32]| -> Vec<DimId> {
            list.iter().map(|k| dims.open_size(*k)).collect()
        };
        let (p, q) = (sizes(&mut self.dims, &p), sizes(&mut self.dims, &q));
        p.len() == q.len() && p.into_iter().zip(q).all(|(x, y)| self.unify(x, y))
    }

    /// Makes the sizes of two shapes equal; false where they cannot be.
    pub(super) fn unify_axes(&mut self, a: Place, b: Place) -> bool {
        a == b
            || a.rank() == b.rank()
                && (0..a.rank()).all(|k| self.unify(self.axis(a, k), self.axis(b, k)))
    }

    fn bind(&mut self, open: u32, to: DimId) -> bool {
        if self.dims.is_compound(to) {
            // the occurs check: a size is not a part of itself
            let expanded = self.expand(to);
            let mut occurs = false;
            self.dims.names_in(expanded, &mut |n| occurs |= open_number(n) == Some(open));
            if occurs {
                return false;
            }
        }
        self.solutions[open as usize] = Some(to);
        true
    }

    /// A size with everything known put in.
    pub(super) fn expand(&mut self, mut id: DimId) -> DimId {
        // what is put in may itself be a compound of sizes that are known by now; the occurs check
        // keeps this from going round
        for _ in 0..DEEPEST {
            let next = self.expand_once(id);
            if next == id {
                break;
            }
            id = next;
        }
        id
    }

    fn expand_once(&mut self, id: DimId) -> DimId {
        let id = self.find(id);
        if !self.dims.is_compound(id) {
            return id;
        }
        let mut values: SmallVec<[(u32, DimId); 4]> = SmallVec::new();
        self.dims.names_in(id, &mut |name| {
            let Some(number) = open_number(name) else { return };
            if let Some(value) = self.solutions[number as usize] {
                values.push((number, self.find(value)));
            }
        });
        self.dims.substitute(id, &mut |name| {
            let number = open_number(name)?;
            values.iter().find(|v| v.0 == number).map(|v| v.1)
        })
    }

    pub(super) fn is_open(&self, id: DimId) -> bool {
        let mut open = false;
        self.dims.names_in(id, &mut |n| open |= n.starts_with(OPEN));
        open
    }

    pub(super) fn size_text(&mut self, id: DimId) -> String {
        let id = self.expand(id);
        self.dims.text(id)
    }

    /// The size of an axis of a shape.
    pub(super) fn axis(&self, shape: Place, axis: usize) -> DimId {
        self.axes(shape)[axis]
    }

    /// The sizes of a shape.
    pub(super) fn axes(&self, shape: Place) -> &[DimId] {
        self.shapes.at(shape).axes
    }

    /// A shape in words: `a scalar`, `[m]`, `[1, n] (a row)`.
    pub(super) fn describe(&self, shape: Place) -> String {
        let shape = self.shapes.at(shape);
        let text = |d: &DimId| {
            let t = self.dims.text(self.find(*d));
            if t.starts_with(OPEN) { "?".to_string() } else { t }
        };
        let open = |d: &DimId| self.dims.text(self.find(*d)).starts_with(OPEN);
        match shape.axes {
            [] => "a scalar".to_string(),
            [n] if open(n) => {
                if shape.row { "a row vector" } else { "a column vector" }.to_string()
            }
            [m, n] if open(m) && open(n) => "a matrix".to_string(),
            [n] if shape.row => format!("the row [1, {}]", text(n)),
            axes => format!("[{}]", axes.iter().map(text).collect::<Vec<_>>().join(", ")),
        }
    }
}
