//! Expressions with shapes, as a tree of its own: nothing here comes from the program under test.

use crate::random::Random;
use std::rc::Rc;

/// A size: the product of primes, one for each dimension name. 1 is the other axis of a column.
pub(crate) type Size = u32;
pub(crate) const M: Size = 2;
pub(crate) const N: Size = 3;
pub(crate) const K: Size = 5;

/// Rows and columns. A number is 1×1, a column n×1, a row 1×n.
pub(crate) type Shape = (Size, Size);
pub(crate) const SCALAR: Shape = (1, 1);

/// What is declared of a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Property {
    None,
    Positive,
    Symmetric,
}

/// The variables of every claim.
#[rustfmt::skip]
pub(crate) const VARIABLES: [(&str, Shape, Property); 17] = [
    ("c", (1, 1), Property::None),
    ("d", (1, 1), Property::None),
    ("a", (1, 1), Property::Positive),
    ("x", (N, 1), Property::None),
    ("y", (N, 1), Property::None),
    ("p", (N, 1), Property::Positive),
    ("u", (M, 1), Property::None),
    ("w", (M, 1), Property::None),
    ("v", (K, 1), Property::None),
    ("A", (N, N), Property::None),
    ("B", (N, N), Property::None),
    ("S", (N, N), Property::Symmetric),
    ("C", (M, N), Property::None),
    ("D", (M, N), Property::None),
    ("F", (N, K), Property::None),
    ("G", (K, K), Property::None),
    ("H", (M, M), Property::None),
];

pub(crate) const DECLARATIONS: &str = "var c, d, a positive, x[n], y[n], p[n] positive, u[m], w[m], v[k]\n\
    var A[n,n], B[n,n], S[n,n] symmetric, C[m,n], D[m,n], F[n,k], G[k,k], H[m,m]\nfn f\n";

/// An index name with the size that it runs over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Index {
    pub(crate) id: u8,
    pub(crate) size: Size,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Op {
    /// Anything of this shape, in a pattern.
    Hole(usize, Shape),
    /// Never negative.
    Number(i64, i64),
    Pi,
    Variable(&'static str),
    /// The size of a dimension as a number.
    Size(Size),
    Eye(Size),
    Ones(Size, Size),
    Zeros(Size, Size),
    Negate,
    Add,
    Times,
    Hadamard,
    Quotient,
    ElementQuotient,
    Power,
    ElementPower,
    Transpose,
    /// A function with a number of primes.
    Call(&'static str, u8),
    Axis(&'static str, u8),
    Entry(Vec<Index>),
    Delta(Index, Index),
    IndexSum(Index),
    Less,
    /// `grad`, `jac`, `hess` or `vjp`.
    Derivative(&'static str),
}

#[derive(PartialEq, Debug)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) args: Vec<E>,
    pub(crate) shape: Shape,
}

pub(crate) type E = Rc<Node>;

pub(crate) const ELEMENTWISE: [&str; 26] = [
    "exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh",
    "cosh", "tanh", "asinh", "acosh", "atanh", "abs", "sign", "relu", "step", "sigmoid",
    "softplus", "silu", "erf", "f",
];
const REDUCTIONS: [&str; 8] = ["sum", "mean", "prod", "max", "min", "logsumexp", "norm1", "norm2"];

/// The shape of a node; `None` where its operands do not fit.
fn shape(op: &Op, args: &[E]) -> Option<Shape> {
    let of = |k: usize| args.get(k).map(|a| a.shape);
    let broadcast = |a: Shape, b: Shape| {
        if a == b || b == SCALAR { Some(a) } else { (a == SCALAR).then_some(b) }
    };
    let column = |s: Shape| s.1 == 1 && s.0 != 1;
    Some(match op {
        Op::Hole(_, shape) => *shape,
        Op::Number(..) | Op::Pi | Op::Size(_) | Op::Delta(..) => SCALAR,
        Op::Variable(name) => VARIABLES.iter().find(|v| v.0 == *name)?.1,
        Op::Eye(n) => (*n, *n),
        Op::Ones(m, n) | Op::Zeros(m, n) => (*m, *n),
        Op::Negate => of(0)?,
        Op::Add | Op::Hadamard | Op::ElementQuotient | Op::Less => broadcast(of(0)?, of(1)?)?,
        Op::Times => match (of(0)?, of(1)?) {
            (SCALAR, s) | (s, SCALAR) => s,
            (a, b) if a.1 == b.0 => (a.0, b.1),
            _ => return None,
        },
        Op::Quotient if of(1)? == SCALAR => of(0)?,
        Op::Power => {
            let s = of(0)?;
            let literal = matches!(args[1].op, Op::Number(_, 1));
            if s.0 != s.1 || of(1)? != SCALAR || s != SCALAR && !literal {
                return None;
            }
            s
        }
        Op::ElementPower if of(1)? == SCALAR => of(0)?,
        Op::Transpose => (of(0)?.1, of(0)?.0),
        Op::Entry(list) => {
            let s = of(0)?;
            let fits = match list[..] {
                [i] => column(s) && s.0 == i.size,
                [i, j] => s.1 != 1 && s.0 != 1 && s == (i.size, j.size),
                _ => false,
            };
            fits.then_some(SCALAR)?
        }
        // what runs over nothing has no size
        Op::IndexSum(i) => (of(0)? == SCALAR && entered(&args[0], *i)).then_some(SCALAR)?,
        Op::Derivative(kind) => {
            let (f, x) = (of(0)?, of(1)?);
            let variable = matches!(args[1].op, Op::Variable(_));
            match *kind {
                "grad" if variable && f == SCALAR => x,
                "hess" if variable && f == SCALAR && column(x) => (x.0, x.0),
                "jac" if variable && column(f) && column(x) => (f.0, x.0),
                "vjp" if variable && of(2)? == f && f.1 == 1 => x,
                _ => return None,
            }
        }
        Op::Axis(name, axis) => {
            let s = of(0)?;
            if s.0 == 1 || s.1 == 1 {
                return None;
            }
            match *name {
                "softmax" | "logsoftmax" => s,
                _ => (if *axis == 0 { s.1 } else { s.0 }, 1),
            }
        }
        Op::Call(name, _) if ELEMENTWISE.contains(name) => of(0)?,
        Op::Call(name, 0) => match (*name, of(0)?, of(1)) {
            (name, s, None) if REDUCTIONS.contains(&name) && s != SCALAR => SCALAR,
            ("softmax" | "logsoftmax", s, None) if column(s) => s,
            ("layernorm", s, Some(SCALAR)) if column(s) => s,
            ("cross_entropy" | "mse" | "dot", s, Some(t)) if s == t && column(s) => SCALAR,
            ("tr" | "det" | "logdet", s, None) if s.0 == s.1 && s != SCALAR => SCALAR,
            ("inv" | "adj" | "tril" | "triu", s, None) if s.0 == s.1 && s != SCALAR => s,
            ("diag", s, None) if column(s) => (s.0, s.0),
            ("diag", s, None) if s.0 == s.1 && s != SCALAR => (s.0, 1),
            ("vec", s, None) if s.0 != 1 && s.1 != 1 => (s.0 * s.1, 1),
            ("kron", s, Some(t)) => (s.0 * t.0, s.1 * t.1),
            ("outer", s, Some(t)) if column(s) && column(t) => (s.0, t.0),
            ("solve", s, Some(t)) if s.0 == s.1 && s != SCALAR && t.0 == s.0 => t,
            ("max" | "min", s, Some(t)) => broadcast(s, t)?,
            ("where", s, Some(t)) => {
                let values = broadcast(t, of(2)?)?;
                let fits = matches!(args[0].op, Op::Less) && (s == values || s == SCALAR);
                fits.then_some(values)?
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// A node; `None` where its operands do not fit.
pub(crate) fn node(op: Op, args: Vec<E>) -> Option<E> {
    let shape = shape(&op, &args)?;
    let less = |a: &E| matches!(a.op, Op::Less);
    let condition = matches!(op, Op::Call("where", 0));
    let stray = args.iter().skip(usize::from(condition)).any(less);
    (!stray).then(|| Rc::new(Node { op, args, shape }))
}

/// A node whose operands are known to fit.
pub(crate) fn make(op: Op, args: &[&E]) -> E {
    let args = args.iter().map(|a| E::clone(a)).collect();
    node(op.clone(), args).unwrap_or_else(|| panic!("operands of {op:?} do not fit"))
}

pub(crate) fn number(n: i64) -> E {
    make(Op::Number(n, 1), &[])
}

pub(crate) fn variable(name: &'static str) -> E {
    make(Op::Variable(name), &[])
}

pub(crate) fn call(name: &'static str, args: &[&E]) -> E {
    make(Op::Call(name, 0), args)
}

pub(crate) fn add(a: &E, b: &E) -> E {
    make(Op::Add, &[a, b])
}

pub(crate) fn negate(a: &E) -> E {
    make(Op::Negate, &[a])
}

pub(crate) fn times(a: &E, b: &E) -> E {
    make(Op::Times, &[a, b])
}

pub(crate) fn hadamard(a: &E, b: &E) -> E {
    make(Op::Hadamard, &[a, b])
}

pub(crate) fn transpose(a: &E) -> E {
    make(Op::Transpose, &[a])
}

/// All nodes, each once for each place where it stands.
pub(crate) fn nodes(e: &E) -> Vec<E> {
    let mut out = vec![E::clone(e)];
    for a in &e.args {
        out.extend(nodes(a));
    }
    out
}

pub(crate) fn mentions(e: &E, name: &str) -> bool {
    matches!(e.op, Op::Variable(v) if v == name) || e.args.iter().any(|a| mentions(a, name))
}

pub(crate) fn any(e: &E, test: &dyn Fn(&Op) -> bool) -> bool {
    test(&e.op) || e.args.iter().any(|a| any(a, test))
}

/// The tree with another node at the place with this number, in the order of [`nodes`]. `None`
/// where `change` has nothing to offer, or where that does not fit.
pub(crate) fn replace(e: &E, place: usize, change: &mut dyn FnMut(&E) -> Option<E>) -> Option<E> {
    if place == 0 {
        return change(e);
    }
    let mut rest = place - 1;
    for (k, a) in e.args.iter().enumerate() {
        let count = nodes(a).len();
        if rest < count {
            let mut args = e.args.clone();
            args[k] = replace(a, rest, change)?;
            return node(e.op.clone(), args);
        }
        rest -= count;
    }
    None
}

/// The indices of a tree that nothing in it binds, in order.
pub(crate) fn free(e: &E) -> Vec<Index> {
    let mut out: Vec<Index> = Vec::new();
    let own: Vec<Index> = match &e.op {
        Op::Entry(list) => list.clone(),
        Op::Delta(i, j) => vec![*i, *j],
        _ => Vec::new(),
    };
    for i in own.into_iter().chain(e.args.iter().flat_map(free)) {
        let bound = matches!(e.op, Op::IndexSum(b) if b.id == i.id);
        if !bound && !out.contains(&i) {
            out.push(i);
        }
    }
    out
}

/// Whether an index stands at an axis, which says what it runs over.
fn entered(e: &E, i: Index) -> bool {
    matches!(&e.op, Op::Entry(list) if list.contains(&i)) || e.args.iter().any(|a| entered(a, i))
}

/// The largest number of an index in a tree.
pub(crate) fn last_index(e: &E) -> u8 {
    let own = match &e.op {
        Op::IndexSum(i) => i.id,
        Op::Entry(list) => list.iter().map(|i| i.id).max().unwrap_or(0),
        Op::Delta(i, j) => i.id.max(j.id),
        _ => 0,
    };
    e.args.iter().map(last_index).fold(own, u8::max)
}

fn size_text(size: Size) -> String {
    let mut factors = Vec::new();
    for (prime, name) in [(M, "m"), (N, "n"), (K, "k")] {
        let mut rest = size;
        while rest % prime == 0 {
            factors.push(name);
            rest /= prime;
        }
    }
    factors.join("*")
}

/// The expression in the language, its spelling drawn.
pub(crate) fn text(e: &E, r: &mut Random) -> String {
    let mut of = |k: usize| {
        let a = &e.args[k];
        let t = text(a, r);
        // a name or a call needs no brackets
        let atom = match a.op {
            Op::Number(_, d) => d == 1,
            Op::Entry(_) | Op::Delta(..) | Op::Variable(_) | Op::Pi | Op::Axis(..) => true,
            Op::Eye(_) | Op::Ones(..) | Op::Zeros(..) | Op::Call(..) | Op::Derivative(_) => true,
            Op::Size(_) | Op::IndexSum(_) => true,
            _ => false,
        };
        if atom { t } else { format!("({t})") }
    };
    let sizes = |r: Size, c: Size| match c {
        1 => size_text(r),
        _ => format!("{}, {}", size_text(r), size_text(c)),
    };
    match &e.op {
        Op::Hole(k, _) => format!("?{k}"),
        Op::Number(n, 1) => n.to_string(),
        Op::Number(n, d) => format!("{n}/{d}"),
        Op::Pi => "pi".to_string(),
        Op::Variable(name) => (*name).to_string(),
        Op::Size(s) => format!("({})", size_text(*s)),
        Op::Eye(n) => format!("eye({})", size_text(*n)),
        Op::Ones(m, n) => format!("ones({})", sizes(*m, *n)),
        Op::Zeros(m, n) => format!("zeros({})", sizes(*m, *n)),
        Op::Negate => format!("-{}", of(0)),
        Op::Add => {
            let left = of(0);
            match &e.args[1].op {
                Op::Negate => {
                    let inner = E::clone(&e.args[1].args[0]);
                    let inner = text(&inner, r);
                    format!("{left} - ({inner})")
                }
                _ => format!("{left} + {}", of(1)),
            }
        }
        Op::Times => {
            let (a, b) = (of(0), of(1));
            if r.below(6) == 0 { format!("{a} @ {b}") } else { format!("{a}*{b}") }
        }
        Op::Hadamard => {
            let (a, b) = (of(0), of(1));
            if r.below(6) == 0 { format!("{a} ⊙ {b}") } else { format!("{a} .* {b}") }
        }
        Op::Quotient => format!("{} / {}", of(0), of(1)),
        Op::ElementQuotient => format!("{} ./ {}", of(0), of(1)),
        Op::Power => format!("{}^{}", of(0), of(1)),
        Op::ElementPower => format!("{}.^{}", of(0), of(1)),
        Op::Less => format!("{} < {}", of(0), of(1)),
        Op::Transpose => {
            let a = of(0);
            match r.below(8) {
                0 => format!("{a}^T"),
                1 if e.shape.0 != 1 && e.shape.1 != 1 => format!("transpose({a})"),
                _ => format!("{a}'"),
            }
        }
        Op::Entry(list) => {
            let names: Vec<String> = list.iter().map(|i| format!("i{}", i.id)).collect();
            format!("{}[{}]", of(0), names.join(","))
        }
        Op::Delta(i, j) => format!("delta[i{},i{}]", i.id, j.id),
        Op::IndexSum(i) => format!("sum[i{}]({})", i.id, of(0)),
        Op::Call("inv", 0) if r.below(5) == 0 => format!("(({})^-1)", text(&e.args[0], r)),
        Op::Call(name, primes) => {
            let args: Vec<String> = e.args.iter().map(|a| text(a, r)).collect();
            format!("{name}{}({})", "'".repeat(*primes as usize), args.join(", "))
        }
        Op::Axis(name, axis) => format!("{name}({}, axis={axis})", text(&e.args[0], r)),
        Op::Derivative(name) => {
            let args: Vec<String> = e.args.iter().map(|a| text(a, r)).collect();
            format!("{name}({})", args.join(", "))
        }
    }
}
