//! Claims of arrays that are declared too large to evaluate: what holds at every size holds there.

use crate::shape::infer::infer;
use crate::shape::typed::Typed;
use crate::syntax::ast::{Expr, NodeId, Statement};
use crate::syntax::parser::parse_with;

/// A size that is written as a number above this is read as a name.
const LARGE: i64 = 16;

fn name(size: i64) -> String {
    format!("size_{size}")
}

/// The program with a name for every large number that is declared as a size, wherever it stands;
/// `None` where there is none, or where the program has such a name already.
pub(super) fn general(typed: &Typed) -> Option<Typed> {
    let program = &typed.program;
    let number = |id: NodeId| match program.node(id) {
        Expr::Number(n) => n.as_integer().filter(|n| *n > LARGE),
        _ => None,
    };
    let mut sizes: Vec<i64> = Vec::new();
    for statement in &program.statements {
        let Statement::Variables(list) = statement else { continue };
        for declaration in list {
            for &dim in program.list(declaration.dims) {
                sizes.extend(number(dim).filter(|n| !sizes.contains(n)));
            }
        }
    }
    // a name that is there already is another number
    let mut taken: Vec<String> = program.names.iter().map(str::to_string).collect();
    taken.extend(typed.dims.texts().map(|t| t.to_string()));
    if sizes.iter().any(|n| taken.contains(&name(*n))) {
        return None;
    }
    // from the end, so that places stay right
    let mut places: Vec<(usize, usize, i64)> = (0..program.nodes.len() as u32)
        .filter_map(|k| {
            let n = number(NodeId(k)).filter(|n| sizes.contains(n))?;
            let span = program.span(NodeId(k));
            Some((span.start as usize, span.end as usize, n))
        })
        .collect();
    places.sort_unstable();
    places.dedup();
    let mut text = program.source.to_string();
    for (start, end, n) in places.into_iter().rev() {
        // `2*50` folded into one number is not such a size
        if text.get(start..end)?.parse() != Ok(n) {
            return None;
        }
        text.replace_range(start..end, &name(n));
    }
    (!sizes.is_empty()).then_some(())?;
    infer(parse_with(None, &text).ok()?).ok()
}
