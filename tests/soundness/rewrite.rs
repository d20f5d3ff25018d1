//! Rewriting an expression into an equal one: by algebra, by entries, by identities of the table.

use crate::expression::{
    E, ELEMENTWISE, Index, Op, SCALAR, Size, add, any, call, hadamard, last_index, make, mentions,
    negate, node, nodes, number, replace, times, transpose,
};
use crate::generate::Generator;
use crate::random::{Pick, Random};
use crate::table::{Hole, Rule};
use derive::syntax::ast::Attribute;

/// The largest tree that is rewritten further.
const LARGEST: usize = 70;

/// Applies up to so many rewrites at random places.
pub(crate) fn scramble(e: &E, times: usize, rules: &[Rule], r: &mut Random) -> E {
    let mut out = E::clone(e);
    for _ in 0..times {
        let all = nodes(&out);
        if all.len() > LARGEST {
            break;
        }
        let place = r.below(all.len());
        let next = last_index(&out).max(40);
        let new = replace(&out, place, &mut |e| {
            let by_table = r.below(3) == 0;
            if by_table { by_identity(e, rules, r) } else { step(e, next, r) }
        });
        // the variable of a derivative stays a variable, so what does not fit is no step
        if let Some(new) = new {
            out = new;
        }
    }
    out
}

/// One step of algebra.
fn step(e: &E, next: u8, r: &mut Random) -> Option<E> {
    let of = |k: usize| &e.args[k];
    let scalar = e.shape == SCALAR;
    match (&e.op, r.below(6)) {
        (Op::Add, 0) => Some(negate(&add(&negate(of(0)), &negate(of(1))))),
        (Op::Add, 1) => match &of(0).op {
            // (a + b) + c = a + (b + c)
            Op::Add => node(
                Op::Add,
                vec![
                    of(0).args[0].clone(),
                    node(Op::Add, vec![of(0).args[1].clone(), of(1).clone()])?,
                ],
            ),
            _ => Some(add(of(1), of(0))),
        },
        (Op::Add, _) => Some(add(of(1), of(0))),
        (Op::Times, k) => product(e, next, k),
        (Op::Hadamard, 0) if of(0).shape == of(1).shape && e.shape.1 == 1 && !scalar => {
            Some(times(&call("diag", &[of(1)]), of(0)))
        }
        (Op::Hadamard, 1) => {
            let Op::Add = of(0).op else { return Some(hadamard(of(1), of(0))) };
            let part = |k: usize| hadamard(&of(0).args[k], of(1));
            (of(0).args[0].shape == of(0).args[1].shape).then(|| add(&part(0), &part(1)))
        }
        (Op::Hadamard, _) => Some(hadamard(of(1), of(0))),
        (Op::Transpose, _) => match &of(0).op {
            Op::Times => {
                let (a, b) = (&of(0).args[0], &of(0).args[1]);
                node(Op::Times, vec![transpose(b), transpose(a)])
            }
            Op::Add | Op::Hadamard => {
                node(of(0).op.clone(), of(0).args.iter().map(transpose).collect())
            }
            Op::Transpose => Some(of(0).args[0].clone()),
            _ => None,
        },
        (Op::Quotient, _) => {
            Some(make(Op::Times, &[of(0), &make(Op::Power, &[of(1), &negate(&number(1))])]))
        }
        (Op::ElementQuotient, _) => {
            let below = make(Op::ElementQuotient, &[&number(1), of(1)]);
            Some(make(Op::Hadamard, &[of(0), &below]))
        }
        (Op::Power, _) if scalar && of(1).op == Op::Number(2, 1) => Some(times(of(0), of(0))),
        (Op::ElementPower, _) if of(1).op == Op::Number(2, 1) => Some(hadamard(of(0), of(0))),
        (Op::Power | Op::ElementPower, _) if of(1).op == Op::Number(3, 1) && e.shape.1 == 1 => {
            Some(hadamard(of(0), &make(Op::ElementPower, &[of(0), &number(2)])))
        }
        (Op::Call(name, 0), k) => function(e, name, next, k),
        (Op::Axis("sum", 1), _) => Some(times(of(0), &make(Op::Ones(of(0).shape.1, 1), &[]))),
        (Op::Axis(name, axis), _) if e.shape.1 == 1 => {
            Some(make(Op::Axis(name, 1 - axis), &[&transpose(of(0))]))
        }
        (Op::Less | Op::Variable(_) | Op::Entry(_) | Op::Number(..), 1..) => None,
        (Op::Less, _) => None,
        _ if r.below(3) > 0 => None,
        (_, 0) => {
            let half = times(&make(Op::Number(1, 2), &[]), e);
            Some(add(&half, &half))
        }
        (_, 1) => Some(negate(&negate(e))),
        (_, 2) => Some(transpose(&transpose(e))),
        _ => entries(e, next),
    }
}

fn product(e: &E, next: u8, k: usize) -> Option<E> {
    let (a, b) = (&e.args[0], &e.args[1]);
    if a.shape == SCALAR || b.shape == SCALAR {
        return Some(times(b, a));
    }
    match k {
        0 if e.shape == SCALAR => Some(times(&transpose(b), &transpose(a))),
        1 if e.shape == SCALAR => Some(call("tr", &[&make(Op::Times, &[b, a])])),
        // (a b) c = a (b c)
        2 if a.op == Op::Times && a.args.iter().all(|f| f.shape != SCALAR) => {
            Some(times(&a.args[0], &node(Op::Times, vec![a.args[1].clone(), b.clone()])?))
        }
        3 if b.op == Op::Add && b.args[0].shape == b.args[1].shape => {
            Some(add(&times(a, &b.args[0]), &times(a, &b.args[1])))
        }
        4 if a.op == Op::Add && a.args[0].shape == a.args[1].shape => {
            Some(add(&times(&a.args[0], b), &times(&a.args[1], b)))
        }
        5 if e.shape == SCALAR => entries(e, next),
        _ => Some(transpose(&times(&transpose(b), &transpose(a)))),
    }
}

fn function(e: &E, name: &str, next: u8, k: usize) -> Option<E> {
    let of = |k: usize| &e.args[k];
    Some(match (name, k) {
        ("sum", 0) if of(0).shape.1 == 1 => {
            times(&transpose(&make(Op::Ones(of(0).shape.0, 1), &[])), of(0))
        }
        ("sum", 1) => call("sum", &[&transpose(of(0))]),
        ("sum", 2) if of(0).op == Op::Add && of(0).args[0].shape == of(0).args[1].shape => {
            add(&call("sum", &[&of(0).args[0]]), &call("sum", &[&of(0).args[1]]))
        }
        ("mean", 0..=2) if of(0).shape.1 == 1 => {
            let count = make(Op::Size(of(0).shape.0), &[]);
            make(Op::Quotient, &[&call("sum", &[of(0)]), &count])
        }
        ("tr", 0) => call("tr", &[&transpose(of(0))]),
        ("tr", 1) if of(0).op == Op::Times && of(0).args.iter().all(|a| a.shape != SCALAR) => {
            let (a, b) = (&of(0).args[0], &of(0).args[1]);
            let turned = times(b, a);
            if turned.shape == SCALAR { turned } else { call("tr", &[&turned]) }
        }
        ("tr" | "sum" | "dot", 2 | 3) => entries(e, next)?,
        ("dot", _) => times(&transpose(of(1)), of(0)),
        ("norm2", 0) => {
            call("sqrt", &[&call("sum", &[&make(Op::ElementPower, &[of(0), &number(2)])])])
        }
        ("mse", _) => {
            let gap = add(of(0), &negate(of(1)));
            call("mean", &[&hadamard(&gap, &gap)])
        }
        ("inv", 0) => transpose(&call("inv", &[&transpose(of(0))])),
        ("solve", _) => times(&call("inv", &[of(0)]), of(1)),
        ("outer", _) => times(of(0), &transpose(of(1))),
        ("det" | "logdet", 0) => {
            call(if name == "det" { "det" } else { "logdet" }, &[&transpose(of(0))])
        }
        ("softmax", 0) => {
            let exp = call("exp", &[of(0)]);
            make(Op::Quotient, &[&exp, &call("sum", &[&exp])])
        }
        ("logsumexp", 0) => call("log", &[&call("sum", &[&call("exp", &[of(0)])])]),
        ("relu", 0) => hadamard(of(0), &call("step", &[of(0)])),
        ("abs", 0) => hadamard(of(0), &call("sign", &[of(0)])),
        ("tril", 0) => transpose(&call("triu", &[&transpose(of(0))])),
        ("max", 0) if e.args.len() == 2 => negate(&call("min", &[&negate(of(0)), &negate(of(1))])),
        ("where", 0) => {
            let Op::Less = of(0).op else { return None };
            // a choice is linear in what is chosen
            negate(&call("where", &[of(0), &negate(of(1)), &negate(of(2))]))
        }
        _ => return None,
    })
}

/// The same number written with sums over indices.
fn entries(e: &E, mut next: u8) -> Option<E> {
    if e.shape != SCALAR {
        return None;
    }
    entry(e, &[], &mut next, 3)
}

/// The entry of `e` at these indices, written out so many operations deep.
pub(crate) fn entry(e: &E, at: &[Index], next: &mut u8, depth: u32) -> Option<E> {
    let of = |k: usize| &e.args[k];
    let plain = |at: &[Index]| match at {
        [] => Some(E::clone(e)),
        _ => node(Op::Entry(at.to_vec()), vec![E::clone(e)]),
    };
    if depth == 0 {
        return plain(at);
    }
    let d = depth - 1;
    let mut fresh = |size: Size| {
        *next += 1;
        Index { id: *next, size }
    };
    // a row is read as the column that it is the transpose of
    let two = |at: &[Index], rows: Size, columns: Size| match (at, rows, columns) {
        ([], 1, 1) => (None, None),
        ([i], _, 1) => (Some(*i), None),
        ([j], 1, _) => (None, Some(*j)),
        ([i, j], ..) => (Some(*i), Some(*j)),
        _ => (None, None),
    };
    let list = |i: Option<Index>, j: Option<Index>| i.into_iter().chain(j).collect::<Vec<_>>();
    match &e.op {
        Op::Times if of(0).shape != SCALAR && of(1).shape != SCALAR => {
            let (i, j) = two(at, e.shape.0, e.shape.1);
            let inner = of(0).shape.1;
            if inner == 1 {
                let left = entry(of(0), &list(i, None), next, d)?;
                return Some(times(&left, &entry(of(1), &list(None, j), next, d)?));
            }
            let k = fresh(inner);
            let left = entry(of(0), &list(i, Some(k)), next, d)?;
            let right = entry(of(1), &list(Some(k), j), next, d)?;
            node(Op::IndexSum(k), vec![times(&left, &right)])
        }
        Op::Add | Op::Hadamard | Op::Times => {
            let mut part = |k: usize| {
                let own: &[Index] = if of(k).shape == SCALAR { &[] } else { at };
                entry(of(k), own, next, d)
            };
            let op = if e.op == Op::Add { Op::Add } else { Op::Times };
            let (a, b) = (part(0)?, part(1)?);
            node(op, vec![a, b])
        }
        Op::Negate => Some(negate(&entry(of(0), at, next, d)?)),
        Op::Transpose => {
            let turned: Vec<Index> = at.iter().rev().copied().collect();
            entry(of(0), &turned, next, d)
        }
        Op::Eye(_) => match at {
            [i, j] => node(Op::Delta(*i, *j), vec![]),
            _ => None,
        },
        Op::Call("tr", 0) => {
            let k = fresh(of(0).shape.0);
            node(Op::IndexSum(k), vec![entry(of(0), &[k, k], next, d)?])
        }
        Op::Call("dot", 0) => {
            let k = fresh(of(0).shape.0);
            let (a, b) = (entry(of(0), &[k], next, d)?, entry(of(1), &[k], next, d)?);
            node(Op::IndexSum(k), vec![times(&a, &b)])
        }
        Op::Call("sum", 0) => {
            let s = of(0).shape;
            let indices: Vec<Index> =
                [s.0, s.1].into_iter().filter(|n| *n != 1).map(&mut fresh).collect();
            let mut out = entry(of(0), &indices, next, d)?;
            for i in indices.into_iter().rev() {
                out = node(Op::IndexSum(i), vec![out])?;
            }
            Some(out)
        }
        Op::Call("diag", 0) if e.shape.1 == 1 => entry(of(0), &[*at.first()?; 2], next, d),
        Op::Call(name, _) if ELEMENTWISE.contains(name) => {
            node(e.op.clone(), vec![entry(of(0), at, next, d)?])
        }
        _ if e.shape.0 == 1 && e.shape.1 != 1 => node(Op::Entry(at.to_vec()), vec![transpose(e)]),
        _ => plain(at),
    }
}

/// A node rewritten by an identity of the table whose one side it is an instance of.
fn by_identity(e: &E, rules: &[Rule], r: &mut Random) -> Option<E> {
    // a chain of conditional steps could leave the domain that it came through
    let free = |rule: &&Rule| {
        !rule.conditional && rule.holes.iter().all(|h| h.attributes.is_empty() && !h.varied)
    };
    let start = r.below(rules.len());
    let order = rules[start..].iter().chain(&rules[..start]).filter(free);
    for rule in order {
        let sizes = sizes(rule, e, r);
        let hole = |(k, h): (usize, &Hole)| make(Op::Hole(k, Rule::shape(h, &sizes)), &[]);
        let holes = rule.holes.iter().enumerate().map(hole).collect();
        let Some((left, right)) = rule.instance(&sizes, holes) else { continue };
        let forwards = r.below(2) == 0;
        let from = if forwards { &left } else { &right };
        let mut found = vec![None; rule.holes.len()];
        if !matches(from, e, &mut found) {
            continue;
        }
        let indexed = |e: &E| any(e, &|op| matches!(op, Op::Entry(_) | Op::Delta(..)));
        if (indexed(&left) || indexed(&right)) && indexed(e) {
            return None;
        }
        let (left, right) = rule.instance(&sizes, found.into_iter().collect::<Option<_>>()?)?;
        return Some(if forwards { right } else { left });
    }
    None
}

fn sizes(rule: &Rule, e: &E, r: &mut Random) -> Vec<Size> {
    let own = [e.shape.0, e.shape.1, 3, 2];
    let own: Vec<Size> = own.into_iter().filter(|s| [2, 3, 5].contains(s)).collect();
    rule.dims.iter().map(|_| r.pick(&own)).collect()
}

fn matches(pattern: &E, e: &E, found: &mut [Option<E>]) -> bool {
    if let Op::Hole(k, shape) = pattern.op {
        return shape == e.shape && *found[k].get_or_insert_with(|| E::clone(e)) == *e;
    }
    pattern.op == e.op
        && pattern.shape == e.shape
        && pattern.args.len() == e.args.len()
        && pattern.args.iter().zip(&e.args).all(|(p, a)| matches(p, a, found))
}

/// Both sides of an identity with random expressions for its variables.
pub(crate) fn instance(rule: &Rule, g: &mut Generator<'_>, depth: u32) -> Option<(E, E)> {
    let sizes: Vec<Size> = rule.dims.iter().map(|_| g.r.pick(&[2, 3, 3, 5])).collect();
    let varied: Vec<E> = rule
        .holes
        .iter()
        .map(|h| {
            let shape = Rule::shape(h, &sizes);
            let positive = h.attributes.contains(&Attribute::Positive);
            crate::expression::VARIABLES
                .iter()
                .filter(|v| {
                    v.1 == shape && positive == (v.2 == crate::expression::Property::Positive)
                })
                .map(|v| crate::expression::variable(v.0))
                .next()
        })
        .zip(&rule.holes)
        .map(|(v, h)| if h.varied { v } else { Some(number(0)) })
        .collect::<Option<_>>()?;
    let name = rule.holes.iter().zip(&varied).find(|h| h.0.varied).and_then(|h| match h.1.op {
        Op::Variable(name) => Some(name),
        _ => None,
    });
    // the sides speak of two variables at most one of which may be varied
    if rule.holes.iter().filter(|h| h.varied).count() > 1 {
        return None;
    }
    g.avoid = name;
    let mut fill = Vec::new();
    for (h, own) in rule.holes.iter().zip(varied) {
        let shape = Rule::shape(h, &sizes);
        let of = |g: &mut Generator<'_>| g.any(shape, depth);
        fill.push(match h.attributes[..] {
            _ if h.varied => own,
            [] => of(g),
            [Attribute::Positive] => call("exp", &[&call("sin", &[&of(g)])]),
            [Attribute::Symmetric] => {
                let a = of(g);
                add(&a, &transpose(&a))
            }
            [Attribute::PosDef] => {
                let a = of(g);
                add(&times(&a, &transpose(&a)), &make(Op::Eye(shape.0), &[]))
            }
            [Attribute::Diagonal] => call("diag", &[&g.any((shape.0, 1), depth)]),
            [Attribute::Simplex] => call("softmax", &[&of(g)]),
            _ => return None,
        });
    }
    g.avoid = None;
    if let Some(name) = name {
        if fill.iter().zip(&rule.holes).any(|(e, h)| !h.varied && mentions(e, name)) {
            return None;
        }
    }
    rule.instance(&sizes, fill)
}
