//! Small edits of one side of a claim: what a slip of the pen would have changed.
//!
//! An edit makes a new syntax tree; whether it is true is for others to say. Edits come in the
//! order in which a reader would try them.

use super::tree::{copied, list_of, name_node, name_of, push, sum_of};
use crate::number::Number;
use crate::shape::typed::{Meaning, Typed};
use crate::syntax::ast::{Expr, List, NameId, NodeId, ProductOp, Program};
use crate::syntax::print::print_node;

/// A side with one thing changed.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Edit {
    /// The new side.
    pub(super) text: String,
    /// What was changed, in words.
    pub(super) what: String,
    /// How likely, small first.
    pub(super) cost: u32,
}

/// Makes trees that differ from a side in one place.
struct Editor<'a> {
    typed: &'a Typed,
    root: NodeId,
    /// The nodes of the side, children first.
    nodes: Vec<NodeId>,
    parents: Vec<(NodeId, NodeId)>,
    edits: Vec<Edit>,
}

/// Everything that one change makes of a side.
///
/// `sides` are both sides of the claim: a factor that was forgotten may stand in either.
pub(super) fn edits(typed: &Typed, root: NodeId, sides: [NodeId; 2]) -> Vec<Edit> {
    let program = &typed.program;
    let (mut nodes, mut parents) = (Vec::new(), Vec::new());
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        nodes.push(id);
        if nodes.len() > 400 {
            return Vec::new();
        }
        // the arguments of a derivative operator stay as they are
        if matches!(typed.meaning(id), Meaning::Derivative(_)) {
            continue;
        }
        program.for_each_child(id, |c| {
            parents.push((c, id));
            stack.push(c);
        });
    }
    nodes.sort_unstable();
    nodes.dedup();
    let mut editor = Editor { typed, root, nodes, parents, edits: Vec::new() };
    editor.whole();
    editor.scalar_factors(sides);
    for id in editor.nodes.clone() {
        editor.at(id);
    }
    let mut edits = editor.edits;
    edits.sort_by_key(|e| (e.cost, e.text.len()));
    let mut seen = std::collections::BTreeSet::new();
    edits.retain(|e| seen.insert(e.text.clone()));
    edits
}

impl Editor<'_> {
    fn rank(&self, id: NodeId) -> usize {
        self.typed.shape(id).axes.len()
    }

    fn source(&self, id: NodeId) -> String {
        print_node(&self.typed.program, id)
    }

    /// Adds the side with `make`'s node in the place of `at`.
    fn replace(
        &mut self,
        at: NodeId,
        cost: u32,
        what: impl Into<String>,
        make: impl FnOnce(&mut Program) -> NodeId,
    ) {
        let mut program = self.typed.program.clone();
        let new = make(&mut program);
        let mut map: Vec<(NodeId, NodeId)> = vec![(at, new)];
        let mut at = at;
        while at != self.root {
            let Some(parent) = self.parents.iter().find(|p| p.0 == at).map(|p| p.1) else { return };
            let find = |id: NodeId| map.iter().rev().find(|m| m.0 == id).map_or(id, |m| m.1);
            let copy = copied(&mut program, parent, &find);
            let made = push(&mut program, copy);
            map.push((parent, made));
            at = parent;
        }
        let root = map.last().map_or(new, |m| m.1);
        let text = print_node(&program, root);
        self.edits.push(Edit { text, what: what.into(), cost });
    }

    /// Changes of the side as a whole.
    fn whole(&mut self) {
        let root = self.root;
        if self.rank(root) == 2 {
            self.replace(root, 4, "transpose the side (numerator layout)", |p| {
                push(p, Expr::Transpose(root))
            });
        }
        let mut sizes: Vec<String> = Vec::new();
        for v in &self.typed.variables {
            for d in &v.shape.axes {
                let text = self.typed.dims.text(*d);
                if text.chars().all(char::is_alphanumeric) && !sizes.contains(&text) {
                    sizes.push(text);
                }
            }
        }
        for size in sizes {
            for (op, word) in [(ProductOp::Quotient, "divide"), (ProductOp::Product, "multiply")] {
                self.replace(root, 6, format!("{word} by {size}"), |p| {
                    let name = name_node(p, &size);
                    match op {
                        ProductOp::Quotient => push(p, Expr::Product(op, root, name)),
                        _ => push(p, Expr::Product(op, name, root)),
                    }
                });
            }
        }
    }

    /// The side times or over a scalar that occurs in the claim.
    fn scalar_factors(&mut self, sides: [NodeId; 2]) {
        let (typed, root) = (self.typed, self.root);
        let mut scalars: Vec<NodeId> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        let mut stack = sides.to_vec();
        while let Some(id) = stack.pop() {
            typed.program.for_each_child(id, |c| stack.push(c));
            let value = self.rank(id) == 0
                && typed.free(id).is_empty()
                && id != root
                && match typed.meaning(id) {
                    Meaning::Variable(_)
                    | Meaning::Definition(_)
                    | Meaning::Size(_)
                    | Meaning::Function(_)
                    | Meaning::Unknown(_) => true,
                    Meaning::Plain => matches!(
                        typed.program.node(id),
                        Expr::Product(..) | Expr::Sum(_) | Expr::Power(..)
                    ),
                    _ => false,
                };
            let text = self.source(id);
            if value && !seen.contains(&text) && seen.len() < 12 {
                seen.push(text);
                scalars.push(id);
            }
        }
        for scalar in scalars {
            let text = self.source(scalar);
            self.replace(root, 6, format!("a factor {text}"), |p| {
                push(p, Expr::Product(ProductOp::Product, scalar, root))
            });
            self.replace(root, 6, format!("divided by {text}"), |p| {
                push(p, Expr::Product(ProductOp::Quotient, root, scalar))
            });
        }
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
            self.replace(id, 3, "the derivative of sigmoid for that of tanh", |p| {
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
        self.replace(id, 3, "the derivative of tanh for that of sigmoid", |p| {
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

    /// A node multiplied by a number.
    fn scaled(&mut self, id: NodeId) {
        for (n, d) in [(2, 1), (1, 2), (3, 1), (4, 1), (1, 4), (1, 3)] {
            let Some(number) = Number::ratio(n, d) else { continue };
            let text = if d == 1 { format!("{n}") } else { format!("{n}/{d}") };
            let cost = if n + d == 3 { 2 } else { 5 };
            // before the first factor: `2*A'*x`, not `2*(A'*x)`
            let mut first = id;
            while let Expr::Product(ProductOp::Product | ProductOp::Quotient, a, _) =
                self.typed.program.node(first)
            {
                first = *a;
            }
            self.replace(first, cost, format!("a factor {text}"), |p| {
                let number = push(p, Expr::Number(number));
                push(p, Expr::Product(ProductOp::Product, number, first))
            });
        }
        self.replace(id, 1, "the sign", |p| push(p, Expr::Negate(id)));
    }

    fn at(&mut self, id: NodeId) {
        let typed = self.typed;
        let program = &typed.program;
        let in_sum = id == self.root
            || self
                .parents
                .iter()
                .any(|p| p.0 == id && matches!(program.node(p.1), Expr::Sum(_) | Expr::Negate(_)));
        if in_sum && self.rank_is_value(id) {
            self.scaled(id);
        }
        if self.rank(id) == 2 && !matches!(program.node(id), Expr::Transpose(_) | Expr::Sum(_)) {
            self.replace(id, 1, format!("transpose {}", self.source(id)), |p| {
                push(p, Expr::Transpose(id))
            });
        }
        match program.node(id).clone() {
            Expr::Number(n) => self.number(id, &n),
            Expr::Name(name) => self.name(id, name),
            Expr::Negate(a) => self.replace(id, 1, "the sign", |_| a),
            Expr::Transpose(a) => {
                self.replace(id, 1, format!("no transpose of {}", self.source(a)), |_| a);
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
            Expr::Call { function, primes, arguments, axis } => {
                self.call(id, function, primes, arguments, axis);
            }
            Expr::Compare(c, a, b) => {
                self.replace(id, 4, "the comparison", |p| push(p, Expr::Compare(c, b, a)));
            }
            Expr::Power(a, b) | Expr::ElementPower(a, b)
                if matches!(program.node(b), Expr::Negate(_)) =>
            {
                self.replace(id, 4, "no inverse", |_| a);
            }
            _ => {}
        }
        if self.rank(id) > 0 && self.rank_is_value(id) {
            self.factors(id);
        }
        if self.rank(id) == 2 && matches!(program.node(id), Expr::Name(_)) && self.square(id) {
            self.replace(id, 5, format!("the inverse of {}", self.source(id)), |p| {
                let one = push(p, Expr::Number(Number::ONE));
                let minus = push(p, Expr::Negate(one));
                push(p, Expr::Power(id, minus))
            });
        }
    }

    fn square(&self, id: NodeId) -> bool {
        matches!(self.typed.shape(id).axes[..], [a, b] if a == b)
    }

    /// Whether a node is a value, not an index or the name of a function.
    fn rank_is_value(&self, id: NodeId) -> bool {
        !matches!(self.typed.meaning(id), Meaning::Index(_) | Meaning::Delta)
    }

    fn number(&mut self, id: NodeId, n: &Number) {
        let one = Number::ONE;
        let two = Number::integer(2);
        let mut list = vec![(n.mul(&two), 2), (n.add(&one), 3), (n.add(&Number::MINUS_ONE), 3)];
        list.extend(n.div(&two).map(|h| (h, 2)));
        list.push((n.neg(), 2));
        for denominator in 2..=12i64 {
            // 0.3333 for 1/3
            let d = Number::integer(denominator);
            let scaled = n.mul(&d).to_f64();
            let nearest = scaled.round();
            if (scaled - nearest).abs() < 1e-2 && (scaled - nearest).abs() > 0.0 {
                list.extend(Number::ratio(nearest as i64, denominator).map(|r| (r, 2)));
            }
        }
        let factor = self.parents.iter().any(|p| {
            let Expr::Product(op, _, b) = self.typed.program.node(p.1) else { return false };
            p.0 == id && (*op == ProductOp::Product || *b == id)
        });
        let power = self.parents.iter().find_map(|p| match self.typed.program.node(p.1) {
            Expr::Power(base, e) | Expr::ElementPower(base, e) if *e == id => Some((p.1, *base)),
            _ => None,
        });
        if let Some((power, base)) = power {
            self.replace(power, 3, "without the power", |_| base);
        }
        let factor = factor || power.is_some();
        for (value, cost) in list {
            // a factor 1 is no factor, a power 1 is none
            if value == *n || factor && value.is_one() {
                continue;
            }
            let what = format!("{value} for {n}");
            self.replace(id, cost, what, |p| {
                let magnitude = push(p, Expr::Number(value.abs()));
                if value.is_negative() { push(p, Expr::Negate(magnitude)) } else { magnitude }
            });
        }
    }

    /// One name for another of the same shape.
    fn name(&mut self, id: NodeId, name: NameId) {
        let typed = self.typed;
        if !matches!(typed.meaning(id), Meaning::Variable(_) | Meaning::Definition(_)) {
            return;
        }
        let shape = typed.shape(id).to_shape();
        let names = typed
            .variables
            .iter()
            .map(|v| (v.name, &v.shape))
            .chain(typed.definitions.iter().map(|d| (d.name, &d.shape)));
        let others: Vec<NameId> =
            names.filter(|(n, s)| *n != name && **s == shape).map(|n| n.0).collect();
        for other in others {
            let what = format!("{} for {}", typed.program.name(other), typed.program.name(name));
            self.replace(id, 3, what, |p| push(p, Expr::Name(other)));
        }
    }

    fn sum(&mut self, id: NodeId, list: List) {
        let terms: Vec<NodeId> = self.typed.program.list(list).to_vec();
        for k in 0..terms.len() {
            let mut rest = terms.clone();
            let gone = rest.remove(k);
            let what = format!("without {}", self.source(gone));
            self.replace(id, 4, what, |p| if rest.len() == 1 { rest[0] } else { sum_of(p, &rest) });
        }
    }

    fn product(&mut self, id: NodeId, op: ProductOp, a: NodeId, b: NodeId) {
        let two =
            matches!(self.typed.program.node(a), Expr::Number(n) if n.as_integer() == Some(2));
        if op == ProductOp::Product && two && self.square(b) {
            // 2 B where B is not symmetric
            self.replace(id, 3, format!("{0} is not symmetric", self.source(b)), |p| {
                let transposed = push(p, Expr::Transpose(b));
                sum_of(p, &[b, transposed])
            });
        }
        let node = |op, a, b| move |p: &mut Program| push(p, Expr::Product(op, a, b));
        if op == ProductOp::Product && self.rank(a) + self.rank(b) > 0 {
            self.replace(id, 2, "swap the factors", node(op, b, a));
            if let Expr::Product(ProductOp::Product, first, second) = *self.typed.program.node(a) {
                // a b c → a c b
                self.replace(id, 2, "swap the factors", |p| {
                    let left = push(p, Expr::Product(op, first, b));
                    push(p, Expr::Product(op, left, second))
                });
            }
            self.replace(id, 3, "an elementwise product", node(ProductOp::Hadamard, a, b));
            self.replace(id, 4, "transposed and in the other order", |p| {
                let (a, b) = (push(p, Expr::Transpose(a)), push(p, Expr::Transpose(b)));
                push(p, Expr::Product(op, b, a))
            });
        }
        if op == ProductOp::Hadamard {
            self.replace(id, 3, "a matrix product", node(ProductOp::Product, a, b));
        }
        if op == ProductOp::Quotient {
            self.replace(id, 4, "a product", node(ProductOp::Product, a, b));
        }
        let cost = |e: &Expr| if matches!(e, Expr::Number(_)) { 2 } else { 5 };
        let (first, second) = (cost(self.typed.program.node(a)), cost(self.typed.program.node(b)));
        self.replace(id, second, format!("without {}", self.source(b)), |_| a);
        if !matches!(op, ProductOp::Quotient | ProductOp::ElementQuotient) {
            self.replace(id, first, format!("without {}", self.source(a)), |_| b);
        }
    }

    /// Indices exchanged, or one for another.
    fn entry(&mut self, id: NodeId, base: NodeId, list: List) {
        let typed = self.typed;
        let indices: Vec<NodeId> = typed.program.list(list).to_vec();
        if let [i, j] = indices[..] {
            self.replace(id, 1, "exchange the indices", |p| {
                let list = list_of(p, &[j, i]);
                push(p, Expr::Entry(base, list))
            });
        }
        let mut names: Vec<NameId> = Vec::new();
        for index in &typed.indices {
            if !names.contains(&index.name) {
                names.push(index.name);
            }
        }
        for (k, index) in indices.iter().enumerate() {
            let own = typed.program.node(*index).clone();
            let mut others: Vec<Expr> = Vec::new();
            match own {
                Expr::Name(own) => {
                    others.extend(names.iter().filter(|n| **n != own).map(|n| Expr::Name(*n)));
                }
                Expr::Number(n) => others
                    .extend((1..=4).map(Number::integer).filter(|m| *m != n).map(Expr::Number)),
                _ => {}
            }
            for other in others {
                self.replace(id, 3, "another index", |p| {
                    let other = push(p, other);
                    let mut indices = indices.clone();
                    indices[k] = other;
                    let list = list_of(p, &indices);
                    push(p, Expr::Entry(base, list))
                });
            }
        }
    }

    fn call(
        &mut self,
        id: NodeId,
        function: NameId,
        primes: u32,
        arguments: List,
        axis: Option<NodeId>,
    ) {
        let typed = self.typed;
        let name = typed.program.name(function).to_string();
        let list: Vec<NodeId> = typed.program.list(arguments).to_vec();
        let elementwise = match typed.meaning(id) {
            Meaning::Unknown(u) => !typed.unknowns[u.0 as usize].scalar,
            Meaning::Function(f) => {
                matches!(f.signature_for(list.len()), crate::functions::Signature::Elementwise)
                    && list.len() == 1
            }
            _ => false,
        };
        let call = |primes| Expr::Call { function, primes, arguments, axis };
        if elementwise {
            self.replace(id, 1, format!("the derivative of {name}"), |p| push(p, call(primes + 1)));
            if primes > 0 {
                self.replace(id, 1, format!("{name} with a prime less"), |p| {
                    push(p, call(primes - 1))
                });
            }
        }
        if let (Meaning::Function(f), 1) = (typed.meaning(id), list.len()) {
            const KIN: &[&[&str]] = &[
                &["sin", "cos"],
                &["sinh", "cosh"],
                &["tanh", "sigmoid"],
                &["relu", "step"],
                &["max", "min", "sum", "mean"],
                &["det", "tr", "logdet"],
                &["softmax", "logsoftmax"],
            ];
            for other in KIN.iter().filter(|k| k.contains(&f.name)).copied().flatten() {
                if *other != f.name {
                    self.replace(id, 4, format!("{other} for {}", f.name), |p| {
                        let function = name_of(p, other);
                        push(p, Expr::Call { function, primes, arguments, axis })
                    });
                }
            }
        }
        if let Some(axis) = axis
            && let Expr::Number(n) = typed.program.node(axis)
        {
            let other = if n.is_zero() { Number::ONE } else { Number::ZERO };
            self.replace(id, 1, "the other axis", |p| {
                let axis = Some(push(p, Expr::Number(other)));
                push(p, Expr::Call { function, primes, arguments, axis })
            });
        }
        if name == "inv" {
            self.replace(id, 4, "no inverse", |_| list[0]);
        }
    }

    /// A factor that was forgotten: a derivative of an activation, or a name.
    fn factors(&mut self, id: NodeId) {
        let typed = self.typed;
        let shape = typed.shape(id);
        let names: Vec<NameId> = typed
            .variables
            .iter()
            .map(|v| (v.name, &v.shape))
            .chain(typed.definitions.iter().map(|d| (d.name, &d.shape)))
            .filter(|(_, s)| s.axes[..] == *shape.axes)
            .map(|n| n.0)
            .collect();
        let functions: Vec<NameId> =
            typed.unknowns.iter().filter(|u| !u.scalar).map(|u| u.name).collect();
        for name in names.into_iter().take(8) {
            let text = typed.program.name(name).to_string();
            let hadamard = ProductOp::Hadamard;
            let one = Number::ONE;
            self.replace(id, 4, format!("a factor {text} .* (1 - {text})"), |p| {
                let n = push(p, Expr::Name(name));
                let one = push(p, Expr::Number(one.clone()));
                let minus = push(p, Expr::Negate(n));
                let rest = sum_of(p, &[one, minus]);
                let first = push(p, Expr::Product(hadamard, id, n));
                push(p, Expr::Product(hadamard, first, rest))
            });
            self.replace(id, 4, format!("a factor 1 - {text}.^2"), |p| {
                let n = push(p, Expr::Name(name));
                let one = push(p, Expr::Number(one.clone()));
                let two = push(p, Expr::Number(Number::integer(2)));
                let square = push(p, Expr::ElementPower(n, two));
                let minus = push(p, Expr::Negate(square));
                let rest = sum_of(p, &[one, minus]);
                push(p, Expr::Product(hadamard, id, rest))
            });
            self.replace(id, 5, format!("a factor 1 - {text}"), |p| {
                let n = push(p, Expr::Name(name));
                let one = push(p, Expr::Number(one.clone()));
                let minus = push(p, Expr::Negate(n));
                let rest = sum_of(p, &[one, minus]);
                push(p, Expr::Product(hadamard, id, rest))
            });
            self.replace(id, 5, format!("a factor {text}"), |p| {
                let n = push(p, Expr::Name(name));
                push(p, Expr::Product(hadamard, id, n))
            });
            let known = ["step", "sigmoid", "cos", "exp"].iter().map(|s| ((*s).to_string(), 0));
            let unknown = functions.iter().map(|f| (typed.program.name(*f).to_string(), 1));
            for (f, primes) in unknown.chain(known) {
                let ticks = "'".repeat(primes as usize);
                self.replace(id, 4, format!("a factor {f}{ticks}({text})"), |p| {
                    let function = name_of(p, &f);
                    let n = push(p, Expr::Name(name));
                    let arguments = list_of(p, &[n]);
                    let call = push(p, Expr::Call { function, primes, arguments, axis: None });
                    push(p, Expr::Product(hadamard, id, call))
                });
            }
        }
    }
}
