//! What may have been forgotten: the values that a claim and its definitions speak of.

use crate::functions::{Function, Signature};
use crate::shape::dim::DimId;
use crate::shape::typed::{DerivativeKind, Meaning, Typed};
use crate::syntax::ast::{Expr, NameId, NodeId};
use crate::syntax::print::print_node;
use std::collections::BTreeSet;

/// So many values are kept.
const LARGEST: usize = 48;

/// A value that may stand elsewhere too.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) node: NodeId,
    pub(super) axes: Vec<DimId>,
    /// The names of its free indices.
    pub(super) free: Vec<NameId>,
}

/// Names, parts and functions of a claim and of the definitions that it uses.
#[derive(Debug, Default)]
pub(super) struct Pool {
    names: Vec<(NameId, Vec<DimId>)>,
    /// Which of the names are definitions.
    defined: BTreeSet<NameId>,
    /// What gradients in the claim are of, with the name of the operator.
    pub(super) objectives: Vec<(NameId, NodeId)>,
    /// Parts of the sides and of definitions, no two of one text; names are not among them.
    pub(super) values: Vec<Value>,
    /// Applications of elementwise functions to one argument: their derivatives are forgotten.
    pub(super) activations: Vec<Value>,
    /// The functions of one argument that are applied.
    pub(super) functions: Vec<(String, Option<&'static Function>)>,
}

impl Pool {
    pub(super) fn new(typed: &Typed, sides: [NodeId; 2]) -> Pool {
        let mut pool = Pool::default();
        let declared = typed.variables.iter().map(|v| (v.name, &v.shape));
        let defined = typed.definitions.iter().map(|d| (d.name, &d.shape));
        pool.names = declared.chain(defined).map(|(n, s)| (n, s.axes.to_vec())).take(64).collect();
        pool.defined = typed.definitions.iter().map(|d| d.name).collect();
        let mut stack = vec![sides[1], sides[0]];
        let (mut seen, mut texts) = (BTreeSet::new(), BTreeSet::new());
        let mut at = 0;
        // breadth first: the sides themselves before what they are defined by
        while at < stack.len() && pool.values.len() < LARGEST {
            let id = stack[at];
            at += 1;
            if !seen.insert(id) {
                continue;
            }
            if let Meaning::Definition(d) = typed.meaning(id) {
                stack.push(typed.definitions[d.0 as usize].body);
            }
            let value = pool.note(typed, id, &mut texts);
            if value && !matches!(typed.meaning(id), Meaning::Derivative(_)) || id == sides[0] {
                typed.program.for_each_child(id, |c| stack.push(c));
            } else if matches!(typed.meaning(id), Meaning::Derivative(_)) {
                // what is differentiated is no part of an answer, its activations are
                typed.program.for_each_child(id, |c| stack.push(c));
            }
        }
        for name in ["sum", "mean"] {
            let known = crate::functions::find(name);
            if !pool.functions.iter().any(|f| f.0 == name) {
                pool.functions.push((name.to_string(), known));
            }
        }
        pool
    }

    /// Notes a node; whether its children are values.
    fn note(&mut self, typed: &Typed, id: NodeId, texts: &mut BTreeSet<String>) -> bool {
        let expr = typed.program.node(id);
        if matches!(typed.meaning(id), Meaning::Index(_) | Meaning::Delta)
            || matches!(expr, Expr::Number(_))
        {
            return false;
        }
        let name = |i: &crate::shape::typed::IndexId| typed.indices[i.0 as usize].name;
        let value = Value {
            node: id,
            axes: typed.shape(id).axes.to_vec(),
            free: typed.free(id).iter().map(name).collect(),
        };
        if let Expr::Call { function, arguments, primes: 0, axis: None } = expr
            && arguments.len == 1
        {
            let known = match typed.meaning(id) {
                Meaning::Function(f) => Some(f.function()),
                _ => None,
            };
            let unknown = matches!(typed.meaning(id), Meaning::Unknown(u)
                if !typed.unknowns[u.0 as usize].scalar);
            let name = typed.program.name(*function).to_string();
            if (known.is_some() || unknown) && !self.functions.iter().any(|f| f.0 == name) {
                self.functions.push((name, known));
            }
            if unknown
                || known.is_some_and(|f| matches!(f.signature_for(1), Signature::Elementwise))
            {
                self.activations.push(value.clone());
            }
        }
        if let (
            Meaning::Derivative(DerivativeKind::Gradient),
            Expr::Call { function, arguments, .. },
        ) = (typed.meaning(id), expr)
        {
            let of = typed.program.list(*arguments)[0];
            let text = |n: &(NameId, NodeId)| print_node(&typed.program, n.1);
            if !self.objectives.iter().any(|o| text(o) == print_node(&typed.program, of)) {
                self.objectives.push((*function, of));
            }
        }
        let is_name = matches!(typed.meaning(id), Meaning::Variable(_) | Meaning::Definition(_));
        if !is_name && texts.insert(print_node(&typed.program, id)) {
            self.values.push(value);
        }
        !matches!(expr, Expr::Entry(..) | Expr::IndexSum(..))
    }

    /// The names of variables and definitions of this shape.
    pub(super) fn names_of(&self, axes: &[DimId]) -> Vec<NameId> {
        self.names.iter().filter(|(_, a)| a == axes).map(|(n, _)| *n).collect()
    }

    /// The names of definitions of this shape.
    pub(super) fn definitions_of(&self, axes: &[DimId]) -> Vec<NameId> {
        self.names_of(axes).into_iter().filter(|n| self.defined.contains(n)).collect()
    }

    /// The names with this number of axes.
    pub(super) fn names_of_rank(&self, rank: usize) -> impl Iterator<Item = (NameId, &[DimId])> {
        self.names.iter().filter(move |(_, a)| a.len() == rank).map(|(n, a)| (*n, a.as_slice()))
    }
}
