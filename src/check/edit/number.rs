//! Numbers: a factor, a literal for another, an exponent.

use super::{Editor, cost};
use crate::check::tree::{name_node, push};
use crate::number::Number;
use crate::shape::typed::Meaning;
use crate::syntax::ast::{Expr, NodeId, ProductOp};

/// Factors that are forgotten, the likely ones first.
const FACTORS: [(i64, i64); 10] =
    [(2, 1), (1, 2), (3, 1), (4, 1), (1, 4), (1, 3), (6, 1), (1, 6), (3, 2), (2, 3)];

impl Editor<'_> {
    /// A node multiplied by a number, and its sign.
    pub(super) fn scaled(&mut self, id: NodeId) {
        if matches!(self.node(id), Expr::Number(_)) {
            return;
        }
        // before the first factor: `2*A'*x`, not `2*(A'*x)`
        let mut first = id;
        while let Expr::Product(ProductOp::Product | ProductOp::Quotient, a, _) = self.node(first) {
            first = *a;
        }
        for (n, d) in FACTORS {
            let Some(number) = Number::ratio(n, d) else { continue };
            let text = if d == 1 { format!("{n}") } else { format!("{n}/{d}") };
            let cost = if n + d == 3 { cost::COMMON } else { cost::PART };
            self.replace(first, cost, format!("a factor {text}"), |p| {
                let number = push(p, Expr::Number(number));
                push(p, Expr::Product(ProductOp::Product, number, first))
            });
        }
        if !matches!(self.node(id), Expr::Negate(_)) {
            self.replace(id, cost::LETTER, "the sign", |p| push(p, Expr::Negate(id)));
        }
        if let Expr::Sum(list) = *self.node(id) {
            // `b - a` for `a - b`: the sign of the sum, as a reader would write it
            let terms = self.typed.program.list(list).to_vec();
            self.replace(id, cost::LETTER, "the sign", |p| {
                let flipped: Vec<NodeId> = terms
                    .iter()
                    .map(|&t| match *p.node(t) {
                        Expr::Negate(inner) => inner,
                        _ => push(p, Expr::Negate(t)),
                    })
                    .rev()
                    .collect();
                crate::check::tree::sum_of(p, &flipped)
            });
        }
    }

    /// The side times or over a size that is declared.
    pub(super) fn sizes(&mut self) {
        let root = self.root;
        let mut sizes: Vec<String> = Vec::new();
        for v in &self.typed.variables {
            for d in &v.shape.axes {
                let text = self.typed.dims.text(*d);
                let is_name = text.chars().all(|c| c.is_alphanumeric() || c == '_');
                if is_name
                    && !text.starts_with(|c: char| c.is_ascii_digit())
                    && !sizes.contains(&text)
                {
                    sizes.push(text);
                }
            }
        }
        for size in sizes {
            self.replace(root, cost::TERM, format!("divide by {size}"), |p| {
                let name = name_node(p, &size);
                push(p, Expr::Product(ProductOp::Quotient, root, name))
            });
            self.replace(root, cost::TERM, format!("multiply by {size}"), |p| {
                let name = name_node(p, &size);
                push(p, Expr::Product(ProductOp::Product, name, root))
            });
        }
    }

    /// The side times or over a scalar that occurs in the claim.
    pub(super) fn scalar_factors(&mut self, sides: [NodeId; 2]) {
        let (typed, root) = (self.typed, self.root);
        let mut scalars: Vec<NodeId> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        let mut stack = sides.to_vec();
        while let Some(id) = stack.pop() {
            typed.program.for_each_child(id, |c| stack.push(c));
            let kind = match typed.meaning(id) {
                Meaning::Variable(_)
                | Meaning::Definition(_)
                | Meaning::Size(_)
                | Meaning::Function(_)
                | Meaning::Unknown(_) => true,
                Meaning::Plain => {
                    matches!(self.node(id), Expr::Product(..) | Expr::Sum(_) | Expr::Power(..))
                }
                _ => false,
            };
            if !kind || self.rank(id) > 0 || !typed.free(id).is_empty() || id == root {
                continue;
            }
            let text = self.source(id);
            if !seen.contains(&text) && seen.len() < 12 {
                seen.push(text);
                scalars.push(id);
            }
        }
        for scalar in scalars {
            let text = self.source(scalar);
            self.replace(root, cost::TERM, format!("a factor {text}"), |p| {
                push(p, Expr::Product(ProductOp::Product, scalar, root))
            });
            self.replace(root, cost::TERM, format!("divided by {text}"), |p| {
                push(p, Expr::Product(ProductOp::Quotient, root, scalar))
            });
        }
    }

    /// A literal for another.
    pub(super) fn number(&mut self, id: NodeId, n: &Number) {
        let one = Number::ONE;
        let integer = Number::integer;
        let mut list = vec![
            (n.mul(&integer(2)), cost::COMMON),
            (n.add(&one), cost::WORD),
            (n.add(&Number::MINUS_ONE), cost::WORD),
            (n.neg(), cost::COMMON),
        ];
        list.extend(n.div(&integer(2)).map(|h| (h, cost::COMMON)));
        list.extend(one.div(n).map(|r| (r, cost::WORD)));
        list.extend([1, 2, 3, 4].map(|k| (integer(k), cost::FACTOR)));
        list.extend([3, 4, 10].map(|k| (n.mul(&integer(k)), cost::PART)));
        list.extend([3, 4, 10].iter().filter_map(|&k| Some((n.div(&integer(k))?, cost::PART))));
        list.extend([2, -2].map(|k| (n.add(&integer(k)), cost::PART)));
        for denominator in 2..=12i64 {
            // 0.3333 for 1/3
            let scaled = n.mul(&integer(denominator)).to_f64();
            let nearest = scaled.round();
            let near = (scaled - nearest).abs();
            if near > 0.0 && near < 1e-2 && nearest != 0.0 {
                list.extend(Number::ratio(nearest as i64, denominator).map(|r| (r, cost::COMMON)));
            }
        }
        let factor = matches!(self.parent(id), Some(Expr::Product(op, _, b))
            if *op == ProductOp::Product || *b == id);
        let power = match self.parent(id) {
            Some(Expr::Power(base, e) | Expr::ElementPower(base, e)) if *e == id => Some(*base),
            _ => None,
        };
        if let Some(base) = power {
            let whole = self.parents[&id];
            self.replace(whole, cost::WORD, "without the power", |_| base);
        }
        for (value, cost) in list {
            // a factor 1 is no factor, a power 1 is none
            if value == *n || (factor || power.is_some()) && value.is_one() {
                continue;
            }
            let what = format!("{} for {}", value.text(), n.text());
            self.replace(id, cost, what, |p| {
                let magnitude = push(p, Expr::Number(value.abs()));
                if value.is_negative() { push(p, Expr::Negate(magnitude)) } else { magnitude }
            });
        }
    }
}
