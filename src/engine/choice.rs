//! Which of several right forms of a gradient is shown: with names for cotangents or without, and
//! with definitions as names that nothing is known of, or written out where that is lighter.

use super::{SAVED, settle};
use crate::calculus::rules::Corruption;
use crate::calculus::sweep::{Naming, Seed, gradients};
use crate::simplify::{by_name, simplify};
use crate::tensor::arena::Arena;
use crate::tensor::lower::{Equation, Lowered};
use crate::tensor::node::{ExprId, Node, Wire};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

/// An answer up to this weight is short enough without names for the cotangents of unnamed values.
const SHORT: u32 = 44;
/// With more definitions than this an answer is surely much longer where cotangents or definitions
/// are written out.
const LAYERS: usize = 32;

/// Gradients as one way of naming cotangents has them, simplified.
pub(super) struct Settled {
    pub(super) cotangent: Option<ExprId>,
    pub(super) values: Vec<ExprId>,
    pub(super) bindings: Vec<Equation>,
    /// Whether cotangents of unnamed values are among the bindings.
    parts: bool,
    weight: u32,
}

/// The gradient of the objective by each target, in the form to be shown.
pub(super) fn gradient(
    lowered: &mut Lowered,
    targets: &[ExprId],
    corruption: Option<Corruption>,
) -> Settled {
    let scalar = lowered.arena.rank(lowered.objective) == 0;
    let seed = if scalar { Seed::One } else { Seed::Cotangent };
    let sweep = |lowered: &mut Lowered, naming| {
        let found = gradients(lowered, targets, seed, naming, corruption);
        let (values, bindings) = settle(lowered, &found.results, &found.bindings);
        let weight = weight(&lowered.arena, &values, &bindings);
        Settled { cotangent: found.cotangent, values, bindings, parts: found.parts, weight }
    };
    let names = if lowered.equations.len() > LAYERS { Naming::Parts } else { Naming::Definitions };
    let mut found = sweep(lowered, names);
    if match names {
        Naming::Parts => found.parts && found.bindings.len() <= LAYERS,
        _ => found.weight > SHORT && found.parts,
    } {
        // what goes by a name meets nothing that it would cancel with
        let other = match names {
            Naming::Parts => sweep(lowered, Naming::Definitions),
            _ => std::mem::replace(&mut found, sweep(lowered, Naming::Parts)),
        };
        if other.weight < found.weight.saturating_add(SAVED.max(found.weight / 2)) {
            found = other;
        }
    }
    if any_may_cancel(lowered, targets) {
        let names: Vec<Named> = lowered.equations.iter().map(|e| (e.body, e.symbol)).collect();
        let own = if lowered.named { &names[..] } else { &names[..names.len() - 1] };
        found.rename(&mut lowered.arena, own);
        let own = own.to_vec();
        for all in [true, false] {
            let (equations, mut names) = written_out(lowered, all);
            // what has names inside by now
            names.extend(&own);
            let own = std::mem::replace(&mut lowered.equations, equations);
            let mut other = sweep(lowered, Naming::Definitions);
            lowered.equations = own;
            other.rename(&mut lowered.arena, &names);
            if other.weight < found.weight {
                found = other;
            }
        }
    }
    found
}

impl Settled {
    /// Writes everything by these names.
    fn rename(&mut self, arena: &mut Arena, names: &[Named]) {
        let bodies = self.bindings.iter().map(|b| b.body);
        let all: Vec<ExprId> = self.values.iter().copied().chain(bodies).collect();
        let renamed = by_name(arena, &all, names);
        let renamed = simplify(arena, &renamed, &FxHashMap::default());
        let (values, bodies) = renamed.split_at(self.values.len());
        self.values.copy_from_slice(values);
        for (binding, body) in self.bindings.iter_mut().zip(bodies) {
            binding.body = *body;
        }
        // what became nothing needs no name
        let (gone, left): (Vec<Equation>, Vec<Equation>) =
            self.bindings.iter().partition(|b| arena.is_zero(b.body));
        if !gone.is_empty() {
            let nothing = gone.iter().map(|b| (b.symbol, b.body)).collect();
            let all: Vec<ExprId> =
                self.values.iter().copied().chain(left.iter().map(|b| b.body)).collect();
            let settled = simplify(arena, &all, &nothing);
            let (values, bodies) = settled.split_at(self.values.len());
            self.values.copy_from_slice(values);
            let kept = left.iter().zip(bodies);
            self.bindings =
                kept.map(|(b, body)| Equation { symbol: b.symbol, body: *body }).collect();
        }
        self.weight = weight(arena, &self.values, &self.bindings);
    }
}

/// The weight of an answer.
fn weight(arena: &Arena, values: &[ExprId], bindings: &[Equation]) -> u32 {
    let all = values.iter().copied().chain(bindings.iter().map(|b| b.body));
    all.fold(0, |sum: u32, e| sum.saturating_add(arena.weight(e)))
}

/// An expression and the name that it goes by.
type Named = (ExprId, ExprId);

/// Whether there are definitions with which something may cancel where they are written out.
fn any_may_cancel(lowered: &Lowered, targets: &[ExprId]) -> bool {
    let Some((_, definitions)) = lowered.equations.split_last() else { return false };
    definitions.len() < LAYERS
        && !definitions.iter().any(|e| targets.contains(&e.symbol))
        && definitions.iter().any(|e| may_cancel(&lowered.arena, e.body))
}

/// The equations with definitions written out, all or those alone with which something may cancel, and what each of these
/// then says with its symbol.
fn written_out(lowered: &mut Lowered, all: bool) -> (Vec<Equation>, Vec<Named>) {
    let (objective, named) = (lowered.objective, lowered.named);
    let arena = &mut lowered.arena;
    let mut closed: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    let (mut equations, mut names) = (Vec::new(), Vec::new());
    for e in &lowered.equations {
        let body = simplify(arena, &[e.body], &closed)[0];
        if e.symbol == objective || !all && !may_cancel(arena, e.body) {
            equations.push(Equation { symbol: e.symbol, body });
        } else {
            closed.insert(e.symbol, body);
        }
        if e.symbol != objective || named || arena.rank(objective) > 0 {
            names.push((body, e.symbol));
        }
    }
    (equations, names)
}

/// Whether something may cancel where this is written out: it sums the entries of one array, inverts
/// a matrix or puts matrices side by side.
fn may_cancel(arena: &Arena, body: ExprId) -> bool {
    let mut stack: SmallVec<[ExprId; 16]> = smallvec![body];
    while let Some(id) = stack.pop() {
        match arena.node(id) {
            Node::Matrix(..) => return true,
            Node::Symbol(_) if arena.rank(body) == 2 && arena.is_part(id) => return true,
            Node::Einsum(view) => {
                let alone = |w: Wire| {
                    let holds = || view.operands().filter(|(_, wires)| wires.contains(&w)).count();
                    !view.output().contains(&w) && holds() == 1
                };
                if (0..view.wires() as Wire).any(alone) {
                    return true;
                }
            }
            _ => {}
        }
        arena.children(id, |c| stack.push(c));
    }
    false
}
