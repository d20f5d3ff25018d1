//! What is to be said of the indices of a claim: a product of entries that looks as if it were summed
//! over an index that stands in it twice, an array that is read by indices in an unusual order.

use super::Claim;
use crate::shape::typed::IndexId;
use crate::syntax::ast::{Expr, NodeId};
use crate::syntax::print::print_node;

/// What is to be said where one side of a claim has an index in two factors of a product and the
/// other side does not have it: here nothing is summed over it.
pub(super) fn note(claim: &Claim<'_>) -> Option<String> {
    let sides = [(claim.left, claim.right), (claim.right, claim.left)];
    sides.into_iter().find_map(|(side, other)| {
        let (product, index) = repeated(claim, side, claim.typed.free(other))?;
        let program = &claim.typed.program;
        let index = program.name(claim.typed.indices[index.0 as usize].name);
        Some(format!(
            "`{}` is a product of entries: nothing is summed over `{index}`",
            print_node(program, product)
        ))
    })
}

/// What is to be said where an array stands beside entries whose indices do not appear in the order
/// of their names: `A == A[j,i]` reads `A` by `j`, then `i`.
pub(super) fn order(claim: &Claim<'_>) -> Option<String> {
    let program = &claim.typed.program;
    [claim.left, claim.right].into_iter().find_map(|side| {
        let Expr::Entry(base, list) = program.node(side) else { return None };
        let name = |i: &NodeId| match program.node(*i) {
            Expr::Name(n) => program.name(*n),
            _ => "",
        };
        let names: Vec<&str> = program.list(*list).iter().map(name).collect();
        (program.span(side) == program.span(*base) && !names.is_sorted()).then(|| {
            let base = print_node(program, *base);
            format!("`{base}` is read as `{base}[{}]`, as the indices appear", names.join(","))
        })
    })
}

/// A largest product with a free index in both of its factors that is none of `known`.
fn repeated(claim: &Claim<'_>, side: NodeId, known: &[IndexId]) -> Option<(NodeId, IndexId)> {
    let (typed, mut stack) = (claim.typed, vec![side]);
    while let Some(id) = stack.pop() {
        if let Expr::Product(_, a, b) = typed.program.node(id) {
            let open = |i: &IndexId| typed.free(side).contains(i) && !known.contains(i);
            let both = |i: &&IndexId| typed.free(*b).contains(i) && open(i);
            if let Some(index) = typed.free(*a).iter().find(both) {
                return Some((id, *index));
            }
        }
        typed.program.for_each_child(id, |c| stack.push(c));
    }
    None
}
