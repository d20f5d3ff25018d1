//! Claims between an array and the entries of one: `grad(L, x) == 2*x[i]`.
//!
//! An expression with free index names has those axes, in the order of their first appearance. Where
//! one side of a claim has them and another is an array without, the other is read entry by entry,
//! by the same indices.

use super::error::ShapeError;
use super::typed::{IndexId, Item, Typed};
use crate::syntax::ast::{Expr, List, NodeId, Program, Statement};

/// The sides to be read by indices: the claim of each, its position there, and the indices.
type Sides = Vec<(usize, usize, Vec<IndexId>)>;

/// The sides of claims that are arrays where others have free indices.
///
/// # Errors
/// [`ShapeError::Operand`] where the array has another number of axes.
pub(super) fn arrays_beside_entries(typed: &Typed) -> Result<Sides, ShapeError> {
    let mut out = Vec::new();
    let claims = typed.items.iter().filter_map(|item| match item {
        Item::Claim(claim) => Some(&**claim),
        _ => None,
    });
    for (at, (sides, indices)) in claims.enumerate() {
        if indices.is_empty() {
            continue;
        }
        let entries = |s: &NodeId| !typed.free(*s).is_empty();
        let Some(model) = sides.iter().find(|s| entries(s)) else { continue };
        for (position, &side) in sides.iter().enumerate() {
            let rank = typed.shape(side).axes.len();
            if entries(&side) || rank == 0 || rank == typed.shape(*model).axes.len() {
                continue;
            }
            let free = typed.free(*model);
            if !typed.shape(*model).axes.is_empty() || rank != free.len() {
                let name = |i: &IndexId| {
                    let name = typed.indices[i.0 as usize].name;
                    typed.program.written(name).to_string()
                };
                let names: Vec<String> = free.iter().map(name).collect();
                let sizes: Vec<String> =
                    typed.shape(side).axes.iter().map(|d| typed.dims.text(*d)).collect();
                let names = names.join("`, `");
                return Err(ShapeError::Operand {
                    expected: format!("an array with one axis for each of `{names}`"),
                    found: format!("[{}]", sizes.join(", ")),
                    span: typed.program.span(side),
                    help: None,
                });
            }
            out.push((at, position, free.to_vec()));
        }
    }
    Ok(out)
}

/// The program in which these sides are entries.
pub(super) fn with_entries(typed: Typed, sides: &Sides) -> Program {
    let Typed { mut program, indices, .. } = typed;
    let claims: Vec<usize> = (0..program.statements.len())
        .filter(|k| matches!(program.statements[*k], Statement::Claim(_)))
        .collect();
    for (claim, position, list) in sides {
        let Some(Statement::Claim(nodes)) = claims.get(*claim).map(|k| &program.statements[*k])
        else {
            continue;
        };
        let base = nodes[*position];
        let span = program.span(base);
        let node = |program: &mut Program, e: Expr| {
            program.nodes.push(e);
            program.spans.push(span);
            NodeId((program.nodes.len() - 1) as u32)
        };
        let names: Vec<NodeId> = list
            .iter()
            .map(|i| node(&mut program, Expr::Name(indices[i.0 as usize].name)))
            .collect();
        let start = program.children.len() as u32;
        program.children.extend(&names);
        let entry = node(&mut program, Expr::Entry(base, List { start, len: names.len() as u32 }));
        if let Statement::Claim(nodes) = &mut program.statements[claims[*claim]] {
            nodes[*position] = entry;
        }
    }
    program
}
