//! The library's front: from a question in text to an answer in notation.

mod choice;
mod question;
mod steps;

pub use self::question::{Error, Question, Solution};
pub use self::steps::Later;

use self::choice::Settled;
use self::steps::Of;

use crate::calculus::sweep::{Naming, ReverseMode, Seed, derivatives, gradients};
use crate::functions::edit_distance;
use crate::notation::answer::{Answer, Binding, ResultKind};
use crate::notation::assemble::{Result_, assemble};
use crate::notation::forms::{Forms, form_programs};
use crate::notation::math::{Math, Symbol as Name};
use crate::notation::text::{Report, result_expression, shared_definitions};
use crate::numeric::verify::{Claimed, Kind, Status, verify_typed};
use crate::shape::infer::infer;
use crate::shape::typed::Typed;
use crate::simplify::{Simplifier, multiplied_out, simplify, visibly_symmetric};
use crate::syntax::parser::parse_shared;
use crate::tensor::arena::Arena;
use crate::tensor::linear_map;
use crate::tensor::lower::{Equation, Lowered, lower};
use crate::tensor::memo::Memo;
use crate::tensor::node::{Axes, ExprId, Symbol, SymbolKind};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::{SmallVec, smallvec};
use std::rc::Rc;

/// A cotangent that is used once is written in place up to this weight.
const INLINE: u32 = 16;
/// The cotangent of an unnamed value is named where that saves so much weight.
const SAVED: u32 = 18;
/// With no more definitions than this, what they stand for is looked for in answers.
const SOUGHT: usize = 32;
/// With no more named cotangents than this, one may be written out inside another.
const FEW: usize = 3;
/// The points of a verification.
const POINTS: usize = 5;
/// Points at which each other form is compared with the printed result.
const FORM_POINTS: usize = 2;

/// The gradient of the objective by each variable asked for; the vector–Jacobian product where
/// the objective is not a scalar.
///
/// # Errors
/// [`Error`] where the text cannot be read or has no answer.
pub fn gradient(question: &Question) -> Result<Solution, Error> {
    gradient_and_later(question, &[]).map(whole)
}

/// An answer of any kind, and where the question asks for steps its derivation to be made later:
/// after the answer was verified, and told part by part instead of held as a whole.
///
/// ```
/// use derive::notation::answer::ResultKind;
/// use derive::notation::steps::{Notation, stream::{Form, Writer}};
///
/// let question = derive::Question::new("x'*A*x").wrt(&["x"]).with_steps();
/// let (solution, later) = derive::answer_and_later(&question, ResultKind::Gradient)?;
/// let later = later.expect("the question asks for steps");
/// let mut out = String::new();
/// let form = Form::Text(100);
/// later.tell(&solution, &mut Writer::new(&mut out, &solution.answer, Notation::Index, form));
/// assert!(out.contains("∇x = (A + Aᵀ) x"));
/// # Ok::<(), derive::Error>(())
/// ```
///
/// # Errors
/// As [`gradient`], [`jacobian`], [`hessian`] and [`simplified`], one of which `kind` asks for.
pub fn answer_and_later(question: &Question, kind: ResultKind) -> Result<Found, Error> {
    match kind {
        ResultKind::Gradient | ResultKind::Structured(_) => gradient_and_later(question, &[]),
        ResultKind::Jacobian => jacobian_and_later(question),
        ResultKind::Hessian => hessian_and_later(question),
        ResultKind::Value => simplified(question).map(|solution| (solution, None)),
    }
}

/// An answer, and its derivation where that is asked for.
type Found = (Solution, Option<Later>);

/// An answer with its derivation made.
fn whole((mut solution, later): Found) -> Solution {
    solution.steps = later.map(|later| later.steps(&solution));
    solution
}

/// `reserved` are names that no part of the answer is given.
fn gradient_and_later(question: &Question, reserved: &[Rc<str>]) -> Result<Found, Error> {
    let (typed, mut lowered) = read(question)?;
    let targets = targets(question, &typed, &mut lowered)?;
    let Settled { cotangent, values, bindings, .. } =
        choice::gradient(&mut lowered, &targets, question.corruption);
    let mut results: Vec<Result_> = targets
        .iter()
        .zip(values)
        .map(|(t, value)| Result_ {
            kind: ResultKind::Gradient,
            wrt: smallvec![*t],
            value,
            forms: None,
        })
        .collect();
    let mut remarks = Vec::new();
    if question.structured {
        within_structures(&typed, &mut lowered, &mut results, &mut remarks);
    }
    let mut answer =
        assemble(&typed, &mut lowered, &bindings, cotangent, &results, question.index, reserved)?;
    answer.remarks = remarks;
    let later = question.steps.then(|| Later::new(lowered, targets, Of::Gradient));
    Ok((Solution { typed, answer, steps: None }, later))
}

/// Adds the gradients within the structures that variables are declared with.
fn within_structures(
    typed: &Typed,
    lowered: &mut Lowered,
    results: &mut Vec<Result_>,
    remarks: &mut Vec<String>,
) {
    let mut all = Vec::with_capacity(2 * results.len());
    for result in results.drain(..) {
        let target = result.wrt[0];
        let at = lowered.variables.iter().position(|v| *v == Some(target));
        let attributes = at.map_or(&[][..], |at| &typed.variables[at].attributes[..]);
        let (value, arena) = (result.value, &mut lowered.arena);
        all.push(result);
        let found = attributes.iter().find_map(|a| {
            crate::calculus::structure::within(arena, *a, target, value).map(|value| (*a, value))
        });
        if let (Some((attribute, value)), Some(at)) = (found, at) {
            let value = simplify(arena, &[value], &FxHashMap::default())[0];
            let kind = ResultKind::Structured(attribute);
            all.push(Result_ { kind, wrt: smallvec![target], value, forms: None });
            let name = typed.program.written(typed.variables[at].name);
            remarks.push(crate::calculus::structure::sentence(attribute, name));
        }
    }
    *results = all;
}

/// The Jacobian of the objective by each variable asked for: the objective's axes first.
///
/// # Errors
/// [`Error`] where the text cannot be read or has no answer.
pub fn jacobian(question: &Question) -> Result<Solution, Error> {
    jacobian_and_later(question).map(whole)
}

fn jacobian_and_later(question: &Question) -> Result<Found, Error> {
    let (typed, mut lowered) = read(question)?;
    let targets = targets(question, &typed, &mut lowered)?;
    let found =
        gradients(&mut lowered, &targets, Seed::Identity, Naming::Nothing, question.corruption);
    let (values, _) = settle(&mut lowered, &found.results, &[]);
    let results: Vec<Result_> = targets
        .iter()
        .zip(values)
        .map(|(t, value)| {
            let arena = &mut lowered.arena;
            let value = multiplied_out(arena, value);
            let forms = forms(arena, value, *t);
            Result_ { kind: ResultKind::Jacobian, wrt: smallvec![*t], value, forms }
        })
        .collect();
    let answer = assemble(&typed, &mut lowered, &[], None, &results, question.index, &[])?;
    let later = question.steps.then(|| Later::new(lowered, targets, Of::Jacobian));
    Ok((Solution { typed, answer, steps: None }, later))
}

/// The second derivatives of a scalar by each pair of the variables asked for, mixed blocks
/// included: the gradient by the first, differentiated by the second.
///
/// # Errors
/// [`Error`] where the text cannot be read or has no answer, or the objective is not a scalar.
pub fn hessian(question: &Question) -> Result<Solution, Error> {
    hessian_and_later(question).map(whole)
}

fn hessian_and_later(question: &Question) -> Result<Found, Error> {
    let (typed, mut lowered) = read(question)?;
    let targets = targets(question, &typed, &mut lowered)?;
    if lowered.arena.rank(lowered.objective) != 0 {
        return Err(Error::NotScalar);
    }
    let first = gradients(&mut lowered, &targets, Seed::One, Naming::Nothing, question.corruption);
    let mut found: Vec<(SmallVec<[ExprId; 2]>, ExprId)> = Vec::new();
    for (target, gradient) in targets.iter().zip(&first.results) {
        let Lowered { arena, equations, .. } = &mut lowered;
        let second = derivatives(arena, equations, *gradient, &targets, None, question.corruption);
        found.extend(targets.iter().zip(second).map(|(t, r)| (smallvec![*target, *t], r)));
    }
    let roots: Vec<ExprId> = found.iter().map(|f| f.1).collect();
    let (values, _) = settle(&mut lowered, &roots, &[]);
    let results: Vec<Result_> = found
        .into_iter()
        .zip(values)
        .map(|((wrt, _), value)| {
            let arena = &mut lowered.arena;
            let value = multiplied_out(arena, value);
            let value = if wrt[0] == wrt[1] { visibly_symmetric(arena, value) } else { value };
            let forms = forms(arena, value, wrt[1]);
            Result_ { kind: ResultKind::Hessian, wrt, value, forms }
        })
        .collect();
    let answer = assemble(&typed, &mut lowered, &[], None, &results, question.index, &[])?;
    let mut later = None;
    if question.steps {
        let gradients = gradients_beside(question, &answer)?;
        let of = Of::Hessian(Box::new(gradients), first.results);
        later = Some(Later::new(lowered, targets, of));
    }
    Ok((Solution { typed, answer, steps: None }, later))
}

/// The gradients from which a second derivative begins, in names that mean nothing else in its
/// answer.
fn gradients_beside(question: &Question, answer: &Answer) -> Result<Answer, Error> {
    let question = Question { steps: false, ..question.clone() };
    let mut reserved: Vec<Rc<str>> = Vec::new();
    loop {
        let gradients = gradient_and_later(&question, &reserved)?.0.answer;
        let known = reserved.len();
        for binding in &gradients.bindings {
            let Math::Symbol(Name { name, .. }) = &binding.name else { continue };
            let same = |b: &&Binding| matches!(&b.name, Math::Symbol(other) if other.name == *name);
            let other = answer.bindings.iter().find(same);
            let clashes = other.is_some_and(|other| other.value != binding.value);
            if clashes && !reserved.contains(name) {
                reserved.push(name.clone());
            }
        }
        if reserved.len() == known {
            return Ok(gradients);
        }
    }
}

/// A derivative with more than two axes as a linear map and between stacked columns.
fn forms(arena: &mut Arena, value: ExprId, variable: ExprId) -> Option<Box<Forms>> {
    let (all, by) = (arena.rank(value), arena.rank(variable));
    if all < 3 || by > 2 || all - by > 2 {
        return None;
    }
    let id = arena.as_symbol(variable).expect("a target is a symbol");
    let change = Symbol::new(arena.symbol(id).name.clone(), SymbolKind::Differential);
    let axes = Axes::from_slice(arena.axes(variable));
    let dx = arena.symbol_expr(change, &axes);
    let action = linear_map::act(arena, value, dx);
    let action = simplify(arena, &[action], &FxHashMap::default())[0];
    let mut stacked = linear_map::stacked(arena, value, all - by).unwrap_or_default().into_vec();
    for (_, term) in &mut stacked {
        for part in term.parts_mut() {
            *part = simplify(arena, &[*part], &FxHashMap::default())[0];
        }
    }
    Some(Box::new(Forms { action: Some(action), stacked }))
}

/// The expression itself, simplified.
///
/// # Errors
/// [`Error`] where the text cannot be read or has no meaning.
pub fn simplified(question: &Question) -> Result<Solution, Error> {
    let (typed, mut lowered) = read(question)?;
    let body = lowered.equations.last().map_or(lowered.objective, |e| e.body);
    let (values, _) = settle(&mut lowered, &[body], &[]);
    if let Some(last) = lowered.equations.last_mut() {
        last.body = values[0];
    }
    let results =
        [Result_ { kind: ResultKind::Value, wrt: SmallVec::new(), value: values[0], forms: None }];
    let named = std::mem::replace(&mut lowered.named, false);
    let answer = assemble(&typed, &mut lowered, &[], None, &results, question.index, &[]);
    let mut answer = answer?;
    answer.named = named;
    Ok(Solution { typed, answer, steps: None })
}

fn read(question: &Question) -> Result<(Typed, Lowered), Error> {
    let program = parse_shared(question.shapes.as_deref(), &question.program)?;
    let typed = infer(program)?;
    let lowered = lower(&typed, question.objective.as_deref(), &ReverseMode)?;
    Ok((typed, lowered))
}

/// The symbols of the names asked for; every variable where none is.
fn targets(
    question: &Question,
    typed: &Typed,
    lowered: &mut Lowered,
) -> Result<Vec<ExprId>, Error> {
    if question.wrt.is_empty() {
        if lowered.variables.iter().flatten().next().is_none() {
            return Err(Error::Constant);
        }
        return Ok(lowered.variables.iter().flatten().copied().collect());
    }
    let program = &typed.program;
    let find = |name: &str| program.find_name(name).or_else(|| program.find_name(&spelt(name)));
    let places = lowered.symbols_by_name(typed);
    let mut list = Vec::with_capacity(question.wrt.len());
    for name in &question.wrt {
        let id = find(name).ok_or_else(|| unknown_target(name, typed))?;
        let symbol = places[id.0 as usize].or_else(|| lowered.unmet(typed, id));
        let defined = || typed.definitions.iter().any(|d| d.name == id);
        let symbol = symbol.ok_or_else(|| {
            if defined() { Error::Unneeded(name.clone()) } else { unknown_target(name, typed) }
        })?;
        if !list.contains(&symbol) {
            list.push(symbol);
        }
    }
    Ok(list)
}

/// A name with Greek letters and subscripts spelt out.
fn spelt(name: &str) -> String {
    name.chars().fold(String::new(), |mut out, c| {
        match crate::syntax::operator::spelling(c) {
            Some(s) => out.push_str(s),
            None => out.push(c),
        }
        out
    })
}

fn unknown_target(name: &str, typed: &Typed) -> Error {
    let program = &typed.program;
    let names =
        typed.variables.iter().map(|v| v.name).chain(typed.definitions.iter().map(|d| d.name));
    let known: Vec<String> = names.map(|n| program.written(n).to_string()).collect();
    let suggestion = known
        .iter()
        .filter(|k| name.chars().count() > 2 && edit_distance(k, name) <= 2)
        .min_by_key(|k| edit_distance(k, name))
        .cloned();
    Error::Target { name: name.to_string(), suggestion, known }
}

/// Whether a small expression contains one of these symbols.
fn mentions_any(arena: &Arena, root: ExprId, symbols: &FxHashSet<ExprId>) -> bool {
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        if symbols.contains(&id) {
            return true;
        }
        arena.children(id, |c| stack.push(c));
    }
    false
}

/// Whether this stands for the cotangent of a value that has no name itself.
fn is_unnamed(arena: &Arena, symbol: ExprId) -> bool {
    arena.as_symbol(symbol).is_some_and(|id| arena.symbol(id).kind == SymbolKind::Shared)
}

/// How often each expression occurs in others and among these.
fn uses(arena: &Arena, roots: &[ExprId]) -> Memo {
    let mut uses = Memo::with_room(arena.len());
    let mut stack = Vec::new();
    let mut count = |e: ExprId, stack: &mut Vec<ExprId>| {
        if uses.set(e, uses.count(e) + 1) {
            stack.push(e);
        }
    };
    for root in roots {
        count(*root, &mut stack);
        while let Some(id) = stack.pop() {
            arena.children(id, |c| count(c, &mut stack));
        }
    }
    uses
}

/// The definitions before the objective, as what is written by which name.
fn definitions(lowered: &Lowered) -> impl Iterator<Item = (ExprId, ExprId)> + '_ {
    let before = lowered.equations.len().saturating_sub(1);
    let all = lowered.equations[..before].iter();
    all.filter(|e| lowered.arena.weight(e.body) > 1).map(|e| (e.body, e.symbol))
}

/// Simplifies results and named cotangents together, writes the values of definitions by their
/// names, and writes out cotangents that are used once and are small.
fn settle(
    lowered: &mut Lowered,
    results: &[ExprId],
    bindings: &[Equation],
) -> (Vec<ExprId>, Vec<Equation>) {
    let mut roots: Vec<ExprId> = Vec::with_capacity(results.len() + bindings.len());
    roots.extend_from_slice(results);
    roots.extend(bindings.iter().map(|b| b.body));
    let mut simplifier = Simplifier::of(&lowered.arena);
    let first = simplifier.run(&mut lowered.arena, &roots, &FxHashMap::default());
    let few = lowered.equations.len() <= SOUGHT;
    let mut names: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for (body, symbol) in definitions(lowered).filter(|_| few) {
        names.entry(body).or_insert(symbol);
    }
    let arena = &mut lowered.arena;
    if bindings.is_empty() {
        return (by_their_names(arena, &mut simplifier, first, &names), Vec::new());
    }
    let uses = uses(arena, &first);
    let mut replace: FxHashMap<ExprId, ExprId> = FxHashMap::default();
    for (binding, body) in bindings.iter().zip(&first[results.len()..]) {
        let (count, weight) = (uses.count(binding.symbol), arena.weight(*body));
        let inline = if is_unnamed(arena, binding.symbol) {
            weight.saturating_mul(count.saturating_sub(1)) < SAVED
        } else {
            count == 1 && weight <= INLINE || weight == 1
        };
        if inline {
            replace.insert(binding.symbol, *body);
        }
    }
    let settled = if replace.is_empty() {
        first
    } else {
        // a body may itself mention a name that goes: later bindings depend on earlier ones
        let symbols: FxHashSet<ExprId> = bindings.iter().map(|b| b.symbol).collect();
        let mut closed: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for binding in bindings {
            if let Some(body) = replace.get(&binding.symbol) {
                let body = simplifier.run(arena, &[*body], &closed)[0];
                // in a deep network every layer keeps its line
                let regular = bindings.len() <= FEW || !mentions_any(arena, body, &symbols);
                let small = arena.weight(body) <= INLINE && regular;
                if small || is_unnamed(arena, binding.symbol) {
                    closed.insert(binding.symbol, body);
                }
            }
        }
        replace = closed;
        simplifier.run(arena, &first, &replace)
    };
    let settled = by_their_names(arena, &mut simplifier, settled, &names);
    let values = settled[..results.len()].to_vec();
    let kept = bindings
        .iter()
        .zip(&settled[results.len()..])
        .filter(|(b, _)| !replace.contains_key(&b.symbol))
        .map(|(b, body)| Equation { symbol: b.symbol, body: *body })
        .collect();
    (values, kept)
}

/// Simplified expressions with names for what these stand for, so that it meets its like there.
fn by_their_names(
    arena: &mut Arena,
    simplifier: &mut Simplifier,
    settled: Vec<ExprId>,
    names: &FxHashMap<ExprId, ExprId>,
) -> Vec<ExprId> {
    if names.is_empty() {
        return settled;
    }
    let met = simplifier.reaches_any(arena, &settled, names.keys().copied());
    if met { simplifier.run(arena, &settled, names) } else { settled }
}

/// What the judge says of a printed answer: it is read back as text and compared with differences
/// of the input at several random points, chosen by `seed`.
pub fn verify(solution: &Solution, question: &Question, seed: u64) -> Report {
    let answer = &solution.answer;
    let texts: Vec<String> =
        (0..answer.results.len()).map(|at| result_expression(answer, at)).collect();
    let definitions = shared_definitions(answer);
    let cotangent = format!("grad_{}", answer.objective.name);
    let results = answer
        .results
        .iter()
        .zip(&texts)
        .map(|(r, text)| Claimed {
            kind: match r.kind {
                ResultKind::Gradient => Kind::Gradient,
                ResultKind::Structured(attribute) => Kind::Structured(attribute),
                ResultKind::Jacobian => Kind::Jacobian,
                ResultKind::Hessian => Kind::Hessian,
                ResultKind::Value => Kind::Value,
            },
            wrt: r.wrt.iter().map(|s| &*s.name).collect(),
            text,
        })
        .collect();
    let asked = crate::numeric::verify::Question {
        shapes: question.shapes.as_deref(),
        program: &question.program,
        objective: question.objective.as_deref(),
        cotangent: &cotangent,
        definitions: &definitions,
        results,
        seed,
        points: POINTS,
    };
    let found = verify_typed(&solution.typed, &asked, crate::numeric::read::read);
    let (status, reason) = match found.status {
        Status::Verified => ("verified", String::new()),
        Status::Failed(failure) => ("failed", failure.to_string()),
        Status::Skipped(reason) => ("skipped", reason),
    };
    let error = (found.points > 0).then_some(found.max_relative_error);
    if status == "verified"
        && let Some((status, reason)) = verify_forms(answer, seed)
    {
        return Report { status, points: found.points, max_relative_error: error, reason };
    }
    Report { status, points: found.points, max_relative_error: error, reason }
}

/// What speaks against the other forms of the results: each must act as the printed result does.
fn verify_forms(answer: &Answer, seed: u64) -> Option<(&'static str, String)> {
    for (at, outcome) in answer.results.iter().enumerate() {
        for form in outcome.forms() {
            let (program, text) = form_programs(answer, at, form)?;
            let asked = crate::numeric::verify::Question {
                shapes: None,
                program: &program,
                objective: None,
                cotangent: "grad_action",
                definitions: "",
                results: vec![Claimed { kind: Kind::Value, wrt: Vec::new(), text: &text }],
                seed,
                points: FORM_POINTS,
            };
            match crate::numeric::verify::verify(&asked).status {
                Status::Verified => {}
                Status::Failed(failure) => return Some(("failed", failure.to_string())),
                Status::Skipped(reason) => return Some(("skipped", reason)),
            }
        }
    }
    None
}
