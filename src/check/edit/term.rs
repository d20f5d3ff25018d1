//! A term that was forgotten.

use super::{Editor, cost};
use crate::check::tree::{list_of, name_node, name_of, push, sum_of};
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::syntax::ast::{Expr, NameId, NodeId, ProductOp, Program};

/// A vector or matrix that may stand in a term.
#[derive(Clone, Copy)]
enum Part {
    Name(NameId),
    Node(NodeId),
}

impl Part {
    fn node(self, p: &mut Program) -> NodeId {
        match self {
            Part::Name(name) => push(p, Expr::Name(name)),
            Part::Node(node) => node,
        }
    }

    fn turned(self, p: &mut Program) -> NodeId {
        let node = self.node(p);
        push(p, Expr::Transpose(node))
    }
}

fn product(p: &mut Program, a: NodeId, b: NodeId) -> NodeId {
    push(p, Expr::Product(ProductOp::Product, a, b))
}

/// What a whole side may lack a multiple of.
const MULTIPLES: [i64; 8] = [1, -1, 2, -2, 4, -4, 8, -8];

impl Editor<'_> {
    /// The node plus or minus something that the program speaks of, or its own transpose.
    pub(super) fn terms(&mut self, id: NodeId) {
        let negated = matches!(self.parent(id), Some(Expr::Negate(_)));
        let in_sum = matches!(self.parent(id), Some(Expr::Sum(_)));
        if negated {
            return;
        }
        let axes = self.typed.shape(id).axes.to_vec();
        if self.square(id) {
            let what = format!("plus the transpose of {}", self.source(id));
            self.replace(id, cost::FACTOR, what, |p| {
                let turned = push(p, Expr::Transpose(id));
                sum_of(p, &[id, turned])
            });
        }
        if in_sum || matches!(self.node(id), Expr::Number(_)) {
            return;
        }
        let free = self.free_names(id);
        for name in self.pool.names_of(&axes) {
            self.term(id, &MULTIPLES[..2], move |p| push(p, Expr::Name(name)));
        }
        for value in self.pool.values.clone() {
            let own = value.axes == axes && value.free.iter().all(|f| free.contains(f));
            if own && value.node != id {
                self.term(id, &MULTIPLES[..2], move |_| value.node);
            }
        }
        self.term(id, &MULTIPLES[..2], |p| push(p, Expr::Number(Number::ONE)));
        self.products(id, &axes);
    }

    /// One more term, times each of some numbers.
    fn term(&mut self, id: NodeId, multiples: &[i64], make: impl Fn(&mut Program) -> NodeId) {
        let mut old: Vec<NodeId> = match self.node(id) {
            Expr::Sum(list) => self.typed.program.list(*list).to_vec(),
            _ => vec![id],
        };
        for &k in multiples {
            self.replace(id, cost::TERM, "a term", |p| {
                let mut new = make(p);
                if k.abs() > 1 {
                    // before the first factor, as one writes it
                    let number = push(p, Expr::Number(Number::integer(k.abs())));
                    new = product(p, number, new);
                }
                if k < 0 {
                    new = push(p, Expr::Negate(new));
                }
                old.push(new);
                let sum = sum_of(p, &old);
                old.pop();
                sum
            });
        }
    }

    /// Terms that are products of two parts, and multiples of the identity matrix.
    fn products(&mut self, id: NodeId, axes: &[DimId]) {
        let whole = id == self.root || matches!(self.node(id), Expr::Sum(_));
        // inside a product only the names are tried
        let multiples = if whole { &MULTIPLES[..] } else { &MULTIPLES[..2] };
        let mut vectors: Vec<(Part, DimId)> =
            self.pool.names_of_rank(1).map(|(n, a)| (Part::Name(n), a[0])).take(8).collect();
        if whole {
            let values = self.pool.values.iter().filter(|v| v.axes.len() == 1 && v.free.is_empty());
            vectors.extend(values.map(|v| (Part::Node(v.node), v.axes[0])).take(6));
        } else {
            vectors.truncate(4);
        }
        match *axes {
            [m, n] => {
                self.identities(id, m, n, multiples);
                self.outer(id, [m, n], &vectors, multiples);
            }
            [m] => {
                self.images(id, m, &vectors);
                for scalar in self.pool.names_of(&[]) {
                    for (v, _) in vectors.iter().filter(|v| v.1 == m) {
                        self.term(id, &MULTIPLES[..2], |p| {
                            let (a, b) = (push(p, Expr::Name(scalar)), v.node(p));
                            product(p, a, b)
                        });
                    }
                }
            }
            _ => {}
        }
    }

    /// u v′
    fn outer(&mut self, id: NodeId, axes: [DimId; 2], vectors: &[(Part, DimId)], times: &[i64]) {
        for (u, _) in vectors.iter().filter(|u| u.1 == axes[0]) {
            for (v, _) in vectors.iter().filter(|v| v.1 == axes[1]) {
                self.term(id, times, |p| {
                    let (a, b) = (u.node(p), v.turned(p));
                    product(p, a, b)
                });
            }
        }
    }

    /// The identity matrix, and scalars times it.
    fn identities(&mut self, id: NodeId, rows: DimId, columns: DimId, times: &[i64]) {
        let size = self.typed.dims.text(rows);
        if rows != columns || !size.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return;
        }
        let eye = name_of(&mut self.program, "eye");
        let identity = |p: &mut Program| {
            let size = match size.parse() {
                Ok(n) => push(p, Expr::Number(Number::integer(n))),
                Err(_) => name_node(p, &size),
            };
            let arguments = list_of(p, &[size]);
            push(p, Expr::Call { function: eye, primes: 0, arguments, axis: None })
        };
        self.term(id, times, identity);
        for scalar in self.pool.names_of(&[]) {
            self.term(id, times, |p| {
                let (a, b) = (push(p, Expr::Name(scalar)), identity(p));
                product(p, a, b)
            });
        }
    }

    /// M v and M′ v
    fn images(&mut self, id: NodeId, size: DimId, vectors: &[(Part, DimId)]) {
        let matrices: Vec<(NameId, [DimId; 2])> =
            self.pool.names_of_rank(2).map(|(n, a)| (n, [a[0], a[1]])).take(6).collect();
        for (matrix, [rows, columns]) in matrices {
            for (v, n) in vectors {
                for (turned, from, to) in [(false, columns, rows), (true, rows, columns)] {
                    if to != size || from != *n {
                        continue;
                    }
                    self.term(id, &MULTIPLES[..2], |p| {
                        let name = Part::Name(matrix);
                        let a = if turned { name.turned(p) } else { name.node(p) };
                        let b = v.node(p);
                        product(p, a, b)
                    });
                }
            }
        }
    }
}
