//! A factor or a term that was forgotten.

use super::pool::Value;
use super::{Editor, cost};
use crate::check::tree::{list_of, push, sum_of};
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::syntax::ast::{Expr, NameId, NodeId, ProductOp, Program};

fn one_minus(p: &mut Program, of: NodeId) -> NodeId {
    let one = push(p, Expr::Number(Number::ONE));
    let minus = push(p, Expr::Negate(of));
    sum_of(p, &[one, minus])
}

fn square(p: &mut Program, of: NodeId, op: ProductOp) -> NodeId {
    let two = push(p, Expr::Number(Number::integer(2)));
    let scalar = op == ProductOp::Product;
    push(p, if scalar { Expr::Power(of, two) } else { Expr::ElementPower(of, two) })
}

impl Editor<'_> {
    /// The node times something that the program speaks of.
    pub(super) fn factors(&mut self, id: NodeId) {
        if matches!(self.node(id), Expr::Number(_)) {
            return;
        }
        // inside a chain of products the whole chain has the same factors, its first part excepted
        let inner = matches!(self.parent(id), Some(Expr::Product(op, a, _))
            if *a == id && *op != ProductOp::Product);
        let axes = self.typed.shape(id).axes.to_vec();
        let op = if axes.is_empty() { ProductOp::Product } else { ProductOp::Hadamard };
        if inner || matches!(self.parent(id), Some(Expr::Transpose(_))) {
            return;
        }
        self.activations(id, &axes, op);
        for name in self.pool.names_of(&axes) {
            self.named_factor(id, name, op);
        }
        let free = self.free_names(id);
        for value in self.pool.values.clone() {
            if value.axes != axes
                || !value.free.iter().all(|f| free.contains(f))
                || value.node == id
            {
                continue;
            }
            let what = format!("a factor {}", self.source(value.node));
            self.replace(id, cost::PART, what, |p| push(p, Expr::Product(op, id, value.node)));
            if matches!(self.node(value.node), Expr::Sum(_)) {
                let what = format!("a factor ({}).^2", self.source(value.node));
                self.replace(id, cost::TERM, what, |p| {
                    let square = square(p, value.node, op);
                    push(p, Expr::Product(op, id, square))
                });
            }
        }
        self.cotangents(id, &axes, op);
        if axes.is_empty() {
            self.entries(id, &free);
        } else {
            self.scalars(id);
            self.matrices(id, &axes);
        }
    }

    pub(super) fn free_names(&self, id: NodeId) -> Vec<NameId> {
        let name = |i: &crate::shape::typed::IndexId| self.typed.indices[i.0 as usize].name;
        self.typed.free(id).iter().map(name).collect()
    }

    /// The derivative of an activation that the program applies: g′(u), which is `z .* (1 - z)` or
    /// `1 - z.^2` where the program has a name for g(u).
    fn activations(&mut self, id: NodeId, axes: &[DimId], op: ProductOp) {
        let free = self.free_names(id);
        for Value { node, axes: own, free: indices } in self.pool.activations.clone() {
            let Expr::Call { function, arguments, axis, .. } = *self.node(node) else { continue };
            let call = Expr::Call { function, primes: 1, arguments, axis };
            let argument = self.typed.program.list(arguments)[0];
            let (name, of) = (self.typed.program.name(function).to_string(), self.source(argument));
            let what = format!("a factor {name}'({of})");
            if own == axes && indices.iter().all(|i| free.contains(i)) {
                self.replace(id, cost::FACTOR, what, |p| {
                    let call = push(p, call);
                    push(p, Expr::Product(op, id, call))
                });
            } else if axes.is_empty() && own.len() == 1 && indices.is_empty() {
                // the entry that the indices at hand name
                for &index in &free {
                    self.replace(id, cost::PART, what.clone(), |p| {
                        let argument = entry_of(p, argument, &[index]);
                        let arguments = list_of(p, &[argument]);
                        let call = Expr::Call { function, primes: 1, arguments, axis };
                        let call = push(p, call);
                        push(p, Expr::Product(op, id, call))
                    });
                }
            }
        }
    }

    /// The gradient by a definition of what the claim differentiates: the chain rule's other factor.
    fn cotangents(&mut self, id: NodeId, axes: &[DimId], op: ProductOp) {
        for (function, objective) in self.pool.objectives.clone() {
            for name in self.pool.definitions_of(axes) {
                let what = format!(
                    "a factor {}({}, {})",
                    self.typed.program.name(function),
                    self.source(objective),
                    self.typed.program.name(name)
                );
                self.replace(id, cost::PART, what, |p| {
                    let by = push(p, Expr::Name(name));
                    let arguments = list_of(p, &[objective, by]);
                    let call = push(p, Expr::Call { function, primes: 0, arguments, axis: None });
                    push(p, Expr::Product(op, call, id))
                });
            }
        }
    }

    fn named_factor(&mut self, id: NodeId, name: NameId, op: ProductOp) {
        let text = self.typed.program.name(name).to_string();
        self.replace(id, cost::FACTOR, format!("a factor {text} .* (1 - {text})"), |p| {
            let n = push(p, Expr::Name(name));
            let rest = one_minus(p, n);
            let first = push(p, Expr::Product(op, id, n));
            push(p, Expr::Product(op, first, rest))
        });
        self.replace(id, cost::FACTOR, format!("a factor 1 - {text}.^2"), |p| {
            let n = push(p, Expr::Name(name));
            let n = square(p, n, op);
            let rest = one_minus(p, n);
            push(p, Expr::Product(op, id, rest))
        });
        self.replace(id, cost::PART, format!("a factor 1 - {text}"), |p| {
            let n = push(p, Expr::Name(name));
            let rest = one_minus(p, n);
            push(p, Expr::Product(op, id, rest))
        });
        self.replace(id, cost::PART, format!("a factor {text}"), |p| {
            let n = push(p, Expr::Name(name));
            push(p, Expr::Product(op, id, n))
        });
    }

    /// A scalar name times an array that is a term or an argument.
    fn scalars(&mut self, id: NodeId) {
        if !self.is_linear_place(id) {
            return;
        }
        for name in self.pool.names_of(&[]) {
            let what = format!("a factor {}", self.typed.program.name(name));
            self.replace(id, cost::PART, what, |p| {
                let n = push(p, Expr::Name(name));
                push(p, Expr::Product(ProductOp::Product, n, id))
            });
        }
    }

    /// An entry times an entry: the indices at hand, of every name that has so many axes.
    fn entries(&mut self, id: NodeId, free: &[NameId]) {
        let mut places: Vec<Vec<NameId>> = free.iter().map(|i| vec![*i]).collect();
        for i in free {
            places.extend(free.iter().filter(|j| *j != i).map(|j| vec![*i, *j]));
        }
        for place in places {
            let names: Vec<NameId> =
                self.pool.names_of_rank(place.len()).map(|(n, _)| n).take(12).collect();
            for name in names {
                let what = format!("a factor {}", self.typed.program.name(name));
                self.replace(id, cost::PART, what, |p| {
                    let n = push(p, Expr::Name(name));
                    let entry = entry_of(p, n, &place);
                    push(p, Expr::Product(ProductOp::Product, id, entry))
                });
            }
        }
    }

    /// A square matrix before or after the node, transposed or not.
    fn matrices(&mut self, id: NodeId, axes: &[DimId]) {
        let (first, last) = (axes[0], axes[axes.len() - 1]);
        let square: Vec<(NameId, DimId)> = self
            .pool
            .names_of_rank(2)
            .filter(|(_, a)| a[0] == a[1])
            .map(|(n, a)| (n, a[0]))
            .take(8)
            .collect();
        for (name, size) in square {
            let text = self.typed.program.name(name).to_string();
            for (before, turned) in [(true, false), (true, true), (false, false), (false, true)] {
                let fits = if before { size == first } else { axes.len() == 2 && size == last };
                if !fits {
                    continue;
                }
                let tick = if turned { "'" } else { "" };
                self.replace(id, cost::PART, format!("a factor {text}{tick}"), |p| {
                    let mut n = push(p, Expr::Name(name));
                    if turned {
                        n = push(p, Expr::Transpose(n));
                    }
                    let (a, b) = if before { (n, id) } else { (id, n) };
                    push(p, Expr::Product(ProductOp::Product, a, b))
                });
            }
        }
    }
}

fn entry_of(p: &mut Program, base: NodeId, indices: &[NameId]) -> NodeId {
    let list: Vec<NodeId> = indices.iter().map(|i| push(p, Expr::Name(*i))).collect();
    let list = list_of(p, &list);
    push(p, Expr::Entry(base, list))
}
