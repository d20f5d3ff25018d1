//! Sizes of axes: integer polynomials in dimension names with exact quotients, interned.

use std::collections::HashMap;

/// A size, by position in a [`Dims`]; two sizes are equal iff their ids are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DimId(pub u32);

/// A factor of a monomial.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Atom {
    /// A dimension name.
    Name(String),
    /// `numerator / denominator`, assumed to divide; never reducible to a polynomial.
    Quotient(DimId, DimId),
}

/// A size in normal form: monomials (sorted atoms with exponents) with nonzero integer
/// coefficients, sorted by monomial. The constant is the empty monomial.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Dim {
    /// `(atoms with exponents, coefficient)`.
    pub terms: Vec<(Vec<(Atom, u32)>, i64)>,
}

/// The interned sizes of a program.
#[derive(Clone, Debug, Default)]
pub struct Dims {
    list: Vec<Dim>,
    index: HashMap<Dim, DimId, rustc_hash::FxBuildHasher>,
}

impl Dims {
    /// The id of a size in normal form.
    pub fn intern(&mut self, dim: Dim) -> DimId {
        if let Some(&id) = self.index.get(&dim) {
            return id;
        }
        let id = DimId(self.list.len() as u32);
        self.list.push(dim.clone());
        self.index.insert(dim, id);
        id
    }

    /// The size with this id.
    pub fn get(&self, id: DimId) -> &Dim {
        &self.list[id.0 as usize]
    }

    /// The number of sizes.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The size `n` for a dimension name.
    pub fn name(&mut self, name: &str) -> DimId {
        self.intern(Dim { terms: vec![(vec![(Atom::Name(name.to_string()), 1)], 1)] })
    }

    /// The size that is a plain number.
    pub fn number(&mut self, value: i64) -> DimId {
        let terms = if value == 0 { vec![] } else { vec![(vec![], value)] };
        self.intern(Dim { terms })
    }

    /// The value where the size is a plain number.
    pub fn as_number(&self, id: DimId) -> Option<i64> {
        match self.get(id).terms.as_slice() {
            [] => Some(0),
            [(atoms, c)] if atoms.is_empty() => Some(*c),
            _ => None,
        }
    }

    /// The name where the size is a plain dimension name.
    pub fn as_name(&self, id: DimId) -> Option<&str> {
        match self.get(id).terms.as_slice() {
            [(atoms, 1)] => match atoms.as_slice() {
                [(Atom::Name(name), 1)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}
