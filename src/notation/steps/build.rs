//! From a recorded derivation to lines.

use super::super::answer::Answer;
use super::super::ascii::ascii;
use super::super::index::IndexNames;
use super::super::math::{Math, Symbol as Name};
use super::super::raise::{Raiser, negated, scaled, size_math};
use super::super::written::{Spelling, written};
use super::differential::Terms;
use super::given::declarations;
use super::lines::Lines;
use super::speak::{Speech, at};
use super::stream::Listener;
use super::{Given, Group};
use crate::calculus::derivation::{Derivation, Law};
use crate::number::Number;
use crate::shape::typed::Typed;
use crate::simplify::simplify;
use crate::tensor::arena::Arena;
use crate::tensor::lower::Equation;
use crate::tensor::memo::Memo;
use crate::tensor::node::{ExprId, Node, Properties, Symbol, SymbolKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// The place of what is printed after all names of the program.
pub(super) const LAST: u32 = u32::MAX - 1;

/// The weight up to which a cotangent is written out.
const INLINE: u32 = 24;

/// What was recorded, and of what.
pub struct Trace<'a> {
    /// The program.
    pub typed: &'a Typed,
    /// All expressions.
    pub arena: &'a mut Arena,
    /// The elaborated equations; the last is the objective's.
    pub equations: &'a [Equation],
    /// What the sweep over them recorded.
    pub derivation: &'a Derivation,
    /// Named cotangents.
    pub bindings: &'a [Equation],
    /// The cotangent that a vector–Jacobian product starts from.
    pub cotangent: Option<ExprId>,
    /// The name of the loss, or of the value of a Jacobian.
    pub of: Name,
    /// Names that indices must not have.
    pub taken: &'a FxHashSet<String>,
    /// The answer that the derivation leads to.
    pub answer: &'a Answer,
    /// Whether the results of that answer are these cotangents; else it is about their derivatives.
    pub ends: bool,
    /// Whether cotangents are written as Jacobians.
    pub jacobian: bool,
    /// The variable that the value was differentiated by before.
    pub first: Option<Name>,
    /// How many of the equations were stated before.
    pub stated: usize,
    /// Definitions that the answer shares and that were given before.
    pub shown: &'a mut FxHashSet<String>,
}

/// What one equation contributes to a cotangent.
pub(super) struct Parent {
    pub(super) equation: usize,
    pub(super) parts: Vec<ExprId>,
    pub(super) law: Law,
}

/// Makes the derivation in notation and tells it part by part; `false` where it was ended.
pub fn build(trace: Trace<'_>, out: &mut dyn Listener) -> bool {
    let mut builder = Builder::new(trace, out);
    builder.given();
    builder.order().into_iter().all(|(symbol, total)| builder.group(symbol, total))
}

pub(super) struct Builder<'a> {
    pub(super) trace: Trace<'a>,
    pub(super) out: &'a mut dyn Listener,
    names: Memo,
    pub(super) speech: Speech,
    /// For each named value or variable what contributes to its cotangent, latest equation first.
    pub(super) parents: FxHashMap<ExprId, Vec<Parent>>,
    /// The cotangent of each equation's value.
    pub(super) cotangents: FxHashMap<usize, ExprId>,
    /// The equation of each symbol.
    places: FxHashMap<ExprId, usize>,
    pub(super) taken: FxHashSet<Rc<str>>,
    /// The totals simplified, and with small cotangents that the answer does not name in place.
    pub(super) simple: FxHashMap<ExprId, (ExprId, ExprId)>,
    /// The results of the answer about each value, and its named cotangents, by position.
    pub(super) results: FxHashMap<Rc<str>, usize>,
    pub(super) bindings: FxHashMap<Rc<str>, usize>,
    /// The bindings of the answer that need not be given: equations and cotangents.
    pub(super) known: FxHashSet<usize>,
    /// The bindings that lines before rest on.
    pub(super) visited: FxHashSet<usize>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(trace: Trace<'a>, out: &'a mut dyn Listener) -> Builder<'a> {
        let mut parents: FxHashMap<ExprId, Vec<Parent>> = FxHashMap::default();
        let mut cotangents = FxHashMap::default();
        for step in &trace.derivation.steps {
            let equation = step.equation as usize;
            if step.node == trace.equations[equation].body {
                cotangents.insert(equation, step.cotangent);
            }
            if trace.arena.as_symbol(step.child).is_none() {
                continue;
            }
            let list = parents.entry(step.child).or_default();
            match list.last_mut() {
                Some(p) if p.equation == equation => {
                    p.parts.push(step.contribution);
                    p.law = heavier(p.law, step.law);
                }
                _ => list.push(Parent {
                    equation,
                    parts: vec![step.contribution],
                    law: single(trace.arena, step.node, step.law),
                }),
            }
        }
        let mut names = Memo::default();
        let mut places = FxHashMap::default();
        for (place, e) in trace.equations.iter().enumerate() {
            places.insert(e.symbol, place);
            if trace.arena.weight(e.body) >= 2 && !names.contains(e.body) {
                names.set_expr(e.body, e.symbol);
            }
        }
        let totals: Vec<ExprId> = trace.derivation.totals.iter().map(|t| t.1).collect();
        let simple = simplify(trace.arena, &totals, &FxHashMap::default());
        let replace = replaced(&trace);
        let settled = simplify(trace.arena, &totals, &replace);
        let pairs = simple.into_iter().zip(settled);
        let simple = trace.derivation.totals.iter().map(|t| t.0).zip(pairs).collect();
        let speech = Speech { of: trace.of.clone(), seed: trace.derivation.seed };
        let taken = trace.taken.iter().map(|name| Rc::from(name.as_str())).collect();
        let results = trace.answer.results.iter().enumerate().filter_map(|(at, r)| {
            let (last, before) = r.wrt.split_last()?;
            (before.first() == trace.first.as_ref()).then(|| (last.name.clone(), at))
        });
        let results = results.collect();
        let equations: FxHashSet<&str> = trace
            .equations
            .iter()
            .filter_map(|e| Some(&*trace.arena.symbol(trace.arena.as_symbol(e.symbol)?).name))
            .collect();
        let known = trace.answer.bindings.iter().enumerate().filter(|(_, b)| match &b.name {
            Math::Symbol(s) => equations.contains(&*s.name),
            _ => true,
        });
        let known = known.map(|(at, _)| at).collect();
        let bindings = trace.answer.bindings.iter().enumerate();
        let bindings = bindings.filter_map(|(at, b)| match &b.name {
            Math::Gradient(s) => Some((s.name.clone(), at)),
            _ => None,
        });
        let bindings = bindings.collect();
        Builder {
            trace,
            out,
            names,
            speech,
            parents,
            cotangents,
            places,
            taken,
            simple,
            results,
            bindings,
            known,
            visited: FxHashSet::default(),
        }
    }

    pub(super) fn raiser(&self, own: Option<ExprId>) -> Raiser<'_> {
        Raiser {
            arena: self.trace.arena,
            names: &self.names,
            own,
            depth: Raiser::full_depth(),
            turning: false,
        }
    }

    pub(super) fn symbol(&self, id: ExprId) -> &Symbol {
        self.trace.arena.symbol(self.trace.arena.as_symbol(id).expect("what is named is a symbol"))
    }

    pub(super) fn name(&self, id: ExprId) -> Name {
        let s = self.symbol(id);
        Name { name: s.name.clone(), rank: s.rank }
    }

    pub(super) fn shape(&self, id: ExprId) -> Vec<Math> {
        let arena = &self.trace.arena;
        arena.axes(id).iter().map(|d| size_math(arena.size_text(*d))).collect()
    }

    /// Values and variables in the order of the backward pass: each variable as soon as all that it
    /// takes part in was passed.
    pub(super) fn order(&self) -> Vec<(ExprId, ExprId)> {
        let mut list: Vec<(usize, usize, ExprId, ExprId)> = Vec::new();
        for (at, (symbol, total)) in self.trace.derivation.totals.iter().enumerate() {
            let first = |p: &Vec<Parent>| p.iter().map(|p| p.equation).min().unwrap_or(0);
            // what nothing depends on comes last
            let place = self.parents.get(symbol).map_or(0, first);
            // a value of the program after the variables beside it
            let kind = self.places.get(symbol).map_or(0, |_| 1);
            list.push((usize::MAX - place, 2 * at + kind, *symbol, *total));
        }
        list.sort_by_key(|t| (t.0, self.places.contains_key(&t.2), t.1));
        list.into_iter().map(|t| (t.2, t.3)).collect()
    }

    /// Definitions, and claims that they say what their authors wrote.
    fn given(&mut self) {
        for declaration in declarations(self.trace.answer) {
            self.out.declaration(declaration);
        }
        let places = self.trace.stated..self.trace.equations.len();
        let mut list: Vec<Given> = places.filter_map(|place| self.definition(place)).collect();
        if let Some(g) = self.trace.cotangent {
            let y = self.name(g);
            let factors = [Math::Gradient(y.clone()), Math::Symbol(y)];
            let [a, b] = factors.map(Box::new);
            let name = Math::Symbol(self.trace.of.clone());
            let value = Math::Inner(a, b);
            list.push(Given { name, value, written: None, hidden: true });
        }
        self.out.given(list);
    }

    /// The definition that an equation is.
    fn definition(&self, place: usize) -> Option<Given> {
        let equation = &self.trace.equations[place];
        let symbol = Math::Symbol(self.name(equation.symbol));
        let author = self.author(place);
        let mut mentioned = Vec::new();
        symbols(self.trace.arena, equation.body, &mut mentioned);
        let inner = mentioned.iter().any(|s| self.symbol(*s).kind == SymbolKind::Shared);
        if let (Some(value), false, None) = (&author, inner, &self.trace.first) {
            // nothing in it got a name: it stands as it was written
            return Some(Given {
                name: symbol,
                value: value.clone(),
                written: None,
                hidden: false,
            });
        }
        let own = Some(equation.body);
        let fixed = !self.symmetric_target(equation.body);
        let whole = fixed.then(|| self.raiser(own).raise(equation.body)).flatten();
        let (name, value) = match whole {
            Some(value) => (symbol, value),
            None => {
                let axes = self.free(self.trace.arena.rank(equation.body));
                let mut names = IndexNames::new(&self.taken);
                for _ in &axes {
                    names.fresh();
                }
                let value = self.raiser(own).entry(equation.body, &axes, &mut names)?;
                (at(symbol, &axes), value)
            }
        };
        let author = author.map(|w| match &name {
            Math::Entry(_, axes) => at(w, axes),
            _ => w,
        });
        let written = author.filter(|w| ascii(w) != ascii(&value));
        Some(Given { name, value, written, hidden: false })
    }

    /// What an equation says as its author wrote it.
    fn author(&self, place: usize) -> Option<Math> {
        let equation = &self.trace.equations[place];
        let last = place + 1 == self.trace.equations.len();
        match self.symbol(equation.symbol).kind {
            SymbolKind::Definition(d) => {
                let d = &self.trace.typed.definitions[d.0 as usize];
                d.indices
                    .is_empty()
                    .then(|| written(&Spelling::plain(self.trace.typed), d.body))
                    .flatten()
            }
            SymbolKind::Shared if !last => None,
            _ if last && self.trace.first.is_some() => self.trace.first.clone().map(Math::Gradient),
            _ => {
                let answer = self.trace.answer;
                (last && answer.value_axes.is_empty()).then(|| answer.value.clone())
            }
        }
    }

    /// Whether matrix notation could use a fact about what is still to be differentiated by: with
    /// `S' = S` the definition `G = 2*S'` would be another function of the entries of `S`.
    fn symmetric_target(&self, body: ExprId) -> bool {
        let mut list = Vec::new();
        symbols(self.trace.arena, body, &mut list);
        list.iter().any(|s| {
            self.symbol(*s).properties.has(Properties::SYMMETRIC)
                && self.trace.derivation.totals.iter().any(|(target, _)| target == s)
        })
    }

    fn group(&mut self, c: ExprId, total: ExprId) -> bool {
        let name = self.name(c);
        let title = if self.trace.jacobian {
            let rank = name.rank + self.speech.seed as u8;
            self.speech.partial(&Name { rank, ..name }, &[])
        } else {
            Math::Gradient(name)
        };
        let mut group =
            Group { title, given: Vec::new(), definitions: Vec::new(), rows: Vec::new() };
        if self.parents.contains_key(&c) {
            let claimed = self.change_claim(c, &mut group.definitions);
            group.rows = Lines::new(self, c).rows(self, c, total, &claimed);
            self.finish(c, total, &mut group);
        } else {
            self.define(c);
            self.answer_line(c, "constant-derivative", &mut group);
        }
        group.rows.is_empty() || self.out.group(group)
    }
}

/// The cotangents that are written out where they are mentioned: small ones that the answer does
/// not name either.
fn replaced(trace: &Trace<'_>) -> FxHashMap<ExprId, ExprId> {
    let arena = &trace.arena;
    let kept: FxHashSet<&str> = trace
        .answer
        .bindings
        .iter()
        .filter_map(|b| super::super::program::gradient_of(&b.name))
        .collect();
    let mut weights: FxHashMap<ExprId, u32> = FxHashMap::default();
    let mut replace = FxHashMap::default();
    for binding in trace.bindings {
        let mut mentioned = Vec::new();
        symbols(arena, binding.body, &mut mentioned);
        let inner: u32 = mentioned.iter().filter_map(|s| weights.get(s)).sum();
        let weight = arena.weight(binding.body).saturating_add(inner);
        let symbol = arena.as_symbol(binding.symbol).expect("a cotangent is a symbol");
        if weight <= INLINE && !kept.contains(&*arena.symbol(symbol).name) {
            weights.insert(binding.symbol, weight);
            replace.insert(binding.symbol, binding.body);
        }
    }
    replace
}

/// The rule that a line names where several take part.
pub(super) fn heavier(a: Law, b: Law) -> Law {
    let rank = |l: Law| match l {
        Law::Linear => 0,
        Law::Product => 1,
        Law::Power | Law::Elementwise => 2,
        _ => 3,
    };
    if rank(b) > rank(a) { b } else { a }
}

/// A product with one factor beside constants is a linear map.
fn single(arena: &Arena, node: ExprId, law: Law) -> Law {
    use SymbolKind as K;
    let constant = |e: ExprId| {
        let mut list = Vec::new();
        symbols(arena, e, &mut list);
        let kind = |s: &ExprId| arena.as_symbol(*s).map(|s| arena.symbol(s).kind);
        list.iter()
            .all(|s| matches!(kind(s), Some(K::Size(_) | K::Pi | K::Indicator(_) | K::Triangle)))
    };
    match arena.node(node) {
        Node::Einsum(view) if view.operands().filter(|o| !constant(o.0)).count() < 2 => Law::Linear,
        _ => law,
    }
}

impl Builder<'_> {
    pub(super) fn is_cotangent(&self, id: ExprId) -> bool {
        let arena = &self.trace.arena;
        arena.as_symbol(id).is_some_and(|s| arena.symbol(s).kind == SymbolKind::Cotangent)
    }

    /// Whether a value depends on `c` through another value that does: then `∂u/∂c` would be more
    /// than what this equation contributes.
    pub(super) fn indirect(&self, equation: usize, c: ExprId, parents: &[Parent]) -> bool {
        let Some(first) = parents.first().map(|p| p.equation) else { return false };
        if parents.len() < 2 || equation == first {
            return false;
        }
        let arena = &self.trace.arena;
        let mut marked: FxHashSet<usize> = FxHashSet::default();
        for place in first..=equation {
            let mut inputs = Vec::new();
            symbols(arena, self.trace.equations[place].body, &mut inputs);
            let through = inputs
                .iter()
                .any(|s| self.places.get(s).is_some_and(|place| marked.contains(place)));
            if place == equation {
                return through;
            }
            if through || inputs.contains(&c) {
                marked.insert(place);
            }
        }
        false
    }

    /// A sum of multiples of written terms.
    pub(super) fn sum(
        &self,
        terms: &Terms,
        mut write: impl FnMut(&mut Raiser<'_>, ExprId) -> Option<Math>,
    ) -> Option<Math> {
        let mut list: Vec<(bool, Math)> = Vec::with_capacity(terms.len());
        for (c, e) in terms {
            let mut raiser = self.raiser(None);
            let math = write(&mut raiser, *e)?;
            // a sign inside stands outside
            let (inner, math) = match math {
                Math::Sum(mut t) if t.len() == 1 && t[0].0 => (true, t.swap_remove(0).1),
                m => (false, m),
            };
            list.push((c.is_negative() != inner, scaled(&c.abs(), math)));
        }
        if let Some(first) = list.iter().position(|t| !t.0) {
            // a positive term first
            list[..=first].rotate_right(1);
        }
        Some(match list.len() {
            0 => Math::Number(Number::ZERO),
            1 => {
                let (negative, term) = list.swap_remove(0);
                if negative { negated(term) } else { term }
            }
            _ => Math::Sum(list),
        })
    }
}

/// The symbols that an equation mentions.
pub(super) fn symbols(arena: &Arena, root: ExprId, out: &mut Vec<ExprId>) {
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        if arena.as_symbol(id).is_some() {
            out.push(id);
        }
        arena.children(id, |c| stack.push(c));
    }
}
