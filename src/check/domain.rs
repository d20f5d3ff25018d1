//! Where the sides of a claim have a value: what must be invertible, nonzero or positive for it.
//!
//! Both what the sides are lowered to and what is written is looked at: normal forms forget that
//! `exp(log(a))` asks for a positive `a`.

use super::Claim;
use crate::calculus::sweep::ReverseMode;
use crate::functions::{Function, Kernel, Kind, Lowering, Range};
use crate::notation::raise::ascii_of;
use crate::shape::typed::Meaning;
use crate::simplify::reachable;
use crate::syntax::ast::{Expr, NodeId, ProductOp};
use crate::tensor::arena::Arena;
use crate::tensor::lower::lower_sides;
use crate::tensor::node::{ExprId, MapFunction, MatrixFunction, Node, SymbolKind};

/// What must hold for the sides of a claim to have a value, as far as it is seen.
pub(super) fn domain(claim: &Claim<'_>) -> Vec<String> {
    let sides = [claim.left, claim.right];
    let Ok(lowered) = lower_sides(claim.typed, &sides, claim.indices, &ReverseMode) else {
        return Vec::new();
    };
    let arena = &lowered.arena;
    let mut list = reachable(arena, &lowered.sides);
    list.sort_unstable_by_key(|id| id.0);
    let (mut nonzero, mut positive, mut invertible) = (Vec::new(), Vec::new(), Vec::new());
    for id in list {
        match arena.node(id) {
            Node::Matrix(MatrixFunction::Inverse | MatrixFunction::LogDeterminant, x) => {
                invertible.push(x);
            }
            Node::Map(MapFunction::Known(f), ids) if f == arena.known.log => {
                positive.push(ids.get(0));
            }
            _ => match arena.as_power(id) {
                Some((base, e)) if arena.number_of(e).is_negative() => nonzero.push(base),
                _ => {}
            },
        }
    }
    let mut texts = Vec::new();
    for (list, word) in [(invertible, "invertible"), (nonzero, "nonzero"), (positive, "positive")] {
        describe(arena, &list, word, &mut texts);
    }
    let written = written(claim);
    let nodes: Vec<NodeId> = written.iter().map(|w| w.0).collect();
    if let Ok(lowered) = lower_sides(claim.typed, &nodes, &[], &ReverseMode) {
        for (id, (_, word)) in lowered.sides.iter().zip(written) {
            describe(&lowered.arena, &[*id], word, &mut texts);
        }
    }
    texts
}

/// What is asked for by what is written, without free indices, outside of definitions.
fn written(claim: &Claim<'_>) -> Vec<(NodeId, &'static str)> {
    let typed = claim.typed;
    let negative = |k: NodeId| match typed.program.node(k) {
        Expr::Negate(_) => true,
        Expr::Number(n) => n.is_negative(),
        _ => false,
    };
    let mut out = Vec::new();
    let mut stack = vec![claim.right, claim.left];
    while let Some(id) = stack.pop() {
        let found = match (typed.program.node(id), typed.meaning(id)) {
            (Expr::Call { arguments, primes: 0, .. }, Meaning::Function(f)) => typed
                .program
                .list(*arguments)
                .first()
                .and_then(|a| Some((*a, asked_by(f.function())?))),
            (Expr::Product(ProductOp::Quotient | ProductOp::ElementQuotient, _, b), _) => {
                Some((*b, "nonzero"))
            }
            (Expr::Power(a, k), _) if negative(*k) && !typed.shape(*a).axes.is_empty() => {
                Some((*a, "invertible"))
            }
            (Expr::Power(a, k) | Expr::ElementPower(a, k), _) if negative(*k) => {
                Some((*a, "nonzero"))
            }
            _ => None,
        };
        out.extend(found.filter(|(node, _)| typed.free(*node).is_empty()));
        let before = stack.len();
        typed.program.for_each_child(id, |c| stack.push(c));
        stack[before..].reverse();
    }
    out
}

/// What a function asks of its first argument to have a value.
fn asked_by(f: &Function) -> Option<&'static str> {
    if let Lowering::Node(Kind::Inverse | Kind::LogDeterminant | Kind::Solve) = f.lowering {
        return Some("invertible");
    }
    match (f.facts.domain, &f.kernel) {
        // the square root has a value at 0
        (Range::Positive, Kernel::Elementwise(k)) if (k.double)(&[0.0]).is_finite() => {
            Some("nonnegative")
        }
        (Range::Positive, _) => Some("positive"),
        _ => None,
    }
}

/// Adds what is to be said of these: nothing of what is plainly positive or has a name.
pub(super) fn describe(arena: &Arena, list: &[ExprId], word: &str, texts: &mut Vec<String>) {
    for &id in list {
        // what a name of the program stands for is not looked into; invertible is what has no sign
        let named = |e: &ExprId| {
            arena
                .as_symbol(*e)
                .is_some_and(|s| matches!(arena.symbol(s).kind, SymbolKind::Definition(_)))
        };
        let least = if word == "nonnegative" { Sign::NotNegative } else { Sign::Positive };
        let plain = || sign(arena, id, 8).is_some_and(|s| s >= least);
        if word != "invertible" && (plain() || reachable(arena, &[id]).iter().any(named)) {
            continue;
        }
        let Some(text) = ascii_of(arena, id) else { continue };
        let text = format!("{text} is {word}");
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    NotNegative,
    Positive,
}

/// What is seen of the sign of every entry, looking no deeper than this.
fn sign(arena: &Arena, id: ExprId, depth: usize) -> Option<Sign> {
    if arena.is_positive(id) {
        return Some(Sign::Positive);
    }
    let depth = depth.checked_sub(1)?;
    if let Some((base, e)) = arena.as_power(id) {
        let even = arena.number_of(e).as_integer().is_some_and(|n| n % 2 == 0);
        return sign(arena, base, depth).or(even.then_some(Sign::NotNegative));
    }
    match arena.node(id) {
        Node::Add(terms) if !terms.is_empty() => {
            let mut sum = Sign::NotNegative;
            for (c, e) in terms.iter() {
                if arena.number_of(c).is_negative() {
                    return None;
                }
                sum = sum.max(sign(arena, e, depth)?);
            }
            Some(sum)
        }
        Node::Einsum(view) => {
            let diagonal =
                (1..view.output().len()).any(|i| view.output()[..i].contains(&view.output()[i]));
            let mut product = if diagonal { Sign::NotNegative } else { Sign::Positive };
            for (e, _) in view.operands() {
                product = product.min(sign(arena, e, depth)?);
            }
            Some(product)
        }
        _ => None,
    }
}
