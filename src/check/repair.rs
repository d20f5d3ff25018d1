//! The smallest change that makes a refuted claim true.
//!
//! Guarantees that no repair is offered that was not itself checked as any other claim is.

use super::decide::Trial;
use super::edit::edits;
use super::verdict::Status;
use super::{Claim, decide};
use crate::numeric::sample::Random;
use crate::shape::infer::infer;
use crate::shape::typed::{Item, Meaning, Typed};
use crate::syntax::ast::NodeId;
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
        let kept = print_node(&typed.program, kept);
        for edit in edits(typed, edited) {
            tried += 1;
            if tried > TRIED {
                return None;
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

/// The program without its claims.
fn context(typed: &Typed) -> String {
    let mut text = typed.program.source.clone().into_bytes();
    for item in &typed.items {
        let Item::Claim(sides, _) = item else { continue };
        let (Some(first), Some(last)) = (sides.first(), sides.last()) else { continue };
        let span = typed.program.span(*first).to(typed.program.span(*last));
        for byte in &mut text[span.start as usize..span.end as usize] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    // brackets around a side stand outside its span
    let text = String::from_utf8(text).unwrap_or_default();
    text.lines()
        .map(|l| if l.trim_matches([' ', '(', ')', ';']).is_empty() { "" } else { l })
        .collect::<Vec<_>>()
        .join("\n")
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
    matches!(decide(&claim, seed).0, Status::Proved | Status::Verified)
}
