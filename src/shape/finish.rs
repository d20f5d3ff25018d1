//! The end of an inference: open sizes get readable names, variables the order of appearance.

use super::dim::{DimId, open_number};
use super::error::ShapeError;
use super::infer::Inference;
use super::table::Place;
use super::typed::{Extent, IndexId, Item, Meaning, Shape, Typed, VariableId};
use crate::syntax::ast::{NodeId, Program};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// What sizes are called where nothing else calls them.
const SIZE_NAMES: [&str; 8] = ["m", "n", "k", "l", "p", "q", "r", "s"];

impl Inference<'_> {
    /// Sizes by name, everything resolved: what makes a typed program of the program, which is
    /// borrowed until then.
    pub(super) fn finish(mut self) -> Result<impl FnOnce(Program) -> Typed + use<>, ShapeError> {
        self.check_indices()?;
        self.check_positions()?;
        let names = self.readable_names();
        self.name_shapes(&names);
        self.settle_indices(&names);
        self.name_sizes(&names);
        self.order_variables();
        self.upright_definitions();
        let Inference { size_values, positions, ranges, dims, shapes, meanings, free, .. } = self;
        let Inference { variables, definitions, unknowns, indices, items, .. } = self;
        Ok(move |program| Typed {
            program,
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
            ranges,
        })
    }

    /// A size with the names that the open sizes in it got.
    fn renamed(&mut self, id: DimId, names: &FxHashMap<DimId, DimId>) -> DimId {
        let id = self.expand(id);
        if self.dims.as_open(id).is_some() {
            return names.get(&id).copied().unwrap_or(id);
        }
        if !self.dims.is_compound(id) {
            return id;
        }
        let mut values: SmallVec<[(u32, DimId); 4]> = SmallVec::new();
        self.dims.names_in(id, &mut |name| {
            if let Some(number) = open_number(name) {
                let value = self.find(self.dims.open_size(number));
                values.push((number, names.get(&value).copied().unwrap_or(value)));
            }
        });
        self.dims.substitute(id, &mut |name| {
            let number = open_number(name)?;
            values.iter().find(|v| v.0 == number).map(|v| v.1)
        })
    }

    fn name_shapes(&mut self, names: &FxHashMap<DimId, DimId>) {
        if self.solutions.is_empty() {
            return;
        }
        for at in 0..self.shapes.sizes().len() {
            let size = self.shapes.sizes()[at];
            self.shapes.sizes_mut()[at] = self.renamed(size, names);
        }
    }

    /// One index for all that are one.
    fn settle_indices(&mut self, names: &FxHashMap<DimId, DimId>) {
        if self.indices.is_empty() {
            return;
        }
        for at in 0..self.indices.len() {
            let root = self.index_root(IndexId(at as u32));
            self.indices[at].dim = self.renamed(self.indices[root.0 as usize].dim, names);
        }
        let roots: Vec<IndexId> =
            (0..self.indices.len() as u32).map(|at| self.index_root(IndexId(at))).collect();
        let settle = |i: &mut IndexId| *i = roots[i.0 as usize];
        for m in &mut self.meanings {
            if let Meaning::Index(i) = m {
                settle(i);
            }
        }
        self.free.iter_mut().flatten().for_each(settle);
        self.definitions.iter_mut().flat_map(|d| &mut d.indices).for_each(settle);
        for item in &mut self.items {
            match item {
                Item::Definition(_) => {}
                Item::Expression(_, list) => list.iter_mut().for_each(settle),
                Item::Claim(claim) => claim.1.iter_mut().for_each(settle),
            }
        }
        for (i, _) in self.positions.values_mut().flat_map(|p| &mut p.terms) {
            settle(i);
        }
    }

    /// The sizes that nodes stand for.
    fn name_sizes(&mut self, names: &FxHashMap<DimId, DimId>) {
        if self.solutions.is_empty() {
            return;
        }
        for at in 0..self.meanings.len() {
            if let Meaning::Size(size) = self.meanings[at] {
                self.meanings[at] = Meaning::Size(self.renamed(size, names));
            }
        }
        // in an order that does not depend on hashing
        for (node, e) in sorted(&self.ranges) {
            let mut of = |d: DimId| self.renamed(d, names);
            let (first, last, size) = (of(e.first), of(e.last), of(e.size));
            let extent = Extent { first, last, size, before: of(e.before), after: of(e.after) };
            self.ranges.insert(node, extent);
        }
        for (node, size) in sorted(&self.size_values) {
            let size = self.renamed(size, names);
            self.size_values.insert(node, size);
        }
        for (node, mut position) in sorted(&self.positions) {
            for (_, factor) in &mut position.terms {
                *factor = self.renamed(*factor, names);
            }
            position.constant = self.renamed(position.constant, names);
            self.positions.insert(node, position);
        }
    }

    /// Puts the variables in the order of first appearance, and gives them their shapes.
    fn order_variables(&mut self) {
        let order = self.variables_by_appearance();
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[old.0 as usize] = new as u32;
        }
        for m in &mut self.meanings {
            if let Meaning::Variable(v) = m {
                *v = VariableId(place[v.0 as usize]);
            }
        }
        for (v, state) in self.variables.iter_mut().zip(&self.variable_states) {
            v.shape = self.shapes.at(state.unwrap_or(Place::SCALAR)).to_shape();
        }
        // each cycle of the permutation by itself
        for at in 0..place.len() {
            while place[at] as usize != at {
                let to = place[at] as usize;
                self.variables.swap(at, to);
                place.swap(at, to);
            }
        }
    }

    fn upright_definitions(&mut self) {
        for d in &mut self.definitions {
            let indices = d.indices.iter().map(|i| self.indices[i.0 as usize].dim);
            let body = self.shapes.get(d.body).axes;
            d.shape = Shape { axes: indices.chain(body.iter().copied()).collect(), row: false };
        }
    }

    /// Every index that is bound runs over a size that something else has.
    fn check_indices(&mut self) -> Result<(), ShapeError> {
        if self.bound_spans.is_empty() {
            return Ok(());
        }
        let mut fixed: FxHashSet<DimId> = FxHashSet::default();
        for at in 0..self.program.nodes.len() {
            fixed.extend(self.shapes.get(NodeId(at as u32)).axes);
        }
        for shape in self.variable_states.iter().flatten() {
            fixed.extend(self.axes(*shape).iter().map(|d| self.find(*d)));
        }
        for (index, span) in std::mem::take(&mut self.bound_spans) {
            let root = self.index_root(index);
            let dim = self.expand(self.indices[root.0 as usize].dim);
            if !fixed.contains(&dim) && self.is_open(dim) && !self.fixed_by_position(root, &fixed) {
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

    /// The open sizes in the order in which they are named, and whether the first is the only axis
    /// of a variable.
    fn open_sizes(&self) -> (Vec<DimId>, bool) {
        let mut order: Vec<DimId> = Vec::new();
        let mut vector = false;
        if (0..self.solutions.len()).all(|n| self.solutions[n].is_some()) {
            return (order, vector);
        }
        let mut seen: FxHashSet<DimId> = FxHashSet::default();
        let mut push = |order: &mut Vec<DimId>, d: DimId| {
            let d = self.find(d);
            if self.dims.as_open(d).is_some() && seen.insert(d) {
                order.push(d);
            }
        };
        for v in self.variables_by_appearance() {
            let Some(shape) = self.variable_states[v.0 as usize] else { continue };
            let first = order.is_empty();
            self.axes(shape).iter().for_each(|d| push(&mut order, *d));
            vector |= first && !order.is_empty() && shape.rank() == 1;
        }
        for at in 0..self.program.nodes.len() {
            let Some(shape) = self.shapes.place(NodeId(at as u32)) else { continue };
            self.axes(shape).iter().for_each(|d| push(&mut order, *d));
        }
        for index in &self.indices {
            push(&mut order, index.dim);
        }
        (order, vector)
    }

    /// Readable names for the sizes that inference left open, avoiding all names of the program.
    fn readable_names(&mut self) -> FxHashMap<DimId, DimId> {
        let (order, vector) = self.open_sizes();
        if order.is_empty() {
            return FxHashMap::default();
        }
        let program = self.program;
        let taken = &program.names;
        let mut letters = SIZE_NAMES;
        if vector {
            letters.swap(0, 1);
        }
        let numbered = (1..=order.len() + taken.len()).map(|k| format!("n{k}"));
        let mut free = letters
            .iter()
            .map(|s| (*s).to_string())
            .chain(numbered)
            .filter(|c| taken.find(c).is_none());
        let mut names = FxHashMap::default();
        for open in order {
            let Some(name) = free.next() else { break };
            names.insert(open, self.dims.name(&name));
        }
        names
    }
}

/// The entries of a map by node: sizes are named in an order that does not depend on hashing.
fn sorted<T: Clone>(map: &FxHashMap<NodeId, T>) -> Vec<(NodeId, T)> {
    let mut list: Vec<(NodeId, T)> = map.iter().map(|(k, v)| (*k, v.clone())).collect();
    list.sort_by_key(|e| e.0);
    list
}
