//! Small edits of one side of a claim: what a slip of the pen would have changed.
//!
//! An edit makes a new side; whether it is true is for others to say. Edits come in the order in
//! which a reader would try them: by the kind of slip first, then by their size.

mod call;
mod factor;
mod index;
mod number;
mod operation;
mod pool;
mod term;

use super::tree::{copied, push};
use crate::shape::typed::{Meaning, Typed};
use crate::syntax::ast::{Expr, NodeId, ProductOp, Program};
use crate::syntax::print::print_node;
use pool::Pool;
use std::collections::{BTreeMap, BTreeSet};

/// A side with more nodes than this is not edited.
const LARGEST_SIDE: usize = 400;

/// How likely a slip is, small first. What costs the same is tried in the order of its length.
pub(super) mod cost {
    /// A sign, a transpose, a prime, two indices exchanged, the other axis.
    pub(in crate::check) const LETTER: u32 = 1;
    /// A factor 2, two factors exchanged, a number near the one written.
    pub(in crate::check) const COMMON: u32 = 2;
    /// Another name, another kind of product, another number, a term or a power too many.
    pub(in crate::check) const WORD: u32 = 3;
    /// A forgotten derivative of an activation, an inverse, a whole side laid out otherwise.
    pub(in crate::check) const FACTOR: u32 = 4;
    /// Any other factor, a function for another.
    pub(in crate::check) const PART: u32 = 5;
    /// A forgotten term, a factor that is a size or a scalar.
    pub(in crate::check) const TERM: u32 = 6;
    /// The other side of a claim is the wrong one.
    pub(in crate::check) const LEFT: u32 = 3;
}

/// A side with one thing changed.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Edit {
    /// The new side.
    pub(super) text: String,
    /// The node that was replaced.
    pub(super) at: NodeId,
    /// What stands in its place, in brackets where it binds less tightly than a product.
    pub(super) part: String,
    /// What was changed, in words.
    pub(super) what: String,
    /// How likely, small first.
    pub(super) cost: u32,
}

/// Makes trees that differ from a side in one place.
struct Editor<'a> {
    typed: &'a Typed,
    /// The program with the nodes of the edit at hand behind its own.
    program: Program,
    root: NodeId,
    /// The nodes of the side, children first.
    nodes: Vec<NodeId>,
    parents: BTreeMap<NodeId, NodeId>,
    pool: Pool,
    edits: Vec<Edit>,
}

/// Everything that one change makes of a side.
///
/// `sides` are both sides of the claim: a factor that was forgotten may stand in either.
pub(super) fn edits(typed: &Typed, root: NodeId, sides: [NodeId; 2]) -> Vec<Edit> {
    let (mut nodes, mut parents) = (Vec::new(), BTreeMap::new());
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        nodes.push(id);
        if nodes.len() > LARGEST_SIDE {
            return Vec::new();
        }
        // the arguments of a derivative operator stay as they are
        if matches!(typed.meaning(id), Meaning::Derivative(_)) {
            continue;
        }
        typed.program.for_each_child(id, |c| {
            parents.insert(c, id);
            stack.push(c);
        });
    }
    nodes.sort_unstable();
    let pool = Pool::new(typed, sides);
    let program = typed.program.clone();
    let mut editor = Editor { typed, program, root, nodes, parents, pool, edits: Vec::new() };
    editor.whole(sides);
    for id in editor.nodes.clone() {
        editor.at(id);
    }
    let mut edits = editor.edits;
    edits.sort_by_key(|e| (e.cost, e.text.len()));
    let mut seen = BTreeSet::new();
    edits.retain(|e| seen.insert(e.text.clone()));
    edits
}

impl<'a> Editor<'a> {
    fn rank(&self, id: NodeId) -> usize {
        self.typed.shape(id).axes.len()
    }

    fn source(&self, id: NodeId) -> String {
        source(self.typed, id)
    }

    fn node(&self, id: NodeId) -> &'a Expr {
        self.typed.program.node(id)
    }

    fn parent(&self, id: NodeId) -> Option<&'a Expr> {
        self.parents.get(&id).map(|p| self.node(*p))
    }

    fn square(&self, id: NodeId) -> bool {
        matches!(self.typed.shape(id).axes[..], [a, b] if a == b)
    }

    /// Whether a node is a value, not an index or the name of a function.
    fn is_value(&self, id: NodeId) -> bool {
        if matches!(self.typed.meaning(id), Meaning::Index(_) | Meaning::Delta) {
            return false;
        }
        // the position inside an entry, an axis
        !matches!(self.parent(id), Some(Expr::Entry(base, _)) if *base != id)
            && !matches!(self.parent(id), Some(Expr::Call { axis: Some(a), .. }) if *a == id)
    }

    /// Whether a change of scale or sign at a node differs from the same one further up.
    fn is_linear_place(&self, id: NodeId) -> bool {
        match self.parent(id) {
            Some(Expr::Product(op, a, _)) => {
                matches!(op, ProductOp::Quotient | ProductOp::ElementQuotient) && *a != id
            }
            Some(Expr::Transpose(_)) => false,
            _ => true,
        }
    }

    /// Adds the side with `make`'s node in the place of `at`.
    fn replace(
        &mut self,
        at: NodeId,
        cost: u32,
        what: impl Into<String>,
        make: impl FnOnce(&mut Program) -> NodeId,
    ) {
        let program = &mut self.program;
        let (nodes, children) = (program.nodes.len(), program.children.len());
        let new = make(program);
        let part = crate::syntax::print::print_operand(
            program,
            new,
            crate::syntax::operator::precedence::PRODUCT,
        );
        let (mut old, mut root) = (at, new);
        while old != self.root {
            let Some(&parent) = self.parents.get(&old) else { break };
            let (before, after) = (old, root);
            let find = |id: NodeId| if id == before { after } else { id };
            let copy = copied(program, parent, &find);
            root = push(program, copy);
            old = parent;
        }
        let complete = old == self.root;
        let text = print_node(program, root);
        program.nodes.truncate(nodes);
        program.spans.truncate(nodes);
        program.children.truncate(children);
        if complete {
            self.edits.push(Edit { text, at, part, what: what.into(), cost });
        }
    }

    /// Changes of the side as a whole.
    fn whole(&mut self, sides: [NodeId; 2]) {
        let root = self.root;
        if self.rank(root) == 2 {
            self.replace(root, cost::FACTOR, "transpose the side (numerator layout)", |p| {
                push(p, Expr::Transpose(root))
            });
        }
        self.sizes();
        self.scalar_factors(sides);
        self.forgotten_sums(sides);
    }

    fn at(&mut self, id: NodeId) {
        if !self.is_value(id) {
            return;
        }
        if self.is_linear_place(id) {
            self.scaled(id);
        }
        // one transpose too many is taken away rather than added to
        let transposed = matches!(self.parent(id), Some(Expr::Transpose(_)));
        let plain = !matches!(self.node(id), Expr::Transpose(_) | Expr::Sum(_));
        if self.rank(id) == 2 && plain && !transposed {
            self.replace(id, cost::LETTER, format!("transpose {}", self.source(id)), |p| {
                push(p, Expr::Transpose(id))
            });
        }
        self.operation(id);
        self.wrapped(id);
        self.factors(id);
        self.terms(id);
    }
}

/// A node as its author wrote it, on one line.
pub(super) fn source(typed: &Typed, node: NodeId) -> String {
    let span = typed.program.span(node);
    match typed.program.source.get(span.start as usize..span.end as usize) {
        Some(text) if !text.is_empty() && !text.contains(['\n', '#', ';']) => text.to_string(),
        _ => print_node(&typed.program, node),
    }
}
