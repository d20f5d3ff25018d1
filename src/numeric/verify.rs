//! Verification: printed answers against differences of the user's input.
//!
//! The answer is read back as text and evaluated; the input is differenced along random
//! directions. Nothing but the text passes from the derivation to its judge. A declared property
//! of a variable describes the point: directions are unstructured.

use super::direction::{Input, Opinion, Pass};
use super::error::EvalError;
use super::eval::{Evaluator, Point, Varied};
use super::read::{self, Pieces};
use super::sample::{self, Random, Sizes};
use crate::array::Array;
use crate::shape::dim::DimId;
use crate::shape::typed::{DefinitionId, IndexId, Item, Typed, VariableId};
use crate::syntax::ast::{Attribute, NodeId};
use std::fmt;

/// Below this a derivative of a value of ordinary size is lost in the rounding of its differences.
const VANISHING: f64 = 1e-13;
/// Larger values might overflow in a difference.
const LARGEST_VALUE: f64 = 1e100;
/// Points nearer to a kink than this are not used.
const NEAREST_KINK: f64 = 1e-3;
/// The points that are tried for each that counts.
const ATTEMPTS: usize = 21;
/// With more than this much work a point, several variables are varied together.
const SEPARATE_WORK: u64 = 500_000;
/// No further point is asked for after this much work.
const ENOUGH_WORK: u64 = 4_000_000;
/// After this much work the search ends, whatever is still open.
const MOST_WORK: u64 = 40_000_000;
/// An evaluation with more work than this is not repeated for differences.
const LARGEST_EVALUATION: u64 = 50_000_000;

/// What a result claims to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The gradient, or the vector–Jacobian product with the cotangent.
    Gradient,
    /// The gradient within a declared structure.
    Structured(Attribute),
    /// The Jacobian, axes of the objective first.
    Jacobian,
    /// The second derivatives of a scalar by two variables.
    Hessian,
    /// The objective itself.
    Value,
}

/// One printed result.
#[derive(Clone, Debug)]
pub struct Claimed<'a> {
    /// What it is.
    pub kind: Kind,
    /// The variables or definitions by canonical name: none for a value, two for a Hessian.
    pub wrt: Vec<&'a str>,
    /// Its ASCII text: definitions, then one expression.
    pub text: &'a str,
}

/// What is to be verified.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The text of `--shape`.
    pub shapes: Option<&'a str>,
    /// The user's program.
    pub program: &'a str,
    /// The definition that is the objective; without it the last expression or definition.
    pub objective: Option<&'a str>,
    /// The name of the cotangent in the results, `grad_y`; unused for a scalar objective.
    pub cotangent: &'a str,
    /// Definitions that the results rest on beside their own, one a line.
    pub definitions: &'a str,
    /// The results.
    pub results: Vec<Claimed<'a>>,
    /// Chooses the points.
    pub seed: u64,
    /// How many points are wanted (4 to 6 are usual).
    pub points: usize,
}

/// Where a result is wrong.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The text cannot be read or evaluated.
    Unreadable(String),
    /// It differs from the differences of the input.
    Differs(Box<Difference>),
}

/// A point at which a result is wrong.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The position of the result in [`Question::results`].
    pub result: usize,
    /// What it is taken by.
    pub wrt: Vec<String>,
    /// The point, by the user's program.
    pub point: Point,
    /// The result along a random direction.
    pub claimed: f64,
    /// The difference of the input along it.
    pub found: f64,
    /// The estimated error of the difference.
    pub error: f64,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unreadable(message) => write!(f, "the answer cannot be read back: {message}"),
            Failure::Differs(d) => {
                write!(f, "along a random direction ")?;
                if !d.wrt.is_empty() {
                    write!(f, "of `{}` ", d.wrt.join("`, `"))?;
                }
                write!(f, "the input changes by {}, the answer says {}", d.found, d.claimed)
            }
        }
    }
}

/// How a verification ended.
#[derive(Clone, Debug)]
pub enum Status {
    /// Every result agrees at every point.
    Verified,
    /// A result is wrong.
    Failed(Failure),
    /// Nothing could be decided, with the reason.
    Skipped(String),
}

/// The outcome of a verification.
#[derive(Clone, Debug)]
pub struct Verification {
    /// How it ended.
    pub status: Status,
    /// The number of points at which every result was decided.
    pub points: usize,
    /// The largest error found, relative to the magnitude of the terms.
    pub max_relative_error: f64,
}

/// Verifies printed results, reading both the input and the results afresh.
pub fn verify(question: &Question<'_>) -> Verification {
    match read::read(question.shapes, question.program) {
        Ok(user) => verify_typed(&user, question, read::read),
        Err(message) => skipped(format!("the input cannot be read: {message}")),
    }
}

/// Verifies printed results against an input that is read already; `reader` reads the results.
pub fn verify_typed(
    user: &Typed,
    question: &Question<'_>,
    reader: impl Fn(Option<&str>, &str) -> Result<Typed, String>,
) -> Verification {
    let judged = Judgement::new(user, question, &reader).and_then(Judgement::run);
    match judged {
        Ok(verification) => verification,
        Err(Stop::Skip(reason)) => skipped(reason),
        Err(Stop::Fail(failure, points, max_relative_error)) => {
            Verification { status: Status::Failed(failure), points, max_relative_error }
        }
    }
}

fn skipped(reason: String) -> Verification {
    Verification { status: Status::Skipped(reason), points: 0, max_relative_error: 0.0 }
}

pub(super) enum Stop {
    Skip(String),
    Fail(Failure, usize, f64),
}

pub(super) fn unreadable(message: impl Into<String>) -> Stop {
    Stop::Fail(Failure::Unreadable(message.into()), 0, 0.0)
}

/// Answers read from one text.
pub(super) struct Group {
    typed: Typed,
    /// The result and the node and free indices of its expression.
    members: Vec<(usize, NodeId, Box<[IndexId]>)>,
    plan: Vec<NodeId>,
    /// What each of its variables is.
    variables: Vec<Known>,
    /// For each of its unknown functions the user's.
    functions: Vec<Option<usize>>,
}

/// What a variable of an answer is.
enum Known {
    /// A variable of the user's, by number.
    User(usize),
    Cotangent,
    /// It declares a size and has no value.
    Size,
}

pub(super) struct Judgement<'q> {
    pub(super) user: &'q Typed,
    pub(super) question: &'q Question<'q>,
    pub(super) target: NodeId,
    pub(super) indices: Box<[IndexId]>,
    pub(super) plan: Vec<NodeId>,
    /// Whether the objective is a scalar.
    scalar: bool,
    groups: Vec<Group>,
    /// What each result varies, with the part of the plan that follows.
    pub(super) varied: Vec<Vec<Varied>>,
}

/// The objective of a program: its node, its indices, and its definition where it is one.
fn objective(
    typed: &Typed,
    name: Option<&str>,
) -> Option<(NodeId, Box<[IndexId]>, Option<DefinitionId>)> {
    let of = |d: DefinitionId| {
        let definition = &typed.definitions[d.0 as usize];
        (definition.body, definition.indices.clone(), Some(d))
    };
    typed.items.iter().rev().find_map(|item| match (item, name) {
        (Item::Definition(d), None) => Some(of(*d)),
        (Item::Definition(d), Some(name)) => {
            let written = typed.definitions[d.0 as usize].name;
            let same =
                typed.program.name(written) == name || typed.program.written(written) == name;
            same.then(|| of(*d))
        }
        (Item::Expression(id, indices), None) => Some((*id, indices.clone(), None)),
        _ => None,
    })
}

fn find_varied(typed: &Typed, name: &str) -> Option<Varied> {
    let is = |id: crate::syntax::ast::NameId| {
        typed.program.name(id) == name || typed.program.written(id) == name
    };
    let variable = typed.variables.iter().position(|v| is(v.name));
    let definition = || typed.definitions.iter().rposition(|d| is(d.name));
    variable
        .map(|k| Varied::Variable(VariableId(k as u32)))
        .or_else(|| definition().map(|k| Varied::Definition(DefinitionId(k as u32))))
}

impl<'q> Judgement<'q> {
    fn new(
        user: &'q Typed,
        question: &'q Question<'q>,
        reader: &impl Fn(Option<&str>, &str) -> Result<Typed, String>,
    ) -> Result<Judgement<'q>, Stop> {
        let Some((target, indices, definition)) = objective(user, question.objective) else {
            return Err(Stop::Skip("the program has no such objective".to_string()));
        };
        let mut dims: Vec<DimId> = indices.iter().map(|i| user.indices[i.0 as usize].dim).collect();
        dims.extend(user.shape(target).axes);
        let scalar = dims.is_empty();
        let mut varied = Vec::with_capacity(question.results.len());
        let names: std::collections::BTreeMap<&str, Varied> = question
            .results
            .iter()
            .flat_map(|r| &r.wrt)
            .filter_map(|name| Some((*name, find_varied(user, name)?)))
            .collect();
        for result in &question.results {
            let found: Option<Vec<Varied>> =
                result.wrt.iter().map(|n| names.get(n).copied()).collect();
            let found =
                found.ok_or_else(|| Stop::Skip("the program has no such variable".to_string()))?;
            if found.iter().any(|v| definition.is_some_and(|d| *v == Varied::Definition(d))) {
                return Err(Stop::Skip("a derivative of the objective by itself".to_string()));
            }
            varied.push(found);
        }
        let pieces: Option<Vec<Pieces>> =
            question.results.iter().map(|r| Pieces::of(r.text)).collect();
        let pieces = pieces.ok_or_else(|| unreadable("it ends in no expression"))?;
        let cotangent = (!scalar).then_some((question.cotangent, dims.as_slice()));
        let header = read::header(user, cotangent);
        let shared = Pieces::definitions_of(question.definitions);
        let borrowed = read::borrowed(user, &shared, &pieces);
        let mut groups = Vec::new();
        for (text, members) in read::group(&header, &borrowed, &shared, &pieces) {
            let typed = reader(None, &text).map_err(unreadable)?;
            groups.push(Group::new(typed, user, &members, question.cotangent)?);
        }
        let nothing = Point::default();
        let plan = Evaluator::<f64>::new(user, &nothing)
            .map_err(|e| Stop::Skip(e.to_string()))?
            .plan(&[target]);
        Ok(Judgement { user, question, target, indices, plan, scalar, groups, varied })
    }

    fn run(self) -> Result<Verification, Stop> {
        let sizes = Sizes::new(self.user);
        let mut random = Random::new(self.question.seed ^ 0x005d_eece_66d1_57a3);
        let mut decided = vec![false; self.question.results.len()];
        let (mut points, mut worst) = (0, 0.0f64);
        let mut why = "no point was found at which the objective is defined".to_string();
        let mut wanted = self.question.points.max(1);
        let (mut number, mut spent) = (0, 0u64);
        while number < wanted {
            // what a point of this number leaves open is tried at others
            let mut open = vec![true; self.question.results.len()];
            for attempt in 0..ATTEMPTS {
                let Some(chosen) = sizes.draw(self.user, number, &mut random) else {
                    why = "no sizes were found that fit the program".to_string();
                    break;
                };
                let point = sample::draw(self.user, &chosen, number, attempt, &mut random);
                match self.point(&point, &open, &mut random) {
                    Ok((opinions, work)) => {
                        let mut all = true;
                        for (result, opinion) in opinions.into_iter().enumerate() {
                            match opinion {
                                Opinion::Agrees(error) => {
                                    (decided[result], open[result]) = (true, false);
                                    worst = worst.max(error);
                                }
                                Opinion::Open if !open[result] => {}
                                Opinion::Open => all = false,
                                // what doubles cannot tell from 0 decides nothing
                                Opinion::Differs { claimed, found, .. }
                                    if claimed.abs().max(found.abs()) < VANISHING =>
                                {
                                    all = false;
                                }
                                Opinion::Differs { claimed, found, error } => {
                                    let wrt = &self.question.results[result].wrt;
                                    let wrt = wrt.iter().map(ToString::to_string).collect();
                                    let failure = Failure::Differs(Box::new(Difference {
                                        result,
                                        wrt,
                                        point,
                                        claimed,
                                        found,
                                        error,
                                    }));
                                    let scale = found.abs().max(f64::MIN_POSITIVE);
                                    let apart = (claimed - found).abs() / scale;
                                    return Err(Stop::Fail(failure, points, worst.max(apart)));
                                }
                            }
                        }
                        spent = spent.saturating_add(work);
                        if spent > ENOUGH_WORK && decided.iter().all(|d| *d) {
                            wanted = wanted.min(number + 1);
                        }
                        if all {
                            points += 1;
                            break;
                        }
                        if spent > MOST_WORK {
                            wanted = wanted.min(number + 1);
                            break;
                        }
                        why = "the differences of the input are not accurate enough".to_string();
                    }
                    Err(Pass::Elsewhere(reason)) => why = reason,
                    Err(Pass::Stop(stop)) => return Err(stop),
                }
            }
            number += 1;
        }
        if decided.iter().all(|d| *d) {
            let status = Status::Verified;
            return Ok(Verification { status, points, max_relative_error: worst });
        }
        Err(Stop::Skip(why))
    }

    /// The opinion of one point of every result that is open, and its work.
    fn point(
        &self,
        point: &Point,
        open: &[bool],
        random: &mut Random,
    ) -> Result<(Vec<Opinion>, u64), Pass> {
        let mut evaluator = Evaluator::<f64>::new(self.user, point)?;
        evaluator.run(&self.plan)?;
        let value = evaluator.result(self.target, &self.plan)?;
        if value.data.iter().any(|v| !v.is_finite() || v.abs() > LARGEST_VALUE) {
            return Err(Pass::Elsewhere("the objective overflows at the points tried".to_string()));
        }
        if evaluator.work > LARGEST_EVALUATION {
            return Err(Pass::Stop(Stop::Skip("the declared sizes are too large".to_string())));
        }
        let trace = evaluator.trace.clone();
        if trace.nearest < NEAREST_KINK {
            return Err(Pass::Elsewhere("every point tried lies near a kink".to_string()));
        }
        let aligned = evaluator.aligned(self.target, &self.indices)?;
        let weights: Vec<f64> = if self.scalar {
            vec![1.0]
        } else {
            aligned.data.iter().map(|_| random.signed(0.3, 1.2)).collect()
        };
        let cotangent = Array { shape: aligned.shape.clone(), data: weights };
        let answers = self.answers(point, &cotangent)?;
        let work = evaluator.work.saturating_mul(self.varied.len() as u64).saturating_mul(12);
        let mut input = Input {
            evaluator,
            judgement: self,
            trace,
            weights: cotangent.data.clone(),
            value: aligned.data,
        };
        let mut opinions = Vec::with_capacity(answers.len());
        if work > SEPARATE_WORK && self.varied.len() > 8 {
            opinions = input.together(&answers, open, random)?;
        } else {
            for (result, answer) in answers.iter().enumerate() {
                let kind = self.question.results[result].kind;
                opinions.push(if open[result] {
                    input.opinion(kind, &self.varied[result], answer, random)?
                } else {
                    Opinion::Open
                });
            }
        }
        let work = input.evaluator.work;
        self.excuse_unstable(&mut opinions, &answers, point, &cotangent, random);
        Ok((opinions, work))
    }

    /// The value of every result at a point.
    pub(super) fn answers(&self, point: &Point, cotangent: &Array) -> Result<Vec<Array>, Pass> {
        let nothing = Array { shape: Vec::new(), data: Vec::new() };
        let mut answers = vec![nothing; self.varied.len()];
        for group in &self.groups {
            let pick = |known: &Known| match known {
                Known::User(k) => point.values[*k].clone(),
                Known::Cotangent => Some(cotangent.clone()),
                Known::Size => None,
            };
            let own = Point {
                sizes: point.sizes.clone(),
                values: group.variables.iter().map(pick).collect(),
                functions: group
                    .functions
                    .iter()
                    .map(|k| k.and_then(|k| point.functions[k].clone()))
                    .collect(),
            };
            let broken = |error: EvalError| match error {
                EvalError::Undefined { .. } => {
                    Pass::Elsewhere("the answer is undefined where the input is not".to_string())
                }
                EvalError::OutOfRange { .. } => Pass::Elsewhere(error.to_string()),
                // a limit of the judge, not a fault of the answer
                EvalError::Unsupported { .. } | EvalError::TooLarge { .. } => {
                    Pass::Stop(Stop::Skip(format!("in the answer, {error}")))
                }
                error => Pass::Stop(unreadable(error.to_string())),
            };
            let mut evaluator = Evaluator::<f64>::new(&group.typed, &own).map_err(broken)?;
            evaluator.run(&group.plan).map_err(broken)?;
            for (result, node, indices) in &group.members {
                evaluator.result(*node, &group.plan).map_err(broken)?;
                answers[*result] = evaluator.aligned(*node, indices).map_err(broken)?;
            }
        }
        Ok(answers)
    }
}

impl Group {
    fn new(typed: Typed, user: &Typed, members: &[usize], cotangent: &str) -> Result<Group, Stop> {
        let expressions: Vec<(NodeId, Box<[IndexId]>)> = typed
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Expression(id, indices) => Some((*id, indices.clone())),
                _ => None,
            })
            .collect();
        if expressions.len() != members.len() {
            return Err(unreadable("it ends in no expression"));
        }
        let user_variables: std::collections::BTreeMap<&str, usize> = user
            .variables
            .iter()
            .enumerate()
            .map(|(k, v)| (user.program.name(v.name), k))
            .collect();
        let sizes = read::sizes_by_use(user);
        let mut variables = Vec::new();
        for variable in &typed.variables {
            let name = typed.program.name(variable.name);
            variables.push(match user_variables.get(name) {
                Some(&k) => Known::User(k),
                None if name == cotangent => Known::Cotangent,
                None if sizes.iter().any(|(array, _)| array == name) => Known::Size,
                None => {
                    return Err(unreadable(format!("it speaks of `{name}`, the input does not")));
                }
            });
        }
        let functions = typed
            .unknowns
            .iter()
            .map(|f| {
                let name = typed.program.name(f.name);
                user.unknowns.iter().position(|u| user.program.name(u.name) == name)
            })
            .collect();
        let members: Vec<(usize, NodeId, Box<[IndexId]>)> =
            members.iter().zip(expressions).map(|(&m, (id, indices))| (m, id, indices)).collect();
        let targets: Vec<NodeId> = members.iter().map(|m| m.1).collect();
        let plan = {
            let nothing = Point::default();
            let evaluator = Evaluator::<f64>::new(&typed, &nothing);
            evaluator.map_err(|e| unreadable(e.to_string()))?.plan(&targets)
        };
        Ok(Group { typed, members, plan, variables, functions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `f(x .* x)` by hand, judged against answers built by hand as well.
    fn judged(wrong: i64) -> Status {
        use super::super::toy::Toy;
        use crate::syntax::ast::ProductOp;
        let square = |toy: &mut Toy| {
            let x = toy.variable("x", &["n"]);
            let n = toy.dims(&["n"]);
            let again = toy.again(x);
            let s = toy.product(ProductOp::Hadamard, x, again, &n, &[]);
            (x, s, n)
        };
        let mut input = Toy::new();
        let f = input.unknown("f", false);
        let (_, s, _) = square(&mut input);
        let y = input.apply(f, 0, s);
        let user = input.expression(y);
        let reader = |_: Option<&str>, text: &str| {
            assert_eq!(text, "var x[n], grad_y[n]\nfn f\nanswer\n");
            // grad_y .* f'(x .* x) .* x * 2
            let mut toy = Toy::new();
            let f = toy.unknown("f", false);
            let (x, s, n) = square(&mut toy);
            let g = toy.variable("grad_y", &["n"]);
            let slope = toy.apply(f, 1, s);
            let a = toy.product(ProductOp::Hadamard, g, slope, &n, &[]);
            let x = toy.again(x);
            let b = toy.product(ProductOp::Hadamard, a, x, &n, &[]);
            let factor = toy.number(wrong);
            let c = toy.product(ProductOp::Product, b, factor, &n, &[]);
            Ok(toy.expression(c))
        };
        let results = vec![Claimed { kind: Kind::Gradient, wrt: vec!["x"], text: "answer" }];
        let question = Question {
            shapes: None,
            program: "",
            objective: None,
            cotangent: "grad_y",
            definitions: "",
            results,
            seed: 1,
            points: 5,
        };
        let verification = verify_typed(&user, &question, reader);
        assert!(matches!(verification.status, Status::Failed(_)) || verification.points == 5);
        assert!(verification.max_relative_error < 1e-8 || wrong != 2);
        verification.status
    }

    #[test]
    fn the_right_answer_is_verified_and_a_wrong_factor_or_sign_is_not() {
        assert!(matches!(judged(2), Status::Verified));
        for wrong in [1, 3, 0, 4] {
            assert!(matches!(judged(wrong), Status::Failed(Failure::Differs(_))), "{wrong}");
        }
    }
}
