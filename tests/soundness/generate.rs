//! Random expressions of a given shape.

use crate::expression::{
    E, K, M, N, Op, Property, SCALAR, Shape, VARIABLES, add, call, hadamard, make, negate, number,
    times, transpose, variable,
};
use crate::random::{Pick, Random};

/// What is defined for every argument, and does not grow fast.
const TAME: [&str; 15] = [
    "sin", "cos", "tanh", "sigmoid", "softplus", "silu", "atan", "asinh", "erf", "f", "relu",
    "abs", "step", "sign", "exp",
];

/// Draws expressions that do not mention some variable.
pub(crate) struct Generator<'a> {
    pub(crate) r: &'a mut Random,
    pub(crate) avoid: Option<&'static str>,
    /// Whether only what has derivatives everywhere may occur.
    pub(crate) smooth: bool,
}

impl Generator<'_> {
    fn leaf(&mut self, shape: Shape) -> E {
        let turned = (shape.1, shape.0);
        let mut choices: Vec<E> = Vec::new();
        for (name, s, property) in VARIABLES {
            let own = Some(name) != self.avoid && property != Property::Symmetric;
            if own && s == shape {
                choices.push(variable(name));
            } else if own && s == turned {
                choices.push(transpose(&variable(name)));
            }
        }
        if shape == SCALAR {
            choices.extend([number(2), number(3), make(Op::Number(1, 2), &[])]);
            if self.r.below(8) == 0 {
                return make(if self.r.below(2) == 0 { Op::Pi } else { Op::Size(N) }, &[]);
            }
        }
        if shape == (N, N) && self.r.below(4) == 0 {
            return if self.r.below(2) == 0 { variable("S") } else { make(Op::Eye(N), &[]) };
        }
        if choices.is_empty() || shape != SCALAR && self.r.below(10) == 0 {
            return make(Op::Ones(shape.0, shape.1), &[]);
        }
        E::clone(&choices[self.r.below(choices.len())])
    }

    fn size(&mut self) -> u32 {
        self.r.pick(&[M, N, N, K])
    }

    fn vector_or_matrix(&mut self, depth: u32) -> E {
        let rows = self.size();
        let columns = if self.r.below(3) == 0 { self.size() } else { 1 };
        self.any((rows, columns), depth)
    }

    /// A positive number or array: something to divide by or to take a logarithm of.
    fn positive(&mut self, shape: Shape, depth: u32) -> E {
        let inner = self.any(shape, depth);
        let square = if shape == SCALAR { Op::Power } else { Op::ElementPower };
        match self.r.below(3) {
            0 => call("exp", &[&call("sin", &[&inner])]),
            1 => add(&number(1), &make(square, &[&inner, &number(2)])),
            _ => add(&call("sigmoid", &[&inner]), &make(Op::Number(1, 2), &[])),
        }
    }

    /// A square matrix that is invertible at most points.
    fn regular(&mut self, n: u32, depth: u32) -> E {
        let inner = self.any((n, n), depth);
        let eye = make(Op::Eye(n), &[]);
        match self.r.below(3) {
            0 => add(&eye, &times(&inner, &transpose(&inner))),
            1 => add(&inner, &times(&number(3), &eye)),
            _ if n == N && self.avoid != Some("A") => variable("A"),
            _ => add(&inner, &eye),
        }
    }

    fn elementwise(&mut self, shape: Shape, depth: u32) -> E {
        let a = self.any(shape, depth);
        match self.r.below(8) {
            0 => call("log", &[&self.positive(shape, depth)]),
            1 => call("sqrt", &[&self.positive(shape, depth)]),
            2 if !self.smooth => {
                let b = self.any(shape, depth);
                call(self.r.pick(&["max", "min"]), &[&a, &b])
            }
            3 if !self.smooth => {
                let (b, c) = (self.any(shape, depth), self.any(shape, 0));
                let less = make(Op::Less, &[&b, &c]);
                call("where", &[&less, &a, &self.any(shape, 0)])
            }
            _ => {
                let count = if self.smooth { 10 } else { TAME.len() - 1 };
                let name = if self.r.below(8) == 0 { "exp" } else { TAME[self.r.below(count)] };
                call(name, &[&a])
            }
        }
    }

    /// An expression of this shape, so many operations deep.
    pub(crate) fn any(&mut self, shape: Shape, depth: u32) -> E {
        if depth == 0 || self.r.below(12) == 0 {
            return self.leaf(shape);
        }
        let d = depth - 1;
        match self.r.below(10) {
            0 | 1 => add(&self.any(shape, d), &self.any(shape, d)),
            2 => add(&self.any(shape, d), &negate(&self.any(shape, d))),
            3 if shape != SCALAR => times(&self.any(SCALAR, d), &self.any(shape, d)),
            3 => times(&self.any(shape, d), &self.any(shape, d)),
            4 => self.elementwise(shape, d),
            5 => {
                let op = if shape == SCALAR { Op::Quotient } else { Op::ElementQuotient };
                make(op, &[&self.any(shape, d), &self.positive(shape, d)])
            }
            6 if shape == SCALAR => {
                make(Op::Power, &[&self.any(shape, d), &number(self.r.pick(&[2, 3]))])
            }
            _ => match shape {
                SCALAR => self.scalar(d),
                (n, 1) => self.vector(n, d),
                (1, _) => transpose(&self.any((shape.1, 1), d)),
                _ => self.matrix(shape, d),
            },
        }
    }

    fn scalar(&mut self, d: u32) -> E {
        let n = self.size();
        match self.r.below(14) {
            0 => call(self.r.pick(&["sum", "mean"]), &[&self.vector_or_matrix(d)]),
            1 => call("dot", &[&self.any((n, 1), d), &self.any((n, 1), d)]),
            2 => times(&transpose(&self.any((n, 1), d)), &self.any((n, 1), d)),
            3 => call("tr", &[&self.any((n, n), d)]),
            4 => call(self.r.pick(&["det", "logdet"]), &[&self.regular(n, d.min(1))]),
            5 => {
                let norm = call("norm2", &[&self.vector_or_matrix(d)]);
                make(Op::Power, &[&norm, &number(2)])
            }
            6 => call("logsumexp", &[&self.any((n, 1), d)]),
            7 => {
                let form = times(&transpose(&self.any((n, 1), d)), &self.any((n, n), d));
                times(&form, &self.any((n, 1), d))
            }
            8 if !self.smooth => {
                call(self.r.pick(&["max", "min", "norm1"]), &[&self.vector_or_matrix(d)])
            }
            9 => {
                let p = call("softmax", &[&self.any((n, 1), d)]);
                call("cross_entropy", &[&p, &self.any((n, 1), d)])
            }
            10 => call("mse", &[&self.any((n, 1), d), &self.any((n, 1), d)]),
            11 => call("norm2", &[&add(&self.any((n, 1), d), &make(Op::Ones(n, 1), &[]))]),
            12 => call("prod", &[&self.any((n, 1), d.min(1))]),
            _ => {
                let (a, b) = (self.any((N, M), d), self.any((N, M), d));
                call("sum", &[&hadamard(&a, &b)])
            }
        }
    }

    fn vector(&mut self, n: u32, d: u32) -> E {
        let k = self.size();
        match self.r.below(11) {
            0..=3 => times(&self.any((n, k), d), &self.any((k, 1), d)),
            4 => hadamard(&self.any((n, 1), d), &self.any((n, 1), d)),
            5 => call(self.r.pick(&["softmax", "logsoftmax"]), &[&self.any((n, 1), d)]),
            6 => {
                let axis = Op::Axis(self.r.pick(&["sum", "mean", "logsumexp"]), 1);
                make(axis, &[&self.any((n, k), d)])
            }
            7 => call("diag", &[&self.any((n, n), d)]),
            8 => call("solve", &[&self.regular(n, d.min(1)), &self.any((n, 1), d)]),
            9 => call("layernorm", &[&self.any((n, 1), d), &variable("a")]),
            _ => make(Op::ElementPower, &[&self.any((n, 1), d), &number(2)]),
        }
    }

    fn matrix(&mut self, shape: Shape, d: u32) -> E {
        let k = self.size();
        let (m, n) = shape;
        match self.r.below(11) {
            0..=2 => times(&self.any((m, k), d), &self.any((k, n), d)),
            3 => transpose(&self.any((n, m), d)),
            4 => hadamard(&self.any(shape, d), &self.any(shape, d)),
            5 => times(&self.any((m, 1), d), &transpose(&self.any((n, 1), d))),
            6 => call("outer", &[&self.any((m, 1), d), &self.any((n, 1), d)]),
            7 => make(Op::Axis("softmax", self.r.below(2) as u8), &[&self.any(shape, d)]),
            8 if m == n => call("inv", &[&self.regular(n, d.min(1))]),
            9 if m == n => call("diag", &[&self.any((n, 1), d)]),
            10 if m == n => call(self.r.pick(&["tril", "triu"]), &[&self.any(shape, d)]),
            _ => times(&self.any((m, k), d), &self.any((k, n), d)),
        }
    }
}
