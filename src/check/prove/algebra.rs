//! The prover's normal form: functions are written by simpler ones, products are multiplied out,
//! and a sum of monomials is left. Equal expressions of elementary algebra become one node.
//!
//! Within it `log` stands for log|x|, which is additive for all nonzero arguments; wherever a claim's
//! own logarithms are defined the two agree. Every step holds wherever the claim is defined.

use crate::functions::{Function, Lowering};
use crate::identities::identities;
use crate::number::Number;
use crate::simplify::reachable;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, ExprId, MapFunction, Network, Node, Operand, Wires};
use crate::tensor::template::{Frame, Value, range, template};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

/// How many products a proof may form.
const BUDGET: usize = 6000;
/// The largest power that is multiplied out, and the largest multiple of an angle.
pub(super) const POWER: i64 = 12;
/// How deep definitions may stand in definitions.
const DEPTH: usize = 12;

/// The state of a proof.
pub(super) struct Algebra<'a> {
    pub(super) arena: &'a mut Arena,
    memo: FxHashMap<ExprId, ExprId>,
    budget: usize,
    depth: usize,
    /// The identities that were used, in order.
    pub(super) used: Vec<&'static str>,
}

/// A definition of the table of identities: `f(x) == …`.
struct Definition {
    function: &'static Function,
    name: &'static str,
    parameters: Vec<&'static str>,
    text: &'static str,
}

/// The entries of the table whose left side is a function of plain names: the first for each.
fn definitions() -> &'static [Definition] {
    static LIST: std::sync::OnceLock<Vec<Definition>> = std::sync::OnceLock::new();
    LIST.get_or_init(|| {
        let mut list: Vec<Definition> = Vec::new();
        for identity in identities() {
            let Some((left, text)) = identity.statement().split_once(" == ") else { continue };
            let Some((name, rest)) = left.split_once('(') else { continue };
            let Some(inner) = rest.strip_suffix(')') else { continue };
            let parameters: Vec<&str> = inner.split(", ").collect();
            let plain = |s: &str| s.len() == 1 && s.chars().all(|c| c.is_ascii_lowercase());
            if !parameters.iter().all(|p| plain(p)) || identity.program.contains('[') {
                continue;
            }
            let Some(function) = crate::functions::find(name) else { continue };
            let elementwise = matches!(
                function.lowering_for(parameters.len()),
                Lowering::Primitive(_) | Lowering::Definition(_)
            );
            if elementwise && !list.iter().any(|d| d.function == function) {
                list.push(Definition { function, name: identity.name, parameters, text });
            }
        }
        list
    })
}

/// The entries of the table that say what a function is at the negative of its argument.
fn reflections() -> &'static [Definition] {
    static LIST: std::sync::OnceLock<Vec<Definition>> = std::sync::OnceLock::new();
    LIST.get_or_init(|| {
        let read = |i: &crate::identities::Identity| {
            let (left, text) = i.statement().split_once(" == ")?;
            let function = crate::functions::find(left.strip_suffix("(-x)")?)?;
            Some(Definition { function, name: i.name, parameters: vec!["x"], text })
        };
        identities().iter().filter_map(read).collect()
    })
}

impl<'a> Algebra<'a> {
    pub(super) fn new(arena: &'a mut Arena) -> Algebra<'a> {
        arena.plain = true;
        Algebra { arena, memo: FxHashMap::default(), budget: BUDGET, depth: 0, used: Vec::new() }
    }

    pub(super) fn note(&mut self, name: &'static str) {
        if !self.used.contains(&name) {
            self.used.push(name);
        }
    }

    pub(super) fn spend(&mut self, amount: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(amount)?;
        Some(())
    }

    /// The normal form of an expression, or nothing where it costs too much.
    pub(super) fn normal(&mut self, root: ExprId) -> Option<ExprId> {
        if let Some(&known) = self.memo.get(&root) {
            return Some(known);
        }
        if self.depth > DEPTH {
            return None;
        }
        self.depth += 1;
        let mut list = reachable(self.arena, &[root]);
        list.sort_unstable_by_key(|id| id.0);
        for id in list {
            if !self.memo.contains_key(&id) {
                let new = self.step(id)?;
                self.memo.insert(id, new);
                self.memo.insert(new, new);
            }
        }
        self.depth -= 1;
        self.memo.get(&root).copied()
    }

    fn step(&mut self, id: ExprId) -> Option<ExprId> {
        self.spend(1)?;
        match self.arena.node(id) {
            Node::Symbol(_) => Some(id),
            Node::Add(terms) => {
                let axes: Axes = self.arena.axes(id).into();
                let list = terms.iter().map(|(c, e)| (c, self.memo[&e])).collect();
                Some(self.arena.add_ids(&axes, list))
            }
            Node::Einsum(view) => {
                let operands = view
                    .operands()
                    .map(|(e, w)| Operand { expr: self.memo[&e], wires: w.into() })
                    .collect();
                let sizes = (0..view.wires() as u32).map(|w| view.size(w)).collect();
                let output = view.output().into();
                self.multiply_out(Network { coefficient: Number::ONE, operands, output, sizes })
            }
            Node::Map(f, ids) => {
                let list: SmallVec<[ExprId; 4]> = ids.iter().map(|e| self.memo[&e]).collect();
                self.map(f, &list)
            }
            Node::Named { function, active, arguments } => {
                let list: SmallVec<[ExprId; 4]> = arguments.iter().map(|e| self.memo[&e]).collect();
                self.named(function, active, &list)
            }
            Node::Reduce(kind, active, e) => Some(self.arena.reduce(kind, active, self.memo[&e])),
            Node::Window { kind, active, width, argument } => {
                let axes: Axes = self.arena.axes(id).into();
                Some(self.arena.window(kind, active, width, self.memo[&argument], &axes))
            }
            Node::Matrix(kind, e) => {
                let built = self.arena.matrix(kind, self.memo[&e]);
                self.matrix(built)
            }
            Node::Apply(f, order, e) => Some(self.arena.apply(f, order, self.memo[&e])),
        }
    }

    /// A function of a matrix, perhaps transposed: a lemma of the table may open it.
    fn matrix(&mut self, id: ExprId) -> Option<ExprId> {
        let (c, e) = self.arena.split_scale(id);
        let (inner, wires, output) = match self.arena.node(e) {
            Node::Einsum(view) => match view.operands().collect::<Vec<_>>()[..] {
                [(o, wires)] => (o, wires.into(), view.output().into()),
                _ => return Some(id),
            },
            _ => (e, range(0, self.arena.rank(e)), range(0, self.arena.rank(e))),
        };
        let Some((name, other)) = crate::simplify::lemma(self.arena, inner) else {
            return Some(id);
        };
        self.note(name);
        let expr = self.normal(other)?;
        let sizes = self.arena.axes(expr).iter().copied().collect();
        let coefficient = self.arena.number_of(c).clone();
        let operands = smallvec![Operand { expr, wires }];
        self.multiply_out(Network { coefficient, operands, output, sizes })
    }

    /// The definition of a function of the table along the last `active` axes.
    fn named(&mut self, f: &'static Function, active: u32, arguments: &[ExprId]) -> Option<ExprId> {
        let Lowering::Named { definition, .. } = f.lowering_for(arguments.len()) else {
            return Some(self.arena.named(f, active, arguments));
        };
        let sizes: Axes = self.arena.axes(arguments[0]).into();
        let (rank, active) = (sizes.len(), active as usize);
        let parameters: SmallVec<[Value; 4]> = arguments
            .iter()
            .map(|&expr| Value { expr, wires: range(0, self.arena.rank(expr)) })
            .collect();
        let frame = Frame {
            parameters: &parameters,
            value: None,
            cotangent: None,
            active: &range(rank - active, rank),
            sizes: &sizes,
        };
        let value = self.arena.instantiate(template(definition, f.parameters), &frame);
        self.note(f.name);
        self.normal(value.expr)
    }

    fn map(&mut self, f: MapFunction, list: &[ExprId]) -> Option<ExprId> {
        let MapFunction::Known(function) = f else { return Some(self.arena.map(f, list)) };
        let known = self.arena.known;
        if function == known.pow {
            return self.power(list);
        }
        if function == known.exp {
            return Some(self.exponential(list[0]));
        }
        if function == known.log {
            return self.logarithm(list[0]);
        }
        if function == known.sin || function == known.cos {
            return self.angle(function, list[0]);
        }
        let mut list = list;
        let negated: [ExprId; 1];
        let mut found = definitions().iter().find(|d| d.function == function);
        if found.is_none()
            && let [argument] = *list
            && self.is_negative(argument)
        {
            negated = [self.arena.negate(argument)];
            found = reflections().iter().find(|d| d.function == function);
            list = if found.is_some() { &negated } else { list };
        }
        if let Some(d) = found.filter(|d| d.parameters.len() == list.len()) {
            let axes: Axes = list
                .iter()
                .map(|e| Axes::from_slice(self.arena.axes(*e)))
                .max_by_key(SmallVec::len)
                .unwrap_or_default();
            let parameters: SmallVec<[Value; 4]> = list
                .iter()
                .map(|&expr| Value { expr, wires: range(0, self.arena.rank(expr)) })
                .collect();
            let active = Wires::new();
            let frame = Frame {
                parameters: &parameters,
                value: None,
                cotangent: None,
                active: &active,
                sizes: &axes,
            };
            let value = self.arena.instantiate(template(d.text, &d.parameters), &frame);
            self.note(d.name);
            return self.normal(value.expr);
        }
        Some(self.arena.map(f, list))
    }

    /// Whether the first term of a sum, in the order of the arena, has the sign minus.
    fn is_negative(&self, e: ExprId) -> bool {
        match self.arena.node(e) {
            Node::Add(terms) if !terms.is_empty() => {
                self.arena.number_of(terms.get(0).0).is_negative()
            }
            _ => false,
        }
    }

    /// The terms of a sum.
    pub(super) fn terms(&self, id: ExprId) -> TermList {
        match self.arena.node(id) {
            Node::Add(terms) => terms.iter().collect(),
            _ => smallvec![(crate::tensor::arena::ONE, id)],
        }
    }

    /// A product of sums as a sum of products.
    pub(super) fn multiply_out(&mut self, network: Network) -> Option<ExprId> {
        let axes: Axes = network.output.iter().map(|w| network.sizes[*w as usize]).collect();
        let mut terms: TermList = SmallVec::new();
        let mut todo: Vec<Network> = vec![network];
        while let Some(network) = todo.pop() {
            self.spend(1)?;
            if let Some(at) = network.operands.iter().position(|o| self.opens(o.expr)) {
                self.open(&network, at, &mut todo)?;
                continue;
            }
            let built = self.arena.einsum(network);
            let (c, e) = self.arena.split_scale(built);
            match self.arena.node(e) {
                Node::Einsum(view) if view.operands().any(|(o, _)| self.opens(o)) => {
                    let operands = view
                        .operands()
                        .map(|(e, w)| Operand { expr: e, wires: w.into() })
                        .collect();
                    let sizes = (0..view.wires() as u32).map(|w| view.size(w)).collect();
                    let output = view.output().into();
                    let coefficient = self.arena.number_of(c).clone();
                    todo.push(Network { coefficient, operands, output, sizes });
                }
                _ if self.opens(built) => {
                    let rank = self.arena.rank(built);
                    let operands = smallvec![Operand { expr: built, wires: range(0, rank) }];
                    let sizes = axes.iter().copied().collect();
                    let output = range(0, rank);
                    todo.push(Network { coefficient: Number::ONE, operands, output, sizes });
                }
                _ => terms.push((c, e)),
            }
        }
        Some(self.arena.add_ids(&axes, terms))
    }

    /// Whether a factor is a sum, or a power that the algebra writes as one.
    pub(super) fn opens(&self, e: ExprId) -> bool {
        if matches!(self.arena.node(e), Node::Add(t) if t.len() != 1) {
            return true;
        }
        let Some((base, n)) = self.arena.as_power(e) else { return false };
        let Some(n) = self.arena.number_of(n).as_integer() else { return false };
        let sum = matches!(self.arena.node(base), Node::Add(t) if t.len() > 1);
        (2..=POWER).contains(&n)
            && (sum || self.is_reduced_power(base) || n <= 4 && self.is_contraction(base))
    }

    /// Whether the square of a base is written by others: sin² = 1 − cos², and a step is its square.
    fn is_reduced_power(&self, base: ExprId) -> bool {
        match self.arena.node(base) {
            Node::Map(MapFunction::Known(f), _) => {
                f == self.arena.known.sin || f == self.arena.known.step
            }
            Node::Map(MapFunction::Compare(_), _) => true,
            _ => false,
        }
    }

    fn open(&mut self, network: &Network, at: usize, todo: &mut Vec<Network>) -> Option<()> {
        let Operand { expr, wires } = network.operands[at].clone();
        let with = |list: &[ExprId], c: &Number| {
            let mut new = network.clone();
            new.operands.remove(at);
            new.operands.extend(list.iter().map(|e| Operand { expr: *e, wires: wires.clone() }));
            new.coefficient = new.coefficient.mul(c);
            new
        };
        if let Node::Add(terms) = self.arena.node(expr) {
            let list: TermList = terms.iter().collect();
            self.spend(list.len())?;
            for (c, e) in list {
                let c = self.arena.number_of(c).clone();
                todo.push(with(&[e], &c));
            }
            return Some(());
        }
        let (base, n) = self.arena.as_power(expr)?;
        let n = self.arena.number_of(n).as_integer()?;
        if let Node::Add(_) = self.arena.node(base) {
            let power = self.constant_power(base, &Number::integer(n))?;
            todo.push(with(&[power], &Number::ONE));
            return Some(());
        }
        if self.is_contraction(base) {
            todo.push(with(&vec![base; usize::try_from(n).ok()?], &Number::ONE));
            return Some(());
        }
        let less = self.arena.power(base, &Number::integer(n - 2));
        match self.arena.node(base) {
            Node::Map(MapFunction::Known(f), ids) if f == self.arena.known.sin => {
                let cosine = MapFunction::Known(self.arena.known.cos);
                let cos = self.arena.map(cosine, &[ids.get(0)]);
                let square = self.arena.power(cos, &Number::integer(2));
                self.note("pythagoras");
                todo.push(with(&[less], &Number::ONE));
                todo.push(with(&[less, square], &Number::MINUS_ONE));
            }
            _ => todo.push(with(&[base], &Number::ONE)),
        }
        Some(())
    }
}
