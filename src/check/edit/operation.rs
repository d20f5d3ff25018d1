//! Operations: what was exchanged, left out, or written with the wrong sign.

use super::{Editor, cost};
use crate::check::tree::{push, sum_of};
use crate::number::Number;
use crate::shape::typed::Meaning;
use crate::syntax::ast::{Expr, List, NameId, NodeId, ProductOp, Program};

impl Editor<'_> {
    /// The edits of a node's own operation.
    pub(super) fn operation(&mut self, id: NodeId) {
        match self.node(id).clone() {
            Expr::Number(n) => self.number(id, &n),
            Expr::Name(name) => self.name(id, name),
            Expr::Negate(a) => self.replace(id, cost::LETTER, "the sign", |_| a),
            Expr::Transpose(a) => {
                let what = format!("no transpose of {}", self.source(a));
                self.replace(id, cost::LETTER, what, |_| a);
            }
            Expr::Sum(list) => {
                self.sum(id, list);
                self.activation(id);
            }
            Expr::Product(op, a, b) => {
                self.product(id, op, a, b);
                self.activation(id);
            }
            Expr::Entry(base, list) => self.entry(id, base, list),
            Expr::IndexSum(list, body) => self.index_sum(id, list, body),
            Expr::Call { function, primes, arguments, axis } => {
                self.call(id, function, primes, arguments, axis);
            }
            Expr::Compare(c, a, b) => {
                self.replace(id, cost::FACTOR, "the comparison", |p| {
                    push(p, Expr::Compare(c, b, a))
                });
            }
            Expr::Power(a, b) | Expr::ElementPower(a, b)
                if matches!(self.node(b), Expr::Negate(_)) =>
            {
                self.replace(id, cost::FACTOR, "no inverse", |_| a);
            }
            _ => {}
        }
        self.powers(id);
    }

    /// An inverse, a square or a reciprocal that was forgotten.
    fn powers(&mut self, id: NodeId) {
        if matches!(self.node(id), Expr::Number(_) | Expr::Negate(_) | Expr::Sum(_))
            && id == self.root
        {
            return;
        }
        let (square, text) = (self.square(id), self.source(id));
        if square && !matches!(self.node(id), Expr::Sum(_) | Expr::Negate(_)) {
            self.replace(id, cost::FACTOR, format!("the inverse of {text}"), |p| {
                let one = push(p, Expr::Number(Number::ONE));
                let minus = push(p, Expr::Negate(one));
                push(p, Expr::Power(id, minus))
            });
        }
        let atom = matches!(self.node(id), Expr::Name(_) | Expr::Call { .. } | Expr::Entry(..));
        let powered = matches!(self.parent(id), Some(Expr::Power(a, _) | Expr::ElementPower(a, _)) if *a == id);
        if !atom || powered {
            return;
        }
        let scalar = self.rank(id) == 0;
        for (k, cost, word) in [(2, cost::PART, "square"), (3, cost::TERM, "cube")] {
            self.replace(id, cost, format!("the {word} of {text}"), |p| {
                let k = push(p, Expr::Number(Number::integer(k)));
                push(p, if scalar { Expr::Power(id, k) } else { Expr::ElementPower(id, k) })
            });
        }
    }

    /// One name for another of the same shape.
    fn name(&mut self, id: NodeId, name: NameId) {
        let typed = self.typed;
        if !matches!(typed.meaning(id), Meaning::Variable(_) | Meaning::Definition(_)) {
            return;
        }
        for other in self.pool.names_of(typed.shape(id).axes) {
            if other == name {
                continue;
            }
            let what = format!("{} for {}", typed.program.name(other), typed.program.name(name));
            self.replace(id, cost::WORD, what, |p| push(p, Expr::Name(other)));
        }
    }

    fn sum(&mut self, id: NodeId, list: List) {
        let terms: Vec<NodeId> = self.typed.program.list(list).to_vec();
        for k in 0..terms.len() {
            let mut rest = terms.clone();
            let gone = rest.remove(k);
            let what = format!("without {}", self.source(gone));
            self.replace(id, cost::FACTOR, what, |p| match rest[..] {
                [only] => only,
                _ => sum_of(p, &rest),
            });
        }
    }

    fn product(&mut self, id: NodeId, op: ProductOp, a: NodeId, b: NodeId) {
        let two = matches!(self.node(a), Expr::Number(n) if n.as_integer() == Some(2));
        if op == ProductOp::Product && two && self.square(b) {
            // 2 B where B is not symmetric
            self.replace(id, cost::WORD, format!("{0} is not symmetric", self.source(b)), |p| {
                let transposed = push(p, Expr::Transpose(b));
                sum_of(p, &[b, transposed])
            });
        }
        let node = |op, a, b| move |p: &mut Program| push(p, Expr::Product(op, a, b));
        if op == ProductOp::Product && self.rank(a) + self.rank(b) > 0 {
            self.orders(id, a, b);
        }
        let scalar = self.rank(b) == 0;
        match op {
            ProductOp::Hadamard => {
                self.replace(id, cost::WORD, "a matrix product", node(ProductOp::Product, a, b));
                let quotient = ProductOp::ElementQuotient;
                self.replace(id, cost::FACTOR, "a quotient", node(quotient, a, b));
            }
            ProductOp::Quotient => {
                self.replace(id, cost::FACTOR, "a product", node(ProductOp::Product, a, b));
            }
            ProductOp::ElementQuotient => {
                self.replace(id, cost::FACTOR, "a product", node(ProductOp::Hadamard, a, b));
            }
            ProductOp::Product if scalar => {
                self.replace(id, cost::FACTOR, "a quotient", node(ProductOp::Quotient, a, b));
            }
            ProductOp::Product => {}
        }
        if matches!(op, ProductOp::Quotient | ProductOp::ElementQuotient) {
            self.replace(id, cost::FACTOR, "the quotient upside down", node(op, b, a));
        }
        let cost = |e: &Expr| if matches!(e, Expr::Number(_)) { cost::COMMON } else { cost::PART };
        let (first, second) = (cost(self.node(a)), cost(self.node(b)));
        self.replace(id, second, format!("without {}", self.source(b)), |_| a);
        if !matches!(op, ProductOp::Quotient | ProductOp::ElementQuotient) {
            self.replace(id, first, format!("without {}", self.source(a)), |_| b);
        }
    }

    /// A product of matrices in another order, or elementwise.
    fn orders(&mut self, id: NodeId, a: NodeId, b: NodeId) {
        let op = ProductOp::Product;
        self.replace(id, cost::COMMON, "swap the factors", |p| push(p, Expr::Product(op, b, a)));
        if let Expr::Product(ProductOp::Product, first, second) = *self.node(a) {
            // a b c → a c b, and c b a
            for [x, y, z] in [[first, b, second], [b, second, first]] {
                self.replace(id, cost::COMMON, "swap the factors", |p| {
                    let left = push(p, Expr::Product(op, x, y));
                    push(p, Expr::Product(op, left, z))
                });
            }
        }
        self.replace(id, cost::WORD, "an elementwise product", |p| {
            push(p, Expr::Product(ProductOp::Hadamard, a, b))
        });
        self.replace(id, cost::FACTOR, "transposed and in the other order", |p| {
            let turned = [a, b].map(|x| match *p.node(x) {
                Expr::Transpose(inner) => inner,
                _ => push(p, Expr::Transpose(x)),
            });
            push(p, Expr::Product(op, turned[1], turned[0]))
        });
        // x'*y for x*y' and back
        self.replace(id, cost::COMMON, "transpose the other factor", |p| {
            let turned = [a, b].map(|x| match *p.node(x) {
                Expr::Transpose(inner) => inner,
                _ => push(p, Expr::Transpose(x)),
            });
            push(p, Expr::Product(op, turned[0], turned[1]))
        });
    }

    /// `1 - z.^2` for `z .* (1 - z)`, and the other way round: one activation's derivative for
    /// another's.
    fn activation(&mut self, id: NodeId) {
        let program = &self.typed.program;
        let one_minus = |id: NodeId| -> Option<NodeId> {
            let Expr::Sum(list) = program.node(id) else { return None };
            let [one, rest] = program.list(*list) else { return None };
            let unit = matches!(program.node(*one), Expr::Number(n) if n.is_one());
            match program.node(*rest) {
                Expr::Negate(z) if unit => Some(*z),
                _ => None,
            }
        };
        let squared = |id: NodeId| -> Option<NodeId> {
            let (Expr::ElementPower(z, e) | Expr::Power(z, e)) = program.node(id) else {
                return None;
            };
            matches!(program.node(*e), Expr::Number(n) if n.as_integer() == Some(2)).then_some(*z)
        };
        let elementwise = self.rank(id) > 0;
        let op = if elementwise { ProductOp::Hadamard } else { ProductOp::Product };
        if let Some(z) = one_minus(id).and_then(squared) {
            self.replace(id, cost::WORD, "the derivative of sigmoid for that of tanh", |p| {
                let one = push(p, Expr::Number(Number::ONE));
                let minus = push(p, Expr::Negate(z));
                let rest = sum_of(p, &[one, minus]);
                push(p, Expr::Product(op, z, rest))
            });
        }
        let Expr::Product(ProductOp::Hadamard | ProductOp::Product, a, b) = *program.node(id)
        else {
            return;
        };
        let Some(z) = one_minus(b) else { return };
        let (before, last) = match *program.node(a) {
            Expr::Product(ProductOp::Hadamard | ProductOp::Product, before, last) => {
                (Some(before), last)
            }
            _ => (None, a),
        };
        if self.source(last) != self.source(z) {
            return;
        }
        self.replace(id, cost::WORD, "the derivative of tanh for that of sigmoid", |p| {
            let one = push(p, Expr::Number(Number::ONE));
            let two = push(p, Expr::Number(Number::integer(2)));
            let square = if elementwise { Expr::ElementPower(z, two) } else { Expr::Power(z, two) };
            let square = push(p, square);
            let minus = push(p, Expr::Negate(square));
            let rest = sum_of(p, &[one, minus]);
            match before {
                Some(before) => push(p, Expr::Product(op, before, rest)),
                None => rest,
            }
        });
    }
}
