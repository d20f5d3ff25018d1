//! Positions that are affine functions of indices (`x[i+k-1]`, `v[r + p*(o-1)]`), counted from 1 in
//! the language and from 0 in code: entries are gathered, δ is a comparison of positions.

use super::CodeError;
use super::graph::{Id, Op};
use super::index::{Factors, Name, aligned};
use super::lower::Lower;
use crate::notation::math::{Math, Symbol};
use crate::number::Number;
use std::collections::BTreeMap;

/// A polynomial in indices and sizes: the coefficient of each product of names.
#[derive(Clone, Debug, Default)]
struct Polynomial(BTreeMap<Vec<Name>, Number>);

impl Polynomial {
    fn of(math: &Math) -> Option<Polynomial> {
        let mut sum = Polynomial::default();
        match math {
            Math::Number(n) => sum.add(Vec::new(), n),
            Math::Symbol(s) => sum.add(vec![s.name.clone()], &Number::ONE),
            Math::Negate(a) => sum.add_scaled(&Polynomial::of(a)?, &Number::MINUS_ONE),
            Math::Sum(terms) => {
                for (negative, term) in terms {
                    let sign = if *negative { Number::MINUS_ONE } else { Number::ONE };
                    sum.add_scaled(&Polynomial::of(term)?, &sign);
                }
            }
            Math::Product(list) => {
                sum.add(Vec::new(), &Number::ONE);
                for factor in list {
                    sum = sum.times(&Polynomial::of(factor)?);
                }
            }
            _ => return None,
        }
        Some(sum)
    }

    fn add(&mut self, names: Vec<Name>, coefficient: &Number) {
        let sum = self.0.entry(names).or_insert(Number::ZERO);
        *sum = sum.add(coefficient);
    }

    fn add_scaled(&mut self, other: &Polynomial, factor: &Number) {
        for (names, coefficient) in &other.0 {
            self.add(names.clone(), &coefficient.mul(factor));
        }
    }

    fn times(&self, other: &Polynomial) -> Polynomial {
        let mut product = Polynomial::default();
        for (a, x) in &self.0 {
            for (b, y) in &other.0 {
                let mut names: Vec<Name> = a.iter().chain(b).cloned().collect();
                names.sort();
                product.add(names, &x.mul(y));
            }
        }
        product
    }

    /// Its value, every name a size.
    fn value(&self, lower: &mut Lower<'_>) -> Result<Id, CodeError> {
        let mut terms = Vec::new();
        for (names, coefficient) in self.0.iter().filter(|t| !t.1.is_zero()) {
            let mut factors = vec![lower.build.number(coefficient.abs())];
            for name in names {
                factors.push(lower.size(&Math::Symbol(Symbol { name: name.clone(), rank: 0 }))?);
            }
            terms.push((coefficient.is_negative(), lower.build.times(factors)));
        }
        Ok(lower.build.sum(terms))
    }
}

/// What stands at an axis of an entry.
enum Place {
    /// An index by itself: the whole axis.
    Whole(Name),
    /// Positions from 0, over the indices that they are functions of.
    At(Id, Vec<Name>),
}

fn place(lower: &mut Lower<'_>, math: &Math) -> Result<Place, CodeError> {
    Ok(match math {
        Math::Symbol(s) if lower.lengths.contains_key(&s.name) => Place::Whole(s.name.clone()),
        _ => {
            let (id, names) = positions(lower, math)?;
            Place::At(id, names)
        }
    })
}

/// The positions from 0 that an expression says, over its indices.
fn positions(lower: &mut Lower<'_>, math: &Math) -> Result<(Id, Vec<Name>), CodeError> {
    let unsupported = || CodeError::Unsupported { what: "a computed index".into() };
    let from_one = Polynomial::of(math).ok_or_else(unsupported)?;
    // with i = 1 + i′ the factor of i′ is that of i, which also joins the constant
    let mut steps: BTreeMap<Name, Polynomial> = BTreeMap::new();
    let mut constant = Polynomial::default();
    constant.add(Vec::new(), &Number::MINUS_ONE);
    for (names, coefficient) in from_one.0 {
        let is_index = |n: &Name| lower.lengths.contains_key(n);
        let (indices, sizes): (Vec<Name>, Vec<Name>) = names.into_iter().partition(is_index);
        match &indices[..] {
            [] => {}
            [index] => {
                steps.entry(index.clone()).or_default().add(sizes.clone(), &coefficient);
            }
            _ => return Err(unsupported()),
        }
        constant.add(sizes, &coefficient);
    }
    let mut ranges = Vec::with_capacity(steps.len());
    for (index, factor) in &steps {
        let length = lower.lengths[index];
        let range = lower.build.graph.node(Op::Range(length), 1);
        let factor = factor.value(lower)?;
        let scaled = lower.build.times(vec![factor, range]);
        ranges.push(Factors::one(scaled, vec![index.clone()]));
    }
    let (ids, axes) = aligned(lower, ranges)?;
    let constant = constant.value(lower)?;
    let terms = ids.into_iter().chain([constant]).map(|id| (false, id)).collect();
    Ok((lower.build.sum(terms), axes))
}

/// The entries of an array at computed positions.
pub(super) fn gathered(lower: &mut Lower<'_>, base: Id, at: &[Math]) -> Result<Factors, CodeError> {
    let mut places = Vec::with_capacity(at.len());
    for math in at {
        places.push(place(lower, math)?);
    }
    let computed = places.iter().filter(|p| matches!(p, Place::At(..))).count();
    if computed == 1 {
        // the axes of the positions stand where the axis was
        let mut axes = Vec::new();
        let mut list = Vec::with_capacity(places.len());
        for place in places {
            match place {
                Place::Whole(name) => {
                    axes.push(name);
                    list.push(None);
                }
                Place::At(id, names) => {
                    axes.extend(names);
                    list.push(Some(id));
                }
            }
        }
        let rank = axes.len() as u8;
        return Ok(Factors::one(lower.build.graph.node(Op::Gather(base, list), rank), axes));
    }
    let mut all = Vec::with_capacity(places.len());
    for place in places {
        all.push(match place {
            Place::Whole(name) => {
                let length = lower.lengths[&name];
                Factors::one(lower.build.graph.node(Op::Range(length), 1), vec![name])
            }
            Place::At(id, names) => Factors::one(id, names),
        });
    }
    let (ids, axes) = aligned(lower, all)?;
    let list = ids.into_iter().map(Some).collect();
    let rank = axes.len() as u8;
    Ok(Factors::one(lower.build.graph.node(Op::Gather(base, list), rank), axes))
}

/// 1 where two positions are equal, else 0.
pub(super) fn coincide(lower: &mut Lower<'_>, a: &Math, b: &Math) -> Result<Factors, CodeError> {
    let mut sides = Vec::with_capacity(2);
    for math in [a, b] {
        let (id, names) = positions(lower, math)?;
        sides.push(Factors::one(id, names));
    }
    let (ids, axes) = aligned(lower, sides)?;
    let condition = lower.compare("==", ids[0], ids[1]);
    Ok(Factors::one(lower.indicated(condition)?, axes))
}
