//! Changes of a piece of code that a slip of the pen would have undone.

use super::outline::{Action, File};
use super::tree::{Expr, ExprId, Operator, Prefix, Tree};
use crate::diagnostic::Span;
use std::collections::BTreeSet;

/// A piece of the text with what might stand there instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Edit {
    pub(super) span: Span,
    pub(super) text: String,
    pub(super) what: String,
    /// How unlikely.
    pub(super) cost: u32,
}

struct Editor<'a> {
    file: &'a File<'a>,
    tree: Tree,
    /// The parent of each node.
    parents: Vec<Option<ExprId>>,
    /// Names of values, and of those that are sizes.
    names: Vec<String>,
    sizes: Vec<String>,
    edits: Vec<Edit>,
}

/// Changes of the bodies of some functions, the likeliest first. `names` are the values that are
/// known there, `sizes` the numbers of entries.
pub(super) fn edits(
    file: &File<'_>,
    functions: &[usize],
    names: &[String],
    sizes: &[String],
) -> Vec<Edit> {
    let mut list = Vec::new();
    for &function in functions {
        let mut tree = Tree::default();
        let Ok(statements) = file.statements(&file.functions[function], &mut tree) else {
            continue;
        };
        let mut roots: Vec<ExprId> = Vec::new();
        for statement in statements {
            match statement.action {
                Action::Assign(_, value)
                | Action::Augment(_, _, value)
                | Action::Return(Some(value))
                | Action::Evaluate(value) => roots.push(value),
                Action::Return(None) | Action::Count(..) => {}
            }
        }
        let mut editor = Editor {
            file,
            parents: vec![None; tree.len()],
            tree,
            names: names.to_vec(),
            sizes: sizes.to_vec(),
            edits: Vec::new(),
        };
        for root in roots {
            editor.statement(root);
        }
        list.append(&mut editor.edits);
    }
    list.sort_by_key(|e| (e.cost, e.text.len()));
    let mut seen = BTreeSet::new();
    list.retain(|e| seen.insert((e.span.start, e.span.end, e.text.clone())));
    list
}

impl Editor<'_> {
    fn source(&self, id: ExprId) -> &str {
        self.file.slice(self.tree.span(id))
    }

    fn add(&mut self, at: ExprId, cost: u32, what: impl Into<String>, text: impl Into<String>) {
        let span = self.tree.span(at);
        self.edits.push(Edit { span, text: text.into(), what: what.into(), cost });
    }

    fn statement(&mut self, root: ExprId) {
        let nodes: Vec<ExprId> = (self.tree.first(root)..=root.0).map(ExprId).collect();
        for &id in &nodes {
            for child in self.tree.node(id).children() {
                self.parents[child.0 as usize] = Some(id);
            }
        }
        for id in nodes {
            self.node(id);
        }
    }

    /// Whether an expression stands by itself or as a term of a sum, so that a factor may stand
    /// before it.
    fn is_term(&self, id: ExprId) -> bool {
        match self.parents[id.0 as usize].map(|p| self.tree.node(p)) {
            None | Some(Expr::Tuple(_) | Expr::Dict(_) | Expr::Prefix(..)) => true,
            Some(Expr::Binary(op, ..)) => matches!(op, Operator::Add | Operator::Subtract),
            Some(Expr::Call(..)) => self.is_value(id),
            _ => false,
        }
    }

    fn is_value(&self, id: ExprId) -> bool {
        matches!(
            self.tree.node(id),
            Expr::Binary(..) | Expr::Call(..) | Expr::Attribute(..) | Expr::Name(_)
        )
    }

    /// The text as a factor.
    fn factor(&self, id: ExprId) -> String {
        let text = self.source(id);
        match self.tree.node(id) {
            Expr::Binary(Operator::Add | Operator::Subtract, ..) | Expr::Compare(..) => {
                format!("({text})")
            }
            _ => text.to_string(),
        }
    }

    /// The text as an operand of whatever.
    fn operand(&self, id: ExprId) -> String {
        let text = self.source(id);
        match self.tree.node(id) {
            Expr::Binary(..) | Expr::Compare(..) | Expr::Prefix(..) => format!("({text})"),
            _ => text.to_string(),
        }
    }

    fn node(&mut self, id: ExprId) {
        let callee = matches!(
            self.parents[id.0 as usize].map(|p| self.tree.node(p).clone()),
            Some(Expr::Call(f, _)) if f == id
        );
        let module = matches!(
            self.parents[id.0 as usize].map(|p| self.tree.node(p).clone()),
            Some(Expr::Attribute(..)) if !self.names.iter().any(|n| n == self.source(id))
        );
        if callee || module {
            return self.renamed(id);
        }
        if self.is_term(id)
            && !matches!(self.tree.node(id), Expr::Tuple(_) | Expr::Dict(_) | Expr::Number)
        {
            self.term(id);
        }
        match self.tree.node(id).clone() {
            Expr::Name(name) => self.name(id, &name),
            Expr::Number => self.number(id),
            Expr::Prefix(Prefix::Minus, a) => {
                let text = self.operand(a);
                self.add(id, 1, "the sign", text);
            }
            Expr::Attribute(base, name) if name == "T" => {
                let text = self.source(base).to_string();
                self.add(id, 1, format!("no transpose of {text}"), text);
            }
            Expr::Call(callee, arguments) => {
                // x.t()
                if let (Expr::Attribute(base, name), true) =
                    (self.tree.node(callee).clone(), arguments.is_empty())
                    && name == "t"
                {
                    let text = self.source(base).to_string();
                    self.add(id, 1, format!("no transpose of {text}"), text);
                }
            }
            Expr::Binary(op, a, b) => self.binary(id, op, a, b),
            _ => {}
        }
    }

    /// A term: its sign, a number, a size or a value as a further factor.
    fn term(&mut self, id: ExprId) {
        let text = self.factor(id);
        let in_sum = matches!(
            self.parents[id.0 as usize].map(|p| self.tree.node(p)),
            Some(Expr::Binary(_, first, _)) if *first != id
        );
        if !in_sum {
            self.add(id, 1, "the sign", format!("-{text}"));
        }
        self.add(id, 2, "a factor 2", format!("2 * {text}"));
        self.add(id, 2, "a factor 1/2", format!("{text} / 2"));
        let operand = self.operand(id);
        self.add(id, 3, "summed over axis 0", format!("{operand}.sum(axis=0)"));
        for size in self.sizes.clone() {
            self.add(id, 4, format!("divided by {size}"), format!("{text} / {size}"));
            self.add(id, 5, format!("a factor {size}"), format!("{size} * {text}"));
        }
        for name in self.names.clone() {
            self.add(id, 5, format!("a factor {name}"), format!("{text} * {name}"));
            self.add(id, 6, format!("divided by {name}"), format!("{text} / {name}"));
        }
    }

    fn name(&mut self, id: ExprId, name: &str) {
        if !self.names.iter().any(|n| n == name) {
            return;
        }
        self.add(id, 1, format!("transpose {name}"), format!("{name}.T"));
        let power = matches!(
            self.parents[id.0 as usize].map(|p| self.tree.node(p)),
            Some(Expr::Binary(Operator::Power, ..))
        );
        if !power {
            self.add(id, 3, format!("the square of {name}"), format!("{name} ** 2"));
        }
        for other in self.names.clone() {
            if other != name {
                self.add(id, 3, format!("{other} for {name}"), other.clone());
            }
        }
    }

    fn number(&mut self, id: ExprId) {
        let text = self.source(id).to_string();
        let others: Vec<String> = match text.parse::<i64>() {
            Ok(n) => [n + 1, n - 1, 2 * n, -n].iter().map(ToString::to_string).collect(),
            Err(_) => match text.parse::<f64>() {
                Ok(x) => [2.0 * x, x / 2.0, -x].iter().map(|v| format!("{v:?}")).collect(),
                Err(_) => Vec::new(),
            },
        };
        for other in others {
            if other != text {
                self.add(id, 2, format!("{other} for {text}"), other);
            }
        }
    }

    fn binary(&mut self, id: ExprId, op: Operator, a: ExprId, b: ExprId) {
        let (x, y) = (self.source(a).to_string(), self.source(b).to_string());
        let (p, q) = (self.operand(a), self.operand(b));
        match op {
            Operator::Add => {
                self.add(id, 1, "the sign", format!("{x} - {}", self.factor(b)));
                self.add(id, 4, format!("without {y}"), x.clone());
                self.add(id, 4, format!("without {x}"), y);
            }
            Operator::Subtract => {
                self.add(id, 1, "the sign", format!("{x} + {y}"));
                self.add(id, 3, "the other way round", format!("{q} - {p}"));
                self.add(id, 4, format!("without {y}"), x);
            }
            Operator::MatrixMultiply => {
                self.add(id, 2, "the factors exchanged", format!("{q} @ {p}"));
                self.add(id, 4, "an elementwise product", format!("{p} * {q}"));
            }
            Operator::Multiply => {
                if x == "2" && matches!(self.tree.node(b), Expr::Name(_)) {
                    self.add(id, 3, format!("{y} is not symmetric"), format!("({y} + {y}.T)"));
                }
                self.add(id, 3, format!("without {y}"), self.factor(a));
                self.add(id, 3, format!("without {x}"), self.factor(b));
                self.add(id, 4, "a quotient", format!("{} / {q}", self.factor(a)));
                self.mixed(id);
            }
            Operator::Divide => {
                self.add(id, 3, format!("without {y}"), self.factor(a));
                self.add(id, 4, "a product", format!("{} * {q}", self.factor(a)));
            }
            Operator::Power => self.add(id, 3, "without the power", x),
            Operator::And | Operator::Or => {}
        }
    }

    /// `g * p * (1 - p)`, as if a softmax were elementwise: each entry of p depends on all others in
    /// its line.
    fn mixed(&mut self, id: ExprId) {
        let mut factors = Vec::new();
        let mut rest = id;
        while let Expr::Binary(Operator::Multiply, a, b) = *self.tree.node(rest) {
            factors.push(b);
            rest = a;
        }
        factors.push(rest);
        factors.reverse();
        for &p in &factors {
            let name = self.source(p).to_string();
            let complement = factors.iter().position(|f| match *self.tree.node(*f) {
                Expr::Binary(Operator::Subtract, one, other) => {
                    self.source(one) == "1" && self.source(other) == name
                }
                _ => false,
            });
            let Some(complement) = complement.map(|k| factors[k]) else { continue };
            let others: Vec<String> = factors
                .iter()
                .filter(|f| **f != p && **f != complement)
                .map(|f| self.operand(*f))
                .collect();
            if others.is_empty() {
                continue;
            }
            let (p, g) = (self.operand(p), others.join(" * "));
            let text = format!("{p} * ({g} - ({g} * {p}).sum(axis=-1, keepdims=True))");
            self.add(id, 4, "each entry of a softmax depends on its whole line", text);
        }
    }

    /// One function for another.
    fn renamed(&mut self, id: ExprId) {
        const PAIRS: &[(&str, &str)] =
            &[("sum", "mean"), ("mean", "sum"), ("sin", "cos"), ("cos", "sin"), ("exp", "log")];
        let text = self.source(id).to_string();
        for (from, to) in PAIRS {
            if text == *from || text.ends_with(&format!(".{from}")) {
                let other = format!("{}{to}", &text[..text.len() - from.len()]);
                self.add(id, 3, format!("{to} for {from}"), other);
            }
        }
    }
}
