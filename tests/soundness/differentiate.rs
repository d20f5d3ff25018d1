//! Derivatives by the textbook's rules: truths about `grad`, `jac`, `hess` and `vjp`.

use crate::expression::{
    E, ELEMENTWISE, Op, SCALAR, add, call, hadamard, make, mentions, negate, number, times,
    transpose, variable,
};

/// The gradient of a scalar; `None` where a rule is not written here.
pub(crate) fn gradient(e: &E, x: &str) -> Option<E> {
    let mut parts = Vec::new();
    backwards(e, number(1), x, &mut parts)?;
    let mut parts = parts.into_iter();
    let first = parts.next()?;
    Some(parts.fold(first, |s, t| add(&s, &t)))
}

/// `bar` times what is computed by `e` varies with each of its operands.
fn backwards(e: &E, bar: E, x: &str, out: &mut Vec<E>) -> Option<()> {
    if let Op::Variable(name) = e.op {
        if name == x {
            // a factor 1 is not written, and a scalar cotangent has the shape of its value
            out.push(bar);
        }
        return Some(());
    }
    if !mentions(e, x) {
        return Some(());
    }
    let of = |k: usize| &e.args[k];
    // what reaches an operand that was broadcast is summed
    let fold = |bar: E, to: &E| {
        if to.shape == SCALAR && bar.shape != SCALAR { call("sum", &[&bar]) } else { bar }
    };
    let product = |a: &E, b: &E| if a.shape == SCALAR { times(a, b) } else { hadamard(a, b) };
    let scaled = |bar: &E, a: &E| {
        if matches!(bar.op, Op::Number(1, 1)) { E::clone(a) } else { product(bar, a) }
    };
    match &e.op {
        Op::Negate => backwards(of(0), negate(&bar), x, out),
        Op::Add => {
            backwards(of(0), fold(E::clone(&bar), of(0)), x, out)?;
            backwards(of(1), fold(bar, of(1)), x, out)
        }
        Op::Times | Op::Hadamard => {
            let (a, b) = (of(0), of(1));
            let entrywise = e.op == Op::Hadamard || a.shape == SCALAR || b.shape == SCALAR;
            if entrywise {
                backwards(a, fold(scaled(&bar, b), a), x, out)?;
                return backwards(b, fold(scaled(&bar, a), b), x, out);
            }
            backwards(a, times(&bar, &transpose(b)), x, out)?;
            backwards(b, times(&transpose(a), &bar), x, out)
        }
        Op::Quotient | Op::ElementQuotient => {
            let (a, b) = (of(0), of(1));
            backwards(a, fold(make(Op::ElementQuotient, &[&bar, b]), a), x, out)?;
            let square = make(Op::ElementPower, &[b, &number(2)]);
            let below = make(Op::ElementQuotient, &[&scaled(&bar, a), &square]);
            backwards(b, fold(negate(&below), b), x, out)
        }
        Op::Power | Op::ElementPower => {
            let (a, Op::Number(k, 1)) = (of(0), &of(1).op) else { return None };
            if a.shape != SCALAR && e.op == Op::Power {
                return None;
            }
            let less = match k {
                2 => E::clone(a),
                _ => make(e.op.clone(), &[a, &number(k - 1)]),
            };
            backwards(a, scaled(&bar, &times(&number(*k), &less)), x, out)
        }
        Op::Transpose => backwards(of(0), transpose(&bar), x, out),
        Op::Call(name, 0) if ELEMENTWISE.contains(name) => {
            let slope = make(Op::Call(name, 1), &[of(0)]);
            backwards(of(0), scaled(&bar, &slope), x, out)
        }
        Op::Call(name, 0) => {
            let a = of(0);
            let ones = make(Op::Ones(a.shape.0, a.shape.1), &[]);
            let two = |f: &E, g: &E| scaled(&bar, &times(f, g));
            let part = match (*name, e.args.len()) {
                ("sum", _) => scaled(&bar, &ones),
                ("mean", _) => {
                    let count = make(Op::Size(a.shape.0), &[]);
                    if a.shape.1 != 1 {
                        return None;
                    }
                    make(Op::Quotient, &[&scaled(&bar, &ones), &count])
                }
                ("tr", _) => scaled(&bar, &make(Op::Eye(a.shape.0), &[])),
                ("det", _) => two(e, &transpose(&call("inv", &[a]))),
                ("logdet", _) => scaled(&bar, &transpose(&call("inv", &[a]))),
                ("logsumexp", _) => scaled(&bar, &call("softmax", &[a])),
                ("norm2", _) => scaled(&bar, &make(Op::Quotient, &[a, e])),
                ("inv", _) => {
                    let turned = transpose(e);
                    negate(&times(&times(&turned, &bar), &turned))
                }
                ("softmax", _) => {
                    let mean = times(&transpose(e), &bar);
                    hadamard(e, &add(&bar, &negate(&mean)))
                }
                ("diag", _) => call("diag", &[&bar]),
                ("dot", _) => {
                    backwards(a, scaled(&bar, of(1)), x, out)?;
                    return backwards(of(1), scaled(&bar, a), x, out);
                }
                ("outer", _) => {
                    backwards(a, times(&bar, of(1)), x, out)?;
                    return backwards(of(1), times(&transpose(&bar), a), x, out);
                }
                _ => return None,
            };
            backwards(a, part, x, out)
        }
        Op::Axis("sum", 1) => {
            let a = of(0);
            let ones = make(Op::Ones(a.shape.1, 1), &[]);
            backwards(a, times(&bar, &transpose(&ones)), x, out)
        }
        _ => None,
    }
}

/// The Jacobian of a column by a column.
pub(crate) fn jacobian(e: &E, x: &'static str) -> Option<E> {
    let (rows, columns) = (e.shape.0, variable(x).shape.0);
    if !mentions(e, x) {
        return Some(make(Op::Zeros(rows, columns), &[]));
    }
    let of = |k: usize| &e.args[k];
    let diag = |v: &E| call("diag", &[v]);
    Some(match &e.op {
        Op::Variable(_) => make(Op::Eye(rows), &[]),
        Op::Negate => negate(&jacobian(of(0), x)?),
        Op::Add if of(0).shape == of(1).shape => add(&jacobian(of(0), x)?, &jacobian(of(1), x)?),
        Op::Times if of(0).shape == SCALAR => {
            let first = times(of(0), &jacobian(of(1), x)?);
            if mentions(of(0), x) {
                add(&first, &times(of(1), &transpose(&gradient(of(0), x)?)))
            } else {
                first
            }
        }
        Op::Times if !mentions(of(0), x) => times(of(0), &jacobian(of(1), x)?),
        Op::Hadamard if of(0).shape == of(1).shape => {
            let first = times(&diag(of(0)), &jacobian(of(1), x)?);
            add(&first, &times(&diag(of(1)), &jacobian(of(0), x)?))
        }
        Op::Call("softmax", 0) => {
            let inner = add(&diag(e), &negate(&times(e, &transpose(e))));
            times(&inner, &jacobian(of(0), x)?)
        }
        Op::Call(name, 0) if ELEMENTWISE.contains(name) => {
            let slope = make(Op::Call(name, 1), &[of(0)]);
            times(&diag(&slope), &jacobian(of(0), x)?)
        }
        _ => return None,
    })
}
