//! Points chosen by a seed: sizes that tell axes apart, values inside the domain.
//!
//! The same seed gives the same points on every machine.

use super::eval::{Point, dimension_sizes};
use super::instance::Instance;
use crate::array::Array;
use crate::shape::dim::{Atom, DimId};
use crate::shape::typed::{Typed, Variable};
use crate::syntax::ast::{Attribute, Expr};
use std::collections::BTreeMap;

/// Beyond this many names, sizes repeat.
const DISTINCT: usize = 6;
/// The most entries of one variable at a sampled point.
const LARGEST_VARIABLE: usize = 1 << 18;
/// How often sizes are drawn before giving up.
const SIZE_DRAWS: usize = 400;

/// A generator of numbers: splitmix64.
///
/// **Source** Steele, Lea & Flood, Fast Splittable Pseudorandom Number Generators, 2014.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator with this seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number between two bounds.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number below `n` (0 where `n` is 0).
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.bits() % (n.max(1) as u64)).unwrap_or(0)
    }

    /// A number of magnitude between two bounds, of either sign.
    pub fn signed(&mut self, low: f64, high: f64) -> f64 {
        let magnitude = self.between(low, high);
        if self.bits() & 1 == 0 { magnitude } else { -magnitude }
    }
}

/// The dimension names that a size is made of, in order, without repetition.
pub(super) fn names_of(typed: &Typed, dim: DimId, names: &mut Vec<String>) {
    let mut stack = vec![dim];
    while let Some(dim) = stack.pop() {
        for (atoms, _) in &typed.dims.get(dim).terms {
            for (atom, _) in atoms {
                match atom {
                    Atom::Name(name) => {
                        if !names.iter().any(|n| **n == **name) {
                            names.push(name.to_string());
                        }
                    }
                    Atom::Quotient(a, b) => stack.extend([*b, *a]),
                }
            }
        }
    }
}

/// What of a program has sizes: found once, sampled from many times.
#[derive(Clone, Debug)]
pub struct Sizes {
    names: Vec<String>,
    used: Vec<DimId>,
    /// Axes of which an entry is asked for by number, with that number.
    at_least: Vec<(DimId, usize)>,
}

impl Sizes {
    /// The dimensions of a program's variables, indices and nodes.
    pub fn new(typed: &Typed) -> Sizes {
        let mut marked = vec![false; typed.dims.len()];
        let mut used = Vec::new();
        let variables = typed.variables.iter().flat_map(|v| &v.shape.axes);
        let indices = typed.indices.iter().map(|i| &i.dim);
        let nodes = typed.shapes.iter().flat_map(|s| s.axes);
        // what a range leaves out of an axis is an axis of its own in answers
        let mut ranges: Vec<DimId> = typed
            .ranges
            .values()
            .flat_map(|e| [e.size, e.before, e.after])
            .filter(|d| typed.dims.as_number(*d) != Some(0))
            .collect();
        ranges.sort_unstable();
        for &dim in variables.chain(indices).chain(nodes).chain(&ranges) {
            if let Some(mark) = marked.get_mut(dim.0 as usize) {
                if !std::mem::replace(mark, true) {
                    used.push(dim);
                }
            }
        }
        for meaning in &typed.meanings {
            if let crate::shape::typed::Meaning::Size(dim) = meaning {
                if let Some(mark) = marked.get_mut(dim.0 as usize) {
                    if !std::mem::replace(mark, true) {
                        used.push(*dim);
                    }
                }
            }
        }
        let mut names = Vec::new();
        let mut known = std::collections::BTreeSet::new();
        for &dim in &used {
            let mut inner = Vec::new();
            names_of(typed, dim, &mut inner);
            names.extend(inner.into_iter().filter(|n| known.insert(n.clone())));
        }
        Sizes { names, used, at_least: numbered(typed) }
    }

    /// The names that sizes are made of.
    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    /// All sizes equal; `None` where these do not fit.
    pub fn equal(&self, typed: &Typed, size: usize) -> Option<BTreeMap<String, usize>> {
        let sizes: BTreeMap<String, usize> =
            self.names.iter().map(|name| (name.clone(), size)).collect();
        self.fit(typed, &sizes).then_some(sizes)
    }

    /// Whether sizes fit: every axis has an entry, and those that are asked for by number.
    pub fn fit(&self, typed: &Typed, sizes: &BTreeMap<String, usize>) -> bool {
        let all = dimension_sizes(typed, sizes);
        let holds = |(d, n): &(DimId, usize)| all[d.0 as usize] >= *n;
        let fits = self.used.iter().all(|d| all[d.0 as usize] > 0) && manageable(typed, &all);
        fits && self.at_least.iter().all(holds)
    }

    /// Sizes for the point with this number: the first has distinct ones from 2, later ones are
    /// drawn, equal ones and 1 among them. `None` where none were found that fit (`n/2`, `m-p+1`).
    pub fn draw(
        &self,
        typed: &Typed,
        number: usize,
        random: &mut Random,
    ) -> Option<BTreeMap<String, usize>> {
        let largest = self.at_least.iter().map(|a| a.1).max().unwrap_or(0).min(1 << 10);
        for attempt in 0..SIZE_DRAWS {
            let mut sizes = BTreeMap::new();
            for (k, name) in self.names.iter().enumerate() {
                let distinct = 2 + (k + number) % DISTINCT.min(self.names.len().max(3));
                let size = match (number, attempt) {
                    (0 | 2, 0) => distinct,
                    (1, 0) => 3,
                    (3, 0) => 1,
                    (0 | 2, _) => 2 + random.below(8 + largest),
                    _ => 1 + random.below(4 + attempt / 40 + largest),
                };
                sizes.insert(name.clone(), size);
            }
            let distinct = {
                let mut values: Vec<usize> = sizes.values().copied().collect();
                values.sort_unstable();
                values.windows(2).all(|w| w[0] != w[1])
            };
            if number == 0 && attempt < SIZE_DRAWS / 2 && self.names.len() <= DISTINCT && !distinct
            {
                continue;
            }
            let all = dimension_sizes(typed, &sizes);
            if !manageable(typed, &all) {
                continue;
            }
            let holds = |(d, n): &(DimId, usize)| all[d.0 as usize] >= *n;
            if self.used.iter().all(|d| all[d.0 as usize] > 0) && self.at_least.iter().all(holds) {
                return Some(sizes);
            }
        }
        None
    }
}

/// Whether every variable is small enough to be evaluated: what is declared too large must not be
/// allocated either.
fn manageable(typed: &Typed, sizes: &[usize]) -> bool {
    typed.variables.iter().all(|v| {
        let axes = v.shape.axes.iter();
        axes.fold(1usize, |p, d| p.saturating_mul(sizes[d.0 as usize])) <= LARGEST_VARIABLE
    })
}

/// The axes of which an entry is asked for by number (`x[3]`).
fn numbered(typed: &Typed) -> Vec<(DimId, usize)> {
    let mut out = Vec::new();
    for node in &typed.program.nodes {
        let Expr::Entry(base, list) = node else { continue };
        for (&dim, &index) in typed.shape(*base).axes.iter().zip(typed.program.list(*list)) {
            if let Expr::Number(n) = typed.program.node(index) {
                let n = n.as_integer().and_then(|n| usize::try_from(n).ok());
                // what stands after the entries is a block of its own in answers
                let rest = usize::from(typed.dims.as_number(dim).is_none());
                out.extend(n.map(|n| (dim, n + rest)));
            }
        }
    }
    out
}

/// The kinds of values that are tried in turn until the objective is defined.
const STYLES: usize = 7;

/// A point with these sizes. `attempt` counts the points that were found undefined before and
/// chooses the kind of values; `number` chooses the instances of unknown functions.
pub fn draw(
    typed: &Typed,
    sizes: &BTreeMap<String, usize>,
    number: usize,
    attempt: usize,
    random: &mut Random,
) -> Point {
    let all = dimension_sizes(typed, sizes);
    let style = attempt % STYLES;
    let values = typed.variables.iter().map(|v| Some(variable(v, &all, style, random))).collect();
    let functions = typed
        .unknowns
        .iter()
        .enumerate()
        .map(|(k, unknown)| {
            let which = number + k;
            Some(if unknown.scalar {
                Instance::scalar(which)
            } else {
                Instance::elementwise(which)
            })
        })
        .collect();
    Point { sizes: sizes.clone(), values, functions }
}

fn generic(style: usize, random: &mut Random) -> f64 {
    match style {
        // positive; small; between 0 and 1; above 1
        2 => random.between(0.2, 2.0),
        3 => random.signed(0.05, 0.5),
        4 | 5 => random.between(0.1, 0.9),
        6 => random.between(1.1, 2.5),
        _ => random.signed(0.1, 2.0),
    }
}

fn variable(variable: &Variable, all: &[usize], style: usize, random: &mut Random) -> Array {
    let shape: Vec<usize> =
        variable.shape.axes.iter().map(|d| all.get(d.0 as usize).copied().unwrap_or(0)).collect();
    let count: usize = shape.iter().product();
    let positive = variable.attributes.contains(&Attribute::Positive);
    let mut data: Vec<f64> = (0..count)
        .map(|_| {
            let v = generic(style, random);
            if positive { v.abs() } else { v }
        })
        .collect();
    if let &[m, n] = shape.as_slice() {
        if m == n {
            if style == 5 {
                // near the identity: invertible, with a positive determinant
                for (k, v) in data.iter_mut().enumerate() {
                    *v = f64::from(k % (n + 1) == 0) + 0.25 * (*v - 0.5);
                }
            }
            for attribute in &variable.attributes {
                square(*attribute, &mut data, n);
            }
        }
    }
    if variable.attributes.contains(&Attribute::Simplex) {
        let total: f64 = data.iter().map(|v| v.abs()).sum();
        for v in &mut data {
            *v = v.abs() / total;
        }
    }
    Array { shape, data }
}

/// Gives a square matrix a declared property.
fn square(attribute: Attribute, a: &mut [f64], n: usize) {
    match attribute {
        Attribute::Symmetric => {
            for i in 0..n {
                for j in 0..i {
                    a[i * n + j] = a[j * n + i];
                }
            }
        }
        Attribute::Diagonal => {
            for (k, v) in a.iter_mut().enumerate() {
                if k % (n + 1) != 0 {
                    *v = 0.0;
                }
            }
        }
        Attribute::PosDef => {
            // M M'/n + I
            let m = a.to_vec();
            for i in 0..n {
                for j in 0..n {
                    let dot: f64 = (0..n).map(|k| m[i * n + k] * m[j * n + k]).sum();
                    a[i * n + j] = dot / n as f64 + f64::from(i == j);
                }
            }
        }
        Attribute::Orthogonal => {
            // Gram–Schmidt, twice for the rounding
            for i in 0..n {
                for _ in 0..2 {
                    for j in 0..i {
                        let dot: f64 = (0..n).map(|k| a[i * n + k] * a[j * n + k]).sum();
                        for k in 0..n {
                            a[i * n + k] -= dot * a[j * n + k];
                        }
                    }
                    let norm = (0..n).map(|k| a[i * n + k].powi(2)).sum::<f64>().sqrt();
                    for k in 0..n {
                        a[i * n + k] /= norm;
                    }
                }
            }
        }
        Attribute::Positive | Attribute::Simplex => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::typed::{Origin, Shape};
    use crate::syntax::ast::{Attributes, NameId};

    fn matrix(attribute: Attribute, n: usize) -> Vec<f64> {
        let axes = [DimId(0), DimId(0)].into_iter().collect();
        let mut attributes = Attributes::NONE;
        attributes.add(attribute);
        let v = Variable {
            name: NameId(0),
            shape: Shape { axes, row: false },
            attributes,
            origin: Origin::Declared,
        };
        variable(&v, &[n], 0, &mut Random::new(7)).data
    }

    #[test]
    fn values_have_their_declared_properties() {
        let n = 4;
        let s = matrix(Attribute::Symmetric, n);
        let q = matrix(Attribute::Orthogonal, n);
        let p = matrix(Attribute::PosDef, n);
        for i in 0..n {
            for j in 0..n {
                assert!((s[i * n + j] - s[j * n + i]).abs() < 1e-15);
                let dot: f64 = (0..n).map(|k| q[i * n + k] * q[j * n + k]).sum();
                assert!((dot - f64::from(i == j)).abs() < 1e-13);
            }
            assert!(p[i * n + i] > 1.0);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let of = |seed| Random::new(seed).unit();
        assert!((of(3) - of(3)).abs() < f64::EPSILON && (of(3) - of(4)).abs() > 1e-9);
    }
}
