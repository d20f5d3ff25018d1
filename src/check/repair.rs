//! The smallest change that makes a refuted claim true.
//!
//! Guarantees that no repair is offered that was not itself checked as any other claim is.

use super::decide::Trial;
use super::edit::edits;
use super::points::{Points, Scale, Style};
use super::verdict::Status;
use super::{Claim, decide};
use crate::array::Array;
use crate::numeric::eval::{Point, evaluate, variables_of};
use crate::numeric::sample::Random;
use crate::shape::infer::infer;
use crate::shape::typed::{Item, Meaning, Typed};
use crate::syntax::ast::{NameId, NodeId, Statement};
use crate::syntax::parser::parse_with;
use crate::syntax::print::print_node;

/// So many edits are tried at points.
const TRIED: usize = 1500;

/// A claim that is true and differs little from this one, with what was changed.
pub(super) fn repair(claim: &Claim<'_>, seed: u64) -> Option<(String, String)> {
    let typed = claim.typed;
    let context = context(typed);
    let (left, right) = (claim.left, claim.right);
    // the side with a derivative is what was asked, the other what was answered
    let sides: &[(NodeId, NodeId, bool)] = match (asks(typed, left), asks(typed, right)) {
        (true, false) => &[(right, left, true)],
        (false, true) => &[(left, right, false)],
        _ => &[(right, left, true), (left, right, false)],
    };
    let mut tried = 0;
    for &(edited, kept, is_right) in sides {
        let goal = Goal::new(claim, kept, seed);
        let kept = print_node(&typed.program, kept);
        for edit in edits(typed, edited, [left, right]) {
            tried += 1;
            if tried > TRIED {
                return None;
            }
            if goal.as_ref().is_some_and(|g| !g.reached(&context, &edit.text)) {
                continue;
            }
            let text = if is_right {
                format!("{kept} == {}", edit.text)
            } else {
                format!("{} == {kept}", edit.text)
            };
            if holds(&context, &text, seed) {
                return Some((text, edit.what));
            }
        }
    }
    None
}

/// The value that the other side has at some points: what an edited side must have too.
struct Goal<'a> {
    typed: &'a Typed,
    points: Vec<(Point, Array)>,
}

impl<'a> Goal<'a> {
    /// `None` where entries are compared, or the side has no value anywhere.
    fn new(claim: &Claim<'a>, kept: NodeId, seed: u64) -> Option<Goal<'a>> {
        if !claim.indices.is_empty() {
            return None;
        }
        let mut random = Random::new(seed);
        let draw = Points::new(claim.typed);
        let mut points = Vec::new();
        for scale in [Scale::Drawn(0), Scale::Drawn(2), Scale::Drawn(1)] {
            for kind in 0..7 {
                let Some(point) = draw.draw(scale, Style::Generic(kind), 0, &mut random) else {
                    break;
                };
                if let Ok(value) = evaluate(claim.typed, &point, kept)
                    && value.data.iter().all(|x| x.is_finite())
                {
                    points.push((point, value));
                    break;
                }
            }
        }
        (!points.is_empty()).then_some(Goal { typed: claim.typed, points })
    }

    /// Whether an edited side has these values too, as far as doubles tell.
    fn reached(&self, context: &str, side: &str) -> bool {
        let text = format!("{context}\n{side}\n");
        let Some(typed) = parse_with(None, &text).ok().and_then(|p| infer(p).ok()) else {
            return false;
        };
        let Some(Item::Expression(node, free)) = typed.items.last() else { return false };
        if !free.is_empty() {
            return false;
        }
        self.points.iter().all(|(point, goal)| {
            let name = |t: &Typed, n: NameId| t.program.name(n).to_string();
            let values = typed
                .variables
                .iter()
                .map(|v| {
                    let same = |w: &&crate::shape::typed::Variable| {
                        name(self.typed, w.name) == name(&typed, v.name)
                    };
                    let at = self.typed.variables.iter().position(|w| same(&w))?;
                    point.values[at].clone()
                })
                .collect();
            let functions = typed
                .unknowns
                .iter()
                .map(|u| {
                    let at = self
                        .typed
                        .unknowns
                        .iter()
                        .position(|w| name(self.typed, w.name) == name(&typed, u.name))?;
                    point.functions[at].clone()
                })
                .collect();
            let own = Point { sizes: point.sizes.clone(), values, functions };
            let Ok(value) = evaluate(&typed, &own, *node) else { return false };
            let scale = goal.data.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let (n, m) = (value.data.len(), goal.data.len());
            (n == m || n == 1 || m == 1)
                && (0..n.max(m)).all(|k| {
                    (value.data[k % n] - goal.data[k % m]).abs() <= 1e-6 * scale.max(1e-30)
                })
        })
    }
}

/// The program without its claims: everything declared as it was read, then the definitions.
fn context(typed: &Typed) -> String {
    let program = &typed.program;
    let mut text = String::new();
    for v in &typed.variables {
        text.push_str("var ");
        text.push_str(program.name(v.name));
        for (at, dim) in v.shape.axes.iter().enumerate() {
            text.push(if at == 0 { '[' } else { ',' });
            text.push_str(&typed.dims.text(*dim));
        }
        text.push_str(if v.shape.axes.is_empty() { "" } else { "]" });
        for a in &v.attributes {
            text.push(' ');
            text.push_str(crate::syntax::attribute_text(*a));
        }
        text.push('\n');
    }
    for u in &typed.unknowns {
        text.push_str("fn ");
        text.push_str(program.name(u.name));
        text.push_str(if u.scalar { " scalar\n" } else { "\n" });
    }
    for (statement, span) in program.statements.iter().zip(&program.statement_spans) {
        if let Statement::Definition { .. } = statement {
            let source = program.source.get(span.start as usize..span.end as usize);
            text.push_str(source.unwrap_or(""));
            text.push('\n');
        }
    }
    text
}

fn asks(typed: &Typed, root: NodeId) -> bool {
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        if matches!(typed.meaning(id), Meaning::Derivative(_)) {
            return true;
        }
        typed.program.for_each_child(id, |c| stack.push(c));
    }
    false
}

fn holds(context: &str, claim: &str, seed: u64) -> bool {
    let Ok(program) = parse_with(None, &format!("{context}\n{claim}\n")) else { return false };
    let Ok(typed) = infer(program) else { return false };
    let Some(Item::Claim(sides, indices)) = typed.items.last() else { return false };
    let [left, right] = sides[..] else { return false };
    let claim = Claim { typed: &typed, left, right, indices };
    let mut random = Random::new(seed);
    if !Trial::new(&claim).promising(&mut random) {
        return false;
    }
    // a claim that something is itself, or that nothing is nothing, mends nothing
    let trivial = print_node(&typed.program, left) == print_node(&typed.program, right)
        || vanishes(&claim, seed)
        || variables_of(&typed, left).contains(&true)
            != variables_of(&typed, right).contains(&true);
    !trivial && matches!(decide(&claim, seed).0, Status::Proved | Status::Verified)
}

/// Whether both sides are 0 at a generic point.
fn vanishes(claim: &Claim<'_>, seed: u64) -> bool {
    let mut random = Random::new(seed);
    let points = Points::new(claim.typed);
    let point = points.draw(Scale::Drawn(0), Style::Generic(0), 0, &mut random);
    point.is_some_and(|point| {
        [claim.left, claim.right].iter().all(|side| {
            evaluate(claim.typed, &point, *side).is_ok_and(|v| v.data.iter().all(|x| *x == 0.0))
        })
    })
}
