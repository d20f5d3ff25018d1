//! Derivations: the sweep once more over elaborated equations, with a record of its steps.

use super::Solution;
use crate::calculus::elaborate::elaborate;
use crate::calculus::sweep::{Seed, derivation};
use crate::notation::answer::Answer;
use crate::notation::math::{Math, Symbol as Name};
use crate::notation::steps::stream::Listener;
use crate::notation::steps::{Steps, Trace, build};
use crate::shape::typed::Typed;
use crate::tensor::arena::Arena;
use crate::tensor::lower::{Equation, Lowered};
use crate::tensor::node::{Axes, ExprId, Symbol, SymbolKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Names for inner values, by the number of axes.
const NAMES: [&[&str]; 3] = [
    &["s", "t", "r", "q", "h"],
    &["u", "v", "z", "r", "s", "h"],
    &["U", "V", "Z", "P", "Q", "R", "H"],
];

/// A derivation that is still to be made: what it takes beside the answer.
#[derive(Debug)]
pub struct Later {
    lowered: Lowered,
    targets: Vec<ExprId>,
    of: Of,
}

/// What is derived.
#[derive(Debug)]
pub(super) enum Of {
    Gradient,
    Jacobian,
    /// The gradients, as an answer of their own and as expressions.
    Hessian(Box<Answer>, Vec<ExprId>),
}

impl Later {
    pub(super) fn new(lowered: Lowered, targets: Vec<ExprId>, of: Of) -> Later {
        Later { lowered, targets, of }
    }

    /// Makes the derivation of this answer and tells it part by part, from the objective backwards,
    /// until the listener ends it. Nothing that was told is kept.
    pub fn tell(self, solution: &Solution, listener: &mut dyn Listener) {
        let Later { mut lowered, targets, of } = self;
        let mut names = Names::new(&solution.typed, &solution.answer);
        let mut teller = Teller {
            typed: &solution.typed,
            lowered: &mut lowered,
            targets: &targets,
            listener,
            shown: FxHashSet::default(),
        };
        match of {
            Of::Gradient => gradient(&mut teller, &mut names, &solution.answer),
            Of::Jacobian => jacobian(&mut teller, &mut names, &solution.answer),
            Of::Hessian(gradients, first) => {
                hessian(&mut teller, &mut names, (&gradients, &first), &solution.answer);
            }
        }
    }

    /// The whole derivation.
    pub fn steps(self, solution: &Solution) -> Steps {
        let mut steps = Steps::default();
        self.tell(solution, &mut steps);
        steps
    }
}

/// What all parts of a derivation are made with.
struct Teller<'a> {
    typed: &'a Typed,
    lowered: &'a mut Lowered,
    targets: &'a [ExprId],
    listener: &'a mut dyn Listener,
    shown: FxHashSet<String>,
}

/// The derivation of the gradients of an answer.
fn gradient(teller: &mut Teller<'_>, names: &mut Names, answer: &Answer) {
    let Teller { lowered, targets, .. } = teller;
    let scalar = lowered.arena.rank(lowered.objective) == 0;
    let mut equations = lowered.equations.clone();
    if scalar && !lowered.named {
        rename(lowered, &mut equations, names.loss());
    }
    let of =
        if scalar { objective(lowered, &equations) } else { Name { name: names.loss(), rank: 0 } };
    let seed = if scalar { Seed::One } else { Seed::Cotangent };
    let mut named = FxHashMap::default();
    let equations = names.elaborate(lowered, &equations, targets, &mut named);
    let part = Part::whole(&equations, seed, of);
    teller.run(answer, names, part);
}

/// The derivation of the Jacobians of an answer.
fn jacobian(teller: &mut Teller<'_>, names: &mut Names, answer: &Answer) {
    let Teller { lowered, targets, .. } = teller;
    let mut named = FxHashMap::default();
    let equations = lowered.equations.clone();
    let equations = names.elaborate(lowered, &equations, targets, &mut named);
    let (seed, of) = (Seed::Identity, objective(lowered, &equations));
    let part = Part { jacobian: true, ..Part::whole(&equations, seed, of) };
    teller.run(answer, names, part);
}

/// The derivation of the second derivatives of an answer: of the gradient by each variable, then of
/// that gradient's derivatives.
fn hessian(
    teller: &mut Teller<'_>,
    names: &mut Names,
    gradients: (&Answer, &[ExprId]),
    answer: &Answer,
) {
    let Teller { lowered, targets, .. } = teller;
    let targets = *targets;
    let mut named = FxHashMap::default();
    let equations = lowered.equations.clone();
    let base = names.elaborate(lowered, &equations, targets, &mut named);
    let of = objective(lowered, &base);
    let part = Part { ends: false, ..Part::whole(&base, Seed::One, of) };
    let mut more = teller.run(gradients.0, names, part);
    // they are written by the names of definitions, and have to depend on what they are written by
    for (body, symbol) in super::definitions(teller.lowered) {
        named.entry(body).or_insert(symbol);
    }
    // what was named for one gradient may be part of the next
    let mut inner: Vec<Equation> = Vec::new();
    for (target, gradient) in targets.iter().zip(gradients.1) {
        if !more {
            return;
        }
        let lowered = &mut *teller.lowered;
        let rank = lowered.arena.rank(*gradient);
        let axes = Axes::from_slice(lowered.arena.axes(*gradient));
        let symbol = Symbol::new(names.gradient(rank), SymbolKind::Objective);
        let symbol = lowered.arena.symbol_expr(symbol, &axes);
        let mut equations = base.clone();
        equations.push(Equation { symbol, body: *gradient });
        let new = names.elaborate(lowered, &equations, targets, &mut named).split_off(base.len());
        let mut equations = base.clone();
        equations.extend(needed(&lowered.arena, &inner, &new));
        let stated = equations.len();
        inner.extend_from_slice(&new[..new.len() - 1]);
        equations.extend(new);
        let part = Part {
            stated,
            first: Some(name_of(lowered, *target)),
            jacobian: true,
            ..Part::whole(&equations, Seed::Identity, name_of(lowered, symbol))
        };
        more = teller.run(answer, names, part);
    }
}

/// Those of some equations, in order, on which the values of others rest.
fn needed(arena: &Arena, inner: &[Equation], values: &[Equation]) -> Vec<Equation> {
    let bodies: FxHashMap<ExprId, ExprId> = inner.iter().map(|e| (e.symbol, e.body)).collect();
    let mut seen: FxHashSet<ExprId> = FxHashSet::default();
    let mut stack: Vec<ExprId> = values.iter().map(|e| e.body).collect();
    while let Some(id) = stack.pop() {
        if seen.insert(id) {
            stack.extend(bodies.get(&id));
            arena.children(id, |c| stack.push(c));
        }
    }
    inner.iter().filter(|e| seen.contains(&e.symbol)).copied().collect()
}

fn name_of(lowered: &Lowered, symbol: ExprId) -> Name {
    let arena = &lowered.arena;
    let s = arena.symbol(arena.as_symbol(symbol).expect("what has a name is a symbol"));
    Name { name: s.name.clone(), rank: s.rank }
}

/// The name of the value of the last equation.
fn objective(lowered: &Lowered, equations: &[Equation]) -> Name {
    name_of(lowered, equations.last().map_or(lowered.objective, |e| e.symbol))
}

/// Gives the unnamed objective a name that its derivative may speak of.
fn rename(lowered: &mut Lowered, equations: &mut [Equation], name: Rc<str>) {
    let Some(last) = equations.last_mut() else { return };
    let axes = Axes::from_slice(lowered.arena.axes(last.symbol));
    last.symbol = lowered.arena.symbol_expr(Symbol::new(name, SymbolKind::Objective), &axes);
}

/// What one sweep is about.
struct Part<'a> {
    equations: &'a [Equation],
    stated: usize,
    seed: Seed,
    of: Name,
    first: Option<Name>,
    jacobian: bool,
    ends: bool,
}

impl<'a> Part<'a> {
    /// The sweep over all equations that there is nothing before and nothing after.
    fn whole(equations: &'a [Equation], seed: Seed, of: Name) -> Part<'a> {
        Part { equations, stated: 0, seed, of, first: None, jacobian: false, ends: true }
    }
}

impl Teller<'_> {
    /// Makes one part; `false` where the listener ended the derivation.
    fn run(&mut self, answer: &Answer, names: &Names, part: Part<'_>) -> bool {
        let Part { equations, stated, seed, of, first, jacobian, ends } = part;
        let arena = &mut self.lowered.arena;
        let (derivation, found) = derivation(arena, equations, self.targets, seed);
        let trace = Trace {
            typed: self.typed,
            arena,
            equations,
            derivation: &derivation,
            bindings: &found.bindings,
            cotangent: found.cotangent,
            of,
            taken: &names.of_values(),
            answer,
            ends,
            jacobian,
            first,
            stated,
            shown: &mut self.shown,
        };
        build(trace, &mut *self.listener)
    }
}

impl Solution {
    /// The loss that the gradients of the answer belong to: the objective where it is a scalar with a
    /// name, else a name for any loss, the same as in the derivation.
    pub fn loss(&self) -> Name {
        let answer = &self.answer;
        let gradients = answer.results.iter().all(|r| r.wrt.len() == 1);
        if answer.shape.is_empty() && (answer.named || !gradients) {
            return answer.objective.clone();
        }
        Name { name: Names::new(&self.typed, answer).loss(), rank: 0 }
    }
}

/// Names that the program does not have.
struct Names {
    taken: FxHashSet<String>,
    /// Those of them that only indices have.
    indices: FxHashSet<String>,
    count: usize,
}

impl Names {
    fn new(typed: &Typed, answer: &Answer) -> Names {
        let mut taken: FxHashSet<String> =
            typed.program.names.iter().map(ToString::to_string).collect();
        let mut indices = taken.clone();
        for name in typed.names_of_values() {
            indices.remove(name);
        }
        for name in typed.dims.texts() {
            indices.remove(&*name);
        }
        taken.extend(typed.dims.texts().map(|t| t.to_string()));
        taken.insert(answer.objective.name.to_string());
        for b in &answer.bindings {
            if let Math::Symbol(s) | Math::Gradient(s) = &b.name {
                taken.insert(s.name.to_string());
                indices.remove(&*s.name);
            }
        }
        indices.remove(&*answer.objective.name);
        Names { taken, indices, count: 0 }
    }

    /// What an index must not be called.
    fn of_values(&self) -> FxHashSet<String> {
        self.taken.difference(&self.indices).cloned().collect()
    }

    fn free(&self, name: &str) -> bool {
        // `du` and `grad_u` belong to `u`
        !self.taken.contains(name)
            && !self.taken.contains(&format!("d{name}"))
            && !self.taken.contains(&format!("grad_{name}"))
    }

    fn loss(&mut self) -> Rc<str> {
        let name = ["L", "J", "E", "loss"].into_iter().find(|n| self.free(n));
        let name = name.map_or_else(|| self.numbered("L"), str::to_string);
        self.taken.insert(name.clone());
        name.as_str().into()
    }

    fn elaborate(
        &mut self,
        lowered: &mut Lowered,
        equations: &[Equation],
        targets: &[ExprId],
        named: &mut FxHashMap<ExprId, ExprId>,
    ) -> Vec<Equation> {
        let mut name = |rank: usize| self.inner(rank);
        elaborate(&mut lowered.arena, equations, targets, named, &mut name)
    }

    fn gradient(&mut self, rank: usize) -> Rc<str> {
        let list: [&str; 2] = if rank == 2 { ["G", "H"] } else { ["g", "h"] };
        let name = list.into_iter().find(|n| self.free(n));
        let name = name.map_or_else(|| self.numbered(list[0]), str::to_string);
        self.taken.insert(name.clone());
        name.as_str().into()
    }

    fn inner(&mut self, rank: usize) -> Rc<str> {
        let list = NAMES[rank.min(2)];
        let name = list.iter().find(|n| self.free(n));
        let name = name.map_or_else(|| self.numbered(list[0]), ToString::to_string);
        self.taken.insert(name.clone());
        name.as_str().into()
    }

    fn numbered(&mut self, stem: &str) -> String {
        loop {
            self.count += 1;
            let name = format!("{stem}{}", self.count);
            if self.free(&name) {
                return name;
            }
        }
    }
}
