//! The end of an inference: open sizes get readable names, variables the order of appearance.

use super::dim::{DimId, Dims};
use super::error::ShapeError;
use super::infer::{Inference, OPEN};
use super::typed::{
    Definition, Index, IndexId, Item, Meaning, Position, Shape, Typed, Unknown, Variable,
    VariableId,
};
use crate::syntax::ast::{NodeId, Program};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// Everything but the program, which the inference borrows.
pub(super) struct Parts {
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
    pub(super) fn into_typed(self, program: Program) -> Typed {
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
    pub(super) fn finish(mut self) -> Result<Parts, ShapeError> {
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
}

/// The entries of a map by node: sizes are named in an order that does not depend on hashing.
fn sorted<T: Clone>(map: &FxHashMap<NodeId, T>) -> Vec<(NodeId, T)> {
    let mut list: Vec<(NodeId, T)> = map.iter().map(|(k, v)| (*k, v.clone())).collect();
    list.sort_by_key(|e| e.0);
    list
}
