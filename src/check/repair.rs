//! The smallest change that makes a refuted claim true.
//!
//! Edits of either side are tried in the order in which a reader would suspect them, in doubles at
//! a few points first. Guarantees that no repair is offered that was not itself checked as any
//! other claim is, at two sets of points.

use super::decide::Trial;
use super::edit::{Edit, cost, edits, source};
use super::points::{Points, Scale, Style};
use super::trivial::says_nothing;
use super::verdict::Status;
use super::{Claim, decide};
use crate::array::Array;
use crate::numeric::eval::{Point, evaluate, evaluate_knowing, evaluate_partly};
use crate::numeric::plan::{named_below, variables_of};
use crate::numeric::sample::Random;
use crate::shape::infer::infer;
use crate::shape::typed::{DefinitionId, IndexId, Item, Meaning, Typed};
use crate::syntax::ast::{Expr, NameId, NodeId, Statement};
use crate::syntax::parser::parse_with;
use crate::syntax::print::print_node;
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// Bytes of programs that may be read in the search for one repair.
const WORK: usize = 1_500_000;
/// A claim that is decided counts as so many readings of it.
const DECISION: usize = 40;
/// Of a program with more nodes, only the definitions that the claim uses are read again.
const LARGE_PROGRAM: usize = 2000;

/// A claim that is true and differs little from this one, with what was changed.
pub(super) fn repair(claim: &Claim<'_>, seed: u64) -> Option<(String, String)> {
    let typed = claim.typed;
    let context = context(claim);
    let (left, right) = (claim.left, claim.right);
    // the side with a derivative is what was asked, the other what was answered
    let (edit_right, edit_left) = match (asks(typed, left), asks(typed, right)) {
        (true, false) => (true, false),
        (false, true) => (false, true),
        _ => (true, true),
    };
    let sides = [left, right];
    let mut tried: Vec<(Edit, bool)> = Vec::new();
    if edit_right {
        tried.extend(edits(typed, right, sides).into_iter().map(|e| (e, true)));
    }
    if edit_left {
        let other = edits(typed, left, sides).into_iter();
        let likely = other.filter(|e| !edit_right || e.cost <= cost::PART);
        let later = if edit_right { cost::LEFT } else { 0 };
        tried.extend(likely.map(|e| (Edit { cost: e.cost + later, ..e }, false)));
    }
    tried.sort_by_key(|(e, is_right)| (e.cost, !is_right, e.text.len()));
    let goals = [left, right].map(|kept| Goal::new(claim, kept, seed));
    let mut work = 0;
    for (edit, is_right) in tried {
        work += context.len() + edit.text.len() + 40;
        if work > WORK {
            return None;
        }
        let (edited, kept) = if is_right { (right, left) } else { (left, right) };
        let goal = goals[usize::from(!is_right)].as_ref();
        if goal.is_some_and(|g| !g.reached(&context, &edit.text)) {
            continue;
        }
        work += DECISION * context.len();
        let claim_of = |edited: &str, kept: &str| {
            if is_right { format!("{kept} == {edited}") } else { format!("{edited} == {kept}") }
        };
        let text = claim_of(&edit.text, &print_node(&typed.program, kept));
        let number = matches!(typed.program.node(edit.at), Expr::Number(_))
            && edit.part.chars().all(|c| c.is_ascii_digit() || "./".contains(c));
        if holds(&context, &text, claim, seed, number) {
            let text = as_written(typed, edited, &edit);
            return Some((claim_of(&text, &source(typed, kept)), edit.what));
        }
    }
    None
}

/// The edited side with all else as its author wrote it, where that reads the same.
fn as_written(typed: &Typed, side: NodeId, edit: &Edit) -> String {
    let normal = |text: &str| -> Option<String> {
        let program = parse_with(None, text).ok()?;
        match program.statements.last() {
            Some(Statement::Expression(root)) => Some(print_node(&program, *root)),
            _ => None,
        }
    };
    let (whole, part) = (typed.program.span(side), typed.program.span(edit.at));
    let text = source(typed, side);
    let inside = part.start >= whole.start && part.end <= whole.end;
    if edit.at == side || !inside || text.len() != (whole.end - whole.start) as usize {
        return edit.text.clone();
    }
    let (start, end) = ((part.start - whole.start) as usize, (part.end - whole.start) as usize);
    let (Some(before), Some(old), Some(after)) =
        (text.get(..start), text.get(start..end), text.get(end..))
    else {
        return edit.text.clone();
    };
    let bracketed = format!("({})", edit.part);
    let own = old.starts_with('(') && !edit.part.starts_with('(');
    let parts = if own { [&bracketed, &edit.part] } else { [&edit.part, &bracketed] };
    let wanted = normal(&edit.text);
    parts
        .into_iter()
        // a sign of a term is the sign before it
        .map(|part| format!("{before}{part}{after}").replace("+ -", "- ").replace("- -", "+ "))
        .find(|text| wanted.is_some() && normal(text) == wanted)
        .unwrap_or_else(|| edit.text.clone())
}

/// The value that the other side has at some points: what an edited side must have too.
struct Goal<'a> {
    typed: &'a Typed,
    /// The names of its free indices, its leading axes.
    free: Vec<&'a str>,
    points: Vec<(Point, Array)>,
    /// The values of definitions and derivatives at each point, by what is written: edits keep most.
    known: RefCell<Vec<FxHashMap<String, Option<Array>>>>,
}

impl<'a> Goal<'a> {
    /// `None` where the side has no value anywhere.
    fn new(claim: &Claim<'a>, kept: NodeId, seed: u64) -> Option<Goal<'a>> {
        let typed = claim.typed;
        let mut random = Random::new(seed);
        let draw = Points::new(typed);
        let mut points = Vec::new();
        for scale in [Scale::Drawn(0), Scale::Drawn(2), Scale::Drawn(1)] {
            for kind in 0..7 {
                let Some(point) = draw.draw(scale, Style::Generic(kind), 0, &mut random) else {
                    break;
                };
                if let Ok(value) = evaluate(typed, &point, kept)
                    && value.data.iter().all(|x| x.is_finite())
                {
                    points.push((point, value));
                    break;
                }
            }
        }
        let name = |i: &IndexId| typed.program.name(typed.indices[i.0 as usize].name);
        let free = typed.free(kept).iter().map(name).collect();
        let known = RefCell::new(vec![FxHashMap::default(); points.len()]);
        (!points.is_empty()).then_some(Goal { typed, free, points, known })
    }

    /// The values of what an edited side names at a point; `None` where one has none.
    fn named(
        &self,
        at: usize,
        typed: &Typed,
        point: &Point,
        node: NodeId,
    ) -> Option<Vec<(NodeId, Array)>> {
        let known = &mut self.known.borrow_mut()[at];
        let value = |id: NodeId| {
            let text = print_node(&typed.program, id);
            let value = known.entry(text).or_insert_with(|| evaluate_partly(typed, point, id).ok());
            Some((id, value.clone()?))
        };
        named_below(typed, node).into_iter().map(value).collect()
    }

    /// Whether an edited side has these values too, as far as doubles tell.
    fn reached(&self, context: &str, side: &str) -> bool {
        let text = format!("{context}\n{side}\n");
        let Some(typed) = parse_with(None, &text).ok().and_then(|p| infer(p).ok()) else {
            return false;
        };
        let Some(Item::Expression(node, free)) = typed.items.last() else { return false };
        let index = |name: &&str| {
            let named =
                |i: &&IndexId| typed.program.name(typed.indices[i.0 as usize].name) == *name;
            free.iter().find(named).copied()
        };
        let Some(indices) = self.free.iter().map(index).collect::<Option<Vec<IndexId>>>() else {
            return false;
        };
        if indices.len() != free.len() {
            return false;
        }
        // at one point of three the differences behind a derivative may be poor
        let mut missed = 0;
        self.points.iter().enumerate().all(|(at, (point, goal))| {
            let own = carried(self.typed, point, &typed);
            let known = self.named(at, &typed, &own, *node);
            let value = known
                .and_then(|known| evaluate_knowing(&typed, &own, *node, &indices, &known).ok());
            missed += usize::from(!value.is_some_and(|value| near(&value, goal)));
            2 * missed < self.points.len()
        })
    }
}

/// A point of one program as a point of another that speaks of the same variables.
fn carried(from: &Typed, point: &Point, to: &Typed) -> Point {
    let values = to.variables.iter().map(|v| {
        let name = to.program.name(v.name);
        let same = |w: &crate::shape::typed::Variable| from.program.name(w.name) == name;
        point.values[from.variables.iter().position(same)?].clone()
    });
    let functions = to.unknowns.iter().map(|u| {
        let name = to.program.name(u.name);
        let same = |w: &crate::shape::typed::Unknown| from.program.name(w.name) == name;
        point.functions[from.unknowns.iter().position(same)?].clone()
    });
    let sizes = point.sizes.clone();
    Point { sizes, values: values.collect(), functions: functions.collect() }
}

fn near(value: &Array, goal: &Array) -> bool {
    let scale = goal.data.iter().fold(1e-30f64, |m, x| m.max(x.abs()));
    let (n, m) = (value.data.len(), goal.data.len());
    (n == m || n == 1 || m == 1)
        && (0..n.max(m)).all(|k| (value.data[k % n] - goal.data[k % m]).abs() <= 1e-6 * scale)
}

/// The program without its claims: everything declared as it was read, then the definitions.
fn context(claim: &Claim<'_>) -> String {
    let typed = claim.typed;
    let program = &typed.program;
    let used = (program.nodes.len() > LARGE_PROGRAM).then(|| used(claim));
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
        if let Statement::Definition { name, .. } = statement {
            if used.as_ref().is_some_and(|u| !u.contains(name)) {
                continue;
            }
            let source = program.source.get(span.start as usize..span.end as usize);
            text.push_str(source.unwrap_or(""));
            text.push('\n');
        }
    }
    text
}

/// The names of the definitions that a claim rests on.
fn used(claim: &Claim<'_>) -> std::collections::BTreeSet<NameId> {
    let typed = claim.typed;
    let mut found = std::collections::BTreeSet::new();
    let mut stack = vec![claim.left, claim.right];
    while let Some(id) = stack.pop() {
        if let Meaning::Definition(DefinitionId(d)) = typed.meaning(id)
            && found.insert(typed.definitions[d as usize].name)
        {
            stack.push(typed.definitions[d as usize].body);
        }
        typed.program.for_each_child(id, |c| stack.push(c));
    }
    found
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

/// Whether a claim is true and says something; where a number was changed the sides may be one.
fn holds(context: &str, claim: &str, original: &Claim<'_>, seed: u64, number: bool) -> bool {
    let Ok(program) = parse_with(None, &format!("{context}\n{claim}\n")) else { return false };
    let Ok(typed) = infer(program) else { return false };
    let Some(Item::Claim(claim)) = typed.items.last() else { return false };
    let (sides, indices) = &**claim;
    let [left, right] = sides[..] else { return false };
    let claim = Claim { typed: &typed, left, right, indices };
    let mut random = Random::new(seed);
    if !Trial::new(&claim).promising(&mut random) {
        return false;
    }
    // a claim that something is itself, or that nothing is nothing, mends nothing
    let trivial = print_node(&typed.program, left) == print_node(&typed.program, right)
        || !number && says_nothing(&typed, left, right)
        || narrower(&claim, original, seed)
        || vanishes(&claim, seed)
        || lopsided(&claim) && !lopsided(original);
    let decided = |seed| decide(&claim, seed, false).0;
    // what is not proved is tried at other points and sizes too
    !trivial
        && match decided(seed) {
            Status::Proved => true,
            Status::Verified => decided(seed ^ 0x9e37_79b9).holds(),
            _ => false,
        }
}

/// Whether a mended claim has no value at some point where the original has: it would say less.
fn narrower(claim: &Claim<'_>, original: &Claim<'_>, seed: u64) -> bool {
    let mut random = Random::new(seed);
    let points = Points::new(original.typed);
    let defined = |claim: &Claim<'_>, point: &Point| {
        [claim.left, claim.right].iter().all(|side| {
            evaluate(claim.typed, point, *side).is_ok_and(|v| v.data.iter().all(|x| x.is_finite()))
        })
    };
    let styles = (0..4).map(Style::Generic).chain([Style::Negative, Style::Zeros, Style::Ones]);
    styles.into_iter().any(|style| {
        let point = points.draw(Scale::Drawn(0), style, 0, &mut random);
        point.is_some_and(|point| {
            defined(original, &point)
                && !defined(claim, &carried(original.typed, &point, claim.typed))
        })
    })
}

/// Whether one side depends on variables and the other does not.
fn lopsided(claim: &Claim<'_>) -> bool {
    let depends = |side| variables_of(claim.typed, side).contains(&true);
    depends(claim.left) != depends(claim.right)
}

/// Whether both sides are 0 at all of some generic points.
fn vanishes(claim: &Claim<'_>, seed: u64) -> bool {
    let mut random = Random::new(seed);
    let points = Points::new(claim.typed);
    (0..4).all(|kind| {
        let point = points.draw(Scale::Drawn(0), Style::Generic(kind), kind, &mut random);
        point.is_some_and(|point| {
            [claim.left, claim.right].iter().all(|side| {
                evaluate(claim.typed, &point, *side).is_ok_and(|v| v.data.iter().all(|x| *x == 0.0))
            })
        })
    })
}
