//! Inference of all shapes of a program, by propagation over its nodes.
//!
//! What is declared is known; from there shapes flow up and down the tree, along the uses of a
//! variable, and between equal sizes. What stays open gets the convention's shape, one variable
//! at a time in the order of first appearance: matrices and vectors first, scalars last.

use super::convention::{Convention, convention};
use super::dim::{DimId, Dims};
use super::error::ShapeError;
use super::names::Binding;
use super::sides;
use super::table::{Place, Shapes};
use super::typed::{
    Definition, DefinitionId, Extent, Index, IndexId, Item, Meaning, Origin, Position, Typed,
    Unknown, Variable, VariableId,
};
use crate::diagnostic::Span;
use crate::syntax::ast::{Expr, NodeId, Program, Statement};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a node is beside an expression with a shape.
#[derive(Clone, Copy, Default)]
pub(super) struct Role {
    /// Part of a size.
    pub(super) size: bool,
    /// An index, or part of a position.
    pub(super) index: bool,
    /// What an entry is taken of.
    pub(super) entry_base: bool,
}

/// What a name of the program is; names are dense, and most are something.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    /// What it was declared, defined or found to be, and where.
    pub(super) binding: Option<(Binding, Span)>,
    /// The size that it is a name of.
    pub(super) size: Option<DimId>,
}

/// No node, no name's use, nothing above.
pub(super) const NONE: u32 = u32::MAX;

/// The nodes that use a name, as a chain through [`Inference::next_use`].
#[derive(Clone, Copy)]
pub(super) struct Uses {
    pub(super) first: u32,
    last: u32,
}

impl Uses {
    pub(super) const NO: Uses = Uses { first: NONE, last: NONE };
}

/// What stands above a node.
pub(super) enum Above {
    Nothing,
    Node(NodeId),
    Claim(usize),
    Definition(DefinitionId),
}

/// The state of an inference.
pub(super) struct Inference<'a> {
    pub(super) program: &'a Program,
    pub(super) dims: Dims,
    /// What each open size is equal to, by number.
    pub(super) solutions: Vec<Option<DimId>>,
    pub(super) shapes: Shapes,
    pub(super) meanings: Vec<Meaning>,
    /// By node, once there is an index.
    pub(super) free: Vec<SmallVec<[IndexId; 2]>>,
    pub(super) roles: Vec<Role>,
    /// The size that an argument which is one stands for.
    pub(super) size_values: FxHashMap<NodeId, DimId>,
    /// Positions of entries that are more than a name or a number.
    pub(super) positions: FxHashMap<NodeId, Position>,
    /// The axis that each of them, in an entry, is a position of.
    pub(super) position_axes: Vec<(NodeId, DimId)>,
    /// The ends of ranges as they are written, and the ranges on their axes.
    pub(super) range_ends: FxHashMap<NodeId, (Option<DimId>, Option<DimId>)>,
    pub(super) ranges: FxHashMap<NodeId, Extent>,
    /// Whether there are ranges and block arrays.
    pub(super) has_blocks: bool,
    /// The positions that are more than a name or a number, before names are resolved.
    pub(super) compound: Vec<NodeId>,
    /// By name.
    pub(super) known: Vec<Known>,
    pub(super) variables: Vec<Variable>,
    /// The shape of each variable, upright.
    pub(super) variable_states: Vec<Option<Place>>,
    pub(super) variable_uses: Vec<Uses>,
    /// The variables that occur, in the order of first appearance.
    pub(super) appearance: Vec<VariableId>,
    pub(super) definitions: Vec<Definition>,
    pub(super) definition_uses: Vec<Uses>,
    /// By node: the next use of the same name.
    pub(super) next_use: Vec<u32>,
    pub(super) unknowns: Vec<Unknown>,
    pub(super) indices: Vec<Index>,
    pub(super) index_parent: Vec<u32>,
    pub(super) bound_spans: Vec<(IndexId, Span)>,
    pub(super) items: Vec<Item>,
    pub(super) cotangents: Vec<(VariableId, CotangentOf)>,
    /// What stands above each node: the nodes are numbered first, then the claims of which it is a
    /// side, then the definitions of which it is the body.
    parents: Vec<u32>,
    pub(super) claims: Vec<Vec<NodeId>>,
    /// The first pass goes through the nodes in order, children first: what is this far or further
    /// is still to be visited.
    ahead: u32,
    /// Nodes behind that to look at again, children first, so that what an expression is by itself
    /// is known before its surroundings ask.
    queue: BinaryHeap<Reverse<u32>>,
    queued: Vec<bool>,
    /// Whether a sum already tells a composite term that it is an array like the others.
    pub(super) insist: bool,
    /// The node whose rule is being applied.
    pub(super) stepping: NodeId,
    /// Nodes that compared sizes which were not known yet: looked at again in the end.
    pub(super) unsettled: Vec<NodeId>,
    /// What becomes of them then.
    pub(super) open_sizes: OpenSizes,
}

/// What is made of compound sizes that are still open, should be equal and are not seen to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OpenSizes {
    /// They wait for what else will be known.
    Wait,
    /// Products are equal factor by factor.
    ByFactors,
    /// They are different.
    Differ,
}

/// Finds the shapes of a program.
///
/// # Errors
/// [`ShapeError`], with places in [`Program::source`].
pub fn infer(program: Program) -> Result<Typed, ShapeError> {
    let typed = inferred(program)?;
    let sides = sides::arrays_beside_entries(&typed)?;
    if sides.is_empty() { Ok(typed) } else { inferred(sides::with_entries(typed, &sides)) }
}

fn inferred(program: Program) -> Result<Typed, ShapeError> {
    let mut state = Inference::new(&program);
    state.structure();
    state.declarations()?;
    state.resolve()?;
    state.gradient_names()?;
    state.solve()?;
    let typed = state.finish()?;
    Ok(typed(program))
}

impl<'a> Inference<'a> {
    fn new(program: &'a Program) -> Inference<'a> {
        let n = program.nodes.len();
        Inference {
            program,
            dims: Dims::default(),
            solutions: Vec::new(),
            shapes: Shapes::new(n),
            meanings: vec![Meaning::Plain; n],
            free: Vec::new(),
            roles: vec![Role::default(); n],
            size_values: FxHashMap::default(),
            positions: FxHashMap::default(),
            position_axes: Vec::new(),
            range_ends: FxHashMap::default(),
            ranges: FxHashMap::default(),
            has_blocks: false,
            compound: Vec::new(),
            known: vec![Known::default(); program.names.len()],
            variables: Vec::with_capacity(program.names.len()),
            variable_states: Vec::with_capacity(program.names.len()),
            variable_uses: Vec::with_capacity(program.names.len()),
            appearance: Vec::with_capacity(program.names.len()),
            definitions: Vec::new(),
            definition_uses: Vec::new(),
            next_use: vec![NONE; n],
            unknowns: Vec::new(),
            indices: Vec::new(),
            index_parent: Vec::new(),
            bound_spans: Vec::new(),
            items: Vec::with_capacity(program.statements.len()),
            cotangents: Vec::new(),
            parents: vec![NONE; n],
            claims: Vec::new(),
            ahead: 0,
            queue: BinaryHeap::new(),
            queued: Vec::new(),
            insist: false,
            stepping: NodeId(NONE),
            unsettled: Vec::new(),
            open_sizes: OpenSizes::Wait,
        }
    }

    /// What stands above each node, and which nodes are no expressions by themselves.
    fn structure(&mut self) {
        let program = self.program;
        let mut compound: Vec<NodeId> = Vec::new();
        for (at, node) in program.nodes.iter().enumerate() {
            let parents = &mut self.parents;
            program.for_each_child(NodeId(at as u32), |c| parents[c.0 as usize] = at as u32);
            match node {
                Expr::Entry(base, list) => {
                    self.roles[base.0 as usize].entry_base = true;
                    for i in program.list(*list) {
                        match program.node(*i) {
                            Expr::Name(_) => self.roles[i.0 as usize].index = true,
                            Expr::Number(_) | Expr::Range(..) => {}
                            _ => compound.push(*i),
                        }
                    }
                }
                Expr::Range(..) | Expr::Block { .. } => self.has_blocks = true,
                Expr::IndexSum(list, _) => {
                    for i in program.list(*list) {
                        self.roles[i.0 as usize].index = true;
                    }
                }
                _ => {}
            }
        }
        let n = program.nodes.len();
        for statement in &program.statements {
            match statement {
                Statement::Claim(sides) => {
                    for side in sides {
                        self.parents[side.0 as usize] = (n + self.claims.len()) as u32;
                    }
                    self.claims.push(sides.clone());
                }
                Statement::Definition { indices, .. } => {
                    for i in program.list(*indices) {
                        self.roles[i.0 as usize].index = true;
                    }
                }
                _ => {}
            }
        }
        self.compound = compound;
    }

    /// What stands above a node.
    pub(super) fn above(&self, id: NodeId) -> Above {
        let (at, n) = (self.parents[id.0 as usize], self.program.nodes.len());
        if at == NONE {
            return Above::Nothing;
        }
        match (at as usize).checked_sub(n) {
            None => Above::Node(NodeId(at)),
            Some(claim) if claim < self.claims.len() => Above::Claim(claim),
            Some(more) => Above::Definition(DefinitionId((more - self.claims.len()) as u32)),
        }
    }

    /// Says of which definition a node is the body.
    pub(super) fn is_body_of(&mut self, body: NodeId, id: DefinitionId) {
        let n = self.program.nodes.len() + self.claims.len();
        self.parents[body.0 as usize] = n as u32 + id.0;
    }

    /// Adds a node to the uses of a name.
    pub(super) fn note_use(next: &mut [u32], uses: &mut Uses, id: NodeId) {
        match uses.last {
            NONE => uses.first = id.0,
            last => next[last as usize] = id.0,
        }
        uses.last = id.0;
    }

    /// `grad_y`, where `y` is a name of the program, has the shape of `y`.
    fn gradient_names(&mut self) -> Result<(), ShapeError> {
        for at in 0..self.variables.len() {
            let v = &self.variables[at];
            if v.origin == Origin::Declared {
                continue;
            }
            let Some(of) = self.program.name(v.name).strip_prefix("grad_") else { continue };
            let Some(name) = self.program.find_name(of) else { continue };
            let at = VariableId(at as u32);
            match self.known[name.0 as usize].binding {
                Some((Binding::Variable(w), _)) => {
                    self.cotangents.push((at, CotangentOf::Variable(w)));
                    if let Some(shape) = self.variable_states[w.0 as usize] {
                        self.set_variable(at, shape)?;
                    }
                }
                Some((Binding::Definition(d), _)) => {
                    self.cotangents.push((at, CotangentOf::Definition(d)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn enqueue(&mut self, at: u32) {
        if at >= self.ahead {
            return;
        }
        if self.queued.is_empty() {
            self.queued = vec![false; self.program.nodes.len() + self.claims.len()];
        }
        if !std::mem::replace(&mut self.queued[at as usize], true) {
            self.queue.push(Reverse(at));
        }
    }

    /// The shape of a node is known now: what stands above it may learn from that, and what stands
    /// below, unless its own rule has just found the shape there.
    pub(super) fn touch(&mut self, id: NodeId) -> Result<(), ShapeError> {
        if id != self.stepping {
            self.enqueue(id.0);
        }
        match self.above(id) {
            Above::Nothing => Ok(()),
            Above::Node(parent) => {
                self.enqueue(parent.0);
                Ok(())
            }
            Above::Claim(claim) => {
                self.enqueue((self.program.nodes.len() + claim) as u32);
                Ok(())
            }
            Above::Definition(d) => self.define(d),
        }
    }

    /// Whether a node has a shape of its own.
    pub(super) fn has_shape(&self, id: NodeId) -> bool {
        let role = self.roles[id.0 as usize];
        !role.size && !role.index
    }

    fn lacks_shape(&self, at: usize) -> bool {
        let id = NodeId(at as u32);
        self.has_shape(id) && self.shapes.place(id).is_none()
    }

    fn solve(&mut self) -> Result<(), ShapeError> {
        let n = self.program.nodes.len();
        // children come first: one pass in order settles a program whose variables are declared
        for at in 0..n {
            self.ahead = at as u32 + 1;
            self.step(NodeId(at as u32))?;
        }
        self.ahead = NONE;
        for claim in 0..self.claims.len() {
            self.enqueue((n + claim) as u32);
        }
        self.propagate()?;
        if (0..n).any(|at| self.lacks_shape(at)) {
            self.conventions()?;
            self.leftovers()?;
        }
        for claim in 0..self.claims.len() {
            self.step_claim(claim)?;
        }
        let compared = std::mem::take(&mut self.unsettled);
        for &id in &compared {
            self.step(id)?;
        }
        // products of sizes that are still open: factor by factor
        if !std::mem::take(&mut self.unsettled).is_empty() {
            self.open_sizes = OpenSizes::ByFactors;
            for &id in &compared {
                self.step(id)?;
            }
        }
        // sizes that nothing makes equal are not
        if !std::mem::take(&mut self.unsettled).is_empty() {
            self.open_sizes = OpenSizes::Differ;
            for &id in &compared {
                self.step(id)?;
            }
        }
        Ok(())
    }

    /// Gives what is open the shape that its name suggests: matrices and vectors first, scalars
    /// last.
    fn conventions(&mut self) -> Result<(), ShapeError> {
        let order = self.variables_by_appearance();
        for scalars in [false, true] {
            if scalars {
                self.insist = true;
                for at in 0..self.program.nodes.len() {
                    if let Expr::Sum(_) | Expr::Block { .. } = self.program.nodes[at] {
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
                    Convention::Scalar if scalars => self.rank_by_use(v),
                    Convention::Scalar => continue,
                };
                let axes: SmallVec<[DimId; 2]> = (0..rank).map(|_| self.fresh()).collect();
                self.variables[v.0 as usize].origin = Origin::Convention;
                let shape = self.shapes.add(&axes, false);
                self.set_variable(v, shape)?;
                self.propagate()?;
            }
        }
        Ok(())
    }

    /// What no variable determines: identities and constants without context are scalars.
    fn leftovers(&mut self) -> Result<(), ShapeError> {
        for at in 0..self.program.nodes.len() {
            if !self.lacks_shape(at) {
                continue;
            }
            let id = NodeId(at as u32);
            if matches!(self.meanings[at], Meaning::Delta) {
                self.shapes.set(id, Place::SCALAR);
                continue;
            }
            self.step(id)?;
            if self.lacks_shape(at) {
                self.set(id, Place::SCALAR)?;
            }
            self.propagate()?;
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
    pub(super) fn set_variable(&mut self, v: VariableId, shape: Place) -> Result<(), ShapeError> {
        if self.variable_states[v.0 as usize].is_some() {
            return Ok(());
        }
        self.variable_states[v.0 as usize] = Some(shape);
        self.set_uses(self.variable_uses[v.0 as usize], shape)?;
        for at in 0..self.cotangents.len() {
            match self.cotangents[at] {
                (c, CotangentOf::Variable(w)) if w == v => self.set_variable(c, shape)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// States the shape of every use of a name.
    pub(super) fn set_uses(&mut self, uses: Uses, shape: Place) -> Result<(), ShapeError> {
        let mut at = uses.first;
        while at != NONE {
            self.set(NodeId(at), shape)?;
            at = self.next_use[at as usize];
        }
        Ok(())
    }

    /// The variables in the order of first appearance; those that are only declared come last.
    pub(super) fn variables_by_appearance(&self) -> Vec<VariableId> {
        let unseen = (0..self.variables.len() as u32).map(VariableId);
        let unseen = unseen.filter(|v| self.variable_uses[v.0 as usize].first == NONE);
        self.appearance.iter().copied().chain(unseen).collect()
    }

    /// The right side of a definition.
    pub(super) fn definition_of(&self, id: DefinitionId) -> NodeId {
        self.definitions[id.0 as usize].body
    }
}

/// What a cotangent's name refers to.
#[derive(Clone, Copy, Debug)]
pub(super) enum CotangentOf {
    Variable(VariableId),
    Definition(DefinitionId),
}
