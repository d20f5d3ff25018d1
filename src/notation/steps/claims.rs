//! What lines with differentials claim, in the language, which has none.

use super::super::ascii::ascii;
use super::super::index::IndexNames;
use super::super::math::{Math, Symbol as Name};
use super::super::raise::product;
use super::build::Builder;
use super::given::shaped;
use super::speak::at;
use crate::tensor::node::ExprId;

impl Builder<'_> {
    /// The first names of indices.
    pub(super) fn free(&self, count: usize) -> Vec<Math> {
        let mut names = IndexNames::new(&self.taken);
        (0..count).map(|_| Math::Symbol(names.fresh())).collect()
    }

    /// What `⟨∇u, du⟩` says where only `c` changes, in the language.
    pub(super) fn chain_claim(&self, equation: usize, c: ExprId) -> Math {
        let arena = &self.trace.arena;
        let mut names = IndexNames::new(&self.taken);
        let u = self.trace.equations[equation].symbol;
        let mut fresh = |n: usize| -> Vec<Name> { (0..n).map(|_| names.fresh()).collect() };
        let (of, by, ks) = (fresh(self.speech.seed), fresh(arena.rank(c)), fresh(arena.rank(u)));
        let math = |l: &[Name]| -> Vec<Math> { l.iter().cloned().map(Math::Symbol).collect() };
        let outer = Math::Partial(
            Box::new(at(Math::Symbol(self.speech.of.clone()), &math(&of))),
            Box::new(at(Math::Symbol(self.name(u)), &math(&ks))),
        );
        let inner = Math::Partial(
            Box::new(at(Math::Symbol(self.name(u)), &math(&ks))),
            Box::new(at(Math::Symbol(self.name(c)), &math(&by))),
        );
        let change = at(Math::Differential(self.name(c)), &math(&by));
        let body = product(vec![outer, inner, change]);
        let bound = [ks, by].concat();
        if bound.is_empty() { body } else { Math::IndexSum(bound.into(), Box::new(body)) }
    }

    /// `dL` where only `c` changes, in the language.
    pub(super) fn change_claim(&mut self, c: ExprId, definitions: &mut Vec<String>) -> Math {
        let name = self.name(c);
        let change = Math::Differential(name.clone());
        let declaration = format!("var {}", shaped(&ascii(&change), &self.shape(c)));
        self.define(c);
        if self.taken.contains(ascii(&change).as_str()) {
            return change;
        }
        self.out.declaration(declaration);
        if self.trace.jacobian {
            return self.jacobian_change(c, definitions);
        }
        match name.rank {
            0 => product(vec![Math::Gradient(name), change]),
            _ => Math::Inner(Box::new(Math::Gradient(name)), Box::new(change)),
        }
    }

    /// Gives the cotangent of `c` its name in the language.
    pub(super) fn define(&mut self, c: ExprId) {
        let name = self.name(c);
        let given = self.trace.cotangent.is_some_and(|g| self.name(g).name == name.name);
        if !given && !self.trace.jacobian {
            let of = self.speech.of.name.clone();
            let line =
                format!("{} = grad({of}, {})", ascii(&Math::Gradient(name.clone())), name.name);
            self.out.cotangent(line);
        }
    }

    /// `dy` where only `c` changes.
    pub(super) fn jacobian_change(&self, c: ExprId, definitions: &mut Vec<String>) -> Math {
        let mut names = IndexNames::new(&self.taken);
        let of: Vec<Name> = (0..self.speech.seed).map(|_| names.fresh()).collect();
        let by: Vec<Name> = (0..self.trace.arena.rank(c)).map(|_| names.fresh()).collect();
        let math = |l: &[Name]| -> Vec<Math> { l.iter().cloned().map(Math::Symbol).collect() };
        let partial = Math::Partial(
            Box::new(at(Math::Symbol(self.speech.of.clone()), &math(&of))),
            Box::new(at(Math::Symbol(self.name(c)), &math(&by))),
        );
        let change = at(Math::Differential(self.name(c)), &math(&by));
        let body = product(vec![partial, change]);
        let body = if by.is_empty() { body } else { Math::IndexSum(by.into(), Box::new(body)) };
        let name = format!("d{}_{}", self.speech.of.name, self.name(c).name);
        let symbol = Math::Symbol(Name { name: name.as_str().into(), rank: of.len() as u8 });
        definitions.push(format!("{} = {}", ascii(&at(symbol.clone(), &math(&of))), ascii(&body)));
        symbol
    }
}
