//! What an expression mentions, in the order in which it is written.

use super::math::{Math, Symbol};

/// Calls `visit` with an expression and each of its parts, from left to right, until it says
/// `true`; gives whether it did.
pub(super) fn any(math: &Math, visit: &mut dyn FnMut(&Math) -> bool) -> bool {
    if visit(math) {
        return true;
    }
    match math {
        Math::Sum(terms) => terms.iter().any(|(_, term)| any(term, visit)),
        Math::Product(list) | Math::Hadamard(list) | Math::Ones(list) | Math::Zeros(list) => {
            list.iter().any(|part| any(part, visit))
        }
        Math::Call(_, list, _) | Math::Unknown(_, list) => list.iter().any(|part| any(part, visit)),
        Math::Quotient(a, b)
        | Math::ElementQuotient(a, b)
        | Math::Power(a, b)
        | Math::ElementPower(a, b)
        | Math::Delta(a, b)
        | Math::Partial(a, b)
        | Math::Inner(a, b)
        | Math::Compare(_, a, b) => any(a, visit) || any(b, visit),
        Math::Negate(a)
        | Math::Transpose(a)
        | Math::UnknownGradient(.., a)
        | Math::IndexSum(_, a) => any(a, visit),
        Math::Identity(size) => size.as_deref().is_some_and(|size| any(size, visit)),
        Math::Entry(base, indices) => {
            any(base, visit) || indices.iter().any(|index| any(index, visit))
        }
        Math::Range(ends) => ends.as_deref().is_some_and(|(a, b)| any(a, visit) || any(b, visit)),
        Math::Block(rows) => rows.iter().flatten().any(|part| any(part, visit)),
        Math::Number(_)
        | Math::Symbol(_)
        | Math::Gradient(_)
        | Math::Differential(_)
        | Math::Pi => false,
    }
}

/// Calls `visit` with each direct part of an expression that is an expression.
pub(super) fn children_mut(math: &mut Math, visit: &mut dyn FnMut(&mut Math)) {
    match math {
        Math::Sum(terms) => terms.iter_mut().for_each(|(_, term)| visit(term)),
        Math::Product(list) | Math::Hadamard(list) => list.iter_mut().for_each(visit),
        Math::Call(_, list, _) | Math::Unknown(_, list) => list.iter_mut().for_each(visit),
        Math::Quotient(a, b)
        | Math::ElementQuotient(a, b)
        | Math::Power(a, b)
        | Math::ElementPower(a, b)
        | Math::Inner(a, b)
        | Math::Compare(_, a, b) => {
            visit(a);
            visit(b);
        }
        Math::Negate(a) | Math::Transpose(a) | Math::UnknownGradient(.., a) => visit(a),
        Math::Block(rows) => rows.iter_mut().flatten().for_each(visit),
        // sizes and indices are no parts; what has indices is not taken apart
        _ => {}
    }
}

/// Calls `visit` with each direct part of an expression, positions and bases of entries included.
pub(super) fn parts_mut(math: &mut Math, visit: &mut dyn FnMut(&mut Math)) {
    match math {
        Math::Entry(base, indices) => {
            visit(base);
            indices.iter_mut().for_each(visit);
        }
        Math::Delta(a, b) | Math::Partial(a, b) => {
            visit(a);
            visit(b);
        }
        Math::IndexSum(_, body) => visit(body),
        Math::Range(Some(ends)) => {
            visit(&mut ends.0);
            visit(&mut ends.1);
        }
        other => children_mut(other, visit),
    }
}

/// Whether a cotangent occurs.
pub(super) fn mentions_gradient(math: &Math) -> bool {
    any(math, &mut |part| matches!(part, Math::Gradient(_)))
}

/// The free index names in the order of first appearance, which is the order of the axes that the
/// language gives such an expression. Names of bound indices are taken to be free nowhere.
pub(super) fn free_indices(math: &Math) -> Vec<Symbol> {
    let mut free: Vec<Symbol> = Vec::new();
    let mut bound: Vec<Symbol> = Vec::new();
    any(math, &mut |part| {
        let mut see = |position: &Math| {
            indices(position, &mut |s| {
                if !free.contains(s) {
                    free.push(s.clone());
                }
            });
        };
        match part {
            Math::Entry(_, indices) => indices.iter().for_each(see),
            Math::Delta(i, j) => {
                see(i);
                see(j);
            }
            Math::IndexSum(names, _) => bound.extend(names.iter().cloned()),
            _ => {}
        }
        false
    });
    free.retain(|index| !bound.contains(index));
    free
}

/// The index names of a position. A size stands in a product there, alone or before an index.
fn indices(position: &Math, see: &mut dyn FnMut(&Symbol)) {
    match position {
        Math::Symbol(s) => see(s),
        Math::Sum(terms) => terms.iter().for_each(|t| indices(&t.1, see)),
        Math::Product(list) if list.len() > 1 => list[1..].iter().for_each(|m| indices(m, see)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::*;
    use super::*;

    #[test]
    fn free_indices_stand_in_the_order_of_reading() {
        let names = |math: &Math| -> Vec<String> {
            free_indices(math).iter().map(|s| s.name.to_string()).collect()
        };
        let body = prod([entry(m("A"), &["k", "j"]), delta("i", "k")]);
        assert_eq!(names(&body), ["k", "j", "i"]);
        assert_eq!(names(&isum(&["k"], body)), ["j", "i"]);
        assert_eq!(names(&prod([c("i"), entry(v("x"), &["j"])])), ["j"]);
    }
}
