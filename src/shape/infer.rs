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

impl Inference<'_> {
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

    /// The statements' spans, for errors about definitions.
    pub(super) fn definition_of(&self, id: super::typed::DefinitionId) -> NodeId {
        self.definitions[id.0 as usize].body
    }
}

/// What a cotangent's name refers to.
#[derive(Clone, Copy, Debug)]
pub(super) enum CotangentOf {
    Variable(VariableId),
    Definition(super::typed::DefinitionId),
}
