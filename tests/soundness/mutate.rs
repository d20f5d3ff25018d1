//! One slip of a known kind in an expression.

use crate::expression::{
    E, ELEMENTWISE, Index, Op, SCALAR, VARIABLES, add, call, hadamard, make, negate, node, nodes,
    number, replace, times, transpose, variable,
};
use crate::random::{Pick, Random};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Slip {
    Transpose,
    Factor,
    Sign,
    Order,
    LostTerm,
    NewTerm,
    Function,
    Name,
    Index,
    OffDiagonal,
    LostFactor,
    Relative,
    Exponent,
    Constant,
    Inverse,
    Reduction,
    Negative,
    Nested,
}

pub(crate) const SLIPS: [Slip; 18] = [
    Slip::Transpose,
    Slip::Factor,
    Slip::Sign,
    Slip::Order,
    Slip::LostTerm,
    Slip::NewTerm,
    Slip::Function,
    Slip::Name,
    Slip::Index,
    Slip::OffDiagonal,
    Slip::LostFactor,
    Slip::Relative,
    Slip::Exponent,
    Slip::Constant,
    Slip::Inverse,
    Slip::Reduction,
    Slip::Negative,
    Slip::Nested,
];

/// Functions that are taken for each other.
const KIN: [(&str, &str); 16] = [
    ("sin", "cos"),
    ("relu", "step"),
    ("relu", "abs"),
    ("sigmoid", "tanh"),
    ("sigmoid", "softplus"),
    ("log", "exp"),
    ("cosh", "sinh"),
    ("atan", "tanh"),
    ("softmax", "logsoftmax"),
    ("det", "logdet"),
    ("tril", "triu"),
    ("max", "min"),
    ("norm1", "norm2"),
    ("sign", "step"),
    ("log1p", "log"),
    ("silu", "relu"),
];

/// The expression with one slip; `None` where it has no place for one of this kind.
pub(crate) fn mutate(e: &E, slip: Slip, r: &mut Random) -> Option<E> {
    let count = nodes(e).len();
    let start = r.below(count);
    for k in 0..count {
        let place = (start + k) % count;
        if let Some(new) = replace(e, place, &mut |e| at(e, slip, r))
            && new.shape == e.shape
            && new != *e
        {
            return Some(new);
        }
    }
    None
}

fn at(e: &E, slip: Slip, r: &mut Random) -> Option<E> {
    let of = |k: usize| &e.args[k];
    let matrix = e.shape.0 != 1 && e.shape.1 != 1;
    let condition = e.op == Op::Less;
    match (slip, &e.op) {
        _ if condition => None,
        (Slip::Transpose, Op::Transpose) if matrix => Some(E::clone(of(0))),
        (Slip::Transpose, _) if matrix && e.shape.0 == e.shape.1 => Some(transpose(e)),
        (Slip::Factor, Op::Times) if matches!(of(0).op, Op::Number(..)) => Some(E::clone(of(1))),
        (Slip::Factor, Op::Times | Op::Hadamard | Op::Call(..) | Op::Derivative(_)) => {
            Some(times(&number(2), e))
        }
        (Slip::Sign, Op::Negate) => Some(E::clone(of(0))),
        (Slip::Sign, Op::Times | Op::Hadamard | Op::Call(..) | Op::Variable(_)) => Some(negate(e)),
        (Slip::Order, Op::Times) => node(Op::Times, vec![of(1).clone(), of(0).clone()]),
        (Slip::Order, Op::Quotient | Op::ElementQuotient | Op::Power) => {
            node(e.op.clone(), vec![of(1).clone(), of(0).clone()])
        }
        (Slip::Order, Op::Call("kron" | "outer", 0)) => {
            node(e.op.clone(), vec![of(1).clone(), of(0).clone()])
        }
        (Slip::LostTerm, Op::Add) => Some(E::clone(of(r.below(2)))),
        (Slip::NewTerm, Op::Times | Op::Add | Op::Call(..)) => Some(add(e, &other(e, r)?)),
        (Slip::Function, Op::Call(name, primes)) => {
            if *primes > 0 {
                return node(Op::Call(name, primes - 1), e.args.clone());
            }
            let kin: Vec<&'static str> = KIN
                .iter()
                .filter_map(|(a, b)| if a == name { Some(*b) } else { (b == name).then_some(*a) })
                .collect();
            match kin[..] {
                [] if ELEMENTWISE.contains(name) => node(Op::Call(name, 1), e.args.clone()),
                [] => None,
                _ => node(Op::Call(r.pick(&kin), 0), e.args.clone()),
            }
        }
        (Slip::Name, Op::Variable(_)) => other(e, r),
        (Slip::Index, Op::Entry(list)) => {
            let turned: Vec<Index> = list.iter().rev().copied().collect();
            if turned != *list && list.len() == 2 && list[0].size == list[1].size {
                return node(Op::Entry(turned), e.args.clone());
            }
            None
        }
        (Slip::Index, Op::IndexSum(_)) => {
            // an index used where another of its size is meant
            let all = crate::expression::free(of(0));
            let i = all[r.below(all.len())];
            let same: Vec<Index> =
                all.iter().filter(|j| j.size == i.size && j.id != i.id).copied().collect();
            let (count, to) = (nodes(of(0)).len(), *same.first()?);
            let start = r.below(count);
            (0..count).find_map(|k| {
                let place = (start + k) % count;
                let mut change = |n: &E| {
                    let Op::Entry(list) = &n.op else { return None };
                    let at = list.iter().position(|j| *j == i)?;
                    let mut list = list.clone();
                    list[at] = to;
                    node(Op::Entry(list), n.args.clone())
                };
                replace(of(0), place, &mut change).and_then(|b| node(e.op.clone(), vec![b]))
            })
        }
        (Slip::OffDiagonal, _) if matrix && e.shape.0 == e.shape.1 => {
            let eye = make(Op::Eye(e.shape.0), &[]);
            let off = add(e, &negate(&hadamard(e, &eye)));
            Some(add(e, &times(&make(Op::Number(1, 7), &[]), &off)))
        }
        (Slip::LostFactor, Op::Hadamard) if of(0).shape == of(1).shape => {
            Some(E::clone(of(r.below(2))))
        }
        (Slip::LostFactor, Op::Times) if of(0).shape == SCALAR => Some(E::clone(of(1))),
        (Slip::Relative, Op::Times | Op::Hadamard | Op::Call(..) | Op::Variable(_)) => {
            Some(times(&make(Op::Number(1_000_001, 1_000_000), &[]), e))
        }
        (Slip::Exponent, Op::Power | Op::ElementPower) => match of(1).op {
            Op::Number(n, 1) => node(e.op.clone(), vec![of(0).clone(), number(n + 1)]),
            _ => None,
        },
        (Slip::Constant, Op::Number(1, 3)) => node(Op::Number(3333, 10_000), vec![]),
        (Slip::Constant, Op::Number(n, d)) => node(Op::Number(n + d, *d), vec![]),
        (Slip::Inverse, Op::Call("inv", 0)) => Some(E::clone(of(0))),
        (Slip::Reduction, Op::Call("sum", 0)) => Some(call("mean", &[of(0)])),
        (Slip::Reduction, Op::Call("mean", 0)) => Some(call("sum", &[of(0)])),
        (Slip::Reduction, Op::Axis(name, axis)) => node(Op::Axis(name, 1 - axis), e.args.clone()),
        // wrong for negative values alone
        (Slip::Negative, Op::Variable(_) | Op::Call(..)) => {
            let less = make(Op::Less, &[e, &number(0)]);
            let wrong = make(Op::Times, &[&make(Op::Number(9, 8), &[]), e]);
            Some(call("where", &[&less, &wrong, e]))
        }
        // a function that was forgotten
        (Slip::Nested, Op::Call(name, _)) if ELEMENTWISE.contains(name) => Some(E::clone(of(0))),
        _ => None,
    }
}

/// Another variable of the same shape.
fn other(e: &E, r: &mut Random) -> Option<E> {
    let fits = |v: &&(&'static str, _, _)| v.1 == e.shape && e.op != Op::Variable(v.0);
    let names: Vec<&'static str> = VARIABLES.iter().filter(fits).map(|v| v.0).collect();
    (!names.is_empty()).then(|| variable(r.pick(&names)))
}
