//! Derivations: the sweep once more over elaborated equations, with a record of its steps.

use super::Solution;
use crate::calculus::elaborate::elaborate;
use crate::calculus::sweep::{Seed, derivation};
use crate::notation::answer::Answer;
use crate::notation::math::{Math, Symbol as Name};
use crate::notation::steps::{Steps, Trace, build};
use crate::shape::typed::Typed;
use crate::tensor::lower::{Equation, Lowered};
use crate::tensor::node::{ExprId, Properties, Symbol, SymbolKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Names for inner values, by the number of axes.
const NAMES: [&[&str]; 3] = [
    &["s", "t", "r", "q", "h"],
    &["u", "v", "z", "r", "s", "h"],
    &["U", "V", "Z", "P", "Q", "R", "H"],
];

/// The derivation of the gradients of an answer.
pub(super) fn gradient(
    typed: &Typed,
    lowered: &mut Lowered,
    targets: &[ExprId],
    answer: &Answer,
) -> Steps {
    let mut names = Names::new(typed, answer);
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
    let part = Part {
        equations: &equations,
        stated: 0,
        seed,
        of,
        first: None,
        jacobian: false,
        ends: true,
    };
    run(typed, lowered, targets, answer, &names, part)
}

/// The derivation of the Jacobians of an answer.
pub(super) fn jacobian(
    typed: &Typed,
    lowered: &mut Lowered,
    targets: &[ExprId],
    answer: &Answer,
) -> Steps {
    let mut names = Names::new(typed, answer);
    let mut named = FxHashMap::default();
    let equations = lowered.equations.clone();
    let equations = names.elaborate(lowered, &equations, targets, &mut named);
    let (seed, of) = (Seed::Identity, objective(lowered, &equations));
    let part = Part {
        equations: &equations,
        stated: 0,
        seed,
        of,
        first: None,
        jacobian: true,
        ends: true,
    };
    run(typed, lowered, targets, answer, &names, part)
}

/// The derivation of the second derivatives of an answer: of the gradient by each variable, then of
/// that gradient's derivatives.
pub(super) fn hessian(
    typed: &Typed,
    lowered: &mut Lowered,
    targets: &[ExprId],
    gradients: (&Answer, &[ExprId]),
    answer: &Answer,
) -> Steps {
    let mut names = Names::new(typed, answer);
    let mut named = FxHashMap::default();
    let equations = lowered.equations.clone();
    let base = names.elaborate(lowered, &equations, targets, &mut named);
    let of = objective(lowered, &base);
    let part = Part {
        equations: &base,
        stated: 0,
        seed: Seed::One,
        of,
        first: None,
        jacobian: false,
        ends: false,
    };
    let mut steps = run(typed, lowered, targets, gradients.0, &names, part);
    for (target, gradient) in targets.iter().zip(gradients.1) {
        let rank = lowered.arena.rank(*gradient);
        let axes = lowered.arena.axes(*gradient).into();
        let (_, symbol) = lowered.arena.symbol_expr(Symbol {
            name: names.gradient(rank),
            kind: SymbolKind::Objective,
            axes,
            properties: Properties::default(),
            order: u32::MAX,
        });
        let mut equations = base.clone();
        equations.push(Equation { symbol, body: *gradient });
        let equations = names.elaborate(lowered, &equations, targets, &mut named);
        let part = Part {
            equations: &equations,
            stated: base.len(),
            seed: Seed::Identity,
            of: name_of(lowered, symbol),
            first: Some(name_of(lowered, *target)),
            jacobian: true,
            ends: true,
        };
        steps.extend(run(typed, lowered, targets, answer, &names, part));
    }
    steps
}

fn name_of(lowered: &Lowered, symbol: ExprId) -> Name {
    let arena = &lowered.arena;
    let s = arena.symbol(arena.as_symbol(symbol).expect("what has a name is a symbol"));
    Name { name: s.name.clone(), rank: s.axes.len() as u8 }
}

/// The name of the value of the last equation.
fn objective(lowered: &Lowered, equations: &[Equation]) -> Name {
    name_of(lowered, equations.last().map_or(lowered.objective, |e| e.symbol))
}

/// Gives the unnamed objective a name that its derivative may speak of.
fn rename(lowered: &mut Lowered, equations: &mut [Equation], name: Rc<str>) {
    let Some(last) = equations.last_mut() else { return };
    let axes = lowered.arena.axes(last.symbol).into();
    last.symbol = lowered
        .arena
        .symbol_expr(Symbol {
            name,
            kind: SymbolKind::Objective,
            axes,
            properties: Properties::default(),
            order: u32::MAX,
        })
        .1;
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

fn run(
    typed: &Typed,
    lowered: &mut Lowered,
    targets: &[ExprId],
    answer: &Answer,
    names: &Names,
    part: Part<'_>,
) -> Steps {
    let Part { equations, stated, seed, of, first, jacobian, ends } = part;
    let arena = &mut lowered.arena;
    let (derivation, found) = derivation(arena, equations, targets, seed);
    build(Trace {
        typed,
        arena,
        equations,
        derivation: &derivation,
        bindings: &found.bindings,
        cotangent: found.cotangent,
        of,
        taken: &names.taken,
        answer,
        ends,
        jacobian,
        first,
        stated,
    })
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
    count: usize,
}

impl Names {
    fn new(typed: &Typed, answer: &Answer) -> Names {
        let mut taken: FxHashSet<String> =
            typed.program.names.iter().map(ToString::to_string).collect();
        taken.extend(typed.dims.texts().map(|t| t.to_string()));
        taken.insert(answer.objective.name.to_string());
        for b in &answer.bindings {
            if let Math::Symbol(s) | Math::Gradient(s) = &b.name {
                taken.insert(s.name.to_string());
            }
        }
        Names { taken, count: 0 }
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
