//! Index notation: entries, sums over indices and Kronecker deltas as contractions of arrays.
//!
//! A product of entries stays a list of arrays with named axes until its axes are known; then it
//! is a product of the library, an elementwise product that broadcasts, or an einsum.

use super::CodeError;
use super::affine;
use super::graph::{Id, Op};
use super::lower::Lower;
use crate::functions::Signature;
use crate::notation::math::{Math, Symbol};
use crate::syntax::operator::comparison_text;
use std::rc::Rc;

pub(super) type Name = Rc<str>;

/// A product of arrays whose axes carry names; a repeated name takes a diagonal.
#[derive(Clone, Debug, Default)]
pub(super) struct Factors {
    negative: bool,
    pub(super) list: Vec<(Id, Vec<Name>)>,
}

impl Factors {
    pub(super) fn one(id: Id, axes: Vec<Name>) -> Factors {
        Factors { negative: false, list: vec![(id, axes)] }
    }

    /// The names in the order of first appearance.
    pub(super) fn names(&self) -> Vec<Name> {
        let mut names: Vec<Name> = Vec::new();
        for name in self.list.iter().flat_map(|f| &f.1) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// The array of an expression in index notation, over the given axes, or over its free indices in
/// the order of first appearance.
pub(super) fn array(
    lower: &mut Lower<'_>,
    math: &Math,
    axes: Option<&[Symbol]>,
) -> Result<Id, CodeError> {
    scan(lower, math)?;
    if let Some(list) = axes.filter(|_| lower.build.in_place) {
        let names: Vec<Name> = list.iter().map(|s| s.name.clone()).collect();
        if let Some(id) = super::diagonal::array(lower, math, &names)? {
            return Ok(id);
        }
    }
    let factors = factors(lower, math)?;
    let axes = match axes {
        Some(list) => list.iter().map(|s| s.name.clone()).collect(),
        None => factors.names(),
    };
    contract(lower, factors, &axes)
}

/// Learns the lengths of indices from the arrays that they stand at.
fn scan(lower: &mut Lower<'_>, math: &Math) -> Result<(), CodeError> {
    if let Math::Entry(base, indices) = math
        && !super::block::is_slice(math)
    {
        let base = lower.value(base)?.id;
        for (axis, index) in indices.iter().enumerate() {
            if let Math::Symbol(s) = index
                && !lower.lengths.contains_key(&s.name)
            {
                let length = lower.build.length(base, axis as u8);
                lower.lengths.insert(s.name.clone(), length);
            }
        }
        return Ok(());
    }
    let mut deltas = Vec::new();
    let mut result = Ok(());
    for_each_child(math, &mut |child| {
        if let Math::Delta(a, b) = child {
            deltas.push((a, b));
        }
        if result.is_ok() {
            result = scan(lower, child);
        }
    });
    for (a, b) in deltas {
        if let (Math::Symbol(a), Math::Symbol(b)) = (&**a, &**b) {
            let known = |s: &Symbol| lower.lengths.get(&s.name).copied();
            match (known(a), known(b)) {
                (Some(n), None) => lower.lengths.insert(b.name.clone(), n),
                (None, Some(n)) => lower.lengths.insert(a.name.clone(), n),
                _ => None,
            };
        }
    }
    result
}

/// Calls `f` with each part of an expression that has a value of its own.
pub(super) fn for_each_child<'m>(math: &'m Math, f: &mut impl FnMut(&'m Math)) {
    match math {
        Math::Number(_)
        | Math::Symbol(_)
        | Math::Gradient(_)
        | Math::Differential(_)
        | Math::Pi
        | Math::Identity(_)
        | Math::Ones(_)
        | Math::Zeros(_)
        | Math::Range(_) => {}
        Math::Block(rows) => rows.iter().flatten().for_each(f),
        Math::Sum(terms) => terms.iter().for_each(|t| f(&t.1)),
        Math::Product(list) | Math::Hadamard(list) => list.iter().for_each(f),
        Math::Call(_, list, _) | Math::Unknown(_, list) => list.iter().for_each(f),
        Math::Quotient(a, b)
        | Math::ElementQuotient(a, b)
        | Math::Power(a, b)
        | Math::ElementPower(a, b)
        | Math::Delta(a, b)
        | Math::Partial(a, b)
        | Math::Inner(a, b)
        | Math::Compare(_, a, b) => {
            f(a);
            f(b);
        }
        Math::Negate(a)
        | Math::Transpose(a)
        | Math::UnknownGradient(.., a)
        | Math::Entry(a, _)
        | Math::IndexSum(_, a) => f(a),
    }
}

/// Whether an expression has indices of its own.
fn indexed(math: &Math) -> bool {
    if super::block::is_slice(math) {
        return false;
    }
    if matches!(math, Math::Entry(..) | Math::Delta(..) | Math::IndexSum(..)) {
        return true;
    }
    let mut found = false;
    for_each_child(math, &mut |child| found = found || indexed(child));
    found
}

pub(super) fn factors(lower: &mut Lower<'_>, math: &Math) -> Result<Factors, CodeError> {
    if !indexed(math) {
        return scalar(lower, math);
    }
    match math {
        Math::Entry(base, indices) => entry(lower, base, indices),
        Math::Delta(a, b) => delta(lower, a, b),
        Math::IndexSum(names, body) => index_sum(lower, names, body),
        Math::Product(list) | Math::Hadamard(list) => {
            let mut all = Factors::default();
            let mut run: Vec<Math> = Vec::new();
            for factor in list {
                if !indexed(factor) && matches!(math, Math::Product(_)) {
                    run.push(factor.clone());
                    continue;
                }
                close(lower, &mut run, &mut all)?;
                let inner = factors(lower, factor)?;
                all.negative ^= inner.negative;
                all.list.extend(inner.list);
            }
            close(lower, &mut run, &mut all)?;
            Ok(all)
        }
        Math::Quotient(a, b) | Math::ElementQuotient(a, b) => {
            let mut above = factors(lower, a)?;
            let below = factors(lower, b)?;
            let axes = below.names();
            let below = contract(lower, below, &axes)?;
            let one = lower.build.integer(1);
            let reciprocal = lower.build.divide(one, below);
            above.list.push((reciprocal, axes));
            Ok(above)
        }
        Math::Negate(a) => {
            let inner = factors(lower, a)?;
            Ok(Factors { negative: !inner.negative, list: inner.list })
        }
        Math::Transpose(a) => factors(lower, a),
        Math::Sum(terms) => {
            let mut list = Vec::with_capacity(terms.len());
            for (_, term) in terms {
                list.push(factors(lower, term)?);
            }
            if let ([(negative, _)], Some(only)) = (&terms[..], list.first()) {
                return Ok(Factors { negative: only.negative != *negative, ..only.clone() });
            }
            let (ids, axes) = aligned(lower, list)?;
            let signed = terms.iter().map(|t| t.0).zip(ids).collect();
            Ok(Factors::one(lower.build.sum(signed), axes))
        }
        _ => elementwise(lower, math),
    }
}

/// Adds a run of factors without indices as one scalar.
fn close(lower: &mut Lower<'_>, run: &mut Vec<Math>, all: &mut Factors) -> Result<(), CodeError> {
    if !run.is_empty() {
        let product = Math::Product(std::mem::take(run));
        all.list.extend(scalar(lower, &product)?.list);
    }
    Ok(())
}

fn scalar(lower: &mut Lower<'_>, math: &Math) -> Result<Factors, CodeError> {
    let id = lower.value(math)?.id;
    if lower.build.rank(id) > 0 {
        return Err(CodeError::Unsupported { what: "an array inside index notation".into() });
    }
    Ok(Factors::one(id, Vec::new()))
}

fn elementwise(lower: &mut Lower<'_>, math: &Math) -> Result<Factors, CodeError> {
    let mut list = Vec::new();
    let mut result = Ok(());
    for_each_child(math, &mut |child| {
        if result.is_ok() {
            match factors(lower, child) {
                Ok(f) => list.push(f),
                Err(e) => result = Err(e),
            }
        }
    });
    result?;
    let (ids, axes) = aligned(lower, list)?;
    let unsupported = || CodeError::Unsupported { what: "this operation on entries".into() };
    let id = match (math, &ids[..]) {
        (Math::Power(..) | Math::ElementPower(..), [a, k]) => lower.build.power(*a, *k),
        (Math::Compare(operator, ..), [a, b]) => lower.compare(comparison_text(*operator), *a, *b),
        (Math::Unknown(f, _), _) if !axes.is_empty() || !ids.is_empty() => {
            lower.unknown(&f.name, f.primes, ids, false).id
        }
        (Math::Call(f, ..), _) => {
            let pointwise = matches!(f.signature_for(ids.len()), Signature::Elementwise);
            if !pointwise && !axes.is_empty() {
                return Err(unsupported());
            }
            lower.apply(f, ids, None, false)?.id
        }
        _ => return Err(unsupported()),
    };
    Ok(Factors::one(id, axes))
}

fn entry(lower: &mut Lower<'_>, base: &Math, indices: &[Math]) -> Result<Factors, CodeError> {
    let base = lower.value(base)?.id;
    if usize::from(lower.build.rank(base)) != indices.len() {
        return Err(CodeError::Unsupported { what: "an entry of an array of other rank".into() });
    }
    let mut axes = Vec::new();
    let mut at = Vec::with_capacity(indices.len());
    for index in indices {
        match index {
            Math::Symbol(s) if lower.lengths.contains_key(&s.name) => {
                axes.push(s.name.clone());
                at.push(None);
            }
            Math::Number(n) => at.push(n.as_integer().map(|k| k - 1)),
            _ => return affine::gathered(lower, base, indices),
        }
    }
    let rank = axes.len() as u8;
    let id = if at.iter().all(Option::is_none) {
        base
    } else {
        lower.build.graph.node(Op::Entry(base, at), rank)
    };
    Ok(Factors::one(id, axes))
}

fn delta(lower: &mut Lower<'_>, a: &Math, b: &Math) -> Result<Factors, CodeError> {
    let length = |lower: &Lower<'_>, m: &Math| match m {
        Math::Symbol(s) => lower.lengths.get(&s.name).copied(),
        _ => None,
    };
    let known = length(lower, a).or_else(|| length(lower, b));
    let position = |m: &Math| match m {
        Math::Number(n) => n.as_integer().map(|k| k - 1),
        _ => None,
    };
    match (a, b) {
        (Math::Number(x), Math::Number(y)) => {
            let value = i64::from(x == y);
            Ok(Factors::one(lower.build.integer(value), Vec::new()))
        }
        (Math::Symbol(x), Math::Symbol(y)) if known.is_some() => {
            let eye = lower.build.graph.node(Op::Eye(known), 2);
            Ok(Factors::one(eye, vec![x.name.clone(), y.name.clone()]))
        }
        (Math::Symbol(x), other) | (other, Math::Symbol(x))
            if known.is_some() && position(other).is_some() =>
        {
            let eye = lower.build.graph.node(Op::Eye(known), 2);
            let row = lower.build.graph.node(Op::Entry(eye, vec![position(other), None]), 1);
            Ok(Factors::one(row, vec![x.name.clone()]))
        }
        _ => affine::coincide(lower, a, b),
    }
}

fn index_sum(lower: &mut Lower<'_>, names: &[Symbol], body: &Math) -> Result<Factors, CodeError> {
    let outer: Vec<(Name, Option<Id>)> =
        names.iter().map(|s| (s.name.clone(), lower.lengths.remove(&s.name))).collect();
    scan(lower, body)?;
    // Σ (a + b) = Σ a + Σ b, so that each is one contraction
    let terms = match body {
        Math::Sum(terms) => terms.iter().map(|(negative, m)| (*negative, m)).collect(),
        whole => vec![(false, whole)],
    };
    let mut sums = Vec::with_capacity(terms.len());
    for (negative, term) in terms {
        let mut inner = factors(lower, term)?;
        let present = inner.names();
        for s in names.iter().filter(|s| !present.contains(&s.name)) {
            let length = lower.lengths.get(&s.name).copied();
            let length =
                length.ok_or_else(|| CodeError::UnknownSize { size: s.name.to_string() })?;
            inner.list.push((length, Vec::new()));
        }
        let left: Vec<Name> =
            present.into_iter().filter(|n| !names.iter().any(|s| s.name == *n)).collect();
        let id = contract(lower, inner, &left)?;
        sums.push((negative, Factors::one(id, left)));
    }
    for (name, length) in outer {
        match length {
            Some(id) => lower.lengths.insert(name, id),
            None => lower.lengths.remove(&name),
        };
    }
    if let [(negative, _)] = sums[..] {
        let (_, mut only) = sums.swap_remove(0);
        only.negative ^= negative;
        return Ok(only);
    }
    let (signs, sums): (Vec<bool>, Vec<Factors>) = sums.into_iter().unzip();
    let (ids, axes) = aligned(lower, sums)?;
    let sum = lower.build.sum(signs.into_iter().zip(ids).collect());
    Ok(Factors::one(sum, axes))
}

/// The values over one list of axes, broadcast.
pub(super) fn aligned(
    lower: &mut Lower<'_>,
    list: Vec<Factors>,
) -> Result<(Vec<Id>, Vec<Name>), CodeError> {
    let mut axes: Vec<Name> = Vec::new();
    for name in list.iter().flat_map(Factors::names) {
        if !axes.contains(&name) {
            axes.push(name);
        }
    }
    let mut ids = Vec::with_capacity(list.len());
    for f in list {
        let own = f.names();
        let order: Vec<Name> = axes.iter().filter(|n| own.contains(n)).cloned().collect();
        let id = contract(lower, f, &order)?;
        ids.push(expanded(lower, id, &order, &axes));
    }
    Ok((ids, axes))
}

/// An array over some of the axes, in their order, with axes of length one for the others.
pub(super) fn expanded(lower: &mut Lower<'_>, id: Id, own: &[Name], axes: &[Name]) -> Id {
    let keep: Vec<bool> = axes.iter().map(|n| own.contains(n)).collect();
    // missing leading axes are supplied by broadcasting
    let first = keep.iter().position(|k| *k).unwrap_or(keep.len());
    if own.is_empty() || keep[first..].iter().all(|k| *k) {
        return id;
    }
    let keep = keep[first..].to_vec();
    let rank = keep.len() as u8;
    lower.build.graph.node(Op::Expand(id, keep), rank)
}

/// A product of arrays, summed over all names but `axes`.
pub(super) fn contract(
    lower: &mut Lower<'_>,
    factors: Factors,
    axes: &[Name],
) -> Result<Id, CodeError> {
    let present = factors.names();
    let mut scalars: Vec<Id> = Vec::new();
    let mut arrays: Vec<(Id, Vec<Name>)> = Vec::new();
    for (id, names) in factors.list {
        let (negative, bare) = lower.build.unsigned(id);
        if negative {
            scalars.push(lower.build.integer(-1));
        }
        if names.is_empty() { scalars.push(bare) } else { arrays.push((bare, names)) }
    }
    drop_ones(lower, &mut arrays);
    for name in axes.iter().filter(|n| !present.contains(n)) {
        let length = lower.lengths.get(name).copied();
        let length = length.ok_or_else(|| CodeError::UnknownSize { size: name.to_string() })?;
        let ones = lower.build.graph.node(Op::Ones(vec![length]), 1);
        arrays.push((ones, vec![name.clone()]));
    }
    let summed = present.iter().any(|n| !axes.contains(n));
    let repeated = arrays.iter().any(|(_, n)| (1..n.len()).any(|k| n[..k].contains(&n[k])));
    if !summed && !repeated {
        for (id, names) in arrays {
            let id = ordered(lower, id, &names, axes);
            let order: Vec<Name> = axes.iter().filter(|n| names.contains(n)).cloned().collect();
            scalars.push(expanded(lower, id, &order, axes));
        }
    } else {
        if !repeated {
            absorb(lower, &mut arrays, axes);
        }
        let value = match (&arrays[..], repeated) {
            ([(a, names)], false) if *names == axes => Some(*a),
            (_, false) => library(lower, &arrays, axes),
            _ => None,
        };
        let value = match value {
            Some(id) => id,
            None => einsum(lower, &arrays, axes)?,
        };
        scalars.push(value);
    }
    let id = if scalars.is_empty() { lower.build.integer(1) } else { lower.build.times(scalars) };
    Ok(if factors.negative { lower.build.negate(id) } else { id })
}

/// Ones fix the lengths of indices; where other arrays have these they say nothing.
fn drop_ones(lower: &Lower<'_>, arrays: &mut Vec<(Id, Vec<Name>)>) {
    let mut at = 0;
    while at < arrays.len() {
        let elsewhere = |n: &Name| (0..arrays.len()).any(|k| k != at && arrays[k].1.contains(n));
        let ones = matches!(lower.build.op(arrays[at].0), Op::Ones(_));
        if ones && arrays[at].1.iter().all(elsewhere) {
            arrays.remove(at);
        } else {
            at += 1;
        }
    }
}

/// An array with its axes in the order that `axes` has them.
fn ordered(lower: &mut Lower<'_>, id: Id, names: &[Name], axes: &[Name]) -> Id {
    let place = |n: &Name| axes.iter().position(|a| a == n);
    let mut order: Vec<u8> = (0..names.len() as u8).collect();
    order.sort_by_key(|k| place(&names[*k as usize]));
    if order.is_sorted() {
        return id;
    }
    lower.build.permute(id, order)
}

/// Multiplies vectors into the matrices that they are summed with, while more than two arrays are
/// left.
fn absorb(lower: &mut Lower<'_>, arrays: &mut Vec<(Id, Vec<Name>)>, axes: &[Name]) {
    while arrays.len() > 2 {
        let pair = (0..arrays.len()).find_map(|v| {
            let [name] = &arrays[v].1[..] else { return None };
            let mut others = (0..arrays.len()).filter(|k| *k != v && arrays[*k].1.contains(name));
            let m = others.next()?;
            let alone = others.next().is_none() && !axes.contains(name);
            (alone && arrays[m].1.len() == 2).then_some((v, m))
        });
        let Some((v, m)) = pair else { return };
        let (vector, name) = (arrays[v].0, arrays[v].1[0].clone());
        let (matrix, names) = arrays[m].clone();
        let b = &mut lower.build;
        let matrix = if names[1] == name { matrix } else { b.transpose(matrix) };
        let product = b.matmul(matrix, vector);
        arrays[m] = (product, names.into_iter().filter(|n| *n != name).collect());
        arrays.remove(v);
    }
}

/// A contraction as a sum or a matrix product of the library.
fn library(lower: &mut Lower<'_>, arrays: &[(Id, Vec<Name>)], axes: &[Name]) -> Option<Id> {
    let b = &mut lower.build;
    match arrays {
        [(a, _)] if axes.is_empty() => Some(b.total(*a)),
        [(a, i)] if i.len() == axes.len() + 1 => {
            let at = i.iter().position(|n| !axes.contains(n))?;
            let left = i.iter().filter(|n| axes.contains(n));
            left.eq(axes).then(|| b.axis_total(*a, at as u8))
        }
        [(a, i), (c, j)] if i.len() <= 2 && j.len() <= 2 => {
            if i == j && axes.is_empty() && i.len() == 2 {
                let product = b.times(vec![*a, *c]);
                return Some(b.total(product));
            }
            let shared: Vec<&Name> = i.iter().filter(|n| j.contains(n)).collect();
            let [inner] = shared[..] else { return None };
            if axes.contains(inner) {
                return None;
            }
            let left = if i.last() == Some(inner) { *a } else { b.transpose(*a) };
            let right = if j.first() == Some(inner) { *c } else { b.transpose(*c) };
            let free: Vec<Name> = i.iter().chain(j).filter(|n| *n != inner).cloned().collect();
            if free.len() != axes.len() {
                return None;
            }
            let value = b.matmul(left, right);
            Some(if free == axes { value } else { b.transpose(value) })
        }
        _ => None,
    }
}

fn einsum(
    lower: &mut Lower<'_>,
    arrays: &[(Id, Vec<Name>)],
    axes: &[Name],
) -> Result<Id, CodeError> {
    let mut letters: Vec<(Name, char)> = Vec::new();
    for name in arrays.iter().flat_map(|a| &a.1) {
        if letters.iter().any(|l| l.0 == *name) {
            continue;
        }
        let own = name.chars().next().filter(|c| name.len() == 1 && c.is_ascii_lowercase());
        let free = |c: &char| letters.iter().all(|l| l.1 != *c);
        let letter = own.filter(free).or_else(|| ('a'..='z').chain('A'..='Z').rev().find(free));
        let too_many = CodeError::Unsupported { what: "a contraction of so many indices".into() };
        letters.push((name.clone(), letter.ok_or(too_many)?));
    }
    let text = |names: &[Name]| -> String {
        names.iter().filter_map(|n| letters.iter().find(|l| l.0 == *n)).map(|l| l.1).collect()
    };
    let inputs: Vec<String> = arrays.iter().map(|a| text(&a.1)).collect();
    let subscripts = format!("{}->{}", inputs.join(","), text(axes));
    let op = Op::Einsum(subscripts, arrays.iter().map(|a| a.0).collect());
    Ok(lower.build.graph.node(op, axes.len() as u8))
}
