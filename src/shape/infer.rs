//! Inference of all shapes of a program, by propagation over its nodes.
//!
//! What is declared is known; from there shapes flow up and down the tree, along the uses of a
//! variable, and between equal sizes. What stays open gets the convention's shape, one variable
//! at a time in the order of first appearance: matrices and vectors first, scalars last.

use super::convention::{Convention, convention};
use super::dim::{DimId, Dims};
use super::error::ShapeError;
use super::names::Binding;
use super::typed::{
    Definition, Index, IndexId, Item, Meaning, Origin, Position, Shape, Typed, Unknown, Variable,
    VariableId,
};
use crate::diagnostic::Span;
use crate::syntax::ast::{Expr, NameId, NodeId, Program, Statement};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Marks the names of sizes that are to be found.
pub(super) const OPEN: char = '?';

/// The state of an inference.
pub(super) struct Inference<'a> {
    pub(super) program: &'a Program,
    pub(super) dims: Dims,
    /// What each open size is equal to, by number.
    pub(super) solutions: Vec<Option<DimId>>,
    pub(super) open_ids: FxHashMap<DimId, u32>,
    pub(super) shapes: Vec<Option<Shape>>,
    pub(super) meanings: Vec<Meaning>,
    pub(super) free: Vec<SmallVec<[IndexId; 2]>>,
    pub(super) is_size: Vec<bool>,
    /// The size that an argument which is one stands for.
    pub(super) size_values: FxHashMap<NodeId, DimId>,
    pub(super) is_index: Vec<bool>,
    /// Positions of entries that are more than a name or a number.
    pub(super) positions: FxHashMap<NodeId, Position>,
    pub(super) is_entry_base: Vec<bool>,
    pub(super) bindings: FxHashMap<NameId, (Binding, Span)>,
    pub(super) dimension_names: FxHashSet<NameId>,
    pub(super) variables: Vec<Variable>,
    pub(super) variable_states: Vec<Option<Shape>>,
    pub(super) variable_nodes: Vec<Vec<NodeId>>,
    pub(super) appearance: FxHashMap<VariableId, u32>,
    pub(super) definitions: Vec<Definition>,
    pub(super) definition_nodes: Vec<Vec<NodeId>>,
    pub(super) unknowns: Vec<Unknown>,
    pub(super) indices: Vec<Index>,
    pub(super) index_parent: Vec<u32>,
    pub(super) bound_spans: Vec<(IndexId, Span)>,
    pub(super) items: Vec<Item>,
    pub(super) defined_by: FxHashMap<NodeId, super::typed::DefinitionId>,
    pub(super) cotangents: Vec<(VariableId, CotangentOf)>,
    /// What stands above each node; above the side of a claim stands the claim, numbered after the
    /// nodes.
    pub(super) parents: Vec<u32>,
    pub(super) claims: Vec<Vec<NodeId>>,
    /// Nodes to look at again, children first, so that what an expression is by itself is known
    /// before its surroundings ask.
    pub(super) queue: BinaryHeap<Reverse<u32>>,
    pub(super) queued: Vec<bool>,
    /// Whether a sum already tells a composite term that it is an array like the others.
    pub(super) insist: bool,
    /// The node whose rule is being applied.
    pub(super) stepping: NodeId,
}

/// Finds the shapes of a program.
///
/// # Errors
/// [`ShapeError`], with places in [`Program::source`].
pub fn infer(program: Program) -> Result<Typed, ShapeError> {
    let n = program.nodes.len();
    let mut state = Inference {
        program: &program,
        dims: Dims::default(),
        solutions: Vec::new(),
        open_ids: FxHashMap::default(),
        shapes: vec![None; n],
        meanings: vec![Meaning::Plain; n],
        free: vec![SmallVec::new(); n],
        is_size: vec![false; n],
        size_values: FxHashMap::default(),
        is_index: vec![false; n],
        positions: FxHashMap::default(),
        is_entry_base: vec![false; n],
        bindings: FxHashMap::default(),
        dimension_names: FxHashSet::default(),
        variables: Vec::new(),
        variable_states: Vec::new(),
        variable_nodes: Vec::new(),
        appearance: FxHashMap::default(),
        definitions: Vec::new(),
        definition_nodes: Vec::new(),
        unknowns: Vec::new(),
        indices: Vec::new(),
        index_parent: Vec::new(),
        bound_spans: Vec::new(),
        items: Vec::new(),
        defined_by: FxHashMap::default(),
        cotangents: Vec::new(),
        parents: vec![u32::MAX; n],
        claims: Vec::new(),
        queue: BinaryHeap::new(),
        queued: vec![false; n],
        insist: false,
        stepping: NodeId(u32::MAX),
    };
    for at in 0..n {
        let id = NodeId(at as u32);
        let parents = &mut state.parents;
        program.for_each_child(id, |c| parents[c.0 as usize] = at as u32);
        if let Expr::Entry(base, _) = program.node(id) {
            state.is_entry_base[base.0 as usize] = true;
        }
    }
    for statement in &program.statements {
        if let Statement::Claim(sides) = statement {
            for side in sides {
                state.parents[side.0 as usize] = (n + state.claims.len()) as u32;
            }
            state.claims.push(sides.clone());
            state.queued.push(false);
        }
    }
    state.declarations()?;
    state.definition_nodes = vec![Vec::new(); state.definitions.len()];
    for (at, d) in state.definitions.iter().enumerate() {
        state.defined_by.insert(d.body, super::typed::DefinitionId(at as u32));
    }
    state.resolve()?;
    state.gradient_names();
    state.solve()?;
    let parts = state.finish()?;
    Ok(parts.into_typed(program))
}

/// Everything but the program, which the inference borrows.
struct Parts {
    dims: Dims,
    shapes: Vec<Shape>,
    meanings: Vec<Meaning>,
    free: Vec<SmallVec<[IndexId; 2]>>,
    variables: Vec<Variable>,
    definitions: Vec<Definition>,
    unknowns: Vec<Unknown>,
    indices: Vec<Index>,
    items: Vec<Item>,
    size_values: FxHashMap<NodeId, DimId>,
    positions: FxHashMap<NodeId, Position>,
}

impl Parts {
    fn into_typed(self, program: Program) -> Typed {
        Typed {
            program,
            size_values: self.size_values,
            positions: self.positions,
            dims: self.dims,
            shapes: self.shapes,
            meanings: self.meanings,
            free: self.free,
            variables: self.variables,
            definitions: self.definitions,
            unknowns: self.unknowns,
            indices: self.indices,
            items: self.items,
        }
    }
}

impl Inference<'_> {
    /// A size that is still to be found.
    pub(super) fn fresh(&mut self) -> DimId {
        let number = self.solutions.len();
        let id = self.dims.name(&format!("{OPEN}{number}"));
        self.open_ids.insert(id, number as u32);
        self.solutions.push(None);
        id
    }

    /// What is known of a size.
    pub(super) fn find(&self, mut id: DimId) -> DimId {
        while let Some(next) = self.open_ids.get(&id).and_then(|n| self.solutions[*n as usize]) {
            id = next;
        }
        id
    }

    /// Makes two sizes equal; false where they cannot be.
    pub(super) fn unify(&mut self, a: DimId, b: DimId) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return true;
        }
        let (x, y) = (self.open_ids.get(&a).copied(), self.open_ids.get(&b).copied());
        match (x, y) {
            (Some(x), Some(y)) if x < y => self.bind(y, a),
            (Some(x), _) => self.bind(x, b),
            (None, Some(y)) => self.bind(y, a),
            (None, None) => {
                let (a, b) = (self.expand(a), self.expand(b));
                a == b || self.is_open(a) || self.is_open(b)
            }
        }
    }

    fn bind(&mut self, open: u32, to: DimId) -> bool {
        // the occurs check: a size is not a part of itself
        let own = format!("{OPEN}{open}");
        let expanded = self.expand(to);
        let mut occurs = false;
        self.dims.names_in(expanded, &mut |n| occurs |= n == own);
        if occurs {
            return false;
        }
        self.solutions[open as usize] = Some(to);
        true
    }

    /// A size with everything known put in.
    pub(super) fn expand(&mut self, id: DimId) -> DimId {
        let id = self.find(id);
        if self.dims.as_name(id).is_some() || self.dims.as_number(id).is_some() {
            return id;
        }
        let mut dims = std::mem::take(&mut self.dims);
        let result = dims.substitute(id, &mut |name| {
            let number: u32 = name.strip_prefix(OPEN)?.parse().ok()?;
            self.solutions[number as usize].map(|d| self.find(d))
        });
        self.dims = dims;
        result
    }

    pub(super) fn is_open(&self, id: DimId) -> bool {
        let mut open = false;
        self.dims.names_in(id, &mut |n| open |= n.starts_with(OPEN));
        open
    }

    pub(super) fn size_text(&mut self, id: DimId) -> String {
        let id = self.expand(id);
        self.dims.text(id)
    }

    /// A shape in words: `a scalar`, `[m]`, `[1, n] (a row)`.
    pub(super) fn describe(&self, shape: &Shape) -> String {
        let text = |d: &DimId| {
            let t = self.dims.text(self.find(*d));
            if t.starts_with(OPEN) { "?".to_string() } else { t }
        };
        let open = |d: &DimId| self.dims.text(self.find(*d)).starts_with(OPEN);
        match &shape.axes[..] {
            [] => "a scalar".to_string(),
            [n] if open(n) => {
                if shape.row { "a row vector" } else { "a column vector" }.to_string()
            }
            [m, n] if open(m) && open(n) => "a matrix".to_string(),
            [n] if shape.row => format!("the row [1, {}]", text(n)),
            axes => format!("[{}]", axes.iter().map(text).collect::<Vec<_>>().join(", ")),
        }
    }

    /// `grad_y`, where `y` is a name of the program, has the shape of `y`.
    fn gradient_names(&mut self) {
        for at in 0..self.variables.len() {
            let v = &self.variables[at];
            if v.origin == Origin::Declared {
                continue;
            }
            let Some(of) = self.program.name(v.name).strip_prefix("grad_") else { continue };
            let Some(name) = self.program.find_name(of) else { continue };
            match self.bindings.get(&name) {
                Some((Binding::Variable(w), _)) => {
                    let (w, at) = (*w, VariableId(at as u32));
                    self.cotangents.push((at, CotangentOf::Variable(w)));
                }
                Some((Binding::Definition(d), _)) => {
                    let (d, at) = (*d, VariableId(at as u32));
                    self.cotangents.push((at, CotangentOf::Definition(d)));
                }
                _ => {}
            }
        }
    }

    fn enqueue(&mut self, at: u32) {
        if !std::mem::replace(&mut self.queued[at as usize], true) {
            self.queue.push(Reverse(at));
        }
    }

    pub(super) fn touch(&mut self, id: NodeId) {
        self.enqueue(id.0);
        let parent = self.parents[id.0 as usize];
        if parent != u32::MAX {
            self.enqueue(parent);
        }
    }

    fn solve(&mut self) -> Result<(), ShapeError> {
        for (v, nodes) in self.variable_nodes.clone().into_iter().enumerate() {
            if let Some(shape) = self.variable_states[v].clone() {
                for id in nodes {
                    self.set(id, &shape)?;
                }
            }
        }
        // children come first: one pass in order settles a program whose variables are declared
        for at in 0..self.program.nodes.len() {
            if !self.is_size[at] && !self.is_index[at] {
                self.step(NodeId(at as u32))?;
            }
        }
        self.propagate()?;
        let mut order: Vec<VariableId> = (0..self.variables.len() as u32).map(VariableId).collect();
        order.sort_by_key(|v| self.appearance.get(v).copied().unwrap_or(u32::MAX));
        for scalars in [false, true] {
            if scalars {
                self.insist = true;
                for at in 0..self.program.nodes.len() {
                    if let Expr::Sum(_) = self.program.nodes[at] {
                        self.enqueue(at as u32);
                    }
                }
                self.propagate()?;
            }
            for &v in &order {
                if self.variable_states[v.0 as usize].is_some() {
                    continue;
                }
                let name = self.variables[v.0 as usize].name;
                let rank = match convention(self.written(name)) {
                    Convention::Matrix => 2,
                    Convention::Vector => 1,
                    Convention::Scalar if scalars => 0,
                    Convention::Scalar => continue,
                };
                let axes = (0..rank).map(|_| self.fresh()).collect();
                self.variables[v.0 as usize].origin = Origin::Convention;
                self.set_variable(v, &Shape { axes, row: false })?;
                self.propagate()?;
            }
        }
        self.leftovers()
    }

    /// What no variable determines: identities and constants without context are scalars.
    fn leftovers(&mut self) -> Result<(), ShapeError> {
        for at in 0..self.program.nodes.len() {
            if self.shapes[at].is_none() && !self.is_size[at] && !self.is_index[at] {
                let id = NodeId(at as u32);
                if matches!(self.meanings[at], Meaning::Delta) {
                    self.shapes[at] = Some(Shape::default());
                    continue;
                }
                self.step(id)?;
                if self.shapes[at].is_none() {
                    self.set(id, &Shape::default())?;
                }
                self.propagate()?;
            }
        }
        for claim in 0..self.claims.len() {
            self.step_claim(claim)?;
        }
        Ok(())
    }

    fn propagate(&mut self) -> Result<(), ShapeError> {
        while let Some(Reverse(at)) = self.queue.pop() {
            self.queued[at as usize] = false;
            match (at as usize).checked_sub(self.program.nodes.len()) {
                Some(claim) => self.step_claim(claim)?,
                None => self.step(NodeId(at))?,
            }
        }
        Ok(())
    }

    /// Gives a variable its shape, at all its uses.
    pub(super) fn set_variable(&mut self, v: VariableId, shape: &Shape) -> Result<(), ShapeError> {
        if self.variable_states[v.0 as usize].is_some() {
            return Ok(());
        }
        self.variable_states[v.0 as usize] = Some(shape.clone());
        for id in self.variable_nodes[v.0 as usize].clone() {
            self.set(id, shape)?;
        }
        for (c, of) in self.cotangents.clone() {
            match of {
                CotangentOf::Variable(w) if w == v => self.set_variable(c, shape)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The variables in the order of first appearance, and the meanings with their new places.
    fn by_appearance(&self, variables: &[Variable], meanings: &mut [Meaning]) -> Vec<Variable> {
        let mut order: Vec<usize> = (0..variables.len()).collect();
        order.sort_by_key(|v| {
            self.appearance.get(&VariableId(*v as u32)).copied().unwrap_or(u32::MAX)
        });
        let mut place = vec![0u32; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new as u32;
        }
        for m in meanings {
            if let Meaning::Variable(v) = m {
                *m = Meaning::Variable(VariableId(place[v.0 as usize]));
            }
        }
        order.iter().map(|v| variables[*v].clone()).collect()
    }

    /// Sizes by name, everything resolved.
    fn finish(mut self) -> Result<Parts, ShapeError> {
        self.check_indices()?;
        let names = self.readable_names();
        let rename = |dims: &mut Dims, state: &Inference<'_>, id: DimId| -> DimId {
            let id = state.find(id);
            if let Some(new) = names.get(&id) {
                return *new;
            }
            if dims.as_number(id).is_some() || dims.as_name(id).is_some() {
                return id;
            }
            dims.substitute(id, &mut |n| {
                let number: u32 = n.strip_prefix(OPEN)?.parse().ok()?;
                let mut d = state.solutions[number as usize];
                if d.is_none() {
                    d = state.open_ids.iter().find(|(_, k)| **k == number).map(|(d, _)| *d);
                }
                let d = state.find(d?);
                Some(names.get(&d).copied().unwrap_or(d))
            })
        };
        let mut dims = std::mem::take(&mut self.dims);
        let mut convert = |shape: &Shape| Shape {
            axes: shape.axes.iter().map(|d| rename(&mut dims, &self, *d)).collect(),
            row: shape.row,
        };
        let shapes: Vec<Shape> =
            self.shapes.iter().map(|s| s.as_ref().map(&mut convert).unwrap_or_default()).collect();
        let mut variables = self.variables.clone();
        for (v, state) in variables.iter_mut().zip(&self.variable_states) {
            v.shape = state.as_ref().map(&mut convert).unwrap_or_default();
        }
        let mut indices = self.indices.clone();
        for (at, index) in indices.iter_mut().enumerate() {
            let root = self.index_root(IndexId(at as u32));
            index.dim = rename(&mut dims, &self, self.indices[root.0 as usize].dim);
        }
        let mut meanings = self.meanings.clone();
        for m in &mut meanings {
            match m {
                Meaning::Index(i) => *m = Meaning::Index(self.index_root(*i)),
                Meaning::Size(d) => *m = Meaning::Size(rename(&mut dims, &self, *d)),
                _ => {}
            }
        }
        let root = |list: &[IndexId]| list.iter().map(|i| self.index_root(*i)).collect::<Vec<_>>();
        let free = self.free.iter().map(|l| root(l).into_iter().collect()).collect();
        let mut definitions = self.definitions.clone();
        for d in &mut definitions {
            d.indices = root(&d.indices);
            let body = &shapes[d.body.0 as usize];
            let axes = d.indices.iter().map(|i| indices[i.0 as usize].dim);
            d.shape = Shape { axes: axes.chain(body.axes.iter().copied()).collect(), row: false };
        }
        let items = self
            .items
            .iter()
            .map(|item| match item {
                Item::Definition(d) => Item::Definition(*d),
                Item::Expression(e, l) => Item::Expression(*e, root(l)),
                Item::Claim(s, l) => Item::Claim(s.clone(), root(l)),
            })
            .collect();
        let variables = self.by_appearance(&variables, &mut meanings);
        let unknowns = self.unknowns.clone();
        let sizes: Vec<(NodeId, DimId)> = sorted(&self.size_values);
        let mut size_values = FxHashMap::default();
        let mut positions = FxHashMap::default();
        let place_of = |d: DimId, dims: &mut Dims| rename(dims, &self, d);
        for (node, dim) in sizes {
            size_values.insert(node, place_of(dim, &mut dims));
        }
        for (node, position) in sorted(&self.positions) {
            let terms = position
                .terms
                .iter()
                .map(|(i, c)| (self.index_root(*i), place_of(*c, &mut dims)))
                .collect();
            let constant = place_of(position.constant, &mut dims);
            positions.insert(node, Position { terms, constant });
        }
        Ok(Parts {
            dims,
            shapes,
            meanings,
            free,
            variables,
            definitions,
            unknowns,
            indices,
            items,
            size_values,
            positions,
        })
    }

    fn check_indices(&mut self) -> Result<(), ShapeError> {
        for (index, span) in self.bound_spans.clone() {
            let root = self.index_root(index);
            let dim = self.expand(self.indices[root.0 as usize].dim);
            let fixed = self.shapes.iter().flatten().any(|s| s.axes.contains(&dim))
                || !self.is_open(dim)
                || self
                    .variable_states
                    .iter()
                    .flatten()
                    .any(|s| s.axes.iter().any(|d| self.find(*d) == dim));
            if !fixed {
                let name = self.indices[root.0 as usize].name;
                return Err(ShapeError::Invalid {
                    message: format!(
                        "nothing fixes the size that the index `{}` runs over",
                        self.written(name)
                    ),
                    span,
                    help: None,
                });
            }
        }
        Ok(())
    }

    /// Readable names for the sizes that inference left open, avoiding all names of the program.
    fn readable_names(&mut self) -> FxHashMap<DimId, DimId> {
        let mut order: Vec<(u32, DimId, bool)> = Vec::new();
        let mut by_appearance: Vec<usize> = (0..self.variables.len()).collect();
        by_appearance.sort_by_key(|v| {
            self.appearance.get(&VariableId(*v as u32)).copied().unwrap_or(u32::MAX)
        });
        let mut seen: FxHashSet<DimId> = FxHashSet::default();
        let mut push = |state: &Inference<'_>, d: DimId, vector: bool| {
            let d = state.find(d);
            if state.open_ids.contains_key(&d) && seen.insert(d) {
                order.push((order.len() as u32, d, vector));
            }
        };
        for v in by_appearance {
            if let Some(shape) = &self.variable_states[v] {
                for d in &shape.axes {
                    push(self, *d, shape.axes.len() == 1);
                }
            }
        }
        for shape in self.shapes.iter().flatten() {
            for d in &shape.axes {
                push(self, *d, false);
            }
        }
        for index in &self.indices {
            push(self, index.dim, false);
        }
        if order.is_empty() {
            return FxHashMap::default();
        }
        let taken: FxHashSet<&str> = self.program.names.iter().map(String::as_str).collect();
        let letters = ["m", "n", "k", "l", "p", "q", "r", "s"];
        let mut letters = letters;
        if order.first().is_some_and(|o| o.2) {
            letters.swap(0, 1);
        }
        let numbered = (1..=order.len() + taken.len()).map(|k| format!("n{k}"));
        let mut free = letters
            .iter()
            .map(|s| (*s).to_string())
            .chain(numbered)
            .filter(|c| !taken.contains(c.as_str()));
        let mut names = FxHashMap::default();
        for (_, open, _) in order {
            let Some(name) = free.next() else { break };
            let id = self.dims.name(&name);
            names.insert(open, id);
        }
        names
    }

    /// The statements' spans, for errors about definitions.
    pub(super) fn definition_of(&self, id: super::typed::DefinitionId) -> NodeId {
        self.definitions[id.0 as usize].body
    }
}

/// The entries of a map by node: sizes are named in an order that does not depend on hashing.
fn sorted<T: Clone>(map: &FxHashMap<NodeId, T>) -> Vec<(NodeId, T)> {
    let mut list: Vec<(NodeId, T)> = map.iter().map(|(k, v)| (*k, v.clone())).collect();
    list.sort_by_key(|e| e.0);
    list
}

/// What a cotangent's name refers to.
#[derive(Clone, Copy, Debug)]
pub(super) enum CotangentOf {
    Variable(VariableId),
    Definition(super::typed::DefinitionId),
}
