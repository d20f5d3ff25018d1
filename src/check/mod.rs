//! Claims: proved, verified, refuted with a counterexample, or undecided with a reason.
//!
//! A claim is tried at points (`decide`, `points`), by the judge alone, which knows no calculus; a
//! point at which the sides differ refutes it, and is made small. It is proved where both sides
//! have one normal form (`prove`) and no point says otherwise: a proof saves points, and never
//! overrules one. What is refuted may be mended by a small change (`edit`, `repair`).
//!
//! Guarantees that nothing is called verified that could not be evaluated anywhere.

mod decide;
mod domain;
mod edit;
mod einstein;
mod general;
mod layout;
mod lost;
mod named;
mod points;
pub mod prove;
mod repair;
mod residues;
mod separate;
mod shrink;
mod ties;
mod tree;
mod trivial;
pub mod verdict;

use crate::diagnostic::{Diagnostic, Span};
use crate::engine::Error;
use crate::numeric::sample::Random;
use crate::shape::infer::infer;
use crate::shape::typed::{IndexId, Item, Typed};
use crate::syntax::ast::{Expr, NodeId};
use crate::syntax::parser::parse_with;
pub use layout::Layout;
use separate::{Separated, separate};
use verdict::{Evidence, Status, Verdict};

/// One equality of a program: two sides, and the indices that either has.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The program that it stands in.
    pub typed: &'a Typed,
    /// Its left side.
    pub left: NodeId,
    /// Its right side.
    pub right: NodeId,
    /// The free indices of its sides.
    pub indices: &'a [IndexId],
}

/// What a program claims, decided one by one, in order.
///
/// # Errors
/// [`Error`] where the text cannot be read.
pub fn check(program: &str, shapes: Option<&str>, seed: u64) -> Result<Vec<Verdict>, Error> {
    let typed = infer(parse_with(shapes, program)?)?;
    Ok(check_typed(&typed, seed, true))
}

/// What was said of the claims of a text.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Of those that can be read, in order.
    pub verdicts: Vec<Verdict>,
    /// What is wrong with the others, in the order of the text; places are those of
    /// [`Program::source`](crate::syntax::ast::Program::source).
    pub refused: Vec<Diagnostic>,
}

/// As [`check`], of a text whose author lays derivatives out by some convention, in which a claim
/// that has no shape is left out.
///
/// # Errors
/// [`Error`] where the text cannot be read apart from such claims.
pub fn check_in(
    program: &str,
    shapes: Option<&str>,
    seed: u64,
    layout: Layout,
) -> Result<Checked, Error> {
    let Separated { original, laid, typed, refused } = separate(program, shapes, layout)?;
    let mut verdicts = check_typed(&typed, seed, true);
    if layout == Layout::Own {
        return Ok(Checked { verdicts, refused });
    }
    for v in &mut verdicts {
        v.span = laid.original(v.span, original.program_start);
        let text = |s: Span| original.source.get(s.start as usize..s.end as usize);
        for (side, span) in [(&mut v.left, v.sides.0), (&mut v.right, v.sides.1)] {
            let span = laid.original(span, original.program_start);
            *side = text(span).unwrap_or(side).to_string();
        }
        // a repair is written without the transposes that the author does not have
        let mended = v.evidence.repair.take();
        v.evidence.repair = mended.and_then(|(claim, what)| Some((layout.written(&claim)?, what)));
    }
    Ok(Checked { verdicts, refused })
}

/// As [`check`], of a program that was read; `mend` asks for repairs of what is refuted.
pub fn check_typed(typed: &Typed, seed: u64, mend: bool) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut general: Option<Option<Typed>> = None;
    for (at, item) in typed.items.iter().enumerate() {
        let Item::Claim(claim) = item else { continue };
        let (sides, indices) = &**claim;
        for (link, pair) in sides.windows(2).enumerate() {
            let claim = Claim { typed, left: pair[0], right: pair[1], indices };
            let (mut status, mut evidence) = decide(&claim, seed, true);
            evidence.note = einstein::order(&claim);
            if mend && status == Status::Refuted {
                evidence.repair = repair::repair(&claim, seed);
                evidence.note = einstein::note(&claim).or(evidence.note);
            }
            if status == Status::Undecided && evidence.points == 0 {
                let general = general.get_or_insert_with(|| general::general(typed));
                let found = general.as_ref().and_then(|g| at_every_size(g, at, link, seed));
                if let Some(found) = found {
                    (status, evidence) = found;
                }
            }
            verdicts.push(Verdict::new(&claim, link + 1, status, evidence));
        }
    }
    verdicts
}

/// The verdict on a link of a more general program, where it holds.
fn at_every_size(
    general: &Typed,
    item: usize,
    link: usize,
    seed: u64,
) -> Option<(Status, Evidence)> {
    let Some(Item::Claim(claim)) = general.items.get(item) else { return None };
    let (sides, indices) = &**claim;
    let (left, right) = (*sides.get(link)?, *sides.get(link + 1)?);
    let found = decide(&Claim { typed: general, left, right, indices }, seed, false);
    found.0.holds().then_some(found)
}

/// `shown` asks for a counterexample that is simple to read.
fn decide(claim: &Claim<'_>, seed: u64, shown: bool) -> (Status, Evidence) {
    let mut random = Random::new(seed ^ 0x517c_c1b7_2722_0a95);
    let mut trial = decide::Trial::new(claim);
    trial.shown = shown;
    // what has a proof needs few points to show that it speaks of anything
    let mut outcome = trial.run(true, &mut random);
    let mut proof = if outcome.counterexample.is_some() { None } else { prove::prove(claim) };
    if outcome.counterexample.is_none() && (proof.is_none() || outcome.points == 0) {
        outcome = trial.run(false, &mut random);
    }
    // a claim that holds only where nothing is defined is not proved either
    if outcome.counterexample.is_some() || outcome.points == 0 {
        proof = None;
    }
    let mut doubt = None;
    if outcome.counterexample.is_none() {
        doubt = trial.around(proof.is_some(), &mut outcome, &mut random);
    }
    if proof.is_none() && outcome.counterexample.is_none() {
        trial.confirm(&mut outcome, &mut random);
    }
    if outcome.counterexample.is_some() {
        proof = None;
    }
    if let Some(why) = doubt
        && proof.is_none()
        && outcome.counterexample.is_none()
    {
        outcome.enough = false;
        outcome.reason = Some(why.to_string());
    }
    let mut evidence = Evidence {
        points: outcome.points,
        max_relative_error: (outcome.points > 0).then_some(outcome.worst),
        reason: outcome.reason,
        ..Evidence::default()
    };
    if let Some(counterexample) = outcome.counterexample {
        evidence.counterexample = Some(counterexample);
        (evidence.reason, evidence.max_relative_error) = (None, None);
        return (Status::Refuted, evidence);
    }
    if let Some(proof) = proof {
        evidence.conditions = domain::domain(claim);
        evidence.conditions.extend(proof.conditions);
        let mut told = Vec::new();
        evidence.conditions.retain(|c| {
            !told.contains(c) && {
                told.push(c.clone());
                true
            }
        });
        evidence.method = Some(proof.method);
        evidence.identities = named::instance(claim).into_iter().collect();
        evidence.identities.extend(proof.identities);
        if evidence.identities.is_empty() {
            evidence.identities = named::definitional(claim);
        }
        let mut seen = Vec::new();
        evidence.identities.retain(|n| {
            !seen.contains(n) && {
                seen.push(*n);
                true
            }
        });
        return (Status::Proved, evidence);
    }
    if outcome.enough {
        evidence.chance = trial.exact(&mut random);
        if evidence.chance.is_none() && trial.is_arithmetic() {
            outcome.enough = false;
            let why = "the sides differ by less than 256 bits can tell";
            evidence.reason = Some(why.to_string());
        }
    }
    let status = if outcome.enough { Status::Verified } else { Status::Undecided };
    if status == Status::Verified {
        evidence.conditions = domain::domain(claim);
    }
    (status, evidence)
}

/// Whether a claim speaks of derivatives at points that are not literal: it leaves out kinks.
fn about_derivatives(claim: &Claim<'_>) -> bool {
    use crate::shape::typed::Meaning;
    let typed = claim.typed;
    let mut seen = vec![false; typed.program.nodes.len()];
    let mut stack = vec![claim.left, claim.right];
    while let Some(id) = stack.pop() {
        if std::mem::replace(&mut seen[id.0 as usize], true) {
            continue;
        }
        match typed.meaning(id) {
            Meaning::Derivative(_) => return true,
            Meaning::Definition(d) => stack.push(typed.definitions[d.0 as usize].body),
            Meaning::Function(_) => {
                if let Expr::Call { primes: 1.., arguments, .. } = typed.program.node(id) {
                    let argument = typed.program.list(*arguments)[0];
                    if crate::numeric::plan::variables_of(typed, argument).contains(&true) {
                        return true;
                    }
                }
            }
            _ => {}
        }
        typed.program.for_each_child(id, |c| stack.push(c));
    }
    false
}
