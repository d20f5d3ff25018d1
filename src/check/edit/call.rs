//! Calls: a prime, another function of the same kind, another axis, a call forgotten or too many.

use super::{Editor, cost};
use crate::check::tree::{list_of, name_of, push};
use crate::functions::{Function, Lowering, Signature, all};
use crate::number::Number;
use crate::shape::typed::Meaning;
use crate::syntax::ast::{Expr, List, NameId, NodeId};

/// Whether two functions take the same arguments.
fn alike(f: &Function, g: &Function, arguments: usize) -> bool {
    if !f.accepts(arguments) || !g.accepts(arguments) {
        return false;
    }
    match (f.signature_for(arguments), g.signature_for(arguments)) {
        (Signature::Elementwise, Signature::Elementwise)
        | (Signature::Axiswise, Signature::Axiswise) => true,
        (Signature::Reduction { arrays: a, .. }, Signature::Reduction { arrays: b, .. }) => a == b,
        (Signature::Shapes(a), Signature::Shapes(b)) => a == b,
        _ => false,
    }
}

/// Whether one function occurs in the derivative of the other, as cos in that of sin.
fn kin(f: &Function, g: &Function) -> bool {
    let mentions = |f: &Function, name: &str| {
        let texts: &[&str] = match f.lowering {
            Lowering::Primitive(texts) | Lowering::Named { vjp: texts, .. } => texts,
            _ => return false,
        };
        let call = format!("{name}(");
        texts.iter().any(|t| t.contains(&call))
    };
    mentions(f, g.name) || mentions(g, f.name)
}

impl Editor<'_> {
    pub(super) fn call(
        &mut self,
        id: NodeId,
        function: NameId,
        primes: u8,
        arguments: List,
        axis: Option<NodeId>,
    ) {
        let typed = self.typed;
        let name = typed.program.name(function).to_string();
        let list: Vec<NodeId> = typed.program.list(arguments).to_vec();
        let known = match typed.meaning(id) {
            Meaning::Function(f) => Some(f.function()),
            _ => None,
        };
        let elementwise = match typed.meaning(id) {
            Meaning::Unknown(u) => !typed.unknowns[u.0 as usize].scalar,
            _ => known.is_some_and(|f| {
                list.len() == 1 && matches!(f.signature_for(1), Signature::Elementwise)
            }),
        };
        let call = |primes| Expr::Call { function, primes, arguments, axis };
        if elementwise {
            let what = format!("the derivative of {name}");
            self.replace(id, cost::LETTER, what, |p| push(p, call(primes + 1)));
        }
        if elementwise && primes > 0 {
            let what = format!("{name} with a prime less");
            self.replace(id, cost::LETTER, what, |p| push(p, call(primes - 1)));
        }
        if elementwise && primes == 0 || known.is_some() {
            let what = format!("without {name}");
            self.replace(id, cost::PART, what, |_| list[0]);
        }
        if let Some(f) = known {
            self.other_functions(id, f, primes, arguments, axis);
        }
        self.axis(id, function, primes, arguments, axis);
        if let [a, b] = list[..] {
            self.replace(id, cost::COMMON, "exchange the arguments", |p| {
                let arguments = list_of(p, &[b, a]);
                push(p, Expr::Call { function, primes, arguments, axis })
            });
        }
    }

    /// A function for another that takes the same arguments.
    fn other_functions(
        &mut self,
        id: NodeId,
        f: &'static Function,
        primes: u8,
        arguments: List,
        axis: Option<NodeId>,
    ) {
        let count = arguments.len as usize;
        for g in all().filter(|g| **g != *f && alike(f, g, count)) {
            let cost = if kin(f, g) { cost::FACTOR } else { cost::PART };
            let function = name_of(&mut self.program, g.name);
            self.replace(id, cost, format!("{} for {}", g.name, f.name), |p| {
                push(p, Expr::Call { function, primes, arguments, axis })
            });
        }
    }

    /// The other axis; an axis where there is none, and none where there is one.
    fn axis(
        &mut self,
        id: NodeId,
        function: NameId,
        primes: u8,
        arguments: List,
        axis: Option<NodeId>,
    ) {
        let Meaning::Function(f) = self.typed.meaning(id) else { return };
        let put = |value: Number| {
            move |p: &mut crate::syntax::ast::Program| {
                let axis = Some(push(p, Expr::Number(value)));
                push(p, Expr::Call { function, primes, arguments, axis })
            }
        };
        let reduces = matches!(f.signature, Signature::Reduction { axis: true, .. });
        match axis.map(|a| self.node(a)) {
            Some(Expr::Number(n)) => {
                let other = if n.is_zero() { Number::ONE } else { Number::ZERO };
                self.replace(id, cost::LETTER, "the other axis", put(other));
                if reduces {
                    self.replace(id, cost::WORD, "over all entries", |p| {
                        push(p, Expr::Call { function, primes, arguments, axis: None })
                    });
                }
            }
            None if reduces && arguments.len == 1 => {
                let argument = self.typed.program.list(arguments)[0];
                if self.rank(argument) == 2 {
                    for (value, k) in [(Number::ZERO, 0), (Number::ONE, 1)] {
                        self.replace(id, cost::COMMON, format!("along axis {k}"), put(value));
                    }
                }
            }
            _ => {}
        }
    }

    /// A call around a node that was forgotten: of a function that the program uses, or a sum.
    pub(super) fn wrapped(&mut self, id: NodeId) {
        if matches!(self.node(id), Expr::Number(_)) {
            return;
        }
        // a product is wrapped as a whole
        if matches!(self.parent(id), Some(Expr::Product(..)) if matches!(self.node(id), Expr::Product(..)))
        {
            return;
        }
        let rank = self.rank(id);
        for (name, f) in self.pool.functions.clone() {
            let fits = match f.map(|f| f.signature_for(1)) {
                None | Some(Signature::Elementwise) => true,
                Some(Signature::Reduction { arrays: 1, .. } | Signature::Shapes(_)) => rank > 0,
                Some(Signature::Axiswise) => rank == 1,
                _ => false,
            };
            let own = matches!(self.node(id), Expr::Call { function, .. }
                if self.typed.program.name(*function) == name);
            if !fits || own || self.inside(id, &name) {
                continue;
            }
            let function = name_of(&mut self.program, &name);
            self.replace(id, cost::PART, format!("{name} of {}", self.source(id)), |p| {
                let arguments = list_of(p, &[id]);
                push(p, Expr::Call { function, primes: 0, arguments, axis: None })
            });
        }
    }

    /// Whether a node is a factor or term of the argument of this function.
    fn inside(&self, id: NodeId, name: &str) -> bool {
        let mut at = id;
        while let Some(&parent) = self.parents.get(&at) {
            match self.node(parent) {
                Expr::Sum(_)
                | Expr::Product(..)
                | Expr::Negate(_)
                | Expr::Transpose(_)
                | Expr::Power(..)
                | Expr::ElementPower(..) => at = parent,
                Expr::Call { function, .. } => {
                    return self.typed.program.name(*function) == name;
                }
                _ => return false,
            }
        }
        false
    }
}
