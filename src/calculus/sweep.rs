//! The reverse sweep over the equations of a program.
//!
//! Costs are linear in the number of nodes: each equation is swept once, each node in it once, in
//! the order of decreasing ids (children have smaller ids). A definition is a cut: the sweep stops
//! at its symbol, and its cotangent gets a name of its own (`∇u`) unless it is small or speaks of
//! `u` itself, so that an answer has a line a layer, as a textbook's backward pass.

use super::collected::Collected;
use super::derivation::{Derivation, Law, Step};
use super::rules::{Contribution, Corruption, Rules, is_flat};
use crate::shape::dim::DimId;
use crate::tensor::arena::Arena;
use crate::tensor::lower::{Differentiate, Equation, Lowered};
use crate::tensor::memo::Memo;
use crate::tensor::node::{Axes, ExprId, Node, Symbol, SymbolKind};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

/// A cotangent that is no heavier than this is carried on rather than named.
const TRIVIAL: u32 = 3;
/// A cotangent that mentions its own value is carried on up to this weight: `−y ⊘ p` meets `p` in
/// the next step.
const LOCAL: u32 = 32;

/// The cotangent of an unnamed value on which more than one derivative depends gets a name from this
/// weight on: it is the δ of a textbook's backward pass.
const DELTA: u32 = 10;

/// So many derivatives in a chain of elementwise functions are multiplied at once.
const RUN: usize = 16;

/// What the sweep starts with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seed {
    /// 1, for the gradient of a scalar.
    One,
    /// The symbol `∇y`, for the vector–Jacobian product.
    Cotangent,
    /// The identity on the objective's axes, for the Jacobian.
    Identity,
}

/// Which cotangents get names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Naming {
    /// None.
    Nothing,
    /// Those of definitions that are neither small nor speak of their own value.
    Definitions,
    /// These, and long ones, of unnamed values too, on which more than one derivative depends.
    Parts,
    /// Those of all definitions.
    Every,
}

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Gradients {
    /// The total derivative by each target.
    pub results: Vec<ExprId>,
    /// Named cotangents, from the objective backwards: later ones are in terms of earlier ones. Those
    /// of unnamed values have symbols of kind [`SymbolKind::Shared`], all of one name.
    pub bindings: Vec<Equation>,
    /// Whether some of these are there by [`Naming::Parts`] alone, or with [`Naming::Definitions`]
    /// would be.
    pub parts: bool,
    /// The symbol `∇y`, where the seed is one.
    pub cotangent: Option<ExprId>,
}

/// Differentiates the objective by each of `targets` (symbols of variables or definitions); with
/// `naming` cotangents get names.
///
/// **Shapes.** A result has the axes of the objective first where the seed is
/// [`Seed::Identity`], then those of its target.
pub fn gradients(
    lowered: &mut Lowered,
    targets: &[ExprId],
    seed: Seed,
    naming: Naming,
    corruption: Option<Corruption>,
) -> Gradients {
    let arena = &mut lowered.arena;
    let objective = lowered.objective;
    let axes = Axes::from_slice(arena.axes(objective));
    let (g, cotangent) = match seed {
        Seed::One => (arena.ones(&[]), None),
        Seed::Cotangent => {
            let symbol = cotangent_symbol(arena, objective, &[]);
            (symbol, Some(symbol))
        }
        Seed::Identity => (identity(arena, &axes), None),
    };
    // an unnamed scalar is written out in its own derivative
    let anonymous = !lowered.named && axes.is_empty();
    let start = Start {
        objective,
        g,
        seed: if seed == Seed::Identity { axes } else { Axes::new() },
        anonymous,
        naming,
        corruption,
    };
    let Swept { results, bindings, parts } = sweep(arena, &lowered.equations, targets, start, None);
    Gradients { results, bindings, parts, cotangent }
}

/// As [`gradients`], of these equations and with a record of every step; the last equation is the
/// objective's. The cotangent of every definition is named, and none but the last equation's is
/// `g`, which has `seed` axes before those of the objective.
pub fn derivation(
    arena: &mut Arena,
    equations: &[Equation],
    targets: &[ExprId],
    seed: Seed,
) -> (Derivation, Gradients) {
    let Some(objective) = equations.last().map(|e| e.symbol) else {
        let found = Gradients::default();
        return (Derivation::default(), found);
    };
    let axes = Axes::from_slice(arena.axes(objective));
    let (g, cotangent) = match seed {
        Seed::One => (arena.ones(&[]), None),
        Seed::Cotangent => {
            let symbol = cotangent_symbol(arena, objective, &[]);
            (symbol, Some(symbol))
        }
        Seed::Identity => (identity(arena, &axes), None),
    };
    let seed = if seed == Seed::Identity { axes } else { Axes::new() };
    let mut record = Derivation { seed: seed.len(), ..Derivation::default() };
    let (anonymous, naming, corruption) = (false, Naming::Every, None);
    let start = Start { objective, g, seed, anonymous, naming, corruption };
    let Swept { results, bindings, parts } =
        sweep(arena, equations, targets, start, Some(&mut record));
    let passed: rustc_hash::FxHashSet<ExprId> = record.totals.iter().map(|t| t.0).collect();
    let named = |t: &ExprId| passed.contains(t);
    let rest: Vec<(ExprId, ExprId)> =
        targets.iter().copied().zip(results.iter().copied()).filter(|(t, _)| !named(t)).collect();
    record.totals.extend(rest);
    (record, Gradients { results, bindings, parts, cotangent })
}

/// Reverse accumulation as the meaning of derivatives inside a program.
#[derive(Clone, Copy, Debug)]
pub struct ReverseMode;

impl Differentiate for ReverseMode {
    fn derivative(
        &self,
        arena: &mut Arena,
        equations: &[Equation],
        y: ExprId,
        by: ExprId,
        cotangent: Option<ExprId>,
    ) -> ExprId {
        derivatives(arena, equations, y, &[by], cotangent, None)[0]
    }
}

/// The total derivatives of an unnamed value: the Jacobian, or with a cotangent the
/// vector–Jacobian product.
pub fn derivatives(
    arena: &mut Arena,
    equations: &[Equation],
    y: ExprId,
    targets: &[ExprId],
    cotangent: Option<ExprId>,
    corruption: Option<Corruption>,
) -> Vec<ExprId> {
    let axes = Axes::from_slice(arena.axes(y));
    // the value gets a name for the length of the sweep
    let value = Symbol::new("value".into(), SymbolKind::Objective);
    let objective = arena.symbol_expr(value, &axes);
    let mut all = equations.to_vec();
    all.push(Equation { symbol: objective, body: y });
    let g = cotangent.unwrap_or_else(|| identity(arena, &axes));
    let seed = if cotangent.is_some() { Axes::new() } else { axes };
    let (anonymous, naming) = (true, Naming::Nothing);
    let start = Start { objective, g, seed, anonymous, naming, corruption };
    sweep(arena, &all, targets, start, None).results
}

/// What a sweep starts from.
struct Start {
    objective: ExprId,
    /// The cotangent of the objective.
    g: ExprId,
    /// The axes that the cotangent has before the objective's.
    seed: Axes,
    /// Whether the objective's name must not occur in results.
    anonymous: bool,
    /// Which cotangents get names.
    naming: Naming,
    corruption: Option<Corruption>,
}

/// The total derivative by each target, the named cotangents, and whether parts are among these.
struct Swept {
    results: Vec<ExprId>,
    bindings: Vec<Equation>,
    parts: bool,
}

/// Sweeps the equations backwards.
fn sweep(
    arena: &mut Arena,
    equations: &[Equation],
    targets: &[ExprId],
    start: Start,
    record: Option<&mut Derivation>,
) -> Swept {
    let Start { objective, g, seed, anonymous, naming, corruption } = start;
    // in equations that were rewritten a symbol may be older than its body
    let depends = if record.is_some() || equations.iter().any(|e| e.symbol.0 < e.body.0) {
        dependence_in_order(arena, equations, targets)
    } else {
        dependence(arena, equations, targets)
    };
    let mut sweep = Sweep {
        rules: Rules { arena, seed: seed.len(), corruption },
        depends,
        slots: Vec::new(),
        collected: Collected::default(),
        contributions: Vec::new(),
        local: Vec::with_capacity(16),
        stack: Vec::with_capacity(16),
        once: Vec::with_capacity(16),
        cotangents: Vec::with_capacity(16),
        anonymous: anonymous.then_some(objective),
        objective,
        deltas: Vec::new(),
        named_parts: match naming {
            Naming::Parts => Parts::Named,
            Naming::Definitions => Parts::Sought,
            _ => Parts::Unnamed,
        },
        known: FxHashMap::default(),
        record,
    };
    sweep.collected.push(objective, g);
    let wanted: rustc_hash::FxHashSet<ExprId> = targets.iter().copied().collect();
    let (mut bindings, mut parts) = (Vec::new(), false);
    let mut totals: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for (position, equation) in equations.iter().enumerate().rev() {
        let list = sweep.collected.take(equation.symbol);
        if list.is_empty() {
            continue;
        }
        let mut total = sweep.rules.arena.sum_of(&list);
        if wanted.contains(&equation.symbol) {
            totals.insert(equation.symbol, total);
        }
        if let Some(record) = sweep.record.as_deref_mut().filter(|_| equation.symbol != objective) {
            record.totals.push((equation.symbol, total));
        }
        if !sweep.depends(equation.body) {
            continue;
        }
        let named = match naming {
            Naming::Nothing => false,
            Naming::Definitions | Naming::Parts => {
                deserves_name(sweep.rules.arena, equation.symbol, total)
            }
            Naming::Every => true,
        };
        if named && equation.symbol != objective {
            let symbol = cotangent_symbol(sweep.rules.arena, equation.symbol, &seed);
            bindings.push(Equation { symbol, body: total });
            total = symbol;
        }
        sweep.equation(position, *equation, total);
        parts |= !sweep.deltas.is_empty() || sweep.named_parts == Parts::Found;
        bindings.append(&mut sweep.deltas);
    }
    let arena = sweep.rules.arena;
    let collected = sweep.collected;
    let results = targets
        .iter()
        .map(|t| match (totals.get(t), collected.of(*t)) {
            (Some(total), _) => *total,
            (None, list @ [_, ..]) => arena.sum_of(list),
            (None, []) => {
                let mut shape = seed.clone();
                shape.extend(arena.axes(*t).iter().copied());
                arena.zero(&shape)
            }
        })
        .collect();
    Swept { results, bindings, parts }
}

/// The identity map on arrays with these axes: their δ's, output axes first.
fn identity(arena: &mut Arena, axes: &[DimId]) -> ExprId {
    use crate::tensor::node::{Network, Wires};
    let n = axes.len() as u32;
    let output: Wires = (0..n).chain(0..n).collect();
    arena.einsum(Network {
        coefficient: crate::number::Number::ONE,
        operands: SmallVec::new(),
        output,
        sizes: axes.into(),
    })
}

/// `∇u` for the symbol `u`, with the seed's axes first.
fn cotangent_symbol(arena: &mut Arena, of: ExprId, seed: &[DimId]) -> ExprId {
    let id = arena.as_symbol(of).expect("a definition or objective is a symbol");
    let symbol = arena.symbol(id);
    let name = symbol.name.clone();
    let order = symbol.order;
    let axes: Axes = seed.iter().chain(arena.axes(of)).copied().collect();
    arena.symbol_expr(Symbol { order, ..Symbol::new(name, SymbolKind::Cotangent) }, &axes)
}

fn deserves_name(arena: &Arena, symbol: ExprId, total: ExprId) -> bool {
    let weight = arena.weight(total);
    weight > TRIVIAL && !(weight <= LOCAL && mentions(arena, total, symbol))
}

/// Whether a small expression contains a symbol.
fn mentions(arena: &Arena, root: ExprId, symbol: ExprId) -> bool {
    let mut stack: SmallVec<[ExprId; 16]> = smallvec![root];
    while let Some(id) = stack.pop() {
        if id == symbol {
            return true;
        }
        arena.children(id, |c| stack.push(c));
    }
    false
}

/// For every node there is now: whether a derivative by a target passes through it, through
/// definitions too.
fn dependence(arena: &Arena, equations: &[Equation], targets: &[ExprId]) -> Vec<bool> {
    let mut bodies = Memo::with_room(arena.len());
    for e in equations {
        bodies.set_expr(e.symbol, e.body);
    }
    let mut depends = vec![false; arena.len()];
    for t in targets {
        depends[t.0 as usize] = true;
    }
    for at in 0..arena.len() {
        if depends[at] {
            continue;
        }
        let id = arena.id_at(at);
        let mut found = false;
        if let Node::Symbol(_) = arena.node(id) {
            found = bodies.expr(id).is_some_and(|b| depends[b.0 as usize]);
        } else if !is_flat(arena, id) {
            arena.children(id, |c| found |= depends[c.0 as usize]);
        }
        depends[at] = found;
    }
    depends
}

/// As [`dependence`], for what the equations reach; equations come in the order of dependence, but
/// their symbols in any.
pub(super) fn dependence_in_order(
    arena: &Arena,
    equations: &[Equation],
    targets: &[ExprId],
) -> Vec<bool> {
    let mut depends = vec![false; arena.len()];
    let mut seen = vec![false; arena.len()];
    for t in targets {
        depends[t.0 as usize] = true;
    }
    let (mut stack, mut local) = (Vec::new(), Vec::new());
    for equation in equations {
        stack.push(equation.body);
        while let Some(id) = stack.pop() {
            if !std::mem::replace(&mut seen[id.0 as usize], true) {
                local.push(id);
                arena.children(id, |c| stack.push(c));
            }
        }
        local.sort_unstable_by_key(|id: &ExprId| id.0);
        for id in local.drain(..) {
            let mut found = depends[id.0 as usize];
            if !is_flat(arena, id) {
                arena.children(id, |c| found |= depends[c.0 as usize]);
            }
            depends[id.0 as usize] = found;
        }
        depends[equation.symbol.0 as usize] |= depends[equation.body.0 as usize];
    }
    depends
}

/// What is done with long cotangents of unnamed values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// They get no names.
    Unnamed,
    /// They get none, and it is asked whether there are any.
    Sought,
    /// There are.
    Found,
    /// They get names.
    Named,
}

struct Sweep<'a> {
    rules: Rules<'a>,
    depends: Vec<bool>,
    /// For each node of the equation at hand its position in the local list, plus one.
    slots: Vec<u32>,
    collected: Collected,
    contributions: Vec<Contribution>,
    /// The nodes of the equation at hand that depend on a target, parents first.
    local: Vec<ExprId>,
    stack: Vec<ExprId>,
    /// Whether each of them is used once there.
    once: Vec<bool>,
    /// What each of them collected.
    cotangents: Vec<SmallVec<[ExprId; 2]>>,
    /// An objective whose symbol must not occur in results.
    anonymous: Option<ExprId>,
    objective: ExprId,
    /// The long cotangents of the equation at hand that got names.
    deltas: Vec<Equation>,
    named_parts: Parts,
    /// Their symbols by what they stand for.
    known: FxHashMap<ExprId, ExprId>,
    /// Where steps are written down, if they are.
    record: Option<&'a mut Derivation>,
}

impl Sweep<'_> {
    fn depends(&self, id: ExprId) -> bool {
        self.depends.get(id.0 as usize).copied().unwrap_or(false)
    }

    fn equation(&mut self, position: usize, equation: Equation, total: ExprId) {
        let mut local = std::mem::take(&mut self.local);
        local.clear();
        let mut stack = std::mem::take(&mut self.stack);
        stack.push(equation.body);
        self.slots.resize(self.depends.len(), 0);
        while let Some(id) = stack.pop() {
            if !self.depends(id) {
                continue;
            }
            // for now how often it is used
            self.slots[id.0 as usize] += 1;
            if self.slots[id.0 as usize] == 1 {
                local.push(id);
                self.rules.arena.children(id, |c| stack.push(c));
            }
        }
        self.stack = stack;
        local.sort_unstable_by_key(|id| std::cmp::Reverse(id.0));
        self.once.clear();
        for (place, id) in local.iter().enumerate() {
            let slot = &mut self.slots[id.0 as usize];
            self.once.push(*slot == 1);
            *slot = place as u32 + 1;
        }
        let mut cotangents = std::mem::take(&mut self.cotangents);
        cotangents.clear();
        cotangents.resize_with(local.len(), SmallVec::new);
        cotangents[0].push(total);
        for (place, &id) in local.iter().enumerate() {
            let list = std::mem::take(&mut cotangents[place]);
            if list.is_empty() {
                continue;
            }
            let g = self.rules.arena.sum_of(&list);
            if self.rules.arena.as_symbol(id).is_some() {
                self.collected.push(id, g);
                if id == equation.body {
                    self.record(position, (id, equation.symbol, g), &[(id, g)]);
                }
                continue;
            }
            if self.rules.arena.is_zero(g) {
                continue;
            }
            let named = id == equation.body && self.anonymous != Some(equation.symbol);
            let value = if named { equation.symbol } else { id };
            let owner = (id == equation.body && equation.symbol != self.objective)
                .then_some(equation.symbol);
            let g = self.delta(id, owner, g);
            if let Some((end, g)) = self.run(id, value, g) {
                cotangents[self.slots[end.0 as usize] as usize - 1].push(g);
                continue;
            }
            let depends = &self.depends;
            let test = |e: ExprId| depends.get(e.0 as usize).copied().unwrap_or(false);
            self.contributions.clear();
            self.rules.apply(id, value, g, &test, &mut self.contributions);
            if self.record.is_some() {
                let contributions = std::mem::take(&mut self.contributions);
                self.record(position, (id, value, g), &contributions);
                self.contributions = contributions;
            }
            for (child, contribution) in self.contributions.drain(..) {
                let slot = self.slots[child.0 as usize];
                cotangents[slot as usize - 1].push(contribution);
            }
        }
        for id in &local {
            self.slots[id.0 as usize] = 0;
        }
        (self.local, self.cotangents) = (local, cotangents);
    }

    /// A name for a cotangent that has none, where it is long and goes to more than one part: `∇u`
    /// where the value is that of a definition, its `owner`.
    fn delta(&mut self, id: ExprId, owner: Option<ExprId>, g: ExprId) -> ExprId {
        let (arena, depends) = (&mut *self.rules.arena, &self.depends);
        if !matches!(self.named_parts, Parts::Named | Parts::Sought) {
            return g;
        }
        if arena.rank(g) == 0 || arena.weight(g) < DELTA {
            return g;
        }
        if let Some(symbol) = self.known.get(&g) {
            return *symbol;
        }
        let mut parts: SmallVec<[ExprId; 8]> = SmallVec::new();
        arena.children(id, |c| parts.push(c));
        // what may cancel is carried on
        let cancels = |e: ExprId| arena.as_power(e).is_some_and(|p| parts.contains(&p.0));
        let carried = match arena.node(g) {
            Node::Einsum(view) => view.operands().any(|(e, _)| cancels(e)),
            _ => cancels(g),
        };
        if carried || parts.iter().filter(|c| depends.get(c.0 as usize) == Some(&true)).count() < 2
        {
            return g;
        }
        if self.named_parts == Parts::Sought {
            self.named_parts = Parts::Found;
            return g;
        }
        let symbol = match owner {
            Some(owner) => cotangent_symbol(arena, owner, &[]),
            None => {
                let axes = Axes::from_slice(arena.axes(g));
                arena.symbol_expr(Symbol::new("delta".into(), SymbolKind::Shared), &axes)
            }
        };
        self.deltas.push(Equation { symbol, body: g });
        self.known.insert(g, symbol);
        symbol
    }

    fn record(
        &mut self,
        equation: usize,
        (node, value, cotangent): (ExprId, ExprId, ExprId),
        contributions: &[Contribution],
    ) {
        let Some(record) = self.record.as_deref_mut() else { return };
        let law = Law::of(self.rules.arena, node);
        let equation = equation as u32;
        record.steps.extend(contributions.iter().map(|&(child, contribution)| Step {
            law,
            equation,
            node,
            value,
            cotangent,
            child,
            contribution,
        }));
    }

    /// Follows a chain of two or more functions of one argument, each used by the one before alone,
    /// and multiplies their derivatives in one product: `g ⊙ f′(u) ⊙ h′(v) ⊙ …`. Gives the node at
    /// which it ends, and that node's cotangent. One after the other, the product would be built
    /// again for every factor.
    fn run(&mut self, id: ExprId, value: ExprId, g: ExprId) -> Option<(ExprId, ExprId)> {
        // steps are shown one by one
        if self.record.is_some() {
            return None;
        }
        let mut factors: SmallVec<[ExprId; RUN + 2]> = smallvec![g];
        let (mut end, mut value) = (id, value);
        let mut next = self.rules.argument(id);
        while let Some(x) = next.filter(|_| factors.len() <= RUN) {
            let once = self.once[self.slots[x.0 as usize] as usize - 1];
            next = if once { self.rules.argument(x) } else { None };
            if factors.len() == 1 && next.is_none() {
                return None;
            }
            let Some(factor) = self.rules.factor(end, x, value) else { break };
            factors.push(factor);
            (end, value) = (x, x);
        }
        (factors.len() > 1).then(|| (end, self.rules.arena.hadamard(&factors)))
    }
}
