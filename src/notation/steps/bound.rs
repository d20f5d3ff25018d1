//! Names of indices that are summed over: in the order of reading, and left out of comparisons.

use super::super::index::IndexNames;
use super::super::layout::rank;
use super::super::math::{Math, Symbol};
use super::super::raise::{is_one, product};
use super::super::unicode::unicode;
use super::super::walk::{any, parts_mut};
use crate::number::Number;

/// Up to so many indices of a sum every order is tried.
const TRIED: usize = 4;

/// Gives the indices of sums new names in the order in which they are read; `names` are those that
/// the free ones leave. Sums beside each other begin with the same names.
pub(super) fn tidied(mut math: Math, names: IndexNames<'_>) -> Math {
    tidy(&mut math, names, &mut Vec::new());
    math
}

fn tidy(math: &mut Math, mut names: IndexNames<'_>, renamed: &mut Vec<(Symbol, Symbol)>) {
    match math {
        Math::IndexSum(list, body) => {
            let depth = renamed.len();
            let mut order: Vec<Symbol> = Vec::with_capacity(list.len());
            any(body, &mut |part| {
                if let Math::Symbol(s) = part
                    && list.contains(s)
                    && !order.contains(s)
                {
                    order.push(s.clone());
                }
                order.len() == list.len()
            });
            let unread: Vec<Symbol> = list.iter().filter(|s| !order.contains(s)).cloned().collect();
            order.extend(unread);
            renamed.extend(order.into_iter().map(|old| (old, names.fresh())));
            *list = renamed[depth..].iter().map(|r| r.1.clone()).collect();
            tidy(body, names, renamed);
            renamed.truncate(depth);
        }
        Math::Symbol(s) => {
            if let Some((_, new)) = renamed.iter().rev().find(|r| r.0 == *s) {
                *s = new.clone();
            }
        }
        _ => parts_mut(math, &mut |part| tidy(part, names, renamed)),
    }
}

/// Whether two expressions are one up to the names of bound indices and the order of factors.
pub(super) fn same(a: &Math, b: &Math) -> bool {
    a == b || (deltas(a) == deltas(b) && key(a) == key(b))
}

fn deltas(math: &Math) -> usize {
    let mut count = 0;
    any(math, &mut |part| {
        count += usize::from(matches!(part, Math::Delta(..)) || identity(part).is_some());
        false
    });
    count
}

/// The positions of an entry of the identity matrix, which is a δ with a size.
fn identity(math: &Math) -> Option<(&Math, &Math)> {
    match math {
        Math::Entry(base, list) => match (&**base, &list[..]) {
            (Math::Identity(_), [a, b]) => Some((a, b)),
            _ => None,
        },
        _ => None,
    }
}

/// A text that expressions share which are one up to names and order.
fn key(math: &Math) -> String {
    match math {
        Math::Sum(terms) => {
            let mut list: Vec<String> = terms
                .iter()
                .map(|(minus, m)| format!("{}{}", if *minus { '-' } else { '+' }, key(m)))
                .collect();
            list.sort_unstable();
            format!("({})", list.concat())
        }
        Math::Quotient(one, b) if is_one(one) => format!("1/{}", key(b)),
        Math::Delta(a, b) => delta(a, b),
        Math::Product(_) | Math::Quotient(..) | Math::IndexSum(..) => {
            let mut term = Term::default();
            term.take(math.clone());
            term.key()
        }
        Math::Entry(base, positions) => {
            if let Some((a, b)) = identity(math) {
                return delta(a, b);
            }
            let positions: Vec<String> = positions.iter().map(key).collect();
            format!("{}[{}]", key(base), positions.join(","))
        }
        m => unicode(m),
    }
}

fn delta(a: &Math, b: &Math) -> String {
    let mut ends = [key(a), key(b)];
    ends.sort_unstable();
    format!("d[{}]", ends.join(","))
}

/// A product under one sum.
#[derive(Default)]
struct Term {
    number: Option<Number>,
    bound: Vec<Symbol>,
    factors: Vec<Math>,
}

impl Term {
    fn take(&mut self, math: Math) {
        match math {
            Math::Number(n) => {
                let before = self.number.take();
                self.number = Some(before.map_or(n.clone(), |b| b.mul(&n)));
            }
            Math::Product(list) => list.into_iter().for_each(|m| self.take(m)),
            Math::IndexSum(names, body) if !names.iter().any(|s| self.bound.contains(s)) => {
                self.bound.extend(names);
                self.take(*body);
            }
            // `a/n` is `a*(1/n)`
            Math::Quotient(a, b) if !is_one(&a) => {
                self.take(*a);
                self.factors.push(Math::Quotient(Box::new(Math::Number(Number::ONE)), b));
            }
            // says how far an index runs
            Math::Entry(base, _) if matches!(*base, Math::Ones(_)) => {}
            m => self.factors.push(m),
        }
    }

    fn key(&self) -> String {
        let number = self.number.as_ref().map_or(String::new(), |n| format!("{n:?}"));
        let written = |order: &[usize]| {
            let mut renamed: Vec<(Symbol, Symbol)> = Vec::new();
            for (at, place) in order.iter().enumerate() {
                let name = format!("#{at}");
                renamed.push((self.bound[*place].clone(), Symbol { name: name.into(), rank: 0 }));
            }
            let mut list: Vec<String> =
                self.factors.iter().map(|f| key(&put(f, &renamed))).collect();
            list.sort_unstable();
            list.join("*")
        };
        let first: Vec<usize> = (0..self.bound.len()).collect();
        let body = if self.bound.len() > TRIED {
            written(&first)
        } else {
            let mut best: Option<String> = None;
            permutations(first, &mut |order| {
                let text = written(order);
                if best.as_ref().is_none_or(|b| text < *b) {
                    best = Some(text);
                }
            });
            best.unwrap_or_default()
        };
        format!("{number}S{}({body})", self.bound.len())
    }
}

/// An expression with other names for some.
fn put(math: &Math, renamed: &[(Symbol, Symbol)]) -> Math {
    fn walk(math: &mut Math, renamed: &[(Symbol, Symbol)]) {
        if let Math::Symbol(s) = math {
            if let Some((_, new)) = renamed.iter().find(|r| r.0 == *s) {
                *s = new.clone();
            }
            return;
        }
        parts_mut(math, &mut |part| walk(part, renamed));
    }
    let mut math = math.clone();
    walk(&mut math, renamed);
    math
}

/// Every order of a few things.
fn permutations(list: Vec<usize>, visit: &mut dyn FnMut(&[usize])) {
    let mut stack = vec![(Vec::with_capacity(list.len()), list)];
    while let Some((taken, left)) = stack.pop() {
        if left.is_empty() {
            visit(&taken);
        }
        for at in 0..left.len() {
            let (mut taken, mut left) = (taken.clone(), left.clone());
            taken.push(left.remove(at));
            stack.push((taken, left));
        }
    }
}

/// `Σₖ outer inner`, with one sum sign and a number in front.
pub(super) fn summed(ks: &[Symbol], outer: Option<Math>, inner: Math) -> Math {
    let mut number = None;
    let mut bound = ks.to_vec();
    let mut factors: Vec<Math> = outer.into_iter().collect();
    let list = match inner {
        Math::Product(list) => list,
        other => vec![other],
    };
    let only = list.iter().filter(|m| matches!(m, Math::IndexSum(..))).count() == 1;
    let count = list.len();
    for (at, m) in list.into_iter().enumerate() {
        match m {
            Math::Number(n) if at == 0 && count > 1 => number = Some(n),
            Math::IndexSum(names, body) if only && free_of(&factors, &names) && at + 1 == count => {
                bound.extend(names);
                factors.push(*body);
            }
            m => factors.push(m),
        }
    }
    let body = product(factors);
    let body = if bound.is_empty() { body } else { Math::IndexSum(bound.into(), Box::new(body)) };
    match number {
        Some(n) => product(vec![Math::Number(n), body]),
        None => body,
    }
}

/// A product with the number of the second factor in front. Where that is a `scalar` beside an array an
/// inner product stays together: `M (wᵀ dv)`.
pub(super) fn fronted(outer: Math, inner: Math, scalar: bool) -> Math {
    let together =
        scalar && matches!(&inner, Math::Product(list) if list.iter().any(|m| rank(m) != Some(0)));
    match inner {
        Math::Product(mut list) if together => match list.first() {
            Some(Math::Number(_)) => {
                let number = list.remove(0);
                Math::Product(vec![number, outer, product(list)])
            }
            _ => Math::Product(vec![outer, Math::Product(list)]),
        },
        Math::Product(mut list) if matches!(list.first(), Some(Math::Number(_))) => {
            list.insert(1, outer);
            product(list)
        }
        inner => product(vec![outer, inner]),
    }
}

fn free_of(factors: &[Math], names: &[Symbol]) -> bool {
    !factors
        .iter()
        .any(|f| any(f, &mut |part| matches!(part, Math::Symbol(s) if names.contains(s))))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{c, entry, isum, n, prod, quot, v};
    use super::*;

    #[test]
    fn names_and_order_do_not_make_another_sum() {
        let position = |a: &str, b: &str| {
            let one = Math::Number(Number::ONE);
            Math::Sum(vec![(false, c(a)), (false, c(b)), (true, one)])
        };
        let delta = |a: Math, b: Math| Math::Delta(Box::new(a), Box::new(b));
        let first =
            prod([entry(v("g"), &["j"]), delta(position("l", "j"), c("i")), entry(v("k"), &["l"])]);
        let second =
            prod([entry(v("g"), &["l"]), entry(v("k"), &["j"]), delta(c("i"), position("l", "j"))]);
        let [first, second] = [first, second].map(|m| isum(&["j", "l"], m));
        assert!(same(&first, &second));
        let (third, fourth) = (quot(entry(v("g"), &["j"]), c("n")), quot(n(1), c("n")));
        assert!(same(&third, &prod([entry(v("g"), &["j"]), fourth])));
        let contracted = isum(&["j"], prod([entry(v("g"), &["j"]), entry(v("k"), &["j"])]));
        assert!(!same(&first, &contracted));
    }
}
