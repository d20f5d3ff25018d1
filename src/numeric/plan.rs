//! What depends on what: the order of an evaluation and the part of it that a change reaches.

use super::arithmetic::Arithmetic;
use super::eval::{Evaluator, Varied};
use crate::shape::typed::{DefinitionId, Fill, Meaning, Typed};
use crate::syntax::ast::{Expr, NodeId};

/// The most nodes of an expression that is looked at as a constant.
const LARGEST_CONSTANT: usize = 64;

/// Which variables the value of a node depends on, by their ids.
pub fn variables_of(typed: &Typed, target: NodeId) -> Vec<bool> {
    let mut used = vec![false; typed.variables.len()];
    for id in reachable(typed, &[target]) {
        if let Meaning::Variable(v) = typed.meaning(id) {
            used[v.0 as usize] = true;
        }
    }
    used
}

impl<S: Arithmetic> Evaluator<'_, S> {
    /// The nodes that these depend on and they themselves, in the order of evaluation.
    pub fn plan(&self, targets: &[NodeId]) -> Vec<NodeId> {
        reachable(self.typed, targets)
    }

    /// The part of a plan whose values change when these are varied.
    pub fn dependent(&self, plan: &[NodeId], varied: &[Varied]) -> Vec<NodeId> {
        let typed = self.typed;
        let mut variables = vec![false; typed.variables.len()];
        let mut definitions = vec![false; typed.definitions.len()];
        for v in varied {
            match v {
                Varied::Variable(v) => variables[v.0 as usize] = true,
                Varied::Definition(d) => definitions[d.0 as usize] = true,
            }
        }
        let mut moves = vec![false; typed.program.nodes.len()];
        let mut out = Vec::new();
        for &id in plan {
            let moved = match typed.meaning(id) {
                Meaning::Variable(v) => variables[v.0 as usize],
                Meaning::Definition(d) => {
                    definitions[d.0 as usize]
                        || (!self.is_fixed(d)
                            && moves[typed.definitions[d.0 as usize].body.0 as usize])
                }
                _ => {
                    let mut any = false;
                    each_child(typed, id, &mut |child| any |= moves[child.0 as usize]);
                    any
                }
            };
            if moved {
                moves[id.0 as usize] = true;
                out.push(id);
            }
        }
        out
    }

    fn is_fixed(&self, d: DefinitionId) -> bool {
        self.fixed.get(d.0 as usize).is_some_and(Option::is_some)
    }

    /// Whether a node depends on no variable and no function that is not known.
    pub(super) fn is_constant(&self, id: NodeId) -> bool {
        let mut stack = vec![id];
        let mut steps = 0;
        while let Some(id) = stack.pop() {
            steps += 1;
            let open = matches!(
                self.typed.meaning(id),
                Meaning::Variable(_) | Meaning::Unknown(_) | Meaning::Derivative(_)
            );
            if open || steps > LARGEST_CONSTANT {
                return false;
            }
            each_child(self.typed, id, &mut |c| stack.push(c));
        }
        true
    }
}

/// The nodes that these depend on and they themselves, children first.
pub fn reachable(typed: &Typed, targets: &[NodeId]) -> Vec<NodeId> {
    reachable_beside(typed, targets, &[])
}

/// As [`reachable`], without nodes whose values are known and what only they depend on.
pub(super) fn reachable_beside(typed: &Typed, targets: &[NodeId], known: &[NodeId]) -> Vec<NodeId> {
    let mut plan = Vec::new();
    walk(typed, targets, |id| {
        let open = !known.contains(&id);
        if open {
            plan.push(id);
        }
        open
    });
    plan.reverse();
    plan
}

/// The definitions and derivatives without free indices on which a node rests, where it names them:
/// not those on which others of them rest.
pub fn named_below(typed: &Typed, target: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    walk(typed, &[target], |id| {
        let named = matches!(typed.meaning(id), Meaning::Derivative(_) | Meaning::Definition(_));
        let is_one = named && typed.free(id).is_empty();
        if is_one {
            found.push(id);
        }
        !is_one
    });
    found
}

/// Visits the nodes that these depend on and they themselves, parents first; `visit` says whether
/// what a node depends on is visited for it.
fn walk(typed: &Typed, targets: &[NodeId], mut visit: impl FnMut(NodeId) -> bool) {
    let Some(highest) = targets.iter().map(|t| t.0).max() else { return };
    let mut needed = vec![false; typed.program.nodes.len()];
    for target in targets {
        needed[target.0 as usize] = true;
    }
    for k in (0..=highest).rev() {
        if needed[k as usize] && visit(NodeId(k)) {
            each_child(typed, NodeId(k), &mut |child| needed[child.0 as usize] = true);
        }
    }
}

pub(super) fn is_delta(typed: &Typed, id: NodeId, base: NodeId) -> bool {
    typed.meaning(id) == Meaning::Delta || typed.meaning(base) == Meaning::Delta
}

/// The nodes whose values a node reads.
fn each_child(typed: &Typed, id: NodeId, visit: &mut impl FnMut(NodeId)) {
    let program = &typed.program;
    match program.node(id) {
        Expr::Number(_) | Expr::Range(..) => {}
        Expr::Name(_) => {
            if let Meaning::Definition(d) = typed.meaning(id) {
                visit(typed.definitions[d.0 as usize].body);
            }
        }
        Expr::Negate(a) | Expr::Transpose(a) | Expr::IndexSum(_, a) => visit(*a),
        Expr::Sum(list) | Expr::Block { list, .. } => {
            program.list(*list).iter().for_each(|&c| visit(c));
        }
        Expr::Product(_, a, b)
        | Expr::Power(a, b)
        | Expr::ElementPower(a, b)
        | Expr::Compare(_, a, b) => {
            visit(*a);
            visit(*b);
        }
        Expr::Entry(base, _) => {
            if !is_delta(typed, id, *base) {
                visit(*base);
            }
        }
        Expr::Call { arguments, .. } => {
            let constant = matches!(
                typed.meaning(id),
                Meaning::Identity | Meaning::Fill(Fill::Ones | Fill::Zeros)
            );
            if !constant {
                program.list(*arguments).iter().for_each(|&c| visit(c));
            }
        }
    }
}
