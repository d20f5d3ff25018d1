//! Sizes of axes: integer polynomials in dimension names with exact quotients, interned.

use crate::id_table::IdTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;
use std::rc::Rc;

/// Marks the name of a size that inference is still to find; no program can write it.
pub(super) const OPEN: char = '?';

/// A size, by position in a [`Dims`]; two sizes are equal iff their ids are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DimId(pub u32);

/// A factor of a monomial.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Atom {
    /// A dimension name.
    Name(Rc<str>),
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

impl Dim {
    fn name(name: Rc<str>) -> Dim {
        Dim { terms: vec![(vec![(Atom::Name(name), 1)], 1)] }
    }

    fn number(value: i64) -> Dim {
        Dim { terms: if value == 0 { vec![] } else { vec![(vec![], value)] } }
    }
}

/// The most monomials of a size.
const MAX_TERMS: usize = 32;
/// The highest degree of a size.
const MAX_DEGREE: u32 = 16;
/// The largest coefficient of a size.
const MAX_COEFFICIENT: u64 = 1 << 40;

/// How a size is kept: nearly all are names, numbers or still open, and need no polynomial.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Entry {
    Open(u32),
    Name(Rc<str>),
    Number(i64),
    Polynomial(Rc<Dim>),
}

/// The interned sizes of a program.
#[derive(Clone, Debug, Default)]
pub struct Dims {
    list: Vec<Entry>,
    /// Names, numbers and polynomials, by content.
    table: IdTable,
    /// The open sizes, by number.
    open: Vec<DimId>,
}

fn hash_of(entry: &Entry) -> u64 {
    match entry {
        Entry::Name(name) => hash_of_name(name),
        other => FxBuildHasher.hash_one(other),
    }
}

fn hash_of_name(name: &str) -> u64 {
    FxBuildHasher.hash_one(name)
}

impl Dims {
    /// The id of a size in normal form.
    pub fn intern(&mut self, dim: Dim) -> DimId {
        match dim.terms.as_slice() {
            [] => return self.number(0),
            [(atoms, c)] => match (atoms.as_slice(), c) {
                ([], c) => return self.number(*c),
                ([(Atom::Name(name), 1)], 1) => return self.name(name),
                _ => {}
            },
            _ => {}
        }
        self.entry(Entry::Polynomial(Rc::new(dim)))
    }

    fn entry(&mut self, entry: Entry) -> DimId {
        let hash = hash_of(&entry);
        if let Some(id) = self.table.find(hash, |id| self.list[id as usize] == entry) {
            return DimId(id);
        }
        self.insert(hash, entry)
    }

    fn insert(&mut self, hash: u64, entry: Entry) -> DimId {
        let id = DimId(self.list.len() as u32);
        self.list.push(entry);
        self.table.insert(hash, id.0);
        id
    }

    /// The size with this id.
    pub fn get(&self, id: DimId) -> Rc<Dim> {
        match &self.list[id.0 as usize] {
            Entry::Open(number) => Rc::new(Dim::name(open_name(*number))),
            Entry::Name(name) => Rc::new(Dim::name(Rc::clone(name))),
            Entry::Number(value) => Rc::new(Dim::number(*value)),
            Entry::Polynomial(dim) => Rc::clone(dim),
        }
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
        if let Some(number) = open_number(name) {
            return self.open[number as usize];
        }
        let hash = hash_of_name(name);
        let known = self.named(hash, name);
        known.unwrap_or_else(|| self.insert(hash, Entry::Name(name.into())))
    }

    /// The size that is a plain number.
    pub fn number(&mut self, value: i64) -> DimId {
        self.entry(Entry::Number(value))
    }

    /// A new size that is still to be found.
    pub(super) fn open(&mut self) -> DimId {
        let id = DimId(self.list.len() as u32);
        self.list.push(Entry::Open(self.open.len() as u32));
        self.open.push(id);
        id
    }

    /// The number of an open size.
    pub(super) fn as_open(&self, id: DimId) -> Option<u32> {
        match self.list[id.0 as usize] {
            Entry::Open(number) => Some(number),
            _ => None,
        }
    }

    /// The open size with a number.
    pub(super) fn open_size(&self, number: u32) -> DimId {
        self.open[number as usize]
    }

    /// Whether a size is more than a name, a number or open.
    pub(super) fn is_compound(&self, id: DimId) -> bool {
        matches!(self.list[id.0 as usize], Entry::Polynomial(_))
    }

    /// The value where the size is a plain number.
    pub fn as_number(&self, id: DimId) -> Option<i64> {
        match self.list[id.0 as usize] {
            Entry::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The name where the size is a plain dimension name.
    pub fn as_name(&self, id: DimId) -> Option<&str> {
        match &self.list[id.0 as usize] {
            Entry::Name(name) => Some(name),
            _ => None,
        }
    }
}

fn open_name(number: u32) -> Rc<str> {
    format!("{OPEN}{number}").into()
}

/// The number of an open size by its name.
pub(super) fn open_number(name: &str) -> Option<u32> {
    name.strip_prefix(OPEN)?.parse().ok()
}

impl Dims {
    /// Whether a size has this name.
    pub fn has_name(&self, name: &str) -> bool {
        open_number(name).is_some() || self.named(hash_of_name(name), name).is_some()
    }

    /// The size with this name, whose hash is given.
    fn named(&self, hash: u64, name: &str) -> Option<DimId> {
        let same = |id: u32| matches!(&self.list[id as usize], Entry::Name(n) if **n == *name);
        self.table.find(hash, same).map(DimId)
    }

    /// The text of every size, by id.
    pub fn texts(&self) -> impl Iterator<Item = Rc<str>> + '_ {
        self.list.iter().enumerate().map(|(at, entry)| match entry {
            Entry::Name(name) => Rc::clone(name),
            _ => self.text(DimId(at as u32)).into(),
        })
    }

    /// The sizes that are plain numbers, with their values.
    pub fn numbers(&self) -> impl Iterator<Item = (DimId, i64)> + '_ {
        (0..self.list.len()).filter_map(|i| {
            let id = DimId(i as u32);
            self.as_number(id).map(|v| (id, v))
        })
    }

    /// Whether a size is below 1 whatever its names are: no coefficient is positive.
    pub fn is_never_positive(&self, id: DimId) -> bool {
        match &self.list[id.0 as usize] {
            Entry::Open(_) | Entry::Name(_) => false,
            Entry::Number(value) => *value <= 0,
            Entry::Polynomial(dim) => dim.terms.iter().all(|(_, c)| *c <= 0),
        }
    }

    /// An open size that stands alone as a term, by number, with its sign.
    pub(super) fn alone(&self, id: DimId) -> Option<(u32, i64)> {
        self.get(id).terms.iter().find_map(|(atoms, c)| match &atoms[..] {
            [(Atom::Name(name), 1)] if c.abs() == 1 => Some((open_number(name)?, *c)),
            _ => None,
        })
    }

    /// Whether one size is at most another whatever their names are: what the other has more is a
    /// sum of sizes.
    pub fn is_at_most(&self, a: DimId, b: DimId) -> bool {
        let (a, b) = (self.get(a), self.get(b));
        let (a, b) = (&a.terms, &b.terms);
        let of = |list: &[(Vec<(Atom, u32)>, i64)], atoms: &[(Atom, u32)]| {
            list.iter().find(|t| t.0 == atoms).map_or(0, |t| t.1)
        };
        a.iter().all(|(atoms, c)| *c <= of(b, atoms))
            && b.iter().all(|(atoms, c)| of(a, atoms) <= *c)
    }

    /// Whether a size is within the bounds of `MAX_TERMS`, `MAX_DEGREE` and
    /// `MAX_COEFFICIENT`, and its quotients are not nested deeper than `MAX_DEGREE`. What is
    /// built from two such sizes in one operation costs little, whether it is one or not.
    pub fn is_manageable(&self, id: DimId) -> bool {
        self.within(id, MAX_DEGREE)
    }

    fn within(&self, id: DimId, levels: u32) -> bool {
        if matches!(self.list[id.0 as usize], Entry::Open(_) | Entry::Name(_)) {
            return levels > 0;
        }
        let dim = self.get(id);
        let small = |atoms: &[(Atom, u32)], c: i64| {
            c.unsigned_abs() <= MAX_COEFFICIENT
                && atoms.iter().map(|a| u64::from(a.1)).sum::<u64>() <= u64::from(MAX_DEGREE)
        };
        levels > 0
            && dim.terms.len() <= MAX_TERMS
            && dim.terms.iter().all(|(atoms, c)| {
                small(atoms, *c)
                    && atoms.iter().all(|(atom, _)| match atom {
                        Atom::Name(_) => true,
                        Atom::Quotient(a, b) => {
                            self.within(*a, levels - 1) && self.within(*b, levels - 1)
                        }
                    })
            })
    }

    /// A size as it is written: `m`, `3`, `m-p+1`, `n/2`.
    pub fn text(&self, id: DimId) -> String {
        let dim = match &self.list[id.0 as usize] {
            Entry::Open(number) => return format!("{OPEN}{number}"),
            Entry::Name(name) => return name.to_string(),
            Entry::Number(value) => return value.to_string(),
            Entry::Polynomial(dim) => dim,
        };
        let mut out = String::new();
        // positive terms first, the constant last, as a person writes `m-p+1`
        let mut terms: Vec<_> = dim.terms.iter().collect();
        terms.sort_by_key(|(atoms, c)| (atoms.is_empty(), *c < 0));
        for (atoms, c) in terms {
            if *c < 0 {
                out.push('-');
            } else if !out.is_empty() {
                out.push('+');
            }
            let mut factors: Vec<String> = Vec::new();
            if c.abs() != 1 || atoms.is_empty() {
                factors.push(c.abs().to_string());
            }
            for (atom, exponent) in atoms {
                let text = match atom {
                    Atom::Name(n) => n.to_string(),
                    Atom::Quotient(a, b) => {
                        format!("{}/{}", self.bracketed(*a), self.bracketed(*b))
                    }
                };
                factors.extend(std::iter::repeat_n(text, *exponent as usize));
            }
            out.push_str(&factors.join("*"));
        }
        out
    }

    fn bracketed(&self, id: DimId) -> String {
        let text = self.text(id);
        if text.contains(['+', '-', '*', '/']) { format!("({text})") } else { text }
    }

    /// `a + k·b`
    pub fn combine(&mut self, a: DimId, b: DimId, k: i64) -> DimId {
        match (self.as_number(a), self.as_number(b)) {
            (Some(0), _) if k == 1 => return b,
            (_, Some(0)) => return a,
            _ => {}
        }
        let mut terms = self.get(a).terms.clone();
        for (atoms, c) in &self.get(b).terms {
            match terms.iter_mut().find(|t| t.0 == *atoms) {
                Some(t) => t.1 = t.1.saturating_add(k.saturating_mul(*c)),
                None => terms.push((atoms.clone(), k.saturating_mul(*c))),
            }
        }
        terms.retain(|t| t.1 != 0);
        terms.sort();
        self.intern(Dim { terms })
    }

    /// `a·b`
    pub fn product(&mut self, a: DimId, b: DimId) -> DimId {
        match (self.as_number(a), self.as_number(b)) {
            (Some(1), _) => return b,
            (_, Some(1)) => return a,
            _ => {}
        }
        // (n/p)·p = n
        for (quotient, factor) in [(a, b), (b, a)] {
            if let [(atoms, c)] = self.get(quotient).terms.as_slice()
                && let [(Atom::Quotient(n, d), 1)] = atoms.as_slice()
                && *d == factor
            {
                let (n, c) = (*n, *c);
                let zero = self.number(0);
                return self.combine(zero, n, c);
            }
        }
        let (x, y) = (self.get(a), self.get(b));
        let mut result = self.number(0);
        for (p, c) in &x.terms {
            for (q, d) in &y.terms {
                let mut atoms = p.clone();
                for (atom, e) in q {
                    match atoms.iter_mut().find(|t| t.0 == *atom) {
                        Some(t) => t.1 = t.1.saturating_add(*e),
                        None => atoms.push((atom.clone(), *e)),
                    }
                }
                atoms.sort();
                let term = self.intern(Dim { terms: vec![(atoms, c.saturating_mul(*d))] });
                result = self.combine(result, term, 1);
            }
        }
        result
    }

    /// `a/b`, exact: numbers are divided, and else the quotient is assumed to be an integer. `None`
    /// where it cannot be one.
    pub fn quotient(&mut self, a: DimId, b: DimId) -> Option<DimId> {
        if a == b {
            return Some(self.number(1));
        }
        match (self.as_number(a), self.as_number(b)) {
            (_, Some(0)) => None,
            (_, Some(1)) => Some(a),
            (Some(x), Some(y)) => (x % y == 0).then(|| self.number(x / y)),
            _ => Some(self.intern(Dim { terms: vec![(vec![(Atom::Quotient(a, b), 1)], 1)] })),
        }
    }

    /// The size with other sizes in the place of names.
    pub fn substitute(&mut self, id: DimId, value: &mut dyn FnMut(&str) -> Option<DimId>) -> DimId {
        if self.as_number(id).is_some() {
            return id;
        }
        let dim = self.get(id);
        let mut result = self.number(0);
        for (atoms, c) in &dim.terms {
            let mut term = self.number(*c);
            for (atom, e) in atoms {
                let factor = match atom {
                    Atom::Name(n) => value(n).unwrap_or_else(|| self.name(n)),
                    Atom::Quotient(a, b) => {
                        let (a, b) = (self.substitute(*a, value), self.substitute(*b, value));
                        self.quotient(a, b).unwrap_or(id)
                    }
                };
                for _ in 0..*e {
                    term = self.product(term, factor);
                }
            }
            result = self.combine(result, term, 1);
        }
        result
    }

    /// The numeric size where every name has a value, and quotients divide.
    pub fn evaluate(&self, id: DimId, value: &dyn Fn(&str) -> Option<i64>) -> Option<i64> {
        match &self.list[id.0 as usize] {
            Entry::Name(name) => return value(name),
            Entry::Number(number) => return Some(*number),
            _ => {}
        }
        let mut sum = 0i64;
        for (atoms, c) in &self.get(id).terms {
            let mut term = *c;
            for (atom, e) in atoms {
                let factor = match atom {
                    Atom::Name(n) => value(n)?,
                    Atom::Quotient(a, b) => {
                        let (a, b) = (self.evaluate(*a, value)?, self.evaluate(*b, value)?);
                        if b == 0 || a % b != 0 {
                            return None;
                        }
                        a / b
                    }
                };
                for _ in 0..*e {
                    term = term.checked_mul(factor)?;
                }
            }
            sum = sum.checked_add(term)?;
        }
        Some(sum)
    }

    /// Calls `visit` on every name in a size.
    pub fn names_in(&self, id: DimId, visit: &mut dyn FnMut(&str)) {
        for (atoms, _) in &self.get(id).terms {
            for (atom, _) in atoms {
                match atom {
                    Atom::Name(n) => visit(n),
                    Atom::Quotient(a, b) => {
                        self.names_in(*a, visit);
                        self.names_in(*b, visit);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_polynomials() {
        let mut d = Dims::default();
        let (m, p, one) = (d.name("m"), d.name("p"), d.number(1));
        let difference = d.combine(m, p, -1);
        let valid = d.combine(difference, one, 1);
        assert_eq!(d.text(valid), "m-p+1");
        let back = d.combine(valid, p, 1);
        assert_eq!(d.combine(back, one, -1), m);
        let (a, b) = (d.product(m, p), d.product(p, m));
        assert_eq!(a, b);
        let half = d.quotient(m, p).expect("assumed to divide");
        assert_eq!(d.evaluate(half, &|n| Some(if n == "m" { 6 } else { 2 })), Some(3));
        assert_eq!(d.evaluate(half, &|n| Some(if n == "m" { 5 } else { 2 })), None);
        assert_eq!(d.product(p, half), m);
    }
}
