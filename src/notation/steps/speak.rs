//! From cotangents and frozen δ's to what a lecture writes: `∂L/∂uₖ`, `δₖᵢ`.

use super::super::math::{Math, Symbol};
use super::super::raise::{product, size_math};
use std::rc::Rc;

/// The name of frozen δ's, which no program can have.
pub(super) const FROZEN: &str = "δ";

/// How cotangents are written.
pub(super) struct Speech {
    /// The loss, or the value of a Jacobian.
    pub(super) of: Symbol,
    /// How many axes of a cotangent belong to that value.
    pub(super) seed: usize,
}

impl Speech {
    /// Every entry of a cotangent as a partial derivative, every frozen δ as δ's.
    pub(super) fn entries(&self, math: Math) -> Math {
        let mut sizes = Vec::new();
        let mut math = math;
        self.walk(&mut math, true, &mut sizes);
        math
    }

    /// The cotangents of a Jacobian as partial derivatives.
    pub(super) fn whole(&self, mut math: Math, jacobian: bool) -> Math {
        if jacobian {
            self.walk(&mut math, true, &mut Vec::new());
        }
        math
    }

    /// `sizes` are the sizes of the indices that only δ's have.
    fn walk(&self, math: &mut Math, all: bool, sizes: &mut Vec<(Symbol, Rc<str>)>) {
        match math {
            Math::Entry(base, indices) => {
                let indices = std::mem::take(indices);
                let new = match &**base {
                    Math::Gradient(s) => self.partial(s, &indices),
                    Math::Symbol(s) if s.name.starts_with(FROZEN) => frozen(s, &indices, sizes),
                    _ => {
                        self.walk(base, all, sizes);
                        Math::Entry(base.clone(), indices)
                    }
                };
                *math = new;
            }
            Math::Gradient(s) if all => *math = self.partial(s, &[]),
            Math::IndexSum(names, body) => {
                self.walk(body, all, sizes);
                let mut lacking: Vec<Math> = Vec::new();
                for name in names.iter() {
                    if !sized(body, name)
                        && let Some((_, size)) = sizes.iter().find(|s| s.0 == *name)
                    {
                        let ones = Math::Ones(vec![size_math(size.clone())]);
                        lacking.push(Math::Entry(
                            Box::new(ones),
                            Box::new([Math::Symbol(name.clone())]),
                        ));
                    }
                }
                if !lacking.is_empty() {
                    let inner = std::mem::replace(&mut **body, Math::Pi);
                    **body = product([vec![inner], lacking].concat());
                }
            }
            Math::Product(list) => {
                // δ's are factors like others; a product in brackets stays in them
                let mut flat = Vec::with_capacity(list.len());
                for mut m in std::mem::take(list) {
                    let bracketed = matches!(m, Math::Product(_));
                    self.walk(&mut m, all, sizes);
                    match m {
                        Math::Product(inner) if !bracketed => flat.extend(inner),
                        m => flat.push(m),
                    }
                }
                flat.retain(|m| !matches!(m, Math::Number(n) if n.is_one()));
                *math = if flat.len() > 1 { Math::Product(flat) } else { product(flat) };
            }
            Math::Sum(terms) => terms.iter_mut().for_each(|t| self.walk(&mut t.1, all, sizes)),
            Math::Hadamard(list) => list.iter_mut().for_each(|m| self.walk(m, all, sizes)),
            Math::Call(_, list, _) | Math::Unknown(_, list) => {
                list.iter_mut().for_each(|m| self.walk(m, all, sizes));
            }
            Math::Quotient(a, b)
            | Math::ElementQuotient(a, b)
            | Math::Power(a, b)
            | Math::ElementPower(a, b)
            | Math::Inner(a, b)
            | Math::Compare(_, a, b) => {
                self.walk(a, all, sizes);
                self.walk(b, all, sizes);
            }
            Math::Negate(a) | Math::Transpose(a) | Math::UnknownGradient(.., a) => {
                self.walk(a, all, sizes);
            }
            _ => {}
        }
    }

    /// `∂L/∂uₖ`, `∂yₐ/∂uₖ`
    pub(super) fn partial(&self, s: &Symbol, indices: &[Math]) -> Math {
        let (first, rest) = indices.split_at(self.seed.min(indices.len()));
        let by = Symbol { name: s.name.clone(), rank: s.rank.saturating_sub(self.seed as u8) };
        let of = at(Math::Symbol(self.of.clone()), first);
        Math::Partial(Box::new(of), Box::new(at(Math::Symbol(by), rest)))
    }
}

/// An entry, or the value itself without indices.
pub(super) fn at(math: Math, indices: &[Math]) -> Math {
    if indices.is_empty() { math } else { Math::Entry(Box::new(math), indices.into()) }
}

/// The δ's between the first half of the indices and the second. The sizes stand in the name.
fn frozen(symbol: &Symbol, indices: &[Math], sizes: &mut Vec<(Symbol, Rc<str>)>) -> Math {
    let (first, second) = indices.split_at(indices.len() / 2);
    let texts = symbol.name.split(' ').skip(1);
    for (index, text) in first.iter().zip(texts) {
        if let Math::Symbol(s) = index {
            sizes.push((s.clone(), text.into()));
        }
    }
    let delta = |(a, b): (&Math, &Math)| Math::Delta(Box::new(a.clone()), Box::new(b.clone()));
    product(first.iter().zip(second).map(delta))
}

/// Whether something other than δ says how far an index runs.
fn sized(math: &Math, name: &Symbol) -> bool {
    super::super::walk::any(math, &mut |part| match part {
        Math::Entry(_, list) => list.iter().any(|m| matches!(m, Math::Symbol(s) if s == name)),
        _ => false,
    })
}
